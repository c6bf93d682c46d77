"""The digits of one call that is offered, and when it goes on with them (RFC 4497 §8.2.1, §8.2.2; RFC 3578).

A pause in dialling has what there is tried: the other side may know that it is a whole number, and says 484 if not.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.ends.isdn_gathering_table import TABLE, Dialled, Do, Gathered
from gateway.isdn import numbers
from gateway.isdn.call import IsdnCall
from gateway.isdn.q931 import Identifier, Message
from gateway.model.call import Clearing
from gateway.model.parties import Number
from gateway.model.timers import Timer

if TYPE_CHECKING:
    from gateway.ends.isdn_leg import IsdnLeg
    from gateway.ends.isdn_line import IsdnLine

_INCOMPLETE = 484
_WITHDRAWN = Clearing(0)


class Gathering:
    """`number` is what has been dialled. `go_on` makes a leg of the offered call and has the hub asked for it; `leg`
    is the last that it has made.
    """

    __slots__ = ("_call", "_go_on", "_line", "_pause", "leg", "number", "state")

    def __init__(
        self, line: "IsdnLine", call: IsdnCall, setup: Message, go_on: Callable[[Number, float], "IsdnLeg"]
    ) -> None:
        contents = setup.contents(Identifier.CALLED_PARTY_NUMBER)
        self.number = Number("") if contents is None else numbers.decode_called(contents)
        self.state = Gathered.GATHERING
        self._line = line
        self._call = call
        self._go_on = go_on
        self.leg: IsdnLeg | None = None
        self._pause: Timer | None = None

    @property
    def is_settled(self) -> bool:
        """Whether no digit is wanted any more."""
        return self.state is Gathered.SETTLED

    def begin(self, setup: Message, now: float) -> bool:
        """The SETUP; whether that was all. SETUP ACKNOWLEDGE is due if not."""
        overlap = self._line.settings.overlap
        if not overlap or setup.element(Identifier.SENDING_COMPLETE) is not None or self._is_complete():
            self._happen(Dialled.LAST, now)
        elif self.number.digits:
            self._happen(Dialled.DIGITS, now)
        return self.is_settled

    def dialled(self, message: Message, now: float) -> None:
        """INFORMATION."""
        contents = message.contents(Identifier.CALLED_PARTY_NUMBER)
        more = numbers.decode_called(contents) if contents is not None else Number("")
        if not self.is_settled and more.digits:
            digits = self.number.digits + more.digits
            self.number = replace(self.number if self.number.digits else more, digits=digits)
        is_last = message.element(Identifier.SENDING_COMPLETE) is not None or self._is_complete()
        if more.digits:
            self._happen(Dialled.LAST if is_last else Dialled.DIGITS, now)
        elif is_last:
            self._happen(Dialled.ENOUGH, now)

    def timed_out(self, now: float) -> None:
        """T302: no more digits come."""
        if self.number.digits:
            self._happen(Dialled.TIMEOUT, now)

    def progressed(self, now: float) -> None:
        """The other side is at work: CALL PROCEEDING."""
        self._happen(Dialled.PROGRESS, now)

    def keeps(self, clearing: Clearing, now: float) -> bool:
        """Whether the offered call outlives the end of the one that it has led to: more digits may follow."""
        if clearing.status != _INCOMPLETE:
            return False
        return self._happen(Dialled.INCOMPLETE, now) is Do.KEEP

    def stop(self) -> None:
        """The offered call is over."""
        self._line.timers.stop(self._pause)
        self.state = Gathered.SETTLED

    def _is_complete(self) -> bool:
        return bool(self.number.digits) and self._line.is_complete(self.number)

    def _happen(self, input: Dialled, now: float) -> Do:
        do, self.state = TABLE[self.state, input]
        if do is not Do.NOTHING:
            self._line.timers.stop(self._pause)
            self._pause = None
        if do in (Do.WITHDRAW, Do.REPLACE):
            self._withdraw(now)
        if do in (Do.WAIT, Do.WITHDRAW):
            self._pause = self._line.timers.start(now + self._line.variant.digit_pause, self._paused)
        elif do in (Do.GO_ON, Do.REPLACE, Do.SETTLE):
            self._call.proceeding(now)
        if do in (Do.TRY, Do.GO_ON, Do.REPLACE):
            self.leg = self._go_on(self.number, now)
        return do

    def _paused(self, now: float) -> None:
        """What leads nowhere yet is not tried."""
        self._pause = None
        if self._line.leads_somewhere(self.number):
            self._happen(Dialled.PAUSE, now)

    def _withdraw(self, now: float) -> None:
        leg, self.leg = self.leg, None
        if leg is not None and not leg.gone:
            was_asked = leg not in self._line.asking
            leg.over(now)
            if was_asked:
                leg.owner.cleared(leg, _WITHDRAWN, now)
