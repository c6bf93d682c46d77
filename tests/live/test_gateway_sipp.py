"""Calls and transfers through the running gateway between SIPp players, each step as written, read by tshark."""

from pathlib import Path

import pytest

from tests.live.players import WITH_SDP, Callee, Caller, ack, cancel, refused, sdp
from tests.live.stage import WORDS, stage
from tests.peers.sipp import expect, label, pause, receive, send

pytestmark = pytest.mark.live


@pytest.mark.parametrize("transport", WORDS)
def test_a_call_with_early_media(tmp_path: Path, transport: str) -> None:
    with stage(tmp_path, transport) as here:
        alice, bob = Caller("alice", secure=here.secure("alice")), Callee("bob", secure=here.secure("bob"))
        callee = here.plays(
            "bob",
            [
                bob.rung({"Max-Forwards": "69", "": "m=audio 4000 "}),
                send(bob.opening("183 Session Progress", WITH_SDP, body=sdp(5000))),
                pause(100),
                send(bob.opening("200 OK", WITH_SDP, body=sdp(5000))),
                receive("ACK"),
                *bob.hung_up(),
            ],
        )
        caller = here.plays(
            "alice",
            [
                send(alice.first("INVITE", "2", WITH_SDP, body=sdp(4000))),
                expect(100, optional=True),
                expect(183, having={"": "m=audio 5000 "}),
                alice.answered(),
                send(alice.request("ACK", 1)),
                *alice.hangs_up(2),
            ],
        )
        caller.wait()
        callee.wait()


def test_reliable_provisional_responses_on_both_sides(tmp_path: Path) -> None:
    with stage(tmp_path) as here:
        alice, bob = Caller("alice"), Callee("bob")
        callee = here.plays(
            "bob",
            [
                bob.rung({"Supported": "100rel"}),
                send(bob.opening("183 Session Progress", "Require: 100rel", "RSeq: 17", WITH_SDP, body=sdp(5000))),
                receive("PRACK", having={"RAck": "^ *17 [0-9]+ INVITE"}),
                send(bob.reply("200 OK")),
                pause(200),
                send(bob.settles("200 OK")),
                receive("ACK"),
                *bob.hung_up(),
            ],
        )
        caller = here.plays(
            "alice",
            [
                send(alice.first("INVITE", "2", "Require: 100rel", WITH_SDP, body=sdp(4000))),
                expect(100, optional=True),
                expect(183, having={"Require": "100rel", "": "m=audio 5000 "}, keep={"RSeq": "rseq", "To": "them"}),
                send(alice.request("PRACK", 2, "RAck:[$rseq] 1 INVITE")),
                expect(200, having={"CSeq": "2 PRACK"}),
                alice.answered(),
                send(alice.request("ACK", 1)),
                *alice.hangs_up(3),
            ],
        )
        caller.wait()
        callee.wait()


def test_a_late_offer(tmp_path: Path) -> None:
    with stage(tmp_path) as here:
        alice, bob = Caller("alice"), Callee("bob")
        callee = here.plays(
            "bob",
            [
                bob.rung({"Content-Length": "^ *0"}),
                send(bob.opening("200 OK", WITH_SDP, body=sdp(5000))),
                receive("ACK", having={"Content-Type": "application/sdp", "": "m=audio 4000 "}),
                *bob.hung_up(),
            ],
        )
        caller = here.plays(
            "alice",
            [
                send(alice.first("INVITE", "2")),
                expect(100, optional=True),
                expect(200, keep={"To": "them"}, having={"": "m=audio 5000 "}),
                send(alice.request("ACK", 1, WITH_SDP, body=sdp(4000))),
                pause(300),
                *alice.hangs_up(2),
            ],
        )
        caller.wait()
        callee.wait()


def test_the_gateway_challenges(tmp_path: Path) -> None:
    users = {"users": [{"user": "joe", "password": "secret"}], "algorithms": ["MD5"]}  # all that SIPp knows
    with stage(tmp_path, trunks={"alice": users}) as here:
        alice, bob = Caller("alice"), Callee("bob")
        callee = here.plays("bob", [*bob.called(), *bob.hung_up()])
        invite = alice.first("INVITE", "2", WITH_SDP, body=sdp())
        again = alice.first(
            "INVITE", "2", "[authentication username=joe password=secret]", WITH_SDP, body=sdp(), cseq=2
        )
        caller = here.plays(
            "alice",
            [
                send(invite),
                refused(401, {"WWW-Authenticate": "MD5"}),
                send(ack(invite)),
                send(again),
                expect(100, optional=True),
                expect(180, optional=True),
                alice.answered(),
                send(alice.request("ACK", 2)),
                *alice.hangs_up(3),
            ],
        )
        caller.wait()
        callee.wait()


def test_the_gateway_is_challenged(tmp_path: Path) -> None:
    own = {"credentials": {"user": "gw", "password": "secret"}}
    with stage(tmp_path, trunks={"bob": own}) as here:
        alice, bob = Caller("alice"), Callee("bob")
        challenge = 'WWW-Authenticate: Digest realm="bob", nonce="4711", algorithm=MD5, qop="auth"'
        verify = '<action><verifyauth assign_to="valid" username="gw" password="secret"/>'
        invite = bob.rung({"Authorization": 'username="gw"'}).replace("<action>", verify, 1)
        callee = here.plays(
            "bob",
            [
                receive("INVITE"),
                send(bob.opening("401 Unauthorized", challenge)),
                receive("ACK"),
                invite,
                '<nop test="valid" next="known"/>',
                send(bob.opening("403 Forbidden")),
                receive("ACK"),
                pause(30_000),
                label("known"),
                send(bob.opening("200 OK", WITH_SDP, body=sdp())),
                receive("ACK"),
                *bob.hung_up(),
            ],
        )
        caller = here.plays("alice", [*alice.calls("2"), *alice.hangs_up(2)])
        caller.wait()
        callee.wait()


