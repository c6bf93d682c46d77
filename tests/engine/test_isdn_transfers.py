"""Transfers on an ISDN trunk, on the whole gateway: those that the peer asks for, and ours that the network takes."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.configuration import TransferPolicy
from gateway.isdn import elements as codec
from gateway.isdn import q931
from gateway.isdn.call import IsdnCall
from gateway.isdn.q931 import Identifier, InformationElement, Message
from gateway.model.causes import Cause
from gateway.model.legs import IsdnCall as CallOnTheWire
from gateway.model.parties import Number, NumberingPlan, Party, Presentation, TypeOfNumber
from gateway.model.transfer import (
    CallReference,
    CallStatus,
    HeldCall,
    IdentityGranted,
    IdentityRequest,
    LinkId,
    Outcome,
    PartyUpdate,
    Redirection,
    Stage,
    TransferEvent,
    TransferKind,
    TransferOutcome,
    TransferRequest,
)
from gateway.sip.message import Message as SipMessage
from gateway.translators import dialect_named
from gateway.translators.dialect import Context
from tests.engine.isdn_world import IsdnWorld
from tests.engine.test_isdn_calls import COMPLETE
from tests.engine.world import Line, sdp

EXPLICIT = {3: "EctLinkIdRequest", 5: "ExplicitEctExecute"}


def facility(event: TransferEvent, dialect: str = "etsi-ect", call: IsdnCall | None = None) -> InformationElement:
    """The Facility element that says it."""
    wire = CallOnTheWire(call.call_reference if call else 1)
    written = dialect_named(dialect).write(event, Context(isdn=wire, isdn_secondary=wire))
    message = q931.decode(written.messages[0].octets)
    found = message.element(Identifier.FACILITY)
    assert found is not None
    return found


def read(message: Message, dialect: str = "etsi-ect", pending: dict[int, str] | None = None) -> TransferEvent:
    """What a message's Facility element says."""
    octets = q931.encode(replace(message, call_reference_octets=2))
    return dialect_named(dialect).read(octets, Context(pending=pending or {}))[0]


def call_in(world: IsdnWorld, user: str) -> tuple[IsdnCall, Line]:
    """A call from the ISDN, answered."""
    call = world.switch.setup(user, COMPLETE)
    party = world.pbx if user.startswith("2") else world.carrier
    line = party.ring()
    line.answer()
    world.switch.expect("CONNECT")
    return call, line


def call_out(world: IsdnWorld, number: str, *lines: str) -> tuple[Line, IsdnCall]:
    """A call of the PBX to the ISDN, answered."""
    line = world.pbx.invite(number, *lines)
    call, _ = world.switch.expect("SETUP")
    call.proceeding(world.now)
    call.connect(world.now)
    line.established()
    return line, call


# --- the peer asks (we are the network) ---


def linked(world: IsdnWorld, call: IsdnCall) -> int:
    """EctLinkIdRequest and what is granted."""
    call.facility(world.now, facility(IdentityRequest(invoke_id=3)))
    _, message = world.switch.expect("FACILITY")
    granted = read(message, pending=EXPLICIT)
    assert isinstance(granted, IdentityGranted)
    assert isinstance(granted.identity, LinkId)
    return granted.identity.value


def execute(link: int) -> InformationElement:
    return facility(TransferRequest(TransferKind.ATTENDED, consultation=LinkId(link), invoke_id=5))


def outcome(world: IsdnWorld, dialect: str = "etsi-ect") -> TransferOutcome:
    """The answer to an invoke."""
    _, message = world.switch.expect("FACILITY")
    found = read(message, dialect, EXPLICIT)
    assert isinstance(found, TransferOutcome)
    return found


def test_explicit_call_transfer(tmp_path: Path) -> None:
    """EN 300 369-1 §9.2.2: the result, then both calls are cleared with cause 16; the others talk."""
    world = IsdnWorld(tmp_path, side="network")
    first, one = call_in(world, "2001")
    second, other = call_in(world, "3001")
    first.facility(world.now, execute(linked(world, second)))
    one.reinvited()
    other.reinvited()
    assert outcome(world).outcome is Outcome.SUCCEEDED
    assert {world.switch.expect("DISCONNECT")[0], world.switch.expect("DISCONNECT")[0]} == {first, second}
    assert [record.outcome for record in world.records] == ["succeeded"]
    world.wait(20)
    one.request("BYE")
    other.hung_up()
    assert world.gateway.isdn.statistics()["channels_idle.isdn"] == 4


