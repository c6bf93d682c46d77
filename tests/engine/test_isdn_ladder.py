"""A REFER on an ISDN call, rung by rung: what the network is asked for, what it says, and what becomes of the calls.

The exchange is played by the test, with Q.931 messages and Facility elements.
"""

import json
from pathlib import Path

import pytest

from gateway.model.causes import Cause
from gateway.model.transfer import (
    CallReference,
    HeldCall,
    IdentityRequest,
    Outcome,
    TransferOutcome,
    TransferRequest,
)
from tests.engine.isdn_stage import JOINS, METHODS, Stage
from tests.engine.isdn_world import IsdnWorld
from tests.engine.test_isdn_transfers import call_out, facility
from tests.engine.world import HOST, PORT


@pytest.mark.parametrize("kind", METHODS)
def test_the_network_joins_and_says_so(tmp_path: Path, kind: str) -> None:
    """The result, then the network clears both: NOTIFY 200 comes with the result, not before."""
    stage = Stage(tmp_path, kind)
    stage.refers()
    call, request = stage.joins()
    assert stage.hears_nothing()
    stage.says(call, request.invoke_id)
    assert stage.outcome() == 200
    stage.clears(stage.first, stage.second)
    stage.line.request("BYE")
    stage.ends(METHODS[kind])


@pytest.mark.parametrize("kind", METHODS)
def test_the_network_joins_and_only_clears(tmp_path: Path, kind: str) -> None:
    """No result at all: DISCONNECT with cause 16 on both calls is success."""
    stage = Stage(tmp_path, kind)
    stage.refers()
    stage.joins()
    stage.clears(stage.first)
    assert stage.hears_nothing()
    stage.clears(stage.second)
    assert stage.outcome() == 200
    stage.line.request("BYE")
    stage.ends(METHODS[kind])


@pytest.mark.parametrize("kind", ["euroisdn", "ni2"])
def test_the_result_comes_with_the_clearing(tmp_path: Path, kind: str) -> None:
    """ReturnResult in DISCONNECT."""
    stage = Stage(tmp_path, kind)
    stage.refers()
    call, request = stage.joins()
    done = TransferOutcome(Outcome.SUCCEEDED, operation=JOINS[kind], invoke_id=request.invoke_id)
    call.disconnect(Cause(16), stage.world.now, facility(done, stage.dialect))
    assert stage.outcome() == 200
    stage.clears(stage.first, stage.second)
    stage.line.request("BYE")
    stage.ends(METHODS[kind])


@pytest.mark.parametrize("kind", METHODS)
def test_a_result_without_clearing_is_cleared_by_us(tmp_path: Path, kind: str) -> None:
    stage = Stage(tmp_path, kind)
    stage.refers()
    call, request = stage.joins()
    stage.says(call, request.invoke_id)
    assert stage.outcome() == 200
    disconnected = {stage.world.switch.expect("DISCONNECT", 6)[0] for _ in range(2)}
    assert disconnected == {stage.first, stage.second}
    stage.line.request("BYE")
    stage.ends(METHODS[kind])


@pytest.mark.parametrize("kind", ["ni2", "dms100"])
@pytest.mark.parametrize("answer", ["error", "reject", "silence"])
def test_the_network_will_not(tmp_path: Path, kind: str, answer: str) -> None:
    """The gateway joins the two itself, once there is an answer or there will be none; the transferor hears 200."""
    stage = Stage(tmp_path, kind)
    stage.refers()
    call, request = stage.joins()
    assert stage.hears_nothing()
    if answer == "error":
        stage.says(call, request.invoke_id, "notAllowed" if kind == "dms100" else "rejectedByNetwork")
    elif answer == "reject":
        stage.says(call, request.invoke_id, "unrecognisedOperation", rejected=True)
    assert stage.outcome() == 200
    assert (stage.first.is_active, stage.second.is_active) == (True, True)
    stage.is_joined_here()
    stage.ends("join")


