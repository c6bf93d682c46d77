"""Calls of H.225.0 between two of our own ends, octet by octet over a connection."""

from dataclasses import replace
from typing import Any

import pytest

from gateway.h323.call_contents import Contents, Ending, NewCall
from gateway.h323.call_elements import display_of, keypad_of, notification_of, progress_of
from gateway.h323.call_parties import called, calling, connected, redirecting
from gateway.h323.call_table import CallState, TimerName
from gateway.h323.h225 import CallSignal
from gateway.h323.signalling import SignallingSettings
from gateway.model.causes import Cause, Location
from gateway.model.errors import GatewayError, LocalProtocolError
from gateway.model.parties import (
    Alias,
    AliasKind,
    Number,
    NumberingPlan,
    Party,
    Presentation,
    Screening,
    TypeOfNumber,
)
from tests.h323.call_pair import ALICE, BOB, NEW, End, Pair

OFFERED = (b"\0\1", b"\0\2")
ACCEPTED = (b"\0\2",)
FAST = replace(NEW, contents=Contents(fast_start=OFFERED))
APDU = bytes.fromhex("0001400101")
H245 = bytes.fromhex("0102")
NO_TUNNEL = replace(NEW, tunnelling=False)


# --- Set up and cleared ---


def test_a_call_through_all_its_states() -> None:
    pair = Pair()
    call, other = pair.offered()
    assert (call.state, other.state) == (CallState.CALL_INITIATED, CallState.CALL_PRESENT)
    for request, ours, theirs in (
        (other.proceeding, CallState.OUTGOING_PROCEEDING, CallState.INCOMING_PROCEEDING),
        (other.progress, CallState.OUTGOING_PROCEEDING, CallState.INCOMING_PROCEEDING),
        (other.alerting, CallState.CALL_DELIVERED, CallState.CALL_RECEIVED),
        (other.connect, CallState.ACTIVE, CallState.ACTIVE),
    ):
        assert request(0)
        pair.carry()
        assert (call.state, other.state) == (ours, theirs)
    assert pair.a.heard.names == [
        *("tunnel_opened", "proceeding_received", "progress_received", "alerting_received", "connected"),
    ]


def test_both_sides_have_the_same_call() -> None:
    call, other = Pair().offered()
    assert (call.identifier, call.conference, call.call_reference) == (
        *(other.identifier, other.conference, other.call_reference),
    )
    assert len(call.identifier) == len(call.conference) == 16
    assert call.identifier != call.conference


def test_responses_may_be_left_out_and_do_not_go_back() -> None:
    _call, other = Pair().offered()
    assert other.alerting(0)
    assert not other.proceeding(0)
    assert other.connect(0)
    assert not other.alerting(0)
    assert not other.connect(0)


@pytest.mark.parametrize("by_caller", [True, False])
def test_release_complete_is_answered_with_release_complete(by_caller: bool) -> None:
    pair = Pair()
    call, other = pair.answered()
    clearing, cleared = (pair.a, pair.b) if by_caller else (pair.b, pair.a)
    assert (call if by_caller else other).release(0, Ending(Cause(17)))
    assert "released" not in clearing.heard.names
    pair.carry()
    assert clearing.sent[-1] == cleared.sent[-1] == "RELEASE COMPLETE"
    for end in (clearing, cleared):
        assert end.heard.ending.cause is not None
        assert end.heard.ending.cause.value == 17
        assert end.channel.calls == ()
        assert not end.signalling.calls


def test_an_ordinary_release_has_cause_16() -> None:
    pair = Pair()
    call, _ = pair.answered()
    call.release(0)
    pair.carry()
    assert [message.cause for message in pair.a.pipe.messages + pair.b.pipe.messages][-1] == 16


def test_a_reason_goes_without_a_cause_and_is_answered_by_the_same() -> None:
    pair = Pair()
    call, _ = pair.answered()
    call.release(0, Ending(reason="facilityCallDeflection"))
    pair.carry()
    for message in (pair.a.pipe.messages[-1], pair.b.pipe.messages[-1]):
        assert (message.reason, message.cause) == ("facilityCallDeflection", None)
    assert pair.b.heard.ending == Ending(None, "facilityCallDeflection")


def test_an_answer_to_release_complete_may_be_turned_off() -> None:
    pair = Pair(called=SignallingSettings(answers_release=False))
    call, _ = pair.answered()
    call.release(0)
    pair.carry()
    assert pair.b.sent[-1] == "CONNECT"
    assert "released" not in pair.a.heard.names
    pair.wait(4)
    assert pair.a.heard.names[-1] == "released"


