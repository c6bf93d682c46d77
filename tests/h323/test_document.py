"""H.225.0 messages and APDUs as documents: the standards' names, nothing dropped."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.h323 import h225, signals
from gateway.h323.document import document
from gateway.h323.h225 import CallSignal
from gateway.h323.signals import Call
from gateway.model.errors import DecodeError, LocalProtocolError
from tests.h323 import recordings

INITIATE = bytes.fromhex("0001100001000109100820028107007f00170306b801804336")


def test_call_transfer_initiate() -> None:
    aliases = [{"transportID": {"ipAddress": "127.0.23.3:1720"}}, {"dialledDigits": "1003"}]
    argument = {"callIdentity": "1", "reroutingNumber": {"destinationAddress": aliases}}
    invoke = {"invokeId": 1, "operation": "callTransferInitiate", "operationValue": 9, "argument": argument}
    assert document(INITIATE, "h450") == {"rosApdus": [{"invoke": invoke}]}


@pytest.mark.parametrize(
    ("octets", "component"),
    [
        ("0001400101", {"returnResult": {"invokeId": 1}}),
        (
            "0001800101000203ee",
            {"returnError": {"invokeId": 1, "error": "establishmentFailure", "errorValue": 1006}},
        ),
        (
            "0001c00201f5400101",
            {"reject": {"invokeId": 501, "problem": {"invoke": "unrecognizedOperation"}, "problemValue": 1}},
        ),
        ("00010003f000014d", {"invoke": {"invokeId": 1008, "operation": "77", "operationValue": 77}}),
        (
            "00012000010203e9000108",
            {"invoke": {"invokeId": 1, "linkedId": 1001, "operation": "callTransferAbandon", "operationValue": 8}},
        ),
    ],
)
def test_a_component(octets: str, component: dict[str, object]) -> None:
    assert document(bytes.fromhex(octets), "h450") == {"rosApdus": [component]}


def test_the_result_of_call_transfer_identify() -> None:
    octets = bytes.fromhex("0001600101000107100820028107007f00170306b801804336")
    (component,) = document(octets, "h450")["rosApdus"]
    assert component["returnResult"]["operation"] == "callTransferIdentify"
    assert component["returnResult"]["result"]["callIdentity"] == "1"


def test_network_facility_extension_and_interpretation() -> None:
    apdu = document(bytes.fromhex("680180433408010001f800014d"), "h450")
    assert apdu["interpretationApdu"] == "clearCallIfAnyInvokePduNotRecognized"
    assert apdu["networkFacilityExtension"] == {
        "sourceEntity": "endpoint",
        "sourceEntityAddress": {"dialledDigits": "1001"},
        "destinationEntity": "endpoint",
    }


@pytest.mark.parametrize(
    ("octets", "encoding"),
    [
        ("00011000030001090700000101808884", "padding after a callIdentity of length zero"),
        (
            "00011003eb00010c1b20028107007f00170306b801804336080072006500640069007200",
            "H323Plus: callStatus without its bit in the bitmap",
        ),
    ],
)
def test_an_encoding_that_is_not_x691_is_named(octets: str, encoding: str) -> None:
    (component,) = document(bytes.fromhex(octets), "h450")["rosApdus"]
    assert component["invoke"]["encoding"] == encoding


def test_an_argument_that_cannot_be_read_is_hex_with_the_reason() -> None:
    (component,) = document(bytes.fromhex("00011000010001090107"), "h450")["rosApdus"]
    assert component["invoke"]["argument"] == "07"
    assert "CTInitiateArg" in component["invoke"]["problem"]


def test_octets_beyond_the_argument_are_not_dropped() -> None:
    (component,) = document(bytes.fromhex("000110000100010a0300ff00"), "h450")["rosApdus"]
    assert component["invoke"]["argument"] == {"callIdentity": ""}
    assert component["invoke"]["argumentOctets"] == "00ff00"


def test_octets_beyond_the_apdu_are_not_dropped() -> None:
    assert document(bytes.fromhex("2001000007000108" + "ffff"), "h450")["rest"] == "ffff"
    assert "rest" not in document(bytes.fromhex("2001000007000108"), "h450")


def test_octets_that_h323_user_information_has_no_room_for_are_not_dropped() -> None:
    octets = h225.encode(signals.facility(Call(1), (INITIATE,)))
    at = octets.index(b"\x7e") + 2
    longer = octets[:at] + bytes((octets[at] + 2,)) + octets[at + 1 :] + b"\xff\xff"
    assert document(longer, "h225")["octets"] == longer.hex()
    assert "octets" not in document(octets, "h225")


def test_a_message_with_its_apdus() -> None:
    message = document(h225.encode(signals.facility(Call(1, True), (INITIATE, b"\xff"))), "h225")
    assert message["message"] == "FACILITY"
    assert message["callReference"] == {"value": 1, "flag": 1}
    assert message["informationElements"] == [{"name": "Facility", "identifier": "0x1c", "contents": ""}]
    good, bad = message["h323-uu-pdu"]["h4501SupplementaryService"]
    assert good == document(INITIATE, "h450")
    assert (bad["octets"], bad["problem"][:2]) == ("ff", "ff")


def test_a_message_body_is_spelled_out() -> None:
    octets = h225.encode(signals.release_complete(Call(1, identifier=bytes(16)), (), "facilityCallDeflection"))
    assert document(octets, "h225")["h323-uu-pdu"]["h323-message-body"] == {
        "releaseComplete": {
            "protocolIdentifier": "0.0.8.2250.0.6",
            "reason": "facilityCallDeflection",
            "callIdentifier": {"guid": "00" * 16},
        }
    }


def test_user_data_and_an_element_without_name() -> None:
    user_data = {"protocol-discriminator": 8, "user-information": b"hello"}
    octets = h225.encode(CallSignal("FACILITY", 1, information_elements=((0x42, b"\x01"),), user_data=user_data))
    message = document(octets, "h225")
    assert message["user-data"] == {"protocol-discriminator": 8, "user-information": b"hello".hex()}
    assert message["informationElements"] == [{"identifier": "0x42", "contents": "01"}]


def test_every_recorded_message_is_a_json_document() -> None:
    documents = [json.dumps(document(octets, "h225")) for octets in recordings.messages()]
    assert sum(text.count('"callTransferInitiate"') for text in documents) == 18
    assert not any('"problem": "' in text for text in documents)


@given(st.binary(max_size=40))
def test_random_octets_raise_decode_error_and_nothing_else(octets: bytes) -> None:
    for kind in ("h450", "h225"):
        try:
            assert json.dumps(document(octets, kind))
        except DecodeError as error:
            assert error.what


@given(recordings.damaged_messages())
def test_a_damaged_message_raises_decode_error_and_nothing_else(octets: bytes) -> None:
    try:
        assert json.dumps(document(octets, "h225"))
    except DecodeError as error:
        assert error.what


def test_an_alias_of_a_later_version_is_there_in_octets() -> None:
    (component,) = document(bytes.fromhex("0001100001000109050001860100"), "h450")["rosApdus"]
    assert component["invoke"]["argument"]["reroutingNumber"] == {"destinationAddress": ["of a later version"]}
    assert component["invoke"]["argumentOctets"] == "0001860100"


def test_another_kind_is_refused() -> None:
    with pytest.raises(LocalProtocolError, match="no kind 'h245'"):
        document(b"", "h245")
