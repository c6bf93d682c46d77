"""What became of a REFER, for those who subscribe to it by themselves: `Require: explicitsub` (RFC 7614)."""

from typing import TYPE_CHECKING

from gateway.model.errors import DecodeError
from gateway.model.timers import Timer
from gateway.sip.dialog import Dialog
from gateway.sip.peer_profile import PeerProfile
from gateway.sip.refer_tables import ReferralInput, ReferralState
from gateway.sip.referral import NO_REQUEST, TRYING, Referral, Report, seconds_asked
from gateway.sip.refusal import Refusal
from gateway.sip.server_transaction import ServerTransaction
from gateway.sip.subscription import Event
from gateway.sip.uri import Uri

if TYPE_CHECKING:
    from gateway.sip.user_agent import UserAgent

KEPT = 128
"""How many T1 the final word can still be asked for (2 * 64 * T1)."""

_MOST_SUBSCRIBERS = 8
_AFTERWARDS = (("Retry-After", "10"),)
_LONGEST = 3600.0
_MARK = "refer-"


class ExplicitSubscriptions:
    """The REFERs whose senders subscribe by themselves, by the id of their referral. Each has a URI of its own; one
    of which nothing is heard for an hour is forgotten.
    """

    def __init__(self, ua: "UserAgent") -> None:
        self._ua = ua
        self._courses: dict[str, _Course] = {}

    def begin(self, id: str, profile: PeerProfile, now: float, last: Report = TRYING) -> str:
        """The URI that this REFER can be followed at from now on."""
        course = self._courses[id] = _Course(last)
        self._keep(id, course, _LONGEST, now)
        scheme, _, place = profile.contact.partition(":")
        return f"{scheme}:{_MARK}{id}@{place.rpartition('@')[2]}"

    def report(self, id: str, report: Report, now: float) -> None:
        """Something has happened; a final word is the last."""
        course = self._courses.get(id)
        if course is None or course.is_final:
            return
        course.last = report
        self._keep(id, course, KEPT * self._ua.settings.t1 if course.is_final else _LONGEST, now)
        status, reason, headers = report
        for one in tuple(course.subscribers):
            one.notify(status, reason, headers, now)

    def subscribed(self, profile: PeerProfile, transaction: ServerTransaction, now: float) -> None:
        """A SUBSCRIBE outside of dialogs, which makes one. Raises Refusal: 403 where nothing can be followed
        (RFC 3515 §2.4.4), 404 when it is no more, 503 when too many do.
        """
        request = transaction.request
        course = self._courses.get(_id(request.request_uri))
        if course is None:
            raise Refusal(404)
        if len(course.subscribers) >= _MOST_SUBSCRIBERS:
            raise Refusal(503, _AFTERWARDS)
        dialog = Dialog.received(request, self._ua.token(), transaction.flow, profile)
        if not dialog.remote_target:
            raise Refusal(400, reason="Missing Contact")
        dialog.is_early = False
        transaction.context = dialog
        one = ExplicitSubscription(self._ua, dialog, transaction, course)
        one.accept(now)

    def _keep(self, id: str, course: "_Course", seconds: float, now: float) -> None:
        timers = self._ua.timers
        timers.stop(course.timer)
        course.timer = timers.start(now + seconds, lambda then: self._forget(id))

    def _forget(self, id: str) -> None:
        self._courses.pop(id, None)


class _Course:
    """How one REFER has gone so far."""

    __slots__ = ("last", "subscribers", "timer")

    def __init__(self, last: Report) -> None:
        self.last = last
        self.subscribers: list[ExplicitSubscription] = []
        self.timer: Timer | None = None

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen."""
        return self.last[0] >= 200


class ExplicitSubscription(Referral):
    """One who follows a REFER in a dialog of its own: told the state at once, then as the sender of any REFER is."""

    __slots__ = ("_course", "_seconds")

    def __init__(self, ua: "UserAgent", dialog: Dialog, transaction: ServerTransaction, course: _Course) -> None:
        headers = transaction.request.headers
        event = Event.parse(headers.get("event") or "")
        self._begin(ua, dialog, ua.layer.token(), NO_REQUEST, ReferralState.ASKED)
        self.event_id = event.id
        self._event = str(event)
        self._no_sub = self._no_refer_sub = self._is_explicit = False
        self.notify_wanted = True
        self._transaction = transaction
        self._seconds = seconds_asked(headers)
        self._course = course
        course.subscribers.append(self)
        dialog.referrals = (self,)

    def _accepted(self, status: int, now: float) -> None:
        """There is one NOTIFY only of what is over already, and for who only asks (Expires: 0, RFC 6665 §4.4.3)."""
        report = self._course.last
        self._answer(200, (self.dialog.profile.contact_field, ("Expires", str(self._seconds))), now)
        self._expire_in(self._seconds, now)
        if report[0] >= 200:
            self._step(ReferralInput.FINAL, now, report=report)
        elif self._seconds:
            self._send_progress(report, now)
        else:
            self._last = report
            self._step(ReferralInput.EXPIRED, now)

    def _leave(self, now: float) -> None:
        super()._leave(now)
        if self in self._course.subscribers:
            self._course.subscribers.remove(self)

    def _tell_delivered(self, now: float) -> None:
        """Nobody waits for it: the transferor may not even have subscribed."""

    def _tell_unheard(self, now: float) -> None:
        """As above."""


def _id(uri: str) -> str:
    """The id of the referral that a Request-URI names. Raises Refusal (403) for another URI."""
    try:
        user = Uri.parse(uri).user or ""
    except DecodeError:
        user = ""
    if not user.startswith(_MARK):
        raise Refusal(403)
    return user.removeprefix(_MARK)
