"""The D channels of all ISDN trunks: each by the kind of link that its trunk names."""

import asyncio
import errno
from collections.abc import Callable

from gateway.configuration import (
    BackhaulChannel,
    Configuration,
    DahdiDevice,
    DChannelLink,
    IsdnTrunk,
    IuaInterface,
    UdpEnds,
)
from gateway.isdn import backhaul_message, iua_message
from gateway.model.errors import GatewayError
from gateway.runtime.d_channel import DChannel
from gateway.runtime.dahdi_link import DahdiLink
from gateway.runtime.stream_link import Caller, Carried, Ends, Listener
from gateway.runtime.udp_link import UdpLink

Received = Callable[[str, bytes, float], None]
"""Takes the trunk, a frame of its D channel or a message of the connection that goes by its name, and the time."""


class DChannels:
    """Links by the name of their trunk. `received` and `changed` hear of them, `done` that a burst is over.

    Trunks that share a connection have one link, which goes by the name of the first of them.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Callable[[], float]) -> None:
        self.received: Received = lambda trunk, frame, now: None
        self.changed: Callable[[str, bool, float], None] = lambda trunk, is_up, now: None
        self.done: Callable[[], None] = lambda: None
        self._loop = loop
        self._clock = clock
        self._links: dict[str, DChannel] = {}

    def open(self, configuration: Configuration) -> None:
        """Opens every link. Raises GatewayError when one cannot be."""
        shared: dict[str, DChannel] = {}
        for trunk in configuration.isdn_trunks:
            link = trunk.d_channel
            if link is None:
                continue
            if link.connection not in shared:
                self._links[trunk.name] = self._opened(trunk, link)
                if link.connection:
                    shared[link.connection] = self._links[trunk.name]

    def send(self, trunk: str, frame: bytes) -> None:
        """A frame for the D channel of that trunk."""
        link = self._links.get(trunk)
        if link is not None:
            link.send(frame)

    def ends(self, trunk: str) -> Ends | None:
        """Our address and the peer's, of the connection that this trunk has its D channel on; None without one."""
        link = self._links.get(trunk)
        return link.ends if isinstance(link, Caller | Listener) else None

    def close(self) -> None:
        """Nothing is sent or heard any more."""
        for link in self._links.values():
            link.close()

    def _opened(self, trunk: IsdnTrunk, link: DChannelLink) -> DChannel:
        try:
            return self._link(link, _User(trunk.name, self))
        except OSError as error:
            if isinstance(link, IuaInterface) and error.errno == errno.EPROTONOSUPPORT:
                why = "this kernel has no SCTP; iua+tcp: is for laboratories"
                raise GatewayError(f"link {trunk.link} of trunk {trunk.name}: {why}") from error
            raise GatewayError(f"link {trunk.link} of trunk {trunk.name}: {error}") from error

    def _link(self, link: DChannelLink, user: "_User") -> DChannel:
        """Raises OSError."""
        match link:
            case UdpEnds(own, peer):
                return UdpLink(self._loop, (own.host, own.port or 0), (peer.host, peer.port or 0), user, self._clock)
            case DahdiDevice(path):
                return DahdiLink(self._loop, path, user, self._clock)
            case IuaInterface(transport, host, port, _):
                carried = Carried(iua_message.PAYLOAD_PROTOCOL, iua_message.stream) if transport == "sctp" else None
                return Caller(self._loop, (host, port), carried, iua_message.length, user, self._clock)
            case BackhaulChannel(host, port, _):
                return Listener(self._loop, (host, port), backhaul_message.length, user, self._clock)


class _User:
    """Hears one link."""

    def __init__(self, trunk: str, links: DChannels) -> None:
        self._trunk = trunk
        self._links = links

    def frame_received(self, frame: bytes, now: float) -> None:
        self._links.received(self._trunk, frame, now)

    def line_changed(self, is_up: bool, now: float) -> None:
        self._links.changed(self._trunk, is_up, now)
        self._links.done()

    def after_batch(self, now: float) -> None:
        self._links.done()
