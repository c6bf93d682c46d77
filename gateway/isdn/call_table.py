"""Q.931 call control as tables: what can happen to a call in each of its states, and the timers of each state.

User and network side share one machine: a call is originated by one side and terminates at the other, and the states
of the user's outgoing calls (U1 to U4) are those of the network's terminating ones (N1 to N4). QSIG (ISO/IEC 11572)
has a user on both sides.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from gateway.isdn.elements import CallState
from gateway.isdn.q931 import MessageType
from gateway.isdn.side import Side


class Request(StrEnum):
    """What the owner of a call asks for. CLEAR is whatever clears the call in its state (5.3); RELEASE is RELEASE at
    once, as a non-selected user gets it (5.3.2).
    """

    SETUP_ACKNOWLEDGE = "SETUP ACKNOWLEDGE"
    PROCEEDING = "CALL PROCEEDING"
    ALERTING = "ALERTING"
    PROGRESS = "PROGRESS"
    CONNECT = "CONNECT"
    CLEAR = "clear"
    RELEASE = "RELEASE"
    INFORMATION = "INFORMATION"
    NOTIFY = "NOTIFY"
    FACILITY = "FACILITY"
    USER_INFORMATION = "USER INFORMATION"


class TimerName(StrEnum):
    """Timers of Q.931 clause 9; T-HOLD and T-RETRIEVE of Q.932.

    Two are none of Q.931. T300: a call that is offered ends when its owner does nothing about it; the caller would
    have given up before, but when its SETUP came late, it knows nothing of the call. AUDIT: the peer is asked now and
    then for a call that no other timer watches over, since its last word may have been lost with the data link.
    """

    AUDIT = "audit"
    T300 = "T300"
    T301 = "T301"
    T302 = "T302"
    T303 = "T303"
    T304 = "T304"
    T305 = "T305"
    T306 = "T306"
    T307 = "T307"
    T308 = "T308"
    T309 = "T309"
    T310 = "T310"
    T312 = "T312"
    T313 = "T313"
    T314 = "T314"
    T316 = "T316"
    T322 = "T322"
    T_HOLD = "T-HOLD"
    T_RETRIEVE = "T-RETRIEVE"


class Expiry(StrEnum):
    """A timer of a call's state has run out; AGAIN is the second time (T303, T308)."""

    AUDIT = "audit"
    T300 = "T300"
    T301 = "T301"
    T302 = "T302"
    T303 = "T303"
    T303_AGAIN = "T303 again"
    T304 = "T304"
    T305 = "T305"
    T306 = "T306"
    T307 = "T307"
    T308 = "T308"
    T308_AGAIN = "T308 again"
    T310 = "T310"
    T312 = "T312"
    T313 = "T313"


Input = MessageType | Request | Expiry
INPUTS: tuple[Input, ...] = (*MessageType, *Request, *Expiry)


class Action(StrEnum):
    """What is done.

    IGNORE is deliberate: the message crossed one of ours, or came twice. UNEXPECTED: STATUS with cause 101 (5.8.4);
    of a request, nothing. REPORT: the owner is told. REJECT: RELEASE COMPLETE as the first response. ACCEPT: CONNECT
    came and is acknowledged. COMPLETE: our CONNECT was. RESEND: SETUP or RELEASE once more. GIVE_UP: no response to
    SETUP, RELEASE COMPLETE. TIME_OUT: DISCONNECT with the timer's causes. ENQUIRE: whether the call is still there.
    COLLIDE: RELEASE in answer to a DISCONNECT that crossed ours. CONFIRM: RELEASE COMPLETE, and the call is over.
    END: it is over. ABANDON: it is over without an answer to RELEASE, and the channel needs a restart. AUXILIARY:
    HOLD and RETRIEVE (Q.932). SUSPEND: the call is put aside under its call identity, which gateway.isdn.suspension
    keeps. REFUSE: SUSPEND REJECT.
    """

    IGNORE = "ignore"
    UNEXPECTED = "unexpected"
    SEND = "send"
    REPORT = "report"
    REJECT = "reject"
    ACCEPT = "accept"
    COMPLETE = "complete"
    RESEND = "resend"
    GIVE_UP = "give up"
    TIME_OUT = "time out"
    DIGITS_TIMEOUT = "digits timeout"
    ENQUIRE = "enquire"
    DISCONNECT = "disconnect"
    RELEASE = "release"
    COLLIDE = "collide"
    DISCONNECTED = "disconnected"
    CONFIRM = "confirm"
    END = "end"
    ABANDON = "abandon"
    STATUS = "status"
    ANSWER_ENQUIRY = "answer enquiry"
    AUXILIARY = "auxiliary"
    SUSPEND = "suspend"
    REFUSE = "refuse"


