"""A call signalling connection under attack, and what of it the calls on it notice."""

import time
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.h323 import h225, tpkt
from gateway.h323.call_contents import Contents
from gateway.h323.call_table import CallState
from gateway.h323.h225 import CallSignal
from gateway.h323.signalling import SignallingSettings
from gateway.model.errors import GatewayError
from tests.h323 import recordings
from tests.h323.call_pair import End, Pair

GARBAGE = b"GET / HTTP/1.1\r\n\r\n"


def setup_octets(reference: int = 5) -> bytes:
    """A SETUP of ours, framed."""
    end = End()
    end.open(outgoing=True)
    call = end.place()
    (message,) = end.pipe.messages
    assert call.call_reference == message.call_reference
    return tpkt.frame(h225.encode(replace(message, call_reference=reference)))


def test_messages_before_garbage_are_dealt_with() -> None:
    end = End()
    end.channel.received(setup_octets() + GARBAGE, 0)
    assert end.heard.names == ["call_offered", "released"]
    assert end.pipe.is_closed


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (GARBAGE, "no TPKT header: 47455420"),
        (bytes.fromhex("02000010"), "no TPKT header"),
        (bytes.fromhex("03000003"), "no TPKT header"),
        (bytes.fromhex("0300ffff"), "more than 32768"),
        (bytes.fromhex("160301020001000197"), "no TPKT header"),
    ],
)
def test_a_stream_out_of_step_ends_the_connection_and_its_calls(octets: bytes, why: str) -> None:
    end = End()
    end.channel.received(setup_octets(), 0)
    end.channel.received(octets, 0)
    assert end.pipe.is_closed
    assert end.channel.is_closed
    assert end.heard.ending.cause is not None
    ((event, fields),) = end.log
    assert (event, fields["peer"], fields["calls"]) == ("h323.connection_broken", "peer", 1)
    assert why in str(fields["why"])
    end.channel.received(setup_octets(), 0)
    assert end.heard.names.count("call_offered") == 1


def test_other_connections_are_undisturbed() -> None:
    end = End()
    end.channel.received(setup_octets(), 0)
    call = end.heard.call
    end.open().received(GARBAGE, 0)
    assert call.connect(0)
    assert call.state is CallState.ACTIVE


def test_an_oversize_message_is_refused_at_its_header() -> None:
    """Nothing of it is kept."""
    end = End(SignallingSettings(most_octets=1_000))
    end.channel.received(tpkt.frame(bytes(1_000)), 0)
    assert not end.channel.is_closed
    end.channel.received(tpkt.frame(bytes(1_001))[:4], 0)
    assert end.channel.is_closed


def test_a_message_of_no_sense_does_not_disturb_calls() -> None:
    pair = Pair()
    call, other = pair.answered()
    for octets in (b"\x08", b"\x00\x00\x00\x00\x00", b"\x08\x02\x12\x34\x05\x7e\xff", b"\x02\x70\x01\x06"):
        pair.b.channel.received(tpkt.frame(octets), 0)
    assert {event for event, _ in pair.b.log} == {"h323.message_refused", "h323.call_refused"}
    assert other.state is CallState.ACTIVE
    assert pair.b.signalling.counters["refused"] == 4
    pair.carry()
    assert call.state is CallState.ACTIVE


def test_a_setup_that_cannot_be_read_is_refused() -> None:
    end = End()
    end.channel.received(tpkt.frame(bytes.fromhex("08020005050403 9090a3 7e0003052880".replace(" ", ""))), 0)
    (answer,) = end.pipe.messages
    assert (answer.name, answer.call_reference, answer.from_destination, answer.cause) == (
        *("RELEASE COMPLETE", 5, True, 100),
    )
    assert end.heard.names == []


def test_a_setup_without_its_body_is_refused() -> None:
    end = End()
    end.receive(CallSignal("SETUP", 5, False, ((0x04, b"\x90\x90\xa3"),), body=""))
    (answer,) = end.pipe.messages
    assert (answer.name, answer.cause) == ("RELEASE COMPLETE", 96)


