"""What libpri put on the wire, and what tshark makes of what we write."""

from pathlib import Path

import pytest

from gateway.isdn import facility, operations, q931
from gateway.isdn.document import document
from gateway.isdn.facility import Facility, Interpretation, NetworkFacilityExtension
from gateway.isdn.q931 import Message, MessageType
from gateway.model.remote_operations import Component, Invoke, Reject, ReturnError, ReturnResult
from tests.isdn.recordings import facility_elements, recorded, vectors, write_capture
from tests.isdn.test_operations import ARGUMENTS, RESULTS
from tests.peers import tshark


def test_every_recorded_message_is_written_back_octet_for_octet() -> None:
    assert len(recorded()) > 200
    for _, octets in recorded():
        assert q931.encode(q931.decode(octets)) == octets


def test_tshark_sees_the_same_message_types_and_call_references() -> None:
    for capture in {path for path, _ in recorded()}:
        names = ["q931.message_type", "q931.call_ref"]
        rows = tshark.fields(capture, names, where="q931", options=tshark.ETSI)
        ours = [q931.decode(octets) for path, octets in recorded() if path == capture]
        assert [int(row[0], 0) for row in rows] == [message.message_type for message in ours]
        assert [int(row[1], 16) & 0x7FFF for row in rows] == [message.call_reference for message in ours]


def test_every_recorded_facility_is_written_back_octet_for_octet() -> None:
    found = facility_elements()
    assert len(found) == 50
    for _, element in found:
        read = facility.decode(element.contents)
        assert facility.encode(read) == element.contents
        assert not read.rest


def test_every_recorded_argument_and_result_is_known_and_written_back() -> None:
    for variant, element in facility_elements():
        for component in facility.decode(element.contents).components:
            _write_back(variant, component)


def _write_back(variant: str, component: Component) -> None:
    match component:
        case Invoke(_, code, argument):
            operation = operations.operation(variant, code)
            assert operation is not None
            value = operations.decode_argument(variant, operation.name, argument)
            assert operations.encode_argument(variant, operation.name, value) == (argument or b"")
        case ReturnResult(_, code, result) if code is not None:
            operation = operations.operation(variant, code)
            assert operation is not None
            value = operations.decode_result(variant, operation.name, result)
            assert operations.encode_result(variant, operation.name, value) == (result or b"")
        case ReturnError(_, error):
            assert operations.has_error(variant, operations.error_name(variant, error))


def test_every_recorded_message_has_a_document_without_problems() -> None:
    for _, octets in recorded():
        assert "problem" not in str(document(octets, "q931"))


def test_every_vector_is_written_back_octet_for_octet() -> None:
    for name, octets in vectors().items():
        message = q931.decode(octets)
        assert q931.encode(message) == octets, name
        for read in message.facilities():
            for component in read.components:
                _write_back(name.split("_")[0] if name.startswith(("etsi", "ni2")) else "qsig", component)
        facilities = [element.contents for element in message.elements if element.identifier == 0x1C]
        assert [facility.encode(read) for read in message.facilities()] == facilities, name


QSIG = Facility(
    facility.NETWORKING_EXTENSIONS,
    nfe=NetworkFacilityExtension(),
    interpretation=Interpretation.DISCARD_ANY_UNRECOGNISED_INVOKE_PDU,
)
INVOKES: list[tuple[str, Invoke | ReturnResult]] = [
    (variant, Invoke(number, operations.named(variant, name).code, bytes.fromhex(octets) or None))
    for number, (variant, name, _, octets) in enumerate(ARGUMENTS, 1)
]
ANSWERS: list[tuple[str, Invoke | ReturnResult]] = [
    (variant, ReturnResult(number, operations.named(variant, name).code, bytes.fromhex(octets)))
    for number, (variant, name, _, octets) in enumerate(RESULTS, 1)
]


def _facility_message(header: Facility, component: Component) -> bytes:
    content = Facility(header.profile, (component,), header.nfe, None, header.interpretation)
    return q931.encode(Message(MessageType.FACILITY, 1, False, facility.elements(content)))


@pytest.mark.parametrize("variant", ["etsi", "qsig", "ni2"])
def test_tshark_reads_what_we_write(variant: str, tmp_path: Path) -> None:
    header = QSIG if variant == "qsig" else Facility()
    options = () if variant == "qsig" else tshark.ETSI
    asked = [component for kind, component in (*INVOKES, *ANSWERS) if kind == variant]
    others: list[Component] = [ReturnError(1, 3), Reject(2, "invoke", 1), Reject(None, "general", 2)]
    capture = tmp_path / "ours.pcap"
    write_capture(capture, [_facility_message(header, component) for component in (*asked, *others)])
    rows = tshark.fields(capture, ["q932.ros.local", "q932.ros.global"], options=options)
    assert ["".join(row) for row in rows] == [*(str(component.operation) for component in asked), "3", "", ""]
    assert tshark.malformed(capture, options=options) == []


def test_tshark_reads_the_fields_of_a_qsig_argument(tmp_path: Path) -> None:
    octets = next(octets for _, name, _, octets in ARGUMENTS if name == "callTransferComplete")
    capture = tmp_path / "complete.pcap"
    write_capture(capture, [_facility_message(QSIG, Invoke(1, 12, bytes.fromhex(octets)))])
    names = [
        "qsig.ct.endDesignation",
        "qsig.ct.callStatus",
        "qsig.publicNumberDigits",
        "qsig.screeningIndicator",
        "qsig.na.namePresentationAllowedSimple",
    ]
    assert tshark.fields(capture, names) == [["1", "1", "441632960123", "3", "Carol"]]
