"""The ISDN end: trunks with a D channel, and legs over their calls."""

from collections.abc import Callable, Mapping

from gateway.configuration import AnyTrunk, Configuration, IsdnTrunk, place
from gateway.ends.isdn_joining import IsdnJoinings
from gateway.ends.isdn_leg import IsdnLeg
from gateway.ends.isdn_line import IsdnLine
from gateway.ends.isdn_links import IsdnLinks
from gateway.ends.isdn_transfers import Names
from gateway.ends.line_end import LineEnd
from gateway.ends.media_resource import MediaResource
from gateway.ends.no_media import NoMedia
from gateway.hub.leg import LegEvents, Observer
from gateway.model.call import CallRequest
from gateway.model.errors import GatewayError
from gateway.model.timers import TimerQueue

_FIRST_PORT = 40_000


class IsdnEnd(LineEnd[IsdnLine]):
    """`send` takes a frame for the D channel of the trunk of that name, and must not call back at once.

    `media` are the media gateways by name. `hub` hears of new calls; it is set when all is wired, before `start`.
    Raises GatewayError for a kind of trunk, cause profile or number plan that does not exist.
    """

    at_start = (
        *("link", "side", "variant", "access", "bus", "tei", "nfas", "interface", "channels"),
        *("media", "media_address"),
    )

    def __init__(
        self,
        configuration: Configuration,
        timers: TimerQueue,
        send: Callable[[str, bytes], None],
        token: Callable[[], str],
        observer: Observer,
        media: Mapping[str, MediaResource] | None = None,
    ) -> None:
        super().__init__(configuration, observer)
        self.timers = timers
        self.token = token
        self.hub: LegEvents
        self._links = IsdnLinks(timers, send, token, observer)
        self._media = media or {}
        self.joinings = IsdnJoinings(self)
        self.names: dict[str, Names] = {}
        for settings in sorted(configuration.isdn_trunks, key=lambda trunk: bool(trunk.nfas)):
            main = self.lines.get(settings.nfas)
            self.lines[settings.name] = IsdnLine(self, settings, configuration, self._links, main)

    def start(self, now: float) -> None:
        """Layer 1 is there: every data link is established."""
        self._links.start(now)

    def receive(self, trunk: str, frame: bytes, now: float) -> None:
        """A frame of that trunk's D channel, or a message of the connection that goes by its name."""
        self._links.receive(trunk, frame, now)

    def line_changed(self, trunk: str, is_up: bool, now: float) -> None:
        """Layer 1 has come, or has gone."""
        self._links.line_changed(trunk, is_up, now)

    def wanted(self, configuration: Configuration) -> dict[str, AnyTrunk]:
        """The settings of its trunks, by name."""
        return {each.name: each for each in configuration.isdn_trunks}

    def statistics(self) -> dict[str, int]:
        """Numbers for people."""
        found: dict[str, int] = {}
        for name, line in self.lines.items():
            found[f"legs.{name}"] = len(line.legs)
            found[f"channels_idle.{name}"] = line.idle
            found[f"link_up.{name}"] = int(line.is_up)
        return found

    # --- the hub asks ---

    def place(self, trunk: str, request: CallRequest, owner: LegEvents, now: float) -> IsdnLeg:
        """Calls. Raises GatewayError."""
        return self.lines[trunk].place(request, owner, now)

    def restore(self, snapshot: dict[str, object], owner: LegEvents, now: float) -> IsdnLeg:
        """A leg as it was. Raises GatewayError when it cannot be taken up again."""
        line = self.lines.get(str(snapshot.get("trunk")))
        if line is None:
            raise GatewayError(f"no trunk {snapshot.get('trunk')!r} any more", sip_status=503)
        try:
            return line.restore(snapshot, owner, now)
        except (KeyError, TypeError, ValueError) as error:
            raise GatewayError(f"a leg cannot be restored: {error!r}") from error

    def media_for(self, settings: IsdnTrunk, law: str) -> MediaResource:
        """What ends the B-channels of a trunk."""
        named = self._media.get(settings.media)
        if named is not None:
            return named
        where = place(settings.media_address)
        return NoMedia(where.host, where.port or _FIRST_PORT, law)
