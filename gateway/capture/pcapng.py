"""Blocks of a pcapng file (draft-ietf-opsawg-pcapng): sections, interfaces and the three kinds of packet block."""

import struct
from collections.abc import Callable, Iterator
from struct import Struct
from typing import BinaryIO, NamedTuple

from gateway.model.errors import DecodeError

SECTION_HEADER = b"\x0a\x0d\x0d\x0a"
"""The block type of a section header reads the same in both byte orders."""

INTERFACE_DESCRIPTION, OLD_PACKET, SIMPLE_PACKET, ENHANCED_PACKET = 1, 2, 3, 6
IF_TSRESOL, IF_TSOFFSET = 9, 14
LONGEST_BLOCK = 1 << 24

Packet = tuple[float, int, bytes, int]


class Interface(NamedTuple):
    """Where a packet was captured: DLT, the most octets kept of one (0: all), clock ticks a second, its zero (s)."""

    link: int
    snap_length: int
    ticks: int
    offset: int


class _Section:
    """A section: one byte order and the interfaces described so far."""

    def __init__(self, order: str) -> None:
        self.block_head = Struct(f"{order}II").unpack
        self.half_pair = Struct(f"{order}HH").unpack_from
        self.signed = Struct(f"{order}q").unpack
        self.description = Struct(f"{order}HxxI").unpack_from
        self.enhanced = Struct(f"{order}IIIII").unpack_from
        self.old = Struct(f"{order}HHIIII").unpack_from
        self.word = Struct(f"{order}I").unpack_from
        self.interfaces: list[Interface] = []


def packets(stream: BinaryIO, report: Callable[[str], None]) -> Iterator[Packet]:
    """The packets of every section; the type of the first section header has been read already.

    A block that cannot be understood is reported and left out; a damaged block length ends the stream.
    """
    section, head = _Section("<"), SECTION_HEADER + stream.read(4)
    try:
        while head:
            if head[:4] == SECTION_HEADER:
                section = _Section(_section_header(head, stream))
            else:
                block_type, length = section.block_head(head)
                packet = _understood(section, block_type, _exactly(stream, length - 8), report)
                if packet:
                    yield packet
            head = stream.read(8)
    except DecodeError as error:
        report(error.what)
    except struct.error:
        report("file ends inside a block")


def _section_header(head: bytes, stream: BinaryIO) -> str:
    """Read the rest of a section header block; its byte order as struct writes it."""
    magic = _exactly(stream, 4)
    order = {b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"}.get(magic)
    if order is None:
        raise DecodeError("section header without byte order magic")
    _exactly(stream, Struct(f"{order}4xI").unpack(head)[0] - 12)
    return order


def _exactly(stream: BinaryIO, size: int) -> bytes:
    if not 0 <= size <= LONGEST_BLOCK:
        raise DecodeError(f"block of {size} octets: the file is damaged from here on")
    octets = stream.read(size)
    if len(octets) < size:
        raise DecodeError("file ends inside a block")
    return octets


def _understood(section: _Section, block_type: int, body: bytes, report: Callable[[str], None]) -> Packet | None:
    try:
        return _block(section, block_type, body)
    except DecodeError as error:
        report(error.what)
    except struct.error:
        report(f"block of type {block_type} is too short")
    return None


def _block(section: _Section, block_type: int, body: bytes) -> Packet | None:
    if block_type == ENHANCED_PACKET:
        number, high, low, captured, _ = section.enhanced(body)
        return _packet(section, number, high << 32 | low, body[20 : 20 + captured])
    if block_type == SIMPLE_PACKET:
        return _simple(section, body)
    if block_type == OLD_PACKET:
        number, _, high, low, captured, _ = section.old(body)
        return _packet(section, number, high << 32 | low, body[20 : 20 + captured])
    if block_type == INTERFACE_DESCRIPTION:
        section.interfaces.append(_interface(section, body))
    return None


def _packet(section: _Section, number: int, ticks: int, octets: bytes) -> Packet:
    try:
        interface = section.interfaces[number]
    except IndexError:
        raise DecodeError(f"packet of interface {number}, which is not described") from None
    return ticks / interface.ticks + interface.offset, interface.link, octets, number


def _simple(section: _Section, body: bytes) -> Packet:
    """A simple packet block has no time and belongs to the first interface."""
    (original,) = section.word(body)
    snap_length = section.interfaces[0].snap_length if section.interfaces else 0
    kept = min(original, snap_length) if snap_length else original
    return _packet(section, 0, 0, body[4:-4][:kept])


def _interface(section: _Section, body: bytes) -> Interface:
    link, snap_length = section.description(body)
    options = dict(_options(section, body[8:-4]))
    resolution = options.get(IF_TSRESOL, b"\x06")[:1] or b"\x06"
    base = 2 if resolution[0] & 0x80 else 10
    offset = options.get(IF_TSOFFSET, b"")
    return Interface(
        link, snap_length, base ** (resolution[0] & 0x7F), section.signed(offset)[0] if len(offset) == 8 else 0
    )


def _options(section: _Section, octets: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position + 4 <= len(octets):
        code, length = section.half_pair(octets, position)
        if code == 0:
            return
        yield code, octets[position + 4 : position + 4 + length]
        position += 4 + (length + 3 & ~3)
