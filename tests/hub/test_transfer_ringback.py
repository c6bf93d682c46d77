"""What the transferee hears while the target of its transfer is ringing."""

import pytest

from gateway.hub.transfer_table import State
from gateway.model.call import Clearing, Progress
from gateway.model.causes import Cause
from gateway.sip.sdp import is_held, resumed, same_media
from tests.hub.legs import FakeLeg, sdp
from tests.hub.transfer_scene import HOLD, Scene, attended, blind, finals, reports

TONE = sdp("203.0.113.80")
SPEECH = sdp("203.0.113.81")


class Ringing:
    """A call to somebody who may hear the target, on hold; its transferor has asked for a transfer to 3000."""

    def __init__(self, number: str = "4000", *, held: bool = True, trunk: str = "a") -> None:
        self.scene = scene = Scene()
        self.one, self.other = scene.call(trunk, number)
        if held:
            self.one.offers(scene.now, HOLD)
            scene.agree(self.other)
            assert is_held(self.other.local_session)
        self.before = self.other.local_session
        self.offers = self.other.asked_to("offer")
        self.transfer = scene.asks(self.one, blind())
        self.target = scene.trunks.newest

    def rings(self, session: bytes = TONE) -> None:
        self.target.rings(self.scene.now, 183, session)

    def agrees(self, *legs: FakeLeg) -> None:
        self.scene.agree(*(legs or (self.other,)))

    def new_offers(self) -> int:
        return self.other.asked_to("offer") - self.offers

    @property
    def state(self) -> State:
        return self.scene.hub.transfers.running[self.transfer].state


@pytest.fixture
def ringing() -> Ringing:
    return Ringing()


def test_the_early_media_of_the_target_is_offered_to_the_transferee(ringing: Ringing) -> None:
    ringing.rings()
    assert ringing.other.last("offer") == (resumed(TONE),)
    assert reports(ringing.one) == [183]
    assert ringing.state is State.HEARING


def test_when_the_target_answers_with_the_same_nothing_is_offered_again(ringing: Ringing) -> None:
    ringing.rings()
    ringing.agrees()
    ringing.target.picks_up(ringing.scene.now, TONE)
    ringing.scene.passes()
    assert ringing.new_offers() == 1
    assert ringing.target.asked_to("offer") == 0
    assert reports(ringing.one) == [183, 200]
    assert ringing.scene.together(ringing.other, ringing.target)


def test_another_answer_is_offered(ringing: Ringing) -> None:
    ringing.rings()
    ringing.agrees()
    ringing.target.picks_up(ringing.scene.now, SPEECH)
    ringing.agrees()
    assert ringing.new_offers() == 2
    assert same_media(ringing.other.local_session, resumed(SPEECH))
    assert ringing.scene.together(ringing.other, ringing.target)


def test_what_the_transferee_said_otherwise_meanwhile_is_told_to_the_target(ringing: Ringing) -> None:
    ringing.rings()
    ringing.scene.passes()
    ringing.other.takes(ringing.scene.now, sdp("203.0.113.99"))
    ringing.target.picks_up(ringing.scene.now, TONE)
    ringing.agrees(ringing.target)
    assert ringing.new_offers() == 1
    assert ringing.target.asked_to("offer") == 1
    assert same_media(ringing.target.local_session, sdp("203.0.113.99"))
    assert ringing.scene.together(ringing.other, ringing.target)


def test_an_answer_while_the_transferee_has_not_answered_yet(ringing: Ringing) -> None:
    ringing.rings()
    ringing.target.picks_up(ringing.scene.now, TONE)
    ringing.scene.passes()
    assert reports(ringing.one) == [183]
    ringing.agrees()
    assert ringing.new_offers() == 1
    assert reports(ringing.one) == [183, 200]


def test_other_early_media_takes_the_place_of_the_first(ringing: Ringing) -> None:
    ringing.rings()
    ringing.rings(SPEECH)
    assert ringing.new_offers() == 1
    ringing.agrees()
    ringing.rings(TONE)
    assert ringing.new_offers() == 1
    ringing.rings(SPEECH)
    assert ringing.new_offers() == 2


def test_who_refuses_it_goes_on_without(ringing: Ringing) -> None:
    ringing.rings()
    ringing.scene.passes()
    ringing.other.refuses(ringing.scene.now, 488)
    ringing.target.picks_up(ringing.scene.now, TONE)
    ringing.scene.passes()
    assert ringing.new_offers() == 2
    ringing.agrees()
    assert reports(ringing.one) == [183, 200]
    assert ringing.scene.together(ringing.other, ringing.target)


