"""Transfers that an ISDN peer asks for or tells of, and what SIP or another ISDN trunk gets to see of them."""

from pathlib import Path

import pytest

from gateway.isdn import elements as codec
from gateway.isdn import numbers
from gateway.isdn.call import IsdnCall
from gateway.isdn.q931 import Identifier, InformationElement, Message
from gateway.model.causes import Cause
from gateway.model.parties import Number, NumberingPlan, Party, Presentation, TypeOfNumber
from gateway.model.transfer import (
    CallIdentity,
    CallStatus,
    EndDesignation,
    IdentityGranted,
    IdentityRequest,
    Outcome,
    PartyUpdate,
    Stage,
    TransferKind,
    TransferOutcome,
    TransferRequest,
    TransferSetup,
)
from tests.engine.isdn_world import IsdnWorld
from tests.engine.test_isdn_calls import COMPLETE
from tests.engine.test_isdn_transfers import (
    call_in,
    call_out,
    execute,
    facility,
    linked,
    outcome,
    read,
    single_step,
)
from tests.engine.world import HOST, PORT, Line

REFERS = "Allow: INVITE, ACK, BYE, CANCEL, REFER, NOTIFY, UPDATE"


# --- single step ---


def test_a_single_step_is_asked_of_a_sip_transferee(tmp_path: Path) -> None:
    """draft-rey §8.3.3: REFER within the dialog; NOTIFY 200 becomes the result."""
    world = IsdnWorld(tmp_path, "qsig")
    call = world.switch.setup("2001", COMPLETE)
    line = world.pbx.ring()
    line.reply(200, REFERS, body=line.session)
    line.expect("ACK")
    world.switch.expect("CONNECT")
    call.facility(world.now, single_step("3001", await_connect=True))
    refer = line.expect("REFER")
    assert "3001@" in (refer.headers.get("refer-to") or "")
    line.reply(202, request=refer)
    notified(world, line, 100)
    assert not world.switch.has("FACILITY")
    notified(world, line, 200)
    assert result(world, "ssctInitiate").outcome is Outcome.SUCCEEDED
    call.disconnect(Cause(16), world.now)
    line.hung_up()
    assert world.wait(60, lambda: bool(world.records))
    assert (world.records[0].method, world.records[0].outcome) == ("refer", "succeeded")


@pytest.mark.parametrize("status", [405, 501, 603])
def test_a_refer_that_is_refused_is_carried_out_here(tmp_path: Path, status: int) -> None:
    world = IsdnWorld(tmp_path, "qsig")
    call = world.switch.setup("2001", COMPLETE)
    line = world.pbx.ring()
    line.reply(200, REFERS, body=line.session)
    line.expect("ACK")
    world.switch.expect("CONNECT")
    call.facility(world.now, single_step("3001", await_connect=True))
    line.reply(status, request=line.expect("REFER"))
    target = world.carrier.ring()
    target.answer()
    line.reinvited()
    assert result(world, "ssctInitiate").outcome is Outcome.SUCCEEDED
    assert world.records[0].method == "invite"


def notified(world: IsdnWorld, line: object, status: int) -> None:
    """NOTIFY of the transferee."""
    state = "terminated;reason=noresource" if status >= 200 else "active;expires=60"
    line.request(  # type: ignore[attr-defined]
        "NOTIFY",
        "Event: refer",
        f"Subscription-State: {state}",
        "Content-Type: message/sipfrag",
        body=f"SIP/2.0 {status} OK\r\n".encode(),
    )
    line.expect("200 NOTIFY")  # type: ignore[attr-defined]


def result(world: IsdnWorld, operation: str, invoke_id: int = 5) -> TransferOutcome:
    """The answer to an invoke of the exchange."""
    found = None
    while not isinstance(found, TransferOutcome):
        _, message = world.switch.expect("FACILITY")
        found = read(message, "qsig", {invoke_id: operation})
    return found


def test_the_setup_of_a_single_step_says_who_has_transferred(tmp_path: Path) -> None:
    """draft-rey §8.3.4: transferringAddress of ssctSetup becomes Referred-By."""
    world = IsdnWorld(tmp_path, "qsig")
    transferor = Party(Number("4989123", TypeOfNumber.INTERNATIONAL, NumberingPlan.E164), Presentation.ALLOWED)
    world.switch.setup("2001", COMPLETE, facility(TransferSetup(transferor=transferor), "qsig"))
    invite = world.pbx.expect("INVITE")
    assert "4989123@" in (invite.headers.get("referred-by") or "")


