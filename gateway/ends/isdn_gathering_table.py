"""How the number of an offered call is gathered digit by digit, and tried on the other side (RFC 4497 §8.2.2)."""

from enum import StrEnum


class Gathered(StrEnum):
    """How far the number is. TRIED: a call with what there is so far is under way. SHORT: such a call was told that
    the number is incomplete. SETTLED: no digit is wanted any more.
    """

    GATHERING = "gathering"
    TRIED = "tried"
    SHORT = "too short"
    SETTLED = "settled"


class Dialled(StrEnum):
    """What happens. LAST: digits that make the number complete; ENOUGH: Sending complete without digits. TIMEOUT:
    T302. INCOMPLETE: 484 of the call under way. PROGRESS: that call is at work, so that its number was complete.
    """

    DIGITS = "digits"
    LAST = "the last digits"
    ENOUGH = "sending complete"
    PAUSE = "a pause"
    TIMEOUT = "T302"
    INCOMPLETE = "484"
    PROGRESS = "progress"


class Do(StrEnum):
    """What is done. TRY: the call goes on, though more digits may follow. GO_ON: it goes on for good. WITHDRAW: the
    call under way is given up, and what is dialled now waits for a pause. REPLACE: it is given up for the whole
    number. SETTLE: CALL PROCEEDING. KEEP: the offered call stays although the one under way is over.
    """

    NOTHING = "nothing"
    WAIT = "wait for a pause"
    TRY = "try"
    GO_ON = "go on"
    WITHDRAW = "withdraw"
    REPLACE = "replace"
    SETTLE = "settle"
    KEEP = "keep the offered call"


_G, _I, _D = Gathered, Dialled, Do

_ROWS: dict[Gathered, dict[Dialled, tuple[Do, Gathered]]] = {
    _G.GATHERING: {
        _I.DIGITS: (_D.WAIT, _G.GATHERING),
        _I.LAST: (_D.GO_ON, _G.SETTLED),
        _I.ENOUGH: (_D.GO_ON, _G.SETTLED),
        _I.PAUSE: (_D.TRY, _G.TRIED),
        _I.TIMEOUT: (_D.GO_ON, _G.SETTLED),
    },
    _G.TRIED: {
        _I.DIGITS: (_D.WITHDRAW, _G.GATHERING),
        _I.LAST: (_D.REPLACE, _G.SETTLED),
        _I.ENOUGH: (_D.SETTLE, _G.SETTLED),
        _I.TIMEOUT: (_D.SETTLE, _G.SETTLED),
        _I.INCOMPLETE: (_D.KEEP, _G.SHORT),
        _I.PROGRESS: (_D.SETTLE, _G.SETTLED),
    },
    _G.SHORT: {
        _I.DIGITS: (_D.WAIT, _G.GATHERING),
        _I.LAST: (_D.GO_ON, _G.SETTLED),
        _I.ENOUGH: (_D.GO_ON, _G.SETTLED),
    },
    _G.SETTLED: {},
}

TABLE: dict[tuple[Gathered, Dialled], tuple[Do, Gathered]] = {
    **{(state, each): (_D.NOTHING, state) for state in Gathered for each in Dialled},
    **{(state, each): cell for state, row in _ROWS.items() for each, cell in row.items()},
}
"""Every state with every input. When T302 runs out in SHORT, call control clears with cause 28."""
