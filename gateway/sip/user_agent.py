"""A SIP user agent: calls, dialogs and their requests, in both roles (RFC 3261, RFC 5057)."""

from collections.abc import Callable, Sequence

from gateway.model.errors import DecodeError
from gateway.model.timers import TimerQueue
from gateway.sip.client_transaction import ClientTransaction, Failure
from gateway.sip.dialog import Dialog, Fields, untagged
from gateway.sip.digest import NonceCounts
from gateway.sip.exchange import Exchange
from gateway.sip.explicit_subscription import ExplicitSubscriptions
from gateway.sip.flow import Flow, Transport
from gateway.sip.incoming_requests import IncomingRequests
from gateway.sip.invitation import Invitation
from gateway.sip.message import Message
from gateway.sip.outgoing_invite import OutgoingInvite
from gateway.sip.peer_profile import PeerProfile
from gateway.sip.refusal import Refusal
from gateway.sip.server_transaction import ServerTransaction
from gateway.sip.session import Session
from gateway.sip.surroundings import TransactionSettings
from gateway.sip.transaction_layer import TransactionLayer
from gateway.sip.uri import Uri
from gateway.sip.user_agent_owner import DialogUse, UserAgentOwner

_REFRESHES_TARGET = frozenset(("REFER", "SUBSCRIBE", "NOTIFY"))
_MEMORY = 32.0
_RINGING = 300.0
"""Seconds that a target may go on ringing of which a restart has made us forget all but the name of its call."""
_NOWHERE = Flow(Transport.UDP, "", 0)


