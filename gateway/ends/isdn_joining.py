"""Two calls that we have joined are handed to the network they both go over, which then needs neither of us.

We are the user here: EctLinkIdRequest and ExplicitEctExecute (EN 300 369-1 §9.2.2), initiateTransfer (GR-2865),
RLT_THIRD_PARTY (NIS A211-1). The calls are joined here before anything is asked of the network, and stay so when it
refuses or keeps silent: no call is lost, and none is made twice. Success is a result, or that the network clears.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from gateway.isdn.side import Side
from gateway.model.call import NORMAL
from gateway.model.legs import IsdnCall as CallOnTheWire
from gateway.model.timers import Timer
from gateway.model.transfer import (
    CallReference,
    Consultation,
    IdentityGranted,
    IdentityRequest,
    LinkId,
    Outcome,
    RltCallId,
    TransferKind,
    TransferOutcome,
    TransferRequest,
)

if TYPE_CHECKING:
    from gateway.ends.isdn_leg import IsdnLeg
    from gateway.ends.isdn_services import IsdnServices

T_RESPONSE = 4.0
"""Seconds that an answer to an invoke may take (EN 300 369-1 §15: T1, T2)."""
T_CLEARING = 5.0
"""Seconds after a result in which the network clears; then we do."""
_FLAG = 0x8000


class State(StrEnum):
    """What is awaited: the name of the second call, the answer to the join, the network's clearing."""

    NAMING = "naming"
    JOINING = "joining"
    CLEARING = "clearing"
    OVER = "over"


class Input(StrEnum):
    """What happens."""

    NAMED = "named"
    DONE = "result"
    FAILED = "error or reject"
    SILENCE = "no answer"
    LEFT = "a call is over"


class Action(StrEnum):
    """What is done about it."""

    IGNORE = "ignore"
    JOIN = "ask for the join"
    AWAIT = "await the clearing"
    STAY = "stay joined here"
    CLEAR = "clear both"
    SUCCEED = "the network has them"
    STOP = "stop"


_S, _I, _A = State, Input, Action

_ROWS: dict[State, dict[Input, tuple[Action, State]]] = {
    _S.NAMING: {
        _I.NAMED: (_A.JOIN, _S.JOINING),
        _I.FAILED: (_A.STAY, _S.OVER),
        _I.SILENCE: (_A.STAY, _S.OVER),
        _I.LEFT: (_A.STOP, _S.OVER),
    },
    _S.JOINING: {
        _I.DONE: (_A.AWAIT, _S.CLEARING),
        _I.FAILED: (_A.STAY, _S.OVER),
        _I.SILENCE: (_A.STAY, _S.OVER),
        _I.LEFT: (_A.SUCCEED, _S.OVER),
    },
    _S.CLEARING: {
        _I.SILENCE: (_A.CLEAR, _S.OVER),
        _I.LEFT: (_A.SUCCEED, _S.OVER),
    },
    _S.OVER: {},
}

TABLE: dict[tuple[State, Input], tuple[Action, State]] = {
    **{(state, each): (_A.IGNORE, state) for state in State for each in Input},
    **{(state, each): cell for state, row in _ROWS.items() for each, cell in row.items()},
}


class Procedure(NamedTuple):
    """How a family of operations joins: the operation that names the second call, if any, and the one that joins."""

    names: str
    joins: str


PROCEDURES = {
    "etsi": Procedure("EctLinkIdRequest", "ExplicitEctExecute"),
    "ni2": Procedure("", "initiateTransfer"),
    "dms100": Procedure("", "RLT_THIRD_PARTY"),
}


class Joining:
    """Two calls on their way into the network."""

    __slots__ = ("first", "invoked", "second", "state", "timer")

    def __init__(self, first: "IsdnLeg", second: "IsdnLeg") -> None:
        self.first = first
        self.second = second
        self.state = State.JOINING
        self.timer: Timer | None = None
        self.invoked: dict[int, tuple[IsdnLeg, str]] = {}


