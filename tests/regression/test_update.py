"""`--update`: what came becomes what is expected; comments, order and quotes stay."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import refergate
from gateway.regression.suite import scenario_files
from gateway.regression.update import update
from gateway.resources import folder
from tests.regression.scenes import GREEN, RED, place

WRITTEN = """transfers:
  # It is busy.
  - kind: "attended"  # said a colleague
    outcome: {regex: fail.*}
    status: 200
    error: x
messages:
  sip: {REFER: 2, BYE: 1}
flow:
  - {message: REFER, fields: {Refer-To.user: bob}, from: "127.0.1.9:5060"}
  - message: CANCEL
  - {message: NOTIFY, fields: {sipfrag: "999", Foo: bar}}
never:
  - message: BYE
  - message: CANCEL"""
RENEWED = """transfers:
  # It is busy.
  - kind: "blind"     # said a colleague
    outcome: {regex: fail.*}
    status: 486
    error: {absent: true}
messages:
  sip: {REFER: 1, BYE: 1}
flow:
  - {message: REFER, fields: {Refer-To.user: carol}, from: "127.0.1.1:5060"}
  - {message: NOTIFY, fields: {sipfrag: "100", Foo: {absent: true}}}
never:
  - message: CANCEL"""


def text(path: Path) -> str:
    """The expectation of a scenario as `place` takes it."""
    return "\n".join(line[2:] for line in path.read_text().partition("expect:\n")[2].splitlines())


def test_only_what_is_wrong_changes(tmp_path: Path) -> None:
    path = place(tmp_path, WRITTEN)
    (renewed,) = update(scenario_files(path))
    assert text(path) == RENEWED
    assert renewed.result.is_green
    assert '-    - kind: "attended"' in renewed.diff
    assert "+      status: 486" in renewed.diff


@pytest.mark.parametrize("path", sorted(folder("pcaps").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_green_scenario_stays_octet_for_octet(path: Path) -> None:
    before = path.read_bytes()
    (renewed,) = update(scenario_files(path))
    assert (renewed.diff, path.read_bytes()) == ("", before)


def test_transfers_come_and_go(tmp_path: Path) -> None:
    path = place(tmp_path, "transfers: []")
    (renewed,) = update(scenario_files(path))
    assert renewed.result.is_green
    assert "outcome: failed" in text(path)
    path = place(tmp_path, f"{GREEN}\n- {{kind: attended}}")
    (renewed,) = update(scenario_files(path))
    assert renewed.result.is_green
    assert text(path) == GREEN


def test_an_empty_expectation_is_filled_in(tmp_path: Path) -> None:
    path = place(tmp_path, "")
    (renewed,) = update(scenario_files(path))
    assert renewed.result.is_green
    assert "target: sip:carol@127.0.1.3:5060" in text(path)


def test_times_become_as_long_as_it_took(tmp_path: Path) -> None:
    path = place(tmp_path, "flow:\n- message: REFER\n- {message: BYE, within: 0}\n- {message: 200, after: 100}")
    (renewed,) = update(scenario_files(path))
    assert renewed.result.is_green
    assert "within: 0\n" not in text(path)


def test_the_command_shows_the_difference_and_is_content(tmp_path: Path) -> None:
    place(tmp_path, RED)
    done = CliRunner().invoke(refergate, ["replay", str(tmp_path), "--update"])
    assert done.exit_code == 0
    assert "--- blind.scenario.yaml" in done.stdout
    assert done.stdout.splitlines()[-1] == "1 scenario: 1 passed"
    assert CliRunner().invoke(refergate, ["replay", str(tmp_path)]).exit_code == 0
