"""A SETUP to every terminal of a bus: whoever connects first has the call (Q.931 5.2.5, 5.2.8, 5.2.9)."""

from typing import TYPE_CHECKING

from gateway.isdn import elements as codec
from gateway.isdn.call_table import Action, TimerName
from gateway.isdn.cause_value import CauseValue
from gateway.isdn.q931 import Identifier, Message, MessageType
from gateway.model.causes import Cause
from gateway.model.errors import DecodeError
from gateway.model.timers import Timer

if TYPE_CHECKING:
    from gateway.isdn.call import IsdnCall
    from gateway.isdn.call_control import CallControl

_RANK = {17: 2, 21: 1}
"""Which refusal counts when there are several: user busy, then call rejected, then any other (5.2.5.3)."""
_RESPONSES = frozenset(
    (MessageType.SETUP_ACKNOWLEDGE, MessageType.CALL_PROCEEDING, MessageType.ALERTING, MessageType.CONNECT)
)
_CLEARING = frozenset((MessageType.DISCONNECT, MessageType.RELEASE, MessageType.RELEASE_COMPLETE))


class Broadcast:
    """The terminals that have answered the SETUP of a call, until one is selected. `refusal` is the cause of those
    that do not want it.
    """

    __slots__ = ("_call", "_control", "_responders", "_timer", "refusal")

    def __init__(self, call: "IsdnCall", control: "CallControl") -> None:
        self._call = call
        self._control = control
        self._responders: dict[int, None] = {}
        self._timer: Timer | None = None
        self.refusal: Cause | None = None

    def sent(self, now: float) -> None:
        """The SETUP has gone out: answers may come for T312."""
        self._control.timers.stop(self._timer)
        self._timer = self._control.start(TimerName.T312, self._expired, now)

    def receive(self, message: Message, cut_off: int | None, link: int, now: float) -> None:
        """A message from one of the terminals."""
        kind = message.message_type
        if kind in _CLEARING:
            self._refused(message, link, now)
            return
        if kind in _RESPONSES and isinstance(kind, MessageType):
            self._responders[link] = None
            if self._control.rows[self._call.state][kind].action is Action.UNEXPECTED:
                return  # Another terminal is as far already.
        self._call.link = link
        self._call.receive(message, cut_off, now)

    def select(self, now: float) -> None:
        """The call belongs to the terminal of its link; the others are released."""
        for link in self._responders:
            if link != self._call.link:
                self._control.dismiss(self._call.call_reference, link, Cause(CauseValue.NON_SELECTED_USER), now)
        self.end()

    def abort(self, cause: Cause, now: float) -> None:
        """The call is taken back: RELEASE to all that have answered, and to those who still will (N22)."""
        for link in self._responders:
            self._control.dismiss(self._call.call_reference, link, cause, now)
        if self._timer is not None:
            self._control.await_late(self._call.call_reference, now)

    def end(self) -> None:
        """No more answers are wanted."""
        self._control.timers.stop(self._timer)
        self._timer = None

    def _refused(self, message: Message, link: int, now: float) -> None:
        try:
            cause = codec.decode_cause(message.contents(Identifier.CAUSE) or b"")
        except DecodeError:
            cause = Cause(CauseValue.NORMAL_UNSPECIFIED)
        self._keep(cause)
        self._responders.pop(link, None)
        kind, reference = message.message_type, self._call.call_reference
        if kind == MessageType.RELEASE:
            self._control.answer(MessageType.RELEASE_COMPLETE, reference, link, None, now)
        elif kind == MessageType.DISCONNECT:
            self._control.dismiss(reference, link, cause, now)
        self._look(now)

    def _keep(self, cause: Cause) -> None:
        if self.refusal is None or _RANK.get(cause.value, 0) > _RANK.get(self.refusal.value, 0):
            self.refusal = cause

    def _expired(self, now: float) -> None:
        self._timer = None
        self._look(now)

    def _look(self, now: float) -> None:
        """Nobody is left, and nobody else may answer any more: the call has failed."""
        if self._timer is None and not self._responders:
            self._call.unanswered(self.refusal or Cause(CauseValue.NO_USER_RESPONDING, self._control.location), now)
