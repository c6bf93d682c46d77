"""Number and subaddress elements of Q.931 4.5.8 to 4.5.11 and Q.951/Q.952, which H.225.0 has as well, as parties.

All functions take or give the contents of an element: the octets after identifier and length.
"""

from dataclasses import dataclass

from gateway.model.errors import DecodeError, LocalProtocolError
from gateway.model.parties import (
    Number,
    NumberingPlan,
    Party,
    Presentation,
    Screening,
    Subaddress,
    TypeOfNumber,
)

_EXTENSION = 0x80
_USER_SPECIFIED, _ODD = 0x20, 0x08
_TYPES = {int(member): member for member in TypeOfNumber}
_PLANS = {int(member): member for member in NumberingPlan}
_PRESENTATIONS = {int(member): member for member in Presentation}

_REASONS = {
    0: "unknown",
    1: "user-busy",
    2: "no-answer",
    3: "deflection",  # as libpri counts
    4: "deflection",
    9: "unavailable",
    10: "deflection",  # as RFC 5806 counts
    15: "unconditional",
}
_REASON_CODES = {"user-busy": 1, "no-answer": 2, "deflection": 4, "unavailable": 9, "unconditional": 15}


@dataclass(frozen=True, slots=True)
class Redirecting:
    """Who redirected the call, and why: `reason` is a Diversion reason token of RFC 5806, "" when it is not said."""

    party: Party
    reason: str = ""


def decode_called(contents: bytes) -> Number:
    """Called party number (4.5.8). Raises DecodeError."""
    return _number(*_octets_of_group_3(contents))


def encode_called(number: Number) -> bytes:
    """Called party number. Raises LocalProtocolError for digits that IA5 has no digits for."""
    return bytes((_EXTENSION | _type_and_plan(number),)) + _ia5(number.digits)


def decode_party(contents: bytes) -> Party:
    """Calling party (4.5.10), connected (Q.951) or redirection number (Q.952): a number, or why there is none.

    Raises DecodeError.
    """
    return _party(*_octets_of_group_3(contents))


def encode_party(party: Party) -> bytes:
    """Calling party, connected or redirection number of `party`: octet 3a only where there is something to say.

    Raises LocalProtocolError for digits that are none.
    """
    number = party.number or Number("")
    if party.presentation is None and party.screening is None and party.number is not None:
        return encode_called(number)
    return bytes((_type_and_plan(number), _EXTENSION | _octet_3a(party))) + _ia5(number.digits)


def decode_redirecting(contents: bytes) -> Redirecting:
    """Redirecting number (Q.952, Q.931 codings). 3, 4 and 10 all mean deflection. Raises DecodeError."""
    group, digits = _octets_of_group_3(contents)
    reason = _REASONS.get(group[2] & 0x0F, "unknown") if len(group) > 2 else ""
    return Redirecting(_party(group, digits), reason)


def encode_redirecting(redirecting: Redirecting, deflection: int = 4) -> bytes:
    """Redirecting number. `deflection` is the reason code that the trunk knows for it: 4, or 10.

    Reasons that Q.931 has no code for become "unknown". Raises LocalProtocolError for digits that are none.
    """
    party, reason = redirecting.party, redirecting.reason
    if not reason:
        return encode_party(party)
    number = party.number or Number("")
    code = deflection if reason == "deflection" else _REASON_CODES.get(reason, 0)
    return bytes((_type_and_plan(number), _octet_3a(party), _EXTENSION | code)) + _ia5(number.digits)


def decode_subaddress(contents: bytes) -> Subaddress:
    """Calling, called or connected subaddress (4.5.9, 4.5.11). Raises DecodeError when it is empty."""
    if not contents:
        raise DecodeError("empty subaddress")
    odd = bool(contents[0] & _ODD)
    if contents[0] & 0x70:
        return Subaddress(contents[1:], odd=odd)
    return Subaddress(contents[1:], nsap=True, odd=odd or None)


def encode_subaddress(subaddress: Subaddress) -> bytes:
    """Calling, called or connected subaddress."""
    kind = 0 if subaddress.nsap else _USER_SPECIFIED
    return bytes((_EXTENSION | kind | (_ODD if subaddress.odd else 0),)) + subaddress.octets


def _octets_of_group_3(contents: bytes) -> tuple[bytes, str]:
    """Octets 3, 3a, 3b … up to the one with the extension bit, and the digits after them."""
    for index, octet in enumerate(contents):
        if octet & _EXTENSION:
            return contents[: index + 1], _digits(contents[index + 1 :])
    raise DecodeError("number element without an end of octet 3")


def _digits(octets: bytes) -> str:
    text = bytes(octet & 0x7F for octet in octets).decode("ascii")
    if text.strip("0123456789*#"):
        raise DecodeError(f"no digits of a number: {text!r}")
    return text


def _ia5(digits: str) -> bytes:
    if digits.strip("0123456789*#"):
        raise LocalProtocolError(f"no digits of a number: {digits!r}")
    return digits.encode("ascii")


def _number(group: bytes, digits: str) -> Number:
    """Reserved codes of type and plan count as unknown."""
    kind = _TYPES.get(group[0] >> 4 & 0x07, TypeOfNumber.UNKNOWN)
    return Number(digits, kind, _PLANS.get(group[0] & 0x0F, NumberingPlan.UNKNOWN))


def _party(group: bytes, digits: str) -> Party:
    """A reserved presentation counts as restricted: when in doubt, the number stays private."""
    number = _number(group, digits) if digits else None
    if len(group) < 2:
        return Party(number)
    presentation = _PRESENTATIONS.get(group[1] >> 5 & 0x03, Presentation.RESTRICTED)
    return Party(number, presentation, Screening(group[1] & 0x03))


def _type_and_plan(number: Number) -> int:
    return number.type_of_number << 4 | number.plan


def _octet_3a(party: Party) -> int:
    """Presentation and screening; a number that is not there and not restricted is not available."""
    default = Presentation.NOT_AVAILABLE if party.number is None else Presentation.ALLOWED
    presentation = default if party.presentation is None else party.presentation
    return presentation << 5 | (party.screening or Screening.USER_NOT_SCREENED)
