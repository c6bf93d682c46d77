"""LAPD frames of several D channels in one capture."""

from pathlib import Path

from gateway.capture.signals import signals
from gateway.capture.writer import Writer
from gateway.isdn import lapd_frame
from gateway.isdn.lapd_frame import Kind
from tests.peers import tshark

SETUP_ACKNOWLEDGE = bytes.fromhex("0801810d")


def frame(*, from_user: bool) -> bytes:
    address = lapd_frame.address(0, 0, c_r=not from_user)
    return lapd_frame.information(address, 0, 0, SETUP_ACKNOWLEDGE)


def test_each_d_channel_is_an_interface_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "two.pcapng"
    with Writer(path) as writer:
        writer.lapd(1.0, "pri", False, frame(from_user=False))
        writer.lapd(2.0, "bri", True, frame(from_user=True))
    found = [(each.link, each.source, each.octets) for each in signals(path, print)]
    assert found == [
        ("lapd:2/sapi0/tei0", "network", SETUP_ACKNOWLEDGE),
        ("lapd:3/sapi0/tei0", "user", SETUP_ACKNOWLEDGE),
    ]


def test_supervisory_frames_are_written_too_and_read_by_tshark(tmp_path: Path) -> None:
    path = tmp_path / "link.pcapng"
    with Writer(path) as writer:
        writer.lapd(1.0, "pri", True, lapd_frame.unnumbered(lapd_frame.address(0, 0, c_r=False), Kind.SABME))
        writer.lapd(1.5, "pri", False, frame(from_user=False))
    rows = tshark.fields(path, ["frame.number", "q931.message_type", "frame.interface_name"])
    assert [row[1:] for row in rows] == [["", "pri"], ["0x0d", "pri"]]
