"""H.450.2 through the whole gateway: we as transferring, transferred and transferred-to endpoint, and as the ladder's
last rung. The traps are those that the recordings of H323Plus show.
"""

from pathlib import Path
from typing import Any

import pytest

from gateway.h323.arguments import Form, decode_argument, decode_result, encode_argument
from gateway.h323.call_contents import Contents, Ending
from gateway.h323.h450 import SupplementaryService, encode
from gateway.h323.operations import Interpretation
from gateway.model.causes import Cause
from gateway.model.remote_operations import Invoke, Reject, ReturnError, ReturnResult
from gateway.sip.sdp import parse
from tests.engine.h323_world import ENDPOINTS, GATEWAY, H323World, Talk, error, invoke, rerouting, result
from tests.engine.world import Line, sdp

DEFLECTED = Ending(reason="facilityCallDeflection")
REJECTED = Reject(1, "invoke", 1)


@pytest.fixture
def world(tmp_path: Path) -> H323World:
    return H323World(tmp_path)


def argument(component: Invoke) -> dict[str, Any]:
    assert component.argument is not None
    found: dict[str, Any] = decode_argument(component.operation, component.argument).value
    return found


def call(world: H323World, digits: str = "1002", name: str = "bob") -> tuple[Line, Talk]:
    """A call of the PBX to an endpoint, answered."""
    ours = world.pbx.invite(digits)
    theirs: Talk = getattr(world, name).offered().answer()
    ours.established()
    return ours, theirs


def consult(world: H323World) -> tuple[Line, Talk, Line, Talk]:
    """The PBX talks to bob, who is on hold, and to carol."""
    first, bob = call(world)
    first.reinvite(sdp(4000, "sendonly", codecs="8"))
    second, carol = call(world, "1003", "carol")
    return first, bob, second, carol


def replaces(line: Line) -> str:
    named = f"{line.call_id}%3Bto-tag%3D{line.remote_tag}%3Bfrom-tag%3D{line.local_tag}"
    return f"<sip:1003@192.0.2.1?Replaces={named}>"


# --- the transferring endpoint ---


def test_blind_transfer_is_asked_of_the_transferee(world: H323World) -> None:
    """CallTransferInitiate with a callIdentity of one blank; its result comes in RELEASE COMPLETE."""
    ours, bob = call(world)
    ours.refer("<sip:1003@192.0.2.1>")
    ours.expect("202")
    asked = bob.expect_apdu(Invoke)
    assert asked.operation == 9
    assert argument(asked)["callIdentity"] == " "
    assert ("dialledDigits", "1003") in argument(asked)["reroutingNumber"]["destinationAddress"]
    assert asked.invoke_id <= 32_767
    assert not world.carol.talks
    bob.release(DEFLECTED, result(asked.invoke_id))
    assert ours.outcome()[0] == 200
    ours.hung_up()
    (record,) = world.records
    assert (record.kind, record.method, record.outcome, record.decision) == ("blind", "h450", "succeeded", "pass")


def test_a_call_identity_of_length_zero(tmp_path: Path) -> None:
    world = H323World(tmp_path, "call_identity: empty")
    ours, bob = call(world)
    ours.refer("<sip:1003@192.0.2.1>")
    assert argument(bob.expect_apdu(Invoke))["callIdentity"] == ""


def test_a_result_in_facility_leaves_the_clearing_to_us(world: H323World) -> None:
    ours, bob = call(world)
    ours.refer("<sip:1003@192.0.2.1>")
    bob.facility(result(bob.expect_apdu(Invoke).invoke_id))
    assert ours.outcome()[0] == 200
    ours.hang_up()
    bob.gone()


def test_a_target_that_was_not_reached(world: H323World) -> None:
    """Error 1006: the first call stays."""
    ours, bob = call(world)
    ours.refer("<sip:1003@192.0.2.1>")
    bob.facility(error(bob.expect_apdu(Invoke).invoke_id, 1006))
    assert ours.outcome()[0] >= 400
    world.wait(30)
    assert not bob.is_over
    assert world.records[0].outcome == "failed"
    assert not world.carol.talks
    ours.hang_up()
    bob.gone()


