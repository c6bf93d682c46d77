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
FRAGMENTED_AT_ONCE = 1024
"""Datagrams whose fragments are waited for at the same time; beyond it the oldest is given up."""
REASSEMBLY_TIME = 30.0
"""Seconds that fragments are waited for, as in most hosts (RFC 1122, 3.3.2 asks for a limit)."""
LARGEST_DATAGRAM = 65_535

_IPV4 = Struct(">BxHHHxB2x4s4s").unpack_from
_IPV6 = Struct(">IHBx16s16s").unpack_from
_FRAGMENT = Struct(">BxHI").unpack_from
_HOP_BY_HOP, _ROUTING, _FRAGMENT_HEADER, _AUTHENTICATION, _DESTINATION_OPTIONS = 0, 43, 44, 51, 60
_EXTENSIONS = {_HOP_BY_HOP, _ROUTING, _DESTINATION_OPTIONS, _AUTHENTICATION}


Identification = tuple[bytes, bytes, int, int]
"""What the fragments of a datagram share: source, destination, protocol (0 in IPv6), identification."""


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
    identification: Identification


class Internet:
    """Gives whole datagrams, innermost of their tunnels. Keeps fragments until they are complete."""

    def __init__(self, report: Callable[[int, str], None]) -> None:
        self._report = report
        self._waiting: dict[Identification, _Fragments] = {}

    def datagram(self, ethertype: int, octets: bytes, frame: int, time: float) -> Datagram | None:
        """The innermost whole datagram of an IP packet; None when there is none (yet).

        Raises DecodeError when a header is not what it should be.
        """
        for _ in range(TUNNEL_DEPTH):
            datagram = self._whole(ethertype, octets, frame, time)
            if datagram is None:
                return None
            inner = tunnels.opened(datagram.protocol, datagram.payload)
            if inner is None:
                return datagram
            ethertype, octets = inner
        raise DecodeError(f"more than {TUNNEL_DEPTH} tunnels in one another")

    def close(self) -> None:
        """The capture has ended: name what was never completed."""
        for identification in list(self._waiting):
            self._give_up(identification)

    def _whole(self, ethertype: int, octets: bytes, frame: int, time: float) -> Datagram | None:
        if ethertype not in _READERS:
            return None
        try:
            piece = _READERS[ethertype](octets)
        except (struct.error, IndexError):
            raise DecodeError("packet ends inside its IP header") from None
        if not piece.more and not piece.offset:
            return piece.datagram
        return self._joined(piece, frame, time)

    def _joined(self, piece: _Piece, frame: int, time: float) -> Datagram | None:
        if piece.datagram.missing:
            raise DecodeError("fragment cut short by the capture")
        fragments = self._waiting.get(piece.identification)
        if fragments is not None and time - fragments.time > REASSEMBLY_TIME:
            self._give_up(piece.identification)
            fragments = None
        if fragments is None:
            fragments = self._waiting[piece.identification] = _Fragments(frame, time)
        payload = fragments.add(piece)
        if payload is None:
            if len(self._waiting) > FRAGMENTED_AT_ONCE:
                self._give_up(next(iter(self._waiting)))
            return None
        del self._waiting[piece.identification]
        return piece.datagram._replace(protocol=fragments.protocol, payload=payload)

    def _give_up(self, identification: Identification) -> None:
        self._report(self._waiting.pop(identification).frame, "IP datagram of which fragments are missing")


class _Fragments:
    """The fragments of one datagram seen so far, by offset; `frame` and `time` are of the first one."""

    def __init__(self, frame: int, time: float) -> None:
        self.frame = frame
        self.time = time
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
