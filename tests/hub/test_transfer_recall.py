"""Recall: the target fails, and the transferor has gone already."""

import pytest

from gateway.model.call import Clearing
from gateway.model.causes import Cause
from tests.hub.legs import FakeLeg, sdp
from tests.hub.transfer_scene import Scene, blind, reports

BUSY = Clearing(486, Cause(17))


@pytest.fixture
def scene() -> Scene:
    return Scene()


def alone(scene: Scene, trunk: str) -> tuple[FakeLeg, FakeLeg, FakeLeg]:
    """The transferor has hung up, the target rings: transferor, transferee, target."""
    one, other = scene.call(trunk, "2000")
    scene.asks(one, blind())
    one.hangs_up(scene.now)
    return one, other, scene.trunks.newest


def test_without_recall_the_survivor_is_released_with_the_cause_of_the_target(scene: Scene) -> None:
    one, other, target = alone(scene, "a")
    target.hangs_up(scene.now, BUSY)
    assert other.cleared_with == BUSY
    assert reports(one) == [486]
    assert scene.is_idle() and not scene.hub.calls
    assert scene.record.outcome == "failed"


def test_with_recall_the_transferor_is_called_on_its_trunk_and_talks_to_the_survivor_again(scene: Scene) -> None:
    one, other, target = alone(scene, "patient")
    target.hangs_up(scene.now, BUSY)
    back = scene.trunks.newest
    assert back.trunk == "patient" and back.request is not None
    assert back.request.called.uri == one.address
    assert back.request.session
    back.picks_up(scene.now, sdp())
    scene.agree(other, back)
    assert scene.together(other, back)
    assert (scene.record.outcome, scene.record.sip_status) == ("recalled", 486)


def test_a_recall_that_nobody_answers_releases_the_survivor_with_the_first_cause(scene: Scene) -> None:
    _, other, target = alone(scene, "patient")
    target.hangs_up(scene.now, BUSY)
    scene.trunks.newest.hangs_up(scene.now, Clearing(480))
    assert other.cleared_with == BUSY
    assert scene.is_idle() and scene.record.outcome == "failed"


def test_a_survivor_that_hangs_up_ends_the_recall(scene: Scene) -> None:
    _, other, target = alone(scene, "patient")
    target.hangs_up(scene.now, BUSY)
    back = scene.trunks.newest
    other.hangs_up(scene.now)
    assert back.gone and scene.is_idle() and not scene.hub.calls
    assert scene.record.sip_status == 486


def test_a_recall_over_a_trunk_that_is_down_releases_the_survivor(scene: Scene) -> None:
    _, other, target = alone(scene, "patient")
    scene.trunks.down.add("patient")
    target.hangs_up(scene.now, BUSY)
    scene.passes()
    assert other.cleared_with == BUSY and scene.is_idle()


def test_there_is_no_recall_while_the_transferor_is_there(scene: Scene) -> None:
    one, other = scene.call("patient", "2000")
    scene.asks(one, blind())
    target = scene.trunks.newest
    target.hangs_up(scene.now, BUSY)
    assert scene.trunks.newest is target
    assert scene.together(one, other)
