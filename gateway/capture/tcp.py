"""TCP streams put together per direction (RFC 9293): loss, repetition, overlap, disorder, wrapped sequence numbers.

A recording may begin in the middle of a connection and miss segments that the other end received; what
was never recorded is stepped over, so that a hole costs the message it is in and nothing more.
"""

import struct
from collections import OrderedDict
from collections.abc import Callable, Iterator
from struct import Struct
from typing import NamedTuple

from gateway.capture import tpkt
from gateway.capture.framing import Found, Framed, Framing
from gateway.capture.internet import Datagram
from gateway.capture.sip_stream import next_sip
from gateway.capture.stream_protocols import recognised, undecided
from gateway.model.errors import DecodeError

PROTOCOL = 6
STREAMS = 16_384
"""Directions followed at the same time; beyond it the one silent for longest is closed."""
MOST_WAITING = 64
"""Segments kept behind a hole until the hole is taken as lost."""
PATIENCE = 0.5
"""Seconds that recorders of both directions may be out of step, before an acknowledgement proves a hole."""
WINDOW = 1 << 24
"""A sequence number further ahead than this belongs to another connection between the same ports."""

_HEADER = Struct(">HHIIBB").unpack_from
_FIN, _SYN, _RST = 1, 2, 4
_SEQUENCE = 0xFFFFFFFF

Key = tuple[bytes, bytes, int, int]
"""Source address, destination address, source port, destination port."""


class Segment(NamedTuple):
    """A TCP segment and when it was seen."""

    frame: int
    time: float
    sequence: int
    flags: int
    octets: bytes


class Heard(NamedTuple):
    """A message, the segment that completed it, and the stream it came in."""

    found: Found
    segment: Segment
    key: Key


class _Stream:
    """One direction. `expected` is the next sequence number, None until it is known."""

    __slots__ = ("_beside", "_head", "expected", "framed", "ignored", "joined_late", "key", "last_frame", "waiting")

    def __init__(self, key: Key, *, beside: bool) -> None:
        self.key = key
        self._beside = beside
        self.expected: int | None = None
        self.joined_late = True
        self.waiting: dict[int, Segment] = {}
        self.framed: Framed | None = None
        self.ignored = False
        self.last_frame = 0
        self._head = b""

    def deliver(self, octets: bytes, report: Callable[[str], None]) -> Iterator[Found]:
        """Octets in sequence."""
        if self.framed is None:
            octets = self._recognise(self._head + octets)
        if self.framed is not None:
            yield from self.framed.feed(octets, report)

    def _recognise(self, octets: bytes) -> bytes:
        """Find out what the stream carries; what is left of `octets` from the first message on."""
        self._head = b""
        framing = recognised(octets, self.key[2:]) or self._payloads(octets)
        if framing is None and self.joined_late and (start := next_sip(octets)) > 0:
            octets = octets[start:]
            framing = recognised(octets, self.key[2:])
        if framing is not None:
            self.framed = Framed(framing)
        elif undecided(octets):
            self._head = octets
        else:
            self.ignored = not self.joined_late
        return octets

    def _payloads(self, octets: bytes) -> Framing | None:
        is_tpkt = self._beside and octets[:2] == b"\x03\x00"
        return tpkt.Payloads() if is_tpkt and not undecided(octets) else None


