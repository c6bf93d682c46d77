from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.interworking import rose_errors
from gateway.interworking.cause_map import cause_map, cause_name, reason_index, reason_name, status_name
from gateway.interworking.cause_profiles import profiles
from gateway.interworking.cause_tables import h225, names, rose
from gateway.interworking.causes import KINDS, convert, every_mapping
from gateway.model.causes import Location
from gateway.model.errors import GatewayError, MappingError

PROFILES = profiles()
every_profile = pytest.mark.parametrize("profile", PROFILES)


def sip(
    cause: int, profile: str = "rfc3398", location: Location | None = None, diagnostics: bytes = b""
) -> int | str:
    return cause_map(profile).q850_to_sip(cause, location, diagnostics).code


def q850(status: int, profile: str = "rfc3398") -> int | str:
    return cause_map(profile).sip_to_q850(status).code


def test_the_profiles_are_there() -> None:
    assert {"rfc3398", "rfc4497", "q1912_5", "oracle_iwf", "audiocodes"} <= set(PROFILES)


# -- total functions ---------------------------------------------------------------------------------------------


@every_profile
@pytest.mark.parametrize("location", [None, *Location])
def test_every_cause_has_one_status(profile: str, location: Location | None) -> None:
    for cause in range(1, 128):
        mapped = cause_map(profile).q850_to_sip(cause, location)
        assert mapped.code in names().sip
        assert 300 <= int(mapped.code) <= 699
        assert mapped.name
        assert mapped.source


@every_profile
def test_every_final_status_has_one_cause_and_a_location(profile: str) -> None:
    for status in range(300, 700):
        mapped = cause_map(profile).sip_to_q850(status)
        assert mapped.code in names().q850
        assert mapped.source
        assert mapped.location is not None


@pytest.mark.parametrize("from_", KINDS)
@pytest.mark.parametrize("to", KINDS)
@every_profile
def test_every_code_of_every_kind_converts_to_every_other(from_: str, to: str, profile: str) -> None:
    codes: dict[str, Iterable[int | str]] = {
        "sip": range(300, 700),
        "q850": range(1, 128),
        "h225": h225().reasons,
        "rose": rose().errors,
        "h450": [*rose_errors.errors_of("h4502"), *(row.code for row in rose().errors.values())],
    }
    for code in codes[from_]:
        mapped = convert(from_, to, code, profile)
        assert mapped.name
        assert mapped.source
        assert set(mapped.document()) == {"code", "name", "source"}


@given(st.sampled_from(KINDS), st.sampled_from(KINDS), st.one_of(st.text(max_size=8), st.integers()))
def test_a_code_that_does_not_exist_is_a_gateway_error(from_: str, to: str, code: str | int) -> None:
    try:
        convert(from_, to, code)
    except GatewayError as error:
        assert "\n" not in error.what.replace(repr(code), "")


# -- RFC 3398 ----------------------------------------------------------------------------------------------------

RFC3398_7_2_4_1 = {
    1: 404, 2: 404, 3: 404, 17: 486, 18: 408, 19: 480, 20: 480, 21: 403, 22: 410, 23: 410, 26: 404, 27: 502, 28: 484,
    29: 501, 31: 480, 34: 503, 38: 503, 41: 503, 42: 503, 47: 503, 55: 403, 57: 403, 58: 503, 65: 488, 70: 488,
    79: 501, 87: 403, 88: 503, 102: 504, 111: 500, 127: 500,
}  # fmt: skip
RFC3398_8_2_6_1 = {
    400: 41, 401: 21, 402: 21, 403: 21, 404: 1, 405: 63, 406: 79, 407: 21, 408: 102, 410: 22, 413: 127, 414: 127,
    415: 79, 416: 127, 420: 127, 421: 127, 423: 127, 480: 18, 481: 41, 482: 25, 483: 25, 484: 28, 485: 1, 486: 17,
    500: 41, 501: 79, 502: 38, 503: 41, 504: 102, 505: 127, 513: 127, 600: 17, 603: 21, 604: 1,
}  # fmt: skip


def test_rfc3398_7_2_4_1() -> None:
    assert {cause: sip(cause) for cause in RFC3398_7_2_4_1} == RFC3398_7_2_4_1


def test_rfc3398_other_causes_are_500_by_default() -> None:
    mapped = cause_map().q850_to_sip(99)
    assert (mapped.code, mapped.source) == (500, "RFC 3398 7.2.4.1 (default)")


