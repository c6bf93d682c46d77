"""The ways in which transfers are got wrong in the field, one test for each, on the whole gateway with raw SIP."""

from pathlib import Path

import pytest

from gateway.sip.dialog_id import DialogId
from gateway.sip.flow import Transport
from gateway.sip.message import Message
from gateway.sip.refer_to import refer_to, replaces, with_replaces
from tests.engine.world import ADDRESSES, CONFIGURATION, HOST, PORT, Line, Party, World, sdp

GATEWAY = f"{HOST}:{PORT}"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def carrier(world: World) -> Party:
    return world.party("carrier")


@pytest.fixture
def pbx(world: World) -> Party:
    return world.party("pbx")


def passing(folder: Path, trunk: str = "carrier", policy: str = "pass", **more: str) -> World:
    """A world where that trunk's transfers are handled so."""
    own = f"name: {trunk}, transfer: {policy}" + "".join(f", {key}: {value}" for key, value in more.items())
    return World(folder, CONFIGURATION.replace(f"name: {trunk}", own))


def accepted(line: Line, target: str, *lines: str) -> Message:
    """A REFER that is accepted, with its first NOTIFY."""
    line.refer(target, *lines)
    answer = line.expect("202 REFER")
    line.notified(100)
    return answer


def joined(transferee: Line, target: Line) -> None:
    """The transferee was made to talk to the target: their session descriptions have crossed."""
    offer = transferee.reinvited(sdp(4001))
    assert b"m=audio 5000" in offer.body
    if target.party.has("INVITE", target.call_id):
        target.reinvited()


def test_bye_of_the_transferor_before_the_target_answers_leaves_the_transferee_alone(
    world: World, carrier: Party, pbx: Party
) -> None:
    transferor, transferee = carrier.call("2001", pbx)
    accepted(transferor, "<sip:2002@example.net>")
    target = pbx.ring("2002")
    transferor.hang_up()
    pbx.expect_none("BYE", 2)
    target.answer(sdp(5000))
    joined(transferee, target)
    pbx.expect_none("BYE", 60)
    assert transferee.hang_up().status == 200
    target.hung_up()


def test_the_bye_that_we_owe_waits_for_the_answer_to_the_final_notify(
    world: World, carrier: Party, pbx: Party
) -> None:
    transferor, transferee = carrier.call("2001", pbx)
    accepted(transferor, "<sip:2002@example.net>")
    target = pbx.ring("2002")
    target.answer(sdp(5000))
    joined(transferee, target)
    notify = transferor.expect("NOTIFY")
    while b"200 OK" not in notify.body:
        transferor.reply(200, request=notify)
        notify = transferor.expect("NOTIFY")
    carrier.expect_none("BYE", 5)
    transferor.reply(200, request=notify)
    transferor.hung_up(60)


def test_the_bye_that_we_owe_comes_when_the_final_notify_times_out(world: World, carrier: Party, pbx: Party) -> None:
    transferor, transferee = carrier.call("2001", pbx)
    accepted(transferor, "<sip:2002@example.net>")
    target = pbx.ring("2002")
    target.answer(sdp(5000))
    joined(transferee, target)
    transferor.hung_up(100)


def test_after_a_202_a_final_notify_comes_even_if_the_target_never_says_anything(
    world: World, carrier: Party, pbx: Party
) -> None:
    transferor, transferee = carrier.call("2001", pbx)
    accepted(transferor, "<sip:2002@example.net>")
    status, notify = transferor.outcome(seconds=300)
    assert status == 408
    assert notify.headers.get("subscription-state") == "terminated;reason=noresource"
    assert transferor.hang_up().status == 200
    transferee.hung_up()


@pytest.mark.parametrize("challenge", [401, 407])
def test_a_challenged_refer_is_sent_again_and_id_is_the_number_that_was_accepted(
    tmp_path: Path, challenge: int
) -> None:
    world = World(
        tmp_path,
        CONFIGURATION.replace("name: carrier", "name: carrier, transfer: pass").replace(
            "name: pbx", "name: pbx, credentials: {user: gw, password: secret}"
        ),
    )
    carrier, pbx = world.party("carrier"), world.party("pbx")
    transferor, transferee = carrier.call("2001", pbx, "Allow: INVITE, REFER, NOTIFY")
    transferor.refer("<sip:2002@example.net>")
    first = transferee.expect("REFER")
    name = "WWW-Authenticate" if challenge == 401 else "Proxy-Authenticate"
    transferee.reply(
        challenge, f'{name}: Digest realm="pbx", nonce="n1", algorithm=SHA-256, qop="auth"', request=first
    )
    second = transferee.expect("REFER")
    assert second.cseq == first.cseq + 1
    answer = "Authorization" if challenge == 401 else "Proxy-Authorization"
    assert 'username="gw"' in (second.headers.get(answer) or "")
    transferee.reply(202, request=second)
    transferor.expect("202 REFER")
    notify = (
        f"Event: refer;id={second.cseq}",
        "Subscription-State: terminated;reason=noresource",
        "Content-Type: message/sipfrag",
    )
    transferee.request("NOTIFY", *notify, body=b"SIP/2.0 200 OK\r\n")
    transferee.expect("200 NOTIFY")
    assert transferor.outcome()[0] == 200


