"""Transfers that the peer of an ISDN trunk asks for: two of its calls are joined here, and both are then cleared.

How a dialect names the other call: by the number that we gave it (EN 300 369-1 linkId, RLT callId), by its call
reference (GR-2865), or by its state alone (the held call carries the invoke, the other one is not held).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from gateway.ends.isdn_setups import kept_identity
from gateway.hub.call import Call
from gateway.isdn.hold_table import HoldState
from gateway.isdn.side import Side
from gateway.model.call import NORMAL, Clearing
from gateway.model.causes import Cause
from gateway.model.parties import Party
from gateway.model.transfer import (
    CallIdentity,
    CallReference,
    Consultation,
    HeldCall,
    IdentityAbandoned,
    IdentityGranted,
    IdentityRequest,
    LinkId,
    Outcome,
    RltCallId,
    TransferKind,
    TransferOutcome,
    TransferProgress,
    TransferRequest,
)

if TYPE_CHECKING:
    from gateway.ends.isdn_leg import IsdnLeg
    from gateway.ends.isdn_services import IsdnServices

_FLAG = 0x8000
_MOST_NAMES = {"etsi": 127, "dms100": 0xFFFFFF, "qsig": 9_999}
"""The highest number that a call can be named by."""
_RINGING = 180
_SOON = 3.0
"""Seconds after which a join that goes on still has its result: peers fall back after T-RESPONSE, 4 s (Q.932)."""
_NOWHERE = "sip:unknown.invalid"
_OPERATIONS: dict[type, str] = {
    HeldCall: "EctExecute",
    LinkId: "ExplicitEctExecute",
    CallReference: "initiateTransfer",
    RltCallId: "RLT_THIRD_PARTY",
    CallIdentity: "callTransferInitiate",
    type(None): "ssctInitiate",
}
_ASKED_BY = {"etsi": "EctLinkIdRequest", "qsig": "callTransferIdentify", "dms100": "RLT_OPERATION_IND"}
_NAMES: dict[str, Callable[[int], Consultation]] = {
    "etsi": LinkId,
    "dms100": RltCallId,
    "qsig": lambda number: CallIdentity(str(number)),
}
"""How each family of operations names a call."""


class _Asked(NamedTuple):
    """A transfer under way, by the invoke that asked for it. `replaced` is the id of the second call's leg, "" where
    there is none; `said`: it has had its result already.
    """

    leg: "IsdnLeg"
    replaced: str
    operation: str
    invoke_id: int | None
    await_connect: bool | None = None
    said: bool = False


class Names:
    """The numbers that calls have been given on the trunks of one group; `last` is the latest."""

    __slots__ = ("last", "of")

    def __init__(self) -> None:
        self.of: dict[int, IsdnLeg] = {}
        self.last = 0

    def number(self, leg: "IsdnLeg", limit: int) -> int:
        """That of the call: the one that it has, or a new one; 0 when none is free."""
        found = next((each for each, other in self.of.items() if other is leg), 0)
        for _ in range(min(limit, len(self.of) + 1)):
            if found:
                break
            self.last = self.last % limit + 1
            if self.last not in self.of:
                found = self.last
        return found

    def forget(self, leg: "IsdnLeg") -> None:
        """Its number is free."""
        for number in [number for number, other in self.of.items() if other is leg]:
            del self.of[number]


class IsdnTransfers:
    """The transfers of one trunk, by their id in the hub."""

    def __init__(self, services: "IsdnServices") -> None:
        self._services = services
        self._line = services.line
        self._names = services.line.end.names.setdefault(services.line.settings.group or services.line.name, Names())
        self._running: dict[str, _Asked] = {}

    # --- naming a call ---

    def identity_asked(self, leg: "IsdnLeg", event: IdentityRequest, now: float) -> None:
        """The call gets a number; the same one when it is asked for again. Only a network gives numbers."""
        operations = self._line.variant.operations
        number = self._names.number(leg, _MOST_NAMES.get(operations, 0))
        target = self._line.parties.told(Party(uri=_partner(leg))) if operations == "qsig" else None
        is_able = self._line.side is Side.NETWORK or self._line.variant.symmetrical
        granted = is_able and number and operations in _NAMES
        if granted:
            self._names.of[number] = leg
            identity = _NAMES[operations](number)
            granted = self._services.say(leg, IdentityGranted(identity, target, invoke_id=event.invoke_id), now)
            if isinstance(leg.owner, Call):  # Over a restart the call keeps its number.
                leg.owner.hub.changed(leg.owner)
        if not granted:
            self.forget_links(leg)
            self._fail(leg, event.invoke_id, "notAvailable", _ASKED_BY.get(operations, ""), now)

    def identity_abandoned(self, leg: "IsdnLeg", event: IdentityAbandoned, now: float) -> None:
        """The number is not wanted any more."""
        self.forget_links(leg)

    # --- a transfer ---

    def asked(self, leg: "IsdnLeg", request: TransferRequest, now: float) -> None:
        """The hub decides; what names no call of the peer's is answered at once."""
        if request.consultation is None and request.target is not None:
            self._single_step(leg, request, request.target, now)
            return
        replaced, error = self._other(leg, request.consultation)
        if replaced is None and isinstance(request.consultation, CallIdentity) and request.target is not None:
            self._rerouteing(leg, request, request.target, request.consultation, now)
            return
        if replaced is None:
            self._fail(leg, request.invoke_id, error, _operation(request), now)
            return
        transfer = self._line.end.token()
        self._running[transfer] = _asked(leg, replaced, request)
        self._line.timers.start(now + _SOON, lambda then: self._answer_early(transfer, then))
        uri = _partner(replaced) or _NOWHERE
        wanted = TransferRequest(request.kind, Party(uri=uri), request.consultation, invoke_id=request.invoke_id)
        leg.owner.transfer_asked(leg, transfer, wanted, replaced, now)

    def _single_step(self, leg: "IsdnLeg", request: TransferRequest, target: Party, now: float) -> None:
        """SSCT (ISO/IEC 19460): we make the new call, as for a blind REFER."""
        if target.number is None:
            self._fail(leg, request.invoke_id, "invalidReroutingNumber", "ssctInitiate", now)
            return
        transfer = self._line.end.token()
        self._running[transfer] = _asked(leg, None, request)
        wanted = TransferRequest(TransferKind.BLIND, Party(uri=self._line.parties.uri(target.number)))
        leg.owner.transfer_asked(leg, transfer, wanted, None, now)

    def _rerouteing(
        self, leg: "IsdnLeg", request: TransferRequest, target: Party, identity: CallIdentity, now: float
    ) -> None:
        """callTransferInitiate: the target has given its call a name, by which the new call replaces it there."""
        if target.number is None:
            self._fail(leg, request.invoke_id, "invalidRerouteingNumber", "callTransferInitiate", now)
            return
        transfer = self._line.end.token()
        self._running[transfer] = _asked(leg, None, request)
        kept = (kept_identity(identity.digits),)
        wanted = TransferRequest(TransferKind.BLIND, Party(uri=self._line.parties.uri(target.number)), kept=kept)
        leg.owner.transfer_asked(leg, transfer, wanted, None, now)

    def named(self, identity: CallIdentity) -> "IsdnLeg | None":
        """The call that we have given this callIdentity."""
        return self._names.of.get(int(identity.digits)) if identity.digits.isdecimal() else None

    def progressed(self, leg: "IsdnLeg", transfer: str, report: TransferProgress, now: float) -> None:
        """Whoever does not await the connect has the result as soon as the target rings."""
        asked = self._running.get(transfer)
        if asked is None or asked.said or report.status != _RINGING:
            return
        replaced = self._replaced(asked)
        rings = replaced is not None and not replaced.answered
        if rings or asked.await_connect is False:
            self._running[transfer] = asked._replace(said=True)
            self._answer(asked, TransferOutcome(Outcome.SUCCEEDED), now)
        if rings:
            self._line.timers.start(now, lambda then: self._leave(asked, then))

    def _answer_early(self, transfer: str, now: float) -> None:
        """The parties take long to agree on their media, or a network behind us to answer. All who are to be joined
        are there, and joined they will be, here at the latest; if not, the peer keeps its calls.
        """
        asked = self._running.get(transfer)
        replaced = self._replaced(asked) if asked is not None else None
        if asked is None or asked.said or replaced is None or asked.leg.gone or not replaced.answered:
            return
        self._running[transfer] = asked._replace(said=True)
        self._line.end.observer.log("isdn.answered_early", transfer=transfer, **asked.leg.marks)
        self._answer(asked, TransferOutcome(Outcome.SUCCEEDED), now)

    def _leave(self, asked: _Asked, now: float) -> None:
        """Its calls are cleared; when the target still rings, too (EN 300 369-1 §9.2)."""
        for leg in (self._replaced(asked), asked.leg):
            if leg is not None and not leg.gone:
                owner = leg.owner
                leg.clear(NORMAL, now)
                owner.cleared(leg, Clearing(0, Cause(16)), now)

    def _other(self, leg: "IsdnLeg", consultation: Consultation | None) -> tuple["IsdnLeg | None", str]:
        """The call that is to be joined with the leg's; None with the error that says why not."""
        if isinstance(consultation, LinkId | RltCallId):
            found = self._names.of.get(consultation.value)
            return (None if found is leg else found), "linkIdNotAssignedByNetwork"
        if isinstance(consultation, CallIdentity):
            found = self.named(consultation)
            return (None if found is leg else found), "unrecognizedCallIdentity"
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
        """The only other call of the peer that is not held, if the leg's own is (EN 300 369-1 §9.2.1)."""
        if leg.call.hold_state is not HoldState.HELD:
            return None
        others = (each for each in self._line.legs if each is not leg and each.call.link == leg.call.link)
        found = [each for each in others if each.call.hold_state is not HoldState.HELD]
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
        if not leg.gone and not asked.said:
            self._answer(asked, outcome, now)
        self._line.timers.start(now, lambda then: self._delivered(asked, transfer, outcome, then))

    def _answer(self, asked: _Asked, outcome: TransferOutcome, now: float) -> None:
        told = TransferOutcome(
            outcome.outcome,
            outcome.status,
            cause=outcome.cause,
            operation=asked.operation,
            invoke_id=asked.invoke_id,
        )
        self._services.say(asked.leg, told, now)

    def _delivered(self, asked: _Asked, transfer: str, outcome: TransferOutcome, now: float) -> None:
        """Both calls of the peer have done their part, as if it had hung up. In a single step there is one only, and
        the peer hangs up itself.
        """
        asked.leg.owner.report_delivered(asked.leg, transfer, now)
        if outcome.outcome is Outcome.SUCCEEDED and asked.replaced:
            self._leave(asked, now)

    def _fail(self, leg: "IsdnLeg", invoke_id: int | None, error: str, operation: str, now: float) -> None:
        failed = TransferOutcome(Outcome.FAILED, error=error, operation=operation, invoke_id=invoke_id)
        self._services.say(leg, failed, now)

    # --- books ---

    def forget(self, leg: "IsdnLeg") -> None:
        """The leg is over."""
        self.forget_links(leg)

    def forget_links(self, leg: "IsdnLeg") -> None:
        """Its number is free."""
        self._names.forget(leg)

    def _replaced(self, asked: _Asked) -> "IsdnLeg | None":
        """The leg of the second call, if it is still there."""
        legs = (leg for line in self._line.end.lines.values() for leg in line.legs)
        return next((leg for leg in legs if leg.id == asked.replaced), None) if asked.replaced else None

    # --- over a restart ---

    def snapshot(self, leg: "IsdnLeg") -> dict[str, object]:
        """What the peer has been told of the call, and what it waits for; plain JSON values."""
        running = [
            {"transfer": transfer, **asked._asdict(), "leg": leg.id}
            for transfer, asked in self._running.items()
            if asked.leg is leg
        ]
        return {"name": next((each for each, other in self._names.of.items() if other is leg), 0), "running": running}

    def resume(self, leg: "IsdnLeg", snapshot: dict[str, Any]) -> None:
        """As it was. Raises KeyError, TypeError and ValueError for what is no snapshot."""
        if snapshot["name"]:
            self._names.of[int(snapshot["name"])] = leg
        for each in snapshot["running"]:
            invoke_id = None if each["invoke_id"] is None else int(each["invoke_id"])
            asked = _Asked(leg, str(each["replaced"]), str(each["operation"]), invoke_id, each["await_connect"])
            self._running[str(each["transfer"])] = asked._replace(said=bool(each["said"]))


def _asked(leg: "IsdnLeg", replaced: "IsdnLeg | None", request: TransferRequest) -> _Asked:
    """The transfer that a request asks for on that leg."""
    second = replaced.id if replaced is not None else ""
    return _Asked(leg, second, _operation(request), request.invoke_id, request.await_connect)


def _operation(request: TransferRequest) -> str:
    return _OPERATIONS.get(type(request.consultation), "")


def _partner(leg: "IsdnLeg") -> str:
    """The address of whoever the leg talks to."""
    call = leg.owner
    other = call.other(leg) if isinstance(call, Call) else None
    return other.address if other is not None else ""
