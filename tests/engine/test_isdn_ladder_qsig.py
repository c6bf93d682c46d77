"""A REFER on an ISDN call in a QSIG network: single step, rerouteing, and calls that are joined here."""

import json
from pathlib import Path

import pytest

from gateway.isdn.call import IsdnCall
from gateway.model.causes import Cause
from gateway.model.parties import Number, Party
from gateway.model.transfer import (
    CallIdentity,
    IdentityAbandoned,
    IdentityGranted,
    IdentityRequest,
    Outcome,
    TransferKind,
    TransferOutcome,
    TransferRequest,
)
from tests.engine.isdn_stage import Stage
from tests.engine.isdn_world import IsdnWorld
from tests.engine.test_isdn_transfers import facility


def single_step(stage: Stage) -> tuple[IsdnCall, TransferRequest]:
    """A blind REFER, and the ssctInitiate that it becomes."""
    stage.refers_blindly("5553")
    call, request = stage.asked(TransferRequest)
    assert isinstance(request, TransferRequest)
    return call, request


def test_single_step_call_transfer(tmp_path: Path) -> None:
    """ISO/IEC 19460: rerouteingNumber is the target, and the result comes with the answer (awaitConnect)."""
    stage = Stage(tmp_path, "qsig")
    call, request = single_step(stage)
    assert call is stage.first
    assert request.kind is TransferKind.SINGLE_STEP
    assert request.target is not None and request.target.number is not None
    assert request.target.number.digits == "5553"
    assert request.await_connect
    assert stage.hears_nothing()
    done = TransferOutcome(Outcome.SUCCEEDED, operation="ssctInitiate", invoke_id=request.invoke_id)
    call.facility(stage.world.now, facility(done, "qsig"))
    assert stage.outcome() == 200
    stage.clears(stage.first)
    stage.line.request("BYE")
    stage.ends("ssct")


def test_the_result_of_a_single_step_in_disconnect(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "qsig")
    call, request = single_step(stage)
    done = TransferOutcome(Outcome.SUCCEEDED, operation="ssctInitiate", invoke_id=request.invoke_id)
    call.disconnect(Cause(16), stage.world.now, facility(done, "qsig"))
    assert stage.outcome() == 200
    stage.line.request("BYE")
    stage.ends("ssct")


@pytest.mark.parametrize("answer", ["error", "reject", "silence"])
def test_without_single_step_the_gateway_calls(tmp_path: Path, answer: str) -> None:
    """draft-rey §8.4.1.1: the new call is made here; both ends hear of each other in the end."""
    stage = Stage(tmp_path, "qsig")
    call, request = single_step(stage)
    if answer != "silence":
        error = "notAvailable" if answer == "error" else "unrecognisedOperation"
        refused = TransferOutcome(
            Outcome.FAILED,
            error=error,
            rejected=answer == "reject",
            operation="ssctInitiate",
            invoke_id=request.invoke_id,
        )
        call.facility(stage.world.now, facility(refused, "qsig"))
    target, _ = stage.world.switch.expect("SETUP")
    target.proceeding(stage.world.now)
    target.connect(stage.world.now)
    assert stage.outcome() == 200
    stage.second = target
    stage.is_joined_here()
    stage.ends("qsig-join")


def test_a_single_step_to_nobody(tmp_path: Path) -> None:
    """invalidReroutingNumber: no other way leads there either, and the first call is unharmed."""
    stage = Stage(tmp_path, "qsig")
    call, request = single_step(stage)
    refused = TransferOutcome(
        Outcome.FAILED, error="invalidReroutingNumber", operation="ssctInitiate", invoke_id=request.invoke_id
    )
    call.facility(stage.world.now, facility(refused, "qsig"))
    assert stage.outcome() == 404
    assert stage.first.is_active
    stage.line.request("BYE")
    stage.ends("ssct", "failed")


