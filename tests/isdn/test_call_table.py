"""The tables of call control have no hole, and no way through them leaves a call without an end."""

import pytest

from gateway.isdn.call_table import (
    EXPIRY_CAUSES,
    INPUTS,
    NUMBERS,
    TABLE,
    TIMERS,
    Action,
    Expiry,
    Request,
    is_clearing,
    is_compatible,
)
from gateway.isdn.elements import CallState
from gateway.isdn.hold_table import HOLD_INPUTS, HOLD_TABLE, HOLD_TIMERS, HoldAction, HoldState
from gateway.isdn.q931 import MessageType
from gateway.isdn.side import Side

EVERY_SIDE = pytest.mark.parametrize("side", list(Side))
NEVER_ENTERED = {
    *(CallState.RESUME_REQUEST, CallState.RESTART_REQUEST, CallState.RESTART),
}
STATES = [state for state in CallState if state not in NEVER_ENTERED]


@EVERY_SIDE
def test_every_state_has_a_step_for_every_input(side: Side) -> None:
    assert set(TABLE[side]) == set(STATES)
    for state, row in TABLE[side].items():
        assert set(row) == set(INPUTS)
        assert all(step.state in TABLE[side] for step in row.values()), state


@EVERY_SIDE
def test_a_step_that_does_nothing_leaves_the_state_alone(side: Side) -> None:
    for state, row in TABLE[side].items():
        for step in row.values():
            assert step.state is state or step.action not in (Action.IGNORE, Action.UNEXPECTED)


@EVERY_SIDE
def test_every_timer_of_a_state_has_a_step_when_it_runs_out(side: Side) -> None:
    for state, timer in TIMERS[side].items():
        for expiry in (timer.first, timer.again):
            assert expiry is None or TABLE[side][state][expiry].action is not Action.UNEXPECTED


@EVERY_SIDE
def test_no_state_has_a_step_for_a_timer_that_does_not_run_in_it(side: Side) -> None:
    for state, row in TABLE[side].items():
        timer = TIMERS[side].get(state)
        runs = {timer.first, timer.again} if timer is not None else set()
        if Expiry.T305 in runs:
            runs.add(Expiry.T306)
        found = {one for one in Expiry if row[one].action is not Action.UNEXPECTED}
        assert found <= runs, state


@EVERY_SIDE
def test_every_state_but_null_can_be_cleared_by_either_side(side: Side) -> None:
    for state, row in TABLE[side].items():
        if state in (CallState.NULL, CallState.CALL_ABORT):
            continue
        assert row[MessageType.RELEASE].state is CallState.NULL
        assert row[MessageType.RELEASE_COMPLETE].state is CallState.NULL
        left = row[Request.CLEAR].state
        assert left is CallState.NULL or is_clearing(left) or is_clearing(state)


@EVERY_SIDE
def test_clearing_never_goes_back(side: Side) -> None:
    for state, row in TABLE[side].items():
        if is_clearing(state):
            assert all(is_clearing(step.state) or step.state is CallState.NULL for step in row.values())


@EVERY_SIDE
def test_every_state_of_clearing_has_a_timer(side: Side) -> None:
    assert all(state in TIMERS[side] for state in STATES if is_clearing(state))


@EVERY_SIDE
def test_time_outs_have_causes(side: Side) -> None:
    for row in TABLE[side].values():
        for expiry in Expiry:
            if row[expiry].action in (Action.TIME_OUT, Action.GIVE_UP):
                assert expiry in EXPIRY_CAUSES


def test_the_sides_mirror_each_other() -> None:
    user, network = NUMBERS[Side.USER], NUMBERS[Side.NETWORK]
    assert (user.originating, user.terminating) == (network.terminating, network.originating)
    assert (user.disconnecting, user.disconnected) == (network.disconnected, network.disconnecting)


@pytest.mark.parametrize("state", STATES)
def test_a_state_goes_with_itself_on_the_other_side(state: CallState) -> None:
    if state is not CallState.NULL:
        assert is_compatible(state, state)


def test_a_call_that_is_up_does_not_go_with_one_that_is_not() -> None:
    for theirs in STATES:
        assert is_compatible(CallState.ACTIVE, theirs) is (theirs in (CallState.ACTIVE, CallState.CONNECT_REQUEST))


def test_hold_has_a_step_for_every_input() -> None:
    for state in HoldState:
        assert set(HOLD_TABLE[state]) == set(HOLD_INPUTS)
        for step in HOLD_TABLE[state].values():
            assert step.state is state or step.action not in (HoldAction.ABSENT, HoldAction.REFUSE)


def test_hold_has_an_end_for_each_timer() -> None:
    for state, timer in HOLD_TIMERS.items():
        assert HOLD_TABLE[state][timer].action is HoldAction.FAIL
