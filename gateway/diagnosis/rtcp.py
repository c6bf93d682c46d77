"""Reports in RTCP: what a receiver says of a stream (RFC 3550 §6.4)."""

from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

_SENDER_REPORT, _RECEIVER_REPORT = 200, 201
_BLOCK = Struct(">IIIIII")


class ReceiverReport(NamedTuple):
    """One report block: cumulative loss in packets, jitter in timestamp units."""

    time: float
    ssrc: int
    lost: int
    jitter: int


def is_rtcp(octets: bytes, at: int = 0) -> bool:
    """Whether RTCP and no RTP begins there (RFC 5761 §4); for octets of version 2."""
    return len(octets) > at + 7 and 192 <= octets[at + 1] <= 223


def reports(octets: bytes, time: float) -> Iterator[ReceiverReport]:
    """The report blocks of a compound packet, as far as it can be read; none of an encrypted one (RFC 3711 §3.4)."""
    at = 0
    while at + 8 <= len(octets) and octets[at] >> 6 == 2:
        kind, blocks = octets[at + 1], octets[at] & 0x1F
        end = at + 4 + 4 * int.from_bytes(octets[at + 2 : at + 4], "big")
        start = at + {_SENDER_REPORT: 28, _RECEIVER_REPORT: 8}.get(kind, end - at)
        for block in range(start, start + 24 * blocks, 24):
            if block + 24 > min(end, len(octets)):
                break
            ssrc, loss, _, jitter, _, _ = _BLOCK.unpack_from(octets, block)
            yield ReceiverReport(time, ssrc, _signed24(loss & 0xFFFFFF), jitter)
        at = end


def _signed24(value: int) -> int:
    return value - 0x1000000 if value & 0x800000 else value
