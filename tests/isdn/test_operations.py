from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.isdn import operations
from gateway.isdn.operations import VARIANTS
from gateway.model.errors import DecodeError, LocalProtocolError
from gateway.model.remote_operations import PROBLEM_KINDS, Code

EXTENSION = {"extensionId": "1.3.12.9999", "extensionArgument": bytes.fromhex("0c0161")}
PUBLIC = ("publicPartyNumber", {"publicTypeOfNumber": "internationalNumber", "publicNumberDigits": "441632960123"})
UNKNOWN = ("unknownPartyNumber", "5559")
CAROL = ("namePresentationAllowed", ("namePresentationAllowedSimple", b"Carol"))
SCREENED = {"partyNumber": PUBLIC, "screeningIndicator": "networkProvided"}
BEARER = bytes.fromhex("04038090a3")

ARGUMENTS: list[tuple[str, str, Any, str]] = [
    ("etsi", "EctExecute", None, ""),
    ("etsi", "ExplicitEctExecute", -32768, "02028000"),
    ("etsi", "SubaddressTransfer", ("nSAPSubaddress", b"P1"), "0402 5031"),
    (
        "etsi",
        "SubaddressTransfer",
        ("userSpecifiedSubaddress", {"subaddressInformation": b"\x12", "oddCountIndicator": True}),
        "3006 040112 0101ff",
    ),
    ("etsi", "EctInform", {"callStatus": "alerting"}, "3003 0a0100"),
    (
        "etsi",
        "EctInform",
        {"callStatus": "active", "redirectionNumber": ("presentationRestrictedNumber", UNKNOWN)},
        "300b 0a0101 a306 8004 35353539",
    ),
    ("etsi", "EctLoopTest", 1, "020101"),
    (
        "etsi",
        "callDeflection",
        {"deflectionAddress": {"partyNumber": UNKNOWN}, "presentationAllowedDivertedToUser": True},
        "300b 3006 8004 35353539 0101ff",
    ),
    ("qsig", "callingName", ("name", CAROL), "8005 4361726f6c"),
    ("qsig", "callTransferIdentify", ("null", None), "0500"),
    ("qsig", "callTransferIdentify", ("single", EXTENSION), "a109 0604 2b0cce0f 0c0161"),
    (
        "qsig",
        "callTransferInitiate",
        {"callIdentity": "12", "rerouteingNumber": UNKNOWN},
        "300a 12023132 800435353539",
    ),
    ("qsig", "callTransferSetup", {"callIdentity": "12"}, "3004 12023132"),
    (
        "qsig",
        "callTransferActive",
        {"connectedAddress": ("numberNotAvailableDueToInterworking", None), "connectedName": CAROL},
        "3009 8200 8005 4361726f6c",
    ),
    (
        "qsig",
        "callTransferComplete",
        {
            "endDesignation": "secondaryEnd",
            "redirectionNumber": ("presentationAllowedNumber", SCREENED),
            "basicCallInfoElements": BEARER,
            "redirectionName": CAROL,
            "callStatus": "alerting",
        },
        "302c 0a0101 a016 a111 0a0101 120c 343431363332393630313233 0a0103 4005 04038090a3 8005 4361726f6c 0a0101",
    ),
    (
        "qsig",
        "callTransferUpdate",
        {
            "redirectionNumber": ("presentationRestricted", None),
            "redirectionName": CAROL,
            "basicCallInfoElements": BEARER,
        },
        "3010 8100 8005 4361726f6c 4005 04038090a3",
    ),
    ("qsig", "subaddressTransfer", {"redirectionSubaddress": ("nSAPSubaddress", b"P1")}, "3004 0402 5031"),
    ("qsig", "pathReplacePropose", {"callIdentity": "12", "rerouteingNumber": UNKNOWN}, "300a 12023132 800435353539"),
    ("qsig", "ssctSetup", {"transferringName": CAROL}, "3009 a207 8005 4361726f6c"),
    ("qsig", "ssctDigitInfo", {"reroutingNumber": UNKNOWN, "sendingComplete": None}, "300a a106 800435353539 8200"),
    ("ni2", "initiateTransfer", {"linkId": 0x8006}, "3005 0203008006"),
    ("ni2", "initiateTransfer", {"linkId": 6, "dChannelIdentifier": b"\0\0\0\1"}, "3009 020106 0404 00000001"),
    ("dms100", "RLT_OPERATION_IND", None, ""),
    ("dms100", "RLT_THIRD_PARTY", {"callId": 0x22, "reason": 0}, "3006 800122 810100"),
]

