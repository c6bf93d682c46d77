"""Findings about the REFER itself: what it says, which dialog it names, and how it is answered."""

from pathlib import Path

import pytest

from gateway.diagnosis.case import Severity
from tests.diagnosis.recordings import ALICE, BOB, CAROL, Dialog, Headers, Wire, named, rules_of
from tests.diagnosis.scenes import TARGET, blind, consultation, first_call, replacing, target_call


def test_a_transfer_as_it_should_be_has_no_findings(tmp_path: Path) -> None:
    wire = Wire()
    first, target = blind(wire)
    first.clear()
    target.clear()
    case = wire.case(tmp_path)
    assert case.findings == ()
    assert str(case.transfer.outcome) == "succeeded"


def test_an_attended_transfer_as_it_should_be_has_no_findings(tmp_path: Path) -> None:
    wire = Wire()
    first, second = first_call(wire), consultation(wire)
    first.refer(replacing(second))
    first.answer("202 Accepted", "REFER")
    replaces = f"{second.call_id};to-tag={second.tags[1]};from-tag={second.tags[0]}"
    target_call(wire, invite={"Replaces": replaces})
    second.clear(by=1)
    first.notify("200 OK")
    first.clear()
    assert wire.case(tmp_path).findings == ()


@pytest.mark.parametrize(
    ("headers", "severity", "says"),
    [
        ({"Refer-To": None}, "error", "has no Refer-To"),
        ({"Refer-To": f"<{TARGET}>, <sip:dave@{CAROL}>"}, "error", "2 Refer-To values"),
        ({"Refer-To": "<sip:>"}, "error", "cannot be read"),
        ({"Refer-To": "<http://example.net/>"}, "note", "http URI"),
        ({"Refer-To": "<tel:+4930123456>"}, "note", "tel URI"),
        ({"Refer-To": f"<{TARGET};method=BYE>"}, "note", "asks for a BYE"),
        ({"Refer-To": f"<{TARGET}?Replaces=a;to-tag=1;from-tag=2>"}, "warning", "not escaped"),
        ({"Refer-To": f"<{TARGET}?Replaces=a%2540b%253Bto-tag%253D1%253Bfrom-tag%253D2>"}, "error", "escaped twice"),
        ({"Refer-To": f"<{TARGET};Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2>"}, "error", "URI parameter"),
        ({"Refer-To": f"<{TARGET}?Replaces=a%40b%3Bto-tag%3D1>"}, "error", "not exactly one to-tag"),
        ({"Referred-By": f"<sip:a@{ALICE}>, <sip:b@{BOB}>"}, "error", "2 Referred-By"),
        ({"Referred-By": "<tel:+49301>"}, "warning", "no sip or sips URI"),
    ],
)
def test_malformed_headers_of_a_refer(headers: Headers, severity: str, says: str, tmp_path: Path) -> None:
    wire = Wire()
    first = first_call(wire)
    frame = first.refer(TARGET, headers=headers)
    first.answer("400 Bad Request", "REFER")
    found = [each for each in wire.diagnosis(tmp_path).all_findings if each.rule == "refer-headers"]
    assert found[0].severity == severity
    assert says in found[0].what
    assert found[0].frames == (frame,)


def test_an_invite_with_two_replaces(tmp_path: Path) -> None:
    wire = Wire()
    first, second = first_call(wire), consultation(wire)
    first.refer(replacing(second))
    first.answer("202 Accepted", "REFER")
    one = f"{second.call_id};to-tag={second.tags[1]};from-tag={second.tags[0]}"
    target_call(wire, "400 Bad Request", invite={"Replaces": f"{one}, {one}"})
    first.notify("400 Bad Request")
    case = wire.case(tmp_path)
    finding = named(case, "refer-headers")
    assert finding.header == "Replaces"
    assert finding.clause == "RFC 3891 §3"


def test_a_referred_by_that_was_changed_on_the_way(tmp_path: Path) -> None:
    wire = Wire()
    first = first_call(wire)
    refer = first.refer(TARGET)
    first.answer("202 Accepted", "REFER")
    target_call(wire, invite={"Referred-By": f"<sip:ALICE@{ALICE}>"})
    first.notify("200 OK")
    finding = named(wire.case(tmp_path), "refer-headers")
    assert finding.severity is Severity.WARNING
    assert finding.clause == "RFC 3892 §2.2"
    assert finding.frames[0] == refer


def test_tags_of_a_replaces_that_are_swapped(tmp_path: Path) -> None:
    wire = Wire()
    first, second = first_call(wire), consultation(wire)
    refer = first.refer(replacing(second, swapped=True))
    first.answer("202 Accepted", "REFER")
    replaces = f"{second.call_id};to-tag={second.tags[0]};from-tag={second.tags[1]}"
    target_call(wire, "481 Call/Transaction Does Not Exist", invite={"Replaces": replaces})
    first.notify("481 Call/Transaction Does Not Exist")
    case = wire.case(tmp_path)
    finding = named(case, "replaced-dialog")
    assert finding.severity is Severity.ERROR
    assert "swapped" in finding.what
    assert finding.frames[0] == refer
    near = named(case, "no-such-dialog")
    assert second.call_id in near.what
    assert f"to-tag {second.tags[1]}" in near.what