@pytest.mark.parametrize("answer", [error(1, 3), REJECTED, None], ids=["notAvailable", "reject", "CT-T3"])
def test_the_gateway_calls_the_target_when_the_transferee_does_not(world: H323World, answer: Any) -> None:
    """Never before the answer or its timer."""
    ours, bob = call(world)
    ours.refer("<sip:1003@192.0.2.1>")
    asked = bob.expect_apdu(Invoke)
    world.wait(15)
    assert not world.carol.talks
    if answer is not None:
        bob.facility(type(answer)(asked.invoke_id, *_rest(answer)))
    carol = world.carol.offered().answer()
    assert not carol.apdus
    assert ours.outcome()[0] == 200
    bob.sends_to(carol.own.media)
    carol.sends_to(bob.own.media)
    assert world.records[0].method == "invite"


def _rest(component: Any) -> tuple[Any, ...]:
    return tuple(getattr(component, name) for name in component.__slots__[1:])


def test_a_late_and_a_false_result_are_ignored(world: H323World) -> None:
    """H323Plus reports success on a later release after a transfer that failed."""
    ours, bob = call(world)
    ours.refer("<sip:1003@192.0.2.1>")
    asked = bob.expect_apdu(Invoke)
    bob.facility(error(asked.invoke_id, 1006))
    assert ours.outcome()[0] >= 400
    bob.facility(result(asked.invoke_id))
    bob.facility(result(4711))
    bob.release(Ending(Cause(16)), result(asked.invoke_id))
    ours.hung_up()
    assert [record.outcome for record in world.records] == ["failed"]


def test_the_transferee_hangs_up_instead_of_an_answer(world: H323World) -> None:
    ours, bob = call(world)
    ours.refer("<sip:1003@192.0.2.1>")
    bob.expect_apdu(Invoke)
    bob.release(Ending(Cause(16)))
    assert ours.outcome()[0] >= 400


def test_a_release_that_says_forwarded_is_success(world: H323World) -> None:
    """A gatekeeper that emulates H.450.2 for an endpoint swallows the result."""
    ours, bob = call(world)
    ours.refer("<sip:1003@192.0.2.1>")
    bob.expect_apdu(Invoke)
    bob.release(DEFLECTED)
    assert ours.outcome()[0] == 200


def test_attended_transfer_between_two_endpoints(world: H323World) -> None:
    """CallTransferIdentify on the secondary call, then callTransferInitiate with its answer on the primary one."""
    first, bob, second, carol = consult(world)
    first.refer(replaces(second))
    first.expect("202")
    identify = carol.expect_apdu(Invoke)
    assert identify.operation == 7
    carol.facility(
        result(
            identify.invoke_id,
            "callTransferIdentify",
            {"callIdentity": "17", "reroutingNumber": rerouting("1003", f"{ENDPOINTS['carol']}:1720")},
        )
    )
    initiate = bob.expect_apdu(Invoke)
    assert argument(initiate)["callIdentity"] == "17"
    assert argument(initiate)["reroutingNumber"]["destinationAddress"][0][0] == "transportID"
    carol.release(DEFLECTED)  # the transferred-to endpoint clears its secondary call itself
    bob.release(DEFLECTED, result(initiate.invoke_id))
    assert first.outcome()[0] == 200
    (record,) = world.records
    assert (record.kind, record.method, record.outcome) == ("attended", "h450", "succeeded")
    world.wait(40)
    assert not world.gateway.hub.calls or not any(line.legs for line in world.gateway.h323.lines.values())


@pytest.mark.parametrize("answer", ["error", "silence"])
def test_the_gateway_joins_when_the_target_gives_no_name(world: H323World, answer: str) -> None:
    """CT-T1, or an error: the next rung, with callTransferAbandon when nothing was heard."""
    first, bob, second, carol = consult(world)
    first.refer(replaces(second))
    identify = carol.expect_apdu(Invoke)
    if answer == "error":
        carol.facility(error(identify.invoke_id, 3))
    assert first.outcome()[0] == 200
    bob.sends_to(carol.own.media)
    carol.sends_to(bob.own.media)
    assert world.records[0].method == "join"
    if answer == "silence":
        assert carol.expect_apdu(Invoke).operation == 8


def test_the_gateway_joins_when_the_transferee_fails(world: H323World) -> None:
    first, bob, second, carol = consult(world)
    first.refer(replaces(second))
    named = {"callIdentity": "17", "reroutingNumber": rerouting("1003")}
    carol.facility(result(carol.expect_apdu(Invoke).invoke_id, "callTransferIdentify", named))
    bob.facility(error(bob.expect_apdu(Invoke).invoke_id, 1006))
    assert carol.expect_apdu(Invoke).operation == 8
    assert first.outcome()[0] == 200
    bob.sends_to(carol.own.media)
    carol.sends_to(bob.own.media)


