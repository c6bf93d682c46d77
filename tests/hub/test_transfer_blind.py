"""Blind transfer carried out by the gateway (RFC 5589 §6, RFC 3515)."""

import pytest

from gateway.hub.transfer import TEAMS_BYE
from gateway.model.call import Capability, Clearing
from gateway.model.causes import Cause
from gateway.model.parties import Party
from gateway.model.transfer import Kept, PartyUpdate, TransferKind, TransferRequest
from tests.hub.legs import FakeLeg, sdp
from tests.hub.transfer_scene import HOLD, Scene, blind, finals, refused_with, reports


@pytest.fixture
def scene() -> Scene:
    return Scene()


def ringing(scene: Scene) -> tuple[FakeLeg, FakeLeg, FakeLeg, str]:
    """Transferor, transferee, and the target, which rings."""
    one, other = scene.call("a", "2000")
    transfer = scene.asks(one, blind())
    target = scene.trunks.newest
    target.rings(scene.now)
    return one, other, target, transfer


def joined(scene: Scene) -> tuple[FakeLeg, FakeLeg, FakeLeg, str]:
    """The target has answered, and talks to the transferee."""
    one, other, target, transfer = ringing(scene)
    target.picks_up(scene.now, sdp("203.0.113.99"))
    scene.agree(other, target)
    return one, other, target, transfer


def test_the_refer_is_accepted_at_once_and_the_target_is_routed_like_a_call(scene: Scene) -> None:
    one, _other = scene.call("a", "2000")
    scene.asks(one, blind("sip:3000@gateway.invalid"))
    assert one.asked_to("accept_transfer") == 1
    assert scene.trunks.newest.trunk == "c"
    assert scene.trunks.newest.request is not None
    assert scene.trunks.newest.request.called.uri == "sip:3000@gateway.invalid"


def test_the_target_is_offered_the_media_of_the_transferee_as_active_though_it_was_held(scene: Scene) -> None:
    one, other = scene.call("a", "2000")
    one.offers(scene.now, HOLD)
    other.takes(scene.now, sdp("203.0.113.7", direction="recvonly"))
    scene.asks(one, blind())
    request = scene.trunks.newest.request
    assert request is not None
    assert b"203.0.113.7" in request.session
    assert b"recvonly" not in request.session


def test_referred_by_goes_on_verbatim_and_without_one_none_is_invented(scene: Scene) -> None:
    one, _ = scene.call("a", "2000")
    scene.asks(one, blind(referred_by='<sip:A@x;p=Q%3D>;cid="1@h"'))
    request = scene.trunks.newest.request
    assert request is not None and request.referred_by == '<sip:A@x;p=Q%3D>;cid="1@h"'
    two, _ = scene.call("a", "2001")
    scene.asks(two, blind())
    request = scene.trunks.newest.request
    assert request is not None and request.referred_by == ""


def test_two_transfers_in_a_row_keep_referred_by_of_each_apart(scene: Scene) -> None:
    one, other = scene.call("a", "2000")
    scene.asks(one, blind(referred_by="<sip:first@x>"))
    target = scene.trunks.newest
    target.picks_up(scene.now, sdp())
    scene.agree(other, target)
    scene.asks(target, blind("sip:2222@gateway.invalid", referred_by="<sip:second@x>"))
    request = scene.trunks.newest.request
    assert request is not None and request.referred_by == "<sip:second@x>"


def test_of_the_refer_only_private_fields_go_on_and_of_the_uri_what_a_stranger_may_set(scene: Scene) -> None:
    one, _ = scene.call("a", "2000")
    kept = (Kept("sip", "X-Queue", "7"), Kept("sip", "Subject", "no"))
    scene.asks(one, blind("sip:3000@gateway.invalid?User-to-User=56a&From=evil", "", *kept))
    request = scene.trunks.newest.request
    assert request is not None
    assert request.called.uri == "sip:3000@gateway.invalid"
    assert [(item.what, item.value) for item in request.kept] == [("User-to-User", "56a"), ("X-Queue", "7")]


def test_the_transferee_calls_with_the_identity_and_the_privacy_that_it_called_with(scene: Scene) -> None:
    asserted = (Party(uri="sip:+4930@x"),)
    caller, callee = scene.call("a", "2000", asserted=asserted, privacy=("id",))
    scene.asks(callee, blind())
    request = scene.trunks.newest.request
    assert request is not None and caller.request is not None
    assert (request.calling, request.asserted, request.privacy) == (caller.request.calling, asserted, ("id",))


def test_progress_of_the_target_is_reported(scene: Scene) -> None:
    one, *_ = ringing(scene)
    assert reports(one) == [180]


