"""A SIP dialog: its identity, its route, its numbers (RFC 3261 §12)."""

from typing import TYPE_CHECKING, Any, Protocol

from gateway.model.errors import DecodeError
from gateway.sip.address import Address
from gateway.sip.flow import Flow, Transport
from gateway.sip.message import Message
from gateway.sip.parameters import Parameters
from gateway.sip.peer_profile import PeerProfile
from gateway.sip.uri import Uri

if TYPE_CHECKING:
    from gateway.sip.server_transaction import ServerTransaction
    from gateway.sip.session import Session
    from gateway.sip.session_identifier import SessionIdentifier

Fields = tuple[tuple[str, str], ...]

# More requests than go out after the last snapshot, dialled digits (INFO) included: their numbers must not be used
# again (§12.2.1.1 allows gaps).
_UNSEEN = 10_000


class ReferNotifier(Protocol):
    """A subscription of the peer to what became of its REFER; `event_id` is the CSeq of that REFER."""

    event_id: str

    def subscribe_received(self, transaction: "ServerTransaction", now: float) -> None:
        """Refreshed, or ended by Expires: 0."""


class ReferSubscriber(Protocol):
    """Our subscription to what becomes of a REFER of ours; `event_id` is the CSeq of the REFER that was sent last."""

    event_id: str

    def notify_received(self, transaction: "ServerTransaction", now: float) -> None:
        """The peer reports."""


