"""What a Q.931 call tells, as its leg hears it. Everything here is total: what does not matter is let pass."""

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.ends import isdn_digits, isdn_names, isdn_user_user
from gateway.ends.indifferent import Indifferent
from gateway.ends.isdn_calling import Calling
from gateway.ends.isdn_gathering import Gathering
from gateway.ends.isdn_leg import IsdnLeg
from gateway.ends.isdn_progress import Description, descriptions, has_media
from gateway.isdn import elements as codec
from gateway.isdn.call import IsdnCall
from gateway.isdn.q931 import Identifier, Message, MessageType
from gateway.model.call import Answer, CallRequest, Clearing, Information, Progress
from gateway.model.causes import Cause
from gateway.model.errors import GatewayError
from gateway.model.parties import Number, Party
from gateway.sip.sdp import Direction, with_direction

if TYPE_CHECKING:
    from gateway.ends.isdn_line import IsdnLine

_RINGING, _AT_WORK = 180, 183
_SAYS_NOTHING = (16, 31)


class IsdnEvents(Indifferent):
    """The owner of one leg's call. An offered call may have several legs in turn, until its number is complete."""

    __slots__ = ("_calling", "_gathering", "_leg", "_line", "_setup")

    def __init__(self, line: "IsdnLine", leg: IsdnLeg) -> None:
        self._line = line
        self._leg = leg
        self._setup: Message | None = None
        self._calling: Calling | None = None
        self._gathering: Gathering | None = None

    # --- a call that is offered ---

    def arrived(self, call: IsdnCall, message: Message, now: float) -> None:
        """SETUP: the call goes on at once, or when its number is complete (RFC 4497 §8.2.1.1, §8.2.2)."""
        self._setup = message
        self._gathering = Gathering(self._line, call, message, self._go_on)
        if not self._gathering.begin(message, now):
            call.setup_acknowledge(now)

    def information_received(self, call: IsdnCall, message: Message, now: float) -> None:
        """Further digits of the number, or digits that are dialled while the call is up."""
        leg = self._leg
        if self._gathering is not None and not self._gathering.is_settled:
            self._gathering.dialled(message, now)
        elif leg.answered and not leg.gone:
            for information in isdn_digits.relayed(message):
                leg.owner.informed(leg, information, now)

    def digits_timeout(self, call: IsdnCall, now: float) -> None:
        """T302: whatever has been dialled is the number."""
        if self._gathering is not None:
            self._gathering.timed_out(now)

    def at_work(self, now: float) -> None:
        """The other side is: the number was complete."""
        if self._gathering is not None:
            self._gathering.progressed(now)

    def keeps(self, clearing: Clearing, now: float) -> bool:
        """Whether the call stays although its leg is cleared so, since more digits may follow."""
        return self._gathering is not None and self._gathering.keeps(clearing, now)

    def _go_on(self, number: Number, now: float) -> IsdnLeg:
        """The hub hears of the call as soon as its media has a description."""
        message, first = self._setup, self._leg
        assert message is not None
        leg = self._leg = first if not first.gone else self._line.another_leg(first)
        request = self._line.request(message, number)
        leg.address = request.calling.uri
        if leg is first:
            self._heard(message, now)
        self._line.asking[leg] = request
        leg.reserve(b"", now)
        return leg

    def asked(self, request: CallRequest, now: float) -> None:
        """The media has its description: the hub is asked."""
        setups = self._line.services.setups
        try:
            request, replaced = setups.arriving(self._leg, request)
        except GatewayError:
            setups.refused(self._leg, now)
            return
        self._line.hub.call_asked(self._leg, replace(request, session=self._leg.remote_session), replaced, now)

    # --- a call of ours ---

    def placed(self, calling: Calling) -> None:
        """It is ours; what was asked for may have to be said again, or more of it."""
        self._calling = calling

    def extended(self, called: Party, source: str, now: float) -> bool:
        """Whether further digits of the called number were taken."""
        if self._calling is None:
            return False
        try:
            found = self._line.routing.route(source, called)[0]
            number = self._line.parties.called(found.called)
        except GatewayError:
            return False
        return found.trunk == self._line.name and self._calling.add(self._leg.call, number, now)

    def digits_wanted(self, call: IsdnCall, message: Message, now: float) -> None:
        """SETUP ACKNOWLEDGE."""
        self._leg.move(now)
        self._heard(message, now)
        if self._calling is not None:
            self._calling.wanted(call, now)

    def proceeding_received(self, call: IsdnCall, message: Message, now: float) -> None:
        """Says nothing to a caller who has had 100 (RFC 4497 §8.3.2)."""
        self._calling = None
        self._leg.move(now)
        self._heard(message, now)

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
        self._calling = None
        if leg.gone or leg.incoming or leg.answered:
            return
        leg.move(now)
        self._heard(message, now)
        session = leg.remote_session if has_media(message) else b""
        party = self._line.parties.alerted(message, leg.address)
        spoken = isdn_user_user.kept(message)
        leg.owner.progressed(leg, Progress(status, session=session, party=party, kept=spoken), now)

    def connected(self, call: IsdnCall, message: Message, now: float) -> None:
        """CONNECT to a call of ours; the acknowledgement of our own CONNECT says nothing new."""
        leg = self._leg
        self._calling = None
        if leg.gone or leg.incoming or leg.answered:
            return
        leg.answered = True
        leg.move(now)
        self._heard(message, now)
        answer = Answer(leg.remote_session, self._line.parties.answering(message), isdn_user_user.kept(message))
        if leg.remote_session:
            leg.owner.answered(leg, answer, now)
        else:
            leg.answer_due = answer

    # --- the end ---

    def disconnected(self, call: IsdnCall, cause: Cause, message: Message | None, now: float) -> None:
        """The caller hears the tone that says why, if there is one: then the network ends it, or T306 does."""
        if message is not None and self._can_be_heard(message):
            leg = self._leg
            self._heard(message, now)
            leg.owner.progressed(leg, Progress(_AT_WORK, session=leg.remote_session), now)
            if not leg.gone:
                return
        self._over(cause, message, now)
        call.disconnect(cause, now)

    def _can_be_heard(self, message: Message) -> bool:
        """Whether it promises a tone to somebody whose call was not answered (RFC 4497 §8.4.2)."""
        leg = self._leg
        waits = not (leg.gone or leg.incoming or leg.answered) and bool(leg.remote_session)
        return waits and self._line.settings.early_media and Description.IN_BAND in descriptions(message)

    def released(self, call: IsdnCall, cause: Cause, message: Message | None, now: float) -> None:
        """The call is over, unless another channel does."""
        if self._gathering is not None:
            self._gathering.stop()
        if (
            message is not None
            and message.message_type == MessageType.RELEASE_COMPLETE
            and self._again(call, cause, now)
        ):
            return
        self._over(cause, message, now)

    def _again(self, call: IsdnCall, cause: Cause, now: float) -> bool:
        """Whether the call is placed once more, since its channel was not to be had."""
        leg = self._leg
        if self._calling is None or leg.gone or leg.incoming:
            return False
        other = self._calling.again(call.channel, cause, now)
        if other is None:
            return False
        other.owner, leg.call = self, other
        self._line.end.observer.log("isdn.another_channel", level="debug", channel=str(other.channel), **leg.marks)
        leg.move(now)
        return True

    def _over(self, cause: Cause, message: Message | None, now: float) -> None:
        leg = self._leg
        if leg.gone:
            return
        if message is not None:
            self._heard(message, now)
        if leg.gone:
            return
        was_asked = leg not in self._line.asking and (self._gathering is None or self._gathering.leg is leg)
        clearing = self._clearing(cause, message)
        if was_asked and self._line.services.left(leg, cause, clearing, now):
            return
        leg.over(now)
        if was_asked:
            leg.owner.cleared(leg, clearing, now)

    def _clearing(self, cause: Cause, message: Message | None) -> Clearing:
        leg = self._leg
        spoken = isdn_user_user.kept(message) if message is not None else ()
        if leg.answered or leg.incoming:
            found = self._line.clearings.hang_up(cause)
        else:
            told = leg.cause_told if leg.cause_told and cause.value in _SAYS_NOTHING else cause
            found = self._line.clearings.refusal(told)
        party = self._line.parties.alerted(message, leg.address) if message is not None else None
        return replace(found, kept=(*found.kept, *spoken), party=party) if spoken or party else found

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
        self._line.services.retrieve_answered(self._leg, refused, now)

    def suspended(self, call: IsdnCall, message: Message, now: float) -> None:
        """SUSPEND: as if the terminal had put the call on hold."""
        self._offer_flow(Direction.INACTIVE, now)

    def resumed(self, call: IsdnCall, message: Message, now: float) -> None:
        """RESUME."""
        self._leg.move(now)
        self._offer_flow(Direction.SENDRECV, now)

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
        self._heard(message, now)

    def facility_received(self, call: IsdnCall | None, message: Message, link: int, now: float) -> None:
        """FACILITY."""
        self._heard(message, now)

    def user_information_received(self, call: IsdnCall, message: Message, now: float) -> None:
        """USER INFORMATION goes on as an INFO with User-to-User; CONGESTION CONTROL is about our own messages."""
        leg, spoken = self._leg, isdn_user_user.kept(message)
        if spoken and not leg.gone:
            leg.owner.informed(leg, Information("INFO", "", b"", spoken), now)

    def _heard(self, message: Message, now: float) -> None:
        """What Facility elements say, but for names, which are heard with the party."""
        said = isdn_names.without(message) if self._line.variant.operations == "qsig" else message
        self._line.services.heard(self._leg, said, now)