def test_a_replaces_that_names_a_call_id_of_another_side(tmp_path: Path) -> None:
    """A box in the middle that gave the call a new Call-ID and did not rewrite the Replaces."""
    wire = Wire()
    first, second = first_call(wire), consultation(wire)
    uri = replacing(second).replace("second%40", "inside%40")
    refer = first.refer(uri)
    first.answer("488 Not Acceptable Here", "REFER")
    finding = named(wire.case(tmp_path), "replaced-dialog")
    assert "inside@example.net, which no call of this recording has" in finding.what
    assert second.call_id in finding.what
    assert finding.frames[0] == refer


def test_a_replaces_with_the_tags_of_another_fork(tmp_path: Path) -> None:
    wire = Wire()
    first, second = first_call(wire), consultation(wire)
    first.refer(replacing(second).replace("second-callee", "another-fork"))
    first.answer("202 Accepted", "REFER")
    assert "other tags: to-tag another-fork" in named(wire.case(tmp_path), "replaced-dialog").what


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ("302 Moved Temporarily", "sent elsewhere"),
        ("403 Forbidden", "policy"),
        ("405 Method Not Allowed", "does not take REFER"),
        ("420 Bad Extension", "not known"),
        ("481 Call/Transaction Does Not Exist", "no such dialog"),
        ("488 Not Acceptable Here", "media or resources"),
        ("499 Whatever", "could not be fulfilled"),
        ("501 Not Implemented", "does not know REFER at all"),
        ("603 Decline", "declines"),
    ],
)
def test_each_way_to_refuse_a_refer_is_explained(status: str, says: str, tmp_path: Path) -> None:
    wire = Wire()
    first = first_call(wire)
    refer = first.refer(TARGET)
    answer = first.answer(status, "REFER", headers={"Reason": 'Q.850;cause=21;text="no rights"'})
    finding = named(wire.case(tmp_path), "refer-refused")
    assert finding.severity is Severity.ERROR
    assert status in finding.what
    assert says in finding.what
    assert "no rights" in finding.what
    assert finding.advice
    assert finding.frames == (refer, answer)


def test_a_refer_that_nobody_answers(tmp_path: Path) -> None:
    wire = Wire()
    first = first_call(wire)
    frames: list[int] = []
    for wait in (0.5, 1.0, 2.0):
        frames.append(first.refer(TARGET) if not frames else first.request("REFER", 0, _same(first), cseq=2))
        wire.wait(wait)
    first.clear()
    case = wire.case(tmp_path)
    assert "sent 3 times" in named(case, "refer-refused").what
    assert "never answered" in named(case, "retransmission").what
    assert named(case, "retransmission").frames == tuple(frames)


def _same(first: Dialog) -> Headers:
    return {"Refer-To": f"<{TARGET}>", "Referred-By": f"<sip:{first.users[0]}@{first.hosts[0]}>"}


def test_a_challenge_that_was_met_is_no_refusal(tmp_path: Path) -> None:
    wire = Wire()
    first = first_call(wire)
    challenge = 'Digest realm="pbx", nonce="n1"'
    first.refer(TARGET)
    first.answer("407 Proxy Authentication Required", "REFER", headers={"Proxy-Authenticate": challenge})
    first.refer(TARGET, headers={"Proxy-Authorization": 'Digest username="a", realm="pbx", nonce="n1", response="1"'})
    first.answer("202 Accepted", "REFER")
    first.notify("100 Trying")
    target_call(wire)
    first.notify("200 OK")
    assert rules_of(wire.case(tmp_path)) == []


def test_a_challenge_that_comes_again_and_again(tmp_path: Path) -> None:
    wire = Wire()
    first = first_call(wire)
    frames: list[int] = []
    for number in range(3):
        given = f'Digest username="a", realm="pbx", nonce="n{number - 1}", response="1"'
        frames.append(first.refer(TARGET, headers={"Authorization": given if number else None}))
        challenge = {"WWW-Authenticate": f'Digest realm="pbx", nonce="n{number}"'}
        frames.append(first.answer("401 Unauthorized", "REFER", headers=challenge))
    case = wire.case(tmp_path)
    finding = named(case, "authentication-loop")
    assert "challenges the REFER 3 times, 2 of them although it carries credentials for realm pbx" in finding.what
    assert finding.frames == tuple(frames)


def test_a_bye_with_also(tmp_path: Path) -> None:
    wire = Wire()
    first = first_call(wire)
    bye = first.request("BYE", 0, {"Also": f"<{TARGET}>"})
    first.answer("200 OK", "BYE")
    finding = named(wire.case(tmp_path), "bye-also")
    assert finding.severity is Severity.WARNING
    assert finding.frames[0] == bye
