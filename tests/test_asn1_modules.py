import json
import re
from hashlib import sha256
from pathlib import Path

import pytest

from gateway import asn1_modules
from gateway.asn1_modules import specification
from gateway.model.errors import GatewayError
from gateway.resources import folder

SOURCES = sorted(folder("asn1").glob("*.asn"))


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_the_stored_parse_result_is_in_step_with_the_module(source: Path) -> None:
    stored = json.loads((source.parent / "parsed" / f"{source.stem}.json").read_text())
    assert stored["sha256"] == sha256(source.read_bytes()).hexdigest(), "run python -m gateway.asn1_modules"


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_the_stored_parse_result_is_the_parse_result(source: Path) -> None:
    assert asn1_modules._parsed(source) == asn1_modules.parse(source)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_every_module_names_its_source(source: Path) -> None:
    header = source.read_text().split("DEFINITIONS")[0]
    assert re.search(r"--.*(H\.450|Q\.932|ISO/IEC|ETSI EN|GR-|NIS-)", header)


def test_an_edited_module_is_parsed_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "Edited.asn"
    module.write_text("Edited DEFINITIONS ::= BEGIN A ::= INTEGER END")
    asn1_modules.store(module)
    module.write_text("Edited DEFINITIONS ::= BEGIN A ::= BOOLEAN END")
    monkeypatch.setattr(asn1_modules, "folder", lambda _: tmp_path)
    assert specification("Edited.asn", codec="ber").encode("A", True) == bytes.fromhex("0101ff")


def test_a_module_that_is_not_there_is_named() -> None:
    with pytest.raises(GatewayError, match="Nowhere"):
        specification("Nowhere.asn", codec="ber")


def test_a_module_that_is_no_asn1_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Broken.asn").write_text("Broken DEFINITIONS ::= BEGIN a END")
    monkeypatch.setattr(asn1_modules, "folder", lambda _: tmp_path)
    with pytest.raises(GatewayError, match="Broken"):
        specification("Broken.asn", codec="ber")
