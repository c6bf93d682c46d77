"""Transfers that the peer of an ISDN trunk asks for: two of its calls are joined here, and both are then cleared.

How a dialect names the other call: by the number that we gave it (EN 300 369-1 linkId, RLT callId), by its call
reference (GR-2865), or by its state alone (the held call carries the invoke, the other one is not held).
"""

from typing import TYPE_CHECKING, NamedTuple

from gateway.hub.call import Call
from gateway.isdn.hold_table import HoldState
from gateway.model.call import NORMAL, Clearing
from gateway.model.causes import Cause
from gateway.model.parties import Party
from gateway.model.transfer import (
    CallReference,
    Consultation,
    HeldCall,
    IdentityAbandoned,
    IdentityGranted,
    IdentityRequest,
    LinkId,
    Outcome,
    RltCallId,
    TransferOutcome,
    TransferRequest,
)

if TYPE_CHECKING:
    from gateway.ends.isdn_leg import IsdnLeg
    from gateway.ends.isdn_services import IsdnServices

_FLAG = 0x8000
_MOST_LINKS = 127
_MOST_CALL_IDS = 0xFFFFFF
_NOWHERE = "sip:unknown.invalid"
_OPERATIONS: dict[type, str] = {
    HeldCall: "EctExecute",
    LinkId: "ExplicitEctExecute",
    CallReference: "initiateTransfer",
    RltCallId: "RLT_THIRD_PARTY",
}


class _Asked(NamedTuple):
    """A transfer under way."""

    leg: "IsdnLeg"
    replaced: "IsdnLeg"
    request: TransferRequest


