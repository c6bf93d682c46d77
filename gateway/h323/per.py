"""H323-UserInformation, RasMessage, H.245 messages in aligned PER, by pycrate with its encoder corrected.

pycrate 0.8.1 encodes the extension additions of a SEQUENCE before it has counted the bits of the bitmap that
stands in front of them (`_CONSTRUCT._to_per`): where the root does not end on an octet boundary they come out with
padding in the wrong places, and nobody can read them. While we encode, `_sequence` takes its place. It also
leaves out the trailing absent bits of the bitmap, as PTLib does and as any encoder of an older version of H.225.0
must: a decoder has to expect both (X.691 19.8).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from gateway.model.errors import DecodeError, LocalProtocolError

Value = Any
"""A value in pycrate's form: SEQUENCE a dict (an addition that we do not know as "_ext_n" with its octets), CHOICE a
pair, OBJECT IDENTIFIER a tuple of integers, BIT STRING (value, bits).
"""


@cache
def _type(module: str, name: str) -> Any:
    from pycrate_asn1dir import H225  # a fifth of a second

    return getattr(getattr(H225, module), name)


_USER_INFORMATION = ("H323_MESSAGES", "H323_UserInformation")
_RAS = ("H323_MESSAGES", "RasMessage")
_CONTROL = ("MULTIMEDIA_SYSTEM_CONTROL", "MultimediaSystemControlMessage")
_CHANNEL = ("MULTIMEDIA_SYSTEM_CONTROL", "OpenLogicalChannel")


def decode(octets: bytes) -> dict[str, Any]:
    """The H323-UserInformation in `octets`. Raises DecodeError."""
    value: dict[str, Any] = _decode(_USER_INFORMATION, octets)
    return value


def encode(value: dict[str, Any]) -> bytes:
    """The octets of H323-UserInformation `value`. Raises LocalProtocolError when it does not fit the type.

    NULL may be None and an OBJECT IDENTIFIER in a CHOICE dotted text, as asn1tools has them.
    """
    return _encode(_USER_INFORMATION, value)


def decode_ras(octets: bytes) -> tuple[str, Any]:
    """The RasMessage in `octets`: the alternative and its value. Raises DecodeError."""
    value: tuple[str, Any] = _decode(_RAS, octets)
    return value


def encode_ras(value: tuple[str, Any]) -> bytes:
    """The octets of RasMessage `value`. Raises LocalProtocolError, see `encode`."""
    return _encode(_RAS, value)


def decode_control(octets: bytes) -> tuple[str, Any]:
    """The MultimediaSystemControlMessage (H.245) in `octets`. Raises DecodeError."""
    value: tuple[str, Any] = _decode(_CONTROL, octets)
    return value


def encode_control(value: tuple[str, Any]) -> bytes:
    """The octets of MultimediaSystemControlMessage `value`. Raises LocalProtocolError, see `encode`."""
    return _encode(_CONTROL, value)


def decode_channel(octets: bytes) -> dict[str, Any]:
    """The OpenLogicalChannel in `octets`, an element of fastStart. Raises DecodeError."""
    value: dict[str, Any] = _decode(_CHANNEL, octets)
    return value


def encode_channel(value: dict[str, Any]) -> bytes:
    """The octets of OpenLogicalChannel `value`. Raises LocalProtocolError, see `encode`."""
    return _encode(_CHANNEL, value)


def _name(type_name: tuple[str, str]) -> str:
    return type_name[1].replace("_", "-")


def _decode(type_name: tuple[str, str], octets: bytes) -> Any:
    kind = _type(*type_name)
    with _codec():
        try:
            kind.from_aper(octets)
        except Exception as error:  # pycrate lets Python's own errors through when octets make no sense
            raise DecodeError(f"no {_name(type_name)}: {error}", where=octets[:16].hex()) from error
    return kind.get_val()


def _encode(type_name: tuple[str, str], value: Any) -> bytes:
    kind = _type(*type_name)
    with _codec():
        try:
            return bytes(kind.to_aper(_as_pycrate(value)))
        except Exception as error:  # as above
            raise LocalProtocolError(f"cannot be written as {_name(type_name)}: {str(error)[:200]}") from error


def _as_pycrate(value: Any) -> Any:
    if value is None:
        return 0
    if isinstance(value, dict):
        return {name: _as_pycrate(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_as_pycrate(item) for item in value]
    if isinstance(value, tuple) and value and isinstance(value[0], str):
        alternative, content = value
        is_text = alternative in _OBJECT_IDENTIFIERS and isinstance(content, str)
        return alternative, tuple(map(int, content.split("."))) if is_text else _as_pycrate(content)
    return value


_OBJECT_IDENTIFIERS = ("object", "oid", "tunnelledProtocolObjectID")
"""Alternatives of H.225.0 CHOICEs that are object identifiers."""


@contextmanager
def _codec() -> Iterator[None]:
    """Correct pycrate for a while, then put back its stack of bit offsets, which errors leave as it was."""
    from pycrate_asn1rt.asnobj_construct import SEQ
    from pycrate_asn1rt.codecs import ASN1CodecPER

    depth = len(ASN1CodecPER._off)
    SEQ._to_per = _sequence
    try:
        yield
    finally:
        del SEQ._to_per, ASN1CodecPER._off[depth:]


def _sequence(sequence: Any) -> list[Any]:
    """The bits of a SEQUENCE value as pycrate's triples (kind, value, length): the root, then the additions."""
    from pycrate_asn1rt.asnobj_construct import _CONSTRUCT

    value = sequence._val
    additions = _additions(sequence, value)
    if not additions:
        bits: list[Any] = _CONSTRUCT._to_per(sequence)
        return bits
    sequence._val = {name: item for name, item in value.items() if name not in additions}
    root = _CONSTRUCT._to_per(sequence)
    sequence._val = value
    extension_bit = (root[0][0], 1, 1)
    return [extension_bit, *root[1:], *_bitmap(list(additions.values())), *_open_types(sequence, additions)]


