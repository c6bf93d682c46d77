"""H.245 sessions: opening, channels in both directions, digits, the end."""

from typing import Any

import pytest

from gateway.h323 import per
from gateway.h323.control.capabilities import PAUSE, CapabilitySet
from gateway.h323.control.channel_table import State
from gateway.h323.control.media import AudioFormat, Codec, MediaAddress
from gateway.h323.control.session import ControlSettings
from gateway.h323.control.user_input import UserInput
from gateway.model.timers import TimerQueue
from tests.h323.control.talk import ALAW, G729A, HERE, PHONE, THERE, ULAW, Side, Talk


def alone(**settings: Any) -> Side:
    """A side whose peer is the test."""
    return Side(TimerQueue(), ControlSettings(**settings))


def test_a_session_opens_with_capabilities_and_the_determination_of_a_master() -> None:
    side = alone()
    side.session.start(PHONE, 0.0)
    capabilities, determination = side.says("terminalCapabilitySet", "masterSlaveDetermination")
    assert capabilities["sequenceNumber"] == 1
    assert determination["terminalType"] == 60


def test_both_know_the_capabilities_of_the_other_and_who_is_master() -> None:
    talk = Talk().start(other=CapabilitySet((ALAW,)))
    assert talk.one.session.remote == CapabilitySet((ALAW,))
    assert talk.other.session.remote == PHONE
    assert (talk.one.session.is_master, talk.other.session.is_master) == (False, True)
    assert talk.one.events("determined") == [(False,)]
    assert not talk.one.session.awaits_capabilities
    assert talk.one.events("acknowledged") == [()]


def test_the_same_terminal_types_are_decided_by_the_numbers() -> None:
    timers = TimerQueue()
    one, other = Side(timers, prefix="one"), Side(timers, prefix="two")
    talk = Talk()
    talk.one, talk.other = one, other
    talk.start()
    assert {one.session.is_master, other.session.is_master} == {True, False}


def test_no_answer_to_capabilities_is_told_after_t101() -> None:
    talk = Talk()
    talk.one.session.set_capabilities(PHONE, 0.0)
    talk.one.sent.clear()
    talk.timers.run(29.0)
    assert not talk.one.heard
    talk.timers.run(31.0)
    talk.one.says("terminalCapabilitySetRelease")
    assert talk.one.events("failed") == [("terminal capability set: timeout",)]


def test_rejected_capabilities_are_told() -> None:
    side = alone()
    side.session.set_capabilities(PHONE, 0.0)
    rejected = {"sequenceNumber": 1, "cause": ("unspecified", 0)}
    side.hears("response", "terminalCapabilitySetReject", rejected)
    assert side.events("failed") == [("terminal capability set: unspecified",)]


def test_an_acknowledgement_of_an_earlier_set_is_passed_over() -> None:
    side = alone()
    side.session.set_capabilities(PHONE, 0.0)
    side.session.set_capabilities(PAUSE, 0.0)
    side.hears("response", "terminalCapabilitySetAck", {"sequenceNumber": 1})
    assert side.session.awaits_capabilities
    side.hears("response", "terminalCapabilitySetAck", {"sequenceNumber": 2})
    assert not side.session.awaits_capabilities


def test_a_channel_is_opened_and_both_know_where_the_media_goes() -> None:
    talk = Talk().start()
    channel = talk.one.session.open_channel(ULAW, MediaAddress(control=HERE.control), talk.now)
    talk.settle()
    assert talk.one.events("opened") == [(channel,)]
    assert channel.established
    assert channel.receiver == THERE
    (mirrored,) = talk.other.session.channels
    assert mirrored.format == ULAW
    assert mirrored.sender == MediaAddress(control=HERE.control)
    assert not mirrored.outgoing


def test_channels_go_both_ways_at_once_under_the_same_number() -> None:
    talk = Talk().start()
    one = talk.one.session.open_channel(ULAW, HERE, talk.now)
    other = talk.other.session.open_channel(ULAW, THERE, talk.now)
    talk.settle()
    assert one.number == other.number
    assert len(talk.one.session.channels) == len(talk.other.session.channels) == 2
    assert all(channel.established for channel in talk.one.session.channels)


def test_a_dynamic_payload_type_goes_with_opus() -> None:
    talk = Talk().start()
    opus = AudioFormat(Codec.OPUS, payload=96)
    talk.one.session.open_channel(opus, HERE, talk.now)
    talk.settle()
    ((asked,),) = talk.other.events("asked")
    assert asked.format == opus


