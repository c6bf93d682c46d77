"""H.225.0 call signalling as tables: what can happen to a call in each state, and the timers of each state.

Both ends are users as in QSIG, so that the states of Q.931 for a user's calls are all there are (H.225.0 7.4).
CONNECT is not acknowledged, there is no DISCONNECT, and RELEASE COMPLETE alone clears (H.225.0 7.3.10).
"""

from enum import Enum, IntEnum, StrEnum
from typing import NamedTuple


class CallState(IntEnum):
    """The states of Q.931 that H.225.0 keeps, with their numbers (Q.931 4.5.7).

    In RELEASE_REQUEST our RELEASE COMPLETE is out, and the peer's is awaited for what it may carry.
    """

    NULL = 0
    CALL_INITIATED = 1
    OVERLAP_SENDING = 2
    OUTGOING_PROCEEDING = 3
    CALL_DELIVERED = 4
    CALL_PRESENT = 6
    CALL_RECEIVED = 7
    INCOMING_PROCEEDING = 9
    ACTIVE = 10
    RELEASE_REQUEST = 19
    OVERLAP_RECEIVING = 25


class Received(Enum):
    """Messages that come for a call, by the names of `h225.MESSAGE_TYPES`; OTHER is what H.323 does not use."""

    SETUP = "SETUP"
    SETUP_ACKNOWLEDGE = "SETUP ACKNOWLEDGE"
    CALL_PROCEEDING = "CALL PROCEEDING"
    PROGRESS = "PROGRESS"
    ALERTING = "ALERTING"
    CONNECT = "CONNECT"
    CONNECT_ACKNOWLEDGE = "CONNECT ACKNOWLEDGE"
    INFORMATION = "INFORMATION"
    USER_INFORMATION = "USER INFORMATION"
    NOTIFY = "NOTIFY"
    FACILITY = "FACILITY"
    STATUS = "STATUS"
    STATUS_ENQUIRY = "STATUS ENQUIRY"
    RELEASE_COMPLETE = "RELEASE COMPLETE"
    OTHER = "other"


class Request(StrEnum):
    """What the owner of a call asks for; the values are the messages that go out."""

    SETUP_ACKNOWLEDGE = "SETUP ACKNOWLEDGE"
    PROCEEDING = "CALL PROCEEDING"
    PROGRESS = "PROGRESS"
    ALERTING = "ALERTING"
    CONNECT = "CONNECT"
    INFORMATION = "INFORMATION"
    NOTIFY = "NOTIFY"
    FACILITY = "FACILITY"
    ENQUIRE = "STATUS ENQUIRY"
    RELEASE = "RELEASE COMPLETE"


class TimerName(StrEnum):
    """Timers of Q.931 clause 9 that H.225.0 uses (7.5). T300 is none of them: an offered call of which its owner
    makes nothing ends. T308 is the wait for the peer's RELEASE COMPLETE.
    """

    T300 = "T300"
    T301 = "T301"
    T302 = "T302"
    T303 = "T303"
    T304 = "T304"
    T308 = "T308"
    T310 = "T310"
    T322 = "T322"


class Expiry(StrEnum):
    """The timer of a state has run out; T322, beside it, that of an enquiry."""

    T300 = "T300"
    T301 = "T301"
    T302 = "T302"
    T303 = "T303"
    T304 = "T304"
    T308 = "T308"
    T310 = "T310"
    T322 = "T322"


class Lost(StrEnum):
    """The connection that the call is on."""

    CONNECTION = "connection lost"


Input = Received | Request | Expiry | Lost
INPUTS: tuple[Input, ...] = (*Received, *Request, *Expiry, *Lost)


class Action(StrEnum):
    """What is done.

    IGNORE is deliberate: the message crossed one of ours, or came twice. UNEXPECTED: STATUS with cause 101 (Q.931
    5.8.4); of a request, nothing. REPORT: the owner is told. CLEAR: RELEASE COMPLETE, and the peer's is awaited.
    CONFIRM: RELEASE COMPLETE in answer to the peer's, and the call is over. END: it is over. TIME_OUT: RELEASE
    COMPLETE with the timer's cause, and it is over.
    """

    IGNORE = "ignore"
    UNEXPECTED = "unexpected"
    SEND = "send"
    REPORT = "report"
    CLEAR = "clear"
    CONFIRM = "confirm"
    END = "end"
    TIME_OUT = "time out"
    STATUS = "status"
    ANSWER_ENQUIRY = "answer enquiry"


class Step(NamedTuple):
    """What is done, and the state after it."""

    action: Action
    state: CallState


_M, _R, _E, _A, _S, _T = Received, Request, Expiry, Action, CallState, TimerName

_Row = dict[Input, Step]

OUTGOING = (_S.CALL_INITIATED, _S.OVERLAP_SENDING, _S.OUTGOING_PROCEEDING, _S.CALL_DELIVERED)
INCOMING = (_S.CALL_PRESENT, _S.OVERLAP_RECEIVING, _S.INCOMING_PROCEEDING, _S.CALL_RECEIVED)
"""The states of a call that is being set up: SETUP alone, digits wanted, proceeding, alerting."""

TIMERS: dict[CallState, tuple[TimerName, Expiry]] = {
    _S.CALL_INITIATED: (_T.T303, _E.T303),
    _S.OVERLAP_SENDING: (_T.T304, _E.T304),
    _S.OUTGOING_PROCEEDING: (_T.T310, _E.T310),
    _S.CALL_DELIVERED: (_T.T301, _E.T301),
    _S.CALL_PRESENT: (_T.T300, _E.T300),
    _S.OVERLAP_RECEIVING: (_T.T302, _E.T302),
    _S.RELEASE_REQUEST: (_T.T308, _E.T308),
}
"""The timer that runs in a state; states of calls that wait for our own other side have none."""

