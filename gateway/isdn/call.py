"""One call on an ISDN interface: what its owner asks for, and what messages do to it."""

from collections.abc import Callable
from typing import Any

from gateway.isdn import elements as codec
from gateway.isdn.call_machine import CallMachine, is_in_band
from gateway.isdn.call_table import Action, Expiry, Request, TimerName, is_clearing, is_compatible
from gateway.isdn.cause_value import CauseValue
from gateway.isdn.channel_negotiation import agree
from gateway.isdn.composing import cause_element
from gateway.isdn.element_check import MANDATORY, Fault, fault_of
from gateway.isdn.elements import CallState
from gateway.isdn.hold_table import HoldRequest
from gateway.isdn.q931 import Identifier, InformationElement, Message, MessageType
from gateway.model.causes import Cause

_CAUSE_REQUIRED = (Identifier.CAUSE,)
_RELEASES = frozenset((MessageType.RELEASE, MessageType.RELEASE_COMPLETE))
_CLEARING_MESSAGES = frozenset((MessageType.DISCONNECT, *_RELEASES))


class IsdnCall(CallMachine):
    """A call. `is_originating`: the SETUP was ours. `link` is the data link it goes by, `channel` its B-channel: None
    while it is held, while "any" was asked for, and always when it `is_independent` (of a bearer: ISO/IEC 11582).

    The requests say whether they fitted the state; one that does not, does nothing. Elements that they are given are
    put beside those that the message needs anyway, in the order of their identifiers.
    """

    __slots__ = ()

    # What the owner asks for.

    def setup_acknowledge(self, now: float, *elements: InformationElement) -> bool:
        """SETUP ACKNOWLEDGE: more digits, please."""
        return self._request(Request.SETUP_ACKNOWLEDGE, elements, now)

    def proceeding(self, now: float, *elements: InformationElement) -> bool:
        """CALL PROCEEDING: no more digits, please."""
        return self._request(Request.PROCEEDING, elements, now)

    def alerting(self, now: float, *elements: InformationElement) -> bool:
        """ALERTING."""
        return self._request(Request.ALERTING, elements, now)

    def progress(self, now: float, *elements: InformationElement) -> bool:
        """PROGRESS; a progress indicator is to be among the elements."""
        return self._request(Request.PROGRESS, elements, now)

    def connect(self, now: float, *elements: InformationElement) -> bool:
        """CONNECT."""
        return self._request(Request.CONNECT, elements, now)

    def information(self, now: float, *elements: InformationElement) -> bool:
        """INFORMATION: called party number or keypad digits, sending complete, display."""
        return self._request(Request.INFORMATION, elements, now)

    def notify(self, now: float, *elements: InformationElement) -> bool:
        """NOTIFY; a notification indicator is to be among the elements."""
        return self._request(Request.NOTIFY, elements, now)

    def facility(self, now: float, *elements: InformationElement) -> bool:
        """FACILITY."""
        return self._request(Request.FACILITY, elements, now)

    def user_information(self, now: float, *elements: InformationElement) -> bool:
        """USER INFORMATION."""
        return self._request(Request.USER_INFORMATION, elements, now)

    def hold(self, now: float, *elements: InformationElement) -> bool:
        """HOLD; `hold_answered` follows."""
        return self._holding().request(HoldRequest.HOLD, elements, now)

    def hold_acknowledge(self, now: float, *elements: InformationElement) -> bool:
        """HOLD ACKNOWLEDGE: the channel is free from now on."""
        return self._holding().request(HoldRequest.HOLD_ACKNOWLEDGE, elements, now)

    def hold_reject(self, cause: Cause, now: float, *elements: InformationElement) -> bool:
        """HOLD REJECT."""
        return self._holding().request(HoldRequest.HOLD_REJECT, (cause_element(cause), *elements), now)

    def retrieve(self, now: float, *elements: InformationElement) -> bool:
        """RETRIEVE, on the channel it had if that is idle; `retrieve_answered` follows."""
        return self._holding().request(HoldRequest.RETRIEVE, elements, now)

    def retrieve_acknowledge(self, now: float, *elements: InformationElement) -> bool:
        """RETRIEVE ACKNOWLEDGE with the channel; False too when there is none, and RETRIEVE REJECT 34 has gone."""
        return self._holding().request(HoldRequest.RETRIEVE_ACKNOWLEDGE, elements, now)

    def retrieve_reject(self, cause: Cause, now: float, *elements: InformationElement) -> bool:
        """RETRIEVE REJECT."""
        return self._holding().request(HoldRequest.RETRIEVE_REJECT, (cause_element(cause), *elements), now)

    def snapshot(self) -> dict[str, object]:
        """What `CallControl.restore_call` needs; plain JSON values. Of use once the call is up."""
        return {
            "reference": self.call_reference,
            "originating": self.is_originating,
            "link": self.link,
            "channel": list(self.channel) if self.channel is not None else None,
            "independent": self.is_independent,
            "state": int(self.state),
            "hold": self.hold_state.value,
        }

    # Messages. Each action is given the state after it.

    def receive(self, message: Message, cut_off: int | None, now: float) -> None:
        """A message with this call reference."""
        kind = message.message_type
        if not isinstance(kind, MessageType):
            self._say_status(Cause(CauseValue.MESSAGE_TYPE_UNKNOWN, diagnostics=bytes((kind & 0xFF,))), now)
            return
        step = self._control.rows[self.state][kind]
        action = step.action
        if action is Action.IGNORE:
            return
        if action is Action.UNEXPECTED:
            self._say_status(Cause(CauseValue.WRONG_CALL_STATE, diagnostics=bytes((kind,))), now)
            return
        fault = fault_of(message, self._required(kind), self._control.known, cut_off)
        if fault is not None:
            if self._is_refused(kind, fault, now):
                return
            message = fault.message
        _ON_MESSAGE[action](self, message, step.state, now)
        if fault is not None and kind not in _CLEARING_MESSAGES:
            self._report(kind, fault, now)

    def _reported(self, message: Message, state: CallState, now: float) -> None:
        kind = message.message_type
        if not self._channel_agreed and not self._agrees(message, now):
            return
        self._advance(state, now)
        owner = self.owner
        if kind == MessageType.FACILITY:
            owner.facility_received(self, message, self.link, now)
            return
        if kind == MessageType.INFORMATION:
            self._digits(message, now)
        elif kind == MessageType.PROGRESS and state is self._control.numbers.originating.proceeding:
            self._stop_timer()  # T310 (5.1.6, 5.2.6)
        _EVENTS[kind](owner, self, message, now)

    def _digits(self, message: Message, now: float) -> None:
        """T302 starts anew with each digit, and stops when there are no more."""
        if self.state is not self._control.numbers.terminating.overlap:
            return
        if message.element(Identifier.SENDING_COMPLETE) is not None:
            self._stop_timer()
        else:
            self._restart(TimerName.T302, Expiry.T302, now)

    def _accepted(self, message: Message, state: CallState, now: float) -> None:
        if not self._channel_agreed and not self._agrees(message, now):
            return
        if self.broadcast is not None:
            self.broadcast.select(now)
            self.broadcast = None
        self._advance(state, now)
        self.send(MessageType.CONNECT_ACKNOWLEDGE, (), now)
        self.owner.connected(self, message, now)

    def _completed(self, message: Message, state: CallState, now: float) -> None:
        self._advance(state, now)
        self.owner.connected(self, message, now)

    def _disconnected(self, message: Message, state: CallState, now: float) -> None:
        self._cause = cause = self._cause_of(message)
        reply = self._fault_cause()
        self._enter(state, now)
        self.owner.disconnected(self, cause, message, now)
        if self.state is state and (reply is not None or not any(map(is_in_band, message.elements))):
            self.disconnect(reply or cause, now)

    def _collided(self, message: Message, state: CallState, now: float) -> None:
        """Two DISCONNECT have crossed (5.3.5)."""
        self._release((cause_element(self._fault_cause() or self._cause_of(message)),), now)

    def _confirmed(self, message: Message, state: CallState, now: float) -> None:
        reply = self._fault_cause()
        self.send(MessageType.RELEASE_COMPLETE, () if reply is None else (cause_element(reply),), now)
        self._end(self._cause or self._cause_of(message), message, now)

    def _ended(self, message: Message, state: CallState, now: float) -> None:
        self._fault = None
        self._end(self._cause or self._cause_of(message), message, now)

    def _status(self, message: Message, state: CallState, now: float) -> None:
        self._stop_enquiring()
        theirs = codec.decode_call_state(message.contents(Identifier.CALL_STATE) or b"\0")
        if theirs == CallState.NULL:
            self._end(self._cause or Cause(CauseValue.TEMPORARY_FAILURE, self._control.location), message, now)
        elif not is_compatible(self.state, theirs):
            self.fail(CauseValue.WRONG_CALL_STATE, now)
        elif self.state is not CallState.RELEASE_REQUEST:
            self.owner.status_received(self, theirs, self._cause_of(message), now)

    def _enquired(self, message: Message, state: CallState, now: float) -> None:
        self._say_status(Cause(CauseValue.STATUS_ENQUIRED), now)

    def _auxiliary(self, message: Message, state: CallState, now: float) -> None:
        self._holding().receive(message, now)

    def _suspended(self, message: Message, state: CallState, now: float) -> None:
        self._control.suspensions.suspend(self, message, now)

    def _refused(self, message: Message, state: CallState, now: float) -> None:
        self.send(MessageType.SUSPEND_REJECT, (cause_element(Cause(CauseValue.NOT_SUBSCRIBED)),), now)

    # What is wrong with a message.

    def _required(self, kind: MessageType) -> tuple[Identifier, ...]:
        """RELEASE and RELEASE COMPLETE need a cause where they are the first to clear (5.3)."""
        if kind in _RELEASES:
            return () if is_clearing(self.state) else _CAUSE_REQUIRED
        return MANDATORY.get(kind, ())

    def _is_refused(self, kind: MessageType, fault: Fault, now: float) -> bool:
        """Whether nothing is done but to say so (5.8.6); clearing goes on without what was not there."""
        if kind in _CLEARING_MESSAGES:
            self._fault = fault
            return False
        if fault.grave:
            self._report(kind, fault, now)
        return fault.grave

    def _report(self, kind: MessageType, fault: Fault, now: float) -> None:
        """STATUS; never in answer to a STATUS, or two sides might go on for ever."""
        if kind is not MessageType.STATUS:
            self._control.report(self, fault, now)

    def _fault_cause(self) -> Cause | None:
        """What was wrong with a clearing message, for the answer to it."""
        fault, self._fault = self._fault, None
        if fault is None:
            return None
        return Cause(fault.cause, self._control.location, fault.diagnostics)

    def _cause_of(self, message: Message) -> Cause:
        """Its cause; 31 where it has none that can be read (5.8.6)."""
        contents = message.contents(Identifier.CAUSE)
        return Cause(CauseValue.NORMAL_UNSPECIFIED) if contents is None else codec.decode_cause(contents)

    def _say_status(self, cause: Cause, now: float) -> None:
        self._control.say_status(self, cause, now)

    def _agrees(self, message: Message, now: float) -> bool:
        """Whether the first response names a channel that we can have; the call is cleared if it does not."""
        if not self.is_originating or message.message_type not in _RESPONSES:
            return True
        self._channel_agreed = agree(self._control, self, message)
        if not self._channel_agreed:
            self.fail(CauseValue.CHANNEL_UNACCEPTABLE, now)
        return self._channel_agreed


