"""Cisco PRI backhaul: Q.931 between a gateway and its call agent, over TCP, port 2428.

A header of 12 octets, six numbers of two: 4 (ISDN), 0, message type, 0x9000, the D channel, the length of the Q.931
message that follows. All of that is read from recordings, where the gateway connects; what is not in them (how links
are established and released) is unverified, and neither sent nor understood here.
"""

from struct import pack, unpack_from
from typing import NamedTuple

from gateway.model.errors import DecodeError

HEADER = 12
LONGEST_MESSAGE = 4096
DATA_REQUEST, DATA_INDICATION = 0x10, 0x11
"""From the call agent, and from the gateway."""

PROTOCOL = b"\x00\x04"
"""ISDN: the first two octets of every header."""
_AS_RECORDED = 0x9000


class BackhaulMessage(NamedTuple):
    """One message of the D channel `channel`."""

    kind: int
    channel: int
    octets: bytes

    def encoded(self) -> bytes:
        """Header and message."""
        return PROTOCOL + pack(">HHHHH", 0, self.kind, _AS_RECORDED, self.channel, len(self.octets)) + self.octets


def starts(octets: bytes) -> bool:
    """Whether a header stands here, as far as can be seen."""
    return octets[:2] == PROTOCOL[: len(octets)]


def length(held: bytes) -> int | None:
    """How long the message is whose first octets these are, with its header; None while nobody can say.

    Raises DecodeError for what is none, or none of a sane length.
    """
    if not starts(held):
        raise DecodeError("no PRI backhaul header where a message should begin")
    if len(held) < HEADER:
        return None
    found = int.from_bytes(held[10:12])
    if found > LONGEST_MESSAGE:
        raise DecodeError(f"PRI backhaul message of {found} octets")
    return HEADER + found


def decode(octets: bytes) -> BackhaulMessage:
    """Reads one whole message. Raises DecodeError."""
    if length(octets) != len(octets):
        raise DecodeError("PRI backhaul message whose length is another")
    _, kind, _, channel = unpack_from(">HHHH", octets, 2)
    return BackhaulMessage(kind, channel, octets[HEADER:])
