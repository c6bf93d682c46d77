"""B-channels: which a call gets, what two sides agree on, and what happens when both want the same one."""

import pytest

from gateway.isdn.channels import BChannel, Channels, Hunt, of_carrier
from gateway.isdn.elements import ChannelIdentification, decode_cause, decode_channel
from gateway.isdn.information_element import Identifier
from gateway.isdn.q931 import MessageType
from gateway.isdn.side import Side
from gateway.model.errors import GatewayError, LocalProtocolError
from tests.isdn.interface import BEARER, CALLED, NORMAL, Pair, Peer, element

ONE, TWO = BChannel(0, 1), BChannel(0, 2)


def channels(hunt: Hunt = "longest idle", **more: bool) -> Channels[str]:
    return Channels((BChannel(0, number) for number in (1, 2, 3)), hunt=hunt, **more)


def channel_of(octets: bytes | None) -> tuple[int, ...] | str:
    found = decode_channel(octets or b"")
    return "any" if found.any_channel else found.channels


@pytest.mark.parametrize(
    ("hunt", "order"), [("longest idle", [2, 3, 1]), ("ascending", [1, 2, 3]), ("descending", [3, 2, 1])]
)
def test_the_next_channel(hunt: Hunt, order: list[int]) -> None:
    pool = channels(hunt)
    pool.seize("first", ONE)
    pool.free(ONE, "first")
    taken = [pool.seize("call") for _ in range(3)]
    assert [one.number for one in taken if one is not None] == order
    assert pool.seize("call") is None


def test_a_channel_is_freed_by_who_holds_it_only() -> None:
    pool = channels()
    pool.seize("one", ONE)
    pool.pass_on(ONE, "other")
    pool.free(ONE, "one")
    assert pool.holder(ONE) == "other"
    pool.free(ONE, "other")
    assert pool.is_idle(ONE)


def test_a_channel_out_of_service_is_not_taken_until_it_is_restored() -> None:
    pool = channels()
    pool.seize("call", ONE)
    pool.withdraw(ONE)
    pool.free(ONE, "call")
    assert pool.seize("other", ONE) is None
    assert pool.out_of_service == (ONE,)
    pool.restore(ONE)
    assert pool.seize("other", ONE) == ONE


def test_e1_has_no_call_in_slot_16_and_t1_none_in_24() -> None:
    assert len(of_carrier("e1")) == 30
    assert BChannel(0, 16) not in of_carrier("e1")
    assert [one.number for one in of_carrier("t1")] == list(range(1, 24))


def test_a_slot_map_names_channels_too() -> None:
    pool = Channels[str](of_carrier("e1"))
    slot_map = ChannelIdentification((), slot_map=bytes.fromhex("80000002"))
    assert pool.named(slot_map) == (BChannel(0, 1), BChannel(0, 31))
    assert pool.named(ChannelIdentification((), slot_map=bytes.fromhex("000001"))) == (BChannel(0, 1),)


def test_nfas_names_the_interface() -> None:
    pool = Channels[str]((*of_carrier("t1", 1), *of_carrier("t1", 2)), explicit=True)
    octets = pool.identification((BChannel(2, 5),)).contents
    assert octets == bytes.fromhex("e9828385")
    assert pool.named(decode_channel(octets)) == (BChannel(2, 5),)


def test_a_number_that_no_element_can_name_is_refused() -> None:
    with pytest.raises(LocalProtocolError):
        Channels[str]((BChannel(0, 128),))


def test_every_channel_can_be_in_use_and_no_more() -> None:
    pair = Pair(count=2)
    pair.connected()
    pair.connected()
    with pytest.raises(GatewayError) as caught:
        pair.place()
    assert caught.value.cause == 34


def test_an_exclusive_channel_that_is_taken_refuses_the_call_with_44() -> None:
    peer = Peer(Side.NETWORK)
    peer.offer(1, 3)
    peer.says_setup(2, 3)
    assert decode_cause(peer.answer.contents(Identifier.CAUSE) or b"").value == 44
    assert len(peer.control.calls) == 1


