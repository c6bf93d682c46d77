"""The gateway between three SIPp players, alice, bob and carol, each behind a trunk of its own."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.live.front import GATEWAY, Front, Place, front
from tests.live.players import Callee, Caller
from tests.peers.baresip import Baresip
from tests.peers.ports import free_ports
from tests.peers.process import PATIENCE
from tests.peers.sipp import Sipp, Step
from tests.peers.tls_tunnel import TlsTunnel

ALICE, BOB, CAROL = "127.0.0.2", "127.0.0.3", "127.0.0.4"
WORDS = {"udp": "u1", "tcp": "t1", "tls": "t1"}
HOSTS = {"alice": ALICE, "bob": BOB, "carol": CAROL}


class Stage:
    """A gateway with a trunk for each of alice (number 1), bob (2) and carol (3).

    Those `of_baresip` are no SIPp, but phones that answer by themselves.
    """

    def __init__(self, gateway: Front, stack: ExitStack, of_baresip: Sequence[str] = ()) -> None:
        self.gateway = gateway
        self._of_baresip = of_baresip
        self.stack = stack
        self._tunnels: dict[str, TlsTunnel] = {}
        self._inner: dict[str, tuple[str, int]] = {}
        if gateway.transport == "tls":
            self._dig()
        for name in of_baresip:
            stack.enter_context(self._baresip(name))

    def secure(self, name: str) -> int:
        """The port of its TLS; 0 without."""
        return self._tunnels[name].secure[1] if name in self._tunnels else 0

    def plays(self, name: str, steps: list[Step], *options: str, port: int = 0) -> Sipp:
        """SIPp in place of that party; who starts does so at once."""
        host, usual = (self._inner if self._tunnels else self.gateway.places)[name]
        remote = self.gateway.address
        if self._tunnels:
            remote = "{}:{}".format(*self._tunnels[name].plain)
        word = WORDS[self.gateway.transport]
        return self.stack.enter_context(
            Sipp(name, steps, host, port or usual, remote, transport=word, options=options)
        )

    def plays_at(self, name: str, steps: list[Step], *options: str) -> Sipp:
        """A second SIPp for that party, at a port of its own."""
        (port,) = free_ports(1)
        return self.plays(name, steps, *options, port=port)

    def _baresip(self, name: str) -> Baresip:
        host, port = (self._inner or self.gateway.places)[name]
        number = str(1 + list(HOSTS).index(name))  # it looks at who is called
        return Baresip(number, host, port, self.gateway.transport, str(self.gateway.certificate or ""))

    def _dig(self) -> None:
        """A tunnel for each; the gateway knows its end of them."""
        self._inner = dict(self.gateway.places)
        server = (GATEWAY, self.gateway.port)
        assert self.gateway.certificate is not None
        for name, place in self._inner.items():
            if name in self._of_baresip:
                self.gateway.places[name] = (place[0], place[1] + 1)
                continue
            self._tunnels[name] = self.stack.enter_context(TlsTunnel(place, server, self.gateway.certificate))
        self.gateway.places.update({name: tunnel.secure for name, tunnel in self._tunnels.items()})
        self.gateway.lay_out()
        self.gateway.reload()


def cast(here: Stage) -> tuple[Caller, Callee, Callee]:
    """alice calls, bob and carol are called."""
    return (
        Caller("alice", secure=here.secure("alice")),
        Callee("bob", secure=here.secure("bob")),
        Callee("carol", secure=here.secure("carol")),
    )


def to_carol(here: Stage) -> str:
    """carol's number at the gateway, as Refer-To."""
    transport = here.gateway.transport
    return f"<sip:3@{here.gateway.address}{'' if transport == 'udp' else f';transport={transport}'}>"


def all_done(*players: Sipp, seconds: float = 25) -> None:
    """Each has played to the end."""
    for player in players:
        player.wait(seconds)


def writes(text: str, path: Path) -> str:
    """A shell command without what XML would escape: SIPp takes an attribute as it stands."""
    return f"echo '{text}' | tee {path}.part; mv {path}.part {path}"


def told_to(path: Path) -> str:
    """The tag in the To that SIPp has written down."""
    deadline = time.monotonic() + PATIENCE
    while not path.exists():
        assert time.monotonic() < deadline, "no consultation call"
        time.sleep(0.02)
    return path.read_text().partition(";tag=")[2].strip()


@contextmanager
def stage(
    folder: Path,
    transport: str = "udp",
    *,
    of_baresip: Sequence[str] = (),
    others: Mapping[str, Place] | None = None,
    routes: Sequence[Mapping[str, Any]] = (),
    **more: Any,
) -> Iterator[Stage]:
    """The gateway runs; what happened on the wire is looked at in the end. `others` are trunks besides."""
    # baresip connects from 127.0.0.1 whatever it is bound to, and is known by its address.
    hosts = {name: GATEWAY if name in of_baresip else host for name, host in HOSTS.items()}
    places = {name: (host, port) for (name, host), port in zip(hosts.items(), free_ports(3), strict=True)}
    routes = [*routes, *({"match": number, "to": name} for number, name in zip("123", places, strict=True))]
    places.update(others or {})
    with (
        front(folder, places, transport, routes=routes, **more) as gateway,
        ExitStack() as stack,
    ):
        yield Stage(gateway, stack, of_baresip)
