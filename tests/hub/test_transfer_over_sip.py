"""Corners of transfers with the real legs below the hub."""

import json
from pathlib import Path

import pytest

from gateway.sip.dialog_id import DialogId
from gateway.sip.refer_to import with_replaces
from tests.engine.world import ADDRESSES, CONFIGURATION, HOST, PORT, Line, Party, World, sdp

TEAMS = f"""
  - {{name: teams, profile: teams, fqdn: sbc.example.net, peers: ["tcp:{ADDRESSES["teams"]}:5061"], options: false}}
"""
TO_TEAMS = f"sip:{ADDRESSES['teams']}:5061;transport=tcp;x-m=8:orgid:4F5e"
REFERRED_BY = "<sip:sip.pstnhub.example:5061;x-m=8:orgid:1;x-t=2;x-ti=3;x-tt=aHR0cHM6Ly9h%3D>"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def carrier(world: World) -> Party:
    return world.party("carrier")


@pytest.fixture
def pbx(world: World) -> Party:
    return world.party("pbx")


def ours(line: Line, uri: str = f"sip:2002@{HOST}:{PORT}") -> str:
    """A Refer-To that names the dialog of `line` as the gateway has to find it."""
    named = DialogId.replaced(f"{line.call_id};to-tag={line.remote_tag};from-tag={line.local_tag}")
    return f"<{with_replaces(uri, named)}>"


def two_calls(carrier: Party, pbx: Party) -> tuple[Line, Line, Line, Line]:
    """Transferor, transferee, consultation, target."""
    transferor, transferee = carrier.call("2001", pbx)
    consulting, target = carrier.call("2002", pbx)
    return transferor, transferee, consulting, target


def cancel(line: Line) -> None:
    """The caller gives up (RFC 3261 §9.1)."""
    invite = line.invitation
    assert invite is not None
    same = [f"{name}: {invite.headers.get(name)}" for name in ("Via", "From", "To", "Call-ID", "Max-Forwards")]
    line.party.send("\n".join((f"CANCEL {invite.request_uri} SIP/2.0", *same, f"CSeq: {invite.cseq} CANCEL")))


def restarted(folder: Path, before: World, seconds: float = 0.0) -> World:
    """Another process in place of the first, with what that had written down."""
    after = World(folder)
    after.now = before.now + seconds
    after.parties = before.parties
    for party in after.parties.values():
        party.world = after
        party.inbox.clear()
    written = [(key, snapshot) for key, snapshot in before.gateway.changes() if snapshot is not None]
    assert after.gateway.restore(json.loads(json.dumps(written)), after.now) == ()
    return after


def test_a_transferee_that_refuses_the_targets_media_keeps_its_call_and_so_does_the_target(
    world: World, carrier: Party, pbx: Party
) -> None:
    transferor, transferee, consulting, target = two_calls(carrier, pbx)
    transferor.refer(ours(consulting))
    for _ in range(3):
        offer = transferee.expect("INVITE")
        transferee.reply(488, request=offer)
        transferee.expect("ACK")
        if world.wait(1, lambda: carrier.has("NOTIFY") is not None and not pbx.has("INVITE", transferee.call_id)):
            break
    status, _ = transferor.outcome()
    assert status == 488
    world.wait(5, lambda: False)
    for line in (transferor, transferee, consulting, target):
        assert line.party.has("BYE", line.call_id) is None


def test_cancel_of_the_consultation_call_does_not_stop_its_target_once_the_transfer_is_asked_for(
    world: World, carrier: Party, pbx: Party
) -> None:
    transferor, transferee = carrier.call("2001", pbx)
    consulting = carrier.invite("2002")
    target = pbx.ring("2002")
    consulting.remote_tag = consulting.expect("180").to_tag
    transferor.refer(ours(consulting))
    transferor.expect("202 REFER")
    cancel(consulting)
    consulting.expect("487 INVITE")
    pbx.expect_none("CANCEL", 3)
    target.answer(sdp(7000))
    transferee.reinvited()
    target.reinvited()
    assert transferor.outcome()[0] == 200


def test_what_teams_refers_to_goes_back_to_teams_octet_for_octet(tmp_path: Path) -> None:
    world = World(tmp_path, CONFIGURATION.replace("routes:", TEAMS.strip("\n") + "\nroutes:"))
    pbx, teams = world.party("pbx"), world.party("teams", 5061)
    teams.transport, teams.connection = type(teams.transport)("tcp"), 7
    transferor, transferee = teams.call("2001", pbx)
    transferor.refer(f"<{TO_TEAMS}>", f"Referred-By: {REFERRED_BY}")
    assert transferor.expect("202 REFER")
    transferor.notified(100)
    invite = teams.expect("INVITE")
    assert invite.request_uri == TO_TEAMS
    assert invite.headers.get("referred-by") == REFERRED_BY
    assert "replaces" not in invite.headers
    assert "sbc.example.net" in (invite.headers.get("contact") or "")
    target = Line.called(teams, invite)
    target.answer(sdp(7000))
    transferee.reinvited()
    assert transferor.outcome()[0] == 200
    teams.expect_none("BYE", 20)
    assert transferor.hang_up()


def test_a_restart_while_the_target_rings_is_503_and_the_first_call_lives_on(
    tmp_path: Path, world: World, carrier: Party, pbx: Party
) -> None:
    transferor, transferee = carrier.call("2001", pbx)
    transferor.refer("<sip:2002@example.net>")
    transferor.expect("202 REFER")
    transferor.notified(100)
    pbx.ring("2002")
    world.wait(2)
    after = restarted(tmp_path, world)
    assert transferor.outcome()[0] == 503
    assert transferor.hang_up()
    transferee.hung_up()
    assert [record.sip_status for record in after.records] == [503]


def test_a_restart_while_the_two_are_joined_goes_on_with_it(
    tmp_path: Path, world: World, carrier: Party, pbx: Party
) -> None:
    transferor, transferee, consulting, target = two_calls(carrier, pbx)
    transferor.refer(ours(consulting))
    transferor.expect("202 REFER")
    transferor.notified(100)
    pbx.expect("INVITE", transferee.call_id)
    restarted(tmp_path, world, 1)
    transferee.reinvited()
    target.reinvited()
    assert transferor.outcome()[0] == 200
    consulting.hung_up()
    assert transferor.hang_up()
    assert transferee.hang_up()
    target.hung_up()


def test_the_target_that_rings_for_a_transfer_can_be_picked_up_by_replaces(
    world: World, carrier: Party, pbx: Party
) -> None:
    transferor, transferee = carrier.call("2001", pbx)
    transferor.refer("<sip:2002@example.net>")
    target = pbx.ring("2002")
    assert target.invitation is not None
    world.wait(1)
    other = pbx.invite(
        "2002",
        f"Replaces: {target.call_id};to-tag={target.remote_tag};from-tag={target.local_tag}",
        body=sdp(7700),
    )
    other.established()
    target.expect("CANCEL")
    transferee.reinvited()
    assert transferor.outcome()[0] == 200
    assert transferee.hang_up()
    other.hung_up()