def test_rfc3398_8_2_6_1() -> None:
    assert {status: q850(status) for status in RFC3398_8_2_6_1} == RFC3398_8_2_6_1


def test_the_answer_has_the_shape_that_scripts_rely_on() -> None:
    document = convert("sip", "q850", "486").document()
    assert document == {"code": 17, "name": "user busy", "source": "RFC 3398 8.2.6.1"}


def test_rfc3398_other_statuses_are_31_by_default() -> None:
    mapped = cause_map().sip_to_q850(499)
    assert (mapped.code, mapped.source) == (31, "RFC 3398 8.2.6.1 (default)")


def test_request_terminated_has_no_mapping_and_clears_with_the_default() -> None:
    assert cause_map().sip_to_q850(487).source == "RFC 3398 8.2.6.1 (default)"
    assert q850(487, "rfc4497") == 31


def test_normal_clearing_has_no_response_of_its_own() -> None:
    assert cause_map().q850_to_sip(16).source == "RFC 3398 7.2.4.1 (default)"


def test_number_changed_with_a_new_number_is_moved_permanently() -> None:
    assert sip(22) == 410
    assert sip(22, diagnostics=bytes.fromhex("7005803030313233")) == 301


def test_not_acceptable_here_goes_by_its_warning() -> None:
    causes = cause_map()
    assert causes.sip_to_q850(488).code == 31
    assert causes.sip_to_q850(488, warnings=[399, 305]).code == 65
    assert causes.sip_to_q850(606, warnings=[304]).code == 65


def test_location_to_send_is_user_for_6xx_and_the_network_otherwise() -> None:
    assert cause_map().sip_to_q850(603).location is Location.USER
    assert cause_map().sip_to_q850(404).location is Location.REMOTE_LOCAL_NETWORK
    assert cause_map("rfc4497").sip_to_q850(404).location is Location.REMOTE_PRIVATE_NETWORK


# -- where the standards disagree --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (2, {"rfc3398": 404, "rfc4497": 404, "q1912_5": 500}),
        (18, {"rfc3398": 408, "rfc4497": 408, "q1912_5": 480, "oracle_iwf": 408}),
        (25, {"rfc3398": 500, "q1912_5": 480, "oracle_iwf": 483, "audiocodes": 400}),
        (26, {"rfc3398": 404, "rfc4497": 500, "audiocodes": 404}),
        (69, {"rfc3398": 500, "rfc4497": 501, "audiocodes": 503}),
        (102, {"rfc3398": 504, "q1912_5": 480, "audiocodes": 408}),
    ],
)
def test_profiles_differ_where_their_sources_do(cause: int, expected: dict[str, int]) -> None:
    assert {profile: sip(cause, profile) for profile in expected} == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, {"rfc3398": 41, "q1912_5": 127, "oracle_iwf": 111, "audiocodes": 31}),
        (480, {"rfc3398": 18, "q1912_5": 20, "oracle_iwf": 20, "audiocodes": 18}),
        (487, {"rfc3398": 31, "oracle_iwf": 127}),
        (501, {"rfc3398": 79, "audiocodes": 38}),
        (604, {"rfc3398": 1, "oracle_iwf": 2}),
    ],
)
def test_profiles_differ_toward_q850_too(status: int, expected: dict[str, int]) -> None:
    assert {profile: q850(status, profile) for profile in expected} == expected


def test_call_rejected_goes_by_location_in_rfc4497() -> None:
    assert sip(21, "rfc4497", Location.USER) == 603
    assert sip(21, "rfc4497", Location.REMOTE_PRIVATE_NETWORK) == 403
    assert sip(21, "rfc4497") == 403
    assert sip(21, "rfc3398", Location.USER) == 403


def test_default_by_class_of_the_cause() -> None:
    assert sip(30, "q1912_5") == 480
    assert sip(49, "q1912_5") == 500


def test_rows_nobody_checked_say_so() -> None:
    assert cause_map("q1912_5").q850_to_sip(17).source == "Q.1912.5 (unverified)"


def test_an_inherited_row_keeps_its_own_source() -> None:
    assert cause_map("audiocodes").q850_to_sip(17).source == "RFC 3398 7.2.4.1"
    assert cause_map("audiocodes").q850_to_sip(6).source.startswith("AudioCodes")


# -- Reason header -----------------------------------------------------------------------------------------------


