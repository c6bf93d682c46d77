"""The ISDN end: trunks with a D channel, and legs over their calls."""

from collections.abc import Callable, Mapping

from gateway.configuration import Configuration, IsdnTrunk, place
from gateway.ends.isdn_joining import IsdnJoinings
from gateway.ends.isdn_leg import IsdnLeg
from gateway.ends.isdn_line import IsdnLine
from gateway.ends.isdn_links import IsdnLinks
from gateway.ends.isdn_transfers import Names
from gateway.ends.media_resource import MediaResource
from gateway.ends.no_media import NoMedia
from gateway.hub.leg import LegEvents, Observer
from gateway.hub.overload import Overload
from gateway.model.call import CallRequest
from gateway.model.errors import GatewayError
from gateway.model.timers import TimerQueue

_FIRST_PORT = 40_000
_AT_START = (
    *("link", "side", "variant", "access", "bus", "tei", "nfas", "interface", "channels"),
    *("media", "media_address"),
)
"""Keys of a trunk that are looked at when it is made and not again."""


class IsdnEnd:
    """`send` takes a frame for the D channel of the trunk of that name, and must not call back at once.

    `media` are the media gateways by name. `hub` hears of new calls; it is set when all is wired, before `start`.
    Raises GatewayError for a kind of trunk, cause profile or number plan that does not exist.
    """

    def __init__(
        self,
        configuration: Configuration,
        timers: TimerQueue,
        send: Callable[[str, bytes], None],
        token: Callable[[], str],
        observer: Observer,
        media: Mapping[str, MediaResource] | None = None,
    ) -> None:
        self.configuration = configuration
        self.timers = timers
        self.token = token
        self.observer = observer
        self.hub: LegEvents
        self.overload = Overload(observer)
        self.is_draining = False
        self._links = IsdnLinks(timers, send, token, observer)
        self._media = media or {}
        self.joinings = IsdnJoinings(self)
        self.names: dict[str, Names] = {}
        self.lines: dict[str, IsdnLine] = {}
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

    def drain(self, now: float) -> None:
        """Takes no new calls."""
        self.is_draining = True

    def reload(self, configuration: Configuration, now: float) -> None:
        """Goes by other settings; calls stay. What belongs to a link changes with a restart only: it is logged."""
        self.configuration = configuration
        wanted = {each.name: each for each in configuration.isdn_trunks}
        for name, line in self.lines.items():
            settings = wanted.get(name)
            if settings is not None:
                line.configure(settings, configuration)
                waiting = [key for key in _AT_START if getattr(settings, key) != getattr(line.made_from, key)]
            else:
                waiting = ["name"]
            if waiting:
                self.observer.log("reload.needs_restart", level="warning", trunk=name, keys=waiting)
        for name in wanted.keys() - self.lines.keys():
            self.observer.log("reload.needs_restart", level="warning", trunk=name, keys=["name"])

    def takes_calls(self, now: float) -> bool:
        """Whether one more call is taken; one that is not is counted."""
        if self.is_draining:
            self.overload.drained()
            return False
        if sum(len(line.legs) for line in self.lines.values()) >= 2 * self.configuration.limits.calls:
            self.overload.refuse("calls", now)
            return False
        return True

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
