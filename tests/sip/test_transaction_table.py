"""The tables of RFC 3261 §17 and RFC 6026: no hole, no state without a way out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sip.transaction_table import (
    CLIENT_INPUTS,
    KEPT,
    NONE,
    SERVER_INPUTS,
    STATE_TIMERS,
    TABLE,
    Action,
    Input,
    Machine,
    State,
    TimerRow,
    TransactionTimes,
    plans,
)

STATES = {
    Machine.INVITE_CLIENT: (State.TRYING, State.PROCEEDING, State.ACCEPTED, State.COMPLETED, State.TERMINATED),
    Machine.CLIENT: (State.TRYING, State.PROCEEDING, State.COMPLETED, State.TERMINATED),
    Machine.INVITE_SERVER: tuple(State),
    Machine.SERVER: (State.TRYING, State.PROCEEDING, State.COMPLETED, State.TERMINATED),
}
INPUTS = {
    Machine.INVITE_CLIENT: CLIENT_INPUTS,
    Machine.CLIENT: CLIENT_INPUTS,
    Machine.INVITE_SERVER: SERVER_INPUTS,
    Machine.SERVER: SERVER_INPUTS,
}


@given(st.sampled_from(list(Machine)), st.data())
def test_every_state_knows_every_input(machine: Machine, data: st.DataObject) -> None:
    state = State.TRYING
    for _ in range(12):
        assert state in STATES[machine]
        row = TABLE[machine][state, data.draw(st.sampled_from(INPUTS[machine]))]
        if row.action is Action.IGNORE:
            assert row.state is state
        state = row.state


@pytest.mark.parametrize("machine", Machine)
def test_table_has_no_cell_too_many_and_none_too_few(machine: Machine) -> None:
    assert set(TABLE[machine]) == {(state, input_) for state in STATES[machine] for input_ in INPUTS[machine]}


@pytest.mark.parametrize("machine", Machine)
def test_nothing_happens_after_the_end(machine: Machine) -> None:
    for input_ in INPUTS[machine]:
        assert TABLE[machine][State.TERMINATED, input_] == (Action.IGNORE, State.TERMINATED)


@pytest.mark.parametrize("machine", Machine)
def test_every_state_with_a_time_limit_ends_by_it(machine: Machine) -> None:
    for (of, state), (_, limit) in STATE_TIMERS.items():
        if of is machine and limit not in (NONE, KEPT):
            assert TABLE[machine][state, Input.LIMIT].action is not Action.IGNORE


@pytest.mark.parametrize("machine", Machine)
def test_only_an_unanswered_invite_waits_without_a_limit(machine: Machine) -> None:
    unlimited = {state for (of, state), (_, limit) in STATE_TIMERS.items() if of is machine and limit is NONE}
    assert unlimited == ({State.PROCEEDING} if "INVITE" in machine else set())


DEFAULT = TransactionTimes()


@pytest.mark.parametrize(
    ("letter", "unreliable", "reliable"),
    [
        *(("A", 0.5, 0), ("B", 32, 32), ("D", 32, 0), ("E", 0.5, 0), ("F", 32, 32), ("G", 0.5, 0)),
        *(("H", 32, 32), ("I", 5, 0), ("J", 32, 0), ("K", 5, 0), ("L", 32, 32), ("M", 32, 32)),
    ],
)
def test_durations_of_table_4_of_rfc_3261(letter: str, unreliable: float, reliable: float) -> None:
    rows = {row.letter: row for pair in reversed(STATE_TIMERS.values()) for row in pair}
    row: TimerRow = rows[letter]
    assert row.duration(DEFAULT, reliable=False) == unreliable
    assert row.duration(DEFAULT, reliable=True) == reliable


def test_timer_e_is_t2_once_a_provisional_response_has_come() -> None:
    assert plans(DEFAULT)[Machine.CLIENT, False][State.PROCEEDING].repeat == 4.0


def test_durations_follow_t1_t2_t4() -> None:
    fast = plans(TransactionTimes(t1=0.1, t2=1.0, t4=2.0))
    assert fast[Machine.INVITE_CLIENT, False][State.TRYING].limit == pytest.approx(6.4)
    assert fast[Machine.CLIENT, False][State.COMPLETED].limit == 2.0