def test_both_release_at_once() -> None:
    pair = Pair()
    call, other = pair.answered()
    call.release(0)
    other.release(0)
    pair.carry()
    assert pair.a.sent.count("RELEASE COMPLETE") == pair.b.sent.count("RELEASE COMPLETE") == 1
    assert pair.a.heard.names.count("released") == pair.b.heard.names.count("released") == 1


def test_the_opener_closes_the_connection_after_its_last_call() -> None:
    pair = Pair()
    call, _ = pair.answered()
    call.release(0)
    assert not pair.a.pipe.is_closed
    pair.carry()
    assert pair.a.pipe.is_closed
    assert not pair.b.pipe.is_closed


def test_an_offered_call_is_refused_with_the_cause_of_the_error() -> None:
    pair = Pair()

    def refuse(call: Any, message: CallSignal, now: float) -> None:
        raise GatewayError("no such number", cause=1)

    pair.b.heard.on["call_offered"] = refuse
    pair.offered()
    assert pair.a.heard.names == ["released"]
    assert pair.a.heard.ending.cause == Cause(1, Location.USER)
    assert pair.b.heard.names == ["call_offered"]
    assert pair.b.log[-1][0] == "h323.call_refused"


# --- Who calls whom ---


def test_the_parties_are_in_elements_and_in_aliases() -> None:
    number = Number("4930123", TypeOfNumber.INTERNATIONAL, NumberingPlan.E164)
    caller = Party(number, Presentation.RESTRICTED, Screening.NETWORK_PROVIDED, name="Älice")
    target = Party(Number("1002"), aliases=(Alias(AliasKind.H323_ID, "bob"),))
    pair = Pair()
    pair.offered(replace(NEW, calling=caller, called=target, redirecting=BOB, redirecting_reason="user-busy"))
    (message, _) = pair.b.heard.last("call_offered")
    found = calling(message)
    assert (found.number, found.presentation, found.screening, found.name) == (
        *(number, Presentation.RESTRICTED, Screening.NETWORK_PROVIDED, "Älice"),
    )
    assert message.uuie["presentationIndicator"][0] == "presentationRestricted"
    assert called(message).number == Number("1002")
    assert Alias(AliasKind.H323_ID, "bob") in called(message).aliases
    who = redirecting(message)
    assert who is not None
    assert (who.party.number, who.reason) == (BOB.number, "user-busy")


def test_the_connected_party_is_told() -> None:
    pair = Pair()
    _, other = pair.offered()
    other.alerting(0, Contents(party=BOB))
    other.connect(0, Contents(party=replace(BOB, screening=Screening.NETWORK_PROVIDED)))
    pair.carry()
    rung, _ = pair.a.heard.last("alerting_received")
    answered, _ = pair.a.heard.last("connected")
    assert rung.uuie["alertingAddress"] == [("dialledDigits", "1002")]
    assert answered.uuie["connectedAddress"] == [("dialledDigits", "1002")]
    assert connected(answered).number == BOB.number
    assert (connected(answered).name, connected(answered).screening) == ("Bob", Screening.NETWORK_PROVIDED)


def test_a_number_that_no_element_can_carry_is_an_alias_all_the_same() -> None:
    pair = Pair()
    pair.offered(replace(NEW, called=Party(aliases=(Alias(AliasKind.URL_ID, "sip:bob@example.com"),))))
    (message, _) = pair.b.heard.last("call_offered")
    assert called(message).uri == "sip:bob@example.com"
    assert message.information_element(0x70) is None


def test_elements_that_make_no_sense_say_nothing() -> None:
    end = End()
    caller = End()
    caller.open(outgoing=True)
    elements = ((0x04, b"\x90\x90\xa3"), (0x6C, b"\x01"), (0x70, b""), (0x74, b"\x00"), (0x08, b"\x80"), (0x1E, b""))
    caller.place()
    setup = replace(caller.pipe.messages[0], information_elements=elements)
    end.receive(setup)
    (message, _) = end.heard.last("call_offered")
    assert calling(message).number == ALICE.number
    assert called(message).number == BOB.number
    assert redirecting(message) is None
    assert (message.cause, progress_of(message)) == (None, ())


# --- What else is said ---


