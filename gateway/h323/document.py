"""An H.225.0 message or an H.450 APDU as a plain document, names spelled as the Recommendations do.

Nothing is dropped: octets stand there in hex, and so does an APDU or argument that cannot be read, with the reason.
"""

from collections.abc import Callable
from typing import Any

from gateway.h323 import addressing, h225, h450, operations
from gateway.h323.arguments import Decoded, Form, decode_argument, decode_parameter, decode_result
from gateway.h323.h225 import CallSignal
from gateway.h323.h450 import NetworkFacilityExtension
from gateway.model.errors import DecodeError, LocalProtocolError
from gateway.model.remote_operations import Code, Component, Invoke, Reject, ReturnError, ReturnResult

Document = dict[str, Any]

_ELEMENTS = {
    0x04: "Bearer capability",
    0x08: "Cause",
    0x14: "Call state",
    0x18: "Channel identification",
    0x1C: "Facility",
    0x1E: "Progress indicator",
    0x27: "Notification indicator",
    0x28: "Display",
    0x2C: "Keypad facility",
    0x34: "Signal",
    0x4C: "Connected number",
    0x4D: "Connected subaddress",
    0x6C: "Calling party number",
    0x6D: "Calling party subaddress",
    0x70: "Called party number",
    0x71: "Called party subaddress",
    0x74: "Redirecting number",
    0xA1: "Sending complete",
}
_FORMS = {
    Form.PADDED: "padding after a callIdentity of length zero",
    Form.H323PLUS: "H323Plus: callStatus without its bit in the bitmap",
}


def document(octets: bytes, kind: str) -> Document:
    """The document of an H.225.0 message (`kind` "h225", from the Q.931 octet on) or of an H.450 APDU ("h450").

    Raises DecodeError when the octets are not what `kind` says, LocalProtocolError for an unknown kind.
    """
    if kind == "h225":
        message = h225.decode(octets)
        return of_message(message) | _beyond(octets, lambda: h225.encode(message))
    if kind == "h450":
        return of_apdu(octets)
    raise LocalProtocolError(f"no kind {kind!r} of H.323 octets; known: h225, h450")


def of_message(message: CallSignal) -> Document:
    """The document of an H.225.0 message, its APDUs read as well."""
    head: Document = {
        "protocol": "H.225.0",
        "message": message.name,
        "callReference": {"value": message.call_reference, "flag": int(message.from_destination)},
        "informationElements": [_element(*element) for element in message.information_elements],
    }
    return head | ({"h323-uu-pdu": _uu_pdu(message)} if message.body else {}) | _user_data(message)


def _uu_pdu(message: CallSignal) -> Document:
    pdu: Document = {"h323-message-body": {message.body: _plain(message.uuie)}}
    if message.supplementary_services:
        pdu["h4501SupplementaryService"] = [_readable(of_apdu, apdu) for apdu in message.supplementary_services]
    if message.h245_tunnelling is not None:
        pdu["h245Tunnelling"] = message.h245_tunnelling
    if message.h245_control:
        pdu["h245Control"] = [control.hex() for control in message.h245_control]
    return pdu | {name: _plain(value) for name, value in message.others.items()}


def _user_data(message: CallSignal) -> Document:
    return {} if message.user_data is None else {"user-data": _plain(message.user_data)}


def _element(identifier: int, contents: bytes) -> Document:
    head = {"identifier": f"{identifier:#04x}", "contents": contents.hex()}
    return ({"name": _ELEMENTS[identifier]} if identifier in _ELEMENTS else {}) | head


def of_apdu(octets: bytes) -> Document:
    """The document of an H4501SupplementaryService. Raises DecodeError when the octets are none."""
    apdu = h450.decode(octets)
    head: Document = {}
    if apdu.nfe:
        head["networkFacilityExtension"] = _nfe(apdu.nfe)
    if apdu.interpretation:
        head["interpretationApdu"] = apdu.interpretation.value
    head["rosApdus"] = [_component(component) for component in apdu.components]
    return head | _beyond(octets, lambda: h450.encode(apdu))