_ON_MESSAGE: dict[Action, Callable[[IsdnCall, Message, CallState, float], None]] = {
    Action.REPORT: IsdnCall._reported,
    Action.ACCEPT: IsdnCall._accepted,
    Action.COMPLETE: IsdnCall._completed,
    Action.DISCONNECTED: IsdnCall._disconnected,
    Action.COLLIDE: IsdnCall._collided,
    Action.CONFIRM: IsdnCall._confirmed,
    Action.END: IsdnCall._ended,
    Action.STATUS: IsdnCall._status,
    Action.ANSWER_ENQUIRY: IsdnCall._enquired,
    Action.AUXILIARY: IsdnCall._auxiliary,
    Action.SUSPEND: IsdnCall._suspended,
    Action.REFUSE: IsdnCall._refused,
}

_RESPONSES = frozenset(
    (MessageType.SETUP_ACKNOWLEDGE, MessageType.CALL_PROCEEDING, MessageType.ALERTING, MessageType.CONNECT)
)


def _event(name: str) -> Callable[[Any, IsdnCall, Message, float], None]:
    """The owner's method of that name."""

    def tell(owner: Any, call: IsdnCall, message: Message, now: float) -> None:
        getattr(owner, name)(call, message, now)

    return tell


_EVENTS: dict[MessageType | int, Callable[[Any, IsdnCall, Message, float], None]] = {
    MessageType.SETUP_ACKNOWLEDGE: _event("digits_wanted"),
    MessageType.CALL_PROCEEDING: _event("proceeding_received"),
    MessageType.ALERTING: _event("alerting_received"),
    MessageType.PROGRESS: _event("progress_received"),
    MessageType.INFORMATION: _event("information_received"),
    MessageType.NOTIFY: _event("notified"),
    MessageType.USER_INFORMATION: _event("user_information_received"),
    MessageType.CONGESTION_CONTROL: _event("user_information_received"),
}
