"""Bits of aligned PER (X.691, ALIGNED variant): reading them from octets, and writing them.

Lengths and whole numbers are those of X.691 clause 11: constrained ones within bounds, others behind a length.
"""

from collections.abc import Iterator

from gateway.model.errors import DecodeError, LocalProtocolError

MOST_ELEMENTS = 8_192
"""Elements of all SEQUENCE OF and SET OF of one message: an element may take a bit or none, an object of ours a
hundred octets.
"""

_LONGEST_NUMBER = 16
_FRAGMENT = 16_384
_ONE_OCTET, _TWO_OCTETS = 256, 65_536


class Reader:
    """Reads from the front. What goes beyond the octets raises DecodeError."""

    __slots__ = ("_at", "_elements", "_end", "_octets")

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0
        self._end = len(octets) * 8
        self._elements = 0

    def bit(self) -> int:
        """One bit."""
        at = self._at
        if at >= self._end:
            raise DecodeError("ends too early")
        self._at = at + 1
        return self._octets[at >> 3] >> (~at & 7) & 1

    def bits(self, count: int) -> int:
        """A bit field as an unsigned number."""
        at = self._at
        to = at + count
        if to > self._end:
            raise DecodeError("ends too early")
        self._at = to
        field = int.from_bytes(self._octets[at >> 3 : to + 7 >> 3], "big")
        return field >> (-to & 7) & (1 << count) - 1

    def align(self) -> None:
        """On to the next octet boundary."""
        self._at = self._at + 7 & ~7

    def octets(self, count: int) -> bytes:
        """Octets from the next boundary on; without any, nothing is skipped."""
        if not count:
            return b""
        start = self._at + 7 >> 3
        self._at = start + count << 3
        if self._at > self._end:
            raise DecodeError("ends too early")
        return self._octets[start : start + count]

    def whole(self, lower: int, span: int) -> int:
        """A constrained whole number (11.5): `span` values from `lower` on. Raises DecodeError for one beyond."""
        if span < _ONE_OCTET:
            offset = self.bits((span - 1).bit_length())
        elif span <= _TWO_OCTETS:
            offset = int.from_bytes(self.octets(1 if span == _ONE_OCTET else 2), "big")
        else:
            most = (span - 1).bit_length() + 7 >> 3
            offset = int.from_bytes(self.octets(self.whole(1, most)), "big")
        if offset >= span:
            raise DecodeError(f"{lower + offset} is out of bounds")
        return lower + offset

    def small(self) -> int:
        """A normally small non-negative whole number (11.6)."""
        if not self.bit():
            return self.bits(6)
        return int.from_bytes(self.number(), "big")

    def number(self) -> bytes:
        """The octets of a whole number behind their number; more than 16 are an attack on whoever prints it."""
        length = self.length()
        if length > _LONGEST_NUMBER:
            raise DecodeError(f"a number of {length} octets")
        return self.octets(length)

    def length(self) -> int:
        """A length without an upper bound, in one piece (11.9.3.6, 11.9.3.7)."""
        length, whole = self._length()
        if not whole:
            raise DecodeError(f"more than {_FRAGMENT} units")
        return length

    def run(self) -> bytes:
        """Octets behind their number, fragments put together (11.9.3.8)."""
        length, whole = self._length()
        if whole:
            return self.octets(length)
        parts = [self.octets(length)]
        while not whole:
            length, whole = self._length()
            parts.append(self.octets(length))
        return b"".join(parts)

    def elements(self, count: int) -> range:
        """To be gone through for `count` elements. Raises DecodeError when the message has too many in all."""
        self._elements += count
        if self._elements > MOST_ELEMENTS:
            raise DecodeError(f"more than {MOST_ELEMENTS} elements")
        return range(count)

    def inside(self, octets: bytes) -> "Reader":
        """Reads what is in an open type; elements count for the whole message."""
        inner = Reader(octets)
        inner._elements = self._elements
        return inner

    def outside(self, inner: "Reader") -> None:
        """Back from `inside`."""
        self._elements = inner._elements

    def _length(self) -> tuple[int, bool]:
        """A length, and whether it is that of the last piece."""
        first = self.octets(1)[0]
        if first < 0x80:
            return first, True
        if first < 0xC0:
            return (first & 0x3F) << 8 | self.octets(1)[0], True
        if not 0xC0 < first <= 0xC4:
            raise DecodeError("no length of a fragment")
        return (first & 0x3F) * _FRAGMENT, False


class Writer:
    """Writes one after the other."""

    __slots__ = ("_bits", "_count", "_octets")

    def __init__(self) -> None:
        self._octets = bytearray()
        self._bits = 0
        self._count = 0

    def bits(self, value: int, count: int) -> None:
        """A bit field."""
        self._bits = self._bits << count | value
        self._count += count

    def align(self) -> None:
        """On to the next octet boundary, with zeros."""
        count = self._count
        if count:
            padding = -count & 7
            self._octets += (self._bits << padding).to_bytes(count + padding >> 3, "big")
            self._bits = self._count = 0

    def octets(self, octets: bytes) -> None:
        """Octets from the next boundary on; without any, there is no padding (X.691 11.7, as PTLib has it)."""
        if octets:
            self.align()
            self._octets += octets

    def whole(self, value: int, lower: int, span: int) -> None:
        """A constrained whole number (11.5). Raises LocalProtocolError for one out of bounds."""
        offset = value - lower
        if not 0 <= offset < span:
            raise LocalProtocolError(f"{value} is not within {lower} and {lower + span - 1}")
        if span < _ONE_OCTET:
            self.bits(offset, (span - 1).bit_length())
        elif span <= _TWO_OCTETS:
            self.octets(offset.to_bytes(1 if span == _ONE_OCTET else 2, "big"))
        else:
            contents = unsigned(offset)
            self.whole(len(contents), 1, (span - 1).bit_length() + 7 >> 3)
            self.octets(contents)

    def small(self, value: int) -> None:
        """A normally small non-negative whole number (11.6)."""
        if value < 64:
            self.bits(value, 7)
            return
        self.bits(1, 1)
        contents = unsigned(value)
        self.length(len(contents))
        self.octets(contents)

    def length(self, length: int) -> None:
        """A length without an upper bound, in one piece. Raises LocalProtocolError for a longer one."""
        if length < 0x80:
            self.octets(bytes((length,)))
        elif length < _FRAGMENT:
            self.octets((0x8000 | length).to_bytes(2, "big"))
        else:
            raise LocalProtocolError(f"more than {_FRAGMENT} units")

    def run(self, octets: bytes) -> None:
        """Octets behind their number, in fragments when there are many."""
        for fragments, part in _fragments(octets):
            if fragments:
                self.octets(bytes((0xC0 | fragments,)))
            else:
                self.length(len(part))
            self.octets(part)

    def done(self) -> bytes:
        """All that was written, padded; an encoding has one octet at least (11.1.3)."""
        self.align()
        return bytes(self._octets) or b"\0"


def unsigned(value: int) -> bytes:
    """A number from 0 on in as few octets as it takes, one at least."""
    return value.to_bytes(value.bit_length() + 7 >> 3 or 1, "big")


def _fragments(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """Pieces of four, three, two or one times 16384 octets, and with 0 the rest, which may be empty."""
    while (fragments := min(len(octets) // _FRAGMENT, 4)) > 0:
        yield fragments, octets[: fragments * _FRAGMENT]
        octets = octets[fragments * _FRAGMENT :]
    yield 0, octets
