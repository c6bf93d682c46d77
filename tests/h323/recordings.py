"""What the recordings of `pcaps/h323` hold: the H.225.0 messages and the APDUs in them."""

import struct
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import strategies as st

from gateway.h323 import h225, tpkt
from tests.shared import captures, folder

FOLDER = "pcaps/h323"
_TCP = 6


class Segment(NamedTuple):
    """A TCP segment with payload: the direction it went, and the payload."""

    source: tuple[bytes, int]
    destination: tuple[bytes, int]
    payload: bytes


class Packet(NamedTuple):
    """An IPv4 packet with payload in TCP or UDP; `protocol` is the number of either."""

    source: tuple[bytes, int]
    destination: tuple[bytes, int]
    protocol: int
    payload: bytes


def packets(capture: Path) -> Iterator[Packet]:
    """The packets of a little-endian pcap file of Ethernet frames with IPv4, as these recordings all are."""
    octets = capture.read_bytes()
    at = 24
    while at < len(octets):
        (length,) = struct.unpack_from("<I", octets, at + 8)
        packet = octets[at + 16 + 14 : at + 16 + length]
        at += 16 + length
        inner = packet[(packet[0] & 15) * 4 : int.from_bytes(packet[2:4], "big")]
        source, destination = struct.unpack_from(">HH", inner)
        if payload := inner[(inner[12] >> 4) * 4 if packet[9] == _TCP else 8 :]:
            yield Packet((packet[12:16], source), (packet[16:20], destination), packet[9], payload)


def segments(capture: Path) -> Iterator[Segment]:
    """The TCP segments among them."""
    for each in packets(capture):
        if each.protocol == _TCP:
            yield Segment(each.source, each.destination, each.payload)


def signalling(capture: Path) -> Iterator[bytes]:
    """The H.225.0 messages of `capture`, in order, without TPKT: the payloads that begin as Q.931 messages do."""
    streams: dict[tuple[tuple[bytes, int], tuple[bytes, int]], tpkt.Unframer] = {}
    for segment in segments(capture):
        stream = streams.setdefault(segment[:2], tpkt.Unframer())
        yield from (payload for payload in stream.feed(segment.payload) if payload[:2] == b"\x08\x02")


@cache
def messages() -> tuple[bytes, ...]:
    """All H.225.0 messages of all recordings; skips the test when the recordings are not there."""
    folder(FOLDER)
    return tuple(message for capture in captures(FOLDER) for message in signalling(capture))


@st.composite
def damaged_messages(draw: st.DrawFn) -> bytes:
    """A recorded message with up to four octets changed."""
    return _damaged(draw, messages())


def damaged(data: st.DataObject, whole: Sequence[bytes]) -> bytes:
    """One of `whole` with up to four octets changed."""
    return _damaged(data.draw, whole)


def _damaged(draw: Callable[[st.SearchStrategy[Any]], Any], whole: Sequence[bytes]) -> bytes:
    octets = bytearray(draw(st.sampled_from(whole)))
    for _ in range(draw(st.integers(1, 4))):
        octets[draw(st.integers(0, len(octets) - 1))] = draw(st.integers(0, 255))
    return bytes(octets)


@cache
def apdus() -> tuple[bytes, ...]:
    """All H.450.1 APDUs of all recordings."""
    return tuple(apdu for message in messages() for apdu in h225.decode(message).supplementary_services)
