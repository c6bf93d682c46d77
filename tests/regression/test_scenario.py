"""Scenario files: what they may say, and errors with file, line and key."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from pydantic import BaseModel

from gateway.model.errors import MappingError
from gateway.regression.matcher import Matcher
from gateway.regression.scenario import Expectations, Scenario, Step, configuration_of, is_scenario, scenario, schema
from gateway.resources import folder
from tests.regression.scenes import CAPTURE, GREEN, place

CONFIGURATION = """configuration:
  listen: ["udp:127.0.0.1:5060"]
  trunks:
    - {name: a, peers: ["udp:127.0.0.2:5060"]}
"""


def refused(path: Path, text: str) -> str:
    """The error of a file that says this, without the folder."""
    path.write_text(text)
    with pytest.raises(MappingError) as error:
        found = scenario(path)
        configuration_of(path, found)
    return str(error.value).replace(f"{path}", path.name)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("expect: {}\n", "x.yaml:1: capture: the key is missing"),
        (f"capture: {CAPTURE}\n", "x.yaml:1: expect: the key is missing"),
        ("capture: nowhere.pcap\nexpect: {}\n", "x.yaml:1: capture: no such file: nowhere.pcap"),
        (
            f"capture: {CAPTURE}\nas: 1.2.3.4\nconfiguration: gone.yaml\nexpect: {{}}\n",
            "x.yaml:3: configuration: no such file: gone.yaml",
        ),
        (
            f"capture: {CAPTURE}\nas: 1.2.3.4\nconfiguration:\n  listen: []\n  trunks: []\nexpect: {{}}\n",
            "x.yaml:4: configuration.listen: should have at least one",
        ),
        (f"capture: {CAPTURE}\nexpect:\n  transfer: []\n", "x.yaml:3: expect.transfer: there is no such key"),
        (
            f"capture: {CAPTURE}\nexpect:\n  transfers:\n  - {{kind: {{regexp: a}}}}\n",
            "x.yaml:4: expect.transfers.0.kind.regexp: there is no such key",
        ),
        (
            f"capture: {CAPTURE}\nexpect:\n  flow:\n  - message: INVITE\n  - {{message: BYE, after: 2, within: 1}}\n",
            "x.yaml:5: expect.flow.1: after should not be more than within",
        ),
        (
            f"capture: {CAPTURE}\nexpect:\n  never:\n  - {{message: BYE, within: 1}}\n",
            "x.yaml:4: expect.never.0.within: only a step of flow has one before it",
        ),
        (
            f"capture: {CAPTURE}\nmay_vary: [User-Agent]\nexpect: {{}}\n",
            "x.yaml:2: may_vary: needs `as`: which host does refergate play?",
        ),
        (
            f"capture: {CAPTURE}\nexpect:\n  records: []\n",
            "x.yaml:3: expect.records: needs `as`: which host does refergate play?",
        ),
        (f"capture: {CAPTURE}\ncapture: x\nexpect: {{}}\n", "x.yaml:2: key 'capture' is there twice"),
    ],
)
def test_an_error_names_file_line_and_key(tmp_path: Path, text: str, error: str) -> None:
    place(tmp_path, GREEN)
    assert refused(tmp_path / "x.yaml", text) == error


def test_a_configuration_in_a_file_of_its_own_is_checked_too(tmp_path: Path) -> None:
    path = place(tmp_path, GREEN, more="as: 127.0.0.1\nconfiguration: gateway.yaml\n")
    (tmp_path / "gateway.yaml").write_text("listen: []\ntrunks: []\n")
    with pytest.raises(MappingError, match=r"gateway\.yaml:1: listen: should have at least one"):
        configuration_of(path, scenario(path))


def test_a_configuration_within_the_scenario(tmp_path: Path) -> None:
    path = place(tmp_path, GREEN, more=f"as: 127.0.0.1\n{CONFIGURATION}")
    found = configuration_of(path, scenario(path))
    assert found is not None
    assert [trunk.name for trunk in found.trunks] == ["a"]


@pytest.mark.parametrize("written", ["as: 127.0.0.1", 'as: ["127.0.0.1"]'])
def test_one_host_may_stand_alone(tmp_path: Path, written: str) -> None:
    assert scenario(place(tmp_path, GREEN, more=written + "\n")).hosts == ("127.0.0.1",)


@pytest.mark.parametrize(
    ("name", "text", "whether"),
    [
        ("a.scenario.yaml", "what: ever", True),
        ("a.yaml", "title: x\ncapture: a.pcap\n", True),
        ("a.yml", "capture: a.pcap\n", True),
        ("a.yaml", "listen: []\n", False),
        ("a.txt", "capture: a.pcap\n", False),
    ],
)
def test_which_files_of_a_folder_are_scenarios(tmp_path: Path, name: str, text: str, whether: bool) -> None:
    (tmp_path / name).write_text(text)
    assert is_scenario(tmp_path / name) is whether


VALIDATOR = jsonschema.Draft202012Validator(schema())


def test_the_json_schema_accepts_every_bundled_scenario() -> None:
    VALIDATOR.check_schema(schema())
    for path in folder("pcaps").glob("*.yaml"):
        assert [error.message for error in VALIDATOR.iter_errors(yaml.safe_load(path.read_text()))] == [], path


@pytest.mark.parametrize(
    "more",
    [
        {"as": "127.0.0.1", "may_vary": ["User-Agent", {"message": "OPTIONS"}]},
        {"as": ["127.0.0.1"], "expect": {"compared": {"same": 3}, "records": [{"cause": {"absent": True}}]}},
        {"expect": {"flow": [{"message": "REFER", "fields": {"Refer-To": {"regex": "a"}}, "within": 1.5}]}},
        {"expect": {"transfers": [{"status": None, "latency.final": {"at_most": 1}}]}},
    ],
)
def test_the_json_schema_accepts_what_we_accept(more: dict[str, Any]) -> None:
    document = {"capture": "a.pcap", "expect": {}, **more}
    Scenario.model_validate(document)
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []


@pytest.mark.parametrize(
    "more", [{"expects": {}}, {"expect": {"transfers": [{"kind": {"like": "a"}}]}}, {"seed": -1}]
)
def test_the_json_schema_refuses_what_we_refuse(more: dict[str, Any]) -> None:
    assert list(VALIDATOR.iter_errors({"capture": "a.pcap", "expect": {}, **more}))


GUIDE = (Path(__file__).parents[2] / "docs/scenarios.md").read_text()


@pytest.mark.parametrize("model", [Scenario, Expectations, Step, Matcher], ids=lambda model: model.__name__)
def test_the_guide_has_every_key(model: type[BaseModel]) -> None:
    names = {field.alias or name for name, field in model.model_fields.items()}
    assert {name for name in names if f"`{name}`" not in GUIDE and f"{{{name}: " not in GUIDE} - {"at_most"} == set()


def test_the_example_of_the_guide_is_a_scenario() -> None:
    example = yaml.safe_load(GUIDE.partition("```yaml")[2].partition("```")[0])
    assert Scenario.model_validate(example).hosts == ("192.0.2.1", "user")