def test_the_transferee_hangs_up_during_a_single_step(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "qsig")
    call, _ = single_step(stage)
    call.disconnect(Cause(16), stage.world.now)
    assert stage.outcome() == 487
    stage.ends("ssct", "failed")


def test_the_result_of_a_single_step_after_a_restart(tmp_path: Path) -> None:
    """The invoke is in the store with its call."""
    stage = Stage(tmp_path, "qsig")
    call, request = single_step(stage)
    snapshots = [snapshot for _, snapshot in stage.world.gateway.changes() if snapshot]
    again = IsdnWorld(tmp_path, "qsig")
    again.switch.control.restore_call(call.snapshot(), again.now)
    assert again.gateway.restore([("x", json.loads(json.dumps(each))) for each in snapshots], again.now) == ()
    again.wait(1)
    (there,) = [each for each in again.switch.control.calls if each.is_active]
    done = TransferOutcome(Outcome.SUCCEEDED, operation="ssctInitiate", invoke_id=request.invoke_id)
    there.facility(again.now, facility(done, "qsig"))
    notify = again.pbx.expect("NOTIFY")
    assert notify.body.startswith(b"SIP/2.0 200 ")


def test_a_target_elsewhere_is_called(tmp_path: Path) -> None:
    """Only where the route leads back to the transferee's network is that network asked."""
    stage = Stage(tmp_path, "qsig")
    stage.refers_blindly("3001")
    target = stage.world.carrier.ring()
    target.answer()
    assert stage.outcome() == 200


def test_a_join_of_two_qsig_calls_tells_both_ends(tmp_path: Path) -> None:
    """callTransferComplete to both (ISO/IEC 13869); the gateway stays between them."""
    stage = Stage(tmp_path, "qsig")
    stage.refers()
    assert stage.outcome() == 200
    told = {call for event, call, _ in stage.world.switch.heard if event == "FACILITY"}
    assert told == {stage.first, stage.second}
    stage.is_joined_here()
    stage.ends("qsig-join")


def rerouteing(stage: Stage) -> None:
    """A ladder that has transfer by rerouteing."""
    path = stage.folder / "own.yaml"
    path.write_text(
        "source: a test\nservices: {qsig-rerouteing: {response: 10}}\nrows:\n- {kind: blind, rungs: [invite]}\n"
        "- {kind: ringing, rungs: [join]}\n- {kind: answered, rungs: [qsig-rerouteing, join]}\n"
    )
    stage.world.gateway.reload(stage.world.configuration.model_copy(update={"ladder": str(path)}), stage.world.now)


@pytest.mark.parametrize("error", ["", "notAvailable"])
def test_transfer_by_rerouteing(tmp_path: Path, error: str) -> None:
    """callTransferIdentify on one call, callTransferInitiate on the other; given up, callTransferAbandon."""
    stage = Stage(tmp_path, "qsig")
    rerouteing(stage)
    stage.refers()
    call, asks = stage.asked(IdentityRequest)
    assert isinstance(asks, IdentityRequest)
    assert call is stage.second
    granted = IdentityGranted(CallIdentity("42"), Party(Number("5552")), invoke_id=asks.invoke_id)
    call.facility(stage.world.now, facility(granted, "qsig"))
    call, request = stage.asked(TransferRequest)
    assert isinstance(request, TransferRequest)
    assert (call, request.consultation) == (stage.first, CallIdentity("42"))
    done = TransferOutcome(
        Outcome.FAILED if error else Outcome.SUCCEEDED,
        error=error,
        operation="callTransferInitiate",
        invoke_id=request.invoke_id,
    )
    call.facility(stage.world.now, facility(done, "qsig"))
    if error:
        assert stage.asked(IdentityAbandoned)[0] is stage.second
        assert stage.outcome() == 200
        stage.is_joined_here()
        stage.ends("join")
        return
    assert stage.outcome() == 200
    stage.clears(stage.first, stage.second)
    stage.line.request("BYE")
    stage.ends("qsig-rerouteing")