def test_a_call_by_referral_is_set_up_as_a_single_step(tmp_path: Path) -> None:
    """draft-rey §8.4.2.1: Referred-By becomes ssctSetup."""
    world = IsdnWorld(tmp_path, "qsig")
    world.pbx.invite("5551", "Referred-By: <sip:+4989123@example.com;user=phone>")
    _, message = world.switch.expect("SETUP")
    found = read(message, "qsig")
    assert isinstance(found, TransferSetup)
    assert found.transferor is not None and found.transferor.number is not None
    assert found.transferor.number.digits.endswith("4989123")


# --- by rerouteing ---


def identity_of(world: IsdnWorld, call: object) -> CallIdentity:
    """callTransferIdentify, granted."""
    call.facility(world.now, facility(IdentityRequest(invoke_id=3), "qsig"))  # type: ignore[attr-defined]
    _, message = world.switch.expect("FACILITY")
    granted = read(message, "qsig", {3: "callTransferIdentify"})
    assert isinstance(granted, IdentityGranted)
    assert isinstance(granted.identity, CallIdentity)
    return granted.identity


def test_a_setup_takes_the_place_of_the_call_that_it_names(tmp_path: Path) -> None:
    """callTransferSetup with the identity that we gave (ISO/IEC 13869): the target's partner is exchanged."""
    world = IsdnWorld(tmp_path, "qsig")
    call, line = call_in(world, "2001")
    identity = identity_of(world, call)
    setup = facility(TransferSetup(None, identity, invoke_id=5), "qsig")
    newcomer = world.switch.setup("2001", COMPLETE, setup)
    line.reinvited()
    world.switch.expect("CONNECT")
    assert result(world, "callTransferSetup").outcome is Outcome.SUCCEEDED
    assert world.switch.expect("DISCONNECT")[0] is call
    line.request("BYE")
    assert world.switch.expect("DISCONNECT")[0] is newcomer
    assert (world.records[0].method, world.records[0].outcome) == ("replaces", "succeeded")


def test_a_setup_that_names_a_call_of_nobody(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path, "qsig")
    setup = facility(TransferSetup(None, CallIdentity("99"), invoke_id=5), "qsig")
    world.switch.setup("2001", COMPLETE, setup)
    assert result(world, "callTransferSetup").error == "unrecognizedCallIdentity"
    world.switch.expect("DISCONNECT")
    world.pbx.expect_none("INVITE", 1)


def test_an_identity_of_the_target_goes_to_the_target(tmp_path: Path) -> None:
    """callTransferInitiate with a name that the target has given: callTransferSetup in the SETUP to it."""
    world = IsdnWorld(tmp_path, "qsig")
    call, line = call_in(world, "2001")
    request = TransferRequest(
        TransferKind.ATTENDED, Party(Number("5552")), consultation=CallIdentity("4711"), invoke_id=5
    )
    call.facility(world.now, facility(request, "qsig"))
    target, message = world.switch.expect("SETUP")
    found = read(message, "qsig")
    assert isinstance(found, TransferSetup)
    assert found.consultation == CallIdentity("4711")
    target.proceeding(world.now)
    target.connect(world.now)
    line.reinvited()
    assert result(world, "callTransferInitiate").outcome is Outcome.SUCCEEDED


def test_path_replacement_is_refused_politely(tmp_path: Path) -> None:
    """ISO/IEC 13874: the call goes on."""
    world = IsdnWorld(tmp_path, "qsig")
    call, _ = call_in(world, "2001")
    # Invoke 7, local value 4, callIdentity "1", rerouteingNumber unknown public 5551.
    argument = bytes.fromhex("3009120131800435353531")
    invoke = bytes.fromhex("020107020104") + argument
    contents = bytes.fromhex("9faa06800100820100") + bytes((0xA1, len(invoke))) + invoke
    call.facility(world.now, InformationElement(Identifier.FACILITY, contents))
    found = result(world, "pathReplacePropose", 7)
    assert (found.outcome, found.error) == (Outcome.FAILED, "notAvailable")
    assert call.is_active


# --- the peer has joined them itself ---


