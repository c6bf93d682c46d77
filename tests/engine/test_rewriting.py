"""A transfer told again in another dialect: answers answer something, joins are announced when they are done."""

from pathlib import Path

import pytest

from gateway.capture.replay import replay
from gateway.resources import folder
from gateway.sip.message import Message, parse
from tests import shared


def written(capture: str, target: str, tmp_path: Path) -> tuple[list[str], list[str]]:
    """Names of what is written, and what is lost as a whole."""
    report = replay(folder("pcaps") / capture, target=target, output=tmp_path / "out.pcap")
    (rewritten,) = report.rewritten
    names = [sent.message.name for sent in rewritten.sent]
    return names, [lost.what for lost in rewritten.lost if lost.what[:1].isupper()]


def sip(capture: str, tmp_path: Path) -> list[Message]:
    report = replay(folder("pcaps") / capture, target="sip", output=tmp_path / "out.pcap")
    return [parse(sent.message.octets) for sent in report.rewritten[0].sent]


def test_no_answer_without_the_request_that_it_answers(tmp_path: Path) -> None:
    names, lost = written("sip_blind_success.pcap", "etsi-ect", tmp_path)
    assert names == []
    assert {"TransferRequest", "TransferOutcome"} <= set(lost)


def test_a_refused_transfer_is_not_announced_as_a_join(tmp_path: Path) -> None:
    names, lost = written("etsi_explicit_refused.pcap", "qsig", tmp_path)
    assert names == []
    assert "TransferRequest" in lost


def test_a_refused_transfer_is_asked_for_where_it_can_be_refused(tmp_path: Path) -> None:
    assert written("etsi_explicit_refused.pcap", "ni2-tbct", tmp_path)[0] == ["FACILITY", "FACILITY"]


def test_refer_is_accepted_before_it_is_reported_on(tmp_path: Path) -> None:
    messages = sip("etsi_explicit.pcap", tmp_path)
    assert [message.method for message in messages] == ["REFER", "REFER", "NOTIFY"]
    assert messages[1].status == 202


def test_the_other_side_speaks_from_its_own_end_of_the_dialog(tmp_path: Path) -> None:
    refer, accepted, *notifies = sip("sip_blind_success.pcap", tmp_path)
    assert (accepted.from_tag, accepted.to_tag) == (refer.from_tag, refer.to_tag)
    assert accepted.cseq == refer.cseq
    assert len(notifies) > 1
    assert {(each.from_tag, each.to_tag) for each in notifies} == {(refer.to_tag, refer.from_tag)}
    numbers = [each.cseq for each in notifies]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("capture", ["sip_blind_success", "sip_blind_busy", "sip_refer_refused", "sip_attended_udp"])
def test_what_is_written_as_sip_is_the_same_transfer(capture: str, tmp_path: Path) -> None:
    output = tmp_path / "out.pcap"
    (before,) = replay(folder("pcaps") / f"{capture}.pcap", target="sip", output=output).transfers
    (after,) = replay(output).transfers
    assert (after.kind, after.outcome, after.status) == (before.kind, before.outcome, before.status)


def test_the_far_side_names_a_call_before_it_is_transferred(tmp_path: Path) -> None:
    report = replay(folder("pcaps") / "sip_attended_udp.pcap", target="h4502", output=tmp_path / "out.pcap")
    legs = [(sent.message.leg, sent.from_gateway) for sent in report.rewritten[0].sent]
    assert legs[:3] == [("secondary", True), ("secondary", False), ("primary", True)]


def test_parties_that_only_the_calls_tell_are_named(tmp_path: Path) -> None:
    report = replay(folder("pcaps") / "etsi_explicit.pcap", target="qsig", output=tmp_path / "out.pcap")
    octets = [sent.message.octets for sent in report.rewritten[0].sent]
    (transfer,) = report.transfers
    assert transfer.target.encode() in octets[0]
    assert transfer.transferee.encode() in octets[1]


def test_a_name_for_a_call_is_no_request_yet(tmp_path: Path) -> None:
    names, lost = written("sip_blind_success.pcap", "dms-rlt", tmp_path)
    assert names == []
    assert "TransferOutcome" in lost


def test_teams_gets_no_answer_to_a_refer_that_is_not_written(tmp_path: Path) -> None:
    names, lost = written("teams_blind.pcap", "teams", tmp_path)
    assert names == ["INVITE"]
    assert "TransferOutcome" in lost


def test_a_redirection_has_no_subscription(tmp_path: Path) -> None:
    assert [message.status for message in sip("etsi_call_rerouteing.pcap", tmp_path)] == [302]


def test_two_transfers_of_one_dialog_have_numbers_of_their_own(tmp_path: Path) -> None:
    output = tmp_path / "out.pcap"
    before = replay(folder("pcaps") / "sip_refer_twice.pcap", target="sip", output=output).transfers
    after = replay(output).transfers
    assert [each.status for each in after] == [each.status for each in before] == [404, 200]


def test_a_refused_transfer_is_refused_by_the_response(tmp_path: Path) -> None:
    refer, refusal = sip("etsi_explicit_refused.pcap", tmp_path)
    assert (refer.method, refusal.status) == ("REFER", 501)


@pytest.mark.parametrize(
    ("capture", "target"), [("dms_rlt", "h4502"), ("etsi_explicit", "h4502"), ("sip_attended_numbers", "h4502")]
)
def test_a_name_of_another_dialect_is_asked_for_anew(capture: str, target: str, tmp_path: Path) -> None:
    output = tmp_path / "out.pcap"
    replay(folder("pcaps") / f"{capture}.pcap", target=target, output=output)
    (transfer,) = replay(output).transfers
    assert (transfer.kind, transfer.outcome) == ("attended", "succeeded")


def test_a_refusal_to_name_the_call_is_written_in_its_own_dialect(tmp_path: Path) -> None:
    assert written("etsi_link_id_refused.pcap", "etsi-ect", tmp_path)[0] == ["FACILITY", "FACILITY"]


def test_what_a_gatekeeper_passed_on_is_told_once(tmp_path: Path) -> None:
    recording = shared.folder("pcaps/h323") / "gk_routed_blind.pcap"
    output = tmp_path / "out.pcap"
    replay(recording, target="sip", output=output)
    (transfer,) = replay(output).transfers
    assert (transfer.kind, transfer.outcome, transfer.status) == ("blind", "succeeded", 200)