def test_a_release_complete_that_cannot_be_read_ends_its_call() -> None:
    pair = Pair()
    call, _ = pair.answered()
    header = bytes((8, 2)) + (call.call_reference | 0x8000).to_bytes(2, "big")
    pair.a.channel.received(tpkt.frame(header + bytes.fromhex("5a7e00020528")), 0)
    assert pair.a.heard.names[-1] == "released"


def test_a_message_of_a_call_that_cannot_be_read_is_answered_with_status() -> None:
    pair = Pair()
    call, other = pair.answered()
    header = bytes((8, 2)) + (call.call_reference | 0x8000).to_bytes(2, "big")
    pair.a.channel.received(tpkt.frame(header + bytes.fromhex("627e00020528")), 0)
    assert (pair.a.pipe.messages[-1].name, pair.a.pipe.messages[-1].cause) == ("STATUS", 100)
    pair.carry()
    assert other.state is call.state is CallState.ACTIVE


@pytest.mark.parametrize(
    ("name", "state", "answer"),
    [
        ("CONNECT", None, ("RELEASE COMPLETE", 81)),
        ("FACILITY", None, ("RELEASE COMPLETE", 81)),
        ("STATUS ENQUIRY", None, ("STATUS", 30)),
        ("STATUS", 0, None),
        ("STATUS", 10, ("RELEASE COMPLETE", 81)),
        ("RELEASE COMPLETE", None, None),
    ],
)
def test_a_message_of_no_call(name: str, state: int | None, answer: tuple[str, int] | None) -> None:
    """Q.931 5.8.3.2."""
    end = End()
    elements = () if state is None else ((0x14, bytes((state,))),)
    end.receive(CallSignal(name, 9, False, elements, body=""))
    found = [(message.name, message.cause, message.from_destination) for message in end.pipe.messages]
    assert found == ([] if answer is None else [(*answer, True)])


def test_the_global_call_reference_is_left_alone() -> None:
    end = End()
    end.receive(CallSignal("FACILITY", 0, body=""))
    assert end.sent == []


def test_two_sides_that_do_not_understand_each_other_do_not_go_on_for_ever() -> None:
    a, b = End(), End()
    a.receive(CallSignal("CONNECT", 9, True, body=""))
    for source, sink in ((a, b), (b, a), (a, b)):
        sink.channel.received(source.pipe.take(), 0)
    assert a.pipe.octets == b.pipe.octets == b""


def test_a_connection_has_so_many_calls_and_no_more() -> None:
    end = End(SignallingSettings(most_calls=3))
    for reference in range(1, 5):
        end.channel.received(setup_octets(reference), 0)
    assert end.heard.names.count("call_offered") == 3
    assert (end.pipe.messages[-1].call_reference, end.pipe.messages[-1].cause) == (4, 42)
    with pytest.raises(GatewayError, match="too many"):
        end.place()


def test_an_owner_that_does_not_want_the_call() -> None:
    def refuse(message: CallSignal) -> None:
        raise GatewayError("nobody there", cause=1)

    end = End()
    end.heard.on["owner_of"] = refuse
    end.channel.received(setup_octets(), 0)
    assert end.pipe.messages[-1].cause == 1
    assert end.heard.names == []


def test_a_half_open_connection_is_closed_after_a_while() -> None:
    end = End(SignallingSettings(idle=30, stalled=10))
    end.wait(20)
    assert not end.pipe.is_closed
    end.wait(10)
    assert end.pipe.is_closed


def test_a_keep_alive_does_not_hold_a_connection_without_calls() -> None:
    end = End(SignallingSettings(idle=30))
    for _ in range(4):
        end.wait(10)
        end.channel.received(bytes.fromhex("03000004"), end.now)
    assert end.pipe.is_closed