@pytest.mark.parametrize("stage", [Stage.COMPLETE, Stage.ACTIVE, Stage.UPDATE])
def test_who_is_transferred_in_a_qsig_network_is_told_in_sip(tmp_path: Path, stage: Stage) -> None:
    """callTransferComplete, Active and Update: UPDATE with the new identity (RFC 4916)."""
    world = IsdnWorld(tmp_path, "qsig")
    line, call = call_out(world, "5551", "Allow: INVITE, ACK, BYE, CANCEL, UPDATE")
    party = Party(Number("4989123", TypeOfNumber.INTERNATIONAL, NumberingPlan.E164), Presentation.ALLOWED)
    update = PartyUpdate(stage, party, EndDesignation.PRIMARY, CallStatus.ANSWERED, invoke_id=7)
    call.facility(world.now, facility(update, "qsig"))
    assert "+4989123@" in (line.expect("UPDATE").headers.get("p-asserted-identity") or "")


def replacing(world: IsdnWorld) -> None:
    """The trunk of the PBX wants to be called by the new party."""
    trunk = world.configuration.trunk("pbx").model_copy(update={"connected_party": "replaces"})
    world.gateway.hub.settings["pbx"] = trunk


def complete(number: str) -> InformationElement:
    party = Party(Number(number, TypeOfNumber.INTERNATIONAL, NumberingPlan.E164), Presentation.ALLOWED)
    update = PartyUpdate(Stage.COMPLETE, party, EndDesignation.PRIMARY, CallStatus.ANSWERED, invoke_id=7)
    return facility(update, "qsig")


def test_who_is_transferred_is_called_by_the_new_party(tmp_path: Path) -> None:
    """draft-rey §8.3.1: INVITE with Replaces; the new dialog takes the old one's place, QSIG hears nothing."""
    world = IsdnWorld(tmp_path, "qsig")
    replacing(world)
    line, call = call_out(world, "5551", "Supported: replaces")
    call.facility(world.now, complete("4989123"))
    again = Line.called(world.pbx, world.pbx.expect("INVITE"))
    assert again.invitation is not None
    replaces = again.invitation.headers.get("replaces") or ""
    assert replaces == f"{line.call_id};to-tag={line.local_tag};from-tag={line.remote_tag}"
    assert "+4989123@" in (again.invitation.headers.get("from") or "")
    again.answer()
    line.hung_up()
    assert call.is_active
    assert not world.switch.has("FACILITY")
    again.request("BYE")
    assert world.switch.expect("DISCONNECT")[0] is call


def test_a_peer_that_will_not_be_called_keeps_its_call(tmp_path: Path) -> None:
    """draft-rey §8.3.1: nothing is said to QSIG, and the old dialog stays."""
    world = IsdnWorld(tmp_path, "qsig")
    replacing(world)
    line, call = call_out(world, "5551", "Supported: replaces", "Allow: INVITE, ACK, BYE, CANCEL, UPDATE")
    call.facility(world.now, complete("4989123"))
    world.pbx.reply(world.pbx.expect("INVITE"), 481)
    assert "+4989123@" in (line.expect("UPDATE").headers.get("p-asserted-identity") or "")
    assert call.is_active
    line.request("BYE")
    assert world.switch.expect("DISCONNECT")[0] is call


def test_a_caller_that_hangs_up_while_it_is_called(tmp_path: Path) -> None:
    world = IsdnWorld(tmp_path, "qsig")
    replacing(world)
    line, call = call_out(world, "5551", "Supported: replaces")
    call.facility(world.now, complete("4989123"))
    world.pbx.reply(world.pbx.expect("INVITE"), 180)
    line.request("BYE")
    world.pbx.expect("CANCEL")
    assert world.switch.expect("DISCONNECT")[0] is call


# --- what transferred parties of the ISDN hear ---


def redirection(message: Message) -> str:
    contents = message.contents(Identifier.REDIRECTION_NUMBER)
    assert contents is not None
    number = numbers.decode_party(contents).number
    assert number is not None
    return number.digits


def test_a_transferred_party_is_notified(tmp_path: Path) -> None:
    """EuroISDN, we are the network: NOTIFY 0x69 while the target rings, 0x6A with its number, and EctInform."""
    world = IsdnWorld(tmp_path, side="network")
    line, call = call_out(world, "5551")
    line.refer(f"<sip:3001@{HOST}:{PORT}>")
    target = world.carrier.ring()
    _, message = world.switch.expect("NOTIFY")
    assert codec.decode_notification(message.contents(Identifier.NOTIFICATION_INDICATOR) or b"") == 0x69
    assert read(world.switch.expect("FACILITY")[1]).status is CallStatus.ALERTING  # type: ignore[union-attr]
    target.answer()
    _, message = world.switch.expect("NOTIFY")
    assert codec.decode_notification(message.contents(Identifier.NOTIFICATION_INDICATOR) or b"") == 0x6A
    assert redirection(message) == "3001"
    inform = read(world.switch.expect("FACILITY")[1])
    assert isinstance(inform, PartyUpdate)
    assert inform.status is CallStatus.ANSWERED
    assert call.is_active


