"""Calls that a terminal has put aside to take them up elsewhere on the bus (Q.931 5.6): the network's part.

A suspended call has no call reference; it is found again by the call identity that its user gave it, which may be
empty. Its B-channel stays its own until T307 runs out.
"""

from collections import deque
from typing import TYPE_CHECKING

from gateway.isdn.cause_value import CauseValue
from gateway.isdn.composing import cause_element
from gateway.isdn.hold_table import HoldState
from gateway.isdn.q931 import Identifier, Message, MessageType
from gateway.isdn.side import Side
from gateway.model.causes import Cause

if TYPE_CHECKING:
    from gateway.isdn.call import IsdnCall
    from gateway.isdn.call_control import CallControl
    from gateway.isdn.call_machine import CallMachine
_REMEMBERED = 16
"""Call identities of cleared calls: more than that are taken for unknown."""


class Suspensions:
    """The suspended calls of one interface by their call identity, and the identities of those cleared last."""

    __slots__ = ("_calls", "_cleared", "_control")

    def __init__(self, control: "CallControl") -> None:
        self._control = control
        self._calls: dict[bytes, IsdnCall] = {}
        self._cleared: deque[bytes] = deque(maxlen=_REMEMBERED)

    def suspend(self, call: "IsdnCall", message: Message, now: float) -> None:
        """SUSPEND ACKNOWLEDGE, and the call is put aside; or SUSPEND REJECT, and it goes on."""
        identity = message.contents(Identifier.CALL_IDENTITY) or b""
        refusal = self._refusal(call, identity)
        if refusal:
            call.send(MessageType.SUSPEND_REJECT, (cause_element(Cause(refusal), self._control.location),), now)
            return
        call.send(MessageType.SUSPEND_ACKNOWLEDGE, (), now)
        self._control.give_back(call)
        self._calls[identity] = call
        if identity in self._cleared:
            self._cleared.remove(identity)
        call.put_aside(now)
        call.owner.suspended(call, message, now)

    def resume(self, message: Message, link: int, now: float) -> None:
        """RESUME ACKNOWLEDGE with the channel, and the call goes on; or RESUME REJECT."""
        identity = message.contents(Identifier.CALL_IDENTITY) or b""
        call = self._calls.pop(identity, None)
        control = self._control
        if call is None:
            control.answer_stray(MessageType.RESUME_REJECT, message, link, Cause(self._absence(identity)), now)
            return
        call.take_up(message.call_reference, link, now)
        control.keep(call)
        channel = () if call.channel is None else (control.channels.identification((call.channel,)),)
        call.send(MessageType.RESUME_ACKNOWLEDGE, channel, now)
        call.owner.resumed(call, message, now)

    def forget(self, call: "CallMachine") -> None:
        """The call is over; its user may ask what has become of it."""
        for identity in [identity for identity, each in self._calls.items() if each is call]:
            del self._calls[identity]
            self._cleared.append(identity)

    def _refusal(self, call: "IsdnCall", identity: bytes) -> int:
        """The cause for which a call cannot be suspended; 0 when it can be. Only a basic access has a bus."""
        settings = self._control.settings
        if settings.side is not Side.NETWORK or settings.access != "basic":
            return CauseValue.NOT_SUBSCRIBED
        if call.hold_state is not HoldState.IDLE:
            return CauseValue.WRONG_CALL_STATE
        return CauseValue.CALL_IDENTITY_IN_USE if identity in self._calls else 0

    def _absence(self, identity: bytes) -> int:
        """Why no call can be resumed (5.6.6)."""
        if identity in self._cleared:
            return CauseValue.SUSPENDED_CALL_CLEARED
        return CauseValue.NO_SUCH_CALL_IDENTITY if self._calls else CauseValue.NO_CALL_SUSPENDED