def test_joined_parties_are_told_of_each_other(tmp_path: Path) -> None:
    """CallTransferComplete to both (H.450.2 §10.3), whose callStatus is written with its bit."""
    world = H323World(tmp_path, "native: false")
    first, bob, second, carol = consult(world)
    first.refer(replaces(second))
    assert first.outcome()[0] == 200
    for talk, other in ((bob, "1003"), (carol, "1002")):
        complete = talk.expect_apdu(Invoke)
        assert complete.operation == 12
        assert ("dialledDigits", other) in argument(complete)["redirectionNumber"]["destinationAddress"]


def test_a_target_that_rings_is_announced_and_then_active(world: H323World) -> None:
    """CallTransferComplete with callStatus alerting, callTransferActive on the answer (H.450.2 §10.3)."""
    first, bob = call(world)
    first.reinvite(sdp(4000, "sendonly", codecs="8"))
    second = world.pbx.invite("3001")
    target = world.carrier.ring("3001")
    second.remote_tag = second.expect("180").to_tag
    first.refer(replaces(second))
    first.expect("202")
    complete = bob.expect_apdu(Invoke)
    assert (complete.operation, argument(complete)["callStatus"]) == (12, "alerting")
    target.answer(sdp(5500, host="192.0.2.10", codecs="8"))
    target.reinvited()
    assert bob.expect_apdu(Invoke).operation == 11
    assert first.outcome()[0] == 200
    bob.sends_to("192.0.2.10:5500")


def test_a_transferee_that_is_not_in_the_group(tmp_path: Path) -> None:
    """Whom the endpoint cannot reach by itself, the gateway calls."""
    world = H323World(tmp_path)
    ours, bob = call(world)
    ours.refer("<sip:3001@192.0.2.1>")
    target = world.carrier.ring("3001")
    assert not bob.apdus
    target.answer(sdp(5500, host="192.0.2.10", codecs="8"))
    assert ours.outcome()[0] == 200
    bob.sends_to("192.0.2.10:5500")


def test_a_transferee_that_cannot_be_moved(world: H323World) -> None:
    """Fast connect without H.245 is for one address and for good: the target is released, and the call stays."""
    ours, bob = call(world)
    bob.link.close(world.now)
    ours.refer("<sip:3001@192.0.2.1>")
    target = world.carrier.ring("3001")
    target.answer(sdp(5500, host="192.0.2.10", codecs="8"))
    assert ours.outcome()[0] == 408
    target.hung_up()
    (record,) = world.records
    assert (record.method, record.outcome, record.sip_status, record.cause) == ("invite", "failed", 408, 102)
    assert bob.ending is None
    ours.hang_up()
    bob.gone()


# --- the transferred endpoint ---


def transferable(world: H323World) -> tuple[Talk, Line]:
    """A call of alice to the PBX, answered."""
    talk = world.alice.call("2001")
    theirs = world.pbx.ring("2001")
    theirs.answer(sdp(5000, host="192.0.2.20", codecs="8"))
    talk.expect("CONNECT")
    return talk, theirs


def initiate(talk: Talk, digits: str = "1003", identity: str = "", address: str = "") -> None:
    value = {"callIdentity": identity, "reroutingNumber": rerouting(digits, address)}
    talk.facility(invoke("callTransferInitiate", value, 1001))


@pytest.mark.parametrize("identity", ["", " "], ids=["empty", "blank"])
def test_we_are_transferred_to_an_endpoint(world: H323World, identity: str) -> None:
    """The new call has callTransferSetup with an empty callIdentity (a copied blank would be looked up, and refused),
    and identifiers of its own; the first one is released with the result.
    """
    talk, theirs = transferable(world)
    initiate(talk, identity=identity, address=f"{ENDPOINTS['carol']}:1720")
    carol = world.carol.offered()
    setup = carol.expect_apdu(Invoke)
    assert setup.operation == 10
    assert argument(setup)["callIdentity"] == ""
    assert carol.call.identifier != talk.call.identifier
    carol.answer(apdus=(encode(SupplementaryService((result(setup.invoke_id),))),))
    theirs.reinvited(sdp(5000, host="192.0.2.20", codecs="8"))
    carol.sends_to("192.0.2.20:5000")
    assert talk.expect_apdu(ReturnResult).invoke_id == 1001
    assert talk.gone().reason == "facilityCallDeflection"
    assert world.records[0].outcome == "succeeded"


