"""Whether the peers of a trunk can be reached: OPTIONS at intervals, as a table over states and inputs.

A peer that no answer comes from, or that says itself that it is out of service, gets no calls until it answers
again (RFC 3261 §11; Microsoft, Direct Routing: a trunk fails over on 408, 503 and 504).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from gateway.hub.leg import Observer
from gateway.model.timers import Timer, TimerQueue

OUT_OF_SERVICE = frozenset((408, 503, 504))
"""Statuses that count as no answer."""


class PeerState(StrEnum):
    """What is known of a peer."""

    UNKNOWN = "unknown"
    UP = "up"
    SUSPECT = "suspect"
    DOWN = "down"


class Heard(StrEnum):
    """What happens to a peer."""

    ANSWERED = "answered"
    MISSED = "missed"
    DUE = "due"


class Step(StrEnum):
    """What is done about it. REST: the next OPTIONS is due when it is due."""

    ASK = "ask"
    REST = "rest"
    ASK_SOON = "ask soon"


@dataclass(frozen=True, slots=True)
class Row:
    """One cell of the table."""

    state: PeerState
    step: Step


SOON = 0.1
"""Part of the interval after which a peer that missed once is asked again."""
PATIENCE = 10.0
"""Seconds within which an OPTIONS has to be answered (Microsoft, Direct Routing: FailoverTimeSeconds)."""
_NO_ANSWER = 408

TABLE: Mapping[tuple[PeerState, Heard], Row] = {
    (PeerState.UNKNOWN, Heard.DUE): Row(PeerState.UNKNOWN, Step.ASK),
    (PeerState.UNKNOWN, Heard.ANSWERED): Row(PeerState.UP, Step.REST),
    (PeerState.UNKNOWN, Heard.MISSED): Row(PeerState.SUSPECT, Step.ASK_SOON),
    (PeerState.UP, Heard.DUE): Row(PeerState.UP, Step.ASK),
    (PeerState.UP, Heard.ANSWERED): Row(PeerState.UP, Step.REST),
    (PeerState.UP, Heard.MISSED): Row(PeerState.SUSPECT, Step.ASK_SOON),
    (PeerState.SUSPECT, Heard.DUE): Row(PeerState.SUSPECT, Step.ASK),
    (PeerState.SUSPECT, Heard.ANSWERED): Row(PeerState.UP, Step.REST),
    (PeerState.SUSPECT, Heard.MISSED): Row(PeerState.DOWN, Step.REST),
    (PeerState.DOWN, Heard.DUE): Row(PeerState.DOWN, Step.ASK),
    (PeerState.DOWN, Heard.ANSWERED): Row(PeerState.UP, Step.REST),
    (PeerState.DOWN, Heard.MISSED): Row(PeerState.DOWN, Step.REST),
}

Ask = Callable[[Callable[[int, float], None], float], None]
"""Sends an OPTIONS and calls back with the status and the time; 408 stands for no answer."""


class PeerMonitor:
    """Watches one peer. `interval` in seconds; 0 means that the peer is not watched and always taken to be there."""

    __slots__ = (
        "_ask",
        "_asked",
        "_interval",
        "_is_open",
        "_observer",
        "_timer",
        "_timers",
        "_trunk",
        "_where",
        "state",
    )

    def __init__(
        self, trunk: str, where: str, ask: Ask, interval: float, timers: TimerQueue, observer: Observer
    ) -> None:
        self.state = PeerState.UNKNOWN
        self._trunk = trunk
        self._where = where
        self._ask = ask
        self._interval = interval
        self._timers = timers
        self._observer = observer
        self._timer: Timer | None = None
        self._is_open = False
        self._asked = 0.0

    @property
    def is_usable(self) -> bool:
        """Whether calls may go to the peer."""
        return self.state is not PeerState.DOWN

    def start(self, now: float, delay: float = 0.0) -> None:
        """Begins to watch, after `delay` seconds."""
        if self._interval > 0:
            self._wait(now + delay)

    def stop(self) -> None:
        """Watches no more."""
        self._timers.stop(self._timer)
        self._timer = None
        self._interval = 0.0
        self._is_open = False
        self.state = PeerState.UNKNOWN

    def heard(self, status: int, now: float) -> None:
        """The peer answered a call of ours with `status`; 408: it did not."""
        if self._interval > 0:
            self._take(Heard.MISSED if status in OUT_OF_SERVICE else Heard.ANSWERED, now)

    def _answered(self, status: int, now: float) -> None:
        """The answer to an OPTIONS. One that is missing has been noticed before the transaction gave up."""
        was_open, self._is_open = self._is_open, False
        if was_open or status not in OUT_OF_SERVICE:
            if was_open and self._interval > 0:
                self._wait(self._asked + self._interval)
            self.heard(status, now)

    def _due(self, now: float) -> None:
        self._timer = None
        if self._is_open:
            self._answered(_NO_ANSWER, now)
        else:
            self._take(Heard.DUE, now)

    def _take(self, heard: Heard, now: float) -> None:
        row = TABLE[self.state, heard]
        if row.state is not self.state:
            self._observer.log("trunk.peer", trunk=self._trunk, peer=self._where, state=str(row.state))
            self.state = row.state
        if row.step is Step.ASK:
            self._is_open = True
            self._asked = now
            self._wait(now + min(PATIENCE, self._interval))
            self._ask(self._answered, now)
        elif row.step is Step.ASK_SOON:
            self._wait(now + self._interval * SOON)

    def _wait(self, until: float) -> None:
        self._timers.stop(self._timer)
        self._timer = self._timers.start(until, self._due)
