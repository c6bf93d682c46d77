"""tshark as a judge of SIP messages: they go into a capture file, and it says what it reads in them."""

import struct
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.peers.tshark import fields

_RAW_IP = 101
_CHAT = 0x00200000
# One message per datagram or segment, untunnelled; of one cut short by the capture length tshark knows less.
_WHOLE = (
    "sip && (udp || tcp) && frame.len == frame.cap_len"
    " && !(tcp.segments || icmp || gtp || websocket || sctp || _ws.malformed)"
)


def dissect(messages: Iterable[bytes], *names: str) -> list[list[str]]:
    """One row per message with the values of the fields `names` (several of one field joined by a comma)."""
    with tempfile.TemporaryDirectory() as folder:
        capture = Path(folder) / "sip.pcap"
        capture.write_bytes(_file_header() + b"".join(_packet(octets) for octets in messages))
        return fields(capture, list(names), options=("-d", "udp.port==5060,sip"))


def complaints(messages: Iterable[bytes]) -> list[str]:
    """What tshark finds wrong: no SIP, malformed, or an expert note beyond chat."""
    rows = dissect(messages, "frame.protocols", "_ws.malformed", "_ws.expert.severity", "_ws.expert.message")
    return [
        f"{protocols} {malformed} {said}"
        for protocols, malformed, severity, said in rows
        if "sip" not in protocols or malformed or any(int(level) > _CHAT for level in severity.split(",") if level)
    ]


def sip_in(capture: Path, *names: str) -> list[tuple[bytes, list[str]]]:
    """The whole SIP messages that tshark finds in datagrams or single segments, with its own values of `names`."""
    asked = ["udp.payload", "tcp.payload", *names]
    rows = fields(capture, asked, where=_WHOLE, options=("-E", "occurrence=l"))
    return [(bytes.fromhex(udp or tcp), values) for udp, tcp, *values in rows if udp or tcp]


def _file_header() -> bytes:
    return struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, _RAW_IP)


def _packet(payload: bytes) -> bytes:
    datagram = struct.pack(">HHHH", 5060, 5060, 8 + len(payload), 0) + payload
    addresses = bytes((192, 0, 2, 1, 192, 0, 2, 2))
    packet = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(datagram), 0, 0, 64, 17, 0) + addresses + datagram
    return struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet
