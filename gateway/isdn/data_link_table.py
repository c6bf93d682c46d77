"""The states of a point-to-point data link with their timers (Q.921 annex B)."""

from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """States 1 to 8 of Q.921 B.2; state 5 has three forms (5.0, 5.1, 5.2)."""

    TEI_UNASSIGNED = "TEI unassigned"
    ASSIGN_AWAITING_TEI = "assign awaiting TEI"
    ESTABLISH_AWAITING_TEI = "establish awaiting TEI"
    TEI_ASSIGNED = "TEI assigned"
    AWAITING_ESTABLISHMENT = "awaiting establishment"
    AWAITING_REESTABLISHMENT = "awaiting re-establishment"
    PENDING_RELEASE = "awaiting establishment, pending release"
    AWAITING_RELEASE = "awaiting release"
    ESTABLISHED = "multiple frame established"
    TIMER_RECOVERY = "timer recovery"


class Event(StrEnum):
    """What can happen to a data link.

    The first are primitives of layer 3 and of layer management; REFUSE: no TEI is to be had; DEACTIVATE: layer 1 has
    gone; RETRY: the pause before another attempt is over. UA and DM: with F = 0. FINAL: an RR, RNR or REJ response
    with F = 1, SUPERVISORY: any other RR, RNR or REJ. UNDEFINED to TOO_LONG are frame rejection conditions (5.8.5),
    as is SEQUENCE: an N(R) that cannot be. T200_LAST: T200 has run out after N200 repetitions.
    """

    ESTABLISH = "DL-ESTABLISH request"
    RELEASE = "DL-RELEASE request"
    DATA = "DL-DATA request"
    UNIT_DATA = "DL-UNIT DATA request"
    BUSY = "own receiver busy"
    READY = "own receiver ready"
    ASSIGN = "MDL-ASSIGN request"
    REFUSE = "MDL-ERROR response"
    REMOVE = "MDL-REMOVE request"
    DEACTIVATE = "deactivation"
    RETRY = "retry"
    I = "I"  # noqa: E741
    SUPERVISORY = "RR, RNR or REJ"
    FINAL = "RR, RNR or REJ response, F=1"
    SABME = "SABME"
    DISC = "DISC"
    UA = "UA, F=0"
    UA_FINAL = "UA, F=1"
    DM = "DM, F=0"
    DM_FINAL = "DM, F=1"
    FRMR = "FRMR"
    UNDEFINED = "undefined control field"
    NOT_PERMITTED = "information not permitted"
    WRONG_SIZE = "wrong size"
    TOO_LONG = "information too long"
    SEQUENCE = "N(R) error"
    T200 = "T200"
    T200_LAST = "T200 after N200 repetitions"
    T203 = "T203"


class Action(StrEnum):
    """What is done. RELEASED: queues are emptied and layer 3 hears that the link is down; ACCEPTED: UA, numbers at 0,
    layer 3 hears that it is up; RESET: the same while it was up, told when something was lost by it; DISCONNECTED:
    UA, then RELEASED. REESTABLISH: SABME without layer 3 having asked. LATER: to be done when the release is over.
    """

    IGNORE = "ignore"
    ASK_TEI = "ask for a TEI"
    DISCARD = "discard what was to be sent"
    SEND_UNIT_DATA = "send UI"
    SEND_SABME = "send SABME"
    REPEAT_SABME = "send SABME again"
    REESTABLISH = "re-establish"
    SEND_DISC = "send DISC"
    REPEAT_DISC = "send DISC again"
    SEND_UA = "send UA"
    SEND_DM = "send DM"
    LATER = "establish later"
    ACCEPTED = "accepted"
    ESTABLISHED = "established"
    REESTABLISHED = "re-established"
    RESET = "reset"
    RELEASED = "released"
    DISCONNECTED = "disconnected"
    QUEUE = "queue"
    SEND_DATA = "queue and send"
    TAKE_INFORMATION = "take information"
    TAKE_SUPERVISORY = "take N(R)"
    RECOVER = "take N(R), send again"
    POLL = "poll"
    POLL_AGAIN = "poll again"
    SAY_BUSY = "say busy"
    SAY_READY = "say ready"


