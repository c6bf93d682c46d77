"""The four transaction state machines as tables, with their timers (RFC 3261 §17, RFC 6026).

Calling of the INVITE client is TRYING here. The INVITE server is in TRYING until its first response, so that the
200 ms after which it says 100 by itself are a timer like any other (§17.2.1).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Machine(StrEnum):
    """Which of the four (RFC 3261 §17.1.1, §17.1.2, §17.2.1, §17.2.2)."""

    INVITE_CLIENT = "INVITE client"
    CLIENT = "client"
    INVITE_SERVER = "INVITE server"
    SERVER = "server"


class State(StrEnum):
    """States by the names of the RFCs."""

    TRYING = "trying"
    PROCEEDING = "proceeding"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    TERMINATED = "terminated"


class Input(StrEnum):
    """What can happen to a transaction. Responses are received by a client and sent by a server.

    UNAVAILABLE: a 503 while there is another place to try. UNREACHABLE: the transport failed. CANCEL: the user gives
    up. REQUEST: the request once more. REPEAT and LIMIT: the two timers of a state.
    """

    PROVISIONAL = "provisional"
    SUCCESS = "success"
    FAILURE = "failure"
    UNAVAILABLE = "unavailable"
    UNREACHABLE = "unreachable"
    CANCEL = "cancel"
    REQUEST = "request"
    ACK = "ack"
    REPEAT = "repeat"
    LIMIT = "limit"


class Action(StrEnum):
    """What is done about it. IGNORE is deliberate: the input is late, or comes once more.

    PASS: to the user. CONFIRM: ACK, then PASS. FAIL_OVER: ACK if need be, then on to the next place. REPEAT: the last
    octets again. TIME_OUT, FAIL: on to the next place, or tell the user. HOLD: CANCEL waits for a provisional
    response. WAIT: the answer may still come another way, for 64*T1. SEND: the user's response. SAY_TRYING: 100.
    """

    IGNORE = "ignore"
    PASS = "pass"  # noqa: S105
    CONFIRM = "confirm"
    FAIL_OVER = "fail over"
    REPEAT = "repeat"
    TIME_OUT = "time out"
    FAIL = "fail"
    HOLD = "hold"
    CANCEL = "cancel"
    WAIT = "wait"
    SEND = "send"
    SAY_TRYING = "say trying"
    END = "end"


class Row(NamedTuple):
    """What is done, and the state thereafter."""

    action: Action
    state: State


CLIENT_INPUTS = (
    *(Input.PROVISIONAL, Input.SUCCESS, Input.FAILURE, Input.UNAVAILABLE, Input.UNREACHABLE, Input.CANCEL),
    *(Input.REPEAT, Input.LIMIT),
)
SERVER_INPUTS = (
    *(Input.PROVISIONAL, Input.SUCCESS, Input.FAILURE, Input.REQUEST, Input.ACK, Input.REPEAT, Input.LIMIT),
)

_I, _S, _A = Input, State, Action
_Rows = dict[Input, tuple[Action, State]]


def _rows(state: State, inputs: tuple[Input, ...], rows: _Rows) -> dict[tuple[State, Input], Row]:
    """The row of each input; one that is not named is ignored."""
    return {(state, input_): Row(*rows.get(input_, (Action.IGNORE, state))) for input_ in inputs}


def _client(state: State, rows: _Rows) -> dict[tuple[State, Input], Row]:
    return _rows(state, CLIENT_INPUTS, rows)


def _server(state: State, rows: _Rows) -> dict[tuple[State, Input], Row]:
    return _rows(state, SERVER_INPUTS, rows)


_INVITE_ANSWERED: _Rows = {
    _I.PROVISIONAL: (_A.PASS, _S.PROCEEDING),
    _I.SUCCESS: (_A.PASS, _S.ACCEPTED),
    _I.FAILURE: (_A.CONFIRM, _S.COMPLETED),
    _I.UNAVAILABLE: (_A.FAIL_OVER, _S.TERMINATED),
    _I.LIMIT: (_A.TIME_OUT, _S.TERMINATED),
}
_ANSWERED: _Rows = {
    _I.PROVISIONAL: (_A.PASS, _S.PROCEEDING),
    _I.SUCCESS: (_A.PASS, _S.COMPLETED),
    _I.FAILURE: (_A.PASS, _S.COMPLETED),
    _I.UNAVAILABLE: (_A.FAIL_OVER, _S.TERMINATED),
    _I.UNREACHABLE: (_A.FAIL, _S.TERMINATED),
    _I.LIMIT: (_A.TIME_OUT, _S.TERMINATED),
}
_SENT: _Rows = {
    _I.PROVISIONAL: (_A.SEND, _S.PROCEEDING),
    _I.SUCCESS: (_A.SEND, _S.COMPLETED),
    _I.FAILURE: (_A.SEND, _S.COMPLETED),
    _I.LIMIT: (_A.END, _S.TERMINATED),
}
_INVITE_SENT: _Rows = {**_SENT, _I.SUCCESS: (_A.SEND, _S.ACCEPTED)}

TABLE: dict[Machine, dict[tuple[State, Input], Row]] = {
    Machine.INVITE_CLIENT: {
        **_client(
            _S.TRYING,
            {
                **_INVITE_ANSWERED,
                _I.UNREACHABLE: (_A.FAIL, _S.TERMINATED),
                _I.REPEAT: (_A.REPEAT, _S.TRYING),
                _I.CANCEL: (_A.HOLD, _S.TRYING),
            },
        ),
        # A peer that has the request opens a connection of its own for its response (§18.2.2).
        **_client(
            _S.PROCEEDING,
            {
                **_INVITE_ANSWERED,
                _I.UNREACHABLE: (_A.WAIT, _S.PROCEEDING),
                _I.CANCEL: (_A.CANCEL, _S.PROCEEDING),
            },
        ),
        **_client(_S.ACCEPTED, {_I.SUCCESS: (_A.PASS, _S.ACCEPTED), _I.LIMIT: (_A.END, _S.TERMINATED)}),
        **_client(
            _S.COMPLETED,
            {
                _I.FAILURE: (_A.REPEAT, _S.COMPLETED),
                _I.UNAVAILABLE: (_A.REPEAT, _S.COMPLETED),
                _I.LIMIT: (_A.END, _S.TERMINATED),
            },
        ),
        **_client(_S.TERMINATED, {}),
    },
    Machine.CLIENT: {
        **_client(_S.TRYING, {**_ANSWERED, _I.REPEAT: (_A.REPEAT, _S.TRYING)}),
        **_client(_S.PROCEEDING, {**_ANSWERED, _I.REPEAT: (_A.REPEAT, _S.PROCEEDING)}),
        **_client(_S.COMPLETED, {_I.LIMIT: (_A.END, _S.TERMINATED)}),
        **_client(_S.TERMINATED, {}),
    },
    Machine.INVITE_SERVER: {
        **_server(_S.TRYING, {**_INVITE_SENT, _I.LIMIT: (_A.SAY_TRYING, _S.PROCEEDING)}),
        **_server(_S.PROCEEDING, {**_INVITE_SENT, _I.REQUEST: (_A.REPEAT, _S.PROCEEDING)}),
        **_server(_S.ACCEPTED, {_I.ACK: (_A.PASS, _S.ACCEPTED), _I.LIMIT: (_A.END, _S.TERMINATED)}),
        **_server(
            _S.COMPLETED,
            {
                _I.REQUEST: (_A.REPEAT, _S.COMPLETED),
                _I.REPEAT: (_A.REPEAT, _S.COMPLETED),
                _I.ACK: (_A.CONFIRM, _S.CONFIRMED),
                _I.LIMIT: (_A.END, _S.TERMINATED),
            },
        ),
        **_server(_S.CONFIRMED, {_I.LIMIT: (_A.END, _S.TERMINATED)}),
        **_server(_S.TERMINATED, {}),
    },
    Machine.SERVER: {
        **_server(_S.TRYING, _SENT),
        **_server(_S.PROCEEDING, {**_SENT, _I.REQUEST: (_A.REPEAT, _S.PROCEEDING)}),
        **_server(_S.COMPLETED, {_I.REQUEST: (_A.REPEAT, _S.COMPLETED), _I.LIMIT: (_A.END, _S.TERMINATED)}),
        **_server(_S.TERMINATED, {}),
    },
}
"""What each machine does in each state on each input."""


@dataclass(frozen=True, slots=True)
class TransactionTimes:
    """T1, T2 and T4 in seconds (RFC 3261 §17.1.1.1)."""

    t1: float = 0.5
    t2: float = 4.0
    t4: float = 5.0


class TimerRow(NamedTuple):
    """One timer: the sum of multiples of T1, T2, T4 and seconds. `doubles` up to `most_t2` T2 (0: without end).

    `reliable`: whether it runs on reliable transports too; one that does not is then 0, so that nothing is repeated
    and the state is over at once.
    """

    letter: str
    t1: float = 0
    t2: float = 0
    t4: float = 0
    seconds: float = 0
    most_t2: float = 0
    reliable: bool = True

    def duration(self, times: TransactionTimes, *, reliable: bool) -> float:
        """Seconds until it is due first."""
        if reliable and not self.reliable:
            return 0.0
        return self.t1 * times.t1 + self.t2 * times.t2 + self.t4 * times.t4 + self.seconds

    def most(self, times: TransactionTimes) -> float:
        """Seconds that doubling stops at."""
        return self.most_t2 * times.t2 or 1e9


A = TimerRow("A", t1=1, reliable=False)
B = TimerRow("B", t1=64)
D = TimerRow("D", seconds=32, reliable=False)
E = TimerRow("E", t1=1, most_t2=1, reliable=False)
E_PROCEEDING = TimerRow("E", t2=1, most_t2=1, reliable=False)
F = TimerRow("F", t1=64)
G = TimerRow("G", t1=1, most_t2=1, reliable=False)
H = TimerRow("H", t1=64)
I_ = TimerRow("I", t4=1, reliable=False)
J = TimerRow("J", t1=64, reliable=False)
K = TimerRow("K", t4=1, reliable=False)
L = TimerRow("L", t1=64)
M = TimerRow("M", t1=64)
TRYING_SOON = TimerRow("100", seconds=0.2)
UNANSWERED = TimerRow("unanswered", t1=64)
"""RFC 4320 §4.2: nobody waits for the answer to a request other than INVITE any longer than Timer F."""

NONE = TimerRow("")
KEPT = TimerRow("kept")
"""The limit of the state before runs on."""

STATE_TIMERS: dict[tuple[Machine, State], tuple[TimerRow, TimerRow]] = {
    (Machine.INVITE_CLIENT, State.TRYING): (A, B),
    (Machine.INVITE_CLIENT, State.PROCEEDING): (NONE, NONE),
    (Machine.INVITE_CLIENT, State.ACCEPTED): (NONE, M),
    (Machine.INVITE_CLIENT, State.COMPLETED): (NONE, D),
    (Machine.CLIENT, State.TRYING): (E, F),
    (Machine.CLIENT, State.PROCEEDING): (E_PROCEEDING, KEPT),
    (Machine.CLIENT, State.COMPLETED): (NONE, K),
    (Machine.INVITE_SERVER, State.TRYING): (NONE, TRYING_SOON),
    (Machine.INVITE_SERVER, State.PROCEEDING): (NONE, NONE),
    (Machine.INVITE_SERVER, State.ACCEPTED): (NONE, L),
    (Machine.INVITE_SERVER, State.COMPLETED): (G, H),
    (Machine.INVITE_SERVER, State.CONFIRMED): (NONE, I_),
    (Machine.SERVER, State.TRYING): (NONE, UNANSWERED),
    (Machine.SERVER, State.PROCEEDING): (NONE, KEPT),
    (Machine.SERVER, State.COMPLETED): (NONE, J),
}
"""The timers that run in each state: the one that repeats something, and the one that ends the state."""


class Plan(NamedTuple):
    """The timers of a state in seconds. `repeat` 0: nothing is repeated. `limit` None: the state has none, 0: the
    state is over at once, below 0: the limit of the state before runs on.
    """

    repeat: float
    most: float
    limit: float | None


def plans(times: TransactionTimes) -> dict[tuple[Machine, bool], dict[State, Plan]]:
    """The plan of each state, by machine and whether the transport is reliable."""
    found: dict[tuple[Machine, bool], dict[State, Plan]] = {
        (machine, reliable): {} for machine in Machine for reliable in (False, True)
    }
    for (machine, state), (repeat, limit) in STATE_TIMERS.items():
        for reliable in (False, True):
            seconds = {NONE: None, KEPT: -1.0}.get(limit, limit.duration(times, reliable=reliable))
            plan = Plan(repeat.duration(times, reliable=reliable), repeat.most(times), seconds)
            found[machine, reliable][state] = plan
    return found
