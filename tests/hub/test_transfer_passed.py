"""Transfer passed on: the REFER goes to the other leg, and what comes of it comes back."""

import pytest

from gateway.model.call import Capability, Clearing
from gateway.model.causes import Cause
from gateway.model.transfer import Kept, Outcome, TransferOutcome, TransferProgress, TransferRequest
from tests.hub.legs import FakeLeg, sdp
from tests.hub.transfer_scene import Scene, attended, blind, finals, refused_with, reports

DONE = TransferOutcome(Outcome.SUCCEEDED, 200, "OK")
BUSY = TransferOutcome(Outcome.FAILED, 486, "Busy Here", Cause(17))


@pytest.fixture
def scene() -> Scene:
    return Scene()


def asked(scene: Scene, request: TransferRequest | None = None) -> tuple[FakeLeg, FakeLeg, str]:
    """The transferee has the REFER, and has said nothing yet."""
    one, other = scene.call("passing", "2000")
    return one, other, scene.asks(one, request or blind())


def accepted(scene: Scene) -> tuple[FakeLeg, FakeLeg, str]:
    """The transferee has accepted."""
    one, other, transfer = asked(scene)
    progress(scene, other, 202)
    return one, other, transfer


def progress(scene: Scene, leg: FakeLeg, status: int) -> None:
    leg.owner.transfer_progress(leg, TransferProgress(status), scene.now)


def ends(scene: Scene, leg: FakeLeg, outcome: TransferOutcome) -> None:
    leg.owner.transfer_outcome(leg, outcome, scene.now)


def refused(status: int) -> TransferOutcome:
    return TransferOutcome(Outcome.REFUSED, status)


def test_the_refer_goes_to_the_transferee_as_it_came_and_nobody_is_called(scene: Scene) -> None:
    placed = len(scene.trunks.placed)
    _, other, _ = asked(scene, blind("sip:c@x;p=1?User-to-User=5", "<sip:A@x;y>"))
    (request,) = other.last("refer")
    assert request.target.uri == "sip:c@x;p=1?User-to-User=5"
    assert Kept("sip", "Referred-By", "<sip:A@x;y>") in request.kept
    assert len(scene.trunks.placed) == placed + 1


def test_acceptance_progress_and_outcome_are_relayed(scene: Scene) -> None:
    one, other, _ = asked(scene)
    assert one.asked_to("accept_transfer") == 0
    progress(scene, other, 202)
    assert one.asked_to("accept_transfer") == 1
    progress(scene, other, 100)
    progress(scene, other, 180)
    ends(scene, other, DONE)
    assert reports(one) == [180, 200]
    assert (scene.record.decision, scene.record.method, scene.record.outcome) == ("pass", "refer", "succeeded")


def test_notify_before_the_202_accepts_as_well(scene: Scene) -> None:
    one, other, _ = asked(scene)
    progress(scene, other, 100)
    progress(scene, other, 202)
    assert one.asked_to("accept_transfer") == 1
    ends(scene, other, DONE)
    assert reports(one) == [200]


def test_after_success_the_call_is_released_by_the_transferors_bye(scene: Scene) -> None:
    one, other, transfer = accepted(scene)
    ends(scene, other, DONE)
    assert not one.gone and not other.gone
    one.hears_report(scene.now, transfer)
    assert other.gone and not one.gone
    one.hangs_up(scene.now)
    assert scene.is_idle() and not scene.hub.calls


@pytest.mark.parametrize("status", [403, 486, 603])
def test_a_refusal_is_relayed_with_its_status(scene: Scene, status: int) -> None:
    one, other, _ = asked(scene)
    ends(scene, other, refused(status))
    assert refused_with(one) == status
    assert scene.together(one, other) and scene.is_idle()
    assert scene.record.outcome == "refused"


@pytest.mark.parametrize("status", [405, 501])
def test_a_transferee_that_knows_no_refer_leaves_it_to_the_gateway(scene: Scene, status: int) -> None:
    one, other, _ = asked(scene)
    ends(scene, other, refused(status))
    target = scene.trunks.newest
    assert target.trunk == "c" and one.asked_to("accept_transfer") == 1
    target.picks_up(scene.now, sdp())
    scene.agree(other, target)
    assert scene.together(other, target) and reports(one) == [200]
    assert (scene.record.decision, scene.record.method) == ("consume", "invite")