def test_a_refer_where_transfers_are_rejected_is_603_and_goes_nowhere(tmp_path: Path) -> None:
    world = passing(tmp_path, policy="reject")
    carrier, pbx = world.party("carrier"), world.party("pbx")
    transferor, _ = carrier.call("2001", pbx)
    transferor.refer("<sip:2002@example.net>")
    transferor.expect("603 REFER")
    pbx.expect_none("REFER", 5)
    pbx.expect_none("INVITE", 5)
    assert world.records[-1].decision == "reject"


AWKWARD = "a+b%25;?=&x@[::1]"


def consulted(world: World, carrier: Party, pbx: Party, call_id: str, tag: str) -> tuple[Line, Line, Line, Line]:
    """Transferor's call to 2001 and its consultation of 2002: transferor, transferee, consultation, target."""
    transferor, transferee = carrier.call("2001", pbx)
    consultation = carrier.invite("2002", call_id=call_id, tag=tag)
    target = pbx.ring("2002")
    target.answer(sdp(5000))
    consultation.established()
    return transferor, transferee, consultation, target


@pytest.mark.parametrize("call_id", ["plain@192.0.2.10", "a+b%25=c?d~e@192.0.2.10"])
def test_awkward_characters_of_call_id_and_tags_survive_refer_to(
    world: World, carrier: Party, pbx: Party, call_id: str
) -> None:
    transferor, transferee, consultation, target = consulted(world, carrier, pbx, call_id, "t+a%g")
    replaced = DialogId.replaced(f"{call_id};to-tag={consultation.remote_tag};from-tag={consultation.local_tag}")
    accepted(transferor, f"<{with_replaces(consultation.target, replaced)}>")
    joined(transferee, target)
    assert transferor.outcome()[0] == 200


def test_tags_of_replaces_are_those_of_our_role_in_each_leg(tmp_path: Path) -> None:
    """The consultation reached us as UAS and left us as UAC: what is passed on names the target's dialog as the
    target sees it.
    """
    world = passing(tmp_path)
    carrier, pbx = world.party("carrier"), world.party("pbx")
    transferor, transferee, consultation, target = consulted(world, carrier, pbx, "c=1?2+3@192.0.2.10", "t%1")
    replaced = DialogId.replaced(
        f"{consultation.call_id};to-tag={consultation.remote_tag};from-tag={consultation.local_tag}"
    )
    transferor.refer(f"<{with_replaces(consultation.target, replaced)}>")
    refer = transferee.expect("REFER")
    named = refer_to(refer.headers).replaces
    assert named is not None
    assert (named.call_id, named.to_tag, named.from_tag) == (target.call_id, target.local_tag, target.remote_tag)


def test_a_refer_that_replaces_its_own_dialog_is_refused(world: World, carrier: Party, pbx: Party) -> None:
    transferor, transferee = carrier.call("2001", pbx)
    own = DialogId.replaced(f"{transferor.call_id};to-tag={transferor.remote_tag};from-tag={transferor.local_tag}")
    transferor.refer(f"<{with_replaces(transferor.target, own)}>")
    assert transferor.expect("400 REFER").status == 400
    assert transferee.hang_up().status == 200


def test_two_transfers_in_a_row_keep_their_referred_by_apart(world: World, carrier: Party, pbx: Party) -> None:
    transferor, transferee = carrier.call("2001", pbx)
    accepted(transferor, "<sip:2002@example.net>", "Referred-By: <sip:first@example.net>")
    target = pbx.ring("2002")
    assert target.invitation is not None
    assert target.invitation.headers.get("referred-by") == "<sip:first@example.net>"
    target.answer(sdp(5000))
    joined(transferee, target)
    transferor.outcome()
    transferor.hang_up()
    accepted(target, "<sip:2003@example.net>", "Referred-By: <sip:second@example.net>")
    last = pbx.ring("2003")
    assert last.invitation is not None
    assert last.invitation.headers.all("referred-by") == ("<sip:second@example.net>",)
    last.answer(sdp(5000))
    joined(transferee, last)
    target.outcome()


