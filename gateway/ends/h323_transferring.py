"""We are the transferring endpoint of H.450.2: the peers of two calls are asked to talk to each other without us.

callTransferIdentify goes to the transferred-to endpoint where it has been consulted, callTransferInitiate with its
answer to the transferred one (H.450.2 clause 7). What is asked for stays undecided until the answer has come or its
timer has run out, so that no call is made twice.
"""

from enum import StrEnum
from typing import TYPE_CHECKING

from gateway.h323.call_contents import Contents
from gateway.interworking import rose_errors
from gateway.model.call import NORMAL, Clearing
from gateway.model.causes import Cause
from gateway.model.errors import GatewayError
from gateway.model.parties import Party
from gateway.model.timers import Timer
from gateway.model.transfer import (
    CallIdentity,
    IdentityAbandoned,
    IdentityGranted,
    IdentityRequest,
    Outcome,
    TransferEvent,
    TransferKind,
    TransferOutcome,
    TransferRequest,
)

if TYPE_CHECKING:
    from gateway.ends.h323_leg import H323Leg
    from gateway.ends.h323_services import H323Services

_FINAL = "none"
_SILENCE = TransferOutcome(Outcome.REFUSED, 501, cause=Cause(102))
_LEFT = TransferOutcome(Outcome.FAILED, 487, cause=Cause(16))
_UNABLE = TransferOutcome(Outcome.REFUSED, 501, cause=Cause(29))
_DONE = TransferOutcome(Outcome.SUCCEEDED, 200)


class State(StrEnum):
    """The states of H.450.2 at the transferring endpoint."""

    IDENTIFYING = "CT-Await-Identify-Response"
    INITIATING = "CT-Await-Initiate-Response"
    OVER = "CT-Idle"


class Input(StrEnum):
    """What can happen. REPLACED: the primary call was cleared as one that has been forwarded."""

    NAMED = "callTransferIdentify result"
    DONE = "callTransferInitiate result"
    FAILED = "error or reject"
    SILENCE = "timer"
    PRIMARY_LEFT = "primary call cleared"
    REPLACED = "primary call replaced"
    SECONDARY_LEFT = "secondary call cleared"


class Action(StrEnum):
    """What is done about it."""

    IGNORE = "ignore"
    INITIATE = "callTransferInitiate"
    SUCCEED = "both calls are released"
    FAIL = "fail"
    ABANDON = "callTransferAbandon, fail"


_S, _I, _A = State, Input, Action

_ROWS: dict[State, dict[Input, tuple[Action, State]]] = {
    _S.IDENTIFYING: {
        _I.NAMED: (_A.INITIATE, _S.INITIATING),
        _I.FAILED: (_A.FAIL, _S.OVER),
        _I.SILENCE: (_A.ABANDON, _S.OVER),
        _I.PRIMARY_LEFT: (_A.ABANDON, _S.OVER),
        _I.REPLACED: (_A.ABANDON, _S.OVER),
        _I.SECONDARY_LEFT: (_A.FAIL, _S.OVER),
    },
    _S.INITIATING: {
        _I.DONE: (_A.SUCCEED, _S.OVER),
        _I.FAILED: (_A.ABANDON, _S.OVER),
        _I.SILENCE: (_A.ABANDON, _S.OVER),
        _I.PRIMARY_LEFT: (_A.ABANDON, _S.OVER),
        _I.REPLACED: (_A.SUCCEED, _S.OVER),
    },
    _S.OVER: {},
}
"""A secondary call that goes while callTransferInitiate is out has been replaced: its result is still to come."""

TABLE: dict[tuple[State, Input], tuple[Action, State]] = {
    **{(state, each): (_A.IGNORE, state) for state in State for each in Input},
    **{(state, each): cell for state, row in _ROWS.items() for each, cell in row.items()},
}

TIMERS = {State.IDENTIFYING: "ct_t1", State.INITIATING: "ct_t3"}
"""The timer of each state, by its key in gateway.yaml."""


class Transferring:
    """One transfer that is asked of the peers. `secondary` is the consultation call, if there was one; `lost` is how
    it ended in the meantime.
    """

    __slots__ = ("lost", "named", "primary", "secondary", "state", "target", "timer")

    def __init__(self, primary: "H323Leg", secondary: "H323Leg | None", target: Party | None) -> None:
        self.primary = primary
        self.secondary = secondary
        self.target = target
        self.named = CallIdentity("")
        self.lost: Clearing | None = None
        self.state = State.IDENTIFYING if secondary is not None else State.INITIATING
        self.timer: Timer | None = None


