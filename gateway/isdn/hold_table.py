"""HOLD and RETRIEVE as a table: the auxiliary states of a call that is up or being set up (Q.932 6.2)."""

from enum import StrEnum
from typing import NamedTuple

from gateway.isdn.call_table import TimerName
from gateway.isdn.elements import CallState
from gateway.isdn.q931 import MessageType


class HoldState(StrEnum):
    """Auxiliary states. Request: we have asked; indication: the peer has."""

    IDLE = "idle"
    HOLD_REQUEST = "hold request"
    HOLD_INDICATION = "hold indication"
    HELD = "call held"
    RETRIEVE_REQUEST = "retrieve request"
    RETRIEVE_INDICATION = "retrieve indication"


class HoldRequest(StrEnum):
    """What the owner asks for or answers."""

    HOLD = "HOLD"
    HOLD_ACKNOWLEDGE = "HOLD ACKNOWLEDGE"
    HOLD_REJECT = "HOLD REJECT"
    RETRIEVE = "RETRIEVE"
    RETRIEVE_ACKNOWLEDGE = "RETRIEVE ACKNOWLEDGE"
    RETRIEVE_REJECT = "RETRIEVE REJECT"


class HoldAction(StrEnum):
    """What is done. REFUSE: the reject message with cause 101; FAIL: the owner hears that the peer said nothing.

    ABSENT: for a message, STATUS with cause 101; for a request, nothing.
    """

    ABSENT = "absent"
    ASK = "ask"
    ANSWER = "answer"
    OFFER = "offer"
    CONCLUDE = "conclude"
    REFUSED = "refused"
    REFUSE = "refuse"
    FAIL = "fail"


class HoldStep(NamedTuple):
    """What is done, and the auxiliary state after it."""

    action: HoldAction
    state: HoldState


HoldInput = MessageType | HoldRequest | TimerName

_M, _R, _A, _S, _T = MessageType, HoldRequest, HoldAction, HoldState, TimerName

HOLD_MESSAGES = (
    *(_M.HOLD, _M.HOLD_ACKNOWLEDGE, _M.HOLD_REJECT),
    *(_M.RETRIEVE, _M.RETRIEVE_ACKNOWLEDGE, _M.RETRIEVE_REJECT),
)
HOLD_INPUTS: tuple[HoldInput, ...] = (*HOLD_MESSAGES, *HoldRequest, _T.T_HOLD, _T.T_RETRIEVE)


def _refusing(state: HoldState) -> dict[HoldInput, HoldStep]:
    return {_M.HOLD: HoldStep(_A.REFUSE, state), _M.RETRIEVE: HoldStep(_A.REFUSE, state)}


# Two HOLD that cross are refused by both sides: each side's own wish then fails, and the call stays as it was.
_ROWS: dict[HoldState, dict[HoldInput, HoldStep]] = {
    _S.IDLE: {
        _M.HOLD: HoldStep(_A.OFFER, _S.HOLD_INDICATION),
        _M.RETRIEVE: HoldStep(_A.REFUSE, _S.IDLE),
        _R.HOLD: HoldStep(_A.ASK, _S.HOLD_REQUEST),
    },
    _S.HOLD_REQUEST: {
        **_refusing(_S.HOLD_REQUEST),
        _M.HOLD_ACKNOWLEDGE: HoldStep(_A.CONCLUDE, _S.HELD),
        _M.HOLD_REJECT: HoldStep(_A.REFUSED, _S.IDLE),
        _T.T_HOLD: HoldStep(_A.FAIL, _S.IDLE),
    },
    _S.HOLD_INDICATION: {
        **_refusing(_S.HOLD_INDICATION),
        _R.HOLD_ACKNOWLEDGE: HoldStep(_A.ANSWER, _S.HELD),
        _R.HOLD_REJECT: HoldStep(_A.ANSWER, _S.IDLE),
    },
    _S.HELD: {
        _M.HOLD: HoldStep(_A.REFUSE, _S.HELD),
        _M.RETRIEVE: HoldStep(_A.OFFER, _S.RETRIEVE_INDICATION),
        _R.RETRIEVE: HoldStep(_A.ASK, _S.RETRIEVE_REQUEST),
    },
    _S.RETRIEVE_REQUEST: {
        **_refusing(_S.RETRIEVE_REQUEST),
        _M.RETRIEVE_ACKNOWLEDGE: HoldStep(_A.CONCLUDE, _S.IDLE),
        _M.RETRIEVE_REJECT: HoldStep(_A.REFUSED, _S.HELD),
        _T.T_RETRIEVE: HoldStep(_A.FAIL, _S.HELD),
    },
    _S.RETRIEVE_INDICATION: {
        **_refusing(_S.RETRIEVE_INDICATION),
        _R.RETRIEVE_ACKNOWLEDGE: HoldStep(_A.ANSWER, _S.IDLE),
        _R.RETRIEVE_REJECT: HoldStep(_A.ANSWER, _S.HELD),
    },
}

HOLD_TABLE: dict[HoldState, dict[HoldInput, HoldStep]] = {
    state: {one: _ROWS[state].get(one, HoldStep(_A.ABSENT, state)) for one in HOLD_INPUTS} for state in HoldState
}
"""Every auxiliary state with every input."""

HOLD_TIMERS: dict[HoldState, TimerName] = {_S.HOLD_REQUEST: _T.T_HOLD, _S.RETRIEVE_REQUEST: _T.T_RETRIEVE}

MAY_BE_HELD = frozenset(
    (
        *(CallState.OUTGOING_CALL_PROCEEDING, CallState.CALL_DELIVERED, CallState.ACTIVE),
        *(CallState.INCOMING_CALL_PROCEEDING, CallState.CALL_RECEIVED),
    )
)
"""Call states in which a call may be held (Q.932 6.2.2); in others HOLD is refused with cause 101."""
