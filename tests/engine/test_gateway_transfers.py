"""Every kind of transfer through the whole gateway, told by raw SIP parties on a virtual clock."""

from pathlib import Path

import pytest

from gateway.sip.dialog_id import DialogId
from gateway.sip.multipart import parts
from gateway.sip.refer_to import replaces, with_replaces
from tests.engine.world import ADDRESSES, CONFIGURATION, HOST, PORT, Line, Party, World, sdp


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def carrier(world: World) -> Party:
    return world.party("carrier")


@pytest.fixture
def pbx(world: World) -> Party:
    return world.party("pbx")


def changed(folder: Path, trunk: str, settings: str) -> World:
    """A world where that trunk has more settings."""
    return World(folder, CONFIGURATION.replace(f"name: {trunk}", f"name: {trunk}, {settings}"))


def named(line: Line) -> DialogId:
    """The dialog as the gateway, its other end, has to find it."""
    return DialogId.replaced(f"{line.call_id};to-tag={line.remote_tag};from-tag={line.local_tag}")


def consultation(world: World) -> tuple[Line, Line, Line, Line]:
    """A call of the carrier to 2001 and another to 2002: transferor, transferee, consultation, target."""
    carrier, pbx = world.party("carrier"), world.party("pbx")
    transferor, transferee = carrier.call("2001", pbx)
    consulting = carrier.invite("2002")
    target = pbx.ring("2002")
    target.answer(sdp(5002, host=ADDRESSES["pbx"]))
    consulting.established()
    return transferor, transferee, consulting, target


def held(transferor: Line, transferee: Line) -> None:
    """The transferor puts the transferee on hold."""
    transferor.request("INVITE", body=sdp(4000, "sendonly"))
    transferee.reinvited(sdp(5000, "recvonly"))
    transferor.established()


def early(world: World) -> tuple[Line, Line, Line]:
    """Transferor, transferee and a target whose early media the transferee has been given."""
    carrier, pbx = world.party("carrier"), world.party("pbx")
    transferor, transferee = carrier.call("2001", pbx)
    held(transferor, transferee)
    transferor.refer("<sip:2002@example.net>")
    transferor.expect("202 REFER")
    invite = pbx.expect("INVITE")
    target = Line.called(pbx, invite)
    target.reply(183, body=sdp(6000))
    offer = transferee.reinvited(sdp(5000))
    assert b"m=audio 6000" in offer.body and b"a=sendrecv" in offer.body
    return transferor, transferee, target


def test_the_transferee_hears_the_target_ring(tmp_path: Path) -> None:
    world = changed(tmp_path, "pbx", "ringback: true")
    transferor, transferee, target = early(world)
    target.answer(sdp(6000))
    assert transferor.outcome()[0] == 200
    assert transferor.hang_up()
    transferee.party.expect_none("INVITE", 5)
    assert transferee.hang_up()
    target.hung_up()


def test_the_transferee_is_held_again_when_the_target_that_it_heard_fails(tmp_path: Path) -> None:
    world = changed(tmp_path, "pbx", "ringback: true")
    transferor, transferee, target = early(world)
    target.reply(486)
    offer = transferee.reinvited(sdp(5000, "recvonly"))
    assert b"m=audio 4000" in offer.body and b"a=sendonly" in offer.body
    assert transferor.outcome()[0] == 486
    transferor.party.expect_none("INVITE", 5)
    transferor.request("INVITE", body=sdp(4000))
    assert b"a=sendrecv" in transferee.reinvited(sdp(5000)).body
    transferor.established()
    assert transferor.hang_up()
    transferee.hung_up()


def test_early_media_that_the_transferee_refuses_does_no_harm(tmp_path: Path) -> None:
    world = changed(tmp_path, "pbx", "ringback: true")
    carrier, pbx = world.party("carrier"), world.party("pbx")
    transferor, transferee = carrier.call("2001", pbx)
    held(transferor, transferee)
    transferor.refer("<sip:2002@example.net>")
    target = Line.called(pbx, pbx.expect("INVITE"))
    target.reply(183, body=sdp(6000))
    transferee.reply(488, request=transferee.expect("INVITE"))
    target.answer(sdp(6000))
    transferee.reinvited(sdp(5000))
    assert transferor.outcome()[0] == 200