def test_a_channel_may_be_answered_later() -> None:
    talk = Talk().start()
    talk.other.accepts = False
    channel = talk.one.session.open_channel(ULAW, HERE, talk.now)
    talk.settle()
    assert channel.state is State.AWAITING_ESTABLISHMENT
    ((asked,),) = talk.other.events("asked")
    talk.other.session.accept_channel(asked, THERE, talk.now)
    talk.settle()
    assert channel.receiver == THERE


def test_a_refused_channel_says_why() -> None:
    talk = Talk().start()
    talk.other.accepts = False
    channel = talk.one.session.open_channel(ULAW, HERE, talk.now)
    talk.settle()
    ((asked,),) = talk.other.events("asked")
    talk.other.session.reject_channel(asked, "dataTypeNotAvailable", talk.now)
    talk.settle()
    assert talk.one.events("refused") == [(channel, "dataTypeNotAvailable")]
    assert talk.one.session.channels == talk.other.session.channels == ()


def test_a_channel_without_answer_is_closed_after_t103() -> None:
    talk = Talk()
    channel = talk.one.session.open_channel(ULAW, HERE, 0.0)
    talk.one.sent.clear()
    talk.timers.run(31.0)
    (closed,) = talk.one.says("closeLogicalChannel")
    assert closed["source"][0] == "lcse"
    assert talk.one.events("refused") == [(channel, "timeout")]
    talk.timers.run(62.0)
    assert talk.one.session.channels == ()


def test_the_sender_closes_its_channel() -> None:
    talk = Talk().start()
    channel = talk.one.session.open_channel(ULAW, HERE, talk.now)
    talk.settle()
    talk.one.session.close_channel(channel, talk.now)
    talk.settle()
    assert channel.state is State.RELEASED
    assert talk.one.events("closed") == []
    assert [closed.number for (closed,) in talk.other.events("closed")] == [channel.number]


def test_the_receiver_asks_the_sender_to_close() -> None:
    talk = Talk().start()
    channel = talk.one.session.open_channel(ULAW, HERE, talk.now)
    talk.settle()
    (received,) = talk.other.session.channels
    talk.other.session.close_channel(received, talk.now)
    talk.settle()
    assert talk.one.events("closed") == [(channel,)]
    assert talk.other.events("closed") == [(received,)]
    assert len(talk.timers) == 0


def test_a_request_to_close_an_unknown_channel_is_rejected() -> None:
    side = alone()
    side.hears("request", "requestChannelClose", {"forwardLogicalChannelNumber": 7, "reason": ("normal", 0)})
    side.says("requestChannelCloseReject")


def test_closing_an_unknown_channel_is_acknowledged() -> None:
    side = alone()
    close = {"forwardLogicalChannelNumber": 7, "source": ("user", 0), "reason": ("unknown", 0)}
    side.hears("request", "closeLogicalChannel", close)
    assert side.says("closeLogicalChannelAck") == [{"forwardLogicalChannelNumber": 7}]


def test_a_request_to_close_that_nobody_answers_is_withdrawn_after_t108() -> None:
    talk = Talk().start()
    talk.one.session.open_channel(ULAW, HERE, talk.now)
    talk.settle()
    (received,) = talk.other.session.channels
    talk.other.session.close_channel(received, talk.now)
    talk.other.sent.clear()
    talk.timers.run(31.0)
    talk.other.says("requestChannelCloseRelease")


def test_the_same_channel_asked_for_again_replaces_the_first() -> None:
    talk = Talk().start()
    talk.one.session.open_channel(ULAW, HERE, talk.now)
    again = talk.one.sent[0]
    talk.settle()
    talk.other.session.receive(again, talk.now)
    assert len(talk.other.events("closed")) == 1
    assert len(talk.other.events("asked")) == 2
    assert len(talk.other.session.channels) == 1


def test_the_master_refuses_a_codec_that_is_not_its_own_channels() -> None:
    talk = Talk().start()
    mine = talk.one.session.open_channel(ULAW, HERE, talk.now)
    theirs = talk.other.session.open_channel(ALAW, THERE, talk.now)
    talk.settle()
    assert talk.one.events("refused") == [(mine, "masterSlaveConflict")]
    assert theirs.established


def test_each_direction_may_have_its_codec_when_that_is_allowed() -> None:
    talk = Talk(symmetric=False).start()
    talk.one.session.open_channel(ULAW, HERE, talk.now)
    talk.other.session.open_channel(ALAW, THERE, talk.now)
    talk.settle()
    assert all(channel.established for channel in talk.one.session.channels)
    assert len(talk.one.session.channels) == 2


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (("audioData", ("g728", 2)), "dataTypeNotSupported"),
        (("nullData", 0), "dataTypeNotSupported"),
        (("nonStandard", {"nonStandardIdentifier": ("object", (1, 3)), "data": b""}), "unknownDataType"),
    ],
)
def test_what_we_cannot_take_is_refused_without_asking(data: Any, cause: str) -> None:
    side = alone()
    said = {"dataType": data, "multiplexParameters": ("h2250LogicalChannelParameters", {"sessionID": 1})}
    value = {"forwardLogicalChannelNumber": 3, "forwardLogicalChannelParameters": said}
    side.hears("request", "openLogicalChannel", value)
    assert side.says("openLogicalChannelReject")[0]["cause"][0] == cause
    assert side.events("asked") == []


