"""All transfers: which are under way, and what the calls have to tell them."""

from typing import TYPE_CHECKING

from gateway.configuration import TransferPolicy
from gateway.hub.admission import refused
from gateway.hub.bystander import PENDING
from gateway.hub.call import Call
from gateway.hub.leg import Leg, LegEvents, marks_in
from gateway.hub.lone_legs import LoneLegs
from gateway.hub.outcomes import RESTARTED, clearing_of
from gateway.hub.replacement import replace_leg
from gateway.hub.transfer import Transfer
from gateway.hub.transfer_consumed import caller_of, normalise
from gateway.hub.transfer_network import begin
from gateway.hub.transfer_record import TransferNotes
from gateway.hub.transfer_restart import restored
from gateway.hub.transfer_table import Input, State
from gateway.hub.transfer_target import normalised, settings_of
from gateway.model.call import NORMAL, CallRequest, Clearing
from gateway.model.causes import Cause
from gateway.model.errors import GatewayError
from gateway.model.transfer import Kept, Outcome, TransferKind, TransferOutcome, TransferProgress, TransferRequest

if TYPE_CHECKING:
    from gateway.hub.hub import Hub

_CARRIED_OUT_ELSEWHERE = Clearing(501, Cause(79))


_IN_PASSING = frozenset(
    (Input.PROGRESSED, Input.EARLY_MEDIA, Input.REFER_PROGRESSED, Input.OWED_LEFT, Input.ALL_LEFT, Input.DELIVERED)
)
"""Steps that only who looks closely wants to see in the log."""
_EVENTS = {each: (f"transfer.{each.value}", "debug" if each in _IN_PASSING else "info") for each in Input}
_NAMES = {each: each.value for each in State}