DURATIONS: dict[TimerName, float] = {
    _T.T300: 20.0,
    _T.T301: 180.0,
    _T.T302: 15.0,
    _T.T303: 10.0,
    _T.T304: 20.0,
    _T.T308: 4.0,
    _T.T310: 60.0,
    _T.T322: 4.0,
}
"""Seconds. T303 is 4 in Q.931; it begins here before the TCP connection is there, and a gatekeeper may be between.
T310 is 10 there for a network, 30 to 120 for a user.
"""

EXPIRY_CAUSES: dict[Expiry, tuple[int, int]] = {
    _E.T300: (102, 102),
    _E.T301: (102, 19),
    _E.T302: (28, 28),
    _E.T303: (102, 18),
    _E.T304: (102, 28),
    _E.T310: (102, 18),
    _E.T322: (41, 41),
}
"""The Q.850 cause that the peer is sent when a timer has run out, and the one that our own side is told."""


_SIDE_BAND = (_M.INFORMATION, _M.USER_INFORMATION, _M.NOTIFY, _M.FACILITY)


def _always(state: CallState) -> _Row:
    """What is done in every state but Null and Release Request."""
    return {
        **{one: Step(_A.REPORT, state) for one in _SIDE_BAND},
        _M.SETUP: Step(_A.IGNORE, state),
        _M.CONNECT_ACKNOWLEDGE: Step(_A.IGNORE, state),  # of peers that are true to Q.931
        _M.STATUS: Step(_A.STATUS, state),
        _M.STATUS_ENQUIRY: Step(_A.ANSWER_ENQUIRY, state),
        _M.RELEASE_COMPLETE: Step(_A.CONFIRM, _S.NULL),
        **{one: Step(_A.SEND, state) for one in (_R.INFORMATION, _R.NOTIFY, _R.FACILITY, _R.ENQUIRE)},
        _R.RELEASE: Step(_A.CLEAR, _S.RELEASE_REQUEST),
        _E.T322: Step(_A.TIME_OUT, _S.NULL),
        Lost.CONNECTION: Step(_A.END, _S.NULL),
    }


def _outgoing() -> dict[CallState, _Row]:
    """A call of ours: responses may be left out and never go back. PROGRESS says nothing of the state."""
    responses: _Row = {
        _M.SETUP_ACKNOWLEDGE: Step(_A.REPORT, _S.OVERLAP_SENDING),
        _M.CALL_PROCEEDING: Step(_A.REPORT, _S.OUTGOING_PROCEEDING),
        _M.ALERTING: Step(_A.REPORT, _S.CALL_DELIVERED),
        _M.CONNECT: Step(_A.REPORT, _S.ACTIVE),
    }
    rows = {}
    for level, state in enumerate(OUTGOING):
        late: _Row = {one: Step(_A.IGNORE, state) for one in list(responses)[:level]}
        later = dict(list(responses.items())[level:])
        rows[state] = _always(state) | late | later | {_M.PROGRESS: Step(_A.REPORT, state)}
    return rows


def _incoming() -> dict[CallState, _Row]:
    """A call of the peer's. Responses of its are answered as Q.931 has it."""
    answers: _Row = {
        _R.SETUP_ACKNOWLEDGE: Step(_A.SEND, _S.OVERLAP_RECEIVING),
        _R.PROCEEDING: Step(_A.SEND, _S.INCOMING_PROCEEDING),
        _R.ALERTING: Step(_A.SEND, _S.CALL_RECEIVED),
        _R.CONNECT: Step(_A.SEND, _S.ACTIVE),
    }
    rows = {}
    for level, state in enumerate(INCOMING):
        later = dict(list(answers.items())[level:])
        rows[state] = _always(state) | later | {_R.PROGRESS: Step(_A.SEND, state)}
    return rows


def _active() -> _Row:
    """A call that is up. Responses that a gatekeeper has held up, and a CONNECT that came twice, do no harm."""
    state = _S.ACTIVE
    late = (_M.SETUP_ACKNOWLEDGE, _M.CALL_PROCEEDING, _M.ALERTING, _M.CONNECT)
    said: _Row = {_M.PROGRESS: Step(_A.REPORT, state), _R.PROGRESS: Step(_A.SEND, state)}
    return _always(state) | {one: Step(_A.IGNORE, state) for one in late} | said


def _release_request() -> _Row:
    """What the peer sent before it had heard of our RELEASE COMPLETE is ignored."""
    state = _S.RELEASE_REQUEST
    over = Step(_A.END, _S.NULL)
    return {
        **dict.fromkeys(Received, Step(_A.IGNORE, state)),
        _M.RELEASE_COMPLETE: over,
        _E.T308: over,
        Lost.CONNECTION: over,
    }


def _table() -> dict[CallState, _Row]:
    nothing: _Row = {one: Step(_A.IGNORE, _S.NULL) for one in (*Received, *Lost)}
    rows: dict[CallState, _Row] = {
        _S.NULL: nothing,
        **_outgoing(),
        **_incoming(),
        _S.ACTIVE: _active(),
        _S.RELEASE_REQUEST: _release_request(),
    }
    for state, (_, expiry) in TIMERS.items():
        rows[state].setdefault(expiry, Step(_A.TIME_OUT, _S.NULL))
    return {state: {one: row.get(one, Step(_A.UNEXPECTED, state)) for one in INPUTS} for state, row in rows.items()}


TABLE: dict[CallState, dict[Input, Step]] = _table()
"""Every state of a call with every input."""
