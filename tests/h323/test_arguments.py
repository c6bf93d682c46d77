"""Arguments and results of H.450.2, and the forms in which peers write them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.h323 import h450
from gateway.h323.arguments import (
    Decoded,
    Form,
    decode_argument,
    decode_parameter,
    decode_result,
    encode_argument,
    encode_result,
)
from gateway.h323.operations import BY_CODE, BY_NAME, OPERATIONS
from gateway.model.errors import DecodeError, LocalProtocolError
from gateway.model.remote_operations import Invoke, ReturnResult
from tests.h323 import recordings

IDENTIFY, INITIATE, SETUP, ACTIVE, COMPLETE, UPDATE, SUBADDRESS = 7, 9, 10, 11, 12, 13, 14


def to_digits(digits: str) -> dict[str, Any]:
    return {"destinationAddress": [("dialledDigits", digits)]}


ARGUMENTS = [
    (INITIATE, "202345000101808884", {"callIdentity": "1234", "reroutingNumber": to_digits("5551")}),
    (INITIATE, "08000101808884", {"callIdentity": " ", "reroutingNumber": to_digits("5551")}),
    (INITIATE, "000101808884", {"callIdentity": "", "reroutingNumber": to_digits("5551")}),
    (SETUP, "00", {"callIdentity": ""}),
    (SETUP, "0420", {"callIdentity": "1"}),
    (SETUP, "400101808884", {"callIdentity": "", "transferringNumber": to_digits("5551")}),
    (
        ACTIVE,
        "20010180433608004300610072006f006c",
        {"connectedAddress": to_digits("1003"), "connectedInfo": "Carol"},
    ),
    (
        COMPLETE,
        "1000010180888440",
        {"endDesignation": "primaryEnd", "redirectionNumber": to_digits("5551"), "callStatus": "alerting"},
    ),
    (
        COMPLETE,
        "00000101808884",
        {"endDesignation": "primaryEnd", "redirectionNumber": to_digits("5551"), "callStatus": "answered"},
    ),
    (
        UPDATE,
        "40010180433608004300610072006f006c",
        {"redirectionNumber": to_digits("1003"), "redirectionInfo": "Carol"},
    ),
    (SUBADDRESS, "1100501234", {"redirectionSubaddress": ("nsapSubaddress", b"P\x124")}),
    (
        SUBADDRESS,
        "0420123480",
        {
            "redirectionSubaddress": (
                "userSpecifiedSubaddress",
                {"subaddressInformation": b"\x124", "oddCountIndicator": True},
            )
        },
    ),
]


@pytest.mark.parametrize(("code", "octets", "value"), ARGUMENTS)
def test_an_argument_is_read_and_written(code: int, octets: str, value: dict[str, Any]) -> None:
    assert decode_argument(code, bytes.fromhex(octets)) == Decoded(value)
    assert encode_argument(code, value).hex() == octets


def test_the_result_of_call_transfer_identify() -> None:
    value = {"callIdentity": "1234", "reroutingNumber": to_digits("5551")}
    assert decode_result(IDENTIFY, bytes.fromhex("202345000101808884")) == Decoded(value)
    assert encode_result(IDENTIFY, value).hex() == "202345000101808884"


@pytest.mark.parametrize(
    ("code", "padded", "value"),
    [
        (INITIATE, "00000101808884", {"callIdentity": "", "reroutingNumber": to_digits("5551")}),
        (SETUP, "40000101808884", {"callIdentity": "", "transferringNumber": to_digits("5551")}),
    ],
)
def test_a_padded_empty_call_identity_is_read_named_and_written(
    code: int, padded: str, value: dict[str, Any]
) -> None:
    assert decode_argument(code, bytes.fromhex(padded)) == Decoded(value, Form.PADDED)
    assert encode_argument(code, value, Form.PADDED).hex() == padded


def test_padding_is_a_matter_of_the_empty_call_identity_only() -> None:
    value = {"callIdentity": "1", "reroutingNumber": to_digits("5551")}
    assert encode_argument(INITIATE, value, Form.PADDED) == encode_argument(INITIATE, value)


@given(st.text("0123456789", max_size=4), st.sampled_from((Form.STRICT, Form.PADDED)), st.booleans())
def test_call_transfer_initiate_round_trip(digits: str, form: Form, presented: bool) -> None:
    address = to_digits("5551")
    if presented:
        address["destinationAddressPresentationIndicator"] = ("presentationAllowed", None)
    value = {"callIdentity": digits, "reroutingNumber": address}
    expected = Decoded(value, Form.STRICT if digits else form)
    assert decode_argument(INITIATE, encode_argument(INITIATE, value, form)) == expected


H323PLUS_COMPLETE = "20028107007f00170306b801804336080072006500640069007200"


def test_call_transfer_complete_of_h323plus_is_read_and_named() -> None:
    decoded = decode_argument(COMPLETE, bytes.fromhex(H323PLUS_COMPLETE))
    assert decoded.form is Form.H323PLUS
    assert decoded.value["redirectionInfo"] == "redir"
    assert decoded.value["callStatus"] == "answered"


def test_it_is_written_as_the_recommendation_has_it() -> None:
    decoded = decode_argument(COMPLETE, bytes.fromhex(H323PLUS_COMPLETE))
    octets = encode_argument(COMPLETE, decoded.value)
    assert octets.hex() == "2000028107007f00170306b8018043360800720065006400690072"
    assert decode_argument(COMPLETE, octets) == Decoded(decoded.value)


def test_every_recorded_argument_and_result_is_written_with_the_same_octets() -> None:
    forms = []
    for octets in recordings.apdus():
        for component in h450.decode(octets).components:
            if isinstance(component, Invoke) and component.argument is not None:
                decoded = decode_argument(component.operation, component.argument)
                assert encode_argument(component.operation, decoded.value, decoded.form) == component.argument
                forms.append(decoded.form)
            if isinstance(component, ReturnResult) and component.operation is not None:
                decoded = decode_result(component.operation, component.result or b"")
                assert encode_result(component.operation, decoded.value, decoded.form) == component.result
                forms.append(decoded.form)
    assert (forms.count(Form.STRICT), forms.count(Form.H323PLUS), forms.count(Form.PADDED)) == (47, 2, 0)


def test_an_extension_bitmap_shorter_than_ours_is_read() -> None:
    """As an older version of H.450.1 would write it: one bit for one addition where there are four by now."""
    address = to_digits("1003") | {"destinationAddressPresentationIndicator": ("presentationRestricted", None)}
    value = {"callIdentity": "1", "reroutingNumber": address}
    assert encode_argument(INITIATE, value).hex() == "0828010180433607000120"
    older = bytes.fromhex("08280101804336010120")
    assert decode_argument(INITIATE, older) == Decoded(value, complete=False)


@pytest.mark.parametrize("code", [77, "1.3.12.9"])
def test_an_operation_that_is_not_of_h450_2_cannot_be_read_or_written(code: int | str) -> None:
    with pytest.raises(DecodeError, match="no argument"):
        decode_argument(code, b"")
    with pytest.raises(LocalProtocolError):
        encode_argument(code, {})


@pytest.mark.parametrize("operation", [item for item in OPERATIONS if not item.answered], ids=lambda item: item.name)
def test_an_operation_without_answer_has_no_result(operation: Any) -> None:
    with pytest.raises(DecodeError, match="no result"):
        decode_result(operation.code, b"\0")


@pytest.mark.parametrize("digits", ["12345", "a", "1-2"])
def test_a_call_identity_is_up_to_four_digits(digits: str) -> None:
    with pytest.raises(LocalProtocolError):
        encode_argument(SETUP, {"callIdentity": digits})


@given(st.sampled_from(sorted(BY_NAME)), st.binary(max_size=40))
def test_random_octets_raise_decode_error_and_nothing_else(name: str, octets: bytes) -> None:
    for decode in (decode_argument, decode_result):
        try:
            assert decode(BY_NAME[name].code, octets).form in Form
        except DecodeError as error:
            assert error.what


@given(st.binary(max_size=40))
def test_a_random_error_parameter_raises_decode_error_and_nothing_else(octets: bytes) -> None:
    try:
        assert decode_parameter(octets)[0] in ("extension", "nonStandard")
    except DecodeError as error:
        assert error.what


def test_every_operation_has_a_code_and_a_name() -> None:
    assert [operation.code for operation in OPERATIONS] == list(range(7, 15))
    assert len(BY_CODE) == len(BY_NAME) == 8
