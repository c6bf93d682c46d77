"""Calls on their way into the network: the table has no hole, and always comes to an end."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from gateway.ends.isdn_joining import PROCEDURES, TABLE, Action, Input, State
from gateway.isdn import operations


def test_every_state_knows_every_input() -> None:
    assert set(TABLE) == set(product(State, Input))


def test_what_is_over_stays_over() -> None:
    assert all(TABLE[State.OVER, each] == (Action.IGNORE, State.OVER) for each in Input)


@given(st.lists(st.sampled_from(Input)))
def test_silence_or_the_end_of_a_call_ends_it_from_anywhere(inputs: list[Input]) -> None:
    state = State.NAMING
    ends = 0
    for each in [*inputs, Input.SILENCE, Input.SILENCE, Input.SILENCE]:
        action, after = TABLE[state, each]
        ends += after is State.OVER and state is not State.OVER
        assert (action is Action.IGNORE) is (after is state)
        state = after
    assert (state, ends) == (State.OVER, 1)


def test_a_refusal_leaves_the_calls_joined_here() -> None:
    for state in (State.NAMING, State.JOINING):
        for each in (Input.FAILED, Input.SILENCE):
            assert TABLE[state, each] == (Action.STAY, State.OVER)


def test_the_operations_are_those_of_the_tables() -> None:
    for variant, procedure in PROCEDURES.items():
        for name in procedure:
            assert not name or operations.named(variant, name)