def holds(stage: Stage, *, agrees: bool = True) -> None:
    """HOLD of the first call, answered."""
    assert stage.world.wait(6, lambda: stage.world.switch.has("HOLD"))
    stage.world.switch.expect("HOLD")
    if agrees:
        stage.first.hold_acknowledge(stage.world.now)
    else:
        stage.first.hold_reject(Cause(50), stage.world.now)


def no_link(stage: Stage) -> None:
    """EctLinkIdRequest is refused."""
    call, asks = stage.asked(IdentityRequest)
    assert isinstance(asks, IdentityRequest)
    refused = TransferOutcome(
        Outcome.FAILED, error="notAvailable", operation="EctLinkIdRequest", invoke_id=asks.invoke_id
    )
    call.facility(stage.world.now, facility(refused))


def implicitly(stage: Stage) -> TransferRequest:
    """EctExecute on the held call."""
    no_link(stage)
    holds(stage)
    call, request = stage.asked(TransferRequest)
    assert isinstance(request, TransferRequest)
    assert isinstance(request.consultation, HeldCall)
    assert call is stage.first
    return request


def test_without_links_the_held_call_is_transferred(tmp_path: Path) -> None:
    """EN 300 369-1 §9.2.1: HOLD of the first call, EctExecute on it."""
    stage = Stage(tmp_path)
    stage.refers()
    request = implicitly(stage)
    assert stage.hears_nothing()
    done = TransferOutcome(Outcome.SUCCEEDED, operation="EctExecute", invoke_id=request.invoke_id)
    stage.first.facility(stage.world.now, facility(done))
    assert stage.outcome() == 200
    stage.clears(stage.first, stage.second)
    stage.line.request("BYE")
    stage.ends("ect-implicit")


def test_a_held_call_that_is_only_cleared(tmp_path: Path) -> None:
    """No result of EctExecute, both calls cleared: success."""
    stage = Stage(tmp_path)
    stage.refers()
    implicitly(stage)
    stage.clears(stage.first, stage.second)
    assert stage.outcome() == 200
    stage.line.request("BYE")
    stage.ends("ect-implicit")


@pytest.mark.parametrize("answer", ["error", "reject", "silence"])
def test_what_was_held_is_retrieved_when_the_network_will_not(tmp_path: Path, answer: str) -> None:
    stage = Stage(tmp_path)
    stage.refers()
    request = implicitly(stage)
    if answer != "silence":
        refused = TransferOutcome(
            Outcome.FAILED,
            error="notAvailable" if answer == "error" else "unrecognisedOperation",
            rejected=answer == "reject",
            operation="EctExecute",
            invoke_id=request.invoke_id,
        )
        stage.first.facility(stage.world.now, facility(refused))
    stage.world.switch.expect("RETRIEVE")
    stage.first.retrieve_acknowledge(stage.world.now)
    assert stage.outcome() == 200
    stage.is_joined_here()
    stage.ends("join")


def test_what_was_held_is_retrieved_after_a_restart(tmp_path: Path) -> None:
    """Nobody knows any more what the network makes of the invoke: the gateway goes on with the next rung."""
    stage = Stage(tmp_path)
    stage.refers()
    implicitly(stage)
    snapshots = [snapshot for _, snapshot in stage.world.gateway.changes() if snapshot]
    again = IsdnWorld(tmp_path)
    rows = [(str(key), json.loads(json.dumps(each))) for key, each in enumerate(snapshots)]
    assert again.gateway.restore(rows, again.now) == ()
    for call in (stage.first, stage.second):
        again.switch.control.restore_call(call.snapshot(), again.now)
    call, _ = again.switch.expect("RETRIEVE")
    assert call.call_reference == stage.first.call_reference
    call.retrieve_acknowledge(again.now)
    stage.line.party = again.pbx
    assert stage.line.outcome()[0] == 200
    assert [record.method for record in again.records] == ["join"]


