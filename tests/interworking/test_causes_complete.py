"""Outcomes between dialects: what one says and the other does not is filled in, nothing else is touched."""

import pytest

from gateway.interworking.cause_map import cause_map
from gateway.model.causes import Cause, Location
from gateway.model.errors import GatewayError
from gateway.model.transfer import Outcome, TransferKind, TransferOutcome, TransferProgress, TransferRequest
from gateway.translators import dialect_names

complete = cause_map().complete

ISDN_AND_H323 = [name for name in dialect_names() if name not in ("sip", "teams")]


@pytest.mark.parametrize("toward", ["sip", "teams"])
def test_an_error_becomes_status_cause_and_reason(toward: str) -> None:
    event = TransferOutcome(Outcome.FAILED, error="invalidRerouteingNumber", invoke_id=7)
    assert complete(event, toward=toward, origin="qsig") == TransferOutcome(
        Outcome.FAILED, 404, "Not Found", Cause(1), "invalidRerouteingNumber", invoke_id=7
    )


def test_a_reject_becomes_status_and_cause() -> None:
    event = TransferOutcome(Outcome.FAILED, error="unrecognisedOperation", rejected=True)
    completed = complete(event, toward="sip")
    assert isinstance(completed, TransferOutcome)
    assert (completed.status, completed.cause) == (501, Cause(79))


def test_the_cause_of_the_targets_call_goes_before_the_error() -> None:
    event = TransferOutcome(Outcome.FAILED, cause=Cause(17, Location.USER), error="establishmentFailure")
    completed = complete(event, toward="sip")
    assert isinstance(completed, TransferOutcome)
    assert (completed.status, completed.reason, completed.cause) == (486, "Busy Here", Cause(17, Location.USER))


def test_success_is_200() -> None:
    completed = complete(TransferOutcome(Outcome.SUCCEEDED), toward="sip")
    assert completed == TransferOutcome(Outcome.SUCCEEDED, 200, "OK")


def test_a_status_that_is_there_stays() -> None:
    event = TransferOutcome(Outcome.FAILED, status=487, error="establishmentFailure")
    assert complete(event, toward="sip") is event


def test_a_status_becomes_error_and_cause() -> None:
    event = TransferOutcome(Outcome.FAILED, status=486, reason="Busy Here")
    assert complete(event, toward="qsig", origin="sip") == TransferOutcome(
        Outcome.FAILED, 486, "Busy Here", Cause(17, Location.REMOTE_LOCAL_NETWORK), "establishmentFailure"
    )


def test_a_reason_cause_that_is_there_stays() -> None:
    event = TransferOutcome(Outcome.FAILED, status=480, cause=Cause(20))
    completed = complete(event, toward="h4502")
    assert isinstance(completed, TransferOutcome)
    assert (completed.error, completed.cause) == ("establishmentFailure", Cause(20))


def test_the_same_error_is_spelt_as_the_other_dialect_spells_it() -> None:
    event = TransferOutcome(Outcome.FAILED, error="invalidRerouteingNumber")
    assert complete(event, toward="h4502") == TransferOutcome(Outcome.FAILED, error="invalidReroutingNumber")


def test_the_same_problem_is_spelt_as_the_other_dialect_spells_it() -> None:
    event = TransferOutcome(Outcome.FAILED, error="initiatorReleasing", rejected=True)
    there = complete(event, toward="h4502")
    assert there == TransferOutcome(Outcome.FAILED, error="releaseInProgress", rejected=True)
    assert complete(there, toward="qsig") == event


def test_an_error_that_the_other_dialect_lacks_goes_by_its_status() -> None:
    event = TransferOutcome(Outcome.FAILED, error="unrecognizedCallIdentity")
    completed = complete(event, toward="etsi-ect", origin="qsig")
    assert isinstance(completed, TransferOutcome)
    assert completed.error == "linkIdNotAssignedByNetwork"


@pytest.mark.parametrize("toward", ISDN_AND_H323)
def test_every_failure_has_an_error_in_every_dialect_that_has_errors(toward: str) -> None:
    for status in range(300, 700):
        completed = complete(TransferOutcome(Outcome.REFUSED, status=status), toward=toward)
        assert isinstance(completed, TransferOutcome)
        assert completed.error
        assert completed.cause


@pytest.mark.parametrize("toward", dialect_names())
@pytest.mark.parametrize(
    "event",
    [
        TransferProgress(180),
        TransferRequest(TransferKind.BLIND),
        TransferOutcome(Outcome.PENDING),
    ],
)
def test_other_events_come_back_as_they_are(event: TransferProgress, toward: str) -> None:
    assert complete(event, toward=toward) is event


def test_there_has_to_be_such_a_dialect() -> None:
    with pytest.raises(GatewayError, match="no dialect 'isup'"):
        complete(TransferOutcome(Outcome.FAILED, status=486), toward="isup")
