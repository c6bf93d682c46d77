"""The gateway between three SIPp players, alice, bob and carol, each behind a trunk of its own."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.live.front import Front, front
from tests.peers.ports import free_ports
from tests.peers.sipp import Sipp, Step
from tests.peers.tls_tunnel import TlsTunnel

ALICE, BOB, CAROL = "127.0.0.2", "127.0.0.3", "127.0.0.4"
WORDS = {"udp": "u1", "tcp": "t1", "tls": "t1"}
HOSTS = {"alice": ALICE, "bob": BOB, "carol": CAROL}


class Stage:
    """A gateway with a trunk for each of alice, bob and carol; whoever is called by "bob" is bob."""

    def __init__(self, gateway: Front, stack: ExitStack) -> None:
        self.gateway = gateway
        self._stack = stack
        self._tunnels: dict[str, TlsTunnel] = {}
        self._inner: dict[str, tuple[str, int]] = {}
        if gateway.transport == "tls":
            self._dig()

    def secure(self, name: str) -> int:
        """The port of its TLS; 0 without."""
        return self._tunnels[name].secure[1] if self._tunnels else 0

    def plays(self, name: str, steps: list[Step], *options: str, port: int = 0) -> Sipp:
        """SIPp in place of that party; who starts does so at once."""
        host, usual = (self._inner if self._tunnels else self.gateway.places)[name]
        remote = self.gateway.address
        if self._tunnels:
            remote = "{}:{}".format(*self._tunnels[name].plain)
        word = WORDS[self.gateway.transport]
        return self._stack.enter_context(
            Sipp(name, steps, host, port or usual, remote, transport=word, options=options)
        )

    def plays_at(self, name: str, steps: list[Step], *options: str) -> Sipp:
        """A second SIPp for that party, at a port of its own."""
        (port,) = free_ports(1)
        return self.plays(name, steps, *options, port=port)

    def _dig(self) -> None:
        """A tunnel for each; the gateway knows its end of them."""
        self._inner = dict(self.gateway.places)
        server = ("127.0.0.1", self.gateway.port)
        assert self.gateway.certificate is not None
        for name, place in self._inner.items():
            self._tunnels[name] = self._stack.enter_context(TlsTunnel(place, server, self.gateway.certificate))
        self.gateway.places.update({name: tunnel.secure for name, tunnel in self._tunnels.items()})
        self.gateway.lay_out()
        self.gateway.reload()


@contextmanager
def stage(folder: Path, transport: str = "udp", **more: Any) -> Iterator[Stage]:
    places = {name: (host, port) for (name, host), port in zip(HOSTS.items(), free_ports(3), strict=True)}
    routes = [{"match": number, "to": name} for number, name in zip(("1", "2", "3"), places, strict=True)]
    with (
        front(folder, places, transport, routes=routes, **more) as gateway,
        ExitStack() as stack,
    ):
        yield Stage(gateway, stack)