RESULTS: list[tuple[str, str, Any, str]] = [
    ("etsi", "EctLinkIdRequest", 7, "020107"),
    ("etsi", "EctLoopTest", "noLoopExists", "0a0101"),
    ("qsig", "callTransferIdentify", {"callIdentity": "1", "rerouteingNumber": UNKNOWN}, "3009 120131 800435353539"),
    ("qsig", "ssctInitiate", ("null", None), "0500"),
    ("dms100", "RLT_OPERATION_IND", 0xFFFFFF, "800400ffffff"),
]


@pytest.mark.parametrize(("variant", "name", "value", "octets"), ARGUMENTS)
def test_argument(variant: str, name: str, value: Any, octets: str) -> None:
    encoded = bytes.fromhex(octets)
    assert operations.encode_argument(variant, name, value) == encoded
    assert _with_defaults_out(operations.decode_argument(variant, name, encoded), value) == value


@pytest.mark.parametrize(("variant", "name", "value", "octets"), RESULTS)
def test_result(variant: str, name: str, value: Any, octets: str) -> None:
    assert operations.encode_result(variant, name, value) == bytes.fromhex(octets)
    assert operations.decode_result(variant, name, bytes.fromhex(octets)) == value


def _with_defaults_out(read: Any, written: Any) -> Any:
    return {key: read[key] for key in written} if isinstance(read, dict) else read


def test_call_status_answered_is_the_default() -> None:
    read = operations.decode_argument("qsig", "callTransferComplete", bytes.fromhex("3005 0a0100 8100"))
    assert read["callStatus"] == "answered"


def test_indefinite_lengths_in_an_argument() -> None:
    octets = bytes.fromhex("3080 0a0101 a080 a180 0a0101 1203 373737 0000 0000 0000")
    assert operations.decode_argument("etsi", "EctInform", octets)["callStatus"] == "active"


@pytest.mark.parametrize(
    ("variant", "code", "name"),
    [
        ("etsi", 6, "EctExecute"),
        ("qsig", 6, "pathReplaceRetain"),
        ("etsi", "0.4.0.369.1.1", "ExplicitEctExecute"),
        ("etsi", 13, "callDeflection"),
        ("qsig", 13, "callTransferUpdate"),
        ("qsig", 99, "ssctInitiate"),
        ("ni2", "1.2.840.10005.0.8", "initiateTransfer"),
        ("dms100", 2, "RLT_THIRD_PARTY"),
    ],
)
def test_the_variant_decides_what_a_code_means(variant: str, code: Code, name: str) -> None:
    operation = operations.operation(variant, code)
    assert operation is not None
    assert operation.name == name
    assert operations.named(variant, name).code == code


def test_the_object_identifiers_of_old_ecma_editions_mean_the_local_value() -> None:
    assert operations.operation("qsig", "1.3.12.9.12") == operations.named("qsig", "callTransferComplete")
    assert operations.operation("etsi", "1.3.12.9.12") is None


def test_an_operation_that_no_table_has() -> None:
    assert operations.operation("qsig", 77) is None
    assert operations.operation("qsig", "1.3.12.9.x") is None
    with pytest.raises(LocalProtocolError):
        operations.named("qsig", "EctExecute")


