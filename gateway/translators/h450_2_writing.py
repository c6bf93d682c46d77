"""Transfer events as components of H.450.2, and the H.225.0 messages that carry them.

A transfer without secondary call has a callIdentity of one blank in callTransferInitiate, which every decoder reads;
of length zero in callTransferSetup, where some endpoints take a blank for an identity that they should know, except
before a transferringNumber, where decoders disagree about the padding after a length of zero.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from gateway.h323 import addressing, h225, h450, operations, signals
from gateway.h323.arguments import encode_argument, encode_result
from gateway.h323.h450 import SupplementaryService
from gateway.h323.operations import BY_CODE, BY_NAME
from gateway.model.errors import UntranslatableError
from gateway.model.legs import H323Call
from gateway.model.parties import AliasKind, Party
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
    TransferOutcome,
    TransferProgress,
    TransferRequest,
    TransferSetup,
)
from gateway.translators.dialect import Context
from gateway.translators.h450_2_reading import IDENTIFY, INDICATORS, PARTY_UPDATES, SETUP

INITIATE = "callTransferInitiate"
TRANSPORTED = "FACILITY transportedInformation"
CARRIERS = (TRANSPORTED, "SETUP", *signals.PLAIN)
"""Messages that can be written for an APDU alone; TRANSPORTED is FACILITY with a body."""
_BLANK = " "
_DEFAULT_ERROR = "establishmentFailure"
_MAXIMUM_NAME = 128
_TOO_EARLY = "H.450.2 answers only when the transfer has ended"


@dataclass(frozen=True, slots=True)
class Draft:
    """A component, the operation that it asks for or answers, and the call it is for ("primary", "secondary").

    `value` is the argument before it became octets, where there is one.
    """

    component: Component
    operation: str
    leg: str = "primary"
    value: dict[str, Any] | None = None

    @property
    def carrier(self) -> str:
        """The message that usually carries it: see `_CARRIERS`, else FACILITY."""
        return _CARRIERS.get((type(self.component), self.operation), "FACILITY")

    @property
    def apdu(self) -> SupplementaryService:
        """The APDU with this component alone, and the interpretation that goes with its operation."""
        invoked = BY_CODE.get(self.component.operation) if isinstance(self.component, Invoke) else None
        return SupplementaryService((self.component,), invoked.interpretation if invoked else None)


_CARRIERS: dict[tuple[type, str], str] = {
    (Invoke, SETUP): "SETUP",
    (ReturnResult, SETUP): "CONNECT",
    (ReturnError, SETUP): "RELEASE COMPLETE",
    (Reject, SETUP): "RELEASE COMPLETE",
    (ReturnResult, INITIATE): "RELEASE COMPLETE",
}


def draft(event: TransferEvent, context: Context) -> Draft:
    """The component that says `event`. Raises UntranslatableError when none does."""
    writer = _WRITERS.get(type(event))
    if writer is None:
        raise UntranslatableError(f"H.450.2 cannot say {type(event).__name__}")
    return writer(event, context.invoke_id if event.invoke_id is None else event.invoke_id, context)


def signal(carrier: str, event: TransferEvent, apdu: bytes, call: H323Call) -> h225.CallSignal:
    """The message `carrier` with `apdu`, which says `event`, on `call`."""
    on = call_of(call)
    match event:
        case TransferSetup(target, _, _, transferee) if carrier == "SETUP":
            return _with_indicators(signals.setup(on, (apdu,), _aliases(transferee), _aliases(target)), transferee)
        case _ if carrier == "SETUP":
            return signals.setup(on, (apdu,), [], [])
        case _ if carrier == TRANSPORTED:
            return signals.facility(on, (apdu,), transported_information=True)
        case TransferOutcome(cause=cause) if carrier == "RELEASE COMPLETE" and cause is not None:
            return signals.release_complete(on, (apdu,), cause=cause.value)
        case TransferOutcome(Outcome.SUCCEEDED) if carrier == "RELEASE COMPLETE":
            return signals.release_complete(on, (apdu,), "facilityCallDeflection")
    return signals.carrying(carrier, on, (apdu,))


def _with_indicators(setup: h225.CallSignal, transferee: Party | None) -> h225.CallSignal:
    """`setup` with presentation and screening of its sourceAddress."""
    said = addressing.endpoint_address(transferee) if transferee else {}
    found = {name: said[inner] for name, inner in INDICATORS.items() if inner in said}
    return replace(setup, uuie={**setup.uuie, **found}) if found else setup


def forwarding(event: Redirection, call: H323Call) -> h225.CallSignal:
    """FACILITY callForwarded to the target; a transportID in front goes into alternativeAddress.

    Raises UntranslatableError when nothing is known to call.
    """
    aliases = addressing.aliases_of(event.target)
    if not aliases:
        raise UntranslatableError("no alias to forward the call to")
    first = aliases[0].kind is AliasKind.TRANSPORT_ID
    address = addressing.transport_value(aliases[0].value) if first else None
    values = [addressing.alias_value(item) for item in aliases[first:]]
    return signals.call_forwarded(call_of(call), values, address)


def call_of(call: H323Call) -> signals.Call:
    """`call` as the gateway writes into it: the flag is set when the other side allocated the reference."""
    return signals.Call(call.call_reference, not call.originated, call.call_identifier)


def _aliases(party: Party | None) -> list[h450.AliasValue]:
    return [addressing.alias_value(item) for item in addressing.aliases_of(party)] if party else []


def _invoke(name: str, invoke_id: int, value: dict[str, Any] | None = None, leg: str = "primary") -> Draft:
    operation = BY_NAME[name]
    argument = None if value is None else encode_argument(operation.code, value)
    return Draft(Invoke(invoke_id, operation.code, argument), name, leg, value)


def _request(event: TransferRequest, invoke_id: int, _: Context) -> Draft:
    identity = event.consultation.digits if isinstance(event.consultation, CallIdentity) else ""
    value = {"callIdentity": identity.strip() or _BLANK, "reroutingNumber": _reachable(event.target)}
    return _invoke(INITIATE, invoke_id, value)


def _reachable(target: Party | None) -> dict[str, Any]:
    if target is None or not addressing.aliases_of(target):
        raise UntranslatableError("no number, URI or alias of the transfer target is known")
    return addressing.endpoint_address(target)


def _identify(_: IdentityRequest, invoke_id: int, __: Context) -> Draft:
    return _invoke(IDENTIFY, invoke_id, leg="secondary")


def _abandon(_: IdentityAbandoned, invoke_id: int, __: Context) -> Draft:
    return _invoke("callTransferAbandon", invoke_id, leg="secondary")


def _grant(event: IdentityGranted, invoke_id: int, _: Context) -> Draft:
    if not isinstance(event.identity, CallIdentity):
        raise UntranslatableError(f"H.450.2 names calls by callIdentity, not by {type(event.identity).__name__}")
    address = addressing.endpoint_address(event.target or Party())
    code = BY_NAME[IDENTIFY].code
    result = encode_result(code, {"callIdentity": event.identity.digits, "reroutingNumber": address})
    return Draft(ReturnResult(invoke_id, code, result), IDENTIFY, "secondary")


def _set_up(event: TransferSetup, invoke_id: int, _: Context) -> Draft:
    if event.consultation is not None and not isinstance(event.consultation, CallIdentity):
        raise UntranslatableError("callTransferSetup names the secondary call by callIdentity only")
    digits = event.consultation.digits.strip() if event.consultation else ""
    if event.transferor is None:
        return _invoke(SETUP, invoke_id, {"callIdentity": digits})
    number = addressing.endpoint_address(event.transferor)
    return _invoke(SETUP, invoke_id, {"callIdentity": digits or _BLANK, "transferringNumber": number})


def _update(event: PartyUpdate, invoke_id: int, _: Context) -> Draft:
    operation, address, name = PARTY_UPDATES[event.stage]
    value: dict[str, Any] = {address: addressing.endpoint_address(event.party)}
    if event.party.name:
        value[name] = _bmp(event.party.name[:_MAXIMUM_NAME])
    if event.basic_call_information:
        value["basicCallInfoElements"] = event.basic_call_information
    if event.stage is Stage.COMPLETE:
        value["endDesignation"] = (event.end or EndDesignation.PRIMARY).value
        value["callStatus"] = (event.status or CallStatus.ANSWERED).value
    return _invoke(operation, invoke_id, value)


def _bmp(name: str) -> str:
    """A BMPString holds characters of the basic plane only; others become U+FFFD."""
    return "".join(character if ord(character) < 0x10000 else "\ufffd" for character in name)


def _subaddress(event: SubaddressUpdate, invoke_id: int, _: Context) -> Draft:
    return _invoke(
        "subaddressTransfer", invoke_id, {"redirectionSubaddress": addressing.subaddress_value(event.subaddress)}
    )


def _outcome(event: TransferOutcome, invoke_id: int, context: Context) -> Draft:
    if event.outcome is Outcome.PENDING:
        raise UntranslatableError(_TOO_EARLY)
    waiting = event.operation or context.pending.get(invoke_id, "")
    operation = waiting if waiting in BY_NAME else INITIATE
    leg = "secondary" if operation == IDENTIFY else "primary"
    return Draft(_answer(event, invoke_id), operation, leg)


def _progress(_: TransferProgress, __: int, ___: Context) -> Draft:
    raise UntranslatableError(_TOO_EARLY)


def _answer(event: TransferOutcome, invoke_id: int) -> Component:
    if event.outcome is Outcome.SUCCEEDED:
        return ReturnResult(invoke_id)
    if event.rejected:
        problem = operations.problem_code(event.error)
        return Reject(invoke_id, *(problem or ("general", 0)))
    code = operations.error_code(event.error)
    return ReturnError(invoke_id, operations.error_code(_DEFAULT_ERROR) or 0 if code is None else code)


def _other(event: OtherOperation, invoke_id: int, _: Context) -> Draft:
    code = operations.operation_code(event.operation)
    if code is None:
        raise UntranslatableError(f"no operation {event.operation!r} in H.450")
    try:
        argument = bytes.fromhex(event.arguments) or None
    except ValueError as error:
        raise UntranslatableError(f"the argument of {event.operation} is not in octets") from error
    return Draft(Invoke(invoke_id, code, argument), event.operation)


_WRITERS: dict[type, Callable[[Any, int, Context], Draft]] = {
    TransferRequest: _request,
    IdentityRequest: _identify,
    IdentityGranted: _grant,
    IdentityAbandoned: _abandon,
    TransferSetup: _set_up,
    PartyUpdate: _update,
    SubaddressUpdate: _subaddress,
    TransferProgress: _progress,
    TransferOutcome: _outcome,
    OtherOperation: _other,
}
