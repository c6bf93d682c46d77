"""Recordings that others made: the five of transfers are diagnosed as their reader would, and all go through."""

from pathlib import Path

import pytest

from gateway.diagnosis.case import Case, Severity
from gateway.diagnosis.examination import diagnose
from gateway.resources import folder
from tests.diagnosis.recordings import named, rules_of
from tests.shared import captures, or_skipped
from tests.shared import folder as shared

ALL = [path for name in ("public", "libpri", "h323") for path in captures(f"pcaps/{name}")]


def case(recording: str) -> Case:
    (found,) = diagnose(shared("pcaps/public") / recording).cases
    return found


def test_attended_transfer_that_is_refused_with_488() -> None:
    """A phone behind a NAT (180.173.83.248) asks its SBC, which asks the PBX 192.168.1.191: 407, then 488 with a
    Reason (frames 116 to 119). The SBC rewrote the Replaces (frame 117) to a Call-ID that its side of the
    consultation call (frame 66) does not have. That ends the transfer; the phone clears both calls.
    """
    found = case("heplify__erspan_sip_ipv4_udp.pcapng")
    refused = named(found, "refer-refused")
    assert refused.what.startswith("192.168.1.191 refused the REFER with 488 Not Acceptable Here")
    assert "Transfer impossible: No call handling ressources" in refused.what
    assert set(refused.frames) == {116, 117, 118, 119}
    replaced = named(found, "replaced-dialog")
    assert "20797C32-5AF5017B00043F0C-FA7FD700, which no call of this recording has" in replaced.what
    assert replaced.frames == (112, 66)
    assert {each.rule for each in found.findings if each.severity is Severity.ERROR} == {
        "refer-refused",
        "replaced-dialog",
    }
    nat = [each for each in found.findings if each.rule == "contact"]
    assert all(each.severity is Severity.NOTE and "192.168.8.53" in each.what for each in nat)


def test_transfer_whose_notifies_are_refused() -> None:
    """The auto attendant 192.168.5.11 refers the caller to 204, takes the 202 (frame 589), clears 2 ms later and
    answers both NOTIFYs with 488 (594, 598). The call to 204 comes about all the same (602, 603).
    """
    found = case("goffinet__voip-extension.pcap")
    assert str(found.transfer.outcome) == "succeeded"
    refused = named(found, "notify-refused")
    assert refused.severity is Severity.WARNING
    assert refused.what.startswith("Both NOTIFYs were refused by 192.168.5.11 with 488 Not Acceptable Here")
    assert refused.frames == (593, 594, 597, 598)
    assert named(found, "early-bye").frames == (589, 590)
    assert named(found, "retransmission").frames == (590, 599, 600)
    assert not [each for each in found.findings if each.severity is Severity.ERROR]


def test_quality_of_the_transfer_whose_notifies_are_refused() -> None:
    found = case("goffinet__voip-extension.pcap")
    before = [each for each in found.quality if each.phase == "before"]
    assert {each.codec for each in before} == {"pcmu/8000"}
    assert {each.dscp for each in before} == {(46,), (0,)}
    assert sum(each.packets for each in found.quality) == 286 + 289


def test_transfer_that_succeeds_with_q850_reasons() -> None:
    """REFER (frame 13), 202, NOTIFY 100, 180 and 200 (19); then both sides clear at once (21, 22 with cause 16)."""
    found = case("russo__sip_refer_transfer.pcapng")
    assert str(found.transfer.outcome) == "succeeded"
    assert {each.severity for each in found.findings} == {Severity.NOTE}
    assert sorted(rules_of(found)) == ["early-bye", "notify-form"]
    assert named(found, "early-bye").frames == (21, 22)
    assert named(found, "notify-form").frames == (19,)
    assert "Reason: Q.850;cause=16" in next(each.text for each in found.messages if each.frame == 22)


def test_transfer_by_bye_also() -> None:
    """A BYE with Also (frame 5) is answered 200 and nothing follows."""
    found = case("russo__sip_bye_also_transfer.pcapng")
    assert rules_of(found) == ["bye-also"]
    assert named(found, "bye-also").frames == (5, 6)


def test_transfer_inside_a_pbx_without_any_refer() -> None:
    """The PBX holds (frame 144), plays music (148), then says with UPDATE (626) that 1024 speaks now and not 1234."""
    found = diagnose(shared("pcaps/public") / "russo__sip_hold_transfer.pcapng")
    assert found.cases == ()
    (finding,) = found.findings
    assert finding.rule == "without-refer"
    assert finding.severity is Severity.NOTE
    assert set(finding.frames) >= {626, 628}
    assert "sip:1024@10.180.110.48 and no longer sip:1234@10.180.110.48" in finding.what


@pytest.mark.parametrize("path", or_skipped(ALL), ids=lambda path: path.name)
def test_every_recording_goes_through(path: Path) -> None:
    found = diagnose(path)
    assert found.packets
    assert not [what for _, what in found.problems if what.startswith("rule ")]
    assert found.as_document()


SOUND = {
    "sip_attended_numbers",
    "sip_attended_tcp",
    "sip_attended_udp",
    "sip_attended_target_calls_transferor",
    "sip_blind_success",
    "sip_notify_before_accepted",
    "sip_refer_target_dialog",
    "teams_blind",
    "etsi_explicit",
    "qsig_join",
    "ni2_tbct",
}


@pytest.mark.parametrize("name", sorted(SOUND))
def test_nothing_is_found_where_nothing_is_wrong(name: str) -> None:
    assert diagnose(folder("pcaps") / f"{name}.pcap").all_findings == ()


@pytest.mark.parametrize(
    ("name", "rule", "says"),
    [
        ("sip_blind_busy", "transfer-failed", "486 Busy Here"),
        ("sip_refer_refused", "refer-refused", "603 Decline"),
        ("sip_semi_attended_early_replaces", "no-such-dialog", "still ringing"),
        ("sip_pending", "notify-missing", "No final NOTIFY"),
        ("sip_retransmitted", "retransmission", "sent 2 times"),
        ("sip_blind_early_bye", "early-bye", "does not wait for the outcome"),
        ("sip_bye_also", "bye-also", "BYE with Also"),
        ("sip_cisco_remotecc", "refer-headers", "no call transfer"),
        ("etsi_explicit_refused", "operation-refused", "notAvailable"),
        ("etsi_link_id_refused", "operation-refused", "resourceUnavailable"),
        ("ni2_tbct_refused", "operation-refused", "callFailure"),
    ],
)
def test_bundled_recordings_of_what_goes_wrong(name: str, rule: str, says: str) -> None:
    found = diagnose(folder("pcaps") / f"{name}.pcap").all_findings
    assert says in next(each.what for each in found if each.rule == rule)