def test_success_is_reported_when_transferee_and_target_talk(scene: Scene) -> None:
    one, other, target, _ = ringing(scene)
    target.picks_up(scene.now, sdp("203.0.113.99"))
    assert reports(one) == [180]
    scene.agree(other, target)
    assert reports(one) == [180, 200]
    assert scene.together(other, target)


def test_each_of_the_two_is_told_whom_it_talks_to(scene: Scene) -> None:
    _, other, target, _ = joined(scene)
    (update,) = other.last("update")
    assert isinstance(update, PartyUpdate) and update.party.uri == target.address
    (update,) = target.last("update")
    assert update.party.uri == other.address


def test_the_transferor_ends_its_own_call_and_we_do_not(scene: Scene) -> None:
    one, other, target, transfer = joined(scene)
    one.hears_report(scene.now, transfer)
    scene.passes(5)
    assert one.cleared_with is None
    one.hangs_up(scene.now)
    scene.passes(60)
    assert scene.together(other, target)
    assert scene.is_idle()


def test_the_bye_that_we_owe_is_held_until_the_final_notify_is_answered_or_times_out(scene: Scene) -> None:
    one, _, _, transfer = joined(scene)
    scene.passes(30)
    assert one.cleared_with is None
    one.hears_report(scene.now, transfer)
    scene.passes(9)
    assert one.cleared_with is None
    scene.passes(2)
    assert one.cleared_with is not None
    assert scene.is_idle()


def test_a_final_notify_without_any_answer_holds_the_bye_for_a_bounded_time(scene: Scene) -> None:
    one, *_ = joined(scene)
    scene.passes(60)
    assert one.cleared_with is not None
    assert scene.is_idle()


def test_bye_of_the_transferor_between_202_and_the_200_of_the_target_does_not_kill_the_survivor(scene: Scene) -> None:
    one, other, target, _ = ringing(scene)
    one.hangs_up(scene.now)
    assert not other.gone and not target.gone
    target.picks_up(scene.now, sdp("203.0.113.99"))
    scene.agree(other, target)
    assert scene.together(other, target)
    assert reports(one) == [180, 200]
    assert scene.is_idle()


def test_a_transferee_that_waits_alone_may_still_change_its_media(scene: Scene) -> None:
    one, other, _target, _ = ringing(scene)
    one.hangs_up(scene.now)
    other.offers(scene.now, sdp("203.0.113.50"))
    (answer,) = other.last("accept")
    assert b"a=inactive" in answer


@pytest.mark.parametrize("status", [404, 486, 503, 603])
def test_a_target_that_fails_is_reported_and_the_first_call_goes_on(scene: Scene, status: int) -> None:
    one, other, target, _ = ringing(scene)
    target.hangs_up(scene.now, Clearing(status, Cause(17)))
    assert reports(one) == [180, status]
    assert scene.together(one, other)
    assert scene.is_idle()
    assert (scene.record.outcome, scene.record.sip_status, scene.record.cause) == ("failed", status, 17)


def test_a_target_without_route_is_reported_as_404(scene: Scene) -> None:
    one, other = scene.call("a", "2000")
    scene.asks(one, blind("sip:bob@gateway.invalid"))
    scene.passes()
    assert reports(one) == [404]
    assert scene.together(one, other)


def test_second_refer_after_a_failed_first_works(scene: Scene) -> None:
    one, other, target, _ = ringing(scene)
    target.hangs_up(scene.now, Clearing(486))
    scene.asks(one, blind("sip:2001@gateway.invalid"))
    second = scene.trunks.newest
    second.picks_up(scene.now, sdp())
    scene.agree(other, second)
    assert scene.together(other, second)
    assert [record.outcome for record in scene.records] == ["failed", "succeeded"]


def test_second_refer_while_one_runs_is_refused_with_491(scene: Scene) -> None:
    _one, other, *_ = ringing(scene)
    scene.asks(other, blind())
    assert refused_with(other) == 491


def test_refer_before_the_call_is_answered_is_refused_with_491(scene: Scene) -> None:
    one = scene.caller("a", "2000")
    scene.asks(one, blind())
    assert refused_with(one) == 491


def test_a_transferee_that_hangs_up_stops_the_call_to_the_target(scene: Scene) -> None:
    one, other, target, transfer = ringing(scene)
    other.hangs_up(scene.now)
    assert target.cleared_with is not None
    assert reports(one) == [180, 487]
    assert one.cleared_with is None
    one.hears_report(scene.now, transfer)
    assert one.cleared_with is not None
    assert scene.is_idle()
    assert scene.record.outcome == "abandoned"


