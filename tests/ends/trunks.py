"""Trunks and configurations for tests of the SIP end."""

from typing import Any

from gateway.configuration import Configuration
from gateway.ends.own_addresses import OwnAddresses
from gateway.ends.sip_trunk import SipTrunk, TrunkPeer
from gateway.ends.trunk_monitor import PeerMonitor
from gateway.model.timers import TimerQueue
from gateway.sip.flow import Flow, Transport
from gateway.sip.message import Headers, Message, parse

LISTENERS = (
    (Transport.UDP, "192.0.2.1", 5060),
    (Transport.TCP, "192.0.2.1", 5060),
    (Transport.TLS, "192.0.2.1", 5061),
)
UDP_FLOW = Flow(Transport.UDP, "198.51.100.1", 5060)
SDP = b"v=0\r\no=alice 1 1 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"


class Notes:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, object]]] = []

    def log(self, event: str, **fields: object) -> None:
        self.lines.append((event, fields))

    @property
    def events(self) -> list[str]:
        return [event for event, _ in self.lines]


def configuration(*trunks: dict[str, Any], **more: Any) -> Configuration:
    """A configuration with these trunks."""
    return Configuration.model_validate({"listen": ["udp:192.0.2.1:5060"], "trunks": list(trunks), **more})


def carrier(**settings: Any) -> dict[str, Any]:
    """A plain trunk."""
    return {"name": "carrier", "protocol": "sip", "peers": ["udp:198.51.100.1:5060"], **settings}


def teams(**settings: Any) -> dict[str, Any]:
    """A trunk to Teams whose proxy has an address of the documentation range."""
    return {
        "name": "teams",
        "protocol": "sip",
        "profile": "teams",
        "peers": ["tls:sip.pstnhub.microsoft.com:5061"],
        "fqdn": "sbc.example.net",
        **settings,
    }


def trunk(settings: dict[str, Any] | None = None, **more: Any) -> SipTrunk:
    """One trunk by itself; its peers are not watched."""
    given = configuration({**(settings or carrier()), **more})
    made = SipTrunk(OwnAddresses(LISTENERS, [each.fqdn for each in given.sip_trunks]))

    def watch(line: SipTrunk, peer: TrunkPeer) -> PeerMonitor:
        return PeerMonitor(line.name, str(peer.place), lambda heard, now: None, 0.0, TimerQueue(), Notes())

    made.configure(given.sip_trunks[0], given, watch)
    return made


def invite(*fields: str, uri: str = "sip:2001@192.0.2.1", body: bytes = SDP, **known: str) -> Message:
    """An INVITE with these header fields besides the usual ones, which `known` (from_, to) may replace."""
    lines = (
        f"INVITE {uri} SIP/2.0",
        "Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKabc",
        f"From: {known.get('from_', '<sip:1000@198.51.100.1>')};tag=a1",
        f"To: {known.get('to', '<sip:2001@192.0.2.1>')}",
        "Call-ID: one@198.51.100.1",
        "CSeq: 1 INVITE",
        "Contact: <sip:1000@198.51.100.1>",
        "Max-Forwards: 70",
        *fields,
        "Content-Type: application/sdp",
        f"Content-Length: {len(body)}",
    )
    return parse("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def response(status: int, *fields: str, reason: str = "") -> Message:
    """A response to an INVITE."""
    lines = (f"SIP/2.0 {status} {reason}", "CSeq: 1 INVITE", *fields)
    return parse("\r\n".join(lines).encode() + b"\r\n\r\n")


def headers(*lines: str) -> Headers:
    """Header fields."""
    fields = (line.partition(":") for line in lines)
    return Headers(tuple((name, value.strip()) for name, _, value in fields))
