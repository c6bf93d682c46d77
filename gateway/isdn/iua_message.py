"""Messages of the ISDN Q.921-user adaptation layer between a signalling gateway and us (RFC 4233 §3)."""

from collections.abc import Iterator
from enum import IntEnum
from struct import pack, unpack_from
from typing import NamedTuple

from gateway.isdn.lapd_frame import CALL_CONTROL_SAPI
from gateway.model.errors import DecodeError, LocalProtocolError

HEADER = 8
LONGEST_MESSAGE = 65_536
PAYLOAD_PROTOCOL = 1
"""SCTP payload protocol identifier of IUA (§5.2)."""

_VERSION = 1
_BOUNDARY_PRIMITIVES = 5
"""The class of messages about data links (§3.1.2)."""
_PARAMETER_HEADER = 4

InterfaceIdentifier = int | str
"""The name of an interface at the signalling gateway: integer or text formatted (§3.2)."""


class Kind(IntEnum):
    """Message class and type, as in octets 3 and 4 of the header (§3.1.2, §3.1.3)."""

    ERROR = 0x0000
    NOTIFY = 0x0001
    TEI_STATUS_REQUEST = 0x0002
    TEI_STATUS_CONFIRM = 0x0003
    TEI_STATUS_INDICATION = 0x0004
    TEI_QUERY_REQUEST = 0x0005
    ASP_UP = 0x0301
    ASP_DOWN = 0x0302
    HEARTBEAT = 0x0303
    ASP_UP_ACK = 0x0304
    ASP_DOWN_ACK = 0x0305
    HEARTBEAT_ACK = 0x0306
    ASP_ACTIVE = 0x0401
    ASP_INACTIVE = 0x0402
    ASP_ACTIVE_ACK = 0x0403
    ASP_INACTIVE_ACK = 0x0404
    DATA_REQUEST = 0x0501
    DATA_INDICATION = 0x0502
    UNIT_DATA_REQUEST = 0x0503
    UNIT_DATA_INDICATION = 0x0504
    ESTABLISH_REQUEST = 0x0505
    ESTABLISH_CONFIRM = 0x0506
    ESTABLISH_INDICATION = 0x0507
    RELEASE_REQUEST = 0x0508
    RELEASE_CONFIRM = 0x0509
    RELEASE_INDICATION = 0x050A


class Tag(IntEnum):
    """Parameters (§3.1.5)."""

    INTEGER_INTERFACE = 1
    TEXT_INTERFACE = 3
    INFO = 4
    DLCI = 5
    DIAGNOSTIC = 7
    INTEGER_RANGE = 8
    HEARTBEAT_DATA = 9
    TRAFFIC_MODE = 11
    ERROR_CODE = 12
    STATUS = 13
    PROTOCOL_DATA = 14
    RELEASE_REASON = 15
    TEI_STATUS = 16
    ASP_IDENTIFIER = 17


class TrafficMode(IntEnum):
    """How several of us would share the traffic (§3.3.2.5)."""

    OVERRIDE = 1
    LOADSHARE = 2


class ErrorCode(IntEnum):
    """Of ERR (§3.3.3.1)."""

    INVALID_VERSION = 1
    INVALID_INTERFACE = 2
    UNSUPPORTED_CLASS = 3
    UNSUPPORTED_TYPE = 4
    UNSUPPORTED_TRAFFIC_MODE = 5
    UNEXPECTED_MESSAGE = 6
    PROTOCOL_ERROR = 7
    UNSUPPORTED_INTERFACE_TYPE = 8
    INVALID_STREAM = 9
    UNASSIGNED_TEI = 10
    UNRECOGNIZED_SAPI = 11
    INVALID_TEI_SAPI = 12
    MANAGEMENT_BLOCKING = 13
    ASP_IDENTIFIER_REQUIRED = 14
    INVALID_ASP_IDENTIFIER = 15


class Status(IntEnum):
    """Type and identification of NTFY, two octets each (§3.3.3.2)."""

    AS_INACTIVE = 0x0001_0002
    AS_ACTIVE = 0x0001_0003
    AS_PENDING = 0x0001_0004
    INSUFFICIENT_ASPS = 0x0002_0001
    ALTERNATE_ASP_ACTIVE = 0x0002_0002
    ASP_FAILURE = 0x0002_0003


