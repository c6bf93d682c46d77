"""Basic calls between two of our own sides: set-up, overlap, answer, clearing (Q.931 5.1 to 5.4)."""

import pytest

from gateway.isdn.call_table import NUMBERS, TimerName
from gateway.isdn.elements import CallState, decode_cause
from gateway.isdn.information_element import Identifier
from gateway.isdn.q931 import MessageType
from gateway.isdn.side import Side
from gateway.isdn.variant import variants
from gateway.model.causes import Cause
from gateway.model.errors import GatewayError
from tests.isdn.interface import BUSY, IN_BAND, NORMAL, Pair, Peer, digits, element

SIDES = pytest.mark.parametrize("side", list(Side))
SENDING_COMPLETE = element(Identifier.SENDING_COMPLETE)


@SIDES
@pytest.mark.parametrize("name", variants())
def test_a_call_is_placed_answered_and_cleared_on_every_kind_of_trunk(name: str, side: Side) -> None:
    pair = Pair(name)
    ours, theirs = pair.connected(side)
    assert ours.channel == theirs.channel is not None
    ours.disconnect(NORMAL, pair.now)
    pair.run()
    assert pair.wire.names() == [
        *("SETUP", "CALL PROCEEDING", "ALERTING", "CONNECT", "CONNECT ACKNOWLEDGE"),
        *("DISCONNECT", "RELEASE", "RELEASE COMPLETE"),
    ]
    assert pair.owners[side].names == [
        *("proceeding_received", "alerting_received", "connected", "released"),
    ]
    assert pair.owners[side.other].names[-2:] == ["disconnected", "released"]
    assert pair.owners[side.other].cause() == 16
    assert pair.idle


def test_the_states_of_a_call_have_the_numbers_of_the_users_and_the_networks_side() -> None:
    pair = Pair()
    ours = pair.place(Side.USER)
    theirs = pair.owners[Side.NETWORK].offered()
    assert (ours.state, theirs.state) == (CallState.CALL_INITIATED, CallState.CALL_INITIATED)
    theirs.alerting(pair.now)
    pair.run()
    assert (ours.state, theirs.state) == (CallState.CALL_DELIVERED, CallState.CALL_DELIVERED)


def test_a_qsig_call_has_a_user_on_both_sides() -> None:
    pair = Pair("qsig")
    ours = pair.place(Side.NETWORK)
    theirs = pair.owners[Side.USER].offered()
    assert (ours.state, theirs.state) == (CallState.CALL_INITIATED, CallState.CALL_PRESENT)


def test_the_first_response_names_the_channel_and_no_other_does() -> None:
    pair = Pair()
    pair.connected()
    named = [m.name for m in pair.wire.messages() if m.contents(Identifier.CHANNEL_IDENTIFICATION)]
    assert named == ["SETUP", "CALL PROCEEDING"]


def test_the_called_user_waits_for_the_acknowledgement_of_its_connect() -> None:
    pair = Pair()
    pair.place(Side.NETWORK)
    called = pair.owners[Side.USER].offered()
    called.connect(pair.now)
    assert called.state is CallState.CONNECT_REQUEST
    pair.run()
    assert called.is_active
    assert pair.owners[Side.USER].names == ["call_offered", "connected"]


def test_the_called_networks_call_is_up_with_its_connect() -> None:
    pair = Pair()
    pair.place(Side.USER)
    called = pair.owners[Side.NETWORK].offered()
    called.connect(pair.now)
    assert called.is_active
    pair.run()
    assert pair.owners[Side.NETWORK].names == ["call_offered"]


@SIDES
def test_digits_one_by_one(side: Side) -> None:
    pair = Pair()
    ours = pair.place(side)
    theirs = pair.owners[side.other].offered()
    theirs.setup_acknowledge(pair.now)
    pair.run()
    assert ours.state is NUMBERS[side].originating.overlap
    ours.information(pair.now, digits("1"))
    ours.information(pair.now, digits("2"), SENDING_COMPLETE)
    pair.run()
    assert pair.owners[side].names == ["digits_wanted"]
    assert pair.owners[side.other].names == ["call_offered", "information_received", "information_received"]
    theirs.proceeding(pair.now)
    pair.run()
    assert ours.state is NUMBERS[side].originating.proceeding