def test_the_token_of_a_referred_by_goes_to_the_target(world: World, carrier: Party, pbx: Party) -> None:
    transferor, _ = carrier.call("2001", pbx)
    said = ("Refer-To: <sip:2002@example.net>", 'Referred-By: <sip:boss@example.net>;cid="t1@h"')
    about = ("Content-Type: application/pkcs7-mime", "Content-ID: <t1@h>")
    transferor.request("REFER", *said, *about, body=b"proof")
    transferor.expect("202 REFER")
    invite = pbx.ring("2002").invitation
    assert invite is not None
    session, token = parts(invite.body, invite.headers.get("content-type") or "")
    assert b"m=audio 5000" in session.body
    assert (token.headers.get("content-id"), token.body) == ("<t1@h>", b"proof")


def test_blind(world: World, carrier: Party, pbx: Party) -> None:
    transferor, transferee = carrier.call("2001", pbx)
    transferor.refer("<sip:2002@example.net>", "Referred-By: <sip:boss@example.net>")
    assert transferor.expect("202 REFER").headers.get("contact")
    first = transferor.notified(100)
    assert (first.headers.get("subscription-state") or "").startswith("active;expires=")
    assert first.headers.get("event") == "refer"
    assert first.content_type == "message/sipfrag"
    target = pbx.ring("2002")
    assert target.invitation is not None
    assert target.invitation.headers.get("referred-by") == "<sip:boss@example.net>"
    assert b"m=audio 5000" in target.invitation.body  # what the transferee said
    transferor.notified(180)
    target.answer(sdp(6000))
    offer = transferee.reinvited()
    assert b"m=audio 6000" in offer.body
    status, final = transferor.outcome()
    assert (status, final.headers.get("subscription-state")) == (200, "terminated;reason=noresource")
    assert transferor.hang_up()
    assert transferee.hang_up()
    target.hung_up()
    record = world.records[-1]
    assert (record.kind, record.decision, record.method, record.outcome) == (
        "blind",
        "consume",
        "invite",
        "succeeded",
    )
    assert record.accepted_ms is not None
    assert record.ringing_ms is not None
    assert record.final_ms is not None


def test_blind_to_a_busy_target_leaves_the_first_call_as_it_was(world: World, carrier: Party, pbx: Party) -> None:
    transferor, transferee = carrier.call("2001", pbx)
    transferor.refer("<sip:2002@example.net>")
    transferor.expect("202 REFER")
    pbx.ring("2002").reply(486, "Reason: Q.850;cause=17")
    status, final = transferor.outcome()
    assert status == 486
    assert b"cause=17" in final.body
    pbx.expect_none("INVITE", 5)
    assert transferor.hang_up()
    transferee.hung_up()
    record = world.records[-1]
    assert (record.outcome, record.sip_status, record.cause) == ("failed", 486, 17)


def test_attended(world: World) -> None:
    transferor, transferee, consulting, target = consultation(world)
    transferor.refer(f"<{with_replaces(consulting.target, named(consulting))}>")
    transferor.expect("202 REFER")
    offer = transferee.reinvited(sdp(5001))
    assert b"m=audio 5002" in offer.body
    answer = target.expect("INVITE")
    assert b"m=audio 5001" in answer.body
    target.reply(200, body=target.session, request=answer)
    target.expect("ACK")
    assert transferor.outcome()[0] == 200
    transferor.hang_up()
    consulting.hung_up()
    assert transferee.hang_up()
    target.hung_up()
    assert (world.records[-1].kind, world.records[-1].outcome) == ("attended", "succeeded")


def test_attended_where_the_transferor_hangs_up_both_calls_at_once(world: World) -> None:
    transferor, transferee, consulting, target = consultation(world)
    transferor.refer(f"<{with_replaces(consulting.target, named(consulting))}>")
    transferor.expect("202 REFER")
    consulting.hang_up()
    transferor.hang_up()
    transferee.reinvited()
    target.reinvited()
    assert world.wait(20, lambda: bool(world.records))
    transferee.party.expect_none("BYE", 30)
    assert transferee.hang_up()
    target.hung_up()


