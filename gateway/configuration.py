"""gateway.yaml: what the server listens on, its trunks and routes. Errors name file, line and key."""

import re
from collections.abc import Iterator
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, field_validator, model_validator

from gateway.tables import Key, Table, load, refuse, repeated

_TRANSPORTS = ("udp", "tcp", "tls", "ws", "wss")
_PATTERN = re.compile(r"\+?[0-9xX*#]+", re.ASCII)
_ENDPOINT = re.compile(r"([!-?A-z|~]|\{channel\})+@[!-~]+", re.ASCII)
_CHANNELS = re.compile(r"[0-9]{1,3}(-[0-9]{1,3})?(,[0-9]{1,3}(-[0-9]{1,3})?)*", re.ASCII)


class TransferPolicy(StrEnum):
    """What becomes of a transfer that is asked for on a trunk."""

    CONSUME = "consume"
    PASS = "pass"  # noqa: S105
    REJECT = "reject"


class Place(Table):
    """`transport:host:port`; IPv6 hosts stand in brackets, and the port may be left out of a peer."""

    transport: Literal["udp", "tcp", "tls", "ws", "wss"]
    host: str
    port: int | None = None

    @property
    def is_numeric(self) -> bool:
        """Whether the host is an address and no name."""
        try:
            ip_address(self.host)
        except ValueError:
            return False
        return True

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.transport}:{host}" + ("" if self.port is None else f":{self.port}")


def place(text: str) -> Place:
    """The place that `text` names. Raises ValueError."""
    transport, colon, rest = text.partition(":")
    if not colon or transport not in _TRANSPORTS:
        raise ValueError(f"should be transport:host:port with a transport of {', '.join(_TRANSPORTS)}")
    host, bracket, port = rest[1:].partition("]") if rest.startswith("[") else rest.partition(":")
    if bracket == "]":
        port = port.removeprefix(":")
    if not host or (port and not (port.isdecimal() and 0 <= int(port) <= 65535)):
        raise ValueError("should be transport:host:port, the port from 0 to 65535")
    return Place(transport=transport, host=host, port=int(port) if port else None)  # type: ignore[arg-type]


def _is_place(text: str) -> str:
    return str(place(text))


PlaceText = Annotated[str, AfterValidator(_is_place)]


class Tls(Table):
    """Certificates: ours, and whose we believe. Without one of ours TLS listeners show one that is made at the start,
    for the laboratory. The key may stand in the file of the certificate. `verify` of peers: "require" a certificate
    of those who connect too (mutual), "peer" for those we connect to only, "off" for the laboratory.
    """

    certificate: Path | None = None
    key: Path | None = None
    authorities: Path | None = None
    verify: Literal["require", "peer", "off"] = "peer"
    minimum: Literal["1.2", "1.3"] = "1.2"


class Credentials(Table):
    """Who we are to a peer that challenges us, or who a peer has to be. `realm` "" fits any."""

    user: str
    password: str
    realm: str = ""


class HeaderPolicy(Table):
    """Header fields besides those of the call itself: `carry` goes to the other leg (a trailing * stands for any
    rest), `remove` wins over it, `add` is set on every INVITE that leaves by the trunk.
    """

    carry: tuple[str, ...] = (
        "X-*",
        "P-Early-Media",
        "User-to-User",
        "Subject",
        "Priority",
        "Alert-Info",
        "Call-Info",
    )
    remove: tuple[str, ...] = ()
    add: dict[str, str] = Field(default_factory=dict)


class Limits(Table):
    """What one process takes on before it answers 503 with Retry-After, and how large things may be."""

    message_octets: int = Field(default=65_535, ge=1_000, le=1_000_000)
    header_fields: int = Field(default=200, ge=20)
    connections: int = Field(default=2_000, ge=1)
    transactions: int = Field(default=50_000, ge=10)
    calls: int = Field(default=20_000, ge=1)
    retry_after: int = Field(default=10, ge=1)