def test_a_network_that_holds_nothing(tmp_path: Path) -> None:
    """No link, no HOLD: joined here."""
    stage = Stage(tmp_path)
    stage.refers()
    no_link(stage)
    holds(stage, agrees=False)
    assert stage.outcome() == 200
    stage.is_joined_here()
    stage.ends("join")


def test_rungs_in_their_order_and_one_notify(tmp_path: Path) -> None:
    """Explicit, implicit, here: each only when the one before has failed, and a single 200 in the end."""
    stage = Stage(tmp_path)
    stage.refers()
    call, request = stage.joins()
    stage.says(call, request.invoke_id, "rejectedByNetwork")
    holds(stage)
    _, again = stage.asked(TransferRequest)
    assert isinstance(again, TransferRequest)
    assert isinstance(again.consultation, HeldCall)
    assert stage.hears_nothing()
    stage.world.switch.expect("RETRIEVE")
    stage.first.retrieve_acknowledge(stage.world.now)
    assert stage.outcome() == 200
    stage.is_joined_here()
    stage.ends("join")
    finals = [event for event, _ in stage.world.told if event == "transfer.network"]
    assert len(finals) == 2


def test_a_late_result_harms_nobody(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "ni2")
    stage.refers()
    call, request = stage.joins()
    assert stage.outcome() == 200
    stage.says(call, request.invoke_id)
    stage.world.wait(10)
    assert (stage.first.is_active, stage.second.is_active) == (True, True)
    stage.is_joined_here()
    stage.ends("join")


# --- somebody hangs up meanwhile ---


def test_the_transferee_hangs_up_while_the_network_is_asked(tmp_path: Path) -> None:
    """One call that is cleared is no success: the second one stays."""
    stage = Stage(tmp_path, "ni2")
    stage.refers()
    stage.joins()
    stage.clears(stage.first)
    status, _ = stage.line.outcome()
    assert status == 487
    assert stage.second.is_active
    stage.line.hung_up()
    stage.other.request("BYE")
    stage.ends("join", "abandoned")


def test_the_target_hangs_up_while_the_network_is_asked(tmp_path: Path) -> None:
    """The transferor has its first call, as if nothing had been asked for."""
    stage = Stage(tmp_path, "ni2")
    stage.refers()
    stage.joins()
    stage.clears(stage.second)
    status, _ = stage.line.outcome()
    assert status >= 400
    assert stage.first.is_active
    stage.other.hung_up()
    stage.line.request("BYE")
    stage.ends("join", "failed")


def test_the_transferor_hangs_up_while_the_network_is_asked(tmp_path: Path) -> None:
    """Both calls are the network's or joined here, whatever it says."""
    stage = Stage(tmp_path, "ni2")
    stage.refers()
    call, request = stage.joins()
    stage.line.request("BYE")
    stage.world.wait(1)
    assert (stage.first.is_active, stage.second.is_active) == (True, True)
    stage.says(call, request.invoke_id, "rejectedByNetwork")
    stage.world.wait(5)
    stage.first.disconnect(Cause(16), stage.world.now)
    assert stage.world.switch.expect("DISCONNECT")[0] is stage.second
    stage.ends("join")


# --- a target that rings ---


def test_a_join_with_a_call_that_rings(tmp_path: Path) -> None:
    """Semi-attended: EN 300 369-1 lets the second call be alerting."""
    stage = Stage(tmp_path, rings=True)
    stage.refers()
    call, request = stage.joins()
    stage.says(call, request.invoke_id)
    assert stage.outcome() == 200
    stage.clears(stage.first, stage.second)
    stage.line.request("BYE")
    stage.ends("ect-explicit")
    assert stage.world.records[0].kind == "semi-attended"


