"""INVITE with Replaces as it comes to the gateway (RFC 3891 §3)."""

import pytest

from gateway.model.call import CallRequest
from gateway.model.parties import Party
from tests.hub.legs import FakeLeg, sdp
from tests.hub.transfer_scene import Scene, answer_of, attended, blind

NEW_MEDIA = sdp("192.0.2.200", 7000)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def replaces(
    scene: Scene, replaced: FakeLeg, trunk: str = "a", *, session: bytes = NEW_MEDIA, referred_by: str = ""
) -> FakeLeg:
    """A newcomer's INVITE that names the dialog of `replaced`."""
    request = CallRequest(
        Party(uri="sip:x@gateway.invalid"), Party(uri="sip:new@a.invalid"), session, referred_by=referred_by
    )
    leg = FakeLeg("newcomer", trunk, incoming=True, remote=session, request=request, owner=scene.hub)
    scene.hub.call_asked(leg, request, replaced, scene.now)
    return leg


def test_a_confirmed_dialog_the_newcomer_is_answered_and_the_old_leg_gets_a_bye(scene: Scene) -> None:
    one, other = scene.call("a", "2000")
    newcomer = replaces(scene, one)
    assert other.last("offer") == (NEW_MEDIA,)
    assert not newcomer.answered
    other.takes(scene.now, sdp("203.0.113.40"))
    assert answer_of(newcomer).session == sdp("203.0.113.40")
    assert one.cleared_with is not None and one.cleared_with.status == 0
    assert scene.together(other, newcomer)
    assert (scene.record.method, scene.record.outcome) == ("replaces", "succeeded")
    assert scene.record.transferor == one.address


def test_the_callee_can_be_replaced_too(scene: Scene) -> None:
    one, other = scene.call("a", "2000")
    newcomer = replaces(scene, other, "b")
    one.takes(scene.now, sdp())
    assert scene.together(one, newcomer) and other.gone


def test_the_partner_learns_whom_it_talks_to(scene: Scene) -> None:
    one, other = scene.call("a", "2000")
    newcomer = replaces(scene, one)
    other.takes(scene.now, sdp())
    (update,) = other.last("update")
    assert update.party.uri == newcomer.address


def test_media_that_the_partner_refuses_is_488_and_leaves_the_old_dialog_unchanged(scene: Scene) -> None:
    one, other = scene.call("a", "2000")
    newcomer = replaces(scene, one)
    other.refuses(scene.now, 488)
    assert newcomer.cleared_with is not None and newcomer.cleared_with.status == 488
    assert scene.together(one, other)
    one.offers(scene.now, sdp("198.51.100.77"))
    assert other.offering


def test_an_invite_without_session_gets_the_partners_as_an_offer(scene: Scene) -> None:
    one, other = scene.call("a", "2000")
    newcomer = replaces(scene, one, session=b"")
    assert answer_of(newcomer).session.startswith(other.remote_session)
    newcomer.acknowledges(scene.now, NEW_MEDIA)
    scene.agree(other, newcomer)
    assert scene.together(other, newcomer) and one.gone


def test_a_stranger_is_forbidden_and_the_old_dialog_untouched(scene: Scene) -> None:
    one, other = scene.call("a", "2000")
    newcomer = replaces(scene, one, "c")
    assert newcomer.cleared_with is not None and newcomer.cleared_with.status == 403
    assert scene.together(one, other)
    assert scene.record.decision == "refused"


def test_whom_the_replaced_party_has_sent_is_no_stranger(scene: Scene) -> None:
    one, other = scene.call("a", "2000")
    newcomer = replaces(scene, one, "c", referred_by=f"<{one.address};x=1>")
    other.takes(scene.now, sdp())
    assert scene.together(other, newcomer)


def test_a_trunk_that_may_not_replace_is_forbidden_to(scene: Scene) -> None:
    one, other = scene.call("closed", "2000")
    newcomer = replaces(scene, one, "closed")
    assert newcomer.cleared_with is not None and newcomer.cleared_with.status == 403
    assert scene.together(one, other)


def test_an_early_dialog_of_ours_the_newcomer_answers_and_the_ringing_leg_is_cancelled(scene: Scene) -> None:
    caller = scene.caller("a", "2000")
    ringing = scene.trunks.newest
    ringing.rings(scene.now)
    newcomer = replaces(scene, ringing, "b")
    assert ringing.cleared_with is not None
    assert b"192.0.2.200" in answer_of(caller).session
    assert caller.remote_session.split()[2] in answer_of(newcomer).session
    assert scene.together(caller, newcomer)
    assert (scene.record.kind, scene.record.outcome) == ("semi-attended", "succeeded")


def test_an_early_dialog_without_common_media_rings_on(scene: Scene) -> None:
    caller = scene.caller("a", "2000")
    ringing = scene.trunks.newest
    newcomer = replaces(scene, ringing, "b", session=sdp(formats="9"))
    assert newcomer.cleared_with is not None and newcomer.cleared_with.status == 488
    assert not ringing.gone and not caller.gone


def test_a_ringing_target_of_a_transfer_can_be_picked_up(scene: Scene) -> None:
    one, other = scene.call("a", "2000")
    scene.asks(one, blind())
    ringing = scene.trunks.newest
    newcomer = replaces(scene, ringing, "c")
    scene.agree(other, newcomer)
    assert ringing.gone and scene.together(other, newcomer)


def test_a_call_that_is_being_transferred_has_to_wait(scene: Scene) -> None:
    one, other = scene.call("a", "2000")
    scene.asks(one, attended(None, "sip:3000@pbx.invalid"))
    newcomer = replaces(scene, one)
    assert newcomer.cleared_with is not None and newcomer.cleared_with.status == 491
    assert scene.together(one, other)


def test_a_newcomer_that_gives_up_gives_the_call_back(scene: Scene) -> None:
    one, other = scene.call("a", "2000")
    newcomer = replaces(scene, one)
    newcomer.hangs_up(scene.now)
    other.takes(scene.now, sdp())
    scene.agree(one, other)
    assert scene.together(one, other)


def test_a_partner_that_hangs_up_ends_it_for_both(scene: Scene) -> None:
    one, other = scene.call("a", "2000")
    newcomer = replaces(scene, one)
    other.hangs_up(scene.now)
    assert one.gone and newcomer.cleared_with is not None and newcomer.cleared_with.status == 480
    assert not scene.hub.calls


def test_a_replaced_party_that_hangs_up_itself_does_not_stop_it(scene: Scene) -> None:
    one, other = scene.call("a", "2000")
    newcomer = replaces(scene, one)
    one.hangs_up(scene.now)
    other.takes(scene.now, sdp())
    assert scene.together(other, newcomer)


def test_a_partner_that_never_answers_is_waited_for_in_vain_only_so_long(scene: Scene) -> None:
    one, other = scene.call("a", "2000")
    newcomer = replaces(scene, one)
    scene.passes(41)
    assert newcomer.gone
    assert scene.together(one, other)


def test_the_table_has_no_hole() -> None:
    from gateway.hub.replacement import TABLE, Input, State

    assert all(set(TABLE[state]) == set(Input) for state in State)
