"""Recorded H.245: our session in the place of either side says what was recorded; what we write is read by tshark."""

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.h323 import h225, per, tpkt
from gateway.h323.control import fast_start
from gateway.h323.control.capabilities import CapabilitySet, capability_set, capability_value
from gateway.h323.control.channel import Channel
from gateway.h323.control.channel_messages import format_of
from gateway.h323.control.media import AudioFormat, Codec, MediaAddress, media_address
from gateway.h323.control.procedures import Surroundings
from gateway.h323.control.session import ControlSettings
from gateway.h323.h225 import CallSignal
from gateway.model.timers import TimerQueue
from tests.h323.control.talk import ALAW, HERE, ULAW, Side
from tests.h323.dissect import tshark, write_capture
from tests.h323.recordings import FOLDER, Segment, damaged, messages, segments
from tests.shared import captures, folder, or_skipped

End = tuple[bytes, int]


class Said(NamedTuple):
    """A recorded message and who said it."""

    by: End
    octets: bytes


def conversations(parts: Iterable[Segment]) -> Iterator[list[Said]]:
    """The H.245 of each connection, tunnelled or not."""
    streams: dict[tuple[End, End], tpkt.Unframer] = {}
    found: dict[frozenset[End], list[Said]] = {}
    for segment in parts:
        stream = streams.setdefault(segment[:2], tpkt.Unframer())
        for payload in stream.feed(segment.payload):
            controls = h225.decode(payload).h245_control if payload[:2] == b"\x08\x02" else (payload,)
            said = found.setdefault(frozenset(segment[:2]), [])
            said += [Said(segment.source, control) for control in controls]
    yield from (said for said in found.values() if said)


def named(octets: bytes) -> tuple[str, Any]:
    found: tuple[str, Any] = per.decode_control(octets)[1]
    return found


def ours(said: list[Said], side: End) -> dict[str, Any]:
    """What the side said first under each name."""
    return dict(named(one.octets) for one in reversed(said) if one.by == side)


class Player(Side):
    """A side that does what was recorded of it."""

    def __init__(self, said: list[Said], side: End) -> None:
        super().__init__(TimerQueue(), ControlSettings(terminal_type=50))
        self._own = ours(said, side)

    def channel_asked(self, session: Any, channel: Channel, now: float) -> None:
        answer = self._own["openLogicalChannelAck"]["forwardMultiplexAckParameters"][1]
        session.accept_channel(channel, media_address(answer), now)

    def does(self, name: str, value: Any) -> None:
        match name:
            case "openLogicalChannel":
                said = value["forwardLogicalChannelParameters"]
                format = format_of(said)
                assert format is not None
                self.session.open_channel(format, media_address(said["multiplexParameters"][1]), 0.0)
            case "endSessionCommand":
                self.session.end(0.0)


def comparable(octets: bytes) -> bytes:
    """A capability set in our form (which is each program's own), all else octet for octet."""
    name, value = named(octets)
    if name != "terminalCapabilitySet":
        return octets
    same = capability_value(capability_set(value), value["sequenceNumber"])
    return per.encode_control(("request", (name, same)))


