"""HOLD and RETRIEVE on one call (Q.932 6.2), and the channel that goes and comes with them."""

from typing import TYPE_CHECKING, cast

from gateway.isdn import elements as codec
from gateway.isdn.cause_value import CauseValue
from gateway.isdn.channels import BChannel
from gateway.isdn.composing import cause_element, names_channel
from gateway.isdn.hold_table import (
    HOLD_TABLE,
    HOLD_TIMERS,
    MAY_BE_HELD,
    HoldAction,
    HoldRequest,
    HoldState,
)
from gateway.isdn.q931 import Identifier, InformationElement, Message, MessageType
from gateway.model.causes import Cause
from gateway.model.timers import Timer

if TYPE_CHECKING:
    from gateway.isdn.call import IsdnCall
    from gateway.isdn.call_control import CallControl
    from gateway.isdn.call_machine import CallMachine

_RETRIEVING = frozenset((HoldState.RETRIEVE_REQUEST, HoldState.RETRIEVE_INDICATION))
_SENDS = {request: MessageType[request.name] for request in HoldRequest}

Elements = tuple[InformationElement, ...]


class Hold:
    """The auxiliary state of a call. Its channel is given up when it is held, and asked for when it is retrieved: the
    one that it had, if that is still idle.
    """

    __slots__ = ("_call", "_control", "_had", "_timer", "_wanted", "state")

    def __init__(self, call: "CallMachine", control: "CallControl") -> None:
        self._call = cast("IsdnCall", call)
        self._control = control
        self._had: BChannel | None = None
        self._timer: Timer | None = None
        self._wanted: Message | None = None
        self.state = HoldState.IDLE

    def request(self, request: HoldRequest, elements: Elements, now: float) -> bool:
        """What the owner asks for or answers; False when it does not fit."""
        step = HOLD_TABLE[self.state][request]
        if step.action is HoldAction.ABSENT or self._call.state not in MAY_BE_HELD or self._call.is_independent:
            return False
        if request is HoldRequest.RETRIEVE:
            elements = self._asked_channel(elements)
        elif request is HoldRequest.RETRIEVE_ACKNOWLEDGE:
            if not self._find_channel():
                self._call.retrieve_reject(Cause(CauseValue.NO_CHANNEL), now)
                return False
            elements = self._named_channel(elements)
        self._enter(step.state, now)
        if request is HoldRequest.HOLD_ACKNOWLEDGE:
            self._give_up_channel()
        self._call.send(_SENDS[request], elements, now)
        return True

    def receive(self, message: Message, now: float) -> None:
        """One of the six messages."""
        kind = message.message_type
        assert isinstance(kind, MessageType)
        step = HOLD_TABLE[self.state][kind]
        action = step.action
        if action is HoldAction.ABSENT:
            self._control.say_status(self._call, Cause(CauseValue.WRONG_CALL_STATE, diagnostics=bytes((kind,))), now)
        elif action is HoldAction.REFUSE:
            self._refuse(kind, CauseValue.WRONG_CALL_STATE, now)
        elif action is HoldAction.OFFER:
            self._offer(message, step.state, now)
        elif action is HoldAction.CONCLUDE:
            self._conclude(message, step.state, now)
        else:
            self._enter(step.state, now)
            self._answered(codec.decode_cause(message.contents(Identifier.CAUSE) or b"\x80\x9f"), message, now, kind)

    def end(self) -> None:
        """The call is over."""
        self._control.timers.stop(self._timer)

    def _offer(self, message: Message, state: HoldState, now: float) -> None:
        kind = message.message_type
        if not self._control.variant.hold or self._call.is_independent:
            self._refuse(kind, CauseValue.NOT_SUBSCRIBED, now)
        elif self._call.state not in MAY_BE_HELD:
            self._refuse(kind, CauseValue.WRONG_CALL_STATE, now)
        elif kind == MessageType.HOLD:
            self._enter(state, now)
            self._call.owner.hold_requested(self._call, message, now)
        else:
            self._wanted = message
            self._enter(state, now)
            self._call.owner.retrieve_requested(self._call, message, now)

    def _conclude(self, message: Message, state: HoldState, now: float) -> None:
        """HOLD ACKNOWLEDGE or RETRIEVE ACKNOWLEDGE; a channel that we cannot take clears the call."""
        if state is HoldState.HELD:
            self._enter(state, now)
            self._give_up_channel()
        else:
            named = self._control.channels.named(
                codec.decode_channel(message.contents(Identifier.CHANNEL_IDENTIFICATION) or b"\0")
            )
            if not named or not self._take(named[0]):
                self._call.fail(6, now)
                return
            self._enter(state, now)
        self._answered(None, message, now, message.message_type)

    def _answered(self, refused: Cause | None, message: Message | None, now: float, kind: int) -> None:
        owner = self._call.owner
        if kind in {MessageType.HOLD_ACKNOWLEDGE, MessageType.HOLD_REJECT}:
            owner.hold_answered(self._call, refused, message, now)
        else:
            owner.retrieve_answered(self._call, refused, message, now)

    def _refuse(self, kind: int, cause: int, now: float) -> None:
        reject = MessageType.HOLD_REJECT if kind == MessageType.HOLD else MessageType.RETRIEVE_REJECT
        self._call.send(reject, (cause_element(Cause(cause)),), now)

    def _expired(self, now: float) -> None:
        self._timer = None
        step = HOLD_TABLE[self.state][HOLD_TIMERS[self.state]]
        asked = MessageType.HOLD_REJECT if self.state is HoldState.HOLD_REQUEST else MessageType.RETRIEVE_REJECT
        self._enter(step.state, now)
        self._answered(Cause(CauseValue.TIMER_EXPIRED, self._control.location), None, now, asked)

    def _enter(self, state: HoldState, now: float) -> None:
        """A channel that was taken for a RETRIEVE that has failed is given back."""
        self._control.timers.stop(self._timer)
        if state is HoldState.HELD and self.state in _RETRIEVING:
            self._give_up_channel()
        self.state = state
        name = HOLD_TIMERS.get(state)
        self._timer = None if name is None else self._control.start(name, self._expired, now)

    # The channel.

    def _give_up_channel(self) -> None:
        call = self._call
        self._had = call.channel or self._had
        self._control.channels.free(call.channel, call)
        call.channel = None

    def _take(self, channel: BChannel | None) -> bool:
        """Has the call on that channel, or on any; False when there is none."""
        call, channels = self._call, self._control.channels
        if channel is not None and channel == call.channel:
            return True
        found = channels.seize(call, channel)
        if found is None:
            return False
        channels.free(call.channel, call)
        call.channel = found
        return True

    def _asked_channel(self, elements: Elements) -> Elements:
        """The old channel as a wish when it is idle, else any."""
        if names_channel(elements):
            return elements
        channels = self._control.channels
        wish = (self._had,) if self._had is not None and self._take(self._had) else ()
        return (*elements, channels.identification(wish, exclusive=False))

    def _find_channel(self) -> bool:
        """The channel that the peer's RETRIEVE wants; another one, where it does not insist, or the one before."""
        channels = self._control.channels
        contents = None if self._wanted is None else self._wanted.contents(Identifier.CHANNEL_IDENTIFICATION)
        self._wanted = None
        wanted = None if contents is None else codec.decode_channel(contents)
        named = () if wanted is None else channels.named(wanted)
        if named and self._take(named[0]):
            return True
        if named and wanted is not None and wanted.exclusive:
            return False
        return (self._had is not None and self._take(self._had)) or self._take(None)

    def _named_channel(self, elements: Elements) -> Elements:
        channel = self._call.channel
        if channel is None or names_channel(elements):
            return elements
        return (*elements, self._control.channels.identification((channel,)))
