"""A request of ours that waits for its response: the outgoing side of several procedures of H.245.

Capability exchange (C.3, T101), request to close a channel (C.6, T108), round trip delay (C.8, T105) are alike in it.
"""

from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """As in H.245 C.3.3.3 and its kin."""

    IDLE = "idle"
    AWAITING_RESPONSE = "awaiting response"


class Input(StrEnum):
    """REQUEST is ours. Responses to another request than the last one are STALE."""

    REQUEST = "request"
    ACKNOWLEDGED = "acknowledgement"
    REJECTED = "reject"
    STALE = "response to an earlier request"
    EXPIRED = "timer"


class Action(StrEnum):
    """What is done; WITHDRAW tells the peer that nobody waits any more (by the procedure's Release, if any)."""

    IGNORE = "ignore"
    SEND = "send"
    SUCCEED = "succeed"
    FAIL = "fail"
    WITHDRAW = "withdraw and fail"


class Row(NamedTuple):
    """What is done and the state thereafter; the timer runs while a response is awaited."""

    action: Action
    state: State


_S, _I, _A = State, Input, Action

TABLE: dict[tuple[State, Input], Row] = {
    (_S.IDLE, _I.REQUEST): Row(_A.SEND, _S.AWAITING_RESPONSE),
    (_S.IDLE, _I.ACKNOWLEDGED): Row(_A.IGNORE, _S.IDLE),
    (_S.IDLE, _I.REJECTED): Row(_A.IGNORE, _S.IDLE),
    (_S.IDLE, _I.STALE): Row(_A.IGNORE, _S.IDLE),
    (_S.IDLE, _I.EXPIRED): Row(_A.IGNORE, _S.IDLE),
    # What is asked now is what counts; the response to what was asked before is stale when it comes.
    (_S.AWAITING_RESPONSE, _I.REQUEST): Row(_A.SEND, _S.AWAITING_RESPONSE),
    (_S.AWAITING_RESPONSE, _I.ACKNOWLEDGED): Row(_A.SUCCEED, _S.IDLE),
    (_S.AWAITING_RESPONSE, _I.REJECTED): Row(_A.FAIL, _S.IDLE),
    (_S.AWAITING_RESPONSE, _I.STALE): Row(_A.IGNORE, _S.AWAITING_RESPONSE),
    (_S.AWAITING_RESPONSE, _I.EXPIRED): Row(_A.WITHDRAW, _S.IDLE),
}