def test_a_blind_transfer_within_the_network(tmp_path: Path) -> None:
    """The gateway calls the target; as soon as it rings the network is asked for both calls."""
    stage = Stage(tmp_path, "ni2")
    target = stage.blind("5553")
    target.proceeding(stage.world.now)
    target.alerting(stage.world.now)
    call, request = stage.joins()
    assert {call, target} <= {stage.first, target}
    stage.says(call, request.invoke_id)
    assert stage.outcome() == 200
    stage.clears(stage.first, target)
    stage.line.request("BYE")
    stage.ends("tbct")
    assert stage.world.records[0].kind == "blind"


def test_a_network_that_joins_no_ringing_call_is_asked_again(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "ni2")
    target = stage.blind("5553")
    target.proceeding(stage.world.now)
    target.alerting(stage.world.now)
    call, request = stage.joins()
    stage.says(call, request.invoke_id, "invalidCallState")
    assert stage.hears_nothing()
    target.connect(stage.world.now)
    call, request = stage.joins()
    stage.says(call, request.invoke_id)
    assert stage.outcome() == 200
    stage.clears(stage.first, target)
    stage.line.request("BYE")
    stage.ends("tbct")


def test_a_target_that_is_busy(tmp_path: Path) -> None:
    """Nobody is joined, and the first call is as it was: the status of the cause (RFC 3398 §7.2.4.1)."""
    stage = Stage(tmp_path, "ni2")
    target = stage.blind("5553")
    target.disconnect(Cause(17), stage.world.now)
    assert stage.outcome() == 486
    assert stage.first.is_active
    stage.line.request("BYE")
    stage.ends("invite", "failed")


def test_a_target_that_turns_away_while_the_network_is_asked(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "ni2")
    target = stage.blind("5553")
    target.proceeding(stage.world.now)
    target.alerting(stage.world.now)
    stage.joins()
    target.disconnect(Cause(17), stage.world.now)
    assert stage.outcome() == 486
    assert stage.first.is_active
    stage.line.request("BYE")
    stage.ends("invite", "failed")


# --- who asks, and whom ---


def test_a_trunk_that_wants_no_service(tmp_path: Path) -> None:
    """native: false."""
    stage = Stage(tmp_path, "ni2")
    line = stage.world.gateway.isdn.lines["isdn"]
    line.settings = line.settings.model_copy(update={"native": False})
    stage.refers()
    assert stage.outcome() == 200
    stage.is_joined_here()
    stage.ends("join")


def test_a_ladder_of_ones_own(tmp_path: Path) -> None:
    """Without the service in its row the network is not asked."""
    stage = Stage(tmp_path, "ni2")
    path = tmp_path / "own.yaml"
    path.write_text(
        "source: a test\nservices: {}\nrows:\n- {kind: blind, rungs: [invite]}\n"
        "- {kind: ringing, rungs: [join]}\n- {kind: answered, rungs: [join]}\n"
    )
    stage.world.gateway.reload(stage.world.configuration.model_copy(update={"ladder": str(path)}), stage.world.now)
    stage.refers()
    assert stage.outcome() == 200
    stage.is_joined_here()
    stage.ends("join")


def test_a_network_asks_nobody(tmp_path: Path) -> None:
    """ECT is the user's to ask for."""
    world = IsdnWorld(tmp_path, side="network")
    line, first = call_out(world, "5551")
    other, second = call_out(world, "5552")
    replaces = f"{other.call_id}%3Bto-tag%3D{other.remote_tag}%3Bfrom-tag%3D{other.local_tag}".replace("@", "%40")
    line.refer(f"<sip:5552@{HOST}:{PORT}?Replaces={replaces}>")
    line.expect("202")
    assert line.outcome()[0] == 200
    assert (first.is_active, second.is_active) == (True, True)


def test_the_call_that_tbct_names(tmp_path: Path) -> None:
    """GR-2865: by its reference as it stands in our messages."""
    stage = Stage(tmp_path, "ni2")
    stage.refers()
    call, request = stage.joins()
    assert call is stage.first
    assert isinstance(request.consultation, CallReference)
    assert request.consultation.value == stage.second.call_reference
