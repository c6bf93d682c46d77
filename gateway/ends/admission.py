"""Who may call: the trunk that a request belongs to, by address, certificate, name or password."""

from collections.abc import Callable, Iterable

from gateway.configuration import Limits
from gateway.ends.sip_trunk import SipTrunk
from gateway.ends.teams_trunk import is_from_teams, is_name_of_teams
from gateway.hub.leg import Observer
from gateway.model.errors import DecodeError
from gateway.sip.digest import Challenger, Verdict
from gateway.sip.flow import Flow
from gateway.sip.message import Message
from gateway.sip.refusal import Refusal
from gateway.sip.routing import Via

PeerNames = Callable[[Flow], tuple[str, ...]]
"""The names in the certificate that the peer of a connection has shown; () when it has shown none."""

_UNCHALLENGED = frozenset(("OPTIONS", "ACK", "CANCEL", "BYE", "NOTIFY"))
_MOST_LINES = 10
_MAPPED = "::ffff:"


class StrangerLog:
    """At most so many lines a second about strangers, so that a scan fills no disk; the next line tells how many were
    left out.
    """

    __slots__ = ("_observer", "_said", "_since", "_unsaid", "strangers")

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._since = 0.0
        self._said = 0
        self._unsaid = 0
        self.strangers = 0

    def note(self, request: Message, flow: Flow, now: float) -> None:
        """One request that belongs to no trunk."""
        self.strangers += 1
        if now - self._since >= 1.0:
            self._since, self._said = now, 0
        if self._said >= _MOST_LINES:
            self._unsaid += 1
            return
        self._said += 1
        fields = {"unsaid": self._unsaid} if self._unsaid else {}
        self._unsaid = 0
        dialog = {"call_id": request.call_id, "local_tag": request.to_tag, "remote_tag": request.from_tag}
        self._observer.log("stranger", method=request.method[:32], source=str(flow), **dialog, **fields)


class Admission:
    """The trunks by what their requests are known by.

    `peer_names` may be set later: without it nobody is known by a certificate.
    """

    def __init__(self, observer: Observer, token: Callable[[], str], peer_names: PeerNames, realm: str) -> None:
        self.peer_names = peer_names
        self.log = StrangerLog(observer)
        self._token = token
        self._realm = realm
        self._trunks: tuple[SipTrunk, ...] = ()
        self._exact: dict[tuple[str, int], SipTrunk] = {}
        self._hosts: dict[str, tuple[SipTrunk, ...]] = {}
        self._challengers: dict[str, Challenger] = {}

    def learn(self, trunks: Iterable[SipTrunk]) -> None:
        """The trunks with the addresses of their peers as they are known now."""
        self._trunks = tuple(trunks)
        exact: dict[tuple[str, int], SipTrunk] = {}
        hosts: dict[str, tuple[SipTrunk, ...]] = {}
        for trunk in self._trunks:
            for flow in (flow for peer in trunk.peers for flow in peer.flows):
                exact.setdefault((flow.host, flow.port), trunk)
                others = hosts.get(flow.host, ())
                hosts[flow.host] = others if trunk in others else (*others, trunk)
        self._exact, self._hosts = exact, hosts
        self._challengers = {
            trunk.name: Challenger(trunk.settings.fqdn or self._realm, trunk.settings.algorithms, self._token)
            for trunk in self._trunks
            if trunk.users
        }

    def at(self, flow: Flow) -> SipTrunk | None:
        """The trunk with a peer at that address and port."""
        return self._exact.get((flow.host, flow.port))

    def trunk_of(self, request: Message, flow: Flow) -> SipTrunk | None:
        """The trunk that the request belongs to; None for a stranger."""
        host = flow.host.removeprefix(_MAPPED)
        found = self._exact.get((host, flow.port))
        return found or self._by_host(request, host) or self._by_name(request, flow) or self._by_user(request)

    def speaks_for(self, trunk: SipTrunk, request: Message, flow: Flow, now: float) -> bool:
        """Whether a request within a call of the trunk comes from one of its peers, by address or by certificate, or
        from a user of it who calls from anywhere and shows who it is. Raises Refusal (401).
        """
        host = flow.host.removeprefix(_MAPPED)
        names = self._names(flow)
        if trunk in self._hosts.get(host, ()) or _is_named(trunk, names) or _is_named_as_teams(trunk, names):
            return True
        if not trunk.users or trunk.peers or request.method == "ACK":
            return False
        self._verify(request, trunk, now)
        return True

    def check(self, request: Message, trunk: SipTrunk, now: float) -> None:
        """Digest, where the trunk has users. Raises Refusal (401, 400)."""
        if trunk.users and request.method not in _UNCHALLENGED:
            self._verify(request, trunk, now)

    def _verify(self, request: Message, trunk: SipTrunk, now: float) -> None:
        challenger = self._challengers[trunk.name]
        verdict = Verdict.WRONG
        for value in request.headers.all("Authorization"):
            verdict = challenger.verify(value, request.method, request.request_uri, request.body, trunk.users, now)
            if verdict is Verdict.OK:
                return
        challenges = challenger.challenge(now, stale=verdict in (Verdict.STALE, Verdict.REPLAYED))
        raise Refusal(401, tuple(("WWW-Authenticate", value) for value in challenges))

    def _by_host(self, request: Message, host: str) -> SipTrunk | None:
        """The address alone, from whatever port; several trunks there are told apart by the port in Via."""
        candidates = self._hosts.get(host, ())
        if len(candidates) < 2:
            return candidates[0] if candidates else None
        return self._exact.get((host, _port_of_via(request))) or candidates[0]

    def _by_name(self, request: Message, flow: Flow) -> SipTrunk | None:
        """A certificate with the name of one of our peers; Teams calls from any of its hosts (Microsoft: T1)."""
        names = self._names(flow)
        for trunk in self._trunks if names else ():
            if _is_named(trunk, names) or (_is_named_as_teams(trunk, names) and is_from_teams(request)):
                return trunk
        return None

    def _names(self, flow: Flow) -> tuple[str, ...]:
        return tuple(name.lower() for name in self.peer_names(flow)) if flow.transport.is_secure else ()

    def _by_user(self, request: Message) -> SipTrunk | None:
        """A trunk without peers, whose users call from anywhere and show who they are."""
        return next((trunk for trunk in self._trunks if trunk.users and not trunk.peers), None)


def busy(limits: Limits) -> Refusal:
    """No more calls now (RFC 3261 §21.5.4)."""
    return Refusal(503, (("Retry-After", str(limits.retry_after)),))


def _is_named(trunk: SipTrunk, names: tuple[str, ...]) -> bool:
    """Whether one of the names is that of a peer of the trunk."""
    hosts = (peer.place.host.lower() for peer in trunk.peers if not peer.is_numeric)
    return bool(names) and any(_covers(name, host) for host in hosts for name in names)


def _is_named_as_teams(trunk: SipTrunk, names: tuple[str, ...]) -> bool:
    return trunk.is_teams and any(map(is_name_of_teams, names))


def _covers(name: str, host: str) -> bool:
    """Whether a name of a certificate is that host; a star stands for one label (RFC 6125 §6.4.3)."""
    if name.startswith("*."):
        return host.partition(".")[2] == name[2:]
    return name == host


def _port_of_via(request: Message) -> int:
    vias = request.headers.all("Via")
    try:
        return Via.parse(vias[0]).port or 5060 if vias else 0
    except DecodeError:
        return 0
