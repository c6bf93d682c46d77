"""Two B-channel transfer of NI-2 switches (Telcordia GR-2865): the network joins two calls of the user.

The invoke goes out on one call and names the other by its call reference, as it stands in the messages that we send
on that call: value, and the flag above it. Invokes of the same arc that no public source names are passed by.
"""

from dataclasses import replace
from typing import Any

from gateway.isdn.elements import BEARERS
from gateway.isdn.facility import Facility
from gateway.model.legs import IsdnCall
from gateway.model.transfer import (
    CallReference,
    Consultation,
    TransferEvent,
    TransferKind,
    TransferRequest,
    TransferSetup,
)
from gateway.translators.dialect import Context
from gateway.translators.procedures import Procedure, Say, Service, directly
from gateway.translators.rose_dialect import RoseDialect
from gateway.translators.second_call import CALLED, ordinary_call, second_call

_FLAG = 0x8000


def _transfer(value: dict[str, Any]) -> TransferRequest:
    reference = CallReference(value["linkId"], value.get("dChannelIdentifier", b""))
    return TransferRequest(TransferKind.ATTENDED, consultation=reference)


def _argument(event: TransferRequest) -> dict[str, Any]:
    reference = event.consultation
    assert isinstance(reference, CallReference)
    link = {"linkId": reference.value}
    return link | {"dChannelIdentifier": reference.d_channel} if reference.d_channel else link


def _of(call: IsdnCall) -> CallReference:
    return CallReference(call.call_reference | (0 if call.originated else _FLAG))


def _names_call(consultation: Consultation | None) -> bool:
    return isinstance(consultation, CallReference)


def _procedure(event: TransferEvent, context: Context) -> Procedure:
    match event:
        case TransferRequest(consultation=CallReference()):
            return directly(event, context)
        case TransferRequest(kind=TransferKind.ATTENDED | TransferKind.SEMI_ATTENDED | TransferKind.JOIN):
            return Procedure((_joined(event, context),), TransferRequest(event.kind))
        case TransferRequest():
            setup, target = second_call(event.target, DIALECT)
            return Procedure((setup, _joined(event, context)), TransferRequest(event.kind, target), CALLED)
        case TransferSetup():
            return ordinary_call(event, DIALECT)
    return directly(event, context)


def _joined(event: TransferRequest, context: Context) -> Say:
    return Say(replace(event, consultation=_of(context.isdn_secondary)))


DIALECT = RoseDialect(
    name="ni2-tbct",
    home="ni2-tbct",
    variant="ni2",
    header=Facility(),
    services=(
        Service(
            "initiateTransfer",
            TransferRequest,
            _transfer,
            _argument,
            lambda event: _names_call(event.consultation),
        ),
    ),
    answered="initiateTransfer",
    failure="notAvailable",
    bearer=BEARERS["speech mu-law"],
    procedure=_procedure,
    errors={"switchEquipmentCongestion": "resourceUnavailable"},
    updates_by_notify=True,
    why={
        "target": "the target is the other party of the call that linkId names",
        "consultation": "linkId, a call reference, names the call",
        "transferor": "the transferor is the user whose access the message comes from",
        "transferee": "the transferee is the other party of the call that carries the message",
        "stage": "the notification does not tell the join from what follows it",
        "end": "the notification does not tell which end of the joined call it speaks to",
        "name": "no message of this service carries a name",
    },
)
