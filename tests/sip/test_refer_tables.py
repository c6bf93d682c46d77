"""The tables of a refer subscription: no hole, and a final word at most once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sip.refer_tables import (
    REFERRAL,
    SUBSCRIPTION,
    ReferralAction,
    ReferralInput,
    ReferralState,
    SubscriptionAction,
    SubscriptionInput,
    SubscriptionPhase,
)

FINAL_WORDS = {ReferralAction.SEND_FINAL, ReferralAction.END_QUIETLY}
ENDS = {
    SubscriptionAction.REFUSED,
    SubscriptionAction.FINAL,
    SubscriptionAction.END,
    SubscriptionAction.ANSWERED_END,
    SubscriptionAction.ACCEPT_FINAL,
    SubscriptionAction.ACCEPT_END,
}


@given(st.lists(st.sampled_from(list(ReferralInput)), max_size=20))
def test_referral_takes_any_input_and_says_the_final_word_once(inputs: list[ReferralInput]) -> None:
    state, actions = ReferralState.ASKED, []
    for input_ in inputs:
        row = REFERRAL[state, input_]
        actions.append(row.action)
        state = row.state
    assert sum(action in FINAL_WORDS for action in actions) <= 1
    assert actions.count(ReferralAction.DELIVERED) <= 1


@given(st.lists(st.sampled_from(list(SubscriptionInput)), max_size=20))
def test_subscription_takes_any_input_and_ends_once(inputs: list[SubscriptionInput]) -> None:
    phase, actions = SubscriptionPhase.NEW, []
    for input_ in inputs:
        row = SUBSCRIPTION[phase, input_]
        actions.append(row.action)
        phase = row.phase
    assert sum(action in ENDS for action in actions) <= 1


@pytest.mark.parametrize("state", ReferralState)
@pytest.mark.parametrize("input_", ReferralInput)
def test_ignored_input_leaves_the_referral_where_it_is(state: ReferralState, input_: ReferralInput) -> None:
    row = REFERRAL[state, input_]
    if row.action in (ReferralAction.IGNORE, ReferralAction.REJECT):
        assert row.state is state


@pytest.mark.parametrize("phase", [*SubscriptionPhase][1:])
def test_every_notify_is_answered_in_some_way(phase: SubscriptionPhase) -> None:
    for input_ in ("progress", "final", "final open", "terminated"):
        assert SUBSCRIPTION[phase, SubscriptionInput(input_)].action is not SubscriptionAction.IGNORE