def test_a_target_that_answers_after_the_transferee_hung_up_is_released(scene: Scene) -> None:
    _, other, target, _ = ringing(scene)
    other.hangs_up(scene.now)
    assert target.gone
    assert scene.hub.calls == {}


def test_nobody_at_all_is_left_over_when_both_of_the_first_call_have_gone(scene: Scene) -> None:
    one, other, target, _ = ringing(scene)
    one.hangs_up(scene.now)
    other.hangs_up(scene.now)
    assert target.gone and scene.is_idle() and not scene.hub.calls


def test_an_unsubscribed_transferor_does_not_stop_the_transfer(scene: Scene) -> None:
    one, other, target, transfer = ringing(scene)
    one.owner.transfer_cancelled(one, transfer, scene.now)
    target.picks_up(scene.now, sdp())
    scene.agree(other, target)
    assert scene.together(other, target)
    assert reports(one) == [180]
    scene.passes(11)
    assert one.cleared_with is not None and scene.is_idle()


def test_a_target_that_rings_for_ever_is_given_up_and_reported(scene: Scene) -> None:
    one, other, target, _ = ringing(scene)
    scene.passes(250)
    assert target.gone
    assert reports(one) == [180, 408]
    assert scene.together(one, other) and scene.is_idle()


def test_media_that_cannot_be_agreed_on_brings_the_first_call_back(scene: Scene) -> None:
    scene.able("b", Capability.LATE_OFFER)
    one, other, target, _ = ringing(scene)
    target.picks_up(scene.now, sdp("203.0.113.99", formats="9"))
    for _ in range(5):
        scene.passes()
        if other.offering and not reports(one)[1:]:
            other.refuses(scene.now, 488)
    scene.agree(one, other)
    assert reports(one) == [180, 488]
    assert target.gone
    assert scene.together(one, other)
    assert scene.is_idle()


def test_a_target_that_leaves_while_media_is_agreed_on_brings_the_first_call_back(scene: Scene) -> None:
    one, other, target, _ = ringing(scene)
    target.picks_up(scene.now, sdp("203.0.113.99"))
    scene.passes()
    target.hangs_up(scene.now, Clearing(0, Cause(31)))
    scene.agree(one, other)
    assert finals(one) == 1 and reports(one)[-1] >= 300
    assert scene.together(one, other)


def test_a_transferee_that_leaves_while_media_is_agreed_on_releases_the_target(scene: Scene) -> None:
    one, other, target, transfer = ringing(scene)
    target.picks_up(scene.now, sdp("203.0.113.99"))
    scene.passes()
    other.hangs_up(scene.now)
    assert target.gone
    assert reports(one) == [180, 487]
    one.hears_report(scene.now, transfer)
    assert one.gone and scene.is_idle() and not scene.hub.calls


def test_a_re_invite_of_the_transferee_while_the_legs_are_joined_is_told_to_try_again(scene: Scene) -> None:
    _one, other, target, _ = ringing(scene)
    target.picks_up(scene.now, sdp("203.0.113.99"))
    other.offers(scene.now, sdp("203.0.113.51"))
    (clearing,) = other.last("decline")
    assert clearing.status == 491
    scene.agree(other, target)
    assert scene.together(other, target)


def test_a_rejecting_trunk_gets_603_and_the_call_goes_on(scene: Scene) -> None:
    one, other = scene.call("strict", "2000")
    scene.asks(one, blind())
    assert refused_with(one) == 603
    assert scene.together(one, other)
    assert (scene.record.decision, scene.record.outcome) == ("reject", "refused")


def test_a_demand_on_the_target_that_we_do_not_know_is_refused_and_not_stripped(scene: Scene) -> None:
    one, _ = scene.call("a", "2000")
    scene.asks(one, blind("sip:3000@gateway.invalid?Require=precondition"))
    assert refused_with(one) == 420


@pytest.mark.parametrize("kind", [TransferKind.SINGLE_STEP, TransferKind.JOIN])
def test_a_kind_that_is_none_of_sip_is_refused(scene: Scene, kind: TransferKind) -> None:
    one, _ = scene.call("a", "2000")
    scene.asks(one, TransferRequest(kind, Party(uri="sip:3000@gateway.invalid")))
    assert refused_with(one) == 501


def test_a_call_is_not_referred_on_for_ever(scene: Scene) -> None:
    one, other = scene.call("a", "2000")
    for _ in range(10):
        scene.asks(one, blind())
        target = scene.trunks.newest
        target.picks_up(scene.now, sdp())
        scene.agree(other, target)
        assert scene.together(other, target)
        one = target
    scene.asks(one, blind())
    assert refused_with(one) == 483


