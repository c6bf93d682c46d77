"""Where a SIP URI leads: what to ask DNS and in which order to try what it says (RFC 3263, RFC 2782, RFC 7118 §7).

`locate` is a generator: it yields questions that may be asked at the same time, is sent the answers in the same
order, and returns the ways to try, best first. Nobody is asked for a host that is an address.
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from ipaddress import ip_address
from typing import NamedTuple

from gateway.model.errors import DecodeError
from gateway.sip.flow import Flow, Transport
from gateway.sip.uri import Uri, unescape

MOST_FLOWS = 32
"""Ways that are tried for one request; a zone that lists more is not followed to its end."""

_MOST_NAMES = 16


class Kind(StrEnum):
    """The record types, by their name in DNS."""

    NAPTR = "NAPTR"
    SRV = "SRV"
    A = "A"
    AAAA = "AAAA"


class Question(NamedTuple):
    """One question to DNS; `name` without the closing dot."""

    kind: Kind
    name: str


class Naptr(NamedTuple):
    """RFC 3403 §4.1, without the regular expression: RFC 3263 §4.1 uses the replacement."""

    order: int
    preference: int
    flags: str
    service: str
    replacement: str


class Srv(NamedTuple):
    """RFC 2782; `target` without the closing dot, "" where the zone says that the service is not offered."""

    priority: int
    weight: int
    port: int
    target: str


Record = Naptr | Srv | str
"""A and AAAA records are their address as text."""

Search = Generator[tuple[Question, ...], Sequence[tuple[Record, ...]], tuple[Flow, ...]]


class Endpoint(NamedTuple):
    """A host, by name or address, with transport and port."""

    transport: Transport
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Target:
    """What a request goes to. `host` is without brackets; `transport` and `port` are None when they are not said.
    `server_name` is the domain that a certificate has to be for ("": `host`), another one when there is a maddr.
    """

    host: str
    port: int | None = None
    transport: Transport | None = None
    is_secure: bool = False
    server_name: str = ""


def _last(most: int) -> int:
    return most


@dataclass(frozen=True, slots=True)
class Means:
    """What we can use: transports and address families in our order of preference, and a random number from 0 to
    the one given (both included) for the weights of RFC 2782.
    """

    transports: tuple[Transport, ...] = (Transport.UDP, Transport.TCP, Transport.TLS)
    families: tuple[Kind, ...] = (Kind.A, Kind.AAAA)
    draw: Callable[[int], int] = _last


_SECURED = {Transport.UDP: Transport.TLS, Transport.TCP: Transport.TLS, Transport.WS: Transport.WSS}
_SERVICES = {
    "SIP+D2U": Transport.UDP,
    "SIP+D2T": Transport.TCP,
    "SIPS+D2T": Transport.TLS,
    "SIP+D2W": Transport.WS,
    "SIPS+D2W": Transport.WSS,
}
_LABELS = {
    Transport.UDP: "_sip._udp",
    Transport.TCP: "_sip._tcp",
    Transport.TLS: "_sips._tcp",
    Transport.WS: "_sip._ws",
    Transport.WSS: "_sips._ws",
}


@lru_cache(maxsize=4096)
def is_address(host: str) -> bool:
    """Whether `host`, without brackets, is an IP address and no name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def target(uri: str) -> Target:
    """What a request to `uri` goes to: maddr instead of the host, sips never without TLS (RFC 3261 §8.1.2, §26.2.2).

    Raises DecodeError: 416 for a URI that is neither sip nor sips, 400 for a transport that nobody knows.
    """
    parsed = Uri.parse(uri)
    scheme = parsed.scheme.lower()
    if scheme not in ("sip", "sips"):
        raise DecodeError(f"no way leads to a {scheme} URI", sip_status=416)
    host = _bare(parsed.host)
    maddr = _bare(unescape(parsed.parameters.get("maddr") or ""))
    transport = _transport(parsed.parameters.get("transport"), scheme == "sips")
    return Target(maddr or host, parsed.port or None, transport, scheme == "sips", host)


def _bare(host: str) -> str:
    return host[1:-1] if host.startswith("[") else host


def _transport(text: str | None, is_secure: bool) -> Transport | None:
    if not text:
        return None
    try:
        transport = Transport(text.lower())
    except ValueError:
        raise DecodeError(f"no such transport: {text[:20]!r}") from None
    return _SECURED.get(transport, transport) if is_secure else transport


