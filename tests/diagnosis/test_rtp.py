"""What is measured of RTP streams, against the words of RFC 3550 and against tshark."""

import re
import subprocess
from struct import pack

import pytest

from gateway.diagnosis.media import Socket, read_media
from gateway.diagnosis.rtcp import is_rtcp, reports
from gateway.diagnosis.rtp import RtpStream
from tests.peers import tshark
from tests.shared import folder

PCMA = {8: "pcma/8000", 101: "telephone-event/8000"}


def stream(*packets: tuple[float, int, int], kind: int = 8) -> RtpStream:
    """Packets by time, sequence number and timestamp."""
    made = RtpStream(7)
    for time, sequence, timestamp in packets:
        made.add(time, 46, pack(">BBHII", 0x80, kind, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, 7))
    return made


def steady(count: int, sequence: int = 0, timestamp: int = 0) -> list[tuple[float, int, int]]:
    return [(0.02 * index, sequence + index, timestamp + 160 * index) for index in range(count)]


def test_a_steady_stream_has_no_jitter_and_no_loss() -> None:
    measured = stream(*steady(50)).measure(0, 50, PCMA)
    assert measured.lost == 0
    assert measured.jitter == pytest.approx(0.0, abs=1e-9)
    assert (measured.gaps, measured.packets, measured.payload_type) == (0, 50, 8)


def test_numbers_and_timestamps_that_wrap_around() -> None:
    measured = stream(*steady(50, 65_520, 2**32 - 800)).measure(0, 50, PCMA)
    assert measured.lost == 0
    assert measured.jitter == pytest.approx(0.0, abs=1e-9)


def test_jitter_is_the_estimate_of_rfc_3550() -> None:
    """One packet 16 ms late: J = 16/16 ms, then what follows is 16 ms early, J += (16 - J)/16."""
    packets = steady(4)
    packets[1] = (packets[1][0] + 0.016, *packets[1][1:])
    measured = stream(*packets).measure(0, 4, PCMA)
    assert measured.jitter_most == pytest.approx(0.001 + (0.016 - 0.001) / 16)


def test_lost_doubled_and_swapped_packets() -> None:
    one, two, three, four, five = steady(5)
    assert stream(one, two, four, five).measure(0, 4, PCMA).lost == 1
    assert stream(one, two, two, three).measure(0, 4, PCMA).lost == 0
    assert stream(one, three, two, four).measure(0, 4, PCMA).lost == 0


def test_a_gap_is_a_silence_that_the_timestamps_do_not_explain() -> None:
    before, after = steady(10), [(1.2 + 0.02 * index, 10 + index, 1600 + 160 * index) for index in range(10)]
    late = stream(*before, *after).measure(0, 20, PCMA)
    assert late.gaps == 1
    assert late.longest_gap == pytest.approx(1.02)
    silent = [(time, sequence, timestamp + 8160) for time, sequence, timestamp in after]
    assert stream(*before, *silent).measure(0, 20, PCMA).gaps == 0


def test_telephone_events_make_no_jitter() -> None:
    made = stream(*steady(10))
    for index in range(10):
        made.add(0.2 + index * 0.02, 46, pack(">BBHII", 0x80, 101, 10 + index, 1600, 7))
    measured = made.measure(0, 20, PCMA)
    assert measured.payload_type == 8
    assert measured.jitter == pytest.approx(0.0, abs=1e-9)


def test_a_stretch_of_a_stream() -> None:
    made = stream(*steady(100))
    assert made.between(0.5, 1.0) == (25, 50)
    assert made.dscp_between(25, 50) == (46,)


def test_reports_in_a_compound_packet() -> None:
    sender = bytes.fromhex("81c8000c 00000001" + "00" * 20 + "0000000a 01fffffe 00000001 00000020 00000000 00000000")
    description = bytes.fromhex("81ca0002 00000001 00000000")
    assert is_rtcp(sender)
    (report,) = reports(sender + description, 5.0)
    assert (report.time, report.ssrc, report.lost, report.jitter) == (5.0, 10, -2, 32)


@pytest.mark.parametrize("cut", range(0, 52, 4))
def test_reports_that_are_cut_short(cut: int) -> None:
    sender = bytes.fromhex("81c8000c 00000001" + "00" * 20 + "0000000a 00000001 00000001 00000020 00000000 00000000")
    assert list(reports(sender[:cut], 0.0)) == []


_ROW = re.compile(
    r"\s*\S+\s+\S+\s+(\S+)\s+(\d+)\s+(\S+)\s+(\d+)\s+(0x\w+)\s+(.+?)\s+(\d+)\s+(-?\d+) \(.*?%\)"
    r"\s+\S+\s+\S+\s+\S+\s+\S+\s+(\S+)\s+(\S+)"
)

CLEAN = [
    "russo__sip_hold_transfer.pcapng",
    "russo__rtp_sip_g711alaw_30ms.pcapng",
    "russo__rtp_sip_g711ulaw_10ms.pcapng",
    "russo__sip_prack_eo_183.pcapng",
    "pkts__sip_rtp.pcap",
]
"""Recordings whose streams have no telephone events, in which tshark sees jitter and loss."""


@pytest.mark.parametrize("recording", CLEAN)
def test_statistics_are_those_of_tshark(recording: str) -> None:
    path = folder("pcaps/public") / recording
    command = [tshark.program(), "-r", str(path), "-q", "-z", "rtp,streams"]
    table = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rows = [found.groups() for found in map(_ROW.match, table.splitlines()) if found]
    assert rows
    for source, port, destination, other_port, ssrc, _, packets, lost, mean, most in rows:
        ends = Socket(source, int(port)), Socket(destination, int(other_port))
        flows = [flow for flow in read_media(path, set(ends)).flows if (flow.source, flow.destination) == ends]
        made = flows[0].streams[int(ssrc, 16)]
        measured = made.measure(0, len(made.times), {})
        assert measured.packets == int(packets)
        assert measured.lost == max(0, int(lost))
        assert measured.jitter_most == pytest.approx(float(most) / 1000, abs=2e-6)
        # tshark counts the first packet too, with a jitter of none.
        assert measured.jitter == pytest.approx(float(mean) / 1000, rel=0.2, abs=5e-6)
