"""Every H.225.0, RAS and H.245 message of a capture of any kind, tunnelled H.245 and fastStart included."""

import struct
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from gateway.capture import links
from gateway.capture.files import packets
from gateway.capture.internet import Datagram, Internet
from gateway.h323 import h225, per, tpkt
from gateway.model.errors import DecodeError

_TCP, _UDP = 6, 17
_RAS_PORT = 1719


class Pdu(NamedTuple):
    """A PER message: what it is ("user information", "ras", "control", "channel"), its octets, where it was found."""

    kind: str
    octets: bytes
    place: str


Endpoint = tuple[bytes, int]
"""Address and TCP port."""

READERS: dict[str, tuple[Callable[[bytes], Any], Callable[[Any], bytes]]] = {
    "user information": (per.decode, per.encode),
    "ras": (per.decode_ras, per.encode_ras),
    "control": (per.decode_control, per.encode_control),
    "channel": (per.decode_channel, per.encode_channel),
}


def signalling(capture: Path) -> Iterator[tuple[Endpoint, Endpoint, bytes]]:
    """The call signalling messages of `capture`, in order: who sent them, to whom, and from the Q.931 octet on."""
    streams: dict[object, _Stream] = {}
    for _, datagram in _datagrams(capture):
        if datagram.protocol != _TCP:
            continue
        ports = struct.unpack_from(">HH", datagram.payload)
        ends = (datagram.source, ports[0]), (datagram.destination, ports[1])
        for message in streams.setdefault(ends, _Stream()).feed(datagram.payload):
            if message[:2] == b"\x08\x02":
                yield *ends, message


@cache
def pdus(capture: Path) -> tuple[Pdu, ...]:
    """The messages of `capture`, in order, each with the number of its frame."""
    return tuple(_pdus(capture))


def _pdus(capture: Path) -> Iterator[Pdu]:
    streams: dict[object, _Stream] = {}
    for frame, datagram in _datagrams(capture):
        place = f"{capture.stem} frame {frame}"
        source, destination = struct.unpack_from(">HH", datagram.payload)
        if datagram.protocol == _UDP and _RAS_PORT in (source, destination):
            yield Pdu("ras", datagram.payload[8:], place)
        elif datagram.protocol == _TCP:
            key = datagram.source, datagram.destination, source, destination
            for message in streams.setdefault(key, _Stream()).feed(datagram.payload):
                yield from _inside(message, place)


def _inside(message: bytes, place: str) -> Iterator[Pdu]:
    if message[:2] != b"\x08\x02":
        yield Pdu("control", message, place)
        return
    user_user = next((c for name, c in h225.information_elements(message) if name == h225.USER_USER), None)
    if user_user is None:
        return
    yield Pdu("user information", user_user[1:], place)
    signal = h225.decode(message)
    yield from (Pdu("control", octets, place) for octets in signal.h245_control)
    yield from (Pdu("channel", octets, place) for octets in signal.uuie.get("fastStart", ()))


def _datagrams(capture: Path) -> Iterator[tuple[int, Datagram]]:
    internet = Internet(lambda frame, what: None)
    for number, (time, link, octets, _) in enumerate(packets(capture, lambda what: None), 1):
        ethertype, offset = links.carried(link, octets)
        try:
            datagram = internet.datagram(ethertype, octets[offset:], number, time)
        except DecodeError:
            continue
        if datagram is not None and datagram.payload:
            yield number, datagram


class _Stream:
    """One direction of a TCP connection with TPKT; whatever else it carries is left alone."""

    def __init__(self) -> None:
        self._expected: int | None = None
        self._unframer: tpkt.Unframer | None = tpkt.Unframer()

    def feed(self, segment: bytes) -> list[bytes]:
        sequence, payload = struct.unpack_from(">I", segment, 4)[0], segment[(segment[12] >> 4) * 4 :]
        if segment[13] & 2:
            self._expected = sequence + 1
        if not payload or self._unframer is None or self._expected not in (None, sequence):
            return []
        self._expected = sequence + len(payload) & 0xFFFFFFFF
        try:
            return self._unframer.feed(payload)
        except DecodeError:
            self._unframer = None
            return []
