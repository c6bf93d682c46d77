"""Calls and transfers through the running gateway between SIPp players, each step as written, read by tshark."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.live.front import Front, front
from tests.live.players import WITH_SDP, Callee, Caller, sdp
from tests.peers.ports import free_ports
from tests.peers.sipp import Sipp, Step, expect, pause, receive, send
from tests.peers.tls_tunnel import TlsTunnel

pytestmark = pytest.mark.live

ALICE, BOB, CAROL = "127.0.0.2", "127.0.0.3", "127.0.0.4"
WORDS = {"udp": "u1", "tcp": "t1", "tls": "t1"}
HOSTS = {"alice": ALICE, "bob": BOB, "carol": CAROL}


class Stage:
    """A gateway with a trunk for each of alice, bob and carol; whoever is called by "bob" is bob."""

    def __init__(self, gateway: Front, stack: ExitStack) -> None:
        self.gateway = gateway
        self._stack = stack
        self._tunnels: dict[str, TlsTunnel] = {}
        if gateway.transport == "tls":
            self._dig()

    def secure(self, name: str) -> int:
        """The port of its TLS; 0 without."""
        return self._tunnels[name].secure[1] if self._tunnels else 0

    def plays(self, name: str, steps: list[Step], *options: str) -> Sipp:
        """SIPp in place of that party; who starts does so at once."""
        host, port = self.gateway.places[name]
        remote = self.gateway.address
        if self._tunnels:
            host, port = self._inner[name]
            remote = "{}:{}".format(*self._tunnels[name].plain)
        word = WORDS[self.gateway.transport]
        return self._stack.enter_context(Sipp(name, steps, host, port, remote, transport=word, options=options))

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
def stage(folder: Path, transport: str = "udp", **more: object) -> Iterator[Stage]:
    places = {name: (host, port) for (name, host), port in zip(HOSTS.items(), free_ports(3), strict=True)}
    routes = [{"match": number, "to": name} for number, name in zip(("1", "2", "3"), places, strict=True)]
    with (
        front(folder, places, transport, routes=routes, **more) as gateway,
        ExitStack() as stack,
    ):
        yield Stage(gateway, stack)


@pytest.mark.parametrize("transport", WORDS)
def test_a_call_with_early_media(tmp_path: Path, transport: str) -> None:
    with stage(tmp_path, transport) as here:
        alice, bob = Caller("alice", secure=here.secure("alice")), Callee("bob", secure=here.secure("bob"))
        callee = here.plays(
            "bob",
            [
                bob.rung({"Max-Forwards": "69", "": "m=audio 4000 "}),
                send(bob.opening("183 Session Progress", WITH_SDP, body=sdp(5000))),
                pause(100),
                send(bob.opening("200 OK", WITH_SDP, body=sdp(5000))),
                receive("ACK"),
                *bob.hung_up(),
            ],
        )
        caller = here.plays(
            "alice",
            [
                send(alice.first("INVITE", "2", WITH_SDP, body=sdp(4000))),
                expect(100, optional=True),
                expect(183, having={"": "m=audio 5000 "}),
                alice.answered(),
                send(alice.request("ACK", 1)),
                *alice.hangs_up(2),
            ],
        )
        caller.wait()
        callee.wait()