def test_we_are_transferred_to_the_sip_side(world: H323World) -> None:
    """An INVITE, as for a REFER."""
    talk, theirs = transferable(world)
    initiate(talk, "3001")
    target = world.carrier.ring("3001")
    target.answer(sdp(5500, host="192.0.2.10", codecs="8"))
    theirs.reinvited(sdp(5000, host="192.0.2.20", codecs="8"))
    assert talk.expect_apdu(ReturnResult).invoke_id == 1001


@pytest.mark.parametrize("form", [Form.STRICT, Form.PADDED])
def test_a_call_identity_of_length_zero_in_either_form(world: H323World, form: Form) -> None:
    """PTLib, as X.691, has no padding after a length of zero; others have."""
    talk, _ = transferable(world)
    value = {"callIdentity": "", "reroutingNumber": rerouting("3001")}
    talk.facility(Invoke(8, 9, encode_argument(9, value, form)))
    world.carrier.ring("3001")


def test_in_facility_with_a_body(world: H323World) -> None:
    """Reason transportedInformation instead of body `empty` (H.225.0 version 4)."""
    talk, _ = transferable(world)
    value = {"callIdentity": "", "reroutingNumber": rerouting("3001")}
    apdu = encode(SupplementaryService((invoke("callTransferInitiate", value, 5),)))
    talk.call.facility(world.now, Contents(apdus=(apdu,)), "transportedInformation")
    world.carrier.ring("3001")


def test_the_result_of_the_new_call_comes_with_alerting(world: H323World) -> None:
    """From then on CT-T4 does not run any more, however long the target rings."""
    talk, theirs = transferable(world)
    initiate(talk)
    carol = world.carol.offered()
    setup = carol.expect_apdu(Invoke)
    carol.ring(Contents(apdus=(encode(SupplementaryService((result(setup.invoke_id),))),)))
    world.wait(40)
    assert not carol.is_over
    carol.answer()
    theirs.reinvited(sdp(5000, host="192.0.2.20", codecs="8"))
    assert talk.expect_apdu(ReturnResult).invoke_id == 1001


def test_a_target_that_does_not_know_h450(world: H323World) -> None:
    """ALERTING or CONNECT without a word of callTransferSetup is success, when nobody is to be replaced."""
    talk, theirs = transferable(world)
    initiate(talk)
    world.carol.offered().ring().answer()
    theirs.reinvited(sdp(5000, host="192.0.2.20", codecs="8"))
    assert talk.expect_apdu(ReturnResult).invoke_id == 1001


def test_a_target_that_rejects_the_operation_is_called_without_it(world: H323World) -> None:
    """Its RELEASE COMPLETE has a Reject: the call is made once more as an ordinary one."""
    talk, theirs = transferable(world)
    initiate(talk)
    carol = world.carol.offered()
    carol.release(Ending(Cause(111)), Reject(carol.expect_apdu(Invoke).invoke_id, "invoke", 1))
    again = world.carol.offered()
    assert not again.apdus
    again.answer()
    theirs.reinvited(sdp(5000, host="192.0.2.20", codecs="8"))
    assert talk.expect_apdu(ReturnResult).invoke_id == 1001


@pytest.mark.parametrize("how", ["RELEASE COMPLETE", "FACILITY", "without a word"])
def test_a_target_that_refuses(world: H323World, how: str) -> None:
    """The error goes back in FACILITY, and the first call stays."""
    talk, theirs = transferable(world)
    initiate(talk)
    carol = world.carol.offered()
    setup = carol.expect_apdu(Invoke)
    if how == "FACILITY":
        carol.proceed()
        carol.facility(error(setup.invoke_id, 1006))
        carol.gone()
    elif how == "RELEASE COMPLETE":
        carol.release(Ending(Cause(17)), error(setup.invoke_id, 3))
    else:
        carol.release(Ending(Cause(17)))
    assert talk.expect_apdu(ReturnError).invoke_id == 1001
    world.wait(30)
    assert not talk.is_over
    talk.release()
    theirs.hung_up()
    assert world.records[0].outcome == "failed"


def test_a_target_that_is_silent(world: H323World) -> None:
    """CT-T4: the new call is cleared, and the error is establishmentFailure."""
    talk, _ = transferable(world)
    initiate(talk)
    carol = world.carol.offered()
    assert talk.expect_apdu(ReturnError, 20).error == 1006
    carol.gone()
    assert not talk.is_over