class H323Transferring:
    """What is under way with primary calls on one trunk."""

    def __init__(self, services: "H323Services") -> None:
        self._services = services
        self._line = services.line
        self._running: dict[H323Leg, Transferring] = services.line.end.transferring

    def refer(self, primary: "H323Leg", target: Party | None, now: float) -> None:
        """Sends the peer to a target. `transfer_outcome` follows, never before this returns."""
        reachable = self._line.parties.reachable(target) if target is not None else None
        if reachable is None or not self._line.settings.native or primary in self._running or not primary.answered:
            self._line.timers.start(now, lambda then: primary.owner.transfer_outcome(primary, _UNABLE, then))
            return
        running = self._running[primary] = Transferring(primary, None, reachable)
        self._initiate(running, now)

    def join(self, primary: "H323Leg", secondary: "H323Leg | None", now: float) -> None:
        """Has the two peers joined. `join_outcome` follows, never before this returns."""
        legs = (primary, secondary)
        if secondary is None or any(each in self._running or each is None or each.gone for each in legs):
            self._line.timers.start(now, lambda then: primary.owner.join_outcome(primary, _UNABLE, then))
            return
        running = Transferring(primary, secondary, None)
        self._running[primary] = self._running[secondary] = running
        self._ask(running, secondary, IdentityRequest(), now)

    def _initiate(self, running: Transferring, now: float) -> None:
        kind = TransferKind.ATTENDED if running.named.digits.strip() else TransferKind.BLIND
        identity = running.named if kind is TransferKind.ATTENDED else None
        self._ask(running, running.primary, TransferRequest(kind, running.target, identity), now)

    def _ask(self, running: Transferring, leg: "H323Leg", event: TransferEvent, now: float) -> None:
        """One invoke, and its timer."""
        running.timer = self._line.timers.start(
            now + getattr(self._line.settings, TIMERS[running.state]),
            lambda then: self._step(running, Input.SILENCE, then, _SILENCE),
        )
        services = leg.line.services
        try:
            made = leg.line.as_profiled(services.draft(event))
        except GatewayError:
            self._line.timers.start(now, lambda then: self._step(running, Input.FAILED, then, _UNABLE))
            return
        apdu = services.invoked(leg, made, lambda answer, then: self._heard(running, answer, then))
        leg.facility(Contents(apdus=(apdu,)), now)

    def _heard(self, running: Transferring, answer: TransferOutcome | IdentityGranted, now: float) -> None:
        if isinstance(answer, IdentityGranted):
            running.target = answer.target
            running.named = answer.identity if isinstance(answer.identity, CallIdentity) else CallIdentity("")
            self._step(running, Input.NAMED, now)
        elif answer.outcome is Outcome.SUCCEEDED:
            self._step(running, Input.DONE, now)
        else:
            self._step(running, Input.FAILED, now, self._failure(answer))

    def _failure(self, answer: TransferOutcome) -> TransferOutcome:
        """What the error says to the transferor; one after which another way may be tried reads as a refusal."""
        if rose_errors.failure(answer.error, "h4502", answer.rejected).fallback != _FINAL:
            return _UNABLE
        completed = self._line.causes.complete(answer, "sip", "h4502")
        return completed if isinstance(completed, TransferOutcome) else answer

    def left(self, leg: "H323Leg", clearing: Clearing, now: float, *, replaced: bool = False) -> bool:
        """The leg's peer has cleared it; `replaced`: it said that the call was forwarded. True when nobody is to be
        told yet: the other end of the transfer still has its word to say.
        """
        running = self._running.get(leg)
        if running is None:
            return False
        if leg is running.primary:
            self._step(running, Input.REPLACED if replaced else Input.PRIMARY_LEFT, now, _LEFT)
            return False
        if running.state is State.INITIATING:
            running.lost = clearing
            return True
        self._step(running, Input.SECONDARY_LEFT, now, _LEFT)
        return False

    def forget(self, leg: "H323Leg", now: float) -> None:
        """The leg is over, from whichever side; nobody is told any more."""
        running = self._running.get(leg)
        if running is not None and not (leg is running.secondary and running.lost is not None):
            self._line.timers.stop(running.timer)
            running.state = State.OVER
            self._close(running)

    def _step(self, running: Transferring, input: Input, now: float, why: TransferOutcome = _UNABLE) -> None:
        action, state = TABLE[running.state, input]
        if action is Action.IGNORE:
            return
        running.state = state
        self._line.timers.stop(running.timer)
        if action is Action.INITIATE:
            self._initiate(running, now)
            return
        self._close(running)
        self._line.log("h323.transfer", running.primary, heard=input.value, done=action.value)
        secondary = running.secondary
        if action is Action.ABANDON and secondary is not None and not secondary.gone:
            secondary.line.services.say(secondary, IdentityAbandoned(), now)
        self._tell(running, _DONE if action is Action.SUCCEED else why, now)

    def _tell(self, running: Transferring, outcome: TransferOutcome, now: float) -> None:
        primary, secondary = running.primary, running.secondary
        if secondary is None:
            primary.owner.transfer_outcome(primary, outcome, now)
            return
        if outcome.outcome is Outcome.SUCCEEDED:
            for leg in (primary, secondary):
                leg.clear(NORMAL, now)
        owner = secondary.owner
        primary.owner.join_outcome(primary, outcome, now)
        if outcome.outcome is not Outcome.SUCCEEDED and running.lost is not None:
            owner.cleared(secondary, running.lost, now)

    def _close(self, running: Transferring) -> None:
        for leg in (running.primary, running.secondary):
            if leg is not None and self._running.get(leg) is running:
                del self._running[leg]
                leg.line.services.give_up(leg)
