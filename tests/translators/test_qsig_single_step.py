"""QSIG single step call transfer, ISO/IEC 19460."""

import pytest

from gateway.model.errors import UntranslatableError
from gateway.model.parties import Number, Party, Presentation, Screening
from gateway.model.transfer import (
    CallIdentity,
    DialogReference,
    OtherOperation,
    Outcome,
    PartyUpdate,
    TransferKind,
    TransferOutcome,
    TransferRequest,
    TransferSetup,
)
from tests.translators.isdn import contents, facility, international, lost, messages, presented, read, write

SSCT = "qsig-ssct"
NFE = "9faa06800100820100"
DISCARD, REJECT = NFE + "8b0100", NFE + "8b0102"
TARGET = Party(international("441632960999"))
TRANSFEREE = presented("441632960123", Screening.NETWORK_PROVIDED)
TRANSFEROR = presented("441632960111", Screening.NETWORK_PROVIDED)
INITIATE = (
    REJECT + "a1500201060201633048"
    "a1110a0101120c343431363332393630393939"  # rerouteingNumber
    "a016a1110a0101120c3434313633323936303132330a0103"  # transferredAddress
    "0101ff"  # awaitConnect
    "a218a016a1110a0101120c3434313633323936303131310a0103"  # transferringAddress
)


def test_initiate_names_target_transferee_and_transferor() -> None:
    request = TransferRequest(
        TransferKind.SINGLE_STEP, TARGET, None, TRANSFEROR, TRANSFEREE, await_connect=True, invoke_id=6
    )
    assert read(SSCT, facility(INITIATE)) == request
    assert contents(SSCT, request) == INITIATE


def test_a_blind_transfer_awaits_the_connection_unless_it_says_otherwise() -> None:
    event = read(SSCT, write(SSCT, TransferRequest(TransferKind.BLIND, TARGET)).messages[0].octets)
    assert event == TransferRequest(
        TransferKind.SINGLE_STEP,
        TARGET,
        transferee=Party(presentation=Presentation.NOT_AVAILABLE),
        await_connect=True,
        invoke_id=1,
    )


def test_await_connect_may_be_false() -> None:
    event = read(
        SSCT, write(SSCT, TransferRequest(TransferKind.BLIND, TARGET, await_connect=False)).messages[0].octets
    )
    assert isinstance(event, TransferRequest)
    assert event.await_connect is False


def test_names_of_both_parties_go_along() -> None:
    request = TransferRequest(
        TransferKind.SINGLE_STEP, TARGET, None, presented("44", name="Bob"), presented("49", name="Alice")
    )
    event = read(SSCT, write(SSCT, request).messages[0].octets)
    assert isinstance(event, TransferRequest)
    assert event.transferor is not None
    assert event.transferee is not None
    assert (event.transferor.name, event.transferee.name) == ("Bob", "Alice")
    assert lost(SSCT, request) == set()


def test_the_target_is_a_bare_number() -> None:
    request = TransferRequest(TransferKind.BLIND, presented("44", Screening.NETWORK_PROVIDED, "Carol"))
    assert lost(SSCT, request) == {"target.screening", "target.name"}
    withheld = Party(international("44"), Presentation.RESTRICTED)
    assert lost(SSCT, TransferRequest(TransferKind.BLIND, withheld)) == {"target.presentation"}


def test_a_target_without_number_cannot_be_reached() -> None:
    with pytest.raises(UntranslatableError, match=r"sip:carol@example\.com"):
        write(SSCT, TransferRequest(TransferKind.BLIND, Party(uri="sip:carol@example.com")))


def test_the_replaced_dialog_of_an_attended_transfer_is_lost() -> None:
    request = TransferRequest(TransferKind.ATTENDED, TARGET, DialogReference("a84b4c", "1", "2"))
    assert lost(SSCT, request) == {"consultation"}


def test_a_known_call_identity_is_rerouted_by_call_transfer() -> None:
    request = TransferRequest(TransferKind.ATTENDED, Party(Number("5559")), CallIdentity("12"), invoke_id=49)
    assert contents(SSCT, request) == REJECT + "a112020131020109300a12023132800435353539"


def test_setup_tells_the_target_who_transferred() -> None:
    setup = TransferSetup(Party(Number("5559")), transferor=Party(Number("200"), Presentation.ALLOWED))
    (written,) = messages(SSCT, setup)
    apdu = DISCARD + "a1140201010201" + "64300c" + "a10aa0088003323030" + "0a0100"
    assert written == ("secondary", "SETUP", f"080200020504038090a31c{len(apdu) // 2:02x}{apdu}70058035353539")
    assert lost(SSCT, setup) == set()


def test_setup_is_read_with_called_and_calling_party() -> None:
    apdu = DISCARD + "a1080201370201643000"
    octets = bytes.fromhex(f"080200020504038090a31c{len(apdu) // 2:02x}{apdu}6c048031303070058035353539")
    event = read(SSCT, octets)
    assert event == TransferSetup(Party(Number("5559")), transferee=Party(Number("100")), invoke_id=55)
    assert write(SSCT, event).messages[0].octets == octets


def test_the_result_ends_the_transfer() -> None:
    outcome = TransferOutcome(Outcome.SUCCEEDED, operation="ssctInitiate", invoke_id=6)
    assert contents(SSCT, outcome) == NFE + "a20a02010630050201630500"
    assert read(SSCT, facility(NFE + "a20a02010630050201630500")) == outcome


def test_success_reported_elsewhere_is_the_result_of_initiate() -> None:
    assert contents(SSCT, TransferOutcome(Outcome.SUCCEEDED, status=200)) == NFE + "a20a02010130050201630500"


@pytest.mark.parametrize(
    ("value", "name"), [("020203ec", "invalidRerouteingNumber"), ("020203ee", "establishmentFailure")]
)
def test_errors(value: str, name: str) -> None:
    outcome = TransferOutcome(Outcome.FAILED, error=name, invoke_id=6)
    apdu = NFE + "a307020106" + value
    assert contents(SSCT, outcome) == apdu
    assert read(SSCT, facility(apdu)) == outcome


def test_digit_information_is_carried_along_with_its_number() -> None:
    octets = facility(DISCARD + "a10f0201010201663007a1058003353535")
    event = read(SSCT, octets)
    assert isinstance(event, OtherOperation)
    assert (event.operation, event.number) == ("ssctDigitInfo", Number("555"))
    assert write(SSCT, event).messages[0].octets == octets


def test_post_dial_is_carried_along() -> None:
    octets = facility(DISCARD + "a1080201010201650500")
    event = read(SSCT, octets)
    assert isinstance(event, OtherOperation)
    assert event.operation == "ssctPostDial"
    assert write(SSCT, event).messages[0].octets == octets


def test_the_informs_of_call_transfer_are_read_too() -> None:
    event = read(SSCT, facility(DISCARD + "a11002010202010c30080a010181000a0101"))
    assert isinstance(event, PartyUpdate)
