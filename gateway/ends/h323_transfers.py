"""Transfers that the peer of an H.323 trunk asks for: as transferred endpoint, and as the one to be transferred to.

A callIdentity of one blank and one of length zero say alike that there is no secondary call. One that we gave names a
call of the peer's here; any other was given by the endpoint that is to be called, and goes to it with the new call.
"""

from typing import TYPE_CHECKING, NamedTuple

from gateway.h323.call_contents import Contents, Ending
from gateway.hub.call import Call
from gateway.model.call import Clearing
from gateway.model.causes import Cause
from gateway.model.parties import Alias, AliasKind, Party
from gateway.model.transfer import (
    CallIdentity,
    IdentityAbandoned,
    IdentityGranted,
    IdentityRequest,
    Kept,
    Outcome,
    Redirection,
    TransferKind,
    TransferOutcome,
    TransferProgress,
    TransferRequest,
)

if TYPE_CHECKING:
    from gateway.ends.h323_leg import H323Leg
    from gateway.ends.h323_services import H323Services

IDENTITY = "callIdentity"
"""What is kept of a transfer for the call to its target: the callIdentity there, "" for none."""

_HIGHEST = 9_999
_INITIATE, _IDENTIFY = "callTransferInitiate", "callTransferIdentify"
_FORWARDED = Ending(reason="facilityCallDeflection")
_HUNG_UP = Clearing(0, Cause(16))


class _Asked(NamedTuple):
    """A transfer under way."""

    leg: "H323Leg"
    request: TransferRequest


