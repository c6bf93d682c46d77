"""Transfers in ISDN and H.323 that were refused or failed: what the error of the operation means."""

from collections.abc import Iterator

from gateway.diagnosis.case import Finding
from gateway.diagnosis.rule import Rule
from gateway.diagnosis.scene import Scene
from gateway.model.legs import SignallingProtocol
from gateway.model.transfer import Outcome

RULE = Rule("operation-refused")

_CLAUSES = {
    "etsi-ect": "EN 300 369-1",
    "qsig": "ISO/IEC 13869",
    "qsig-ssct": "ISO/IEC 19460",
    "ni2-tbct": "GR-2865",
    "dms-rlt": "DMS-100 RLT",
    "h4502": "H.450.2",
}

_MEANINGS = {
    "userNotSubscribed": ("the access has not subscribed to the service", "Order transfer for this access."),
    "rejectedByNetwork": ("the network does not do it for this call", "Ask the carrier: often calls to abroad."),
    "rejectedByUser": ("the other user does not do it", "Look into its log at this time."),
    "notAvailable": ("the service is not available at the moment", "Try later, or bridge the calls."),
    "invalidCallState": ("one of the two calls is not in a state to be transferred", "Wait for the answer of both."),
    "supplementaryServiceInteractionNotAllowed": (
        "another service on this call forbids it",
        "Look for a hold, a conference or a barring.",
    ),
    "linkIdNotAssignedByNetwork": ("the network never gave that link id", "Ask for one first (EctLinkIdRequest)."),
    "resourceUnavailable": ("the network has no resources left", "Try later, or bridge the calls."),
    "unrecognisedOperation": ("the other side does not know the operation", "Use another dialect towards it."),
    "unrecognizedOperation": ("the other side does not know the operation", "Use another dialect towards it."),
    "mistypedArgument": ("the other side cannot read the argument", "Compare it with the ASN.1 that the peer has."),
    "establishmentFailure": ("the call to the target could not be set up", "See why the target did not take it."),
    "unspecified": ("the other side gives no reason", "Look into its log at this time."),
    "callFailure": ("the call to the target failed", "See why the target did not take it."),
    "bridgeFail": ("the switch could not put the two calls together", "Both have to be on the same switch."),
    "invalidRerouteingNumber": ("the number to be called is not valid", "Send the number as the network wants it."),
    "unrecognizedCallIdentity": ("the call identity names no call there", "Use the one that the target was given."),
    "callIdNotFound": ("the call id names no call of the switch", "Use the one from the answer to the SETUP."),
    "notAllowed": ("the switch does not allow it for this trunk", "Have release link trunk enabled."),
    "switchEquipmentCongestion": ("the switch has no resources left", "Try later, or bridge the calls."),
    "notImplemented": (
        "the other side has not implemented it",
        "Use another dialect towards it, or bridge the calls.",
    ),
    "proceduralError": ("the request came at a time when it makes no sense", "Look at the states of both calls."),
    "insufficientInformation": (
        "something is missing in the request",
        "Compare it with the standard of the dialect.",
    ),
    "basicServiceNotProvided": ("the bearer of the call cannot be transferred", "Bridge the calls instead."),
}


@RULE.transfer
def look(scene: Scene) -> Iterator[Finding]:
    """The error that came back, or that nothing came back."""
    transfer = scene.transfer
    if not transfer.legs or transfer.first.protocol is SignallingProtocol.SIP or not transfer.story:
        return
    clause = _CLAUSES.get(transfer.dialect, "")
    frames = [seen.frame for seen, _ in transfer.story]
    if transfer.outcome in (Outcome.REFUSED, Outcome.FAILED):
        says, advice = _MEANINGS.get(transfer.error, ("", "See the cause, and the log of the side that sent it."))
        name = f" with {transfer.error}" if transfer.error else ""
        cause = f" (Q.850 cause {transfer.cause.value})" if transfer.cause else ""
        meaning = f": {says}" if says else ""
        became = "was refused" if transfer.outcome is Outcome.REFUSED else "failed"
        what = f"The transfer {became}{name}{cause}{meaning}."
        yield RULE.error(what, frames, advice, clause=clause, leg="0")
    elif transfer.outcome is Outcome.PENDING:
        what = "The transfer was asked for and nobody ever said what became of it."
        advice = "The other side may not know the operation, or the recording ends too early."
        yield RULE.warning(what, frames, advice, clause=clause, leg="0")
