"""The table of a transfer has no hole."""

import pytest

from gateway.hub.transfer_actions import ACTIONS
from gateway.hub.transfer_table import IGNORED, TABLE, WAITS, Action, Input, State, Wait


@pytest.mark.parametrize("state", State)
def test_every_input_in_every_state_is_acted_on_or_ignored_on_purpose(state: State) -> None:
    rows = set(TABLE[state])
    assert rows | IGNORED[state] == set(Input)
    assert not rows & IGNORED[state]


@pytest.mark.parametrize("action", Action)
def test_every_action_is_used_and_known(action: Action) -> None:
    assert action in ACTIONS
    assert any(row[0] is action for rows in TABLE.values() for row in rows.values())


@pytest.mark.parametrize("state", [state for state in State if state not in (State.BEGUN, State.OVER)])
def test_no_state_lasts_for_ever(state: State) -> None:
    assert WAITS[state] is not Wait.NOTHING
    assert TABLE[state][Input.TIMED_OUT][1] is not state


def test_over_is_reached_from_everywhere() -> None:
    reaching = {State.OVER}
    for _ in State:
        reaching |= {state for state, rows in TABLE.items() if {row[1] for row in rows.values()} & reaching}
    assert reaching == set(State)


def test_nothing_begins_again_once_it_is_over() -> None:
    assert {row[1] for row in TABLE[State.OVER].values()} == {State.OVER}
