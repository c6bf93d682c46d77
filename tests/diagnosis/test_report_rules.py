"""Findings about what follows an accepted REFER: NOTIFYs, the call to the target, the BYE."""

from pathlib import Path

import pytest

from gateway.diagnosis.case import Severity
from tests.diagnosis.recordings import ALICE, BOB, CAROL, Dialog, Wire, named, rules_of, sdp
from tests.diagnosis.scenes import ALICE_SDP, TARGET, blind, first_call, replacing, target_call


def accepted(wire: Wire) -> Dialog:
    first = first_call(wire)
    first.refer(TARGET)
    first.answer("202 Accepted", "REFER")
    return first


def test_no_notify_at_all(tmp_path: Path) -> None:
    wire = Wire()
    first = accepted(wire)
    target_call(wire)
    wire.wait(10.0)
    first.clear()
    finding = named(wire.case(tmp_path), "notify-missing")
    assert finding.severity is Severity.ERROR
    assert "no NOTIFY follows" in finding.what


def test_no_notify_is_wanted_with_refer_sub_false(tmp_path: Path) -> None:
    wire = Wire()
    first = first_call(wire)
    first.refer(TARGET, headers={"Refer-Sub": "false"})
    first.answer("202 Accepted", "REFER", headers={"Refer-Sub": "false"})
    target_call(wire)
    wire.wait(10.0)
    first.clear()
    assert wire.case(tmp_path).findings == ()


def test_no_final_notify(tmp_path: Path) -> None:
    wire = Wire()
    first = accepted(wire)
    notify = first.notify("100 Trying")
    wire.wait(30.0)
    first.clear()
    finding = named(wire.case(tmp_path), "notify-missing")
    assert "No final NOTIFY" in finding.what
    assert notify in finding.frames


def test_a_subscription_that_ends_with_a_provisional_status(tmp_path: Path) -> None:
    wire = Wire()
    first = accepted(wire)
    first.notify("180 Ringing", state="terminated;reason=timeout")
    assert "ends with a provisional status" in named(wire.case(tmp_path), "notify-missing").what


@pytest.mark.parametrize(
    ("status", "ends"), [("481 Call Leg Does Not Exist", "ends"), ("488 Not Acceptable Here", "need not end")]
)
def test_notifies_that_are_refused(status: str, ends: str, tmp_path: Path) -> None:
    wire = Wire()
    first = accepted(wire)
    frame = first.notify("100 Trying", answer=status)
    target_call(wire)
    wire.wait(2.0)
    finding = named(wire.case(tmp_path), "notify-refused")
    assert finding.what.startswith(f"The only NOTIFY was refused by {ALICE} with {status}")
    assert f"That {ends} the subscription" in finding.what
    assert finding.frames[0] == frame


def test_the_form_of_notifies(tmp_path: Path) -> None:
    wire = Wire()
    first = accepted(wire)
    open_end = first.notify("100 Trying", state="active")
    target_call(wire)
    still_open = first.notify("200 OK", state="active;expires=10")
    found = {each.frames[0]: each.what for each in wire.case(tmp_path).findings if each.rule == "notify-form"}
    assert "no expires" in found[open_end]
    assert "leaves the subscription open" in found[still_open]


def test_a_notify_without_subscription_state_or_status_line(tmp_path: Path) -> None:
    wire = Wire()
    first = accepted(wire)
    first.notify("100 Trying", headers={"Subscription-State": None})
    first.notify("200 OK", headers={"Event": "refer"})
    assert "no Subscription-State" in named(wire.case(tmp_path), "notify-form").what


def test_the_second_refer_of_a_dialog_needs_an_id(tmp_path: Path) -> None:
    wire = Wire()
    first = accepted(wire)
    first.notify("404 Not Found")
    first.refer(f"sip:dave@{CAROL}")
    first.answer("202 Accepted", "REFER")
    first.notify("486 Busy Here")
    cases = wire.diagnosis(tmp_path).cases
    finding = named(cases[1], "notify-form")
    assert finding.clause == "RFC 3515 §2.4.6"
    assert finding.header == "Event"


def test_a_bye_of_the_transferee_before_the_final_notify(tmp_path: Path) -> None:
    wire = Wire()
    first = accepted(wire)
    first.notify("100 Trying")
    bye = first.clear(by=1)
    target_call(wire)
    finding = named(wire.case(tmp_path), "early-bye")
    assert finding.severity is Severity.ERROR
    assert finding.what.startswith(f"{BOB} accepted the REFER and clears the call")
    assert bye in finding.frames


