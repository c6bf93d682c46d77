"""Release link trunk transfer of the DMS-100."""

import pytest

from gateway.model.errors import UntranslatableError
from gateway.model.parties import Party
from gateway.model.transfer import (
    CallIdentity,
    Consultation,
    DialogReference,
    IdentityGranted,
    IdentityRequest,
    OtherOperation,
    Outcome,
    PartyUpdate,
    RltCallId,
    Stage,
    TransferEvent,
    TransferKind,
    TransferOutcome,
    TransferRequest,
)
from gateway.translators import dialect_named
from gateway.translators.dialect import Context
from tests.translators.isdn import contents, facility, international, lost, messages, read, write

RLT = "dms-rlt"


def test_third_party_names_the_other_call_by_its_call_id() -> None:
    request = TransferRequest(TransferKind.ATTENDED, consultation=RltCallId(0x22), invoke_id=2)
    assert read(RLT, facility("11bea10e0201020201023006800122810100")) == request
    assert contents(RLT, request) == "11bea10e0201020201023006800122810100"


def test_the_invoke_id_is_the_operation_value() -> None:
    request = TransferRequest(TransferKind.ATTENDED, consultation=RltCallId(0x22), invoke_id=77)
    assert contents(RLT, request).startswith("11bea10e020102")


def test_a_reason_is_written_back() -> None:
    octets = facility("11bea10f020102020102300780012281020081")
    event = read(RLT, octets)
    assert isinstance(event, TransferRequest)
    assert write(RLT, event).messages[0].octets == octets


def test_operation_ind_asks_for_a_call_id_in_the_setup() -> None:
    octets = bytes.fromhex(
        "080200010504038090a21803a983811c0a11bea1060201010201016c06018331303031" + "70058135353531"
    )
    event = read(RLT, octets)
    assert isinstance(event, IdentityRequest)
    (message,) = dialect_named(RLT).write(event, Context()).messages
    assert (message.name, message.leg) == ("SETUP", "secondary")


def test_the_call_id_is_granted_in_the_result() -> None:
    granted = IdentityGranted(RltCallId(0x11), invoke_id=1)
    assert read(RLT, facility("11bea20b0201013006020101800111")) == granted
    assert contents(RLT, granted) == "11bea20b0201013006020101800111"


def test_a_call_id_has_24_bits() -> None:
    granted = IdentityGranted(RltCallId(0xFFFFFF), invoke_id=1)
    octets = write(RLT, granted).messages[0].octets
    assert read(RLT, octets) == granted


def test_a_blind_transfer_begins_with_the_setup_of_the_second_call() -> None:
    request = TransferRequest(TransferKind.BLIND, Party(international("12025550123")))
    assert messages(RLT, request) == [
        (
            "secondary",
            "SETUP",
            "080200020504038090a2" + "1c0a11bea106020101020101" + "700c913132303235353530313233",
        )
    ]
    assert lost(RLT, request) == set()


@pytest.mark.parametrize("consultation", [DialogReference("a", "b", "c"), CallIdentity("17"), None])
def test_an_attended_transfer_without_call_id_begins_by_asking_for_it(consultation: Consultation | None) -> None:
    target = Party(international("12025550123"))
    request = TransferRequest(TransferKind.ATTENDED, target, consultation)
    assert messages(RLT, request) == messages(RLT, TransferRequest(TransferKind.BLIND, target))
    assert lost(RLT, request) == ({"consultation"} if consultation else set())


def test_a_call_id_cannot_be_asked_for_without_a_target_to_call() -> None:
    request = TransferRequest(TransferKind.ATTENDED, consultation=DialogReference("a", "b", "c"))
    with pytest.raises(UntranslatableError, match="nothing names the second"):
        write(RLT, request)


@pytest.mark.parametrize(
    ("value", "name"),
    [(0x10, "bridgeFail"), (0x11, "callIdNotFound"), (0x12, "notAllowed"), (0x13, "switchEquipmentCongestion")],
)
def test_errors_of_third_party(value: int, name: str) -> None:
    outcome = TransferOutcome(Outcome.FAILED, error=name, invoke_id=2)
    assert read(RLT, facility(f"11bea3060201020201{value:02x}")) == outcome
    assert contents(RLT, outcome) == f"11bea3060201020201{value:02x}"


def test_success_elsewhere_is_the_result_of_third_party() -> None:
    assert contents(RLT, TransferOutcome(Outcome.SUCCEEDED, status=200)) == "11bea203020102"


def test_components_of_other_services_are_not_ours() -> None:
    assert dialect_named(RLT).read(facility("91a106020101020106"), Context()) == ()


def test_an_unknown_operation_is_carried_along() -> None:
    octets = facility("11bea106020103020103")
    event = read(RLT, octets)
    assert isinstance(event, OtherOperation)
    assert write(RLT, event).messages[0].octets == octets


def test_a_notification_is_written_back_as_it_came() -> None:
    octets = bytes.fromhex("080200016e2701ea")
    event = read(RLT, octets)
    assert isinstance(event, PartyUpdate)
    assert write(RLT, event).messages[0].octets == octets


@pytest.mark.parametrize("event", [PartyUpdate(Stage.COMPLETE, Party(international("49")))])
def test_remaining_parties_are_not_told(event: TransferEvent) -> None:
    with pytest.raises(UntranslatableError):
        write(RLT, event)
