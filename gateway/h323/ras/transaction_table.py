"""A RAS request of ours until it is answered (H.323 8.7: retries; H.225.0 7.19: RequestInProgress)."""

from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """IN_PROGRESS: the gatekeeper said that it takes longer."""

    TRYING = "trying"
    IN_PROGRESS = "in progress"
    DONE = "done"


class Input(StrEnum):
    """EXPIRED: no answer in time, and it may be sent again; EXHAUSTED: no more."""

    ANSWERED = "confirm or reject"
    IN_PROGRESS = "requestInProgress"
    EXPIRED = "timer"
    EXHAUSTED = "timer after the last attempt"


class Action(StrEnum):
    """What is done."""

    IGNORE = "ignore"
    SEND = "send again"
    WAIT = "wait for as long as was said"
    HAND_OVER = "hand the answer over"
    GIVE_UP = "say that none came"


class Row(NamedTuple):
    """What is done, and the state thereafter."""

    action: Action
    state: State


_S, _I, _A = State, Input, Action

TABLE: dict[tuple[State, Input], Row] = {
    (_S.TRYING, _I.ANSWERED): Row(_A.HAND_OVER, _S.DONE),
    (_S.TRYING, _I.IN_PROGRESS): Row(_A.WAIT, _S.IN_PROGRESS),
    (_S.TRYING, _I.EXPIRED): Row(_A.SEND, _S.TRYING),
    (_S.TRYING, _I.EXHAUSTED): Row(_A.GIVE_UP, _S.DONE),
    (_S.IN_PROGRESS, _I.ANSWERED): Row(_A.HAND_OVER, _S.DONE),
    (_S.IN_PROGRESS, _I.IN_PROGRESS): Row(_A.WAIT, _S.IN_PROGRESS),
    (_S.IN_PROGRESS, _I.EXPIRED): Row(_A.SEND, _S.TRYING),
    (_S.IN_PROGRESS, _I.EXHAUSTED): Row(_A.GIVE_UP, _S.DONE),
    **{(_S.DONE, what): Row(_A.IGNORE, _S.DONE) for what in Input},
}
