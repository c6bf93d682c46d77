"""Capture files as a stream of packets: pcap and pcapng, gzipped or not, memory flat whatever their size.

Formats: draft-ietf-opsawg-pcap (with the nanosecond and the "modified" record) and draft-ietf-opsawg-pcapng.
"""

import io
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from struct import Struct
from typing import Any, BinaryIO

from gateway.capture import pcapng
from gateway.model.errors import DecodeError

Packet = tuple[float, int, bytes, int]
"""(time in seconds since 1970, DLT link type, octets captured, interface number)."""

Report = Callable[[str], None]

CHUNK = 1 << 18
LONGEST = 1 << 24
"""No capture tool writes a record longer than this (16 MiB): a length beyond it means a damaged file."""

_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 31
"""The window size by which zlib expects a gzip header."""

_MAGIC = {
    # magic as a number: (fractions of a second, octets after the four words of a record header)
    0xA1B2C3D4: (1_000_000, 0),
    0xA1B23C4D: (1_000_000_000, 0),
    0xA1B2CD34: (1_000_000, 8),
}


def packets(path: Path, report: Report, progress: Callable[[int], None] | None = None) -> Iterator[Packet]:
    """Every whole packet of the file in the order recorded.

    What cannot be read on (a file cut short, a damaged record) goes to `report` and ends the stream.
    `progress` hears how many octets of the file have been read, about four times per MiB.
    Raises DecodeError when the file cannot be opened or is no capture at all.
    """
    try:
        with path.open("rb", buffering=0) as raw:
            yield from _packets(_opened(raw, report, progress), str(path), report)
    except OSError as error:
        raise DecodeError(error.strerror or str(error), where=str(path)) from error


def _packets(stream: BinaryIO, where: str, report: Report) -> Iterator[Packet]:
    magic = stream.read(4)
    if magic == pcapng.SECTION_HEADER:
        yield from pcapng.packets(stream, report)
    elif order := _byte_order(magic):
        yield from _classic(stream, order, *_MAGIC[Struct(f"{order}I").unpack(magic)[0]], report)
    else:
        raise DecodeError("not a pcap or pcapng file", where=where)


def _byte_order(magic: bytes) -> str:
    return next((order for order in "<>" if len(magic) == 4 and Struct(f"{order}I").unpack(magic)[0] in _MAGIC), "")


def _classic(stream: BinaryIO, order: str, fractions: int, extra: int, report: Report) -> Iterator[Packet]:
    """The records of a pcap file, its magic already read."""
    header = stream.read(20)
    if len(header) < 20:
        report("file ends inside the file header")
        return
    link = Struct(f"{order}16xI").unpack(header)[0] & 0xFFFF  # the upper half tells of an FCS
    read, unpack, size = stream.read, Struct(f"{order}4I{extra}x").unpack, 16 + extra
    while record := read(size):
        if len(record) < size:
            report("file ends inside a record header")
            return
        seconds, fraction, captured, _ = unpack(record)
        if captured > LONGEST:
            report(f"record of {captured} octets: the file is damaged from here on")
            return
        octets = read(captured)
        if len(octets) < captured:
            report("file ends inside a packet")
            return
        yield seconds + fraction / fractions, link, octets, 0


def _opened(raw: io.FileIO, report: Report, progress: Callable[[int], None] | None) -> BinaryIO:
    """`raw` with a large buffer, unpacked when it is gzipped."""
    zipped = raw.read(2) == _GZIP
    raw.seek(0)
    source: io.RawIOBase = _Counted(raw, progress) if progress else raw
    return io.BufferedReader(_Unzipped(source, report) if zipped else source, CHUNK)


class _Counted(io.RawIOBase):
    """A file that tells how far it has been read."""

    def __init__(self, raw: io.FileIO, progress: Callable[[int], None]) -> None:
        self._raw = raw
        self._progress = progress

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._raw.readinto(buffer)
        self._progress(self._raw.tell())
        return count or 0


class _Unzipped(io.RawIOBase):
    """A gzipped file (RFC 1952) unpacked as far as it is whole, which the gzip module does not offer."""

    def __init__(self, raw: io.RawIOBase, report: Report) -> None:
        self._raw = raw
        self._report = report
        self._zipped = b""
        self._decoder = zlib.decompressobj(_GZIP_WINDOW)
        self._begun = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        octets = b""
        while not octets:
            self._zipped = self._zipped or self._raw.read(CHUNK) or b""
            if not self._zipped:
                self._end()
                return 0
            octets = self._unpacked(len(buffer))
        buffer[: len(octets)] = octets
        return len(octets)

    def _unpacked(self, limit: int) -> bytes:
        try:
            octets = self._decoder.decompress(self._zipped, limit)
        except zlib.error:
            self._begun, self._zipped, self._raw = True, b"", _Nothing()
            return b""
        self._zipped = self._decoder.unconsumed_tail
        if self._decoder.eof:  # another member may follow
            self._zipped = self._decoder.unused_data
            self._decoder = zlib.decompressobj(_GZIP_WINDOW)
            self._begun = False
        else:
            self._begun = True
        return octets

    def _end(self) -> None:
        if self._begun:
            self._report("the compressed file is cut short or damaged")
            self._begun = False


class _Nothing(io.RawIOBase):
    """The end of a file that cannot be read on."""

    def readinto(self, buffer: Any) -> int:
        return 0
