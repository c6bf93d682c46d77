"""Attended and semi-attended transfer: two calls of the transferor put together (RFC 5589 §7)."""

import pytest

from gateway.model.call import Capability, Clearing
from gateway.model.causes import Cause
from tests.hub.legs import FakeLeg, sdp
from tests.hub.transfer_scene import Scene, attended, refused_with, reports


@pytest.fixture
def scene() -> Scene:
    return Scene()


def two_calls(scene: Scene, trunk: str = "a") -> tuple[FakeLeg, FakeLeg, FakeLeg, FakeLeg]:
    """The transferor's first call, and its consultation call: transferor, transferee, consultation leg, target."""
    return *scene.call(trunk, "2000"), *scene.call(trunk, "3000")


def ringing(scene: Scene, **said: object) -> tuple[FakeLeg, FakeLeg, FakeLeg, FakeLeg, str]:
    """The target of the consultation call still rings when the transfer is asked for."""
    one, other = scene.call("a", "2000")
    consultation = scene.caller("a", "3000", **said)
    target = scene.trunks.newest
    target.rings(scene.now)
    return one, other, consultation, target, scene.asks(one, attended(consultation), consultation)


def test_the_partners_of_the_transferor_are_joined(scene: Scene) -> None:
    one, other, consultation, target = two_calls(scene)
    placed = len(scene.trunks.placed)
    scene.asks(one, attended(consultation), consultation)
    scene.agree(other, target)
    assert scene.together(other, target)
    assert reports(one) == [200]
    assert len(scene.trunks.placed) == placed
    assert (scene.record.kind, scene.record.method, scene.record.outcome) == ("attended", "join", "succeeded")


def test_the_transferee_gets_the_media_of_the_target_which_ends_its_hold(scene: Scene) -> None:
    one, other, consultation, target = two_calls(scene)
    scene.asks(one, attended(consultation), consultation)
    scene.passes()
    (offer,) = other.last("offer")
    assert target.remote_session.split(b"IN IP4 ")[1][:12] in offer


def test_the_consultation_leg_is_released_when_the_report_was_heard_and_the_transferor_ends_the_first_call_itself(
    scene: Scene,
) -> None:
    one, other, consultation, target = two_calls(scene)
    transfer = scene.asks(one, attended(consultation), consultation)
    scene.agree(other, target)
    assert not consultation.gone and not one.gone
    one.hears_report(scene.now, transfer)
    assert consultation.cleared_with is not None and not one.gone
    one.hangs_up(scene.now)
    assert scene.is_idle() and scene.together(other, target)


def test_byes_of_the_transferor_while_the_two_are_joined_do_no_harm(scene: Scene) -> None:
    one, other, consultation, target = two_calls(scene)
    scene.asks(one, attended(consultation), consultation)
    scene.passes()
    consultation.hangs_up(scene.now)
    one.hangs_up(scene.now)
    scene.agree(other, target)
    assert scene.together(other, target) and scene.is_idle()
    assert reports(one) == [200]


def test_bye_on_the_consultation_leg_without_any_refer_leads_back_to_the_first_call(scene: Scene) -> None:
    one, other, consultation, target = two_calls(scene)
    consultation.hangs_up(scene.now)
    assert target.gone
    assert scene.together(one, other)
    assert scene.records == []


def test_the_transferor_may_have_been_called_in_one_or_both_calls(scene: Scene) -> None:
    other, one = scene.call("b", "3000")
    target, consultation = scene.call("b", "3001")
    scene.asks(one, attended(consultation), consultation)
    scene.agree(other, target)
    assert scene.together(other, target)


def test_a_transferee_that_refuses_the_media_keeps_its_call_and_the_consultation_goes_on(scene: Scene) -> None:
    scene.able("b", Capability.LATE_OFFER)
    one, other, consultation, target = two_calls(scene)
    scene.asks(one, attended(consultation), consultation)
    for _ in range(4):
        scene.passes()
        if not reports(one) and other.offering:
            other.refuses(scene.now, 488)
    scene.agree(other, one, consultation, target)
    assert reports(one) == [488]
    assert scene.together(one, other)
    assert scene.together(consultation, target)
    assert scene.is_idle()


def test_a_transferee_that_leaves_while_joined_gives_the_consultation_back(scene: Scene) -> None:
    one, other, consultation, target = two_calls(scene)
    transfer = scene.asks(one, attended(consultation), consultation)
    scene.passes()
    other.hangs_up(scene.now)
    scene.agree(consultation, target)
    assert scene.together(consultation, target)
    assert reports(one) == [487]
    one.hears_report(scene.now, transfer)
    assert one.gone and not consultation.gone


