"""The invokes of QSIG call transfer (ISO/IEC 13869), single step call transfer (ISO/IEC 19460) and rerouteing
(ISO/IEC 13873), which share one trunk variant: both QSIG dialects read and write every one of them.

A confirmed request that its receiver does not know is to be rejected, an inform to be discarded.
"""

from typing import Any

from gateway.isdn import addressing
from gateway.isdn.facility import NETWORKING_EXTENSIONS, Facility, Interpretation, NetworkFacilityExtension
from gateway.isdn.q931 import MessageType
from gateway.model.errors import UntranslatableError
from gateway.model.parties import Number, Party
from gateway.model.transfer import (
    CallIdentity,
    CallStatus,
    EndDesignation,
    IdentityAbandoned,
    IdentityGranted,
    IdentityRequest,
    PartyUpdate,
    Redirection,
    Stage,
    SubaddressUpdate,
    TransferKind,
    TransferRequest,
    TransferSetup,
)
from gateway.translators import diversion
from gateway.translators.facility_message import SECONDARY
from gateway.translators.procedures import Grant, Service
from gateway.translators.second_call import CALLED

HEADER = Facility(NETWORKING_EXTENSIONS, nfe=NetworkFacilityExtension())
"""Components go from end PINX to end PINX."""

DISCARD = Interpretation.DISCARD_ANY_UNRECOGNISED_INVOKE_PDU
REJECT = Interpretation.REJECT_ANY_UNRECOGNISED_INVOKE_PDU

_NO_ARGUMENT = ("null", None)


def required_number(party: Party | None, what: str) -> Number:
    """The number of `party`. Raises UntranslatableError when there is none; `what` names it in the message."""
    if party is not None and party.number is not None:
        return party.number
    known = f"; known is only {party.uri or party.name!r}" if party and (party.uri or party.name) else ""
    raise UntranslatableError(f"{what} needs the target's number{known}")


def call_identity(identity: object) -> str:
    """The digits of a callIdentity. Raises UntranslatableError when the call is named in another way."""
    if isinstance(identity, CallIdentity) and identity.digits:
        return identity.digits
    raise UntranslatableError(f"QSIG names a call by a callIdentity, not by a {type(identity).__name__}")


