"""Two legs that have never talked are put together: who is offered what, and what comes of refusals."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.hub.call_table import CallState
from gateway.hub.join_table import TABLE, JoinInput, JoinState
from gateway.model.call import Capability, Clearing
from gateway.sip.sdp import Direction, direction
from tests.hub.desk import Desk, Watcher
from tests.hub.legs import ABLE, FakeLeg, sdp

A_TO_SURVIVOR = sdp("192.0.2.10")
A_TO_TARGET = sdp("192.0.2.10", 4002)
SURVIVOR = sdp("192.0.2.1")
TARGET = sdp("192.0.2.3")
NO_LATE_OFFERS = ABLE - {Capability.LATE_OFFER}
BUSY = Clearing(486)


class Two:
    """A survivor and a target that have each talked to the transferor."""

    def __init__(
        self,
        *,
        session: bytes = b"",
        late: bool = False,
        survivor: bytes = SURVIVOR,
        target: bytes = TARGET,
        told: bytes = A_TO_TARGET,
        able: frozenset[Capability] = ABLE,
    ) -> None:
        self.desk = Desk()
        self.watcher = Watcher()
        self.survivor = self.desk.answered_leg("a", A_TO_SURVIVOR, survivor, capabilities=able)
        self.target = self.desk.answered_leg("b", told, target)
        self.target._confirm_due = late
        self.call = self.desk.hub.connect(
            self.survivor, self.target, self.watcher, self.desk.now, session=session, late=late
        )
        assert self.survivor.did == self.target.did == []
        self.desk.advance()

    @property
    def now(self) -> float:
        return self.desk.now

    @property
    def heard(self) -> list[object]:
        return [event for event, *_ in self.watcher.heard]


def test_the_survivor_gets_the_targets_description_and_the_target_its_answer() -> None:
    two = Two()
    assert two.survivor.last("offer") == (sdp("192.0.2.3", direction="sendrecv"),)
    two.survivor.takes(two.now, SURVIVOR)
    assert two.target.last("offer") == (SURVIVOR,)
    assert two.heard == []
    two.target.takes(two.now, TARGET)
    assert two.heard == ["connected"]
    assert two.call.state is CallState.TALKING
    assert two.survivor.asked_to("offer") == two.target.asked_to("offer") == 1
    assert len(two.desk.timers) == 0


def test_a_target_that_was_called_with_the_survivors_description_need_not_be_asked_again() -> None:
    two = Two(session=TARGET, told=SURVIVOR)
    two.survivor.takes(two.now, SURVIVOR)
    assert two.target.did == []
    assert two.heard == ["connected"]


def test_a_survivor_who_answers_otherwise_than_it_was_described_has_the_target_told() -> None:
    two = Two(session=TARGET, told=SURVIVOR)
    two.survivor.takes(two.now, sdp("192.0.2.1", 5555))
    assert two.target.last("offer") == (sdp("192.0.2.1", 5555),)
    two.target.takes(two.now, TARGET)
    assert two.heard == ["connected"]


def test_a_target_that_moves_while_it_is_told_has_the_survivor_told_once_more() -> None:
    two = Two()
    two.survivor.takes(two.now, SURVIVOR)
    two.target.takes(two.now, sdp("192.0.2.3", 7777))
    assert two.survivor.last("offer") == (sdp("192.0.2.3", 7777),)
    two.survivor.takes(two.now, sdp("192.0.2.1", 8888))
    assert two.heard == ["connected"]


@pytest.mark.parametrize("how", ["sendonly", "inactive", "recvonly"])
def test_whoever_was_on_hold_is_made_active(how: str) -> None:
    two = Two(target=sdp("192.0.2.3", direction=how))
    (offered,) = two.survivor.last("offer")
    assert direction(offered) is Direction.SENDRECV


def test_a_refusal_for_the_media_has_the_survivor_asked_for_an_offer() -> None:
    two = Two()
    two.survivor.refuses(two.now, 488)
    assert two.survivor.last("offer") == (b"",)
    two.survivor.takes(two.now, sdp("192.0.2.1", formats="9 8 0"))
    assert two.target.last("offer") == (sdp("192.0.2.1", formats="8 0"),)
    two.target.takes(two.now, sdp("192.0.2.3", formats="8"))
    assert two.survivor.last("confirm") == (sdp("192.0.2.3", formats="8"),)
    assert two.heard == ["connected"]


def test_an_offer_without_common_codecs_is_tried_as_it_is() -> None:
    two = Two()
    two.survivor.refuses(two.now, 488)
    two.survivor.takes(two.now, sdp("192.0.2.1", formats="9"))
    assert two.target.last("offer") == (sdp("192.0.2.1", formats="9"),)


def test_who_makes_no_offers_is_offered_the_codecs_that_both_have() -> None:
    two = Two(survivor=sdp("192.0.2.1", formats="8"), able=NO_LATE_OFFERS)
    two.survivor.refuses(two.now, 488)
    assert two.survivor.last("offer") == (sdp("192.0.2.3", formats="8", direction="sendrecv"),)
    two.survivor.takes(two.now, sdp("192.0.2.1", formats="8"))
    two.target.takes(two.now, sdp("192.0.2.3", formats="8"))
    assert two.heard == ["connected"]


def test_a_target_that_refuses_is_offered_the_codecs_that_both_have() -> None:
    two = Two(target=sdp("192.0.2.3", formats="8"))
    two.survivor.takes(two.now, sdp("192.0.2.1", formats="0 8"))
    two.target.refuses(two.now, 488)
    assert two.target.last("offer") == (sdp("192.0.2.1", formats="8"),)
    two.target.takes(two.now, sdp("192.0.2.3", formats="8"))
    assert two.heard == ["connected"]


def test_who_refuses_twice_is_not_dropped() -> None:
    two = Two()
    two.survivor.refuses(two.now, 488)
    two.survivor.refuses(two.now, 488)
    assert two.watcher.heard == [("not connected", two.call, Clearing(488))]
    assert (two.survivor.gone, two.target.gone) == (False, False)
    assert two.call.state is CallState.TALKING
    two.survivor.hangs_up(two.now, BUSY)
    assert two.target.cleared_with is BUSY


def test_a_target_that_refuses_twice_is_not_dropped() -> None:
    two = Two(target=sdp("192.0.2.3", formats="8"))
    two.survivor.takes(two.now, sdp("192.0.2.1", formats="0 8"))
    two.target.refuses(two.now, 488)
    two.target.refuses(two.now, 488)
    assert two.heard == ["not connected"]
    assert (two.survivor.gone, two.target.gone) == (False, False)


def test_a_refusal_for_another_reason_is_final() -> None:
    two = Two()
    two.survivor.refuses(two.now, 500)
    assert two.survivor.asked_to("offer") == 1
    assert two.heard == ["not connected"]


def test_a_target_that_refuses_what_the_survivor_has_offered_leaves_the_survivor_with_what_it_had() -> None:
    two = Two()
    two.survivor.refuses(two.now, 488)
    two.survivor.takes(two.now, SURVIVOR)
    two.target.refuses(two.now, 488)
    assert two.survivor.last("confirm") == (A_TO_SURVIVOR,)
    assert two.heard == ["not connected"]


def test_a_target_that_has_made_an_offer_gets_the_survivors_answer() -> None:
    two = Two(session=TARGET, late=True, told=b"")
    assert two.survivor.last("offer") == (sdp("192.0.2.3", direction="sendrecv"),)
    two.survivor.takes(two.now, SURVIVOR)
    assert two.target.last("confirm") == (SURVIVOR,)
    assert two.target.asked_to("offer") == 0
    assert two.heard == ["connected"]


def test_a_target_whose_offer_is_refused_is_confirmed_all_the_same() -> None:
    two = Two(session=TARGET, late=True, told=b"")
    two.survivor.refuses(two.now, 488)
    assert two.target.last("confirm") == (SURVIVOR,)
    assert two.heard == ["not connected"]


def test_a_target_whose_answer_is_still_on_its_way_is_waited_for() -> None:
    two = Two(target=b"", told=SURVIVOR)
    assert two.survivor.did == []
    two.target.acknowledges(two.now, TARGET)
    assert two.survivor.last("offer") == (sdp("192.0.2.3", direction="sendrecv"),)


@pytest.mark.parametrize("answered", [True, False])
def test_an_offer_from_before_is_waited_for(answered: bool) -> None:
    desk, watcher = Desk(), Watcher()
    (_, survivor), (_, target) = desk.talking(), desk.talking()
    caller = desk.call_of(survivor).caller
    assert isinstance(caller, FakeLeg)
    caller.offers(desk.now, sdp(direction="sendonly"))
    desk.hub.connect(survivor, target, watcher, desk.now)
    desk.advance()
    assert survivor.asked_to("offer") == 1
    if answered:
        survivor.takes(desk.now, sdp("192.0.2.2", direction="recvonly"))
    else:
        survivor.refuses(desk.now)
    assert survivor.asked_to("offer") == 2
    assert not survivor.faults


def test_nobody_else_changes_the_media_meanwhile() -> None:
    two = Two()
    two.target.offers(two.now, TARGET)
    assert two.target.last("decline") == (Clearing(491),)
    two.survivor.owner.media_offered(two.survivor, SURVIVOR, two.now)
    assert two.survivor.last("decline") == (Clearing(491),)


@pytest.mark.parametrize("leaver", ["survivor", "target"])
def test_when_one_hangs_up_meanwhile_the_other_goes_too(leaver: str) -> None:
    two = Two()
    leg, other = (two.survivor, two.target) if leaver == "survivor" else (two.target, two.survivor)
    leg.hangs_up(two.now, BUSY)
    assert other.cleared_with is BUSY
    assert two.watcher.heard == [("not connected", two.call, BUSY)]
    assert two.call.has_ended
    assert len(two.desk.timers) == 0


def test_a_survivor_whose_offer_is_with_the_target_is_confirmed_when_the_target_is_taken() -> None:
    two = Two()
    two.survivor.refuses(two.now, 488)
    two.survivor.takes(two.now, SURVIVOR)
    two.call.take(two.target, two.now)
    assert two.survivor.last("confirm") == (A_TO_SURVIVOR,)
    assert two.heard == []


def test_who_never_answers_is_not_waited_for_for_ever() -> None:
    two = Two()
    two.desk.advance(33)
    assert two.watcher.heard == [("not connected", two.call, Clearing(408))]
    two.survivor.takes(two.now, SURVIVOR)
    assert two.target.did == []
    assert two.call.state is CallState.TALKING


def test_two_legs_that_were_being_put_together_are_so_again_after_a_restart() -> None:
    two = Two()
    snapshots = dict(two.desk.hub.changes())
    later, watcher = Desk(), Watcher()
    for snapshot in snapshots.values():
        assert snapshot is not None
        later.hub.restore(snapshot, later.now)
    survivor, target = later.trunks.placed
    later.call_of(survivor).watch(watcher)
    later.advance()
    survivor.takes(later.now, SURVIVOR)
    target.takes(later.now, TARGET)
    assert [event for event, *_ in watcher.heard] == ["connected"]


def test_every_state_knows_every_input_and_none_waits_for_ever() -> None:
    assert set(TABLE) == set(product(JoinState, JoinInput))
    for state in JoinState:
        assert TABLE[state, JoinInput.LEFT][1] is JoinState.OVER
        assert TABLE[state, JoinInput.SILENCE][1] is JoinState.OVER


MOVES = {
    "takes": lambda two, leg: leg.takes(two.now, SURVIVOR),
    "takes otherwise": lambda two, leg: leg.takes(two.now, sdp("192.0.2.77", formats="8")),
    "takes nonsense": lambda two, leg: leg.takes(two.now, b"nonsense"),
    "refuses": lambda two, leg: leg.refuses(two.now, 488),
    "fails": lambda two, leg: leg.refuses(two.now, 500),
    "offers": lambda two, leg: leg.offers(two.now, SURVIVOR),
    "asks for an offer": lambda two, leg: leg.offers(two.now, b""),
    "acknowledges": lambda two, leg: leg.acknowledges(two.now, TARGET),
    "hangs up": lambda two, leg: leg.hangs_up(two.now, BUSY),
    "waits": lambda two, leg: two.desk.advance(35),
}


@settings(max_examples=300, deadline=None)
@given(
    st.booleans(),
    st.booleans(),
    st.lists(st.tuples(st.sampled_from(sorted(MOVES)), st.integers(0, 1)), max_size=20),
)
def test_the_watcher_hears_once_and_no_leg_is_left_alone(
    late: bool, able: bool, moves: list[tuple[str, int]]
) -> None:
    two = Two(late=late, session=TARGET if late else b"", able=ABLE if able else NO_LATE_OFFERS)
    for name, side in moves:
        leg = (two.survivor, two.target)[side]
        MOVES[name](two, leg)
        assert two.survivor.gone == two.target.gone
        assert not two.survivor.faults + two.target.faults
    two.desk.advance(400)
    assert len(two.heard) == 1
    assert two.survivor.gone == two.target.gone == two.desk.hub.idle
    for leg in (two.survivor, two.target):
        assert leg.gone or (leg.unanswered == 0 and not leg._confirm_due)