def _additions(sequence: Any, value: dict[str, Any]) -> dict[str, int]:
    """The extension additions that `value` has, in order, each with its place (from 1) among those of the type.

    H.225.0 has no groups of additions, so each element of `_ext_nest` is a name. pycrate reads the addition at
    place n that it does not know as "_ext_(n-1)".
    """
    known = sequence._ext_nest if sequence._ext else ()
    places = {name: place for place, name in enumerate(known, 1) if name in value}
    unknown = sorted(int(name[5:]) for name in value if name.startswith("_ext_"))
    return places | {f"_ext_{number}": number + 1 for number in unknown}


def _bitmap(places: list[int]) -> list[Any]:
    """Count and bitmap of the additions, padded to an octet (X.691 19.7, 19.8; H.225.0 has fewer than 64)."""
    from pycrate_asn1rt.codecs import T_UINT, ASN1CodecPER

    length = max(places)
    ASN1CodecPER._off[-1] += 7 + length
    padding = -ASN1CodecPER._off[-1] % 8
    ASN1CodecPER._off[-1] += padding
    present = sum(1 << length - place for place in places) << padding
    return [(T_UINT, length - 1, 7), (T_UINT, present, length + padding)]


def _open_types(sequence: Any, additions: dict[str, int]) -> list[Any]:
    from pycrate_asn1rt.codecs import ASN1CodecPER

    bits: list[Any] = []
    value = sequence._val
    for name in additions:
        if name not in sequence._cont:
            bits += ASN1CodecPER.encode_unconst_buf(value[name])
            continue
        component = sequence._cont[name]
        parent, component._parent, component._val = component._parent, sequence, value[name]
        bits += ASN1CodecPER.encode_unconst_open(component)
        component._parent = parent
    return bits
