"""What the components of H.450.2 say, as transfer events."""

from collections.abc import Callable, Mapping
from typing import Any

from gateway.h323 import addressing, operations
from gateway.h323.arguments import decode_argument, decode_result
from gateway.h323.h225 import CallSignal
from gateway.model.errors import DecodeError
from gateway.model.parties import Party
from gateway.model.remote_operations import Component, Invoke, Reject, ReturnError, ReturnResult
from gateway.model.transfer import (
    CallIdentity,
    CallStatus,
    EndDesignation,
    IdentityAbandoned,
    IdentityGranted,
    IdentityRequest,
    OtherOperation,
    Outcome,
    PartyUpdate,
    Redirection,
    Stage,
    SubaddressUpdate,
    TransferEvent,
    TransferKind,
    TransferOutcome,
    TransferRequest,
    TransferSetup,
)

IDENTIFY, SETUP = "callTransferIdentify", "callTransferSetup"

PARTY_UPDATES = {
    Stage.COMPLETE: ("callTransferComplete", "redirectionNumber", "redirectionInfo"),
    Stage.ACTIVE: ("callTransferActive", "connectedAddress", "connectedInfo"),
    Stage.UPDATE: ("callTransferUpdate", "redirectionNumber", "redirectionInfo"),
}
"""The operations that tell a party whom it talks to: name, field of the address, field of the name."""


def meaning(component: Component, signal: CallSignal, pending: Mapping[int, str]) -> TransferEvent:
    """What `component` of the message `signal` says; `pending` has the operations that wait for an answer.

    Raises DecodeError when its argument or result is not the operation's.
    """
    match component:
        case Invoke():
            return _invoked(component, signal)
        case ReturnResult():
            return _result(component, pending)
        case ReturnError(invoke_id, error):
            return _failure(invoke_id, operations.error_name(error), pending)
        case Reject(invoke_id, kind, problem):
            return _failure(invoke_id, operations.problem_name(kind, problem), pending, rejected=True)


def forwarded(signal: CallSignal) -> Redirection | None:
    """What FACILITY with reason callForwarded says, which carries no component: call somebody else."""
    if signal.reason != "callForwarded" or signal.body != "facility":
        return None
    address = signal.uuie.get("alternativeAddress")
    at = (("transportID", address),) if address else ()
    aliases = tuple(addressing.alias(value) for value in (*at, *signal.destination_aliases))
    return Redirection(addressing.party(aliases), reason="unknown") if aliases else None


def _invoked(invoke: Invoke, signal: CallSignal) -> TransferEvent:
    operation = operations.BY_CODE.get(invoke.operation)
    if operation is None:
        argument = (invoke.argument or b"").hex()
        return OtherOperation(str(invoke.operation), argument, invoke_id=invoke.invoke_id)
    if operation.name in _WITHOUT_ARGUMENT:
        return _WITHOUT_ARGUMENT[operation.name](invoke_id=invoke.invoke_id)
    if invoke.argument is None:
        raise DecodeError(f"{operation.name} without argument")
    value = decode_argument(operation.code, invoke.argument).value
    return invoked(operation.name, value, invoke.invoke_id, signal)


def invoked(operation: str, value: dict[str, Any], invoke_id: int, signal: CallSignal) -> TransferEvent:
    """What the invoke of an H.450.2 operation with the argument `value` says in the message `signal`."""
    return _set_up(value, invoke_id, signal) if operation == SETUP else _READERS[operation](value, invoke_id)


_WITHOUT_ARGUMENT: dict[str, Callable[..., TransferEvent]] = {
    IDENTIFY: IdentityRequest,
    "callTransferAbandon": IdentityAbandoned,
}


def _identity(digits: str) -> CallIdentity | None:
    """None for an empty callIdentity and for a blank one, which means the same."""
    return CallIdentity(digits) if digits.strip() else None


def _initiated(value: dict[str, Any], invoke_id: int) -> TransferRequest:
    identity = _identity(value["callIdentity"])
    kind = TransferKind.ATTENDED if identity else TransferKind.BLIND
    target = addressing.endpoint_party(value["reroutingNumber"])
    return TransferRequest(kind, target, identity, invoke_id=invoke_id)


def _set_up(value: dict[str, Any], invoke_id: int, signal: CallSignal) -> TransferSetup:
    transferring = value.get("transferringNumber")
    return TransferSetup(
        target=_party(signal.uuie.get("destinationAddress", ())),
        consultation=_identity(value["callIdentity"]),
        transferor=addressing.endpoint_party(transferring) if transferring else None,
        transferee=_calling(signal.uuie),
        invoke_id=invoke_id,
    )


def _party(values: Any) -> Party | None:
    aliases = tuple(addressing.alias(value) for value in values)
    return addressing.party(aliases) if aliases else None


INDICATORS = {
    "presentationIndicator": "destinationAddressPresentationIndicator",
    "screeningIndicator": "destinationAddressScreeningIndicator",
}
"""What a SETUP says of its sourceAddress, and the same in an EndpointAddress."""


def _calling(uuie: Mapping[str, Any]) -> Party | None:
    found = {inner: uuie[name] for name, inner in INDICATORS.items() if name in uuie}
    addresses = uuie.get("sourceAddress", ())
    return addressing.endpoint_party({"destinationAddress": addresses, **found}) if addresses or found else None


def _updated(stage: Stage) -> Callable[[dict[str, Any], int], PartyUpdate]:
    _, address, name = PARTY_UPDATES[stage]

    def read(value: dict[str, Any], invoke_id: int) -> PartyUpdate:
        end, status = value.get("endDesignation"), value.get("callStatus")
        return PartyUpdate(
            stage,
            addressing.endpoint_party(value[address], value.get(name)),
            EndDesignation(end) if end else None,
            CallStatus(status) if status else None,
            value.get("basicCallInfoElements", b""),
            invoke_id=invoke_id,
        )

    return read


def _subaddress(value: dict[str, Any], invoke_id: int) -> SubaddressUpdate:
    return SubaddressUpdate(addressing.subaddress(value["redirectionSubaddress"]), invoke_id=invoke_id)


_READERS: dict[str, Callable[[dict[str, Any], int], TransferEvent]] = {
    "callTransferInitiate": _initiated,
    "subaddressTransfer": _subaddress,
    **{PARTY_UPDATES[stage][0]: _updated(stage) for stage in Stage},
}


def _result(result: ReturnResult, pending: Mapping[int, str]) -> TransferEvent:
    waiting = pending.get(result.invoke_id, "")
    name = waiting if result.operation is None else operations.operation_name(result.operation)
    if name == IDENTIFY and result.operation is not None:
        return _granted(decode_result(result.operation, result.result or b"").value, result.invoke_id)
    return TransferOutcome(Outcome.SUCCEEDED, operation=name, invoke_id=result.invoke_id)


def _granted(value: dict[str, Any], invoke_id: int) -> IdentityGranted:
    target = addressing.endpoint_party(value["reroutingNumber"])
    return IdentityGranted(CallIdentity(value["callIdentity"]), target, invoke_id)


def _failure(
    invoke_id: int | None, error: str, pending: Mapping[int, str], rejected: bool = False
) -> TransferOutcome:
    operation = "" if invoke_id is None else pending.get(invoke_id, "")
    return TransferOutcome(Outcome.FAILED, error=error, rejected=rejected, operation=operation, invoke_id=invoke_id)