def test_when_the_target_fails_the_transferee_is_on_hold_as_before(ringing: Ringing) -> None:
    ringing.rings()
    ringing.agrees()
    ringing.target.hangs_up(ringing.scene.now, Clearing(486, Cause(17)))
    ringing.agrees(ringing.other, ringing.one)
    assert reports(ringing.one) == [183, 486]
    assert same_media(ringing.other.local_session, ringing.before)
    assert ringing.one.asked_to("offer") == 0
    assert ringing.scene.together(ringing.other, ringing.one)
    assert ringing.scene.is_idle()


def test_who_has_refused_is_not_asked_to_go_back(ringing: Ringing) -> None:
    ringing.rings()
    ringing.scene.passes()
    ringing.other.refuses(ringing.scene.now, 488)
    ringing.target.hangs_up(ringing.scene.now, Clearing(486, Cause(17)))
    ringing.scene.passes()
    assert ringing.new_offers() == 1
    assert ringing.scene.together(ringing.other, ringing.one)


def test_a_second_transfer_after_one_that_was_heard_and_failed(ringing: Ringing) -> None:
    ringing.rings()
    ringing.agrees()
    ringing.target.hangs_up(ringing.scene.now, Clearing(486, Cause(17)))
    ringing.agrees(ringing.other, ringing.one)
    ringing.scene.asks(ringing.one, blind("sip:3001@gateway.invalid"))
    target = ringing.scene.trunks.newest
    target.picks_up(ringing.scene.now, SPEECH)
    ringing.agrees()
    assert finals(ringing.one) == 2
    assert ringing.scene.together(ringing.other, target)


def test_a_target_that_rings_too_long_gives_the_transferee_back(ringing: Ringing) -> None:
    ringing.rings()
    ringing.agrees()
    ringing.scene.passes(201)
    assert ringing.target.gone
    ringing.agrees(ringing.other, ringing.one)
    assert finals(ringing.one) == 1
    assert ringing.scene.together(ringing.other, ringing.one)


def test_the_transferor_may_hang_up_and_the_transferee_hears_on(ringing: Ringing) -> None:
    ringing.rings()
    ringing.agrees()
    ringing.one.hangs_up(ringing.scene.now)
    assert ringing.state is State.DIALLING_ALONE
    ringing.target.picks_up(ringing.scene.now, TONE)
    ringing.scene.passes()
    assert ringing.new_offers() == 1
    assert ringing.scene.together(ringing.other, ringing.target)


def test_when_the_transferor_hangs_up_what_was_rung_before_can_be_heard() -> None:
    ringing = Ringing(held=False)
    ringing.rings()
    assert ringing.new_offers() == 0
    ringing.one.hangs_up(ringing.scene.now)
    assert ringing.other.last("offer") == (resumed(TONE),)


def test_the_transferee_may_hang_up(ringing: Ringing) -> None:
    ringing.rings()
    ringing.agrees()
    ringing.other.hangs_up(ringing.scene.now)
    assert ringing.target.gone
    assert finals(ringing.one) == 1
    ringing.one.hears_report(ringing.scene.now, ringing.transfer)
    assert ringing.scene.is_idle()


@pytest.mark.parametrize("number", ["2000", "5000"])
def test_it_is_a_matter_of_the_trunk(number: str) -> None:
    ringing = Ringing(number)
    ringing.rings()
    assert ringing.new_offers() == 0
    assert ringing.state is State.DIALLING


def test_nobody_is_taken_out_of_a_conversation() -> None:
    ringing = Ringing(held=False)
    ringing.rings()
    assert ringing.new_offers() == 0
    assert ringing.state is State.DIALLING


def test_ringing_without_media_changes_nothing(ringing: Ringing) -> None:
    ringing.rings(b"")
    assert ringing.new_offers() == 0
    assert ringing.state is State.DIALLING


def test_what_the_target_sends_to_the_transferor_is_not_the_transferees() -> None:
    """Semi-attended: the early media is the answer to the offer of the consultation call."""
    scene = Scene()
    one, other = scene.call("a", "4000")
    one.offers(scene.now, HOLD)
    scene.agree(other)
    offers = other.asked_to("offer")
    consultation = scene.caller("a", "3000")
    target = scene.trunks.newest
    target.rings(scene.now, 183, TONE)
    scene.asks(one, attended(consultation), consultation)
    target.rings(scene.now, 183, TONE)
    assert other.asked_to("offer") == offers
    assert isinstance(consultation.last("progress")[0], Progress)
