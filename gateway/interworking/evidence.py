"""The evidence by which messages are taken for parts of one transfer, rule by rule."""

from gateway.interworking.legs import Leg, LegState
from gateway.interworking.matching import address_key, same_address
from gateway.interworking.observed import ObservedTransfer, Seen
from gateway.model.legs import SignallingProtocol
from gateway.model.parties import AliasKind, Party
from gateway.model.transfer import (
    CallIdentity,
    CallReference,
    Consultation,
    DialogReference,
    HeldCall,
    LinkId,
    Outcome,
    RltCallId,
    TransferOutcome,
    TransferRequest,
)

SAME_TRANSFER_WITHIN = 5.0
"""Seconds between two sightings of one transfer on different legs: a response timer of 4 s and some delay."""

CONSULTATION_NAMES: dict[type[Consultation], str] = {
    DialogReference: "Replaces",
    CallIdentity: "callIdentity",
    LinkId: "linkId",
    RltCallId: "RLT call id",
    CallReference: "call reference",
    HeldCall: "held and active call of one access",
}
"""What each way to name a secondary call is called as evidence."""

_FAILED_AT_TARGET = frozenset(("establishmentFailure", "callFailure", "bridgeFail", "congestion"))
"""Errors that say the transfer was tried and the call to the target did not come about."""


def asked_here(transfer: ObservedTransfer, seen: Seen) -> bool:
    """Whether this is the transferor's own request, and not what a box in the middle made of it."""
    return transfer.first is seen.leg and seen.invoker in ("", transfer.invoker)


def outcome_of(event: TransferOutcome, transfer: ObservedTransfer) -> Outcome:
    """An error of any other name, and no call to the target seen, says that the transfer was not even tried."""
    untried = event.error not in _FAILED_AT_TARGET and transfer.linked("target") is None
    return Outcome.REFUSED if event.outcome is Outcome.FAILED and event.error and untried else event.outcome


def named_everywhere(consultation: Consultation) -> bool:
    """Whether it names one call wherever it is seen: a blank callIdentity or "the held call" do not."""
    if isinstance(consultation, CallIdentity):
        return bool(consultation.digits.strip())
    return isinstance(consultation, DialogReference)


def address_of(party: Party | None) -> str:
    """The party as one text: its URI without header part, else its number, else its first alias."""
    if party is None:
        return ""
    if party.uri:
        return party.uri.partition("?")[0]
    if party.number is not None:
        return party.number.digits
    return next((alias.value for alias in party.aliases if alias.kind is not AliasKind.TRANSPORT_ID), "")


def tags_fit(leg: Leg, replaced: DialogReference) -> bool:
    """RFC 3891 3: the tags are from the receiver's viewpoint, whichever end that is; "0" fits an absent one."""
    caller = {leg.keys.get("from_tag", "")}
    callee = set(leg.keys.get("to_tags", leg.keys.get("to_tag", "")).split()) or {""}
    tags = replaced.to_tag, replaced.from_tag
    return _fit(tags, (callee, caller)) or _fit(tags, (caller, callee))


def _fit(tags: tuple[str, str], ends: tuple[set[str], set[str]]) -> bool:
    return all(tag in end or tag in ("0", "") for tag, end in zip(tags, ends, strict=True))


def may_claim(transfer: ObservedTransfer, leg: Leg) -> bool:
    """Whether the new `leg` may be the call that `transfer` triggers: none before it came about."""
    earlier = transfer.linked("target")
    free = earlier is None or (earlier.state is LegState.RELEASED and earlier.answered is None)
    return free and leg is not transfer.first and leg.started >= transfer.requested


def relay_evidence(before: ObservedTransfer, event: TransferRequest, target_key: str, seen: Seen) -> str:
    """Why `event` is the transfer `before` on another leg: "" when it is not."""
    if before.first.protocol is not seen.leg.protocol:
        met = same_address(before.target_key, target_key)
        return "numbers and time" if met or same_call(before.first, seen.leg) else ""
    if seen.leg.protocol is not SignallingProtocol.SIP:
        same_identity = before.consultation == event.consultation and before.target_key == target_key
        return "APDU passed on" if same_identity and before.first.link != seen.leg.link else ""
    if before.target_key != target_key:
        return ""
    if before.first is seen.leg:
        return "Call-ID passed on"
    return "Refer-To passed on" if host_of(before.receiver) == host_of(seen.source) != "" else ""


def same_call(one: Leg, other: Leg) -> bool:
    """Two legs that a gateway between them bridges: same called or calling number, set up at about one time."""
    close = abs(one.started - other.started) <= SAME_TRANSFER_WITHIN
    called = same_address(address_key(one.called), address_key(other.called))
    calling = same_address(address_key(one.calling), address_key(other.calling))
    return close and (called or calling)


def host_of(endpoint: str) -> str:
    """The address of "address:port"."""
    return endpoint.rpartition(":")[0]
