"""Whole readings: what is found on any port, what noise does, and that memory does not grow."""

import tracemalloc
from pathlib import Path
from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.layers.sctp import SCTP

from gateway.capture import internet, tcp
from gateway.capture import signals as reading
from gateway.capture.signals import Layers, Problem, Signal, endpoint, signals
from gateway.model.errors import DecodeError
from tests.capture.recording import OPTIONS, RINGING, pcap, read, read_packets

LINKS = [0, 1, 9, 12, 14, 50, 101, 104, 108, 113, 177, 203, 228, 229, 276, 147]
FRAME = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / IP(src="10.0.0.1", dst="10.0.0.2")


def udp(payload: bytes, source: int = 23_456, destination: int = 34_567) -> bytes:
    return bytes(FRAME / UDP(sport=source, dport=destination) / payload)


def test_sip_is_known_by_its_start_line_and_not_by_its_port(tmp_path: Path) -> None:
    found = read_packets(tmp_path, [udp(OPTIONS), udp(b"hello, this is no SIP", 5060, 5060), udp(RINGING)])
    assert found.octets == [OPTIONS, RINGING]
    assert [signal.frame for signal in found.signals] == [1, 3]
    assert [signal.time for signal in found.signals] == [0.0, 2.0]
    assert found.packets == 3


@pytest.mark.parametrize("before", [b"\r\n", b"\r\n\r\n", b"\n"])
def test_empty_lines_before_the_start_line(tmp_path: Path, before: bytes) -> None:
    assert read_packets(tmp_path, [udp(before + OPTIONS)]).octets == [OPTIONS]


@pytest.mark.parametrize(
    "payload", [b"\x80\x08" + bytes(170), b"\x81\xc8" + bytes(30), b"\x00\x01" + bytes(18), b"\r\n\r\n"]
)
def test_media_and_keep_alives_are_no_signalling(tmp_path: Path, payload: bytes) -> None:
    found = read_packets(tmp_path, [udp(payload), udp(b""), udp(payload[:1])])
    assert (found.signals, found.problems) == ([], [])


def test_function_form_gives_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([udp(OPTIONS), b"\x00"]))
    problems: list[Problem] = []
    progress: list[int] = []
    assert list(signals(path, problems.append, progress.append)) == [
        Signal(1, 0.0, "sip", OPTIONS, "10.0.0.1:23456", "10.0.0.2:34567", "udp", "")
    ]
    assert problems == [Problem(2, "packet ends inside its link header")]
    assert progress[-1] == path.stat().st_size


def test_what_is_no_capture_raises_our_error(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"hello")
    with pytest.raises(DecodeError, match="not a pcap or pcapng file"):
        read(tmp_path / "a")


def test_endpoints_as_text() -> None:
    assert endpoint(bytes([192, 0, 2, 1]), 5060) == "192.0.2.1:5060"
    assert endpoint(bytes.fromhex("20010db8" + "0" * 23 + "1"), 1720) == "[2001:db8::1]:1720"


def _noise(link: int, octets: bytes) -> None:
    """Read one packet; only DecodeError may come out, and the layers must stay usable."""
    layers = Layers(lambda frame, what: None)
    try:
        list(layers.signals(1, 0.0, link, 0, octets))
    except DecodeError as error:
        assert error.what
    list(layers.close())


@given(st.sampled_from(LINKS), st.binary(max_size=200))
def test_random_packets_of_every_link_type_are_named_and_nothing_else(link: int, octets: bytes) -> None:
    _noise(link, octets)


HEADERS = [
    bytes(FRAME / UDP(sport=2152, dport=2152))[:42],
    bytes(FRAME / UDP(sport=4789, dport=4789))[:42],
    bytes(FRAME / TCP(sport=1720, dport=1720))[:54],
    bytes(FRAME / TCP(sport=2428, dport=9900))[:54],
    bytes(FRAME / SCTP(sport=9900, dport=9900))[:46],
    bytes(FRAME)[:23] + b"\x2f" + bytes(FRAME)[24:34],  # GRE
    bytes(FRAME)[:23] + b"\x29" + bytes(FRAME)[24:34],  # IPv6 in IP
]


@settings(max_examples=300)
@given(st.sampled_from(HEADERS), st.binary(max_size=120))
def test_random_octets_inside_every_transport_and_tunnel(header: bytes, octets: bytes) -> None:
    packet = bytearray(header + octets)
    packet[16:18] = pack(">H", len(packet) - 14)
    _noise(1, bytes(packet))


@settings(max_examples=200)
@given(st.data())
def test_damaged_octets_of_good_packets(data: st.DataObject) -> None:
    packet = bytearray(udp(OPTIONS))
    for at in data.draw(st.sets(st.integers(0, len(packet) - 1), max_size=6)):
        packet[at] = data.draw(st.integers(0, 255))
    _noise(1, bytes(packet))


def test_memory_does_not_grow_with_the_capture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Open fragments, connections without end and ever new endpoints, far more of them than are kept."""
    for module, limit in ((internet, "FRAGMENTED_AT_ONCE"), (tcp, "STREAMS"), (reading, "ENDPOINTS_KEPT")):
        monkeypatch.setattr(module, limit, 300)

    def peak(rounds: int) -> int:
        path = tmp_path / f"{rounds}.pcap"
        path.write_bytes(pcap([packet for number in range(rounds) for packet in _strangers(number)]))
        tracemalloc.start()
        for _ in signals(path, lambda problem: None):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    few, many = peak(1000), peak(6000)
    assert many < few * 1.2


def _strangers(number: int) -> tuple[bytes, bytes, bytes]:
    addresses = pack(">II", number, ~number & 0xFFFFFFFF)
    ethernet = bytes(12) + b"\x08\x00"
    fragment = pack(">BBHHHBBH", 0x45, 0, 44, number & 0xFFFF, 0x2000, 64, 17, 0) + addresses + bytes(24)
    begin = pack(">BBHHHBBH", 0x45, 0, 60, 0, 0, 64, 6, 0) + addresses
    begin += pack(">HHIIBBHHH", 1, 2, 0, 0, 0x50, 0x18, 0, 0, 0) + b"SIP/2.0 200 OK\r\nTo: "[:20]
    message = pack(">BBHHHBBH", 0x45, 0, 28 + len(RINGING), 0, 0, 64, 17, 0) + addresses
    message += pack(">HHHH", 5060, 5060, 8 + len(RINGING), 0) + RINGING
    return ethernet + fragment, ethernet + begin, ethernet + message