def test_the_record_has_the_parties_the_target_and_the_latencies(scene: Scene) -> None:
    one, other = scene.call("a", "2000")
    scene.asks(one, blind("sip:030-123456@gateway.invalid;user=phone"))
    target = scene.trunks.newest
    scene.passes(1.5)
    target.rings(scene.now)
    scene.passes(2.5)
    target.picks_up(scene.now, sdp())
    scene.agree(other, target)
    record = scene.record
    assert (record.kind, record.transferor, record.transferee) == ("blind", one.address, other.address)
    assert record.target == "sip:030-123456@gateway.invalid;user=phone"
    assert record.target_normalised == "+4930123456"
    assert (record.decision, record.method, record.outcome) == ("consume", "invite", "succeeded")
    assert (record.sip_status, record.cause) == (200, 16)
    assert record.accepted_ms == 0
    assert record.ringing_ms == pytest.approx(1500)
    assert record.final_ms == pytest.approx(4000, abs=50)
    assert record.trunks == {"transferor": "a", "transferee": "b", "target": "c"}
    assert record.time == pytest.approx(1_700_000_100)


def test_every_step_is_logged_with_the_id_of_the_transfer_and_the_names_of_the_dialog(scene: Scene) -> None:
    one, _, _, transfer = joined(scene)
    lines = [fields for event, fields in scene.observer.lines if event.startswith("transfer.")]
    assert len(lines) >= 4
    assert all(fields["transfer"] == transfer for fields in lines)
    assert all(fields["call_id"] == f"call-{one.id}" for fields in lines)


TEAMS_TARGET = "sip:sip.pstnhub.example:5061;transport=tls;x-m=8:orgid:4f5e"


def test_what_teams_asks_for_goes_back_to_teams_verbatim(scene: Scene) -> None:
    one, _ = scene.call("teams", "2000")
    referred_by = "<sip:sip.pstnhub.example:5061;x-m=8:orgid:1;x-t=2;x-ti=3;x-tt=aHR0cHM6Ly9h%3D>"
    scene.asks(one, blind(TEAMS_TARGET, referred_by))
    target = scene.trunks.newest
    assert target.trunk == "teams" and target.request is not None
    assert target.request.called.uri == TEAMS_TARGET
    assert target.request.verbatim
    assert target.request.referred_by == referred_by
    assert target.request.replaces == ""


def test_a_telephone_number_at_the_host_of_teams_goes_to_teams_too(scene: Scene) -> None:
    one, _ = scene.call("teams", "2000")
    scene.asks(one, blind("sip:+4930123456@api-du-a.pstnhub.example:5061;user=phone;transport=tls"))
    assert scene.trunks.newest.trunk == "teams"


def test_teams_gets_no_bye_before_its_own(scene: Scene) -> None:
    one, other = scene.call("teams", "2000")
    transfer = scene.asks(one, blind(TEAMS_TARGET))
    target = scene.trunks.newest
    target.picks_up(scene.now, sdp())
    scene.agree(other, target)
    one.hears_report(scene.now, transfer)
    scene.passes(TEAMS_BYE - 1)
    assert one.cleared_with is None
    scene.passes(2)
    assert one.cleared_with is not None


def test_a_bye_with_also_is_written_down_and_is_a_bye(scene: Scene) -> None:
    one, other = scene.call("a", "2000")
    one.hangs_up(scene.now, Clearing(kept=(Kept("sip", "Also", "sip:3000@gateway.invalid"),)))
    assert other.cleared_with is not None
    assert (scene.record.kind, scene.record.target) == ("bye-also", "sip:3000@gateway.invalid")
    assert "transfer.bye_also" in scene.observer.events()


def test_a_redirection_before_the_answer_is_recorded(scene: Scene) -> None:
    scene.caller("a", "2000")
    scene.trunks.newest.hangs_up(scene.now, Clearing(302, contacts=(Party(uri="sip:3000@gateway.invalid"),)))
    scene.passes()
    assert scene.trunks.newest.trunk == "c"
    assert (scene.record.kind, scene.record.method, scene.record.sip_status) == ("redirect", "redirect", 302)


def test_a_late_offer_of_the_first_call_does_not_hinder_the_transfer(scene: Scene) -> None:
    caller = scene.caller("a", "2000", session=b"")
    callee = scene.trunks.newest
    callee.picks_up(scene.now, sdp("203.0.113.8"))
    caller.acknowledges(scene.now, sdp("198.51.100.8"))
    scene.asks(caller, blind())
    target = scene.trunks.newest
    assert target.request is not None and b"203.0.113.8" in target.request.session
