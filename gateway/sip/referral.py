"""A REFER that we received, and what its sender is told about it (RFC 3515 §2.4, RFC 6665 §4.2, RFC 4488)."""

from typing import TYPE_CHECKING, Any

from gateway.model.errors import DecodeError
from gateway.model.timers import Action, Timer
from gateway.sip.dialog import Dialog
from gateway.sip.message import Headers, Message
from gateway.sip.refer_tables import REFERRAL, ReferralAction, ReferralInput, ReferralState
from gateway.sip.refer_to import ReferTo, only, refer_sub, refer_to, target_dialog
from gateway.sip.server_transaction import ServerTransaction
from gateway.sip.sipfrag import CONTENT_TYPE, sipfrag

if TYPE_CHECKING:
    from gateway.sip.client_transaction import ClientTransaction, Failure
    from gateway.sip.session import Session
    from gateway.sip.user_agent import UserAgent

Fields = tuple[tuple[str, str], ...]
Report = tuple[int, str, Fields]

EXPIRES = 300
"""Seconds that a subscription lasts: longer than any call that it is about may ring (RFC 3515 §3.4)."""

_PATIENCE = 30.0
_PAUSE = 1.0
_ORDER = 4.0
"""T2: seconds that a NOTIFY waits for the answer to the one before. Over UDP the later one may arrive first, and then
the earlier one gets 500 (RFC 3261 §12.2.2).
"""
TRYING: Report = (100, "", ())
"""What is reported before anything has happened."""
# RFC 6665 §4.2.2: a NOTIFY that is answered so takes the subscription away.
_FATAL = frozenset((404, 405, 408, 410, 416, 489, 501, 604, *range(480, 486)))


def referral(ua: "UserAgent", dialog: Dialog, transaction: ServerTransaction, now: float) -> "Referral | None":
    """The referral that a REFER asks for; None when it was refused because of what it says."""
    headers = transaction.request.headers
    status, reason = _wrong(headers, dialog)
    if status:
        ua.respond(transaction, status, now=now, reason=reason)
        return None
    return Referral(ua, dialog, transaction, now)


def _wrong(headers: Headers, dialog: Dialog) -> tuple[int, str]:
    """The status and the reason that a REFER is refused with; 0 when there is none."""
    try:
        asked = refer_to(headers)
        only(headers, "Referred-By")
        if asked.replaces is not None and asked.join is not None:
            return 400, "Replaces and Join in Refer-To"
    except DecodeError as error:
        return error.sip_status, f"{error.where or 'Refer-To'}: {_phrase(error.what)}"
    if asked.uri is None:
        return 416, ""
    return (0, "") if dialog.remote_target else (400, "Missing Contact")


def _phrase(text: str) -> str:
    """What fits into a reason phrase: nothing of what the peer wrote."""
    return text.partition("'")[0].partition(":")[0].strip()


