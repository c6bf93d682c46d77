"""What becomes of a request that we receive: in a dialog, or outside of one (RFC 3261 §8.2, §12.2.2)."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

from gateway.model.errors import DecodeError, GatewayError
from gateway.sip.address import Address
from gateway.sip.dialog import Dialog
from gateway.sip.incoming_invite import IncomingInvite
from gateway.sip.message import Headers, Message
from gateway.sip.peer_profile import ALLOW, PeerProfile
from gateway.sip.referral import referral
from gateway.sip.refusal import Refusal, Stranger
from gateway.sip.replacement import replaced
from gateway.sip.server_transaction import ServerTransaction
from gateway.sip.session import Session
from gateway.sip.session_description import SDP, offer_of
from gateway.sip.session_timer import is_too_small
from gateway.sip.subscription import Event

if TYPE_CHECKING:
    from gateway.sip.user_agent import UserAgent

_KNOWN_ELSEWHERE = frozenset(("REGISTER", "PUBLISH"))
# A REFER may demand these of its implicit subscription (RFC 4488, RFC 7614).
_FOR_REFER = ("norefersub", "nosub", "explicitsub")
_REFRESHES_TARGET = frozenset(("INVITE", "UPDATE", "REFER", "SUBSCRIBE", "NOTIFY"))
_ALLOWED = (("Allow", ALLOW),)
_ONLY_REFER = (("Allow-Events", "refer"),)


class _Subscription(Protocol):
    event_id: str


_S = TypeVar("_S", bound=_Subscription)


class IncomingRequests:
    """Finds out whose each request is, and answers those that are nobody's."""

    def __init__(self, ua: "UserAgent") -> None:
        self._ua = ua
        self._in_dialog: dict[str, Callable[[Dialog, ServerTransaction, float], None]] = {
            "INVITE": self._reinvited,
            "UPDATE": self._updated,
            "PRACK": self._pracked,
            "BYE": self._released,
            "REFER": self._referred,
            "SUBSCRIBE": self._subscribed,
            "NOTIFY": self._notified,
            "OPTIONS": self._asked,
            "INFO": self._owners_own,
            "MESSAGE": self._owners_own,
        }
        self._outside: dict[str, Callable[[PeerProfile, ServerTransaction, float], None]] = {
            "INVITE": self._invited,
            "REFER": self._referred_outside,
            "SUBSCRIBE": self._subscribed_outside,
            "OPTIONS": self._owners_own_outside,
            "INFO": self._owners_own_outside,
            "MESSAGE": self._owners_own_outside,
            "UPDATE": self._lost,
            "PRACK": self._lost,
            "BYE": self._lost,
            "NOTIFY": self._lost,
        }

    def received(self, transaction: ServerTransaction, now: float) -> None:
        """Any new request but ACK and CANCEL."""
        request = transaction.request
        try:
            if request.to_tag:
                self._in_a_dialog(transaction, request, now)
            else:
                self._outside_of_dialogs(transaction, request, now)
        except Stranger as stranger:
            self._ua.layer.turn_away(transaction, stranger.status)
        except Refusal as refusal:
            self._ua.respond(transaction, refusal.status, refusal.headers, now=now, reason=refusal.reason)

    def _in_a_dialog(self, transaction: ServerTransaction, request: Message, now: float) -> None:
        key = request.call_id, request.to_tag, request.from_tag
        dialog = self._ua.dialogs.get(key)
        if dialog is None:
            # A report that crosses the end of the dialog is no error of the peer's (RFC 5057 §4.2).
            known = request.method == "NOTIFY" and self._ua.has_ended(key)
            self._ua.respond(transaction, 200 if known else 481, now=now)
            return
        flow = transaction.flow
        if flow.host != dialog.flow.host and not self._ua.owner.is_party(dialog, request, flow, now):
            raise Refusal(403)
        cseq = request.cseq
        if cseq < dialog.remote_cseq:
            raise Refusal(500)
        dialog.remote_cseq = cseq
        dialog.flow = flow
        if dialog.session_id is not None:
            dialog.session_id.hear(request)
        method = request.method
        if method in _REFRESHES_TARGET:
            dialog.refresh_target(request)
        handle = self._in_dialog.get(method)
        if handle is None:
            raise _not_implemented(method)
        _check_requirements(request, dialog.profile)
        handle(dialog, transaction, now)

    def _outside_of_dialogs(self, transaction: ServerTransaction, request: Message, now: float) -> None:
        profile = self._ua.owner.admit(request, transaction.flow, now)
        method = request.method
        handle = self._outside.get(method)
        if handle is None:
            raise _not_implemented(method)
        if (request.headers.get("max-forwards") or "").strip() == "0" and method != "OPTIONS":
            raise Refusal(483)
        _check_requirements(request, profile)
        handle(profile, transaction, now)

    def _invited(self, profile: PeerProfile, transaction: ServerTransaction, now: float) -> None:
        ua, request = self._ua, transaction.request
        offer = offer_of(request)
        if is_too_small(request, profile):
            raise Refusal(422, (("Min-SE", str(profile.min_se)),))
        old = replaced(request.headers, ua.dialogs.get, ua.has_ended) if "replaces" in profile.supported else None
        dialog = Dialog.received(request, ua.token(), transaction.flow, profile)
        # RFC 2543 knew callers without Contact; those are called back where the call says it comes from.
        dialog.remote_target = dialog.remote_target or _from_uri(request)
        session = Session(ua, dialog.call_id, dialog.local_tag, profile, is_caller=False)
        session.dialog = dialog
        dialog.session_id = session.session_id
        session.remote_session = offer
        session.replaces = old
        session.heard(request)
        session.begin(IncomingInvite(ua, session, transaction, offer))
        dialog.session = session
        transaction.context = session
        ua.keep(dialog)
        self._offer(session, request, now)

    def _offer(self, session: Session, request: Message, now: float) -> None:
        """Whatever happens to our owner meanwhile, no call is left without an answer."""
        try:
            self._ua.owner.call_offered(session, request, now)
        except Refusal as refusal:
            session.refuse(refusal.status, refusal.headers, now, reason=refusal.reason)
        except GatewayError as error:
            session.refuse(error.sip_status, (), now)
        except Exception:
            session.end((), now, status=500)
            raise

    def _reinvited(self, dialog: Dialog, transaction: ServerTransaction, now: float) -> None:
        request = transaction.request
        session = _session(dialog)
        if "replaces" in request.headers or "join" in request.headers:
            raise Refusal(400, reason="Replaces Within A Dialog")
        if is_too_small(request, dialog.profile):
            raise Refusal(422, (("Min-SE", str(dialog.profile.min_se)),))
        session.invite_received(transaction, offer_of(request), now)

    def _updated(self, dialog: Dialog, transaction: ServerTransaction, now: float) -> None:
        session = _session(dialog)
        if is_too_small(transaction.request, dialog.profile):
            raise Refusal(422, (("Min-SE", str(dialog.profile.min_se)),))
        session.update_received(transaction, offer_of(transaction.request), now)

    def _pracked(self, dialog: Dialog, transaction: ServerTransaction, now: float) -> None:
        _session(dialog).prack_received(transaction, now)

    def _released(self, dialog: Dialog, transaction: ServerTransaction, now: float) -> None:
        if dialog.session is None:
            raise Refusal(481)
        dialog.session.bye_received(transaction, now)

    def _asked(self, dialog: Dialog, transaction: ServerTransaction, now: float) -> None:
        headers = (*dialog.profile.abilities(), ("Accept", SDP))
        self._ua.respond(transaction, 200, headers, now=now)

    def _owners_own(self, dialog: Dialog, transaction: ServerTransaction, now: float) -> None:
        self._ua.owner.request_received(_session(dialog), transaction, now)

    def _owners_own_outside(self, profile: PeerProfile, transaction: ServerTransaction, now: float) -> None:
        self._ua.owner.request_received(None, transaction, now)

    def _lost(self, profile: PeerProfile, transaction: ServerTransaction, now: float) -> None:
        raise Refusal(481)

    def _referred(self, dialog: Dialog, transaction: ServerTransaction, now: float) -> None:
        made = referral(self._ua, dialog, transaction, now)
        if made is not None:
            dialog.referrals = (*dialog.referrals, made)
            self._ua.owner.refer_received(made, now)

    def _referred_outside(self, profile: PeerProfile, transaction: ServerTransaction, now: float) -> None:
        dialog = Dialog.received(transaction.request, self._ua.token(), transaction.flow, profile)
        dialog.is_early = False
        transaction.context = dialog
        self._ua.dialogs[dialog.key] = dialog
        self._referred(dialog, transaction, now)
        if not dialog.uses:
            self._ua.forget(dialog, now)

    def _subscribed(self, dialog: Dialog, transaction: ServerTransaction, now: float) -> None:
        found = _of_event(dialog.referrals, transaction.request.headers)
        if found is None:
            raise Refusal(403)
        found.subscribe_received(transaction, now)

    def _subscribed_outside(self, profile: PeerProfile, transaction: ServerTransaction, now: float) -> None:
        _event(transaction.request.headers)
        self._ua.explicit.subscribed(profile, transaction, now)

    def _notified(self, dialog: Dialog, transaction: ServerTransaction, now: float) -> None:
        found = _of_event(dialog.subscriptions, transaction.request.headers)
        if found is None:
            raise Refusal(481)
        found.notify_received(transaction, now)


