"""IP fragments, extension headers and tunnels; the packets come from scapy."""

import random
from pathlib import Path
from typing import Any

import pytest
from scapy.contrib.erspan import ERSPAN_I, ERSPAN_II, ERSPAN_III
from scapy.contrib.gtp import GTP_U_Header
from scapy.layers.inet import IP, UDP, fragment
from scapy.layers.inet6 import (
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    fragment6,
)
from scapy.layers.l2 import GRE, Ether
from scapy.layers.vxlan import VXLAN

from tests.capture.recording import OPTIONS, read_packets

LONG = OPTIONS.replace(b"p" * 60, b"p" * 3000)
INSIDE = IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=5060, dport=5080) / OPTIONS
INSIDE6 = IPv6(src="2001:db8::1", dst="2001:db8::2") / UDP(sport=5060, dport=5080) / OPTIONS
OUTER = IP(src="192.0.2.1", dst="192.0.2.2")
FRAME = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")


def fragments(size: int = 800, identification: int = 9) -> list[bytes]:
    whole = IP(src="10.0.0.1", dst="10.0.0.2", id=identification) / UDP(sport=5060, dport=5080) / LONG
    return [bytes(piece) for piece in fragment(whole, fragsize=size)]


@pytest.mark.parametrize("order", range(6))
def test_ipv4_fragments_in_any_order(tmp_path: Path, order: int) -> None:
    pieces = fragments()
    random.Random(order).shuffle(pieces)
    found = read_packets(tmp_path, pieces, 101)
    assert found.octets == [LONG]
    assert found.signals[0].frame == len(pieces)
    assert found.problems == []


def test_repeated_fragments_change_nothing(tmp_path: Path) -> None:
    pieces = fragments()
    assert read_packets(tmp_path, [pieces[0], *pieces], 101).octets == [LONG]


def test_overlapping_fragments(tmp_path: Path) -> None:
    small, large = fragments(400), fragments(1200)
    assert read_packets(tmp_path, [small[0], small[1], *large], 101).octets == [LONG]


def test_missing_fragment_is_named_at_the_end(tmp_path: Path) -> None:
    found = read_packets(tmp_path, fragments()[:-1], 101)
    assert found.signals == []
    assert found.problems == [(1, "IP datagram of which fragments are missing")]


def test_fragments_that_share_an_identification_an_hour_later_are_not_joined(tmp_path: Path) -> None:
    first, later = fragments(), fragments()
    empty = bytes(OUTER / UDP())
    found = read_packets(tmp_path, [first[0], *[empty] * 3600, *later[1:], later[0]], 101)
    assert found.octets == [LONG]
    assert found.problems == [(1, "IP datagram of which fragments are missing")]


def test_ipv6_fragments(tmp_path: Path) -> None:
    whole = IPv6(src="2001:db8::1", dst="2001:db8::2") / IPv6ExtHdrFragment(id=5)
    whole = whole / UDP(sport=5060, dport=5080) / LONG
    pieces = [bytes(piece) for piece in fragment6(whole, 1000)]
    assert len(pieces) > 2
    assert read_packets(tmp_path, pieces[::-1], 101).octets == [LONG]


def test_ipv6_extension_headers(tmp_path: Path) -> None:
    packet = IPv6(src="2001:db8::1", dst="2001:db8::2") / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt()
    assert read_packets(tmp_path, [bytes(packet / UDP(sport=1, dport=2) / OPTIONS)], 101).octets == [OPTIONS]


def test_ipv4_options(tmp_path: Path) -> None:
    packet = IP(src="10.0.0.1", dst="10.0.0.2", options=b"\x94\x04\x00\x00") / UDP(sport=1, dport=2) / OPTIONS
    assert read_packets(tmp_path, [bytes(packet)], 101).octets == [OPTIONS]


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(OUTER / INSIDE, id="IP in IP"),
        pytest.param(OUTER / INSIDE6, id="IPv6 in IP"),
        pytest.param(OUTER / GRE() / INSIDE, id="GRE"),
        pytest.param(OUTER / GRE(chksum_present=1, key_present=1, seqnum_present=1) / INSIDE, id="GRE all fields"),
        pytest.param(OUTER / GRE(proto=0x6558) / FRAME / INSIDE, id="bridged GRE"),
        pytest.param(OUTER / GRE(proto=0x88BE) / ERSPAN_I() / FRAME / INSIDE, id="ERSPAN I"),
        pytest.param(OUTER / GRE(proto=0x88BE, seqnum_present=1) / ERSPAN_II() / FRAME / INSIDE, id="ERSPAN II"),
        pytest.param(OUTER / GRE(proto=0x22EB, seqnum_present=1) / ERSPAN_III() / FRAME / INSIDE, id="ERSPAN III"),
        pytest.param(OUTER / UDP(sport=5, dport=4789) / VXLAN(vni=7) / FRAME / INSIDE, id="VXLAN"),
        pytest.param(OUTER / UDP(sport=5, dport=2152) / GTP_U_Header(teid=1) / INSIDE, id="GTP-U"),
        pytest.param(OUTER / UDP(sport=5, dport=2152) / GTP_U_Header(teid=1, S=1, seq=3) / INSIDE, id="GTP-U, S"),
        pytest.param(OUTER / OUTER / GRE() / OUTER / INSIDE, id="four deep"),
    ],
)  # fmt: skip
def test_tunnel(tmp_path: Path, packet: Any) -> None:
    (signal,) = read_packets(tmp_path, [bytes(packet)], 101).signals
    assert signal.octets == OPTIONS
    assert signal.source in ("10.0.0.1:5060", "[2001:db8::1]:5060")


def test_tunnels_without_end_are_given_up(tmp_path: Path) -> None:
    packet = INSIDE
    for _ in range(20):
        packet = OUTER / packet
    assert read_packets(tmp_path, [bytes(packet)], 101).problems == [(1, "more than 8 tunnels in one another")]


def test_message_cut_short_by_the_recorder_is_delivered_and_named(tmp_path: Path) -> None:
    found = read_packets(tmp_path, [bytes(INSIDE)[:-10]], 101)
    assert found.octets == [OPTIONS[:-10]]
    assert found.problems == [(1, "SIP message cut short by the capture: 10 octets are missing")]


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(b"\x45\x00", id="cut short"),
        pytest.param(b"\x44" + bytes(INSIDE)[1:], id="header length 16"),
        pytest.param(b"\x45\x00\x00\x05" + bytes(30), id="total length 5"),
        pytest.param(b"\x60" + bytes(20), id="IPv6 cut short"),
    ],
)
def test_broken_ip_header_is_named(tmp_path: Path, octets: bytes) -> None:
    assert len(read_packets(tmp_path, [octets], 101).problems) == 1
