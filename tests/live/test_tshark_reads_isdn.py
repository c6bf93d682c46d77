"""tshark, an independent decoder, reads what the ISDN dialects write: operations, digits, names, nothing malformed.

It knows the arguments of QSIG; of ETSI, NI-2 and DMS-100 it reads the ROSE envelope at most.
"""

from pathlib import Path

import pytest

from gateway.model.parties import Number, NumberingPlan, Party, Presentation, Screening, Subaddress, TypeOfNumber
from gateway.model.transfer import (
    CallIdentity,
    CallReference,
    CallStatus,
    EndDesignation,
    IdentityAbandoned,
    IdentityGranted,
    IdentityRequest,
    LinkId,
    Outcome,
    PartyUpdate,
    Redirection,
    Stage,
    SubaddressRequest,
    SubaddressUpdate,
    TransferEvent,
    TransferKind,
    TransferOutcome,
    TransferRequest,
    TransferSetup,
)
from gateway.translators import dialect_named
from gateway.translators.dialect import Context
from tests.engine.test_isdn_own_sides import ATTENDED, BothSides, transferred
from tests.isdn.recordings import write_capture
from tests.peers import tshark

pytestmark = pytest.mark.live

TARGET = Party(
    Number("441632960123", TypeOfNumber.INTERNATIONAL, NumberingPlan.E164),
    Presentation.ALLOWED,
    Screening.NETWORK_PROVIDED,
    "Carol",
)
PRIVATE = Party(Number("5551", TypeOfNumber.NETWORK_SPECIFIC, NumberingPlan.PRIVATE), Presentation.RESTRICTED)
SUBADDRESS = Subaddress(b"\x31\x32\x33", odd=True)
IDENTITY = CallIdentity("1234")

QSIG: tuple[tuple[str, TransferEvent], ...] = (
    ("7", IdentityRequest()),
    ("7", IdentityGranted(IDENTITY, PRIVATE)),
    ("8", IdentityAbandoned()),
    ("9", TransferRequest(TransferKind.ATTENDED, PRIVATE, IDENTITY)),
    ("9", TransferOutcome(Outcome.SUCCEEDED, operation="callTransferInitiate")),
    ("10", TransferSetup(TARGET, IDENTITY, transferee=PRIVATE)),
    ("11", PartyUpdate(Stage.ACTIVE, TARGET)),
    ("12", PartyUpdate(Stage.COMPLETE, TARGET, EndDesignation.SECONDARY, CallStatus.ALERTING)),
    ("12", TransferRequest(TransferKind.BLIND, TARGET)),
    ("13", PartyUpdate(Stage.UPDATE, PRIVATE)),
    ("14", SubaddressUpdate(SUBADDRESS)),
    ("19", Redirection(TARGET, "no-answer", PRIVATE, 2)),
    ("99", TransferRequest(TransferKind.SINGLE_STEP, TARGET, None, PRIVATE, TARGET)),
    ("100", TransferSetup(TARGET, transferor=PRIVATE, transferee=TARGET)),
)
ENVELOPES: tuple[tuple[str, TransferEvent], ...] = (
    ("etsi-ect", IdentityRequest()),
    ("etsi-ect", IdentityGranted(LinkId(7))),
    ("etsi-ect", TransferRequest(TransferKind.ATTENDED, consultation=LinkId(7))),
    ("etsi-ect", PartyUpdate(Stage.COMPLETE, TARGET)),
    ("etsi-ect", SubaddressRequest()),
    ("etsi-ect", SubaddressUpdate(SUBADDRESS)),
    ("etsi-ect", Redirection(TARGET, "deflection", PRIVATE, 1)),
    ("etsi-ect", TransferOutcome(Outcome.FAILED, error="userNotSubscribed")),
    ("ni2-tbct", TransferRequest(TransferKind.ATTENDED, consultation=CallReference(6))),
    ("ni2-tbct", PartyUpdate(Stage.COMPLETE, TARGET)),
    ("ni2-tbct", TransferOutcome(Outcome.SUCCEEDED)),
)


def record(path: Path, name: str, *events: TransferEvent) -> Path:
    octets = [message.octets for event in events for message in dialect_named(name).write(event, Context()).messages]
    write_capture(path, octets)
    return path


@pytest.mark.parametrize("name", ["qsig", "qsig-ssct"])
def test_qsig_operations_and_arguments(name: str, tmp_path: Path) -> None:
    own = [row for row in QSIG if name == "qsig" or not isinstance(row[1], TransferRequest) or row[0] != "12"]
    capture = record(tmp_path / "qsig.pcap", name, *(event for _, event in own))
    rows = tshark.fields(capture, ["qsig.operation"])
    assert [row[0] for row in rows] == [operation for operation, _ in own]
    assert tshark.malformed(capture) == []


def test_single_step_shows_digits_and_names(tmp_path: Path) -> None:
    request = TransferRequest(TransferKind.SINGLE_STEP, TARGET, None, PRIVATE, TARGET)
    capture = record(tmp_path / "ssct.pcap", "qsig-ssct", request)
    wanted = ["qsig.publicNumberDigits", "qsig.privateNumberDigits", "qsig.ssct.awaitConnect"]
    assert tshark.fields(capture, wanted) == [["441632960123,441632960123", "5551", "1"]]
    (names,) = tshark.fields(capture, ["qsig.na.namePresentationAllowedSimple"])
    assert names[0] in {"Carol", b"Carol".hex()}


def test_errors_of_qsig_have_their_names(tmp_path: Path) -> None:
    outcome = TransferOutcome(Outcome.FAILED, error="establishmentFailure", operation="callTransferInitiate")
    capture = record(tmp_path / "error.pcap", "qsig", outcome)
    assert tshark.fields(capture, ["qsig.error"]) == [["1006"]]


@pytest.mark.parametrize(("name", "event"), ENVELOPES)
def test_no_envelope_is_malformed(name: str, event: TransferEvent, tmp_path: Path) -> None:
    capture = record(tmp_path / "envelope.pcap", name, event)
    assert tshark.fields(capture, ["q931.message_type"], options=tshark.ETSI)
    assert tshark.malformed(capture, options=tshark.ETSI) == []


@pytest.mark.parametrize(("kind", "ladder", "method"), ATTENDED)
def test_a_whole_transfer_between_two_sides_of_ours(kind: str, ladder: str, method: str, tmp_path: Path) -> None:
    """Every message of both calls, the operations and their answers among them."""
    if kind == "dms100":
        pytest.skip("tshark gives up at the service discriminator of its operations")
    world = BothSides(tmp_path, kind, ladder=ladder and str(tmp_path / ladder))
    transferred(world, method)
    capture = tmp_path / "both.pcap"
    write_capture(capture, world.messages())
    options = tshark.ETSI if kind == "euroisdn" else ()
    kinds = [row[0] for row in tshark.fields(capture, ["q931.message_type"], options=options)]
    assert kinds.count("0x62") >= 2  # FACILITY: the invoke and its result
    assert tshark.malformed(capture, options=options) == []
