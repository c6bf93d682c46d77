"""What a single message given without its surroundings is: SIP text, Q.931, a Facility element, H.225.0, H.450."""

import re
from collections.abc import Callable
from enum import StrEnum

from gateway.model.errors import DecodeError


class Kind(StrEnum):
    """The forms in which a message can be given."""

    SIP = "sip"
    Q931 = "q931"
    FACILITY = "facility"
    H225 = "h225"
    H450 = "h450"


_SIP_START = re.compile(rb"\s*(?:SIP/2\.0 [0-9]{3}|[A-Za-z-]+ [^\r\n]+ SIP/2\.0)", re.I)
_BETWEEN_OCTETS = re.compile(r"\b0x|[\s:,-]+", re.I)
_HEX = re.compile(r"[0-9a-f]+", re.I)
_BYTE_ORDER_MARK = "\ufeff"
_TPKT = b"\x03\x00"
_CALL_CONTROL, _MAINTENANCE = 0x08, (0x03, 0x43)
_FACILITY_STARTS = frozenset((0x91, 0x92, 0x93, 0x96, 0x9F, 0x11, 0x1C, 0xA1, 0xA2, 0xA3, 0xA4))
_PROFILES = range(0x80, 0xA0)
_USER_USER, _USER_USER_X208 = 0x7E, 0x05


def is_hex(text: str) -> bool:
    """Whether `text` is hex digits; 0x, blanks, colons, dashes and commas may stand between octets."""
    return bool(_HEX.fullmatch(_BETWEEN_OCTETS.sub("", text)))


def from_text(text: str) -> bytes:
    """Octets of a message given as hex (as in `is_hex`) or as SIP text (LF becomes CRLF), a byte order mark skipped.

    Raises DecodeError when it is neither.
    """
    text = text.removeprefix(_BYTE_ORDER_MARK)
    if _SIP_START.match(text.encode("utf-8", "surrogateescape")):
        lines = text.replace("\r\n", "\n").lstrip().replace("\n", "\r\n")
        return lines.encode("utf-8", "surrogateescape")
    digits = _BETWEEN_OCTETS.sub("", text)
    if _HEX.fullmatch(digits):
        if len(digits) % 2:
            raise DecodeError(f"odd number of hex digits ({len(digits)})")
        return bytes.fromhex(digits)
    raise DecodeError("neither a SIP message nor hex digits")


def recognise(octets: bytes) -> Kind:
    """The form of the message. Raises DecodeError for no octets at all; anything odd passes for H.450."""
    if not octets:
        raise DecodeError("no octets")
    if _SIP_START.match(octets):
        return Kind.SIP
    if octets.startswith(_TPKT) and len(octets) > 4 and int.from_bytes(octets[2:4], "big") == len(octets):
        return Kind.H225
    if octets[0] == _CALL_CONTROL:
        return Kind.H225 if _has_h225_user_user(octets) else Kind.Q931
    return Kind.FACILITY if octets[0] in _FACILITY_STARTS else Kind.H450


def require(kind: Kind, octets: bytes) -> None:
    """Raises DecodeError when `octets` do not begin as a message of that kind must."""
    if not octets:
        raise DecodeError("no octets")
    if not _BEGINNINGS[kind](octets):
        raise DecodeError(f"no {kind} message begins with {octets[:4].hex(' ')}")


def _begins_q931(octets: bytes) -> bool:
    return octets[0] in (_CALL_CONTROL, *_MAINTENANCE) and not octets.startswith(_TPKT)


_BEGINNINGS: dict[Kind, Callable[[bytes], bool]] = {
    Kind.SIP: lambda octets: bool(_SIP_START.match(octets)),
    Kind.Q931: _begins_q931,
    Kind.FACILITY: lambda octets: octets[0] in _FACILITY_STARTS or octets[0] in _PROFILES,
    Kind.H225: lambda octets: without_tpkt(octets)[:1] == bytes((_CALL_CONTROL,)),
    Kind.H450: lambda octets: recognise(octets) is Kind.H450,
}


def without_tpkt(octets: bytes) -> bytes:
    """An H.225.0 message without the TPKT header, if it has one."""
    return octets[4:] if octets.startswith(_TPKT) else octets


def _has_h225_user_user(octets: bytes) -> bool:
    """Whether the last element is a User-user with the two-octet length that only H.225.0 has (H.225.0 7.2)."""
    at = 3 + (octets[1] & 0x0F if len(octets) > 1 else 0)
    while at + 3 < len(octets):
        if octets[at] == _USER_USER and octets[at + 3] == _USER_USER_X208:
            return at + 3 + int.from_bytes(octets[at + 1 : at + 3], "big") == len(octets)
        at += 1 if octets[at] & 0x80 else 2 + octets[at + 1]
    return False
