"""Two calls that a network is asked to join, as a table: states, what happens, what is done."""

from enum import StrEnum


class State(StrEnum):
    """What is awaited.

    HOLDING: the first call is to be held. NAMING: the name of a call. JOINING: the answer to the join. HALF: nothing
    was said, and one call was cleared: the other one may follow. RETRIEVING: the first call is to be had back.
    CLEARING: the network has both, and clears them.
    """

    HOLDING = "holding"
    NAMING = "naming"
    JOINING = "joining"
    HALF = "half"
    RETRIEVING = "retrieving"
    CLEARING = "clearing"
    OVER = "over"


class Input(StrEnum):
    """What happens. LEFT: the network has cleared a call with a normal cause; LOST: with another one. WITHDRAWN: we
    have cleared one.
    """

    HELD = "held"
    NAMED = "named"
    DONE = "result"
    FAILED = "error or reject"
    SILENCE = "no answer"
    LEFT = "a call was cleared"
    LOST = "a call has failed"
    RETRIEVED = "retrieved"
    WITHDRAWN = "a call was cleared here"


class Action(StrEnum):
    """What is done about it."""

    IGNORE = "ignore"
    ASK = "ask for the join"
    AWAIT = "await the other call's clearing"
    SUCCEED = "the network has both"
    UNDO = "retrieve what was held"
    FAIL = "the network has neither"
    CLEAR = "clear what the network has not"
    STOP = "stop"


_S, _I, _A = State, Input, Action

_FAILS = dict.fromkeys((_I.FAILED, _I.SILENCE, _I.LEFT, _I.LOST), (_A.FAIL, _S.OVER))
_WITHDRAWN = {_I.WITHDRAWN: (_A.STOP, _S.OVER)}

_ROWS: dict[State, dict[Input, tuple[Action, State]]] = {
    _S.HOLDING: {**_FAILS, **_WITHDRAWN, _I.HELD: (_A.ASK, _S.JOINING)},
    _S.NAMING: {**_FAILS, **_WITHDRAWN, _I.NAMED: (_A.ASK, _S.JOINING)},
    _S.JOINING: {
        **_WITHDRAWN,
        _I.DONE: (_A.SUCCEED, _S.CLEARING),
        _I.LEFT: (_A.AWAIT, _S.HALF),
        _I.FAILED: (_A.UNDO, _S.RETRIEVING),
        _I.SILENCE: (_A.UNDO, _S.RETRIEVING),
        _I.LOST: (_A.UNDO, _S.RETRIEVING),
    },
    _S.HALF: {
        **_WITHDRAWN,
        _I.DONE: (_A.SUCCEED, _S.CLEARING),
        _I.LEFT: (_A.SUCCEED, _S.CLEARING),
        _I.FAILED: (_A.UNDO, _S.RETRIEVING),
        _I.SILENCE: (_A.UNDO, _S.RETRIEVING),
        _I.LOST: (_A.UNDO, _S.RETRIEVING),
    },
    _S.RETRIEVING: {**_FAILS, **_WITHDRAWN, _I.RETRIEVED: (_A.FAIL, _S.OVER)},
    _S.CLEARING: {_I.SILENCE: (_A.CLEAR, _S.OVER)},
    _S.OVER: {},
}

TABLE: dict[tuple[State, Input], tuple[Action, State]] = {
    **{(state, each): (_A.IGNORE, state) for state in State for each in Input},
    **{(state, each): cell for state, row in _ROWS.items() for each, cell in row.items()},
}

HOLD = 6.0
"""Seconds for HOLD and RETRIEVE: longer than T-HOLD and T-RETRIEVE, 4 s each (Q.932 §6.2.7)."""