def test_a_peer_that_does_not_allow_refer_is_not_asked(scene: Scene) -> None:
    scene.able("b", Capability.REFER)
    _, other, _ = asked(scene)
    assert other.asked_to("refer") == 0
    assert scene.trunks.newest.trunk == "c"


def test_a_failure_is_relayed_and_the_call_goes_on(scene: Scene) -> None:
    one, other, _ = accepted(scene)
    ends(scene, other, BUSY)
    assert reports(one) == [486]
    assert scene.together(one, other) and scene.is_idle()
    scene.asks(one, blind())
    assert other.asked_to("refer") == 2


def test_only_trying_and_then_nothing_is_bounded_by_a_timer(scene: Scene) -> None:
    one, other, _ = accepted(scene)
    progress(scene, other, 100)
    scene.passes(250)
    assert reports(one) == [408]
    assert scene.together(one, other) and scene.is_idle()


def test_a_subscription_that_ends_without_a_word_is_a_failure(scene: Scene) -> None:
    one, other, _ = accepted(scene)
    ends(scene, other, TransferOutcome(Outcome.PENDING))
    assert reports(one) == [503]
    assert scene.together(one, other)


def test_a_silent_transferee_does_not_keep_the_refer_without_answer(scene: Scene) -> None:
    one, other, _ = asked(scene)
    scene.passes(20)
    assert one.asked_to("accept_transfer") == 1
    ends(scene, other, refused(603))
    assert reports(one) == [603] and scene.together(one, other)


def test_the_transferors_bye_is_held_back_until_the_outcome(scene: Scene) -> None:
    one, other, _ = accepted(scene)
    one.hangs_up(scene.now)
    assert not other.gone
    ends(scene, other, DONE)
    scene.passes(60)
    assert other.gone and scene.is_idle() and finals(one) == 1


def test_a_transferor_that_hangs_up_before_the_answer_is_answered_all_the_same(scene: Scene) -> None:
    one, other, _ = asked(scene)
    one.hangs_up(scene.now)
    assert one.asked_to("accept_transfer") == 1
    assert not other.gone
    ends(scene, other, BUSY)
    assert other.cleared_with is not None and other.cleared_with.cause == Cause(17)


def test_a_transferee_that_hangs_up_once_it_accepted_may_still_report(scene: Scene) -> None:
    one, other, transfer = accepted(scene)
    other.hangs_up(scene.now)
    assert not one.gone
    ends(scene, other, DONE)
    assert reports(one) == [200]
    one.hears_report(scene.now, transfer)
    scene.passes(11)
    assert one.gone and scene.is_idle() and not scene.hub.calls


def test_a_transferee_that_hangs_up_instead_of_an_answer_ends_the_call(scene: Scene) -> None:
    one, other, _ = asked(scene)
    other.hangs_up(scene.now, Clearing(cause=Cause(16)))
    assert refused_with(one) == 480
    assert one.gone and scene.is_idle() and not scene.hub.calls


def test_a_dialog_of_ours_is_named_as_its_other_end_knows_it(scene: Scene) -> None:
    one, other = scene.call("passing", "2000")
    consultation, target = scene.call("passing", "3000")
    scene.asks(one, attended(consultation), consultation)
    (request,) = other.last("refer")
    assert request.consultation == target.reference
    assert request.target.uri == target.address
    ends(scene, other, DONE)
    assert scene.together(consultation, target)


def test_a_consultation_call_that_still_rings_is_carried_out_here(scene: Scene) -> None:
    one, other = scene.call("passing", "2000")
    consultation = scene.caller("passing", "3000")
    target = scene.trunks.newest
    scene.asks(one, attended(consultation), consultation)
    assert other.asked_to("refer") == 0
    target.picks_up(scene.now, sdp())
    scene.agree(other, target)
    assert scene.together(other, target)


def test_an_attended_transfer_refused_for_want_of_refer_is_joined_here(scene: Scene) -> None:
    one, other = scene.call("passing", "2000")
    consultation, target = scene.call("passing", "3000")
    scene.asks(one, attended(consultation), consultation)
    ends(scene, other, refused(501))
    scene.agree(other, target)
    assert scene.together(other, target)
    assert scene.record.method == "join"
