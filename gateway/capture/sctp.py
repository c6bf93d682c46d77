"""SCTP (RFC 9260): user messages out of DATA chunks, bundled or fragmented, each delivered once."""

import struct
from collections import OrderedDict, deque
from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

from gateway.capture.internet import Datagram
from gateway.model.errors import DecodeError

PROTOCOL = 132
STREAMS = 16_384
REMEMBERED = 1024
"""Transmission sequence numbers by which a repeated chunk is known, per direction."""
FRAGMENTS = 1024

_PORTS = Struct(">HH").unpack_from
_CHUNK = Struct(">BBH").unpack_from
_DATA_HEADER = Struct(">IHHI").unpack_from
_DATA, _INIT, _INIT_ACK = 0, 1, 2
_END, _BEGIN = 1, 2

Key = tuple[bytes, bytes, int, int]


class UserMessage(NamedTuple):
    """A whole message: payload protocol identifier, octets, source and destination port."""

    protocol: int
    octets: bytes
    ports: tuple[int, int]


class _Direction:
    """What one direction of an association has sent: numbers seen, and fragments by their number."""

    def __init__(self) -> None:
        self.seen: deque[int] = deque(maxlen=REMEMBERED)
        self.fragments: OrderedDict[int, tuple[int, bytes]] = OrderedDict()

    def joined(self, number: int, flags: int, octets: bytes) -> bytes | None:
        """The message that this chunk completes. Fragments of a message have successive numbers (RFC 9260, 6.9)."""
        if flags & _BEGIN and flags & _END:
            return octets
        self.fragments[number] = (flags, octets)
        if len(self.fragments) > FRAGMENTS:
            self.fragments.popitem(last=False)
        first = self._back_to_begin(number)
        last = self._on_to_end(number)
        if first is None or last is None:
            return None
        span = (last - first & 0xFFFFFFFF) + 1
        return b"".join(self.fragments.pop(first + step & 0xFFFFFFFF)[1] for step in range(span))

    def _back_to_begin(self, number: int) -> int | None:
        while number in self.fragments:
            if self.fragments[number][0] & _BEGIN:
                return number
            number = number - 1 & 0xFFFFFFFF
        return None

    def _on_to_end(self, number: int) -> int | None:
        while number in self.fragments:
            if self.fragments[number][0] & _END:
                return number
            number = number + 1 & 0xFFFFFFFF
        return None


class SctpAssociations:
    """All associations of a capture."""

    def __init__(self) -> None:
        self._directions: OrderedDict[Key, _Direction] = OrderedDict()

    def messages(self, datagram: Datagram) -> Iterator[UserMessage]:
        """The user messages that this packet completes.

        Raises DecodeError at a chunk that is broken, after the messages before it.
        """
        try:
            source, destination = _PORTS(datagram.payload)
            for kind, flags, body in _chunks(datagram.payload):
                direction = self._direction((datagram.source, datagram.destination, source, destination), kind)
                if kind == _DATA:
                    number, _, _, protocol = _DATA_HEADER(body)
                    if number in direction.seen:
                        continue
                    direction.seen.append(number)
                    message = direction.joined(number, flags, body[12:])
                    if message is not None:
                        yield UserMessage(protocol, message, (source, destination))
        except struct.error:
            raise DecodeError("packet ends inside its SCTP header") from None

    def _direction(self, key: Key, kind: int) -> _Direction:
        if kind in (_INIT, _INIT_ACK) or key not in self._directions:
            self._directions[key] = _Direction()
            if len(self._directions) > STREAMS:
                self._directions.popitem(last=False)
        return self._directions[key]


def _chunks(octets: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(type, flags, value) of each chunk (RFC 9260, 3.2)."""
    position = 12
    while position + 4 <= len(octets):
        kind, flags, length = _CHUNK(octets, position)
        if length < 4 or position + length > len(octets):
            raise DecodeError(f"SCTP chunk of {length} octets, {len(octets) - position} left")
        yield kind, flags, octets[position + 4 : position + length]
        position += length + 3 & ~3
