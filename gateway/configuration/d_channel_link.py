"""How the D channel of an ISDN trunk is reached: `link` of the trunk."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import ClassVar, Literal

from gateway.configuration.place import Place, place

IUA_PORT = 9900
BACKHAUL_PORT = 2428

_HIGHEST_IDENTIFIER = 0xFFFFFFFF
_NAMED_INTERFACE = re.compile(r"[!-~]{1,255}", re.ASCII)


@dataclass(frozen=True, slots=True)
class UdpEnds:
    """`udp:local>peer`: a datagram for each LAPD frame, without FCS."""

    local: Place
    peer: Place
    connection: ClassVar[str] = ""

    @property
    def key(self) -> str:
        """What no other trunk may have."""
        return str(self.local)


@dataclass(frozen=True, slots=True)
class DahdiDevice:
    """`dahdi:/dev/dahdi/16`: a channel of a DAHDI span that does HDLC."""

    path: str
    connection: ClassVar[str] = ""

    @property
    def key(self) -> str:
        """What no other trunk may have."""
        return self.path


@dataclass(frozen=True, slots=True)
class IuaInterface:
    """`iua:host:port/interface` over SCTP, `iua+tcp:` over TCP: an interface of a signalling gateway (RFC 4233).

    `interface` is its identifier there, a number or a text. Trunks of one signalling gateway share a connection.
    """

    transport: Literal["sctp", "tcp"]
    host: str
    port: int
    interface: int | str

    @property
    def connection(self) -> str:
        """What trunks with the same one share."""
        return f"iua {self.transport} {self.host} {self.port}"

    @property
    def key(self) -> str:
        """What no other trunk may have."""
        return f"{self.connection} {self.interface}"


@dataclass(frozen=True, slots=True)
class BackhaulChannel:
    """`backhaul:host:port/channel`: a D channel of a Cisco gateway that connects to us (PRI backhaul over TCP)."""

    host: str
    port: int
    channel: int

    @property
    def connection(self) -> str:
        """What trunks with the same one share."""
        return f"backhaul {self.host} {self.port}"

    @property
    def key(self) -> str:
        """What no other trunk may have."""
        return f"{self.connection} {self.channel}"


DChannelLink = UdpEnds | DahdiDevice | IuaInterface | BackhaulChannel
"""Every kind of link. `connection` is "" for those that belong to one trunk only."""


def d_channel_link(text: str) -> DChannelLink:
    """The link that `text` names. Raises ValueError."""
    kind, _, rest = text.partition(":")
    match kind:
        case "udp":
            return _udp(rest)
        case "dahdi":
            return _dahdi(rest)
        case "iua":
            return _iua("sctp", rest)
        case "iua+tcp":
            return _iua("tcp", rest)
        case "backhaul":
            return _backhaul(rest)
    raise ValueError("should begin with udp:, dahdi:, iua:, iua+tcp: or backhaul:")


def _udp(rest: str) -> UdpEnds:
    own, arrow, peer = rest.partition(">")
    if not arrow:
        raise ValueError("should be udp:local-host:port>remote-host:port")
    ends = place(f"udp:{own}"), place(peer if peer.startswith("udp:") else f"udp:{peer}")
    if not all(end.is_numeric and end.port is not None for end in ends):
        raise ValueError("both ends need an address and a port")
    return UdpEnds(*ends)


def _dahdi(rest: str) -> DahdiDevice:
    if not rest.startswith("/"):
        raise ValueError("should be dahdi:/path/of/the/device")
    return DahdiDevice(rest)


def _iua(transport: Literal["sctp", "tcp"], rest: str) -> IuaInterface:
    host, port, name = _shared(rest, IUA_PORT, "iua:address:port/interface")
    if not _NAMED_INTERFACE.fullmatch(name):
        raise ValueError("an interface identifier is a number, or text of up to 255 letters")
    if name.isdecimal() and int(name) > _HIGHEST_IDENTIFIER:
        raise ValueError(f"interface identifiers go up to {_HIGHEST_IDENTIFIER}")
    return IuaInterface(transport, host, port, int(name) if name.isdecimal() else name)


def _backhaul(rest: str) -> BackhaulChannel:
    host, port, channel = _shared(rest, BACKHAUL_PORT, "backhaul:address:port/channel")
    if not channel.isdecimal() or int(channel) > 0xFFFF:
        raise ValueError("a backhaul channel is a number up to 65535")
    return BackhaulChannel(host, port, int(channel))


def _shared(rest: str, port: int, shape: str) -> tuple[str, int, str]:
    """Address, port and what comes after the slash."""
    where, slash, what = rest.partition("/")
    found = place(f"tcp:{where}")
    if not slash or not what:
        raise ValueError(f"should be {shape}")
    ip_address(found.host)
    return found.host, port if found.port is None else found.port, what
