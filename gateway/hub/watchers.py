"""Who waits for what: the roles that a caller, or a transfer, plays towards calls and attempts to call."""

from typing import TYPE_CHECKING, Protocol

from gateway.hub.leg import Leg
from gateway.model.call import Answer, Clearing, Progress

if TYPE_CHECKING:
    from gateway.hub.call import Call
    from gateway.hub.dial import Dial


class DialWatcher(Protocol):
    """Who wanted the attempt. Exactly one of `dial_answered` and `dial_failed` comes, unless it is cancelled."""

    def dial_progressed(self, dial: "Dial", progress: Progress, now: float) -> None:
        """The called side is at work."""

    def dial_answered(self, dial: "Dial", leg: Leg, answer: Answer, now: float) -> None:
        """It has answered: the leg is the watcher's now, who sets its owner. `confirm` is due after a late offer."""

    def dial_failed(self, dial: "Dial", clearing: Clearing, now: float) -> None:
        """Nobody that could be tried has answered; `clearing` is that of the last."""


class ConnectWatcher(Protocol):
    """Who had two legs put together. Exactly one of the two comes, unless a keeper takes care of a leg that left."""

    def connected(self, call: "Call", now: float) -> None:
        """Both sides have agreed on their media."""

    def not_connected(self, call: "Call", clearing: Clearing, now: float) -> None:
        """They have not. Both legs are kept as they are, unless one was cleared: then the call has ended."""


class CallKeeper(Protocol):
    """A running transfer that guards a call."""

    def left(self, call: "Call", leg: Leg, clearing: Clearing, now: float) -> bool:
        """A leg of the call was cleared. True: it is taken care of, and the call does not clear the other one."""
