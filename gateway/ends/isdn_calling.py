"""A call of ours until its first response: further digits (RFC 3578, Q.931 5.1.3), and another channel (5.1.2)."""

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.isdn import numbers
from gateway.isdn.call import IsdnCall
from gateway.isdn.cause_value import CauseValue
from gateway.isdn.channels import BChannel
from gateway.isdn.elements import CallState
from gateway.isdn.q931 import Identifier, InformationElement
from gateway.model.causes import Cause
from gateway.model.errors import GatewayError
from gateway.model.parties import Number

if TYPE_CHECKING:
    from gateway.ends.isdn_line import IsdnLine

Elements = tuple[InformationElement, ...]

_MOST_CHANNELS = 3
"""How many channels are tried for one call."""
_MAY_FOLLOW = frozenset((CallState.CALL_INITIATED, CallState.CALL_PRESENT))
_WANTED = frozenset((CallState.OVERLAP_SENDING, CallState.OVERLAP_RECEIVING))
_COMPLETE = InformationElement(Identifier.SENDING_COMPLETE)


class Calling:
    """What was asked for: the `elements` of the SETUP, and the `number` with all digits that were given so far."""

    __slots__ = ("_elements", "_line", "_tried", "_unsent", "number")

    def __init__(self, line: "IsdnLine", elements: Elements, number: Number) -> None:
        self.number = number
        self._line = line
        self._elements = elements
        self._unsent = ""
        self._tried: list[BChannel | None] = []

    # Digits.

    def add(self, call: IsdnCall, number: Number, now: float) -> bool:
        """Takes a number that begins with the one so far; False when no more digits can be had, or it is another."""
        fits = number.digits.startswith(self.number.digits) and self._line.settings.overlap
        if not fits or call.state not in _MAY_FOLLOW | _WANTED:
            return False
        self._unsent += number.digits[len(self.number.digits) :]
        self.number = number
        if call.state in _WANTED:
            self._send(call, now)
        return True

    def wanted(self, call: IsdnCall, now: float) -> None:
        """SETUP ACKNOWLEDGE: what has been dialled since; a number that was whole is said to be."""
        if self._line.settings.overlap:
            self._send(call, now)
        else:
            call.information(now, _COMPLETE)

    def _send(self, call: IsdnCall, now: float) -> None:
        """The digits that wait; a SETUP that is sent again has them too."""
        digits, self._unsent = self._unsent, ""
        if digits:
            more = numbers.encode_called(replace(self.number, digits=digits))
            call.information(now, InformationElement(Identifier.CALLED_PARTY_NUMBER, more))

    # Channels.

    def again(self, channel: BChannel | None, cause: Cause, now: float) -> IsdnCall | None:
        """The call once more, on a channel that was not tried; None when that is not the matter, or all were."""
        if cause.value != CauseValue.CHANNEL_NOT_AVAILABLE or len(self._tried) + 1 >= _MOST_CHANNELS:
            return None
        self._tried.append(channel)
        try:
            other = self._line.free_channel([each for each in self._tried if each is not None])
            return self._line.control.setup(self._elements, now, channel=other)
        except GatewayError:
            return None