def test_t302_starts_anew_with_each_digit() -> None:
    pair = Pair()
    ours = pair.place(Side.USER)
    theirs = pair.owners[Side.NETWORK].offered()
    theirs.setup_acknowledge(pair.now)
    pair.run(8)
    ours.information(pair.now, digits("1"))
    pair.run(8)
    assert theirs.state is CallState.OVERLAP_SENDING
    pair.run(5)
    assert pair.owners[Side.NETWORK].names[-3:] == ["digits_timeout", "disconnected", "released"]
    assert pair.owners[Side.USER].cause() == 28
    assert pair.idle


def test_whoever_thinks_the_number_complete_at_t302_proceeds() -> None:
    pair = Pair()
    ours = pair.place(Side.USER)
    owner = pair.owners[Side.NETWORK]
    owner.on["digits_timeout"] = lambda call, now: call.proceeding(now)
    owner.offered().setup_acknowledge(pair.now)
    pair.run(20)
    assert ours.state is CallState.OUTGOING_CALL_PROCEEDING


def test_a_call_that_is_refused_at_once_gets_release_complete() -> None:
    pair = Pair()
    pair.place()
    pair.owners[Side.NETWORK].offered().disconnect(BUSY, pair.now)
    pair.run()
    assert pair.wire.names() == ["SETUP", "RELEASE COMPLETE"]
    assert pair.owners[Side.USER].names == ["released"]
    assert pair.owners[Side.USER].cause() == 17
    assert pair.idle


def test_an_owner_that_raises_an_error_refuses_the_call_with_its_cause() -> None:
    pair = Pair()

    def refuse(*_: object) -> None:
        raise GatewayError("no such number", cause=1)

    pair.owners[Side.NETWORK].on["call_offered"] = refuse
    pair.place()
    assert pair.owners[Side.USER].cause() == 1
    assert pair.idle


def test_a_call_that_is_refused_later_is_disconnected() -> None:
    pair = Pair()
    pair.place()
    called = pair.owners[Side.NETWORK].offered()
    called.proceeding(pair.now)
    called.disconnect(BUSY, pair.now)
    pair.run()
    assert pair.wire.names()[2:] == ["DISCONNECT", "RELEASE", "RELEASE COMPLETE"]
    assert pair.owners[Side.USER].cause("disconnected") == 17


def test_a_disconnect_with_a_tone_leaves_the_call_up_until_the_owner_clears() -> None:
    pair = Pair()
    ours, theirs = pair.connected()
    theirs.disconnect(BUSY, pair.now, IN_BAND)
    pair.run(5)
    assert ours.state is CallState.DISCONNECT_INDICATION
    assert pair.owners[Side.USER].names[-1] == "disconnected"
    ours.disconnect(NORMAL, pair.now)
    pair.run()
    assert pair.idle


def test_a_tone_is_not_listened_to_forever() -> None:
    pair = Pair()
    _, theirs = pair.connected()
    theirs.disconnect(BUSY, pair.now, IN_BAND)
    pair.run(31)
    assert pair.idle


def test_two_disconnects_that_cross_are_both_answered_by_release() -> None:
    pair = Pair()
    ours, theirs = pair.connected()
    ours.disconnect(NORMAL, pair.now)
    theirs.disconnect(BUSY, pair.now)
    pair.run()
    assert pair.wire.names()[-4:] == ["DISCONNECT", "DISCONNECT", "RELEASE", "RELEASE"]
    assert pair.idle


def test_release_at_once() -> None:
    pair = Pair()
    ours, _ = pair.connected()
    ours.release(Cause(26), pair.now)
    pair.run()
    assert pair.wire.names()[-2:] == ["RELEASE", "RELEASE COMPLETE"]
    assert pair.owners[Side.NETWORK].cause() == 26
    assert pair.idle


