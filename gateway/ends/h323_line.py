"""One H.323 trunk at work: its call signalling, its calls as legs, and how parties and causes are said on it."""

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.configuration import Configuration, H323Trunk
from gateway.configuration.h323_trunk import host_and_port
from gateway.ends.h323_clearing import H323Clearings, not_admitted
from gateway.ends.h323_events import H323Events
from gateway.ends.h323_gatekeeper import H323Gatekeeper
from gateway.ends.h323_leg import SERVICE, H323Leg
from gateway.ends.h323_parties import H323Parties, own_aliases
from gateway.ends.h323_placing import H323Placing
from gateway.ends.h323_secondary import REFUSED_IDENTITY
from gateway.ends.h323_services import H323Services
from gateway.ends.isdn_line import own_host
from gateway.h323 import call_parties
from gateway.h323.arguments import encode_argument
from gateway.h323.call import H323Call
from gateway.h323.call_contents import Contents, NewCall
from gateway.h323.call_owner import CallOwner, ChannelOwner
from gateway.h323.h225 import CallSignal
from gateway.h323.ras.client import Admission, RasCall, Refusal
from gateway.h323.signalling import CallSignalling, SignallingSettings
from gateway.h323.signalling_channel import SignallingChannel
from gateway.hub.leg import LegEvents
from gateway.interworking.address_map import AddressMap
from gateway.interworking.cause_map import cause_map
from gateway.interworking.number_plan import number_plan
from gateway.interworking.transfer_ladder import share_signalling
from gateway.model.call import Answer, CallRequest, Clearing
from gateway.model.errors import GatewayError
from gateway.model.remote_operations import Invoke
from gateway.translators.h450_2_writing import INITIATE, Draft

if TYPE_CHECKING:
    from gateway.ends.h323_end import H323End


