"""JUnit reports, read by a program that we did not write."""

from pathlib import Path
from xml.etree import ElementTree as ET

import junitparser
from click.testing import CliRunner

from cli import refergate
from gateway.regression.expectation import Unmet
from gateway.regression.junit import document, write
from gateway.regression.trial import Result
from tests.regression.scenes import GREEN, RED, place

RESULTS = (
    Result("a.scenario.yaml", "fine"),
    Result(
        "deep/er/b.yaml",
        unmet=(Unmet("transfers.0.kind", "blind", 'x < "y"\x00\x1b', (3,)), Unmet("problems", "0", "1")),
    ),
    Result("c.yaml", error="c.yaml:1: capture: no such file"),
)


def test_a_reader_of_such_reports_finds_every_case(tmp_path: Path) -> None:
    write(RESULTS, "suite", tmp_path / "report.xml")
    report = junitparser.JUnitXml.fromfile(str(tmp_path / "report.xml"))
    (suite,) = report
    assert (suite.name, suite.tests, suite.failures, suite.errors, suite.skipped) == ("suite", 3, 1, 1, 0)
    assert [(case.classname, case.name, case.is_passed) for case in suite] == [
        ("refergate", "a", True),
        ("refergate.deep.er", "b", False),
        ("refergate", "c", False),
    ]
    (failure,) = list(suite)[1].result
    assert isinstance(failure, junitparser.Failure)
    assert failure.message == 'transfers.0.kind: wanted blind, came x < "y"\ufffd\ufffd (frame 3) (and 1 more)'
    assert failure.text.splitlines()[1] == "problems: wanted 0, came 1"
    (error,) = list(suite)[2].result
    assert isinstance(error, junitparser.Error)


def test_its_shape_is_the_usual_one() -> None:
    root = ET.fromstring(document(RESULTS, "suite"))
    assert root.tag == "testsuites"
    assert [child.tag for child in root] == ["testsuite"]
    assert {case.tag for case in root[0]} == {"testcase"}
    assert {what.tag for case in root[0] for what in case} == {"failure", "error"}
    assert all({"classname", "name"} == set(case.attrib) for case in root[0])


def test_the_same_suite_gives_the_same_file(tmp_path: Path) -> None:
    for name, expect in (("a.scenario.yaml", GREEN), ("b.scenario.yaml", RED)):
        place(tmp_path / "suite", expect, name=name)
    reports = set()
    for jobs in ("1", "2"):
        words = ["replay", str(tmp_path / "suite"), "-j", jobs, "--junit", str(tmp_path / "report.xml")]
        assert CliRunner().invoke(refergate, words).exit_code == 1
        reports.add((tmp_path / "report.xml").read_bytes())
    (report,) = reports
    assert b'tests="2" failures="1" errors="0"' in report