def test_a_second_refer_after_a_failed_one_succeeds_and_has_its_id(world: World, carrier: Party, pbx: Party) -> None:
    transferor, transferee = carrier.call("2001", pbx)
    accepted(transferor, "<sip:2002@example.net>")
    pbx.ring("2002").reply(486)
    assert transferor.outcome()[0] == 486
    refer = transferor.refer("<sip:2003@example.net>")
    transferor.expect("202 REFER")
    notify = transferor.notified(100)
    assert notify.headers.get("event") == f"refer;id={refer.cseq}"
    target = pbx.ring("2003")
    target.answer(sdp(5000))
    joined(transferee, target)
    assert transferor.outcome()[0] == 200


def passed_refer(world: World) -> tuple[Line, Line, Message]:
    """A REFER that was handed on: transferor, transferee, and the REFER as the transferee got it."""
    carrier, pbx = world.party("carrier"), world.party("pbx")
    transferor = carrier.invite("2001")
    transferee = pbx.ring("2001")
    transferee.reply(200, "Allow: INVITE, ACK, BYE, CANCEL, REFER, NOTIFY", body=transferee.session)
    transferee.expect("ACK")
    transferor.established()
    transferor.refer("<sip:2002@example.net>")
    return transferor, transferee, transferee.expect("REFER")


def notified_by(line: Line, text: bytes, state: str) -> None:
    """A NOTIFY of the transferee about the first REFER, answered with 200."""
    kind = ("Content-Type: message/sipfrag;version=2.0",) if text else ()
    line.request("NOTIFY", "Event: refer", f"Subscription-State: {state}", *kind, body=text)
    line.expect("200 NOTIFY")


def test_a_notify_that_overtakes_the_202_is_taken(tmp_path: Path) -> None:
    transferor, transferee, refer = passed_refer(passing(tmp_path))
    notified_by(transferee, b"SIP/2.0 100 Trying\r\n", "active;expires=60")
    transferee.reply(202, request=refer)
    transferor.expect("202 REFER")
    notified_by(transferee, b"SIP/2.0 200 OK\r\n", "terminated;reason=noresource")
    assert transferor.outcome()[0] == 200


def test_nothing_but_100_trying_is_bounded_by_a_timer(tmp_path: Path) -> None:
    transferor, transferee, refer = passed_refer(passing(tmp_path))
    transferee.reply(202, request=refer)
    notified_by(transferee, b"SIP/2.0 100 Trying\r\n", "active;expires=60")
    transferor.expect("202 REFER")
    assert transferor.outcome(seconds=600)[0] >= 400


def test_a_terminated_notify_without_a_body_ends_the_transfer(tmp_path: Path) -> None:
    transferor, transferee, refer = passed_refer(passing(tmp_path))
    transferee.reply(202, request=refer)
    transferor.expect("202 REFER")
    notified_by(transferee, b"", "terminated;reason=noresource")
    assert transferor.outcome()[0] >= 400


@pytest.mark.parametrize("contact", ["Contact:", "Contact: <sip:localhost>", "Contact: *", "Contact: <<>>"])
def test_a_refer_without_a_useful_contact_is_carried_out_all_the_same(
    world: World, carrier: Party, pbx: Party, contact: str
) -> None:
    """The dialog's remote target stays what it was, so NOTIFYs find their way (RFC 3261 §12.2)."""
    transferor, transferee = carrier.call("2001", pbx)
    if contact == "Contact: <sip:localhost>":
        contact = f"Contact: <sip:{ADDRESSES['carrier']}>"
    transferor.refer("<sip:2002@example.net>", contact)
    answer = next(m for m in carrier.inbox if m.cseq_method == "REFER")
    assert answer.status in (202, 400)
    if answer.status == 202:
        transferor.notified(100)
    assert transferee.party.world.gateway is world.gateway


def test_a_route_set_of_several_record_routes_is_kept_as_uas(world: World, carrier: Party, pbx: Party) -> None:
    routes = tuple(f"<sip:{ADDRESSES['carrier']};lr;hop={hop}>" for hop in ("near", "middle", "far"))
    transferor = carrier.invite("2001", *(f"Record-Route: {route}" for route in routes))
    transferee = pbx.ring("2001")
    transferee.answer()
    answer = transferor.established()
    assert answer.headers.all("record-route") == routes
    transferor.routes = ()
    transferor.refer("<sip:2002@example.net>")
    notify = transferor.expect("NOTIFY")
    assert notify.headers.all("route") == routes


