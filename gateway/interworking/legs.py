"""The legs seen so far and the keys that find them; nobody else keeps a second index.

A leg is one call of one protocol between two endpoints: a SIP dialog set (Call-ID), a Q.931 call (D channel and
call reference), an H.225.0 call (callIdentifier).
"""

from collections import deque
from collections.abc import Iterator
from enum import IntEnum

from gateway.model.causes import Cause
from gateway.model.legs import SignallingProtocol

RELEASED_LEGS_STAY = 64.0
"""Seconds for which a released leg can still be found: a REFER may outlive its dialog by 64*T1 (RFC 6665 4.5)."""

IDLE_LEGS_STAY = 14400.0
"""Seconds without any message after which a leg counts as gone though nobody was seen to release it."""


class LegState(IntEnum):
    """How far a call has come; only ever grows."""

    SETUP = 0
    ALERTING = 1
    ANSWERED = 2
    RELEASED = 3


class Leg:
    """One call leg as seen from outside. Times are seconds; `calling` and `called` are URIs or numbers.

    `originator` is the side that set it up: "caller" for SIP and H.323, "user", "network" or an endpoint on a
    D channel.
    """

    __slots__ = (
        "answered",
        "called",
        "calling",
        "cause",
        "held",
        "key",
        "keys",
        "last_seen",
        "link",
        "originator",
        "protocol",
        "released",
        "started",
        "state",
    )

    def __init__(self, protocol: SignallingProtocol, key: str, started: float) -> None:
        self.protocol = protocol
        self.key = key
        self.started = self.last_seen = started
        self.keys: dict[str, str] = {}
        self.link = ""
        self.calling = self.called = ""
        self.originator = "caller"
        self.state = LegState.SETUP
        self.held = False
        self.answered: float | None = None
        self.released: float | None = None
        self.cause: Cause | None = None

    def other_end(self, side: str) -> str:
        """The party (URI or number) at the far end from `side`."""
        return self.called if side == self.originator else self.calling

    def own_end(self, side: str) -> str:
        """The party (URI or number) at `side`."""
        return self.calling if side == self.originator else self.called


class LegTable:
    """All legs that can still matter, by key; released and idle ones are dropped as time goes on."""

    def __init__(self) -> None:
        self._legs: dict[str, Leg] = {}
        self._latest_from: dict[str, Leg] = {}
        self._released: deque[tuple[float, Leg]] = deque()
        self._next_sweep = 0.0

    def __len__(self) -> int:
        return len(self._legs)

    def __iter__(self) -> Iterator[Leg]:
        return iter(self._legs.values())

    def find(self, key: str) -> Leg | None:
        """The leg with that key, or None."""
        return self._legs.get(key)

    def latest_from(self, calling: str) -> Leg | None:
        """The newest leg that the party `calling` has set up, or None."""
        return self._latest_from.get(calling)

    def open(self, protocol: SignallingProtocol, key: str, time: float, calling: str = "", called: str = "") -> Leg:
        """A new leg under `key` (an older one of that key gives way)."""
        self._forget(time)
        leg = self._legs[key] = Leg(protocol, key, time)
        leg.calling, leg.called = calling, called
        if calling:
            self._latest_from[calling] = leg
        return leg

    def alerting(self, leg: Leg) -> None:
        """The called party is alerted."""
        leg.state = max(leg.state, LegState.ALERTING)

    def answer(self, leg: Leg, time: float) -> None:
        """The called party answered."""
        if leg.state < LegState.ANSWERED:
            leg.state = LegState.ANSWERED
            leg.answered = time

    def release(self, leg: Leg, time: float, cause: Cause | None = None) -> None:
        """The call is being cleared; the first one to say so counts."""
        if leg.state is not LegState.RELEASED:
            leg.state = LegState.RELEASED
            leg.released = time
            self._released.append((time, leg))
        leg.cause = leg.cause or cause

    def _forget(self, now: float) -> None:
        released = self._released
        while released and now - released[0][0] > RELEASED_LEGS_STAY:
            self._drop(released.popleft()[1])
        if now >= self._next_sweep:
            self._next_sweep = now + RELEASED_LEGS_STAY
            for leg in [leg for leg in self if now - leg.last_seen > IDLE_LEGS_STAY]:
                self._drop(leg)

    def _drop(self, leg: Leg) -> None:
        if self._legs.get(leg.key) is leg:
            del self._legs[leg.key]
        if self._latest_from.get(leg.calling) is leg:
            del self._latest_from[leg.calling]