class Referral:
    """One accepted or yet unanswered REFER. `session` is the call it is about: its dialog's, or the one that
    Target-Dialog names (RFC 4538). `referred_by` is verbatim, "" when it is not said. The dialog is kept until the
    final NOTIFY is answered, BYE or not (RFC 6665 §4.5). One with `Require: explicitsub` is followed elsewhere.
    """

    __slots__ = (
        *("dialog", "event_id", "id", "notify_wanted", "refer_to", "referred_by", "request", "session", "state"),
        *("_event", "_expires_at", "_expiry", "_is_kept", "_last", "_newest", "_no_refer_sub", "_open"),
        *("_held", "_is_explicit", "_no_sub", "_patience", "_pause", "_transaction", "_ua"),
    )

    def __init__(self, ua: "UserAgent", dialog: Dialog, transaction: ServerTransaction, now: float) -> None:
        request = transaction.request
        self._begin(ua, dialog, ua.layer.token(), request, ReferralState.ASKED)
        self.event_id = str(request.cseq)
        self.refer_to = refer_to(request.headers)
        self.referred_by = request.headers.get("Referred-By") or ""
        self.session = _referred_session(ua, dialog, request)
        self._no_refer_sub = refer_sub(request.headers) is False
        required = [tag.lower() for tag in request.headers.all("Require")]
        self._is_explicit = "explicitsub" in required
        self._no_sub = self._is_explicit or "nosub" in required
        self.notify_wanted = not (self._no_sub or self._no_refer_sub)
        self._event = f"refer;id={self.event_id}" if dialog.refers else "refer"
        dialog.refers += 1
        self._transaction: ServerTransaction | None = transaction
        self._expire_at(now + _PATIENCE, self._late)

    def _begin(self, ua: "UserAgent", dialog: Dialog, id_: str, request: Message, state: ReferralState) -> None:
        self._ua = ua
        self.dialog = dialog
        self.id = id_
        self.request = request
        self.state = state
        self._expires_at = 0.0
        self._expiry: Timer | None = None
        self._pause: Timer | None = None
        self._is_kept = True
        self._open: Notification | None = None
        self._held: Held | None = None
        self._patience: Timer | None = None
        self._newest: Report | None = None
        self._last: Report = TRYING
        ua.keep(dialog)

    def accept(self, now: float, status: int = 202) -> None:
        """2xx, and the NOTIFY that has to follow at once (RFC 3515 §2.4.4). `status` is 202, or 200 by RFC 7647."""
        if not self.notify_wanted:
            self._step(ReferralInput.ACCEPT_QUIETLY, now, status=200 if self._no_sub else status)
        else:
            self._step(ReferralInput.ACCEPT, now, status=status)

    def refuse(self, status: int, headers: Fields, now: float) -> None:
        """A final response of refusal: no subscription comes about."""
        self._step(ReferralInput.REFUSE, now, status=status, headers=headers)

    def notify(self, status: int, reason: str, headers: Fields, now: float) -> None:
        """Reports on the call that was referred to. Of several provisional reports within a second the newest goes
        out; the first final one (200 and above) goes out at once and ends the subscription.
        """
        input_ = ReferralInput.PROGRESS if status < 200 else ReferralInput.FINAL
        report = (status, reason, headers)
        if self._is_explicit:
            self._last = report
            self._ua.explicit.report(self.id, report, now)
        self._step(input_, now, report=report)

    def subscribe_received(self, transaction: ServerTransaction, now: float) -> None:
        """The transferor refreshes its subscription, or ends it with Expires: 0."""
        expires = seconds_asked(transaction.request.headers)
        input_ = ReferralInput.REFRESH if expires else ReferralInput.UNSUBSCRIBE
        self._step(input_, now, transaction=transaction, expires=expires)

    def snapshot(self) -> dict[str, object]:
        """What `restored` needs besides the dialog; plain JSON values."""
        return {
            "id": self.id,
            "event": self._event,
            "event_id": self.event_id,
            "state": str(self.state),
            "refer_to": str(self.refer_to.address),
            "referred_by": self.referred_by,
            "notify_wanted": self.notify_wanted,
            "is_explicit": self._is_explicit,
            "last": [self._last[0], self._last[1], [list(item) for item in self._last[2]]],
            "dialog": self.dialog.snapshot() if self.dialog.session is None else None,
        }

    @classmethod
    def restored(cls, ua: "UserAgent", dialog: Dialog, snapshot: dict[str, object], now: float) -> "Referral":
        """The referral as it was; its subscription runs its full time again. It is put among those of its dialog:
        `dialog` is the one of the call, a REFER outside of it has its own.

        Raises DecodeError for what is no snapshot.
        """
        try:
            made = cls._restored(ua, dialog, snapshot)
        except (KeyError, TypeError, ValueError) as error:
            raise DecodeError(f"no referral: {error!r}", where="snapshot") from error
        made.dialog.referrals = (*made.dialog.referrals, made)
        made._go_on(now)
        return made

    def _go_on(self, now: float) -> None:
        if self._is_explicit and self.state is ReferralState.QUIET:
            self._ua.explicit.begin(self.id, self.dialog.profile, now, self._last)
        match self.state:
            case ReferralState.ACTIVE:
                self._expire_in(EXPIRES, now)
            case ReferralState.ENDING if self.notify_wanted:
                self._send_final(self._last, now)
            case ReferralState.ENDING:
                self._leave(now)
                self._ua.layer.timers.start(now, self._final_done)
            case ReferralState.ASKED:
                # The REFER has long been sent again without an answer: its sender has given it up.
                self.state = ReferralState.OVER
                self._leave(now)
            case _:
                self._leave(now)

    @classmethod
    def _restored(cls, ua: "UserAgent", dialog: Dialog, snapshot: dict[str, object]) -> "Referral":
        state = ReferralState(str(snapshot["state"]))
        address = ReferTo.parse(str(snapshot["refer_to"]))
        own = snapshot["dialog"]
        kept = ua.restore_dialog(own, dialog.profile) if isinstance(own, dict) else dialog
        last = _report(snapshot["last"])
        made = cls.__new__(cls)
        made._begin(ua, kept, str(snapshot["id"]), NO_REQUEST, state)
        made.event_id = str(snapshot["event_id"])
        made.refer_to = address
        made.referred_by = str(snapshot["referred_by"])
        made.session = dialog.session
        made.notify_wanted = bool(snapshot["notify_wanted"])
        made._no_refer_sub = made._no_sub = False
        made._is_explicit = bool(snapshot.get("is_explicit"))
        made._event = str(snapshot["event"])
        made._transaction = None
        made._last = last
        return made

    def _step(
        self,
        input_: ReferralInput,
        now: float,
        *,
        status: int = 0,
        headers: Fields = (),
        report: Report = TRYING,
        transaction: ServerTransaction | None = None,
        expires: int = 0,
    ) -> None:
        action, self.state = REFERRAL[self.state, input_]
        match action:
            case ReferralAction.ACCEPT | ReferralAction.ACCEPT_QUIETLY:
                self._accepted(status, now)
            case ReferralAction.REFUSE:
                self._refused(status, headers, now)
            case ReferralAction.GIVE_UP:
                self._refused(480, (), now)
                self._tell_unheard(now)
            case ReferralAction.NOTE:
                self._newest = report
                self._send_newest(now)
            case ReferralAction.SEND_NEWEST:
                self._send_newest(now)
            case ReferralAction.SEND_FINAL:
                self._send_final(report, now)
            case ReferralAction.END_QUIETLY:
                self._ua.layer.timers.start(now, self._final_done)
            case ReferralAction.UNHEARD:
                self._unheard(now)
            case ReferralAction.DELIVERED:
                self._leave(now)
                self._tell_delivered(now)
            case ReferralAction.REFRESH | ReferralAction.UNSUBSCRIBE | ReferralAction.REJECT:
                self._subscribed(action, transaction, expires, now)
            case ReferralAction.STOP:
                self._send_last("timeout", now)
                self._unheard(now)
            case ReferralAction.IGNORE:
                pass

    def _accepted(self, status: int, now: float) -> None:
        contact = ("Contact", f"<{self.dialog.profile.contact}>")
        granted = (("Refer-Sub", "false"),) if self._no_refer_sub else ()
        self._ua.layer.timers.stop(self._expiry)
        if self._is_explicit:
            uri = self._ua.explicit.begin(self.id, self.dialog.profile, now)
            granted = (*granted, ("Refer-Events-At", f"<{uri}>"))
        self._answer(status, (contact, *granted), now)
        if self.notify_wanted:
            self._expire_in(EXPIRES, now)
            self._send_progress(TRYING, now)
        else:
            self._leave(now)

    def _refused(self, status: int, headers: Fields, now: float) -> None:
        self._answer(status, headers, now)
        self._leave(now)

    def _answer(self, status: int, headers: Fields, now: float) -> None:
        transaction, self._transaction = self._transaction, None
        if transaction is not None:
            self._ua.respond(transaction, status, headers, now=now)

    def _subscribed(
        self, action: ReferralAction, transaction: ServerTransaction | None, expires: int, now: float
    ) -> None:
        if transaction is None:
            return
        if action is ReferralAction.REJECT:
            self._ua.respond(transaction, 481, now=now)
            return
        contact = ("Contact", f"<{self.dialog.profile.contact}>")
        self._ua.respond(transaction, 200, (contact, ("Expires", str(expires))), now=now)
        if action is ReferralAction.REFRESH:
            self._expire_in(expires, now)
            self._send_progress(self._newest or self._last, now)
        else:
            self._send_last("timeout", now)
            self._unheard(now)

    def _expire_in(self, seconds: int, now: float) -> None:
        self._expire_at(now + seconds, self._expired)

    def _expire_at(self, due: float, action: Action) -> None:
        timers = self._ua.layer.timers
        timers.stop(self._expiry)
        self._expires_at = due
        self._expiry = timers.start(due, action)

    def _send_newest(self, now: float) -> None:
        """What is new, unless a NOTIFY is open or a second has not passed yet (RFC 3515 §3.10)."""
        report = self._newest
        if report is None or self._open is not None or (self._pause is not None and self._pause.action is not None):
            return
        if report == self._last:
            self._newest = None
        else:
            self._send_progress(report, now)

    def _send_progress(self, report: Report, now: float) -> None:
        timers = self._ua.layer.timers
        self._newest = None
        timers.stop(self._pause)
        self._pause = timers.start(now + _PAUSE, self._pause_over)
        left = max(1, round(self._expires_at - now))
        self._send(report, f"active;expires={left}", Notification(self, is_final=False), now)

    def _send_final(self, report: Report, now: float) -> None:
        self._stop_timers()
        self._send(report, "terminated;reason=noresource", Notification(self, is_final=True), now)

    def _send_last(self, reason: str, now: float) -> None:
        report = self._newest or self._last
        self._send(report, f"terminated;reason={reason}", Notification(self, is_final=False), now)

    def _send(self, report: Report, state: str, use: "Notification", now: float) -> None:
        """One after another: what waits gives way to what is newer."""
        self._last = report
        waited, self._held = self._held is not None, (report, state, use)
        if self._open is None:
            self._send_held(now)
        elif not waited:
            self._patience = self._ua.layer.timers.start(now + _ORDER, self._send_held)

    def _send_held(self, now: float) -> None:
        held, self._held = self._held, None
        self._ua.layer.timers.stop(self._patience)
        if held is None:
            return
        report, state, self._open = held
        fields = (("Event", self._event), ("Subscription-State", state), ("Content-Type", CONTENT_TYPE))
        self._ua.request_in(self.dialog, "NOTIFY", fields, sipfrag(*report), self._open, now)

    def notified(self, use: "Notification", status: int, now: float) -> None:
        """A NOTIFY has its final response; 408 when none came."""
        if use is self._open:
            self._open = None
        is_over = status in _FATAL
        held = self._held
        if use.is_final:
            self._final_done(now)
        elif held is None or self._open is not None:
            self._step(ReferralInput.DROPPED if is_over else ReferralInput.TAKEN, now)
        elif is_over:
            self._held = None
            self._ua.layer.timers.stop(self._patience)
            self._step(ReferralInput.FINAL_DONE if held[2].is_final else ReferralInput.DROPPED, now)
        else:
            self._send_held(now)

    def _unheard(self, now: float) -> None:
        self.notify_wanted = False
        self._leave(now)
        self._tell_unheard(now)

    def _tell_delivered(self, now: float) -> None:
        self._ua.owner.referral_delivered(self, now)

    def _tell_unheard(self, now: float) -> None:
        self._ua.owner.referral_unheard(self, now)

    def _late(self, now: float) -> None:
        self._step(ReferralInput.LATE, now)

    def _expired(self, now: float) -> None:
        self._step(ReferralInput.EXPIRED, now)

    def _pause_over(self, now: float) -> None:
        self._step(ReferralInput.PAUSE_OVER, now)

    def _final_done(self, now: float) -> None:
        self._step(ReferralInput.FINAL_DONE, now)

    def _stop_timers(self) -> None:
        timers = self._ua.layer.timers
        timers.stop(self._expiry)
        timers.stop(self._pause)

    def _leave(self, now: float) -> None:
        """Nothing more will be sent: the dialog is not needed any longer."""
        self._stop_timers()
        if not self._is_kept:
            return
        self._is_kept = False
        self.dialog.referrals = tuple(other for other in self.dialog.referrals if other is not self)
        self._ua.release(self.dialog, now)