class TcpStreams:
    """All connections of a capture; with `beside`, H.245 connections of H.323 too."""

    def __init__(self, report: Callable[[int, str], None], *, beside: bool = False) -> None:
        self._report = report
        self._beside = beside
        self._streams: OrderedDict[Key, _Stream] = OrderedDict()

    def messages(self, datagram: Datagram, frame: int, time: float) -> Iterator[Heard]:
        """The signalling messages that this segment completes. Raises DecodeError when its header is broken."""
        payload = datagram.payload
        try:
            source, destination, sequence, acknowledged, offset, flags = _HEADER(payload)
        except struct.error:
            raise DecodeError("packet ends inside its TCP header") from None
        header = (offset >> 4) * 4
        if header < 20:
            raise DecodeError("TCP header with a wrong length")
        key = (datagram.source, datagram.destination, source, destination)
        yield from self._other_side(key, acknowledged, time)
        segment = Segment(frame, time, sequence, flags, payload[header:])
        if segment.octets or flags & (_SYN | _FIN | _RST):
            yield from self._segment(key, segment)

    def close(self) -> Iterator[Heard]:
        """The capture has ended: what waits behind holes, as far as it can be read."""
        while self._streams:
            yield from self._finish(self._streams.popitem(last=False)[1])

    def _segment(self, key: Key, segment: Segment) -> Iterator[Heard]:
        stream = self._stream(key)
        if segment.flags & _SYN:
            segment = segment._replace(sequence=segment.sequence + 1 & _SEQUENCE)
            stream, old = self._synchronised(stream, segment.sequence), stream
            if stream is not old:
                yield from self._finish(old)
        if len(self._streams) > STREAMS:
            yield from self._finish(self._streams.popitem(last=False)[1])
        if segment.octets and not stream.ignored:
            yield from self._take(stream, segment)
        if segment.flags & (_FIN | _RST) and (segment.flags & _RST or not stream.waiting):
            yield from self._finish(self._streams.pop(key, stream))

    def _stream(self, key: Key) -> _Stream:
        stream = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = _Stream(key, beside=self._beside)
        else:
            self._streams.move_to_end(key)
        return stream

    def _synchronised(self, stream: _Stream, expected: int) -> _Stream:
        """A connection begins, with a stream of its own; a repeated SYN changes nothing."""
        if stream.expected == expected:
            return stream
        fresh = self._streams[stream.key] = _Stream(stream.key, beside=self._beside)
        fresh.expected, fresh.joined_late = expected, False
        return fresh

    def _take(self, stream: _Stream, segment: Segment) -> Iterator[Heard]:
        if stream.expected is None:
            stream.expected = segment.sequence
        ahead = segment.sequence - stream.expected & _SEQUENCE
        if ahead >= 1 << 31:
            ahead -= 1 << 32
        if abs(ahead) > WINDOW:  # another connection between the same ports, its SYN not recorded
            yield from self._finish(stream)
            stream = self._streams[stream.key] = _Stream(stream.key, beside=self._beside)
            stream.expected, ahead = segment.sequence, 0
        if ahead > 0:
            kept = stream.waiting.get(segment.sequence)
            if kept is None or len(kept.octets) < len(segment.octets):
                stream.waiting[segment.sequence] = segment
            if len(stream.waiting) > MOST_WAITING:
                yield from self._step_over(stream)
        elif ahead + len(segment.octets) > 0:
            yield from self._deliver(stream, segment, -ahead)
            yield from self._deliver_waiting(stream)

    def _deliver(self, stream: _Stream, segment: Segment, known: int) -> Iterator[Heard]:
        """Hand on the octets of a segment of which the first `known` have been seen before."""
        stream.expected = segment.sequence + len(segment.octets) & _SEQUENCE
        stream.last_frame = segment.frame
        report = _at(self._report, segment.frame)
        for found in stream.deliver(segment.octets[known:], report):
            yield Heard(found, segment, stream.key)

    def _deliver_waiting(self, stream: _Stream) -> Iterator[Heard]:
        while stream.waiting and stream.expected is not None:
            segment = min(stream.waiting.values(), key=_distance_from(stream.expected))
            known = stream.expected - segment.sequence & _SEQUENCE
            if known >= 1 << 31:  # still a hole before it
                return
            del stream.waiting[segment.sequence]
            if known < len(segment.octets):
                yield from self._deliver(stream, segment, known)

    def _step_over(self, stream: _Stream) -> Iterator[Heard]:
        """Take the hole before the first waiting segment as lost."""
        if stream.expected is None or not stream.waiting:
            return
        first = min(stream.waiting.values(), key=_distance_from(stream.expected))
        missing = first.sequence - stream.expected & _SEQUENCE
        report = _at(self._report, first.frame)
        if stream.framed is not None:
            report(f"{missing} octets of a TCP stream were not recorded")
            stream.framed.broken_off("a hole in the stream", report)
        stream.expected, stream.joined_late = first.sequence, True
        yield from self._deliver_waiting(stream)

    def _other_side(self, key: Key, acknowledged: int, time: float) -> Iterator[Heard]:
        """An acknowledgement of octets behind a hole says that they arrived: only the recording lacks them."""
        stream = self._streams.get((key[1], key[0], key[3], key[2]))
        if stream is None or stream.expected is None or not stream.waiting:
            return
        first = min(stream.waiting.values(), key=_distance_from(stream.expected))
        if time - first.time > PATIENCE and 0 < (acknowledged - first.sequence & _SEQUENCE) < WINDOW:
            yield from self._step_over(stream)

    def _finish(self, stream: _Stream) -> Iterator[Heard]:
        """The stream is over."""
        while stream.waiting:
            yield from self._step_over(stream)
        if stream.framed is not None:
            stream.framed.broken_off("the end of the stream", _at(self._report, stream.last_frame))


def _at(report: Callable[[int, str], None], frame: int) -> Callable[[str], None]:
    return lambda what: report(frame, what)


def _distance_from(expected: int) -> Callable[[Segment], int]:
    """Order of sequence numbers around `expected`, with those before it first."""
    return lambda segment: (segment.sequence - expected + (1 << 31)) & _SEQUENCE
