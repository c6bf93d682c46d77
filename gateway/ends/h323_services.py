"""Supplementary services of H.450 on the calls of one trunk: what APDUs ask for, and what is said back.

The dialect h4502 reads and writes the components; here is what becomes of them, by the kind of event. Each role of
H.450.2 has its file: `h323_transferring` asks peers, `h323_transfers` is asked by them, `h323_secondary` makes the
calls that replace others.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from gateway.ends.h323_secondary import H323Secondary
from gateway.ends.h323_transferring import H323Transferring
from gateway.ends.h323_transfers import H323Transfers
from gateway.h323 import h450
from gateway.h323.call_contents import Contents
from gateway.h323.h225 import CallSignal
from gateway.h323.h450 import SupplementaryService
from gateway.h323.operations import BY_CODE, Interpretation
from gateway.model.call import Clearing
from gateway.model.causes import Cause
from gateway.model.errors import GatewayError
from gateway.model.remote_operations import Component, Invoke
from gateway.model.transfer import (
    IdentityAbandoned,
    IdentityGranted,
    IdentityRequest,
    OtherOperation,
    Outcome,
    PartyUpdate,
    TransferEvent,
    TransferOutcome,
    TransferRequest,
)
from gateway.translators.dialect import Context
from gateway.translators.h450_2_reading import meaning
from gateway.translators.h450_2_writing import Draft, draft

if TYPE_CHECKING:
    from gateway.ends.h323_leg import H323Leg
    from gateway.ends.h323_line import H323Line

NAME = "h4502"
_MOST_INVOKES = 32_767
"""Beyond it some peers read a negative number in an answer."""
_NOT_UNDERSTOOD = Clearing(0, Cause(111))
_INVALID_NUMBER = "invalidReroutingNumber"
_INITIATE = 9


class Invoked(NamedTuple):
    """An invoke of ours that is not answered yet."""

    leg: "H323Leg"
    operation: str
    heard: Callable[[TransferOutcome | IdentityGranted, float], None]


class H323Services:
    """The services of one trunk."""

    def __init__(self, line: "H323Line") -> None:
        self.line = line
        self.transfers = H323Transfers(self)
        self.transferring = H323Transferring(self)
        self.secondary = H323Secondary(self)
        self._invokes = 0
        self._pending: dict[int, Invoked] = {}
        self._on: dict[type[Any], Callable[[H323Leg, Any, float], None]] = {
            IdentityRequest: self.transfers.identity_asked,
            IdentityAbandoned: self.transfers.identity_abandoned,
            TransferRequest: self.transfers.asked,
            IdentityGranted: self._answered,
            TransferOutcome: self._answered,
            PartyUpdate: self._updated,
        }

    # --- what the peer says ---

    def heard(self, leg: "H323Leg", apdus: tuple[bytes, ...], message: CallSignal, now: float) -> None:
        """The APDUs of a message; what cannot be read is let pass."""
        for octets in apdus:
            try:
                apdu = h450.decode(octets)
            except GatewayError as error:
                self._log_unread(leg, str(error))
                continue
            for component in apdu.components:
                self._component(leg, apdu, component, message, now)

    def _component(
        self, leg: "H323Leg", apdu: SupplementaryService, component: Component, message: CallSignal, now: float
    ) -> None:
        try:
            event = meaning(component, message, self._operations(leg))
        except GatewayError as error:
            self._log_unread(leg, str(error))
            if isinstance(component, Invoke):
                self._mistyped(leg, component, now)
            return
        if isinstance(event, OtherOperation):
            self._unknown(leg, apdu, event, now)
        else:
            act = self._on.get(type(event))
            if act is not None:
                act(leg, event, now)

    def _operations(self, leg: "H323Leg") -> dict[int, str]:
        return {number: each.operation for number, each in self._pending.items() if each.leg is leg}

    def _answered(self, leg: "H323Leg", event: TransferOutcome | IdentityGranted, now: float) -> None:
        """An answer to an invoke that is outstanding; others are strays, of which peers have many."""
        invoked = self._pending.get(event.invoke_id) if event.invoke_id is not None else None
        if invoked is None or invoked.leg is not leg:
            return
        del self._pending[event.invoke_id or 0]
        invoked.heard(event, now)

    def _updated(self, leg: "H323Leg", update: PartyUpdate, now: float) -> None:
        """The peer has another party now; one without number, alias and name says nothing that others could tell."""
        party = update.party
        if leg.answered and not leg.gone and (party.number is not None or party.aliases or party.name):
            known = self.line.parties.party(party)
            self.line.log("h323.updated", leg, level="debug", uri=known.uri)
            leg.owner.updated(leg, replace(update, party=known), now)

    def _unknown(self, leg: "H323Leg", apdu: SupplementaryService, event: OtherOperation, now: float) -> None:
        """As the interpretation APDU demands: discarded, rejected, or rejected with the call (H.450.1 §8.2)."""
        if apdu.interpretation is Interpretation.DISCARD:
            return
        rejected = TransferOutcome(
            Outcome.FAILED, error="unrecognizedOperation", rejected=True, invoke_id=event.invoke_id
        )
        self.line.log("h323.operation_refused", leg, level="debug", operation=event.operation)
        if apdu.interpretation is Interpretation.CLEAR_CALL and not leg.gone:
            owner = leg.owner
            leg.end(_NOT_UNDERSTOOD, now, self.written(rejected))
            owner.cleared(leg, _NOT_UNDERSTOOD, now)
        else:
            self.say(leg, rejected, now)

    def _mistyped(self, leg: "H323Leg", invoke: Invoke, now: float) -> None:
        """An argument without sense: of a transfer the number is no good (H.450.2 §8.2), else it is rejected."""
        operation = BY_CODE.get(invoke.operation)
        if operation is None or not operation.answered:
            return
        is_initiate = invoke.operation == _INITIATE
        error = _INVALID_NUMBER if is_initiate else "mistypedArgument"
        failed = TransferOutcome(Outcome.FAILED, error=error, rejected=not is_initiate, invoke_id=invoke.invoke_id)
        self.say(leg, failed, now)

    def _log_unread(self, leg: "H323Leg", reason: str) -> None:
        self.line.log("h323.apdu_unread", leg, level="debug", reason=reason)

    # --- what we say ---

    def say(self, leg: "H323Leg", event: TransferEvent, now: float) -> bool:
        """Sends what says `event` in a FACILITY on the leg's call; False when it cannot be said."""
        apdus = self.written(event)
        return bool(apdus) and not leg.gone and leg.call.facility(now, Contents(apdus=apdus))

    def written(self, event: TransferEvent) -> tuple[bytes, ...]:
        """The APDU that says `event`; () when none does."""
        try:
            completed = self.line.causes.complete(event, NAME)
            return (h450.encode(draft(completed, Context(invoke_id=self._fresh())).apdu),)
        except GatewayError:
            return ()

    def invoked(
        self,
        leg: "H323Leg",
        made: Draft,
        heard: Callable[[TransferOutcome | IdentityGranted, float], None],
    ) -> bytes:
        """The APDU of an invoke of ours, whose answer `heard` will get."""
        number = made.component.invoke_id
        if number is not None and (operation := BY_CODE.get(getattr(made.component, "operation", -1))) is not None:
            self._pending[number] = Invoked(leg, operation.name, heard)
        return h450.encode(made.apdu)

    def draft(self, event: TransferEvent) -> Draft:
        """The component that says `event`, with an invoke id of its own. Raises GatewayError."""
        return draft(replace(event, invoke_id=self._fresh()), Context())

    def give_up(self, leg: "H323Leg") -> None:
        """Answers of that peer are not waited for any more."""
        for number in [number for number, each in self._pending.items() if each.leg is leg]:
            del self._pending[number]

    def tell_party(self, leg: "H323Leg", update: PartyUpdate, now: float) -> None:
        """The peer of the leg hears whom it talks to now (H.450.2 §10.3)."""
        party = self.line.parties.told(update.party)
        self.say(leg, replace(update, kept=(), party=party, invoke_id=None, consultation=None), now)

    def forget(self, leg: "H323Leg", now: float) -> None:
        """The leg is over, and so is everything that was asked of it."""
        self.transfers.forget(leg, now)
        self.transferring.forget(leg, now)
        self.secondary.forget(leg, now)
        self.give_up(leg)

    def _fresh(self) -> int:
        while True:
            self._invokes = self._invokes % _MOST_INVOKES + 1
            if self._invokes not in self._pending:
                return self._invokes
