"""The states of two legs that are put together: the survivor of a transfer and its target agree on their media."""

from enum import StrEnum


class JoinState(StrEnum):
    """Named by what is awaited.

    SETTLING: what the legs still owe from before. OFFERING: the survivor's answer to the target's description;
    OFFERING_LATE: the same, and the target awaits it as the answer to its offer. REDUCING: as OFFERING, with only the
    codecs that both have. ASKING: an offer of the survivor. RELAYING: the target's answer to that offer, which the
    survivor awaits. ANSWERING: the target's answer to the survivor's answer; ANSWERING_REDUCED: the same with common
    codecs only. ADJUSTING: the survivor's answer to what the target has made of that.
    """

    SETTLING = "settling"
    OFFERING = "offering"
    OFFERING_LATE = "offering late"
    REDUCING = "reducing"
    ASKING = "asking"
    RELAYING = "relaying"
    ANSWERING = "answering"
    ANSWERING_REDUCED = "answering reduced"
    ADJUSTING = "adjusting"
    OVER = "over"


class JoinInput(StrEnum):
    """What happens. READY: nothing is owed any more; READY_LATE: but the answer to the target's offer;
    READY_AGREED, READY_CHANGED: and the survivor has had the target's description before. AGREED: the
    answer is no news for the other side; CHANGED: it is. CAN_ASK, CAN_REDUCE: the offer was refused for its media,
    and the one asked can make an offer, or be offered fewer codecs. REFUSED: neither, or for another reason.
    """

    READY = "ready"
    READY_LATE = "ready, the answer is due"
    READY_AGREED = "ready, the survivor has agreed"
    READY_CHANGED = "ready, the survivor has answered"
    AGREED = "agreed"
    CHANGED = "changed"
    CAN_ASK = "refused, may be asked"
    CAN_REDUCE = "refused, fewer codecs are possible"
    REFUSED = "refused"
    SILENCE = "silence"
    LEFT = "a leg has left"


class JoinAction(StrEnum):
    """What is done about it."""

    IGNORE = "ignore"
    OFFER = "offer the target's description to the survivor"
    OFFER_COMMON = "offer it with common codecs"
    ASK = "ask the survivor for an offer"
    RELAY = "offer the survivor's offer to the target"
    TELL_TARGET = "offer the survivor's answer to the target"
    TELL_TARGET_COMMON = "offer it with common codecs to the target"
    TELL_SURVIVOR = "offer the target's answer to the survivor"
    CONFIRM_TARGET = "confirm the target's offer, connected"
    CONFIRM_SURVIVOR = "confirm the survivor's offer, connected"
    CONNECT = "connected"
    FAIL = "not connected"
    FAIL_TARGET_WAITS = "confirm the target's offer with what is known, not connected"
    FAIL_SURVIVOR_WAITS = "confirm the survivor's offer as it was, not connected"
    STOP = "stop"


_S, _I, _A = JoinState, JoinInput, JoinAction

Row = dict[JoinInput, tuple[JoinAction, JoinState]]


def _whatever_fails(action: JoinAction) -> Row:
    return dict.fromkeys((_I.CAN_ASK, _I.CAN_REDUCE, _I.REFUSED, _I.SILENCE), (action, _S.OVER))


def _either(action: JoinAction, state: JoinState) -> Row:
    return dict.fromkeys((_I.AGREED, _I.CHANGED), (action, state))


_DONE = (_A.CONNECT, _S.OVER)

ROWS: dict[JoinState, Row] = {
    _S.SETTLING: {
        _I.READY: (_A.OFFER, _S.OFFERING),
        _I.READY_LATE: (_A.OFFER, _S.OFFERING_LATE),
        _I.READY_AGREED: (_A.CONNECT, _S.OVER),
        _I.READY_CHANGED: (_A.TELL_TARGET, _S.ANSWERING),
        _I.SILENCE: (_A.FAIL, _S.OVER),
    },
    _S.OFFERING: {
        **_whatever_fails(_A.FAIL),
        _I.AGREED: _DONE,
        _I.CHANGED: (_A.TELL_TARGET, _S.ANSWERING),
        _I.CAN_ASK: (_A.ASK, _S.ASKING),
        _I.CAN_REDUCE: (_A.OFFER_COMMON, _S.REDUCING),
    },
    _S.OFFERING_LATE: {
        **_whatever_fails(_A.FAIL_TARGET_WAITS),
        **_either(_A.CONFIRM_TARGET, _S.OVER),
        _I.LEFT: (_A.FAIL_TARGET_WAITS, _S.OVER),
    },
    _S.REDUCING: {
        **_whatever_fails(_A.FAIL),
        _I.AGREED: _DONE,
        _I.CHANGED: (_A.TELL_TARGET, _S.ANSWERING),
    },
    _S.ASKING: {**_whatever_fails(_A.FAIL), **_either(_A.RELAY, _S.RELAYING)},
    _S.RELAYING: {
        **_whatever_fails(_A.FAIL_SURVIVOR_WAITS),
        **_either(_A.CONFIRM_SURVIVOR, _S.OVER),
        _I.LEFT: (_A.FAIL_SURVIVOR_WAITS, _S.OVER),
    },
    _S.ANSWERING: {
        **_whatever_fails(_A.FAIL),
        _I.AGREED: _DONE,
        _I.CHANGED: (_A.TELL_SURVIVOR, _S.ADJUSTING),
        _I.CAN_REDUCE: (_A.TELL_TARGET_COMMON, _S.ANSWERING_REDUCED),
    },
    _S.ANSWERING_REDUCED: {
        **_whatever_fails(_A.FAIL),
        _I.AGREED: _DONE,
        _I.CHANGED: (_A.TELL_SURVIVOR, _S.ADJUSTING),
    },
    _S.ADJUSTING: {**_whatever_fails(_A.FAIL), **_either(*_DONE)},
    _S.OVER: {},
}

TABLE: dict[tuple[JoinState, JoinInput], tuple[JoinAction, JoinState]] = {
    **{(state, each): (_A.IGNORE, state) for state in JoinState for each in JoinInput},
    **{(state, _I.LEFT): (_A.STOP, _S.OVER) for state in JoinState if state is not _S.OVER},
    **{(state, each): cell for state, row in ROWS.items() for each, cell in row.items()},
}

PATIENCE = 64.0
"""How long each of the states but OVER lasts at most, in T1 (32 s); then comes SILENCE."""
