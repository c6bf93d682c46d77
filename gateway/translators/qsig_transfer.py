"""QSIG call transfer (ISO/IEC 13869): by join, and by rerouteing where a callIdentity is known.

A transfer that comes without callIdentity is carried out by the gateway, which then tells the ends of the joined
call about each other. A blind one: the gateway calls the target, and the transferee hears at once that a call
transfer is under way (callTransferComplete, alerting). These operations are not confirmed (ISO/IEC 13869): success
is callTransferActive after an alerting one and nothing after one that said answered; no component tells a failure.
"""

from dataclasses import replace

from gateway.isdn import addressing
from gateway.model.errors import DecodeError, UntranslatableError
from gateway.model.parties import Party
from gateway.model.transfer import (
    CallIdentity,
    CallStatus,
    EndDesignation,
    Outcome,
    PartyUpdate,
    Stage,
    TransferEvent,
    TransferKind,
    TransferOutcome,
    TransferRequest,
    TransferSetup,
)
from gateway.translators.dialect import Context
from gateway.translators.facility_message import PRIMARY, SECONDARY
from gateway.translators.procedures import Procedure, Say, directly
from gateway.translators.qsig_services import (
    ERRORS,
    GRANT,
    HEADER,
    SERVICES,
    WHY,
    WHY_OF_JOIN,
    WHY_OF_SETUP,
    WHY_OF_SILENCE,
    required_number,
)
from gateway.translators.rose_dialect import RoseDialect

_ANSWERED = (TransferKind.ATTENDED, TransferKind.JOIN)
"""Kinds of transfer in which the target has answered before the join."""


def _procedure(event: TransferEvent, context: Context) -> Procedure:
    match event:
        case TransferRequest(consultation=CallIdentity(digits)) if digits:
            return directly(event, context)
        case TransferRequest(kind=TransferKind.SINGLE_STEP):
            return directly(event, context)
        case TransferRequest(kind=TransferKind.ATTENDED | TransferKind.SEMI_ATTENDED | TransferKind.JOIN):
            return join(event, context)
        case TransferRequest():
            return _blind(event)
        case TransferSetup():
            return new_call(event)
        case TransferOutcome(outcome=Outcome.SUCCEEDED) if not DIALECT.is_answered(event, context):
            return joined(event, context)
    return directly(event, context)


def join(event: TransferRequest, context: Context) -> Procedure:
    """Both ends are told of each other: the transferee of the target, which may still be alerting, and the target
    of the transferee, which is not.
    """
    alerting = event.kind is TransferKind.SEMI_ATTENDED
    first = context.invoke_id if event.invoke_id is None else event.invoke_id
    status = CallStatus.ALERTING if alerting else CallStatus.ANSWERED
    target, transferee = _said(event.target), _said(event.transferee)
    to_transferee = PartyUpdate(Stage.COMPLETE, target, EndDesignation.PRIMARY, status, invoke_id=first)
    to_target = replace(
        to_transferee,
        party=transferee,
        end=EndDesignation.SECONDARY,
        status=CallStatus.ANSWERED,
        invoke_id=first + 1,
    )
    said = TransferRequest(event.kind, target, transferee=transferee)
    return Procedure((Say(to_transferee, PRIMARY), Say(to_target, SECONDARY)), said, WHY_OF_JOIN)


def new_call(event: TransferSetup) -> Procedure:
    """The SETUP of the new call."""
    return Procedure((Say(event),), why=WHY_OF_SETUP)


def _blind(event: TransferRequest) -> Procedure:
    required_number(event.target, "callTransferComplete")
    target = _said(event.target)
    complete = PartyUpdate(
        Stage.COMPLETE, target, EndDesignation.PRIMARY, CallStatus.ALERTING, invoke_id=event.invoke_id
    )
    return Procedure((Say(complete),), TransferRequest(event.kind, target), WHY_OF_JOIN)


def joined(event: TransferOutcome, context: Context) -> Procedure:
    """Success of a join: the target that was alerting has answered. Where the request is not known, only SIP reports
    on a target that was called; ISDN joins calls that are answered.
    """
    if context.asked is None:
        alerting, target = event.invoke_id is None, Party()
    else:
        alerting, target = context.asked.kind not in _ANSWERED, _said(context.asked.target)
    if alerting:
        return Procedure((Say(PartyUpdate(Stage.ACTIVE, target)),), TransferOutcome(Outcome.SUCCEEDED))
    return Procedure((), TransferOutcome(Outcome.PENDING), WHY_OF_SILENCE)


def _said(party: Party | None) -> Party:
    """What redirectionNumber and redirectionName say of `party`.

    Raises UntranslatableError for digits that are none.
    """
    given = party or Party()
    try:
        found = addressing.party_of_presented(addressing.presented_number_screened(given))
    except DecodeError as error:
        raise UntranslatableError(f"redirectionNumber: {error}") from error
    return addressing.with_name(found, addressing.name(given))


DIALECT = RoseDialect(
    name="qsig",
    home="qsig",
    variant="qsig",
    header=HEADER,
    services=SERVICES,
    answered="callTransferComplete",
    failure="establishmentFailure",
    grant=GRANT,
    procedure=_procedure,
    errors=ERRORS,
    why=WHY,
)
