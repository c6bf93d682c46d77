"""SCTP user messages: bundled, fragmented, repeated. Packets come from scapy."""

from pathlib import Path
from typing import Any

from scapy.layers.inet import IP
from scapy.layers.sctp import SCTP, SCTPChunkData, SCTPChunkInit, SCTPChunkSACK
from scapy.packet import Raw

from tests.capture.recording import FACILITY, OPTIONS, RINGING, read_packets
from tests.capture.test_framing import iua


def chunk(number: int, octets: bytes, begin: int = 1, end: int = 1, protocol: int = 0) -> Any:
    return SCTPChunkData(
        tsn=number, beginning=begin, ending=end, stream_seq=number & 0xFFFF, proto_id=protocol, data=octets
    )


def packet(*chunks: Any, port: int = 5060) -> bytes:
    whole = IP(src="10.0.0.1", dst="10.0.0.2") / SCTP(sport=port, dport=port)
    for part in chunks:
        whole = whole / part
    return bytes(whole)


def test_sip_over_sctp(tmp_path: Path) -> None:
    (signal,) = read_packets(tmp_path, [packet(chunk(1, OPTIONS))], 101).signals
    assert (signal.octets, signal.transport, signal.source) == (OPTIONS, "sctp", "10.0.0.1:5060")


def test_bundled_chunks_are_several_messages(tmp_path: Path) -> None:
    bundle = packet(SCTPChunkSACK(cumul_tsn_ack=1), chunk(1, OPTIONS), chunk(2, RINGING))
    assert read_packets(tmp_path, [bundle], 101).octets == [OPTIONS, RINGING]


def test_fragments_in_any_order(tmp_path: Path) -> None:
    pieces = [chunk(0xFFFFFFFF, OPTIONS[:20], 1, 0), chunk(0, OPTIONS[20:40], 0, 0), chunk(1, OPTIONS[40:], 0, 1)]
    for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0]):
        assert read_packets(tmp_path, [packet(pieces[at]) for at in order], 101).octets == [OPTIONS]


def test_repeated_chunk_counts_once(tmp_path: Path) -> None:
    assert read_packets(tmp_path, [packet(chunk(5, OPTIONS))] * 2, 101).octets == [OPTIONS]


def test_numbers_begin_anew_with_a_new_association(tmp_path: Path) -> None:
    packets = [packet(chunk(5, OPTIONS)), packet(SCTPChunkInit(init_tsn=5)), packet(chunk(5, RINGING))]
    assert read_packets(tmp_path, packets, 101).octets == [OPTIONS, RINGING]


def test_q931_in_iua(tmp_path: Path) -> None:
    (signal,) = read_packets(tmp_path, [packet(chunk(1, iua(FACILITY), protocol=1), port=9900)], 101).signals
    assert (signal.protocol, signal.octets, signal.link) == ("q931", FACILITY, "iua:7/sapi0/tei64")


def test_broken_chunk_is_named_after_what_came_before_it(tmp_path: Path) -> None:
    found = read_packets(tmp_path, [packet(chunk(1, OPTIONS), Raw(b"\x00\x03\x00\xff"))], 101)
    assert found.octets == [OPTIONS]
    assert found.problems == [(1, "SCTP chunk of 255 octets, 4 left")]