def test_session_timers(tmp_path: Path) -> None:
    """422 for an interval that is too small; the caller refreshes its own by UPDATE, the callee by re-INVITE."""
    with stage(tmp_path) as here:
        alice, bob = Caller("alice"), Callee("bob")
        callee = here.plays(
            "bob",
            [
                bob.rung({"Supported": "timer", "Session-Expires": "^ *1800"}),
                send(
                    bob.opening(
                        "200 OK", "Require: timer", "Session-Expires: 100;refresher=uas", WITH_SDP, body=sdp()
                    )
                ),
                receive("ACK"),
                send(
                    bob.request(
                        "INVITE", 1, "Supported: timer", "Session-Expires: 100;refresher=uac", WITH_SDP, body=sdp()
                    )
                ),
                expect(100, optional=True),
                expect(200, having={"Session-Expires": "^ *100;refresher=uac"}),
                send(bob.request("ACK", 1)),
                *bob.hung_up(),
            ],
        )
        timer = ("Supported: timer", WITH_SDP)
        short = alice.first("INVITE", "2", "Session-Expires: 30", *timer, body=sdp())
        caller = here.plays(
            "alice",
            [
                send(short),
                expect(100, optional=True),
                refused(422, {"Min-SE": "^ *90"}),
                send(ack(short)),
                send(alice.first("INVITE", "2", "Session-Expires: 90;refresher=uac", *timer, body=sdp(), cseq=2)),
                expect(100, optional=True),
                expect(
                    200, keep={"To": "them"}, having={"Session-Expires": "^ *90;refresher=uac", "Require": "timer"}
                ),
                send(alice.request("ACK", 2)),
                send(alice.request("UPDATE", 3, "Session-Expires: 90;refresher=uac", "Supported: timer")),
                expect(200, having={"Session-Expires": "^ *90;refresher=uac"}),
                pause(300),
                *alice.hangs_up(4),
            ],
        )
        caller.wait()
        callee.wait()


def test_glare_of_re_invites(tmp_path: Path) -> None:
    """The callee's own re-INVITE crosses the one that the gateway brings: 491 both ways, then again."""
    with stage(tmp_path) as here:
        alice, bob = Caller("alice"), Callee("bob")
        callee = here.plays(
            "bob",
            [
                *bob.called(),
                bob.rung({"": "m=audio 4002 "}),
                send(bob.request("INVITE", 1, WITH_SDP, body=sdp(5002, version=2)), transaction="own"),
                expect(100, optional=True, transaction="own"),
                expect(491, transaction="own", keep={"Via": "via491", "To": "gateway"}),
                send(
                    bob.request("ACK", 1).replace(bob.via, "Via:[$via491]"),
                    transaction="own",
                ),
                send(bob.settles("491 Request Pending").replace(f";tag={bob.tag}", "")),
                receive("ACK"),
                *bob.offered(port=5000, having={"": "m=audio 4002 "}),
                *bob.hung_up(),
            ],
        )
        caller = here.plays(
            "alice",
            [
                *alice.calls("2"),
                send(alice.request("INVITE", 2, WITH_SDP, body=sdp(4002, version=2))),
                expect(100, optional=True),
                alice.answered(),
                send(alice.request("ACK", 2)),
                *alice.hangs_up(3),
            ],
        )
        caller.wait()
        callee.wait()


def test_byes_that_cross(tmp_path: Path) -> None:
    with stage(tmp_path) as here:
        alice, bob = Caller("alice"), Callee("bob")
        callee = here.plays(
            "bob",
            [
                *bob.called(),
                receive("BYE", keep={"Via": "via", "CSeq": "number", "From": "them"}),
                send(bob.request("BYE", 1), transaction="own"),
                expect(200, transaction="own"),
                send(bob.settles("200 OK")),
            ],
        )
        caller = here.plays("alice", [*alice.calls("2"), *alice.hangs_up(2)])
        caller.wait()
        callee.wait()


def test_cancelled_while_it_rings(tmp_path: Path) -> None:
    with stage(tmp_path) as here:
        alice, bob = Caller("alice"), Callee("bob")
        callee = here.plays(
            "bob",
            [
                bob.rung(),
                send(bob.opening("180 Ringing")),
                receive("CANCEL"),
                send(bob.reply("200 OK")),
                send(bob.settles("487 Request Terminated")),
                receive("ACK"),
            ],
        )
        invite = alice.first("INVITE", "2", WITH_SDP, body=sdp())
        caller = here.plays(
            "alice",
            [
                send(invite, transaction="call"),
                expect(100, optional=True, transaction="call"),
                expect(180, transaction="call", keep={"Via": "via"}),
                send(cancel(invite), transaction="cancel"),
                expect(200, transaction="cancel"),
                refused(487, transaction="call"),
                send(ack(invite), transaction="call"),
            ],
        )
        caller.wait()
        callee.wait()
