from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.errors import MappingError
from gateway.tables import Table, check, load, read, where


class Leg(Table):
    name: str
    channel: int


class Plan(Table):
    title: str
    legs: tuple[Leg, ...] = ()
    codes: dict[int, int] = {}  # noqa: RUF012


def written(folder: Path, text: str) -> Path:
    path = folder / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    return path


GOOD = "title: two legs\nlegs:\n  - {name: A, channel: 1}\n  - {name: B, channel: 2}\ncodes:\n  486: 17\n"


def test_a_table_becomes_its_schema(tmp_path: Path) -> None:
    plan = load(written(tmp_path, GOOD), Plan)
    assert plan == Plan(title="two legs", legs=(Leg(name="A", channel=1), Leg(name="B", channel=2)), codes={486: 17})
    assert check(written(tmp_path, GOOD), Plan) == ()


def test_a_loaded_table_does_not_change(tmp_path: Path) -> None:
    plan = load(written(tmp_path, GOOD), Plan)
    with pytest.raises(ValueError, match="frozen"):
        plan.title = "other"


def test_a_name_is_looked_up_under_mappings() -> None:
    class Anything(Table, extra="allow"):
        title: str

    assert load("causes/rfc3398", Anything).title == "RFC 3398, ISUP and SIP"


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("title: x\nlegs:\n  - {name: A, channel: one}\n", "3: legs.0.channel", "should be a valid integer"),
        ("title: x\nlegs:\n  - name: A\n    channel: 1\n  - name: B\n", "5: legs.1.channel", "the key is missing"),
        ("title: x\ncolour: red\n", "2: colour", "there is no such key"),
        ("title: 0047\n", "1: title", "should be a valid string, found 39"),
        ("title: x\ncodes:\n  busy: 17\n", "3: codes.busy", "should be a valid integer"),
        ("legs: []\n", "1: title", "the key is missing"),
        ("- title\n", "1: document", "should be a valid dictionary"),
        ("", "1: document", "should be a valid dictionary"),
    ],
)
def test_an_error_names_file_line_and_key(tmp_path: Path, text: str, place: str, what: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(MappingError) as raised:
        load(path, Plan)
    assert raised.value.where == f"{path}:{place}"
    assert raised.value.what.startswith(what)


def test_a_key_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "title: x\ncodes:\n  486: 17\n  404: 1\n  486: 18\n")
    with pytest.raises(MappingError, match="key '486' is there twice") as raised:
        load(path, Plan)
    assert raised.value.where == f"{path}:5"


def test_text_that_is_no_yaml_names_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, "title: [x\nlegs: ]\n")
    with pytest.raises(MappingError) as raised:
        load(path, Plan)
    assert raised.value.where == f"{path}:2"


def test_a_missing_file_is_a_mapping_error(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="no such file"):
        load(tmp_path / "none.yaml", Plan)


def test_check_lists_every_error_in_the_order_of_lines(tmp_path: Path) -> None:
    path = written(tmp_path, "legs:\n  - {name: 1, channel: x}\ncolour: red\ntitle: [1]\n")
    places = [finding.where.removeprefix(f"{path}:") for finding in check(path, Plan)]
    assert places == ["2: legs.0.name", "2: legs.0.channel", "3: colour", "4: title"]


def test_the_line_of_a_key_that_is_not_there_is_its_parents(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    assert where(path, ("legs", 1, "name")) == f"{path}:4: legs.1.name"
    assert where(path, ("legs", 1, "colour")) == f"{path}:4: legs.1.colour"


@given(st.binary(max_size=200))
def test_any_octets_give_a_document_or_a_mapping_error(
    tmp_path_factory: pytest.TempPathFactory, octets: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(octets)
    try:
        read(path)
    except MappingError as error:
        assert str(path) in error.where
    check(path, Plan)
