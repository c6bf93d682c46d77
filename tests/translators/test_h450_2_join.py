"""Dialect "h4502": how a transfer ended that was said by an operation which is not confirmed (H.450.2 10.3)."""

import pytest

from gateway.model.errors import UntranslatableError
from gateway.model.transfer import (
    CallIdentity,
    Outcome,
    PartyUpdate,
    Stage,
    TransferKind,
    TransferOutcome,
    TransferRequest,
)
from gateway.translators import dialect_named
from gateway.translators.dialect import Context
from tests.translators.test_h450_2 import CAROL

H4502 = dialect_named("h4502")
SUCCEEDED = TransferOutcome(Outcome.SUCCEEDED, operation="EctExecute", invoke_id=2)
FAILED = TransferOutcome(Outcome.FAILED, error="notAvailable", invoke_id=2)


def asked(kind: TransferKind) -> Context:
    return Context(asked=TransferRequest(kind, CAROL))


def test_a_target_that_was_alerting_has_answered() -> None:
    (message,) = H4502.write(SUCCEEDED, asked(TransferKind.SEMI_ATTENDED)).messages
    (event,) = H4502.read(message.octets, Context())
    assert event == PartyUpdate(Stage.ACTIVE, CAROL, invoke_id=2)


@pytest.mark.parametrize("kind", [TransferKind.JOIN, TransferKind.REDIRECT])
def test_success_is_not_said_twice(kind: TransferKind) -> None:
    written = H4502.write(SUCCEEDED, asked(kind))
    assert written.messages == ()
    assert [item.what for item in written.lost] == ["outcome"]


@pytest.mark.parametrize("kind", [TransferKind.JOIN, TransferKind.SEMI_ATTENDED, TransferKind.REDIRECT])
def test_failure_cannot_be_told(kind: TransferKind) -> None:
    with pytest.raises(UntranslatableError, match="not confirmed"):
        H4502.write(FAILED, asked(kind))


def test_what_is_initiated_is_answered() -> None:
    initiated = TransferRequest(TransferKind.SEMI_ATTENDED, CAROL, CallIdentity("12"))
    for context in (Context(asked=initiated), asked(TransferKind.BLIND), asked(TransferKind.ATTENDED)):
        (message,) = H4502.write(SUCCEEDED, context).messages
        pending = {2: "callTransferInitiate"}
        assert H4502.read(message.octets, Context(pending=pending)) == (
            TransferOutcome(Outcome.SUCCEEDED, operation="callTransferInitiate", invoke_id=2),
        )
