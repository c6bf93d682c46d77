"""H323-UserInformation, RasMessage, H.245 messages in aligned PER (X.691).

The types come from pycrate, the codec is ours (`per_bits`, `per_kinds`, `per_sequence`); why: docs/decisions/0005.
"""

from typing import Any

from gateway.h323 import per_modules
from gateway.h323.per_bits import Reader, Writer
from gateway.model.errors import DecodeError, LocalProtocolError

Value = Any
"""A value as `per_kinds` has it."""


_USER_INFORMATION = ("H323_MESSAGES", "H323_UserInformation")
_RAS = ("H323_MESSAGES", "RasMessage")
_CONTROL = ("MULTIMEDIA_SYSTEM_CONTROL", "MultimediaSystemControlMessage")
_CHANNEL = ("MULTIMEDIA_SYSTEM_CONTROL", "OpenLogicalChannel")

_UNFIT = (LocalProtocolError, TypeError, ValueError, KeyError, AttributeError, OverflowError, RecursionError)
"""What a value of a wrong shape makes Python raise."""


def prepare() -> None:
    """Loads the types. That takes a fifth of a second, which the first call should not have to wait for."""
    for type_name in (_USER_INFORMATION, _RAS, _CONTROL, _CHANNEL):
        per_modules.kind(*type_name)


def decode(octets: bytes) -> dict[str, Any]:
    """The H323-UserInformation in `octets`. Raises DecodeError."""
    value: dict[str, Any] = _decode(_USER_INFORMATION, octets)
    return value


def encode(value: dict[str, Any]) -> bytes:
    """The octets of H323-UserInformation `value`. Raises LocalProtocolError when it does not fit the type."""
    return _encode(_USER_INFORMATION, value)


def decode_ras(octets: bytes) -> tuple[str, Any]:
    """The RasMessage in `octets`: the alternative and its value. Raises DecodeError."""
    value: tuple[str, Any] = _decode(_RAS, octets)
    return value


def encode_ras(value: tuple[str, Any]) -> bytes:
    """The octets of RasMessage `value`. Raises LocalProtocolError when it does not fit."""
    return _encode(_RAS, value)


def decode_control(octets: bytes) -> tuple[str, Any]:
    """The MultimediaSystemControlMessage (H.245) in `octets`. Raises DecodeError."""
    value: tuple[str, Any] = _decode(_CONTROL, octets)
    return value


def encode_control(value: tuple[str, Any]) -> bytes:
    """The octets of MultimediaSystemControlMessage `value`. Raises LocalProtocolError when it does not fit."""
    return _encode(_CONTROL, value)


def decode_channel(octets: bytes) -> dict[str, Any]:
    """The OpenLogicalChannel in `octets`, an element of fastStart. Raises DecodeError."""
    value: dict[str, Any] = _decode(_CHANNEL, octets)
    return value


def encode_channel(value: dict[str, Any]) -> bytes:
    """The octets of OpenLogicalChannel `value`. Raises LocalProtocolError when it does not fit."""
    return _encode(_CHANNEL, value)


def _name(type_name: tuple[str, str]) -> str:
    return type_name[1].replace("_", "-")


def _decode(type_name: tuple[str, str], octets: bytes) -> Any:
    kind = per_modules.kind(*type_name)
    try:
        return kind.read(Reader(octets))
    except (DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DecodeError(f"no {_name(type_name)}: {error}", where=octets[:16].hex()) from error


def _encode(type_name: tuple[str, str], value: Any) -> bytes:
    kind = per_modules.kind(*type_name)
    writer = Writer()
    try:
        kind.write(writer, value)
    except _UNFIT as error:
        raise LocalProtocolError(f"cannot be written as {_name(type_name)}: {str(error)[:200]}") from error
    return writer.done()
