"""QSIG call transfer by join and by rerouteing, ISO/IEC 13869."""

import pytest

from gateway.isdn import q931
from gateway.isdn.facility import Interpretation
from gateway.model.errors import UntranslatableError
from gateway.model.parties import Number, Party, Presentation, Screening, Subaddress
from gateway.model.transfer import (
    CallIdentity,
    CallStatus,
    DialogReference,
    EndDesignation,
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
    TransferEvent,
    TransferKind,
    TransferOutcome,
    TransferRequest,
    TransferSetup,
)
from gateway.translators import dialect_named
from gateway.translators.dialect import Context
from tests.translators.isdn import contents, facility, international, lost, messages, presented, read, write

QSIG = "qsig"
NFE = "9faa06800100820100"
DISCARD, REJECT = NFE + "8b0100", NFE + "8b0102"
TARGET = presented("441632960123", Screening.NETWORK_PROVIDED)
TARGET_ADDRESS = "a016a1110a0101120c3434313633323936303132330a0103"
TRANSFEREE = presented("441632960100", Screening.USER_NOT_SCREENED)
DIALOG = DialogReference("a84b4c76e66710", "8321234356", "7778")


def test_complete_tells_which_end_and_who_and_in_which_state() -> None:
    event = read(QSIG, facility(DISCARD + "a12302010102010c301b0a0100" + TARGET_ADDRESS))
    assert event == PartyUpdate(Stage.COMPLETE, TARGET, EndDesignation.PRIMARY, CallStatus.ANSWERED, invoke_id=1)


def test_complete_of_an_alerting_target_with_restricted_number() -> None:
    update = PartyUpdate(
        Stage.COMPLETE,
        Party(presentation=Presentation.RESTRICTED),
        EndDesignation.SECONDARY,
        CallStatus.ALERTING,
        invoke_id=2,
    )
    assert read(QSIG, facility(DISCARD + "a11002010202010c30080a010181000a0101")) == update
    assert contents(QSIG, update) == DISCARD + "a11002010202010c30080a010181000a0101"


def test_complete_may_carry_the_name() -> None:
    octets = facility(DISCARD + "a12202010102010c301a0a0100a00ea1090a01001204353535320a010080054361726f6c")
    event = read(QSIG, octets)
    assert isinstance(event, PartyUpdate)
    assert (event.party.name, event.party.name_presentation) == ("Carol", Presentation.ALLOWED)
    assert write(QSIG, event).messages[0].octets == octets


def test_complete_keeps_the_elements_of_the_basic_call() -> None:
    octets = facility(DISCARD + "a11302010102010c300b0a0100820040047d029181")
    event = read(QSIG, octets)
    assert isinstance(event, PartyUpdate)
    assert event.basic_call_information == bytes.fromhex("7d029181")
    assert write(QSIG, event).messages[0].octets == octets


def test_active_announces_the_answer() -> None:
    event = read(QSIG, facility(DISCARD + "a12002010302010b3018" + TARGET_ADDRESS))
    assert event == PartyUpdate(Stage.ACTIVE, TARGET, status=CallStatus.ANSWERED, invoke_id=3)


def test_active_carries_a_subaddress_and_complete_does_not() -> None:
    party = Party(international("49"), subaddress=Subaddress(b"\x50\x31", nsap=True))
    assert contents(QSIG, PartyUpdate(Stage.ACTIVE, party)).endswith("04025031")
    assert lost(QSIG, PartyUpdate(Stage.COMPLETE, party)) == {"party.subaddress"}


def test_update_has_the_name_before_the_elements_of_the_basic_call() -> None:
    update = PartyUpdate(
        Stage.UPDATE,
        Party(presentation=Presentation.NOT_AVAILABLE, name="Al", name_presentation=Presentation.ALLOWED),
        basic_call_information=b"\x7d\x01\x91",
        invoke_id=4,
    )
    apdu = DISCARD + "a11302010402010d300b82008002416c40037d0191"
    assert contents(QSIG, update) == apdu
    assert read(QSIG, facility(apdu)) == update


def test_identify_is_asked_on_the_second_call_and_to_be_rejected_when_unknown() -> None:
    (written,) = messages(QSIG, IdentityRequest())
    assert written == ("secondary", "FACILITY", "08020002621c16" + REJECT + "a1080201010201070500")


