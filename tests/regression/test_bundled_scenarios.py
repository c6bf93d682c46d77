"""Every bundled scenario is green, and each part of what it expects is really looked at: broken, it is red."""

import copy
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.regression.conversation import Conversation, conversation
from gateway.regression.expectation import unmet
from gateway.regression.scenario import Scenario, configuration_of, scenario
from gateway.resources import folder

SCENARIOS = sorted(folder("pcaps").glob("*.yaml"))
NEVER = "no such thing"

each_scenario = pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)


@cache
def found(path: Path) -> Conversation:
    """What comes of the scenario, once for all tests of it."""
    told = scenario(path)
    return conversation(path.parent / told.capture, told, configuration_of(path, told))


@each_scenario
def test_it_is_green(path: Path) -> None:
    assert [str(each) for each in unmet(scenario(path), found(path))] == []


@each_scenario
def test_it_turns_red_when_an_expectation_is_broken(path: Path) -> None:
    written = yaml.safe_load(path.read_text())
    tried = 0
    for key, expect in broken(written["expect"]):
        told = Scenario.model_validate({**written, "expect": expect})
        places = [each.place for each in unmet(told, found(path))]
        assert len(places) == 1, key
        assert places[0].startswith(key)
        tried += 1
    assert tried


def broken(expect: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The expectation with one thing in it made wrong, each thing in turn, and where that has to be noticed."""
    for protocol, counts in expect.get("messages", {}).items():
        for name, count in counts.items():
            yield f"messages.{protocol}.{name}", changed(expect, ("messages", protocol, name), count + 1)
    for kind in ("transfers", "records"):
        if kind in expect:
            yield kind, changed(expect, (kind,), [*expect[kind], {}])
        for index, fields in enumerate(expect.get(kind, ())):
            for name in fields:
                yield f"{kind}.{index}.{name}", changed(expect, (kind, index, name), NEVER)
    for index, step in enumerate(expect.get("flow", ())):
        yield f"flow.{index}", changed(expect, ("flow", index, "message"), NEVER)
        for name in step.get("fields", {}):
            yield f"flow.{index}", changed(expect, ("flow", index, "fields", name), NEVER)
    if "records" in expect:
        for verdict in ("different", "missing", "extra"):
            yield f"compared.{verdict}", {**expect, "compared": {verdict: 1}}


def changed(expect: dict[str, Any], key: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    """A copy with another value there."""
    result: Any = copy.deepcopy(expect)
    place = result
    for part in key[:-1]:
        place = place[part]
    place[key[-1]] = value
    return result  # type: ignore[no-any-return]


def test_there_is_a_scenario_for_every_capture() -> None:
    captures = {path.name for path in folder("pcaps").glob("*.pcap*")}
    assert captures
    assert captures == {scenario(path).capture.name for path in SCENARIOS}