def slow_join(world: IsdnWorld) -> tuple[Line, Line, SipMessage]:
    """A party that takes long over its re-INVITE, the other one, and the request that it owes an answer."""
    second, other = call_in(world, "3001")
    first, one = call_in(world, "2001")
    first.facility(world.now, execute(linked(world, second)))
    invite = one.expect("INVITE")
    one.reply(100, request=invite)
    assert not world.wait(2, lambda: world.switch.has("FACILITY"))
    assert world.wait(2, lambda: world.switch.has("FACILITY"))
    assert outcome(world).outcome is Outcome.SUCCEEDED
    return one, other, invite


def test_the_result_comes_before_the_peer_gives_it_up(tmp_path: Path) -> None:
    """T-RESPONSE is 4 s (Q.932): the result does not wait for the media, the clearing does."""
    world = IsdnWorld(tmp_path, side="network")
    one, other, invite = slow_join(world)
    assert not world.switch.has("DISCONNECT")
    one.reply(200, body=one.session, request=invite)
    other.reinvited()
    world.switch.expect("DISCONNECT")
    world.switch.expect("DISCONNECT")
    assert not world.switch.has("FACILITY")
    assert [record.outcome for record in world.records] == ["succeeded"]


def test_a_join_that_fails_after_its_result_leaves_the_peer_its_calls(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path, side="network")
    one, other, invite = slow_join(world)
    one.reply(500, request=invite)
    one.reinvited()
    other.reinvited()
    world.wait(60)
    assert not world.switch.has("DISCONNECT")
    assert not world.switch.has("FACILITY")
    assert [record.outcome for record in world.records] == ["failed"]


def test_a_link_that_was_never_given(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path, side="network")
    call, _ = call_in(world, "2001")
    call.facility(world.now, execute(99))
    found = outcome(world)
    assert (found.outcome, found.error) == (Outcome.FAILED, "linkIdNotAssignedByNetwork")
    assert call.is_active


def test_the_link_of_a_call_that_is_over_is_no_more(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path, side="network")
    first, _ = call_in(world, "2001")
    second, _ = call_in(world, "3001")
    link = linked(world, second)
    second.disconnect(Cause(16), world.now)
    world.switch.expect("released")
    first.facility(world.now, execute(link))
    assert outcome(world).error == "linkIdNotAssignedByNetwork"


def test_a_call_cannot_be_joined_with_itself(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path, side="network")
    call, _ = call_in(world, "2001")
    call.facility(world.now, execute(linked(world, call)))
    assert outcome(world).outcome is Outcome.FAILED


def test_a_trunk_may_have_no_transfers(tmp_path: Path) -> None:
    """transfer: reject."""
    world = IsdnWorld(tmp_path, side="network")
    trunk = world.configuration.trunk("isdn").model_copy(update={"transfer": TransferPolicy.REJECT})
    world.gateway.hub.settings["isdn"] = trunk
    first, _ = call_in(world, "2001")
    second, _ = call_in(world, "3001")
    first.facility(world.now, execute(linked(world, second)))
    assert outcome(world).outcome is Outcome.FAILED
    assert first.is_active
    assert second.is_active


def implicit() -> InformationElement:
    return facility(TransferRequest(TransferKind.ATTENDED, consultation=HeldCall(), invoke_id=5))


def test_implicit_call_transfer_on_the_held_call(tmp_path: Path) -> None:
    """EN 300 369-1 §9.2.1."""
    world = IsdnWorld(tmp_path, side="network")
    first, one = call_in(world, "2001")
    first.hold(world.now)
    world.switch.expect("hold")
    assert b"a=inactive" in one.reinvited().body
    second, other = call_in(world, "3001")
    first.facility(world.now, implicit())
    one.reinvited()
    other.reinvited()
    assert outcome(world).outcome is Outcome.SUCCEEDED
    assert {world.switch.expect("DISCONNECT")[0], world.switch.expect("DISCONNECT")[0]} == {first, second}


def test_implicit_call_transfer_on_a_call_that_is_not_held(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path, side="network")
    first, _ = call_in(world, "2001")
    call_in(world, "3001")
    first.facility(world.now, implicit())
    assert outcome(world).error == "invalidCallState"


