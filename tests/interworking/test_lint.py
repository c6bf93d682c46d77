import shutil
from pathlib import Path

import pytest

from gateway.interworking.lint import lint
from gateway.resources import folder


@pytest.fixture
def mappings(tmp_path: Path) -> Path:
    """A copy of `mappings/` that a test may spoil."""
    return Path(shutil.copytree(folder("mappings"), tmp_path / "mappings"))


def spoiled(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def found(mappings: Path) -> list[str]:
    return [str(finding).removeprefix(f"{mappings}/") for finding in lint(mappings)]


def line_of(path: Path, text: str) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_the_tables_that_come_with_the_gateway_are_fine() -> None:
    assert lint(folder("mappings")) == ()


@pytest.mark.parametrize(
    ("name", "change", "key", "what"),
    [
        ("causes/rfc3398", ("17: 486", "17: 499"), "q850_to_sip.rows.17", "there is no SIP status 499"),
        ("causes/rfc3398", ("486: 17", "486: 77"), "sip_to_q850.rows.486", "there is no Q.850 cause 77"),
        ("causes/rfc3398", ("486: 17", "499: 17"), "sip_to_q850.rows.499", "there is no SIP status 499"),
        ("causes/rfc3398", ("486: 17", "486: 128"), "sip_to_q850.rows.486", "should be less than or equal to 127"),
        ("causes/rfc3398", ("5: RLN, 6: U", "6: U"), "location", "no location for 5xx"),
        ("causes/oracle_iwf", (": rfc3398", ": rfc9999"), "based_on", "no profile 'rfc9999'"),
        (
            "causes/h225",
            ("index: 1,", "index: 0,"),
            "reasons.gatekeeperResources.index",
            "two reasons have one index",
        ),
        ("causes/h225", ("486: inConf", "486: busy"), "from_sip.rows.486", "no such reason: busy"),
        (
            "causes/rose",
            ("default: bridgeFail", "default: no"),
            "dialects.dms-rlt.default",
            "should be a valid string",
        ),
        (
            "causes/rose",
            ("default: bridgeFail", "default: busy"),
            "dialects.dms-rlt.default",
            "not among its errors: busy",
        ),
        ("numbers/germany", ('"49"', "49"), "country_code", "should be a valid string"),
        ("numbers/germany", ("strip: 2", "strip: 3"), "dial_rules.0", "strip 3 is more than the prefix '00' has"),
        (
            "numbers/germany",
            ("n: private, type: unknown, c", "n: e164, type: unknown, c"),
            "phone_contexts.1",
            "twice",
        ),
        ("numbers/germany", ('"+49"}', '"pnp.{domain}"}'), "phone_contexts.1.context", "is there twice"),
        ("numbers/germany", ('"0", strip: 1', '"00", strip: 1'), "dial_rules.1", "never used"),
        ("numbers/germany", ('area_code: "30"', 'region: "XX"'), "region", "no country 'XX'"),
        (
            "numbers/redirecting",
            ("{send: 15}", "{send: 4}"),
            "reasons.deflection.isdn",
            "an isdn code stands for two reasons",
        ),
        ("numbers/redirecting", ("away: unknown", "away: gone"), "also.away", "no such reason: gone"),
        ("numbers/classes", ('"870"', '"87x"'), "costly_codes.87x", "no country code: 87x"),
        ("numbers/germany", ("max: 9}", "max: 5}"), "dial_rules.4.digits", "min 6 is more than max 5"),
        ("numbers/germany", ("pnp.{domain}", "pnp.{domian}"), "phone_contexts.0.context", "{domain} is all that may"),
        ("causes/h225", ("default: undefinedReason", "default: none"), "from_q850.default", "no such reason: none"),
        ("causes/rose", ("value: 17,", "value: 16,"), "errors.callIdNotFound.value", "two errors have one value"),
        ("causes/rose", ("[bridgeFail, ", "[bridgeFall, bridgeFail, "), "dialects.dms-rlt.errors.0", "no such error"),
        ("causes/rose", ("only: dms-rlt", "only: dms"), "errors.bridgeFail.only", "no such dialect: dms"),
        ("causes/rfc3398", ("    17: 486", '    "17": 486'), "q850_to_sip.rows.17", "should be a valid integer"),
        ("causes/rfc3398", ("    17: 486", "    0x11: 499"), "q850_to_sip.rows.17", "there is no SIP status 499"),
        ("teams", (": international", ": global"), "teams_to_isdn.0.type_of_number", "should be one of"),
    ],
)
def test_what_is_wrong_is_named_by_file_line_and_key(
    mappings: Path, name: str, change: tuple[str, str], key: str, what: str
) -> None:
    spoiled(mappings / f"{name}.yaml", *change)
    matching = [line for line in found(mappings) if line.startswith(f"{name}.yaml:") and f": {key}: " in line]
    assert matching, found(mappings)
    assert what in matching[0]


def test_the_line_is_the_one_to_look_at(mappings: Path) -> None:
    path = mappings / "causes/rfc3398.yaml"
    spoiled(path, "486: 17", "486: 128")
    (finding,) = lint(mappings)
    assert finding.where == f"{path}:{line_of(path, '486: 128')}: sip_to_q850.rows.486"


def test_a_row_that_is_there_twice(mappings: Path) -> None:
    path = mappings / "causes/rfc3398.yaml"
    spoiled(path, "    486: 17\n", "    486: 17\n    486: 18\n")
    assert f"causes/rfc3398.yaml:{line_of(path, '486: 18')}: key '486' is there twice" in found(mappings)


@pytest.mark.parametrize("again", ["0x11", "021", "0b10001", "+17"])
def test_a_cause_that_is_there_twice_in_another_notation(mappings: Path, again: str) -> None:
    path = mappings / "causes/rfc3398.yaml"
    spoiled(path, "    17: 486\n", f"    {again}: 486\n    17: 404\n")
    assert f"causes/rfc3398.yaml:{line_of(path, '17: 404')}: key '17' is there twice" in found(mappings)


def test_the_line_of_a_key_in_another_notation(mappings: Path) -> None:
    path = mappings / "causes/rfc3398.yaml"
    spoiled(path, "    17: 486\n", "    0x11: 499\n")
    assert found(mappings)[0].startswith(f"causes/rfc3398.yaml:{line_of(path, '0x11')}: ")


def test_a_profile_without_default_is_not_total(mappings: Path) -> None:
    spoiled(mappings / "causes/q1912_5.yaml", "  default: 127\n", "")
    needs = "a profile needs location, clearing and both defaults, of its own or from based_on"
    assert found(mappings) == [f"causes/q1912_5.yaml:1: document: {needs}"]


def test_a_table_that_nobody_reads(mappings: Path) -> None:
    (mappings / "more.yaml").write_text("a: 1\n")
    (finding,) = found(mappings)
    assert finding.startswith("more.yaml:1: document: nobody reads such a table")


def test_a_trunks_own_tables_are_known_by_their_keys(tmp_path: Path) -> None:
    causes, plan, other = tmp_path / "trunk.yaml", tmp_path / "plan.yaml", tmp_path / "other.yaml"
    causes.write_text("based_on: rfc9999\nq850_to_sip:\n  rows:\n    18: 499\n")
    plan.write_text("country_code: '49'\ndial_rules:\n  - {prefix: a, type: national, plan: e164}\n")
    other.write_text("colour: red\n")
    findings = [
        str(finding).removeprefix(f"{tmp_path}/") for finding in lint(folder("mappings"), [causes, plan, other])
    ]
    assert findings[0] == "trunk.yaml:4: q850_to_sip.rows.18: there is no SIP status 499"
    assert findings[1].startswith("trunk.yaml:1: based_on: no profile 'rfc9999'")
    assert findings[2].startswith("plan.yaml:3: dial_rules.0.prefix: ")
    assert findings[3].startswith(
        "other.yaml:1: document: nobody reads such a table: a cause profile has one of based_on, "
    )
    assert "; a number plan has one of country_code, " in findings[3]


@pytest.mark.parametrize(
    ("text", "place"), [("prefer_reason: 7", "prefer_reason"), ("trusted: 7", "trusted"), ("clearing: 7", "clearing")]
)
def test_any_key_that_only_one_kind_of_table_has_tells_which_it_is(tmp_path: Path, text: str, place: str) -> None:
    path = tmp_path / "trunk.yaml"
    path.write_text(text)
    (finding,) = lint(folder("mappings"), [path])
    assert finding.where == f"{path}:1: {place}"


def test_an_empty_table_has_a_line_too(tmp_path: Path) -> None:
    path = tmp_path / "empty.yaml"
    path.write_text("")
    (finding,) = lint(folder("mappings"), [path])
    assert str(finding) == f"{path}:1: document: should be a valid dictionary (keys and values)"


def test_a_file_that_is_missing_or_no_yaml(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("a: [\n")
    findings = lint(folder("mappings"), [tmp_path / "none.yaml", broken])
    assert [finding.where for finding in findings] == [f"{tmp_path}/none.yaml", f"{broken}:2"]
