"""An endpoint's registration with its gatekeeper (H.323 7.2.1, 7.2.2)."""

from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """REFRESHING: registered, a keep-alive is under way. WAITING: nobody would have us; it is tried again later."""

    STOPPED = "stopped"
    DISCOVERING = "discovering"
    REGISTERING = "registering"
    REGISTERED = "registered"
    REFRESHING = "refreshing"
    WAITING = "waiting"


class Input(StrEnum):
    """FAILED: the gatekeeper refuses or is silent, and there is another to try; FAILED_LAST: there is none.

    FORGOTTEN: it does not know us any more and says so. DISMISSED: it unregistered us. DUE: the timer of the state.
    """

    START = "start"
    FOUND = "gatekeeperConfirm"
    CONFIRMED = "registrationConfirm"
    FAILED = "gatekeeper refuses or is silent, another is left"
    FAILED_LAST = "gatekeeper refuses or is silent, none is left"
    FORGOTTEN = "gatekeeper wants a full registration"
    DISMISSED = "unregistrationRequest"
    DUE = "timer"
    STOP = "stop"


class Action(StrEnum):
    """What is done; LOSE_… tells that the registration is lost before it does what follows in its name."""

    IGNORE = "ignore"
    DISCOVER = "discover"
    DISCOVER_NEXT = "discover the next"
    REGISTER = "register"
    ENJOY = "tell that we are registered"
    KEEP = "keep the registration"
    REFRESH = "send a keep-alive"
    WAIT = "wait"
    LOSE_AND_DISCOVER_NEXT = "lose, discover the next"
    LOSE_AND_DISCOVER = "lose, discover"
    LOSE_AND_REGISTER = "lose, register"
    UNREGISTER = "unregister"
    REST = "stop"


class Row(NamedTuple):
    """What is done and the state thereafter."""

    action: Action
    state: State


_S, _I, _A = State, Input, Action


def _ignored(state: State, *inputs: Input) -> dict[tuple[State, Input], Row]:
    return {(state, what): Row(_A.IGNORE, state) for what in inputs}


TABLE: dict[tuple[State, Input], Row] = {
    (_S.STOPPED, _I.START): Row(_A.DISCOVER, _S.DISCOVERING),
    **_ignored(_S.STOPPED, *(what for what in Input if what is not _I.START)),
    (_S.DISCOVERING, _I.FOUND): Row(_A.REGISTER, _S.REGISTERING),
    (_S.DISCOVERING, _I.FAILED): Row(_A.DISCOVER_NEXT, _S.DISCOVERING),
    (_S.DISCOVERING, _I.FAILED_LAST): Row(_A.WAIT, _S.WAITING),
    (_S.DISCOVERING, _I.STOP): Row(_A.REST, _S.STOPPED),
    **_ignored(_S.DISCOVERING, _I.START, _I.CONFIRMED, _I.FORGOTTEN, _I.DISMISSED, _I.DUE),
    (_S.REGISTERING, _I.CONFIRMED): Row(_A.ENJOY, _S.REGISTERED),
    (_S.REGISTERING, _I.FAILED): Row(_A.DISCOVER_NEXT, _S.DISCOVERING),
    (_S.REGISTERING, _I.FAILED_LAST): Row(_A.WAIT, _S.WAITING),
    # It has just been told all: to ask it again at once would go round in circles.
    (_S.REGISTERING, _I.FORGOTTEN): Row(_A.WAIT, _S.WAITING),
    (_S.REGISTERING, _I.STOP): Row(_A.REST, _S.STOPPED),
    **_ignored(_S.REGISTERING, _I.START, _I.FOUND, _I.DISMISSED, _I.DUE),
    (_S.REGISTERED, _I.DUE): Row(_A.REFRESH, _S.REFRESHING),
    (_S.REGISTERED, _I.FAILED): Row(_A.LOSE_AND_DISCOVER_NEXT, _S.DISCOVERING),
    (_S.REGISTERED, _I.FAILED_LAST): Row(_A.LOSE_AND_DISCOVER, _S.DISCOVERING),
    (_S.REGISTERED, _I.FORGOTTEN): Row(_A.LOSE_AND_REGISTER, _S.REGISTERING),
    (_S.REGISTERED, _I.DISMISSED): Row(_A.LOSE_AND_DISCOVER, _S.DISCOVERING),
    (_S.REGISTERED, _I.STOP): Row(_A.UNREGISTER, _S.STOPPED),
    **_ignored(_S.REGISTERED, _I.START, _I.FOUND, _I.CONFIRMED),
    (_S.REFRESHING, _I.CONFIRMED): Row(_A.KEEP, _S.REGISTERED),
    (_S.REFRESHING, _I.FAILED): Row(_A.LOSE_AND_DISCOVER_NEXT, _S.DISCOVERING),
    (_S.REFRESHING, _I.FAILED_LAST): Row(_A.LOSE_AND_DISCOVER, _S.DISCOVERING),
    (_S.REFRESHING, _I.FORGOTTEN): Row(_A.LOSE_AND_REGISTER, _S.REGISTERING),
    (_S.REFRESHING, _I.DISMISSED): Row(_A.LOSE_AND_DISCOVER, _S.DISCOVERING),
    (_S.REFRESHING, _I.STOP): Row(_A.UNREGISTER, _S.STOPPED),
    **_ignored(_S.REFRESHING, _I.START, _I.FOUND, _I.DUE),
    (_S.WAITING, _I.DUE): Row(_A.DISCOVER, _S.DISCOVERING),
    (_S.WAITING, _I.STOP): Row(_A.REST, _S.STOPPED),
    **_ignored(_S.WAITING, _I.START, _I.FOUND, _I.CONFIRMED, _I.FAILED, _I.FAILED_LAST, _I.FORGOTTEN, _I.DISMISSED),
}