class Dialog:
    """One dialog with all that uses it (RFC 5057). `local_address` and `remote_address` are the values of From and
    To without tags; `remote_target` is a URI, `route_set` holds Route values in order. `flow` is where the peer's
    last message came from, `uses` counts the session and the subscriptions that need the dialog, `refers` the REFERs
    that were accepted in it, `session_id` what every
    message of ours in it says as Session-ID.
    """

    __slots__ = (
        "call_id",
        "flow",
        "is_early",
        "local_address",
        "local_cseq",
        "local_tag",
        "profile",
        "referrals",
        "refers",
        "remote_address",
        "remote_cseq",
        "remote_tag",
        "remote_target",
        "route_set",
        "session",
        "session_id",
        "subscriptions",
        "uses",
    )

    def __init__(
        self,
        call_id: str,
        local_tag: str,
        remote_tag: str,
        local_address: str,
        remote_address: str,
        remote_target: str,
        route_set: tuple[str, ...],
        flow: Flow,
        profile: PeerProfile,
        *,
        local_cseq: int = 0,
        remote_cseq: int = 0,
        is_early: bool = False,
    ) -> None:
        self.call_id = call_id
        self.local_tag = local_tag
        self.remote_tag = remote_tag
        self.local_address = local_address
        self.remote_address = remote_address
        self.remote_target = remote_target
        self.route_set = route_set
        self.flow = flow
        self.profile = profile
        self.local_cseq = local_cseq
        self.remote_cseq = remote_cseq
        self.is_early = is_early
        self.session: Session | None = None
        self.session_id: SessionIdentifier | None = None
        self.referrals: tuple[ReferNotifier, ...] = ()
        self.subscriptions: tuple[ReferSubscriber, ...] = ()
        self.refers = 0
        self.uses = 0

    @classmethod
    def received(cls, request: Message, local_tag: str, flow: Flow, profile: PeerProfile) -> "Dialog":
        """The dialog that a request makes at the one who receives it (§12.1.1). `remote_target` is "" when there is
        no Contact that can be read.
        """
        headers = request.headers
        return cls(
            request.call_id,
            local_tag,
            request.from_tag,
            untagged(headers.get("to") or ""),
            untagged(headers.get("from") or ""),
            contact_uri(request),
            recorded_routes(request),
            flow,
            profile,
            remote_cseq=request.cseq,
            is_early=True,
        )

    def answered(self, response: Message, remote_tag: str, flow: Flow) -> "Dialog":
        """The dialog that a response to our request makes (§12.1.2); `self` holds what was known before it."""
        made = Dialog(
            self.call_id,
            self.local_tag,
            remote_tag,
            self.local_address,
            self.remote_address,
            contact_uri(response) or self.remote_target,
            recorded_routes(response)[::-1],
            flow,
            self.profile,
            local_cseq=self.local_cseq,
            remote_cseq=-1,
            is_early=response.status < 200,
        )
        made.session = self.session
        made.session_id = self.session.session_id if self.session is not None else None
        return made

    @property
    def key(self) -> tuple[str, str, str]:
        """Call-ID, our tag, the peer's tag (RFC 3261 §12)."""
        return self.call_id, self.local_tag, self.remote_tag

    def next_request(self, method: str, cseq: int = 0, max_forwards: int = 70) -> tuple[str, Fields]:
        """Request-URI and header fields (all but Via and Contact) of the next request in the dialog (§12.2.1.1).

        ACK and CANCEL give the `cseq` of their INVITE; any other takes the next number. A first route without `lr`
        is a strict router: it becomes the Request-URI, and the remote target the last route.
        """
        if not cseq:
            self.local_cseq += 1
        uri, routes = self._route()
        return uri, (
            ("Max-Forwards", str(max_forwards)),
            *(("Route", route) for route in routes),
            ("From", f"{self.local_address};tag={self.local_tag}"),
            ("To", f"{self.remote_address};tag={self.remote_tag}" if self.remote_tag else self.remote_address),
            ("Call-ID", self.call_id),
            ("CSeq", f"{cseq or self.local_cseq} {method}"),
            *(self.session_id.fields if self.session_id is not None else ()),
        )

    @property
    def next_hop(self) -> str:
        """The URI of whoever gets the next request: the first route, else the remote target."""
        return Address.parse(self.route_set[0]).uri if self.route_set else self.remote_target

    def refresh_target(self, message: Message) -> None:
        """Takes the Contact of a target refresh request or its 2xx (§12.2); one that is missing or unreadable changes
        nothing.
        """
        self.remote_target = contact_uri(message) or self.remote_target

    def snapshot(self) -> dict[str, object]:
        """What `restored` needs; plain JSON values."""
        return {
            "call_id": self.call_id,
            "tags": [self.local_tag, self.remote_tag],
            "addresses": [self.local_address, self.remote_address],
            "target": self.remote_target,
            "routes": list(self.route_set),
            "flow": list(self.flow),
            "cseqs": [self.local_cseq, self.remote_cseq],
            "refers": self.refers,
        }

    @classmethod
    def restored(cls, snapshot: dict[str, object], profile: PeerProfile) -> "Dialog":
        """The dialog as it was. Raises DecodeError for what is no snapshot."""
        try:
            return cls._restored(snapshot, profile)
        except (KeyError, TypeError, ValueError) as error:
            raise DecodeError(f"no dialog: {error!r}", where="snapshot") from error

    @classmethod
    def _restored(cls, snapshot: dict[str, Any], profile: PeerProfile) -> "Dialog":
        transport, host, port, _, listener, server_name = snapshot["flow"]
        local_cseq, remote_cseq = snapshot["cseqs"]
        local_tag, remote_tag = snapshot["tags"]
        local_address, remote_address = snapshot["addresses"]
        made = cls(
            snapshot["call_id"],
            local_tag,
            remote_tag,
            local_address,
            remote_address,
            snapshot["target"],
            tuple(snapshot["routes"]),
            Flow(Transport(transport), host, port, 0, listener, server_name),
            profile,
            local_cseq=local_cseq + _UNSEEN,
            remote_cseq=remote_cseq,
        )
        made.refers = snapshot["refers"]
        return made

    def _route(self) -> tuple[str, tuple[str, ...]]:
        if not self.route_set:
            return self.remote_target, ()
        first = Address.parse(self.route_set[0])
        if ";lr" in first.uri.lower():
            return self.remote_target, self.route_set
        return first.uri, (*self.route_set[1:], f"<{self.remote_target}>")


def contact_uri(message: Message) -> str:
    """The URI of the first Contact; "" when there is none that can be read."""
    contacts = message.headers.all("contact")
    if not contacts or contacts[0] == "*":
        return ""
    first = contacts[0]
    if first[0] == "<" and first[-1] == ">" and first.count("<") == 1:
        return first[1:-1].strip()
    try:
        return Address.parse(first).uri
    except DecodeError:
        return ""


def recorded_routes(message: Message) -> tuple[str, ...]:
    """The values of Record-Route. One that cannot be read leads nowhere and would stop all requests of the dialog."""
    return tuple(value for value in message.headers.all("record-route") if _is_route(value))


def _is_route(value: str) -> bool:
    try:
        return bool(Uri.parse(Address.parse(value).uri).host)
    except DecodeError:
        return False


def untagged(value: str) -> str:
    """The value of a From or To without its tag."""
    start = value.rfind(">") + 1
    if "tag" not in value[start:].lower():
        return value
    head, _, rest = value[start:].partition(";")
    return f"{value[:start]}{head}{Parameters.parse(rest).without('tag')}"
