"""ETSI explicit call transfer, EN 300 369-1."""

import pytest

from gateway.model.errors import UntranslatableError
from gateway.model.parties import Number, NumberingPlan, Party, Presentation, Subaddress
from gateway.model.transfer import (
    CallStatus,
    DialogReference,
    HeldCall,
    IdentityAbandoned,
    IdentityGranted,
    IdentityRequest,
    LinkId,
    OtherOperation,
    Outcome,
    PartyUpdate,
    Redirection,
    Stage,
    SubaddressRequest,
    SubaddressUpdate,
    TransferKind,
    TransferOutcome,
    TransferProgress,
    TransferRequest,
    TransferSetup,
)
from gateway.translators import dialect_named
from gateway.translators.dialect import Context
from tests.translators.isdn import contents, facility, international, lost, messages, presented, read, write

ECT = "etsi-ect"
DIALOG = DialogReference("a84b4c76e66710", "8321234356", "7778")


def test_ect_execute_joins_the_held_call_with_the_other_one() -> None:
    event = read(ECT, facility("91a106020101020106"))
    assert event == TransferRequest(TransferKind.ATTENDED, consultation=HeldCall(), invoke_id=1)


def test_explicit_ect_execute_names_the_other_call_by_its_link_id() -> None:
    event = read(ECT, facility("91a10e0201030606040082710101020107"))
    assert event == TransferRequest(TransferKind.ATTENDED, consultation=LinkId(7), invoke_id=3)


def test_a_known_link_id_is_used() -> None:
    request = TransferRequest(TransferKind.ATTENDED, consultation=LinkId(7))
    assert messages(ECT, request) == [("primary", "FACILITY", "08020001621c1191a10e0201010606040082710101020107")]


def test_a_replaced_dialog_becomes_implicit_linkage_on_the_held_call() -> None:
    request = TransferRequest(TransferKind.ATTENDED, presented("441632960123"), DIALOG)
    assert messages(ECT, request) == [("primary", "FACILITY", "08020001621c0991a106020101020106")]
    assert lost(ECT, request) == {"target", "consultation"}


def test_a_blind_transfer_holds_the_call_sets_up_the_second_one_and_joins_them() -> None:
    request = TransferRequest(TransferKind.BLIND, Party(international("441632960123")))
    assert messages(ECT, request) == [
        ("primary", "HOLD", "0802000124"),
        ("secondary", "SETUP", "080200020504038090a3700d91343431363332393630313233"),
        ("primary", "FACILITY", "08020001621c0991a106020101020106"),
    ]
    assert write(ECT, request).lost == ()


def test_a_blind_transfer_to_a_uri_without_number_cannot_be_written() -> None:
    request = TransferRequest(TransferKind.BLIND, Party(uri="sip:carol@example.com"))
    with pytest.raises(UntranslatableError, match=r"sip:carol@example\.com"):
        write(ECT, request)


def test_a_link_id_is_asked_for_on_the_second_call() -> None:
    assert messages(ECT, IdentityRequest()) == [
        ("secondary", "FACILITY", "08020002621c0e91a10b0201010606040082710104")
    ]
    assert read(ECT, facility("91a10b0201010606040082710104")) == IdentityRequest(invoke_id=1)


def test_the_link_id_is_granted_in_the_result() -> None:
    granted = IdentityGranted(LinkId(7), invoke_id=2)
    assert read(ECT, facility("91a210020102300b0606040082710104020107")) == granted
    assert contents(ECT, granted) == "91a210020102300b0606040082710104020107"


def test_a_granted_target_address_has_no_place_beside_the_link_id() -> None:
    assert lost(ECT, IdentityGranted(LinkId(7), Party(international("49")))) == {"target"}


@pytest.mark.parametrize(
    ("octets", "party"),
    [
        ("a0088006363238313033", Party(Number("628103"), Presentation.ALLOWED)),
        ("8100", Party(presentation=Presentation.RESTRICTED)),
        ("8200", Party(presentation=Presentation.NOT_AVAILABLE)),
        (
            "a309a1070a010112023439",
            Party(international("49"), Presentation.RESTRICTED),
        ),
    ],
    ids=["allowed", "restricted", "not available", "restricted number"],
)
def test_ect_inform_presents_the_number_in_four_ways(octets: str, party: Party) -> None:
    number = bytes.fromhex(octets)
    argument = b"\x30" + bytes([3 + len(number)]) + b"\x0a\x01\x01" + number
    invoke = bytes.fromhex("0201090606040082710105") + argument
    apdu = (b"\x91\xa1" + bytes([len(invoke)]) + invoke).hex()
    update = PartyUpdate(Stage.COMPLETE, party, status=CallStatus.ANSWERED, invoke_id=9)
    assert read(ECT, facility(apdu)) == update
    assert contents(ECT, update) == apdu


def test_ect_inform_of_an_alerting_party_may_come_without_number() -> None:
    update = PartyUpdate(Stage.COMPLETE, Party(), status=CallStatus.ALERTING, invoke_id=9)
    assert read(ECT, facility("91a110020109060604008271010530030a0100")) == update
    assert contents(ECT, update) == "91a110020109060604008271010530030a0100"


def test_ect_inform_has_no_name_and_does_not_tell_which_end_it_speaks_to() -> None:
    update = PartyUpdate(Stage.ACTIVE, presented("49", name="Carol"))
    assert lost(ECT, update) == {"stage", "party.name"}