def test_identify_is_answered_with_identity_and_rerouteing_number() -> None:
    granted = IdentityGranted(CallIdentity("1234"), Party(Number("5551")), invoke_id=4)
    apdu = NFE + "a2160201043011020107300c120431323334800435353531"
    assert contents(QSIG, granted) == apdu
    assert read(QSIG, facility(apdu)) == granted


def test_a_call_cannot_be_identified_by_another_dialects_name() -> None:
    with pytest.raises(UntranslatableError, match="LinkId"):
        write(QSIG, IdentityGranted(LinkId(7), TARGET))


def test_abandon() -> None:
    assert contents(QSIG, IdentityAbandoned()) == DISCARD + "a1080201010201080500"
    assert read(QSIG, facility(DISCARD + "a1080201010201080500")) == IdentityAbandoned(invoke_id=1)


def test_initiate_asks_for_rerouteing_to_the_identified_call() -> None:
    request = TransferRequest(TransferKind.ATTENDED, Party(Number("5559")), CallIdentity("12"), invoke_id=49)
    apdu = REJECT + "a112020131020109300a12023132800435353539"
    assert contents(QSIG, request) == apdu
    assert read(QSIG, facility(apdu)) == request


def test_initiate_needs_the_rerouteing_number() -> None:
    with pytest.raises(UntranslatableError, match="number"):
        write(QSIG, TransferRequest(TransferKind.ATTENDED, consultation=CallIdentity("12")))


def test_setup_of_the_new_call_carries_the_identity() -> None:
    setup = TransferSetup(Party(Number("5559")), CallIdentity("12"), transferee=Party(Number("100")))
    (written,) = messages(QSIG, setup)
    apdu = REJECT + "a10c02010102010a300412023132"
    assert written == (
        "secondary",
        "SETUP",
        "0802000205" + "04038090a3" + f"1c{len(apdu) // 2:02x}" + apdu + "6c0480313030" + "70058035353539",
    )
    assert read(QSIG, bytes.fromhex(written[2])) == TransferSetup(
        Party(Number("5559")), CallIdentity("12"), transferee=Party(Number("100")), invoke_id=1
    )


def test_an_attended_transfer_from_elsewhere_is_a_join_that_both_ends_hear_of() -> None:
    request = TransferRequest(TransferKind.ATTENDED, TARGET, DIALOG, transferee=TRANSFEREE)
    to_transferee, to_target = write(QSIG, request).messages
    assert (to_transferee.leg, to_target.leg) == ("primary", "secondary")
    assert read(QSIG, to_transferee.octets) == PartyUpdate(
        Stage.COMPLETE, TARGET, EndDesignation.PRIMARY, CallStatus.ANSWERED, invoke_id=1
    )
    assert read(QSIG, to_target.octets) == PartyUpdate(
        Stage.COMPLETE, TRANSFEREE, EndDesignation.SECONDARY, CallStatus.ANSWERED, invoke_id=2
    )
    assert lost(QSIG, request) == {"consultation"}


def test_a_join_to_a_ringing_target_says_alerting_to_the_transferee_alone() -> None:
    request = TransferRequest(TransferKind.SEMI_ATTENDED, TARGET, transferee=TRANSFEREE)
    updates = [read(QSIG, message.octets) for message in write(QSIG, request).messages]
    assert [update.status for update in updates if isinstance(update, PartyUpdate)] == [
        CallStatus.ALERTING,
        CallStatus.ANSWERED,
    ]


def test_an_end_without_number_is_not_available_due_to_interworking() -> None:
    request = TransferRequest(TransferKind.JOIN, Party(uri="sip:carol@example.com"), transferee=TRANSFEREE)
    event = read(QSIG, write(QSIG, request).messages[0].octets)
    assert isinstance(event, PartyUpdate)
    assert event.party == Party(presentation=Presentation.NOT_AVAILABLE)
    assert lost(QSIG, request) == {"target.uri"}


