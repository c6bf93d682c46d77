"""The SIP end: trunks, legs over sessions, and who may talk to us."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from ipaddress import ip_address
from typing import Any

from gateway.configuration import Configuration
from gateway.ends import session_ids
from gateway.ends.admission import Admission, PeerNames, busy
from gateway.ends.own_addresses import Listener, OwnAddresses
from gateway.ends.refer_events import ReferEvents
from gateway.ends.referred_token import token_part
from gateway.ends.session_events import SessionEvents
from gateway.ends.sip_calls import check, invite_fields, invite_from, target_uri
from gateway.ends.sip_leg import SipLeg
from gateway.ends.sip_overlap import Overlap
from gateway.ends.sip_trunk import Locate, Located, SipTrunk, TrunkPeer
from gateway.ends.trunk_monitor import PeerMonitor
from gateway.hub.leg import Leg, LegEvents, Observer
from gateway.hub.overload import Overload
from gateway.model.call import CallRequest
from gateway.model.errors import DecodeError, GatewayError
from gateway.model.timers import Timer, TimerQueue
from gateway.sip.address import Address
from gateway.sip.client_transaction import ClientTransaction, Failure
from gateway.sip.dialog import Dialog
from gateway.sip.flow import Flow, Transport
from gateway.sip.invitation import Invitation
from gateway.sip.locating import is_address
from gateway.sip.message import Message
from gateway.sip.peer_profile import ALLOW, PeerProfile
from gateway.sip.refusal import Stranger
from gateway.sip.sdp import only_inactive, with_origin
from gateway.sip.session_identifier import SessionIdentifier
from gateway.sip.surroundings import TransactionSettings
from gateway.sip.uri import Uri
from gateway.sip.user_agent import UserAgent
from gateway.sip.user_agent_owner import DialogUse
from gateway.translators.teams_addresses import is_teams

_ABILITIES = (("Allow", ALLOW), ("Accept", "application/sdp, message/sipfrag"), ("Accept-Encoding", "identity"))
_REFRESH = 60.0
"""Seconds after which named peers are looked up again; the resolver keeps what has not run out."""
_STAGGER = 0.05


def _nobody(_: Flow) -> tuple[str, ...]:
    return ()


class _Silent:
    """A use of a dialog that does not care for the answer."""

    def responded(self, transaction: ClientTransaction, response: Message, now: float) -> None:
        """Whatever it is."""

    def failed(self, transaction: ClientTransaction, failure: Failure, now: float) -> None:
        """Nobody waits."""


@dataclass(slots=True)
class _Search:
    """Peers whose ways are being looked up for one call."""

    waiting: int
    found: dict[TrunkPeer, tuple[Flow, ...]] = field(default_factory=dict)


class SipEnd(SessionEvents, ReferEvents):
    """Owner of the user agent, and the trunks of the hub.

    `hub` hears of new calls; `peer_names` gives the names in the certificate of a connection's peer. Both are set
    when all is wired, before `start`. Raises GatewayError for a cause profile or number plan that does not exist.
    """

    def __init__(
        self,
        configuration: Configuration,
        listeners: Sequence[Listener],
        timers: TimerQueue,
        send: Callable[[Flow, bytes], None],
        token: Callable[[], str],
        locate: Locate,
        observer: Observer,
        *,
        peer_names: PeerNames = _nobody,
        own_host: Callable[[Flow], str] | None = None,
    ) -> None:
        self.configuration = configuration
        self.timers = timers
        self.observer = observer
        self.own = OwnAddresses(listeners, _names(configuration), own_host)
        self.trunks: dict[str, SipTrunk] = {}
        self.transferors: dict[str, SipLeg] = {}
        self.silent: DialogUse = _Silent()
        self.overlap = Overlap()
        self.hub: LegEvents
        self.overload = Overload(observer)
        self._admission = Admission(observer, token, peer_names, _realm(configuration, listeners))
        self._token = token
        self._locate = locate
        self._refreshing: Timer | None = None
        self._legs = 0
        self._draining = False
        self.ua = UserAgent(self, timers, send, self.own.sent_by, token, _settings(configuration))
        self.ua.layer.overloaded = lambda now: self.overload.refuse("transactions", now)
        self._configure(configuration)

    # --- life ---

    @property
    def peer_names(self) -> PeerNames:
        """The names in the certificate of a connection's peer."""
        return self._admission.peer_names

    @peer_names.setter
    def peer_names(self, names: PeerNames) -> None:
        self._admission.peer_names = names

    def start(self, now: float) -> None:
        """Looks up peers with names and begins to watch those that are to be watched."""
        self._refresh(now)
        number = 0
        for trunk in self.trunks.values():
            for peer in trunk.peers:
                peer.monitor.start(now, number * _STAGGER)
                number += 1

    def reload(self, configuration: Configuration, now: float) -> None:
        """Goes by other settings; calls stay. Raises GatewayError, with all as before, when they are no good."""
        _try(configuration, self.own, self._monitor)
        self.configuration = configuration
        self.own.rename(_names(configuration))
        self._configure(configuration)
        self.start(now)

    def drain(self, now: float = 0.0) -> None:
        """Takes no new calls."""
        self._draining = True

    def statistics(self) -> dict[str, int]:
        """Numbers for people."""
        peers = [peer for trunk in self.trunks.values() for peer in trunk.peers]
        return {
            "legs": self._legs,
            "strangers": self._admission.log.strangers,
            "peers": len(peers),
            "peers_down": sum(not peer.monitor.is_usable for peer in peers),
            "transfers_heard": len(self.transferors),
            **{f"legs.{trunk.name}": trunk.legs for trunk in self.trunks.values()},
        }

    def trunk_at(self, flow: Flow) -> str:
        """The name of the trunk with a peer at that address; "" for a stranger."""
        trunk = self._admission.at(flow)
        return trunk.name if trunk else ""

    # --- the user agent asks ---

    def admit(self, request: Message, flow: Flow, now: float) -> PeerProfile:
        """How to behave towards whoever sent a request outside of a dialog. Raises Refusal."""
        trunk = self._admission.trunk_of(request, flow)
        if trunk is None:
            self._admission.log.note(request, flow, now)
            raise Stranger
        self._take_no_more(request.method, now)
        self._admission.check(request, trunk, now)
        return trunk.profile(flow)

    def is_party(self, dialog: Dialog, request: Message, flow: Flow, now: float) -> bool:
        """Whoever speaks for the trunk of the call, its Contact, and the proxies in between; ports do not count.
        Raises Refusal (401).
        """
        trunk = self.trunks.get(dialog.profile.name)
        if flow.host in map(_host, (dialog.remote_target, *dialog.route_set)):
            return True
        if trunk is not None and self._admission.speaks_for(trunk, request, flow, now):
            return True
        self._admission.log.note(request, flow, now)
        return False

    def flows_for(self, uri: str, profile: PeerProfile, done: Located, now: float) -> None:
        """Where requests within a call go. Contacts of Teams name hosts and ports behind its proxies: those count."""
        trunk = self.trunks.get(profile.name)
        if trunk is not None and trunk.is_teams and is_teams(uri):
            flows = tuple(flow for peer in trunk.usable() for flow in peer.flows)
            if flows:
                done(flows, now)
                return
        self._locate(uri, lambda flows, then: done(tuple(map(self.own.placed, flows)), then))

    # --- the hub asks ---

    def place(self, trunk: str, request: CallRequest, owner: LegEvents, now: float) -> Leg:
        """Calls. Raises GatewayError: 503 without a peer, 483, 488 and 404 for what cannot leave by the trunk."""
        line = self.trunks.get(trunk)
        if line is None:
            raise GatewayError(f"no trunk {trunk!r}", sip_status=503, cause=38)
        check(request, line)
        peers = line.usable(_host_of(request.called.uri))
        if line.peers and not peers:
            raise GatewayError(f"no peer of trunk {trunk} answers", sip_status=503, cause=38)
        uri = target_uri(request, line, peers[0] if peers else None)
        leg = self.new_leg(line, owner, incoming=False, address=uri)
        if peers and all(peer.is_numeric for peer in peers):
            self._invite(leg, request, uri, tuple(flow for peer in peers for flow in peer.flows), now)
        elif peers:
            self._search(leg, request, uri, peers, now)
        else:
            self._locate(uri, lambda flows, then: self._located(leg, request, uri, flows, then))
        return leg

    def restore(self, snapshot: dict[str, object], owner: LegEvents, now: float) -> Leg:
        """A leg as it was. Raises GatewayError when its trunk is no more, or the snapshot is none of ours."""
        line = self.trunks.get(str(snapshot.get("trunk")))
        if line is None:
            raise GatewayError(f"no trunk {snapshot.get('trunk')!r} any more", sip_status=503)
        try:
            return self._restored(snapshot, line, owner, now)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise GatewayError(f"a leg cannot be restored: {error!r}") from error

    def cut_short(self, marks: dict[str, object], now: float) -> None:
        """A leg of ours that rang when the process ended: should it be answered yet, it is released."""
        line = self.trunks.get(str(marks.get("trunk")))
        if line is not None and "call_id" in marks:
            self.ua.cut_short(str(marks["call_id"]), str(marks.get("local_tag")), line.profile, now)

    def is_ours(self, uri: str) -> bool:
        """Whether the URI leads to this gateway."""
        return self.own.is_ours(uri)

    # --- legs ---

    def new_leg(self, trunk: SipTrunk, owner: LegEvents, *, incoming: bool, address: str) -> SipLeg:
        """A leg without a session yet."""
        self._legs += 1
        trunk.legs += 1
        return SipLeg(self, trunk, self._token(), owner, incoming=incoming, address=address)

    def forget(self, leg: SipLeg) -> None:
        """The leg is over."""
        self._legs -= 1
        leg.line.legs -= 1
        self.overlap.end(leg)

    def abilities(self) -> tuple[tuple[str, str], ...]:
        """Allow and what else an answer to OPTIONS says."""
        return _ABILITIES

    # --- parts ---

    def _invite(self, leg: SipLeg, request: CallRequest, uri: str, flows: tuple[Flow, ...], now: float) -> None:
        line, first = leg.line, flows[0]
        host, profile = line.host(first), line.profile(first)
        session = request.session
        if not session and profile.reliable == "required":
            # A reliable response would bring the offer, and the caller who has to answer it may know no PRACK.
            profile = replace(profile, reliable="supported")
        if session:
            if line.is_teams:
                session = only_inactive(session)
            session = with_origin(session, leg.origin(line.own.host(first)))
            leg.says_first(session)
        uuid = request.session_id or session_ids.made(leg.id)
        invitation = Invitation(
            uri,
            flows,
            invite_from(request, line, host),
            f"<{uri}>",
            profile,
            invite_fields(request, line, uri, host, uuid),
            session,
            (),
            request.hops - 1,
            part=token_part(request.referred_by, request.kept) if request.referred_by and not line.is_teams else b"",
        )
        leg.session = self.ua.invite(invitation, leg, now)
        leg.session.session_id.learn(uuid)

    def _search(self, leg: SipLeg, request: CallRequest, uri: str, peers: tuple[TrunkPeer, ...], now: float) -> None:
        """Looks up every peer; the call goes out when all are known."""
        search = _Search(len(peers))

        def found(peer: TrunkPeer, flows: tuple[Flow, ...], then: float) -> None:
            search.found[peer] = flows
            search.waiting -= 1
            if not search.waiting:
                self._located(leg, request, uri, tuple(f for each in peers for f in search.found[each]), then)

        for peer in peers:
            self._ways(peer, partial(found, peer), now)

    def _located(self, leg: SipLeg, request: CallRequest, uri: str, flows: tuple[Flow, ...], now: float) -> None:
        if leg.gone:
            return
        if flows:
            self._invite(leg, request, uri, tuple(map(self.own.placed, flows)), now)
            return
        self.timers.start(now, lambda then: self._unreachable(leg, then))

    def _unreachable(self, leg: SipLeg, now: float) -> None:
        if not leg.gone:
            leg.over()
            leg.owner.cleared(leg, leg.line.clearings.of_response(503, None), now)

    def _take_no_more(self, method: str, now: float) -> None:
        """Raises Refusal (503) for calls that are too many, and for all that is new when the process ends."""
        limits = self.configuration.limits
        if self._draining and method in ("INVITE", "OPTIONS"):
            if method == "INVITE":
                self.overload.drained()
            raise busy(limits)
        if method == "INVITE" and self._legs >= 2 * limits.calls:
            self.overload.refuse("calls", now)
            raise busy(limits)

    def _ways(self, peer: TrunkPeer, done: Located, now: float) -> None:
        """The ways to a peer, remembered for requests that come from there."""
        if peer.is_numeric:
            done(peer.flows, now)
            return

        def found(flows: tuple[Flow, ...], then: float) -> None:
            placed = tuple(map(self.own.placed, flows))
            if placed and placed != peer.flows:
                peer.flows = placed
                self._admission.learn(self.trunks.values())
            done(placed or peer.flows, then)

        self._locate(peer.uri, found)

    def _refresh(self, now: float) -> None:
        named = [peer for trunk in self.trunks.values() for peer in trunk.peers if not peer.is_numeric]
        for peer in named:
            self._ways(peer, lambda flows, then: None, now)
        self.timers.stop(self._refreshing)
        self._refreshing = self.timers.start(now + _REFRESH, self._refresh) if named else None

    def _configure(self, configuration: Configuration) -> None:
        self.overlap.is_wanted = any(each.overlap for each in configuration.isdn_trunks)
        product = configuration.user_agent
        self.ua.server = (("Server", product),) if product else ()
        settings = {each.name: each for each in configuration.sip_trunks}
        for name in [name for name in self.trunks if name not in settings]:
            self.trunks.pop(name).stop()
        for name, each in settings.items():
            trunk = self.trunks.get(name) or SipTrunk(self.own)
            trunk.configure(each, configuration, self._monitor)
            self.trunks[name] = trunk
        self._admission.learn(self.trunks.values())

    def _monitor(self, trunk: SipTrunk, peer: TrunkPeer) -> PeerMonitor:
        """OPTIONS where the trunk wants it; Teams wants it always (Microsoft: T4)."""
        wanted = trunk.is_teams if trunk.settings.options is None else trunk.settings.options
        interval = self.configuration.timing.options if wanted else 0.0

        def ask(heard: Callable[[int, float], None], now: float) -> None:
            self._ways(peer, lambda flows, then: self._options(trunk, peer, flows, heard, then), now)

        return PeerMonitor(trunk.name, str(peer.place), ask, interval, self.timers, self.observer)

    def _options(
        self,
        trunk: SipTrunk,
        peer: TrunkPeer,
        flows: tuple[Flow, ...],
        heard: Callable[[int, float], None],
        now: float,
    ) -> None:
        """OPTIONS without user parts."""
        if not flows:
            heard(503, now)
            return
        own = f"<sip:{trunk.host(flows[0])}>"
        self.ua.options(peer.uri, flows, own, f"<{peer.uri}>", trunk.profile(flows[0]), heard, now)

    def _restored(self, snapshot: dict[str, Any], line: SipTrunk, owner: LegEvents, now: float) -> SipLeg:
        """Raises KeyError, TypeError, ValueError and GatewayError for what is no snapshot of a leg."""
        flow = Flow(*snapshot["flow"])._replace(connection=0)
        flow = self.own.placed(flow._replace(transport=Transport(flow.transport)))
        incoming, address = bool(snapshot["incoming"]), str(snapshot["address"])
        leg = SipLeg(self, line, str(snapshot["id"]), owner, incoming=incoming, address=address)
        if snapshot.get("gone"):
            # Its call is over; the subscription to what becomes of its REFER is not (RFC 6665 §4.5.2).
            leg.gone = True
            dialog = self.ua.restore_dialog(snapshot["session"]["dialog"], line.profile(flow))
            dialog.session_id = SessionIdentifier(str(snapshot["others_uuid"]), str(snapshot["session_id"]))
            leg.resume_transfers(snapshot, self.ua, dialog, now)
            return leg
        session = self.ua.restore_session(snapshot["session"], line.profile(flow), now)
        self._legs += 1
        line.legs += 1
        leg.resume(snapshot, session)
        session.owner_context = leg
        if session.dialog is not None:
            leg.resume_transfers(snapshot, self.ua, session.dialog, now)
        return leg