def _session(dialog: Dialog) -> Session:
    """The call of a dialog. Raises Refusal (481) when there is none, or it has ended."""
    if dialog.session is None or dialog.session.is_over:
        raise Refusal(481)
    return dialog.session


def _from_uri(request: Message) -> str:
    try:
        return Address.parse(request.headers.get("from") or "").uri
    except DecodeError as error:
        raise Refusal(400, reason="Missing Contact") from error


def _event(headers: Headers) -> str:
    """The id of the refer subscription; "" when none is said. Raises Refusal (489) for other packages."""
    event = Event.parse(headers.get("event") or "")
    if event.package != "refer":
        raise Refusal(489, _ONLY_REFER)
    return event.id


def _of_event(subscriptions: tuple[_S, ...], headers: Headers) -> _S | None:
    wanted = _event(headers)
    if not wanted:
        return subscriptions[0] if subscriptions else None
    return next((one for one in subscriptions if one.event_id == wanted), None)


def _not_implemented(method: str) -> Refusal:
    return Refusal(405 if method in _KNOWN_ELSEWHERE else 501, _ALLOWED)


def _check_requirements(request: Message, profile: PeerProfile) -> None:
    """Raises Refusal: 420 for an option that is demanded and not supported (§8.2.2.3), 400 for a Replaces in anything
    but an INVITE (RFC 3891 §3).
    """
    if request.method != "INVITE" and "replaces" in request.headers:
        raise Refusal(400, reason="Replaces Is For INVITE")
    if "require" not in request.headers:
        return
    supported = (*profile.supported, *_FOR_REFER) if request.method == "REFER" else profile.supported
    wanted = request.headers.all("require")
    unknown = [
        tag for tag in wanted if tag.lower() not in supported or (tag == "100rel" and profile.reliable == "off")
    ]
    if unknown:
        raise Refusal(420, (("Unsupported", ", ".join(unknown)),))