def test_refer_that_replaces_its_own_dialog_is_refused(scene: Scene) -> None:
    one, other = scene.call("a", "2000")
    scene.asks(one, attended(one), one)
    assert refused_with(one) == 400
    assert scene.together(one, other)


def test_a_dialog_of_another_trunk_is_not_the_transferors_to_give_away(scene: Scene) -> None:
    one, other = scene.call("a", "2000")
    stranger, friend = scene.call("b", "3000")
    scene.asks(one, attended(stranger), stranger)
    assert refused_with(one) == 403
    assert scene.together(stranger, friend) and scene.together(one, other)


def test_a_dialog_that_should_be_ours_and_is_not_is_refused_with_481(scene: Scene) -> None:
    one, _ = scene.call("a", "2000")
    scene.asks(one, attended(None, "sip:3000@gateway.invalid"))
    assert refused_with(one) == 481


def test_somebody_elses_dialog_is_replaced_by_an_invite_to_where_it_is(scene: Scene) -> None:
    one, other = scene.call("a", "2000")
    scene.asks(one, attended(None, "sip:3000@pbx.invalid"))
    target = scene.trunks.newest
    assert target.request is not None
    assert target.request.replaces == "elsewhere@pbx;to-tag=t1;from-tag=f1"
    assert target.request.called.uri == "sip:3000@pbx.invalid"
    target.picks_up(scene.now, sdp())
    scene.agree(other, target)
    assert scene.together(other, target)
    assert scene.record.method == "invite"


def test_teams_never_gets_replaces(scene: Scene) -> None:
    one, _ = scene.call("teams", "2000")
    scene.asks(one, attended(None, "sip:sip.pstnhub.example:5061;x-m=8:orgid:1"))
    target = scene.trunks.newest
    assert target.trunk == "teams" and target.request is not None
    assert target.request.replaces == ""
    assert target.request.called.uri == "sip:sip.pstnhub.example:5061;x-m=8:orgid:1"


def test_early_only_and_an_answered_consultation_call_do_not_go_together(scene: Scene) -> None:
    one, _, consultation, _ = two_calls(scene)
    scene.asks(one, attended(consultation, early_only=True), consultation)
    assert refused_with(one) == 486


def test_a_consultation_call_that_is_being_transferred_is_not_free(scene: Scene) -> None:
    one, _, consultation, target = two_calls(scene)
    scene.asks(target, attended(None, "sip:2002@pbx.invalid"))
    scene.asks(one, attended(consultation), consultation)
    assert refused_with(one) == 491


def test_semi_attended_the_target_goes_on_ringing_and_its_answer_joins(scene: Scene) -> None:
    one, other, consultation, target, transfer = ringing(scene)
    assert reports(one) == [180]
    target.picks_up(scene.now, sdp("203.0.113.77"))
    scene.agree(other, target)
    assert scene.together(other, target)
    assert reports(one) == [180, 200]
    one.hears_report(scene.now, transfer)
    assert consultation.cleared_with == Clearing(487)
    assert (scene.record.kind, scene.record.method) == ("semi-attended", "join")


def test_semi_attended_cancel_of_the_consultation_call_does_not_stop_the_target(scene: Scene) -> None:
    _, other, consultation, target, _ = ringing(scene)
    consultation.hangs_up(scene.now)
    assert not target.gone
    target.picks_up(scene.now, sdp())
    scene.agree(other, target)
    assert scene.together(other, target)


def test_semi_attended_a_target_that_refuses_is_told_on_both_calls(scene: Scene) -> None:
    one, other, consultation, target, _ = ringing(scene)
    target.hangs_up(scene.now, Clearing(486, Cause(17)))
    assert reports(one) == [180, 486]
    assert consultation.cleared_with is not None and consultation.cleared_with.status == 486
    assert scene.together(one, other) and scene.is_idle()


def test_semi_attended_a_late_offer_of_the_consultation_call_is_answered_by_the_transferee(scene: Scene) -> None:
    _, other, _, target, _ = ringing(scene, session=b"")
    target.picks_up(scene.now, sdp("203.0.113.77"))
    scene.agree(other, target)
    assert target.asked_to("confirm") == 1
    assert scene.together(other, target)


def test_semi_attended_a_transferee_that_hangs_up_ends_it_all(scene: Scene) -> None:
    one, other, consultation, target, transfer = ringing(scene)
    other.hangs_up(scene.now)
    assert target.gone
    assert reports(one) == [180, 487]
    one.hears_report(scene.now, transfer)
    assert one.gone and consultation.gone and scene.is_idle() and not scene.hub.calls
