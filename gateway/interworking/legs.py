"""The legs seen so far and the keys that find them; nobody else keeps a second index.

A leg is one call of one protocol between two endpoints: a SIP dialog set (Call-ID), a Q.931 call (D channel and
call reference), an H.225.0 call (callIdentifier).
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
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


@dataclass(slots=True)
class Parties:
    """Who the two ends of a leg are (URIs or numbers), and the keys of the leg as its protocol names them."""

    calling: str = ""
    called: str = ""
    keys: dict[str, str] = field(default_factory=dict)


Describe = Callable[[Sequence[bytes]], Parties]
"""How a protocol reads the parties of a leg from the messages that were kept of it."""

MESSAGES_KEPT = 8
"""Messages of a leg that are kept to describe it: the first one and the answers of as many forks."""


class Leg:
    """One call leg as seen from outside. Times are seconds.

    `originator` is the side that set it up: "caller" for SIP and H.323, "user", "network" or an endpoint on a
    D channel; `link` the D channel. Who its parties are is read from its messages when somebody asks: most legs
    have no part in any transfer.
    """

    __slots__ = (
        "_describe",
        "_heard",
        "_parties",
        "answered",
        "cause",
        "held",
        "key",
        "last_seen",
        "link",
        "originator",
        "protocol",
        "released",
        "started",
        "state",
    )

    def __init__(
        self,
        protocol: SignallingProtocol,
        key: str,
        started: float,
        parties: Parties | None = None,
        *,
        heard: list[bytes] | None = None,
        describe: Describe | None = None,
    ) -> None:
        self.protocol = protocol
        self.key = key
        self.started = self.last_seen = started
        self._parties = parties
        self._heard = heard
        self._describe = describe
        self.link = ""
        self.originator = "caller"
        self.state = LegState.SETUP
        self.held = False
        self.answered: float | None = None
        self.released: float | None = None
        self.cause: Cause | None = None

    def hear(self, octets: bytes) -> None:
        """Keeps a message that says more of the leg's parties and keys."""
        if self._heard is not None and len(self._heard) < MESSAGES_KEPT:
            self._heard.append(octets)
            self._parties = None

    @property
    def parties(self) -> Parties:
        """Both ends and the keys."""
        if self._parties is None:
            self._parties = self._describe(self._heard) if self._describe and self._heard else Parties()
        return self._parties

    @property
    def calling(self) -> str:
        """The party that set the leg up."""
        return self.parties.calling

    @property
    def called(self) -> str:
        """The party that it was set up to."""
        return self.parties.called

    @property
    def keys(self) -> dict[str, str]:
        """By what the protocol finds the leg."""
        return self.parties.keys

    def other_end(self, side: str) -> str:
        """The party (URI or number) at the far end from `side`."""
        return self.called if side == self.originator else self.calling

    def own_end(self, side: str) -> str:
        """The party (URI or number) at `side`."""
        return self.calling if side == self.originator else self.called


class LegTable:
    """All legs that can still matter, by key; released and idle ones are dropped as time goes on.

    `recall` may put a leg here, by key, that was not thought to matter when it was seen.
    """

    def __init__(self) -> None:
        self.by_key: dict[str, Leg] = {}
        self._given_up: dict[str, Leg] = {}
        self._released: deque[tuple[float, Leg]] = deque()
        self._next_sweep = 0.0
        self.recall: Callable[[str], None] = _nothing_to_recall

    def __len__(self) -> int:
        return len(self.by_key)

    def __iter__(self) -> Iterator[Leg]:
        return iter(self.by_key.values())

    def __contains__(self, key: str) -> bool:
        return key in self.by_key

    def find(self, key: str) -> Leg | None:
        """The leg with that key, or None. One that is not here is asked for once with `recall`."""
        leg = self.by_key.get(key)
        if leg is None:
            self.recall(key)
            leg = self.by_key.get(key)
        return leg

    def given_up_by(self, calling: str) -> Leg | None:
        """The newest leg of the party `calling` that ended unanswered, or None."""
        return self._given_up.get(calling)

    def add(self, leg: Leg) -> Leg:
        """A new leg (an older one of its key gives way)."""
        self._forget(leg.started)
        self.by_key[leg.key] = leg
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
            if leg.answered is None:
                self._given_up[leg.calling] = leg
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
        if self.by_key.get(leg.key) is leg:
            del self.by_key[leg.key]
        if leg.answered is None and self._given_up.get(leg.calling) is leg:
            del self._given_up[leg.calling]


def _nothing_to_recall(_key: str) -> None:
    return None