@pytest.mark.parametrize(
    ("variant", "code", "name"),
    [
        ("etsi", 0, "userNotSubscribed"),
        ("etsi", 3, "notAvailable"),
        ("etsi", "0.4.0.369.1.21", "linkIdNotAssignedByNetwork"),
        ("qsig", 1005, "unrecognizedCallIdentity"),
        ("qsig", 1006, "establishmentFailure"),
        ("ni2", 7, "invalidCallState"),
        ("dms100", 0x10, "bridgeFail"),
        ("qsig", 77, "77"),
        ("etsi", "1.2.3", "1.2.3"),
    ],
)
def test_errors_have_names(variant: str, code: Code, name: str) -> None:
    assert operations.error_name(variant, code) == name
    assert operations.error_code(variant, name) == code


def test_an_error_that_no_table_has_is_not_written() -> None:
    assert not operations.has_error("etsi", "bridgeFail")
    with pytest.raises(LocalProtocolError):
        operations.error_code("etsi", "bridgeFail")


def test_problems_have_names() -> None:
    assert operations.problem_name("invoke", 1) == "unrecognisedOperation"
    assert operations.problem_name("returnError", 2) == "unrecognisedError"
    assert operations.problem_code("general", "badlyStructuredComponent") == 2
    assert operations.problem_name("general", 9) == "9"
    assert operations.problem_code("general", "9") == 9
    with pytest.raises(LocalProtocolError):
        operations.problem_code("general", "mistypedArgument")


@pytest.mark.parametrize("kind", PROBLEM_KINDS)
def test_every_problem_comes_back(kind: str) -> None:
    for value in range(10):
        assert operations.problem_code(kind, operations.problem_name(kind, value)) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("callTransferInitiate", None),
        ("callTransferInitiate", {"callIdentity": "12345", "rerouteingNumber": UNKNOWN}),
        ("callTransferInitiate", {"callIdentity": "12", "rerouteingNumber": ("unknownPartyNumber", "+44")}),
        ("callTransferInitiate", {"callIdentity": "12", "rerouteingNumber": ("e164", "44")}),
        (
            "callTransferComplete",
            {"endDesignation": "thirdEnd", "redirectionNumber": ("presentationRestricted", None)},
        ),
    ],
)
def test_a_value_that_the_type_does_not_allow_is_not_written(name: str, value: Any) -> None:
    with pytest.raises(LocalProtocolError):
        operations.encode_argument("qsig", name, value)


@pytest.mark.parametrize(
    ("name", "octets"),
    [
        ("callTransferInitiate", None),
        ("callTransferInitiate", "3000"),
        ("callTransferSetup", "3004 1202"),
        ("callTransferSetup", "3004 12023132 0500"),
        ("callTransferComplete", "3005 0a0102 8100"),
    ],
)
def test_octets_that_are_no_value_of_the_type_are_refused(name: str, octets: str | None) -> None:
    with pytest.raises(DecodeError):
        operations.decode_argument("qsig", name, None if octets is None else bytes.fromhex(octets))


def test_an_argument_where_there_is_none_is_refused() -> None:
    with pytest.raises(DecodeError):
        operations.decode_argument("etsi", "EctExecute", bytes.fromhex("0500"))


TYPES = [
    (variant, type_name)
    for variant, table in VARIANTS.items()
    for type_name in sorted({t for row in table.operations for t in (row.argument, row.result) if t})
]


@pytest.mark.parametrize(("variant", "type_name"), TYPES)
@given(octets=st.binary(max_size=40), tag=st.sampled_from((0x02, 0x0A, 0x30, 0xA0, 0xA1)))
def test_random_octets_raise_nothing_but_decode_errors(variant: str, type_name: str, octets: bytes, tag: int) -> None:
    for attempt in (octets, bytes((tag, len(octets))) + octets):
        try:
            operations.decode_type(variant, type_name, attempt)
        except DecodeError as error:
            assert error.cause == 100


def test_every_name_and_code_of_a_variant_is_there_once() -> None:
    for table in VARIANTS.values():
        names = [row.name for row in table.operations]
        codes = [row.code for row in table.operations]
        assert len(set(names)) == len(names)
        assert len(set(codes)) == len(codes)
        assert len(set(table.errors.values())) == len(table.errors)
