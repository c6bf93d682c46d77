"""The transactions of an element (RFC 3261 §17, §18): octets in, requests and responses to its user, and back."""

from collections.abc import Callable, Sequence
from zlib import crc32

from gateway.model.errors import DecodeError, GatewayError
from gateway.model.timers import TimerQueue
from gateway.sip.client_transaction import ClientTransaction, Failure
from gateway.sip.composing import Fields, compose_request, compose_response, echo, to_field
from gateway.sip.flow import Flow
from gateway.sip.message import Message, parse
from gateway.sip.server_transaction import ServerTransaction
from gateway.sip.surroundings import Surroundings, TransactionSettings, TransactionUser
from gateway.sip.validity import defect
from gateway.sip.via import COOKIE, Hop, reopened, reply_flow, stamped, top_via

__all__ = [
    "ClientTransaction",
    "Failure",
    "ServerTransaction",
    "TransactionLayer",
    "TransactionSettings",
    "TransactionUser",
]

_LET_IN = frozenset(("OPTIONS", "BYE", "CANCEL", "ACK"))
_BEYOND = 1.2


class TransactionLayer:
    """Server and client transactions of one user. `sent_by` gives host:port of our Via on a flow, `overloaded` hears
    of each request that is refused because there are too many transactions.
    """

    def __init__(
        self,
        user: TransactionUser,
        timers: TimerQueue,
        send: Callable[[Flow, bytes], None],
        sent_by: Callable[[Flow], str],
        token: Callable[[], str],
        settings: TransactionSettings,
    ) -> None:
        self.timers = timers
        self.token = token
        self.settings = settings
        self.overloaded: Callable[[float], None] = _unheard
        self._ground = Surroundings(user, timers, send, sent_by, token, settings)
        self._answered: list[ServerTransaction] = []

    @property
    def servers(self) -> int:
        """Server transactions that are kept."""
        return len(self._ground.servers)

    @property
    def clients(self) -> int:
        """Client transactions that are kept."""
        return len(self._ground.clients)

    def receive(self, octets: bytes, flow: Flow, now: float) -> None:
        """One message, as cut from a stream or a datagram. What cannot be read is dropped.

        Raises nothing but what the user raises; a GatewayError of the user's becomes the answer to the request.
        """
        self._free_requests()
        try:
            message = parse(octets)
        except DecodeError:
            return
        if message.is_request:
            self._request_received(message, flow, now)
        else:
            self._response_received(message, flow, now)

    def request(
        self,
        method: str,
        uri: str,
        headers: Fields,
        body: bytes,
        flows: Sequence[Flow],
        context: object,
        now: float,
        *,
        sent_by: str = "",
    ) -> ClientTransaction:
        """Sends a request to the first of `flows`; the next are tried on 503, time-out or transport failure, each
        with a new branch (RFC 3263 §4.3). Via and Content-Length are added.
        """
        transaction = ClientTransaction(
            self._ground, method, uri, headers, body, flows, context=context, sent_by=sent_by
        )
        transaction.start(now)
        return transaction

    def cancel(self, transaction: ClientTransaction, headers: Fields, now: float) -> None:
        """Takes back an INVITE; `headers` are added to the CANCEL (Reason). Nothing happens when it is answered."""
        transaction.cancel(headers, now)

    def respond(
        self,
        transaction: ServerTransaction,
        status: int,
        headers: Fields = (),
        body: bytes = b"",
        now: float = 0.0,
        *,
        to_tag: str = "",
        reason: str = "",
    ) -> bytes:
        """Answers a request and returns the octets; b"" when it has been answered. A request without To tag gets
        `to_tag`, or a fresh one.
        """
        octets = transaction.respond(status, headers, body, now, to_tag=to_tag, reason=reason)
        if octets and status >= 200:
            self._answered.append(transaction)
        return octets

    def turn_away(self, transaction: ServerTransaction, status: int) -> None:
        """Refuses a request for once: it is looked at anew whenever it comes (RFC 3261 §8.2.7)."""
        self._respond_stateless(transaction.request, transaction.hop, transaction.flow, status, "", ())
        transaction.dismiss()

    def acknowledge(
        self, uri: str, headers: Fields, body: bytes, flow: Flow, now: float, *, sent_by: str = ""
    ) -> bytes:
        """Sends the ACK to a 2xx, which is no transaction (RFC 3261 §13.2.2.4), and returns its octets."""
        ground = self._ground
        rport = "" if flow.transport.is_reliable else ";rport"
        branch = f"{COOKIE}{ground.token()}"
        via = f"SIP/2.0/{flow.transport.upper()} {sent_by or ground.sent_by(flow)};branch={branch}{rport}"
        octets = compose_request("ACK", uri, via, headers, body)
        ground.send(flow, octets)
        return octets

    def resend(self, flow: Flow, octets: bytes) -> None:
        """The same octets once more: a 2xx or its ACK. A connection that is gone is opened anew."""
        self._ground.send(flow._replace(connection=0) if flow.connection in self._ground.lost else flow, octets)

    def flow_failed(self, flow: Flow, now: float) -> None:
        """A connection was lost or could not be opened, or an ICMP error came."""
        ground = self._ground
        if flow.connection:
            ground.connection_lost(flow.connection)
        for transaction in tuple(ground.places.get(flow[:3], ())):
            if not flow.connection or transaction.flow.connection in (0, flow.connection):
                transaction.unreachable(now)

    def _free_requests(self) -> None:
        for transaction in self._answered:
            transaction.forget_request()
        self._answered.clear()

    def _response_received(self, response: Message, flow: Flow, now: float) -> None:
        if defect(response) is not None:
            return
        transaction = self._ground.clients.get((response.top_via_branch, response.method))
        if transaction is None:
            self._ground.user.stray_response(response, flow, now)
        else:
            transaction.receive(response, flow, now)

    def _request_received(self, request: Message, flow: Flow, now: float) -> None:
        hop = top_via(request.headers)
        if hop is None:
            return
        method = "INVITE" if request.method == "ACK" else request.method
        key = _key(request, hop, method)
        transaction = self._ground.servers.get(key)
        if transaction is None:
            self._new_request(request, hop, key, flow, now)
        elif request.method == "ACK":
            transaction.ack(request, flow, now)
        else:
            transaction.request_again()

    def _new_request(self, request: Message, hop: Hop, key: tuple[str, ...], flow: Flow, now: float) -> None:
        if self._refused(request, hop, flow, now):
            return
        if request.method == "ACK":
            self._ground.user.ack_received(request, flow, now)
        elif request.method == "CANCEL":
            self._cancel_received(request, hop, key, flow, now)
        else:
            self._begin(request, hop, key, flow, now)

    def _refused(self, request: Message, hop: Hop, flow: Flow, now: float) -> bool:
        """Whether the request was refused without a transaction, or dropped."""
        settings = self._ground.settings
        wrong = defect(request)
        if wrong is not None:
            status, reason, headers = wrong.status, wrong.reason, tuple(wrong.headers)
        elif len(request.octets) > settings.message_octets:
            status, reason, headers = 513, "", ()
        elif len(request.headers) > settings.header_fields:
            status, reason, headers = 400, "Too Many Header Fields", ()
        elif self._is_full(request):
            self.overloaded(now)
            status, reason, headers = 503, "", (("Retry-After", str(settings.retry_after)),)
        else:
            return False
        if status and request.method != "ACK":
            self._respond_stateless(request, hop, flow, status, reason, headers)
        return True

    def _is_full(self, request: Message) -> bool:
        """Who is in a call already is let in a little longer."""
        kept, most = len(self._ground.servers), self._ground.settings.most
        if kept < most:
            return False
        return kept >= most * _BEYOND or not (request.method in _LET_IN or request.to_tag)

    def _respond_stateless(
        self, request: Message, hop: Hop, flow: Flow, status: int, reason: str, headers: Fields
    ) -> None:
        """The same request gets the same To tag whenever it comes (RFC 3261 §8.2.7)."""
        tag = f"{crc32(f'{hop.branch} {request.call_id}'.encode('utf-8', 'surrogateescape')):08x}"
        echoed = [*echo(request, stamped(hop, flow)), to_field(request, tag)]
        lost = flow.connection and flow.connection in self._ground.lost
        where = reopened(hop, flow) if lost else reply_flow(hop, flow)
        self._ground.send(where, compose_response(status, echoed, headers, b"", reason))

    def _cancel_received(self, cancel: Message, hop: Hop, key: tuple[str, ...], flow: Flow, now: float) -> None:
        """CANCEL is answered here (RFC 3261 §9.2); the user answers the INVITE."""
        invite = self._ground.servers.get(_key(cancel, hop, "INVITE"))
        own = ServerTransaction(self._ground, cancel, hop, key, flow)
        if invite is None:
            self.respond(own, 481, now=now)
            return
        if not invite.to_tag:
            invite.to_tag = invite.request.to_tag or self._ground.token()
        self.respond(own, 200, now=now, to_tag=invite.to_tag)
        if not invite.final_status:
            self._ground.user.cancel_received(invite, cancel, now)

    def _begin(self, request: Message, hop: Hop, key: tuple[str, ...], flow: Flow, now: float) -> None:
        transaction = ServerTransaction(self._ground, request, hop, key, flow)
        if not request.to_tag:
            merged = request.from_tag, request.call_id, request.headers.get("cseq") or ""
            if merged in self._ground.merged:
                self.respond(transaction, 482, now=now)
                return
            transaction.merge_by(merged)
        try:
            self._ground.user.request_received(transaction, now)
        except GatewayError as error:
            self.respond(transaction, error.sip_status, now=now)
        except Exception:
            self.respond(transaction, 500, now=now)
            raise
        transaction.await_response(now)


def _unheard(now: float) -> None:
    """Nobody wants to know of overload."""


def _key(request: Message, hop: Hop, method: str) -> tuple[str, ...]:
    """What a request is found by (RFC 3261 §17.2.3); one without the cookie is of RFC 2543."""
    if hop.branch.startswith(COOKIE):
        return hop.branch, f"{hop.host}:{hop.port}", method
    number = str(request.cseq)
    return request.request_uri, request.from_tag, request.call_id, number, hop.value, method