def test_hold_and_retrieve(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path, side="network")
    call, line = call_in(world, "2001")
    call.hold(world.now)
    assert b"a=inactive" in line.reinvited(sdp(5000, "inactive")).body
    world.switch.expect("hold")
    assert world.gateway.isdn.statistics()["channels_idle.isdn"] == 4
    call.retrieve(world.now)
    assert b"a=sendrecv" in line.reinvited(sdp(5000)).body
    world.switch.expect("retrieve")
    assert world.gateway.isdn.statistics()["channels_idle.isdn"] == 3


def test_two_b_channel_transfer(tmp_path: Path) -> None:
    """GR-2865: the second call by its reference as it stands in the user's messages."""
    world = IsdnWorld(tmp_path, "ni2", "network")
    first, one = call_in(world, "2001")
    second, other = call_in(world, "3001")
    request = TransferRequest(TransferKind.ATTENDED, consultation=CallReference(second.call_reference), invoke_id=5)
    first.facility(world.now, facility(request, "ni2-tbct"))
    one.reinvited()
    other.reinvited()
    assert outcome(world, "ni2-tbct").outcome is Outcome.SUCCEEDED
    assert {world.switch.expect("DISCONNECT")[0], world.switch.expect("DISCONNECT")[0]} == {first, second}


def test_rubbish_in_a_facility_is_let_pass(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path, side="network")
    call, line = call_in(world, "2001")
    for contents in (b"", b"\x91", b"\x91\xa1", b"\x91\xa1\x06\x02\x01\x02", bytes(range(0x91, 0xFF))):
        call.facility(world.now, InformationElement(Identifier.FACILITY, contents))
    world.wait(1)
    assert call.is_active
    line.hang_up()


# --- redirection ---


def test_a_deflection_before_the_answer_is_followed(tmp_path: Path) -> None:
    """EN 300 207-1 callDeflection; the caller hears nothing of it."""
    world = IsdnWorld(tmp_path)
    world.pbx.invite("5551")
    call, _ = world.switch.expect("SETUP")
    call.alerting(world.now)
    target = Party(Number("3001"))
    call.facility(world.now, facility(Redirection(target, "deflection", invoke_id=5)))
    world.carrier.expect("INVITE")
    assert world.switch.has("FACILITY")
    world.switch.expect("DISCONNECT")


def test_a_deflection_after_the_answer_comes_too_late(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path)
    _, call = call_out(world, "5551")
    call.facility(world.now, facility(Redirection(Party(Number("3001")), "deflection", invoke_id=5)))
    assert outcome(world).outcome is Outcome.FAILED
    assert call.is_active


# --- whom one talks to ---


def test_ect_inform_tells_the_other_side(tmp_path: Path) -> None:
    """EctInform becomes a new identity (RFC 4916)."""
    world = IsdnWorld(tmp_path)
    line, call = call_out(world, "5551", "Allow: INVITE, ACK, BYE, CANCEL, UPDATE")
    party = Party(Number("4989123", TypeOfNumber.INTERNATIONAL, NumberingPlan.E164), Presentation.ALLOWED)
    update = PartyUpdate(Stage.COMPLETE, party, status=CallStatus.ANSWERED, invoke_id=7)
    call.facility(world.now, facility(update))
    assert "+4989123@" in (line.expect("UPDATE").headers.get("p-asserted-identity") or "")


def test_hold_of_the_other_side_is_notified(tmp_path: Path) -> None:
    """EN 300 141."""
    world = IsdnWorld(tmp_path)
    line, _ = call_out(world, "5551")
    line.reinvite(sdp(4000, "sendonly"))
    _, message = world.switch.expect("NOTIFY")
    assert codec.decode_notification(message.contents(Identifier.NOTIFICATION_INDICATOR) or b"") == 0x79


# --- after a restart ---


def test_a_call_comes_back(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path)
    _, call = call_out(world, "5551")
    snapshots = [snapshot for _, snapshot in world.gateway.changes() if snapshot]
    again = IsdnWorld(tmp_path)
    again.switch.control.restore_call(call.snapshot(), again.now)
    assert again.gateway.restore([("x", each) for each in snapshots], again.now) == ()
    again.wait(1)
    (leg,) = again.gateway.isdn.lines["isdn"].legs
    assert leg.call.is_active
    assert again.gateway.isdn.statistics()["channels_idle.isdn"] == 3


