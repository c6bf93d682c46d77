"""An INVITE that sets a call up, on the calling side: its forks, their provisional responses, the answer
(RFC 3261 §13.2, RFC 3262 §4).
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.sip.client_transaction import ClientTransaction, Failure
from gateway.sip.dialog import Dialog, Fields, recorded_routes
from gateway.sip.exchange import Exchange
from gateway.sip.flow import Flow
from gateway.sip.invitation import Invitation
from gateway.sip.message import Message
from gateway.sip.multipart import mixed
from gateway.sip.reliable import Acknowledgement, rseq_of, send_prack
from gateway.sip.session_description import SDP, SDP_FIELD, session_of
from gateway.sip.session_timer import asked, least_of

if TYPE_CHECKING:
    from gateway.sip.session import Session
    from gateway.sip.user_agent import UserAgent


class OutgoingInvite:
    """Lives until the call is answered and its late 2xx can come no more.

    `offers`: it brings a session description. `is_settled`: a reliable provisional response has completed offer and
    answer.
    """

    __slots__ = (
        *("exchange", "is_settled", "offers"),
        *("_acks", "_asked_again", "_dialog", "_early", "_invitation", "_order", "_session", "_ua", "_unanswered"),
    )

    def __init__(self, ua: "UserAgent", session: "Session", invitation: Invitation, dialog: Dialog) -> None:
        self._ua = ua
        self._session = session
        self._dialog = dialog
        self._invitation: Invitation | None = invitation
        self._early: dict[str, Dialog] = {}
        self._order: dict[str, Acknowledgement] = {}
        self._acks: dict[str, tuple[Flow, bytes]] = {}
        self._unanswered: tuple[Dialog, int] | None = None
        self._asked_again = False
        self.is_settled = False
        self.offers = bool(invitation.session)
        self.exchange = self._made(invitation, 0)

    @property
    def answer_due(self) -> bool:
        """Whether a reliable provisional response has brought the offer that our PRACK is to answer."""
        return self._unanswered is not None

    def start(self, now: float) -> None:
        """Sends the INVITE."""
        self.exchange.send(now)

    def cancel(self, headers: Fields, now: float) -> None:
        """Sends CANCEL as soon as that is allowed."""
        self.exchange.cancel(headers, now)

    def responded(self, transaction: ClientTransaction, response: Message, now: float) -> None:
        """Any response to the INVITE."""
        if response.status < 200:
            self._provisional(transaction, response, now)
        elif response.status < 300:
            self._success(transaction, response, now)
        elif not self._asks_again(response, now):
            self.forget_forks(now)
            self._session.setup_failed(response.status, response, now)

    def failed(self, transaction: ClientTransaction, failure: Failure, now: float) -> None:
        """Nobody answered."""
        self.forget_forks(now)
        self._session.setup_failed(408 if failure is Failure.TIMEOUT else 503, None, now)

    def acknowledge(self, session: bytes, now: float) -> None:
        """Answers the offer of a reliable provisional response."""
        if self._unanswered is not None:
            (dialog, rseq), self._unanswered = self._unanswered, None
            self.is_settled = True
            send_prack(self._ua, dialog, rseq, self.exchange.cseq, session, now)

    def acknowledge_answer(self, dialog: Dialog, session: bytes, now: float) -> None:
        """Sends the ACK of the 2xx that made `dialog`, and keeps it for when the 2xx comes again."""
        acks = self._acks

        def keep(flow: Flow, octets: bytes) -> None:
            acks[dialog.remote_tag] = (flow, octets)

        fields = (*self.exchange.credentials, SDP_FIELD) if session else self.exchange.credentials
        self._ua.acknowledge(dialog, self.exchange.cseq, fields, session, keep, now)

    def forget_forks(self, now: float, but: str = "") -> None:
        """Early dialogs end when the INVITE is refused, or another fork has answered."""
        for tag, dialog in self._early.items():
            if tag != but:
                self._ua.release(dialog, now)
        self._early.clear()
        self._order.clear()
        self._unanswered = None

    def _made(self, invitation: Invitation, least: int) -> Exchange:
        profile, session = invitation.profile, invitation.session
        reliable = bool(session) or profile.reliable == "required"
        headers = (
            *profile.abilities(reliable=reliable),
            *((("Require", "100rel"),) if profile.reliable == "required" else ()),
            *asked(profile, least),
            *((("User-Agent", profile.product),) if profile.product else ()),
            *invitation.headers,
        )
        kind, body = SDP, session
        if invitation.part:
            own = (f"Content-Type: {SDP}\r\n\r\n".encode() + session,) if session else ()
            kind, body = mixed(self._ua.token(), *own, invitation.part)
        if body:
            headers = (*headers, ("Content-Type", kind))
        return Exchange(
            *(self._ua, self._dialog, "INVITE", headers, body, self),
            flows=invitation.flows,
            max_forwards=invitation.max_forwards,
        )

    def _asks_again(self, response: Message, now: float) -> bool:
        """With the longer session interval that a 422 demands (RFC 4028 §7.3), or without what a 415 refuses."""
        invitation = self._invitation
        if invitation is None or self.exchange.stopped:
            return False
        if response.status == 422 and not self._asked_again:
            self._asked_again = True
            self._session.timer.least = least_of(response.headers)
        elif response.status == 415 and invitation.part:
            self._invitation = invitation = replace(invitation, part=b"")
        else:
            return False
        self.forget_forks(now)
        self.exchange = self._made(invitation, self._session.timer.least if self._asked_again else 0)
        self.exchange.send(now)
        return True

    def _provisional(self, transaction: ClientTransaction, response: Message, now: float) -> None:
        tag = response.to_tag
        if response.status == 100 or self._session.dialog_is_confirmed:
            return
        if tag:
            dialog = self._fork(tag, transaction, response)
            # The PRACK says it already.
            self._session.session_id.hear(response)
            rseq = rseq_of(response)
            if rseq and not self._take_in_order(dialog, rseq, response, now):
                return
            self._session.dialog = dialog
        self._session.setup_progressed(response, now)

    def _fork(self, tag: str, transaction: ClientTransaction, response: Message) -> Dialog:
        dialog = self._early.get(tag)
        if dialog is None:
            dialog = self._early[tag] = self._dialog.answered(response, tag, transaction.flow)
            dialog.local_cseq = self.exchange.cseq
            self._ua.keep(dialog)
        else:
            dialog.refresh_target(response)
        return dialog

    def _take_in_order(self, dialog: Dialog, rseq: int, response: Message, now: float) -> bool:
        """PRACKs a reliable response, unless it is out of order or its offer has to be answered by our owner."""
        order = self._order.setdefault(dialog.remote_tag, Acknowledgement())
        if not order.is_next(response):
            return False
        session = session_of(response)
        if session and not self.offers and not self.is_settled:
            self._unanswered = (dialog, rseq)
            return True
        self.is_settled = self.is_settled or bool(session)
        send_prack(self._ua, dialog, rseq, self.exchange.cseq, b"", now)
        return True

    def _success(self, transaction: ClientTransaction, response: Message, now: float) -> None:
        tag = response.to_tag
        if tag in self._acks:
            self._ua.layer.resend(*self._acks[tag])
            return
        chosen = self._session.dialog if self._session.dialog_is_confirmed else None
        if chosen is not None and chosen.remote_tag == tag:
            return
        dialog = self._answered_dialog(tag, transaction, response)
        if chosen is not None or not self._session.setup_answered(dialog, response, now):
            self._hang_up(dialog, now)
        self._invitation = None

    def _answered_dialog(self, tag: str, transaction: ClientTransaction, response: Message) -> Dialog:
        """The dialog of a 2xx; its route set is that of the 2xx, whatever the provisional one's was (§13.2.2.4)."""
        early = self._early.get(tag)
        if early is None:
            dialog = self._dialog.answered(response, tag, transaction.flow)
            dialog.local_cseq = self.exchange.cseq
            return dialog
        early.is_early = False
        early.flow = transaction.flow
        early.route_set = recorded_routes(response)[::-1]
        early.refresh_target(response)
        return early

    def _hang_up(self, dialog: Dialog, now: float) -> None:
        """A 2xx that nobody wants any more: ACK, then BYE (§13.2.2.4)."""
        self.acknowledge_answer(dialog, b"", now)
        self._ua.request_in(dialog, "BYE", (), b"", None, now)
