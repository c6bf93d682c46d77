import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.isdn import q931
from gateway.isdn.document import document
from gateway.model.errors import DecodeError, LocalProtocolError
from tests.isdn.strategies import messages


def facility(octets: str, variant: str | None = None) -> dict[str, Any]:
    return document(bytes.fromhex(octets), "facility", variant)


def elements(octets: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document(bytes.fromhex("0802000105" + octets), "q931")["informationElements"]
    return found


def test_a_message_names_its_type_and_call_reference() -> None:
    assert document(bytes.fromhex("080280060d"), "q931") == {
        "protocol": "Q.931",
        "message": "SETUP ACKNOWLEDGE",
        "protocolDiscriminator": 8,
        "callReference": {"value": 6, "flag": 1, "length": 2},
        "informationElements": [],
    }


def test_a_facility_names_operation_and_argument() -> None:
    read = facility("9faa068001008201008b0102a10c02013202010a300412023132")
    assert read == {
        "protocolProfile": "networking extensions",
        "variant": "qsig",
        "networkFacilityExtension": {"sourceEntity": "endPINX", "destinationEntity": "endPINX"},
        "interpretation": "rejectAnyUnrecognisedInvokePdu",
        "components": [
            {
                "invoke": {
                    "invokeId": 50,
                    "operation": "callTransferSetup",
                    "operationValue": 10,
                    "argument": {"callIdentity": "12"},
                }
            }
        ],
    }


def test_a_choice_is_an_object_and_a_name_is_text() -> None:
    invoke = document(bytes.fromhex("a112 020101 02010c 300a 0a0100 8100 8003 4a6f65"), "facility", "qsig")
    assert invoke["components"][0]["invoke"]["argument"] == {
        "endDesignation": "primaryEnd",
        "redirectionNumber": {"presentationRestricted": None},
        "redirectionName": {"namePresentationAllowed": {"namePresentationAllowedSimple": "Joe"}},
        "callStatus": "answered",
    }


@pytest.mark.parametrize(
    ("octets", "variant", "operation"),
    [
        ("91 a106 020101 020106", "etsi", "EctExecute"),
        ("9f a10a 020101 020106 3002 1200", "qsig", "pathReplaceRetain"),
        ("91 a111 020101 0607 2a8648ce150008 3003 020106", "ni2", "initiateTransfer"),
        ("11be a106 020101 020101", "dms100", "RLT_OPERATION_IND"),
        ("a106 020101 020106", "etsi", "EctExecute"),
        ("1c09 91 a106 020101 020106", "etsi", "EctExecute"),
    ],
)
def test_the_variant_is_told_from_the_octets(octets: str, variant: str, operation: str) -> None:
    read = facility(octets)
    assert read["variant"] == variant
    assert read["components"][0]["invoke"]["operation"] == operation


def test_a_variant_that_is_given_decides() -> None:
    read = facility("91 a108 020101 020107 0500", "qsig")
    assert read["components"][0]["invoke"]["operation"] == "callTransferIdentify"


def test_an_error_and_a_reject_have_names() -> None:
    assert facility("a306 020101 020107")["components"] == [
        {"returnError": {"invokeId": 1, "error": "invalidCallState", "errorValue": 7}}
    ]
    assert facility("a405 0500 800102")["components"] == [
        {"reject": {"invokeId": None, "problem": {"general": "badlyStructuredComponent"}, "problemValue": 2}}
    ]


def test_a_result_is_read_as_its_operation_says() -> None:
    result = facility("a210 020102 300b 0606 040082710104 020107")["components"][0]["returnResult"]
    assert result == {
        "invokeId": 2,
        "operation": "EctLinkIdRequest",
        "operationValue": "0.4.0.369.1.4",
        "result": 7,
    }


def test_an_unknown_operation_keeps_its_argument_in_hex() -> None:
    invoke = facility("a109 020101 02014d 0c0141")["components"][0]["invoke"]
    assert invoke == {"invokeId": 1, "operation": None, "operationValue": 77, "argument": "0c0141"}


def test_an_argument_of_the_wrong_type_stands_in_hex_with_the_problem() -> None:
    invoke = facility("a109 020101 020109 0c0141", "qsig")["components"][0]["invoke"]
    assert invoke["argument"] == "0c0141"
    assert "CTInitiateArg" in invoke["problem"]


def test_a_field_that_the_standard_has_not_stands_in_hex_beside_the_value() -> None:
    invoke = facility("a10f 020101 02010a 3007 12023132 8f0142", "qsig")["components"][0]["invoke"]
    assert invoke["argument"] == {"callIdentity": "12"}
    assert invoke["argumentOctets"] == "3007120231328f0142"


def test_octets_that_would_be_written_otherwise_stand_in_hex() -> None:
    assert facility("9f aa09 800100 820100 840101 a203 020101")["octets"] == "9faa09800100820100840101a203020101"
    assert facility("a280 020101 0000")["octets"] == "a2800201010000"
    assert "octets" not in facility("a203 020101")


def test_another_profile_and_what_is_no_component_stand_in_hex() -> None:
    assert facility("92 010203")["rest"] == "010203"
    assert facility("91 a203 020101 9f1f0142")["rest"] == "9f1f0142"


def test_unknown_elements_and_shifts_are_there() -> None:
    assert elements("5a020102 96 010141") == [
        {"name": "unknown", "identifier": "0x5a", "contents": "0102"},
        {"name": "Locking shift to codeset 6", "identifier": "0x96"},
        {"name": "unknown", "identifier": "0x01", "codeset": 6, "contents": "41"},
    ]


@pytest.mark.parametrize(
    ("octets", "fields"),
    [
        ("04038090a3", {"name": "Bearer capability", "bearer": "speech A-law"}),
        ("08028291", {"name": "Cause", "causeValue": 17, "location": "local network"}),
        ("14010a", {"name": "Call state", "callState": "active"}),
        ("1803a98381", {"name": "Channel identification", "channels": [1], "exclusive": True}),
        ("1e028188", {"name": "Progress indicator", "progressDescription": 8}),
        ("2701e9", {"name": "Notification indicator", "notificationDescription": "call transfer alerting"}),
        ("2803426f62", {"name": "Display", "text": "Bob"}),
        ("2c022a38", {"name": "Keypad facility", "keypad": "*8"}),
        (
            "6c05118335 3535",
            {
                "name": "Calling party number",
                "numberDigits": "555",
                "typeOfNumber": "international",
                "numberingPlan": "e164",
                "presentationIndicator": "allowed",
                "screeningIndicator": "network provided",
            },
        ),
        ("7002c135", {"name": "Called party number", "numberDigits": "5", "typeOfNumber": "subscriber"}),
        ("740411018f35", {"name": "Redirecting number", "reason": "unconditional"}),
        ("760400a33535", {"name": "Redirection number", "presentationIndicator": "restricted"}),
        ("4d02a012", {"name": "Connected subaddress", "subaddressInformation": "12"}),
        ("7e020441", {"name": "User-user", "protocolDiscriminator": 4, "userInformation": "41"}),
        ("a1", {"name": "Sending complete"}),
        ("080180", {"name": "Cause", "problem": "cause is cut off"}),
        ("1c0291a1", {"name": "Facility", "contents": "91a1"}),
    ],
)
def test_elements_are_read(octets: str, fields: dict[str, Any]) -> None:
    (element,) = elements(octets.replace(" ", ""))
    assert {key: element.get(key) for key in fields} == fields


def test_a_broken_facility_in_a_message_is_a_problem_of_that_element() -> None:
    (element,) = elements("1c0291a1")
    assert "cut off" in element["problem"]


@pytest.mark.parametrize(
    ("octets", "kind"), [("0802", "q931"), ("", "facility"), ("1c0791a106020101020106", "facility")]
)
def test_octets_that_are_not_what_they_are_said_to_be_are_refused(octets: str, kind: str) -> None:
    with pytest.raises(DecodeError):
        document(bytes.fromhex(octets), kind)


@pytest.mark.parametrize(("kind", "variant"), [("h450", None), ("facility", "5ess")])
def test_an_unknown_kind_or_variant_is_refused(kind: str, variant: str | None) -> None:
    with pytest.raises(LocalProtocolError):
        document(bytes.fromhex("a203020101"), kind, variant)


@given(messages())
def test_every_message_has_a_document_for_json(message: q931.Message) -> None:
    read = document(q931.encode(message), "q931")
    assert json.loads(json.dumps(read)) == read


@given(st.sampled_from(("q931", "facility")), st.binary(max_size=60))
def test_random_octets_raise_nothing_but_decode_errors(kind: str, octets: bytes) -> None:
    for attempt in (octets, b"\x08\x02\x00\x01\x62" + octets, b"\x9f" + octets, b"\x91" + octets):
        try:
            json.dumps(document(attempt, kind))
        except DecodeError as error:
            assert error.cause == 100