def test_a_gateway_that_clears_before_teams_does(tmp_path: Path) -> None:
    wire = Wire()
    first = first_call(wire)
    first.refer(TARGET, headers={"User-Agent": "Microsoft.PSTNHub.SIPProxy v.2024.2.6.5"})
    first.answer("202 Accepted", "REFER")
    target_call(wire)
    first.notify("200 OK")
    first.clear(by=1)
    finding = named(wire.case(tmp_path), "early-bye")
    assert finding.severity is Severity.ERROR
    assert "Microsoft Teams" in finding.what


def test_a_transferor_that_does_not_wait(tmp_path: Path) -> None:
    wire = Wire()
    first = accepted(wire)
    first.clear(by=0)
    target_call(wire, "486 Busy Here")
    first.notify("486 Busy Here")
    finding = named(wire.case(tmp_path), "early-bye")
    assert finding.severity is Severity.WARNING
    assert "nobody takes the call back" in finding.what


@pytest.mark.parametrize(("status", "says"), [("486 Busy Here", "busy"), ("404 Not Found", "nobody knows")])
def test_a_target_that_does_not_take_the_call(status: str, says: str, tmp_path: Path) -> None:
    wire = Wire()
    first = accepted(wire)
    first.notify("100 Trying")
    target_call(wire, status)
    notify = first.notify(status)
    finding = named(wire.case(tmp_path), "transfer-failed")
    assert says in finding.what
    assert finding.leg == "1"
    assert notify in finding.frames


def test_a_first_call_that_is_cleared_after_a_failure(tmp_path: Path) -> None:
    wire = Wire()
    first = accepted(wire)
    target_call(wire, "486 Busy Here")
    first.notify("486 Busy Here")
    bye = first.clear(by=1)
    found = [each for each in wire.case(tmp_path).findings if each.rule == "transfer-failed"]
    assert found[1].frames == (bye,)


def test_a_notify_that_reports_another_outcome_than_there_was(tmp_path: Path) -> None:
    wire = Wire()
    first = accepted(wire)
    target_call(wire)
    first.notify("503 Service Unavailable")
    assert "but the target has answered" in named(wire.case(tmp_path), "transfer-failed").what


def test_a_ringing_call_cannot_be_replaced_at_the_target(tmp_path: Path) -> None:
    wire = Wire()
    first = first_call(wire)
    second = Dialog(wire, ALICE, CAROL, "second", users=("alice", "carol"))
    invite = second.request("INVITE", 0, None, ALICE_SDP, in_dialog=False)
    second.answer("180 Ringing", "INVITE")
    first.refer(replacing(second))
    first.answer("202 Accepted", "REFER")
    replaces = f"{second.call_id};to-tag={second.tags[1]};from-tag={second.tags[0]}"
    target_call(wire, "481 Call/Transaction Does Not Exist", invite={"Replaces": replaces})
    first.notify("481 Call/Transaction Does Not Exist")
    finding = named(wire.case(tmp_path), "no-such-dialog")
    assert "still ringing" in finding.what
    assert finding.frames[0] == invite


def test_a_request_with_a_wrong_tag_in_a_known_call(tmp_path: Path) -> None:
    wire = Wire()
    first = first_call(wire)
    first.request("INFO", 0, tags=("first1-caller", "of-another-call"))
    first.answer("481 Call/Transaction Does Not Exist", "INFO", tags=("first1-caller", "of-another-call"))
    first.refer(TARGET)
    first.answer("202 Accepted", "REFER")
    first.notify("100 Trying")
    target_call(wire)
    first.notify("200 OK")
    finding = named(wire.case(tmp_path), "no-such-dialog")
    assert "tag of-another-call is not one of first1-callee and first1-caller" in finding.what
    assert finding.frames[0] == 1


def attended(wire: Wire, offer: str, consulted: str) -> None:
    """An attended transfer to a target that refuses `offer` and named `consulted` in the consultation call."""
    first = first_call(wire)
    second = Dialog(wire, ALICE, CAROL, "second", users=("alice", "carol"))
    second.set_up(consulted.replace(CAROL, ALICE), consulted)
    first.refer(replacing(second))
    first.answer("202 Accepted", "REFER")
    replaces = f"{second.call_id};to-tag={second.tags[1]};from-tag={second.tags[0]}"
    target_call(wire, "488 Not Acceptable Here", offer=offer, invite={"Replaces": replaces})
    first.notify("488 Not Acceptable Here")


