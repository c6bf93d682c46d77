"""Every bundled capture replays to what its scenario says, and every part of an expectation is really looked at."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.capture.replay import replay
from gateway.resources import folder

SCENARIOS = sorted(folder("pcaps").glob("*.yaml"))


def unmet(expected: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """What of an expectation does not hold, a line each."""
    lines = []
    for protocol, counts in expected["messages"].items():
        for name, count in counts.items():
            seen = found["messages"].get(protocol, {}).get(name, 0)
            if seen != count:
                lines.append(f"{protocol} {name}: {seen}, not {count}")
    wanted, transfers = expected["transfers"], found["transfers"]
    if len(wanted) != len(transfers):
        lines.append(f"{len(transfers)} transfers, not {len(wanted)}")
    for want, transfer in zip(wanted, transfers, strict=False):
        for key, value in want.items():
            seen = len(transfer["legs"]) if key == "legs" else transfer[key]
            if seen != value:
                lines.append(f"{key}: {seen}, not {value}")
    return lines


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.stem)
def test_bundled_capture(scenario: Path) -> None:
    told = yaml.safe_load(scenario.read_text())
    found = replay(scenario.parent / told["capture"]).as_document()
    assert unmet(told["expect"], found) == []
    assert found["problems"] == []


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.stem)
def test_a_broken_expectation_is_noticed(scenario: Path) -> None:
    told = yaml.safe_load(scenario.read_text())
    found = replay(scenario.parent / told["capture"]).as_document()
    expected = told["expect"]
    for transfer in expected["transfers"]:
        for key in transfer:
            original, transfer[key] = transfer[key], "something else"
            assert len(unmet(expected, found)) == 1
            transfer[key] = original
    for counts in expected["messages"].values():
        for name in counts:
            counts[name] += 1
            assert len(unmet(expected, found)) == 1
            counts[name] -= 1


def test_there_is_a_scenario_for_every_capture() -> None:
    captures = {path.name for path in folder("pcaps").glob("*.pcap*")}
    assert captures
    assert captures == {yaml.safe_load(path.read_text())["capture"] for path in SCENARIOS}
