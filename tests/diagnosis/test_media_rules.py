"""Findings about RTP: one-way media, changes of path and DSCP, and how it fared."""

from pathlib import Path

import pytest

from gateway.diagnosis.case import Severity
from tests.diagnosis.recordings import ALICE, BOB, CAROL, Dialog, Wire, named, rules_of, sdp
from tests.diagnosis.scenes import ALICE_SDP, BOB_SDP, TARGET, blind, first_call, target_call

A, B, C = f"{ALICE}:4000", f"{BOB}:4010", f"{CAROL}:4020"


def talk_before(wire: Wire) -> tuple[Dialog, Dialog]:
    """Two seconds of Alice and Bob, then the transfer."""
    start = wire.now
    wire.talk(A, B, start + 0.05, 0.9, ssrc=1)
    wire.talk(B, A, start + 0.05, 0.9, ssrc=2)
    return blind(wire)


def end(wire: Wire, first: Dialog, target: Dialog) -> None:
    first.clear()
    wire.wait(3.0)
    target.clear()


def test_media_both_ways_are_fine(tmp_path: Path) -> None:
    wire = Wire()
    first, target = talk_before(wire)
    wire.talk(B, C, wire.now, 2.5, ssrc=3)
    wire.talk(C, B, wire.now, 2.5, ssrc=4)
    end(wire, first, target)
    case = wire.case(tmp_path)
    assert rules_of(case) == ["media-change"]
    finding = named(case, "media-change")
    assert finding.severity is Severity.NOTE
    assert f"media of {BOB} went to {ALICE} and go to {CAROL}" in finding.what


def test_one_way_media_after_the_transfer(tmp_path: Path) -> None:
    wire = Wire()
    first, target = talk_before(wire)
    wire.talk(B, C, wire.now, 2.5, ssrc=3)
    end(wire, first, target)
    finding = named(wire.case(tmp_path), "one-way-media")
    assert finding.severity is Severity.ERROR
    assert f"{B} sends to {C}" in finding.what
    assert finding.leg == "1"
    assert len(finding.frames) == 2  # the INVITE and the 200 that named the sockets


def test_media_one_way_on_purpose(tmp_path: Path) -> None:
    wire = Wire()
    first = first_call(wire)
    first.refer(TARGET)
    first.answer("202 Accepted", "REFER")
    only_sends = sdp(BOB, 4010, more="a=sendonly\r\n")
    target = target_call(wire, offer=only_sends, body=sdp(CAROL, 4020, more="a=recvonly\r\n"))
    first.notify("200 OK")
    wire.talk(B, C, wire.now, 2.5)
    end(wire, first, target)
    assert "one-way-media" not in rules_of(wire.case(tmp_path))


def test_a_change_of_dscp(tmp_path: Path) -> None:
    wire = Wire()
    first, target = talk_before(wire)
    wire.talk(B, C, wire.now, 2.5, ssrc=3, dscp=0)
    wire.talk(C, B, wire.now, 2.5, ssrc=4)
    end(wire, first, target)
    found = [each.what for each in wire.case(tmp_path).findings if each.severity is Severity.WARNING]
    assert found == [f"Packets of {BOB} had DSCP 46 and have 0 after the transfer."]


def test_loss_and_gaps(tmp_path: Path) -> None:
    wire = Wire()
    first, target = talk_before(wire)
    wire.talk(B, C, wire.now, 2.5, ssrc=3, lose=tuple(range(40, 100)))
    wire.talk(C, B, wire.now, 2.5, ssrc=4)
    end(wire, first, target)
    finding = named(wire.case(tmp_path), "media-quality")
    assert finding.severity is Severity.ERROR
    assert "48.0 % of the packets lost" in finding.what
    assert "a gap of 1.2 s" in finding.what


def test_the_quality_of_every_stream_before_and_after(tmp_path: Path) -> None:
    wire = Wire()
    first, target = talk_before(wire)
    wire.talk(B, C, wire.now, 2.0, ssrc=3, lose=(5, 6), shake=0.004)
    wire.talk(C, B, wire.now, 2.0, ssrc=4, dscp=34)
    end(wire, first, target)
    quality = {(each.source, each.phase): each for each in wire.case(tmp_path).quality}
    assert set(quality) == {(A, "before"), (B, "before"), (B, "after"), (C, "after")}
    lossy = quality[B, "after"]
    assert (lossy.packets, lossy.lost, lossy.codec, lossy.dscp) == (98, 2, "pcma/8000", (46,))
    assert lossy.jitter_most == pytest.approx(0.004, abs=0.0005)
    assert lossy.loss == pytest.approx(0.02)
    assert not lossy.encrypted
    assert quality[C, "after"].dscp == (34,)
    assert quality[C, "after"].jitter == pytest.approx(0.0, abs=1e-6)
    assert quality[A, "before"].leg == "0"
    assert lossy.leg == "1"


def test_srtp_is_told_from_rtp(tmp_path: Path) -> None:
    wire = Wire()
    start = wire.now
    wire.talk(A, B, start + 0.05, 0.9)
    first = Dialog(wire, ALICE, BOB, "first1", users=("alice", "bob"))
    secured = "RTP/SAVP"
    first.set_up(sdp(ALICE, 4000, protocol=secured), sdp(BOB, 4010, protocol=secured))
    wire.wait(1.0)
    first.refer(TARGET)
    first.answer("202 Accepted", "REFER")
    first.notify("200 OK")
    (stream,) = wire.case(tmp_path).quality
    assert stream.encrypted


def test_reports_of_the_receiver(tmp_path: Path) -> None:
    wire = Wire()
    start = wire.now
    wire.talk(A, B, start + 0.05, 0.9, ssrc=0x1234)
    report = bytes.fromhex("81c90007 00000002 00001234 10000005 00000090 00000050 00000000 00000000")
    wire.send(f"{BOB}:4011", f"{ALICE}:4001", report, at=start + 0.9)
    first = first_call(wire)
    first.refer(TARGET)
    first.answer("202 Accepted", "REFER")
    first.notify("200 OK")
    (stream,) = wire.case(tmp_path).quality
    assert stream.reported_lost == 5
    assert stream.reported_jitter == pytest.approx(0.01)


def test_media_of_other_calls_are_left_aside(tmp_path: Path) -> None:
    wire = Wire()
    wire.talk("10.9.9.9:7000", "10.9.9.8:7000", wire.now, 1.0)
    other = Dialog(wire, "10.9.9.9", "10.9.9.8", "others")
    other.set_up(sdp("10.9.9.9", 7000), sdp("10.9.9.8", 7000))
    talk_before(wire)
    case = wire.case(tmp_path)
    assert {each.source for each in case.quality} == {A, B}


@pytest.mark.parametrize("offer", [ALICE_SDP, BOB_SDP.replace("4010", "0")])
def test_a_recording_without_media_says_nothing_of_them(offer: str, tmp_path: Path) -> None:
    wire = Wire()
    first = Dialog(wire, ALICE, BOB, "first1")
    first.set_up(offer, BOB_SDP)
    first.refer(TARGET)
    first.answer("202 Accepted", "REFER")
    first.notify("200 OK")
    assert wire.case(tmp_path).quality == ()
