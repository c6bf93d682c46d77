"""A REFER that we sent, and what we are told about it (RFC 3515 §2.4, RFC 6665 §4.1)."""

from typing import TYPE_CHECKING

from gateway.model.errors import DecodeError
from gateway.model.timers import Timer
from gateway.sip.dialog import Dialog
from gateway.sip.message import Message
from gateway.sip.refer_tables import SUBSCRIPTION, SubscriptionAction, SubscriptionInput, SubscriptionPhase
from gateway.sip.refer_to import refer_sub
from gateway.sip.server_transaction import ServerTransaction
from gateway.sip.sipfrag import Sipfrag
from gateway.sip.subscription import SubscriptionState

if TYPE_CHECKING:
    from gateway.sip.client_transaction import ClientTransaction, Failure
    from gateway.sip.user_agent import UserAgent

Fields = tuple[tuple[str, str], ...]

BOUND = 240.0
"""Seconds that a transfer may take the peer before we stop listening."""

_LINGER = 32.0
_NO_NOTIFICATION = 204


class ReferSubscription:
    """One REFER of ours. `event_id` is the CSeq of the REFER that was sent last, so of the one that was accepted in
    the end; `is_final` is told to the owner once at most. The dialog is kept until nothing more can come.
    """

    __slots__ = ("_timer", "_ua", "dialog", "event_id", "owner_context", "phase")

    def __init__(self, ua: "UserAgent", dialog: Dialog, owner_context: object) -> None:
        self._ua = ua
        self._timer: Timer | None = None
        self.dialog = dialog
        self.owner_context = owner_context
        self.event_id = ""
        self.phase = SubscriptionPhase.NEW
        ua.keep(dialog)
        dialog.subscriptions = (*dialog.subscriptions, self)

    def send(self, refer_to: str, headers: Fields, now: float) -> None:
        """Sends the REFER; `headers` are added (Referred-By, Refer-Sub …)."""
        action, self.phase = SUBSCRIPTION[self.phase, SubscriptionInput.SEND]
        if action is SubscriptionAction.SEND:
            self._limit(BOUND, now)
            self._ua.request_in(self.dialog, "REFER", (("Refer-To", refer_to), *headers), b"", self, now)

    def responded(self, transaction: "ClientTransaction", response: Message, now: float) -> None:
        """A response to the REFER; challenges have been answered before."""
        status = response.status
        if status < 200:
            return
        self.event_id = str(response.cseq)
        if status >= 300:
            input_ = SubscriptionInput.REFUSED
        elif status == _NO_NOTIFICATION or refer_sub(response.headers) is False:
            input_ = SubscriptionInput.ACCEPTED_SILENTLY
        else:
            input_ = SubscriptionInput.ACCEPTED
        self._answered(input_, status, response, now)

    def failed(self, transaction: "ClientTransaction", failure: "Failure", now: float) -> None:
        """The REFER was not answered."""
        self._answered(SubscriptionInput.REFUSED, 408 if failure == "timeout" else 503, None, now)

    def notify_received(self, transaction: ServerTransaction, now: float) -> None:
        """A NOTIFY of this subscription. It gets 200 whatever it says: the peer can do nothing about a refusal."""
        request = transaction.request
        self._ua.respond(transaction, 200, now=now)
        state = SubscriptionState.parse(request.headers.get("Subscription-State") or "")
        found = _report(request)
        is_over = state.state == "terminated"
        if found is not None and found.status >= 200:
            input_ = SubscriptionInput.FINAL if is_over else SubscriptionInput.FINAL_OPEN
        else:
            input_ = SubscriptionInput.TERMINATED if is_over else SubscriptionInput.PROGRESS
        self._notified(input_, found, now)

    def close(self, now: float) -> None:
        """Nobody wants to hear any more of it: no event follows."""
        action = self._step(SubscriptionInput.CLOSE, now)
        if action is SubscriptionAction.UNSUBSCRIBE:
            event = f"refer;id={self.event_id}" if self.event_id else "refer"
            fields = (("Event", event), ("Expires", "0"))
            self._ua.request_in(self.dialog, "SUBSCRIBE", fields, b"", _NOBODY, now)

    def snapshot(self) -> dict[str, object]:
        """What `restored` needs besides the dialog; plain JSON values."""
        return {"event_id": self.event_id, "phase": str(self.phase)}

    @classmethod
    def restored(
        cls, ua: "UserAgent", dialog: Dialog, snapshot: dict[str, object], owner_context: object, now: float
    ) -> "ReferSubscription":
        """The subscription as it was; the time it may take begins again. Raises DecodeError for what is no
        snapshot.
        """
        try:
            event_id, phase = str(snapshot["event_id"]), SubscriptionPhase(str(snapshot["phase"]))
        except (KeyError, ValueError) as error:
            raise DecodeError(f"no subscription: {error!r}", where="snapshot") from error
        made = cls(ua, dialog, owner_context)
        made.event_id = event_id
        # What answered a REFER before the restart is lost; a NOTIFY tells as well that it was accepted.
        made.phase = phase
        made._limit(_LINGER if phase is SubscriptionPhase.LINGERING else BOUND, now)
        return made

    def _answered(self, input_: SubscriptionInput, status: int, response: Message | None, now: float) -> None:
        owner = self._ua.owner
        match self._step(input_, now):
            case SubscriptionAction.ANSWERED | SubscriptionAction.REFUSED:
                owner.refer_answered(self, status, response, now)
            case SubscriptionAction.ANSWERED_END:
                owner.refer_answered(self, status, response, now)
                owner.refer_ended(self, now)
            case SubscriptionAction.END:
                owner.refer_ended(self, now)
            case _:
                pass

    def _notified(self, input_: SubscriptionInput, found: Sipfrag | None, now: float) -> None:
        owner, action = self._ua.owner, self._step(input_, now)
        if action in _ACCEPTING:
            owner.refer_answered(self, 202, None, now)
        if action in _ENDING:
            owner.refer_ended(self, now)
        elif action in _TELLING:
            status, reason = (found.status, found.reason) if found else (100, "")
            owner.refer_notified(self, status, reason, found, action in _FINAL, now)

    def _step(self, input_: SubscriptionInput, now: float) -> SubscriptionAction:
        before = self.phase
        action, self.phase = SUBSCRIPTION[before, input_]
        if self.phase is not before:
            if self.phase is SubscriptionPhase.OVER:
                self._leave(now)
            elif self.phase is SubscriptionPhase.LINGERING:
                self._limit(_LINGER, now)
        return action

    def _limit(self, seconds: float, now: float) -> None:
        timers = self._ua.layer.timers
        timers.stop(self._timer)
        self._timer = timers.start(now + seconds, self._expired)

    def _expired(self, now: float) -> None:
        if self._step(SubscriptionInput.EXPIRED, now) is SubscriptionAction.END:
            self._ua.owner.refer_ended(self, now)

    def _leave(self, now: float) -> None:
        self._ua.layer.timers.stop(self._timer)
        self.dialog.subscriptions = tuple(other for other in self.dialog.subscriptions if other is not self)
        self._ua.release(self.dialog, now)


_ACCEPTING = frozenset(
    (SubscriptionAction.ACCEPT_PROGRESS, SubscriptionAction.ACCEPT_FINAL, SubscriptionAction.ACCEPT_END)
)
_ENDING = frozenset((SubscriptionAction.END, SubscriptionAction.ACCEPT_END))
_FINAL = frozenset((SubscriptionAction.FINAL, SubscriptionAction.ACCEPT_FINAL))
_TELLING = frozenset((*_FINAL, SubscriptionAction.PROGRESS, SubscriptionAction.ACCEPT_PROGRESS))


def _report(request: Message) -> Sipfrag | None:
    """What the NOTIFY reports; None when it has no status line that can be read."""
    try:
        return Sipfrag.parse(request.body) if request.body else None
    except DecodeError:
        return None


class _Nobody:
    """Does not care what becomes of a request."""

    def responded(self, transaction: "ClientTransaction", response: Message, now: float) -> None:
        """Nothing."""

    def failed(self, transaction: "ClientTransaction", failure: "Failure", now: float) -> None:
        """Nothing."""


_NOBODY = _Nobody()
