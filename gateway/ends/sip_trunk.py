"""One SIP trunk at work: its peers, how we show ourselves to them, what it lets through."""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address

from gateway.configuration import Configuration, Place, Trunk, place
from gateway.ends.own_addresses import OwnAddresses, bracketed
from gateway.ends.sip_clearing import Clearings
from gateway.ends.sip_headers import CarriedFields
from gateway.ends.trunk_monitor import PeerMonitor
from gateway.interworking.address_map import AddressMap, address_map
from gateway.interworking.cause_map import cause_map
from gateway.sip.flow import Flow, Transport
from gateway.sip.peer_profile import SUPPORTED, Credential, PeerProfile

Located = Callable[[tuple[Flow, ...], float], None]
"""Told the ways to a URI, best first, and the time; () when there are none."""
Locate = Callable[[str, Located], None]
"""Finds the ways to a URI (RFC 3263), at once or later."""
Watch = Callable[["SipTrunk", "TrunkPeer"], PeerMonitor]
"""Makes the monitor of a peer."""

_MOST_PROFILES = 4096


class TrunkPeer:
    """One peer of a trunk. `flows` are the ways to it as far as they are known; `uri` has no user part, and `suffix`
    is what stands behind host and port in it.
    """

    __slots__ = ("flows", "host", "is_numeric", "monitor", "place", "suffix", "uri")

    def __init__(self, where: Place) -> None:
        self.place = where
        self.is_numeric = where.is_numeric
        self.host = bracketed(where.host) + ("" if where.port is None else f":{where.port}")
        self.suffix = "" if where.transport == "udp" else f";transport={where.transport}"
        self.uri = f"sip:{self.host}{self.suffix}"
        self.flows: tuple[Flow, ...] = (_numeric_flow(where),) if self.is_numeric else ()
        self.monitor: PeerMonitor


class SipTrunk:
    """A trunk by its settings. A reload gives the same object other settings, so that its legs go by them too."""

    __slots__ = (
        "_profiles",
        "_template",
        "clearings",
        "fields",
        "is_teams",
        "legs",
        "name",
        "numbers",
        "own",
        "peers",
        "settings",
        "users",
    )

    def __init__(self, own: OwnAddresses) -> None:
        self.own = own
        self.legs = 0
        self.peers: tuple[TrunkPeer, ...] = ()
        self._profiles: dict[tuple[int, str], PeerProfile] = {}

    def configure(self, settings: Trunk, configuration: Configuration, watch: Watch) -> None:
        """Goes by these settings from now on. Raises GatewayError for a cause profile or number plan that is none."""
        self.settings = settings
        self.name = settings.name
        self.is_teams = settings.profile == "teams"
        self.clearings = Clearings(cause_map(settings.causes), teams=self.is_teams)
        self.fields = CarriedFields(settings.headers)
        self.numbers: AddressMap | None = address_map(settings.numbers) if settings.numbers else None
        self.users = tuple(Credential(each.user, each.password, each.realm) for each in settings.users)
        self._profiles.clear()
        self._template = _template(settings, configuration)
        self._set_peers(settings, watch)

    def profile(self, flow: Flow) -> PeerProfile:
        """How we show ourselves to the peer of that flow."""
        key = flow.listener, flow.host
        found = self._profiles.get(key)
        if found is None:
            if len(self._profiles) >= _MOST_PROFILES:
                self._profiles.clear()
            found = self._profiles[key] = self._profile(flow)
        return found

    def host(self, flow: Flow) -> str:
        """The host part of URIs that stand for us towards the peer of that flow, without port."""
        return self.settings.fqdn or bracketed(self.own.host(flow))

    def usable(self, host: str = "") -> tuple[TrunkPeer, ...]:
        """The peers that are not known to be away, in order of preference; the one at `host` (host:port) first."""
        found = tuple(peer for peer in self.peers if peer.monitor.is_usable)
        if len(found) > 1 and host:
            return tuple(sorted(found, key=lambda peer: host not in (peer.host, peer.place.host)))
        return found

    def stop(self) -> None:
        """The trunk is no more: nobody watches its peers."""
        for peer in self.peers:
            peer.monitor.stop()

    def _set_peers(self, settings: Trunk, watch: Watch) -> None:
        self.stop()
        known = {str(peer.place): peer.flows for peer in self.peers}
        self.peers = tuple(TrunkPeer(place(text)) for text in settings.peers)
        for peer in self.peers:
            peer.flows = tuple(self.own.placed(flow) for flow in peer.flows) or known.get(str(peer.place), ())
            peer.monitor = watch(self, peer)

    def _profile(self, flow: Flow) -> PeerProfile:
        name = self.settings.fqdn
        sent_by = f"{name}:{self.own.listeners[flow.listener][2]}" if name else self.own.sent_by(flow)
        return replace(self._template, contact=self.own.contact(flow, name), sent_by=sent_by)


def _numeric_flow(where: Place) -> Flow:
    transport = Transport(where.transport)
    host = ip_address(where.host).compressed
    return Flow(
        transport, host, where.port or transport.default_port, server_name=host if transport.is_secure else ""
    )


def _template(settings: Trunk, configuration: Configuration) -> PeerProfile:
    timing = configuration.timing
    own = settings.credentials
    return PeerProfile(
        settings.name,
        "",
        supported=_supported(settings),
        product=configuration.user_agent,
        reliable=settings.reliable,
        session_expires=timing.session_expires if settings.session_timer else 0,
        min_se=timing.min_se,
        symmetric=settings.symmetric,
        credentials=(Credential(own.user, own.password, own.realm),) if own else (),
    )


def _supported(settings: Trunk) -> tuple[str, ...]:
    left_out = set()
    if not settings.replaces:
        left_out.add("replaces")
    if not settings.session_timer:
        left_out.add("timer")
    if settings.reliable == "off":
        left_out.add("100rel")
    return tuple(tag for tag in SUPPORTED if tag not in left_out)
