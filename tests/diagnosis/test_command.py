"""The command `diagnose`, and rules from outside packages."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.diagnosis import examination, rules
from gateway.diagnosis.case import Finding, Severity
from gateway.diagnosis.rule import Rule
from gateway.diagnosis.scene import Scene
from gateway.resources import folder
from tests.diagnosis.recordings import Wire
from tests.diagnosis.scenes import blind
from tests.test_cli import refused, run

PCAPS = folder("pcaps")


def test_exit_code_1_when_there_is_an_error() -> None:
    assert run("diagnose", str(PCAPS / "sip_blind_busy.pcap")).returncode == 1
    assert run("diagnose", str(PCAPS / "sip_blind_success.pcap")).returncode == 0
    assert run("diagnose", str(PCAPS / "sip_retransmitted.pcap")).returncode == 0


def test_json() -> None:
    done = run("diagnose", "--json", str(PCAPS / "sip_blind_busy.pcap"))
    assert done.stderr == ""
    document = json.loads(done.stdout)
    (case,) = document["cases"]
    assert case["transfer"]["outcome"] == "failed"
    (finding,) = case["findings"]
    assert set(finding) == {"severity", "rule", "what", "frames", "leg", "header", "clause", "advice"}
    assert (finding["severity"], finding["rule"], finding["frames"]) == ("error", "transfer-failed", [8, 11, 13])
    assert {message["frame"] for message in case["messages"]} >= set(finding["frames"])


def test_text_has_findings_with_frames_clause_and_advice() -> None:
    text = run("diagnose", str(PCAPS / "sip_refer_refused.pcap")).stdout
    for word in ("1 transfer", "refused", "603 Decline", "frames 4, 5", "RFC 3515 §2.4.2", "→ Ask whoever runs it"):
        assert word in text


def test_a_page(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    assert run("diagnose", str(PCAPS / "sip_blind_busy.pcap"), "--html", str(page)).returncode == 1
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_bad_input_is_one_line(tmp_path: Path) -> None:
    text = tmp_path / "no.pcap"
    text.write_text("this is no capture")
    assert refused("diagnose", str(text)) == f"refergate: {text}: not a pcap or pcapng file"
    assert "No such file" in refused("diagnose", str(tmp_path / "missing.pcap"))
    assert "Is a directory" in refused("diagnose", str(tmp_path))


def test_a_capture_is_not_overwritten_by_its_report(tmp_path: Path) -> None:
    capture = tmp_path / "one.pcap"
    capture.write_bytes((PCAPS / "sip_blind_success.pcap").read_bytes())
    assert "would destroy it" in refused("diagnose", str(capture), "--html", str(capture))
    assert capture.stat().st_size > 1000


class Entry:
    """An entry point as importlib.metadata gives it."""

    def __init__(self, value: object) -> None:
        self.value = value

    def load(self) -> object:
        return self.value


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rule]:
    """A rule that an outside package brings."""
    rule = Rule("house-style", "our handbook")
    rules.rules.cache_clear()
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [Entry(rule), Entry("no rule")])
    yield rule
    rules.rules.cache_clear()


def test_a_rule_from_an_outside_package(outside: Rule, tmp_path: Path) -> None:
    @outside.transfer
    def look(scene: Scene) -> Iterator[Finding]:
        yield outside.warning("No transfers after midnight.", scene.sights[:1], "Go to bed.")

    wire = Wire()
    blind(wire)
    (finding,) = wire.case(tmp_path).findings
    assert (finding.rule, finding.severity, finding.clause) == ("house-style", Severity.WARNING, "our handbook")
    assert finding.frames == (1,)


def test_a_rule_that_falls_over_does_not_stop_the_others(outside: Rule, tmp_path: Path) -> None:
    @outside.transfer
    def look(scene: Scene) -> Iterator[Finding]:
        raise ZeroDivisionError("at midnight")

    wire = Wire()
    blind(wire)
    found = examination.diagnose(wire.write(tmp_path / "one.pcap"))
    assert found.cases[0].findings == ()
    assert [what for _, what in found.problems] == ["rule house-style failed: ZeroDivisionError: at midnight"]
