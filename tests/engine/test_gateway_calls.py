"""The basic call through the whole gateway: offers, answers, refusals and hang-ups from end to end, in raw SIP."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.sip.message import Message
from gateway.sip.sdp import Direction, direction, same_media
from tests.engine.world import CONFIGURATION, Line, Party, World, sdp

HOLD = sdp(4000, "sendonly")
HELD = sdp(5000, "recvonly", host="192.0.2.20")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def carrier(world: World) -> Party:
    return world.party("carrier")


@pytest.fixture
def pbx(world: World) -> Party:
    return world.party("pbx")


def acknowledged(line: Line, invite: Message, body: bytes = b"") -> Message:
    """The final answer to a re-INVITE, acknowledged."""
    found: Callable[[], Message | None] = lambda: next(  # noqa: E731
        (m for m in line.party.inbox if m.call_id == line.call_id and m.cseq == invite.cseq and m.status >= 200), None
    )
    assert line.party.world.wait(40, lambda: found() is not None)
    answer = found()
    assert answer is not None
    line.party.inbox.remove(answer)
    line.request("ACK", cseq=invite.cseq, body=body)
    return answer


def is_idle(world: World) -> bool:
    world.wait(200)
    return world.gateway.idle


@pytest.mark.parametrize("caller_ends", [True, False])
def test_a_call_is_answered_and_ends(world: World, carrier: Party, pbx: Party, caller_ends: bool) -> None:
    ours, theirs = carrier.call("2001", pbx)
    first, second = (ours, theirs) if caller_ends else (theirs, ours)
    first.remote_tag = first.remote_tag or ours.remote_tag
    first.hang_up("Reason: Q.850;cause=31")
    assert "cause=31" in (second.hung_up().headers.get("reason") or "")
    assert is_idle(world)


def test_offer_and_answer_are_those_of_the_ends_under_our_own_origin(
    world: World, carrier: Party, pbx: Party
) -> None:
    ours = carrier.invite("2001")
    theirs = pbx.ring("2001")
    assert theirs.invitation is not None
    assert same_media(theirs.invitation.body, sdp())
    assert b"o=- 4000 1" not in theirs.invitation.body
    theirs.answer()
    assert same_media(ours.established().body, theirs.session)


def test_hold_and_resume_go_from_end_to_end(world: World, carrier: Party, pbx: Party) -> None:
    ours, theirs = carrier.call("2001", pbx)
    for offer, answer, expected in ((HOLD, HELD, Direction.RECVONLY), (sdp(), theirs.session, Direction.SENDRECV)):
        sent = ours.request("INVITE", body=offer)
        assert same_media(theirs.reinvited(answer).body, offer)
        assert direction(acknowledged(ours, sent).body) is expected


def test_a_reinvite_that_is_refused_leaves_the_call_as_it_was(world: World, carrier: Party, pbx: Party) -> None:
    ours, theirs = carrier.call("2001", pbx)
    sent = ours.request("INVITE", body=sdp(4000, codecs="18"))
    theirs.reply(488, request=theirs.expect("INVITE"))
    assert acknowledged(ours, sent).status == 488
    sent = ours.request("INVITE", body=HOLD)
    theirs.reinvited(HELD)
    assert acknowledged(ours, sent).status == 200


def test_a_late_offer_goes_from_end_to_end(world: World, carrier: Party, pbx: Party) -> None:
    ours = carrier.invite("2001", body=b"")
    theirs = pbx.ring("2001")
    assert theirs.invitation is not None
    assert theirs.invitation.body == b""
    theirs.reply(200, body=theirs.session)
    answer = ours.expect("200 INVITE")
    assert same_media(answer.body, theirs.session)
    ours.remote_tag = answer.to_tag
    ours.request("ACK", cseq=answer.cseq, body=sdp())
    assert same_media(theirs.expect("ACK").body, sdp())


def test_a_reinvite_without_offer_goes_from_end_to_end(world: World, carrier: Party, pbx: Party) -> None:
    ours, theirs = carrier.call("2001", pbx)
    sent = ours.request("INVITE")
    asked = theirs.expect("INVITE")
    assert asked.body == b""
    offer = sdp(5010, host="192.0.2.20")
    theirs.reply(200, body=offer, request=asked)
    assert same_media(acknowledged(ours, sent, sdp(4010)).body, offer)
    assert same_media(theirs.expect("ACK").body, sdp(4010))


def test_reinvites_that_cross_are_both_told_to_try_again(world: World, carrier: Party, pbx: Party) -> None:
    ours, theirs = carrier.call("2001", pbx)
    sent = ours.request("INVITE", body=HOLD)
    theirs.remote_tag = theirs.expect("INVITE").from_tag
    crossing = theirs.request("INVITE", body=HELD)
    assert acknowledged(theirs, crossing).status == 491
    assert not carrier.has_answer(ours.call_id, sent.cseq)


def test_early_media_and_several_provisional_answers_reach_the_caller(
    world: World, carrier: Party, pbx: Party
) -> None:
    ours = carrier.invite("2001")
    theirs = pbx.ring("2001")
    ours.expect("180 INVITE")
    theirs.reply(183, body=theirs.session)
    assert same_media(ours.expect("183 INVITE").body, theirs.session)
    theirs.reply(182)
    ours.expect("182 INVITE")


@pytest.mark.parametrize("status", [486, 404, 503, 603])
def test_a_refusal_reaches_the_caller_with_its_reasons(world: World, carrier: Party, pbx: Party, status: int) -> None:
    ours = carrier.invite("2001")
    pbx.ring("2001").reply(status, "Reason: Q.850;cause=17", "Reason: X.int;code=0x1")
    answer = ours.expect(f"{status} INVITE")
    assert [value.partition(";")[0] for value in answer.headers.all("reason")] == ["Q.850", "X.int"]
    assert is_idle(world)


def test_a_caller_who_gives_up_has_the_attempt_cancelled(world: World, carrier: Party, pbx: Party) -> None:
    ours = carrier.invite("2001")
    theirs = pbx.ring("2001")
    ours.request("CANCEL", "Reason: SIP;cause=200", cseq=1)
    ours.expect("200 CANCEL")
    ours.expect("487 INVITE")
    assert "cause=200" in (theirs.expect("CANCEL").headers.get("reason") or "")


def test_an_answer_that_crosses_the_cancel_is_acknowledged_and_released(
    world: World, carrier: Party, pbx: Party
) -> None:
    ours = carrier.invite("2001")
    theirs = pbx.ring("2001")
    ours.request("CANCEL", cseq=1)
    theirs.reply(200, request=theirs.expect("CANCEL"))
    theirs.answer()
    theirs.hung_up()
    ours.expect("487 INVITE")
    assert is_idle(world)


def test_who_rings_for_too_long_is_cancelled_and_the_caller_told(world: World, carrier: Party, pbx: Party) -> None:
    ours = carrier.invite("2001")
    theirs = pbx.ring("2001")
    answer = ours.expect("408 INVITE", seconds=181)
    assert "cause=19" in (answer.headers.get("reason") or "")
    theirs.expect("CANCEL")


def test_without_a_route_the_caller_gets_404(tmp_path: Path) -> None:
    world = World(tmp_path, CONFIGURATION.replace('{match: "*", to: carrier}', '{match: "3xxx", to: carrier}'))
    assert world.party("carrier").invite("alice").expect("404 INVITE")


def test_contacts_of_a_redirection_are_tried_by_their_q(world: World, carrier: Party, pbx: Party) -> None:
    ours = carrier.invite("2001")
    pbx.ring("2001").reply(
        302, "Contact: <sip:2005@x.invalid>;q=0.2, <sip:2006@x.invalid>;q=0.9, <sip:2001@x.invalid>"
    )
    pbx.ring("2001").reply(486)
    pbx.ring("2006").reply(486)
    pbx.ring("2005").answer()
    ours.established()


def test_when_full_a_call_is_refused_for_a_while(tmp_path: Path) -> None:
    world = World(tmp_path, CONFIGURATION + "limits: {calls: 1, retry_after: 7}\n")
    carrier, pbx = world.party("carrier"), world.party("pbx")
    carrier.call("2001", pbx)
    assert carrier.invite("2002").expect("503 INVITE").headers.get("retry-after") == "7"
    carrier.invite("2003").expect("503 INVITE")
    assert [fields for event, fields in world.told if event == "overload"] == [
        {"level": "warning", "limit": "calls", "refused": 1}
    ]
    world.wait(2.0)
    carrier.invite("2004").expect("503 INVITE")
    assert [fields["refused"] for event, fields in world.told if event == "overload"] == [1, 2]
    assert world.gateway.statistics()["refused"] == 3


def test_requests_beyond_the_limit_of_transactions_are_told_and_counted(tmp_path: Path) -> None:
    world = World(tmp_path, CONFIGURATION + "limits: {transactions: 10}\n")
    carrier = world.party("carrier")
    world.party("pbx")
    for number in range(10):
        carrier.invite(f"20{number:02}")
    carrier.invite("2099").expect("503 INVITE")
    assert [fields["limit"] for event, fields in world.told if event == "overload"] == ["transactions"]
    assert world.gateway.statistics()["refused"] == 1


def test_calls_that_are_up_survive_a_restart(world: World, carrier: Party, pbx: Party, tmp_path: Path) -> None:
    ours, theirs = carrier.call("2001", pbx)
    snapshots = [(key, snapshot) for key, snapshot in world.gateway.changes() if snapshot is not None]
    later = World(tmp_path)
    later.now = world.now
    later.gateway.restore(snapshots, later.now)
    later.parties = world.parties
    carrier.world = pbx.world = later
    sent = ours.request("INVITE", body=HOLD)
    assert same_media(theirs.reinvited(HELD).body, HOLD)
    acknowledged(ours, sent)
    ours.hang_up()
    theirs.hung_up()
    assert is_idle(later)


def test_a_stranger_is_refused_without_anything_being_kept_of_it(world: World) -> None:
    """RFC 3261 §8.2.7: nothing is sent again to where it says it is, and no memory is filled."""
    stranger = world.party("stranger")
    line = stranger.invite("2001")
    first = line.expect("403 INVITE")
    stranger.expect_none("403", 40)
    assert line.invitation is not None
    world.hear(line.invitation.octets, stranger.flow)
    assert line.expect("403 INVITE").to_tag == first.to_tag != ""
    line.request("ACK", cseq=1)
    stranger.expect_none("403", 1)
    assert world.gateway.next_due() is None