def test_a_reason_header_wins_where_the_profile_prefers_it() -> None:
    assert cause_map("q1912_5").sip_to_q850(480, reason_cause=20).code == 20
    assert cause_map("q1912_5").sip_to_q850(480, reason_cause=20).source == "RFC 6432 (Reason header)"
    assert cause_map("rfc3398").sip_to_q850(480, reason_cause=20).code == 18


@pytest.mark.parametrize("wrong", [0, 128, -1])
def test_a_reason_cause_out_of_range_is_ignored(wrong: int) -> None:
    assert cause_map("q1912_5").sip_to_q850(486, reason_cause=wrong).code == 17


def test_bye_without_reason_is_normal_clearing() -> None:
    assert cause_map().clearing_to_q850().code == 16


@pytest.mark.parametrize(
    ("reasons", "cause"),
    [
        ([("Q.850", 27)], 27),
        ([("q.850", 27), ("Q.850", 17)], 27),
        ([("SIP", 486)], 17),
        ([("SIP", 486), ("Q.850", 31)], 31),
        ([("Q.850", 0), ("SIP", 603)], 21),
        ([("Q.850", 200)], 16),
        ([("SIP", 200)], 16),
        ([("preemption", 1)], 16),
    ],
)
def test_bye_with_reason(reasons: list[tuple[str, int]], cause: int) -> None:
    assert cause_map().clearing_to_q850(reasons).code == cause


def test_only_the_reason_header_brings_18_and_20_back() -> None:
    assert q850(int(sip(18))) == 102
    assert q850(int(sip(20))) == 18


# -- H.225.0 -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "cause", "status"),
    [
        ("noBandwidth", 34, 480),
        ("unreachableDestination", 3, 404),
        ("destinationRejection", 16, 603),
        ("badFormatAddress", 28, 400),
        ("inConf", 17, 486),
        ("calledPartyNotRegistered", 20, 404),
    ],
)
def test_release_complete_reason(reason: str, cause: int, status: int) -> None:
    assert cause_map().h225_to_q850(reason).code == cause
    assert cause_map().h225_to_sip(reason).code == status
    assert cause_map().q850_to_h225(cause).name == reason


def test_a_reason_without_status_goes_by_its_cause() -> None:
    assert cause_map().h225_to_sip("newConnectionNeeded").code == sip(47)


def test_a_reason_by_name_index_or_text() -> None:
    assert reason_name(10) == reason_name("10") == reason_name("inConf") == "inConf"
    assert reason_index("inConf") == 10


def test_sip_to_release_complete_reason() -> None:
    assert cause_map().sip_to_h225(407).name == "securityDenied"
    assert cause_map().sip_to_h225(699).name == "undefinedReason"


# -- ROSE --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status", "cause", "fallback"),
    [
        ("userNotSubscribed", 403, 50, "first"),
        ("rejectedByUser", 603, 21, "none"),
        ("invalidCallState", 480, 101, "once"),
        ("resourceUnavailable", 503, 47, "first"),
        ("invalidRerouteingNumber", 404, 1, "none"),
        ("invalidReroutingNumber", 404, 1, "none"),
        ("unrecognizedCallIdentity", 481, 81, "none"),
        ("0.4.0.369.1.21", 481, 81, "none"),
        (1006, 480, 41, "none"),
        (0x12, 403, 57, "none"),
        ("nobodyKnowsThis", 500, 31, "first"),
    ],
)
def test_what_a_rose_error_comes_to(error: str | int, status: int, cause: int, fallback: str) -> None:
    found = rose_errors.failure(error)
    assert (found.status, found.cause, found.fallback) == (status, cause, fallback)
    assert [mapped.code for mapped in cause_map().rose_error(error)] == [status, cause]


def test_a_reject_of_an_unknown_operation_lets_another_way_be_tried() -> None:
    found = rose_errors.failure("unrecognisedOperation", rejected=True)
    assert (found.status, found.cause, found.fallback) == (501, 79, "first")
    assert rose_errors.failure("unrecognizedOperation", rejected=True) == found


def test_not_available_is_another_thing_in_h450() -> None:
    assert rose_errors.failure("notAvailable", "qsig").status == 501
    assert rose_errors.failure("notAvailable", "h4502").status == 480


def test_an_invoke_without_answer() -> None:
    assert (rose_errors.timeout().status, rose_errors.timeout().cause) == (408, 102)


