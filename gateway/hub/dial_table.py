"""The states of an attempt to call somebody, over as many targets as there are."""

from enum import StrEnum


class DialState(StrEnum):
    """How far the attempt is."""

    TRYING = "trying"
    RINGING = "ringing"
    OVER = "over"


class DialInput(StrEnum):
    """What happens to it. FAILED_MORE: the target has failed and there is another one; FAILED_LAST: there is not."""

    PROGRESS = "progress"
    ANSWER = "answer"
    FAILED_MORE = "failed, others are left"
    FAILED_LAST = "failed, none is left"
    SILENCE = "nobody answers"
    CANCEL = "cancel"


class DialAction(StrEnum):
    """What is done about it."""

    IGNORE = "ignore"
    REPORT = "report progress"
    HAND_OVER = "hand the leg over"
    TRY_NEXT = "try the next target"
    FAIL = "report the failure"
    GIVE_UP = "give the target up"
    CANCEL = "cancel the leg"


_S, _I, _A = DialState, DialInput, DialAction

TABLE: dict[tuple[DialState, DialInput], tuple[DialAction, DialState]] = {
    (_S.TRYING, _I.PROGRESS): (_A.REPORT, _S.RINGING),
    (_S.TRYING, _I.ANSWER): (_A.HAND_OVER, _S.OVER),
    (_S.TRYING, _I.FAILED_MORE): (_A.TRY_NEXT, _S.TRYING),
    (_S.TRYING, _I.FAILED_LAST): (_A.FAIL, _S.OVER),
    (_S.TRYING, _I.SILENCE): (_A.GIVE_UP, _S.TRYING),
    (_S.TRYING, _I.CANCEL): (_A.CANCEL, _S.OVER),
    (_S.RINGING, _I.PROGRESS): (_A.REPORT, _S.RINGING),
    (_S.RINGING, _I.ANSWER): (_A.HAND_OVER, _S.OVER),
    (_S.RINGING, _I.FAILED_MORE): (_A.TRY_NEXT, _S.TRYING),
    (_S.RINGING, _I.FAILED_LAST): (_A.FAIL, _S.OVER),
    (_S.RINGING, _I.SILENCE): (_A.GIVE_UP, _S.RINGING),
    (_S.RINGING, _I.CANCEL): (_A.CANCEL, _S.OVER),
    **{(_S.OVER, each): (_A.IGNORE, _S.OVER) for each in DialInput},
}

TIMER: tuple[str, DialInput] = ("ring", DialInput.SILENCE)
"""One for each target, from the moment it is called: which of `timing`, and what it brings."""

MOST_REDIRECTIONS = 5
"""How many contacts of 3xx answers are tried in one attempt."""
