"""RTP streams and what can be said of them: loss, jitter, gaps (RFC 3550 §6.4.1, §A.1, §A.3, §A.8)."""

from array import array
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass

HEADER = 12
"""Octets of the fixed header."""

GAP = 0.2
"""Seconds without a packet that count as a gap where the timestamps say that there should have been some."""

_USUAL_CLOCK = 8000
_STATIC_CLOCKS = {6: 16000, 10: 44100, 11: 44100, 14: 90000, 16: 11025, 17: 22050, 26: 90000, 31: 90000, 34: 90000}
_EVENTS = frozenset(("telephone-event", "cn", "tone"))


@dataclass(frozen=True, slots=True)
class Measured:
    """A stretch of a stream. Jitter is in seconds, None where fewer than two packets say something of it."""

    first: float
    last: float
    packets: int
    lost: int
    jitter: float | None
    jitter_most: float | None
    gaps: int
    longest_gap: float
    payload_type: int


class RtpStream:
    """The packets of one SSRC from one socket to another, as far as a measurement needs them."""

    __slots__ = ("dscp", "payload_types", "sequences", "ssrc", "times", "timestamps")

    def __init__(self, ssrc: int) -> None:
        self.ssrc = ssrc
        self.times = array("d")
        self.sequences = array("H")
        self.timestamps = array("I")
        self.payload_types = array("B")
        self.dscp = array("B")

    def add(self, time: float, dscp: int, header: bytes) -> None:
        """One packet; `header` has at least its first eight octets."""
        self.times.append(time)
        self.sequences.append(header[2] << 8 | header[3])
        self.timestamps.append(int.from_bytes(header[4:8], "big"))
        self.payload_types.append(header[1] & 0x7F)
        self.dscp.append(dscp)

    def between(self, start: float, end: float) -> tuple[int, int]:
        """The indexes of the packets from time `start` up to, and without, time `end`."""
        return bisect_left(self.times, start), bisect_left(self.times, end)

    def dscp_between(self, start: int, end: int) -> tuple[int, ...]:
        """Every DSCP among the packets of these indexes, ascending."""
        return tuple(sorted(set(self.dscp[start:end])))

    def measure(self, start: int, end: int, codecs: Mapping[int, str]) -> Measured:
        """The packets of these indexes (at least one). `codecs` says "name/clock rate" of payload types.

        Telephone events and comfort noise keep a timestamp or skip time on purpose: no jitter is taken from them.
        """
        kind = self._main_payload_type(start, end, codecs)
        jitters = self._jitters(start, end, kind, clock_rate(kind, codecs))
        gaps = self._gaps(start, end, clock_rate(kind, codecs))
        return Measured(
            self.times[start],
            self.times[end - 1],
            end - start,
            _lost(self.sequences[start:end]),
            sum(jitters) / len(jitters) if jitters else None,
            max(jitters, default=None),
            len(gaps),
            max(gaps, default=0.0),
            kind,
        )

    def _main_payload_type(self, start: int, end: int, codecs: Mapping[int, str]) -> int:
        counts: dict[int, int] = {}
        for kind in self.payload_types[start:end]:
            counts[kind] = counts.get(kind, 0) + 1
        voices = {kind: count for kind, count in counts.items() if _name(codecs.get(kind, "")) not in _EVENTS}
        return max(voices or counts, key=(voices or counts).__getitem__)

    def _jitters(self, start: int, end: int, kind: int, rate: int) -> list[float]:
        """The estimate after each packet but the first."""
        found: list[float] = []
        jitter, before = 0.0, -1
        for at in range(start, end):
            if self.payload_types[at] != kind:
                continue
            if before >= 0:
                ticks = _signed(self.timestamps[at] - self.timestamps[before])
                jitter += (abs(self.times[at] - self.times[before] - ticks / rate) - jitter) / 16
                found.append(jitter)
            before = at
        return found

    def _gaps(self, start: int, end: int, rate: int) -> list[float]:
        """Silences that are longer than the sender's own timestamps explain, or in which packets are missing."""
        found = []
        for at in range(start + 1, end):
            silence = self.times[at] - self.times[at - 1]
            if silence < GAP:
                continue
            missing = (self.sequences[at] - self.sequences[at - 1]) & 0xFFFF != 1
            meant = _signed(self.timestamps[at] - self.timestamps[at - 1]) / rate
            if missing or silence - meant >= GAP:
                found.append(silence)
        return found


def clock_rate(payload_type: int, codecs: Mapping[int, str]) -> int:
    """Timestamp units per second."""
    text = codecs.get(payload_type, "").split("/")
    given = text[1] if len(text) > 1 else ""
    return int(given) if given.isdecimal() and int(given) else _STATIC_CLOCKS.get(payload_type, _USUAL_CLOCK)


def _name(codec: str) -> str:
    return codec.partition("/")[0]


def _signed(ticks: int) -> int:
    """The difference of two timestamps, which count modulo 2**32."""
    return (ticks + 0x80000000 & 0xFFFFFFFF) - 0x80000000


def _lost(sequences: "array[int]") -> int:
    """Numbers between the lowest and the highest that never came (RFC 3550 §A.3); a jump back starts anew."""
    extended, highest = set(), 0
    for at, number in enumerate(sequences):
        step = (number - highest + 0x8000 & 0xFFFF) - 0x8000 if at else 0
        here = highest + step if at else number
        extended.add(here)
        highest = max(highest, here)
    return max(0, highest - min(extended) + 1 - len(extended))
