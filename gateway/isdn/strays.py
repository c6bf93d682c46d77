"""Messages whose call reference nobody has (Q.931 5.8.3.2)."""

from typing import TYPE_CHECKING

from gateway.isdn.cause_value import CauseValue
from gateway.isdn.composing import state_element
from gateway.isdn.elements import CallState, decode_call_state
from gateway.isdn.q931 import Identifier, Message, MessageType
from gateway.model.causes import Cause

if TYPE_CHECKING:
    from gateway.isdn.call_control import CallControl


def stray(control: "CallControl", message: Message, link: int, now: float) -> None:
    """Answers anything but SETUP. No call comes of it: RELEASE COMPLETE leaves both sides in Null."""
    kind = message.message_type
    if kind == MessageType.STATUS:
        _status(control, message, link, now)
    elif kind == MessageType.STATUS_ENQUIRY:
        control.answer_stray(
            MessageType.STATUS, message, link, Cause(CauseValue.STATUS_ENQUIRED), now, state_element(CallState.NULL)
        )
    elif kind != MessageType.RELEASE_COMPLETE:
        control.answer_stray(
            MessageType.RELEASE_COMPLETE, message, link, Cause(CauseValue.INVALID_CALL_REFERENCE), now
        )


def _status(control: "CallControl", message: Message, link: int, now: float) -> None:
    """A peer that has a call of which we know nothing loses it (5.8.11)."""
    state = message.contents(Identifier.CALL_STATE)
    if state and decode_call_state(state) != CallState.NULL:
        control.answer_stray(MessageType.RELEASE_COMPLETE, message, link, Cause(CauseValue.WRONG_CALL_STATE), now)
