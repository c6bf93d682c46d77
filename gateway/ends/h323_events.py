"""What a call of H.225.0 tells, as its leg hears it. Everything here is total: what does not matter is let pass."""

from typing import TYPE_CHECKING

from gateway.ends.h323_leg import H323Leg
from gateway.ends.h323_placing import H323Placing
from gateway.ends.isdn_progress import Description
from gateway.h323 import addressing
from gateway.h323.call import H323Call
from gateway.h323.call_contents import Ending
from gateway.h323.call_elements import keypad_of, progress_of
from gateway.h323.call_owner import CallOwner
from gateway.h323.h225 import CallSignal
from gateway.model.call import Answer, Clearing, Progress
from gateway.model.causes import Cause
from gateway.model.transfer import PartyUpdate, Redirection, Stage
from gateway.translators.h450_2_reading import forwarded

if TYPE_CHECKING:
    from gateway.ends.h323_line import H323Line

_RINGING, _AT_WORK = 180, 183
_REDIRECTED = 302
_HEARD = frozenset((Description.NOT_END_TO_END_ISDN, Description.IN_BAND))
_ROUTED = "routeCallToGatekeeper"
_REPLACED = "facilityCallDeflection"
_UNREACHED = 38


class H323Events(CallOwner):
    """The owner of one leg's call. `leg` is None until the SETUP of a peer has been looked at; `placing` is there as
    long as a call of ours has not been answered.
    """

    __slots__ = ("_has_heard", "_line", "leg", "placing")

    def __init__(self, line: "H323Line", leg: H323Leg | None = None, placing: H323Placing | None = None) -> None:
        self._line = line
        self.leg = leg
        self.placing = placing
        self._has_heard = False

    # --- a call that is offered ---

    def call_offered(self, call: H323Call, message: CallSignal, now: float) -> None:
        """SETUP."""
        self.leg = self._line.arrived(call, message, now)

    def information_received(self, call: H323Call, message: CallSignal, now: float) -> None:
        """Keypad is user input; a call whose number is not complete is refused, so that no digits follow."""
        digits = keypad_of(message)
        if self.leg is not None and digits:
            self.leg.digits_received(digits, now)

    # --- a call of ours ---

    def digits_wanted(self, call: H323Call, message: CallSignal, now: float) -> None:
        """The whole number has been sent: the peer will see."""

    def proceeding_received(self, call: H323Call, message: CallSignal, now: float) -> None:
        """Says nothing to a caller who has had 100."""
        self._has_heard = True

    def alerting_received(self, call: H323Call, message: CallSignal, now: float) -> None:
        """180, with a session where something can be heard (RFC 4123 §6.1.3)."""
        if self.leg is not None:
            self._line.services.secondary.taken(self.leg, now)
        self._progressed(_RINGING, message, now)

    def progress_received(self, call: H323Call, message: CallSignal, now: float) -> None:
        """183."""
        self._progressed(_AT_WORK, message, now)

    def _progressed(self, status: int, message: CallSignal, now: float) -> None:
        leg = self.leg
        self._has_heard = True
        if leg is None or leg.gone or leg.incoming or leg.answered:
            return
        heard = status == _AT_WORK or not _HEARD.isdisjoint(progress_of(message))
        session = leg.media.told if heard else b""
        leg.owner.progressed(leg, Progress(status, session=session), now)

    def connected(self, call: H323Call, message: CallSignal, now: float) -> None:
        """CONNECT: the answer is told when its session is known."""
        leg = self.leg
        if leg is None or leg.gone or leg.incoming or leg.answered or leg.answer_due is not None:
            return
        self._has_heard = True
        self.placing = None
        self._line.services.secondary.taken(leg, now)
        self._line.answered(leg, now)
        leg.answer_due = Answer(party=self._line.parties.answering(message))
        leg.media.answered(now)

    # --- media ---

    def fast_start_accepted(self, call: H323Call, channels: tuple[bytes, ...], now: float) -> None:
        """The peer has chosen among our channels."""
        if self.leg is not None and not self.leg.gone:
            self.leg.media.fast_start_accepted(channels, now)

    def fast_start_refused(self, call: H323Call, now: float) -> None:
        """H.245 has to do it, when the call is answered."""

    def tunnel_opened(self, call: H323Call, now: float) -> None:
        """Is made use of when H.245 is needed."""

    def tunnel_refused(self, call: H323Call, now: float) -> None:
        """H.245 needs a connection of its own, when it is needed."""
        if self.leg is not None and not self.leg.gone:
            self.leg.media.tunnel_refused(now)

    def control_address_received(self, call: H323Call, address: str, now: float) -> None:
        """The peer listens for H.245."""
        if self.leg is not None and not self.leg.gone:
            self.leg.media.control_address_received(now)

    def control_received(self, call: H323Call, octets: bytes, now: float) -> None:
        """A tunnelled H.245 message."""
        if self.leg is not None and not self.leg.gone:
            self.leg.media.control_received(octets, now)

    # --- services ---

    def apdus_received(self, call: H323Call, apdus: tuple[bytes, ...], message: CallSignal, now: float) -> None:
        """H.450, which says something even when the leg is over already."""
        if self.leg is not None:
            self._line.services.heard(self.leg, apdus, message, now)

    def facility_received(self, call: H323Call, message: CallSignal, now: float) -> None:
        """FACILITY callForwarded is a redirection before the answer, a transfer afterwards. With
        routeCallToGatekeeper the call is made there.
        """
        leg = self.leg
        if message.reason == _ROUTED:
            self._routed(call, message, now)
            return
        event = forwarded(message)
        if leg is None or leg.gone or event is None:
            return
        if leg.answered:
            self._line.services.transfers.forwarded(leg, event, now)
        elif not leg.incoming:
            self._redirected(leg, event, now)

    def _routed(self, call: H323Call, message: CallSignal, now: float) -> None:
        leg, placing = self.leg, self.placing
        said = message.uuie.get("alternativeAddress")
        address = addressing.transport(said) if said is not None and said[0] in addressing.IP else ""
        if leg is None or leg.gone or placing is None or leg.media.told or not address:
            return
        if placing.route_to(address, now):
            self.leg = None
            call.release(now, Ending(reason=_REPLACED))

    def _redirected(self, leg: H323Leg, event: Redirection, now: float) -> None:
        contact = self._line.parties.party(event.target)
        clearing = Clearing(_REDIRECTED, Cause(31), contacts=(contact,)) if contact.uri else Clearing(480, Cause(31))
        owner = leg.owner
        leg.over(now)
        leg.call.release(now, Ending(reason="facilityCallDeflection"))
        owner.cleared(leg, clearing, now)

    def notified(self, call: H323Call, message: CallSignal, now: float) -> None:
        """NOTIFY may say that the peer is another one now."""
        leg = self.leg
        party = self._line.parties.answering(message)
        if leg is not None and not leg.gone and leg.answered and party is not None:
            leg.owner.updated(leg, PartyUpdate(Stage.UPDATE, party), now)

    def status_received(self, call: H323Call, message: CallSignal, now: float) -> None:
        """The call goes on."""

    # --- the end ---

    def released(self, call: H323Call, ending: Ending, message: CallSignal | None, now: float) -> None:
        """The call is over."""
        leg = self.leg
        self._line.finished(call, now)
        if leg is None or leg.gone:
            return
        if self._is_tried_again(leg, ending, now):
            return
        replaced = ending.reason == _REPLACED
        clearing = self._clearing(leg, ending)
        if self._line.services.transferring.left(leg, clearing, now, replaced=replaced):
            leg.over(now)
            return
        if not leg.gone:
            leg.over(now)
            leg.owner.cleared(leg, clearing, now)

    def _is_tried_again(self, leg: H323Leg, ending: Ending, now: float) -> bool:
        """Whether another peer is called, or the same once more without callTransferSetup."""
        placing = self.placing
        if placing is None or leg.answered:
            return False
        if self._line.services.secondary.may_repeat(leg):
            return placing.repeat(now)
        unreached = not self._has_heard and ending.cause is not None and ending.cause.value == _UNREACHED
        return unreached and placing.next_peer(now)

    def _clearing(self, leg: H323Leg, ending: Ending) -> Clearing:
        clearings = self._line.clearings
        if leg.answered or leg.incoming:
            return clearings.of_hang_up(ending)
        return self._line.services.secondary.why(leg) or clearings.of_refusal(ending)
