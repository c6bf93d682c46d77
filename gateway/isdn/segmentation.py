"""Messages that are longer than a frame: cut into SEGMENT messages and put together again (Q.931 annex H)."""

from gateway.isdn.information_element import Identifier
from gateway.isdn.q931 import MessageType

MOST_SEGMENTS = 8
_FIRST = 0x80


def segments(octets: bytes, most: int) -> tuple[bytes, ...]:
    """`octets` as one message, or as several of at most `most` octets; empty when eight do not do."""
    if len(octets) <= most:
        return (octets,)
    start = 2 + octets[1]
    head, kind, body = octets[:start] + bytes((MessageType.SEGMENT,)), octets[start], octets[start + 1 :]
    room = most - len(head) - 4
    parts = [body[at : at + room] for at in range(0, len(body), room)]
    if len(parts) > MOST_SEGMENTS:
        return ()
    return tuple(
        head + bytes((Identifier.SEGMENTED_MESSAGE, 2, _FIRST * (index == 0) | len(parts) - 1 - index, kind)) + part
        for index, part in enumerate(parts)
    )


def is_segment(octets: bytes) -> bool:
    """Whether this is a SEGMENT message."""
    return len(octets) > 2 and len(octets) > 2 + octets[1] and octets[2 + octets[1]] == MessageType.SEGMENT


class Reassembly:
    """The segments of one message that have come over one data link so far."""

    __slots__ = ("_body", "_head", "_kind", "_remaining")

    def __init__(self) -> None:
        self.forget()

    @property
    def is_waiting(self) -> bool:
        """Whether more segments are due; T314 runs."""
        return self._remaining > 0

    def forget(self) -> None:
        """What has come so far is lost: another message came between, or nothing for T314."""
        self._head, self._kind, self._body, self._remaining = b"", 0, b"", 0

    def add(self, octets: bytes) -> bytes | None:
        """The whole message when this was its last segment. One that is out of order spoils the message."""
        start = 2 + octets[1]
        head, rest = octets[:start], octets[start + 1 :]
        if len(rest) < 4 or rest[0] != Identifier.SEGMENTED_MESSAGE or rest[1] != 2:
            self.forget()
            return None
        remaining, kind = rest[2] & 0x7F, rest[3]
        if rest[2] & _FIRST:
            self._head, self._kind, self._body = head, kind, b""
        elif remaining != self._remaining - 1 or (head, kind) != (self._head, self._kind):
            self.forget()
            return None
        if remaining >= MOST_SEGMENTS:
            self.forget()
            return None
        self._body += rest[4:]
        self._remaining = remaining
        if remaining:
            return None
        whole = self._head + bytes((self._kind,)) + self._body
        self.forget()
        return whole
