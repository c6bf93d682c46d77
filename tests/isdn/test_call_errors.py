"""What is done about messages that are wrong: the table of Q.931 5.8, one row after the other, with real octets."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.isdn import q931
from gateway.isdn.elements import CallState, decode_call_state, decode_cause
from gateway.isdn.q931 import Identifier, Message, MessageType
from gateway.isdn.side import Side
from tests.isdn.interface import NORMAL, Peer, element

CAUSE = element(0x08, "8090")
STATUS_OF = {state: element(0x14, f"{int(state):02x}") for state in CallState}


def said(message: Message) -> tuple[str, int, bytes]:
    """Name, cause value and diagnostics of an answer."""
    cause = decode_cause(message.contents(Identifier.CAUSE) or b"")
    return message.name, cause.value, cause.diagnostics


def active(side: Side = Side.NETWORK) -> Peer:
    """A peer with one call, reference 1, that is up."""
    peer = Peer(side)
    call = peer.offer()
    call.connect(peer.now)
    if side is Side.USER:
        peer.says(MessageType.CONNECT_ACKNOWLEDGE, 1)
    assert call.is_active
    peer.wire.sent.clear()
    return peer


@pytest.mark.parametrize(
    "octets",
    [
        "",
        "08",
        "0802",
        "080200",
        "08020001",  # 5.8.2: too short
        "0902000105",  # 5.8.1: another protocol discriminator
        "4802000105",
        "08f20001050403" + "8090a3",  # 5.8.3.1: bits 5 to 8 of the call reference length
        "080f0001050403",  # 5.8.3.1: longer than the message
    ],
)
def test_what_is_no_message_is_ignored(octets: str) -> None:
    peer = Peer()
    peer.octets(octets)
    assert not peer.answers
    assert not peer.owner.events
    assert peer.control.counters["ignored"] == 1


@pytest.mark.parametrize(
    ("octets", "answer"),
    [
        ("0802000103", ("RELEASE COMPLETE", 81, b"")),  # a: PROGRESS
        ("080200017d08028190140103", ("RELEASE COMPLETE", 101, b"")),  # g: STATUS, state 3
        ("0802000107", ("RELEASE COMPLETE", 81, b"")),  # a: CONNECT
        ("0802800107", ("RELEASE COMPLETE", 81, b"")),  # the same on a call of ours
        ("080200014508028190", ("RELEASE COMPLETE", 81, b"")),
        ("080200014d08028190", ("RELEASE COMPLETE", 81, b"")),  # b
        ("0802000175", ("STATUS", 30, b"")),  # h
        ("0802000124", ("RELEASE COMPLETE", 81, b"")),
        ("08020001ff", ("RELEASE COMPLETE", 81, b"")),
    ],
)
def test_a_message_of_a_call_that_nobody_has(octets: str, answer: tuple[str, int, bytes]) -> None:
    peer = Peer()
    peer.octets(octets)
    assert said(peer.answer) == answer
    assert peer.answer.flag is not q931.decode(bytes.fromhex(octets)).flag
    assert not peer.owner.events


@pytest.mark.parametrize(
    "octets",
    [
        "080200015a08028190",  # c: RELEASE COMPLETE
        "0802800105040380" + "90a3",  # d: SETUP with the flag of a call of ours
        "080200017d08028190140100",  # g: STATUS, state 0
        "08000503",  # SETUP on the dummy call reference
    ],
)
def test_a_message_of_no_call_that_has_no_answer(octets: str) -> None:
    peer = Peer()
    peer.octets(octets)
    assert not peer.answers
    assert not peer.owner.events


def test_a_setup_of_a_call_that_is_there_is_ignored() -> None:
    peer = Peer()
    peer.offer()
    peer.offer()
    assert peer.owner.names == ["call_offered"]
    assert not peer.answers


def test_any_other_message_on_the_global_call_reference_gets_status_81() -> None:
    peer = Peer()
    peer.octets("0802000007")
    assert said(peer.answer) == ("STATUS", 81, b"")
    assert peer.answer.call_reference == 0
    assert peer.answer.flag


@pytest.mark.parametrize("kind", [0x01, 0x02, 0x0D, 0x07, 0x31 + 0x100])
def test_a_message_that_does_not_fit_the_state_gets_status(kind: int) -> None:
    peer = active()
    peer.says(kind, 1)
    cause = 101 if kind < 0x100 else 97
    assert said(peer.answer) == ("STATUS", cause, bytes((kind & 0xFF,)))
    assert decode_call_state(peer.answer.contents(Identifier.CALL_STATE) or b"") == CallState.ACTIVE
    assert peer.control.calls[0].is_active


def test_an_unknown_message_type_gets_status_97() -> None:
    peer = active()
    peer.says(0x3F, 1)
    assert said(peer.answer) == ("STATUS", 97, b"\x3f")


def test_an_unexpected_release_ends_the_call() -> None:
    peer = active()
    peer.says(MessageType.RELEASE, 1, CAUSE)
    assert [one.name for one in peer.answers] == ["RELEASE COMPLETE"]
    assert peer.owner.cause() == 16


def test_an_unexpected_release_complete_ends_the_call() -> None:
    peer = active()
    peer.says(MessageType.RELEASE_COMPLETE, 1, CAUSE)
    assert not peer.answers
    assert peer.owner.cause() == 16


@pytest.mark.parametrize(
    ("octets", "answer"),
    [
        ("08020001051803a98381", ("RELEASE COMPLETE", 96, b"\x04")),  # bearer capability missing
        ("080200010504018018" + "03a98381", ("RELEASE COMPLETE", 100, b"\x04")),  # its contents are cut off
        ("0802000105040380" + "90a3", ("RELEASE COMPLETE", 96, b"\x18")),  # the network names a channel
        ("08020001050403" + "8090a31801a9", ("RELEASE COMPLETE", 100, b"\x18")),
        ("0802000105040380" + "90a31803a983", ("RELEASE COMPLETE", 100, b"\x18")),  # longer than the message
        ("0802000105040380" + "90a3070141" + "1803a98381", ("RELEASE COMPLETE", 96, b"\x07")),  # comprehension
    ],
)
def test_a_setup_without_what_it_needs_is_refused(octets: str, answer: tuple[str, int, bytes]) -> None:
    peer = Peer(Side.USER)
    peer.octets(octets)
    assert said(peer.answer) == answer
    assert not peer.owner.events
    assert not peer.control.calls


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        ("080200010504038090a3" + "1803a98381" + "41024142", ("STATUS", 99, b"\x41")),  # unknown
        ("080200010504038090a3" + "1803a98381" + "6c0100", ("STATUS", 100, b"\x6c")),  # number without an octet 3
        ("080200010504038090a3" + "1803a98381" + "7e00", ("STATUS", 43, b"\x7e")),  # access information discarded
        ("080200010504038090a3" + "1803a98381" + "700a8035", ("STATUS", 100, b"\x70")),  # cut off
    ],
)
def test_a_setup_with_an_element_that_cannot_be_read_goes_on_without_it(
    octets: str, status: tuple[str, int, bytes]
) -> None:
    peer = Peer(Side.USER)
    peer.octets(octets)
    assert said(peer.answer) == status
    assert peer.owner.names == ["call_offered"]
    bad = bytes.fromhex(octets)[-4:][0]
    assert status[1] == 99 or peer.owner.last("call_offered")[1].contents(bad) is None


def test_north_american_trunks_do_not_say_that_an_element_is_unknown() -> None:
    peer = Peer(Side.USER, "ni2")
    peer.octets("080200010504038090a2" + "1803a98381" + "41024142")
    assert peer.owner.names == ["call_offered"]
    assert not peer.answers


def test_elements_of_other_codesets_are_nobodys_fault() -> None:
    peer = Peer(Side.USER)
    peer.octets("080200010504038090a3" + "1803a98381" + "9641014196" + "0200ff")
    assert peer.owner.names == ["call_offered"]
    assert not peer.answers


@pytest.mark.parametrize(
    ("octets", "answer"),
    [
        ("0802000103", ("STATUS", 96, b"\x1e")),  # PROGRESS without an indicator
        ("08020001031e0180", ("STATUS", 100, b"\x1e")),
        ("080200016e", ("STATUS", 96, b"\x27")),  # NOTIFY
        ("0802000120", ("STATUS", 96, b"\x7e")),  # USER INFORMATION
        ("08020001031e028088050141", ("STATUS", 96, b"\x05")),  # comprehension required
        ("08020001031e02808841024142", ("STATUS", 99, b"\x41")),
    ],
)
def test_a_message_that_lacks_something_gets_status(octets: str, answer: tuple[str, int, bytes]) -> None:
    peer = active()
    peer.octets(octets)
    assert said(peer.answer) == answer
    assert ("progress_received" in peer.owner.names) is (answer[1] == 99)
    assert peer.control.calls[0].is_active


def test_a_status_that_lacks_something_is_not_answered_by_a_status() -> None:
    peer = active()
    peer.octets("080200017d")
    assert not peer.answers
    assert peer.control.calls[0].is_active


@pytest.mark.parametrize(
    ("octets", "cause", "told"),
    [
        ("0802000145", 96, 31),
        ("08020001450801", 100, 31),  # cut off
        ("0802000145080180", 100, 31),
        ("08020001450802809141024142", 99, 17),
        ("08020001450802809105024142", 96, 17),
    ],
)
def test_a_disconnect_is_carried_out_whatever_is_in_it(octets: str, cause: int, told: int) -> None:
    peer = active()
    peer.octets(octets)
    assert said(peer.answer)[:2] == ("RELEASE", cause)
    assert peer.owner.cause("disconnected") == told


@pytest.mark.parametrize(
    ("octets", "cause"), [("080200014d", 96), ("080200014d080180", 100), ("080200014d0802809141024142", 99)]
)
def test_a_release_is_carried_out_whatever_is_in_it(octets: str, cause: int) -> None:
    peer = active()
    peer.octets(octets)
    assert said(peer.answer)[:2] == ("RELEASE COMPLETE", cause)
    assert peer.owner.cause() == (17 if cause == 99 else 31)


def test_a_release_complete_is_carried_out_whatever_is_in_it() -> None:
    peer = active()
    peer.octets("080200015a")
    assert not peer.answers
    assert peer.owner.cause() == 31


def test_of_an_element_that_is_there_twice_the_first_counts() -> None:
    peer = active()
    peer.says(MessageType.DISCONNECT, 1, element(0x08, "8091"), element(0x08, "8090"))
    assert peer.owner.cause("disconnected") == 17


def test_status_enquiry_is_answered_in_every_state() -> None:
    peer = Peer(Side.NETWORK)
    call = peer.offer()
    for act, state in (
        (lambda: None, CallState.CALL_INITIATED),
        (lambda: call.proceeding(peer.now), CallState.OUTGOING_CALL_PROCEEDING),
        (lambda: call.alerting(peer.now), CallState.CALL_DELIVERED),
        (lambda: call.connect(peer.now), CallState.ACTIVE),
        (lambda: call.disconnect(NORMAL, peer.now), CallState.DISCONNECT_INDICATION),
    ):
        act()
        peer.says(MessageType.STATUS_ENQUIRY, 1)
        assert said(peer.answer) == ("STATUS", 30, b"")
        assert decode_call_state(peer.answer.contents(Identifier.CALL_STATE) or b"") == state
        assert peer.answer.flag


def test_a_status_with_null_ends_the_call() -> None:
    peer = active()
    peer.says(MessageType.STATUS, 1, CAUSE, STATUS_OF[CallState.NULL])
    assert peer.owner.cause() == 41
    assert not peer.control.calls


def test_a_status_with_a_state_that_does_not_fit_clears_the_call() -> None:
    peer = active()
    peer.says(MessageType.STATUS, 1, CAUSE, STATUS_OF[CallState.CALL_DELIVERED])
    assert said(peer.answer)[:2] == ("DISCONNECT", 101)
    assert peer.owner.cause("disconnected") == 101


def test_a_status_with_a_state_that_fits_is_told() -> None:
    peer = active()
    peer.says(MessageType.STATUS, 1, element(0x08, "80e37d"), STATUS_OF[CallState.ACTIVE])
    call, state, cause = peer.owner.last("status_received")
    assert (state, cause.value, cause.diagnostics) == (CallState.ACTIVE, 99, b"\x7d")
    assert call.is_active
    assert not peer.answers


def test_a_status_in_release_request_does_nothing_unless_it_says_null() -> None:
    peer = active()
    peer.control.calls[0].release(NORMAL, peer.now)
    peer.says(MessageType.STATUS, 1, CAUSE, STATUS_OF[CallState.ACTIVE])
    assert len(peer.answers) == 1
    peer.says(MessageType.STATUS, 1, CAUSE, STATUS_OF[CallState.NULL])
    assert not peer.control.calls


def test_a_peer_that_answers_no_status_enquiry_has_lost_the_call() -> None:
    peer = active()
    assert peer.control.calls[0].enquire(peer.now)
    peer.run(13)
    assert [one.name for one in peer.answers] == ["STATUS ENQUIRY"] * 3 + ["DISCONNECT"]
    assert peer.owner.cause("disconnected") == 41


def test_suspend_is_refused() -> None:
    peer = active()
    peer.says(MessageType.SUSPEND, 1)
    assert said(peer.answer) == ("SUSPEND REJECT", 50, b"")
    assert peer.control.calls[0].is_active


def test_whatever_crosses_a_disconnect_is_ignored() -> None:
    peer = active()
    peer.control.calls[0].disconnect(NORMAL, peer.now)
    for kind in (MessageType.CONNECT_ACKNOWLEDGE, MessageType.ALERTING, MessageType.PROGRESS, MessageType.HOLD):
        peer.says(kind, 1)
    assert len(peer.answers) == 1


def test_segments_are_put_together_and_what_comes_between_spoils_them() -> None:
    peer = active()
    whole = q931.encode(Message(MessageType.NOTIFY, 1, False, (element(0x27, "ea"),)))
    head, body = whole[:4], whole[5:]
    first = head + bytes((MessageType.SEGMENT, 0, 2, 0x81, MessageType.NOTIFY)) + body[:1]
    last = head + bytes((MessageType.SEGMENT, 0, 2, 0x00, MessageType.NOTIFY)) + body[1:]
    peer.control.receive(first, peer.now)
    peer.control.receive(last, peer.now)
    assert peer.owner.names.count("notified") == 1
    peer.control.receive(first, peer.now)
    peer.says(MessageType.STATUS_ENQUIRY, 1)
    peer.control.receive(last, peer.now)
    assert peer.owner.names.count("notified") == 1
    peer.control.receive(first, peer.now)
    peer.run(5)
    peer.control.receive(last, peer.now)
    assert peer.owner.names.count("notified") == 1


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8), st.sampled_from(Side))
@settings(max_examples=300, deadline=None)
def test_octets_that_are_anything_do_no_harm(packets: list[bytes], side: Side) -> None:
    peer = Peer(side)
    for packet in packets:
        peer.control.receive(packet, peer.now)
        peer.control.receive(b"\x08\x02\x00\x01" + packet, peer.now)
    peer.run(500)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_message_that_is_changed_somewhere_does_no_harm(data: st.DataObject) -> None:
    peer = active()
    good = data.draw(
        st.sampled_from(
            [
                "080200010504038090a31803a983827003813535",
                "080200014508028090",
                "08020001241c0991a106020101020106",
                "080200003118" + "03a98381790180",
                "080200017d08028190140103",
                "08020000461803a98381790180",
                "08020001600002810127" + "01ea",
            ]
        )
    )
    octets = bytearray.fromhex(good)
    for _ in range(data.draw(st.integers(1, 3))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    peer.control.receive(bytes(octets[: data.draw(st.integers(0, len(octets)))]), peer.now)
    peer.control.receive(bytes(octets), peer.now)
    peer.run(1)
