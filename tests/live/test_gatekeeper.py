"""Our RAS client over UDP with a gatekeeper in a process of its own."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gateway.h323.ras.client import Admission, GatekeeperClient, GatekeeperSettings, RasCall, Refusal
from gateway.model.parties import Alias, AliasKind
from gateway.model.timers import TimerQueue
from tests.peers.gatekeeper import GatekeeperPeer
from tests.peers.ports import free_ports
from tests.peers.process import PATIENCE

CALL = RasCall(b"c" * 16, b"d" * 16, 7, answering=True)


class Endpoint:
    """A client with a socket and the machine's clock; `until` keeps it going."""

    def __init__(self, gatekeeper: str, password: str = "") -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.02)
        own = f"127.0.0.1:{self.socket.getsockname()[1]}"
        alias = Alias(AliasKind.DIALLED_DIGITS, "1001")
        settings = GatekeeperSettings(gatekeeper, own, "127.0.0.1:1720", (alias,), password=password)
        self.aliases = (alias,)
        self.timers = TimerQueue()
        self.heard: list[object] = []
        self.client = GatekeeperClient(settings, self._send, self, self.timers, lambda: own, time.time)
        self.client.start(time.monotonic())

    def _send(self, datagram: bytes, to: str) -> None:
        host, _, port = to.rpartition(":")
        self.socket.sendto(datagram, (host, int(port)))

    def until(self, reached: Callable[[], bool]) -> None:
        """Goes on until that is so."""
        end = time.monotonic() + PATIENCE
        while not reached():
            assert time.monotonic() < end, self.heard
            self.timers.run(time.monotonic())
            try:
                datagram, (host, port) = self.socket.recvfrom(65535)
            except TimeoutError:
                continue
            self.client.receive(datagram, f"{host}:{port}", time.monotonic())

    def registered(self, now: float) -> None:
        self.heard.append("registered")

    def registration_lost(self, reason: str, now: float) -> None:
        self.heard.append(reason)

    def disengage_asked(self, call: RasCall, reason: str, now: float) -> None:
        self.heard.append((call, reason))

    def bandwidth_changed(self, call: RasCall, bandwidth: int, now: float) -> None:
        self.heard.append((call, bandwidth))

    def ras_log(self, event: str, now: float, **fields: object) -> None:
        self.heard.append(fields)

    @property
    def admission(self) -> Admission:
        """What was heard last, which is one."""
        last = self.heard[-1]
        assert isinstance(last, Admission)
        return last

    def answer(self, what: Admission | Refusal, now: float) -> None:
        """For `admit`."""
        self.heard.append(what)


@contextmanager
def registered(*options: str, password: str = "") -> Iterator[tuple[GatekeeperPeer, Endpoint]]:
    """A gatekeeper, and an endpoint that is registered with it."""
    with GatekeeperPeer(free_ports(1)[0], *options) as gatekeeper:
        endpoint = Endpoint(gatekeeper.address, password)
        with endpoint.socket:
            endpoint.until(lambda: endpoint.client.is_registered)
            yield gatekeeper, endpoint


def test_a_call_in_the_routed_model_with_a_password() -> None:
    with registered("--routed", "127.0.0.1:1730", "--password", "1001=secret", password="secret") as (peer, endpoint):
        now = time.monotonic()
        endpoint.client.admit(CALL, endpoint.aliases, endpoint.aliases, endpoint.answer, now)
        endpoint.until(lambda: isinstance(endpoint.heard[-1], Admission))
        assert endpoint.admission.address == "127.0.0.1:1730"
        endpoint.client.disengage(CALL, time.monotonic(), cause=16)
        peer.wait("disengageRequest")
        endpoint.client.stop(time.monotonic())
        peer.wait("unregistrationRequest")
        assert peer.seen("rejected") == []


def test_the_gatekeeper_ends_a_call_and_the_registration() -> None:
    with registered() as (peer, endpoint):
        endpoint.client.admit(CALL, endpoint.aliases, endpoint.aliases, endpoint.answer, time.monotonic())
        endpoint.until(lambda: isinstance(endpoint.heard[-1], Admission))
        peer.send("disengage")
        endpoint.until(lambda: endpoint.heard[-1] == (CALL, "forcedDrop"))
        peer.send("unregister 1001")
        endpoint.until(lambda: endpoint.heard[-2:] == ["maintenance", "registered"])
        peer.wait("unregistrationConfirm")