def test_a_reinvite_of_the_transferee_while_the_legs_are_joined_is_491(
    world: World, carrier: Party, pbx: Party
) -> None:
    transferor, transferee = carrier.call("2001", pbx)
    accepted(transferor, "<sip:2002@example.net>")
    target = pbx.ring("2002")
    target.answer(sdp(5000))
    ours = transferee.expect("INVITE")
    assert transferee.reinvite(sdp(4005)).status == 491
    transferee.reply(491, request=ours)
    transferee.expect("ACK")
    joined(transferee, target)  # ours is sent again after the back-off of RFC 3261 §14.1
    assert transferor.outcome()[0] == 200


def test_a_refer_right_after_hold_brings_the_transferee_back_from_hold(
    world: World, carrier: Party, pbx: Party
) -> None:
    transferor, transferee = carrier.call("2001", pbx)
    hold = transferor.request("INVITE", body=sdp(4000, "sendonly"))
    held = transferee.expect("INVITE")
    assert b"a=sendonly" in held.body
    transferee.reply(200, body=sdp(5000, "recvonly", ADDRESSES["pbx"]), request=held)
    transferee.expect("ACK")
    transferor.expect("200 INVITE")
    transferor.refer("<sip:2002@example.net>")
    transferor.request("ACK", cseq=hold.cseq)
    transferor.expect("202 REFER")
    target = pbx.ring("2002")
    assert target.invitation is not None
    assert b"a=sendonly" not in target.invitation.body
    assert b"a=recvonly" not in target.invitation.body
    target.answer(sdp(5000))
    offer = transferee.reinvited()
    assert b"a=inactive" not in offer.body
    assert b"a=sendonly" not in offer.body
    assert transferor.outcome()[0] == 200


def test_a_target_that_answers_after_the_transferee_hung_up_gets_ack_and_bye(
    world: World, carrier: Party, pbx: Party
) -> None:
    transferor, transferee = carrier.call("2001", pbx)
    accepted(transferor, "<sip:2002@example.net>")
    target = pbx.ring("2002")
    transferee.hang_up()
    cancel = target.expect("CANCEL")
    target.reply(200, body=sdp(5000))  # its 200 to the INVITE crosses our CANCEL
    pbx.reply(cancel, 481)
    target.expect("ACK")
    target.hung_up()
    assert transferor.outcome()[0] == 487


def test_two_reason_headers_are_both_carried(world: World, carrier: Party, pbx: Party) -> None:
    transferor, transferee = carrier.call("2001", pbx)
    transferor.hang_up('Reason: Q.850;cause=31;text="a;b, c"', 'Reason: SIP;cause=480;text="gone"')
    bye = transferee.hung_up()
    reasons = bye.headers.all("reason")
    assert any(value.startswith("Q.850") and "cause=31" in value for value in reasons)
    assert any(value.upper().startswith("SIP") and "cause=480" in value for value in reasons)


def test_a_notify_after_the_dialog_has_ended_is_answered_with_200(tmp_path: Path) -> None:
    transferor, transferee, refer = passed_refer(passing(tmp_path))
    transferee.reply(202, request=refer)
    transferor.expect("202 REFER")
    transferee.hang_up()
    notified_by(transferee, b"SIP/2.0 200 OK\r\n", "terminated;reason=noresource")


def test_a_refer_of_somebody_who_is_no_party_to_the_call_is_refused(world: World, carrier: Party, pbx: Party) -> None:
    transferor, _ = carrier.call("2001", pbx)
    stranger = Line(world.party("stranger"), transferor.call_id, transferor.local_tag, transferor.remote_tag)
    stranger.remote_uri, stranger.target, stranger.cseq = transferor.remote_uri, transferor.target, 7
    stranger.refer("<sip:2002@example.net>")
    answer = next(m for m in stranger.party.inbox if m.status >= 300)
    assert answer.status in (403, 481)
    outsider = Line(stranger.party, "other@192.0.2.66", "s1", "")
    outsider.remote_uri = outsider.target = f"sip:2001@{GATEWAY}"
    outsider.refer("<sip:2002@example.net>")
    answer = next(m for m in stranger.party.inbox if m.call_id == outsider.call_id)
    assert answer.status in (403, 481)
    pbx.expect_none("INVITE", 5)


def test_a_tcp_connection_lost_between_refer_and_notify_is_no_end_of_the_transfer(
    world: World, carrier: Party, pbx: Party
) -> None:
    carrier.transport = Transport.TCP
    carrier.connection = 7
    transferor, transferee = carrier.call("2001", pbx)
    accepted(transferor, "<sip:2002@example.net>")
    target = pbx.ring("2002")
    world.gateway.flow_failed(carrier.flow, world.now)
    target.answer(sdp(5000))
    joined(transferee, target)
    notify = transferor.expect("NOTIFY")  # by a new connection to its Contact
    assert replaces(notify.headers) is None
    pbx.expect_none("BYE", 60)
