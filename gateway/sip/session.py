"""One call over SIP: the INVITE usage of a dialog, either side of it (RFC 3261 §13–§15)."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gateway.model.errors import DecodeError
from gateway.sip.client_transaction import ClientTransaction, Failure
from gateway.sip.dialog import Dialog, Fields
from gateway.sip.flow import Flow
from gateway.sip.incoming_invite import IncomingInvite
from gateway.sip.message import Message
from gateway.sip.negotiation import Change, Negotiation
from gateway.sip.outgoing_invite import OutgoingInvite
from gateway.sip.peer_profile import PeerProfile
from gateway.sip.reliable import rack_of
from gateway.sip.server_transaction import ServerTransaction
from gateway.sip.session_description import session_of
from gateway.sip.session_identifier import SessionIdentifier
from gateway.sip.session_refresh import SessionRefresh
from gateway.sip.session_table import EARLY, OVER, TABLE, TIMERS, SessionAction, SessionInput, SessionState
from gateway.sip.session_timer import SessionTimer

if TYPE_CHECKING:
    from gateway.sip.user_agent import UserAgent
    from gateway.sip.user_agent_owner import DialogUse, UserAgentOwner

_Action, _Input, _State = SessionAction, SessionInput, SessionState
_NOBODY: frozenset[str] = frozenset()
_BEFORE_DIALOG = (_State.CALLING, _State.PROCEEDING, _State.CANCELLING)


class Session:
    """A call. `is_caller`: the INVITE was ours. `dialog` is None until the peer has answered with a tag; while the
    INVITE forks it is the early dialog that was heard of last.

    `local_session` and `remote_session` are the descriptions that were agreed or offered last, `early_session` is
    what the last provisional response brought. `late_rack` is the RAck of a PRACK that may still come after the
    answer. `replaces` is the session whose place an INVITE wants to take, `session_id` what is said as Session-ID.
    What does not fit the state does nothing.
    """

    __slots__ = (
        *("call_id", "dialog", "early_session", "is_caller", "late_rack", "local_session", "local_tag"),
        "owner_context",
        *("peer_allows", "peer_supports", "profile", "remote_session", "replaces", "session_id", "state"),
        "timer",
        *("_leaving_with", "_negotiation", "_setup", "_ua"),
    )

    def __init__(
        self, ua: "UserAgent", call_id: str, local_tag: str, profile: PeerProfile, *, is_caller: bool
    ) -> None:
        self._ua = ua
        self._setup: IncomingInvite | OutgoingInvite | None = None
        self._negotiation: Negotiation | None = None
        self._leaving_with: Fields = ()
        self.call_id = call_id
        self.local_tag = local_tag
        self.profile = profile
        self.is_caller = is_caller
        self.state = _State.CALLING if is_caller else _State.INCOMING
        self.dialog: Dialog | None = None
        self.owner_context: object = None
        self.replaces: Session | None = None
        self.peer_allows = _NOBODY
        self.peer_supports = _NOBODY
        self.local_session = b""
        self.remote_session = b""
        self.early_session = b""
        self.late_rack = ""
        self.session_id = SessionIdentifier()
        self.timer = SessionTimer(ua.timers, self._refresh, self._expired)

    @property
    def remote_tag(self) -> str:
        """The peer's tag; "" before it has one."""
        return self.dialog.remote_tag if self.dialog is not None else ""

    @property
    def flow(self) -> Flow | None:
        """Where the peer's last message came from."""
        return self.dialog.flow if self.dialog is not None else None

    @property
    def owner(self) -> "UserAgentOwner":
        """Who hears of the call."""
        return self._ua.owner

    @property
    def is_over(self) -> bool:
        """Whether it has ended, or our BYE is on its way."""
        return self.state in OVER

    @property
    def is_early(self) -> bool:
        """Whether it has not been answered."""
        return self.state in EARLY

    @property
    def dialog_is_confirmed(self) -> bool:
        """Whether a caller has its 2xx."""
        return self.dialog is not None and not self.dialog.is_early

    @property
    def answer_due(self) -> bool:
        """Whether `acknowledge` is due to the offer of a reliable provisional response."""
        return isinstance(self._setup, OutgoingInvite) and self._setup.answer_due

    @property
    def may_offer(self) -> bool:
        """Whether an offer may be sent now, as far as the set-up of the call goes (RFC 3311 §5.1)."""
        if self.state is _State.CONFIRMED:
            return True
        settled = self._setup is not None and self._setup.is_settled
        return settled and "UPDATE" in self.peer_allows and self.state in (_State.PROCEEDING, _State.INCOMING)

    # What the owner asks for.

    def progress(self, status: int, headers: Fields, session: bytes, now: float, *, reason: str = "") -> None:
        """Sends a provisional response, reliably where the profile and the peer allow it (RFC 3262)."""
        if self._step(_Input.PROGRESS) is _Action.RING and isinstance(self._setup, IncomingInvite):
            self._setup.ring(status, headers, session, now, reason)

    def answer(self, headers: Fields, session: bytes, now: float) -> None:
        """Sends the 2xx; it waits for the PRACK of a response that has carried a session description."""
        setup = self._setup
        if not isinstance(setup, IncomingInvite):
            return
        action = self._step(_Input.ANSWER_UNPRACKED if setup.is_unpracked else _Input.ANSWER)
        if action is _Action.ANSWER:
            setup.answer(headers, session, now)
        elif action is _Action.HOLD_ANSWER:
            setup.hold(headers, session)

    def refuse(self, status: int, headers: Fields, now: float, *, reason: str = "") -> None:
        """Sends the final response other than 2xx."""
        if self._step(_Input.REFUSE) is _Action.REFUSE:
            self._refuse(status, headers, now, reason)

    def acknowledge(self, session: bytes, now: float) -> None:
        """Answers the offer that a response to our INVITE or re-INVITE has brought, in the ACK (or PRACK)."""
        if self._negotiation is not None and self.state is _State.CONFIRMED:
            self._negotiation.acknowledge(session, now)
            return
        before = self.state
        if self._step(_Input.ACKNOWLEDGE) is not _Action.ACKNOWLEDGE or not isinstance(self._setup, OutgoingInvite):
            return
        self.local_session = session
        if before is _State.PROCEEDING:
            self._setup.acknowledge(session, now)
        elif before is _State.ACKNOWLEDGING and self.dialog is not None:
            self._setup.acknowledge_answer(self.dialog, session, now)
            self._up(now)

    def cancel(self, headers: Fields, now: float) -> None:
        """Takes our INVITE back; a 2xx that crosses the CANCEL is acknowledged and released."""
        self._leave(_Input.CANCEL, headers, now)

    def bye(self, headers: Fields, now: float) -> None:
        """Releases the call; after our own 2xx not before its ACK, or the time for it, has come (§15)."""
        self._leave(_Input.BYE, headers, now)

    def end(self, headers: Fields, now: float, status: int = 480) -> None:
        """Refuses (with `status`), cancels or releases, whichever the state demands."""
        if self.state in (_State.INCOMING, _State.ANSWERING):
            self.refuse(status, headers, now)
        else:
            self.bye(headers, now)

    def offer(self, session: bytes, headers: Fields, now: float) -> None:
        """Offers new media, or with b"" asks for an offer; waits while another offer is open. Glare is dealt with."""
        if not self.is_over:
            self._negotiate().offer(Change(session, headers), now)

    def accept_offer(self, session: bytes, headers: Fields, now: float) -> None:
        """Answers the peer's offer, or gives the one that it asked for."""
        if self._negotiation is not None and not self.is_over:
            self._negotiation.accept(session, headers, now)

    def refuse_offer(self, status: int, headers: Fields, now: float) -> None:
        """Refuses the peer's offer; the media stays as it was."""
        if self._negotiation is not None:
            self._negotiation.refuse(status, headers, now)

    def update(self, headers: Fields, now: float) -> None:
        """Tells the peer something in an UPDATE without a body; in a re-INVITE with the same media if it must be."""
        if self.dialog is None or self.is_over:
            return
        if "UPDATE" in self.peer_allows:
            SessionRefresh(self._ua, self).send(headers, now)
        else:
            self._negotiate().offer(Change(self.local_session, headers, is_quiet=True), now)

    def send(self, method: str, headers: Fields, body: bytes, use: "DialogUse | None", now: float) -> None:
        """Any other request in the dialog: INFO, MESSAGE."""
        if self.dialog is not None and not self.is_over:
            self._ua.request_in(self.dialog, method, headers, body, use, now)

    def snapshot(self) -> dict[str, object]:
        """What `UserAgent.restore_session` needs; plain JSON values. Of use once the call is confirmed."""
        return {
            "dialog": self.dialog.snapshot() if self.dialog is not None else None,
            "is_caller": self.is_caller,
            "allows": sorted(self.peer_allows),
            "supports": sorted(self.peer_supports),
            "local": self.local_session.decode("utf-8", "surrogateescape"),
            "remote": self.remote_session.decode("utf-8", "surrogateescape"),
            "timer": [self.timer.interval, self.timer.is_refresher, self.timer.least],
        }

    @classmethod
    def restored(cls, ua: "UserAgent", dialog: Dialog, snapshot: dict[str, Any], now: float) -> "Session":
        """A confirmed call as it was. Raises DecodeError for what is no snapshot."""
        session = cls(ua, dialog.call_id, dialog.local_tag, dialog.profile, is_caller=bool(snapshot.get("is_caller")))
        try:
            session.peer_allows = tokens(tuple(snapshot["allows"]))
            session.peer_supports = tokens(tuple(snapshot["supports"]))
            session.local_session = snapshot["local"].encode("utf-8", "surrogateescape")
            session.remote_session = snapshot["remote"].encode("utf-8", "surrogateescape")
            interval, is_refresher, least = snapshot["timer"]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DecodeError(f"no session: {error!r}", where="snapshot") from error
        session.state = _State.CONFIRMED
        session.dialog = dialog
        dialog.session_id = session.session_id
        session.timer.least = int(least)
        session.timer.resume(int(interval), bool(is_refresher), now, dialog.local_tag)
        return session

    # What the user agent brings.

    def begin(self, setup: IncomingInvite | OutgoingInvite) -> None:
        """The INVITE that it starts with."""
        self._setup = setup

    def heard(self, message: Message) -> None:
        """Takes what the peer says of its abilities."""
        headers = message.headers
        self.session_id.hear(message)
        if "allow" in headers:
            self.peer_allows = tokens(headers.all("allow"))
        if "supported" in headers:
            self.peer_supports = tokens(headers.all("supported"))

    def cancel_received(self, transaction: ServerTransaction, cancel: Message, now: float) -> None:
        """CANCEL of the INVITE, or of a re-INVITE."""
        if isinstance(self._setup, IncomingInvite) and self._setup.transaction is transaction:
            self._given_up(_Input.CANCEL_CAME, cancel, now)
        elif self._negotiation is not None:
            self._negotiation.cancel_received(now)

    def bye_received(self, transaction: ServerTransaction, now: float) -> None:
        """BYE, which is always answered 200."""
        bye = transaction.request
        self._ua.respond(transaction, 200, now=now)
        self._given_up(_Input.BYE_CAME, bye, now)

    def ack_received(self, ack: Message, now: float) -> None:
        """ACK to a 2xx of ours."""
        setup = self._setup
        if isinstance(setup, IncomingInvite):
            if ack.cseq == setup.cseq:
                self._confirm(setup, ack, now)
        elif self._negotiation is not None and self._negotiation.ack_received(ack, now):
            self.owner.call_acknowledged(self, ack, now)
            if self._negotiation is not None:
                self._negotiation.proceed(now)

    def invite_received(self, transaction: ServerTransaction, offer: bytes, now: float) -> None:
        """re-INVITE: 500 before the first INVITE is answered, 491 before that answer has its ACK (§14.2)."""
        if self.state is _State.CONFIRMED:
            self.offer_received(transaction, offer, now)
        elif self.is_over:
            self._ua.respond(transaction, 481, now=now)
        elif self.state in EARLY:
            self._ua.respond(transaction, 500, (("Retry-After", "2"),), now=now)
        else:
            self._ua.respond(transaction, 491, now=now)

    def update_received(self, transaction: ServerTransaction, offer: bytes, now: float) -> None:
        """UPDATE: a refresh is answered here, an offer only while none is open (RFC 3311 §5.2)."""
        if self.is_over:
            self._ua.respond(transaction, 481, now=now)
        elif not offer:
            request = transaction.request
            timer = self.timer.answered_by_us(request, self.profile, now) if not self.is_early else ()
            self._ua.respond(transaction, 200, (*self.profile.abilities(), *timer), now=now)
            self.owner.call_updated(self, request, now)
        elif self.is_early and (self._setup is None or not self._setup.is_settled):
            refused = 491 if self.is_caller else 500
            self._ua.respond(transaction, refused, (("Retry-After", "2"),) if refused == 500 else (), now=now)
        else:
            self.offer_received(transaction, offer, now)

    def offer_received(self, transaction: ServerTransaction, offer: bytes, now: float) -> None:
        """An offer, or the wish for one, that may be looked at."""
        self.heard(transaction.request)
        self._negotiate().received(transaction, offer, now)

    def prack_received(self, transaction: ServerTransaction, now: float) -> None:
        """PRACK of a provisional response of ours, that of one which the answer has overtaken too (RFC 3262 §3)."""
        if self.late_rack and rack_of(transaction.request) == self.late_rack:
            self._ua.respond(transaction, 200, now=now)
        elif isinstance(self._setup, IncomingInvite):
            self._setup.prack_received(transaction, now)
        else:
            self._ua.respond(transaction, 481, now=now)

    # What the INVITE that sets it up brings.

    def setup_progressed(self, response: Message, now: float) -> None:
        """A provisional response that is to be told."""
        if self._step(_Input.PROGRESS_CAME) is _Action.REPORT_PROGRESS:
            self.heard(response)
            self.early_session = session_of(response) or self.early_session
            self.owner.call_progressed(self, response, now)

    def setup_answered(self, dialog: Dialog, response: Message, now: float) -> bool:
        """A 2xx; False when nobody wants it any more."""
        setup = self._setup
        if not isinstance(setup, OutgoingInvite):
            return False
        offered = setup.offers or setup.is_settled
        action = self._step(_Input.ANSWER_CAME if offered else _Input.OFFER_CAME)
        if action is not _Action.CONNECT:
            if action is _Action.HANG_UP:
                self._finish(now)
            return False
        self._connected(setup, dialog, response, now)
        return True

    def setup_failed(self, status: int, response: Message | None, now: float) -> None:
        """The INVITE was refused, or nobody answered."""
        action = self._step(_Input.FAILED)
        self._finish(now)
        self._ua.given_up(self, now)
        if action is _Action.FAIL:
            self.owner.call_failed(self, status, response, now)

    def pracked(self, now: float) -> None:
        """No session description of ours waits for its PRACK any more."""
        setup = self._setup
        if self._step(_Input.PRACKED) is _Action.ANSWER and isinstance(setup, IncomingInvite):
            setup.answer_held(now)
        elif self._negotiation is not None:
            self._negotiation.proceed(now)

    def unpracked(self, now: float) -> None:
        """64*T1 without a PRACK: the INVITE is refused (RFC 3262 §3)."""
        happened = TIMERS.get(self.state)
        if happened is not None and self._step(happened) is _Action.REFUSE_UNPRACKED:
            self._refuse(504, (), now)
            self.owner.call_cancelled(self, None, now)

    def unacknowledged(self, now: float) -> None:
        """64*T1 without an ACK: the call is released (§13.3.1.4)."""
        happened = TIMERS.get(self.state)
        if happened is not None:
            self._given_up_by_time(happened, 408, now)

    def lost(self, status: int, now: float) -> None:
        """The peer does not know the dialog any more (481) or does not answer (408)."""
        self._given_up_by_time(_Input.LOST, status, now)

    # BYE is the one request whose end the session itself waits for.

    def responded(self, transaction: ClientTransaction, response: Message, now: float) -> None:
        """The answer to our BYE; whatever it says, the call is over."""
        if response.status >= 200 and self._step(_Input.DONE) is _Action.FORGET:
            self._finish(now)

    def failed(self, transaction: ClientTransaction, failure: Failure, now: float) -> None:
        """No answer to our BYE."""
        if self._step(_Input.DONE) is _Action.FORGET:
            self._finish(now)

    def _step(self, happened: SessionInput) -> SessionAction:
        step = TABLE[self.state][happened]
        self.state = step.state
        return step.action

    def _negotiate(self) -> Negotiation:
        if self._negotiation is None:
            self._negotiation = Negotiation(self._ua, self)
        return self._negotiation

    def _connected(self, setup: OutgoingInvite, dialog: Dialog, response: Message, now: float) -> None:
        self._ua.keep_answered(dialog)
        setup.forget_forks(now, dialog.remote_tag)
        self.dialog = dialog
        self.heard(response)
        self.timer.answered_by_peer(response, now)
        self.remote_session = session_of(response) or (self.early_session if setup.is_settled else b"")
        if self.state is _State.CONFIRMED:
            setup.acknowledge_answer(dialog, b"", now)
            self._up(now)
        self.owner.call_answered(self, response, now)

    def _up(self, now: float) -> None:
        """The call is set up: what that took is let go, what has waited for it goes out."""
        self._setup = None
        self.early_session = b""
        if self._negotiation is not None:
            self._negotiation.proceed(now)

    def _confirm(self, setup: IncomingInvite, ack: Message, now: float) -> None:
        action = self._step(_Input.ACK_CAME)
        if action is _Action.CONFIRM:
            changed = setup.acknowledged(ack)
            self._up(now)
            self.owner.call_acknowledged(self, ack, now)
            if changed and not self.is_over:
                self._negotiate().offer(Change(changed, (), is_quiet=True), now)
        elif action is _Action.RELEASE:
            self._release(self._leaving_with, now)

    def _leave(self, wanted: SessionInput, headers: Fields, now: float) -> None:
        action, setup = self._step(wanted), self._setup
        if action is _Action.CANCEL and isinstance(setup, OutgoingInvite):
            setup.cancel(headers, now)
        elif action is _Action.RELEASE:
            self._release(headers, now)
        elif action is _Action.ACKNOWLEDGE_AND_RELEASE:
            self._acknowledge_and_release(headers, now)
        elif action is _Action.AWAIT_ACK:
            self._leaving_with = headers
        elif action is _Action.REFUSE:
            self._refuse(480, headers, now)

    def _acknowledge_and_release(self, headers: Fields, now: float) -> None:
        if isinstance(self._setup, OutgoingInvite) and self.dialog is not None:
            self._setup.acknowledge_answer(self.dialog, b"", now)
        self._release(headers, now)

    def _release(self, headers: Fields, now: float) -> None:
        self._quiet(now)
        if self.dialog is not None:
            self._ua.request_in(self.dialog, "BYE", headers, b"", self, now)

    def _refuse(self, status: int, headers: Fields, now: float, reason: str = "") -> None:
        if isinstance(self._setup, IncomingInvite):
            self._setup.refuse(status, headers, now, reason)
        self._finish(now)

    def _given_up(self, happened: SessionInput, message: Message, now: float) -> None:
        """CANCEL or BYE of the peer."""
        action = self._step(happened)
        if action is _Action.TERMINATE:
            self._refuse(487, (), now)
            self.owner.call_cancelled(self, message, now)
        elif action is _Action.END:
            self._finish(now)
            self.owner.call_ended(self, message, 0, now)
        elif action is _Action.FORGET:
            self._finish(now)

    def _given_up_by_time(self, happened: SessionInput, status: int, now: float) -> None:
        before = self.state
        action = self._step(happened)
        if action is _Action.RELEASE:
            self._release(self._leaving_with, now)
        elif action is _Action.RELEASE_LOST:
            if before is _State.ACKNOWLEDGING:
                self._acknowledge_and_release((), now)
            else:
                self._release((), now)
            self.owner.call_ended(self, None, status, now)

    def _refresh(self, now: float) -> None:
        """The session timer wants a refresh: UPDATE where the peer allows it (RFC 4028 §7.4)."""
        if self.state is not _State.CONFIRMED:
            return
        if "UPDATE" in self.peer_allows:
            SessionRefresh(self._ua, self).send((), now)
        else:
            self._negotiate().offer(Change(self.local_session, (), is_quiet=True), now)

    def _expired(self, now: float) -> None:
        self.lost(408, now)

    def _quiet(self, now: float) -> None:
        """Nothing runs any more but our BYE."""
        self.timer.stop()
        if isinstance(self._setup, IncomingInvite):
            self._setup.stop()
        if self._negotiation is not None:
            self._negotiation.end(now)

    def _finish(self, now: float) -> None:
        self._quiet(now)
        if isinstance(self._setup, OutgoingInvite):
            self._setup.forget_forks(now)
            if self.dialog is not None and not self.dialog.is_early:
                self._ua.release(self.dialog, now)
        elif self.dialog is not None:
            self._ua.release(self.dialog, now)
        self._setup = self._negotiation = None
        self.replaces = None


@lru_cache(maxsize=256)
def tokens(values: tuple[str, ...]) -> frozenset[str]:
    """Methods or option tags as a set; the same set for all calls of one peer."""
    return frozenset(value.strip() for value in values)
