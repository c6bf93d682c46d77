"""docs/gateway.md says neither more nor less than what there is."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from cli import serve
from gateway.configuration import (
    Configuration,
    Credentials,
    Gatekeeper,
    H323Trunk,
    HeaderPolicy,
    IsdnTrunk,
    Limits,
    Route,
    Timing,
    Tls,
    Trunk,
    configuration,
)
from gateway.hub.transfer_table import Input
from gateway.interworking.lint import lint_configuration
from gateway.model.call import TransferRecord

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs/gateway.md").read_text()
MODELS: dict[str, type[BaseModel]] = {
    "The file": Configuration,
    "A trunk": Trunk,
    "An ISDN trunk": IsdnTrunk,
    "An H.323 trunk": H323Trunk,
    "A gatekeeper": Gatekeeper,
    "Header fields": HeaderPolicy,
    "A password": Credentials,
    "A route": Route,
    "TLS": Tls,
    "Limits": Limits,
    "Timing": Timing,
}


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under the heading that begins so."""
    section = re.split(rf"^#+ {heading}(?!\w).*$", GUIDE, maxsplit=1, flags=re.M)[1]
    table = re.search(r"^\|.*\n\|[ |-]+\n((?:\|.*\n)+)", section, re.M)
    assert table
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table[1].splitlines()]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def default(model: type[BaseModel], name: str) -> Any:
    field = model.model_fields[name]
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        assert value == type(value)()
        return {}
    return list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("heading", MODELS)
def test_every_key_of_the_configuration_with_its_default(heading: str) -> None:
    model = MODELS[heading]
    told = {names(key)[0]: value for key, value, *_ in rows(heading)}
    fields_by_key = {field.alias or name: name for name, field in model.model_fields.items()}
    assert sorted(told) == sorted(fields_by_key)
    for key, value in told.items():
        if model.model_fields[fields_by_key[key]].is_required():
            assert value == "required"
        else:
            assert json.loads(value.strip("`")) == default(model, fields_by_key[key]), key


def test_every_key_of_a_record() -> None:
    told = [name for key, _ in rows("Records") for name in names(key)]
    assert told == [field.name for field in fields(TransferRecord)]


def test_every_option_of_serve() -> None:
    options = {name for option in serve.params for name in option.opts}
    assert {name for key, _ in rows("`refergate serve`") for name in names(key)} == options


def test_every_event_of_the_log() -> None:
    told = {name for key, _ in rows("Log") for name in names(key)}
    assert told == set(logged())
    steps = re.findall(r"`transfer\.([a-z-]+)`", GUIDE.partition("A transfer's steps")[2].partition("##")[0])
    assert {Input(step) for step in steps}


def logged() -> Iterator[str]:
    """The names of events that are logged somewhere, as far as they are written out."""
    for path in (ROOT / "gateway").rglob("*.py"):
        for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)):
            function = call.func.attr if isinstance(call.func, ast.Attribute) else ""
            first = call.args[0] if call.args else None
            if function in ("log", "_log", "_noted") and isinstance(first, ast.Constant):
                yield str(first.value)


@pytest.mark.parametrize("path", sorted((ROOT / "docs/examples").glob("*.yaml")), ids=lambda path: path.name)
def test_examples_are_sound(path: Path) -> None:
    assert not lint_configuration(path)
    assert configuration(path).trunks


def test_the_recipe_for_teams_is_sound(tmp_path: Path) -> None:
    (recipe,) = re.findall(r"```yaml\n(.*?)```", GUIDE, re.S)
    path = tmp_path / "gateway.yaml"
    path.write_text(recipe)
    assert configuration(path).sip_trunks[0].fqdn == "sbc.example.net"
