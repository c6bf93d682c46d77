"""The pytest plugin: scenario files as tests of somebody else's suite."""

import sys

import pytest

from tests.regression.scenes import GREEN, RED, place

pytest_plugins = ("pytester",)
_PLUGIN = "gateway.regression.pytest_plugin"
_ALONE = [word for name in ("hypothesispytest", "xdist", "cacheprovider") for word in ("-p", f"no:{name}")]
"""Of the plugins that are here only ours matters, and each takes its time."""


def test_a_scenario_is_a_test(pytester: pytest.Pytester) -> None:
    place(pytester.path, GREEN, name="a/one.scenario.yaml")
    place(pytester.path, GREEN, name="two.scenario.yml")
    place(pytester.path, GREEN, name="not_named_so.yaml")
    pytester.makepyfile("def test_mine(): pass")
    pytester.runpytest(*_ALONE).assert_outcomes(passed=3)


def test_a_red_one_reads_well(pytester: pytest.Pytester) -> None:
    place(pytester.path, RED, more="title: A busy target\n")
    done = pytester.runpytest(*_ALONE)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(
        ["*blind.scenario.yaml*", "A busy target", "transfers.0.outcome: wanted succeeded, came failed (frames *"]
    )
    done.stdout.no_fnmatch_line("*Traceback*")
    done.stdout.no_fnmatch_line("*pytest_plugin.py*")


def test_a_file_that_is_no_good_fails_with_its_line(pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("x.scenario.yaml").write_text("capture: gone.pcap\nexpect: {}\n")
    done = pytester.runpytest(*_ALONE)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*x.scenario.yaml:1: capture: no such file: gone.pcap"])


def test_a_setting_names_others(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nrefergate_scenarios =\n    calls/*.yaml\n    *.yml\n")
    for name in ("calls/a.yaml", "b.yml", "c.yaml"):
        place(pytester.path, GREEN, name=name)
    pytester.runpytest(*_ALONE).assert_outcomes(passed=2)


def test_they_can_be_chosen_by_name(pytester: pytest.Pytester) -> None:
    place(pytester.path, GREEN, name="good.scenario.yaml")
    place(pytester.path, RED, name="bad.scenario.yaml")
    pytester.runpytest(*_ALONE, "-k", "bad").assert_outcomes(failed=1)


def test_nothing_is_loaded_where_there_is_no_scenario(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "import sys\ndef test_mine():\n"
        "    ours = {name for name in sys.modules if name.startswith('gateway')}\n"
        f"    assert ours <= {{'gateway', 'gateway.regression', {_PLUGIN!r}}}, ours\n"
    )
    words = (sys.executable, "-m", "pytest", *_ALONE)
    assert pytester.run(*words).ret == 0