def test_a_channel_both_ways_in_one_is_refused() -> None:
    side = alone()
    said = {"dataType": ("audioData", ("g711Ulaw64k", 20)), "multiplexParameters": ("none", 0)}
    value = {
        "forwardLogicalChannelNumber": 3,
        "forwardLogicalChannelParameters": said,
        "reverseLogicalChannelParameters": {"dataType": ("audioData", ("g711Ulaw64k", 20))},
    }
    side.hears("request", "openLogicalChannel", value)
    assert side.says("openLogicalChannelReject")[0]["cause"][0] == "unsuitableReverseParameters"


def test_a_peer_cannot_open_channels_without_end() -> None:
    talk = Talk().start()
    for _ in range(40):
        talk.one.session.open_channel(ULAW, HERE, talk.now)
    talk.settle()
    assert len(talk.other.session.channels) == 32
    assert len(talk.one.events("refused")) == 8


def test_an_empty_set_has_the_peer_close_its_channels_and_another_one_starts_anew() -> None:
    """H.323 8.4.6: third-party pause and re-routing."""
    talk = Talk().start()
    sending = talk.one.session.open_channel(ULAW, HERE, talk.now)
    receiving = talk.other.session.open_channel(ULAW, THERE, talk.now)
    talk.settle()
    talk.other.session.set_capabilities(PAUSE, talk.now)
    talk.settle()
    assert sending.state is State.RELEASED
    assert talk.one.events("capabilities")[-1] == (PAUSE,)
    assert [channel.outgoing for channel in talk.one.session.channels] == [False]
    talk.other.session.close_channel(receiving, talk.now)
    talk.other.session.set_capabilities(CapabilitySet((ALAW,)), talk.now)
    talk.settle()
    assert talk.one.session.remote == CapabilitySet((ALAW,))
    assert talk.one.events("determined") == [(False,), (False,)]
    again = talk.one.session.open_channel(ALAW, HERE, talk.now)
    talk.settle()
    assert again.established


def test_a_channel_of_fast_connect_is_closed_like_any_other() -> None:
    talk = Talk().start()
    own = talk.one.session.open_channel(ULAW, HERE, talk.now)
    talk.settle()
    fresh = Side(TimerQueue())
    fresh.session.adopt_channel(own)
    fresh.session.close_channel(own, 0.0)
    fresh.says("closeLogicalChannel")


def test_a_new_channel_takes_no_number_that_is_in_use() -> None:
    talk = Talk().start()
    adopted = talk.one.session.open_channel(ULAW, HERE, talk.now)
    side = alone()
    side.session.adopt_channel(adopted)
    assert side.session.open_channel(ULAW, HERE, 0.0).number != adopted.number


def test_a_mode_request_is_granted_or_refused() -> None:
    element = {"type": ("audioMode", ("g729AnnexA", 0))}
    request = {"sequenceNumber": 9, "requestedModes": [[element]]}
    side = alone()
    side.hears("request", "requestMode", request)
    assert side.says("requestModeAck")[0]["sequenceNumber"] == 9
    assert side.events("mode") == [((G729A,),)]
    side.grants = False
    side.hears("request", "requestMode", request)
    side.says("requestModeReject")


def test_the_round_trip_delay_is_answered() -> None:
    side = alone()
    side.hears("request", "roundTripDelayRequest", {"sequenceNumber": 77})
    assert side.says("roundTripDelayResponse") == [{"sequenceNumber": 77}]


def test_the_round_trip_delay_is_asked_for_as_keep_alive_until_nobody_answers() -> None:
    talk = Talk(keep_alive=60.0).start()
    talk.wait(61.0).wait(61.0)
    assert talk.one.events("failed") == []
    talk.timers.run(talk.now + 61.0)
    talk.timers.run(talk.now + 75.0)
    assert talk.one.events("failed") == [("round trip delay: timeout",)]


def test_our_capabilities_are_said_again_when_asked_for() -> None:
    talk = Talk().start()
    talk.one.hears("command", "sendTerminalCapabilitySet", ("genericRequest", 0))
    assert talk.one.says("terminalCapabilitySet")[0]["sequenceNumber"] == 2