def test_a_target_that_nobody_knows(world: H323World) -> None:
    talk, _ = transferable(world)
    world.carol.network.listeners.clear()
    initiate(talk)
    assert talk.expect_apdu(ReturnError).error in (1004, 1006)
    assert not talk.is_over


@pytest.mark.parametrize(("octets", "code"), [(b"\x7f", 1004), (b"", 1004)])
def test_an_argument_that_cannot_be_read(world: H323World, octets: bytes, code: int) -> None:
    talk, _ = transferable(world)
    talk.facility(Invoke(1, 9, octets))
    assert talk.expect_apdu(ReturnError).error == code


def test_the_name_of_the_target_goes_with_the_new_call(world: H323World) -> None:
    """A callIdentity that carol has given alice: it is for carol to know (H.450.2 clause 8)."""
    talk, _ = transferable(world)
    initiate(talk, identity="42")
    carol = world.carol.offered()
    assert argument(carol.expect_apdu(Invoke))["callIdentity"] == "42"


def test_forwarded_by_a_gatekeeper(world: H323World) -> None:
    """FACILITY callForwarded while the call is up is what a gatekeeper makes of callTransferInitiate."""
    talk, theirs = transferable(world)
    fields = {"alternativeAliasAddress": [("dialledDigits", "3001")]}
    talk.call.facility(world.now, Contents(fields=fields), "callForwarded")
    world.carrier.ring("3001").answer(sdp(5500, host="192.0.2.10", codecs="8"))
    theirs.reinvited(sdp(5000, host="192.0.2.20", codecs="8"))
    assert talk.gone().reason == "facilityCallDeflection"


def test_forwarded_before_the_answer(world: H323World) -> None:
    """FACILITY callForwarded is a 302."""
    ours = world.pbx.invite("1002")
    bob = world.bob.offered()
    bob.proceed()
    fields = {"alternativeAliasAddress": [("dialledDigits", "1003")]}
    bob.call.facility(world.now, Contents(fields=fields), "callForwarded")
    world.carol.offered().answer()
    ours.established()
    bob.gone()


def test_the_trunk_refuses_transfers(tmp_path: Path) -> None:
    world = H323World(tmp_path, "transfer: reject")
    talk, _ = transferable(world)
    initiate(talk)
    assert talk.expect_apdu(ReturnError).invoke_id == 1001
    assert not world.carol.talks


# --- the transferred-to endpoint ---


def named(world: H323World) -> tuple[Talk, Talk, Line, str, Line]:
    """Alice talks to the PBX and consults the carrier's 3001, whose call we have named."""
    first, theirs = transferable(world)
    second = world.alice.call("3001")
    target = world.carrier.ring("3001")
    target.answer(sdp(5500, host="192.0.2.10", codecs="8"))
    second.expect("CONNECT")
    second.facility(invoke("callTransferIdentify", None, 7))
    answer = second.expect_apdu(ReturnResult)
    value = decode_result(answer.operation, answer.result).value
    assert value["reroutingNumber"]["destinationAddress"][0] == (
        "transportID",
        ("ipAddress", {"ip": bytes(map(int, GATEWAY.partition(":")[0].split("."))), "port": 1720}),
    )
    assert ("dialledDigits", "3001") in value["reroutingNumber"]["destinationAddress"]
    return first, second, target, value["callIdentity"], theirs


def set_up(identity: str) -> tuple[bytes, ...]:
    return (encode(SupplementaryService((invoke("callTransferSetup", {"callIdentity": identity}, 3),))),)


def test_a_call_takes_the_place_of_the_one_that_we_have_named(world: H323World) -> None:
    """CallTransferSetup with our callIdentity: CONNECT has its result, and we clear the secondary call ourselves."""
    _, second, target, identity, _ = named(world)
    assert identity.isdecimal()
    newcomer = world.bob.call("3001", apdus=set_up(identity))
    offered = target.reinvited(sdp(5500, host="192.0.2.10", codecs="8"))
    stream = parse(offered.body).media[0]
    assert f"{stream.connection}:{stream.port}" == newcomer.own.media
    newcomer.expect("CONNECT")
    assert newcomer.expect_apdu(ReturnResult).invoke_id == 3
    newcomer.sends_to("192.0.2.10:5500")
    second.gone()
    assert world.records[-1].method == "replaces"


