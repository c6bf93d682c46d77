"""Arguments, results and error parameters of H.450.2 as values, with the two forms that peers write differently.

Values are asn1tools': SEQUENCE a dict with the standard's names, CHOICE a pair, ENUMERATED a str.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from gateway.h323.h450 import decode_type, encode_type
from gateway.h323.operations import BY_CODE
from gateway.model.errors import DecodeError, GatewayError, LocalProtocolError
from gateway.model.remote_operations import Code


class Form(StrEnum):
    """How octets are encoded.

    STRICT is X.691. PADDED has padding to the next octet after a callIdentity of length zero, as Wireshark and
    others expect it; X.691 and PTLib have none there. H323PLUS is that library's callTransferComplete: callStatus,
    which has a DEFAULT, without its bit in the bitmap.
    """

    STRICT = "strict"
    PADDED = "padded"
    H323PLUS = "h323plus"


@dataclass(frozen=True, slots=True)
class Decoded:
    """A value, the form that it was found in, and whether writing it again gives all of the octets."""

    value: Any
    form: Form = Form.STRICT
    complete: bool = True


_CALL_IDENTITY_BITS = {"CTInitiateArg": 5, "CTIdentifyRes": 5, "CTSetupArg": 6}
"""Bits up to and with the length of callIdentity: extension bit, optional elements, three bits of length."""

_PEERS_OWN = {"CTCompleteArg": "CTCompleteArg-H323Plus"}


def decode_argument(code: Code, octets: bytes) -> Decoded:
    """The argument of operation `code`. Raises DecodeError, also for an operation that H.450.2 does not define."""
    return decode_value(_type_of(code, "argument"), octets)


def decode_result(code: Code, octets: bytes) -> Decoded:
    """The result of operation `code`. Raises DecodeError, also for an operation without a result."""
    return decode_value(_type_of(code, "result"), octets)


def encode_argument(code: Code, value: Any, form: Form = Form.STRICT) -> bytes:
    """`value` as the argument of operation `code`. Raises LocalProtocolError."""
    return encode_value(_type_to_write(code, "argument"), value, form)


def encode_result(code: Code, value: Any, form: Form = Form.STRICT) -> bytes:
    """`value` as the result of operation `code`. Raises LocalProtocolError."""
    return encode_value(_type_to_write(code, "result"), value, form)


def decode_parameter(octets: bytes) -> Any:
    """The parameter of error 1008 unspecified, the only one that has any. Raises DecodeError."""
    return decode_type("UnspecifiedParameter", octets)


def encode_value(name: str, value: Any, form: Form = Form.STRICT, *, decoded: bool = False) -> bytes:
    """`value` (checked unless it has just been `decoded`) as ASN.1 type `name` in `form`.

    Raises LocalProtocolError.
    """
    if form is Form.H323PLUS:
        return encode_type(_PEERS_OWN.get(name, name), value, decoded=decoded)
    octets = encode_type(name, value, decoded=decoded)
    return _padded(name, octets) if form is Form.PADDED and value.get("callIdentity") == "" else octets


def decode_value(name: str, octets: bytes) -> Decoded:
    """The value of type `name`, in whichever form gives back the same octets; else in the first that can be read.

    Octets left over tell nothing to a PER decoder, so writing the value again is what tells the forms apart.
    A peer's extension bitmap may be shorter than ours, hence the second choice. Raises DecodeError.
    """
    first: Decoded | None = None
    failure: DecodeError | None = None
    for form in Form:
        try:
            decoded = Decoded(_decode_form(name, octets, form), form, complete=False)
        except DecodeError as error:
            failure = failure or error
            continue
        if _writes_back(name, decoded, octets):
            return replace(decoded, complete=True)
        first = first or decoded
    if first is not None:
        return first
    raise failure or DecodeError(f"no {name}", where=octets[:16].hex())


def _decode_form(name: str, octets: bytes, form: Form) -> Any:
    if form is Form.STRICT:
        return decode_type(name, octets)
    if form is Form.PADDED and name in _CALL_IDENTITY_BITS:
        return decode_type(name, _stripped(name, octets))
    if form is Form.H323PLUS and name in _PEERS_OWN:
        return decode_type(_PEERS_OWN[name], octets)
    raise DecodeError(f"{name} has no {form} form", where=octets[:16].hex())


def _writes_back(name: str, decoded: Decoded, octets: bytes) -> bool:
    try:
        return encode_value(name, decoded.value, decoded.form, decoded=True) == octets
    except GatewayError:
        return False


def _padded(name: str, strict: bytes) -> bytes:
    """Move what follows the zero length to the next octet: two bits of EndpointAddress, if there is one at all."""
    bits = _CALL_IDENTITY_BITS.get(name, 8)
    if bits == 8 or len(strict) < 2:
        return strict
    kept = strict[0] >> (8 - bits) << (8 - bits)
    return bytes((kept, strict[0] << bits & 0xFF)) + strict[1:]


def _stripped(name: str, padded: bytes) -> bytes:
    """The other way; DecodeError when callIdentity is not of length zero or nothing follows it."""
    bits = _CALL_IDENTITY_BITS[name]
    if len(padded) < 3 or padded[0] >> (8 - bits) & 0b111:
        raise DecodeError(f"no {name} with a padded callIdentity", where=padded[:16].hex())
    return bytes((padded[0] | padded[1] >> bits,)) + padded[2:]


def _type_of(code: Code, part: str) -> str:
    name = getattr(BY_CODE[code], part) if code in BY_CODE else ""
    if not name:
        raise DecodeError(f"operation {code} has no {part} in H.450.2")
    return str(name)


def _type_to_write(code: Code, part: str) -> str:
    try:
        return _type_of(code, part)
    except DecodeError as error:
        raise LocalProtocolError(error.what) from error