class IuaMessage(NamedTuple):
    """One message: `kind` is class << 8 | type, one of `Kind` or any other. `parameters` in their order."""

    kind: int
    parameters: tuple[tuple[int, bytes], ...] = ()

    def value(self, tag: Tag) -> bytes | None:
        """The first parameter of that tag."""
        return next((value for found, value in self.parameters if found == tag), None)

    @property
    def interface(self) -> InterfaceIdentifier | None:
        """The interface that it is about. Raises DecodeError for a number that is not of four octets."""
        number, text = self.value(Tag.INTEGER_INTERFACE), self.value(Tag.TEXT_INTERFACE)
        if number is not None:
            return _number(number, Tag.INTEGER_INTERFACE)
        return None if text is None else text.rstrip(b"\0").decode("latin-1")

    @property
    def tei(self) -> int | None:
        """The TEI in its DLCI, of SAPI 0; None without DLCI or of another SAPI (§3.2)."""
        dlci = self.value(Tag.DLCI)
        if dlci is None or len(dlci) < 2 or dlci[0] >> 2 != CALL_CONTROL_SAPI:
            return None
        return dlci[1] >> 1

    def number(self, tag: Tag) -> int | None:
        """A parameter of four octets. Raises DecodeError when it has another size."""
        value = self.value(tag)
        return None if value is None else _number(value, tag)

    def encoded(self) -> bytes:
        """Octets. Raises LocalProtocolError when they are too many."""
        body = b"".join(_parameter(tag, value) for tag, value in self.parameters)
        if HEADER + len(body) >= LONGEST_MESSAGE:
            raise LocalProtocolError(f"IUA message of {HEADER + len(body)} octets")
        return pack(">BBHI", _VERSION, 0, self.kind, HEADER + len(body)) + body


def length(held: bytes) -> int | None:
    """How long the message is whose first octets these are; None while nobody can say.

    Raises DecodeError for what is no message of version 1, or none of a sane length.
    """
    if held[:1] and held[0] != _VERSION:
        raise DecodeError("not an IUA message of version 1")
    if len(held) < HEADER:
        return None
    found = int.from_bytes(held[4:8])
    if not HEADER <= found < LONGEST_MESSAGE:
        raise DecodeError(f"IUA message of {found} octets")
    return found


def stream(octets: bytes) -> int:
    """The SCTP stream of a message of ours: 0 is left to what is not about data links (§1.5.3)."""
    return 1 if octets[2] == _BOUNDARY_PRIMITIVES else 0


def decode(octets: bytes) -> IuaMessage:
    """Reads one whole message. Raises DecodeError."""
    if length(octets) != len(octets):
        raise DecodeError("IUA message whose length is another")
    return IuaMessage(int.from_bytes(octets[2:4]), tuple(parameters(octets[HEADER:])))


def parameters(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """Tags and values one after the other, each filled up to four octets (§3.1.5). Raises DecodeError."""
    position = 0
    while position + _PARAMETER_HEADER <= len(octets):
        tag, size = unpack_from(">HH", octets, position)
        if size < _PARAMETER_HEADER or position + size > len(octets):
            raise DecodeError(f"IUA parameter {tag} of {size} octets")
        yield tag, octets[position + _PARAMETER_HEADER : position + size]
        position += size + 3 & ~3


def of_interface(identifier: InterfaceIdentifier) -> tuple[int, bytes]:
    """The parameter that names an interface."""
    if isinstance(identifier, int):
        return Tag.INTEGER_INTERFACE, pack(">I", identifier)
    return Tag.TEXT_INTERFACE, identifier.encode("latin-1")


def of_link(tei: int) -> tuple[int, bytes]:
    """The DLCI of a data link of SAPI 0 (§3.2)."""
    return Tag.DLCI, bytes((CALL_CONTROL_SAPI << 2, tei << 1 | 1, 0, 0))


def of_number(tag: Tag, value: int) -> tuple[int, bytes]:
    """A parameter of four octets."""
    return tag, pack(">I", value)


def _parameter(tag: int, value: bytes) -> bytes:
    octets = pack(">HH", tag, _PARAMETER_HEADER + len(value)) + value
    return octets + bytes(-len(octets) % 4)


def _number(value: bytes, tag: Tag) -> int:
    if len(value) != 4:
        raise DecodeError(f"IUA parameter {tag} of {_PARAMETER_HEADER + len(value)} octets")
    return int.from_bytes(value)