class IsdnJoinings:
    """What is under way on one trunk. `names` are the numbers that the network gave to calls (RLT)."""

    def __init__(self, services: "IsdnServices") -> None:
        self._services = services
        self._line = services.line
        self._of: dict[IsdnLeg, Joining] = {}
        self.names: dict[IsdnLeg, int] = {}

    def begin(self, first: "IsdnLeg", second: "IsdnLeg", now: float) -> bool:
        """Whether the network is asked, or is being asked already, to join these two."""
        if first in self._of:
            return self._of[first] is self._of.get(second)
        procedure = PROCEDURES.get(self._line.variant.operations)
        if procedure is None or not self._may(first, second):
            return False
        joining = Joining(first, second)
        self._of[first] = self._of[second] = joining
        if procedure.names:
            self._enter(joining, State.NAMING, now)
            self._invoke(joining, second, IdentityRequest(), procedure.names, now)
        else:
            self._ask(joining, self._name_of(second), now)
        return True

    def _may(self, first: "IsdnLeg", second: "IsdnLeg") -> bool:
        """Only a user asks the network, for answered calls of one D channel; RLT for those that have a callId."""
        line = self._line
        wants = line.settings.native and line.side is Side.USER and first.line is second.line is line
        up = first.call.is_active and second.call.is_active
        return wants and up and (line.variant.operations != "dms100" or second in self.names)

    def _name_of(self, leg: "IsdnLeg") -> Consultation:
        if self._line.variant.operations == "dms100":
            return RltCallId(self.names[leg])
        # As it stands in our messages on that call.
        return CallReference(leg.call.call_reference | (0 if leg.call.is_originating else _FLAG))

    # --- what the network says ---

    def named(self, leg: "IsdnLeg", event: IdentityGranted, now: float) -> None:
        """A name for a call: of a SETUP of ours (RLT), or the one that was just asked for."""
        if isinstance(event.identity, RltCallId):
            self.names[leg] = event.identity.value
        elif isinstance(event.identity, LinkId) and leg in self._of:
            self._happen(self._of[leg], Input.NAMED, now, event.identity)

    def answered(self, leg: "IsdnLeg", event: TransferOutcome, now: float) -> None:
        """ReturnResult, ReturnError or Reject of an invoke of ours."""
        joining = self._of.get(leg)
        if joining is not None and event.invoke_id in joining.invoked:
            del joining.invoked[event.invoke_id]
            done = event.outcome is Outcome.SUCCEEDED
            self._happen(joining, Input.DONE if done else Input.FAILED, now)

    def left(self, leg: "IsdnLeg", now: float) -> None:
        """The call is over."""
        self.names.pop(leg, None)
        joining = self._of.get(leg)
        if joining is not None:
            self._happen(joining, Input.LEFT, now)

    def pending(self, leg: "IsdnLeg") -> Mapping[int, str]:
        """Invokes of ours that are not answered."""
        joining = self._of.get(leg)
        invoked = joining.invoked if joining is not None else {}
        return {number: name for number, (_, name) in invoked.items()}

    # --- inside ---

    def _happen(self, joining: Joining, input: Input, now: float, name: Consultation | None = None) -> None:
        action, state = TABLE[joining.state, input]
        if action is Action.IGNORE:
            return
        self._enter(joining, state, now)
        if action is Action.JOIN and name is not None:
            self._ask(joining, name, now)
        elif action is Action.CLEAR:
            self._clear(joining, now)
        if state is State.OVER:
            self._of.pop(joining.first, None)
            self._of.pop(joining.second, None)
        self._log(joining, action)

    def _ask(self, joining: Joining, name: Consultation, now: float) -> None:
        self._enter(joining, State.JOINING, now)
        request = TransferRequest(TransferKind.ATTENDED, consultation=name)
        operation = PROCEDURES[self._line.variant.operations].joins
        self._invoke(joining, joining.first, request, operation, now)

    def _invoke(
        self, joining: Joining, leg: "IsdnLeg", event: IdentityRequest | TransferRequest, operation: str, now: float
    ) -> None:
        number = self._services.invoke(leg, event, now)
        if number is not None:
            joining.invoked[number] = leg, operation
        else:
            self._happen(joining, Input.FAILED, now)

    def _enter(self, joining: Joining, state: State, now: float) -> None:
        timers = self._line.timers
        timers.stop(joining.timer)
        joining.state = state
        joining.timer = None
        if state is not State.OVER:
            seconds = T_CLEARING if state is State.CLEARING else T_RESPONSE
            joining.timer = timers.start(now + seconds, lambda then: self._happen(joining, Input.SILENCE, then))

    def _clear(self, joining: Joining, now: float) -> None:
        """The network has joined them and leaves it to us to clear."""
        leg = joining.first
        owner = leg.owner
        leg.clear(NORMAL, now)
        owner.cleared(leg, NORMAL, now)

    def _log(self, joining: Joining, action: Action) -> None:
        legs = {"first": joining.first.id, "second": joining.second.id}
        self._line.end.observer.log("isdn.joining", trunk=self._line.name, action=action.value, **legs)


def on_the_wire(leg: "IsdnLeg", octets: int) -> CallOnTheWire:
    """The leg's call as the dialects know it."""
    return CallOnTheWire(leg.call.call_reference, leg.call.is_originating, octets)
