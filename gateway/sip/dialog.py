"""A SIP dialog: its identity, its route, its numbers (RFC 3261 §12)."""

from gateway.model.errors import DecodeError
from gateway.sip.address import Address
from gateway.sip.flow import Flow
from gateway.sip.message import Message
from gateway.sip.peer_profile import PeerProfile

Fields = tuple[tuple[str, str], ...]


class Dialog:
    """One dialog with all that uses it (RFC 5057). `local_address` and `remote_address` are the values of From and
    To without tags; `remote_target` is a URI, `route_set` holds Route values in order. `flow` is where the peer's
    last message came from, `uses` counts the session and the subscriptions that need the dialog.
    """

    __slots__ = (
        "call_id",
        "flow",
        "is_early",
        "local_address",
        "local_cseq",
        "local_tag",
        "profile",
        "remote_address",
        "remote_cseq",
        "remote_tag",
        "remote_target",
        "route_set",
        "session",
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
        self.session: object = None
        self.uses = 0

    @property
    def key(self) -> tuple[str, str, str]:
        """Call-ID, our tag, the peer's tag (RFC 3261 §12)."""
        return self.call_id, self.local_tag, self.remote_tag

    def next_request(self, method: str, cseq: int = 0) -> tuple[str, Fields]:
        """Request-URI and header fields (all but Via and Contact) of the next request in the dialog (§12.2.1.1).

        ACK and CANCEL give the `cseq` of their INVITE; any other takes the next number. A first route without `lr`
        is a strict router: it becomes the Request-URI, and the remote target the last route.
        """
        if not cseq:
            self.local_cseq += 1
        uri, routes = self._route()
        return uri, (
            ("Max-Forwards", "70"),
            *(("Route", route) for route in routes),
            ("From", f"{self.local_address};tag={self.local_tag}"),
            ("To", f"{self.remote_address};tag={self.remote_tag}" if self.remote_tag else self.remote_address),
            ("Call-ID", self.call_id),
            ("CSeq", f"{cseq or self.local_cseq} {method}"),
        )

    @property
    def next_hop(self) -> str:
        """The URI of whoever gets the next request: the first route, else the remote target."""
        return Address.parse(self.route_set[0]).uri if self.route_set else self.remote_target

    def refresh_target(self, message: Message) -> None:
        """Takes the Contact of a target refresh request or its 2xx (§12.2); one that is missing or unreadable changes
        nothing.
        """
        contacts = message.headers.all("contact")
        if contacts and contacts[0].strip() != "*":
            self.remote_target = _uri(contacts[0]) or self.remote_target

    def _route(self) -> tuple[str, tuple[str, ...]]:
        if not self.route_set:
            return self.remote_target, ()
        first = Address.parse(self.route_set[0])
        if ";lr" in first.uri.lower():
            return self.remote_target, self.route_set
        return first.uri, (*self.route_set[1:], f"<{self.remote_target}>")


def _uri(contact: str) -> str:
    try:
        return Address.parse(contact).uri
    except DecodeError:
        return ""
