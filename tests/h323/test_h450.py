"""H.450.1 APDUs: the components, their two kinds of invokeId, the interpretation APDU; and every APDU recorded."""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.h323 import h450, operations
from gateway.h323.h450 import NetworkFacilityExtension, SupplementaryService
from gateway.h323.operations import Interpretation
from gateway.model.errors import DecodeError, LocalProtocolError
from gateway.model.remote_operations import Invoke, Reject, ReturnError, ReturnResult
from tests.h323 import recordings
from tests.h323.strategies import apdus
from tests.shared import folder

EXAMPLES = [
    ("0001000001000107", SupplementaryService((Invoke(1, 7),))),
    ("000110000200010902abcd", SupplementaryService((Invoke(2, 9, b"\xab\xcd"),))),
    ("0001400102", SupplementaryService((ReturnResult(2),))),
    ("000160010100010702abcd", SupplementaryService((ReturnResult(1, 7, b"\xab\xcd"),))),
    ("0001800102000203ee", SupplementaryService((ReturnError(2, 1006),))),
    ("0001c00102400101", SupplementaryService((Reject(2, "invoke", 1),))),
    ("2001000007000108", SupplementaryService((Invoke(7, 8),), Interpretation.DISCARD)),
    ("2401000004 00010a", SupplementaryService((Invoke(4, 10),), Interpretation.CLEAR_CALL)),
    (
        "480180433400010001f700014d",
        SupplementaryService(
            (Invoke(503, 77),), nfe=NetworkFacilityExtension(source_address=("dialledDigits", "1001"))
        ),
    ),
]


@pytest.mark.parametrize(("octets", "apdu"), EXAMPLES)
def test_an_apdu_is_read_and_written(octets: str, apdu: SupplementaryService) -> None:
    assert h450.decode(bytes.fromhex(octets)) == apdu
    assert h450.encode(apdu) == bytes.fromhex(octets)


def test_the_invoke_id_of_an_invoke_is_two_octets_and_that_of_a_result_has_a_length() -> None:
    assert h450.encode(SupplementaryService((Invoke(1001, 7),))).hex() == "00010003e9000107"
    assert h450.encode(SupplementaryService((ReturnResult(1001),))).hex() == "0001400203e9"


def test_a_linked_id_has_a_length_too() -> None:
    apdu = SupplementaryService((Invoke(1, 8, linked_id=1001),))
    assert h450.encode(apdu).hex() == "00012000010203e9000108"
    assert h450.decode(h450.encode(apdu)) == apdu


def test_a_code_may_be_an_object_identifier() -> None:
    apdu = SupplementaryService((Invoke(1, "1.3.12.9"),))
    assert h450.decode(h450.encode(apdu)) == apdu


@pytest.mark.parametrize("invoke_id", [-1, 65536])
def test_an_invoke_id_beyond_two_octets_is_not_written(invoke_id: int) -> None:
    with pytest.raises(LocalProtocolError):
        h450.encode(SupplementaryService((Invoke(invoke_id, 7),)))


def test_an_apdu_without_component_is_not_written() -> None:
    with pytest.raises(LocalProtocolError):
        h450.encode(SupplementaryService(()))


def test_an_apdu_without_component_is_an_error() -> None:
    with pytest.raises(DecodeError, match="without component"):
        h450.decode(b"\0\0")


@given(apdus)
def test_what_is_written_is_read_again(apdu: SupplementaryService) -> None:
    assert h450.decode(h450.encode(apdu)) == apdu


@given(st.binary(max_size=60))
def test_random_octets_raise_decode_error_and_nothing_else(octets: bytes) -> None:
    try:
        h450.decode(octets)
    except DecodeError as error:
        assert error.what


def test_every_recorded_apdu_is_written_with_the_octets_it_was_read_from() -> None:
    recorded = recordings.apdus()
    assert len(recorded) == 106
    assert [h450.encode(h450.decode(octets)) for octets in recorded] == list(recorded)


def test_the_recordings_have_every_operation_and_every_kind_of_component() -> None:
    components = [component for octets in recordings.apdus() for component in h450.decode(octets).components]
    invoked = Counter(operations.operation_name(item.operation) for item in components if isinstance(item, Invoke))
    assert set(invoked) >= {operation.name for operation in operations.OPERATIONS}
    assert invoked["callTransferInitiate"] == 18
    assert {type(item) for item in components} == {Invoke, ReturnResult, ReturnError, Reject}


def test_every_test_vector_is_written_with_the_octets_it_was_read_from() -> None:
    vectors = json.loads((folder("standards") / "vectors.json").read_text())["h4501"]
    octets = [bytes.fromhex(text) for text in vectors.values()]
    assert len(octets) == 13
    assert [h450.encode(h450.decode(each)) for each in octets] == octets


def test_names_and_codes_of_errors_problems_and_operations() -> None:
    assert operations.error_name(1006) == "establishmentFailure"
    assert operations.error_code("establishmentFailure") == 1006
    assert operations.error_code("invalidRerouteingNumber") == operations.error_code("invalidReroutingNumber") == 1004
    assert (operations.error_name(2002), operations.error_code("2002")) == ("2002", 2002)
    assert operations.error_code("EctError") is None
    assert operations.problem_code("unrecognisedOperation") == ("invoke", 1)
    assert operations.problem_name("returnError", 4) == "mistypedParameter"
    assert operations.problem_name("general", 9) == "9"
    assert operations.operation_code("subaddressTransfer") == 14
    assert operations.operation_code("1.3.12") == "1.3.12"
    assert operations.operation_code("ssctInitiate") is None