class IsdnTransfers:
    """The transfers of one trunk, by their id in the hub."""

    def __init__(self, services: "IsdnServices") -> None:
        self._services = services
        self._line = services.line
        self._links: dict[int, IsdnLeg] = {}
        self._running: dict[str, _Asked] = {}
        self._last_link = 0

    # --- naming a call ---

    def identity_asked(self, leg: "IsdnLeg", event: IdentityRequest, now: float) -> None:
        """The call gets a number; the same one when it is asked for again."""
        number = next((each for each, other in self._links.items() if other is leg), 0) or self._free_link()
        if not number:
            self._fail(leg, event.invoke_id, "resourceUnavailable", "EctLinkIdRequest", now)
            return
        self._links[number] = leg
        is_rlt = self._line.variant.operations == "dms100"
        identity: Consultation = RltCallId(number) if is_rlt else LinkId(number)
        self._services.say(leg, IdentityGranted(identity, invoke_id=event.invoke_id), now)

    def identity_abandoned(self, leg: "IsdnLeg", event: IdentityAbandoned, now: float) -> None:
        """The number is not wanted any more."""
        self.forget_links(leg)

    def _free_link(self) -> int:
        limit = _MOST_CALL_IDS if self._line.variant.operations == "dms100" else _MOST_LINKS
        for _ in range(min(limit, len(self._links) + 1)):
            self._last_link = self._last_link % limit + 1
            if self._last_link not in self._links:
                return self._last_link
        return 0

    # --- a transfer ---

    def asked(self, leg: "IsdnLeg", request: TransferRequest, now: float) -> None:
        """The hub decides; what names no call of the peer's is answered at once."""
        replaced, error = self._other(leg, request.consultation)
        if replaced is None:
            self._fail(leg, request.invoke_id, error, _operation(request), now)
            return
        transfer = self._line.end.token()
        self._running[transfer] = _Asked(leg, replaced, request)
        uri = _partner(replaced) or _NOWHERE
        wanted = TransferRequest(request.kind, Party(uri=uri), request.consultation, invoke_id=request.invoke_id)
        leg.owner.transfer_asked(leg, transfer, wanted, replaced, now)

    def _other(self, leg: "IsdnLeg", consultation: Consultation | None) -> tuple["IsdnLeg | None", str]:
        """The call that is to be joined with the leg's; None with the error that says why not."""
        if isinstance(consultation, LinkId | RltCallId):
            found = self._links.get(consultation.value)
            return (None if found is leg else found), "linkIdNotAssignedByNetwork"
        if isinstance(consultation, CallReference):
            return self._by_reference(leg, consultation.value), "unrecognizedCallIdentity"
        if isinstance(consultation, HeldCall):
            return self._not_held(leg), "invalidCallState"
        return None, "notAvailable"

    def _by_reference(self, leg: "IsdnLeg", value: int) -> "IsdnLeg | None":
        """By the reference as it stands in the peer's messages; one without flag may be of either side's calls, and
        is first taken for one of the peer's own.
        """
        ours_first = bool(value & _FLAG)
        found = [each for each in self._line.legs if each.call.call_reference == value & ~_FLAG and each is not leg]
        found.sort(key=lambda each: each.call.is_originating is not ours_first)
        return found[0] if found else None

    def _not_held(self, leg: "IsdnLeg") -> "IsdnLeg | None":
        """The only other call that is not held, if the leg's own is (EN 300 369-1 §9.2.1)."""
        if leg.call.hold_state is not HoldState.HELD:
            return None
        found = [each for each in self._line.legs if each is not leg and each.call.hold_state is not HoldState.HELD]
        return found[0] if len(found) == 1 else None

    def refused(self, leg: "IsdnLeg", transfer: str, clearing: Clearing, now: float) -> None:
        """ReturnError at once; both calls stay."""
        asked = self._running.pop(transfer, None)
        if asked is not None and not leg.gone:
            self._answer(asked, TransferOutcome(Outcome.FAILED, clearing.status or None, cause=clearing.cause), now)

    def over(self, leg: "IsdnLeg", transfer: str, outcome: TransferOutcome, now: float) -> None:
        """ReturnResult, and both calls of the peer are cleared; or ReturnError, and they stay."""
        asked = self._running.pop(transfer, None)
        if asked is None:
            return
        if not leg.gone:
            self._answer(asked, outcome, now)
        self._line.timers.start(now, lambda then: self._delivered(asked, transfer, outcome, then))

    def _answer(self, asked: _Asked, outcome: TransferOutcome, now: float) -> None:
        request = asked.request
        told = TransferOutcome(
            outcome.outcome,
            outcome.status,
            cause=outcome.cause,
            operation=_operation(request),
            invoke_id=request.invoke_id,
        )
        self._services.say(asked.leg, told, now)

    def _delivered(self, asked: _Asked, transfer: str, outcome: TransferOutcome, now: float) -> None:
        """The peer's first call has done its part, as if it had hung up; the other one is the hub's to clear."""
        leg = asked.leg
        leg.owner.report_delivered(leg, transfer, now)
        if outcome.outcome is Outcome.SUCCEEDED and not leg.gone:
            owner = leg.owner
            leg.clear(NORMAL, now)
            owner.cleared(leg, Clearing(0, Cause(16)), now)

    def _fail(self, leg: "IsdnLeg", invoke_id: int | None, error: str, operation: str, now: float) -> None:
        failed = TransferOutcome(Outcome.FAILED, error=error, operation=operation, invoke_id=invoke_id)
        self._services.say(leg, failed, now)

    # --- books ---

    def forget(self, leg: "IsdnLeg") -> None:
        """The leg is over."""
        self.forget_links(leg)

    def forget_links(self, leg: "IsdnLeg") -> None:
        """Its number is free."""
        for number in [number for number, other in self._links.items() if other is leg]:
            del self._links[number]


def _operation(request: TransferRequest) -> str:
    return _OPERATIONS.get(type(request.consultation), "")


def _partner(leg: "IsdnLeg") -> str:
    """The address of whoever the leg talks to."""
    call = leg.owner
    other = call.other(leg) if isinstance(call, Call) else None
    return other.address if other is not None else ""