def test_apdus_go_with_any_message_and_are_told_first() -> None:
    pair = Pair()
    contents = Contents(apdus=(APDU,))
    _call, other = pair.offered(replace(NEW, contents=contents))
    assert pair.b.heard.last("call_offered")[0].supplementary_services == (APDU,)
    assert "apdus_received" not in pair.b.heard.names
    for request, event in (
        (other.proceeding, "proceeding_received"),
        (other.progress, "progress_received"),
        (other.alerting, "alerting_received"),
        (other.connect, "connected"),
        (other.information, "information_received"),
        (other.notify, "notified"),
    ):
        pair.a.heard.events.clear()
        assert request(0, contents)
        pair.carry()
        assert [name for name in pair.a.heard.names if name != "tunnel_opened"] == ["apdus_received", event]


def test_apdus_in_facility_alone() -> None:
    """Body `empty` and an empty Facility element, as the recorded peers do it."""
    pair = Pair()
    call, _ = pair.answered()
    call.facility(0, Contents(apdus=(APDU,)))
    pair.carry()
    assert pair.b.heard.names[-1] == "apdus_received"
    sent = pair.a.pipe.messages[-1]
    assert (sent.body, sent.information_elements) == ("empty", ((0x1C, b""),))
    call.facility(0, Contents(apdus=(APDU,)), "transportedInformation")
    pair.carry()
    assert pair.b.heard.names[-2:] == ["apdus_received", "apdus_received"]


def test_the_result_that_a_peer_sends_with_its_release_complete() -> None:
    pair = Pair()
    call, other = pair.answered()
    call.release(0)
    other.release(0, Ending(reason="facilityCallDeflection"), Contents(apdus=(APDU,)))
    pair.carry()
    assert pair.a.heard.names[-2:] == ["apdus_received", "released"]


def test_an_owner_that_releases_when_it_reads_the_apdus() -> None:
    pair = Pair()
    _call, other = pair.offered()
    pair.a.heard.on["apdus_received"] = lambda call, *_: call.release(0)
    other.connect(0, Contents(apdus=(APDU,)))
    pair.carry()
    assert pair.a.heard.names == ["apdus_received", "released"]


def test_a_facility_with_a_reason_of_its_own() -> None:
    pair = Pair()
    call, _ = pair.answered()
    alternative = {"alternativeAliasAddress": [("dialledDigits", "1003")]}
    call.facility(0, Contents(fields=alternative), "callForwarded")
    pair.carry()
    (message, _) = pair.b.heard.last("facility_received")
    assert message.destination_aliases == (("dialledDigits", "1003"),)


def test_user_input_by_information() -> None:
    pair = Pair()
    call, _ = pair.answered()
    assert call.information(0, Contents(keypad="12#*"))
    pair.carry()
    assert keypad_of(pair.b.heard.last("information_received")[0]) == "12#*"


def test_progress_indicators_display_and_notification() -> None:
    pair = Pair()
    _call, other = pair.offered()
    other.progress(0, Contents(progress=(8, 1), display="wait"))
    other.connect(0)
    other.notify(0, Contents(notification=0x79, party=BOB))
    pair.carry()
    progress, _ = pair.a.heard.last("progress_received")
    assert (progress_of(progress), display_of(progress)) == ((8, 1), "wait")
    notified, _ = pair.a.heard.last("notified")
    assert (notification_of(notified), connected(notified).number) == (0x79, BOB.number)


def test_overlap_receiving() -> None:
    pair = Pair()
    call, other = pair.offered(replace(NEW, overlap=True))
    other.setup_acknowledge(0)
    pair.carry()
    assert pair.a.heard.names == ["tunnel_opened", "digits_wanted"]
    call.information(0, Contents(elements=((0x70, b"\x8034"),)))
    pair.carry()
    assert pair.b.heard.names[-1] == "information_received"
    pair.wait(10)
    call.information(pair.a.now, Contents(elements=((0x70, b"\x805"),)))
    pair.carry()
    pair.wait(10)
    assert other.state is CallState.OVERLAP_RECEIVING
    pair.wait(5)
    pair.carry()
    assert pair.b.heard.ending.cause == Cause(28)
    assert pair.a.heard.names[-1] == "released"


def test_sending_complete_ends_the_wait_for_digits() -> None:
    pair = Pair()
    call, other = pair.offered(replace(NEW, overlap=True))
    other.setup_acknowledge(0)
    pair.carry()
    call.information(0, Contents(elements=((0x70, b"\x8034"), (0xA1, b""))))
    pair.carry()
    pair.b.wait(60)
    assert other.state is CallState.OVERLAP_RECEIVING


