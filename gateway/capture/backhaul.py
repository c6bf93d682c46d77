"""Cisco PRI backhaul: Q.931 between a gateway and its call agent, TCP port 2428.

Every message has a header of 12 octets, read from recordings: 00 04, 00 00, message type, 90 00 or the like,
the channel (D channel number), the length of the Q.931 message that follows. All are numbers of two octets.
"""

from struct import unpack_from

from gateway.capture.framing import Cut, Found
from gateway.model.errors import DecodeError

PORT = 2428
HEADER = 12
LONGEST_MESSAGE = 4096

_PROTOCOL = b"\x00\x04"


def starts_backhaul(octets: bytes) -> bool:
    """Whether a backhaul header stands here."""
    return octets[:2] == _PROTOCOL[: len(octets)]


class Backhaul:
    """The messages of one backhaul connection."""

    def cut(self, held: bytes) -> Cut | None:
        """See Framing.cut."""
        if not starts_backhaul(held):
            raise DecodeError("no PRI backhaul header where a message should begin")
        if len(held) < HEADER:
            return None
        channel, length = unpack_from(">HH", held, 8)
        if length > LONGEST_MESSAGE:
            raise DecodeError(f"PRI backhaul message of {length} octets")
        end = HEADER + length
        if end > len(held):
            return None
        message = held[HEADER:end]
        return Cut(end, Found("q931", message, link=f"backhaul:{channel}") if message[:1] == b"\x08" else None)

    def next_start(self, held: bytes) -> int:
        """See Framing.next_start."""
        position = held.find(_PROTOCOL, 1)
        return position if position > 0 else len(held)