@pytest.mark.parametrize(
    ("notification", "status"), [("e9", CallStatus.ALERTING), ("ea", CallStatus.ANSWERED)], ids=["E9", "EA"]
)
def test_notify_announces_the_party_with_its_redirection_number(notification: str, status: CallStatus) -> None:
    octets = bytes.fromhex(f"080280066e2701{notification}76050180373737")
    event = read(ECT, octets)
    assert isinstance(event, PartyUpdate)
    assert (event.stage, event.status) == (Stage.COMPLETE, status)
    assert event.party.number == Number("777", plan=NumberingPlan.E164)
    assert event.party.presentation is Presentation.ALLOWED


def test_a_notification_of_hold_is_no_transfer() -> None:
    assert dialect_named(ECT).read(bytes.fromhex("080280066e2701f9"), Context()) == ()


def test_a_notification_beside_a_component_is_an_event_of_its_own() -> None:
    octets = bytes.fromhex("080181621c0e91a10b020101060604008271010227 01ea 7605 0180373737")
    first, second = dialect_named(ECT).read(octets, Context())
    assert isinstance(first, SubaddressRequest)
    assert isinstance(second, PartyUpdate)


def test_subaddress_request_and_transfer() -> None:
    assert contents(ECT, SubaddressRequest()) == "91a10b0201010606040082710102"
    update = SubaddressUpdate(Subaddress(b"\x50\x01", nsap=True), invoke_id=1)
    assert contents(ECT, update) == "91a10f020101060604008271010304025001"
    assert read(ECT, facility("91a10f020101060604008271010304025001")) == update


def test_a_loop_test_is_carried_along() -> None:
    octets = facility("91a10e02011d0606040082710106020101")
    event = read(ECT, octets)
    assert isinstance(event, OtherOperation)
    assert (event.operation, event.arguments) == ("EctLoopTest", "1")
    assert write(ECT, event).messages[0].octets == octets


def test_call_rerouteing_names_target_reason_and_who_redirects() -> None:
    event = read(
        ECT,
        facility(
            "91a13002010102010e30280a0104300aa1080a01001203383838020101400504038090a3a10da00ba1090a0100120435353531"
        ),
    )
    assert isinstance(event, Redirection)
    assert event.target.number == Number("888", plan=NumberingPlan.E164)
    assert event.redirecting is not None
    assert event.redirecting.number == Number("5551", plan=NumberingPlan.E164)
    assert (event.reason, event.count) == ("deflection", 1)


def test_call_deflection_comes_back_as_call_deflection() -> None:
    octets = facility("91a11302010102010d300b3009a1070a010112023439")
    event = read(ECT, octets)
    assert isinstance(event, Redirection)
    assert event.target.number == international("49")
    assert write(ECT, event).messages[0].octets == octets


@pytest.mark.parametrize(
    ("error", "name"),
    [
        ("020100", "userNotSubscribed"),
        ("020103", "notAvailable"),
        ("020107", "invalidCallState"),
        ("0606040082710115", "linkIdNotAssignedByNetwork"),
    ],
)
def test_errors_have_the_names_of_the_standard(error: str, name: str) -> None:
    octets = bytes.fromhex("020101" + error)
    apdu = (b"\x91\xa3" + bytes([len(octets)]) + octets).hex()
    outcome = TransferOutcome(Outcome.FAILED, error=name, invoke_id=1)
    assert read(ECT, facility(apdu)) == outcome
    assert contents(ECT, outcome) == apdu


def test_a_reject_is_told_from_an_error() -> None:
    outcome = TransferOutcome(Outcome.FAILED, error="unrecognisedOperation", rejected=True, invoke_id=6)
    assert read(ECT, facility("91a406020106810101")) == outcome
    assert contents(ECT, outcome) == "91a406020106810101"


def test_a_reject_without_invoke_id_stays_without_one() -> None:
    octets = facility("91a4050500800102")
    event = read(ECT, octets)
    assert isinstance(event, TransferOutcome)
    assert (event.invoke_id, event.error) == (None, "badlyStructuredComponent")
    assert write(ECT, event).messages[0].octets == octets


def test_a_result_without_operation_answers_what_is_pending() -> None:
    event = read(ECT, facility("91a203020104"), {4: "EctExecute"})
    assert event == TransferOutcome(Outcome.SUCCEEDED, operation="EctExecute", invoke_id=4)


def test_a_result_may_ride_in_disconnect() -> None:
    octets = bytes.fromhex("0802800245080280901c0691a203020101")
    event = read(ECT, octets)
    assert isinstance(event, TransferOutcome)
    assert event.cause is not None
    assert (event.outcome, event.cause.value) == (Outcome.SUCCEEDED, 16)


def test_success_elsewhere_is_the_empty_result() -> None:
    assert contents(ECT, TransferOutcome(Outcome.SUCCEEDED, status=200)) == "91a203020101"


def test_a_failure_that_ect_has_no_error_for_is_not_available() -> None:
    outcome = TransferOutcome(Outcome.REFUSED, status=603, error="establishmentFailure")
    assert contents(ECT, outcome) == "91a306020101020103"
    assert lost(ECT, outcome) == {"outcome", "status", "error"}


def test_the_new_call_arrives_as_an_ordinary_setup() -> None:
    setup = TransferSetup(Party(international("441632960123")), DIALOG, Party(uri="sip:alice@example.com"))
    assert messages(ECT, setup) == [("secondary", "SETUP", "080200020504038090a3700d91343431363332393630313233")]
    assert lost(ECT, setup) == {"consultation", "transferor"}


@pytest.mark.parametrize("event", [IdentityAbandoned(), TransferProgress(100), TransferOutcome(Outcome.PENDING)])
def test_what_ect_has_no_message_for(event: IdentityAbandoned | TransferProgress | TransferOutcome) -> None:
    with pytest.raises(UntranslatableError):
        write(ECT, event)