def locate(target: Target, means: Means) -> Search:
    """The ways to `target`, best first; none when nobody offers the service there. Listeners are left at 0."""
    if is_address(target.host):
        places: Iterable[Endpoint] = (_unasked(target, means),)
    elif target.port is not None:
        places = yield from _addresses((_unasked(target, means),), means)
    else:
        named = yield from _servers(target, means)
        places = yield from _addresses(named, means)
    name = target.server_name or target.host
    flows = (Flow(t, host, port, server_name=name if t.is_secure else "") for t, host, port in places)
    return tuple(dict.fromkeys(flows))[:MOST_FLOWS]


def _unasked(target: Target, means: Means, transport: Transport | None = None) -> Endpoint:
    """The host itself, by the transport that is said or the one that stands for none (§4.1), at its usual port."""
    transport = transport or target.transport or _default(target.is_secure, means.transports)
    return Endpoint(transport, target.host, target.port or transport.default_port)


def _default(is_secure: bool, ours: tuple[Transport, ...]) -> Transport:
    usual = Transport.TLS if is_secure else Transport.UDP
    if usual in ours:
        return usual
    return next((transport for transport in ours if transport.is_secure or not is_secure), usual)


def _servers(
    target: Target, means: Means
) -> Generator[tuple[Question, ...], Sequence[tuple[Record, ...]], list[Endpoint]]:
    """SRV by the services of NAPTR, or by those that we know; the host itself where there is none (§4.2)."""
    if target.transport:
        services = [(target.transport, f"{_LABELS[target.transport]}.{target.host}")]
        preferred: Transport | None = target.transport
    else:
        (records,) = yield (Question(Kind.NAPTR, target.host),)
        services = _services(records, target.is_secure, means.transports)
        preferred = services[0][0] if services else None
        services = services or _usual_services(target, means.transports)
    answers = yield tuple(Question(Kind.SRV, name) for _, name in services)
    if not any(answers):
        return [_unasked(target, means, preferred)]
    return [
        Endpoint(transport, server.target, server.port)
        for (transport, _), found in zip(services, answers, strict=True)
        for server in in_order(found, means.draw)
        if server.target and server.port
    ]


def _services(records: Iterable[Record], is_secure: bool, ours: tuple[Transport, ...]) -> list[tuple[Transport, str]]:
    """Transports with the name that SRV is asked for, by order and preference; those of others left out (§4.1)."""
    found = []
    for record in sorted(record for record in records if isinstance(record, Naptr)):
        transport = _SERVICES.get(record.service.upper())
        if record.flags.lower() != "s" or transport not in ours or transport is None:
            continue
        if transport.is_secure or not is_secure:
            found.append((transport, record.replacement))
    return found[:_MOST_NAMES]


def _usual_services(target: Target, ours: tuple[Transport, ...]) -> list[tuple[Transport, str]]:
    """What is asked for when NAPTR names nothing: each of our transports, WebSocket apart (RFC 7118 §7)."""
    fit = [
        transport
        for transport in ours
        if transport not in (Transport.WS, Transport.WSS) and (transport.is_secure or not target.is_secure)
    ]
    chosen = fit or [Transport.TLS if target.is_secure else Transport.UDP]
    return [(transport, f"{_LABELS[transport]}.{target.host}") for transport in chosen]


def in_order(records: Iterable[Record], draw: Callable[[int], int]) -> list[Srv]:
    """SRV records by priority, and by chance in proportion to their weight within one (RFC 2782, page 3)."""
    waiting = sorted(record for record in records if isinstance(record, Srv))
    ordered: list[Srv] = []
    while waiting:
        # Those of weight 0 stand first within a priority: they have a small chance, no more.
        alike = [record for record in waiting if record.priority == waiting[0].priority]
        chosen = _drawn(alike, draw(sum(record.weight for record in alike)))
        ordered.append(chosen)
        waiting.remove(chosen)
    return ordered


def _drawn(alike: list[Srv], mark: int) -> Srv:
    total = 0
    for record in alike:
        total += record.weight
        if total >= mark:
            return record
    return alike[-1]


def _addresses(
    places: Sequence[Endpoint], means: Means
) -> Generator[tuple[Question, ...], Sequence[tuple[Record, ...]], list[Endpoint]]:
    """Each place once for each of its addresses, of every family that we have."""
    names = [name for name in dict.fromkeys(place.host for place in places) if not is_address(name)][:_MOST_NAMES]
    questions = tuple(Question(family, name) for name in names for family in means.families)
    answers = (yield questions) if questions else ()
    found: dict[str, list[str]] = {place.host: [place.host] for place in places if is_address(place.host)}
    for question, records in zip(questions, answers, strict=True):
        found.setdefault(question.name, []).extend(record for record in records if isinstance(record, str))
    return [place._replace(host=host) for place in places for host in found.get(place.host, ())]
