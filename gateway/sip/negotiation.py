"""New media within a call: re-INVITE and UPDATE, ours and the peer's (RFC 3261 §14, RFC 3311, RFC 6337)."""

from collections import deque
from typing import TYPE_CHECKING
from zlib import crc32

from gateway.model.timers import Timer
from gateway.sip.client_transaction import ClientTransaction, Failure
from gateway.sip.dialog import Fields
from gateway.sip.exchange import Exchange
from gateway.sip.flow import Flow
from gateway.sip.incoming_invite import dialog_of
from gateway.sip.message import Message
from gateway.sip.negotiation_table import ATTEMPTS, BACK_OFF, LIMITS, NEGOTIATION_TABLE
from gateway.sip.negotiation_table import NegotiationAction as Action
from gateway.sip.negotiation_table import NegotiationInput as Input
from gateway.sip.negotiation_table import NegotiationState as State
from gateway.sip.repetition import Repetition
from gateway.sip.server_transaction import ServerTransaction
from gateway.sip.session_description import SDP_FIELD, session_of
from gateway.sip.session_table import EARLY, ROUND_TRIPS
from gateway.sip.session_timer import least_of

if TYPE_CHECKING:
    from gateway.sip.session import Session
    from gateway.sip.user_agent import UserAgent

_RETRY_SOON = (("Retry-After", "2"),)
_LONGEST_RETRY = 10


class Change:
    """New media that we want, or (`is_quiet`) the same again: nobody is told what comes of it."""

    __slots__ = ("attempts", "headers", "is_quiet", "session")

    def __init__(self, session: bytes, headers: Fields, *, is_quiet: bool = False) -> None:
        self.session = session
        self.headers = headers
        self.is_quiet = is_quiet
        self.attempts = 0