def test_progress_with_a_tone_before_the_answer() -> None:
    pair = Pair()
    pair.place()
    called = pair.owners[Side.NETWORK].offered()
    called.proceeding(pair.now)
    called.progress(pair.now, IN_BAND)
    pair.run()
    message = pair.owners[Side.USER].last("progress_received")[1]
    assert message.contents(Identifier.PROGRESS_INDICATOR) == b"\x80\x88"


def test_notify_information_facility_and_user_information_on_a_call_that_is_up() -> None:
    pair = Pair()
    ours, _ = pair.connected()
    assert ours.notify(pair.now, element(Identifier.NOTIFICATION_INDICATOR, "ea"))
    assert ours.information(pair.now, element(Identifier.KEYPAD_FACILITY, "2a38"))
    assert ours.facility(pair.now, element(Identifier.FACILITY, "91a106020101020106"))
    assert ours.user_information(pair.now, element(Identifier.USER_USER, "0441"))
    pair.run()
    assert pair.owners[Side.NETWORK].names[-4:] == [
        *("notified", "information_received", "facility_received", "user_information_received"),
    ]


def test_what_does_not_fit_the_state_is_not_sent() -> None:
    pair = Pair()
    ours = pair.place()
    called = pair.owners[Side.NETWORK].offered()
    before = len(pair.wire.sent)
    assert not ours.alerting(pair.now)
    assert not ours.connect(pair.now)
    assert not called.progress(pair.now, IN_BAND)
    assert len(pair.wire.sent) == before
    called.alerting(pair.now)
    assert not called.proceeding(pair.now)


def test_elements_stand_in_the_order_of_their_identifiers() -> None:
    pair = Pair()
    pair.place(Side.USER, element(0x7E, "0441"), element(0x28, "41"), SENDING_COMPLETE)
    setup = pair.wire.message(MessageType.SETUP)
    assert [one.identifier for one in setup.elements] == [0xA1, 0x04, 0x18, 0x28, 0x70, 0x7E]


def test_a_call_independent_connection_has_no_channel() -> None:
    pair = Pair("qsig")
    ours = pair.place(Side.USER, independent=True)
    theirs = pair.owners[Side.NETWORK].offered()
    assert theirs.is_independent
    theirs.proceeding(pair.now)
    theirs.connect(pair.now)
    pair.run()
    assert ours.is_active
    assert ours.channel is theirs.channel is None
    ours.facility(pair.now, element(Identifier.FACILITY, "91a106020101020106"))
    ours.disconnect(NORMAL, pair.now)
    pair.run()
    assert pair.idle


def test_facility_on_the_dummy_call_reference() -> None:
    pair = Pair()
    pair.controls[Side.USER].facility((element(Identifier.FACILITY, "91a106020101020106"),), pair.now)
    pair.run()
    call, message, link = pair.owners[Side.NETWORK].last("facility_received")
    assert (call, message.call_reference_octets, link) == (None, 0, 0)


def test_a_call_reference_that_was_used_is_left_alone_as_long_as_can_be() -> None:
    pair = Pair()
    references = []
    for _ in range(3):
        call = pair.place()
        references.append(call.call_reference)
        call.disconnect(NORMAL, pair.now)
        pair.run()
    assert references == [1, 2, 3]


def test_a_basic_access_has_call_references_of_one_octet() -> None:
    pair = Pair(access="basic", count=2)
    ours, theirs = pair.connected()
    assert pair.wire.messages()[0].call_reference_octets == 1
    assert pair.wire.message(MessageType.SETUP).contents(Identifier.CHANNEL_IDENTIFICATION) == b"\x89"
    assert ours.channel == theirs.channel


