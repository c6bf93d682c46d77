"""The Q.931 message: protocol discriminator, call reference, message type, information elements (Q.931 4).

Whatever is read is written back octet for octet: unknown elements are kept, and shifts stay where they stood.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from gateway.isdn import facility
from gateway.isdn.facility import Facility
from gateway.isdn.information_element import Identifier, InformationElement
from gateway.model.errors import DecodeError, LocalProtocolError

__all__ = ["Identifier", "InformationElement", "Message", "MessageType", "decode", "encode"]

CALL_CONTROL = 0x08
MAINTENANCE = frozenset((0x03, 0x43))
"""Discriminators of the North American B-channel service messages, which share Q.931's layout."""

NATIONAL = 0x100
"""Added to the type of a message whose type octet is the escape 0 and is followed by a national one (4.4)."""


class MessageType(IntEnum):
    """Message types of Q.931 table 4-2 and Q.932 table 7-1."""

    ALERTING = 0x01
    CALL_PROCEEDING = 0x02
    PROGRESS = 0x03
    SETUP = 0x05
    CONNECT = 0x07
    SETUP_ACKNOWLEDGE = 0x0D
    CONNECT_ACKNOWLEDGE = 0x0F
    USER_INFORMATION = 0x20
    SUSPEND_REJECT = 0x21
    RESUME_REJECT = 0x22
    HOLD = 0x24
    SUSPEND = 0x25
    RESUME = 0x26
    HOLD_ACKNOWLEDGE = 0x28
    SUSPEND_ACKNOWLEDGE = 0x2D
    RESUME_ACKNOWLEDGE = 0x2E
    HOLD_REJECT = 0x30
    RETRIEVE = 0x31
    RETRIEVE_ACKNOWLEDGE = 0x33
    RETRIEVE_REJECT = 0x37
    DISCONNECT = 0x45
    RESTART = 0x46
    RELEASE = 0x4D
    RESTART_ACKNOWLEDGE = 0x4E
    RELEASE_COMPLETE = 0x5A
    SEGMENT = 0x60
    FACILITY = 0x62
    REGISTER = 0x64
    NOTIFY = 0x6E
    STATUS_ENQUIRY = 0x75
    CONGESTION_CONTROL = 0x79
    INFORMATION = 0x7B
    STATUS = 0x7D


_TYPES = {int(member): member for member in MessageType}


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `message_type` is an int where Q.931 has no such type; `flag` is False from the side that
    allocated the call reference; with 0 `call_reference_octets` it is the dummy call reference.

    Shifts are elements of their own among `elements`; where they are missing, `encode` puts them.
    """

    message_type: MessageType | int
    call_reference: int
    flag: bool = False
    elements: tuple[InformationElement, ...] = ()
    call_reference_octets: int = 2
    protocol_discriminator: int = CALL_CONTROL

    @property
    def name(self) -> str:
        """The type as Q.931 writes it ("SETUP ACKNOWLEDGE"), or its number in hex."""
        kind = self.message_type
        return kind.name.replace("_", " ") if isinstance(kind, MessageType) else f"0x{kind:02x}"

    def element(self, identifier: int, codeset: int = 0) -> InformationElement | None:
        """The first element with this identifier, or None."""
        for each in self.elements:
            if each.identifier == identifier and each.codeset == codeset:
                return each
        return None

    def contents(self, identifier: int) -> bytes | None:
        """The contents of the first such element of codeset 0, or None."""
        element = self.element(identifier)
        return None if element is None else element.contents

    def facilities(self) -> tuple[Facility, ...]:
        """Every Facility element, decoded. Raises DecodeError when one is broken."""
        found = [each for each in self.elements if each.identifier == Identifier.FACILITY and each.codeset == 0]
        return tuple([facility.decode(each.contents) for each in found])


class _CutOff(DecodeError):
    """An element is longer than the rest of its message."""

    def __init__(self, identifier: int, where: int) -> None:
        super().__init__(f"information element 0x{identifier:02x} is cut off", where=f"octet {where}")
        self.identifier = identifier


def decode(octets: bytes) -> Message:
    """The message in `octets`. Raises DecodeError, with the octet's offset, where they are none (Q.931 5.8)."""
    kind, value, flag, length, start = _decoded_head(octets)
    found: list[InformationElement] = []
    _read_elements(octets, start, found)
    return Message(kind, value, flag, tuple(found), length, octets[0])


def decode_readable(octets: bytes) -> tuple[Message, int | None]:
    """The message, and the identifier of its last element where that is cut off and so is none of `elements`.

    Raises DecodeError where it is no message, which is then ignored (Q.931 5.8.1 to 5.8.3.1).
    """
    kind, value, flag, length, start = _decoded_head(octets)
    found: list[InformationElement] = []
    try:
        _read_elements(octets, start, found)
    except _CutOff as error:
        return Message(kind, value, flag, tuple(found), length, octets[0]), error.identifier
    return Message(kind, value, flag, tuple(found), length, octets[0]), None