@pytest.mark.parametrize(
    ("status", "dialect", "error"),
    [
        (404, "qsig", "invalidRerouteingNumber"),
        (404, "h4502", "invalidReroutingNumber"),
        (481, "qsig", "unrecognizedCallIdentity"),
        (481, "qsig-ssct", "establishmentFailure"),
        (486, "qsig", "establishmentFailure"),
        (603, "h4502", "establishmentFailure"),
        (405, "qsig", "notAvailable"),
        (503, "etsi-ect", "resourceUnavailable"),
        (486, "dms-rlt", "bridgeFail"),
    ],
)
def test_the_error_that_says_a_status(status: int, dialect: str, error: str) -> None:
    assert cause_map().sip_to_rose_error(status, dialect).name == error


def test_every_dialect_says_every_status_with_an_error_of_its_own() -> None:
    for dialect in rose_errors.dialects():
        for status in range(300, 700):
            assert rose_errors.error_for_status(status, dialect) in rose_errors.errors_of(dialect)


def test_a_dialect_without_rose_has_no_error() -> None:
    with pytest.raises(GatewayError, match="'sip' has no ROSE errors"):
        cause_map().sip_to_rose_error(486, "sip")


# -- by name -----------------------------------------------------------------------------------------------------


def test_the_short_form_lists_every_other_kind() -> None:
    assert list(every_mapping("sip", "486")) == ["q850", "h225", "rose", "h450"]


def test_a_location_by_name_or_number() -> None:
    for location in ("U", "u", 0, "LOC-0", Location.USER):
        assert convert("q850", "sip", 21, "rfc4497", location).code == 603


def test_a_chain_names_both_of_its_sources() -> None:
    assert convert("q850", "rose", 1).source == "RFC 3398 7.2.4.1; own choice, no standard maps ROSE errors"


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("sip", "q850", 200), "200 is no final SIP status"),
        (("q850", "sip", 128), "128 is no Q.850 cause"),
        (("q850", "sip", "busy"), "'busy' is no number"),
        (("isup", "sip", 1), "no kind of code 'isup'"),
        (("sip", "isup", 486), "no kind of code 'isup'"),
        (("sip", "q850", 486, "cisco"), "no cause profile 'cisco'"),
        (("q850", "sip", 21, "rfc4497", "XX"), "no location 'XX'"),
        (("h225", "sip", "busy"), "no H.225.0 ReleaseCompleteReason 'busy'"),
        (("rose", "sip", "busy"), "no ROSE error 'busy'"),
        (("h450", "sip", "busy"), "no H.450 error 'busy'"),
        (("h450", "sip", "bridgeFail"), "no H.450 error 'bridgeFail'"),
        (("sip", "q850", "busy"), "'busy' is no number and no name of a SIP status"),
    ],
)
def test_bad_input_says_what_is_known(arguments: tuple[str, ...], what: str) -> None:
    with pytest.raises(GatewayError) as raised:
        convert(*arguments)
    assert raised.value.what.startswith(what)


def test_names() -> None:
    assert cause_name(16) == "normal call clearing"
    assert status_name(486) == "Busy Here"
    assert cause_name(77) == "unassigned cause value 77"


# -- errors and problems by code, wherever they exist ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("kinds", "given", "code", "name"),
    [
        (("rose", "h450"), 16, 1006, "establishmentFailure"),  # an RLT error: by its status
        (("rose", "h450"), "0.4.0.369.1.21", 1005, "unrecognizedCallIdentity"),
        (("rose", "h450"), 1004, 1004, "invalidReroutingNumber"),
        (("h450", "rose"), 0, 0, "userNotSubscribed"),
        (("rose", "rose"), "linkIdNotAssignedByNetwork", 21, "linkIdNotAssignedByNetwork"),
        (("rose", "rose"), "0.4.0.369.1.21", 21, "linkIdNotAssignedByNetwork"),
        (("rose", "rose"), 21, 21, "linkIdNotAssignedByNetwork"),
        (("rose", "sip"), 4000, 500, "Server Internal Error"),
        (("rose", "h450"), "4000", 1006, "establishmentFailure"),
        (("h450", "sip"), 1007, 500, "Server Internal Error"),
        (("h450", "sip"), 16, 500, "Server Internal Error"),
        (("h450", "rose"), 16, 1006, "establishmentFailure"),
        (("h450", "h450"), "16", 16, "unknown error 16"),
        (("rose", "sip"), "unrecognisedOperation", 501, "Not Implemented"),
        (("h450", "q850"), "unrecognizedOperation", 79, "service or option not implemented, unspecified"),
        (("rose", "h450"), "initiatorReleasing", 4, "releaseInProgress"),
        (("h450", "rose"), "releaseInProgress", 4, "initiatorReleasing"),
    ],
)
def test_an_error_or_problem_comes_to(kinds: tuple[str, str], given: str | int, code: int, name: str) -> None:
    mapped = convert(*kinds, given)
    assert (mapped.code, mapped.name) == (code, name)