class Notification:
    """One NOTIFY under way, or about to be."""

    __slots__ = ("_referral", "is_final")

    def __init__(self, referral: Referral, *, is_final: bool) -> None:
        self._referral = referral
        self.is_final = is_final

    def responded(self, transaction: "ClientTransaction", response: Message, now: float) -> None:
        """A response; provisional ones mean nothing."""
        if response.status >= 200:
            self._referral.notified(self, response.status, now)

    def failed(self, transaction: "ClientTransaction", failure: "Failure", now: float) -> None:
        """Nobody has answered."""
        self._referral.notified(self, 408, now)


Held = tuple[Report, str, Notification]
"""A NOTIFY that waits: what it reports, its Subscription-State, and who hears of its end."""
NO_REQUEST = Message(True, "REFER", "", 0, "", Headers(), b"", b"")
"""Stands where there is no REFER, or none any more."""


def seconds_asked(headers: Headers) -> int:
    """How long a SUBSCRIBE wants to last, at most what we grant; 0 ends it."""
    text = (headers.get("Expires") or "").strip()
    return min(int(text), EXPIRES) if text.isdecimal() and len(text) < 10 else EXPIRES


def _report(stored: Any) -> Report:
    status, reason, headers = stored
    return int(status), str(reason), tuple((str(name), str(value)) for name, value in headers)


def _referred_session(ua: "UserAgent", dialog: Dialog, request: Message) -> "Session | None":
    if dialog.session is not None:
        return dialog.session
    try:
        named = target_dialog(request.headers)
    except DecodeError:
        return None
    found = ua.find(named.call_id, named.local_tag, named.remote_tag) if named else None
    return found.session if found is not None else None