@pytest.mark.parametrize("why", ["unknown", "CT-T2", "abandoned"])
def test_a_name_that_we_do_not_know(world: H323World, why: str) -> None:
    """Error 1005 in RELEASE COMPLETE."""
    identity = "4711"
    if why != "unknown":
        _, second, _, identity, _ = named(world)
        if why == "abandoned":
            second.facility(invoke("callTransferAbandon", None, 8))
        world.wait(31 if why == "CT-T2" else 1)
    newcomer = world.bob.call("3001", apdus=set_up(identity))
    assert newcomer.expect_apdu(ReturnError).error == 1005
    newcomer.gone()


@pytest.mark.parametrize("identity", ["", " "])
def test_a_transferred_call_without_name_is_an_ordinary_one(world: H323World, identity: str) -> None:
    """Its result comes with ALERTING already, lest CT-T4 run out while the target rings."""
    newcomer = world.bob.call("2001", apdus=set_up(identity))
    target = world.pbx.ring("2001")
    newcomer.expect("ALERTING")
    assert newcomer.expect_apdu(ReturnResult).invoke_id == 3
    target.answer(sdp(5000, host="192.0.2.20", codecs="8"))
    newcomer.expect("CONNECT")
    assert not newcomer.apdus


def test_a_transferred_call_that_is_refused(world: H323World) -> None:
    newcomer = world.bob.call("2001", apdus=set_up(""))
    world.pbx.reply(world.pbx.expect("INVITE"), 486)
    assert newcomer.expect_apdu(ReturnError).invoke_id == 3
    newcomer.gone()


def test_both_calls_are_ours(world: H323World) -> None:
    """CallTransferInitiate with the name that we have given to its other call: the two are joined here."""
    first, second, target, identity, theirs = named(world)
    initiate(first, "3001", identity)
    theirs.reinvited(sdp(5000, host="192.0.2.20", codecs="8"))
    target.reinvited(sdp(5500, host="192.0.2.10", codecs="8"))
    assert first.expect_apdu(ReturnResult).invoke_id == 1001
    first.gone()
    second.gone()
    assert (world.records[0].kind, world.records[0].method) == ("attended", "join")


# --- what else comes ---


@pytest.mark.parametrize(
    ("interpretation", "answered", "cleared"),
    [
        (Interpretation.REJECT, True, False),
        (Interpretation.DISCARD, False, False),
        (None, True, False),
        (Interpretation.CLEAR_CALL, True, True),
    ],
)
def test_an_operation_that_nobody_knows(
    world: H323World, interpretation: Interpretation | None, answered: bool, cleared: bool
) -> None:
    """As the interpretation APDU demands (H.450.1)."""
    talk, theirs = transferable(world)
    apdu = encode(SupplementaryService((Invoke(501, 77),), interpretation))
    talk.call.facility(world.now, Contents(apdus=(apdu,)))
    world.wait(2)
    rejects = [each for each in talk.apdus if isinstance(each, Reject)]
    assert [(each.invoke_id, each.kind) for each in rejects] == ([(501, "invoke")] if answered else [])
    assert talk.is_over is cleared
    if cleared:
        theirs.hung_up()


def test_the_peer_is_another_one_now(world: H323World) -> None:
    """CallTransferComplete goes on as an identity."""
    theirs = world.pbx.invite("1002", "Allow: INVITE, ACK, BYE, CANCEL, UPDATE")
    talk = world.bob.offered().answer()
    theirs.established()
    value = {
        "endDesignation": "primaryEnd",
        "redirectionNumber": rerouting("1003"),
        "callStatus": "answered",
    }
    talk.facility(invoke("callTransferComplete", value, 9))
    assert "1003" in (theirs.expect("UPDATE").headers.get("p-asserted-identity") or "")


def test_complete_as_h323plus_encodes_it(world: H323World) -> None:
    """Without the bit for callStatus, which has a DEFAULT: no other decoder takes it."""
    ours = world.pbx.invite("1002", "Allow: INVITE, ACK, BYE, CANCEL, UPDATE")
    bob = world.bob.offered().answer()
    ours.established()
    apdu = bytes.fromhex("00011003eb00010c1b20028107007f00170306b801804336080072006500640069007200")
    bob.call.facility(world.now, Contents(apdus=(apdu,)))
    assert "1003" in (ours.expect("UPDATE").headers.get("p-asserted-identity") or "")


def test_apdus_that_make_no_sense_are_let_pass(world: H323World) -> None:
    talk, _ = transferable(world)
    for octets in (b"", b"\x00", b"\xff" * 40, bytes(300)):
        talk.call.facility(world.now, Contents(apdus=(octets,)))
    world.wait(5)
    assert not talk.is_over
