"""Endpoints and gatekeepers on one network and a virtual clock."""

from collections import deque
from itertools import count
from typing import Any

from gateway.h323 import per
from gateway.h323.ras.client import GatekeeperClient
from gateway.h323.ras.values import Address, Admission, GatekeeperSettings, RasCall, Refusal
from gateway.model.parties import Alias, AliasKind
from gateway.model.timers import TimerQueue
from tests.peers.gatekeeper import Gatekeeper, Options

MIDNIGHT = 1_700_000_000
"""Seconds since 1970 when the clock of a test is at 0."""

GATEKEEPER, SPARE = "192.0.2.10:1719", "192.0.2.11:1719"


def digits(number: str) -> tuple[Alias, ...]:
    """One alias."""
    return (Alias(AliasKind.DIALLED_DIGITS, number),)


def a_call(number: int = 1, *, answering: bool = False) -> RasCall:
    """A call by its number."""
    return RasCall(bytes([number]) * 16, bytes([number, 0]) * 8, number, answering)


class Member:
    """An endpoint that writes down what it hears."""

    def __init__(self, desk: "Desk", host: str, number: str, **settings: Any) -> None:
        self.address = f"{host}:2000"
        self.heard: list[tuple[Any, ...]] = []
        self.said: list[tuple[str, Any]] = []
        self.log: list[dict[str, object]] = []
        tokens = count()
        given = {"gatekeeper": GATEKEEPER, "aliases": digits(number)} | settings
        self.client = GatekeeperClient(
            GatekeeperSettings(ras_address=self.address, signal_address=f"{host}:1720", **given),
            lambda datagram, to: self._send(desk, datagram, to),
            self,
            desk.timers,
            lambda: f"{number}-{next(tokens)}",
            lambda: MIDNIGHT + desk.now,
        )

    def _send(self, desk: "Desk", datagram: bytes, to: Address) -> None:
        self.said.append(per.decode_ras(datagram))
        desk.post(datagram, self.address, to)

    def registered(self, now: float) -> None:
        self.heard.append(("registered",))

    def registration_lost(self, reason: str, now: float) -> None:
        self.heard.append(("lost", reason))

    def disengage_asked(self, call: RasCall, reason: str, now: float) -> None:
        self.heard.append(("disengage", call, reason))

    def bandwidth_changed(self, call: RasCall, bandwidth: int, now: float) -> None:
        self.heard.append(("bandwidth", call, bandwidth))

    def ras_log(self, event: str, now: float, **fields: object) -> None:
        self.log.append({"event": event} | fields)

    def answer(self, what: Admission | Refusal, now: float) -> None:
        """For `admit` and its kin."""
        self.heard.append(("answer", what))

    @property
    def last(self) -> Any:
        """What was heard last."""
        return self.heard[-1]

    def names(self) -> list[str]:
        """The messages that were sent since the last time."""
        names = [name for name, _ in self.said]
        self.said.clear()
        return names


class Desk:
    """`lost` counts down the datagrams that get lost."""

    def __init__(self) -> None:
        self.timers = TimerQueue()
        self.now = 0.0
        self.lost = 0
        self.wire: list[bytes] = []
        self.told: list[dict[str, object]] = []
        self.gatekeepers: dict[Address, Gatekeeper] = {}
        self.members: dict[Address, Member] = {}
        self._under_way: deque[tuple[bytes, Address, Address]] = deque()

    def gatekeeper(self, address: Address = GATEKEEPER, **options: Any) -> Gatekeeper:
        """Sets one up."""
        found = Gatekeeper(
            address,
            Options(**options),
            lambda datagram, to: self.post(datagram, address, to),
            lambda kind, **fields: self.told.append({"ev": kind} | fields),
            lambda: MIDNIGHT + self.now,
        )
        self.gatekeepers[address] = found
        return found

    def member(self, number: str = "1001", host: str = "192.0.2.1", **settings: Any) -> Member:
        """Sets up an endpoint and starts it."""
        member = Member(self, host, number, **settings)
        self.members[member.address] = member
        member.client.start(self.now)
        self.settle()
        return member

    def post(self, datagram: bytes, source: Address, to: Address) -> None:
        """A datagram goes on its way."""
        self.wire.append(datagram)
        if self.lost:
            self.lost -= 1
        else:
            self._under_way.append((datagram, source, to))

    def settle(self) -> None:
        """All that is under way arrives, and what is said to it."""
        while self._under_way:
            datagram, source, to = self._under_way.popleft()
            if to in self.gatekeepers:
                self.gatekeepers[to].receive(datagram, source)
            elif to in self.members:
                self.members[to].client.receive(datagram, source, self.now)

    def wait(self, seconds: float) -> None:
        """Time goes by, timer after timer."""
        end = self.now + seconds
        while (due := self.timers.next_due()) is not None and due <= end:
            self.now = max(due, self.now)
            self.timers.run(self.now)
            self.settle()
        self.now = end

    def command(self, line: str, address: Address = GATEKEEPER) -> None:
        """A command to a gatekeeper."""
        self.gatekeepers[address].command(line)
        self.settle()