class Timing(Table):
    """Seconds. T1, T2, T4 of RFC 3261; session timers of RFC 4028; guards of a transfer."""

    t1: float = Field(default=0.5, gt=0)
    t2: float = Field(default=4.0, gt=0)
    t4: float = Field(default=5.0, gt=0)
    session_expires: int = Field(default=1800, ge=90)
    min_se: int = Field(default=90, ge=90)
    ring: float = Field(default=180.0, gt=0)
    transfer: float = Field(default=200.0, gt=0)
    bye_guard: float = Field(default=10.0, gt=0)
    options: float = Field(default=30.0, ge=0)


class AnyTrunk(Table):
    """What trunks of every protocol have.

    `transfer` says what is done with a transfer that this trunk's side asks for; `recall` whether the transferor is
    called again when its target fails after it has gone. `redirect`: 3xx are followed here or handed to the caller.
    `trusted`: identities are believed and given (RFC 3325).
    `ringback`: who is transferred, and is on hold, hears the target ring as soon as that sends early media.
    `trace`: transfers are recorded with whole headers.
    """

    name: str = Field(min_length=1)
    profile: Literal["generic", "teams"] = "generic"
    transfer: TransferPolicy = TransferPolicy.CONSUME
    trusted: bool = False
    redirect: Literal["follow", "pass"] = "follow"
    recall: bool = False
    replaces: bool = True
    early_media: bool = True
    ringback: bool = False
    causes: str = "rfc3398"
    numbers: str = ""
    trace: bool = False


class Trunk(AnyTrunk):
    """A SIP trunk. `peers` in order of preference; a request from the address of one belongs to the trunk.

    `fqdn` stands in Contact, Via and From towards the peer.
    `symmetric`: requests within a call go where the peer's came from, whatever its Contact says.
    `reliable`: whether calls support or require reliable provisional responses (RFC 3262); one that leaves without an
    offer asks for none, as the answer to an offer in such a response may come too late.
    `refer_accept_code`: 202 (RFC 3515) or 200 (RFC 7647).
    """

    protocol: Literal["sip"] = "sip"
    peers: tuple[PlaceText, ...] = ()
    fqdn: str = ""
    symmetric: bool = False
    reliable: Literal["off", "supported", "required"] = "supported"
    session_timer: bool = True
    refer_accept_code: Literal[200, 202] = 202
    hide_topology: bool = True
    headers: HeaderPolicy = HeaderPolicy()
    credentials: Credentials | None = None
    users: tuple[Credentials, ...] = ()
    algorithms: tuple[Literal["SHA-256", "MD5"], ...] = ("SHA-256",)
    options: bool | None = None

    @model_validator(mode="after")
    def _teams_needs_a_name(self) -> "Trunk":
        if self.profile == "teams" and not self.fqdn:
            refuse([(("fqdn",), "a teams trunk needs the name that is in its certificate")])
        return self


class MediaGateway(Table):
    """A gateway that ends B-channels in RTP, controlled by MGCP (RFC 3435) at `address`, from `local` (port 0: any).

    `endpoint` names what ends a B-channel: `{channel}` is its number, `*` or `$` what the gateway chooses. `codecs`
    are those of a B-channel, the first is offered. `board` is where the B-channels are RTP too, channel n at that
    port + 2n, for a gateway that only bridges (osmo-mgw); "" for one that has the lines itself. `packet` is the time
    of an RTP packet in milliseconds (0: the gateway's), `audit` the seconds between two looks whether it is there.
    """

    name: str = Field(min_length=1)
    address: PlaceText
    local: PlaceText = "udp:127.0.0.1:0"
    endpoint: str = "rtpbridge/*@mgw"
    codecs: tuple[Literal["PCMA", "PCMU"], ...] = Field(default=("PCMA", "PCMU"), min_length=1)
    board: str = ""
    packet: int = Field(default=20, ge=0, le=200)
    audit: float = Field(default=10.0, ge=0.1)

    @field_validator("address", "local", "board")
    @classmethod
    def _is_address(cls, text: str) -> str:
        if text and not (text.startswith("udp:") and place(text).is_numeric and place(text).port is not None):
            raise ValueError("should be udp:address:port")
        return text

    @field_validator("endpoint")
    @classmethod
    def _is_endpoint(cls, text: str) -> str:
        if not _ENDPOINT.fullmatch(text):
            raise ValueError("should be the name of an endpoint, as in ds/e1-0/s-{channel}/su64-0@mgw")
        return text


