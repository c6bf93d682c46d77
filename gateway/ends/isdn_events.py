"""What a Q.931 call tells, as its leg hears it. Everything here is total: what does not matter is let pass."""

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.ends.indifferent import Indifferent
from gateway.ends.isdn_leg import IsdnLeg
from gateway.ends.isdn_progress import has_media
from gateway.isdn import elements as codec
from gateway.isdn import numbers
from gateway.isdn.call import IsdnCall
from gateway.isdn.q931 import Identifier, Message
from gateway.model.call import Answer, CallRequest, Progress
from gateway.model.causes import Cause
from gateway.model.parties import Number
from gateway.sip.sdp import Direction, with_direction

if TYPE_CHECKING:
    from gateway.ends.isdn_line import IsdnLine

_RINGING, _AT_WORK = 180, 183
_SAYS_NOTHING = (16, 31)


class IsdnEvents(Indifferent):
    """The owner of one leg's call."""

    __slots__ = ("_digits", "_leg", "_line", "_setup")

    def __init__(self, line: "IsdnLine", leg: IsdnLeg) -> None:
        self._line = line
        self._leg = leg
        self._setup: Message | None = None
        self._digits: Number | None = None

    # --- a call that is offered ---

    def arrived(self, message: Message, now: float) -> None:
        """SETUP: the call goes on at once, or when its number is complete (RFC 4497 §8.2.1.1, §8.2.2)."""
        self._setup = message
        contents = message.contents(Identifier.CALLED_PARTY_NUMBER)
        self._digits = None if contents is None else numbers.decode_called(contents)
        is_last = message.element(Identifier.SENDING_COMPLETE) is not None or not self._line.settings.overlap
        if is_last or self._is_complete():
            self._go_on(now)
        else:
            self._leg.call.setup_acknowledge(now)

    def information_received(self, call: IsdnCall, message: Message, now: float) -> None:
        """Further digits."""
        if self._setup is None:
            return
        contents = message.contents(Identifier.CALLED_PARTY_NUMBER)
        if contents is not None:
            more = numbers.decode_called(contents)
            before = self._digits
            self._digits = replace(before, digits=before.digits + more.digits) if before else more
        if message.element(Identifier.SENDING_COMPLETE) is not None or self._is_complete():
            self._go_on(now)

    def digits_timeout(self, call: IsdnCall, now: float) -> None:
        """T302: whatever has been dialled is the number."""
        if self._setup is not None and self._digits and self._digits.digits:
            self._go_on(now)

    def _is_complete(self) -> bool:
        number = self._digits
        return number is not None and bool(number.digits) and self._line.is_complete(number)

    def _go_on(self, now: float) -> None:
        """CALL PROCEEDING at once; the hub hears of the call as soon as its media has a description."""
        message, leg = self._setup, self._leg
        self._setup = None
        assert message is not None
        request = self._line.request(message, self._digits or Number(""))
        leg.address = request.calling.uri
        leg.call.proceeding(now)
        self._line.services.heard(leg, message, now)
        self._line.asking[leg] = request
        leg.reserve(b"", now)

    def asked(self, request: CallRequest, now: float) -> None:
        """The media has its description: the hub is asked."""
        self._line.hub.call_asked(self._leg, replace(request, session=self._leg.remote_session), None, now)

    # --- a call of ours ---

    def proceeding_received(self, call: IsdnCall, message: Message, now: float) -> None:
        """Says nothing to a caller who has had 100 (RFC 4497 §8.3.2)."""
        self._leg.move(now)
        self._line.services.heard(self._leg, message, now)

    def alerting_received(self, call: IsdnCall, message: Message, now: float) -> None:
        """180, with a session where something can be heard (RFC 4497 §8.3.4, §8.3.5)."""
        self._progressed(_RINGING, message, now)

    def progress_received(self, call: IsdnCall, message: Message, now: float) -> None:
        """183 (RFC 4497 §8.3.3)."""
        contents = message.contents(Identifier.CAUSE)
        if contents is not None:
            self._leg.cause_told = codec.decode_cause(contents)
        self._progressed(_AT_WORK, message, now)

    def _progressed(self, status: int, message: Message, now: float) -> None:
        leg = self._leg
        if leg.gone or leg.incoming or leg.answered:
            return
        leg.move(now)
        self._line.services.heard(leg, message, now)
        session = leg.remote_session if has_media(message) else b""
        leg.owner.progressed(leg, Progress(status, session=session), now)

    def connected(self, call: IsdnCall, message: Message, now: float) -> None:
        """CONNECT to a call of ours; the acknowledgement of our own CONNECT says nothing new."""
        leg = self._leg
        if leg.gone or leg.incoming or leg.answered:
            return
        leg.answered = True
        leg.move(now)
        self._line.services.heard(leg, message, now)
        answer = Answer(leg.remote_session, self._line.parties.answering(message))
        if leg.remote_session:
            leg.owner.answered(leg, answer, now)
        else:
            leg.answer_due = answer

    # --- the end ---

    def disconnected(self, call: IsdnCall, cause: Cause, message: Message | None, now: float) -> None:
        """A tone that says why is not waited for: SIP says it in words."""
        self._over(cause, message, now)
        call.disconnect(cause, now)

    def released(self, call: IsdnCall, cause: Cause, message: Message | None, now: float) -> None:
        """The call is over."""
        self._over(cause, message, now)

    def _over(self, cause: Cause, message: Message | None, now: float) -> None:
        leg = self._leg
        if leg.gone:
            return
        if message is not None:
            self._line.services.heard(leg, message, now)
        if leg.gone:
            return
        was_asked = leg not in self._line.asking and self._setup is None
        leg.over(now)
        if not was_asked:
            return
        if leg.answered or leg.incoming:
            clearing = self._line.clearings.hang_up(cause)
        else:
            told = leg.cause_told if leg.cause_told and cause.value in _SAYS_NOTHING else cause
            clearing = self._line.clearings.refusal(told)
        leg.owner.cleared(leg, clearing, now)

    # --- while it is up ---

    def hold_requested(self, call: IsdnCall, message: Message, now: float) -> None:
        """HOLD: the B-channel is free, and the other side is offered silence."""
        if call.hold_acknowledge(now):
            self._offer_flow(Direction.INACTIVE, now)

    def hold_answered(self, call: IsdnCall, refused: Cause | None, message: Message | None, now: float) -> None:
        """The answer to a HOLD of ours."""
        self._line.services.hold_answered(self._leg, refused, now)

    def retrieve_requested(self, call: IsdnCall, message: Message, now: float) -> None:
        """RETRIEVE, on whichever B-channel it is."""
        if call.retrieve_acknowledge(now):
            self._leg.move(now)
            self._offer_flow(Direction.SENDRECV, now)

    def retrieve_answered(self, call: IsdnCall, refused: Cause | None, message: Message | None, now: float) -> None:
        """The answer to a RETRIEVE of ours."""
        self._leg.move(now)

    def _offer_flow(self, flow: Direction, now: float) -> None:
        leg = self._leg
        if leg.gone or not leg.answered:
            return
        leg.restrict(flow, now)
        leg.remote_session = with_direction(leg.remote_session, flow)
        if not self._line.variant.symmetrical:  # Of a held QSIG leg SIP hears nothing (RFC 4497 §8).
            leg.owner.media_offered(leg, leg.remote_session, now)

    def notified(self, call: IsdnCall, message: Message, now: float) -> None:
        """NOTIFY may say that the peer is another one now."""
        self._line.services.heard(self._leg, message, now)

    def facility_received(self, call: IsdnCall | None, message: Message, link: int, now: float) -> None:
        """FACILITY."""
        self._line.services.heard(self._leg, message, now)