def test_what_a_late_message_carries_is_told_all_the_same() -> None:
    """A gatekeeper's CALL PROCEEDING after ALERTING."""
    pair = Pair()
    call, other = pair.offered()
    other.alerting(0)
    pair.carry()
    late = replace(pair.b.pipe.messages[0], name="CALL PROCEEDING", body="empty", uuie={})
    pair.a.receive(replace(late, supplementary_services=(APDU,)))
    assert pair.a.heard.names[-2:] == ["alerting_received", "apdus_received"]
    assert call.state is CallState.CALL_DELIVERED


def test_a_peer_before_version_4_gets_no_body_that_it_does_not_know() -> None:
    end = End()
    caller = End(SignallingSettings(protocol=(0, 0, 8, 2250, 0, 3)))
    caller.open(outgoing=True)
    caller.place()
    end.channel.received(caller.pipe.take(), 0)
    call = end.heard.call
    assert call.peer_version == 3
    call.connect(0)
    call.notify(0, Contents(notification=0x79))
    assert end.pipe.messages[-1].body == "empty"


# --- STATUS ---


def test_a_status_enquiry_is_answered() -> None:
    pair = Pair()
    call, _other = pair.answered()
    assert call.enquire(0)
    assert not call.enquire(0)
    pair.carry()
    (message, _) = pair.a.heard.last("status_received")
    assert (message.cause, message.information_element(0x14)) == (30, b"\x0a")
    pair.wait(5)
    assert call.state is CallState.ACTIVE


def test_a_peer_that_does_not_answer_an_enquiry_has_lost_the_call() -> None:
    end = End()
    end.open(outgoing=True)
    call = end.place()
    call.enquire(0)
    end.wait(4)
    assert end.heard.ending.cause == Cause(41)
    assert end.sent[-1] == "RELEASE COMPLETE"


def test_a_peer_whose_call_is_null_has_lost_it() -> None:
    pair = Pair()
    call, _ = pair.answered()
    pair.a.receive(CallSignal("STATUS", call.call_reference, True, ((0x08, b"\x80\xe5"), (0x14, b"\x00")), body=""))
    assert pair.a.heard.names[-1] == "released"
    assert pair.a.sent[-1] == "SETUP"


def test_an_unexpected_message_is_answered_with_status() -> None:
    pair = Pair()
    _, other = pair.offered()
    pair.b.receive(CallSignal("ALERTING", other.call_reference, body=""))
    assert pair.b.pipe.messages[-1].cause == 101
    pair.b.receive(CallSignal("HOLD", other.call_reference, body=""))
    assert pair.b.pipe.messages[-1].cause == 97
    assert other.state is CallState.CALL_PRESENT


# --- Timers ---


@pytest.mark.parametrize(
    ("response", "timer", "told"),
    [
        (None, TimerName.T303, 18),
        ("setup_acknowledge", TimerName.T304, 28),
        ("proceeding", TimerName.T310, 18),
        ("alerting", TimerName.T301, 19),
    ],
)
def test_a_call_that_is_not_answered_ends_with_its_timer(response: str | None, timer: TimerName, told: int) -> None:
    pair = Pair(SignallingSettings(timers=dict.fromkeys(TimerName, 1000.0) | {timer: 7.0}))
    _, other = pair.offered()
    if response:
        getattr(other, response)(0)
        pair.carry()
    pair.a.wait(6)
    assert "released" not in pair.a.heard.names
    pair.a.wait(1)
    assert pair.a.heard.ending.cause == Cause(told)
    assert pair.a.sent[-1] == "RELEASE COMPLETE"
    pair.carry()
    assert pair.b.heard.names[-1] == "released"


def test_an_announcement_may_take_longer_than_t310() -> None:
    pair = Pair(SignallingSettings(timers={TimerName.T310: 5.0, TimerName.T301: 50.0}))
    _, other = pair.offered()
    other.proceeding(0)
    other.progress(0, Contents(progress=(8,)))
    pair.carry()
    pair.a.wait(40)
    assert "released" not in pair.a.heard.names
    pair.a.wait(10)
    assert pair.a.heard.names[-1] == "released"


def test_an_offered_call_of_which_nothing_is_made_ends() -> None:
    pair = Pair()
    pair.offered()
    pair.b.wait(20)
    assert pair.b.heard.ending.cause == Cause(102)


# --- Several calls ---


