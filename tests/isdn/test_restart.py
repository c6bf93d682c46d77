"""RESTART of channels and interfaces by either side (Q.931 5.5), and service messages of North American switches."""

import pytest

from gateway.isdn import q931
from gateway.isdn.channels import BChannel
from gateway.isdn.elements import decode_cause
from gateway.isdn.information_element import Identifier
from gateway.isdn.q931 import Message, MessageType
from gateway.isdn.side import Side
from tests.isdn.interface import Pair, Peer, element

ONE, TWO = BChannel(0, 1), BChannel(0, 2)
SIDES = pytest.mark.parametrize("side", list(Side))


@SIDES
def test_a_restart_of_one_channel_ends_the_call_on_it_on_both_sides(side: Side) -> None:
    pair = Pair()
    ours, _ = pair.connected()
    other, _ = pair.connected()
    assert ours.channel is not None
    pair.controls[side].restart(pair.now, (ours.channel,))
    pair.run()
    assert [len(control.calls) for control in pair.controls.values()] == [1, 1]
    assert other.is_active
    for owner in pair.owners.values():
        assert owner.cause() == 41
        assert owner.last("channels_restarted")[0] == (ONE,)
    assert all(control.channels.idle == 3 for control in pair.controls.values())


@SIDES
def test_a_restart_of_the_interface_ends_all_calls(side: Side) -> None:
    pair = Pair("qsig")
    pair.connected()
    pair.place(independent=True)
    pair.controls[side].restart(pair.now)
    pair.run()
    assert pair.wire.message(MessageType.RESTART).contents(Identifier.RESTART_INDICATOR) == b"\x86"
    assert pair.idle


def test_restart_messages_go_out_one_after_the_other() -> None:
    pair = Pair()
    pair.controls[Side.USER].restart(pair.now, (ONE, TWO))
    assert pair.wire.names() == ["RESTART"]
    pair.run()
    assert pair.wire.names() == ["RESTART", "RESTART ACKNOWLEDGE"] * 2


def test_both_sides_restart_at_once() -> None:
    pair = Pair()
    pair.connected()
    for side in Side:
        pair.controls[side].restart(pair.now)
    pair.run()
    assert pair.idle


def test_a_restart_without_an_answer_is_repeated_told_and_sent_at_once_when_the_link_is_back() -> None:
    pair = Pair()
    pair.wire.fate = lambda octets: ()
    pair.controls[Side.USER].restart(pair.now, (ONE,))
    pair.run(400)
    assert pair.wire.names() == ["RESTART"] * 4
    assert pair.owners[Side.USER].last("restart_failed") == ((ONE,),)
    assert pair.controls[Side.USER].channels.out_of_service == (ONE,)
    pair.wire.fate = lambda octets: (0.01,)
    pair.wire.down()
    pair.wire.up()
    pair.run()
    assert pair.idle


def test_the_answer_repeats_the_channels_of_the_restart() -> None:
    peer = Peer(Side.NETWORK)
    peer.octets("080200004618" + "04a9830182" + "790180")
    assert peer.answer == Message(
        MessageType.RESTART_ACKNOWLEDGE, 0, True, (element(0x18, "a9830182"), element(0x79, "80"))
    )
    assert peer.owner.last("channels_restarted") == ((ONE, TWO),)


@pytest.mark.parametrize(
    ("octets", "cause", "diagnostics"),
    [
        ("08020000461803a98381", 96, b"\x79"),  # no restart indicator
        ("0802000046790180", 96, b"\x18"),  # indicated channels, and none named
        ("08020000461801a9790180", 96, b"\x18"),  # a broken channel is a missing one
        ("08020000461803a983897901" + "80", 82, b""),  # a channel that is not there
    ],
)
def test_a_restart_that_cannot_be_carried_out(octets: str, cause: int, diagnostics: bytes) -> None:
    peer = Peer(Side.NETWORK)
    peer.octets(octets)
    found = decode_cause(peer.answer.contents(Identifier.CAUSE) or b"")
    assert peer.answer.name == "STATUS"
    assert (found.value, found.diagnostics) == (cause, diagnostics)
    assert "channels_restarted" not in peer.owner.names


def test_an_acknowledgement_that_nobody_waits_for_is_ignored() -> None:
    peer = Peer()
    peer.octets("080280004e790187")
    assert not peer.answers
    peer.control.restart(peer.now, (ONE,))
    peer.octets("080280004e1803a98382790180")
    assert "channels_restarted" not in peer.owner.names


def test_a_restart_waits_for_the_data_link() -> None:
    pair = Pair(up=False)
    pair.controls[Side.USER].restart(pair.now)
    assert not pair.wire.sent
    pair.wire.up()
    pair.run()
    assert pair.owners[Side.USER].names == ["channels_restarted"]


@pytest.mark.parametrize("name", ["ni2", "5ess"])
def test_service_messages_take_channels_out_of_service_and_back(name: str) -> None:
    peer = Peer(Side.USER, name)
    discriminator = 0x43 if name == "ni2" else 0x03
    for status, idle in (("c2", 3), ("c0", 4)):
        service = Message(0x0F, 0, False, (element(0x01, status), element(0x18, "a98381")), 2, discriminator)
        peer.control.receive(q931.encode(service), peer.now)
        assert peer.control.channels.idle == idle
        assert int(peer.answer.message_type) == 0x07
        assert peer.answer.protocol_discriminator == discriminator


def test_service_messages_of_another_kind_of_trunk_are_ignored() -> None:
    peer = Peer(Side.USER)
    peer.octets("030200000f0101c21803a98381")
    assert not peer.answers
