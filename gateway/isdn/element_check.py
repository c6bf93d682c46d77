"""Whether a message has the elements that its type asks for, and what is wrong with them (Q.931 5.8.5 to 5.8.7)."""

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, NamedTuple

from gateway.isdn import elements, numbers
from gateway.isdn.cause_value import CauseValue
from gateway.isdn.q931 import Identifier, Message, MessageType
from gateway.model.errors import DecodeError

_M, _I = MessageType, Identifier


class Fault(NamedTuple):
    """What a message lacks. `message` is what remains of it; a `grave` fault is one of a mandatory element."""

    cause: int
    diagnostics: bytes
    grave: bool
    message: Message


MANDATORY: dict[MessageType | int, tuple[Identifier, ...]] = {
    _M.SETUP: (_I.BEARER_CAPABILITY,),
    _M.PROGRESS: (_I.PROGRESS_INDICATOR,),
    _M.DISCONNECT: (_I.CAUSE,),
    _M.STATUS: (_I.CAUSE, _I.CALL_STATE),
    _M.NOTIFY: (_I.NOTIFICATION_INDICATOR,),
    _M.HOLD_REJECT: (_I.CAUSE,),
    _M.RETRIEVE_REJECT: (_I.CAUSE,),
    _M.RETRIEVE_ACKNOWLEDGE: (_I.CHANNEL_IDENTIFICATION,),
    _M.RESTART: (_I.RESTART_INDICATOR,),
    _M.RESTART_ACKNOWLEDGE: (_I.RESTART_INDICATOR,),
    _M.USER_INFORMATION: (_I.USER_USER,),
    _M.CONGESTION_CONTROL: (_I.CAUSE,),
}
"""Elements without which a message says nothing (clause 3). RELEASE and RELEASE COMPLETE need a cause only where they
are the first to clear, SETUP needs a channel from the network only.
"""


def _bearer(contents: bytes) -> None:
    if len(contents) < 2 or not contents[0] & 0x80:
        raise DecodeError("bearer capability is cut off")


def _something(contents: bytes) -> None:
    if not contents:
        raise DecodeError("empty information element")


_READERS: dict[int, Callable[[bytes], Any]] = {
    _I.BEARER_CAPABILITY: _bearer,
    _I.CAUSE: elements.decode_cause,
    _I.CALL_STATE: elements.decode_call_state,
    _I.CHANNEL_IDENTIFICATION: elements.decode_channel,
    _I.PROGRESS_INDICATOR: elements.decode_progress,
    _I.NOTIFICATION_INDICATOR: elements.decode_notification,
    _I.RESTART_INDICATOR: _something,
    _I.KEYPAD_FACILITY: elements.decode_keypad,
    _I.CALLED_PARTY_NUMBER: numbers.decode_called,
    _I.CALLING_PARTY_NUMBER: numbers.decode_party,
    _I.CONNECTED_NUMBER: numbers.decode_party,
    _I.REDIRECTING_NUMBER: numbers.decode_redirecting,
    _I.REDIRECTION_NUMBER: numbers.decode_party,
    _I.USER_USER: _something,
}
_ACCESS_INFORMATION = frozenset(
    (
        *(_I.USER_USER, _I.LOW_LAYER_COMPATIBILITY, _I.HIGH_LAYER_COMPATIBILITY),
        *(_I.CALLING_PARTY_SUBADDRESS, _I.CALLED_PARTY_SUBADDRESS, _I.CONNECTED_SUBADDRESS),
    )
)
"""What goes from end to end: for these, cause 43 stands in place of 100 (5.8.7.2)."""

_SINGLE_OCTETS = frozenset((*range(0x80, 0xA2), *range(0xB0, 0xC0), *range(0xD0, 0xE0)))
"""Shifts, more data, sending complete, congestion level, repeat indicator; 0x8x is reserved."""

KNOWN: frozenset[int] = frozenset(int(one) for one in Identifier) | _SINGLE_OCTETS | {0x40, 0x42, 0x43, 0x44, 0x45}
"""Identifiers of codeset 0 that are no surprise; those besides Identifier are of packet calls (X.31)."""


def fault_of(
    message: Message,
    required: Collection[int] = (),
    known: Collection[int] = KNOWN,
    cut_off: int | None = None,
) -> Fault | None:
    """What is wrong with `message`, the worst first; None when nothing is. `cut_off` was its last element.

    Elements of other codesets are nobody's fault; of an element that is there twice the first counts (5.8.5.2).
    """
    invalid: list[int] = [] if cut_off is None else [cut_off]
    unknown: list[int] = []
    for element in message.elements:
        if element.codeset:
            continue
        identifier = element.identifier
        reader = _READERS.get(identifier)
        if reader is not None:
            try:
                reader(element.contents)
            except DecodeError:
                invalid.append(identifier)
        elif identifier not in known:
            unknown.append(identifier)
    missing = [one for one in required if message.element(one) is None and one not in invalid] if required else ()
    if not missing and not invalid and not unknown:
        return None
    return _worst(message, required, missing, invalid, unknown)


def _worst(
    message: Message,
    required: Collection[int],
    missing: Collection[int],
    invalid: Collection[int],
    unknown: Collection[int],
) -> Fault:
    remains = replace(
        message, elements=tuple(one for one in message.elements if one.codeset or one.identifier not in invalid)
    )
    comprehension = [one for one in unknown if one & 0xF0 == 0]
    if missing:
        return Fault(CauseValue.MANDATORY_ELEMENT_MISSING, bytes(missing), True, remains)
    if broken := [one for one in invalid if one in required]:
        return Fault(CauseValue.INVALID_CONTENTS, bytes(broken), True, remains)
    if comprehension:
        return Fault(CauseValue.MANDATORY_ELEMENT_MISSING, bytes(comprehension), True, remains)
    if invalid:
        discarded = all(one in _ACCESS_INFORMATION for one in invalid)
        return Fault(
            CauseValue.ACCESS_INFORMATION_DISCARDED if discarded else CauseValue.INVALID_CONTENTS,
            bytes(invalid),
            False,
            remains,
        )
    return Fault(CauseValue.ELEMENT_UNKNOWN, bytes(unknown), False, remains)
