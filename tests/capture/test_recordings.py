"""Recordings that others made, read to their end and counted against tshark; payloads against scapy."""

from collections import Counter
from pathlib import Path

import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.utils import PcapReader

from gateway.capture.signals import Signal
from tests.capture.recording import read
from tests.peers import tshark
from tests.shared import captures, folder

SHARED = [path for name in ("public", "libpri", "h323") for path in captures(f"pcaps/{name}")]
BUNDLED = sorted((Path(__file__).resolve().parents[2] / "pcaps").glob("*.pcap*"))

TSHARK_DOES_NOT_READ = {
    # SIP behind a lone line feed, which the proxy in this recording does accept and pass on
    "aflnet__sip-afl.pcap": Counter(ACK=2),
    # PRI backhaul: tshark has no dissector for it on TCP
    "russo__fax_t38_nse_mgcp_ogw.pcapng": Counter(
        {"0x05": 1, "0x02": 1, "0x01": 1, "0x07": 1, "0x0f": 1, "0x45": 1, "0x4d": 1, "0x5a": 1}
    ),
}


def name(signal: Signal) -> str:
    """As tshark's fields have it: method, status code, or Q.931 message type."""
    if signal.protocol == "sip":
        first, second, _ = signal.octets.split(b" ", 2)
        return (second if first == b"SIP/2.0" else first).decode()
    return f"0x{signal.octets[2 + (signal.octets[1] & 15)]:02x}"


def counted_by_tshark(path: Path) -> Counter[str]:
    """Not in ICMP errors, which quote a message that was not delivered. Some H.245 is Q.931 without a message type
    to tshark, and has no field to be counted by.
    """
    names = ["sip.Method", "sip.Status-Code", "q931.message_type"]
    rows = tshark.fields(path, names, where="(sip or q931) and not icmp")
    return Counter(value for row in rows for field in row for value in field.split(",") if value)


@pytest.mark.parametrize("path", SHARED + BUNDLED, ids=lambda path: path.name)
def test_messages_are_those_that_tshark_finds(path: Path) -> None:
    found = Counter(name(signal) for signal in read(path).signals)
    assert found - TSHARK_DOES_NOT_READ.get(path.name, Counter()) == counted_by_tshark(path)


def test_every_recording_of_the_folders_was_read() -> None:
    assert {path.parent for path in SHARED} == {folder(f"pcaps/{kind}") for kind in ("public", "libpri", "h323")}


@pytest.mark.parametrize(
    "recording", ["goffinet__voip-extension.pcap", "bruteshark__sip-rtp-g726.pcap", "isa__sip_2.pcap"]
)
def test_udp_payloads_and_endpoints_are_those_that_scapy_sees(recording: str) -> None:
    path = folder("pcaps/public") / recording
    with PcapReader(str(path)) as packets:
        seen = {frame: packet for frame, packet in enumerate(packets, 1) if UDP in packet}
    signals = read(path).signals
    assert signals
    for signal in signals:
        packet = seen[signal.frame]
        assert signal.octets == bytes(packet[UDP].payload)[: len(signal.octets)]
        assert signal.source == f"{packet[IP].src}:{packet[UDP].sport}"
        assert signal.destination == f"{packet[IP].dst}:{packet[UDP].dport}"
        assert signal.time == pytest.approx(float(packet.time), abs=1e-6)


def test_tcp_payloads_are_those_that_scapy_sees() -> None:
    path = folder("pcaps/public") / "russo__sip_refer_transfer.pcapng"
    with PcapReader(str(path)) as packets:
        sent = b"".join(bytes(packet[TCP].payload) for packet in packets if packet[TCP].payload)
    assert b"".join(read(path).octets) == sent


def test_backhaul_recording_holds_a_whole_pri_call() -> None:
    found = read(folder("pcaps/public") / "russo__fax_t38_nse_mgcp_ogw.pcapng").signals
    q931 = [signal for signal in found if signal.protocol == "q931"]
    assert [name(signal) for signal in q931] == ["0x05", "0x02", "0x01", "0x07", "0x0f", "0x45", "0x4d", "0x5a"]
    assert {signal.link for signal in q931} == {"backhaul:1"}


def test_directions_of_the_libpri_recordings_follow_the_call_reference_flag() -> None:
    """The flag is 0 in what the side sends that took the call reference: the SETUP's sender (Q.931 4.3)."""
    signals = read(folder("pcaps/libpri") / "etsi_implicit.pcap").signals
    assert {signal.source for signal in signals} == {"user", "network"}
    for signal in signals:
        assert (signal.source == "user") == (not signal.octets[2] & 0x80)


def test_recorder_that_kept_128_octets_of_each_packet() -> None:
    found = read(folder("pcaps/public") / "russo__fax_t38_nse_sip_tgw.pcapng")
    assert len(found.signals) == 9
    assert all("cut short by the capture" in problem.what for problem in found.problems)
    assert len(found.problems) == 4