@pytest.mark.parametrize("capture", or_skipped(captures(FOLDER)), ids=lambda path: path.stem)
def test_our_session_in_the_place_of_either_side(capture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for said in conversations(segments(capture)):
        for side in {one.by for one in said}:
            own = ours(said, side)
            number = own["masterSlaveDetermination"]["statusDeterminationNumber"]
            monkeypatch.setattr(Surroundings, "number", lambda _self, _bits, number=number: number)
            player = Player(said, side)
            # Both begin as soon as there is a channel, whatever arrives first.
            player.session.start(capability_set(own["terminalCapabilitySet"]), 0.0)
            for by, octets in said:
                if by == side:
                    player.does(*named(octets))
                else:
                    player.session.receive(octets, 0.0)
            recorded = [comparable(one.octets) for one in said if one.by == side]
            assert sorted(map(comparable, player.sent)) == sorted(recorded)
            assert player.events("failed") == []


def h245_segments(capture: Path) -> Iterator[Segment]:
    """The segments with H.245 in TPKT, by tshark: other link types and files than those of `segments`."""
    fields = ("ip.src", "tcp.srcport", "ip.dst", "tcp.dstport", "tcp.payload")
    for source, port, destination, other, payload in tshark(capture, *fields):
        octets = bytes.fromhex(payload)
        if octets[:2] == b"\x03\x00" and octets[4:6] != b"\x08\x02":
            yield Segment((source.encode(), int(port)), (destination.encode(), int(other)), octets)


def test_a_recorded_hold_of_another_vendor_from_the_side_that_is_held() -> None:
    """Two gateways of Cisco: an empty set, channels closed; another set, and all begins anew (H.323 8.4.6)."""
    capture = folder("pcaps/public") / "russo__h323_ss_hold_resume.pcapng"
    (said,) = conversations(h245_segments(capture))
    held = said[0].by
    player = Player(said, held)
    player.session.start(capability_set(ours(said, held)["terminalCapabilitySet"]), 0.0)
    for by, octets in said:
        if by == held:
            player.does(*named(octets))
        else:
            player.session.receive(octets, 0.0)
    recorded = [named(one.octets)[0] for one in said if one.by == held]
    assert sorted(named(octets)[0] for octets in player.sent) == sorted(recorded)
    assert [capabilities.is_empty for (capabilities,) in player.events("capabilities")] == [
        *(False, True, False, True, False)
    ]


@cache
def recorded() -> tuple[bytes, ...]:
    """Every recorded H.245 message."""
    folder(FOLDER)
    found = (said for capture in captures(FOLDER) for said in conversations(segments(capture)))
    return tuple({one.octets for said in found for one in said})


@settings(max_examples=300)
@given(st.data())
def test_damaged_messages_are_taken(data: st.DataObject) -> None:
    side = Side(TimerQueue())
    side.session.start(SETS[0], 0.0)
    side.session.open_channel(ULAW, HERE, 0.0)
    side.session.receive(damaged(data, recorded()), 0.0)


@settings(max_examples=200)
@given(st.data())
def test_damaged_proposals_are_taken(data: st.DataObject) -> None:
    elements = tuple(element for message in fast_starts() for element in message.uuie["fastStart"])
    octets = damaged(data, elements)
    fast_start.proposals([octets])
    fast_start.answers([octets], elements)


@cache
def fast_starts() -> tuple[CallSignal, ...]:
    """The messages with fastStart elements."""
    found = map(h225.decode, messages())
    return tuple(message for message in found if message.uuie.get("fastStart"))


def test_recorded_proposals_are_written_as_they_were() -> None:
    for setup in (message for message in fast_starts() if message.name == "SETUP"):
        elements = tuple(setup.uuie["fastStart"])
        found = fast_start.proposals(elements)
        to_caller = [proposal for proposal in found if not proposal.from_caller]
        formats = [proposal.format for proposal in to_caller]
        assert fast_start.offer(formats, to_caller[0].receiver) == elements


def test_recorded_answers_are_written_as_they_were_and_understood() -> None:
    setups = {message.call_reference: message for message in fast_starts() if message.name == "SETUP"}
    answers = [message for message in fast_starts() if message.name != "SETUP"]
    for message in answers:
        offered = setups[message.call_reference].uuie["fastStart"]
        elements = tuple(message.uuie["fastStart"])
        taken = fast_start.answers(elements, offered)
        to_caller, from_caller = taken
        assert (to_caller.from_caller, from_caller.from_caller) == (False, True)
        assert to_caller.format == from_caller.format == ULAW
        proposals = fast_start.proposals(offered)
        written = fast_start.answer(proposals[to_caller.place], proposals[from_caller.place], from_caller.receiver)
        assert written == elements
    assert answers


SETS = [
    CapabilitySet((ULAW, ALAW), 101, frozenset(("basicString", "dtmf"))),
    CapabilitySet((AudioFormat(Codec.OPUS), AudioFormat(Codec.G722, 20), AudioFormat(Codec.G729_AB, 40))),
    CapabilitySet(),
]


@pytest.mark.parametrize("capabilities", SETS)
def test_a_set_is_read_back(capabilities: CapabilitySet) -> None:
    octets = per.encode_control(("request", ("terminalCapabilitySet", capability_value(capabilities, 5))))
    assert capability_set(named(octets)[1]) == capabilities


def test_tshark_reads_what_we_write(tmp_path: Path) -> None:
    side = Side(TimerQueue())
    for capabilities in SETS:
        side.session.set_capabilities(capabilities, 0.0)
    for format in (ULAW, AudioFormat(Codec.OPUS, payload=96), AudioFormat(Codec.G729_A, 30)):
        side.session.open_channel(format, HERE, 0.0)
    own = MediaAddress("[2001:db8::1]:4000", "[2001:db8::1]:4001")
    side.session.open_channel(ALAW, own, 0.0)
    side.hears("request", "maintenanceLoopRequest", {"type": ("systemLoop", 0)})
    side.hears("request", "communicationModeRequest", {})
    side.session.end(0.0)
    signals = [CallSignal("FACILITY", 1, h245_tunnelling=True, h245_control=(octets,)) for octets in side.sent]
    elements = fast_start.offer([ULAW, AudioFormat(Codec.G722)], own)
    capture = write_capture(tmp_path / "control.pcap", [h225.encode(signal) for signal in signals])
    fields = ("_ws.col.Info", "_ws.malformed", "_ws.expert.message")
    rows = tshark(capture, *fields)
    assert len(rows) == len(side.sent)
    assert all("malformed" not in " ".join(row).lower() for row in rows)
    told = " ".join(row[0] for row in rows)
    for name in ("terminalCapabilitySet", "openLogicalChannel", "maintenanceLoopReject", "endSessionCommand"):
        assert name.lower() in told.lower()
    assert len(fast_start.proposals(elements)) == 4
