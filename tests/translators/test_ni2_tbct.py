"""Two B-channel transfer, Telcordia GR-2865."""

import pytest

from gateway.model.errors import UntranslatableError
from gateway.model.legs import IsdnCall
from gateway.model.parties import Party
from gateway.model.transfer import (
    CallReference,
    CallStatus,
    DialogReference,
    HeldCall,
    IdentityGranted,
    IdentityRequest,
    LinkId,
    OtherOperation,
    Outcome,
    PartyUpdate,
    Stage,
    TransferEvent,
    TransferKind,
    TransferOutcome,
    TransferRequest,
)
from gateway.translators.dialect import Context
from tests.translators.isdn import contents, facility, international, lost, messages, presented, read, write

TBCT = "ni2-tbct"


def test_the_invoke_names_the_other_call_by_its_reference() -> None:
    request = TransferRequest(TransferKind.ATTENDED, consultation=CallReference(6), invoke_id=1)
    assert read(TBCT, facility("91a11102010106072a8648ce1500083003020106")) == request
    assert contents(TBCT, request) == "91a11102010106072a8648ce1500083003020106"


def test_a_call_on_another_d_channel_is_named_with_it() -> None:
    request = TransferRequest(TransferKind.ATTENDED, consultation=CallReference(6, b"\x01\x02"), invoke_id=1)
    apdu = "91a11502010106072a8648ce150008300702010604020102"
    assert contents(TBCT, request) == apdu
    assert read(TBCT, facility(apdu)) == request


@pytest.mark.parametrize(
    ("call", "link"), [(IsdnCall(2), "020102"), (IsdnCall(2, originated=False), "0203008002")], ids=["ours", "theirs"]
)
def test_the_consultation_call_is_named_as_in_our_messages_on_it(call: IsdnCall, link: str) -> None:
    request = TransferRequest(TransferKind.ATTENDED, consultation=DialogReference("a", "b", "c"))
    assert contents(TBCT, request, Context(isdn_secondary=call)).endswith(link)


@pytest.mark.parametrize("consultation", [DialogReference("a", "b", "c"), HeldCall(), LinkId(4)])
def test_other_names_of_the_consultation_call_are_lost(consultation: DialogReference | HeldCall | LinkId) -> None:
    request = TransferRequest(TransferKind.ATTENDED, presented("44"), consultation)
    assert lost(TBCT, request) == {"target", "consultation"}


def test_a_blind_transfer_sets_up_the_second_call_first() -> None:
    request = TransferRequest(TransferKind.BLIND, Party(international("12025550123")))
    assert messages(TBCT, request) == [
        ("secondary", "SETUP", "080200020504038090a2700c913132303235353530313233"),
        ("primary", "FACILITY", "08020001621c1491a11102010106072a8648ce1500083003020102"),
    ]


def test_a_blind_transfer_without_target_cannot_be_written() -> None:
    with pytest.raises(UntranslatableError):
        write(TBCT, TransferRequest(TransferKind.BLIND))


def test_the_result_is_read_with_what_is_pending() -> None:
    event = read(TBCT, facility("91a203020101"), {1: "initiateTransfer"})
    assert event == TransferOutcome(Outcome.SUCCEEDED, operation="initiateTransfer", invoke_id=1)


def test_an_error_and_a_reject() -> None:
    failed = TransferOutcome(Outcome.FAILED, error="resourceUnavailable", invoke_id=1)
    rejected = TransferOutcome(Outcome.FAILED, error="unrecognisedOperation", rejected=True, invoke_id=1)
    assert contents(TBCT, failed) == "91a30602010102010b"
    assert read(TBCT, facility("91a30602010102010b")) == failed
    assert contents(TBCT, rejected) == "91a406020101810101"
    assert read(TBCT, facility("91a406020101810101")) == rejected


def test_other_invokes_of_the_arc_are_carried_along() -> None:
    octets = facility("91a10f02010206072a8648ce150009020101")
    event = read(TBCT, octets)
    assert isinstance(event, OtherOperation)
    assert (event.operation, event.arguments) == ("1.2.840.10005.0.9", "020101")
    assert write(TBCT, event).messages[0].octets == octets


def test_notify_tells_the_transferred_users() -> None:
    update = PartyUpdate(Stage.COMPLETE, Party(), status=CallStatus.ANSWERED)
    assert messages(TBCT, update) == [("primary", "NOTIFY", "080200016e2701ea")]
    assert read(TBCT, bytes.fromhex("080200016e2701ea")) == update


@pytest.mark.parametrize("event", [IdentityRequest(), IdentityGranted(LinkId(1))])
def test_calls_are_not_given_names(event: TransferEvent) -> None:
    with pytest.raises(UntranslatableError):
        write(TBCT, event)