def test_attended_with_somebody_elses_dialog(world: World, carrier: Party, pbx: Party) -> None:
    transferor, transferee = carrier.call("2001", pbx)
    other = DialogId.replaced("strange+1@192.0.2.77;to-tag=x%1;from-tag=y;early-only")
    transferor.refer(f"<{with_replaces('sip:2002@192.0.2.77', other)}>")
    transferor.expect("202 REFER")
    target = pbx.ring("2002")
    assert target.invitation is not None
    assert str(replaces(target.invitation.headers)) == str(other)
    target.answer(sdp(5000))
    transferee.reinvited()
    assert transferor.outcome()[0] == 200


def test_semi_attended_joins_when_the_ringing_target_answers(world: World, carrier: Party, pbx: Party) -> None:
    transferor, transferee = carrier.call("2001", pbx)
    consulting = carrier.invite("2002")
    target = pbx.ring("2002")
    consulting.remote_tag = consulting.expect("180").to_tag
    transferor.refer(f"<{with_replaces(f'sip:2002@{HOST}:{PORT}', named(consulting))}>")
    transferor.expect("202 REFER")
    transferor.notified(100)
    pbx.expect_none("CANCEL", 3)
    target.answer(sdp(6000))
    offer = transferee.reinvited()
    assert b"m=audio 6000" in offer.body
    target.reinvited()
    assert transferor.outcome()[0] == 200
    refused = consulting.expect("487 INVITE")
    consulting.request("ACK", cseq=refused.cseq)
    assert world.records[-1].kind == "semi-attended"
    pbx.expect_none("BYE", 5)


def test_a_consultation_that_is_given_up_brings_back_the_first_call(world: World) -> None:
    transferor, transferee, consulting, target = consultation(world)
    consulting.hang_up()
    target.hung_up()
    assert transferor.reinvite(sdp(4444)) if transferee is None else True
    transferor.request("INVITE", body=sdp(4444))
    asked = transferee.expect("INVITE")
    assert b"m=audio 4444" in asked.body
    assert not world.records


def test_a_redirection_before_answer_is_followed(world: World, carrier: Party, pbx: Party) -> None:
    caller = carrier.invite("2001")
    pbx.ring("2001").reply(302, "Contact: <sip:2005@example.net>")
    callee = pbx.ring("2005")
    assert callee.invitation is not None
    assert "2001" in str(callee.invitation.headers.all("history-info") + callee.invitation.headers.all("diversion"))
    callee.answer()
    caller.established()
    assert (world.records[-1].kind, world.records[-1].outcome) == ("redirect", "succeeded")


def test_a_redirection_is_handed_to_the_caller_where_the_trunk_says_so(tmp_path: Path) -> None:
    world = changed(tmp_path, "carrier", "redirect: pass")
    world = changed(tmp_path, "pbx", "redirect: pass")
    carrier, pbx = world.party("carrier"), world.party("pbx")
    caller = carrier.invite("2001")
    pbx.ring("2001").reply(302, "Contact: <sip:2005@example.net>")
    answer = caller.expect("302 INVITE")
    assert "2005" in (answer.headers.get("contact") or "")


def test_bye_with_also_is_recognised_and_logged(world: World, carrier: Party, pbx: Party) -> None:
    transferor, transferee = carrier.call("2001", pbx)
    transferor.hang_up("Also: <sip:2002@example.net>")
    transferee.hung_up()
    assert world.records[-1].kind == "bye-also"


def replacing(world: World, replaced: DialogId, *lines: str) -> Line:
    """An INVITE of the carrier that wants another dialog's place."""
    return world.party("carrier").invite("2001", f"Replaces: {replaced}", "Require: replaces", *lines)


def test_invite_with_replaces_takes_the_place_of_a_confirmed_dialog(world: World, carrier: Party, pbx: Party) -> None:
    caller, callee = carrier.call("2001", pbx)
    taker = replacing(world, named(caller))
    callee.reinvited()
    assert taker.established().body
    caller.hung_up()
    assert taker.hang_up()
    callee.hung_up()


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (("to-tag=", "to-tag=not"), 481),
        (("from-tag=", "from-tag=not"), 481),
        (("from-tag=", "x="), 400),
    ],
)
def test_invite_with_replaces_that_matches_nothing(
    world: World, carrier: Party, pbx: Party, change: tuple[str, str], status: int
) -> None:
    caller, _ = carrier.call("2001", pbx)
    line = carrier.invite("2001", f"Replaces: {str(named(caller)).replace(*change)}", "Require: replaces")
    line.expect(f"{status} INVITE")
    assert caller.hang_up()