class UserAgent:
    """All calls of one `owner`. `dialogs` are found by Call-ID, our tag, the peer's tag. A dialog that has ended is
    remembered for 32 s. `server` is the Server field of our responses to INVITE and outside of dialogs, () for none.
    """

    def __init__(
        self,
        owner: UserAgentOwner,
        timers: TimerQueue,
        send: Callable[[Flow, bytes], None],
        sent_by: Callable[[Flow], str],
        token: Callable[[], str],
        settings: TransactionSettings,
    ) -> None:
        self.owner = owner
        self.timers = timers
        self.token = token
        self.settings = settings
        self.server: Fields = ()
        self.nonce_counts = NonceCounts()
        self.dialogs: dict[tuple[str, str, str], Dialog] = {}
        self._ended: dict[tuple[str, str, str], tuple[float, PeerProfile]] = {}
        self._cut_short: dict[tuple[str, str], Callable[[Flow], PeerProfile]] = {}
        self.explicit = ExplicitSubscriptions(self)
        self._incoming = IncomingRequests(self)
        self.layer = TransactionLayer(self, timers, send, sent_by, token, settings)

    def receive(self, octets: bytes, flow: Flow, now: float) -> None:
        """One message from the network."""
        self.layer.receive(octets, flow, now)

    def flow_failed(self, flow: Flow, now: float) -> None:
        """A connection was lost, or a place cannot be reached. Calls go on; their next request finds another way."""
        if flow.connection:
            for dialog in self.dialogs.values():
                if dialog.flow.connection == flow.connection:
                    dialog.flow = dialog.flow._replace(connection=0)
        self.layer.flow_failed(flow, now)

    # Calls and requests of ours.

    def invite(self, invitation: Invitation, owner_context: object, now: float) -> Session:
        """Makes a call. Nothing is heard of it before this returns."""
        profile = invitation.profile
        dialog = self._dialog_to_be(
            *(invitation.uri, invitation.from_, invitation.to, invitation.route, invitation.flows),
            *(profile, invitation.call_id),
        )
        session = Session(self, dialog.call_id, dialog.local_tag, profile, is_caller=True)
        session.owner_context = owner_context
        session.local_session = invitation.session
        dialog.session = session
        setup = OutgoingInvite(self, session, invitation, dialog)
        session.begin(setup)
        setup.start(now)
        return session

    def options(
        self,
        uri: str,
        flows: tuple[Flow, ...],
        from_: str,
        to: str,
        profile: PeerProfile,
        done: Callable[[int, float], None],
        now: float,
    ) -> None:
        """Asks whether a peer is there; `done` gets the status of its answer, 408 or 503 without one."""
        dialog = self._dialog_to_be(uri, from_, to, (), flows, profile, "")
        headers = (*profile.abilities(), ("Accept", "application/sdp"))
        Exchange(self, dialog, "OPTIONS", headers, b"", _Options(done), flows=flows).send(now)

    def request_in(
        self, dialog: Dialog, method: str, headers: Fields, body: bytes, use: DialogUse | None, now: float
    ) -> None:
        """Sends the next request in a dialog; challenges are answered. `headers` name the type of `body`."""
        if method in _REFRESHES_TARGET:
            headers = (
                (*dialog.profile.abilities(), *headers)
                if method == "REFER"
                else (
                    dialog.profile.contact_field,
                    *headers,
                )
            )
        Exchange(self, dialog, method, headers, body, use).send(now)

    def acknowledge(
        self,
        dialog: Dialog,
        cseq: int,
        headers: Fields,
        session: bytes,
        keep: Callable[[Flow, bytes], None],
        now: float,
    ) -> None:
        """Sends the ACK to the 2xx of our INVITE number `cseq`; `keep` gets it to be sent again."""

        def acknowledge(flows: tuple[Flow, ...], at: float) -> None:
            uri, fields = dialog.next_request("ACK", cseq)
            sent_by = dialog.profile.sent_by
            octets = self.layer.acknowledge(uri, (*fields, *headers), session, flows[0], at, sent_by=sent_by)
            keep(flows[0], octets)

        self.locate(dialog, acknowledge, now)

    def respond(
        self,
        transaction: ServerTransaction,
        status: int,
        headers: Fields = (),
        body: bytes = b"",
        now: float = 0.0,
        *,
        reason: str = "",
    ) -> None:
        """Answers a request; nothing happens when it has been answered."""
        made, request = transaction.context, transaction.request
        if isinstance(made, Dialog) and status < 300:
            headers = (*(("Record-Route", route) for route in made.route_set), *headers)
        tag = made.local_tag if isinstance(made, Dialog) else ""
        if self.server and (not request.to_tag or transaction.is_invite):
            headers = (*headers, *self.server)
        if request.to_tag:
            dialog = self.dialogs.get((request.call_id, request.to_tag, request.from_tag))
            # A stranger to the dialog is not told of its ends.
            if dialog is not None and dialog.session_id is not None and transaction.flow.host == dialog.flow.host:
                headers = (*headers, *dialog.session_id.fields)
        self.layer.respond(transaction, status, headers, body, now, to_tag=tag, reason=reason)

    def locate(self, dialog: Dialog, then: Callable[[tuple[Flow, ...], float], None], now: float) -> None:
        """Where the next request of a dialog goes: its live connection, where the peer's last came from if the
        profile says so, else what the next hop resolves to; and if that is nothing, the way the peer came.
        """
        flow = dialog.flow
        if flow.connection or (dialog.profile.symmetric and not flow.transport.is_reliable):
            then((flow,), now)
        else:
            self.owner.flows_for(
                _next_hop(dialog), dialog.profile, lambda flows, at: then(flows or (dialog.flow,), at), now
            )

    # Dialogs.

    def find(self, call_id: str, local_tag: str, remote_tag: str) -> Dialog | None:
        """The dialog with that Call-ID and those tags."""
        return self.dialogs.get((call_id, local_tag, remote_tag))

    def keep(self, dialog: Dialog) -> None:
        """One more that needs the dialog."""
        dialog.uses += 1
        self.dialogs[dialog.key] = dialog

    def keep_answered(self, dialog: Dialog) -> None:
        """A dialog that the caller's session needs; an early one is counted already, for its fork."""
        if not dialog.uses:
            self.keep(dialog)

    def release(self, dialog: Dialog, now: float) -> None:
        """One less that needs it; it is forgotten when nobody does."""
        if dialog.uses <= 0:
            return
        dialog.uses -= 1
        if not dialog.uses:
            self.forget(dialog, now)

    def forget(self, dialog: Dialog, now: float) -> None:
        """Requests in it get 481 from now on, NOTIFY 200 for a while."""
        key = dialog.key
        if self.dialogs.get(key) is dialog:
            del self.dialogs[key]
            self._remember(key, dialog.profile, now)

    def has_ended(self, key: tuple[str, str, str]) -> bool:
        """Whether that dialog has ended a short while ago."""
        return key in self._ended

    def restore_dialog(self, snapshot: dict[str, object], profile: PeerProfile) -> Dialog:
        """A dialog as it was. Raises DecodeError. It is found again as soon as something `keep`s it."""
        return Dialog.restored(snapshot, profile)

    def restore_session(self, snapshot: dict[str, object], profile: PeerProfile, now: float) -> Session:
        """A confirmed call as it was; its session timer runs again. Raises DecodeError for what is no snapshot."""
        found = snapshot.get("dialog")
        if not isinstance(found, dict):
            raise DecodeError("no dialog", where="snapshot")
        dialog = self.restore_dialog(found, profile)
        session = Session.restored(self, dialog, snapshot, now)
        dialog.session = session
        self.keep(dialog)
        return session

    # What the transactions tell.

    def request_received(self, transaction: ServerTransaction, now: float) -> None:
        """A new request."""
        self._incoming.received(transaction, now)

    def cancel_received(self, transaction: ServerTransaction, cancel: Message, now: float) -> None:
        """CANCEL of an INVITE that has not been answered."""
        if isinstance(transaction.context, Session):
            transaction.context.cancel_received(transaction, cancel, now)

    def ack_received(self, ack: Message, flow: Flow, now: float) -> None:
        """ACK to a 2xx; one of no dialog, or of a stranger to it, is dropped."""
        dialog = self.dialogs.get((ack.call_id, ack.to_tag, ack.from_tag))
        if dialog is not None and dialog.session is not None and self._is_party(dialog, ack, flow, now):
            dialog.flow = flow
            dialog.session.ack_received(ack, now)

    def response_received(self, transaction: ClientTransaction, response: Message, now: float) -> None:
        """A response to a request of ours."""
        if isinstance(transaction.context, Exchange):
            transaction.context.responded(transaction, response, now)

    def request_failed(self, transaction: ClientTransaction, failure: Failure, now: float) -> None:
        """A request of ours that nobody has answered."""
        if isinstance(transaction.context, Exchange):
            transaction.context.failed(transaction, failure, now)

    def stray_response(self, response: Message, flow: Flow, now: float) -> None:
        """A 2xx to an INVITE whose transaction is gone: it is acknowledged, and released if nobody wants it. Only
        that of a call that we know of: else anybody could have us send requests.
        """
        if response.method != "INVITE" or not 200 <= response.status < 300:
            return
        key = response.call_id, response.from_tag, response.to_tag
        dialog = self.dialogs.get(key)
        if dialog is not None:
            self.acknowledge(dialog, response.cseq, (), b"", _forget, now)
        elif (key[0], key[1], "") in self._ended:
            self._release_late(response, self._ended[key[0], key[1], ""][1], flow, now)
        elif key[:2] in self._cut_short:
            self._release_late(response, self._cut_short[key[:2]](flow), flow, now)

    def given_up(self, session: Session, now: float) -> None:
        """An INVITE of ours ended without an answer; a late 2xx would still have to be released."""
        self._remember((session.call_id, session.local_tag, ""), session.profile, now)

    def cut_short(self, call_id: str, local_tag: str, profile: Callable[[Flow], PeerProfile], now: float) -> None:
        """A restart has ended an INVITE of ours, which may still be answered: then that is released."""
        key = call_id, local_tag

        def forget(now: float) -> None:
            self._cut_short.pop(key, None)

        self._cut_short[key] = profile
        self.timers.start(now + _RINGING, forget)

    def _is_party(self, dialog: Dialog, ack: Message, flow: Flow, now: float) -> bool:
        try:
            return flow.host == dialog.flow.host or self.owner.is_party(dialog, ack, flow, now)
        except Refusal:
            return False

    def _release_late(self, response: Message, profile: PeerProfile, flow: Flow, now: float) -> None:
        headers = response.headers
        ours, theirs = untagged(headers.get("from") or ""), untagged(headers.get("to") or "")
        before = Dialog(
            response.call_id, response.from_tag, "", ours, theirs, "", (), flow, profile, local_cseq=response.cseq
        )
        dialog = before.answered(response, response.to_tag, flow)
        if dialog.remote_target:
            self.acknowledge(dialog, response.cseq, (), b"", _forget, now)
            self.request_in(dialog, "BYE", (), b"", None, now)

    def _dialog_to_be(
        self,
        uri: str,
        from_: str,
        to: str,
        route: tuple[str, ...],
        flows: Sequence[Flow],
        profile: PeerProfile,
        call_id: str,
    ) -> Dialog:
        """What is known of a dialog before the peer has answered the request that makes it."""
        token = self.token
        made = call_id or f"{token()}@{_host(profile.contact)}"
        flow = flows[0] if flows else _NOWHERE
        return Dialog(made, token(), "", from_, to, uri, route, flow, profile, is_early=True)

    def _remember(self, key: tuple[str, str, str], profile: PeerProfile, now: float) -> None:
        ended = self._ended
        ended.pop(key, None)
        ended[key] = (now + _MEMORY, profile)
        while ended:
            oldest = next(iter(ended))
            if ended[oldest][0] > now:
                break
            del ended[oldest]


class _Options:
    """An OPTIONS under way."""

    __slots__ = ("_done",)

    def __init__(self, done: Callable[[int, float], None]) -> None:
        self._done = done

    def responded(self, transaction: ClientTransaction, response: Message, now: float) -> None:
        if response.status >= 200:
            self._done(response.status, now)

    def failed(self, transaction: ClientTransaction, failure: Failure, now: float) -> None:
        self._done(408 if failure is Failure.TIMEOUT else 503, now)


def _next_hop(dialog: Dialog) -> str:
    try:
        return dialog.next_hop
    except DecodeError:
        return dialog.remote_target


def _host(contact: str) -> str:
    try:
        return Uri.parse(contact).host
    except DecodeError:
        return "invalid"


def _forget(flow: Flow, octets: bytes) -> None:
    """An ACK that is not sent again."""