def test_a_call_that_the_peer_has_lost_is_cleared(tmp_path: Path) -> None:
    """STATUS ENQUIRY finds it gone (Q.931 5.8.11)."""
    world = IsdnWorld(tmp_path)
    line, _ = call_out(world, "5551")
    snapshots = [snapshot for _, snapshot in world.gateway.changes() if snapshot]
    again = IsdnWorld(tmp_path)
    assert again.gateway.restore([("x", each) for each in snapshots], again.now) == ()
    assert again.pbx.expect("BYE").call_id == line.call_id
    assert again.gateway.isdn.statistics()["channels_idle.isdn"] == 4


# --- QSIG ---


def single_step(number: str, *, await_connect: bool) -> InformationElement:
    request = TransferRequest(
        TransferKind.SINGLE_STEP, Party(Number(number)), await_connect=await_connect, invoke_id=5
    )
    return facility(request, "qsig-ssct")


@pytest.mark.parametrize("await_connect", [True, False])
def test_single_step_call_transfer(tmp_path: Path, await_connect: bool) -> None:
    """ISO/IEC 19460: the result comes with the answer, or with the ringing where the connect is not awaited."""
    world = IsdnWorld(tmp_path, "qsig")
    call, one = call_in(world, "2001")
    call.facility(world.now, single_step("3001", await_connect=await_connect))
    target = world.carrier.ring()
    world.wait(1)
    assert world.switch.has("FACILITY") is not await_connect
    target.answer()
    one.reinvited()
    assert world.switch.expect("FACILITY")
    world.wait(1)
    assert not world.switch.has("FACILITY")
    call.disconnect(Cause(16), world.now)
    assert world.wait(5, lambda: bool(world.records))
    assert (world.records[0].kind, world.records[0].outcome) == ("blind", "succeeded")


def test_single_step_call_transfer_to_a_busy_target(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path, "qsig")
    call, _ = call_in(world, "2001")
    call.facility(world.now, single_step("3001", await_connect=True))
    world.carrier.reply(world.carrier.expect("INVITE"), 486)
    _, message = world.switch.expect("FACILITY")
    found = read(message, "qsig-ssct", {5: "ssctInitiate"})
    assert isinstance(found, TransferOutcome)
    assert found.outcome is Outcome.FAILED
    assert call.is_active


def test_transfer_by_rerouteing(tmp_path: Path) -> None:
    """callTransferIdentify on one call, callTransferInitiate on the other (ISO/IEC 13869)."""
    world = IsdnWorld(tmp_path, "qsig")
    first, one = call_in(world, "2001")
    second, other = call_in(world, "3001")
    second.facility(world.now, facility(IdentityRequest(invoke_id=3), "qsig"))
    _, message = world.switch.expect("FACILITY")
    granted = read(message, "qsig", {3: "callTransferIdentify"})
    assert isinstance(granted, IdentityGranted)
    request = TransferRequest(TransferKind.ATTENDED, granted.target, granted.identity, invoke_id=5)
    first.facility(world.now, facility(request, "qsig"))
    one.reinvited()
    other.reinvited()
    _, message = world.switch.expect("FACILITY")
    found = read(message, "qsig", {5: "callTransferInitiate"})
    assert isinstance(found, TransferOutcome)
    assert found.outcome is Outcome.SUCCEEDED
    assert {world.switch.expect("DISCONNECT")[0], world.switch.expect("DISCONNECT")[0]} == {first, second}


def test_a_service_that_there_is_not_is_refused(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path, side="network")
    call, _ = call_in(world, "2001")
    call.facility(world.now, InformationElement(Identifier.FACILITY, bytes.fromhex("91a106020105020101")))
    world.switch.expect("FACILITY")
    assert call.is_active


# --- semi-attended ---


def test_a_join_with_a_call_that_rings(tmp_path: Path) -> None:
    """EN 300 369-1 lets the second call be alerting."""
    world = IsdnWorld(tmp_path, side="network")
    first, one = call_in(world, "2001")
    second = world.switch.setup("3001", COMPLETE)
    target = world.carrier.ring()
    world.switch.expect("ALERTING")
    first.facility(world.now, execute(linked(world, second)))
    world.wait(1)
    target.answer()
    one.reinvited()
    target.reinvited()
    assert outcome(world).outcome is Outcome.SUCCEEDED
    assert world.wait(60, lambda: world.gateway.isdn.statistics()["channels_idle.isdn"] == 4)
