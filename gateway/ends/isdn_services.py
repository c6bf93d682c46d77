"""Supplementary services on the calls of one trunk: what Facility elements ask for, and what is said back.

The dialect of the trunk reads and writes the octets; here is what becomes of what they say, by the kind of event.
Transfers join two calls of the peer on this trunk (EN 300 369-1, GR-2865, NIS A211-1), or tell that the peer has
joined them itself (ISO/IEC 13869). What we ask the network for is in isdn_joining and isdn_single_step.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from gateway.ends.isdn_setups import IsdnSetups
from gateway.ends.isdn_single_step import SERVICE, IsdnSingleSteps
from gateway.ends.isdn_transfers import IsdnTransfers
from gateway.isdn.q931 import Identifier, InformationElement, Message, MessageType
from gateway.isdn.side import Side
from gateway.model.call import CallRequest, Clearing
from gateway.model.causes import Cause
from gateway.model.errors import GatewayError
from gateway.model.legs import IsdnCall
from gateway.model.parties import Party
from gateway.model.transfer import (
    IdentityAbandoned,
    IdentityGranted,
    IdentityRequest,
    OtherOperation,
    Outcome,
    PartyUpdate,
    Redirection,
    TransferEvent,
    TransferOutcome,
    TransferRequest,
    TransferSetup,
)
from gateway.translators import dialect_named
from gateway.translators.call_elements import notification
from gateway.translators.dialect import Context
from gateway.translators.rose_dialect import RoseDialect

if TYPE_CHECKING:
    from gateway.ends.isdn_leg import IsdnLeg
    from gateway.ends.isdn_line import IsdnLine

DIALECTS = {"etsi": "etsi-ect", "qsig": "qsig", "ni2": "ni2-tbct", "dms100": "dms-rlt"}
"""The dialect of each family of operations."""

_FIXED: dict[type[Any], int] = {IdentityRequest: 1, TransferRequest: 2}
"""The invokeIds that RLT prescribes."""
_REDIRECTED = 302
_MOST_INVOKES = 127
_SPEAKING = (Identifier.FACILITY, Identifier.NOTIFICATION_INDICATOR)
_NOT_AVAILABLE = TransferOutcome(Outcome.FAILED, 501, cause=Cause(29))


class IsdnServices:
    """The services of one trunk. `dialect` is how its peer speaks."""

    def __init__(self, line: "IsdnLine") -> None:
        self.line = line
        self.dialect = cast(RoseDialect, dialect_named(DIALECTS[line.variant.operations]))
        self.transfers = IsdnTransfers(self)
        self.joinings = line.end.joinings
        self.single_steps = IsdnSingleSteps(self)
        self.setups = IsdnSetups(self)
        self._invokes = 0
        self._on: dict[type[Any], Callable[[IsdnLeg, Any, float], None]] = {
            IdentityRequest: self.transfers.identity_asked,
            IdentityGranted: self.joinings.named,
            TransferOutcome: self._answered,
            IdentityAbandoned: self.transfers.identity_abandoned,
            TransferRequest: self.transfers.asked,
            TransferSetup: self.setups.heard,
            PartyUpdate: self._updated,
            Redirection: self._redirected,
            OtherOperation: self._unknown,
        }

    # --- what the peer says ---

    def heard(self, leg: "IsdnLeg", message: Message, now: float) -> None:
        """A message that may have Facility elements; what cannot be read is let pass."""
        for each in message.elements:
            if each.identifier in _SPEAKING and not each.codeset:
                break
        else:
            return
        try:
            events = self.dialect.heard(message, self.context(leg))
        except GatewayError as error:
            self.line.end.observer.log("isdn.facility_unread", level="debug", reason=str(error), **leg.marks)
            return
        for event in events:
            act = self._on.get(type(event))
            if act is not None and not leg.gone:
                act(leg, event, now)

    def _answered(self, leg: "IsdnLeg", event: TransferOutcome, now: float) -> None:
        """The answer to an invoke of ours; one that comes too late is of no use any more."""
        if not (self.joinings.answered(leg, event, now) or self.single_steps.answered(leg, event, now)):
            self.line.end.observer.log("isdn.answer_unexpected", level="debug", error=event.error, **leg.marks)

    def left(self, leg: "IsdnLeg", cause: Cause, clearing: Clearing, now: float) -> bool:
        """The peer has cleared the call. True: the hub hears of it later, or never when the network has taken it."""
        self.single_steps.left(leg, now)
        return self.joinings.left(leg, cause, clearing, now)

    def _updated(self, leg: "IsdnLeg", update: PartyUpdate, now: float) -> None:
        """The peer has another party now; one without number and name says nothing that SIP could."""
        party = update.party
        if leg.answered and (party.number is not None or party.name):
            uri = self.line.parties.uri(party.number) if party.number is not None else ""
            self.line.end.observer.log("isdn.updated", level="debug", uri=uri, **leg.marks)
            leg.owner.updated(leg, replace(update, party=replace(party, uri=uri)), now)

    def _redirected(self, leg: "IsdnLeg", event: Redirection, now: float) -> None:
        """callDeflection, callRerouteing: before the answer it is a 302, afterwards it comes too late."""
        number = event.target.number
        if leg.answered or leg.incoming or number is None:
            self.answer(leg, replace(_NOT_AVAILABLE, invoke_id=event.invoke_id, operation=_operation(event)), now)
            return
        done = TransferOutcome(Outcome.SUCCEEDED, invoke_id=event.invoke_id, operation=_operation(event))
        self.answer(leg, done, now)
        contact = Party(uri=self.line.parties.uri(number))
        clearing = Clearing(_REDIRECTED, Cause(31), contacts=(contact,))
        leg.over(now)
        leg.call.disconnect(Cause(31), now)
        leg.owner.cleared(leg, clearing, now)

    def _unknown(self, leg: "IsdnLeg", event: OtherOperation, now: float) -> None:
        """Another service: ReturnError where the operation has one, else Reject (Q.932 §6.3.1.1, ISO/IEC 11582)."""
        refused = TransferOutcome(
            Outcome.FAILED, error="notAvailable", operation=event.operation, invoke_id=event.invoke_id
        )
        rejected = replace(refused, error="unrecognizedOperation", rejected=True)
        said = self.say(leg, refused, now) or self.say(leg, rejected, now)
        marks = leg.marks
        self.line.end.observer.log(
            "isdn.operation_refused", level="debug", operation=event.operation, said=said, **marks
        )

    # --- what we say ---

    def of_setup(self, request: CallRequest) -> tuple[InformationElement, ...]:
        """Elements of a SETUP of ours: what a transfer has to say of it; RLT wants to know of each call that it may
        have to join (NIS A211-1).
        """
        return self.setups.elements(request) or self._of_joinable()

    def _of_joinable(self) -> tuple[InformationElement, ...]:
        if self.line.variant.operations != "dms100" or self.line.side is not Side.USER:
            return ()
        message = self.dialect.messages(IdentityRequest(invoke_id=1), Context())[0]
        return tuple(each for each in message.elements if each.identifier == Identifier.FACILITY)

    def tell_party(self, leg: "IsdnLeg", update: PartyUpdate, now: float) -> None:
        """The peer of the leg hears whom it talks to now, if its dialect can say it."""
        said = replace(update, kept=(), party=self.line.parties.told(update.party))
        if self.line.variant.operations == "etsi" and self.line.side is Side.NETWORK:
            leg.call.notify(now, *notification(said))
        self.say(leg, said, now)

    def answer(
        self, leg: "IsdnLeg", outcome: TransferOutcome, now: float, asked: TransferRequest | None = None
    ) -> None:
        """ReturnResult or ReturnError to an invoke of the peer."""
        self.say(leg, outcome, now, asked)

    def say(self, leg: "IsdnLeg", event: TransferEvent, now: float, asked: TransferRequest | None = None) -> bool:
        """Sends what says `event`, on the leg's call; False when the dialect cannot."""
        try:
            completed = self.line.causes.complete(event, self.dialect.name)
            messages = self.dialect.messages(completed, self.context(leg, asked))
            for message in messages:
                self._send(leg, message, now)
        except GatewayError:
            return False
        return bool(messages)

    def invoke(self, leg: "IsdnLeg", event: IdentityRequest | TransferRequest, now: float) -> int | None:
        """Asks for an operation on the leg's call: the invokeId, None when it cannot be asked for."""
        fixed = _FIXED.get(type(event), 0) if self.line.variant.operations == "dms100" else 0
        fresh = self.next_invoke()
        number = fixed or fresh
        return number if self.say(leg, replace(event, invoke_id=number), now) else None

    def next_invoke(self) -> int:
        """A fresh invokeId."""
        self._invokes = self._invokes % _MOST_INVOKES + 1
        return self._invokes

    def context(self, leg: "IsdnLeg", asked: TransferRequest | None = None) -> Context:
        """What a dialect has to know of the leg's call."""
        self.next_invoke()
        call = leg.call
        wire = IsdnCall(call.call_reference, call.is_originating, self.line.control.call_reference_octets)
        pending = {**self.joinings.pending(self.line), **self.single_steps.pending(leg)}
        return Context(isdn=wire, isdn_secondary=wire, invoke_id=self._invokes, pending=pending, asked=asked)

    def _send(self, leg: "IsdnLeg", message: Message, now: float) -> None:
        send = leg.call.notify if message.message_type is MessageType.NOTIFY else leg.call.facility
        send(now, *message.elements)

    # --- transfers ---

    def offered(self, leg: "IsdnLeg", other: "IsdnLeg | None") -> frozenset[str]:
        """By which services the network can transfer the call: to a new target (None), or to that of another call."""
        if other is not None:
            return self.joinings.services(leg, other)
        return frozenset((SERVICE,)) if self.single_steps.is_possible(leg) else frozenset()

    def refused(self, leg: "IsdnLeg", transfer: str, clearing: Clearing, now: float) -> None:
        """A transfer that the peer has asked for is not carried out."""
        self.transfers.refused(leg, transfer, clearing, now)

    def over(self, leg: "IsdnLeg", transfer: str, outcome: TransferOutcome, now: float) -> None:
        """A transfer that the peer has asked for is done."""
        self.transfers.over(leg, transfer, outcome, now)

    def hold_answered(self, leg: "IsdnLeg", refused: Cause | None, now: float) -> None:
        """The answer to a HOLD of ours."""
        self.joinings.held(leg, refused, now)

    def retrieve_answered(self, leg: "IsdnLeg", refused: Cause | None, now: float) -> None:
        """The answer to a RETRIEVE of ours."""
        self.joinings.retrieved(leg, refused, now)

    def snapshot(self, leg: "IsdnLeg") -> dict[str, object]:
        """What the network has said of the call, and still owes an answer to; plain JSON values."""
        return {
            "rlt": self.joinings.names.get(leg, 0),
            "single_step": self.single_steps.invoked(leg),
            "holds": self.joinings.holds(leg),
        }

    def resume(self, leg: "IsdnLeg", snapshot: dict[str, Any], now: float) -> None:
        """As it was. Raises KeyError, TypeError and ValueError for what is no snapshot."""
        if snapshot["rlt"]:
            self.joinings.names[leg] = int(snapshot["rlt"])
        if snapshot["single_step"]:
            self.single_steps.resume(leg, int(snapshot["single_step"]), now)
        if snapshot.get("holds"):
            self.line.timers.start(now, lambda then: self.joinings.recover(leg, then))

    def forget(self, leg: "IsdnLeg", now: float) -> None:
        """The leg is over."""
        self.transfers.forget(leg)
        self.single_steps.forget(leg)
        self.setups.forget(leg)
        self.joinings.forget(leg, now)


def _operation(event: Redirection) -> str:
    """Which of the two it was: only a rerouteing says who redirected."""
    return "callDeflection" if event.redirecting is None else "callRerouteing"
