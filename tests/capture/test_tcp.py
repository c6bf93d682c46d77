"""TCP put together: order, repetition, overlap, holes, wrap, reused ports. Segments come from scapy."""

import random
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP

from gateway.capture.internet import Datagram
from gateway.capture.tcp import Heard, TcpStreams
from tests.capture.recording import OPTIONS, RINGING, Read, read_packets

START = 1000


def segment(sequence: int, octets: bytes = b"", flags: str = "PA", acknowledged: int = 1) -> bytes:
    header = TCP(sport=5060, dport=40_000, seq=sequence & 0xFFFFFFFF, ack=acknowledged, flags=flags)
    return bytes(IP(src="10.0.0.1", dst="10.0.0.2") / (header / octets if octets else header))


def answer(acknowledged: int) -> bytes:
    header = TCP(sport=40_000, dport=5060, seq=1, ack=acknowledged & 0xFFFFFFFF, flags="A")
    return bytes(IP(src="10.0.0.2", dst="10.0.0.1") / header)


def split(octets: bytes, size: int, start: int = START + 1) -> list[bytes]:
    return [segment(start + at, octets[at : at + size]) for at in range(0, len(octets), size)]


def opened(tmp_path: Path, segments: list[bytes], start: int = START) -> Read:
    """What is read of a connection whose SYN was recorded."""
    return read_packets(tmp_path, [segment(start, flags="S"), *segments], 101)


def test_message_in_one_segment(tmp_path: Path) -> None:
    (signal,) = opened(tmp_path, [segment(START + 1, OPTIONS)]).signals
    assert signal.octets == OPTIONS
    assert (signal.frame, signal.transport) == (2, "tcp")
    assert (signal.source, signal.destination) == ("10.0.0.1:5060", "10.0.0.2:40000")


@pytest.mark.parametrize("size", [1, 7, 60, 1000])
def test_message_over_segments_of_any_size(tmp_path: Path, size: int) -> None:
    assert opened(tmp_path, split(OPTIONS + RINGING + OPTIONS, size)).octets == [OPTIONS, RINGING, OPTIONS]


@pytest.mark.parametrize("seed", range(5))
def test_segments_out_of_order(tmp_path: Path, seed: int) -> None:
    segments = split(OPTIONS + RINGING, 20)
    random.Random(seed).shuffle(segments)
    found = opened(tmp_path, segments)
    assert found.octets == [OPTIONS, RINGING]
    assert found.problems == []


def test_repeated_segments_count_once(tmp_path: Path) -> None:
    segments = split(OPTIONS + RINGING, 50)
    assert opened(tmp_path, [piece for piece in segments for _ in range(3)]).octets == [OPTIONS, RINGING]


def test_overlapping_segments(tmp_path: Path) -> None:
    octets = OPTIONS + RINGING
    segments = [segment(START + 1 + at, octets[at : at + 45]) for at in range(0, len(octets), 20)]
    assert opened(tmp_path, segments).octets == [OPTIONS, RINGING]


def test_sequence_numbers_wrap(tmp_path: Path) -> None:
    start = 0xFFFFFFFF - 30
    assert opened(tmp_path, split(OPTIONS + RINGING, 20, start + 1), start).octets == [OPTIONS, RINGING]