class IsdnTrunk(AnyTrunk):
    """An ISDN trunk: one D channel and its B-channels.

    `link` is how the D channel is reached: `udp:local>remote`, a datagram for each LAPD frame without FCS. `side` is
    ours, `variant` the kind of trunk (mappings/isdn/; `etsi` is euroisdn). `channels` are the numbers of the
    B-channels. Trunks of the same `group` share signalling: calls on them can be joined by the exchange; "" is a
    group of its own.
    `native`: two calls that we have joined are offered to the network (ECT, TBCT, RLT), which then keeps them alone.
    `overlap`: a called number need not be complete in SETUP. `media` is the name of the media gateway that ends the
    B-channels; with "none" they are described as if the host of `media_address` did, channel n at the port + 2n.
    """

    protocol: Literal["isdn"]
    profile: Literal["generic"] = "generic"
    link: str
    side: Literal["user", "network"] = "user"
    variant: str = "euroisdn"
    access: Literal["primary", "basic"] = "primary"
    channels: str = "1-15,17-31"
    group: str = ""
    overlap: bool = False
    native: bool = True
    media: str = "none"
    media_address: PlaceText = "udp:127.0.0.1:40000"

    @property
    def link_ends(self) -> tuple[Place, Place]:
        """Our end of the link, and the peer's."""
        own, _, peer = self.link.partition(">")
        first, second = place(own), place(peer if ":" in peer[:4] else f"{own.partition(':')[0]}:{peer}")
        return first, second

    @property
    def channel_numbers(self) -> tuple[int, ...]:
        """The B-channels in order."""
        return tuple(sorted(set(_numbers(self.channels))))

    @field_validator("variant")
    @classmethod
    def _by_its_file(cls, name: str) -> str:
        """EuroISDN goes by the name of its standards body too."""
        return "euroisdn" if name == "etsi" else name

    @field_validator("link")
    @classmethod
    def _is_link(cls, text: str) -> str:
        own, arrow, peer = text.partition(">")
        if not arrow or not own.startswith("udp:"):
            raise ValueError("should be udp:local-host:port>remote-host:port")
        for end in (place(own), place(peer if peer.startswith("udp:") else f"udp:{peer}")):
            if not end.is_numeric or end.port is None:
                raise ValueError("both ends need an address and a port")
        return text

    @field_validator("channels")
    @classmethod
    def _are_channels(cls, text: str) -> str:
        if not _CHANNELS.fullmatch(text) or not all(1 <= number <= 127 for number in _numbers(text)):
            raise ValueError("should be numbers and ranges of them from 1 to 127, as in 1-15,17-31")
        if not tuple(_numbers(text)):
            raise ValueError("no channel is left")
        return text


def _numbers(text: str) -> Iterator[int]:
    for part in text.split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _protocol(trunk: object) -> str:
    """Which arm of the union a trunk is; one that says nothing speaks SIP."""
    found = trunk.get("protocol", "sip") if isinstance(trunk, dict) else getattr(trunk, "protocol", "sip")
    return "isdn" if found == "isdn" else "sip"


OneTrunk = Annotated[
    Annotated[Trunk, Tag("sip")] | Annotated[IsdnTrunk, Tag("isdn")],
    Discriminator(_protocol),
]


