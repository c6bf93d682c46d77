"""One ISDN trunk at work: its interface, its calls as legs, and how parties and causes are said on it."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from gateway.configuration import Configuration, IsdnTrunk
from gateway.ends import isdn_user_user
from gateway.ends.indifferent import Indifferent
from gateway.ends.isdn_calling import Calling
from gateway.ends.isdn_clearing import IsdnClearings
from gateway.ends.isdn_events import IsdnEvents
from gateway.ends.isdn_leg import IsdnLeg
from gateway.ends.isdn_links import IsdnLinks
from gateway.ends.isdn_parties import Elements, Parties
from gateway.ends.isdn_services import IsdnServices
from gateway.ends.media_resource import MediaResource
from gateway.ends.no_media import can_answer
from gateway.hub.leg import LegEvents
from gateway.hub.routing import Routing
from gateway.interworking.address_map import AddressMap
from gateway.interworking.cause_map import cause_map
from gateway.interworking.number_plan import number_plan
from gateway.isdn import elements as codec
from gateway.isdn.call import IsdnCall
from gateway.isdn.call_control import InterfaceSettings
from gateway.isdn.call_control_owner import POINT_TO_POINT
from gateway.isdn.channels import BChannel
from gateway.isdn.elements import BEARERS, Notification
from gateway.isdn.q931 import Identifier, InformationElement, Message
from gateway.isdn.side import Side
from gateway.isdn.variant import variant
from gateway.model.call import CallRequest, Clearing
from gateway.model.causes import Cause, Location
from gateway.model.errors import GatewayError
from gateway.model.parties import Number

if TYPE_CHECKING:
    from gateway.ends.isdn_end import IsdnEnd

_SPEECH = {law: InformationElement(Identifier.BEARER_CAPABILITY, BEARERS[f"speech {law}-law"]) for law in ("A", "mu")}
_COMPLETE = InformationElement(Identifier.SENDING_COMPLETE)
_NO_MEDIA = Clearing(503, Cause(47))
_TELL_HOLD = frozenset(("etsi", "qsig"))


class IsdnLine(Indifferent):
    """A trunk by its settings, and the owner of its interface. `asking` are calls whose media has no description yet.

    `links` make the interface. With NFAS one trunk has the D channel for several: it is the `main` of the others and
    owns the interface, and calls that come are theirs by the B-channel.
    Raises GatewayError for a kind of trunk, a cause profile or a number plan that does not exist.
    """

    def __init__(
        self,
        end: "IsdnEnd",
        settings: IsdnTrunk,
        configuration: Configuration,
        links: IsdnLinks,
        main: "IsdnLine | None" = None,
    ) -> None:
        self.name = settings.name
        self.made_from = settings
        self.timers = end.timers
        self.end = end
        self.variant = variant(settings.variant)
        self.side = Side(settings.side)
        self.location = Location.LOCAL_NETWORK if self.side is Side.NETWORK else Location.USER
        self.media: MediaResource = end.media_for(settings, self.variant.law)
        self.asking: dict[IsdnLeg, CallRequest] = {}
        self.legs: set[IsdnLeg] = set()
        self.configure(settings, configuration)
        self.channels = frozenset(_channels(settings))
        self._of_interface: dict[int, IsdnLine] = {}
        if main is None:
            self.interface = links.interface(settings, _interface(settings, configuration), self)
        else:
            self.interface = main.interface
            main._of_interface[settings.interface] = self
        self.control = self.interface.control
        self.services = IsdnServices(self)

    def configure(self, settings: IsdnTrunk, configuration: Configuration) -> None:
        """Goes by these settings from now on; the link and its channels stay as they are."""
        self.settings = settings
        self.causes = cause_map(settings.causes)
        self.clearings = IsdnClearings(self.causes)
        domain = own_host(configuration)
        plan = number_plan(settings.numbers or "default")
        self.parties = Parties(
            AddressMap(plan, domain), domain, trusted=settings.trusted, names=self.variant.operations == "qsig"
        )
        self.routing = Routing(configuration.routes)

    @property
    def hub(self) -> LegEvents:
        """Who takes calls."""
        return self.end.hub

    @property
    def is_up(self) -> bool:
        """Whether its data link is up, or comes up when a call wants it."""
        return self.interface.is_ready

    @property
    def idle(self) -> int:
        """How many of its B-channels could be taken."""
        return sum(map(self.control.channels.is_idle, self.channels))

    @property
    def tells_hold(self) -> bool:
        """Whether the peer wants to hear that the other side holds a call."""
        return self.variant.operations in _TELL_HOLD

    def hold_notification(self, *, held: bool) -> InformationElement:
        """The element of NOTIFY that says so (EN 300 141)."""
        notification = Notification.REMOTE_HOLD if held else Notification.REMOTE_RETRIEVAL
        return InformationElement(Identifier.NOTIFICATION_INDICATOR, codec.encode_notification(notification))

    # --- calls of ours ---

    def place(self, request: CallRequest, owner: LegEvents, now: float) -> IsdnLeg:
        """SETUP. Raises GatewayError: 503 without link or channel, 404 and 484 for what is no number, 488 for media
        that no B-channel carries, 483 and 481 for what the ISDN cannot do.
        """
        self._check(request)
        number = self.parties.called(request.called)
        elements = self._setup_elements(request, number)
        leg = self.new_leg(owner, incoming=False, address=self.parties.uri(number))
        try:
            call = self.control.setup(elements, now, channel=self.free_channel())
        except GatewayError:
            self.forget(leg, now)
            raise
        self._take(leg, call).placed(Calling(self, elements, number))
        leg.reserve(request.session, now)
        return leg

    def free_channel(self, but: Collection[BChannel] = ()) -> BChannel | None:
        """The B-channel that a call of ours should have, none of `but`; None leaves it to call control.

        Where the D channel is that of several trunks, it is one of this trunk's. Raises GatewayError when all are
        taken.
        """
        if not but and not self.control.settings.explicit:
            return None
        found = self.control.channels.next_idle(self.channels, but)
        if found is None:
            raise GatewayError("no B-channel is free", sip_status=503, cause=34)
        return found

    def _check(self, request: CallRequest) -> None:
        if not self.is_up:
            raise GatewayError(f"the D channel of {self.name} is down", sip_status=503, cause=38)
        if request.hops <= 1:
            raise GatewayError("the call has passed too many gateways", sip_status=483, cause=25)
        if request.replaces:
            raise GatewayError("no call can be replaced on the ISDN", sip_status=481, cause=29)
        if request.session and not can_answer(request.session):
            raise GatewayError("no audio that a B-channel carries", sip_status=488, cause=65)

    def _setup_elements(self, request: CallRequest, number: Number) -> Elements:
        complete = (_COMPLETE,) if self.variant.sending_complete and not self.settings.overlap else ()
        return (
            *complete,
            *self.services.of_setup(request),
            _SPEECH[self.variant.law],
            *self.parties.calling(request),
            self.parties.called_element(number),
            *self.parties.redirecting(request.kept),
            *isdn_user_user.elements(request.kept),
        )

    # --- calls that are offered ---

    def call_offered(self, call: IsdnCall, message: Message, now: float) -> None:
        """SETUP. Raises GatewayError when no more calls are taken, or the number is missing."""
        line = self._of_interface.get(call.channel.interface) if call.channel is not None else None
        (line or self)._offered(call, message, now)

    def _offered(self, call: IsdnCall, message: Message, now: float) -> None:
        if not self.end.takes_calls(now):
            raise GatewayError("no more calls are taken", sip_status=503, cause=42)
        has_number = message.contents(Identifier.CALLED_PARTY_NUMBER) is not None
        is_last = message.element(Identifier.SENDING_COMPLETE) is not None or not self.settings.overlap
        if is_last and not has_number:
            raise GatewayError("no called number", sip_status=484, cause=28)
        leg = self.new_leg(self.hub, incoming=True, address="")
        self._take(leg, call).arrived(call, message, now)

    def is_complete(self, number: Number) -> bool:
        """Whether the routes want no further digit of it."""
        return self.routing.is_complete(self.name, self.parties.party(number))

    def leads_somewhere(self, number: Number) -> bool:
        """Whether a route fits what has been dialled so far."""
        try:
            return bool(self.routing.route(self.name, self.parties.party(number)))
        except GatewayError:
            return False

    def request(self, message: Message, number: Number) -> CallRequest:
        """What a SETUP asks for, without the session."""
        calling, asserted, privacy = self.parties.caller(message)
        return CallRequest(
            self.parties.party(number),
            calling,
            asserted=asserted,
            privacy=privacy,
            kept=(*self.parties.diversions(message), *isdn_user_user.kept(message)),
        )

    # --- media ---

    def media_reserved(self, leg: IsdnLeg, session: bytes | None, now: float) -> None:
        """The B-channel of a new call has an end, or cannot have one."""
        if session is None:
            self.timers.start(now, lambda then: self._without_media(leg, then))
            return
        leg.remote_session = session
        request = self.asking.pop(leg, None)
        if request is not None:
            self.events(leg).asked(request, now)
        elif leg.answer_due is not None:
            leg.answered_late(now)

    def media_changed(self, leg: IsdnLeg, session: bytes | None, now: float) -> None:
        """The end of another B-channel of the same call."""
        if session is not None:
            leg.remote_session = session

    def _without_media(self, leg: IsdnLeg, now: float) -> None:
        if leg.gone:
            return
        was_asked = self.asking.pop(leg, None) is None
        failure = leg.media_failure
        clearing = self.clearings.refused(failure) if failure is not None else _NO_MEDIA
        leg.clear(clearing, now)
        if was_asked:
            leg.owner.cleared(leg, clearing, now)

    # --- legs ---

    def new_leg(self, owner: LegEvents, *, incoming: bool, address: str) -> IsdnLeg:
        """A leg without a call yet."""
        leg = IsdnLeg(self, self.end.token(), owner, incoming=incoming, address=address)
        self.legs.add(leg)
        return leg

    def another_leg(self, leg: IsdnLeg) -> IsdnLeg:
        """A new leg on the same call, whose last one is over."""
        other = self.new_leg(self.hub, incoming=leg.incoming, address=leg.address)
        other.call = leg.call
        return other

    def forget(self, leg: IsdnLeg, now: float) -> None:
        """The leg is over."""
        self.legs.discard(leg)
        self.asking.pop(leg, None)
        self.services.forget(leg, now)

    def restore(self, snapshot: dict[str, object], owner: LegEvents, now: float) -> IsdnLeg:
        """A leg as it was. Raises GatewayError when its call cannot be taken up again."""
        said, tei = snapshot["call"], snapshot.get("tei")
        if isinstance(tei, int):
            self.interface.assume(tei, now)
        leg = IsdnLeg(self, str(snapshot["id"]), owner, incoming=bool(snapshot["incoming"]), address="")
        leg.address = str(snapshot["address"])
        call = self.control.restore_call(said if isinstance(said, dict) else {}, now)
        self.legs.add(leg)
        self._take(leg, call)
        leg.resume(snapshot, call, now)
        return leg

    def events(self, leg: IsdnLeg) -> IsdnEvents:
        """Who hears the leg's call."""
        found = leg.call.owner
        assert isinstance(found, IsdnEvents)
        return found

    def _take(self, leg: IsdnLeg, call: IsdnCall) -> IsdnEvents:
        leg.call = call
        events = call.owner = IsdnEvents(self, leg)
        return events

    # --- what concerns no leg ---

    def data_link_changed(self, is_up: bool, link: int, now: float) -> None:
        """Q.921 is up, or lost; those of terminals on a bus come and go with calls."""
        level = "info" if is_up or link != POINT_TO_POINT else "warning"
        tei = {} if link == POINT_TO_POINT else {"tei": link}
        self.end.observer.log("isdn.data_link", level=level, trunk=self.name, up=is_up, **tei)

    def channels_restarted(self, channels: tuple[BChannel, ...], now: float) -> None:
        """RESTART is done."""
        self.end.observer.log("isdn.restarted", trunk=self.name, channels=[str(each) for each in channels])

    def restart_failed(self, channels: tuple[BChannel, ...], now: float) -> None:
        """No answer to RESTART."""
        names = [str(each) for each in channels]
        self.end.observer.log("isdn.restart_failed", level="warning", trunk=self.name, channels=names)


def own_host(configuration: Configuration) -> str:
    """The host of URIs that stand for numbers on the ISDN: that of the first listener."""
    host = configuration.listen[0].partition(":")[2].rpartition(":")[0]
    return host or "gateway.invalid"


def _interface(settings: IsdnTrunk, configuration: Configuration) -> InterfaceSettings:
    """With the B-channels of all trunks that this D channel is for, its own first."""
    others = tuple(trunk for trunk in configuration.isdn_trunks if trunk.nfas == settings.name)
    return InterfaceSettings(
        Side(settings.side),
        variant(settings.variant),
        tuple(channel for trunk in (settings, *others) for channel in _channels(trunk)),
        access=settings.access,
        multipoint=settings.bus,
        explicit=bool(others),
        # Another terminal may have the channel that we would like.
        exclusive=False if settings.bus and settings.side == "user" else None,
    )


def _channels(settings: IsdnTrunk) -> tuple[BChannel, ...]:
    return tuple(BChannel(settings.interface, number) for number in settings.channel_numbers)