class Step(NamedTuple):
    """What is done, and the state after it."""

    action: Action
    state: CallState


class Phase(NamedTuple):
    """The states of a call that is being set up: SETUP alone, digits wanted, proceeding, alerting."""

    setup: CallState
    overlap: CallState
    proceeding: CallState
    alerting: CallState


_M, _R, _E, _A, _S = MessageType, Request, Expiry, Action, CallState

OUTGOING = Phase(_S.CALL_INITIATED, _S.OVERLAP_SENDING, _S.OUTGOING_CALL_PROCEEDING, _S.CALL_DELIVERED)
INCOMING = Phase(_S.CALL_PRESENT, _S.OVERLAP_RECEIVING, _S.INCOMING_CALL_PROCEEDING, _S.CALL_RECEIVED)


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of one side's states: calls it originates, calls that reach it, its DISCONNECT, the other's."""

    originating: Phase
    terminating: Phase
    disconnecting: CallState
    disconnected: CallState


NUMBERS = {
    Side.USER: Numbers(OUTGOING, INCOMING, _S.DISCONNECT_REQUEST, _S.DISCONNECT_INDICATION),
    Side.NETWORK: Numbers(INCOMING, OUTGOING, _S.DISCONNECT_INDICATION, _S.DISCONNECT_REQUEST),
}

_Row = dict[Input, Step]
_ANSWERS = (_M.SETUP_ACKNOWLEDGE, _M.CALL_PROCEEDING, _M.ALERTING, _M.PROGRESS, _M.CONNECT, _M.CONNECT_ACKNOWLEDGE)
_HOLD = (
    *(_M.HOLD, _M.HOLD_ACKNOWLEDGE, _M.HOLD_REJECT),
    *(_M.RETRIEVE, _M.RETRIEVE_ACKNOWLEDGE, _M.RETRIEVE_REJECT),
)
_SIDE_BAND = (_M.NOTIFY, _M.FACILITY, _M.USER_INFORMATION, _M.CONGESTION_CONTROL)


def _always(state: CallState, numbers: Numbers) -> _Row:
    """What is done in every state but Null, Release Request and Call Abort."""
    return {
        **{one: Step(_A.REPORT, state) for one in _SIDE_BAND},
        **{one: Step(_A.AUXILIARY, state) for one in _HOLD},
        _M.STATUS: Step(_A.STATUS, state),
        _M.STATUS_ENQUIRY: Step(_A.ANSWER_ENQUIRY, state),
        _M.SETUP: Step(_A.IGNORE, state),  # 5.8.3.2 e
        _M.SUSPEND: Step(_A.REFUSE, state),
        _M.DISCONNECT: Step(_A.DISCONNECTED, numbers.disconnected),
        _M.RELEASE: Step(_A.CONFIRM, _S.NULL),
        _M.RELEASE_COMPLETE: Step(_A.END, _S.NULL),
        _R.NOTIFY: Step(_A.SEND, state),
        _R.FACILITY: Step(_A.SEND, state),
        _R.USER_INFORMATION: Step(_A.SEND, state),
        _R.CLEAR: Step(_A.DISCONNECT, numbers.disconnecting),
        _R.RELEASE: Step(_A.RELEASE, _S.RELEASE_REQUEST),
    }


def _originating(numbers: Numbers) -> dict[CallState, _Row]:
    """A call of ours: responses may be left out, never go back (5.1, 5.2)."""
    setup, overlap, proceeding, alerting = states = numbers.originating
    responses: _Row = {
        _M.SETUP_ACKNOWLEDGE: Step(_A.REPORT, overlap),
        _M.CALL_PROCEEDING: Step(_A.REPORT, proceeding),
        _M.ALERTING: Step(_A.REPORT, alerting),
        _M.CONNECT: Step(_A.ACCEPT, _S.ACTIVE),
    }
    time_out = Step(_A.TIME_OUT, numbers.disconnecting)
    timers: dict[CallState, _Row] = {
        setup: {_E.T303: Step(_A.RESEND, setup), _E.T303_AGAIN: Step(_A.GIVE_UP, _S.NULL)},
        overlap: {_E.T304: time_out, _R.INFORMATION: Step(_A.SEND, overlap)},
        proceeding: {_E.T310: time_out, _R.INFORMATION: Step(_A.SEND, proceeding)},
        alerting: {_E.T301: time_out, _R.INFORMATION: Step(_A.SEND, alerting)},
    }
    rows = {}
    for level, state in enumerate(states):
        later: _Row = dict(list(responses.items())[level:])
        said: _Row = {_M.PROGRESS: Step(_A.REPORT, state), _M.INFORMATION: Step(_A.REPORT, state)}
        rows[state] = _always(state, numbers) | later | said | timers[state]
    return rows


def _terminating(side: Side, numbers: Numbers) -> dict[CallState, _Row]:
    """A call of the peer's. The user's CONNECT waits for its acknowledgement, the network's does not (5.1.8)."""
    setup, overlap, proceeding, alerting = states = numbers.terminating
    answered = _S.CONNECT_REQUEST if side is Side.USER else _S.ACTIVE
    answers: _Row = {
        _R.SETUP_ACKNOWLEDGE: Step(_A.SEND, overlap),
        _R.PROCEEDING: Step(_A.SEND, proceeding),
        _R.ALERTING: Step(_A.SEND, alerting),
        _R.CONNECT: Step(_A.SEND, answered),
    }
    rows = {}
    for level, state in enumerate(states):
        later: _Row = dict(list(answers.items())[level:])
        rows[state] = _always(state, numbers) | later | {_R.INFORMATION: Step(_A.SEND, state)}
        if state is setup:
            rows[state] |= {one: Step(_A.REJECT, _S.NULL) for one in (_R.CLEAR, _R.RELEASE)}
            rows[state][_E.T300] = Step(_A.TIME_OUT, _S.NULL)
        else:
            rows[state] |= {_R.PROGRESS: Step(_A.SEND, state), _M.INFORMATION: Step(_A.REPORT, state)}
    rows[overlap][_E.T302] = Step(_A.DIGITS_TIMEOUT, overlap)
    for state in (proceeding, alerting):
        rows[state][_E.AUDIT] = Step(_A.ENQUIRE, state)
    return rows


