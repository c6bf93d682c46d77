"""What becomes of running transfers when the process is gone and comes again."""

import json

import pytest

from gateway.hub.outcomes import success
from gateway.model.call import Clearing
from gateway.model.legs import SignallingProtocol
from gateway.model.transfer import TransferProgress
from gateway.sip.sdp import same_media
from tests.hub.legs import FakeLeg, sdp
from tests.hub.transfer_scene import HOLD, Scene, attended, blind, reports


@pytest.fixture
def scene() -> Scene:
    return Scene()


def again(before: Scene) -> tuple[Scene, dict[str, FakeLeg]]:
    """A new process with what the old one had written, and the legs that it has restored."""
    after = Scene()
    written = {id: snapshot for id, snapshot in before.hub.changes() if snapshot is not None}
    for snapshot in json.loads(json.dumps(list(written.values()))):
        after.hub.restore(snapshot, after.now)
    legs = {leg.id: leg for leg in after.trunks.placed}
    for leg in legs.values():
        leg.transfers["refer1"] = "accepted"
    after.passes()
    return after, {leg.id: leg for leg in after.trunks.placed}


def test_a_transfer_that_waited_for_an_answer_ends_with_503_and_the_first_call_lives_on(scene: Scene) -> None:
    one, other = scene.call("a", "2000")
    scene.asks(one, blind())
    scene.trunks.newest.rings(scene.now)
    after, legs = again(scene)
    assert reports(legs[one.id]) == [503]
    assert after.together(legs[one.id], legs[other.id])
    assert after.is_idle()
    assert (after.record.outcome, after.record.sip_status) == ("failed", 503)


def test_a_transferee_that_heard_the_target_ring_gets_the_transferor_back(scene: Scene) -> None:
    one, other = scene.call("a", "4000")
    one.offers(scene.now, HOLD)
    scene.agree(other)
    held = other.local_session
    scene.asks(one, blind())
    scene.trunks.newest.rings(scene.now, 183, sdp("203.0.113.80"))
    scene.agree(other)
    after, legs = again(scene)
    assert reports(legs[one.id]) == [503]
    after.agree(legs[other.id], legs[one.id])
    assert after.together(legs[one.id], legs[other.id])
    assert same_media(legs[other.id].local_session, held)


def test_a_transfer_passed_on_goes_on_as_the_transferee_goes_on_with_it(scene: Scene) -> None:
    one, other = scene.call("passing", "2000")
    transfer = scene.asks(one, blind())
    other.owner.transfer_progress(other, TransferProgress(202), scene.now)
    assert transfer == "refer1"
    after, legs = again(scene)
    assert reports(legs[one.id]) == []
    legs[other.id].owner.transfer_outcome(legs[other.id], success(), after.now)
    assert reports(legs[one.id]) == [200]


def test_a_transfer_passed_on_of_which_nothing_more_is_heard_is_bounded_after_a_restart(scene: Scene) -> None:
    one, other = scene.call("passing", "2000")
    scene.asks(one, blind())
    other.owner.transfer_progress(other, TransferProgress(202), scene.now)
    after, legs = again(scene)
    after.passes(201)
    assert reports(legs[one.id]) == [408]
    assert after.together(legs[one.id], legs[other.id])


def test_one_that_was_joining_goes_on_joining(scene: Scene) -> None:
    one, other = scene.call("a", "2000")
    scene.asks(one, blind())
    target = scene.trunks.newest
    target.picks_up(scene.now, sdp("203.0.113.5"))
    scene.passes()
    after, legs = again(scene)
    after.agree(legs[other.id], legs[target.id])
    assert after.together(legs[other.id], legs[target.id])
    assert reports(legs[one.id]) == [200]
    assert after.record.outcome == "succeeded"


def test_one_that_was_joining_can_still_be_undone(scene: Scene) -> None:
    one, other = scene.call("a", "2000")
    consultation, target = scene.call("a", "3000")
    scene.asks(one, attended(consultation), consultation)
    scene.passes()
    after, legs = again(scene)
    legs[target.id].hangs_up(after.now, Clearing(0))
    after.agree(legs[other.id], legs[one.id])
    assert after.together(legs[one.id], legs[other.id])
    assert legs[consultation.id].gone


