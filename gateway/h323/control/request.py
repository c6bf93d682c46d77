"""A request of ours that waits for its response (see request_table)."""

from collections.abc import Callable
from typing import Any

from gateway.h323.control.procedures import Surroundings
from gateway.h323.control.request_table import TABLE, Action, Input, State
from gateway.model.timers import Timer

SEQUENCE_NUMBERS = 256


class Request:
    """One kind of request. `release` is the indication that withdraws it, "" when there is none; `ended` hears ""
    when it was acknowledged, else why not: the cause of the reject, or "timeout".
    """

    __slots__ = ("_around", "_ended", "_name", "_patience", "_release", "_timer", "_withdrawn", "sequence", "state")

    def __init__(
        self,
        around: Surroundings,
        name: str,
        release: str,
        patience: float,
        ended: Callable[[str, float], None],
    ) -> None:
        self._around = around
        self._name = name
        self._release = release
        self._patience = patience
        self._ended = ended
        self._timer: Timer | None = None
        self._withdrawn: dict[str, Any] = {}
        self.sequence = 0
        self.state = State.IDLE

    def send(self, value: dict[str, Any], now: float, withdrawn: dict[str, Any] | None = None) -> None:
        """Sends it with `value`; `withdrawn` is what its release would say."""
        self._withdrawn = withdrawn or {}
        self._enter(Input.REQUEST, now, value)

    def send_numbered(self, value: dict[str, Any], now: float) -> None:
        """The same with the next sequence number in it."""
        self.sequence = (self.sequence + 1) % SEQUENCE_NUMBERS
        self.send(value | {"sequenceNumber": self.sequence}, now)

    def acknowledged(self, now: float, sequence: int | None = None) -> None:
        """Its acknowledgement came, with the sequence number that it names if it does."""
        self._enter(self._unless_stale(Input.ACKNOWLEDGED, sequence), now)

    def rejected(self, cause: str, now: float, sequence: int | None = None) -> None:
        """Its reject came."""
        self._enter(self._unless_stale(Input.REJECTED, sequence), now, cause=cause)

    def stop(self) -> None:
        """No timer runs any more, and no response is awaited."""
        self._around.timers.stop(self._timer)
        self.state = State.IDLE

    def _unless_stale(self, what: Input, sequence: int | None) -> Input:
        return what if sequence in (None, self.sequence) else Input.STALE

    def _enter(self, what: Input, now: float, value: dict[str, Any] | None = None, cause: str = "timeout") -> None:
        action, self.state = TABLE[self.state, what]
        if action is Action.IGNORE:
            return
        self._around.timers.stop(self._timer)
        if action is Action.SEND:
            self._timer = self._around.timers.start(now + self._patience, self._expired)
            self._around.say("request", self._name, value)
            return
        if action is Action.WITHDRAW and self._release:
            self._around.say("indication", self._release, self._withdrawn)
        self._ended("" if action is Action.SUCCEED else cause, now)

    def _expired(self, now: float) -> None:
        self._enter(Input.EXPIRED, now)