def test_hole_costs_the_message_it_is_in(tmp_path: Path) -> None:
    segments = [*split(OPTIONS, len(OPTIONS) // 2 + 1), segment(START + 1 + len(OPTIONS), RINGING)]
    found = opened(tmp_path, [segments[0], segments[2]])
    assert found.octets == [RINGING]
    assert found.problems[0] == (
        3,
        f"{len(OPTIONS) - len(OPTIONS) // 2 - 1} octets of a TCP stream were not recorded",
    )


def test_hole_is_over_when_the_other_side_acknowledges_what_is_behind_it(tmp_path: Path) -> None:
    behind = segment(START + 1 + len(OPTIONS), RINGING)
    late = START + 1 + len(OPTIONS) + len(RINGING)
    found = opened(tmp_path, [behind, answer(late), segment(late, OPTIONS)])
    assert found.octets == [RINGING, OPTIONS]
    assert [signal.frame for signal in found.signals] == [2, 4]


def test_hole_in_the_middle_of_a_connection_with_much_behind_it(tmp_path: Path) -> None:
    lost = START + 1 + len(RINGING)
    found = opened(tmp_path, [segment(START + 1, RINGING), *split(OPTIONS * 100, len(OPTIONS), lost + 5)])
    assert found.octets == [RINGING, *[OPTIONS] * 100]


def test_capture_that_begins_in_the_middle_of_a_message(tmp_path: Path) -> None:
    assert read_packets(tmp_path, [segment(77, OPTIONS[40:] + RINGING), segment(9, b"")], 101).octets == [RINGING]


def test_keep_alive_before_the_first_data(tmp_path: Path) -> None:
    assert read_packets(tmp_path, [segment(76, b""), segment(77, OPTIONS)], 101).octets == [OPTIONS]


def test_ports_used_again(tmp_path: Path) -> None:
    again = [segment(5_000_000, flags="S"), segment(5_000_001, RINGING)]
    assert opened(tmp_path, [segment(START + 1, OPTIONS), *again]).octets == [OPTIONS, RINGING]
    assert opened(tmp_path, [segment(START + 1, OPTIONS), segment(900_000_000, RINGING)]).octets == [OPTIONS, RINGING]


def test_repeated_syn_changes_nothing(tmp_path: Path) -> None:
    assert opened(tmp_path, [segment(START, flags="S"), segment(START + 1, OPTIONS)]).octets == [OPTIONS]


def test_data_in_the_syn(tmp_path: Path) -> None:
    found = read_packets(tmp_path, [segment(START, OPTIONS, "S"), segment(START + 1 + len(OPTIONS), RINGING)], 101)
    assert found.octets == [OPTIONS, RINGING]


@pytest.mark.parametrize("flags", ["FPA", "RPA"])
def test_data_with_the_end_of_the_connection(tmp_path: Path, flags: str) -> None:
    assert opened(tmp_path, [segment(START + 1, OPTIONS, flags)]).octets == [OPTIONS]


def test_stream_of_another_protocol_is_left_alone(tmp_path: Path) -> None:
    found = opened(tmp_path, [segment(START + 1, b"\x16\x03\x01\x02\x00\x01"), segment(START + 7, OPTIONS)])
    assert (found.signals, found.problems) == ([], [])


def test_tpkt_header_in_a_segment_of_its_own_on_any_port(tmp_path: Path) -> None:
    message = bytes.fromhex("0802808f021803a98381")
    (signal,) = opened(tmp_path, [segment(START + 1, b"\x03\x00\x00\x0e"), segment(START + 5, message)]).signals
    assert (signal.protocol, signal.octets, signal.frame) == ("h225", message, 3)


@pytest.mark.parametrize("after", [[], [segment(START + 101, flags="FA")]], ids=["end of capture", "FIN"])
def test_message_without_its_end_is_named(tmp_path: Path, after: list[bytes]) -> None:
    found = opened(tmp_path, [segment(START + 1, OPTIONS[:100]), *after])
    assert found.signals == []
    assert found.problems == [(2, "message cut short: 100 octets of it, then the end of the stream")]


def test_broken_header_is_named(tmp_path: Path) -> None:
    found = read_packets(tmp_path, [segment(1)[:30], segment(1)[:32] + b"\x10" + segment(1)[33:]], 101)
    assert [what for _, what in found.problems] == [
        "packet ends inside its TCP header",
        "TCP header with a wrong length",
    ]


@settings(deadline=None)
@given(st.data())
def test_any_arrival_of_the_same_stream_gives_the_same_messages(data: st.DataObject) -> None:
    octets = b"".join(data.draw(st.lists(st.sampled_from([OPTIONS, RINGING]), min_size=1, max_size=4)))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(octets) - 1), max_size=8)) | {0, len(octets)})
    segments = [segment(START + 1 + a, octets[a:b]) for a, b in pairwise(cuts)]
    arrival = data.draw(st.permutations(segments + data.draw(st.lists(st.sampled_from(segments), max_size=4))))
    said: list[tuple[int, str]] = []
    streams = TcpStreams(lambda frame, what: said.append((frame, what)))
    heard: list[Heard] = []
    for frame, packet in enumerate([segment(START, flags="S"), *arrival]):
        heard += streams.messages(Datagram(6, packet[12:16], packet[16:20], packet[20:]), frame, float(frame))
    heard += streams.close()
    assert b"".join(message.found.octets for message in heard) == octets
    assert said == []