def test_a_transferor_that_was_to_hang_up_gets_its_bye_in_the_end(scene: Scene) -> None:
    one, other = scene.call("a", "2000")
    transfer = scene.asks(one, blind())
    target = scene.trunks.newest
    target.picks_up(scene.now, sdp())
    scene.agree(other, target)
    one.hears_report(scene.now, transfer)
    after, legs = again(scene)
    assert not legs[one.id].gone
    after.passes(11)
    assert legs[one.id].gone
    assert after.together(legs[other.id], legs[target.id])
    assert after.records == []


def test_a_survivor_whose_transferor_had_gone_is_released(scene: Scene) -> None:
    one, other = scene.call("a", "2000")
    scene.asks(one, blind())
    one.hangs_up(scene.now)
    after, legs = again(scene)
    released = legs[other.id].cleared_with
    assert released is not None and released.status == 503
    assert not after.hub.calls and after.is_idle()


def test_two_who_were_joined_without_the_transferor_stay_together(scene: Scene) -> None:
    one, other = scene.call("a", "2000")
    scene.asks(one, blind())
    target = scene.trunks.newest
    one.hangs_up(scene.now)
    target.picks_up(scene.now, sdp())
    scene.passes()
    after, legs = again(scene)
    after.agree(legs[other.id], legs[target.id])
    assert after.together(legs[other.id], legs[target.id])


def test_what_is_no_transfer_is_logged_and_does_no_harm(scene: Scene) -> None:
    scene.hub.transfers.restore({"kind": "transfer", "id": "x", "legs": 7}, scene.now)
    assert "transfer.lost" in scene.observer.events()


def test_one_that_cannot_go_on_is_logged_with_the_dialog_that_it_was_asked_in(scene: Scene) -> None:
    one, _ = scene.call("a", "2000")
    scene.asks(one, blind())
    (snapshot,) = [each for _, each in scene.hub.changes() if each is not None and each["kind"] == "transfer"]
    scene.hub.transfers.restore({**snapshot, "legs": 7}, scene.now)
    event, fields = scene.observer.lines[-1]
    assert event == "transfer.lost"
    assert fields.items() >= one.marks.items()


def test_nothing_is_written_of_a_transfer_that_is_over(scene: Scene) -> None:
    one, _ = scene.call("a", "2000")
    scene.asks(one, blind())
    assert any(snapshot and snapshot["kind"] == "transfer" for _, snapshot in scene.hub.changes())
    scene.trunks.newest.hangs_up(scene.now, Clearing(486))
    assert ("refer1", None) in list(scene.hub.changes())


@pytest.mark.parametrize("stays", [True, False])
def test_calls_that_a_network_was_to_join_are_joined_here_after_a_restart(scene: Scene, stays: bool) -> None:
    """Nobody knows the invoke any more; should the network have both after all, it clears them."""
    one, other = scene.call("a", "2000")
    second, target = scene.call("a", "3000")
    for leg in (other, target):
        leg.speaks, leg.can = SignallingProtocol.ISDN, frozenset(("tbct",))
    scene.asks(one, attended(second), second)
    assert other.last("join") == (target, "tbct")
    if not stays:
        one.hangs_up(scene.now)
    after, legs = again(scene)
    after.agree(*legs.values())
    assert after.together(legs[other.id], legs[target.id])
    assert after.record.outcome == "succeeded"


def test_a_network_that_was_to_join_a_ringing_target_is_not_waited_for_after_a_restart(scene: Scene) -> None:
    one, other = scene.call("a", "2000")
    other.speaks, other.can = SignallingProtocol.ISDN, frozenset(("tbct",))
    scene.trunks.speaks = SignallingProtocol.ISDN
    scene.asks(one, blind())
    scene.trunks.newest.rings(scene.now)
    assert other.asked_to("join") == 1
    after, legs = again(scene)
    assert reports(legs[one.id]) == [503]
    assert after.together(legs[one.id], legs[other.id])
    assert after.is_idle()
