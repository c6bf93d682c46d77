"""The call-leg correlator: joins transferor, transferee and transfer target across protocols.

It is fed transfer events and the lives of legs, in order of time, and keeps every key by which one transfer's
messages find one another: REFER (dialog, CSeq, Event id), Replaces, invokeId, linkId, callIdentity, RLT call id,
call reference, the target's address; numbers and time come last, and the link says which key it was.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Container
from typing import TYPE_CHECKING, Any

from gateway.interworking.evidence import (
    CONSULTATION_NAMES,
    SAME_TRANSFER_WITHIN,
    address_of,
    asked_here,
    may_claim,
    named_everywhere,
    outcome_of,
    relay_evidence,
    tags_fit,
)
from gateway.interworking.legs import Leg, LegState, LegTable
from gateway.interworking.matching import address_key, common_ending, same_address
from gateway.interworking.observed import ObservedTransfer, Seen
from gateway.interworking.recent import RecentTransfers
from gateway.model.causes import Cause
from gateway.model.legs import SignallingProtocol
from gateway.model.transfer import (
    CallReference,
    CallStatus,
    Consultation,
    DialogReference,
    EndDesignation,
    HeldCall,
    IdentityAbandoned,
    IdentityGranted,
    IdentityRequest,
    OtherOperation,
    Outcome,
    PartyUpdate,
    Redirection,
    Stage,
    SubaddressRequest,
    SubaddressUpdate,
    TransferEvent,
    TransferKind,
    TransferOutcome,
    TransferProgress,
    TransferRequest,
    TransferSetup,
)

if TYPE_CHECKING:
    from gateway.interworking.cause_map import CauseMap

TRIGGERED_CALL_WITHIN = 64.0
"""Seconds after the request in which a call to the target is taken for the one that it triggered."""

NORMAL_CLEARING = Cause(16)
AUTHENTICATION = (401, 407)
"""Refusals after which the same request comes again with credentials."""


class Correlator:
    """Joins events into transfers; `causes` gives the map by which an outcome has a SIP status and a Q.850 cause.

    It is called when the first outcome needs it: loading the tables takes longer than reading a small capture.
    """

    def __init__(self, causes: "Callable[[], CauseMap]") -> None:
        self.legs = LegTable()
        self.transfers: list[ObservedTransfer] = []
        self.calls_in_transfer: dict[str, ObservedTransfer] = {}
        self._causes = causes
        self._by_request: dict[tuple[str, str, str], ObservedTransfer] = {}
        self._by_leg: dict[str, ObservedTransfer] = {}
        self._asked_identity: dict[tuple[str, str, str], tuple[IdentityRequest, Seen]] = {}
        self._by_consultation: dict[Consultation, ObservedTransfer] = {}
        self._by_dialog: defaultdict[tuple[str, str], list[ObservedTransfer]] = defaultdict(list)
        self._by_setup: dict[tuple[str, str], ObservedTransfer] = {}
        self._granted: dict[tuple[str, Consultation], Leg] = {}
        self._recent = RecentTransfers()
        self._awaiting_target: defaultdict[str, deque[ObservedTransfer]] = defaultdict(deque)
        self.handlers: dict[type[Any], Callable[[Any, Seen], ObservedTransfer | None]] = {
            TransferRequest: self._request,
            TransferProgress: self._progress,
            TransferOutcome: self._outcome,
            TransferSetup: self._setup,
            IdentityRequest: self._identity_asked,
            IdentityGranted: self._identity,
            IdentityAbandoned: self._alongside,
            PartyUpdate: self._party_update,
            SubaddressRequest: self._alongside,
            SubaddressUpdate: self._alongside,
            Redirection: self._redirection,
            OtherOperation: self._alongside,
        }

    @property
    def awaited_endings(self) -> Container[str]:
        """Common endings (see matching) of the addresses to which a transfer awaits a call."""
        return self._awaiting_target

    @property
    def waiting(self) -> bool:
        """Whether any transfer could still claim a new call as its own."""
        return bool(self._awaiting_target)

    def observe(self, event: TransferEvent, seen: Seen) -> ObservedTransfer | None:
        """Takes in one event; the transfer it belongs to, or None when it belongs to none."""
        if isinstance(event, TransferOutcome) and event.status is None:
            event = self._causes().complete(event, "sip", seen.dialect)
        transfer = self.handlers[type(event)](event, seen)
        if transfer is not None:
            transfer.note(seen.frame)
            transfer.story.append((seen, event))
        return transfer

    def transfer_of(self, leg: Leg) -> ObservedTransfer | None:
        """The latest transfer in which `leg` plays a part."""
        return self._by_leg.get(leg.key)

    # Requests

    def _request(self, event: TransferRequest, seen: Seen) -> ObservedTransfer:
        target = address_of(event.target)
        known = self._by_request.get((seen.leg.key, seen.invoker, seen.transaction))
        if known is not None and seen.transaction:
            return known
        transfer = self._again_with_credentials(target, seen) or self._relayed(event, target, seen)
        if transfer is None:
            transfer = self._new(event.kind, target, seen)
            transfer.notify = event.notify
            self._consult(transfer, event, seen)
            self._await_target(transfer)
            self._recent.add(transfer)
        self._by_request[seen.leg.key, seen.invoker, seen.transaction] = transfer
        self._by_dialog[seen.leg.key, seen.invoker].append(transfer)
        self._by_leg[seen.leg.key] = transfer
        return transfer

    def _new(self, kind: TransferKind, target: str, seen: Seen) -> ObservedTransfer:
        leg = seen.leg
        transfer = ObservedTransfer(kind, seen.dialect, seen.time, receiver=seen.destination)
        transfer.name_target(target)
        transfer.invoker = seen.invoker
        transfer.transferor, transfer.transferee = leg.own_end(seen.side), leg.other_end(seen.side)
        transfer.link(leg, "first", "the request's own call")
        self.transfers.append(transfer)
        self._by_leg[leg.key] = transfer
        return transfer

    def _again_with_credentials(self, target: str, seen: Seen) -> ObservedTransfer | None:
        before = self._by_leg.get(seen.leg.key)
        if before is None or before.status not in AUTHENTICATION or before.target != target:
            return None
        if before.invoker != seen.invoker:
            return None
        before.reopen()
        return before

    def _relayed(self, event: TransferRequest, target: str, seen: Seen) -> ObservedTransfer | None:
        """The same transfer, passed on by a box in the middle to its other leg, in whatever protocol."""
        key = address_key(target)
        for before in self._recent.candidates(key, seen.leg.protocol, seen.time):
            if before.first is seen.leg and before.invoker == seen.invoker:
                continue
            evidence = relay_evidence(before, event, key, seen)
            if evidence:
                before.link(seen.leg, "relayed", evidence)
                return before
        return None

    def _consult(self, transfer: ObservedTransfer, event: TransferRequest, seen: Seen) -> None:
        """Finds the secondary call that the request names, and what its state makes of the kind."""
        transfer.consultation = event.consultation
        if event.consultation is None:
            self._cancelled_consultation(transfer)
            return
        if named_everywhere(event.consultation):
            self._by_consultation[event.consultation] = transfer
        other, evidence = self._secondary(event.consultation, seen)
        if other is None:
            return
        transfer.link(other, "consultation", evidence)
        self._by_leg.setdefault(other.key, transfer)
        if not transfer.target:
            transfer.name_target(other.other_end(seen.side))
        ringing = min(other.state, seen.leg.state) < LegState.ANSWERED
        if transfer.kind is TransferKind.ATTENDED and ringing:
            transfer.kind = TransferKind.SEMI_ATTENDED

    def _cancelled_consultation(self, transfer: ObservedTransfer) -> None:
        """RFC 5589 7.6: the transferor gives up its ringing call to the target and then transfers blind to it."""
        tried = self.legs.given_up_by(transfer.transferor)
        if tried is None or tried.released is None or transfer.requested - tried.released > SAME_TRANSFER_WITHIN:
            return
        if same_address(address_key(tried.called), transfer.target_key):
            transfer.kind = TransferKind.SEMI_ATTENDED
            transfer.link(tried, "consultation", "transferor's unanswered call to the target")

    def _secondary(self, consultation: Consultation, seen: Seen) -> tuple[Leg | None, str]:
        if isinstance(consultation, DialogReference):
            found = self.legs.find(consultation.call_id)
            leg = found if found and tags_fit(found, consultation) else None
        elif isinstance(consultation, HeldCall):
            leg = self._partner(seen)
        elif isinstance(consultation, CallReference):
            leg = self._by_call_reference(consultation.value, seen)
        else:
            leg = self._granted.get((seen.leg.link, consultation))
        return leg, CONSULTATION_NAMES[type(consultation)]

    def _partner(self, seen: Seen) -> Leg | None:
        """Implicit linkage: the other live call of the same D channel (EN 300 369-1); an active one goes first."""
        others = [
            leg
            for leg in self.legs
            if leg is not seen.leg and leg.link == seen.leg.link and leg.state is not LegState.RELEASED
        ]
        return max(others, key=lambda leg: (not leg.held, leg.state, leg.started), default=None)

    def _by_call_reference(self, value: int, seen: Seen) -> Leg | None:
        wanted = str(value & 0x7FFF)
        others = (leg for leg in self.legs if leg.link == seen.leg.link and leg is not seen.leg)
        return next((leg for leg in others if leg.keys.get("call_reference") == wanted), None)

    def _identity_asked(self, event: IdentityRequest, seen: Seen) -> ObservedTransfer | None:
        # RLT asks in every SETUP; elsewhere a call is named only when it is about to be transferred.
        if seen.leg.state > LegState.SETUP:
            self._asked_identity[seen.leg.key, seen.invoker, seen.transaction] = event, seen
        return self._by_leg.get(seen.leg.key)

    def _identity_refused(self, event: TransferOutcome, seen: Seen) -> ObservedTransfer | None:
        """A transfer that ended before it was asked for: the secondary call got no name."""
        found = self._asked_identity.pop((seen.leg.key, seen.invoker, seen.transaction), None)
        if found is None or event.outcome is Outcome.SUCCEEDED:
            return None
        request, asked = found
        transfer = self._new(TransferKind.ATTENDED, asked.leg.other_end(asked.side), asked)
        transfer.transferee = ""
        transfer.note(asked.frame)
        transfer.story.append((asked, request))
        return transfer

    def _identity(self, event: IdentityGranted, seen: Seen) -> ObservedTransfer | None:
        self._granted[seen.leg.link, event.identity] = seen.leg
        self._asked_identity.pop((seen.leg.key, seen.invoker, seen.transaction), None)
        return self._by_leg.get(seen.leg.key)

    # The call that the transfer triggers

    def _await_target(self, transfer: ObservedTransfer) -> None:
        if transfer.target_key:
            self._awaiting_target[common_ending(transfer.target_key)].append(transfer)

    def awaits(self, asked_for: str) -> bool:
        """Whether a call to `asked_for` might be one that a transfer triggers."""
        return common_ending(address_key(asked_for)) in self._awaiting_target

    def leg_started(self, leg: Leg, asked_for: str, frame: int) -> None:
        """A new call to `asked_for` (Request-URI, called number, destination alias): is it one that we await?"""
        key = address_key(asked_for)
        transfer = self._claimant(key, leg)
        if transfer is None:
            return
        exact = transfer.target.partition("?")[0] == asked_for
        same_protocol = transfer.first.protocol is leg.protocol
        if transfer.kind is TransferKind.REDIRECT:
            evidence = "redirection target"
        elif exact:
            evidence = "Refer-To" if leg.protocol is SignallingProtocol.SIP else "target address"
        else:
            evidence = "target address" if same_protocol else "numbers and time"
        self._take_target(transfer, leg, evidence, frame)

    def _claimant(self, key: str, leg: Leg) -> ObservedTransfer | None:
        ending = common_ending(key)
        waiting = self._awaiting_target.get(ending)
        if waiting is None:
            return None
        while waiting and leg.started - waiting[0].requested > TRIGGERED_CALL_WITHIN:
            waiting.popleft()
        if not waiting:
            del self._awaiting_target[ending]
        fitting = (transfer for transfer in reversed(waiting) if may_claim(transfer, leg))
        return next((each for each in fitting if same_address(each.target_key, key)), None)

    def _take_target(self, transfer: ObservedTransfer, leg: Leg, evidence: str, frame: int) -> None:
        transfer.link(leg, "target", evidence)
        self._by_leg[leg.key] = transfer
        self.calls_in_transfer[leg.key] = transfer
        transfer.note(frame)

    def _setup(self, event: TransferSetup, seen: Seen) -> ObservedTransfer | None:
        transfer = self._by_leg.get(seen.leg.key) or self._asked_with(event, seen)
        if transfer is None:
            transfer = self._seen_at_target(event, seen)
        evidence = "Referred-By" if event.consultation is None else CONSULTATION_NAMES[type(event.consultation)]
        self._take_target(transfer, seen.leg, evidence, seen.frame)
        if seen.transaction:
            self._by_setup[seen.leg.key, seen.transaction] = transfer
        return transfer

    def _asked_with(self, event: TransferSetup, seen: Seen) -> ObservedTransfer | None:
        """The transfer whose request named the same secondary call, or came from the same transferor just now."""
        if event.consultation is not None:
            return self._by_consultation.get(event.consultation)
        referred = address_key(address_of(event.transferor))
        for before in reversed(self.transfers):
            if seen.time - before.requested > SAME_TRANSFER_WITHIN:
                return None
            pending = before.outcome is Outcome.PENDING and before.linked("target") is None
            if pending and same_address(referred, address_key(before.transferor)):
                return before
        return None

    def _seen_at_target(self, event: TransferSetup, seen: Seen) -> ObservedTransfer:
        kind = TransferKind.BLIND if event.consultation is None else TransferKind.ATTENDED
        transfer = self._new(kind, seen.leg.other_end(seen.side), seen)
        transfer.transferor = address_of(event.transferor)
        transfer.transferee = seen.leg.own_end(seen.side)
        transfer.notify = False
        if event.consultation is not None:
            replaced, evidence = self._secondary(event.consultation, seen)
            if replaced is not None:
                transfer.link(replaced, "consultation", evidence)
        transfer.legs[0].role = "target"
        return transfer

    # Answers

    def _progress(self, event: TransferProgress, seen: Seen) -> ObservedTransfer | None:
        transfer = self._find(seen)
        if transfer is not None and 200 <= event.status < 300 and asked_here(transfer, seen):
            transfer.accepted = transfer.accepted if transfer.accepted is not None else seen.time
        return transfer

    def _outcome(self, event: TransferOutcome, seen: Seen) -> ObservedTransfer | None:
        setup = self._by_setup.get((seen.leg.key, seen.transaction))
        if setup is not None:
            return setup
        transfer = self._find(seen) or self._identity_refused(event, seen)
        if transfer is not None and asked_here(transfer, seen):
            transfer.error = transfer.error or event.error
            transfer.settle(outcome_of(event, transfer), seen.time, *self._status_and_cause(event))
        return transfer

    def _status_and_cause(self, event: TransferOutcome) -> tuple[int | None, Cause | None]:
        if event.outcome is Outcome.SUCCEEDED:
            return event.status or 200, event.cause or NORMAL_CLEARING
        if event.cause is not None or event.status is None:
            return event.status, event.cause
        return event.status, Cause(int(self._causes().sip_to_q850(event.status).code))

    def _find(self, seen: Seen) -> ObservedTransfer | None:
        """By the number of the request; a NOTIFY without id speaks of the oldest one still open (RFC 3515 2.4.6)."""
        if seen.transaction:
            return self._by_request.get((seen.leg.key, seen.invoker, seen.transaction))
        asked = self._by_dialog.get((seen.leg.key, seen.invoker), [])
        still_open = (transfer for transfer in asked if transfer.outcome is Outcome.PENDING)
        return next(still_open, asked[-1] if asked else self._by_leg.get(seen.leg.key))

    def _alongside(self, _event: TransferEvent, seen: Seen) -> ObservedTransfer | None:
        return self._by_leg.get(seen.leg.key)

    def _party_update(self, event: PartyUpdate, seen: Seen) -> ObservedTransfer | None:
        known = self._by_leg.get(seen.leg.key) or self._joined_with(event, seen)
        if known is None:
            if seen.leg.protocol is SignallingProtocol.SIP:
                return None
            known = self._new(TransferKind.JOIN, address_of(event.party), seen)
        elif known.first is not seen.leg and known.kind is TransferKind.JOIN:
            known.link(seen.leg, "consultation", "both ends of one join")
            self._by_leg[seen.leg.key] = known
            if not known.target:
                known.name_target(seen.leg.other_end(seen.side))
        if known.kind is TransferKind.JOIN:
            self._settle_join(known, event, seen)
        return known

    def _joined_with(self, event: PartyUpdate, seen: Seen) -> ObservedTransfer | None:
        """The join that told its other end a moment ago (ISO 13869: callTransferComplete goes to both ends)."""
        for before in reversed(self.transfers):
            if seen.time - before.requested > SAME_TRANSFER_WITHIN:
                return None
            fits = before.kind is TransferKind.JOIN and before.first.link == seen.leg.link and len(before.legs) == 1
            if fits and event.end in (None, EndDesignation.SECONDARY, EndDesignation.PRIMARY):
                return before
        return None

    def _settle_join(self, transfer: ObservedTransfer, event: PartyUpdate, seen: Seen) -> None:
        answered = event.status is CallStatus.ANSWERED or event.stage is Stage.ACTIVE
        if answered or all(linked.leg.state >= LegState.ANSWERED for linked in transfer.legs):
            transfer.settle(Outcome.SUCCEEDED, seen.time, 200, NORMAL_CLEARING)

    def _redirection(self, event: Redirection, seen: Seen) -> ObservedTransfer:
        known = self._by_request.get((seen.leg.key, seen.invoker, seen.transaction))
        if known is not None:
            return known
        transfer = self._new(TransferKind.REDIRECT, address_of(event.target), seen)
        transfer.notify = False
        self._await_target(transfer)
        self._by_request[seen.leg.key, seen.invoker, seen.transaction] = transfer
        return transfer

    # The lives of the legs

    def leg_answered(self, leg: Leg, time: float, frame: int) -> None:
        """The called party of `leg` answered."""
        self.legs.answer(leg, time)
        transfer = self.calls_in_transfer.get(leg.key)
        if transfer is not None:
            transfer.note(frame)
            if not transfer.notify:
                transfer.settle(Outcome.SUCCEEDED, time, 200, NORMAL_CLEARING)

    def leg_released(
        self, leg: Leg, time: float, frame: int, cause: Cause | None = None, status: int | None = None
    ) -> None:
        """`leg` is cleared: by a failure `status` or `cause` before the answer, or by its end after it."""
        was = leg.state
        self.legs.release(leg, time, cause)
        transfer = self._by_leg.get(leg.key)
        if transfer is None or was is LegState.RELEASED:
            return
        transfer.note(frame)
        if leg.key in self.calls_in_transfer and was < LegState.ANSWERED and not transfer.notify:
            transfer.settle(Outcome.FAILED, time, status, cause)
        elif leg.protocol is SignallingProtocol.ISDN and cause == NORMAL_CLEARING:
            self._success_by_clearing(transfer, time)

    def _success_by_clearing(self, transfer: ObservedTransfer, time: float) -> None:
        """Both calls of the served user cleared normally without a result: that is the result (RLT, AT&T, ECT)."""
        served = [linked.leg for linked in transfer.legs if linked.role in ("first", "consultation")]
        asked = transfer.kind in (TransferKind.ATTENDED, TransferKind.SEMI_ATTENDED)
        if asked and len(served) == 2 and all(leg.state is LegState.RELEASED for leg in served):
            transfer.settle(Outcome.SUCCEEDED, time, 200, NORMAL_CLEARING)

    def finish(self) -> None:
        """The recording is over: what was never reported is judged by the call that it triggered."""
        for transfer in self.transfers:
            target = transfer.linked("target")
            if transfer.outcome is not Outcome.PENDING or target is None:
                continue
            if target.answered is not None:
                transfer.settle(Outcome.SUCCEEDED, max(target.answered, transfer.requested), 200, NORMAL_CLEARING)
            elif target.released is not None:
                transfer.settle(Outcome.FAILED, max(target.released, transfer.requested), None, target.cause)