def test_a_preferred_channel_that_is_taken_is_answered_with_another() -> None:
    peer = Peer(Side.NETWORK)
    peer.offer(1, 3)
    peer.says(MessageType.SETUP, 2, BEARER, element(0x18, "a18383"), CALLED)
    peer.owner.offered().proceeding(peer.now)
    assert channel_of(peer.answer.contents(Identifier.CHANNEL_IDENTIFICATION)) == (4,)


def test_any_channel_or_no_word_of_it_leaves_the_choice_to_the_network() -> None:
    peer = Peer(Side.NETWORK)
    peer.says(MessageType.SETUP, 1, BEARER, element(0x18, "a3"), CALLED)
    peer.says(MessageType.SETUP, 2, BEARER, CALLED)
    for call in peer.control.calls:
        call.proceeding(peer.now)
    named = [channel_of(one.contents(Identifier.CHANNEL_IDENTIFICATION)) for one in peer.answers]
    assert named == [(4,), (3,)]


def test_no_channel_left_is_34_and_one_that_does_not_exist_is_82() -> None:
    peer = Peer(Side.NETWORK, count=1)
    peer.offer(1, 1)
    peer.says(MessageType.SETUP, 2, BEARER, element(0x18, "a3"), CALLED)
    peer.says_setup(3, 9)
    causes = [decode_cause(one.contents(Identifier.CAUSE) or b"").value for one in peer.answers]
    assert causes == [34, 82]


def test_the_caller_takes_the_channel_that_the_answer_names() -> None:
    peer = Peer(Side.USER)
    call = peer.place()
    assert call.channel == ONE
    peer.says(MessageType.CALL_PROCEEDING, 1, element(0x18, "a98383"), ours=True)
    assert call.channel == BChannel(0, 3)
    assert peer.control.channels.is_idle(ONE)


def test_a_channel_in_the_answer_that_we_cannot_have_clears_the_call_with_6() -> None:
    peer = Peer(Side.USER)
    peer.offer(1, 3)
    peer.place()
    peer.says(MessageType.CALL_PROCEEDING, 1, element(0x18, "a98383"), ours=True)
    assert peer.answer.name == "DISCONNECT"
    assert peer.owner.cause("disconnected") == 6


def test_of_two_setups_for_one_channel_the_networks_gets_it() -> None:
    peer = Peer(Side.USER)
    ours = peer.place()
    theirs = peer.offer(7, 1)
    assert theirs.channel == ONE
    assert ours.channel is None
    peer.says(MessageType.CALL_PROCEEDING, 1, element(0x18, "a98382"), ours=True)
    assert ours.channel == TWO


def test_the_network_refuses_the_users_setup_for_a_channel_that_it_has_just_offered() -> None:
    peer = Peer(Side.NETWORK, hunt="ascending")
    ours = peer.place()
    peer.says_setup(7, 1)
    assert peer.answer.name == "RELEASE COMPLETE"
    assert ours.channel == ONE


def test_a_call_that_is_answered_does_not_lose_its_channel_to_another() -> None:
    peer = Peer(Side.USER)
    ours = peer.place()
    peer.says(MessageType.CALL_PROCEEDING, 1, ours=True)
    peer.says_setup(7, 1)
    assert peer.answer.name == "RELEASE COMPLETE"
    assert ours.channel == ONE


@pytest.mark.parametrize("exclusive", [True, False])
def test_glare_leaves_no_call_stuck_and_no_channel_taken(exclusive: bool) -> None:
    pair = Pair(count=1, exclusive=exclusive)
    for side in Side:
        pair.controls[side].setup((BEARER, CALLED), pair.now)
    pair.run()
    networks = pair.owners[Side.USER].offered()
    networks.connect(pair.now)
    pair.run()
    assert pair.owners[Side.USER].names.count("released") == 1
    assert networks.is_active
    networks.disconnect(NORMAL, pair.now)
    pair.run()
    assert pair.idle


def test_a_preferred_channel_moves_when_both_sides_want_it() -> None:
    pair = Pair(count=2, exclusive=False)
    ours = pair.controls[Side.USER].setup((BEARER, CALLED), pair.now, channel=ONE)
    pair.controls[Side.NETWORK].setup((BEARER, CALLED), pair.now, channel=ONE)
    pair.run()
    pair.owners[Side.NETWORK].offered().proceeding(pair.now)
    pair.run()
    assert ours.channel == TWO
    assert pair.owners[Side.USER].offered().channel == ONE
