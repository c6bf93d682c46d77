"""H.225.0 messages that carry supplementary services, with no more in them than H.225.0 asks for.

A call that is really set up needs more in its SETUP and CONNECT (fastStart or h245Address); that is for the side
that has the media to say.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.h323.h225 import BEARER_CAPABILITY, CAUSE, FACILITY, PROTOCOL_IDENTIFIER, CallSignal
from gateway.h323.h450 import AliasValue
from gateway.model.errors import LocalProtocolError

_GATEWAY = {"gateway": {}, "mc": False, "undefinedNode": False}
_AUDIO_3K1 = bytes.fromhex("9090a3")
_UNNAMED_CALL = bytes(16)


@dataclass(frozen=True, slots=True)
class Call:
    """The call that a message belongs to: CRV, the call reference flag, callIdentifier (16 octets, b"" unknown)."""

    reference: int
    from_destination: bool = False
    identifier: bytes = b""


def facility(call: Call, apdus: tuple[bytes, ...], *, transported_information: bool = False) -> CallSignal:
    """FACILITY for `apdus`: body `empty`, or Facility-UUIE with reason transportedInformation (H.225.0 version 4)."""
    if transported_information:
        return _signal("FACILITY", call, {"reason": ("transportedInformation", None)}, apdus)
    return CallSignal("FACILITY", *_header(call), ((FACILITY, b""),), supplementary_services=apdus)


def call_forwarded(call: Call, aliases: list[AliasValue], address: tuple[str, Any] | None = None) -> CallSignal:
    """FACILITY that asks to call `aliases` (at the TransportAddress `address`, if given) instead."""
    uuie: dict[str, Any] = {"reason": ("callForwarded", None)}
    if aliases:
        uuie["alternativeAliasAddress"] = aliases
    if address:
        uuie["alternativeAddress"] = address
    return _signal("FACILITY", call, uuie)


def setup(
    call: Call, apdus: tuple[bytes, ...], source: list[AliasValue], destination: list[AliasValue]
) -> CallSignal:
    """SETUP from the aliases `source` to the aliases `destination`; the conference gets the call's identifier."""
    identifier = call.identifier or _UNNAMED_CALL
    uuie: dict[str, Any] = {
        "sourceInfo": _GATEWAY,
        "activeMC": False,
        "conferenceID": identifier,
        "conferenceGoal": ("create", None),
        "callType": ("pointToPoint", None),
        "callIdentifier": {"guid": identifier},
        "mediaWaitForConnect": False,
        "canOverlapSend": False,
        "multipleCalls": False,
        "maintainConnection": False,
    }
    addresses = {"sourceAddress": source, "destinationAddress": destination}
    uuie |= {name: aliases for name, aliases in addresses.items() if aliases}
    return _signal("SETUP", call, uuie, apdus, ((BEARER_CAPABILITY, _AUDIO_3K1),))


def alerting(call: Call, apdus: tuple[bytes, ...]) -> CallSignal:
    """ALERTING."""
    return _signal("ALERTING", call, {"destinationInfo": _GATEWAY}, apdus)


def call_proceeding(call: Call, apdus: tuple[bytes, ...]) -> CallSignal:
    """CALL PROCEEDING."""
    return _signal("CALL PROCEEDING", call, {"destinationInfo": _GATEWAY}, apdus)


def progress(call: Call, apdus: tuple[bytes, ...]) -> CallSignal:
    """PROGRESS."""
    identified = call if call.identifier else Call(call.reference, call.from_destination, _UNNAMED_CALL)
    return _signal("PROGRESS", identified, {"destinationInfo": _GATEWAY}, apdus)


def connect(call: Call, apdus: tuple[bytes, ...]) -> CallSignal:
    """CONNECT; the conference gets the call's identifier."""
    conference = call.identifier or _UNNAMED_CALL
    return _signal("CONNECT", call, {"destinationInfo": _GATEWAY, "conferenceID": conference}, apdus)


def release_complete(
    call: Call, apdus: tuple[bytes, ...], reason: str = "undefinedReason", cause: int | None = None
) -> CallSignal:
    """RELEASE COMPLETE with the Q.850 `cause`, or without one with `reason` (H.225.0 asks for either)."""
    if cause is not None:
        return _signal("RELEASE COMPLETE", call, {}, apdus, ((CAUSE, bytes((0x80, 0x80 | cause))),))
    return _signal("RELEASE COMPLETE", call, {"reason": (reason, None)}, apdus)


PLAIN: Mapping[str, Callable[[Call, tuple[bytes, ...]], CallSignal]] = {
    "FACILITY": facility,
    "ALERTING": alerting,
    "CALL PROCEEDING": call_proceeding,
    "PROGRESS": progress,
    "CONNECT": connect,
    "RELEASE COMPLETE": release_complete,
}
"""Messages that can be written for APDUs with nothing else to say."""

_BODIES = {
    "SETUP": "setup",
    "ALERTING": "alerting",
    "CALL PROCEEDING": "callProceeding",
    "PROGRESS": "progress",
    "CONNECT": "connect",
    "FACILITY": "facility",
    "RELEASE COMPLETE": "releaseComplete",
}


def carrying(name: str, call: Call, apdus: tuple[bytes, ...]) -> CallSignal:
    """The message `name` with `apdus` and nothing else to say. Raises LocalProtocolError for one that needs more."""
    if name not in PLAIN:
        raise LocalProtocolError(f"{name} cannot be written for its APDUs alone")
    return PLAIN[name](call, apdus)


def _header(call: Call) -> tuple[int, bool]:
    return call.reference, call.from_destination


def _signal(
    name: str,
    call: Call,
    uuie: dict[str, Any],
    apdus: tuple[bytes, ...] = (),
    elements: tuple[tuple[int, bytes], ...] = (),
) -> CallSignal:
    identified = {"callIdentifier": {"guid": call.identifier}} if call.identifier else {}
    value = {"protocolIdentifier": PROTOCOL_IDENTIFIER, **identified, **uuie}
    return CallSignal(name, *_header(call), elements, _BODIES[name], value, apdus)