def test_several_calls_on_one_connection() -> None:
    pair = Pair()
    calls = [pair.answered() for _ in range(5)]
    assert len({call.call_reference for call, _ in calls}) == 5
    calls[2][0].release(0)
    pair.carry()
    assert calls[2][1].state is CallState.NULL
    assert all(calls[n][1].state is CallState.ACTIVE for n in (0, 1, 3, 4))
    assert not pair.a.pipe.is_closed


def test_calls_of_both_ends_may_have_the_same_reference() -> None:
    """The flag tells them apart: it is set by the side that did not make the call, whoever opened the connection."""
    pair = Pair()
    ours, _ = pair.offered(replace(NEW, call_reference=7))
    theirs = pair.b.place(replace(NEW, call_reference=7))
    pair.carry()
    assert pair.b.pipe.messages[-1].from_destination is False
    answered = pair.a.heard.call
    assert answered is not ours
    answered.connect(0)
    pair.carry()
    assert (theirs.state, ours.state) == (CallState.ACTIVE, CallState.CALL_INITIATED)


def test_a_peer_that_does_not_set_the_flag_is_understood_by_call_identifier() -> None:
    pair = Pair()
    call, other = pair.offered()
    other.connect(0)
    (connect,) = pair.b.pipe.messages
    pair.a.receive(replace(connect, from_destination=False))
    assert call.state is CallState.ACTIVE


def test_a_reference_that_ras_was_told_before_is_used() -> None:
    end = End()
    end.open(outgoing=True)
    reference = end.signalling.fresh_reference()
    identifier = end.signalling.fresh_identifier()
    call = end.place(replace(NEW, call_reference=reference, identifier=identifier))
    assert (call.call_reference, call.identifier) == (reference, identifier)
    assert end.signalling.calls[identifier, True] is call


def test_references_are_free_again_after_the_call() -> None:
    pair = Pair()
    references = set()
    for _ in range(3):
        pair.a.open(outgoing=True)
        pair.b.open()
        call, _ = pair.answered()
        references.add(call.call_reference)
        call.release(0)
        pair.carry()
    assert len(references) == 3
    assert not pair.a.signalling._references


def test_there_are_no_more_references_than_there_are() -> None:
    end = End()
    end.signalling._references.update(range(1, 0x8000))
    end.open(outgoing=True)
    with pytest.raises(GatewayError, match="call reference"):
        end.place()


def test_a_lost_connection_ends_its_calls() -> None:
    pair = Pair()
    call, _other = pair.answered()
    waiting = pair.a.place()
    pair.a.channel.lost(0)
    assert call.state is waiting.state is CallState.NULL
    causes = {call: arguments[0].cause.value for name, call, arguments in pair.a.heard.events if name == "released"}
    assert causes == {call: 41, waiting: 27}
    with pytest.raises(GatewayError, match="closed"):
        pair.a.place()


def test_a_call_cut_at_every_octet() -> None:
    pair = Pair()
    call = pair.a.place(FAST)
    pair.carry(1)
    other = pair.b.heard.call
    other.alerting(0, Contents(fast_start=ACCEPTED))
    other.connect(0)
    pair.carry(1)
    call.release(0)
    pair.carry(1)
    assert pair.a.heard.names[-1] == pair.b.heard.names[-1] == "released"


def test_a_setup_that_cannot_be_written_is_no_call() -> None:
    end = End()
    end.open(outgoing=True)
    bad = NewCall(ALICE, Party(aliases=(Alias(AliasKind.DIALLED_DIGITS, "no digits"),)))
    with pytest.raises(LocalProtocolError):
        end.place(bad)
    assert end.channel.calls == ()
    assert not end.signalling._references
    assert end.sent == []


def test_a_caller_of_version_1_has_no_call_identifier() -> None:
    """And gets the messages all the same that have to name their call."""
    end = End()
    caller = End()
    caller.open(outgoing=True)
    caller.place()
    (setup,) = caller.pipe.messages
    uuie = {name: value for name, value in setup.uuie.items() if name not in ("callIdentifier", "fastStart")}
    end.receive(replace(setup, uuie=uuie | {"protocolIdentifier": (0, 0, 8, 2250, 0, 1)}, h245_tunnelling=None))
    call = end.heard.call
    assert (call.identifier, call.peer_version, call.tunnels) == (b"", 1, False)
    for request in (call.proceeding, call.progress, call.alerting, call.connect, call.enquire):
        assert request(0)
    call.notify(0, Contents(notification=0x79))
    call.release(0)
    assert len(end.sent) == 7
    assert not end.signalling.calls