def test_a_transferred_party_hears_of_the_answer(tmp_path: Path) -> None:
    """draft-rey §8.4.1.1: callTransferComplete, alerting, on 180; callTransferActive on the answer."""
    world = IsdnWorld(tmp_path, "qsig")
    line, _ = call_out(world, "5551")
    line.refer(f"<sip:3001@{HOST}:{PORT}>")
    target = world.carrier.ring()
    complete = read(world.switch.expect("FACILITY")[1], "qsig")
    assert isinstance(complete, PartyUpdate)
    assert (complete.stage, complete.status) == (Stage.COMPLETE, CallStatus.ALERTING)
    target.answer()
    active = read(world.switch.expect("FACILITY")[1], "qsig")
    assert isinstance(active, PartyUpdate)
    assert active.stage is Stage.ACTIVE


def test_a_transferred_party_hears_of_its_return(tmp_path: Path) -> None:
    """draft-rey §8.4.1.1: the target fails after callTransferComplete: callTransferActive with the old party."""
    world = IsdnWorld(tmp_path, "qsig")
    line, call = call_out(world, "5551")
    line.refer(f"<sip:3001@{HOST}:{PORT}>")
    target = world.carrier.ring()
    world.switch.expect("FACILITY")
    target.reply(486)
    active = read(world.switch.expect("FACILITY")[1], "qsig")
    assert isinstance(active, PartyUpdate)
    assert active.stage is Stage.ACTIVE
    assert line.outcome()[0] == 486
    assert call.is_active


# --- both others are on one SIP trunk ---


def two_phones(world: IsdnWorld) -> tuple[tuple[IsdnCall, Line], tuple[IsdnCall, Line]]:
    """Two calls of the exchange to phones of the PBX that know REFER and Replaces."""
    found = []
    for user in ("2001", "2002"):
        call = world.switch.setup(user, COMPLETE)
        line = world.pbx.ring(user)
        line.reply(200, REFERS, "Supported: replaces", body=line.session)
        line.expect("ACK")
        world.switch.expect("CONNECT")
        found.append((call, line))
    return found[0], found[1]


def test_two_phones_of_one_trunk_are_put_together_by_refer(tmp_path: Path) -> None:
    """ECT of the exchange: REFER with the other phone's dialog in Replaces; NOTIFY 200 is the result."""
    world = IsdnWorld(tmp_path, side="network")
    (first, one), (second, two) = two_phones(world)
    first.facility(world.now, execute(linked(world, second)))
    refer = one.expect("REFER")
    assert two.call_id.replace("@", "%40") in (refer.headers.get("refer-to") or "")
    one.reply(202, request=refer)
    notified(world, one, 200)
    assert outcome(world).outcome is Outcome.SUCCEEDED
    assert {world.switch.expect("DISCONNECT")[0], world.switch.expect("DISCONNECT")[0]} == {first, second}
    assert world.wait(60, lambda: not world.gateway.hub.transfers.running)
    assert (world.records[0].method, world.records[0].outcome) == ("refer", "succeeded")


@pytest.mark.parametrize("how", ["refused", "failed"])
def test_two_phones_that_do_not_find_each_other_are_joined_here(tmp_path: Path, how: str) -> None:
    world = IsdnWorld(tmp_path, side="network")
    (first, one), (second, two) = two_phones(world)
    first.facility(world.now, execute(linked(world, second)))
    refer = one.expect("REFER")
    one.reply(603 if how == "refused" else 202, request=refer)
    if how == "failed":
        notified(world, one, 503)
    one.reinvited()
    two.reinvited()
    assert outcome(world).outcome is Outcome.SUCCEEDED
    assert {world.switch.expect("DISCONNECT")[0], world.switch.expect("DISCONNECT")[0]} == {first, second}
    assert (world.records[0].method, world.records[0].outcome) == ("join", "succeeded")
    one.request("BYE")
    two.hung_up()