class Timers(StrEnum):
    """What the change of state does to T200 and T203. T200: it starts, T203 stops; T203: the other way round."""

    KEEP = "keep"
    STOP = "stop"
    T200 = "T200"
    T203 = "T203"


class MdlError(StrEnum):
    """Error codes of MDL-ERROR indication (Q.921 appendix II, table II.1)."""

    SUPERVISORY_FINAL = "A"
    DM_FINAL = "B"
    UA_FINAL = "C"
    UA = "D"
    DM = "E"
    SABME = "F"
    NO_UA_TO_SABME = "G"
    NO_UA_TO_DISC = "H"
    NO_STATUS = "I"
    SEQUENCE = "J"
    FRMR = "K"
    UNDEFINED = "L"
    NOT_PERMITTED = "M"
    WRONG_SIZE = "N"
    TOO_LONG = "O"


class Row(NamedTuple):
    """What is done, the state thereafter, its timers, and the error that layer management hears of."""

    action: Action
    state: State
    timers: Timers = Timers.KEEP
    error: MdlError | None = None


_S, _E, _A, _T, _M = State, Event, Action, Timers, MdlError
_Rows = dict[Event, Row]

_REJECTIONS = {
    _E.UNDEFINED: _M.UNDEFINED,
    _E.NOT_PERMITTED: _M.NOT_PERMITTED,
    _E.WRONG_SIZE: _M.WRONG_SIZE,
    _E.TOO_LONG: _M.TOO_LONG,
}


def _rows(state: State, rows: _Rows) -> dict[tuple[State, Event], Row]:
    """The row of each event; one that is not named is ignored, a bad frame counted."""
    return {(state, event): rows.get(event, Row(_A.IGNORE, state, error=_REJECTIONS.get(event))) for event in Event}


def _ended(state: State, error: MdlError | None = None) -> Row:
    return Row(_A.RELEASED, state, _T.STOP, error)


def _establishing(state: State, rows: _Rows) -> dict[tuple[State, Event], Row]:
    """What the three forms of state 5 have in common (B.5)."""
    return _rows(
        state,
        {
            _E.UNIT_DATA: Row(_A.SEND_UNIT_DATA, state),
            _E.REMOVE: _ended(_S.TEI_UNASSIGNED),
            _E.DEACTIVATE: _ended(_S.TEI_ASSIGNED),
            _E.SABME: Row(_A.SEND_UA, state),
            _E.DISC: Row(_A.SEND_DM, state),
            _E.UA: Row(_A.IGNORE, state, error=_M.UA),
            _E.DM_FINAL: _ended(_S.TEI_ASSIGNED),
            _E.T200: Row(_A.REPEAT_SABME, state, _T.T200),
            _E.T200_LAST: _ended(_S.TEI_ASSIGNED, _M.NO_UA_TO_SABME),
            **rows,
        },
    )


def _again(error: MdlError) -> Row:
    return Row(_A.REESTABLISH, _S.AWAITING_REESTABLISHMENT, _T.T200, error)


def _up(state: State, rows: _Rows) -> dict[tuple[State, Event], Row]:
    """What states 7 and 8 have in common (B.7, B.8)."""
    return _rows(
        state,
        {
            _E.ESTABLISH: Row(_A.SEND_SABME, _S.AWAITING_ESTABLISHMENT, _T.T200),
            _E.RELEASE: Row(_A.SEND_DISC, _S.AWAITING_RELEASE, _T.T200),
            _E.UNIT_DATA: Row(_A.SEND_UNIT_DATA, state),
            _E.BUSY: Row(_A.SAY_BUSY, state),
            _E.READY: Row(_A.SAY_READY, state),
            _E.REMOVE: _ended(_S.TEI_UNASSIGNED),
            _E.DEACTIVATE: _ended(_S.TEI_ASSIGNED),
            _E.I: Row(_A.TAKE_INFORMATION, state),
            _E.SUPERVISORY: Row(_A.TAKE_SUPERVISORY, state),
            _E.SABME: Row(_A.RESET, _S.ESTABLISHED, _T.T203, _M.SABME),
            _E.DISC: Row(_A.DISCONNECTED, _S.TEI_ASSIGNED, _T.STOP),
            _E.UA: Row(_A.IGNORE, state, error=_M.UA),
            _E.UA_FINAL: Row(_A.IGNORE, state, error=_M.UA_FINAL),
            _E.DM: _again(_M.DM),
            _E.FRMR: _again(_M.FRMR),
            _E.SEQUENCE: _again(_M.SEQUENCE),
            **{event: _again(error) for event, error in _REJECTIONS.items()},
            **rows,
        },
    )


