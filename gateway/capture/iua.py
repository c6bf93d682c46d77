"""Q.931 in the ISDN Q.921 user adaptation layer (RFC 4233): in SCTP, or its messages one after the other in TCP."""

from gateway.capture.framing import Cut, Found
from gateway.isdn import iua_message as codec
from gateway.isdn.iua_message import HEADER, LONGEST_MESSAGE, PAYLOAD_PROTOCOL, Kind, Tag
from gateway.model.errors import DecodeError

__all__ = ["HEADER", "LONGEST_MESSAGE", "PAYLOAD_PROTOCOL", "PORT", "IuaStream", "iua_message", "starts_iua"]

PORT = 9900

_VERSION = 1
_DATA_MESSAGES = frozenset(
    (Kind.DATA_REQUEST, Kind.DATA_INDICATION, Kind.UNIT_DATA_REQUEST, Kind.UNIT_DATA_INDICATION)
)


def iua_message(octets: bytes, transport: str) -> Found | None:
    """The Q.931 message in an IUA message; None in one that carries none.

    `link` names interface and DLCI: "iua:7/sapi0/tei0". Raises DecodeError.
    """
    if len(octets) < HEADER or octets[0] != _VERSION:
        raise DecodeError("not an IUA message of version 1")
    if int.from_bytes(octets[2:4]) not in _DATA_MESSAGES:
        return None
    parameters = dict(codec.parameters(octets[HEADER : int.from_bytes(octets[4:8], "big")]))
    message = parameters.get(Tag.PROTOCOL_DATA, b"")
    return Found("q931", message, transport, _link(parameters)) if message[:1] == b"\x08" else None


def _link(parameters: dict[int, bytes]) -> str:
    number = int.from_bytes(parameters.get(Tag.INTEGER_INTERFACE, b""), "big")
    text = parameters.get(Tag.TEXT_INTERFACE, b"").rstrip(b"\x00").decode("ascii", "replace")
    dlci = parameters.get(Tag.DLCI, b"\x00\x01").ljust(2, b"\x00")
    return f"iua:{text or number}/sapi{dlci[0] >> 2}/tei{dlci[1] >> 1}"


def starts_iua(octets: bytes) -> bool:
    """Whether the common header of RFC 4233, 3.1 stands here: version 1, a reserved octet, a sane length."""
    length = octets[4:8].ljust(4, b"\x00")
    return octets[:2] == b"\x01\x00" and int.from_bytes(length, "big") < LONGEST_MESSAGE


class IuaStream:
    """IUA messages one after the other, each with its own length."""

    def cut(self, held: bytes) -> Cut | None:
        """See Framing.cut."""
        if held[:2] != b"\x01\x00"[: len(held)]:
            raise DecodeError("no IUA header where a message should begin")
        if len(held) < HEADER:
            return None
        length = int.from_bytes(held[4:8], "big")
        if not HEADER <= length < LONGEST_MESSAGE:
            raise DecodeError(f"IUA message of {length} octets")
        return None if length > len(held) else Cut(length, iua_message(held[:length], "tcp"))

    def next_start(self, held: bytes) -> int:
        """See Framing.next_start."""
        position = held.find(b"\x01\x00", 1)
        while position > 0 and not starts_iua(held[position:]):
            position = held.find(b"\x01\x00", position + 1)
        return position if position > 0 else len(held)