def test_invite_with_replaces_early_only_of_a_confirmed_dialog_is_486(
    world: World, carrier: Party, pbx: Party
) -> None:
    caller, _ = carrier.call("2001", pbx)
    line = carrier.invite("2001", f"Replaces: {named(caller)};early-only")
    line.expect("486 INVITE")


def test_invite_with_replaces_of_a_dialog_that_has_ended_is_603(world: World, carrier: Party, pbx: Party) -> None:
    caller, callee = carrier.call("2001", pbx)
    replaced = named(caller)
    caller.hang_up()
    callee.hung_up()
    replacing(world, replaced).expect("603 INVITE")


def test_invite_with_replaces_of_an_early_dialog_that_we_did_not_originate_is_481(
    world: World, carrier: Party, pbx: Party
) -> None:
    caller = carrier.invite("2001")
    pbx.ring("2001")
    caller.remote_tag = caller.expect("180").to_tag
    replacing(world, named(caller)).expect("481 INVITE")


def test_invite_with_replaces_of_an_early_dialog_that_we_originated(world: World, carrier: Party, pbx: Party) -> None:
    """A phone picks up a call that rings at another one (RFC 3891 §3)."""
    caller = carrier.invite("2001")
    ringing = pbx.ring("2001")
    taker = pbx.invite(
        "2001",
        f"Replaces: {ringing.call_id};to-tag={ringing.remote_tag};from-tag={ringing.local_tag}",
        body=sdp(7000, host=ADDRESSES["pbx"]),
    )
    taker.established()
    cancel = ringing.expect("CANCEL")
    pbx.reply(cancel, 200)
    ringing.reply(487)
    answer = caller.expect("200 INVITE")
    assert b"m=audio 7000" in answer.body


def test_join_is_refused_clearly(world: World, carrier: Party, pbx: Party) -> None:
    caller, _ = carrier.call("2001", pbx)
    line = carrier.invite("2001", f"Join: {named(caller)}")
    assert next(m for m in carrier.inbox if m.call_id == line.call_id and m.status >= 300).status in (420, 488, 501)
    caller.refer(f"<sip:2001@{HOST}:{PORT}?Join={caller.call_id}%3Bto-tag%3D1%3Bfrom-tag%3D2>")
    assert next(m for m in carrier.inbox if m.cseq_method == "REFER").status >= 400


def test_the_transferor_is_called_back_when_its_target_fails_after_it_left(tmp_path: Path) -> None:
    world = changed(tmp_path, "carrier", "recall: true")
    carrier, pbx = world.party("carrier"), world.party("pbx")
    transferor, transferee = carrier.call("2001", pbx)
    transferor.refer("<sip:2002@example.net>")
    transferor.expect("202 REFER")
    target = pbx.ring("2002")
    transferor.hang_up()
    target.reply(486)
    recalled = carrier.ring()
    recalled.answer(sdp(8000))
    offer = transferee.reinvited()
    assert b"m=audio 8000" in offer.body
    assert world.wait(5, lambda: bool(world.records))
    assert world.records[-1].outcome == "recalled"


def test_without_recall_the_transferee_is_released_with_the_targets_cause(
    world: World, carrier: Party, pbx: Party
) -> None:
    transferor, transferee = carrier.call("2001", pbx)
    transferor.refer("<sip:2002@example.net>")
    transferor.expect("202 REFER")
    target = pbx.ring("2002")
    transferor.hang_up()
    target.reply(486)
    bye = transferee.hung_up()
    assert any("cause=17" in value for value in bye.headers.all("reason"))


def outside(party: Party, *lines: str) -> Line:
    """A REFER of the party outside of any dialog."""
    line = Line(party, f"outside@{party.host}", "o1", "")
    line.remote_uri = line.target = f"sip:2001@{HOST}:{PORT}"
    line.refer("<sip:2002@example.net>", *lines)
    return line


