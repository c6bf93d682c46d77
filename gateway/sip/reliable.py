"""Reliable provisional responses, both roles (RFC 3262)."""

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from gateway.sip.dialog import Dialog, Fields
from gateway.sip.message import Message
from gateway.sip.refusal import Refusal
from gateway.sip.repetition import Repetition
from gateway.sip.server_transaction import ServerTransaction
from gateway.sip.session_description import SDP_FIELD, offer_of
from gateway.sip.session_table import ROUND_TRIPS

if TYPE_CHECKING:
    from gateway.sip.incoming_invite import IncomingInvite
    from gateway.sip.session import Session
    from gateway.sip.user_agent import UserAgent

_NEVER_CAPPED = 1e9


class _Provisional(NamedTuple):
    """A response that waits to be sent, or for its PRACK."""

    status: int
    headers: Fields
    session: bytes
    reason: str


class ReliableProvisionals:
    """The called side: one response at a time is under way, the next goes out when its PRACK has come (§3)."""

    __slots__ = ("_invite", "_repetition", "_rseq", "_session", "_ua", "_under_way", "_waiting")

    def __init__(self, ua: "UserAgent", invite: "IncomingInvite", session: "Session") -> None:
        self._ua = ua
        self._invite = invite
        self._session = session
        self._rseq = 0
        self._under_way: _Provisional | None = None
        self._waiting: deque[_Provisional] = deque()
        self._repetition: Repetition | None = None

    @property
    def holds_answer(self) -> bool:
        """Whether a session description has not been PRACKed yet."""
        return self._under_way is not None and bool(self._under_way.session)

    @property
    def awaited(self) -> str:
        """The RAck of the PRACK that has yet to come, "" when none has."""
        return f"{self._rseq} {self._invite.cseq} INVITE" if self._under_way is not None else ""

    def send(self, status: int, headers: Fields, session: bytes, now: float, reason: str) -> None:
        """Sends the response, or has it wait for its turn."""
        self._waiting.append(_Provisional(status, headers, session, reason))
        if self._under_way is None:
            self._next(now)

    def prack_received(self, transaction: ServerTransaction, now: float) -> None:
        """PRACK: 481 when it is of another response, else 2xx; the next response may go."""
        request, confirmed = transaction.request, self._under_way
        if confirmed is None or rack_of(request) != self.awaited:
            self._ua.respond(transaction, 481, now=now)
            return
        try:
            body = offer_of(request)
        except Refusal as refusal:
            self._ua.respond(transaction, refusal.status, refusal.headers, now=now, reason=refusal.reason)
            return
        self._confirmed(confirmed, transaction, body, now)

    def stop(self) -> None:
        """Nothing is repeated or sent any more."""
        self._waiting.clear()
        self._under_way = None
        if self._repetition is not None:
            self._repetition.stop()

    def _confirmed(self, confirmed: _Provisional, transaction: ServerTransaction, body: bytes, now: float) -> None:
        if self._repetition is not None:
            self._repetition.stop()
        self._under_way = None
        offers_anew = bool(body) and (self._invite.is_settled or not self._invite.wants_offer)
        if confirmed.session:
            self._invite.agreed(confirmed.session, body if self._invite.wants_offer else b"")
        if offers_anew:
            self._session.offer_received(transaction, body, now)
        else:
            self._ua.respond(transaction, 200, now=now)
        self._next(now)
        if not self.holds_answer:
            self._session.pracked(now)

    def _next(self, now: float) -> None:
        if self._under_way is not None or not self._waiting:
            return
        one = self._waiting.popleft()
        if self._invite.is_settled:
            one = one._replace(session=b"")
        self._under_way = one
        self._rseq += 1
        fields = (("Require", "100rel"), ("RSeq", str(self._rseq)), *one.headers)
        octets = self._invite.send(one.status, fields, one.session, now, one.reason)
        flow, layer, settings = self._invite.transaction.reply_flow, self._ua.layer, self._ua.settings
        self._repetition = Repetition(
            self._ua.timers,
            lambda: layer.resend(flow, octets),
            self._session.unpracked,
            now,
            settings.t1,
            _NEVER_CAPPED,
            ROUND_TRIPS * settings.t1,
        )


class Acknowledgement:
    """The calling side, for one early dialog: the responses are taken in their order, each once (§4)."""

    __slots__ = ("last",)

    def __init__(self) -> None:
        self.last = 0

    def is_next(self, response: Message) -> bool:
        """Whether this reliable response is the one expected now."""
        rseq = rseq_of(response)
        if self.last and rseq != self.last + 1:
            return False
        self.last = rseq
        return True


def rack_of(request: Message) -> str:
    """Which response a PRACK is of, as `ReliableProvisionals.awaited` says it."""
    return " ".join((request.headers.get("rack") or "").split())


def rseq_of(response: Message) -> int:
    """The RSeq of a provisional response that was sent reliably; 0 for any other."""
    number = (response.headers.get("rseq") or "").strip()
    if not number.isdecimal() or len(number) > 10 or "100rel" not in response.headers.all("require"):
        return 0
    return int(number)


def send_prack(ua: "UserAgent", dialog: Dialog, rseq: int, cseq: int, session: bytes, now: float) -> None:
    """PRACK of the response with that RSeq to our INVITE number `cseq`; `session` answers its offer, if any."""
    rack = ("RAck", f"{rseq} {cseq} INVITE")
    fields = (rack, SDP_FIELD) if session else (rack,)
    ua.request_in(dialog, "PRACK", fields, session, None, now)