@pytest.mark.parametrize(
    ("given", "accepted", "written"),
    [
        (UserInput("5", signal=True, duration=200), {"dtmf"}, [("signal", {"signalType": "5", "duration": 200})]),
        (UserInput("5", signal=True), {"basicString"}, [("alphanumeric", "5")]),
        (UserInput("42"), {"basicString", "dtmf"}, [("alphanumeric", "42")]),
        (UserInput("42"), {"dtmf"}, [("signal", {"signalType": "4"}), ("signal", {"signalType": "2"})]),
        (UserInput("", signal=True, duration=300, update=True), {"dtmf"}, [("signalUpdate", {"duration": 300})]),
    ],
)
def test_digits_go_out_in_a_form_that_the_peer_takes(
    given: UserInput, accepted: set[str], written: list[tuple[str, Any]]
) -> None:
    talk = Talk().start(other=CapabilitySet((ULAW,), user_input=frozenset(accepted)))
    talk.one.session.send_user_input(given, talk.now)
    assert talk.one.says(*["userInput"] * len(written)) == written


@pytest.mark.parametrize(
    ("value", "received"),
    [
        (("alphanumeric", "12#"), UserInput("12#")),
        (("signal", {"signalType": "7", "duration": 120}), UserInput("7", signal=True, duration=120)),
        (("signalUpdate", {"duration": 400}), UserInput("", signal=True, duration=400, update=True)),
    ],
)
def test_digits_that_come_are_told(value: Any, received: UserInput) -> None:
    side = alone()
    side.hears("indication", "userInput", value)
    assert side.events("input") == [(received,)]


def test_what_is_not_understood_is_answered_so() -> None:
    side = alone()
    side.hears("request", "communicationModeRequest", {})
    (value,) = side.says("functionNotUnderstood")
    assert value[0] == "request"
    assert value[1][0] == "communicationModeRequest"


def test_a_loop_is_refused() -> None:
    side = alone()
    side.hears("request", "maintenanceLoopRequest", {"type": ("systemLoop", 0)})
    side.says("maintenanceLoopReject")


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("command", "miscellaneousCommand", {"logicalChannelNumber": 1, "type": ("videoFastUpdatePicture", 0)}),
        ("command", "flowControlCommand", {"scope": ("wholeMultiplex", 0), "restriction": ("noRestriction", 0)}),
        ("indication", "miscellaneousIndication",
         {"logicalChannelNumber": 1, "type": ("logicalChannelActive", 0)}),
        ("response", "openLogicalChannelAck", {"forwardLogicalChannelNumber": 9}),
        ("response", "roundTripDelayResponse", {"sequenceNumber": 3}),
        ("response", "masterSlaveDeterminationAck", {"decision": ("master", 0)}),
    ],
)  # fmt: skip
def test_advice_and_stray_responses_are_passed_over(kind: str, name: str, value: Any) -> None:
    side = alone()
    side.hears(kind, name, value)
    side.says()
    assert side.heard == []


def test_the_end_of_a_session_is_answered_and_nothing_follows() -> None:
    talk = Talk(keep_alive=30.0).start()
    talk.one.session.open_channel(ULAW, HERE, talk.now)
    talk.settle()
    talk.one.session.end(talk.now)
    talk.settle()
    assert talk.other.events("ended") == [()]
    assert talk.one.session.has_ended
    assert talk.other.session.has_ended
    assert talk.other.session.channels == ()
    talk.other.session.set_capabilities(PHONE, talk.now)
    talk.other.session.open_channel(ULAW, HERE, talk.now)
    talk.other.says()
    assert len(talk.timers) == 0


def test_octets_that_are_no_h245_are_told_and_change_nothing() -> None:
    side = alone()
    side.session.receive(b"\xff\xff\xff\xff", 0.0)
    assert side.heard == [("malformed",)]
    side.says()


def test_a_request_of_a_later_version_is_answered_as_unknown() -> None:
    octets = per.encode_control(("request", ("_ext_99", b"\x00")))
    side = alone()
    side.session.receive(octets, 0.0)
    assert side.says("functionNotSupported")[0]["returnedFunction"] == octets


def test_a_channel_without_a_session_is_given_the_first() -> None:
    said = {
        "dataType": ("audioData", ("g711Ulaw64k", 20)),
        "multiplexParameters": ("h2250LogicalChannelParameters", {"sessionID": 0}),
    }
    side = alone()
    value = {"forwardLogicalChannelNumber": 3, "forwardLogicalChannelParameters": said}
    side.hears("request", "openLogicalChannel", value)
    (answer,) = side.says("openLogicalChannelAck")
    assert answer["forwardMultiplexAckParameters"][1]["sessionID"] == 1
