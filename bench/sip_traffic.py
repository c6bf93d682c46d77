"""SIP captures to measure on: the same octets at every run, calls interleaved, one in fifty of them transferred."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from struct import pack

TRANSFERRED = 50
"""One call in so many is transferred."""
AT_ONCE = 20
"""Calls under way at the same time."""
START = 1_700_000_000

_CALLER, _GATEWAY, _CALLEE = ("192.0.2.10", 5060), ("198.51.100.20", 5060), ("203.0.113.30", 5062)
_SHARED_MEDIA_PORT = 30_000

Endpoint = tuple[str, int]
Message = tuple[Endpoint, Endpoint, bytes]


def write(path: Path, count: int, *, own_media_port: bool = True, media_packets: int = 0) -> None:
    """A pcap of `count` packets; `media_packets` RTP packets stand behind every SIP packet."""
    with path.open("wb", buffering=1 << 20) as file:
        file.write(pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1))
        for number, packet in enumerate(islice(_packets(own_media_port, media_packets), count)):
            file.write(pack("<IIII", START + number // 1000, number % 1000 * 1000, len(packet), len(packet)) + packet)


def _packets(own_media_port: bool, media_packets: int) -> Iterator[bytes]:
    media = udp_packet((_CALLER[0], 16_384), (_CALLEE[0], 16_384), b"\x80\x00" + bytes(10) + b"\xd5" * 160)
    for source, destination, octets in _interleaved(own_media_port):
        yield udp_packet(source, destination, octets)
        yield from [media] * media_packets


def _interleaved(own_media_port: bool) -> Iterator[Message]:
    first = 0
    while True:
        group = [list(_call(number, own_media_port)) for number in range(first, first + AT_ONCE)]
        for step in range(max(map(len, group))):
            yield from (call[step] for call in group if step < len(call))
        first += AT_ONCE


def udp_packet(source: Endpoint, destination: Endpoint, payload: bytes) -> bytes:
    """An Ethernet frame; checksums are left out, as network cards that fill them in later make captures look."""
    ethernet = b"\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00"
    ip = (
        pack(">BBHHHBBH", 0x45, 0, 28 + len(payload), 0, 0x4000, 64, 17, 0) + _address(source) + _address(destination)
    )
    return ethernet + ip + pack(">HHHH", source[1], destination[1], 8 + len(payload), 0) + payload


def _address(endpoint: Endpoint) -> bytes:
    return bytes(map(int, endpoint[0].split(".")))


def _call(number: int, own_media_port: bool) -> Iterator[Message]:
    """A call through the gateway, seen on one side; every fiftieth one is transferred with REFER."""
    dialog = _Dialog(number, own_media_port)
    yield _CALLER, _GATEWAY, dialog.request("INVITE", 1, dialog.sdp())
    yield _GATEWAY, _CALLER, dialog.response("100 Trying", 1, "INVITE")
    yield _GATEWAY, _CALLER, dialog.response("180 Ringing", 1, "INVITE")
    yield _GATEWAY, _CALLER, dialog.response("200 OK", 1, "INVITE", dialog.sdp())
    yield _CALLER, _GATEWAY, dialog.request("ACK", 1)
    if number % TRANSFERRED == 0:
        yield from _transfer(dialog)
    yield _CALLER, _GATEWAY, dialog.request("BYE", 3)
    yield _GATEWAY, _CALLER, dialog.response("200 OK", 3, "BYE")


def _transfer(dialog: "_Dialog") -> Iterator[Message]:
    target = f"Refer-To: <sip:+15550199{dialog.number % 100:02}@example.org;user=phone>\r\n"
    yield _CALLER, _GATEWAY, dialog.request("REFER", 2, extra=target + "Referred-By: <sip:alice@example.com>\r\n")
    yield _GATEWAY, _CALLER, dialog.response("202 Accepted", 2, "REFER")
    event = "Event: refer\r\nSubscription-State: {}\r\nContent-Type: message/sipfrag;version=2.0\r\n"
    for sequence, (state, fragment) in enumerate(
        [("active;expires=60", "SIP/2.0 100 Trying\r\n"), ("terminated;reason=noresource", "SIP/2.0 200 OK\r\n")], 101
    ):
        yield _GATEWAY, _CALLER, dialog.request("NOTIFY", sequence, fragment, extra=event.format(state))
        yield _CALLER, _GATEWAY, dialog.response("200 OK", sequence, "NOTIFY")


class _Dialog:
    """The words that all messages of a call share. The caller is one side, the gateway the other."""

    def __init__(self, number: int, own_media_port: bool) -> None:
        self.number = number
        self.media = 10_000 + number * 2 % 50_000 if own_media_port else _SHARED_MEDIA_PORT
        self._caller = f'"Alice {number}" <sip:alice{number}@example.com>;tag=a{number:08x}'
        self._callee = f"<sip:+1555010{number % 10_000:04}@example.net;user=phone>"
        self._callee_tag = f";tag=b{number:08x}"
        self._call_id = f"{number:016x}{number * 2_654_435_761 % 2**64:016x}@192.0.2.10"

    def request(self, method: str, sequence: int, body: str = "", extra: str = "") -> bytes:
        """A request with the header fields that a trunk sends; NOTIFY comes from the gateway."""
        return self._message(
            f"{method} sip:+1555010{self.number % 10_000:04}@198.51.100.20:5060;user=phone SIP/2.0\r\n",
            f"Max-Forwards: 70\r\nContact: <sip:alice{self.number}@192.0.2.10:5060>\r\n{extra}",
            "" if method == "INVITE" else self._callee_tag, f"{sequence} {method}", body,
        )  # fmt: skip

    def response(self, status: str, sequence: int, method: str, body: str = "") -> bytes:
        """A response to it."""
        return self._message(
            f"SIP/2.0 {status}\r\n",
            "Contact: <sip:198.51.100.20:5060>\r\nServer: trunk/1.0\r\n",
            "" if status.startswith("100") else self._callee_tag, f"{sequence} {method}", body,
        )  # fmt: skip

    def _message(self, start: str, extra: str, callee_tag: str, cseq: str, body: str) -> bytes:
        caller, callee = self._caller, self._callee + callee_tag
        sender, receiver = (callee, caller) if cseq.endswith("NOTIFY") else (caller, callee)
        kind = "Content-Type: application/sdp\r\n" if body.startswith("v=0") else ""
        return (
            f"{start}Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK{self.number:x}{cseq.replace(' ', '')};rport\r\n"
            f"From: {sender}\r\nTo: {receiver}\r\nCall-ID: {self._call_id}\r\nCSeq: {cseq}\r\n{extra}"
            f"Allow: INVITE, ACK, CANCEL, BYE, REFER, NOTIFY, OPTIONS, UPDATE\r\nSupported: replaces, timer\r\n"
            f"{kind}Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    def sdp(self) -> str:
        """An offer or answer for G.711 and telephone events."""
        return (
            f"v=0\r\no=- {self.number} 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n"
            f"m=audio {self.media} RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
            "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
        )
