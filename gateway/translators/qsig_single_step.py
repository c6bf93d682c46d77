"""QSIG single step call transfer (ISO/IEC 19460): the transferee's PINX makes the new call (ssctInitiate), and tells
the target who transferred it (ssctSetup).
"""

from dataclasses import replace

from gateway.model.transfer import CallIdentity, TransferEvent, TransferKind, TransferRequest
from gateway.translators.dialect import Context
from gateway.translators.procedures import Procedure, Say, directly
from gateway.translators.qsig_services import ERRORS, GRANT, HEADER, SERVICES, WHY
from gateway.translators.qsig_transfer import join
from gateway.translators.rose_dialect import RoseDialect


def _procedure(event: TransferEvent, context: Context) -> Procedure:
    match event:
        case TransferRequest(consultation=CallIdentity(digits)) if digits:
            return directly(event, context)
        case TransferRequest(kind=TransferKind.JOIN):
            return join(event, context)
        case TransferRequest():
            return Procedure((Say(replace(event, consultation=None)),))
    return directly(event, context)


DIALECT = RoseDialect(
    name="qsig-ssct",
    home="qsig",
    variant="qsig",
    header=HEADER,
    services=SERVICES,
    answered="ssctInitiate",
    failure="establishmentFailure",
    grant=GRANT,
    procedure=_procedure,
    errors=ERRORS,
    why=WHY
    | {
        "consultation": "single step transfer makes a new call to the target and replaces none",
        "subaddress": "rerouteingNumber has no subaddress",
        "target.presentation": "rerouteingNumber is a bare number",
        "target.screening": "rerouteingNumber is a bare number",
        "target.name": "ssctInitiate does not name the target",
    },
)