class H323Transfers:
    """The transfers of one trunk that its peers ask for, by their id in the hub."""

    def __init__(self, services: "H323Services") -> None:
        self._services = services
        self._line = services.line
        self._identities = services.line.end.identities
        self._running: dict[str, _Asked] = {}

    # --- a name for a call that others are to be transferred to ---

    def identity_asked(self, leg: "H323Leg", event: IdentityRequest, now: float) -> None:
        """callTransferIdentify: the call gets a number, and where a new one can be made for it."""
        target = self._where(leg)
        digits = self._identities.name(leg, self._line.settings.ct_t2, now) if leg.answered and target else ""
        if not digits:
            failed = TransferOutcome(
                Outcome.FAILED, error="invalidCallState", operation=_IDENTIFY, invoke_id=event.invoke_id
            )
            self._services.say(leg, failed, now)
            return
        granted = IdentityGranted(CallIdentity(digits), target, event.invoke_id)
        self._services.say(leg, granted, now)

    def identity_abandoned(self, leg: "H323Leg", event: IdentityAbandoned, now: float) -> None:
        """CallTransferAbandon."""
        self._identities.forget(leg)

    def named(self, digits: str) -> "H323Leg | None":
        """The call that this callIdentity of ours names; None for one that we have not given."""
        return self._identities.find(digits, self._line)

    def _where(self, leg: "H323Leg") -> Party | None:
        """Where the peer's partner can be called: our signalling address, and the partner's number or name."""
        call = leg.owner
        other = call.other(leg) if isinstance(call, Call) else None
        if other is None:
            return None
        address = self._line.signalling_address(leg)
        transport = (Alias(AliasKind.TRANSPORT_ID, address),) if address else ()
        return Party(aliases=(*transport, *self._line.parties.told(Party(uri=other.address)).aliases))

    # --- a transfer ---

    def asked(self, leg: "H323Leg", request: TransferRequest, now: float) -> None:
        """callTransferInitiate: the hub decides."""
        target = self._line.parties.party(request.target) if request.target is not None else Party()
        named = request.consultation
        digits = named.digits.strip() if isinstance(named, CallIdentity) else ""
        replaced = self.named(digits) if digits else None
        if replaced is leg or not (target.uri or replaced is not None):
            error = "unrecognizedCallIdentity" if replaced is leg else "invalidReroutingNumber"
            self._fail(leg, request.invoke_id, error, now)
            return
        self._ask(leg, request, _wanted(request, target, digits, replaced), replaced, now)

    def forwarded(self, leg: "H323Leg", event: Redirection, now: float) -> None:
        """FACILITY callForwarded while the call is up: what a gatekeeper makes of a transfer for an endpoint that
        does not know H.450.2. Nobody waits for an answer.
        """
        target = self._line.parties.party(event.target)
        if target.uri:
            request = TransferRequest(TransferKind.BLIND, target)
            self._ask(leg, request, _wanted(request, target, "", None), None, now)

    def _ask(
        self,
        leg: "H323Leg",
        request: TransferRequest,
        wanted: TransferRequest,
        replaced: "H323Leg | None",
        now: float,
    ) -> None:
        transfer = self._line.end.token()
        self._running[transfer] = _Asked(leg, request)
        leg.owner.transfer_asked(leg, transfer, wanted, replaced, now)

    def refused(self, leg: "H323Leg", transfer: str, clearing: Clearing, now: float) -> None:
        """ReturnError at once; the call stays."""
        asked = self._running.pop(transfer, None)
        if asked is not None and not leg.gone:
            self._answer(asked, TransferOutcome(Outcome.FAILED, clearing.status or None, cause=clearing.cause), now)

    def over(self, leg: "H323Leg", transfer: str, outcome: TransferOutcome, now: float) -> None:
        """The result in RELEASE COMPLETE, which says that the call was forwarded; or ReturnError, and it stays."""
        asked = self._running.pop(transfer, None)
        if asked is None:
            return
        if not leg.gone and outcome.outcome is not Outcome.SUCCEEDED:
            self._answer(asked, outcome, now)
        self._line.timers.start(now, lambda then: self._delivered(asked, transfer, outcome, then))

    def _delivered(self, asked: _Asked, transfer: str, outcome: TransferOutcome, now: float) -> None:
        leg = asked.leg
        leg.owner.report_delivered(leg, transfer, now)
        if outcome.outcome is not Outcome.SUCCEEDED or leg.gone:
            return
        owner = leg.owner
        result = TransferOutcome(Outcome.SUCCEEDED, operation=_INITIATE, invoke_id=asked.request.invoke_id)
        apdus = self._services.written(result) if asked.request.invoke_id is not None else ()
        leg.over(now)
        leg.call.release(now, _FORWARDED, Contents(apdus=apdus))
        owner.cleared(leg, _HUNG_UP, now)

    def _answer(self, asked: _Asked, outcome: TransferOutcome, now: float) -> None:
        if asked.request.invoke_id is None:
            return
        told = TransferOutcome(
            outcome.outcome,
            outcome.status,
            cause=outcome.cause,
            operation=_INITIATE,
            invoke_id=asked.request.invoke_id,
        )
        self._services.say(asked.leg, told, now)

    def progressed(self, leg: "H323Leg", transfer: str, report: TransferProgress, now: float) -> None:
        """H.450.2 answers when all is done."""

    def _fail(self, leg: "H323Leg", invoke_id: int | None, error: str, now: float) -> None:
        failed = TransferOutcome(Outcome.FAILED, error=error, operation=_INITIATE, invoke_id=invoke_id)
        self._services.say(leg, failed, now)

    def forget(self, leg: "H323Leg", now: float) -> None:
        """The leg is over: its name leads nowhere."""
        self._identities.forget(leg)


def _wanted(request: TransferRequest, target: Party, digits: str, replaced: "H323Leg | None") -> TransferRequest:
    """The transfer as the hub knows them. A callIdentity that is not ours goes with the call to its target."""
    if replaced is not None:
        call = replaced.owner
        other = call.other(replaced) if isinstance(call, Call) else None
        uri = other.address if other is not None else target.uri
        return TransferRequest(TransferKind.ATTENDED, Party(uri=uri or target.uri), request.consultation)
    kind = TransferKind.ATTENDED if digits else TransferKind.BLIND
    where = Party(target.number, uri=target.uri, name=target.name)
    return TransferRequest(kind, where, kept=(Kept("h4502", IDENTITY, digits),))