TABLE: dict[tuple[State, Event], Row] = {
    **_rows(
        _S.TEI_UNASSIGNED,
        {
            _E.ESTABLISH: Row(_A.ASK_TEI, _S.ESTABLISH_AWAITING_TEI),
            _E.RELEASE: Row(_A.RELEASED, _S.TEI_UNASSIGNED),
            _E.UNIT_DATA: Row(_A.ASK_TEI, _S.ASSIGN_AWAITING_TEI),
            _E.ASSIGN: Row(_A.IGNORE, _S.TEI_ASSIGNED),
            _E.RETRY: Row(_A.ASK_TEI, _S.ESTABLISH_AWAITING_TEI),
        },
    ),
    **_rows(
        _S.ASSIGN_AWAITING_TEI,
        {
            _E.ESTABLISH: Row(_A.IGNORE, _S.ESTABLISH_AWAITING_TEI),
            _E.RELEASE: Row(_A.RELEASED, _S.TEI_UNASSIGNED),
            _E.ASSIGN: Row(_A.SEND_UNIT_DATA, _S.TEI_ASSIGNED),
            _E.REFUSE: Row(_A.DISCARD, _S.TEI_UNASSIGNED),
            _E.REMOVE: Row(_A.DISCARD, _S.TEI_UNASSIGNED),
            _E.DEACTIVATE: Row(_A.DISCARD, _S.TEI_UNASSIGNED),
        },
    ),
    **_rows(
        _S.ESTABLISH_AWAITING_TEI,
        {
            _E.RELEASE: Row(_A.RELEASED, _S.ASSIGN_AWAITING_TEI),
            _E.ASSIGN: Row(_A.SEND_SABME, _S.AWAITING_ESTABLISHMENT, _T.T200),
            _E.REFUSE: _ended(_S.TEI_UNASSIGNED),
            _E.REMOVE: _ended(_S.TEI_UNASSIGNED),
            _E.DEACTIVATE: _ended(_S.TEI_UNASSIGNED),
        },
    ),
    **_rows(
        _S.TEI_ASSIGNED,
        {
            _E.ESTABLISH: Row(_A.SEND_SABME, _S.AWAITING_ESTABLISHMENT, _T.T200),
            _E.RETRY: Row(_A.SEND_SABME, _S.AWAITING_ESTABLISHMENT, _T.T200),
            _E.RELEASE: Row(_A.RELEASED, _S.TEI_ASSIGNED),
            _E.UNIT_DATA: Row(_A.SEND_UNIT_DATA, _S.TEI_ASSIGNED),
            _E.REMOVE: Row(_A.DISCARD, _S.TEI_UNASSIGNED),
            _E.SABME: Row(_A.ACCEPTED, _S.ESTABLISHED, _T.T203),
            _E.DISC: Row(_A.SEND_DM, _S.TEI_ASSIGNED),
            _E.UA: Row(_A.IGNORE, _S.TEI_ASSIGNED, error=_M.UA),
            _E.UA_FINAL: Row(_A.IGNORE, _S.TEI_ASSIGNED, error=_M.UA_FINAL),
            _E.DM: Row(_A.SEND_SABME, _S.AWAITING_ESTABLISHMENT, _T.T200),
        },
    ),
    **_establishing(
        _S.AWAITING_ESTABLISHMENT,
        {
            _E.RELEASE: Row(_A.DISCARD, _S.PENDING_RELEASE),
            _E.UA_FINAL: Row(_A.ESTABLISHED, _S.ESTABLISHED, _T.T203),
        },
    ),
    **_establishing(
        _S.AWAITING_REESTABLISHMENT,
        {
            _E.ESTABLISH: Row(_A.DISCARD, _S.AWAITING_ESTABLISHMENT),
            _E.RELEASE: Row(_A.DISCARD, _S.PENDING_RELEASE),
            _E.DATA: Row(_A.QUEUE, _S.AWAITING_REESTABLISHMENT),
            _E.UA_FINAL: Row(_A.REESTABLISHED, _S.ESTABLISHED, _T.T203),
        },
    ),
    **_establishing(
        _S.PENDING_RELEASE,
        {
            _E.ESTABLISH: Row(_A.IGNORE, _S.AWAITING_ESTABLISHMENT),
            _E.UA_FINAL: Row(_A.SEND_DISC, _S.AWAITING_RELEASE, _T.T200),
        },
    ),
    **_rows(
        _S.AWAITING_RELEASE,
        {
            _E.ESTABLISH: Row(_A.LATER, _S.AWAITING_RELEASE),
            _E.UNIT_DATA: Row(_A.SEND_UNIT_DATA, _S.AWAITING_RELEASE),
            _E.REMOVE: _ended(_S.TEI_UNASSIGNED),
            _E.DEACTIVATE: _ended(_S.TEI_ASSIGNED),
            _E.SABME: Row(_A.SEND_DM, _S.AWAITING_RELEASE),
            _E.DISC: Row(_A.SEND_UA, _S.AWAITING_RELEASE),
            _E.UA: Row(_A.IGNORE, _S.AWAITING_RELEASE, error=_M.UA),
            _E.UA_FINAL: _ended(_S.TEI_ASSIGNED),
            _E.DM_FINAL: _ended(_S.TEI_ASSIGNED),
            _E.T200: Row(_A.REPEAT_DISC, _S.AWAITING_RELEASE, _T.T200),
            _E.T200_LAST: _ended(_S.TEI_ASSIGNED, _M.NO_UA_TO_DISC),
        },
    ),
    **_up(
        _S.ESTABLISHED,
        {
            _E.DATA: Row(_A.SEND_DATA, _S.ESTABLISHED),
            _E.FINAL: Row(_A.TAKE_SUPERVISORY, _S.ESTABLISHED, error=_M.SUPERVISORY_FINAL),
            _E.DM_FINAL: Row(_A.IGNORE, _S.ESTABLISHED, error=_M.DM_FINAL),
            _E.T200: Row(_A.POLL, _S.TIMER_RECOVERY, _T.T200),
            _E.T200_LAST: Row(_A.POLL, _S.TIMER_RECOVERY, _T.T200),
            _E.T203: Row(_A.POLL, _S.TIMER_RECOVERY, _T.T200),
        },
    ),
    **_up(
        _S.TIMER_RECOVERY,
        {
            _E.DATA: Row(_A.QUEUE, _S.TIMER_RECOVERY),
            _E.FINAL: Row(_A.RECOVER, _S.ESTABLISHED, _T.T203),
            _E.DM_FINAL: _again(_M.DM_FINAL),
            _E.T200: Row(_A.POLL_AGAIN, _S.TIMER_RECOVERY, _T.T200),
            _E.T200_LAST: _again(_M.NO_STATUS),
        },
    ),
}
"""What is done in each state on each event."""

UP = frozenset((State.ESTABLISHED, State.TIMER_RECOVERY))
"""States in which information passes."""

RUNNING: dict[State, Timers] = {
    **dict.fromkeys((_S.TEI_UNASSIGNED, _S.ASSIGN_AWAITING_TEI, _S.ESTABLISH_AWAITING_TEI), _T.STOP),
    _S.TEI_ASSIGNED: _T.STOP,
    **dict.fromkeys((_S.AWAITING_ESTABLISHMENT, _S.AWAITING_REESTABLISHMENT, _S.PENDING_RELEASE), _T.T200),
    _S.AWAITING_RELEASE: _T.T200,
    _S.ESTABLISHED: _T.T203,
    _S.TIMER_RECOVERY: _T.T200,
}
"""The timer that runs in each state; in multiple frame operation T200 takes the place of T203 while something is
unacknowledged or the peer is busy."""
