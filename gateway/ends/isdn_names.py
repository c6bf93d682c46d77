"""The names of parties on a QSIG trunk (ISO/IEC 13868): callingName, calledName, connectedName, busyName."""

from collections.abc import Iterator
from dataclasses import replace

from gateway.isdn import addressing, facility, operations
from gateway.isdn.facility import Facility, Interpretation, NetworkFacilityExtension
from gateway.isdn.q931 import Identifier, InformationElement, Message
from gateway.model.errors import DecodeError, LocalProtocolError
from gateway.model.parties import Party
from gateway.model.remote_operations import Invoke

CALLING, CALLED, CONNECTED, BUSY = "callingName", "calledName", "connectedName", "busyName"
_NAMES = frozenset((CALLING, CALLED, CONNECTED, BUSY))
_QSIG = "qsig"
_FIRST_INVOKE = 200
"""Nobody answers these invokes, and the confirmed ones of a trunk are numbered below."""

Elements = tuple[InformationElement, ...]


def elements(operation: str, who: Party) -> Elements:
    """The Facility with the name of that party; nothing when none is known, or it does not fit."""
    value = addressing.name(who)
    if value is None:
        return ()
    row = operations.named(_QSIG, operation)
    try:
        argument = operations.encode_argument(_QSIG, operation, ("name", value))
        invoke = Invoke(_FIRST_INVOKE + int(row.code), row.code, argument)
        return facility.elements(
            Facility(
                facility.NETWORKING_EXTENSIONS,
                (invoke,),
                NetworkFacilityExtension(),
                interpretation=Interpretation.DISCARD_ANY_UNRECOGNISED_INVOKE_PDU,
            )
        )
    except LocalProtocolError:
        return ()


def named(message: Message, who: Party = Party()) -> Party:  # noqa: B008  a Party is a value
    """`who` with the name that the message gives; unchanged when it gives none."""
    for invoke in _invokes(message):
        try:
            kind, value = operations.decode_argument(_QSIG, _operation(invoke), invoke.argument)
            found = addressing.with_name(Party(), value["name"] if kind == "nameSequence" else value)
        except (DecodeError, LookupError, TypeError, ValueError):
            continue
        text = "".join(each for each in found.name if each.isprintable())
        return replace(who, name=text, name_presentation=found.name_presentation)
    return who


def without(message: Message) -> Message:
    """The message less the Facility elements that say names only."""
    kept = tuple(each for each in message.elements if not _is_only_names(each))
    return message if len(kept) == len(message.elements) else replace(message, elements=kept)


def _invokes(message: Message) -> Iterator[Invoke]:
    for element in message.elements:
        yield from (each for each in _components(element) if isinstance(each, Invoke) and _operation(each) in _NAMES)


def _is_only_names(element: InformationElement) -> bool:
    found = _components(element)
    return bool(found) and all(isinstance(each, Invoke) and _operation(each) in _NAMES for each in found)


def _components(element: InformationElement) -> tuple[object, ...]:
    if element.identifier != Identifier.FACILITY or element.codeset:
        return ()
    try:
        return facility.decode(element.contents).components
    except DecodeError:
        return ()


def _operation(invoke: Invoke) -> str:
    found = operations.operation(_QSIG, invoke.operation)
    return found.name if found is not None else ""
