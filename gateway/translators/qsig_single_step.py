"""QSIG single step call transfer (ISO/IEC 19460): the transferee's PINX makes the new call (ssctInitiate), and tells
the target who transferred it (ssctSetup).
"""

from dataclasses import replace

from gateway.model.transfer import (
    CallIdentity,
    Outcome,
    TransferEvent,
    TransferKind,
    TransferOutcome,
    TransferRequest,
    TransferSetup,
)
from gateway.translators.dialect import Context
from gateway.translators.procedures import Procedure, Say, directly
from gateway.translators.qsig_transfer import DIALECT as CALL_TRANSFER
from gateway.translators.qsig_transfer import join, joined, new_call


def _procedure(event: TransferEvent, context: Context) -> Procedure:
    match event:
        case TransferRequest(consultation=CallIdentity(digits)) if digits:
            return directly(event, context)
        case TransferRequest(kind=TransferKind.JOIN):
            return join(event, context)
        case TransferRequest():
            return Procedure((Say(replace(event, consultation=None)),))
        case TransferSetup():
            return new_call(event)
        case TransferOutcome(outcome=Outcome.SUCCEEDED) if not DIALECT.is_answered(event, context):
            return joined(event, context)
    return directly(event, context)


DIALECT = replace(CALL_TRANSFER, name="qsig-ssct", answered="ssctInitiate", procedure=_procedure)