def test_a_connection_with_a_call_may_be_silent() -> None:
    end = End(SignallingSettings(idle=30, stalled=10))
    end.channel.received(setup_octets(), 0)
    end.heard.call.connect(0)
    end.wait(3_600)
    assert not end.pipe.is_closed
    end.heard.call.release(end.now)
    end.wait(5)
    assert not end.pipe.is_closed
    end.wait(31)
    assert end.pipe.is_closed


def test_a_message_that_is_sent_drop_by_drop_ends_the_connection() -> None:
    """However often a drop comes."""
    end = End(SignallingSettings(stalled=10))
    end.channel.received(setup_octets(), 0)
    end.heard.call.connect(0)
    for octet in setup_octets()[:12]:
        end.channel.received(bytes((octet,)), end.now)
        end.wait(1)
    assert end.pipe.is_closed
    assert "not complete" in str(end.log[-1][1]["why"])


def test_a_call_that_was_cut_in_two_by_the_network_goes_on() -> None:
    end = End(SignallingSettings(stalled=10))
    octets = setup_octets()
    end.wait(40)
    end.channel.received(octets[:20], end.now)
    end.wait(5)
    end.channel.received(octets[20:], end.now)
    end.heard.call.connect(end.now)
    end.wait(15)
    assert end.heard.names == ["call_offered"]


def test_a_thousand_idle_connections_cost_little() -> None:
    end = End()
    start = time.process_time()
    channels = [end.open() for _ in range(1_000)]
    end.wait(30)
    assert time.process_time() - start < 1
    assert len(end.timers) == 1_001
    end.wait(60)
    assert len(end.timers) == 0
    assert all(channel.is_closed for channel in channels)


def test_a_flood_of_small_messages_takes_time_in_proportion() -> None:
    end = End()
    keep_alives = bytes.fromhex("03000004") * 250_000
    start = time.process_time()
    end.channel.received(keep_alives, 0)
    assert time.process_time() - start < 5
    assert not end.channel.is_closed


def test_closing_ends_the_calls_first() -> None:
    pair = Pair()
    pair.answered()
    pair.b.channel.close(0)
    assert pair.b.sent[-1] == "RELEASE COMPLETE"
    assert pair.b.heard.names[-1] == "released"
    assert pair.b.pipe.is_closed


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_random_octets_never_raise(pieces: list[bytes]) -> None:
    end = End()
    for piece in pieces:
        end.channel.received(piece, 0)
    assert not end.channel.calls


@given(st.lists(recordings.damaged_messages(), max_size=6), st.integers(1, 400))
def test_damaged_messages_never_raise(messages: list[bytes], size: int) -> None:
    end = End()
    stream = b"".join(map(tpkt.frame, messages))
    for at in range(0, len(stream), size):
        end.channel.received(stream[at : at + size], 0)
        for call in end.channel.calls:
            call.connect(0, Contents())
    end.wait(100)
    end.channel.lost(end.now)
    ended: list[Any] = [call for name, call, _ in end.heard.events if name == "released"]
    assert len(ended) == len(set(map(id, ended))) == end.heard.names.count("call_offered")


def test_a_recorded_connection_cut_anywhere_gives_the_same() -> None:
    stream = b"".join(map(tpkt.frame, recordings.messages()[:12]))
    whole = End()
    whole.channel.received(stream, 0)
    for cut in range(0, len(stream), 37):
        end = End()
        for start, stop in pairwise((0, cut, len(stream))):
            end.channel.received(stream[start:stop], 0)
        assert (end.heard.names, end.pipe.sent) == (whole.heard.names, whole.pipe.sent)


def test_a_second_call_with_the_same_identifier_does_not_hide_the_first() -> None:
    end = End()
    end.channel.received(setup_octets(5), 0)
    first = end.heard.call
    end.channel.received(setup_octets(6), 0)
    second = end.heard.call
    assert first.identifier == second.identifier
    second.release(0)
    end.receive(CallSignal("RELEASE COMPLETE", 6, body=""))
    assert end.signalling.calls[first.identifier, False] is first