def test_a_blind_transfer_tells_the_transferee_that_the_target_is_called() -> None:
    request = TransferRequest(TransferKind.BLIND, TARGET, transferor=TRANSFEREE)
    apdu = DISCARD + "a12602010102010c301e0a0100" + TARGET_ADDRESS + "0a0101"
    assert contents(QSIG, request) == apdu
    assert lost(QSIG, request) == {"transferor"}


def test_a_blind_transfer_needs_the_number_of_the_target() -> None:
    with pytest.raises(UntranslatableError, match=r"sip:carol@example\.com"):
        write(QSIG, TransferRequest(TransferKind.BLIND, Party(uri="sip:carol@example.com")))


def test_success_of_a_transfer_that_the_gateway_carried_out_is_active() -> None:
    event = read(QSIG, write(QSIG, TransferOutcome(Outcome.SUCCEEDED, status=200)).messages[0].octets)
    assert isinstance(event, PartyUpdate)
    assert event.stage is Stage.ACTIVE


@pytest.mark.parametrize("kind", [TransferKind.BLIND, TransferKind.SEMI_ATTENDED])
def test_an_alerting_target_that_has_answered_is_active(kind: TransferKind) -> None:
    asked = Context(asked=TransferRequest(kind, TARGET))
    event = read(QSIG, write(QSIG, TransferOutcome(Outcome.SUCCEEDED, 200), asked).messages[0].octets)
    assert event == PartyUpdate(Stage.ACTIVE, TARGET, status=CallStatus.ANSWERED, invoke_id=1)


@pytest.mark.parametrize("operation", ["", "EctExecute", "initiateTransfer", "RLT_THIRD_PARTY"])
def test_success_of_joining_answered_calls_is_not_said(operation: str) -> None:
    outcome = TransferOutcome(Outcome.SUCCEEDED, operation=operation, invoke_id=2)
    for context in (Context(), Context(asked=TransferRequest(TransferKind.ATTENDED, TARGET))):
        result = write(QSIG, outcome, context)
        assert result.messages == ()
        (item,) = result.lost
        assert item.what == "outcome"
        assert "not confirmed" in item.why


@pytest.mark.parametrize("kind", [None, *(kind for kind in TransferKind if kind is not TransferKind.SINGLE_STEP)])
def test_failure_of_a_join_cannot_be_told(kind: TransferKind | None) -> None:
    asked = TransferRequest(kind, TARGET) if kind else None
    with pytest.raises(UntranslatableError, match="callTransferComplete is not confirmed"):
        write(QSIG, TransferOutcome(Outcome.FAILED, 486, error="establishmentFailure"), Context(asked=asked))


@pytest.mark.parametrize("operation", ["", "EctExecute"])
def test_an_outcome_answers_the_operation_that_asked_here(operation: str) -> None:
    outcome = TransferOutcome(Outcome.FAILED, error="notAvailable", operation=operation, invoke_id=5)
    rerouteing = Context(asked=TransferRequest(TransferKind.ATTENDED, TARGET, CallIdentity("12")))
    for context in (rerouteing, Context(pending={5: "callTransferInitiate"})):
        assert contents(QSIG, outcome, context) == NFE + "a306020105020103"


def test_an_answer_to_an_invoke_that_was_not_seen_is_written_back() -> None:
    for component in ("a203020105", "a306020105020103", "a406020105810101"):
        octets = facility(NFE + component)
        assert write(QSIG, read(QSIG, octets)).messages[0].octets == octets


def test_the_result_of_initiate_names_its_operation() -> None:
    outcome = TransferOutcome(Outcome.SUCCEEDED, operation="callTransferInitiate", invoke_id=5)
    assert contents(QSIG, outcome) == NFE + "a20a02010530050201090500"
    assert read(QSIG, facility(NFE + "a20a02010530050201090500")) == outcome


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("020103", "notAvailable"),
        ("020107", "invalidCallState"),
        ("02010a", "supplementaryServiceInteractionNotAllowed"),
        ("020203ec", "invalidRerouteingNumber"),
        ("020203ed", "unrecognizedCallIdentity"),
        ("020203ee", "establishmentFailure"),
        ("020203f0", "unspecified"),
    ],
)
def test_errors_have_the_names_of_the_standard(value: str, name: str) -> None:
    octets = bytes.fromhex("020105" + value)
    apdu = NFE + "a3" + f"{len(octets):02x}" + octets.hex()
    outcome = TransferOutcome(Outcome.FAILED, error=name, operation="callTransferInitiate", invoke_id=5)
    assert read(QSIG, facility(apdu), {5: "callTransferInitiate"}) == outcome
    assert contents(QSIG, outcome) == apdu


