"""The messages of TEI management, which UI frames of SAPI 63 carry (Q.921 5.3.6, figure 8)."""

from enum import IntEnum
from typing import NamedTuple

from gateway.isdn import lapd_frame
from gateway.isdn.lapd_frame import BROADCAST_TEI, MANAGEMENT_SAPI, Frame, Kind
from gateway.isdn.side import Side
from gateway.model.errors import DecodeError

ANY_TEI = BROADCAST_TEI
"""Ai: any TEI will do, or every TEI is meant."""
FIRST_AUTOMATIC_TEI, LAST_AUTOMATIC_TEI = 64, 126

_ENTITY = 0x0F


class TeiMessageType(IntEnum):
    """Message types of Q.921 table 8."""

    IDENTITY_REQUEST = 1
    IDENTITY_ASSIGNED = 2
    IDENTITY_DENIED = 3
    IDENTITY_CHECK_REQUEST = 4
    IDENTITY_CHECK_RESPONSE = 5
    IDENTITY_REMOVE = 6
    IDENTITY_VERIFY = 7


FROM_NETWORK = frozenset(
    (
        TeiMessageType.IDENTITY_ASSIGNED,
        TeiMessageType.IDENTITY_DENIED,
        TeiMessageType.IDENTITY_CHECK_REQUEST,
        TeiMessageType.IDENTITY_REMOVE,
    )
)


class TeiMessage(NamedTuple):
    """One message: `reference` is Ri, `teis` are the Ai; only a check response may have more than one."""

    kind: TeiMessageType
    reference: int
    teis: tuple[int, ...]

    def frame(self, side: Side) -> bytes:
        """The frame that carries it, sent by `side`."""
        to = lapd_frame.address(MANAGEMENT_SAPI, BROADCAST_TEI, c_r=side is Side.NETWORK)
        last = len(self.teis) - 1
        indicators = bytes(tei << 1 | (at == last) for at, tei in enumerate(self.teis))
        head = bytes((_ENTITY, self.reference >> 8, self.reference & 0xFF, self.kind))
        return lapd_frame.unnumbered(to, Kind.UI, head + indicators)


def decode(frame: Frame) -> TeiMessage:
    """The message in a UI frame. Raises DecodeError where there is none."""
    octets = frame.information
    if frame.kind is not Kind.UI or len(octets) < 5 or octets[0] != _ENTITY:
        raise DecodeError("no message of TEI management")
    try:
        kind = TeiMessageType(octets[3])
    except ValueError as error:
        raise DecodeError(f"TEI management message of type {octets[3]}", where="octet 3") from error
    if frame.c_r is not (kind in FROM_NETWORK):
        raise DecodeError(f"{kind.name} from the wrong side")
    return TeiMessage(kind, int.from_bytes(octets[1:3], "big"), _indicators(octets[4:]))


def _indicators(octets: bytes) -> tuple[int, ...]:
    """Action indicators up to the one whose extension bit says that it is the last."""
    found = []
    for octet in octets:
        found.append(octet >> 1)
        if octet & 1:
            return tuple(found)
    raise DecodeError("action indicators without an end")