class Transfers:
    """The transfers of a hub. `running` are those not over yet, by the id that the transferor's leg gave them;
    `waiting` owns restored legs until their transfer is there.
    """

    def __init__(self, hub: "Hub") -> None:
        self.hub = hub
        self.running: dict[str, Transfer] = {}
        self.waiting: LegEvents = LoneLegs()
        self._referred: dict[str, Transfer] = {}
        self._joined: dict[str, Transfer] = {}

    def asked(
        self, call: Call, leg: Leg, transfer: str, request: TransferRequest, replaced: Leg | None, now: float
    ) -> None:
        """A leg of the call wants to have its partner transferred: it is tried, passed on or refused."""
        notes = self._notes(leg, call.other(leg), transfer, request, now)
        trunk = settings_of(self.hub, leg.trunk)
        clearing = refused(self.hub, call, leg, request, replaced, trunk)
        if clearing is not None:
            self._refuse(leg, notes, clearing, now, declined=trunk.transfer is TransferPolicy.REJECT)
            return
        running = Transfer(self, transfer, call, leg, request, notes)
        self._begin(running, call, replaced, now, passing=trunk.transfer is TransferPolicy.PASS)

    def _begin(self, running: Transfer, call: Call, replaced: Leg | None, now: float, *, passing: bool) -> None:
        transferee = running.transferee
        assert transferee is not None
        running.replaced = replaced
        running.caller = caller_of(call, transferee)
        running.notes.trunks = {"transferor": running.transferor.trunk, "transferee": transferee.trunk}
        normalise(running)
        call.transfer = running
        self.running[running.id] = running
        begin(running, now, passing=passing)

    def untimely(self, leg: Leg, transfer: str, request: TransferRequest, now: float) -> None:
        """A leg that is between two calls wants a transfer: not now."""
        self._refuse(leg, self._notes(leg, None, transfer, request, now), PENDING, now, declined=False)

    def _notes(self, leg: Leg, other: Leg | None, id: str, request: TransferRequest, now: float) -> TransferNotes:
        target = request.target.uri if request.target else ""
        parties = (leg.address, other.address if other else "", target)
        return TransferNotes(id, request.kind.value, *parties, self.hub.wall(), now)

    def _refuse(self, leg: Leg, notes: TransferNotes, clearing: Clearing, now: float, *, declined: bool) -> None:
        notes.decision = "reject" if declined else "refused"
        notes.method = "refer"
        notes.trunks = {"transferor": leg.trunk}
        leg.refuse_transfer(notes.id, clearing, now)
        self.hub.observer.log("transfer.refused", transfer=notes.id, status=clearing.status, **leg.marks)
        notes.write(self.hub, "refused", clearing)

    def replace(self, leg: Leg, request: CallRequest, replaced: Leg, now: float) -> None:
        """A new leg wants to take the place of another one (INVITE with Replaces, RFC 3891)."""
        replace_leg(self.hub, leg, request, replaced, now)

    def redirected(
        self, leg: Leg, source: str, request: CallRequest, clearing: Clearing, followed: bool, now: float
    ) -> None:
        """A call from the trunk `source` was sent elsewhere by `leg` before it was answered: a transfer too, which
        has its record.
        """
        target = clearing.contacts[0] if clearing.contacts else None
        uri = target.uri if target else ""
        parties = (request.called.uri, request.calling.uri, uri)
        notes = TransferNotes(self.hub.token(), TransferKind.REDIRECT.value, *parties, self.hub.wall(), now)
        notes.normalised = normalised(self.hub, source, target) if target else ""
        notes.decision, notes.method = "consume" if followed else "pass", "redirect"
        notes.trunks = {"transferee": source}
        self.hub.observer.log("transfer.redirected", transfer=notes.id, target=uri, followed=followed, **leg.marks)
        notes.write(self.hub, "succeeded" if target else "failed", clearing)

    def also(self, call: Call, leg: Leg, clearing: Clearing, now: float) -> None:
        """A BYE named somebody to call instead, as once drafted for transfer: it is written down, and is a BYE."""
        target = next((item.value for item in clearing.kept if _is_also(item)), "")
        other = call.other(leg)
        parties = (leg.address, other.address if other else "", target)
        notes = TransferNotes(self.hub.token(), TransferKind.BYE_ALSO.value, *parties, self.hub.wall(), now)
        notes.decision, notes.method, notes.trunks = "refused", "refer", {"transferor": leg.trunk}
        self.hub.observer.log("transfer.bye_also", transfer=notes.id, target=target, **leg.marks)
        notes.write(self.hub, "refused", _CARRIED_OUT_ELSEWHERE, "BYE with Also is a plain BYE")

    def delivered(self, leg: Leg, transfer: str, now: float) -> None:
        """The final report was heard."""
        running = self.running.get(transfer)
        if running is not None:
            running.step(Input.DELIVERED, now)

    def cancelled(self, leg: Leg, transfer: str, now: float) -> None:
        """Nobody listens to reports any more."""
        running = self.running.get(transfer)
        if running is not None:
            running.unheard(now)

    def refer(self, transfer: Transfer, leg: Leg) -> None:
        """The transfer has asked the leg's peer to carry it out, and hears what comes of it."""
        self._referred[leg.id] = transfer

    def progress(self, leg: Leg, report: TransferProgress, now: float) -> None:
        """A peer that was referred is at work."""
        running = self._referred.get(leg.id)
        if running is not None:
            running.step(Input.REFER_PROGRESSED, now, report)

    def outcome(self, leg: Leg, outcome: TransferOutcome, now: float) -> None:
        """How a REFER that was passed on ended."""
        running = self._referred.pop(leg.id, None)
        if running is not None:
            running.referred(outcome, now)

    def join(self, transfer: Transfer, leg: Leg) -> None:
        """The transfer has asked the leg's network for a join, and hears what comes of it."""
        self._joined[leg.id] = transfer

    def joined(self, leg: Leg, outcome: TransferOutcome, now: float) -> None:
        """How a join by the network ended. What nobody waits for any more is the end of the call."""
        running = self._joined.pop(leg.id, None)
        succeeded = outcome.outcome is Outcome.SUCCEEDED
        if running is not None:
            fields = {"service": running.service, "outcome": outcome.outcome.value, "error": outcome.error}
            self.hub.observer.log("transfer.network", transfer=running.id, **fields, **leg.marks)
            running.step(Input.HANDED if succeeded else Input.HAND_FAILED, now, clearing_of(outcome))
        elif succeeded:
            leg.owner.cleared(leg, NORMAL, now)

    def log(self, transfer: Transfer, input: Input, state: State) -> None:
        """One line for each step, with the names of the transferor's dialog."""
        event, level = _EVENTS[input]
        states = {"before": _NAMES[transfer.state], "state": _NAMES[state]}
        self.hub.observer.log(event, level=level, transfer=transfer.id, **states, **transfer.transferor.marks)

    def changed(self, transfer: Transfer, before: Call | None, *, urgent: bool) -> None:
        """Has the transfer written down, or forgotten when it is over; what its legs are subscribed to is written
        with their calls, that which it was about `before` among them.
        """
        if transfer.state is State.OVER and self.running.pop(transfer.id, None) is not None:
            self._forget(transfer)
        if not self.hub.keeps_changes:
            return
        for call in (transfer.call, transfer.joined, before):
            if call is not None:
                self.hub.changed(call)
        self.hub.changed(transfer, urgent=urgent)

    def _forget(self, transfer: Transfer) -> None:
        for call in (transfer.call, transfer.joined):
            if call is not None and call.transfer is transfer:
                call.transfer = None
        for waiting in (self._referred, self._joined):
            for leg in [leg for leg, each in waiting.items() if each is transfer]:
                del waiting[leg]

    def restore(self, snapshot: dict[str, object], now: float) -> None:
        """Takes a transfer up again after a restart, its calls being there already."""
        try:
            running = restored(self, snapshot, now)
        except GatewayError as error:
            lost, why = snapshot.get("id"), str(error)
            self.hub.observer.log("transfer.lost", level="warning", transfer=lost, why=why, **marks_in(snapshot))
            return
        if running is None:
            return
        self.running[running.id] = running
        running.step(Input.RESTARTED, now, RESTARTED)


def _is_also(item: Kept) -> bool:
    return item.what.lower() == "also"
