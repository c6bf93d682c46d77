"""Master/slave determination (H.245 C.2)."""

from collections.abc import Callable
from typing import Any

from gateway.h323.control.determination_table import TABLE, Action, Input, State
from gateway.h323.control.procedures import Surroundings
from gateway.model.timers import Timer

NUMBER_BITS = 24
_HALF = 1 << NUMBER_BITS - 1
_WHOLE = 1 << NUMBER_BITS


def outcome(terminal_type: int, number: int, their_type: int, their_number: int) -> bool | None:
    """Whether we are the master; None when the numbers do not tell (H.245 table C.2): they are the same, or half of
    their range apart.
    """
    if terminal_type != their_type:
        return terminal_type > their_type
    distance = (their_number - number) % _WHOLE
    return None if distance in (0, _HALF) else distance < _HALF


class Determination:
    """`settled` is called with each result. `is_master` keeps the last one until another is there."""

    __slots__ = (
        "_around",
        "_asked",
        "_attempts",
        "_found",
        "_number",
        "_patience",
        "_settled",
        "_terminal_type",
        "_timer",
        "is_master",
        "state",
    )

    def __init__(
        self,
        around: Surroundings,
        terminal_type: int,
        patience: float,
        attempts: int,
        settled: Callable[[float], None],
    ) -> None:
        self._around = around
        self._terminal_type = terminal_type
        self._patience = patience
        self._attempts = attempts
        self._settled = settled
        self._number = around.number(NUMBER_BITS)
        self._asked = 0
        self._found: bool | None = None
        self._timer: Timer | None = None
        self.state = State.IDLE
        self.is_master: bool | None = None

    def start(self, now: float) -> None:
        """Begins it, unless it is under way."""
        self._enter(Input.START, now)

    def asked(self, value: dict[str, Any], now: float) -> None:
        """A masterSlaveDetermination came."""
        if self.state is State.IDLE:
            self._number = self._around.number(NUMBER_BITS)
        theirs = value["terminalType"], value["statusDeterminationNumber"]
        self._found = outcome(self._terminal_type, self._number, *theirs)
        self._enter(Input.IDENTICAL if self._found is None else Input.DETERMINED, now)

    def acknowledged(self, value: dict[str, Any], now: float) -> None:
        """A masterSlaveDeterminationAck came; its decision is what we are."""
        decision = value["decision"][0] == "master"
        agreed = self.state is not State.INCOMING or decision is self._found
        if self.state is State.OUTGOING:
            self._found = decision
        self._enter(Input.AGREED if agreed else Input.CONTRARY, now)

    def rejected(self, now: float) -> None:
        """A masterSlaveDeterminationReject came: identical numbers."""
        self._enter(Input.REJECTED, now)

    def released(self, now: float) -> None:
        """A masterSlaveDeterminationRelease came: the peer waited too long."""
        self._enter(Input.RELEASED, now)

    def stop(self) -> None:
        """No timer runs any more."""
        self._around.timers.stop(self._timer)

    def _enter(self, what: Input, now: float) -> None:
        action, self.state, timed = TABLE[self.state, what]
        if action is Action.IGNORE:
            return
        self.stop()
        if timed:
            self._timer = self._around.timers.start(now + self._patience, self._expired)
        self._do(action, what, now)

    def _do(self, action: Action, what: Input, now: float) -> None:
        match action:
            case Action.ASK:
                self._asked = 0
                self._ask(now)
            case Action.ASK_AGAIN:
                self._ask(now)
            case Action.ACCEPT:
                self._acknowledge()
            case Action.REJECT:
                self._around.say("response", "masterSlaveDeterminationReject", {"cause": ("identicalNumbers", 0)})
            case Action.CONFIRM_BACK:
                self._acknowledge()
                self._confirm(now)
            case Action.CONFIRM:
                self._confirm(now)
            case Action.GIVE_UP:
                self._around.say("indication", "masterSlaveDeterminationRelease", {})
                self._around.fail(f"master/slave determination: {what}", now)
            case Action.FAIL:
                self._around.fail(f"master/slave determination: {what}", now)

    def _ask(self, now: float) -> None:
        if self._asked >= self._attempts:
            self.stop()
            self.state = State.IDLE
            self._around.fail("master/slave determination: identical numbers each time", now)
            return
        self._asked += 1
        self._number = self._around.number(NUMBER_BITS)
        value = {"terminalType": self._terminal_type, "statusDeterminationNumber": self._number}
        self._around.say("request", "masterSlaveDetermination", value)

    def _acknowledge(self) -> None:
        """Tells the peer what it is, the contrary of what we are."""
        decision = "slave" if self._found else "master"
        self._around.say("response", "masterSlaveDeterminationAck", {"decision": (decision, 0)})

    def _confirm(self, now: float) -> None:
        self.is_master = self._found
        self._settled(now)

    def _expired(self, now: float) -> None:
        self._enter(Input.EXPIRED, now)
