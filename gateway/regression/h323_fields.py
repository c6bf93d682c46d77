"""H.225.0 and H.245 messages by name: what they are called, and their fields for matchers and comparisons."""

from collections.abc import Callable, Iterator
from typing import Any

from gateway.h323 import addressing, call_parties, h225, h450, operations, per
from gateway.h323.arguments import decode_argument, decode_result
from gateway.h323.control import fast_start
from gateway.h323.h225 import CallSignal
from gateway.model.errors import DecodeError
from gateway.model.parties import Party
from gateway.model.remote_operations import Component, Invoke, Reject, ReturnError, ReturnResult

_CALL_IDENTITY = "callIdentity"


def name(octets: bytes) -> str:
    """Message type, and the first of its H.450 components: "FACILITY callTransferInitiate". Raises DecodeError."""
    return name_of(h225.decode(octets))


def name_of(message: CallSignal) -> str:
    """The same of a message that was read."""
    said = facility(message)
    return f"{message.name} {said.partition(',')[0]}" if said else message.name


def control_name(value: tuple[str, Any]) -> str:
    """The name of an H.245 message: "terminalCapabilitySet"."""
    kind, said = value
    return str(said[0]) if isinstance(said, tuple) else kind


def control(octets: bytes) -> str:
    """The same of its octets. Raises DecodeError."""
    return control_name(per.decode_control(octets))


def ras(octets: bytes) -> str:
    """The name of a RAS message: "admissionRequest". Raises DecodeError."""
    return per.decode_ras(octets)[0]


def field(octets: bytes, name: str) -> str | None:
    """The field of an H.225.0 message of that name, None when there is none. Raises DecodeError."""
    message = h225.decode(octets)
    reader = FIELDS.get(name.lower())
    if reader is not None:
        return reader(message)
    if name.lower().startswith("0x"):
        contents = message.information_element(int(name, 16))
        return None if contents is None else contents.hex()
    return None


def components(message: CallSignal) -> tuple[Component, ...]:
    """All ROSE components of a message; none where an APDU cannot be read."""
    try:
        return tuple(each for apdu in message.supplementary_services for each in h450.decode(apdu).components)
    except DecodeError:
        return ()


def facility(message: CallSignal) -> str:
    """All components by name, in order: "callTransferIdentify, returnResult"."""
    return ", ".join(map(_component, components(message)))


def argument(component: Component) -> dict[str, Any]:
    """The argument of an invoke by its names, empty for whatever else."""
    if not isinstance(component, Invoke) or not component.argument or not isinstance(component.operation, int):
        return {}
    try:
        found = decode_argument(component.operation, component.argument).value
    except DecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def result(component: Component) -> dict[str, Any]:
    """The result of a return result by its names, empty for whatever else."""
    if not isinstance(component, ReturnResult) or not component.result or not isinstance(component.operation, int):
        return {}
    try:
        found = decode_result(component.operation, component.result).value
    except DecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _component(component: Component) -> str:
    match component:
        case Invoke():
            return operations.operation_name(component.operation)
        case ReturnResult():
            return "returnResult"
        case ReturnError(error=error):
            return f"returnError {error}"
        case Reject(problem=problem):
            return f"reject {problem}"
    return "?"


def _user(party: Party) -> str | None:
    if party.number is not None:
        return party.number.digits
    return next((alias.value for alias in party.aliases), None)


def _rerouting(message: CallSignal) -> str | None:
    """Whom a transfer is to."""
    for each in map(argument, components(message)):
        party = _endpoint(each.get("reroutingNumber"))
        if party is not None:
            return _user(party)
    return None


def _endpoint(value: Any) -> Party | None:
    try:
        return addressing.endpoint_party(value) if isinstance(value, dict) else None
    except DecodeError:
        return None


def _call_identity(message: CallSignal) -> str | None:
    found = (each[_CALL_IDENTITY] for each in map(argument, components(message)) if _CALL_IDENTITY in each)
    return next(map(str, found), None)


def _channels(message: CallSignal) -> str | None:
    elements = tuple(message.uuie.get("fastStart", ()))
    if not elements:
        return None
    return ", ".join(_codecs(elements))


def _codecs(elements: tuple[bytes, ...]) -> Iterator[str]:
    for each in fast_start.proposals(elements):
        direction = "from the caller" if each.from_caller else "to the caller"
        yield f"{each.format.codec if each.format else '?'} {direction}"


def _address(message: CallSignal) -> str | None:
    value = message.uuie.get("h245Address")
    return addressing.transport(value) if value else None


FIELDS: dict[str, Callable[[CallSignal], str | None]] = {
    "message type": lambda message: message.name,
    "call reference": lambda message: str(message.call_reference),
    "callidentifier": lambda message: message.call_identifier.hex() or None,
    "conferenceid": lambda message: message.conference_id.hex() or None,
    "called": lambda message: _user(call_parties.called(message)),
    "calling": lambda message: _user(call_parties.calling(message)),
    "connected": lambda message: _user(call_parties.connected(message)),
    "cause": lambda message: None if message.cause is None else str(message.cause),
    "reason": lambda message: message.reason or None,
    "facility": lambda message: facility(message) or None,
    "reroutingnumber": _rerouting,
    "callidentity": _call_identity,
    "faststart": _channels,
    "h245address": _address,
}
