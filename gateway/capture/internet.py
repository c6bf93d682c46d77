"""IPv4 and IPv6: extension headers, fragments put together again, tunnels opened.

RFC 791, RFC 8200; the tunnels are in `tunnels`.
"""

import struct
from collections.abc import Callable
from struct import Struct
from typing import NamedTuple

from gateway.capture import tunnels
from gateway.capture.links import IPV4, IPV6
from gateway.model.errors import DecodeError

TUNNEL_DEPTH = 8
FRAGMENTED_AT_ONCE = 4096
"""Datagrams whose fragments are waited for at the same time; beyond it the oldest is given up."""
LARGEST_DATAGRAM = 65_535

_IPV4 = Struct(">BxHHHxB2x4s4s").unpack_from
_IPV6 = Struct(">IHBx16s16s").unpack_from
_FRAGMENT = Struct(">BxHI").unpack_from
_HOP_BY_HOP, _ROUTING, _FRAGMENT_HEADER, _AUTHENTICATION, _DESTINATION_OPTIONS = 0, 43, 44, 51, 60
_EXTENSIONS = {_HOP_BY_HOP, _ROUTING, _DESTINATION_OPTIONS, _AUTHENTICATION}


class Datagram(NamedTuple):
    """What an IP packet carries: protocol number, addresses as 4 or 16 octets, payload;
    `missing` is how many octets of it the capture did not keep.
    """

    protocol: int
    source: bytes
    destination: bytes
    payload: bytes
    missing: int = 0


class _Piece(NamedTuple):
    """A datagram or a fragment of one: offset in octets, whether more follow, what its fragments share."""

    datagram: Datagram
    offset: int
    more: bool
    identification: tuple[bytes, bytes, int, int]


class Internet:
    """Gives whole datagrams, innermost of their tunnels. Keeps fragments until they are complete."""

    def __init__(self, report: Callable[[int, str], None]) -> None:
        self._report = report
        self._waiting: dict[tuple[bytes, bytes, int, int], _Fragments] = {}

    def datagram(self, ethertype: int, octets: bytes, frame: int) -> Datagram | None:
        """The innermost whole datagram of an IP packet; None when there is none (yet).

        Raises DecodeError when a header is not what it should be.
        """
        for _ in range(TUNNEL_DEPTH):
            datagram = self._whole(ethertype, octets, frame)
            if datagram is None:
                return None
            inner = tunnels.opened(datagram.protocol, datagram.payload)
            if inner is None:
                return datagram
            ethertype, octets = inner
        raise DecodeError(f"more than {TUNNEL_DEPTH} tunnels in one another")

    def close(self) -> None:
        """The capture has ended: name what was never completed."""
        for fragments in self._waiting.values():
            self._report(fragments.frame, "IP datagram of which fragments are missing")
        self._waiting.clear()

    def _whole(self, ethertype: int, octets: bytes, frame: int) -> Datagram | None:
        if ethertype not in _READERS:
            return None
        try:
            piece = _READERS[ethertype](octets)
        except (struct.error, IndexError):
            raise DecodeError("packet ends inside its IP header") from None
        if not piece.more and not piece.offset:
            return piece.datagram
        return self._joined(piece, frame)

    def _joined(self, piece: _Piece, frame: int) -> Datagram | None:
        if piece.datagram.missing:
            raise DecodeError("fragment cut short by the capture")
        fragments = self._waiting.setdefault(piece.identification, _Fragments(frame))
        payload = fragments.add(piece)
        if payload is None:
            self._give_up_oldest()
            return None
        del self._waiting[piece.identification]
        return piece.datagram._replace(protocol=fragments.protocol, payload=payload)

    def _give_up_oldest(self) -> None:
        if len(self._waiting) > FRAGMENTED_AT_ONCE:
            oldest = next(iter(self._waiting))
            self._report(self._waiting.pop(oldest).frame, "IP datagram of which fragments are missing")


class _Fragments:
    """The fragments of one datagram seen so far, by offset; `frame` is where the first one was."""

    def __init__(self, frame: int) -> None:
        self.frame = frame
        self.protocol = 0
        self._pieces: dict[int, bytes] = {}
        self._length: int | None = None

    def add(self, piece: _Piece) -> bytes | None:
        """Take in a fragment; the payload when that was the last one missing."""
        payload = piece.datagram.payload
        end = piece.offset + len(payload)
        if end > LARGEST_DATAGRAM:
            raise DecodeError("fragment beyond the end of any datagram")
        if not piece.offset:
            self.protocol = piece.datagram.protocol
        if not piece.more:
            self._length = end
        if len(payload) > len(self._pieces.get(piece.offset, b"")):
            self._pieces[piece.offset] = payload
        return None if self._length is None else self._assembled(self._length)

    def _assembled(self, length: int) -> bytes | None:
        whole = bytearray()
        for offset, payload in sorted(self._pieces.items()):
            if offset > len(whole):
                return None
            whole += payload[len(whole) - offset :]
        return bytes(whole[:length]) if len(whole) >= length else None


def _ipv4(octets: bytes) -> _Piece:
    version, length, identification, fragment, protocol, source, destination = _IPV4(octets)
    header = (version & 15) * 4
    if version >> 4 != 4 or header < 20:
        raise DecodeError("IPv4 header with a wrong version or length")
    length = length or len(octets)  # 0 where the network card cut the packet into segments
    if length < header:
        raise DecodeError("IPv4 total length shorter than the header")
    payload = octets[header:length]
    datagram = Datagram(protocol, source, destination, payload, length - header - len(payload))
    return _Piece(
        datagram, (fragment & 0x1FFF) * 8, bool(fragment & 0x2000), (source, destination, protocol, identification)
    )


def _ipv6(octets: bytes) -> _Piece:
    first, length, protocol, source, destination = _IPV6(octets)
    if first >> 28 != 6:
        raise DecodeError("IPv6 header with a wrong version")
    stop = 40 + length if length else len(octets)
    position, offset, more, identification = 40, 0, False, 0
    while protocol in _EXTENSIONS or protocol == _FRAGMENT_HEADER:
        if protocol == _FRAGMENT_HEADER:
            protocol, fragment, identification = _FRAGMENT(octets, position)
            position, offset, more = position + 8, fragment & 0xFFF8, bool(fragment & 1)
            break
        position, protocol = position + _extension_length(protocol, octets[position + 1]), octets[position]
    payload = octets[position:stop]
    datagram = Datagram(protocol, source, destination, payload, max(0, stop - position - len(payload)))
    return _Piece(datagram, offset, more, (source, destination, 0, identification))


def _extension_length(protocol: int, length: int) -> int:
    return (length + 2) * 4 if protocol == _AUTHENTICATION else (length + 1) * 8


_READERS: dict[int, Callable[[bytes], _Piece]] = {IPV4: _ipv4, IPV6: _ipv6}
