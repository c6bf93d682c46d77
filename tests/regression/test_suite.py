"""Suites: which scenarios, in which order, side by side, with one result each; and the command that runs them."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import refergate
from gateway.model.errors import GatewayError
from gateway.regression import trial
from gateway.regression.playing import play
from gateway.regression.scenario import configuration_of, scenario
from gateway.regression.suite import run, scenario_files
from gateway.resources import folder
from tests.regression.scenes import CAPTURE, GREEN, RED, place
from tests.test_cli import refused


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """Green, red, green, in folders."""
    for name, expect in (("b.scenario.yaml", GREEN), ("a/red.yaml", RED), ("a/deep/green.yml", GREEN)):
        place(tmp_path, expect, name=name)
    (tmp_path / "gateway.yaml").write_text("listen: []\n")
    return tmp_path


def command(*words: str) -> Result:
    """The command `replay`."""
    return CliRunner().invoke(refergate, ["replay", *words])


def test_the_scenarios_of_a_folder_in_the_order_of_their_names(suite: Path) -> None:
    assert [file.name for file in scenario_files(suite)] == ["a/deep/green.yml", "a/red.yaml", "b.scenario.yaml"]


def test_a_file_is_a_suite_of_one(suite: Path) -> None:
    assert [file.name for file in scenario_files(suite / "b.scenario.yaml")] == ["b.scenario.yaml"]


def test_a_folder_without_scenarios_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(GatewayError, match="no scenario in it"):
        scenario_files(tmp_path)


def test_every_run_gives_the_same_alone_and_side_by_side() -> None:
    every = scenario_files(folder("pcaps"))
    files = [*every[:3], *(file for file in every if "_refer_" in file.name)]
    alone = tuple(run(files, 1))
    assert all(result.is_green for result in alone)
    assert {tuple(run(files, jobs)) for jobs in (1, 2, 3, 2)} == {alone}


def test_every_active_replay_says_the_same_to_the_octet() -> None:
    path = folder("pcaps") / "gateway_etsi_refer_refused.yaml"
    found = scenario(path)
    capture, settings = path.parent / found.capture, configuration_of(path, found)
    runs = [play(capture, found.hosts, settings, seed=found.seed).as_document() for _ in range(10)]
    assert all(each == runs[0] for each in runs)
    other = play(capture, found.hosts, settings, seed=1)
    assert other.agrees
    assert other.as_document()["sent"] != runs[0]["sent"]


def test_an_active_scenario_is_red_when_the_gateway_does_something_else(tmp_path: Path) -> None:
    """The same recording with another decision in the configuration."""
    name = "gateway_sip_blind"
    text = (folder("pcaps") / f"{name}.yaml").read_text()
    shutil.copy(folder("pcaps") / f"{name}.pcapng", tmp_path)
    (tmp_path / f"{name}.yaml").write_text(text.replace("trusted: true", "trusted: true\n      transfer: reject", 1))
    (result,) = run(scenario_files(tmp_path))
    told = {each.place: each for each in result.unmet}
    assert told["records.0.outcome"].came == "refused"
    assert told["flow.1"].came.startswith("none behind REFER from")
    assert "202 REFER to 127.0.0.2" in told["compared.different"].came
    assert "status: recorded 202, ours 603" in told["compared.different"].came
    assert told["compared.different"].frames
    assert "INVITE to 127.0.0.4" in told["compared.missing"].came


def test_results_keep_the_order_whoever_is_first(suite: Path) -> None:
    assert [result.word for result in run(scenario_files(suite), 3)] == ["passed", "failed", "passed"]


def test_a_file_that_is_no_good_does_not_keep_the_others_from_their_result(suite: Path) -> None:
    (suite / "c.scenario.yaml").write_text("capture: gone.pcap\nexpect: {}\n")
    (suite / "d.scenario.yaml").write_text(f"capture: {CAPTURE}.yaml\nexpect: {{}}\n")
    (suite / f"{CAPTURE}.yaml").write_text("no capture")
    found = {result.name: result for result in run(scenario_files(suite))}
    assert found["c.scenario.yaml"].error == f"{suite}/c.scenario.yaml:1: capture: no such file: gone.pcap"
    assert found["d.scenario.yaml"].word == "error"
    assert found["b.scenario.yaml"].is_green


def test_a_fault_of_ours_is_a_result_too(suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> trial.Result:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr("gateway.regression.trial.unmet", fails)
    assert {result.error for result in run(scenario_files(suite))} == {"fault: ZeroDivisionError: on purpose"}


@pytest.mark.parametrize(("names", "code"), [(["b.scenario.yaml"], 0), (["b.scenario.yaml", "a"], 1), (["a"], 1)])
def test_the_exit_code_says_whether_all_is_as_expected(suite: Path, names: list[str], code: int) -> None:
    done = command(str(suite if len(names) > 1 else suite / names[0]))
    assert done.exit_code == code


def test_a_red_scenario_says_what_was_wanted_and_what_came(suite: Path) -> None:
    done = command(str(suite))
    assert done.exit_code == 1
    assert done.stderr == ""
    first, second, last = done.stdout.splitlines()
    assert first == "failed  a/red.yaml"
    assert second.startswith("        transfers.0.outcome: wanted succeeded, came failed (frames 5, ")
    assert last == "3 scenarios: 2 passed, 1 failed"


def test_the_document_has_every_result(suite: Path) -> None:
    done = command(str(suite), "--json", "-j", "2")
    document = json.loads(done.stdout)
    assert {key: document[key] for key in ("scenarios", "passed", "failed", "error")} == {
        "scenarios": 3,
        "passed": 2,
        "failed": 1,
        "error": 0,
    }
    (unmet,) = document["results"][1]["unmet"]
    assert (unmet["place"], unmet["wanted"], unmet["came"]) == ("transfers.0.outcome", "succeeded", "failed")


def test_bad_files_are_told_in_a_line_each_and_the_exit_code_is_2(suite: Path) -> None:
    (suite / "c.scenario.yaml").write_text("capture: gone.pcap\nexpect: {}\n")
    done = command(str(suite))
    assert done.exit_code == 2
    assert done.stderr == f"refergate: {suite}/c.scenario.yaml:1: capture: no such file: gone.pcap\n"
    assert done.stdout.splitlines()[-1] == "4 scenarios: 2 passed, 1 failed, 1 error"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["-j", "2"], "refergate: -j: only for a suite, which is a folder or a scenario file (*.yaml)"),
        (["--update"], "refergate: --update: only for a suite, which is a folder or a scenario file (*.yaml)"),
    ],
)
def test_what_is_for_suites_only(words: list[str], line: str) -> None:
    assert refused("replay", str(folder("pcaps") / CAPTURE), *words) == line


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--to", "teams"], "refergate: --to and --write are for one capture, not for a suite"),
        (["--cluster", "tcp://x:1"], "refergate: --cluster needs --engine dask"),
        (
            ["--engine", "dask", "--update"],
            "refergate: --update writes files, which is done here: not with --engine dask",
        ),
    ],
)
def test_what_does_not_go_together(suite: Path, words: list[str], line: str) -> None:
    assert refused("replay", str(suite), *words) == line


def test_the_schema_is_printed() -> None:
    done = command("--schema")
    assert json.loads(done.stdout)["title"] == "refergate scenario"