def _decoded_head(octets: bytes) -> tuple[MessageType | int, int, bool, int, int]:
    """Type, call reference, its flag, its length, and the offset of the first element."""
    if len(octets) < 3:
        raise DecodeError(f"message of {len(octets)} octets")
    if octets[0] != CALL_CONTROL and octets[0] not in MAINTENANCE:
        raise DecodeError(f"protocol discriminator 0x{octets[0]:02x} is not Q.931's", where="octet 0")
    length = octets[1]
    if length > 15 or len(octets) < length + 3:
        raise DecodeError(f"call reference length 0x{length:02x}", where="octet 1")
    start = 2 + length
    value, flag = _call_reference(octets[2:start])
    kind = _TYPES.get(octets[start])
    if kind is not None:
        return kind, value, flag, length, start + 1
    other, start = _other_type(octets, start)
    return other, value, flag, length, start


def _other_type(octets: bytes, start: int) -> tuple[int, int]:
    """A type that Q.931 has not, and the offset after it."""
    kind = octets[start]
    if kind == 0:
        if start + 1 == len(octets):
            raise DecodeError("message type is cut off", where=f"octet {start}")
        return NATIONAL + octets[start + 1], start + 2
    return kind, start + 1


def _call_reference(octets: bytes) -> tuple[int, bool]:
    if not octets:
        return 0, False
    value, top = int.from_bytes(octets), 1 << 8 * len(octets) - 1
    return (value - top, True) if value >= top else (value, False)


def _read_elements(octets: bytes, start: int, found: list[InformationElement]) -> None:
    end, locked, codeset = len(octets), 0, 0
    while start < end:
        identifier = octets[start]
        if identifier & 0xF0 == 0x90:
            found.append(InformationElement(identifier))
            locked, codeset = _shifted(identifier, locked)
            start += 1
            continue
        if identifier & 0x80:
            contents, start = b"", start + 1
        elif start + 1 < end and (stop := start + 2 + octets[start + 1]) <= end:
            contents, start = octets[start + 2 : stop], stop
        else:
            raise _CutOff(identifier, start)
        found.append(InformationElement(identifier, contents, codeset))
        codeset = locked


def _shifted(identifier: int, locked: int) -> tuple[int, int]:
    """(codeset from now on, codeset of the next element) after a shift (4.5.3, 4.5.4)."""
    codeset = identifier & 0x07
    return (locked, codeset) if identifier & 0x08 else (codeset, codeset)


def encode(message: Message) -> bytes:
    """The octets of `message`. Raises LocalProtocolError for a value that does not fit its field."""
    return encoded(
        message.message_type,
        message.call_reference,
        message.flag,
        message.elements,
        message.call_reference_octets,
        message.protocol_discriminator,
    )


def encoded(
    kind: MessageType | int,
    call_reference: int,
    flag: bool,
    elements: tuple[InformationElement, ...],
    call_reference_octets: int = 2,
    protocol_discriminator: int = CALL_CONTROL,
) -> bytes:
    """The octets of the message that has these fields. Raises LocalProtocolError as `encode` does."""
    length = call_reference_octets
    if not 0 <= length <= 15 or call_reference >> max(8 * length - 1, 0):
        raise LocalProtocolError(f"call reference {call_reference} does not fit into {length} octets")
    reference = call_reference | (flag << 8 * length - 1 if length else 0)
    type_octets = (0, kind - NATIONAL) if kind >= NATIONAL else (kind,)
    try:
        head = bytes((protocol_discriminator, length, *reference.to_bytes(length), *type_octets))
        return head + b"".join(_written(elements)) if elements else head
    except ValueError as error:
        raise LocalProtocolError(f"a field of message 0x{kind:02x} does not fit its octet: {error}") from error


def _written(elements: tuple[InformationElement, ...]) -> Iterator[bytes]:
    locked = codeset = 0
    for element in elements:
        if element.identifier & 0xF0 == 0x90:
            yield bytes((element.identifier,))
            locked, codeset = _shifted(element.identifier, locked)
            continue
        if element.codeset != codeset:
            if not 0 <= element.codeset <= 7:
                raise LocalProtocolError(f"there is no codeset {element.codeset}")
            shift = (0x90 if element.codeset > locked else 0x98) | element.codeset
            yield bytes((shift,))
            locked, codeset = _shifted(shift, locked)
        yield _element(element)
        codeset = locked


def _element(element: InformationElement) -> bytes:
    identifier, contents = element.identifier, element.contents
    if identifier & 0x80:
        return bytes((identifier,))
    if len(contents) > facility.MAX_CONTENTS:
        raise LocalProtocolError(f"information element 0x{identifier:02x} longer than 255 octets")
    return bytes((identifier, len(contents))) + contents