def test_refer_outside_of_a_dialog_with_its_target_dialog(world: World, carrier: Party, pbx: Party) -> None:
    transferor, transferee = carrier.call("2001", pbx)
    tags = f"local-tag={transferor.remote_tag};remote-tag={transferor.local_tag}"
    line = outside(carrier, f"Target-Dialog: {transferor.call_id};{tags}", "Require: tdialog")
    line.remote_tag = line.expect("202 REFER").to_tag
    target = pbx.ring("2002")
    target.answer(sdp(6000))
    transferee.reinvited()
    assert line.outcome()[0] == 200


def test_refer_outside_of_a_dialog_whose_target_dialog_does_not_match_is_403(
    world: World, carrier: Party, pbx: Party
) -> None:
    transferor, _ = carrier.call("2001", pbx)
    line = outside(carrier, f"Target-Dialog: {transferor.call_id};local-tag=a;remote-tag=b")
    line.expect("403 REFER")


def test_refer_without_subscription(world: World, carrier: Party, pbx: Party) -> None:
    transferor, transferee = carrier.call("2001", pbx)
    transferor.refer("<sip:2002@example.net>", "Refer-Sub: false", "Supported: norefersub")
    assert transferor.expect("202 REFER").headers.get("refer-sub") == "false"
    target = pbx.ring("2002")
    target.answer(sdp(6000))
    transferee.reinvited()
    carrier.expect_none("NOTIFY", 5)
    assert world.records[-1].outcome == "succeeded"


def test_a_transferee_that_refuses_the_new_media_is_not_dropped(world: World, carrier: Party, pbx: Party) -> None:
    """488 to our offer, and 488 again when it is asked for one of its own: back to the first call."""
    transferor, transferee = carrier.call("2001", pbx)
    transferor.refer("<sip:2002@example.net>")
    transferor.expect("202 REFER")
    target = pbx.ring("2002")
    target.answer(sdp(6000))
    for offered in (True, False):
        refused = transferee.expect("INVITE")
        assert bool(refused.body) is offered
        transferee.reply(488, request=refused)
        transferee.expect("ACK")
    target.hung_up()
    assert transferor.outcome()[0] == 488
    pbx.expect_none("BYE", 20)
    assert transferor.hang_up()
    transferee.hung_up()


def test_pass_hands_the_refer_on_and_its_notifys_back(tmp_path: Path) -> None:
    world = changed(tmp_path, "carrier", "transfer: pass")
    carrier, pbx = world.party("carrier"), world.party("pbx")
    transferor = carrier.invite("2001")
    transferee = pbx.ring("2001")
    transferee.reply(200, "Allow: INVITE, ACK, BYE, CANCEL, REFER, NOTIFY", body=transferee.session)
    transferee.expect("ACK")
    transferor.established()
    transferor.refer("<sip:2002@example.net;method=INVITE>", "Referred-By: <sip:boss@example.net>")
    refer = transferee.expect("REFER")
    assert "2002" in (refer.headers.get("refer-to") or "")
    assert refer.headers.get("referred-by") == "<sip:boss@example.net>"
    transferee.reply(202, request=refer)
    transferor.expect("202 REFER")
    for text, state in (
        (b"SIP/2.0 180 Ringing\r\n", "active;expires=60"),
        (b"SIP/2.0 603 Decline\r\n", "terminated"),
    ):
        world.wait(2)
        transferee.request(
            "NOTIFY", "Event: refer", f"Subscription-State: {state}", "Content-Type: message/sipfrag", body=text
        )
        transferee.expect("200 NOTIFY")
    assert transferor.outcome()[0] == 603
    assert transferor.hang_up()
    transferee.hung_up()


def test_pass_falls_back_to_carrying_it_out_when_the_other_side_knows_no_refer(tmp_path: Path) -> None:
    world = changed(tmp_path, "carrier", "transfer: pass")
    carrier, pbx = world.party("carrier"), world.party("pbx")
    transferor = carrier.invite("2001")
    transferee = pbx.ring("2001")
    transferee.reply(200, "Allow: INVITE, ACK, BYE, CANCEL, REFER, NOTIFY", body=transferee.session)
    transferee.expect("ACK")
    transferor.established()
    transferor.refer("<sip:2002@example.net>")
    transferee.reply(405, request=transferee.expect("REFER"))
    transferor.expect("202 REFER")
    target = pbx.ring("2002")
    target.answer(sdp(6000))
    transferee.reinvited()
    assert transferor.outcome()[0] == 200
