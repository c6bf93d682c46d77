"""The states of a call of two legs."""

from enum import StrEnum


class CallState(StrEnum):
    """DIALLING: the caller waits for an answer. JOINING: two answered legs agree on their media. PARTED: one leg has
    left, or was taken, and somebody takes care of the other.
    """

    DIALLING = "dialling"
    TALKING = "talking"
    JOINING = "joining"
    PARTED = "parted"
    ENDED = "ended"


class CallInput(StrEnum):
    """What happens to it. CLEARED: a leg is gone and nobody takes care of the other. TAKEN: a leg is gone or has
    another owner now, and the other one stays. EMPTIED: so is the last.
    """

    PROGRESSED = "progressed"
    ANSWERED = "answered"
    DIAL_FAILED = "dial failed"
    JOINED = "joined"
    CLEARED = "cleared"
    TAKEN = "taken"
    EMPTIED = "emptied"
    END = "end"


class CallAction(StrEnum):
    """What is done about it."""

    IGNORE = "ignore"
    TELL_CALLER = "tell the caller"
    ANSWER_CALLER = "answer the caller"
    SETTLE = "settle what is under way with the media"
    REFUSE = "refuse the leg"
    CLEAR = "clear what is left"
    CLOSE = "close the books"
    GO_ON = "go on"


_S, _I, _A = CallState, CallInput, CallAction

_UP: dict[CallInput, tuple[CallAction, CallState]] = {
    _I.CLEARED: (_A.CLEAR, _S.ENDED),
    _I.TAKEN: (_A.SETTLE, _S.PARTED),
    _I.EMPTIED: (_A.CLOSE, _S.ENDED),
    _I.END: (_A.CLEAR, _S.ENDED),
}
"""What goes for every call that has not ended."""

TABLE: dict[tuple[CallState, CallInput], tuple[CallAction, CallState]] = {
    **{(state, each): row for state in CallState if state is not _S.ENDED for each, row in _UP.items()},
    (_S.DIALLING, _I.PROGRESSED): (_A.TELL_CALLER, _S.DIALLING),
    (_S.DIALLING, _I.ANSWERED): (_A.ANSWER_CALLER, _S.TALKING),
    (_S.DIALLING, _I.DIAL_FAILED): (_A.CLEAR, _S.ENDED),
    (_S.DIALLING, _I.JOINED): (_A.IGNORE, _S.DIALLING),
    (_S.JOINING, _I.JOINED): (_A.GO_ON, _S.TALKING),
    **{
        (state, each): (_A.IGNORE, state)
        for state in (_S.TALKING, _S.JOINING, _S.PARTED)
        for each in (_I.PROGRESSED, _I.DIAL_FAILED)
    },
    **{(state, _I.ANSWERED): (_A.REFUSE, state) for state in (_S.TALKING, _S.JOINING, _S.PARTED, _S.ENDED)},
    **{(state, _I.JOINED): (_A.IGNORE, state) for state in (_S.TALKING, _S.PARTED)},
    **{(_S.ENDED, each): (_A.IGNORE, _S.ENDED) for each in CallInput if each is not _I.ANSWERED},
}
"""No timer of its own: a dial, a joining and an exchange of media are bounded by theirs."""
