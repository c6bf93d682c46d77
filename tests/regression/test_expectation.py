"""Expectations of a recording: what was wanted, what came, in which frames."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gateway.regression.comparison import Compared, Verdict
from gateway.regression.conversation import Conversation
from gateway.regression.expectation import verdicts
from gateway.regression.message import Message
from gateway.regression.scenario import Scenario
from tests.regression.scenes import lines

REFER_TO = "sip:carol@127.0.1.3:5060"


@pytest.mark.parametrize(
    "expect",
    [
        "messages: {sip: {INVITE: 2, REFER: 1, OPTIONS: 0}}",
        "transfers:\n- {kind: blind, status: 486, legs: 2, error: null}",
        "transfers:\n- {latency.final: {at_most: 60}, target: {regex: 'sip:carol@.*'}}",
        f"flow:\n- message: INVITE\n- {{message: REFER, fields: {{Refer-To.uri: '{REFER_TO}'}}}}\n- message: 202",
        "flow:\n- {message: NOTIFY, fields: {Event: {any: true}, Foo: {absent: true}, sipfrag: {any: true}}}",
        "flow:\n- message: REFER\n- {message: 202 REFER, within: 1}",
        "anywhere:\n- {message: BYE, protocol: sip}\n- {message: INVITE, from: '127.0.1.1:5060'}",
        "never:\n- message: CANCEL\n- {message: INVITE, to: {regex: '10\\..*'}}",
    ],
)
def test_what_holds(tmp_path: Path, expect: str) -> None:
    assert lines(tmp_path, expect) == []


@pytest.mark.parametrize(
    ("expect", "told"),
    [
        ("messages: {sip: {REFER: 2}}", "messages.sip.REFER: wanted 2, came 1 (frame 5)"),
        ("messages: {q931: {SETUP: 1}}", "messages.q931.SETUP: wanted 1, came 0"),
        ("transfers: []", "transfers: wanted 0, came 1: blind failed sip:alice@127.0.1.1"),
        ("transfers:\n- {status: 200}", "transfers.0.status: wanted 200, came 486 (frames"),
        ("transfers:\n- {error: {any: true}}", "transfers.0.error: wanted anything, came nothing (frames"),
        ("flow:\n- message: BYE\n- message: REFER", "flow.1: wanted REFER, came none behind BYE from"),
        (
            "flow:\n- {message: REFER, fields: {Refer-To: x}}",
            "flow.0: wanted REFER with Refer-To x, came REFER from",
        ),
        ("flow:\n- {message: REFER, after: 1000}", "flow.0: wanted REFER after 1000 s, came REFER from"),
        ("flow:\n- message: REFER\n- {message: BYE, within: 0}", "flow.1: wanted BYE within 0 s, came BYE from"),
        ("anywhere:\n- message: REFER\n- message: REFER", "anywhere.1: wanted REFER, came none"),
        ("anywhere:\n- {message: BYE, from: x}", "anywhere.0: wanted BYE from x, came BYE from"),
        ("never:\n- message: REFER", "never.0: wanted no REFER, came REFER from 127.0.1.1:5060 at"),
        ("problems: 1", "problems: wanted 1, came 0"),
    ],
)
def test_what_does_not(tmp_path: Path, expect: str, told: str) -> None:
    (line,) = lines(tmp_path, expect)
    assert line.startswith(told)


def test_the_nearest_message_is_told_with_its_frame(tmp_path: Path) -> None:
    expect = "flow:\n- {message: NOTIFY, fields: {sipfrag: 'SIP/2.0 200 OK', Event: refer, Foo: {absent: true}}}"
    (line,) = lines(tmp_path, expect)
    assert " with sipfrag " in line
    assert line.endswith(")")
    assert "Foo" not in line.partition("came")[2]


def test_a_step_that_is_missing_does_not_hide_the_next_one(tmp_path: Path) -> None:
    expect = "flow:\n- message: REFER\n- message: CANCEL\n- message: NOTIFY\n- message: PRACK"
    assert [line.partition(":")[0] for line in lines(tmp_path, expect)] == ["flow.1", "flow.3"]


def deviations(may_vary: list[Any], *compared: Compared) -> dict[str, int]:
    """How many there are of each verdict when this may vary."""
    told = Scenario.model_validate({"capture": "a", "as": "b", "may_vary": may_vary, "expect": {}})
    found = cast(Conversation, SimpleNamespace(played=SimpleNamespace(compared=compared)))
    return {verdict: len(those) for verdict, (_, those) in verdicts(told, found).items() if those}


INVITE = Message(7, 1.0, "sip", "a", "b", "INVITE", b"")
OTHER = Compared(Verdict.DIFFERENT, INVITE, INVITE, ("Contact: recorded x, ours y", "Supported: recorded x, ours -"))


@pytest.mark.parametrize(
    ("may_vary", "left"),
    [
        ([], {"different": 1}),
        (["Contact"], {"different": 1}),
        (["contact", "Supported"], {"equivalent": 1}),
        ([{"message": "INVITE"}], {"equivalent": 1}),
        ([{"message": "BYE"}], {"different": 1}),
        (["Contact", {"message": "INVITE", "field": "Supported"}], {"equivalent": 1}),
        (["Contact", {"message": "BYE", "field": "Supported"}], {"different": 1}),
    ],
)
def test_what_may_vary_is_no_deviation(may_vary: list[Any], left: dict[str, int]) -> None:
    assert deviations(may_vary, OTHER) == left


def test_a_message_that_may_vary_may_be_missing_or_come_in_addition() -> None:
    lone = Compared(Verdict.MISSING, INVITE, None), Compared(Verdict.EXTRA, None, INVITE)
    assert deviations([], *lone) == {"missing": 1, "extra": 1}
    assert deviations(["Contact"], *lone) == {"missing": 1, "extra": 1}
    assert deviations([{"message": "INVITE"}], *lone) == {"equivalent": 2}
