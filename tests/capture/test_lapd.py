"""The D channel: directions, data links, repeated frames (Q.921)."""

from pathlib import Path

import pytest

from gateway.capture.lapd import lapd, linux_lapd
from gateway.model.errors import DecodeError
from tests.capture.recording import FACILITY, read_packets

FROM_USER, FROM_NETWORK = b"\x00\x81", b"\x02\x81"
"""Address of a command on SAPI 0, TEI 64."""


def i_frame(send: int, octets: bytes = FACILITY, address: bytes = FROM_USER) -> bytes:
    return address + bytes([send << 1, 0]) + octets


def cooked(packet_type: int, network: bool, frame: bytes) -> bytes:
    return bytes([0, packet_type]) + b"\x20\xfd\x00\x01" + bytes([network]) + bytes(7) + b"\x00\x30" + frame


@pytest.mark.parametrize(
    ("address", "sides"), [(FROM_USER, ("user", "network")), (FROM_NETWORK, ("network", "user"))]
)
def test_command_bit_tells_the_direction(tmp_path: Path, address: bytes, sides: tuple[str, str]) -> None:
    (signal,) = read_packets(tmp_path, [i_frame(0, address=address)], 203).signals
    assert (signal.source, signal.destination) == sides
    assert (signal.octets, signal.transport, signal.link) == (FACILITY, "lapd", "lapd:0/sapi0/tei64")


@pytest.mark.parametrize(
    ("packet_type", "network", "source"),
    [(0, True, "user"), (4, True, "network"), (0, False, "network"), (4, False, "user"), (3, False, "user")],
)
def test_pseudo_header_tells_the_direction(tmp_path: Path, packet_type: int, network: bool, source: str) -> None:
    found = read_packets(tmp_path, [cooked(packet_type, network, i_frame(0))], 177)
    assert found.signals[0].source == source


def test_unnumbered_information_on_the_broadcast_link(tmp_path: Path) -> None:
    (signal,) = read_packets(tmp_path, [b"\x02\xff\x03" + FACILITY], 203).signals
    assert (signal.octets, signal.link) == (FACILITY, "lapd:0/sapi0/tei127")


def test_frame_sent_again_counts_once(tmp_path: Path) -> None:
    frames = [i_frame(0), i_frame(1), i_frame(1), i_frame(0), i_frame(2)]
    assert len(read_packets(tmp_path, frames, 203).signals) == 3


def test_same_message_under_another_number_counts_again(tmp_path: Path) -> None:
    assert len(read_packets(tmp_path, [i_frame(number % 128) for number in range(300)], 203).signals) == 300


def test_both_directions_and_each_terminal_have_numbers_of_their_own(tmp_path: Path) -> None:
    frames = [i_frame(0), i_frame(0, address=FROM_NETWORK), i_frame(0, address=b"\x00\x83")]
    assert len(read_packets(tmp_path, frames, 203).signals) == 3


@pytest.mark.parametrize("sabme", [b"\x00\x81\x7f", b"\x00\x81\x6f"])
def test_numbers_begin_anew_when_the_link_is_established(tmp_path: Path, sabme: bytes) -> None:
    assert len(read_packets(tmp_path, [i_frame(0), sabme, i_frame(0)], 203).signals) == 2


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(b"\x00\x81\x01\x02", id="RR"),
        pytest.param(b"\x02\x81\x73", id="UA"),
        pytest.param(b"\xfc\xff\x03\x0f\x00\x00\x01\xff", id="TEI management, SAPI 63"),
        pytest.param(b"\x40\x81\x00\x00\x08\x00", id="packet data, SAPI 16"),
        pytest.param(i_frame(0, b"\x41\x01"), id="another protocol discriminator"),
    ],
)
def test_frames_without_call_control(tmp_path: Path, frame: bytes) -> None:
    found = read_packets(tmp_path, [frame], 203)
    assert (found.signals, found.problems) == ([], [])


@pytest.mark.parametrize("frame", [b"", b"\x00\x81", b"\x01\x81\x00\x00", b"\x00\x80\x00\x00", b"\x00\x81\x00"])
def test_broken_frame(frame: bytes) -> None:
    with pytest.raises(DecodeError, match="LAPD frame"):
        lapd(frame)


def test_pseudo_header_cut_short() -> None:
    with pytest.raises(DecodeError, match="link header"):
        linux_lapd(b"\x00\x04\x20")
