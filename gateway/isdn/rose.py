"""The BER envelope of remote operations (X.880 as used by Q.932 8.2.3): invoke A1, returnResult A2, returnError A3,
reject A4.

Arguments, results and parameters are complete BER values (tag, length, contents) and are not looked into here.
"""

from collections.abc import Callable
from functools import lru_cache

from gateway.isdn import tlv
from gateway.model.errors import DecodeError, LocalProtocolError
from gateway.model.remote_operations import (
    PROBLEM_KINDS,
    Code,
    Component,
    Invoke,
    Reject,
    ReturnError,
    ReturnResult,
)

_INTEGER, _NULL, _OBJECT_IDENTIFIER, _SEQUENCE, _LINKED_ID = 0x02, 0x05, 0x06, 0x30, 0x80


def decode(octets: bytes) -> tuple[Component, ...]:
    """The components in `octets`, one after the other. Raises DecodeError for anything else."""
    return tuple(decode_one(tag, contents) for tag, contents, _ in tlv.split(octets))


def decode_one(tag: int, contents: bytes) -> Component:
    """The component with this tag and these contents. Raises DecodeError when it is none or is broken."""
    reader = _READERS.get(tag)
    if reader is None:
        raise DecodeError(f"no ROSE component has tag 0x{tag:02x}")
    return reader(list(tlv.split(contents)))


def encode(component: Component) -> bytes:
    """The component as one TLV. Raises LocalProtocolError for a code or problem kind that is none."""
    match component:
        case Invoke(invoke_id, operation, argument, linked_id):
            linked = b"" if linked_id is None else tlv.encode(_LINKED_ID, tlv.integer(linked_id))
            return tlv.encode(0xA1, _integer(invoke_id) + linked + _code(operation) + (argument or b""))
        case ReturnResult(invoke_id, operation, result):
            return tlv.encode(0xA2, _integer(invoke_id) + _result(operation, result))
        case ReturnError(invoke_id, error, parameter):
            return tlv.encode(0xA3, _integer(invoke_id) + _code(error) + (parameter or b""))
        case Reject(reject_id, kind, problem):
            name = b"\x05\x00" if reject_id is None else _integer(reject_id)
            return tlv.encode(0xA4, name + tlv.encode(_problem_tag(kind), tlv.integer(problem)))


def _integer(value: int) -> bytes:
    return tlv.encode(_INTEGER, tlv.integer(value))


def _result(operation: Code | None, result: bytes | None) -> bytes:
    if operation is None:
        return b""
    return tlv.encode(_SEQUENCE, _code(operation) + (result or b""))


def _code(code: Code) -> bytes:
    if isinstance(code, int):
        return _integer(code)
    return tlv.encode(_OBJECT_IDENTIFIER, object_identifier(code))


def _problem_tag(kind: str) -> int:
    if kind not in PROBLEM_KINDS:
        raise LocalProtocolError(f"no problem kind {kind!r}")
    return 0x80 + PROBLEM_KINDS.index(kind)


@lru_cache(maxsize=256)
def object_identifier(dotted: str) -> bytes:
    """Contents octets of the object identifier `dotted` (X.690 8.19). Raises LocalProtocolError when it is none."""
    try:
        first, second, *arcs = (int(arc) for arc in dotted.split("."))
    except ValueError:
        raise LocalProtocolError(f"no object identifier: {dotted!r}") from None
    if not 0 <= first <= 2 or second < 0 or (first < 2 and second > 39) or any(arc < 0 for arc in arcs):
        raise LocalProtocolError(f"no object identifier: {dotted!r}")
    return b"".join(_arc(arc) for arc in (first * 40 + second, *arcs))


def _arc(value: int) -> bytes:
    octets = [value & 0x7F]
    while value := value >> 7:
        octets.append(0x80 | value & 0x7F)
    return bytes(reversed(octets))


@lru_cache(maxsize=256)
def dotted(contents: bytes) -> str:
    """The dotted form of an object identifier's contents octets. Raises DecodeError when it is cut off."""
    if not contents or contents[-1] & 0x80:
        raise DecodeError("object identifier is cut off")
    arcs, value = [], 0
    for octet in contents:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - first * 40, *arcs[1:])))


def _invoke(parts: list[tlv.Part]) -> Invoke:
    invoke_id = _take_integer(parts)
    linked_id = _number(parts.pop(0)) if parts and parts[0][0] == _LINKED_ID else None
    operation = _take_code(parts)
    return Invoke(invoke_id, operation, _last(parts), linked_id)


def _return_result(parts: list[tlv.Part]) -> ReturnResult:
    invoke_id = _take_integer(parts)
    sequence = _last(parts)
    if sequence is None:
        return ReturnResult(invoke_id)
    tag, contents = tlv.one(sequence)
    if tag != _SEQUENCE:
        raise DecodeError(f"returnResult wants a SEQUENCE, not tag 0x{tag:02x}")
    inner = list(tlv.split(contents))
    return ReturnResult(invoke_id, _take_code(inner), _last(inner))


def _return_error(parts: list[tlv.Part]) -> ReturnError:
    return ReturnError(_take_integer(parts), _take_code(parts), _last(parts))


def _reject(parts: list[tlv.Part]) -> Reject:
    if parts and parts[0][0] == _NULL:
        invoke_id = None
        parts.pop(0)
    else:
        invoke_id = _take_integer(parts)
    if len(parts) != 1 or not 0x80 <= parts[0][0] <= 0x83:
        raise DecodeError("reject without a problem")
    return Reject(invoke_id, PROBLEM_KINDS[parts[0][0] & 3], _number(parts[0]))


_READERS: dict[int, Callable[[list[tlv.Part]], Component]] = {
    0xA1: _invoke,
    0xA2: _return_result,
    0xA3: _return_error,
    0xA4: _reject,
}
TAGS = frozenset(_READERS)
"""The tags that begin a component."""


def _take_integer(parts: list[tlv.Part]) -> int:
    if not parts or parts[0][0] != _INTEGER:
        raise DecodeError("component without invokeId")
    return _number(parts.pop(0))


def _take_code(parts: list[tlv.Part]) -> Code:
    if parts and parts[0][0] == _INTEGER:
        return _number(parts.pop(0))
    if parts and parts[0][0] == _OBJECT_IDENTIFIER:
        return dotted(parts.pop(0)[1])
    raise DecodeError("component without operation or error value")


def _last(parts: list[tlv.Part]) -> bytes | None:
    """What may follow once, as a complete TLV."""
    if len(parts) > 1:
        raise DecodeError("component with more than one argument")
    return parts[0][2] if parts else None


def _number(part: tlv.Part) -> int:
    if not 1 <= len(part[1]) <= 8:
        raise DecodeError(f"INTEGER of {len(part[1])} octets")
    return int.from_bytes(part[1], signed=True)