class H323Line(ChannelOwner):
    """A trunk by its settings, and the owner of its channels. `admissions` are the calls that its gatekeeper knows.

    Raises GatewayError for a cause profile or a number plan that does not exist.
    """

    def __init__(self, end: "H323End", settings: H323Trunk, configuration: Configuration) -> None:
        self.name = settings.name
        self.made_from = settings
        self.end = end
        self.timers = end.timers
        self.legs: set[H323Leg] = set()
        self.admissions: dict[H323Leg, RasCall] = {}
        self.signalling = CallSignalling(SignallingSettings(), end.timers, end.token, self, self.noted)
        self.configure(settings, configuration)
        self.services = H323Services(self)
        self.gatekeeper = H323Gatekeeper(self) if settings.gatekeeper is not None else None

    def configure(self, settings: H323Trunk, configuration: Configuration) -> None:
        """Goes by these settings from now on."""
        self.settings = settings
        self.causes = cause_map(settings.causes)
        self.clearings = H323Clearings(self.causes)
        plan = number_plan(settings.numbers or "default")
        self.parties = H323Parties(AddressMap(plan, own_host(configuration)), trusted=settings.trusted)
        self.own_aliases = own_aliases(settings.aliases)
        self.signalling.settings = replace(self.signalling.settings, tunnelling=settings.tunnelling)

    @property
    def hub(self) -> LegEvents:
        """Who takes calls."""
        return self.end.hub

    @property
    def is_up(self) -> bool:
        """Whether calls can be made: the gatekeeper has us, or there is none."""
        return self.gatekeeper.is_registered if self.gatekeeper is not None else bool(self.settings.peers)

    def admits(self, host: str) -> bool:
        """Whether somebody at that address may connect."""
        gatekeeper = self.settings.gatekeeper
        known = [host_and_port(each, 0)[0] for each in self.settings.peers]
        if gatekeeper is not None:
            if gatekeeper.direct:
                return True
            known.append(host_and_port(gatekeeper.address, 0)[0])
        return host in known

    # --- calls of ours ---

    def place(self, request: CallRequest, owner: LegEvents, now: float) -> H323Leg:
        """SETUP, after the gatekeeper's leave where there is one. Raises GatewayError: 503 without a way, 404 for a
        party without alias, 488 for media that H.245 cannot say, 483 and 481 for what H.323 cannot do.
        """
        self._check(request)
        called = self.parties.called(request.called)
        leg = self._new_leg(owner, incoming=False, address=self.parties.party(called).uri or request.called.uri)
        leg.local_session = request.session
        try:
            if request.session and not leg.media.can_take(request.session):
                raise GatewayError("no audio that H.245 can say", sip_status=488, cause=65)
            H323Placing(self, leg, request, called).begin(now)
        except GatewayError:
            leg.over(now)
            raise
        return leg

    def _check(self, request: CallRequest) -> None:
        if not self.is_up:
            raise GatewayError(f"{self.name} is not registered with its gatekeeper", sip_status=503, cause=38)
        if request.hops <= 1:
            raise GatewayError("the call has passed too many gateways", sip_status=483, cause=25)
        if request.replaces:
            raise GatewayError("no dialog can be replaced in H.323", sip_status=481, cause=29)

    def call(self, placing: H323Placing, address: str, new: NewCall, now: float) -> None:
        """SETUP on a connection of its own. Raises GatewayError."""
        channel = self.end.connections.channel_to(self, address, now)
        try:
            call = channel.place_call(new, H323Events(self, placing.leg, placing), now)
        except GatewayError:
            channel.close(now)
            raise
        placing.leg.take(call)

    # --- calls that are offered ---

    def owner_of(self, channel: SignallingChannel, message: CallSignal, now: float) -> CallOwner:
        """A SETUP on one of our channels. Raises GatewayError when no more calls are taken."""
        if not self.end.takes_calls(now):
            raise GatewayError("no more calls are taken", sip_status=503, cause=42)
        return H323Events(self)

    def arrived(self, call: H323Call, message: CallSignal, now: float) -> H323Leg:
        """SETUP: the hub is asked as soon as the gatekeeper has admitted the call, where there is one."""
        calling, asserted, privacy = self.parties.caller(message)
        leg = self._new_leg(self.hub, incoming=True, address=calling.uri)
        leg.take(call)
        replaced, refusal = self.services.secondary.arrived(leg, message)
        if refusal:
            leg.end(REFUSED_IDENTITY, now, refusal)
            return leg
        session = leg.media.arrived()
        request = CallRequest(
            self.parties.party(call_parties.called(message)),
            calling,
            session,
            asserted=asserted,
            privacy=privacy,
            referred_by=self.services.secondary.referred_by(leg),
            kept=self.parties.diversions(message),
        )
        leg.remote_session = session
        call.proceeding(now)
        self.services.heard(leg, message.supplementary_services, message, now)
        if not leg.gone:
            self._admit(leg, request, replaced, now)
        return leg

    def _admit(self, leg: H323Leg, request: CallRequest, replaced: H323Leg | None, now: float) -> None:
        gatekeeper = self.gatekeeper.client if self.gatekeeper is not None else None
        if gatekeeper is None:
            self._ask_hub(leg, request, replaced, now)
            return
        call = leg.call
        ras = RasCall(call.identifier, call.conference, call.call_reference, answering=True)

        def heard(answer: Admission | Refusal, then: float) -> None:
            if isinstance(answer, Refusal):
                self.log("h323.not_admitted", leg, reason=answer.reason)
                leg.clear(not_admitted(answer.reason), then)
            else:
                self._ask_hub(leg, request, replaced, then)

        self.admissions[leg] = ras
        aliases = (request.called.aliases, request.calling.aliases)
        gatekeeper.admit(ras, *aliases, heard, now, address=call.channel.peer)

    def _ask_hub(self, leg: H323Leg, request: CallRequest, replaced: H323Leg | None, now: float) -> None:
        if leg.gone:
            return
        if not request.session:
            leg.asks_without_session()
        self.hub.call_asked(leg, request, replaced, now)

    def connecting(self, leg: H323Leg, answer: Answer, media: Contents) -> Contents:
        """What CONNECT says: who has answered, the media, the answer to callTransferSetup."""
        party = self.parties.told(answer.party) if answer.party is not None else None
        apdus = self.services.secondary.answer(leg)
        return replace(media, party=party, display=party.name if party else "", apdus=apdus)

    def answered(self, leg: H323Leg, now: float) -> None:
        """A call was answered."""
        ras = self.admissions.get(leg)
        if ras is not None and self.gatekeeper is not None and self.gatekeeper.client is not None:
            self.gatekeeper.client.answered(ras, now)

    # --- legs ---

    def _new_leg(self, owner: LegEvents, *, incoming: bool, address: str) -> H323Leg:
        leg = H323Leg(self, self.end.token(), owner, incoming=incoming, address=address)
        self.legs.add(leg)
        return leg

    def forget(self, leg: H323Leg, now: float) -> None:
        """The leg is over."""
        self.legs.discard(leg)
        self.services.forget(leg, now)
        ras = self.admissions.pop(leg, None)
        if ras is not None and self.gatekeeper is not None and self.gatekeeper.client is not None:
            self.gatekeeper.client.disengage(ras, now)

    def finished(self, call: H323Call, now: float) -> None:
        """A call is over on both sides: a connection that was opened for it has no use any more."""
        channel = call.channel
        if channel.outgoing and not channel.calls:
            self.timers.start(now, channel.close)

    def services_for(self, leg: H323Leg, other: object) -> frozenset[str]:
        """By what the peer of `leg` can be sent to that of `other`, or (None) to anybody whom it can reach."""
        if not self.settings.native or leg.gone or not leg.answered:
            return frozenset()
        if other is None:
            return frozenset((SERVICE,))
        fits = isinstance(other, H323Leg) and other.answered and not other.gone
        together = isinstance(other, H323Leg) and share_signalling(self.settings, other.line.settings)
        return frozenset((SERVICE,)) if fits and together else frozenset()

    def signalling_address(self, leg: H323Leg) -> str:
        """Where the peer of the leg can call us; "" when calls are not taken."""
        if not self.settings.listen:
            return ""
        host, port = host_and_port(self.settings.listen, 0)
        own = self.end.connections.own_address(leg.call.channel) or host
        return f"[{own}]:{port}" if ":" in own else f"{own}:{port}"

    def as_profiled(self, made: Draft) -> Draft:
        """A component of H.450.2 as the peers of this trunk want it: a missing secondary call is one blank, or empty
        (callTransferInitiate; in callTransferSetup it is always empty, as blanks have been looked up there).
        """
        component = made.component
        if (
            made.operation != INITIATE
            or self.settings.call_identity != "empty"
            or not isinstance(component, Invoke)
            or made.value is None
            or made.value["callIdentity"].strip()
        ):
            return made
        argument = encode_argument(component.operation, made.value | {"callIdentity": ""})
        return replace(made, component=replace(component, argument=argument))

    # --- the log ---

    def log(self, event: str, leg: H323Leg, *, level: str = "info", **fields: object) -> None:
        """One line about a leg."""
        self.end.observer.log(event, level=level, **leg.marks, **fields)

    def noted(self, event: str, **fields: object) -> None:
        """One line about the trunk."""
        self.end.observer.log(event, trunk=self.name, **fields)

    def disengage(self, wanted: RasCall, clearing: Clearing, now: float) -> None:
        """The gatekeeper wants a call cleared."""
        for leg, ras in tuple(self.admissions.items()):
            if ras == wanted and not leg.gone:
                owner = leg.owner
                leg.clear(clearing, now)
                owner.cleared(leg, clearing, now)
