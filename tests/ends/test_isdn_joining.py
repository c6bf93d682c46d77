"""Calls that a network is asked to join: the table has no hole, and always comes to an end."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from gateway.ends.isdn_join_table import TABLE, Action, Input, State
from gateway.ends.isdn_joining import PROCEDURES, TOLD_HERE
from gateway.ends.isdn_single_step import SERVICE
from gateway.interworking.transfer_ladder import ladder
from gateway.isdn import operations

_ENDS = frozenset((Action.SUCCEED, Action.FAIL, Action.STOP))


def test_every_state_knows_every_input() -> None:
    assert set(TABLE) == set(product(State, Input))


def test_what_is_over_stays_over() -> None:
    assert all(TABLE[State.OVER, each] == (Action.IGNORE, State.OVER) for each in Input)


@given(st.sampled_from((State.HOLDING, State.NAMING, State.JOINING)), st.lists(st.sampled_from(Input)))
def test_whoever_asked_is_told_once(state: State, inputs: list[Input]) -> None:
    """Silence, or a call that is cleared here, ends it from anywhere."""
    told = 0
    for each in [*inputs, Input.SILENCE, Input.SILENCE, Input.SILENCE]:
        action, after = TABLE[state, each]
        told += action in _ENDS
        assert (action is Action.IGNORE) is (after is state)
        state = after
    assert (state, told) == (State.OVER, 1)


def test_nothing_is_cleared_before_the_network_has_both() -> None:
    for (state, _), (action, _) in TABLE.items():
        assert action is not Action.CLEAR or state is State.CLEARING


def test_one_call_that_is_cleared_is_no_success() -> None:
    """Its user may have hung up: only when the other one follows the network has joined them."""
    assert TABLE[State.JOINING, Input.LEFT] == (Action.AWAIT, State.HALF)
    assert TABLE[State.HALF, Input.LEFT] == (Action.SUCCEED, State.CLEARING)
    assert TABLE[State.HALF, Input.SILENCE] == (Action.UNDO, State.RETRIEVING)


def test_the_operations_are_those_of_the_tables() -> None:
    for procedure in PROCEDURES.values():
        for name in (procedure.names, procedure.joins):
            assert not name or operations.named(procedure.operations, name)


def test_the_services_are_those_of_the_ladder() -> None:
    assert {*PROCEDURES, TOLD_HERE, SERVICE} <= set(ladder().services)
