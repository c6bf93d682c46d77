"""Two calls that the network is asked to join: ECT, TBCT, RLT and QSIG's transfer by rerouteing.

The calls stay as they are until the network has answered, or has cleared them: a failure harms neither. What is asked
for and in which order, the hub decides (mappings/transfer_ladder.yaml).
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from gateway.ends.isdn_join_table import HOLD, TABLE, Action, Input, State
from gateway.interworking import rose_errors
from gateway.interworking.transfer_ladder import Service, ladder, share_signalling
from gateway.isdn.elements import CallState
from gateway.isdn.hold_table import HoldState
from gateway.isdn.side import Side
from gateway.model.call import Clearing
from gateway.model.causes import Cause
from gateway.model.timers import Timer
from gateway.model.transfer import (
    CallReference,
    Consultation,
    HeldCall,
    IdentityAbandoned,
    IdentityGranted,
    IdentityRequest,
    Outcome,
    RltCallId,
    TransferKind,
    TransferOutcome,
    TransferRequest,
)

if TYPE_CHECKING:
    from gateway.ends.isdn_end import IsdnEnd
    from gateway.ends.isdn_leg import IsdnLeg
    from gateway.ends.isdn_line import IsdnLine

_FLAG = 0x8000
_USUAL = Service()
_NORMAL = (16, 31)
"""Causes with which a network clears calls that it has joined."""
_CLEAR = Cause(16)
_LOOK = 0.5
"""Seconds between two looks whether a line is up again."""
_SUCCESS = TransferOutcome(Outcome.SUCCEEDED, 200)


class Procedure(NamedTuple):
    """How a service is asked for: the operations that name a call ("": none) and that join; on trunks of which kind.

    `holds`: the first call is held before. `across`: the calls may be on two trunks of a group. `rings`: the second
    one may ring.
    """

    operations: str
    names: str
    joins: str
    holds: bool = False
    across: bool = False
    rings: bool = False


PROCEDURES = {
    "ect-explicit": Procedure("etsi", "EctLinkIdRequest", "ExplicitEctExecute", across=True, rings=True),
    "ect-implicit": Procedure("etsi", "", "EctExecute", holds=True, rings=True),
    "tbct": Procedure("ni2", "", "initiateTransfer", rings=True),
    "rlt": Procedure("dms100", "", "RLT_THIRD_PARTY", across=True),
    "qsig-rerouteing": Procedure("qsig", "callTransferIdentify", "callTransferInitiate", across=True),
}
"""Services of mappings/transfer_ladder.yaml."""
TOLD_HERE = "qsig-join"
"""Both ends of two calls that are joined here are told of it: all that a QSIG network needs (ISO/IEC 13869)."""


class Joining:
    """Two calls on their way into the network. `left` are those that it has cleared, with what the hub has not been
    told yet; `invoked` our invokes that are not answered, by trunk and invokeId.
    """

    __slots__ = (
        *("failure", "first", "identity", "invoked", "left"),
        *("procedure", "second", "service", "state", "timer"),
    )

    def __init__(self, first: "IsdnLeg", second: "IsdnLeg", service: str) -> None:
        self.first = first
        self.second = second
        self.service = service
        self.procedure = PROCEDURES[service]
        self.state = State.OVER
        self.timer: Timer | None = None
        self.invoked: dict[tuple[str, int], str] = {}
        self.left: dict[IsdnLeg, Clearing] = {}
        self.identity: IdentityGranted | None = None
        self.failure = TransferOutcome(Outcome.FAILED)


class IsdnJoinings:
    """What is under way on all trunks. `names` are the numbers that the network gave to calls of ours (RLT)."""

    def __init__(self, end: "IsdnEnd") -> None:
        self._end = end
        self._of: dict[IsdnLeg, Joining] = {}
        self.names: dict[IsdnLeg, int] = {}

    # --- what can be asked for ---

    def services(self, first: "IsdnLeg", second: "IsdnLeg") -> frozenset[str]:
        """By which services the network can join the two."""
        if not self._can_be_asked(first, second):
            return frozenset()
        found = [name for name in PROCEDURES if self._bears(name, first, second)]
        if first.line.variant.symmetrical and second.line.variant.symmetrical and second.call.is_active:
            found.append(TOLD_HERE)
        return frozenset(found)

    def _offers(self, first: "IsdnLeg", second: "IsdnLeg", service: str) -> bool:
        return self._can_be_asked(first, second) and self._bears(service, first, second)

    def _can_be_asked(self, first: "IsdnLeg", second: "IsdnLeg") -> bool:
        one, other = first.line, second.line
        if not (one.settings.native and other.settings.native and _share(one, other)):
            return False
        over = first.gone or second.gone or first in self._of or second in self._of
        return first.call.is_active and not over

    def _bears(self, name: str, first: "IsdnLeg", second: "IsdnLeg") -> bool:
        procedure = PROCEDURES[name]
        return self._fits(procedure, first.line, second.line) and self._may(name, procedure, first, second)

    def _fits(self, procedure: Procedure, one: "IsdnLine", other: "IsdnLine") -> bool:
        """Only a user asks a network; on QSIG either side does."""
        if not one.variant.operations == other.variant.operations == procedure.operations:
            return False
        sides = all(each.side is Side.USER or each.variant.symmetrical for each in (one, other))
        return sides and (one.interface is other.interface or procedure.across)

    def _may(self, name: str, procedure: Procedure, first: "IsdnLeg", second: "IsdnLeg") -> bool:
        if procedure.holds and not (first.line.variant.hold and first.call.hold_state is HoldState.IDLE):
            return False
        if name == "rlt" and first not in self.names and second not in self.names:
            return False
        rings = procedure.rings and not second.incoming and second.call.state is CallState.CALL_DELIVERED
        return second.call.is_active or rings

    # --- asking ---

    def begin(self, first: "IsdnLeg", second: "IsdnLeg", service: str, now: float) -> None:
        """Asks the network; the owner of `first` hears what comes of it."""
        joining = Joining(first, second, service)
        if not self._offers(first, second, service):
            self._report(joining, now)
            return
        self._of[first] = self._of[second] = joining
        if joining.procedure.holds:
            self._enter(joining, State.HOLDING, now)
            if not first.call.hold(now):
                self._happen(joining, Input.FAILED, now)
        elif joining.procedure.names:
            self._enter(joining, State.NAMING, now)
            self._invoke(joining, second, IdentityRequest(), joining.procedure.names, now)
        else:
            self._enter(joining, State.JOINING, now)
            self._ask(joining, now)

    def _ask(self, joining: Joining, now: float) -> None:
        named, asked = joining.second, joining.first
        if joining.service == "rlt" and named not in self.names:
            named, asked = asked, named
        granted = joining.identity
        request = TransferRequest(
            TransferKind.ATTENDED, granted.target if granted else None, self._name(joining, named)
        )
        self._invoke(joining, asked, request, joining.procedure.joins, now)

    def _name(self, joining: Joining, leg: "IsdnLeg") -> Consultation:
        if joining.identity is not None:
            return joining.identity.identity
        if joining.service == "rlt":
            return RltCallId(self.names[leg])
        if joining.procedure.holds:
            return HeldCall()
        # As it stands in our messages on that call.
        return CallReference(leg.call.call_reference | (0 if leg.call.is_originating else _FLAG))

    def _invoke(
        self, joining: Joining, leg: "IsdnLeg", event: IdentityRequest | TransferRequest, operation: str, now: float
    ) -> None:
        number = leg.line.services.invoke(leg, event, now)
        if number is not None:
            joining.invoked[leg.line.name, number] = operation
        else:
            self._happen(joining, Input.FAILED, now)

    # --- what the network says ---

    def named(self, leg: "IsdnLeg", event: IdentityGranted, now: float) -> None:
        """A name for a call: of a SETUP of ours (RLT), or the one that was just asked for."""
        joining = self._of.get(leg)
        if isinstance(event.identity, RltCallId):
            self.names[leg] = event.identity.value
        elif joining is not None and self._is_answer(joining, leg, event.invoke_id):
            joining.identity = event
            self._happen(joining, Input.NAMED, now)

    def answered(self, leg: "IsdnLeg", event: TransferOutcome, now: float) -> bool:
        """ReturnResult, ReturnError or Reject of an invoke of ours; False when it is none for a join."""
        joining = self._of.get(leg)
        if joining is None or not self._is_answer(joining, leg, event.invoke_id):
            return False
        done = event.outcome is Outcome.SUCCEEDED
        if not done:
            joining.failure = event
        self._happen(joining, Input.DONE if done else Input.FAILED, now)
        return True

    def _is_answer(self, joining: Joining, leg: "IsdnLeg", invoke_id: int | None) -> bool:
        return invoke_id is not None and joining.invoked.pop((leg.line.name, invoke_id), None) is not None

    def held(self, leg: "IsdnLeg", refused: Cause | None, now: float) -> None:
        """The answer to a HOLD of ours."""
        joining = self._of.get(leg)
        if joining is not None:
            self._happen(joining, Input.FAILED if refused else Input.HELD, now)

    def retrieved(self, leg: "IsdnLeg", refused: Cause | None, now: float) -> None:
        """The answer to a RETRIEVE of ours."""
        joining = self._of.get(leg)
        if joining is not None:
            self._happen(joining, Input.FAILED if refused else Input.RETRIEVED, now)

    def left(self, leg: "IsdnLeg", cause: Cause, clearing: Clearing, now: float) -> bool:
        """The network has cleared the call. True: the hub is told in time, or never when both are the network's."""
        joining = self._of.get(leg)
        if joining is None:
            return False
        joining.left[leg] = clearing
        leg.over(now)
        self._happen(joining, Input.LEFT if cause.value in _NORMAL else Input.LOST, now)
        return True

    def forget(self, leg: "IsdnLeg", now: float) -> None:
        """The leg is over; unless the network has ended it, we have."""
        self.names.pop(leg, None)
        joining = self._of.get(leg)
        if joining is not None and leg not in joining.left:
            self._happen(joining, Input.WITHDRAWN, now)

    def holds(self, leg: "IsdnLeg") -> bool:
        """Whether the call is on hold for a join that is under way."""
        joining = self._of.get(leg)
        return joining is not None and joining.procedure.holds and leg is joining.first

    def recover(self, leg: "IsdnLeg", now: float) -> None:
        """It was put on hold for a join that a restart has ended: it is retrieved as soon as its line is up."""
        if leg.gone or leg.call.hold_state is not HoldState.HELD:
            return
        if leg.line.is_up:
            leg.call.retrieve(now)
        else:
            self._end.timers.start(now + _LOOK, lambda then: self.recover(leg, then))

    def pending(self, line: "IsdnLine") -> Mapping[int, str]:
        """Invokes of ours on a trunk that are not answered."""
        found: dict[int, str] = {}
        for joining in self._of.values():
            for (trunk, number), name in joining.invoked.items():
                if trunk == line.name:
                    found[number] = name
        return found

    # --- inside ---

    def _happen(self, joining: Joining, input: Input, now: float) -> None:
        action, state = TABLE[joining.state, input]
        if action is Action.IGNORE:
            return
        if input is Input.SILENCE:
            joining.failure = TransferOutcome(Outcome.FAILED, rose_errors.timeout().status)
        self._log(joining, input, action)
        self._enter(joining, state, now)
        if state is State.OVER:
            for leg in (joining.first, joining.second):
                if self._of.get(leg) is joining:
                    del self._of[leg]
        _ACTIONS[action](self, joining, now)

    def _enter(self, joining: Joining, state: State, now: float) -> None:
        timers = self._end.timers
        timers.stop(joining.timer)
        joining.state = state
        joining.timer = None
        seconds = self._seconds(joining.service, state)
        if seconds:
            joining.timer = timers.start(now + seconds, lambda then: self._happen(joining, Input.SILENCE, then))

    def _seconds(self, name: str, state: State) -> float:
        service = ladder(self._end.configuration.ladder).services.get(name, _USUAL)
        if state in (State.NAMING, State.JOINING):
            return service.response
        if state in (State.HALF, State.CLEARING):
            return service.clearing
        return HOLD if state in (State.HOLDING, State.RETRIEVING) else 0.0

    def _await(self, joining: Joining, now: float) -> None:
        """It is only the state that changes."""

    def _succeed(self, joining: Joining, now: float) -> None:
        """The hub has neither any more; their Q.931 calls are still to be cleared by the network."""
        first, second = joining.first, joining.second
        for leg in (first, second):
            self._of.pop(leg, None)
            if not leg.gone:
                leg.over(now)
        first.owner.join_outcome(first, _SUCCESS, now)

    def _undo(self, joining: Joining, now: float) -> None:
        first = joining.first
        if joining.identity is not None and joining.service == "qsig-rerouteing" and not joining.second.gone:
            joining.second.line.services.say(joining.second, IdentityAbandoned(), now)
        is_held = first not in joining.left and first.call.hold_state is HoldState.HELD
        if not (is_held and first.call.retrieve(now)):
            self._happen(joining, Input.RETRIEVED, now)

    def _fail(self, joining: Joining, now: float) -> None:
        """Whoever has left is told first: there is no next way for a call that is over."""
        for leg, clearing in joining.left.items():
            leg.owner.cleared(leg, clearing, now)
        if joining.first not in joining.left:
            self._report(joining, now)

    def _report(self, joining: Joining, now: float) -> None:
        """Events never come from within a request."""
        first = joining.first
        completed = first.line.causes.complete(joining.failure, "sip", first.line.services.dialect.name)
        assert isinstance(completed, TransferOutcome)
        self._end.timers.start(now, lambda then: first.owner.join_outcome(first, completed, then))

    def _clear(self, joining: Joining, now: float) -> None:
        """The network has joined them and leaves it to us to clear."""
        for leg in (joining.first, joining.second):
            leg.call.disconnect(_CLEAR, now)

    def _log(self, joining: Joining, input: Input, action: Action) -> None:
        fields = {"service": joining.service, "input": input.value, "action": action.value}
        legs = {"leg": joining.first.id, "second": joining.second.id}
        self._end.observer.log("isdn.joining", level="debug", trunk=joining.first.line.name, **fields, **legs)


_ACTIONS: Mapping[Action, Callable[[IsdnJoinings, Joining, float], None]] = {
    Action.ASK: IsdnJoinings._ask,
    Action.AWAIT: IsdnJoinings._await,
    Action.SUCCEED: IsdnJoinings._succeed,
    Action.UNDO: IsdnJoinings._undo,
    Action.FAIL: IsdnJoinings._fail,
    Action.CLEAR: IsdnJoinings._clear,
    Action.STOP: IsdnJoinings._await,
}


def _share(one: "IsdnLine", other: "IsdnLine") -> bool:
    return one.interface is other.interface or share_signalling(one.settings, other.settings)
