"""Our tables against those of a program that we did not write: tshark's value strings."""

import shutil
import subprocess
from collections import defaultdict

import pytest

from gateway.interworking import rose_errors
from gateway.interworking.cause_map import cause_name
from gateway.interworking.cause_tables import h225, rose
from gateway.interworking.cause_tables import names as name_table
from gateway.isdn import operations
from gateway.translators import dialect_names


@pytest.fixture(scope="module")
def names() -> dict[str, dict[int, set[str]]]:
    """The value strings of tshark: field, value, and every name that one of its tables gives it."""
    tshark = shutil.which("tshark")
    if tshark is None:
        pytest.skip("tshark is not installed")
    output = subprocess.run([tshark, "-G", "values"], capture_output=True, text=True, check=True).stdout
    found: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for line in output.splitlines():
        kind, field, number, name, *_ = [*line.split("\t"), "", "", ""]
        if kind == "V" and number.isdecimal():
            found[field][int(number)].add(name)
    return found


def test_release_complete_reasons_have_tsharks_indexes(names: dict[str, dict[int, set[str]]]) -> None:
    assert [name for name, row in h225().reasons.items() if name not in names["h225.reason"][row.index]] == []


def test_tshark_names_the_same_causes(names: dict[str, dict[int, set[str]]]) -> None:
    theirs = {value for value, words in names["isup.cause_indicator"].items() if "Unassigned" not in words}
    national_or_none = {0, 33, 56}
    assert theirs - national_or_none == set(name_table().q850)


def test_what_tshark_calls_unassigned_we_do_too(names: dict[str, dict[int, set[str]]]) -> None:
    for value, words in names["isup.cause_indicator"].items():
        assert ("Unassigned" in words) <= cause_name(value).startswith("unassigned")


@pytest.mark.parametrize(("field", "dialect"), [("qsig.error", "qsig"), ("h450.error", "h4502")])
def test_errors_have_tsharks_values(names: dict[str, dict[int, set[str]]], field: str, dialect: str) -> None:
    for error in rose().dialects[dialect].errors:
        assert error in names[field][rose_errors.identified(error)[0]]


@pytest.mark.parametrize(
    ("dialect", "variant"),
    [("qsig", "qsig"), ("qsig-ssct", "qsig"), ("etsi-ect", "etsi"), ("ni2-tbct", "ni2"), ("dms-rlt", "dms100")],
)
def test_every_error_we_send_is_one_that_the_codec_can_write(dialect: str, variant: str) -> None:
    assert dialect in dialect_names()
    for name in rose().dialects[dialect].errors:
        assert operations.error_code(variant, name) is not None


def test_every_problem_is_one_that_the_codec_can_write() -> None:
    for name, row in rose().problems.items():
        assert operations.problem_name(row.kind, operations.problem_code(row.kind, name)) == name