class Negotiation:
    """The offers of one session after its first; made when it is needed."""

    __slots__ = (
        *(
            "state",
            "_ack",
            "_change",
            "_exchange",
            "_limit",
            "_not_before",
            "_offer",
            "_repetition",
            "_session",
            "_timer",
        ),
        *("_cseq", "_transaction", "_ua", "_waiting"),
    )

    def __init__(self, ua: "UserAgent", session: "Session") -> None:
        self._ua = ua
        self._session = session
        self.state = State.IDLE
        self._waiting: deque[Change] = deque()
        self._change: Change | None = None
        self._exchange: Exchange | None = None
        self._ack: tuple[int, Flow, bytes] | None = None
        self._transaction: ServerTransaction | None = None
        self._offer = b""
        self._cseq = 0
        self._repetition: Repetition | None = None
        self._timer: Timer | None = None
        self._limit: Timer | None = None
        self._not_before = 0.0

    def offer(self, change: Change, now: float) -> None:
        """Sends our offer, or has it wait until that is allowed."""
        self._waiting.append(change)
        self.proceed(now)

    def proceed(self, now: float) -> None:
        """Sends what waits, if nothing stands in its way any more."""
        if not self._waiting or now < self._not_before or not self._session.may_offer:
            return
        if self._step(Input.OFFER) is Action.SEND:
            self._send(self._waiting.popleft(), now)

    def responded(self, transaction: ClientTransaction, response: Message, now: float) -> None:
        """A response to our re-INVITE or UPDATE."""
        status, exchange = response.status, self._exchange
        if status < 200:
            return
        if self._ack is not None and response.cseq == self._ack[0] and status < 300:
            self._ua.layer.resend(self._ack[1], self._ack[2])
        elif exchange is not None and exchange.cseq == response.cseq:
            if status < 300:
                self._succeeded(exchange, response, now)
            else:
                self._failed(status, response, now)

    def failed(self, transaction: ClientTransaction, failure: Failure, now: float) -> None:
        """No response to it."""
        self._failed(408 if failure is Failure.TIMEOUT else 503, None, now)

    def acknowledge(self, session: bytes, now: float) -> None:
        """Our answer to the offer that the 2xx to our re-INVITE has brought."""
        if self._step(Input.ACKNOWLEDGE) is Action.ACKNOWLEDGE and self._exchange is not None:
            self._session.local_session = session or self._session.local_session
            self._acknowledge(self._exchange, session, now)
            self._exchange = None
            self.proceed(now)

    def received(self, transaction: ServerTransaction, offer: bytes, now: float) -> None:
        """The peer's re-INVITE, or its UPDATE (or PRACK) with an offer."""
        action = self._step(Input.INVITE_CAME if transaction.is_invite else Input.UPDATE_CAME)
        if action is Action.PENDING:
            self._ua.respond(transaction, 491, now=now)
        elif action is Action.REPEAT_LATER:
            self._ua.respond(transaction, 500, _RETRY_SOON, now=now)
        else:
            self._stop_repetition()
            self._present(transaction, offer, now)

    def accept(self, session: bytes, headers: Fields, now: float) -> None:
        """Answers the peer's offer, or gives the one that it asks for."""
        transaction = self._transaction
        if transaction is None:
            return
        accepted = Input.ACCEPT if self._offer else Input.ASK
        if self._step(accepted if transaction.is_invite else Input.ACCEPT_UPDATE) is not Action.ACCEPT:
            return
        side = self._session
        request = transaction.request
        timer = side.timer.answered_by_us(request, side.profile, now) if request.method != "PRACK" else ()
        side.local_session = session
        side.remote_session = self._offer or side.remote_session
        octets = self._ua.layer.respond(
            transaction,
            200,
            (*side.profile.abilities(), *timer, *headers, *side.session_id.fields, SDP_FIELD),
            session,
            now,
        )
        if transaction.is_invite:
            self._repeat(transaction, octets, now)
        else:
            self._transaction = None
        self.proceed(now)

    def refuse(self, status: int, headers: Fields, now: float) -> None:
        """The media stays as it is."""
        if self._step(Input.REFUSE) is Action.REFUSE:
            self._answer_with(status, headers, now)
            self.proceed(now)

    def cancel_received(self, now: float) -> None:
        """The peer takes its re-INVITE back."""
        if self._step(Input.CANCEL_CAME) is Action.TERMINATE:
            self._answer_with(487, (), now)
            self.proceed(now)

    def ack_received(self, ack: Message, now: float) -> bool:
        """Whether the ACK was to our 2xx of a re-INVITE, for the first time."""
        if ack.cseq != self._cseq or self._step(Input.ACK_CAME) is not Action.CONFIRM:
            return False
        if not self._offer:
            self._session.remote_session = session_of(ack) or self._session.remote_session
        self._stop_repetition()
        return True

    def end(self, now: float) -> None:
        """The session is over: what is open is refused, what is owed is sent. A re-INVITE of ours keeps its limit."""
        self._waiting.clear()
        self._ua.timers.stop(self._timer)
        if self.state is State.OFFERED:
            self.refuse(487, (), now)
        elif self.state is State.CONFIRMING:
            self.acknowledge(b"", now)
        self._stop_repetition()

    def _step(self, happened: Input) -> Action:
        step = NEGOTIATION_TABLE[self.state][happened]
        if step.state is not self.state:
            self.state = step.state
            self._ua.timers.stop(self._limit)
        return step.action

    def _send(self, change: Change, now: float) -> None:
        """re-INVITE; UPDATE while the call is not answered (RFC 3311 §5.1)."""
        side = self._session
        method = "UPDATE" if side.state in EARLY else "INVITE"
        headers = (
            *side.profile.abilities(reliable=False),
            *side.timer.refreshing(side.profile),
            *change.headers,
            *((SDP_FIELD,) if change.session else ()),
        )
        change.attempts += 1
        self._change = change
        self._exchange = Exchange(self._ua, dialog_of(side), method, headers, change.session, self)
        self._exchange.send(now)
        if method == "INVITE":
            self._limit_from(now)

    def _limit_from(self, now: float) -> None:
        self._ua.timers.stop(self._limit)
        self._limit = self._ua.timers.start(now + LIMITS[self.state], self._late)

    def _late(self, now: float) -> None:
        action = self._step(Input.LATE)
        if action is Action.REFUSE:
            self._answer_with(504, (), now)
            self.proceed(now)
        elif action is Action.CANCEL and self._exchange is not None:
            self._exchange.cancel((), now)

    def _succeeded(self, exchange: Exchange, response: Message, now: float) -> None:
        side, change = self._session, self._change
        is_invite = exchange.method == "INVITE"
        late = is_invite and not exchange.body
        action = self._step(Input.BROUGHT_OFFER if late else Input.SUCCEEDED)
        if action is Action.IGNORE or change is None:
            return
        exchange.dialog.refresh_target(response)
        side.timer.answered_by_peer(response, now)
        side.remote_session = session_of(response) or side.remote_session
        if side.is_over:
            self._release_late(exchange, now)
            return
        if not late:
            side.local_session = exchange.body
            self._exchange = None
            if is_invite:
                self._acknowledge(exchange, b"", now)
        if not change.is_quiet:
            side.owner.media_answered(side, response, now)
        self.proceed(now)

    def _release_late(self, exchange: Exchange, now: float) -> None:
        """The session has ended meanwhile: the 2xx still gets its ACK."""
        self.state, self._exchange = State.IDLE, None
        if exchange.method == "INVITE":
            self._acknowledge(exchange, b"", now)

    def _acknowledge(self, exchange: Exchange, session: bytes, now: float) -> None:
        cseq = exchange.cseq

        def keep(flow: Flow, octets: bytes) -> None:
            self._ack = (cseq, flow, octets)

        fields = (*exchange.credentials, SDP_FIELD) if session else exchange.credentials
        self._ua.acknowledge(exchange.dialog, cseq, fields, session, keep, now)

    def _failed(self, status: int, response: Message | None, now: float) -> None:
        change, self._exchange = self._change, None
        if change is None or self.state is not State.OFFERING:
            return
        seconds = self._back_off(status, response)
        if seconds is not None and change.attempts < ATTEMPTS and not self._session.is_over:
            self._step(Input.GLARE)
            self._try_later(change, now, seconds)
            return
        self._step(Input.REFUSED)
        self._given_up(change, status, response, now)

    def _given_up(self, change: Change, status: int, response: Message | None, now: float) -> None:
        side = self._session
        if side.is_over:
            return
        if not change.is_quiet:
            side.owner.media_refused(side, status, response, now)
        elif side.timer.interval:
            side.timer.refresh_failed(now)
        if status in (408, 481):
            side.lost(status, now)
        else:
            self.proceed(now)

    def _back_off(self, status: int, response: Message | None) -> float | None:
        """Seconds until the offer is tried again; None when it is not."""
        if response is None:
            return None
        if status == 491:
            least, most = BACK_OFF[self._session.is_caller]
            return least + (most - least) * crc32(self._ua.token().encode()) / 2**32
        if status == 422:
            self._session.timer.least = least_of(response.headers)
            return 0.0
        after = (response.headers.get("retry-after") or "").partition(";")[0].partition("(")[0].strip()
        if status == 500 and after.isdecimal() and int(after[:9]) <= _LONGEST_RETRY:
            return float(after)
        return None

    def _try_later(self, change: Change, now: float, seconds: float) -> None:
        self._waiting.appendleft(change)
        self._not_before = now + seconds
        self._ua.timers.stop(self._timer)
        self._timer = self._ua.timers.start(self._not_before, self.proceed)

    def _present(self, transaction: ServerTransaction, offer: bytes, now: float) -> None:
        side = self._session
        request = transaction.request
        self._transaction = transaction
        self._offer = offer
        self._cseq = request.cseq
        transaction.context = side
        self._limit_from(now)
        side.owner.media_offered(side, request, now)

    def _answer_with(self, status: int, headers: Fields, now: float) -> None:
        transaction, self._transaction = self._transaction, None
        if transaction is not None:
            self._ua.respond(transaction, status, headers, now=now)

    def _repeat(self, transaction: ServerTransaction, octets: bytes, now: float) -> None:
        flow, layer, settings = transaction.reply_flow, self._ua.layer, self._ua.settings
        self._transaction = None
        self._repetition = Repetition(
            self._ua.timers,
            lambda: layer.resend(flow, octets),
            self._unacknowledged,
            now,
            settings.t1,
            settings.t2,
            ROUND_TRIPS * settings.t1,
        )

    def _unacknowledged(self, now: float) -> None:
        if self._step(Input.UNACKNOWLEDGED) is Action.LOSE:
            self._session.unacknowledged(now)

    def _stop_repetition(self) -> None:
        if self._repetition is not None:
            self._repetition.stop()
            self._repetition = None
