"""Every link layer in front of the same SIP message; the packets come from scapy."""

from pathlib import Path
from typing import Any

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import LLC, SNAP, CookedLinux, CookedLinuxV2, Dot1Q, Dot3, Ether, Loopback
from scapy.layers.ppp import HDLC, PPP

from tests.capture.recording import OPTIONS, read_packets

V4 = IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=5060, dport=5080) / OPTIONS
V6 = IPv6(src="2001:db8::1", dst="2001:db8::2") / UDP(sport=5060, dport=5080) / OPTIONS
MAC = {"src": "02:00:00:00:00:01", "dst": "02:00:00:00:00:02"}


@pytest.mark.parametrize(
    ("link", "packet"),
    [
        pytest.param(1, Ether(**MAC) / V4, id="Ethernet"),
        pytest.param(1, Ether(**MAC) / Dot1Q(vlan=7) / V4, id="VLAN"),
        pytest.param(1, Ether(type=0x88A8, **MAC) / Dot1Q(vlan=3) / Dot1Q(vlan=7) / V4, id="QinQ"),
        pytest.param(1, Dot3(**MAC) / LLC() / SNAP(code=0x0800) / V4, id="LLC/SNAP"),
        pytest.param(113, CookedLinux(proto=0x0800) / V4, id="SLL"),
        pytest.param(113, CookedLinux(proto=0x8100) / Dot1Q(vlan=7) / V4, id="SLL with VLAN"),
        pytest.param(276, CookedLinuxV2(proto=0x0800) / V4, id="SLL2"),
        pytest.param(0, Loopback(type=2) / V4, id="NULL"),
        pytest.param(9, PPP() / V4, id="PPP"),
        pytest.param(9, HDLC() / PPP() / V4, id="PPP in HDLC framing"),
        *(pytest.param(link, V4, id=f"raw IP {link}") for link in (12, 14, 101, 228)),
    ],
)  # fmt: skip
def test_ipv4_over(tmp_path: Path, link: int, packet: Any) -> None:
    (signal,) = read_packets(tmp_path, [bytes(packet)], link).signals
    assert (signal.octets, signal.source, signal.destination) == (OPTIONS, "10.0.0.1:5060", "10.0.0.2:5080")
    assert (signal.frame, signal.protocol, signal.transport, signal.link) == (1, "sip", "udp", "")


@pytest.mark.parametrize(
    ("link", "octets"),
    [
        pytest.param(1, bytes(Ether(**MAC) / V6), id="Ethernet"),
        pytest.param(101, bytes(V6), id="raw IP"),
        pytest.param(229, bytes(V6), id="raw IPv6"),
        pytest.param(0, b"\x1e\x00\x00\x00" + bytes(V6), id="NULL of macOS"),
        pytest.param(108, b"\x00\x00\x00\x18" + bytes(V6), id="LOOP of OpenBSD"),
        pytest.param(9, b"\xff\x03\x00\x57" + bytes(V6), id="PPP"),
        pytest.param(104, b"\x0f\x00\x86\xdd" + bytes(V6), id="Cisco HDLC"),
    ],
)  # fmt: skip
def test_ipv6_over(tmp_path: Path, link: int, octets: bytes) -> None:
    (signal,) = read_packets(tmp_path, [octets], link).signals
    assert (signal.octets, signal.source) == (OPTIONS, "[2001:db8::1]:5060")
    assert signal.destination == "[2001:db8::2]:5080"


def test_ethernet_padding_is_no_part_of_the_message(tmp_path: Path) -> None:
    short = b"SIP/2.0 200 OK\r\n\r\n"
    packet = Ether(**MAC) / IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=1, dport=2) / short
    assert read_packets(tmp_path, [bytes(packet) + b"\x00" * 20]).octets == [short]


def test_unknown_link_type_is_said_once(tmp_path: Path) -> None:
    found = read_packets(tmp_path, [b"x" * 50] * 3, link=147)
    assert found.problems == [(1, "link type 147 is not known (said once)")]
    assert found.packets == 3


@pytest.mark.parametrize("link", [0, 1, 9, 12, 101, 104, 108, 113, 276, 177, 203])
def test_packet_that_ends_inside_its_link_header_is_named(tmp_path: Path, link: int) -> None:
    (problem,) = read_packets(tmp_path, [b""], link).problems
    assert problem.frame == 1
