"""Master/slave determination (H.245 C.2): who decides when both want incompatible things at once."""

from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """As in H.245 C.2.3.3."""

    IDLE = "idle"
    OUTGOING = "outgoing, awaiting response"
    INCOMING = "incoming, awaiting response"


class Input(StrEnum):
    """START is ours; DETERMINED and IDENTICAL are the peer's masterSlaveDetermination by what comes of comparing it
    with ours; AGREED and CONTRARY its acknowledgement by whether it says what we found (when we have found nothing
    yet, any is AGREED).
    """

    START = "start"
    DETERMINED = "masterSlaveDetermination"
    IDENTICAL = "masterSlaveDetermination with identical numbers"
    AGREED = "masterSlaveDeterminationAck"
    CONTRARY = "masterSlaveDeterminationAck that contradicts"
    REJECTED = "masterSlaveDeterminationReject"
    RELEASED = "masterSlaveDeterminationRelease"
    EXPIRED = "T106"


class Action(StrEnum):
    """What is done. ASK sends our number, ASK_AGAIN a new one, unless that was done too often; ACCEPT takes what the
    comparison gave and acknowledges it; CONFIRM takes what the peer acknowledged, CONFIRM_BACK acknowledges too.
    """

    IGNORE = "ignore"
    ASK = "ask"
    ASK_AGAIN = "ask again"
    ACCEPT = "accept"
    REJECT = "reject"
    CONFIRM = "confirm"
    CONFIRM_BACK = "confirm and acknowledge"
    FAIL = "fail"
    GIVE_UP = "release and fail"


class Row(NamedTuple):
    """What is done, the state thereafter, and whether T106 runs then."""

    action: Action
    state: State
    timed: bool


_S, _I, _A = State, Input, Action

TABLE: dict[tuple[State, Input], Row] = {
    (_S.IDLE, _I.START): Row(_A.ASK, _S.OUTGOING, True),
    (_S.IDLE, _I.DETERMINED): Row(_A.ACCEPT, _S.INCOMING, True),
    (_S.IDLE, _I.IDENTICAL): Row(_A.REJECT, _S.IDLE, False),
    (_S.IDLE, _I.AGREED): Row(_A.IGNORE, _S.IDLE, False),
    (_S.IDLE, _I.CONTRARY): Row(_A.IGNORE, _S.IDLE, False),
    (_S.IDLE, _I.REJECTED): Row(_A.IGNORE, _S.IDLE, False),
    (_S.IDLE, _I.RELEASED): Row(_A.IGNORE, _S.IDLE, False),
    (_S.IDLE, _I.EXPIRED): Row(_A.IGNORE, _S.IDLE, False),
    (_S.OUTGOING, _I.START): Row(_A.IGNORE, _S.OUTGOING, True),
    (_S.OUTGOING, _I.DETERMINED): Row(_A.ACCEPT, _S.INCOMING, True),
    (_S.OUTGOING, _I.IDENTICAL): Row(_A.ASK_AGAIN, _S.OUTGOING, True),
    (_S.OUTGOING, _I.AGREED): Row(_A.CONFIRM_BACK, _S.IDLE, False),
    (_S.OUTGOING, _I.CONTRARY): Row(_A.CONFIRM_BACK, _S.IDLE, False),
    (_S.OUTGOING, _I.REJECTED): Row(_A.ASK_AGAIN, _S.OUTGOING, True),
    (_S.OUTGOING, _I.RELEASED): Row(_A.FAIL, _S.IDLE, False),
    (_S.OUTGOING, _I.EXPIRED): Row(_A.GIVE_UP, _S.IDLE, False),
    (_S.INCOMING, _I.START): Row(_A.IGNORE, _S.INCOMING, True),
    # The Recommendation calls a second one an error; a peer that begins anew is better answered than lost.
    (_S.INCOMING, _I.DETERMINED): Row(_A.ACCEPT, _S.INCOMING, True),
    (_S.INCOMING, _I.IDENTICAL): Row(_A.REJECT, _S.IDLE, False),
    (_S.INCOMING, _I.AGREED): Row(_A.CONFIRM, _S.IDLE, False),
    (_S.INCOMING, _I.CONTRARY): Row(_A.FAIL, _S.IDLE, False),
    (_S.INCOMING, _I.REJECTED): Row(_A.FAIL, _S.IDLE, False),
    (_S.INCOMING, _I.RELEASED): Row(_A.FAIL, _S.IDLE, False),
    (_S.INCOMING, _I.EXPIRED): Row(_A.FAIL, _S.IDLE, False),
}