def test_subaddress_transfer() -> None:
    update = SubaddressUpdate(Subaddress(b"\x31\x32", odd=True), invoke_id=7)
    apdu = DISCARD + "a11102010702010e30093007040231320101ff"
    assert contents(QSIG, update) == apdu
    assert read(QSIG, facility(apdu)) == update


def test_qsig_cannot_ask_for_a_subaddress() -> None:
    with pytest.raises(UntranslatableError):
        write(QSIG, SubaddressRequest())


def test_path_replacement_is_carried_along_with_its_number() -> None:
    octets = facility(REJECT + "a112020133020104300a12023132800435353539")
    event = read(QSIG, octets)
    assert isinstance(event, OtherOperation)
    assert (event.operation, event.number) == ("pathReplacePropose", Number("5559"))
    assert write(QSIG, event).messages[0].octets == octets


def test_call_rerouteing_of_a_diversion() -> None:
    target, redirecting = Party(international("49")), presented("44")
    redirection = Redirection(target, "user-busy", redirecting, 2, invoke_id=1)
    message = write(QSIG, redirection).messages[0]
    assert read(QSIG, message.octets) == redirection


def test_an_extension_of_a_manufacturer_is_written_back() -> None:
    octets = facility(DISCARD + "a11602010102010c300e0a01008200a90706052b0c020101")
    event = read(QSIG, octets)
    assert isinstance(event, PartyUpdate)
    assert write(QSIG, event).messages[0].octets == octets


def test_two_components_in_one_element_are_two_events() -> None:
    both = DISCARD + "a1080201010201080500" + "a11002010202010c30080a010181000a0101"
    events = dialect_named(QSIG).read(facility(both), Context())
    assert [type(event) for event in events] == [IdentityAbandoned, PartyUpdate]


def test_the_object_identifiers_of_the_first_ecma_edition_mean_the_same() -> None:
    octets = facility(DISCARD + "a11302010206042b0c090c30080a010181000a0101")
    event = read(QSIG, octets)
    assert isinstance(event, PartyUpdate)
    assert write(QSIG, event).messages[0].octets == octets


@pytest.mark.parametrize(
    ("event", "interpretation"),
    [
        (IdentityRequest(), Interpretation.REJECT_ANY_UNRECOGNISED_INVOKE_PDU),
        (IdentityAbandoned(), Interpretation.DISCARD_ANY_UNRECOGNISED_INVOKE_PDU),
        (PartyUpdate(Stage.COMPLETE, TARGET), Interpretation.DISCARD_ANY_UNRECOGNISED_INVOKE_PDU),
        (PartyUpdate(Stage.ACTIVE, TARGET), Interpretation.DISCARD_ANY_UNRECOGNISED_INVOKE_PDU),
        (PartyUpdate(Stage.UPDATE, TARGET), Interpretation.DISCARD_ANY_UNRECOGNISED_INVOKE_PDU),
        (TransferOutcome(Outcome.FAILED, error="notAvailable", operation="callTransferInitiate"), None),
    ],
)
def test_an_inform_may_be_discarded_and_a_request_is_to_be_rejected(
    event: TransferEvent, interpretation: Interpretation | None
) -> None:
    (element,) = q931.decode(write(QSIG, event).messages[0].octets).facilities()
    assert element.interpretation == interpretation


@pytest.mark.parametrize("name", ["C" * 51, "Ж" * 26], ids=["ISO 8859-1", "UTF-8"])
def test_a_name_of_more_than_50_octets_is_lost(name: str) -> None:
    carol = Party(international("49"), name=name)
    assert lost(QSIG, PartyUpdate(Stage.UPDATE, carol)) == {"party.name"}
    assert lost(QSIG, TransferRequest(TransferKind.BLIND, carol)) == {"target.name"}
    assert lost(QSIG, TransferRequest(TransferKind.JOIN, carol, transferee=carol)) == {
        "target.name",
        "transferee.name",
    }
