"""HOLD and RETRIEVE (Q.932 6.2): the auxiliary states, and the B-channel that goes and comes."""

import pytest

from gateway.isdn.channels import BChannel
from gateway.isdn.elements import decode_cause
from gateway.isdn.hold_table import HoldState
from gateway.isdn.information_element import Identifier
from gateway.isdn.q931 import MessageType
from gateway.isdn.side import Side
from gateway.model.causes import Cause
from tests.isdn.interface import NORMAL, Pair, Peer, element

SIDES = pytest.mark.parametrize("side", list(Side))


def held(side: Side = Side.USER, count: int = 4) -> Pair:
    """A call that `side` has placed and holds."""
    pair = Pair(count=count)
    ours, _ = pair.connected(side)
    pair.owners[side.other].on["hold_requested"] = lambda call, message, now: call.hold_acknowledge(now)
    pair.owners[side.other].on["retrieve_requested"] = lambda call, message, now: call.retrieve_acknowledge(now)
    assert ours.hold(pair.now)
    pair.run()
    return pair


@SIDES
def test_a_held_call_has_no_channel_and_is_still_up(side: Side) -> None:
    pair = held(side)
    for control in pair.controls.values():
        (call,) = control.calls
        assert call.is_active
        assert call.hold_state is HoldState.HELD
        assert call.channel is None
        assert control.channels.idle == 4
    assert pair.owners[side].last("hold_answered")[1] is None


@SIDES
def test_a_retrieved_call_has_the_channel_that_it_had(side: Side) -> None:
    pair = held(side)
    ours, theirs = (pair.controls[one].calls[0] for one in (side, side.other))
    assert ours.retrieve(pair.now)
    pair.run()
    assert ours.hold_state is theirs.hold_state is HoldState.IDLE
    assert ours.channel == theirs.channel is not None
    assert pair.owners[side].last("retrieve_answered")[1] is None
    ours.disconnect(NORMAL, pair.now)
    pair.run()
    assert pair.idle


def test_a_retrieved_call_gets_another_channel_when_its_own_is_taken() -> None:
    pair = held()
    ours = pair.controls[Side.USER].calls[0]
    other, _ = pair.connected()
    assert other.channel == BChannel(0, 1)
    ours.retrieve(pair.now)
    pair.run()
    assert ours.channel == BChannel(0, 4)  # the network's choice: "any" was asked for


def test_a_retrieve_without_a_free_channel_is_refused_with_34() -> None:
    pair = held(count=1)
    ours = pair.controls[Side.USER].calls[0]
    pair.connected()
    ours.retrieve(pair.now)
    pair.run()
    _, refused, message = pair.owners[Side.USER].last("retrieve_answered")
    assert refused.value == 34
    assert message.message_type == MessageType.RETRIEVE_REJECT
    assert ours.hold_state is HoldState.HELD


def test_a_held_call_can_be_cleared() -> None:
    pair = held()
    pair.controls[Side.NETWORK].calls[0].disconnect(NORMAL, pair.now)
    pair.run()
    assert pair.idle


def test_a_hold_that_is_refused_leaves_the_call_as_it_was() -> None:
    pair = Pair()
    ours, _ = pair.connected()
    pair.owners[Side.NETWORK].on["hold_requested"] = lambda call, message, now: call.hold_reject(Cause(29), now)
    ours.hold(pair.now)
    pair.run()
    assert pair.owners[Side.USER].last("hold_answered")[1].value == 29
    assert ours.hold_state is HoldState.IDLE
    assert ours.channel is not None


def test_a_hold_without_an_answer_is_given_up_after_t_hold() -> None:
    pair = Pair()
    ours, _ = pair.connected()
    ours.hold(pair.now)
    pair.run(5)
    _, refused, message = pair.owners[Side.USER].last("hold_answered")
    assert (refused.value, message) == (102, None)
    assert ours.hold_state is HoldState.IDLE


def test_a_retrieve_without_an_answer_gives_its_channel_back() -> None:
    pair = held()
    ours = pair.controls[Side.USER].calls[0]
    del pair.owners[Side.NETWORK].on["retrieve_requested"]
    ours.retrieve(pair.now)
    assert ours.channel is not None
    pair.run(5)
    assert pair.owners[Side.USER].last("retrieve_answered")[1].value == 102
    assert ours.channel is None
    assert pair.controls[Side.USER].channels.idle == 4


def test_two_holds_that_cross_are_both_refused() -> None:
    pair = Pair()
    ours, theirs = pair.connected()
    ours.hold(pair.now)
    theirs.hold(pair.now)
    pair.run()
    assert ours.hold_state is theirs.hold_state is HoldState.IDLE
    assert all(owner.last("hold_answered")[1].value == 101 for owner in pair.owners.values())


def test_a_call_that_rings_can_be_held_and_one_that_is_offered_cannot() -> None:
    peer = Peer(Side.NETWORK)
    call = peer.offer()
    peer.says(MessageType.HOLD, 1)
    assert decode_cause(peer.answer.contents(Identifier.CAUSE) or b"").value == 101
    call.alerting(peer.now)
    peer.says(MessageType.HOLD, 1)
    assert call.hold_state is HoldState.HOLD_INDICATION


def test_a_retrieve_of_a_call_that_is_not_held_is_refused() -> None:
    peer = Peer(Side.NETWORK)
    peer.offer().connect(peer.now)
    peer.says(MessageType.RETRIEVE, 1)
    assert peer.answer.name == "RETRIEVE REJECT"


def test_an_answer_that_nobody_has_asked_for_gets_status_101() -> None:
    peer = Peer(Side.NETWORK)
    peer.offer().connect(peer.now)
    peer.says(MessageType.RETRIEVE_ACKNOWLEDGE, 1, element(0x18, "a98381"))
    assert peer.answer.name == "STATUS"


def test_a_channel_that_cannot_be_taken_after_retrieve_clears_the_call() -> None:
    peer = Peer(Side.USER)
    call = peer.place()
    peer.says(MessageType.CONNECT, 1, ours=True)
    call.hold(peer.now)
    peer.says(MessageType.HOLD_ACKNOWLEDGE, 1, ours=True)
    peer.offer(9, 2)
    call.retrieve(peer.now)
    peer.says(MessageType.RETRIEVE_ACKNOWLEDGE, 1, element(0x18, "a98382"), ours=True)
    assert peer.owner.cause("disconnected") == 6


def test_nothing_is_held_that_is_over_or_has_no_channel() -> None:
    pair = Pair("qsig")
    ours = pair.place(independent=True)
    assert not ours.hold(pair.now)
    ours.disconnect(NORMAL, pair.now)
    assert not ours.hold(pair.now)
    assert not ours.retrieve(pair.now)
