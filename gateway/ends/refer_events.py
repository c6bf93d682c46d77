"""What refer subscriptions tell, as the owner of a leg hears it."""

from gateway.ends.leg_transfers import UNKNOWN, answered, notified, transfer_request
from gateway.ends.sip_leg import SipLeg
from gateway.hub.leg import Observer
from gateway.model.errors import GatewayError
from gateway.model.transfer import DialogReference, TransferOutcome, TransferProgress
from gateway.sip.message import Message
from gateway.sip.refer_subscription import ReferSubscription
from gateway.sip.refer_tables import ReferralState
from gateway.sip.referral import Referral
from gateway.sip.sipfrag import Sipfrag
from gateway.sip.user_agent import UserAgent


class ReferEvents:
    """The part of the owner of a user agent that is about transfers, asked of us and by us."""

    ua: UserAgent
    observer: Observer
    transferors: dict[str, SipLeg]

    # --- asked of us ---

    def refer_received(self, referral: Referral, now: float) -> None:
        """A REFER within a call of ours, or with its Target-Dialog; of anybody else it is refused (RFC 5589 §12)."""
        leg = self._party(referral)
        if leg is None:
            dialog = referral.dialog
            marks = {"call_id": dialog.call_id, "local_tag": dialog.local_tag, "remote_tag": dialog.remote_tag}
            self.observer.log("transfer.stranger", trunk=dialog.profile.name, **marks)
            referral.refuse(403, (), now)
            return
        try:
            request = transfer_request(referral.request, leg.line)
        except GatewayError as error:
            self.observer.log("transfer.unfit", why=str(error), status=error.sip_status, **leg.marks)
            referral.refuse(error.sip_status, (), now)
            return
        replaced = self._replaced(leg, request.consultation)
        leg.begin_referral(referral)
        leg.owner.transfer_asked(leg, referral.id, request, replaced, now)

    def referral_delivered(self, referral: Referral, now: float) -> None:
        """The final NOTIFY is done with."""
        leg = self.transferors.get(referral.id)
        if leg is not None:
            leg.end_referral(referral.id)
            leg.owner.report_delivered(leg, referral.id, now)

    def referral_unheard(self, referral: Referral, now: float) -> None:
        """Nobody listens any more; the transfer goes on (RFC 3515 §2.4.4)."""
        leg = self.transferors.get(referral.id)
        if leg is not None:
            if referral.state is ReferralState.OVER:
                leg.end_referral(referral.id)
            leg.owner.transfer_cancelled(leg, referral.id, now)

    # --- asked by us ---

    def refer_answered(
        self, subscription: ReferSubscription, status: int, response: Message | None, now: float
    ) -> None:
        """The final answer to our REFER."""
        leg = _referring(subscription)
        if leg is not None:
            _tell(leg, answered(status, response, leg.line), now)

    def refer_notified(
        self,
        subscription: ReferSubscription,
        status: int,
        reason: str,
        body: Sipfrag | None,
        is_final: bool,
        now: float,
    ) -> None:
        """NOTIFY; it may come before the answer to the REFER (RFC 3515 §2.4.4)."""
        leg = _referring(subscription)
        if leg is not None:
            _tell(leg, notified(status, reason, body, leg.line, is_final=is_final), now)

    def refer_ended(self, subscription: ReferSubscription, now: float) -> None:
        """No word on the outcome will come."""
        leg = _referring(subscription)
        if leg is not None:
            _tell(leg, UNKNOWN, now)

    # --- parts ---

    def _party(self, referral: Referral) -> SipLeg | None:
        """The leg whose peer has sent the REFER; Target-Dialog counts from the trunk of that call only (RFC 4538)."""
        session = referral.session
        leg = session.owner_context if session is not None else None
        if not isinstance(leg, SipLeg) or leg.gone:
            return None
        return leg if referral.dialog.profile.name == leg.line.name else None

    def _replaced(self, leg: SipLeg, consultation: object) -> SipLeg | None:
        """Our leg that a Replaces names, as if it had come to us: to-tag ours, from-tag the peer's (RFC 3891 §3)."""
        if not isinstance(consultation, DialogReference):
            return None
        named = consultation
        found = _leg_of(self.ua.find(named.call_id, _tag(named.to_tag), _tag(named.from_tag)))
        if found is not None and found.line is leg.line:
            return found
        swapped = _leg_of(self.ua.find(named.call_id, named.from_tag, named.to_tag))
        if found is not None or swapped is not None:
            event = "transfer.replaces_foreign" if found is not None else "transfer.replaces_swapped"
            self.observer.log(event, replaces=named.call_id, **leg.marks)
        return None


def _tag(text: str) -> str:
    """A tag of 0 stands for none, of an RFC 2543 peer (RFC 3891 §6.1)."""
    return "" if text == "0" else text


def _leg_of(dialog: object) -> SipLeg | None:
    session = getattr(dialog, "session", None)
    leg = getattr(session, "owner_context", None)
    return leg if isinstance(leg, SipLeg) and not leg.gone else None


def _tell(leg: SipLeg, word: TransferProgress | TransferOutcome, now: float) -> None:
    if isinstance(word, TransferProgress):
        leg.owner.transfer_progress(leg, word, now)
    else:
        leg.subscription = None
        leg.owner.transfer_outcome(leg, word, now)


def _referring(subscription: ReferSubscription) -> SipLeg | None:
    """The leg that waits for this subscription; its outcome is told once."""
    leg = subscription.owner_context
    return leg if isinstance(leg, SipLeg) and leg.subscription is subscription else None
