"""The tables of a call and of its offers: no hole, no way back, an end from everywhere."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.sip.negotiation_table import NEGOTIATION_TABLE, NegotiationAction, NegotiationInput, NegotiationState
from gateway.sip.session_table import EARLY, OVER, TABLE, TIMERS, SessionAction, SessionInput, SessionState

_ORDER = list(SessionState)


@given(st.sampled_from(SessionState), st.sampled_from(SessionInput))
def test_every_state_of_a_call_knows_every_input(state: SessionState, happened: SessionInput) -> None:
    step = TABLE[state][happened]
    if step.action is SessionAction.IGNORE:
        assert step.state is state


@given(st.sampled_from(NegotiationState), st.sampled_from(NegotiationInput))
def test_every_state_of_an_offer_knows_every_input(state: NegotiationState, happened: NegotiationInput) -> None:
    step = NEGOTIATION_TABLE[state][happened]
    if step.action is NegotiationAction.IGNORE:
        assert step.state is state


@given(
    st.lists(st.sampled_from(SessionInput), max_size=40),
    st.sampled_from((SessionState.CALLING, SessionState.INCOMING)),
)
def test_a_call_never_goes_back(inputs: list[SessionInput], state: SessionState) -> None:
    for happened in inputs:
        after = TABLE[state][happened].state
        assert after is state or _ORDER.index(after) > _ORDER.index(state)
        if state not in EARLY:
            assert after not in EARLY
        state = after


def test_what_has_ended_stays_so() -> None:
    assert all(TABLE[SessionState.ENDED][one].action is SessionAction.IGNORE for one in SessionInput)
    assert all(TABLE[SessionState.ENDING][one].state in OVER for one in SessionInput)


def test_every_call_can_be_left_by_its_owner() -> None:
    leaving = {SessionState.CANCELLING, SessionState.LEAVING, SessionState.ENDING, SessionState.ENDED}
    for state in set(SessionState) - leaving:
        ends = {TABLE[state][one].state for one in (SessionInput.BYE, SessionInput.CANCEL, SessionInput.REFUSE)}
        assert ends & leaving, state


def test_every_state_that_waits_for_the_peer_ends_by_itself() -> None:
    for state, happened in TIMERS.items():
        assert TABLE[state][happened].state in OVER
    for state in (SessionState.CALLING, SessionState.PROCEEDING, SessionState.CANCELLING):
        assert TABLE[state][SessionInput.FAILED].state is SessionState.ENDED
    assert TABLE[SessionState.ENDING][SessionInput.DONE].state is SessionState.ENDED


def test_ours_waits_while_any_offer_is_open() -> None:
    for state in set(NegotiationState) - {NegotiationState.IDLE}:
        assert NEGOTIATION_TABLE[state][NegotiationInput.OFFER].action is NegotiationAction.QUEUE


def test_the_peers_is_never_left_without_an_answer() -> None:
    for state in NegotiationState:
        for happened in (NegotiationInput.INVITE_CAME, NegotiationInput.UPDATE_CAME):
            assert NEGOTIATION_TABLE[state][happened].action is not NegotiationAction.IGNORE