def _active(state: CallState, numbers: Numbers) -> _Row:
    """A call that is up. A second CONNECT ACKNOWLEDGE, or one that was not wanted, does no harm."""
    both: _Row = {one: Step(_A.REPORT, state) for one in (_M.PROGRESS, _M.INFORMATION)}
    requests: _Row = {one: Step(_A.SEND, state) for one in (_R.PROGRESS, _R.INFORMATION)}
    audit: _Row = {_E.AUDIT: Step(_A.ENQUIRE, state)}
    return _always(state, numbers) | both | requests | audit | {_M.CONNECT_ACKNOWLEDGE: Step(_A.IGNORE, state)}


def _suspended(state: CallState) -> _Row:
    """A call that is put aside (5.6): it has no call reference, so that no message can be meant for it."""
    over = Step(_A.END, _S.NULL)
    return {
        **{one: Step(_A.IGNORE, state) for one in MessageType},
        _M.RELEASE: over,
        _M.RELEASE_COMPLETE: over,
        _R.CLEAR: over,
        _R.RELEASE: over,
        _E.T307: Step(_A.TIME_OUT, _S.NULL),
    }


def _connect_request(numbers: Numbers) -> _Row:
    state = _S.CONNECT_REQUEST
    return _active(state, numbers) | {
        _E.AUDIT: Step(_A.UNEXPECTED, state),
        _M.CONNECT_ACKNOWLEDGE: Step(_A.COMPLETE, _S.ACTIVE),
        _E.T313: Step(_A.TIME_OUT, numbers.disconnecting),
    }


