"""libpri understands what the ISDN dialects write, and they understand what it answers.

Whole messages of ours reach libpri; its reaction is an event of its own (TRANSFER_CALL, CONNECTED_LINE, REROUTING)
or a component that it sends back.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gateway.isdn import q931
from gateway.isdn.q931 import MessageType
from gateway.model.legs import IsdnCall
from gateway.model.parties import Number, NumberingPlan, Party, Presentation, Subaddress
from gateway.model.transfer import (
    CallReference,
    CallStatus,
    DialogReference,
    IdentityGranted,
    IdentityRequest,
    LinkId,
    Outcome,
    PartyUpdate,
    Redirection,
    RltCallId,
    Stage,
    SubaddressUpdate,
    TransferEvent,
    TransferKind,
    TransferOutcome,
    TransferRequest,
)
from gateway.translators import dialect_named
from gateway.translators.dialect import Context
from tests.peers.lapd_end import LapdEnd
from tests.peers.libpri_peer import libpri_pair, place_call

pytestmark = pytest.mark.live

CONTEXT = Context()
ATTENDED = TransferRequest(TransferKind.ATTENDED, consultation=DialogReference("a84b4c76e66710", "8321", "7778"))
CAROL = Party(Number("5552", plan=NumberingPlan.E164), Presentation.ALLOWED, name="Carol")


@contextmanager
def network(switch: str, *settings: str) -> Iterator[LapdEnd]:
    """libpri as the network: it answers calls and acknowledges HOLD."""
    with LapdEnd(switch, "network") as end:
        end.tell("set answer answer", "set hold ack", *settings)
        yield end


@contextmanager
def one_call(switch: str) -> Iterator[LapdEnd]:
    """An active call from us as the network to libpri as the user, call reference 1."""
    with LapdEnd(switch, "cpe") as end:
        end.tell("set answer answer")
        end.place_call(1, b"5551")
        yield end


def send(end: LapdEnd, name: str, event: TransferEvent, context: Context = CONTEXT) -> None:
    for message in dialect_named(name).write(event, context).messages:
        end.send(message.octets)


def answer(end: LapdEnd, name: str, message_type: MessageType, call_reference: int) -> TransferEvent:
    (event,) = dialect_named(name).read(q931.encode(end.wait(message_type, call_reference)), CONTEXT)
    return event


def hold(end: LapdEnd, call_reference: int) -> None:
    end.say(MessageType.HOLD, call_reference, flag=False)
    end.wait(MessageType.HOLD_ACKNOWLEDGE, call_reference)


def connected_line(end: LapdEnd) -> dict[str, object]:
    """The party that libpri reports next."""
    return subcommand(end, "CONNECTED_LINE")


def subcommand(end: LapdEnd, name: str) -> dict[str, object]:
    for command in end.peer.wait("facility")["subcmds"]:
        if command["cmd"] == name:
            return dict(command)
    raise AssertionError(f"no {name}")


# -- ETSI ------------------------------------------------------------------------------------------------------------


def test_ect_execute_on_the_held_call_transfers() -> None:
    with network("euroisdn_e1", "set transfer okclear") as end:
        end.place_call(1, b"5551")
        hold(end, 1)
        end.place_call(2, b"5552")
        send(end, "etsi-ect", ATTENDED)
        transfer = subcommand(end, "TRANSFER_CALL")
        assert (transfer["call_1_held"], transfer["call_2_held"]) == (1, 0)
        event = answer(end, "etsi-ect", MessageType.DISCONNECT, 1)
    assert isinstance(event, TransferOutcome)
    assert event.outcome is Outcome.SUCCEEDED


def test_a_blind_transfer_holds_calls_and_transfers() -> None:
    with network("euroisdn_e1", "set transfer okclear") as end:
        end.place_call(1, b"5551")
        blind = TransferRequest(TransferKind.BLIND, Party(Number("5552", plan=NumberingPlan.E164)))
        hold_message, setup, execute = dialect_named("etsi-ect").write(blind, CONTEXT).messages
        end.send(hold_message.octets)
        end.wait(MessageType.HOLD_ACKNOWLEDGE, 1)
        end.send(setup.octets)
        end.connected(2)
        end.send(execute.octets)
        assert end.peer.wait("ring", called="5552")
        assert subcommand(end, "TRANSFER_CALL")
        event = answer(end, "etsi-ect", MessageType.DISCONNECT, 1)
    assert isinstance(event, TransferOutcome)
    assert event.outcome is Outcome.SUCCEEDED


def test_ect_execute_on_a_call_that_is_not_held_is_in_an_invalid_state() -> None:
    with network("euroisdn_e1", "set transfer ok") as end:
        end.place_call(1, b"5551")
        end.place_call(2, b"5552")
        send(end, "etsi-ect", ATTENDED)
        event = answer(end, "etsi-ect", MessageType.FACILITY, 1)
    assert event == TransferOutcome(Outcome.FAILED, error="invalidCallState", invoke_id=1)


def test_explicit_linkage_asks_for_a_link_id_and_uses_it() -> None:
    with network("euroisdn_e1", "set transfer okclear") as end:
        end.place_call(1, b"5551")
        end.place_call(2, b"5552")
        send(end, "etsi-ect", IdentityRequest())
        granted = answer(end, "etsi-ect", MessageType.FACILITY, 2)
        assert isinstance(granted, IdentityGranted)
        send(end, "etsi-ect", TransferRequest(TransferKind.ATTENDED, consultation=granted.identity, invoke_id=2))
        assert subcommand(end, "TRANSFER_CALL")
        event = answer(end, "etsi-ect", MessageType.DISCONNECT, 1)
    assert isinstance(event, TransferOutcome)
    assert (event.outcome, event.invoke_id) == (Outcome.SUCCEEDED, 2)


def test_a_link_id_that_was_never_given_is_refused() -> None:
    with network("euroisdn_e1", "set transfer ok") as end:
        end.place_call(1, b"5551")
        send(end, "etsi-ect", TransferRequest(TransferKind.ATTENDED, consultation=LinkId(99)))
        event = answer(end, "etsi-ect", MessageType.FACILITY, 1)
    assert event == TransferOutcome(Outcome.FAILED, error="notAvailable", invoke_id=1)


def test_libpri_uses_the_link_id_that_we_grant() -> None:
    with LapdEnd("euroisdn_e1", "cpe") as end:
        end.tell("call a 5551", "call b 5552 chan=2")
        calls = [end.answer(reference).call_reference for reference in (1, 2)]
        for name in ("a", "b"):
            end.peer.wait("answer", id=name)
        end.tell("transfer a b")
        request = answer(end, "etsi-ect", MessageType.FACILITY, calls[0])
        assert isinstance(request, IdentityRequest)
        theirs = Context(isdn_secondary=IsdnCall(calls[0], originated=False))
        send(end, "etsi-ect", IdentityGranted(LinkId(1234), invoke_id=request.invoke_id), theirs)
        execute = answer(end, "etsi-ect", MessageType.FACILITY, calls[1])
    assert isinstance(execute, TransferRequest)
    assert execute.consultation == LinkId(1234)


def test_ect_inform_tells_the_new_party() -> None:
    with one_call("euroisdn_e1") as end:
        update = PartyUpdate(
            Stage.COMPLETE, Party(Number("5552", plan=NumberingPlan.E164)), status=CallStatus.ANSWERED
        )
        send(end, "etsi-ect", update)
        assert "5552" in str(connected_line(end))


def test_subaddress_transfer_of_etsi_tells_the_subaddress() -> None:
    with one_call("euroisdn_e1") as end:
        send(end, "etsi-ect", SubaddressUpdate(Subaddress(b"\x50\x31\x32", nsap=True)))
        assert "503132" in str(connected_line(end))


@pytest.mark.parametrize(("switch", "name"), [("euroisdn_e1", "etsi-ect"), ("qsig", "qsig")])
def test_call_rerouteing_asks_for_the_new_number(switch: str, name: str) -> None:
    with LapdEnd(switch, "network") as end:
        end.tell("call a 5551")
        reference = end.wait(MessageType.SETUP, 1).call_reference
        end.say(MessageType.ALERTING, reference, flag=True)
        end.peer.wait("alerting", id="a")
        target, redirecting = Party(Number("888", plan=NumberingPlan.E164)), Party(Number("5551"))
        theirs = Context(isdn=IsdnCall(reference, originated=False))
        send(end, name, Redirection(target, "user-busy", redirecting, 1), theirs)
        rerouting = subcommand(end, "REROUTING")
    assert "888" in str(rerouting)


# -- QSIG ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", list(Stage))
def test_qsig_complete_active_and_update_tell_number_and_name(stage: Stage) -> None:
    with one_call("qsig") as end:
        send(end, "qsig", PartyUpdate(stage, CAROL, status=CallStatus.ANSWERED))
        party = str(connected_line(end))
    assert "5552" in party
    assert "Carol" in party


def test_qsig_join_tells_the_transferee_of_the_target() -> None:
    with one_call("qsig") as end:
        request = TransferRequest(TransferKind.ATTENDED, CAROL, DialogReference("a", "b", "c"))
        to_transferee, _ = dialect_named("qsig").write(request, CONTEXT).messages
        end.send(to_transferee.octets)
        assert "5552" in str(connected_line(end))


def test_subaddress_transfer_of_qsig_tells_the_subaddress() -> None:
    with one_call("qsig") as end:
        send(end, "qsig", SubaddressUpdate(Subaddress(b"\x50\x31\x32", nsap=True)))
        assert "503132" in str(connected_line(end))


# -- North America ---------------------------------------------------------------------------------------------------


def test_two_b_channel_transfer_names_the_call_as_libpri_does() -> None:
    with libpri_pair("ni2") as pair:
        place_call(pair.user, pair.network, "a", "5551", "chan=1")
        incoming = place_call(pair.network, pair.user, "b", "5552", "chan=2")
        pair.user.send(f"transfer a {incoming}")
        sent = pair.user.wait("facility_ie", dir="tx")
    theirs = Context(isdn_secondary=IsdnCall(1, originated=False))
    (message,) = dialect_named("ni2-tbct").write(ATTENDED, theirs).messages
    assert message.octets.hex().endswith(str(sent["ie"]))


def test_libpri_uses_the_rlt_call_id_that_we_grant() -> None:
    with LapdEnd("dms100", "cpe") as end:
        end.tell("call a 5551", "call b 5552 chan=2")
        for reference, call_id in ((1, 0x10203), (2, 0x40506)):
            setup = end.answer(reference)
            (request,) = dialect_named("dms-rlt").read(q931.encode(setup), CONTEXT)
            assert isinstance(request, IdentityRequest)
            theirs = Context(isdn_secondary=IsdnCall(reference, originated=False))
            send(end, "dms-rlt", IdentityGranted(RltCallId(call_id)), theirs)
        for name in ("a", "b"):
            end.peer.wait("answer", id=name)
        end.peer.wait("facility_ie", dir="rx", cr=2)
        end.tell("transfer a b")
        execute = answer(end, "dms-rlt", MessageType.FACILITY, 1)
    assert isinstance(execute, TransferRequest)
    assert execute.consultation == RltCallId(0x40506)


def test_tbct_is_read_as_libpri_sends_it() -> None:
    with LapdEnd("ni2", "cpe") as end:
        end.tell("call a 5551", "call b 5552 chan=2")
        for reference, name in ((1, "a"), (2, "b")):
            end.answer(reference)
            end.peer.wait("answer", id=name)
        end.tell("transfer a b")
        event = answer(end, "ni2-tbct", MessageType.FACILITY, 1)
    assert isinstance(event, TransferRequest)
    assert event.consultation == CallReference(2)
