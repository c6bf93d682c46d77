"""What an H.323 leg has promised the hub about media, and when the promise is kept or broken.

The channels themselves are in no order that a table could prescribe: each side opens its own. `SETTLED` is told when
they have become what is wanted of them, `STUCK` when they will not, `SILENCE` when the time for it is over.
"""

from enum import StrEnum


class Due(StrEnum):
    """NOTHING: no promise. ANSWER: a call of ours was answered, and its session is awaited (with CONNECT on hold).
    CONFIRM: the peer's call was answered with an offer, and its answer is awaited. ACCEPT: an offer of the hub's is
    to be answered.
    """

    NOTHING = "nothing"
    ANSWER = "the session of an answer"
    CONFIRM = "the answer to the offer in our answer"
    ACCEPT = "the answer to an offer"


class MediaInput(StrEnum):
    """What happens. SILENCE_HEARD: the time is over, but the peer can be sent media at least."""

    ANSWERED = "call answered without session"
    ANSWERED_LATE = "peer's call answered with an offer"
    OFFERED = "offered"
    SETTLED = "settled"
    STUCK = "stuck"
    SILENCE = "silence"
    SILENCE_HEARD = "silence, media can go to the peer"


class MediaAction(StrEnum):
    """What is done about it."""

    IGNORE = "ignore"
    WAIT = "wait"
    ANSWER = "tell the answer"
    FAIL = "clear the call"
    CONFIRM = "confirm"
    ACCEPT = "accept"
    DECLINE = "decline"


_D, _I, _A = Due, MediaInput, MediaAction

_ROWS: dict[Due, dict[MediaInput, tuple[MediaAction, Due]]] = {
    _D.NOTHING: {
        _I.ANSWERED: (_A.WAIT, _D.ANSWER),
        _I.ANSWERED_LATE: (_A.WAIT, _D.CONFIRM),
        _I.OFFERED: (_A.WAIT, _D.ACCEPT),
    },
    _D.ANSWER: {
        _I.SETTLED: (_A.ANSWER, _D.NOTHING),
        _I.STUCK: (_A.FAIL, _D.NOTHING),
        _I.SILENCE: (_A.FAIL, _D.NOTHING),
        _I.SILENCE_HEARD: (_A.ANSWER, _D.NOTHING),
    },
    _D.CONFIRM: {
        _I.SETTLED: (_A.CONFIRM, _D.NOTHING),
        _I.STUCK: (_A.FAIL, _D.NOTHING),
        _I.SILENCE: (_A.FAIL, _D.NOTHING),
        _I.SILENCE_HEARD: (_A.CONFIRM, _D.NOTHING),
    },
    _D.ACCEPT: {
        _I.OFFERED: (_A.WAIT, _D.ACCEPT),
        _I.SETTLED: (_A.ACCEPT, _D.NOTHING),
        _I.STUCK: (_A.DECLINE, _D.NOTHING),
        _I.SILENCE: (_A.DECLINE, _D.NOTHING),
        _I.SILENCE_HEARD: (_A.ACCEPT, _D.NOTHING),
    },
}

TABLE: dict[tuple[Due, MediaInput], tuple[MediaAction, Due]] = {
    **{(due, each): (_A.IGNORE, due) for due in Due for each in MediaInput},
    **{(due, each): cell for due, row in _ROWS.items() for each, cell in row.items()},
}

PATIENCE = {Due.ANSWER: 10.0, Due.CONFIRM: 10.0, Due.ACCEPT: 5.0}
"""Seconds that the channels may take."""