def _clearing(numbers: Numbers) -> dict[CallState, _Row]:
    """From DISCONNECT on (5.3). What the peer sent before it had heard of it is ignored."""
    ours, theirs, release, abort = numbers.disconnecting, numbers.disconnected, _S.RELEASE_REQUEST, _S.CALL_ABORT
    crossed = (*_ANSWERS, _M.INFORMATION, *_HOLD, _M.SUSPEND)
    rows = {
        state: _always(state, numbers) | {one: Step(_A.IGNORE, state) for one in crossed} for state in (ours, theirs)
    }
    releasing = Step(_A.RELEASE, release)
    rows[ours] |= {
        _M.DISCONNECT: Step(_A.COLLIDE, release),
        _E.T305: releasing,
        _E.T306: releasing,
        _R.CLEAR: Step(_A.UNEXPECTED, ours),
    }
    rows[theirs] |= {_M.DISCONNECT: Step(_A.IGNORE, theirs), _R.CLEAR: releasing, _E.T306: releasing}
    rows[release] = {
        **{one: Step(_A.IGNORE, release) for one in MessageType},
        _M.STATUS: Step(_A.STATUS, release),
        _M.STATUS_ENQUIRY: Step(_A.ANSWER_ENQUIRY, release),
        _M.FACILITY: Step(_A.REPORT, release),
        _M.RELEASE: Step(_A.END, _S.NULL),  # 5.3.5
        _M.RELEASE_COMPLETE: Step(_A.END, _S.NULL),
        _E.T308: Step(_A.RESEND, release),
        _E.T308_AGAIN: Step(_A.ABANDON, _S.NULL),
    }
    # Whoever answers a broadcast SETUP that was taken back is dealt with in gateway.isdn.broadcast.
    rows[abort] = {**{one: Step(_A.IGNORE, abort) for one in MessageType}, _E.T312: Step(_A.END, _S.NULL)}
    return rows


def _table(side: Side) -> dict[CallState, _Row]:
    numbers = NUMBERS[side]
    rows: dict[CallState, _Row] = {
        _S.NULL: {one: Step(_A.IGNORE, _S.NULL) for one in MessageType},
        **_originating(numbers),
        **_terminating(side, numbers),
        _S.CONNECT_REQUEST: _connect_request(numbers),
        _S.ACTIVE: _active(_S.ACTIVE, numbers),
        _S.SUSPEND_REQUEST: _suspended(_S.SUSPEND_REQUEST),
        **_clearing(numbers),
    }
    if side is Side.NETWORK:  # A user never is asked to suspend a call.
        rows[_S.ACTIVE][_M.SUSPEND] = Step(_A.SUSPEND, _S.SUSPEND_REQUEST)
    return {state: {one: row.get(one, Step(_A.UNEXPECTED, state)) for one in INPUTS} for state, row in rows.items()}


TABLE: dict[Side, dict[CallState, dict[Input, Step]]] = {side: _table(side) for side in Side}
"""Every state of a call with every input. Suspend Request is that of a call that the network keeps until it is
resumed; Resume Request is never entered by this core.
"""


class StateTimer(NamedTuple):
    """The timer that runs in a state, and what its first and its second expiry are; None: it runs once."""

    name: TimerName
    first: Expiry
    again: Expiry | None = None


_T = TimerName