def _beyond(octets: bytes, encode: Callable[[], bytes]) -> Document:
    """The octets after what was read, or all of them when it would be written otherwise."""
    try:
        written = encode()
    except LocalProtocolError:
        return {"octets": octets.hex()}
    if octets == written:
        return {}
    return {"rest": octets[len(written) :].hex()} if octets.startswith(written) else {"octets": octets.hex()}


def _nfe(nfe: NetworkFacilityExtension) -> Document:
    addresses = {"sourceEntityAddress": nfe.source_address, "destinationEntityAddress": nfe.destination_address}
    entities: Document = {"sourceEntity": nfe.source_entity, "destinationEntity": nfe.destination_entity}
    return entities | {name: _plain(value) for name, value in addresses.items() if value}


def _component(component: Component) -> Document:
    match component:
        case Invoke():
            return {"invoke": _invoke(component)}
        case ReturnResult():
            return {"returnResult": _return_result(component)}
        case ReturnError():
            return {"returnError": _return_error(component)}
        case Reject(invoke_id, kind, problem):
            name = operations.problem_name(kind, problem)
            return {"reject": {"invokeId": invoke_id, "problem": {kind: name}, "problemValue": problem}}


def _invoke(invoke: Invoke) -> Document:
    head: Document = {"invokeId": invoke.invoke_id}
    if invoke.linked_id is not None:
        head["linkedId"] = invoke.linked_id
    head |= _named(invoke.operation)
    if invoke.argument is None:
        return head
    return head | _value("argument", lambda octets: decode_argument(invoke.operation, octets), invoke.argument)


def _return_result(result: ReturnResult) -> Document:
    head: Document = {"invokeId": result.invoke_id}
    code = result.operation
    if code is None:
        return head
    return head | _named(code) | _value("result", lambda octets: decode_result(code, octets), result.result or b"")


def _return_error(error: ReturnError) -> Document:
    named = {"invokeId": error.invoke_id, "error": operations.error_name(error.error), "errorValue": error.error}
    if error.parameter is None:
        return named
    return named | _value("parameter", lambda octets: Decoded(decode_parameter(octets)), error.parameter)


def _named(code: Code) -> Document:
    return {"operation": operations.operation_name(code), "operationValue": code}


def _value(name: str, decode: Callable[[bytes], Decoded], octets: bytes) -> Document:
    """The value in `octets` under `name`, hex with the reason if it cannot be read; beside it how it was encoded when
    that is not X.691, and as `name`Octets the octets when the value does not say all of them.
    """
    try:
        decoded = decode(octets)
    except DecodeError as error:
        return {name: octets.hex(), "problem": str(error)}
    form = {"encoding": _FORMS[decoded.form]} if decoded.form in _FORMS else {}
    rest = {} if decoded.complete else {f"{name}Octets": octets.hex()}
    return {name: _plain(decoded.value)} | form | rest


def _readable(read: Callable[[bytes], Document], octets: bytes) -> Document:
    try:
        return read(octets)
    except DecodeError as error:
        return {"octets": octets.hex(), "problem": str(error)}


def _plain(value: Any) -> Any:
    """A value of asn1tools or `per` for JSON: CHOICE as {alternative: value}, NULL alternatives by name alone."""
    if isinstance(value, bytes | bytearray):
        return bytes(value).hex()
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, tuple):
        return _plain_tuple(value)
    return value


def _plain_tuple(value: tuple[Any, ...]) -> Any:
    """A CHOICE, or in the form of `per` an OBJECT IDENTIFIER, or a BIT STRING as its value and length."""
    if value and isinstance(value[0], str):
        return _plain_choice(*value)
    if value and value[0] is None:
        return "of a later version"
    if len(value) == 2:
        return {"bits": value[1], "value": value[0]}
    return ".".join(map(str, value))


def _plain_choice(alternative: str, content: Any) -> Any:
    """Pycrate has 0 for NULL, so that only the name tells a NULL from a number that is zero."""
    if alternative in _TRANSPORTS:
        return {alternative: addressing.transport((alternative, content))}
    is_null = content is None or (content == 0 and type(content) is int and alternative not in _INTEGERS)
    return alternative if is_null else {alternative: _plain(content)}


_TRANSPORTS = ("ipAddress", "ip6Address")
_INTEGERS = ("standard", "number8", "number16", "number32")
