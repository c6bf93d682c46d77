"""What we write, read by programs that are not ours: tshark, and pycrate's compiler over the same ASN.1."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from gateway.h323 import h225, h450, signals
from gateway.h323.arguments import Form, decode_argument, encode_argument
from gateway.h323.h450 import SupplementaryService
from gateway.h323.operations import BY_CODE, ERRORS, OPERATIONS, PROBLEMS
from gateway.h323.signals import Call
from gateway.model.remote_operations import Invoke, Reject, ReturnError, ReturnResult
from gateway.resources import folder
from tests.h323 import recordings
from tests.h323.dissect import tshark, write_capture

ADDRESS = {
    "destinationAddress": [
        ("transportID", ("ipAddress", {"ip": b"\x7f\0\x17\x03", "port": 1720})),
        ("dialledDigits", "1003"),
        ("h323-ID", "carol"),
        ("url-ID", "sip:carol@example.com"),
        (
            "partyNumber",
            ("e164Number", {"publicTypeOfNumber": ("internationalNumber", None), "publicNumberDigits": "1003"}),
        ),
    ],
    "destinationAddressPresentationIndicator": ("presentationRestricted", None),
    "destinationAddressScreeningIndicator": "networkProvided",
}
NOBODY: dict[str, Any] = {
    "destinationAddress": [],
    "destinationAddressPresentationIndicator": ("addressNotAvailable", None),
}
ARGUMENTS: list[tuple[int, dict[str, Any] | None]] = [
    (7, None),
    (8, None),
    (9, {"callIdentity": "1234", "reroutingNumber": ADDRESS}),
    (9, {"callIdentity": " ", "reroutingNumber": ADDRESS}),
    (10, {"callIdentity": ""}),
    (10, {"callIdentity": "12", "transferringNumber": ADDRESS}),
    (10, {"callIdentity": " ", "transferringNumber": ADDRESS}),
    (11, {"connectedAddress": ADDRESS, "connectedInfo": "Carol", "basicCallInfoElements": b"\x1e\x02\x81\x88"}),
    (12, {"endDesignation": "primaryEnd", "redirectionNumber": ADDRESS, "callStatus": "answered"}),
    (
        12,
        {
            "endDesignation": "secondaryEnd",
            "redirectionNumber": NOBODY,
            "redirectionInfo": "Carol",
            "callStatus": "alerting",
        },
    ),
    (13, {"redirectionNumber": ADDRESS, "redirectionInfo": "Carol"}),
    (14, {"redirectionSubaddress": ("nsapSubaddress", b"\x50\x12\x34")}),
    (14, {"redirectionSubaddress": ("userSpecifiedSubaddress", {"subaddressInformation": b"12"})}),
]


def invoke(code: int, value: dict[str, Any] | None, form: Form = Form.STRICT) -> bytes:
    argument = None if value is None else encode_argument(code, value, form)
    return h450.encode(SupplementaryService((Invoke(1, code, argument),), BY_CODE[code].interpretation))


ANSWERS = [
    *(h450.encode(SupplementaryService((ReturnError(1001, code),))) for code in ERRORS),
    *(
        h450.encode(SupplementaryService((Reject(1, kind, value),)))
        for kind, names in PROBLEMS.items()
        for value in range(len(names))
    ),
    h450.encode(SupplementaryService((ReturnResult(1001),))),
    h450.encode(SupplementaryService((ReturnResult(1, 7, bytes.fromhex("0820028107007f00170306b801804336")),))),
]


@pytest.mark.live
def test_tshark_reads_every_operation_that_we_write(tmp_path: Path) -> None:
    apdus = [invoke(code, value) for code, value in ARGUMENTS]
    frames = [h225.encode(signals.facility(Call(1), (apdu,))) for apdu in apdus]
    rows = tshark(write_capture(tmp_path / "invokes.pcap", frames), "h450.ros.local", "_ws.malformed", "_ws.expert")
    assert [row[0] for row in rows] == [str(code) for code, _ in ARGUMENTS]
    assert [row[1] for row in rows] == [""] * len(rows)


@pytest.mark.live
def test_tshark_reads_every_answer_that_we_write(tmp_path: Path) -> None:
    frames = [h225.encode(signals.facility(Call(1), (apdu,))) for apdu in ANSWERS]
    rows = tshark(write_capture(tmp_path / "answers.pcap", frames), "h450.ros.invokeId", "_ws.malformed")
    assert [row[1] for row in rows] == [""] * len(ANSWERS)
    assert {row[0] for row in rows} == {"1", "1001"}


@pytest.mark.live
@pytest.mark.parametrize(
    "name", ["FACILITY", "ALERTING", "CALL PROCEEDING", "PROGRESS", "CONNECT", "RELEASE COMPLETE"]
)
def test_tshark_reads_every_message_that_we_write(name: str, tmp_path: Path) -> None:
    message = signals.carrying(name, Call(1, True, bytes(range(16))), (invoke(7, None),))
    capture = write_capture(tmp_path / "message.pcap", [h225.encode(message)])
    ((kind, operation, malformed),) = tshark(capture, "q931.message_type", "h450.ros.local", "_ws.malformed")
    assert (h225.MESSAGE_TYPES[int(kind, 0)], operation, malformed) == (name, "7", "")


@pytest.mark.live
def test_tshark_reads_setup_and_the_other_forms_of_facility(tmp_path: Path) -> None:
    call = Call(1, identifier=bytes(range(16)))
    apdu = invoke(10, {"callIdentity": ""})
    messages = [
        signals.setup(call, (apdu,), [("dialledDigits", "1002")], [("dialledDigits", "1003"), ("h323-ID", "carol")]),
        signals.facility(call, (apdu,), transported_information=True),
        signals.call_forwarded(call, [("dialledDigits", "1003")]),
        signals.release_complete(call, (apdu,), cause=17),
    ]
    capture = write_capture(tmp_path / "messages.pcap", map(h225.encode, messages))
    rows = tshark(capture, "h450.ros.local", "h225.guid", "_ws.malformed")
    assert [row[0] for row in rows] == ["10", "10", "", "10"]
    assert [row[1] for row in rows] == ["00010203-0405-0607-0809-0a0b0c0d0e0f"] * 4
    assert [row[2] for row in rows] == [""] * 4


@pytest.mark.live
def test_tshark_takes_an_empty_call_identity_only_with_padding(tmp_path: Path) -> None:
    """The known difference: X.691 and PTLib have no padding after a length of zero."""
    value = {"callIdentity": "", "reroutingNumber": {"destinationAddress": [("dialledDigits", "5551")]}}
    frames = [
        h225.encode(signals.facility(Call(1), (invoke(9, value, form),))) for form in (Form.STRICT, Form.PADDED)
    ]
    strict, padded = tshark(write_capture(tmp_path / "empty.pcap", frames), "_ws.malformed")
    assert strict != [""]
    assert padded == [""]


@pytest.fixture(scope="module")
def pycrate_modules(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """`asn1/H4501.asn` and `H4502.asn` compiled by pycrate."""
    compiler = importlib.import_module("pycrate_asn1c.asnproc")
    compiler.compile_text([(folder("asn1") / name).read_text() for name in ("H4501.asn", "H4502.asn")])
    generated = tmp_path_factory.mktemp("pycrate") / "h450_by_pycrate.py"
    compiler.generate_modules(compiler.PycrateGenerator, str(generated))
    spec = importlib.util.spec_from_file_location(generated.stem, generated)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pycrate_again(kind: Any, octets: bytes) -> bytes:
    kind.from_aper(octets)
    return bytes(kind.to_aper())


def test_pycrate_reads_and_writes_every_recorded_apdu_alike(pycrate_modules: Any) -> None:
    kind = pycrate_modules.H4501.H4501SupplementaryService
    recorded = sorted(set(recordings.apdus()))
    assert [pycrate_again(kind, octets) for octets in recorded] == recorded


def test_pycrate_reads_the_recorded_arguments_alike(pycrate_modules: Any) -> None:
    """All but an empty callIdentity before an address, where pycrate wants padding as well."""
    for octets in sorted(set(recordings.apdus())):
        (component,) = h450.decode(octets).components
        if isinstance(component, Invoke) and component.argument and component.operation in BY_CODE:
            decoded = decode_argument(component.operation, component.argument)
            value = decoded.value
            if decoded.form is Form.STRICT and value.get("callIdentity") != "":
                kind = getattr(pycrate_modules.H4502, BY_CODE[component.operation].argument)
                kind.from_aper(component.argument)
                assert value.items() >= _comparable(kind.get_val()).items()


def _comparable(value: Any) -> Any:
    return {name: item for name, item in value.items() if name != "callStatus"}


def test_every_operation_is_among_those_tried() -> None:
    assert {code for code, _ in ARGUMENTS} == {operation.code for operation in OPERATIONS}