class Route(Table):
    """First match wins. `from` is a trunk or "*"; `match` digits, x for any digit, * for any rest (or any user);
    `rewrite` is what the user part becomes: "+49*" puts +49 before what * stood for, "-3*" drops three first.
    """

    source: str = Field(default="*", alias="from")
    match: str = "*"
    to: str
    rewrite: str = ""

    @field_validator("match")
    @classmethod
    def _is_pattern(cls, text: str) -> str:
        if not _PATTERN.fullmatch(text):
            raise ValueError("should be digits, x for any digit, + in front, * for any rest: no separators")
        return text


class Configuration(Table):
    """The whole file."""

    listen: tuple[PlaceText, ...]
    trunks: tuple[OneTrunk, ...]
    routes: tuple[Route, ...] = ()
    media: tuple[MediaGateway, ...] = ()
    tls: Tls = Tls()
    limits: Limits = Limits()
    timing: Timing = Timing()
    store: str = ""
    records: str = ""
    workers: int = Field(default=1, ge=1, le=64)
    drain: float = Field(default=30.0, ge=0)
    user_agent: str = "refergate"

    @field_validator("listen", "trunks")
    @classmethod
    def _is_not_empty(cls, found: tuple[object, ...]) -> tuple[object, ...]:
        # As a constraint of the type it would count those that are right, and hide what is wrong with the others.
        if not found:
            raise ValueError("should have at least one")
        return found

    @field_validator("store")
    @classmethod
    def _known_store(cls, text: str) -> str:
        if text and not (text.startswith("sqlite:") and text != "sqlite:"):
            raise ValueError("should be sqlite:path")
        return text

    @model_validator(mode="after")
    def _all_fits(self) -> "Configuration":
        refuse([*self._listener_findings(), *self._name_findings(), *self._media_findings()])
        return self

    def _listener_findings(self) -> Iterator[tuple[Key, str]]:
        for key in repeated((("listen", index), text) for index, text in enumerate(self.listen)):
            yield key, "is there twice"
        if self.tls.key and not self.tls.certificate:
            yield ("tls", "certificate"), "a key needs its certificate"
        if self.workers > 1 and self.isdn_trunks:
            yield ("workers",), "a D channel belongs to one process: one worker with ISDN trunks"

    def _media_findings(self) -> Iterator[tuple[Key, str]]:
        known = {"none", *(gateway.name for gateway in self.media)}
        for key in repeated((("media", index, "name"), each.name) for index, each in enumerate(self.media)):
            yield key, "the name is taken"
        for index, trunk in enumerate(self.trunks):
            if isinstance(trunk, IsdnTrunk) and trunk.media not in known:
                yield ("trunks", index, "media"), f"no media gateway {trunk.media!r}"

    def _name_findings(self) -> Iterator[tuple[Key, str]]:
        names = {trunk.name for trunk in self.trunks}
        for key in repeated((("trunks", index, "name"), trunk.name) for index, trunk in enumerate(self.trunks)):
            yield key, "the name is taken"
        for index, route in enumerate(self.routes):
            if route.to not in names:
                yield ("routes", index, "to"), f"no trunk {route.to!r}"
            if route.source != "*" and route.source not in names:
                yield ("routes", index, "from"), f"no trunk {route.source!r}"

    def trunk(self, name: str) -> OneTrunk:
        """The trunk of that name. Raises KeyError."""
        return {trunk.name: trunk for trunk in self.trunks}[name]

    @property
    def sip_trunks(self) -> tuple[Trunk, ...]:
        """Those that speak SIP."""
        return tuple(trunk for trunk in self.trunks if isinstance(trunk, Trunk))

    @property
    def isdn_trunks(self) -> tuple[IsdnTrunk, ...]:
        """Those with a D channel."""
        return tuple(trunk for trunk in self.trunks if isinstance(trunk, IsdnTrunk))


def configuration(path: Path) -> Configuration:
    """Reads gateway.yaml. Raises MappingError with file, line and key."""
    return load(path, Configuration)
