"""What becomes of calls when the data link is lost, comes back or is reset (Q.931 5.8.8, 5.8.9), and when we are."""

import json

import pytest

from gateway.isdn.call_control import CallControl
from gateway.isdn.hold_table import HoldState
from gateway.isdn.side import Side
from gateway.model.errors import DecodeError
from tests.isdn.interface import NORMAL, Owner, Pair, settings
from tests.isdn.test_hold import held


def test_calls_that_are_up_survive_the_loss_of_the_link_and_are_asked_for_afterwards() -> None:
    pair = Pair()
    ours, theirs = pair.connected()
    pair.wire.down()
    pair.run(80)
    assert ours.is_active
    assert theirs.is_active
    pair.wire.up()
    pair.run()
    assert pair.wire.names()[-4:] == ["STATUS ENQUIRY", "STATUS ENQUIRY", "STATUS", "STATUS"]
    assert all(owner.names[-1] == "status_received" for owner in pair.owners.values())
    assert all([is_up for is_up, _ in owner.links][-2:] == [False, True] for owner in pair.owners.values())
    pair.run(200)
    assert ours.is_active


def test_calls_that_are_not_up_end_with_the_link() -> None:
    pair = Pair()
    pair.place()
    pair.owners[Side.NETWORK].offered().alerting(pair.now)
    pair.run()
    pair.wire.down()
    assert [owner.cause() for owner in pair.owners.values()] == [27, 27]
    assert pair.idle


def test_calls_that_are_up_end_at_t309() -> None:
    pair = Pair()
    pair.connected()
    pair.wire.down()
    pair.run(91)
    assert [owner.cause() for owner in pair.owners.values()] == [27, 27]
    assert pair.idle


def test_the_link_is_asked_for_again_when_a_call_is_up() -> None:
    pair = Pair()
    pair.connected()
    pair.wire.down()
    assert [control.layer_2.wanted for control in pair.controls.values()] == [1, 1]  # type: ignore[attr-defined]


def test_a_reset_of_the_link_clears_calls_that_want_digits() -> None:
    pair = Pair()
    ours = pair.place()
    pair.owners[Side.NETWORK].offered().setup_acknowledge(pair.now)
    pair.run()
    pair.controls[Side.USER].link_established(pair.now)
    assert pair.owners[Side.USER].cause("disconnected") == 41
    assert ours.is_over
    pair.run()
    assert pair.idle


def test_a_call_that_the_other_side_has_lost_meanwhile_ends() -> None:
    pair = Pair()
    _, theirs = pair.connected()
    pair.wire.down()
    theirs.restarted(pair.now)
    pair.wire.up()
    pair.run()
    assert pair.owners[Side.USER].cause() == 41
    assert pair.idle


def test_what_is_said_while_the_link_is_down_goes_out_when_it_is_back() -> None:
    pair = Pair()
    ours, _ = pair.connected()
    pair.wire.down()
    ours.disconnect(NORMAL, pair.now)
    pair.run(2)
    assert pair.owners[Side.NETWORK].names[-1] == "call_offered"
    pair.wire.up()
    pair.run()
    assert pair.owners[Side.NETWORK].cause() == 16
    assert pair.idle


def test_a_setup_asks_for_the_link_and_waits_for_it() -> None:
    pair = Pair(up=False)
    pair.place()
    assert not pair.wire.sent
    pair.wire.up()
    pair.run()
    assert pair.wire.names() == ["SETUP"]
    assert pair.owners[Side.NETWORK].names == ["call_offered"]


def test_a_setup_ends_when_the_link_does_not_come_up() -> None:
    pair = Pair(up=False)
    pair.place()
    pair.controls[Side.USER].link_released(pair.now)
    assert pair.owners[Side.USER].cause() == 27
    pair.wire.up()
    pair.run()
    assert not pair.wire.sent


def restarted(pair: Pair, side: Side) -> tuple[CallControl, Owner]:
    """That side's process is killed and started again with what it has stored."""
    stored = json.loads(json.dumps([call.snapshot() for call in pair.controls[side].calls if call.is_active]))
    pair.wire.down()
    owner = Owner()
    control = CallControl(settings(side), pair.wire.timers, pair.wire.end(side), owner)
    pair.controls[side], pair.owners[side] = control, owner
    pair.wire.ends[side] = control
    for snapshot in stored:
        control.restore_call(snapshot, pair.now)
    return control, owner


@pytest.mark.parametrize("side", list(Side))
def test_calls_that_were_up_are_there_after_a_restart_of_the_process(side: Side) -> None:
    pair = Pair()
    pair.connected(Side.USER)
    pair.connected(Side.NETWORK)
    control, owner = restarted(pair, side)
    pair.wire.up()
    pair.run()
    assert owner.names.count("status_received") == 2
    for call in control.calls:
        assert call.channel is not None
        assert call.disconnect(NORMAL, pair.now)
    pair.run()
    assert pair.idle


def test_a_held_call_is_held_after_a_restart_of_the_process() -> None:
    pair = held()
    control, _ = restarted(pair, Side.USER)
    pair.wire.up()
    pair.run()
    (call,) = control.calls
    assert call.hold_state is HoldState.HELD
    call.retrieve(pair.now)
    pair.run()
    assert call.channel is not None


def test_a_call_that_ended_while_the_process_was_away_is_found_out() -> None:
    pair = Pair()
    _, theirs = pair.connected()
    _, owner = restarted(pair, Side.USER)
    theirs.disconnect(NORMAL, pair.now)
    pair.run(100)
    pair.wire.up()
    pair.run()
    assert owner.names[0] == "released"
    assert pair.idle


@pytest.mark.parametrize(
    "change",
    [
        {"state": 4},
        {"reference": "x"},
        {"channel": [0, 99]},
        {"channel": 5},
        {"hold": None, "state": None},
    ],
)
def test_what_is_no_snapshot_is_refused(change: dict[str, object]) -> None:
    pair = Pair()
    ours, _ = pair.connected()
    control = CallControl(settings(Side.USER), pair.wire.timers, pair.wire.end(Side.USER), Owner())
    with pytest.raises(DecodeError):
        control.restore_call({**ours.snapshot(), **change}, pair.now)
    with pytest.raises(DecodeError):
        control.restore_call({}, pair.now)
    assert control.channels.idle == 4
    control.restore_call(ours.snapshot(), pair.now)
    with pytest.raises(DecodeError):
        control.restore_call(ours.snapshot(), pair.now)
