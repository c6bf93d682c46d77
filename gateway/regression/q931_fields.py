"""The fields of a Q.931 message by name."""

from collections.abc import Callable

from gateway.engine.isdn_dialects import named, variant_of
from gateway.isdn import elements, numbers, q931
from gateway.isdn.facility import Facility
from gateway.isdn.q931 import Identifier, Message
from gateway.model.errors import DecodeError
from gateway.model.remote_operations import Invoke, Reject, ReturnError, ReturnResult


def name(octets: bytes) -> str:
    """Message type, and what its first Facility element has: "FACILITY EctExecute". Raises DecodeError."""
    message = q931.decode(octets)
    said = facility(message)
    return f"{message.name} {said.partition(',')[0]}" if said else message.name


def facility(message: Message) -> str:
    """The components of all Facility elements, in order: "EctExecute, returnResult 3"."""
    try:
        return ", ".join(
            _component(each, component) for each in message.facilities() for component in each.components
        )
    except DecodeError:
        return "?"


def _component(carried: Facility, component: object) -> str:
    variant = variant_of(carried.profile, carried.service_discriminator)
    match component:
        case Invoke():
            return named(variant, component)[0]
        case ReturnResult():
            return "returnResult"
        case ReturnError(error=error):
            return f"returnError {error}"
        case Reject(problem=problem):
            return f"reject {problem}"
    return "?"


def field(octets: bytes, name: str) -> str | None:
    """The field of that name, None when there is none. Raises DecodeError."""
    message = q931.decode(octets)
    reader = _FIELDS.get(name.lower())
    if reader is not None:
        return reader(message)
    if name.lower().startswith("0x"):
        contents = message.contents(int(name, 16))
        return None if contents is None else contents.hex()
    return None


def _number(identifier: int) -> Callable[[Message], str | None]:
    def read(message: Message) -> str | None:
        contents = message.contents(identifier)
        party = None if contents is None else numbers.decode_party(contents)
        return party.number.digits if party and party.number else None

    return read


def _cause(message: Message) -> str | None:
    contents = message.contents(Identifier.CAUSE)
    return None if contents is None else str(elements.decode_cause(contents).value)


def _progress(message: Message) -> str | None:
    contents = message.contents(Identifier.PROGRESS_INDICATOR)
    return None if contents is None else str(elements.decode_progress(contents).description)


def _notification(message: Message) -> str | None:
    contents = message.contents(Identifier.NOTIFICATION_INDICATOR)
    return None if not contents else str(contents[0] & 0x7F)


def _channel(message: Message) -> str | None:
    contents = message.contents(Identifier.CHANNEL_IDENTIFICATION)
    return None if contents is None else contents.hex()


_FIELDS: dict[str, Callable[[Message], str | None]] = {
    "message type": lambda message: message.name,
    "call reference": lambda message: str(message.call_reference),
    "cause": _cause,
    "channel": _channel,
    "called": _number(Identifier.CALLED_PARTY_NUMBER),
    "calling": _number(Identifier.CALLING_PARTY_NUMBER),
    "notification": _notification,
    "connected": _number(Identifier.CONNECTED_NUMBER),
    "progress": _progress,
    "facility": lambda message: facility(message) or None,
}
