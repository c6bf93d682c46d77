"""Release link trunk transfer of the DMS-100: the switch numbers a call in answer to RLT_OPERATION_IND in its SETUP,
and joins it to the call that carries RLT_THIRD_PARTY with that number.

So every transfer whose callId is not known begins with the SETUP of the second call, RLT_OPERATION_IND in it; the
same request with the RltCallId of the answer (IdentityGranted) then becomes RLT_THIRD_PARTY. A call that was set up
without RLT_OPERATION_IND cannot be joined at all.
"""

from typing import Any

from gateway.isdn.elements import BEARERS
from gateway.isdn.facility import DMS_PROFILE, DMS_SERVICE, Facility
from gateway.isdn.q931 import MessageType
from gateway.model.errors import UntranslatableError
from gateway.model.transfer import (
    IdentityGranted,
    IdentityRequest,
    RltCallId,
    TransferEvent,
    TransferKind,
    TransferRequest,
    TransferSetup,
)
from gateway.translators.dialect import Context
from gateway.translators.facility_message import SECONDARY
from gateway.translators.procedures import Grant, Procedure, Say, Service, directly
from gateway.translators.rose_dialect import RoseDialect
from gateway.translators.second_call import CALLED, ordinary_call, second_call

_NO_REASON = 0


def _third_party(value: dict[str, Any]) -> TransferRequest:
    return TransferRequest(TransferKind.ATTENDED, consultation=RltCallId(value["callId"]))


def _third_party_argument(event: TransferRequest) -> dict[str, Any]:
    return {"callId": _call_id(event.consultation), "reason": _NO_REASON}


def _call_id(identity: object) -> int:
    if isinstance(identity, RltCallId):
        return identity.value
    named = f"not by a {type(identity).__name__}" if identity else "and none is known"
    raise UntranslatableError(f"dms-rlt names a call by the callId that the switch gave it, {named}")


def _procedure(event: TransferEvent, context: Context) -> Procedure:
    match event:
        case TransferRequest(consultation=RltCallId()):
            return directly(event, context)
        case TransferRequest():
            return _asked(event)
        case TransferSetup():
            return ordinary_call(event, DIALECT)
    return directly(event, context)


def _asked(event: TransferRequest) -> Procedure:
    """The second call is set up, and its callId asked for."""
    setup, target = second_call(event.target, DIALECT)
    asks = Say(IdentityRequest(), SECONDARY, setup.elements)
    return Procedure((asks,), TransferRequest(event.kind, target), CALLED)


DIALECT = RoseDialect(
    name="dms-rlt",
    home="dms-rlt",
    variant="dms100",
    header=Facility(DMS_PROFILE, service_discriminator=DMS_SERVICE),
    services=(
        Service("RLT_THIRD_PARTY", TransferRequest, _third_party, _third_party_argument),
        Service(
            "RLT_OPERATION_IND",
            IdentityRequest,
            lambda _: IdentityRequest(),
            lambda _: None,
            message_type=MessageType.SETUP,
            leg=SECONDARY,
        ),
    ),
    answered="RLT_THIRD_PARTY",
    failure="notAllowed",
    bearer=BEARERS["speech mu-law"],
    grant=Grant(
        "RLT_OPERATION_IND",
        lambda value: IdentityGranted(RltCallId(value)),
        lambda event: _call_id(event.identity),
    ),
    procedure=_procedure,
    fixed_ids={"RLT_OPERATION_IND": 1, "RLT_THIRD_PARTY": 2},
    errors={
        "unrecognizedCallIdentity": "callIdNotFound",
        "linkIdNotAssignedByNetwork": "callIdNotFound",
        "resourceUnavailable": "switchEquipmentCongestion",
    },
    why={
        "consultation": "the switch names the call when it answers; RLT_THIRD_PARTY follows with that callId",
        "target": "the target is the other party of the call that callId names",
        "transferor": "the transferor is the trunk that the message comes from",
        "transferee": "the transferee is the other party of the call that carries the message",
        "name": "no message of this service carries a name",
    },
)