def _timers(side: Side) -> dict[CallState, StateTimer]:
    numbers = NUMBERS[side]
    ours, theirs = numbers.originating, numbers.terminating
    return {
        ours.setup: StateTimer(_T.T303, _E.T303, _E.T303_AGAIN),
        ours.overlap: StateTimer(_T.T304, _E.T304),
        ours.proceeding: StateTimer(_T.T310, _E.T310),
        ours.alerting: StateTimer(_T.T301, _E.T301),
        theirs.setup: StateTimer(_T.T300, _E.T300),
        theirs.overlap: StateTimer(_T.T302, _E.T302),
        theirs.proceeding: StateTimer(_T.AUDIT, _E.AUDIT),
        theirs.alerting: StateTimer(_T.AUDIT, _E.AUDIT),
        _S.ACTIVE: StateTimer(_T.AUDIT, _E.AUDIT),
        _S.SUSPEND_REQUEST: StateTimer(_T.T307, _E.T307),
        _S.CONNECT_REQUEST: StateTimer(_T.T313, _E.T313),
        numbers.disconnecting: StateTimer(_T.T305, _E.T305),
        # The tone is listened to no longer than the network plays it; not a timer of the user's in Q.931.
        numbers.disconnected: StateTimer(_T.T306, _E.T306),
        _S.RELEASE_REQUEST: StateTimer(_T.T308, _E.T308, _E.T308_AGAIN),
        _S.CALL_ABORT: StateTimer(_T.T312, _E.T312),
    }


TIMERS: dict[Side, dict[CallState, StateTimer]] = {side: _timers(side) for side in Side}
"""The timer of each state (tables 9-1 and 9-2)."""

EXPIRY_CAUSES: dict[Expiry, tuple[int, int]] = {
    Expiry.T300: (102, 102),
    Expiry.T301: (102, 19),
    Expiry.T303_AGAIN: (102, 18),
    Expiry.T304: (102, 28),
    Expiry.T307: (102, 102),
    Expiry.T310: (102, 18),
    Expiry.T313: (102, 102),
}
"""The cause that the peer is sent, and the one that the other party's side is told (5.2.4, 5.2.5.3, 5.2.5.4)."""

_USER_DURATIONS: dict[TimerName, float] = {
    _T.T300: 20.0, _T.T301: 180.0, _T.T302: 15.0, _T.T303: 4.0, _T.T304: 30.0, _T.T305: 30.0, _T.T306: 30.0,
    _T.T307: 180.0, _T.T308: 4.0, _T.T309: 90.0, _T.T310: 60.0, _T.T312: 6.0, _T.T313: 4.0, _T.T314: 4.0,
    _T.T316: 120.0, _T.T322: 4.0, _T.AUDIT: 600.0, _T.T_HOLD: 4.0, _T.T_RETRIEVE: 4.0,
}  # fmt: skip
DURATIONS: dict[Side, dict[TimerName, float]] = {
    Side.USER: _USER_DURATIONS,
    Side.NETWORK: _USER_DURATIONS | {_T.T302: 12.0, _T.T304: 20.0, _T.T310: 10.0},
}
"""Seconds (tables 9-1 and 9-2; where these give a range, a value of it). T312 is T303 + 2 s."""

_SETTING_UP = frozenset((*OUTGOING, *INCOMING, _S.CONNECT_REQUEST))
_CLEARING = frozenset((_S.DISCONNECT_REQUEST, _S.DISCONNECT_INDICATION, _S.RELEASE_REQUEST, _S.CALL_ABORT))
OVERLAP = frozenset((_S.OVERLAP_SENDING, _S.OVERLAP_RECEIVING))
"""States that a reset of the data link clears (5.8.8)."""


def is_clearing(state: CallState) -> bool:
    """Whether DISCONNECT or RELEASE has been sent or has come."""
    return state in _CLEARING


def is_compatible(ours: CallState, theirs: CallState | int) -> bool:
    """Whether the state that a STATUS reports can go with ours (5.8.11 leaves it open but for Null).

    Only a call that one side holds for up while the other is setting it up, or clearing it, cannot be mended.
    """
    if ours is _S.ACTIVE:
        return theirs in {_S.ACTIVE, _S.CONNECT_REQUEST}
    if ours is _S.SUSPEND_REQUEST:
        return theirs == ours
    if ours is _S.CONNECT_REQUEST:
        return theirs not in _CLEARING
    return is_clearing(ours) or theirs in _SETTING_UP
