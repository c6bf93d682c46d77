"""Small captures made on the spot, and what is read from them."""

from pathlib import Path
from struct import pack
from typing import NamedTuple

from gateway.capture.signals import Problem, Reading, Signal

OPTIONS = (
    b"OPTIONS sip:bob@example.com SIP/2.0\r\nCall-ID: 1@a\r\nCSeq: 1 OPTIONS\r\n"
    b"X-Padding: " + b"p" * 60 + b"\r\nContent-Length: 0\r\n\r\n"
)
RINGING = b"SIP/2.0 180 Ringing\r\nCall-ID: 1@a\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
FACILITY = bytes.fromhex("08020001621c0e91a10b0201010606040082710104")
"""EctLinkIdRequest as libpri sends it."""


class Read(NamedTuple):
    """All that one reading gave."""

    signals: list[Signal]
    problems: list[Problem]
    packets: int

    @property
    def octets(self) -> list[bytes]:
        return [signal.octets for signal in self.signals]


def read(path: Path) -> Read:
    problems: list[Problem] = []
    reading = Reading(path, problems.append)
    return Read(list(reading), problems, reading.packets)


def pcap(packets: list[bytes], link: int = 1) -> bytes:
    """A pcap file, one packet a second."""
    records = b"".join(
        pack("<IIII", second, 0, len(octets), len(octets)) + octets for second, octets in enumerate(packets)
    )
    return pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, link) + records


def read_packets(folder: Path, packets: list[bytes], link: int = 1) -> Read:
    path = folder / "packets.pcap"
    path.write_bytes(pcap(packets, link))
    return read(path)
