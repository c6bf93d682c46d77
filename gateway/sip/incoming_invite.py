"""An INVITE that sets a call up, on the called side: provisional responses, the answer, refusal (RFC 3261 §13.3)."""

from typing import TYPE_CHECKING

from gateway.sip.dialog import Dialog, Fields
from gateway.sip.message import Message
from gateway.sip.reliable import ReliableProvisionals
from gateway.sip.repetition import Repetition
from gateway.sip.server_transaction import ServerTransaction
from gateway.sip.session_description import SDP_FIELD, session_of
from gateway.sip.session_table import ROUND_TRIPS

if TYPE_CHECKING:
    from gateway.sip.session import Session
    from gateway.sip.user_agent import UserAgent


class IncomingInvite:
    """Lives from the INVITE to the ACK of its 2xx.

    `wants_offer`: the INVITE came without a session description, so that the first one is ours. `is_settled`: offer
    and answer have been exchanged already, reliably (RFC 6337 §2.2), so that UPDATE may be used before the answer.
    """

    __slots__ = (
        *("cseq", "is_settled", "transaction", "wants_offer"),
        *("_final_session", "_held", "_reliable", "_repetition", "_session", "_ua"),
    )

    def __init__(self, ua: "UserAgent", session: "Session", transaction: ServerTransaction, offer: bytes) -> None:
        self._ua = ua
        self._session = session
        self._reliable: ReliableProvisionals | None = None
        self._repetition: Repetition | None = None
        self._held: tuple[Fields, bytes] | None = None
        self._final_session = b""
        self.transaction = transaction
        self.cseq = transaction.request.cseq
        self.wants_offer = not offer
        self.is_settled = False

    @property
    def is_unpracked(self) -> bool:
        """Whether a session description of ours waits for its PRACK, and so the 2xx too (RFC 3262 §3)."""
        return self._reliable is not None and self._reliable.holds_answer

    def ring(self, status: int, headers: Fields, session: bytes, now: float, reason: str) -> None:
        """Sends a provisional response, reliably where both sides can (RFC 3262 §3)."""
        request, profile = self.transaction.request, self._session.profile
        demanded = "100rel" in request.headers.all("require")
        able = profile.reliable != "off" and "100rel" in self._session.peer_supports
        if demanded or (able and (session or not self.wants_offer)):
            self._ring_reliably(status, headers, session, now, reason)
        else:
            shown = b"" if self.wants_offer else session
            self.send(status, headers, shown, now, reason)

    def _ring_reliably(self, status: int, headers: Fields, session: bytes, now: float, reason: str) -> None:
        if self._reliable is None:
            # The first reliable response has to carry the offer that the INVITE has not brought (§5).
            if self.wants_offer and not session:
                return
            self._reliable = ReliableProvisionals(self._ua, self, self._session)
        self._reliable.send(status, headers, b"" if self.is_settled else session, now, reason)

    def send(self, status: int, headers: Fields, session: bytes, now: float, reason: str = "") -> bytes:
        """A response with our To tag, Contact and the Record-Route of the request."""
        session_side, body_field = self._session, (SDP_FIELD,) if session else ()
        return self._ua.layer.respond(
            self.transaction,
            status,
            (
                *self._routes(),
                *session_side.profile.abilities(),
                *headers,
                *session_side.session_id.fields,
                *self._ua.server,
                *body_field,
            ),
            session,
            now,
            to_tag=session_side.local_tag,
            reason=reason,
        )

    def hold(self, headers: Fields, session: bytes) -> None:
        """The answer waits for the PRACK."""
        self._held = (headers, session)

    def answer_held(self, now: float) -> None:
        """The PRACK has come."""
        headers, session = self._held or ((), b"")
        self.answer(headers, session, now)

    def answer(self, headers: Fields, session: bytes, now: float) -> None:
        """Sends the 2xx until the ACK comes. A session description that a reliable response has brought already is
        not said again; when it has changed since, it is offered anew once the call is up.
        """
        side = self._session
        timer = side.timer.answered_by_us(self.transaction.request, side.profile, now)
        if self.is_settled and session and session != side.local_session:
            self._final_session = session
        shown = b"" if self.is_settled else session
        if not self.is_settled:
            side.local_session = session
        if self._reliable is not None:
            side.late_rack = self._reliable.awaited
        self._stop_reliable()
        dialog_of(side).is_early = False
        octets = self.send(200, (*timer, *headers), shown, now)
        flow, layer, settings = self.transaction.reply_flow, self._ua.layer, self._ua.settings
        self._repetition = Repetition(
            self._ua.timers,
            lambda: layer.resend(flow, octets),
            side.unacknowledged,
            now,
            settings.t1,
            settings.t2,
            ROUND_TRIPS * settings.t1,
        )

    def refuse(self, status: int, headers: Fields, now: float, reason: str = "") -> None:
        """Sends a final response other than 2xx."""
        self.stop()
        fields = (*headers, *self._session.session_id.fields, *self._ua.server)
        self._ua.layer.respond(
            self.transaction, status, fields, now=now, to_tag=self._session.local_tag, reason=reason
        )

    def acknowledged(self, ack: Message) -> bytes:
        """The ACK has come. The session description that has yet to be offered, b"" when there is none."""
        self.stop()
        if self.wants_offer and not self.is_settled:
            self._session.remote_session = session_of(ack)
        return self._final_session

    def prack_received(self, transaction: ServerTransaction, now: float) -> None:
        """PRACK of one of our provisional responses."""
        if self._reliable is None:
            self._ua.respond(transaction, 481, now=now)
        else:
            self._reliable.prack_received(transaction, now)

    def agreed(self, local: bytes, remote: bytes) -> None:
        """A reliable response and its PRACK have carried offer and answer."""
        side = self._session
        side.local_session = local
        side.remote_session = remote or side.remote_session
        self.is_settled = True

    def stop(self) -> None:
        """Nothing is sent again."""
        self._stop_reliable()
        if self._repetition is not None:
            self._repetition.stop()
            self._repetition = None

    def _stop_reliable(self) -> None:
        if self._reliable is not None:
            self._reliable.stop()

    def _routes(self) -> Fields:
        return tuple(("Record-Route", route) for route in dialog_of(self._session).route_set)


def dialog_of(session: "Session") -> Dialog:
    """The dialog of a session that has one."""
    assert session.dialog is not None
    return session.dialog
