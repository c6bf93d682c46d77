"""ETSI explicit call transfer (EN 300 369-1), with the diversion requests of EN 300 207-1 that share its channel.

ECT joins two calls that exist. Implicit linkage (EctExecute on the held call) names the other one by its state and
is what is written for a transfer whose consultation call is named in another dialect's way; explicit linkage
(ExplicitEctExecute) is written when a linkId is known. For a blind transfer the gateway has to make the second
call itself: the first call is put on hold, the second one set up, and then both are joined.
"""

from dataclasses import replace
from typing import Any

from gateway.isdn import addressing
from gateway.isdn.facility import Facility
from gateway.isdn.q931 import MessageType
from gateway.model.errors import UntranslatableError
from gateway.model.parties import Party
from gateway.model.transfer import (
    CallStatus,
    HeldCall,
    IdentityGranted,
    IdentityRequest,
    LinkId,
    PartyUpdate,
    Redirection,
    Stage,
    SubaddressRequest,
    SubaddressUpdate,
    TransferEvent,
    TransferKind,
    TransferRequest,
    TransferSetup,
)
from gateway.translators import diversion
from gateway.translators.dialect import Context
from gateway.translators.facility_message import SECONDARY, Draft
from gateway.translators.procedures import Grant, Procedure, Say, Service, directly
from gateway.translators.rose_dialect import RoseDialect
from gateway.translators.second_call import CALLED, ordinary_call, second_call


def _nothing(_: Any) -> None:
    return None


def _explicit(link_id: int) -> TransferRequest:
    return TransferRequest(TransferKind.ATTENDED, consultation=LinkId(link_id))


def _implicit(_: Any) -> TransferRequest:
    return TransferRequest(TransferKind.ATTENDED, consultation=HeldCall())


_STATUS = {"alerting": CallStatus.ALERTING, "active": CallStatus.ANSWERED}


def _inform(value: dict[str, Any]) -> PartyUpdate:
    """EctInform announces the join each time, first perhaps while the other party is still called."""
    number = value.get("redirectionNumber")
    party = Party() if number is None else addressing.party_of_presented(number)
    return PartyUpdate(Stage.COMPLETE, party, status=_STATUS[value["callStatus"]])


def _inform_argument(event: PartyUpdate) -> dict[str, Any]:
    alerting = event.stage is Stage.COMPLETE and event.status is CallStatus.ALERTING
    status = {"callStatus": "alerting" if alerting else "active"}
    if event.party.number is None and event.party.presentation is None:
        return status
    return status | {"redirectionNumber": addressing.presented_number_unscreened(event.party)}


def _granted_link(event: IdentityGranted) -> int:
    if isinstance(event.identity, LinkId):
        return event.identity.value
    raise UntranslatableError(f"etsi-ect names a call by a linkId, not by a {type(event.identity).__name__}")


_SERVICES = (
    Service(
        "EctExecute", TransferRequest, _implicit, _nothing, lambda event: isinstance(event.consultation, HeldCall)
    ),
    Service(
        "ExplicitEctExecute",
        TransferRequest,
        _explicit,
        lambda event: event.consultation.value,
        lambda event: isinstance(event.consultation, LinkId),
    ),
    Service("EctLinkIdRequest", IdentityRequest, lambda _: IdentityRequest(), _nothing, leg=SECONDARY),
    Service("EctInform", PartyUpdate, _inform, _inform_argument),
    Service("RequestSubaddress", SubaddressRequest, lambda _: SubaddressRequest(), _nothing),
    Service(
        "SubaddressTransfer",
        SubaddressUpdate,
        lambda value: SubaddressUpdate(addressing.subaddress_of(value)),
        lambda event: addressing.party_subaddress(event.subaddress),
    ),
    Service("callRerouteing", Redirection, diversion.rerouted, diversion.rerouteing_argument),
    Service("callDeflection", Redirection, diversion.deflected, diversion.deflection_argument),
)


def _procedure(event: TransferEvent, context: Context) -> Procedure:
    match event:
        case TransferRequest(consultation=HeldCall() | LinkId()):
            return directly(event, context)
        case TransferRequest(kind=TransferKind.ATTENDED | TransferKind.SEMI_ATTENDED | TransferKind.JOIN):
            return _linked(event)
        case TransferRequest():
            return _blind(event)
        case TransferSetup():
            return ordinary_call(event, DIALECT)
    return directly(event, context)


def _linked(event: TransferRequest) -> Procedure:
    execute = Say(replace(event, consultation=HeldCall()))
    return Procedure((execute,), TransferRequest(event.kind))


def _blind(event: TransferRequest) -> Procedure:
    setup, target = second_call(event.target, DIALECT)
    execute = Say(replace(event, consultation=HeldCall()))
    return Procedure((Draft(MessageType.HOLD), setup, execute), TransferRequest(event.kind, target), CALLED)


DIALECT = RoseDialect(
    name="etsi-ect",
    home="etsi-ect",
    variant="etsi",
    header=Facility(),
    services=_SERVICES,
    answered="EctExecute",
    failure="notAvailable",
    grant=Grant("EctLinkIdRequest", lambda value: IdentityGranted(LinkId(value)), _granted_link),
    procedure=_procedure,
    errors={
        "unrecognizedCallIdentity": "linkIdNotAssignedByNetwork",
        "callIdNotFound": "linkIdNotAssignedByNetwork",
        "switchEquipmentCongestion": "resourceUnavailable",
    },
    why={
        "target": "the target is the other party of the second call, which the held call's reference implies",
        "consultation": "EctExecute goes on the held call and means the active one: no name is needed",
        "transferor": "the transferor is the user whose access the message comes from",
        "transferee": "the transferee is the other party of the held call",
        "name": "ETSI signalling has no element for the name here",
        "status": "EctInform speaks of an alerting party only at the join",
        "screening": "redirectionNumber is not screened",
        "end": "EctInform does not tell which end of the joined call it speaks to",
        "basic_call_information": "EctInform carries no elements of the basic call",
        "stage": "EctInform does not tell the join from what follows it",
    },
)
