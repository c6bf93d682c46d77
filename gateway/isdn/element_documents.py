"""Information elements as plain documents: names as Q.931 writes them, fields read, contents always beside in hex."""

from collections.abc import Callable
from enum import IntEnum
from typing import Any

from gateway.isdn import elements, numbers
from gateway.isdn.information_element import Identifier, InformationElement
from gateway.model.errors import DecodeError
from gateway.model.parties import Number, NumberingPlan, Party, Subaddress

Document = dict[str, Any]

_PRIVATE_TYPES = ("unknown", "level 2 regional", "level 1 regional", "PISN specific", "local", "", "abbreviated")


def of_element(element: InformationElement) -> Document:
    """{"name", "identifier", "contents", …fields}; a "problem" in place of the fields when they cannot be read."""
    head: Document = {"name": _name(element), "identifier": f"{element.identifier:#04x}"}
    if element.codeset:
        head["codeset"] = element.codeset
    if element.identifier & 0x80:
        return head
    head["contents"] = element.contents.hex()
    reader = _READERS.get(element.identifier) if element.codeset == 0 else None
    try:
        return head | (reader(element.contents) if reader else {})
    except DecodeError as error:
        return head | {"problem": str(error)}


def _name(element: InformationElement) -> str:
    identifier = element.identifier
    if identifier & 0xF0 == 0x90:
        return f"{'Non-locking' if identifier & 8 else 'Locking'} shift to codeset {identifier & 7}"
    if element.codeset or identifier not in _IDENTIFIERS:
        return "unknown"
    return _NAMES.get(identifier, spelled(Identifier(identifier)).capitalize())


_IDENTIFIERS = frozenset(map(int, Identifier))
_NAMES: dict[int, str] = {Identifier.USER_USER: "User-user", Identifier.DATE_TIME: "Date/time"}


def spelled(member: IntEnum | int) -> str:
    """An enum member in words; any other number in hex."""
    return member.name.lower().replace("_", " ") if isinstance(member, IntEnum) else f"0x{member:02x}"


def _cause(contents: bytes) -> Document:
    cause = elements.decode_cause(contents)
    document: Document = {"causeValue": cause.value}
    if cause.location is not None:
        document["location"] = spelled(cause.location)
    return document | ({"diagnostics": cause.diagnostics.hex()} if cause.diagnostics else {})


def _channel(contents: bytes) -> Document:
    channel = elements.decode_channel(contents)
    document: Document = {
        "interfaceType": "primary" if channel.primary else "basic",
        "exclusive": channel.exclusive,
        "channels": "any" if channel.any_channel else list(channel.channels),
    }
    maps = {"interfaceIdentifier": channel.interface, "slotMap": channel.slot_map}
    return document | {name: octets.hex() for name, octets in maps.items() if octets}


def _progress(contents: bytes) -> Document:
    progress = elements.decode_progress(contents)
    return {"progressDescription": progress.description, "location": spelled(progress.location)}


def _user_user(contents: bytes) -> Document:
    discriminator, information = elements.decode_user_user(contents)
    return {"protocolDiscriminator": discriminator, "userInformation": information.hex()}


def _bearer(contents: bytes) -> Document:
    name = elements.bearer_name(contents)
    return {} if name is None else {"bearer": name}


def _number(number: Number) -> Document:
    private = number.plan is NumberingPlan.PRIVATE
    kind = _PRIVATE_TYPES[number.type_of_number] if private else spelled(number.type_of_number)
    return {"typeOfNumber": kind, "numberingPlan": spelled(number.plan), "numberDigits": number.digits}


def _party(party: Party) -> Document:
    document = {} if party.number is None else _number(party.number)
    marks = {"presentationIndicator": party.presentation, "screeningIndicator": party.screening}
    return document | {name: spelled(mark) for name, mark in marks.items() if mark is not None}


def _redirecting(contents: bytes) -> Document:
    redirecting = numbers.decode_redirecting(contents)
    return _party(redirecting.party) | ({"reason": redirecting.reason} if redirecting.reason else {})


def _subaddress(contents: bytes) -> Document:
    found: Subaddress = numbers.decode_subaddress(contents)
    kind = "NSAP" if found.nsap else "user specified"
    return {"typeOfSubaddress": kind, "subaddressInformation": found.octets.hex(), "odd": bool(found.odd)}


def _party_number(contents: bytes) -> Document:
    return _party(numbers.decode_party(contents))


_READERS: dict[int, Callable[[bytes], Document]] = {
    Identifier.BEARER_CAPABILITY: _bearer,
    Identifier.CAUSE: _cause,
    Identifier.CALL_STATE: lambda contents: {"callState": spelled(elements.decode_call_state(contents))},
    Identifier.CHANNEL_IDENTIFICATION: _channel,
    Identifier.PROGRESS_INDICATOR: _progress,
    Identifier.NOTIFICATION_INDICATOR: lambda contents: {
        "notificationDescription": spelled(elements.decode_notification(contents))
    },
    Identifier.DISPLAY: lambda contents: {"text": elements.decode_display(contents)},
    Identifier.KEYPAD_FACILITY: lambda contents: {"keypad": elements.decode_keypad(contents)},
    Identifier.CONNECTED_NUMBER: _party_number,
    Identifier.CONNECTED_SUBADDRESS: _subaddress,
    Identifier.CALLING_PARTY_NUMBER: _party_number,
    Identifier.CALLING_PARTY_SUBADDRESS: _subaddress,
    Identifier.CALLED_PARTY_NUMBER: lambda contents: _number(numbers.decode_called(contents)),
    Identifier.CALLED_PARTY_SUBADDRESS: _subaddress,
    Identifier.REDIRECTING_NUMBER: _redirecting,
    Identifier.REDIRECTION_NUMBER: _party_number,
    Identifier.USER_USER: _user_user,
}
