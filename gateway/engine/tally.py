"""How often each message was seen: once each, and every copy."""

from collections import Counter, defaultdict

GENERATION = 32.0
"""Seconds: 64*T1, the time within which a SIP message is sent again (RFC 3261 17)."""

_LARGEST_GENERATION = 200_000


class Tally:
    """Counts by protocol and message name. A copy of what the same sender sent within the last 32 to 64 seconds
    is a retransmission: counted on the wire only.
    """

    def __init__(self) -> None:
        self.once: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.on_wire: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._young: set[int] = set()
        self._old: set[int] = set()
        self._turn = 0.0

    def is_copy(self, octets: bytes, source: str, time: float) -> bool:
        """Whether `source` has sent the same octets a moment ago."""
        fingerprint = hash(octets) ^ hash(source)
        young = self._young
        if time >= self._turn or len(young) >= _LARGEST_GENERATION:
            self._old, self._young, self._turn = young, set(), time + GENERATION
            young = self._young
        if fingerprint in young or fingerprint in self._old:
            return True
        young.add(fingerprint)
        return False

    def count(self, protocol: str, name: str, copy: bool = False) -> None:
        """Adds one message."""
        self.on_wire[protocol][name] += 1
        if not copy:
            self.once[protocol][name] += 1