@pytest.mark.parametrize(
    ("silent", "timer", "names", "told"),
    [
        ("setup", TimerName.T303, ["SETUP", "SETUP", "RELEASE COMPLETE"], 18),
        ("overlap", TimerName.T304, ["SETUP", "DISCONNECT"], 28),
        ("proceeding", TimerName.T310, ["SETUP", "DISCONNECT"], 18),
        ("alerting", TimerName.T301, ["SETUP", "DISCONNECT"], 19),
    ],
)
def test_the_caller_gives_up_when_nothing_comes(silent: str, timer: TimerName, names: list[str], told: int) -> None:
    pair = Pair()
    pair.place()
    called = pair.owners[Side.NETWORK].offered()
    if silent == "overlap":
        called.setup_acknowledge(pair.now, SENDING_COMPLETE)
        called._stop_timer()  # T302 of the called side is sooner
    elif silent == "proceeding":
        called.proceeding(pair.now)
    elif silent == "alerting":
        called.alerting(pair.now)
    pair.run(200)
    assert pair.wire.names(Side.USER)[: len(names)] == names
    assert pair.owners[Side.USER].cause() == told
    sent = next(m for m in pair.wire.messages(Side.USER) if m.message_type in (0x45, 0x5A))
    assert decode_cause(sent.contents(Identifier.CAUSE) or b"").value == 102
    assert pair.idle


def test_progress_stops_t310() -> None:
    pair = Pair()
    ours = pair.place()
    called = pair.owners[Side.NETWORK].offered()
    called.proceeding(pair.now)
    called.progress(pair.now, IN_BAND)
    pair.run(500)
    assert ours.state is CallState.OUTGOING_CALL_PROCEEDING


def test_a_connect_that_is_not_acknowledged_clears_the_call() -> None:
    pair = Pair()
    pair.place(Side.NETWORK)
    called = pair.owners[Side.USER].offered()
    pair.wire.fate = lambda octets: () if octets[4] == MessageType.CONNECT_ACKNOWLEDGE else (0.01,)
    called.connect(pair.now)
    pair.run(5)
    assert pair.owners[Side.NETWORK].cause("disconnected") == 102
    assert pair.idle


def test_a_release_without_answer_is_repeated_and_the_channel_restarted() -> None:
    pair = Pair()
    ours, _ = pair.connected()
    pair.wire.fate = lambda octets: ()
    ours.disconnect(NORMAL, pair.now)
    pair.run(39)
    assert pair.wire.names(Side.USER)[-4:] == ["DISCONNECT", "RELEASE", "RELEASE", "RESTART"]
    assert pair.controls[Side.USER].channels.out_of_service
    pair.wire.fate = lambda octets: (0.01,)
    pair.run(120)
    assert pair.owners[Side.NETWORK].cause() == 41
    assert pair.owners[Side.USER].names[-1] == "channels_restarted"
    assert pair.idle


def test_a_call_that_nobody_does_anything_about_ends() -> None:
    peer = Peer(Side.NETWORK)
    call = peer.offer()
    peer.run(21)
    assert peer.answer.name == "RELEASE COMPLETE"
    assert peer.owner.cause() == 102
    assert not call.disconnect(NORMAL, peer.now)


def test_a_call_that_has_been_up_for_long_is_asked_for_and_a_silent_peer_does_not_end_it() -> None:
    peer = Peer(Side.NETWORK)
    call = peer.offer()
    call.connect(peer.now)
    peer.run(1201)
    assert [one.name for one in peer.answers] == ["CONNECT", "STATUS ENQUIRY", "STATUS ENQUIRY"]
    assert call.is_active


def test_a_setup_for_the_channel_of_a_call_that_is_up_has_the_peer_asked_for_that_call() -> None:
    peer = Peer(Side.NETWORK)
    peer.offer(1, 3).connect(peer.now)
    peer.says_setup(2, 3)
    assert [one.name for one in peer.answers[-2:]] == ["STATUS ENQUIRY", "RELEASE COMPLETE"]
    peer.says(MessageType.RELEASE_COMPLETE, 1, element(Identifier.CAUSE, "80d1"))
    assert peer.control.channels.idle == 4