def _present(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


# -- call transfer ---------------------------------------------------------------------------------------------------


def _initiated(value: dict[str, Any]) -> TransferRequest:
    target = Party(addressing.number_of(value["rerouteingNumber"]))
    return TransferRequest(TransferKind.ATTENDED, target, CallIdentity(value["callIdentity"]))


def _initiate(event: TransferRequest) -> dict[str, Any]:
    number = required_number(event.target, "callTransferInitiate")
    return {
        "callIdentity": call_identity(event.consultation),
        "rerouteingNumber": addressing.party_number(number),
    }


def _identified(value: dict[str, Any]) -> IdentityGranted:
    return IdentityGranted(
        CallIdentity(value["callIdentity"]), Party(addressing.number_of(value["rerouteingNumber"]))
    )


def _identify_result(event: IdentityGranted) -> dict[str, Any]:
    number = required_number(event.target, "the result of callTransferIdentify")
    return {"callIdentity": call_identity(event.identity), "rerouteingNumber": addressing.party_number(number)}


def _set_up(value: dict[str, Any]) -> TransferSetup:
    return TransferSetup(consultation=CallIdentity(value["callIdentity"]))


_STATUS = {"answered": CallStatus.ANSWERED, "alerting": CallStatus.ALERTING}
_STATUS_NAMES = {status: name for name, status in _STATUS.items()}


def _completed(value: dict[str, Any]) -> PartyUpdate:
    return PartyUpdate(
        Stage.COMPLETE,
        addressing.with_name(addressing.party_of_presented(value["redirectionNumber"]), value.get("redirectionName")),
        EndDesignation(value["endDesignation"]),
        _STATUS[value["callStatus"]],
        value.get("basicCallInfoElements", b""),
    )


def _complete(event: PartyUpdate) -> dict[str, Any]:
    return _present(
        endDesignation=(event.end or EndDesignation.PRIMARY).value,
        redirectionNumber=addressing.presented_number_screened(event.party),
        basicCallInfoElements=event.basic_call_information or None,
        redirectionName=addressing.name(event.party),
        callStatus=_STATUS_NAMES[event.status or CallStatus.ANSWERED],
    )


def _activated(value: dict[str, Any]) -> PartyUpdate:
    return PartyUpdate(
        Stage.ACTIVE,
        addressing.with_name(addressing.party_of_presented(value["connectedAddress"]), value.get("connectedName")),
        status=CallStatus.ANSWERED,
        basic_call_information=value.get("basicCallInfoElements", b""),
    )


def _activate(event: PartyUpdate) -> dict[str, Any]:
    return _present(
        connectedAddress=addressing.presented_address_screened(event.party),
        basicCallInfoElements=event.basic_call_information or None,
        connectedName=addressing.name(event.party),
    )


def _updated(value: dict[str, Any]) -> PartyUpdate:
    return PartyUpdate(
        Stage.UPDATE,
        addressing.with_name(addressing.party_of_presented(value["redirectionNumber"]), value.get("redirectionName")),
        basic_call_information=value.get("basicCallInfoElements", b""),
    )


def _update(event: PartyUpdate) -> dict[str, Any]:
    return _present(
        redirectionNumber=addressing.presented_number_screened(event.party),
        redirectionName=addressing.name(event.party),
        basicCallInfoElements=event.basic_call_information or None,
    )


# -- single step call transfer ---------------------------------------------------------------------------------------


def _single_step(value: dict[str, Any]) -> TransferRequest:
    return TransferRequest(
        TransferKind.SINGLE_STEP,
        Party(addressing.number_of(value["rerouteingNumber"])),
        transferee=addressing.with_name(
            addressing.party_of_presented(value["transferredAddress"]), value.get("transferredName")
        ),
        transferor=_transferring(value),
        await_connect=value["awaitConnect"],
    )


def _single_step_argument(event: TransferRequest) -> dict[str, Any]:
    """AwaitConnect is TRUE unless the transferor said otherwise: REFER reports the end of the transfer, not its
    start.
    """
    transferee = event.transferee or Party()
    return _present(
        rerouteingNumber=addressing.party_number(required_number(event.target, "ssctInitiate")),
        transferredAddress=addressing.presented_address_screened(transferee),
        awaitConnect=event.await_connect is not False,
        transferredName=addressing.name(transferee),
        **_transferring_fields(event.transferor),
    )


def _single_step_setup(value: dict[str, Any]) -> TransferSetup:
    return TransferSetup(transferor=_transferring(value))


def _single_step_setup_argument(event: TransferSetup) -> dict[str, Any]:
    return _present(**_transferring_fields(event.transferor))


def _transferring(value: dict[str, Any]) -> Party | None:
    address, name = value.get("transferringAddress"), value.get("transferringName")
    if address is None and name is None:
        return None
    return addressing.with_name(Party() if address is None else addressing.party_of_presented(address), name)


def _transferring_fields(transferor: Party | None) -> dict[str, Any]:
    if transferor is None:
        return {}
    known = transferor.number is not None or transferor.presentation is not None
    address = addressing.presented_address_screened(transferor) if known else None
    return {"transferringAddress": address, "transferringName": addressing.name(transferor)}


# -- the table -------------------------------------------------------------------------------------------------------


def _stage(stage: Stage) -> Any:
    return lambda event: event.stage is stage


def _names_identity(event: TransferRequest | TransferSetup) -> bool:
    return isinstance(event.consultation, CallIdentity)


SERVICES = (
    Service(
        "callTransferIdentify",
        IdentityRequest,
        lambda _: IdentityRequest(),
        lambda _: _NO_ARGUMENT,
        leg=SECONDARY,
        interpretation=REJECT,
    ),
    Service(
        "callTransferAbandon",
        IdentityAbandoned,
        lambda _: IdentityAbandoned(),
        lambda _: _NO_ARGUMENT,
        leg=SECONDARY,
        interpretation=DISCARD,
    ),
    Service("callTransferInitiate", TransferRequest, _initiated, _initiate, _names_identity, interpretation=REJECT),
    Service(
        "callTransferSetup",
        TransferSetup,
        _set_up,
        lambda event: {"callIdentity": call_identity(event.consultation)},
        _names_identity,
        MessageType.SETUP,
        SECONDARY,
        REJECT,
    ),
    Service(
        "callTransferComplete", PartyUpdate, _completed, _complete, _stage(Stage.COMPLETE), interpretation=DISCARD
    ),
    Service("callTransferActive", PartyUpdate, _activated, _activate, _stage(Stage.ACTIVE), interpretation=DISCARD),
    Service("callTransferUpdate", PartyUpdate, _updated, _update, _stage(Stage.UPDATE), interpretation=DISCARD),
    Service(
        "subaddressTransfer",
        SubaddressUpdate,
        lambda value: SubaddressUpdate(addressing.subaddress_of(value["redirectionSubaddress"])),
        lambda event: {"redirectionSubaddress": addressing.party_subaddress(event.subaddress)},
        interpretation=DISCARD,
    ),
    Service("ssctInitiate", TransferRequest, _single_step, _single_step_argument, interpretation=REJECT),
    Service(
        "ssctSetup",
        TransferSetup,
        _single_step_setup,
        _single_step_setup_argument,
        message_type=MessageType.SETUP,
        leg=SECONDARY,
        interpretation=DISCARD,
    ),
    Service(
        "callRerouteing",
        Redirection,
        diversion.qsig_rerouted,
        diversion.qsig_rerouteing_argument,
        interpretation=REJECT,
    ),
)

GRANT = Grant("callTransferIdentify", _identified, _identify_result)

ERRORS = {
    "invalidReroutingNumber": "invalidRerouteingNumber",  # as H.450.2 spells it
    "linkIdNotAssignedByNetwork": "unrecognizedCallIdentity",
    "callIdNotFound": "unrecognizedCallIdentity",
    "switchEquipmentCongestion": "resourceUnavailable",
}

_CUT = "a QSIG Name holds 50 octets and no control characters"

WHY = {
    "consultation": "single step transfer makes a new call to the target and replaces none",
    "transferor": "callTransferInitiate does not name the transferor, ssctInitiate only by number and name",
    "transferee": "callTransferInitiate does not name the ends of the call that it is sent on",
    "subaddress": "rerouteingNumber has no subaddress",
    "target.presentation": "the target is given by a bare number",
    "target.screening": "the target is given by a bare number",
    "target.name": "the target is given by a bare number",
    "redirecting.name": "lastRerouteingNr is a bare number",
    "name": _CUT,
    "party.subaddress": "only callTransferActive has a subaddress; subaddressTransfer can tell it",
    "stage": "the notification does not tell the join from what follows it",
    "status": "callTransferActive means answered, and callTransferUpdate does not say",
    "end": "only callTransferComplete tells which end of the joined call it speaks to",
    "basic_call_information": "the notification carries no elements of the basic call",
}
"""Why requests and updates do not say all."""

WHY_OF_JOIN = {
    "consultation": "the calls that are joined are named by the call references of the messages",
    "transferor": "callTransferComplete does not name the transferor",
    "transferee": "callTransferComplete tells the transferee only of the target",
    "subaddress": "callTransferComplete has no subaddress; subaddressTransfer can tell it",
    "target.name": _CUT,
}
"""Why the updates that stand for a request do not say all of it."""

WHY_OF_SILENCE = {"outcome": "callTransferComplete said that the target has answered, and is not confirmed"}
"""Why success of a join is not said."""

WHY_OF_SETUP = CALLED | {
    "consultation": "only callTransferSetup names a call to be replaced, and by its callIdentity",
    "transferor": "callTransferSetup does not say who transferred the call",
    "transferor.name": _CUT,
    "target.name": CALLED["name"],
    "transferee": "only a number can be given as the calling party",
}
"""Why the new call does not say all."""