def test_codecs_that_do_not_meet(tmp_path: Path) -> None:
    wire = Wire()
    attended(wire, sdp(BOB, 4010, "18"), sdp(CAROL, 4020))
    finding = named(wire.case(tmp_path), "codec-mismatch")
    assert "It offered g729/8000" in finding.what
    assert "named pcma/8000, pcmu/8000 in frame 5: nothing in common" in finding.what
    assert finding.leg == "2"


def test_codecs_of_a_target_that_nobody_knows(tmp_path: Path) -> None:
    wire = Wire()
    first = accepted(wire)
    target_call(wire, "488 Not Acceptable Here", offer=sdp(BOB, 4010, "18"))
    first.notify("488 Not Acceptable Here")
    assert named(wire.case(tmp_path), "codec-mismatch").what.endswith("It offered g729/8000.")


def test_an_answer_with_what_was_not_offered(tmp_path: Path) -> None:
    wire = Wire()
    first = accepted(wire)
    target_call(wire, body=sdp(CAROL, 4020, "18"))
    first.notify("200 OK")
    assert "answers with g729/8000, which was not offered" in named(wire.case(tmp_path), "codec-mismatch").what


def test_an_answer_that_takes_no_stream(tmp_path: Path) -> None:
    wire = Wire()
    first = accepted(wire)
    target_call(wire, body=sdp(CAROL, 0))
    first.notify("200 OK")
    assert "takes none of its streams" in named(wire.case(tmp_path), "codec-mismatch").what


def test_rtp_where_srtp_was_spoken(tmp_path: Path) -> None:
    wire = Wire()
    attended(wire, sdp(BOB, 4010), sdp(CAROL, 4020, protocol="RTP/SAVP"))
    finding = named(wire.case(tmp_path), "codec-mismatch")
    assert "pcmu/8000 with SRTP in frame 5" in finding.what
    assert finding.advice.startswith("Offer the same protection")


def test_a_request_that_was_sent_again(tmp_path: Path) -> None:
    wire = Wire()
    first, target = blind(wire)
    bye = first.request("BYE", 0)
    wire.wait(0.5)
    again = first.request("BYE", 0, cseq=3)
    answer = first.answer("200 OK", "BYE")
    target.clear()
    finding = named(wire.case(tmp_path), "retransmission")
    assert finding.severity is Severity.NOTE
    assert finding.frames == (bye, again, answer)
    assert "the first answer (200 OK) came 0.5" in finding.what


def test_an_answer_whose_ack_is_missing(tmp_path: Path) -> None:
    wire = Wire()
    first = accepted(wire)
    target = Dialog(wire, BOB, CAROL, "target", users=("bob", "carol"))
    target.request("INVITE", 0, {"Referred-By": f"<sip:alice@{ALICE}>"}, in_dialog=False, uri=TARGET)
    oks = []
    for wait in (0.5, 1.0, 2.0):
        oks.append(target.answer("200 OK", "INVITE"))
        wire.wait(wait)
    first.notify("200 OK")
    case = wire.case(tmp_path)
    finding = named(case, "retransmission")
    assert finding.severity is Severity.ERROR
    assert "no ACK was recorded" in finding.what
    assert finding.frames == tuple(oks)
    assert finding.leg == "1"


def test_a_transfer_that_takes_long_to_be_accepted(tmp_path: Path) -> None:
    wire = Wire()
    first = first_call(wire)
    first.refer(TARGET)
    wire.wait(3.0)
    first.answer("202 Accepted", "REFER")
    first.notify("200 OK")
    assert "only after 3.0" in named(wire.case(tmp_path), "latency").what


def test_a_transfer_that_takes_longer_than_the_others(tmp_path: Path) -> None:
    wire = Wire()
    for number in range(10):
        first = Dialog(wire, ALICE, BOB, f"call{number:02}", users=("alice", "bob"))
        first.set_up()
        first.refer(f"sip:c{number}@{CAROL}")
        if number == 6:
            wire.wait(0.4)
        first.answer("202 Accepted", "REFER")
        first.notify("200 OK")
        first.clear()
    cases = wire.diagnosis(tmp_path).cases
    slow = [case for case in cases if "latency" in rules_of(case)]
    assert slow == [cases[6]]
    assert "from the REFER to its acceptance; usual are 0.01" in slow[0].findings[0].what
