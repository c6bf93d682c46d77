"""The messages of a call, put together from what its owner gives and what the call knows."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gateway.h323 import addressing, call_parties
from gateway.h323.call_contents import Contents, Ending, NewCall
from gateway.h323.call_elements import (
    AUDIO_3K1,
    Element,
    encode_cause,
    encode_display,
    encode_notification,
    encode_progress,
)
from gateway.h323.h225 import CallSignal

if TYPE_CHECKING:
    from gateway.h323.call import H323Call

Elements = tuple[tuple[int, bytes], ...]

BODIES = {
    "SETUP": "setup",
    "SETUP ACKNOWLEDGE": "setupAcknowledge",
    "CALL PROCEEDING": "callProceeding",
    "PROGRESS": "progress",
    "ALERTING": "alerting",
    "CONNECT": "connect",
    "INFORMATION": "information",
    "NOTIFY": "notify",
    "STATUS": "status",
    "STATUS ENQUIRY": "statusInquiry",
    "RELEASE COMPLETE": "releaseComplete",
}
"""The alternative of h323-message-body for each message; that of FACILITY depends."""

_SINCE_VERSION_4 = frozenset(("SETUP ACKNOWLEDGE", "NOTIFY", "STATUS", "STATUS ENQUIRY"))
"""Before, these messages had no body of their own; `empty` is older."""

_RESPONSES = frozenset(("CALL PROCEEDING", "PROGRESS", "ALERTING", "CONNECT"))
_CONNECTION = frozenset(("SETUP", *_RESPONSES))
"""Messages that say whether the connection may be shared and kept."""

_IDENTIFIED = frozenset(("PROGRESS", *_SINCE_VERSION_4))
"""Messages that have to name their call, even to a peer of version 1, whose calls have no name."""

_UNNAMED = bytes(16)
_ADDRESSES = {"ALERTING": "alertingAddress", "CONNECT": "connectedAddress"}
_POINT_TO_POINT = {
    "activeMC": False,
    "conferenceGoal": ("create", None),
    "callType": ("pointToPoint", None),
    "mediaWaitForConnect": False,
}
EMPTY = "empty"


def setup(call: "H323Call", new: NewCall, media: dict[str, Any]) -> CallSignal:
    """SETUP. Raises LocalProtocolError for what it cannot carry."""
    contents = new.contents
    fields: dict[str, Any] = {
        **_POINT_TO_POINT,
        "sourceInfo": call.settings.identity,
        "conferenceID": call.conference,
        "canOverlapSend": new.overlap,
        **_known("sourceAddress", call_parties.alias_values(new.calling)),
        **_known("destinationAddress", call_parties.alias_values(new.called)),
        **call_parties.indicators(new.calling),
        **_transport("sourceCallSignalAddress", new.source_address),
        **_transport("destCallSignalAddress", new.destination_address),
        **media,
    }
    elements = (
        (Element.BEARER_CAPABILITY, new.bearer or AUDIO_3K1),
        *call_parties.calling_elements(new.calling),
        *call_parties.called_elements(new.called),
        *call_parties.redirecting_elements(new.redirecting, new.redirecting_reason),
    )
    if new.early_control and not contents.fast_start:
        contents = replace(contents, control=new.early_control)
    return message(call, "SETUP", contents, fields, elements, display=contents.display or new.calling.name)


def response(call: "H323Call", name: str, contents: Contents, media: dict[str, Any]) -> CallSignal:
    """CALL PROCEEDING, PROGRESS, ALERTING or CONNECT, with what they say of media."""
    fields: dict[str, Any] = {"destinationInfo": call.settings.identity, **media}
    party = contents.party
    if name == "CONNECT":
        fields["conferenceID"] = call.conference
    if party is not None and name in _ADDRESSES:
        fields |= _known(_ADDRESSES[name], call_parties.alias_values(party)) | call_parties.indicators(party)
    return message(call, name, contents, fields)


def facility(call: "H323Call", contents: Contents, reason: str) -> CallSignal:
    """FACILITY with that reason, or with body `empty` when there is nothing to say in a body."""
    fields: dict[str, Any] = {"reason": (reason or "undefinedReason", None)}
    is_empty = not (reason or contents.fields or contents.h245_address)
    if reason == "startH245":
        fields["conferenceID"] = call.conference
    composed = message(call, "FACILITY", contents, fields, ((Element.FACILITY, b""),), "facility")
    return composed if not is_empty else emptied(composed)


def status(call: "H323Call", cause: int, diagnostics: bytes = b"") -> CallSignal:
    """STATUS: the state of the call, and why it is said."""
    elements = (
        (Element.CAUSE, bytes((0x80, 0x80 | cause)) + diagnostics),
        (Element.CALL_STATE, bytes((int(call.state),))),
    )
    return message(call, "STATUS", Contents(), {}, elements)


def release_complete(call: "H323Call", ending: Ending, contents: Contents) -> CallSignal:
    """RELEASE COMPLETE with the cause, or without one with the reason (H.225.0 7.3.10 asks for either)."""
    elements: Elements = ((Element.CAUSE, encode_cause(ending.cause)),) if ending.cause else ()
    fields: dict[str, Any] = {"reason": (ending.reason, None)} if ending.reason else {}
    return message(call, "RELEASE COMPLETE", contents, fields, elements)


def message(
    call: "H323Call",
    name: str,
    contents: Contents,
    fields: dict[str, Any],
    elements: Elements = (),
    body: str = "",
    display: str = "",
) -> CallSignal:
    """Any message: `fields` of its UUIE and `elements` beside those that it has anyway."""
    composed = CallSignal(
        name,
        call.call_reference,
        not call.is_originating,
        _sorted((*elements, *_elements(contents, display), *contents.elements)),
        body or BODIES[name],
        _uuie(call, name, contents, fields),
        contents.apdus,
        call.says_tunnelling,
        contents.control,
        contents.others,
    )
    return emptied(composed) if name in _SINCE_VERSION_4 and 0 < call.peer_version < 4 else composed


def emptied(composed: CallSignal) -> CallSignal:
    """The message with body `empty`."""
    return replace(composed, body=EMPTY, uuie={})


def _uuie(call: "H323Call", name: str, contents: Contents, fields: dict[str, Any]) -> dict[str, Any]:
    uuie: dict[str, Any] = {"protocolIdentifier": call.settings.protocol, **fields}
    if call.identifier or name in _IDENTIFIED:
        uuie["callIdentifier"] = {"guid": call.identifier or _UNNAMED}
    if name in _CONNECTION:
        uuie |= {"multipleCalls": call.settings.shares_connection, "maintainConnection": False}
    return uuie | _transport("h245Address", contents.h245_address) | dict(contents.fields)


def _elements(contents: Contents, display: str) -> Elements:
    found: list[tuple[int, bytes]] = [
        (Element.PROGRESS_INDICATOR, encode_progress(description)) for description in contents.progress
    ]
    if contents.notification is not None:
        found.append((Element.NOTIFICATION_INDICATOR, encode_notification(contents.notification)))
    party = contents.party
    name = display or contents.display or (party.name if party is not None else "")
    if name:
        found.append((Element.DISPLAY, encode_display(name)))
    if contents.keypad:
        found.append((Element.KEYPAD_FACILITY, contents.keypad.encode("ascii", "replace")))
    return (*found, *(call_parties.connected_elements(party) if party is not None else ()))


def _sorted(elements: Elements) -> Elements:
    """In the order of their identifiers (Q.931 4.5.1); those of one kind stay in the order given."""
    return tuple(sorted(elements, key=lambda element: element[0]))


def _known(name: str, values: list[Any]) -> dict[str, Any]:
    return {name: values} if values else {}


def _transport(name: str, address: str) -> dict[str, Any]:
    return {name: addressing.transport_value(address)} if address else {}