def _names(configuration: Configuration) -> tuple[str, ...]:
    return tuple(trunk.fqdn for trunk in configuration.sip_trunks if trunk.fqdn)


def _realm(configuration: Configuration, listeners: Sequence[Listener]) -> str:
    names = _names(configuration)
    return names[0] if names else (listeners[0][1] if listeners else "refergate")


def _settings(configuration: Configuration) -> TransactionSettings:
    timing, limits = configuration.timing, configuration.limits
    return TransactionSettings(
        t1=timing.t1,
        t2=timing.t2,
        t4=timing.t4,
        most=limits.transactions,
        retry_after=limits.retry_after,
        message_octets=limits.message_octets,
        header_fields=limits.header_fields,
    )


def _try(
    configuration: Configuration, own: OwnAddresses, watch: Callable[[SipTrunk, TrunkPeer], PeerMonitor]
) -> None:
    """Raises GatewayError when a trunk of `configuration` cannot be set up."""
    for settings in configuration.sip_trunks:
        SipTrunk(own).configure(settings, configuration, watch)


def _host(address: str) -> str:
    """The host of a URI or a Route value, an IPv6 address without brackets; "" for what cannot be read."""
    try:
        host = Uri.parse(Address.parse(address).uri).host.strip("[]")
    except DecodeError:
        return ""
    return ip_address(host).compressed if is_address(host) else host


def _host_of(uri: str) -> str:
    """host:port of a SIP URI as it stands there."""
    after = uri.partition("?")[0].rpartition("@")[2]
    return after.removeprefix("sip:").removeprefix("sips:").partition(";")[0]