def test_an_error_that_nobody_knows_says_that_it_goes_by_the_default() -> None:
    assert convert("rose", "sip", 4000).source.endswith(" (default)")
    assert convert("h450", "h225", 1007).source.startswith("own choice, no standard maps ROSE errors (default); ")


@given(st.sampled_from(["rose", "h450"]), st.integers(0, 2**31), st.sampled_from(KINDS))
def test_every_error_code_comes_to_a_number_of_every_kind(from_: str, code: int, to: str) -> None:
    assert isinstance(convert(from_, to, code).code, int)


@pytest.mark.parametrize("given", [0, 1, 15, 16, 21, 1007, 4000])
def test_the_look_up_and_the_translation_agree(given: int) -> None:
    assert convert("h450", "sip", given).code == rose_errors.failure(given, "h4502").status


def test_an_error_of_one_dialect_means_nothing_in_another() -> None:
    assert rose_errors.failure(16, "dms-rlt").status == 480
    assert rose_errors.failure(16, "h4502") == rose_errors.failure(4000, "h4502")


@pytest.mark.parametrize(
    ("kind", "name", "code"),
    [("q850", "user busy", 17), ("q850", "User Busy", 17), ("sip", "Busy Here", 486), ("sip", "gone", 410)],
)
def test_a_cause_or_status_by_its_name(kind: str, name: str, code: int) -> None:
    assert convert(kind, "h225", name) == convert(kind, "h225", code)


# -- overrides of a trunk ----------------------------------------------------------------------------------------


def test_a_trunk_lays_its_own_rows_on_a_profile(tmp_path: Path) -> None:
    own = tmp_path / "trunk.yaml"
    own.write_text("q850_to_sip:\n  rows:\n    18: 480\n    41: {status: 500, source: ticket 42}\n")
    causes = cause_map("rfc3398", own)
    assert (causes.q850_to_sip(18).code, causes.q850_to_sip(18).source) == (480, "trunk")
    assert (causes.q850_to_sip(41).code, causes.q850_to_sip(41).source) == (500, "ticket 42")
    assert causes.q850_to_sip(17).code == 486
    assert sip(18) == 408


def test_a_path_is_a_profile_too_and_says_what_it_is_based_on(tmp_path: Path) -> None:
    own = tmp_path / "trunk.yaml"
    own.write_text("based_on: q1912_5\nq850_to_sip:\n  rows:\n    17: 480\n")
    assert convert("q850", "sip", 17, str(own)).code == 480
    assert convert("q850", "sip", 2, str(own)).code == 500
    other = tmp_path / "other.yaml"
    other.write_text("prefer_reason: true\n")
    assert convert("q850", "sip", 2, str(other)).code == 404


def test_a_trunk_may_prefer_the_reason_header(tmp_path: Path) -> None:
    own = tmp_path / "trunk.yaml"
    own.write_text("prefer_reason: true\n")
    assert cause_map("rfc3398", own).sip_to_q850(480, reason_cause=20).code == 20


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("q850_to_sip:\n  rows:\n    128: 480\n", "3: q850_to_sip.rows.128"),
        ("q850_to_sip:\n  rows:\n    18: 700\n", "3: q850_to_sip.rows.18"),
        ("q850_to_sip:\n  rows:\n    18: {state: 480}\n", "3: q850_to_sip.rows.18.state"),
        ("sip_to_q850:\n  rows:\n    486: user busy\n", "3: sip_to_q850.rows.486"),
        ("q850_to_sip:\n  rows:\n    21: {by_location: {user: 603}}\n", "3: q850_to_sip.rows.21.by_location.user"),
    ],
)
def test_a_wrong_override_is_named_by_line_and_key(tmp_path: Path, text: str, place: str) -> None:
    own = tmp_path / "trunk.yaml"
    own.write_text(text)
    with pytest.raises(MappingError) as raised:
        cause_map("rfc3398", own)
    assert raised.value.where == f"{own}:{place}"
