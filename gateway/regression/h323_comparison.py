"""Two messages of H.323 compared field by field."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from gateway.h323 import h450, per
from gateway.h323.control.channel_messages import format_of
from gateway.h323.h225 import USER_USER, CallSignal
from gateway.model.errors import DecodeError
from gateway.model.remote_operations import Component
from gateway.regression import h323_fields
from gateway.regression.comparison import Compared, Verdict
from gateway.regression.h323_tape import Piece

_STRICT = ("called", "calling", "cause", "facility", "reroutingNumber", "fastStart")
"""Fields of call signalling that have to be the same, by the names of `h323_fields`."""
_OWN = frozenset(
    (
        *("callIdentifier", "conferenceID", "h245Address", "fastStart", "callIdentity"),
        *("sequenceNumber", "forwardLogicalChannelNumber", "logicalChannelNumber", "statusDeterminationNumber"),
        *("requestSeqNum", "callReferenceValue", "cryptoTokens", "authenticationCapability", "algorithmOIDs"),
    )
)
"""Keys of which each side has its own."""


def compare(recorded: Piece, ours: Piece) -> Compared:
    """How a message of the gateway's compares with the recorded one that it stands for."""
    one, other = recorded.value, ours.value
    strict = [*_difference("message", recorded.name, ours.name)]
    if isinstance(one, CallSignal) and isinstance(other, CallSignal):
        strict += [line for name in _STRICT for line in _difference(name, _field(one, name), _field(other, name))]
        loose = list(_signalling(one, other))
    else:
        strict += [
            *_difference("codec", _codec(one), _codec(other)),
            *_difference("input", _input(one), _input(other)),
        ]
        loose = list(_leaves_that_differ("", one[1], other[1]))
    if strict:
        return Compared(Verdict.DIFFERENT, recorded.told, ours.told, (*strict, *loose))
    return Compared(Verdict.EQUIVALENT if loose else Verdict.SAME, recorded.told, ours.told, tuple(loose))


def _difference(name: str, recorded: str | None, ours: str | None) -> Iterator[str]:
    if recorded != ours:
        yield f"{name}: recorded {recorded or '-'}, ours {ours or '-'}"


def _field(message: CallSignal, name: str) -> str | None:
    try:
        return h323_fields.FIELDS[name.lower()](message)
    except DecodeError:
        return "?"


def _codec(value: Any) -> str | None:
    """The audio of openLogicalChannel."""
    said = value[1]
    if not isinstance(said, tuple) or said[0] != "openLogicalChannel":
        return None
    try:
        found = format_of(said[1]["forwardLogicalChannelParameters"])
    except (KeyError, TypeError, DecodeError):
        return "?"
    return found.codec if found else str(said[1]["forwardLogicalChannelParameters"]["dataType"][0])


def _input(value: Any) -> str | None:
    said = value[1]
    return str(said[1]) if isinstance(said, tuple) and said[0] == "userInput" else None


def _signalling(recorded: CallSignal, ours: CallSignal) -> Iterator[str]:
    """What may vary: other elements, other fields, where media goes, arguments of services."""
    one, other = dict(recorded.information_elements), dict(ours.information_elements)
    for identifier in dict.fromkeys((*one, *other)):
        if one.get(identifier) != other.get(identifier) and identifier != USER_USER:
            yield f"element 0x{identifier:02x}: recorded {_hex(one, identifier)}, ours {_hex(other, identifier)}"
    yield from _difference("h323-message-body", recorded.body, ours.body)
    yield from _leaves_that_differ("", recorded.uuie, ours.uuie)
    yield from _leaves_that_differ("", recorded.others, ours.others)
    yield from _difference("h245Tunnelling", str(recorded.h245_tunnelling), str(ours.h245_tunnelling))
    yield from _leaves_that_differ("fastStart", _channels(recorded), _channels(ours))
    yield from _leaves_that_differ("facility", _services(recorded), _services(ours))


def _hex(elements: dict[int, bytes], identifier: int) -> str:
    found = elements.get(identifier)
    return "-" if found is None else found.hex() or "empty"


def _channels(message: CallSignal) -> list[Any]:
    found: list[Any] = []
    for element in message.uuie.get("fastStart", ()):
        try:
            found.append(per.decode_channel(element))
        except DecodeError:
            found.append(element)
    return found


def _services(message: CallSignal) -> list[Any]:
    """The APDUs, but for invoke ids and identities."""
    found: list[Any] = []
    for octets in message.supplementary_services:
        try:
            apdu = h450.decode(octets)
        except DecodeError:
            found.append(octets)
            continue
        found.append((str(apdu.interpretation), str(apdu.nfe), [_service(each) for each in apdu.components]))
    return found


def _service(component: Component) -> Any:
    said = h323_fields.argument(component) or h323_fields.result(component)
    return (str(type(component).__name__), said) if said else str(replace(component, invoke_id=0))


def _leaves_that_differ(path: str, one: Any, other: Any) -> Iterator[str]:
    """The leaves of two values that are not the same, with where they are."""
    if one == other:
        return
    if (isinstance(one, dict) and (other is None or isinstance(other, dict))) or (
        one is None and isinstance(other, dict)
    ):
        for key in dict.fromkeys((*(one or ()), *(other or ()))):
            if key not in _OWN:
                yield from _leaves_that_differ(_within(path, key), (one or {}).get(key), (other or {}).get(key))
    elif isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        for index, (left, right) in enumerate(zip(one, other, strict=True)):
            name = path if isinstance(one, tuple) else _within(path, str(index))
            yield from _leaves_that_differ(name, left, right)
    else:
        yield f"{path or 'value'}: recorded {_text(one)}, ours {_text(other)}"


def _within(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _text(value: Any) -> str:
    found = "-" if value is None else value.hex() if isinstance(value, bytes) else str(value)
    return found if len(found) <= 120 else f"{found[:117]}..."


def compare_ras(recorded: Piece, ours: Piece) -> Compared:
    """The same of RAS: who is asked for has to be the same."""
    one, other = recorded.value[1], ours.value[1]
    names = ("destinationInfo", "answerCall", "disengageReason", "rejectReason")
    strict = [line for name in names for line in _difference(name, *(_said(each, name) for each in (one, other)))]
    loose = [each for each in _leaves_that_differ("", one, other) if each.partition(":")[0] not in names]
    verdict = Verdict.DIFFERENT if strict else Verdict.EQUIVALENT if loose else Verdict.SAME
    return Compared(verdict, recorded.told, ours.told, (*strict, *loose))


def _said(value: dict[str, Any], name: str) -> str | None:
    return None if value.get(name) is None else _text(value[name])
