"""LAPD frames octet by octet (Q.921 2 and 3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.isdn import lapd_frame
from gateway.isdn.lapd_frame import Frame, FrameReject, Kind
from gateway.model.errors import DecodeError


@pytest.mark.parametrize(
    ("octets", "kind", "poll_final"),
    [
        ("00 01 7f", Kind.SABME, True),
        ("00 01 6f", Kind.SABME, False),
        ("02 01 1f", Kind.DM, True),
        ("02 01 0f", Kind.DM, False),
        ("02 ff 03", Kind.UI, False),
        ("00 01 53", Kind.DISC, True),
        ("02 01 73", Kind.UA, True),
        ("02 01 97 00 00 00 00 01", Kind.FRMR, True),
        ("00 01 bf", Kind.XID, True),
        ("00 01 01 03", Kind.RR, True),
        ("00 01 05 02", Kind.RNR, False),
        ("00 01 09 02", Kind.REJ, False),
        ("00 01 02 05 08", Kind.I, True),
        ("00 01 0d 02", Kind.UNDEFINED, False),
        ("00 01 e3", Kind.UNDEFINED, False),
    ],
)
def test_control_fields_of_table_5(octets: str, kind: Kind, poll_final: bool) -> None:
    frame = lapd_frame.decode(bytes.fromhex(octets))
    assert (frame.kind, frame.poll_final) == (kind, poll_final)


def test_address_field() -> None:
    frame = lapd_frame.decode(bytes.fromhex("fe 81 03"))
    assert (frame.sapi, frame.tei, frame.c_r) == (63, 64, True)
    assert lapd_frame.address(63, 64, c_r=True).hex() == "fe81"


def test_information_frame_has_both_numbers() -> None:
    frame = lapd_frame.decode(bytes.fromhex("0001 fe03 0802"))
    assert (frame.send_number, frame.receive_number, frame.information) == (127, 1, b"\x08\x02")
    assert lapd_frame.information(b"\0\1", 127, 1, b"\x08\x02", poll=True) == bytes.fromhex("0001fe030802")


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param("", id="nothing"),
        pytest.param("0001", id="no control field"),
        pytest.param("01 01 73", id="address of one octet"),
        pytest.param("00 00 73", id="address of more than two octets"),
        pytest.param("00 01 01", id="RR without N(R)"),
        pytest.param("00 01 00", id="I without N(R)"),
    ],
)
def test_invalid_frames(octets: str) -> None:
    with pytest.raises(DecodeError):
        lapd_frame.decode(bytes.fromhex(octets))


@pytest.mark.parametrize(
    ("report", "octets"),
    [
        (FrameReject(b"\xe3", 5, 3, was_response=False, undefined=True), "e300 0a06 01"),
        (FrameReject(b"\x01\x02", 5, 3, was_response=True, not_permitted=True), "0102 0a07 03"),
        (FrameReject(b"\x02\x04", 0, 0, was_response=False, too_long=True), "0204 0000 04"),
        (FrameReject(b"\x01\x14", 1, 0, was_response=False, wrong_number=True), "0114 0200 08"),
    ],
)
def test_information_of_frmr(report: FrameReject, octets: str) -> None:
    assert report.octets() == bytes.fromhex(octets)
    read = lapd_frame.frame_reject(report.octets())
    assert read.octets() == report.octets()
    assert read.control == report.control


@given(st.binary(max_size=40))
def test_any_octets_are_a_frame_or_a_decode_error(octets: bytes) -> None:
    try:
        frame = lapd_frame.decode(octets)
    except DecodeError:
        return
    assert written(frame) == octets


def written(frame: Frame) -> bytes:
    return lapd_frame.address(frame.sapi, frame.tei, c_r=frame.c_r) + frame.control + frame.information


@given(st.sampled_from((Kind.RR, Kind.RNR, Kind.REJ)), st.integers(0, 127), st.booleans())
def test_supervisory_frames_read_as_written(kind: Kind, number: int, poll_final: bool) -> None:
    frame = lapd_frame.decode(lapd_frame.supervisory(b"\0\1", kind, number, poll_final=poll_final))
    assert (frame.kind, frame.receive_number, frame.poll_final, frame.information) == (kind, number, poll_final, b"")


@given(st.sampled_from((Kind.SABME, Kind.DM, Kind.UI, Kind.DISC, Kind.UA, Kind.FRMR)), st.booleans())
def test_unnumbered_frames_read_as_written(kind: Kind, poll_final: bool) -> None:
    frame = lapd_frame.decode(lapd_frame.unnumbered(b"\0\1", kind, b"x", poll_final=poll_final))
    assert (frame.kind, frame.poll_final, frame.information) == (kind, poll_final, b"x")
