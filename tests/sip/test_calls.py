"""Calls set up and taken down, both sides and the wire between them in view (RFC 3261 §9, §13, §15)."""

import pytest

from gateway.sip.flow import Transport
from gateway.sip.session_table import SessionState
from tests.sip.phones import Phone, Stranger, answers, call_up, sdp, two_phones
from tests.sip.wire import Wire, dropping, short


@pytest.fixture
def wire() -> Wire:
    return Wire()


def is_clean(*phones: Phone) -> bool:
    """Nothing is left of any call."""
    return not any(phone.ua.dialogs for phone in phones)


class TestSetUp:
    def test_invite_answer_acknowledgement(self, wire: Wire) -> None:
        alice, bob = two_phones(wire)
        ours, theirs = call_up(alice, bob)
        assert wire.lines() == ["INVITE", "200 INVITE", "ACK"]
        assert (ours.state, theirs.state) == (SessionState.CONFIRMED, SessionState.CONFIRMED)
        assert (ours.remote_session, theirs.remote_session) == (sdp("bob"), sdp("alice"))
        assert (ours.local_session, theirs.local_session) == (sdp("alice"), sdp("bob"))
        assert (ours.local_tag, ours.remote_tag) == (theirs.remote_tag, theirs.local_tag)

    def test_ringing_is_told_with_its_early_media(self, wire: Wire) -> None:
        alice, bob = two_phones(wire, caller={"reliable": "off"})
        bob.does["call_offered"] = lambda call, request, now: call.progress(183, (), sdp("early"), now)
        ours = alice.call(bob, sdp("alice"))
        wire.run(1.0)
        assert alice.last["call_progressed"][1].status == 183
        assert ours.early_session == sdp("early")
        assert ours.state is SessionState.PROCEEDING

    def test_late_offer_is_answered_in_the_ack(self, wire: Wire) -> None:
        alice, bob = two_phones(wire)
        answers(bob, sdp("bob"))
        alice.does["call_answered"] = lambda call, response, now: call.acknowledge(sdp("alice"), now)
        ours = alice.call(bob)
        wire.run(1.0)
        assert ours.remote_session == sdp("bob")
        assert bob.last["call_acknowledged"][1].body == sdp("alice")
        assert bob.session.remote_session == sdp("alice")

    def test_answer_without_acknowledge_waits_for_the_owner(self, wire: Wire) -> None:
        alice, bob = two_phones(wire)
        answers(bob, sdp("bob"))
        ours = alice.call(bob)
        wire.run(1.0)
        assert ours.state is SessionState.ACKNOWLEDGING
        ours.bye((), wire.now)
        wire.run(40.0)
        assert [line for line in wire.lines() if line != "200 INVITE"] == ["INVITE", "ACK", "BYE", "200 BYE"]
        assert is_clean(alice, bob)

    def test_refusal_reaches_the_caller(self, wire: Wire) -> None:
        alice, bob = two_phones(wire)
        bob.does["call_offered"] = lambda call, request, now: call.refuse(486, (("Retry-After", "5"),), now)
        ours = alice.call(bob, sdp("alice"))
        wire.run(40.0)
        _, status, response, _ = alice.last["call_failed"]
        assert status == 486
        assert response.headers.get("retry-after") == "5"
        assert ours.state is SessionState.ENDED
        assert wire.lines() == ["INVITE", "486 INVITE", "ACK"]
        assert is_clean(alice, bob)

    def test_redirection_is_handed_up(self, wire: Wire) -> None:
        alice, bob = two_phones(wire)
        bob.does["call_offered"] = lambda call, request, now: call.refuse(302, (("Contact", "<sip:c@h>"),), now)
        alice.call(bob, sdp("alice"))
        wire.run(1.0)
        assert alice.last["call_failed"][2].headers.get("contact") == "<sip:c@h>"

    def test_nobody_there_is_408(self, wire: Wire) -> None:
        alice, bob = two_phones(wire)
        bob.place.receive = lambda octets, flow, now: None
        alice.call(bob, sdp("alice"))
        wire.run(33.0)
        assert alice.last["call_failed"][1:3] == (408, None)

    def test_nowhere_to_go_is_503_and_never_before_invite_returns(self, wire: Wire) -> None:
        alice, bob = two_phones(wire)
        ours = alice.call(bob, sdp("alice"), flows=())
        assert alice.heard == []
        wire.run(33.0)
        assert alice.last["call_failed"][:3] == (ours, 503, None)

    def test_what_an_invitation_adds_is_in_the_invite(self, wire: Wire) -> None:
        alice, bob = two_phones(wire)
        extra = (("Referred-By", "<sip:r@h>"),)
        alice.call(bob, sdp("alice"), headers=extra, route=("<sip:192.0.2.9;lr>",), max_forwards=9, call_id="mine@x")
        wire.run(0.1)
        invite = wire.messages("INVITE")[0]
        assert invite.headers.get("referred-by") == "<sip:r@h>"
        assert invite.headers.get("route") == "<sip:192.0.2.9;lr>"
        assert invite.headers.get("max-forwards") == "9"
        assert invite.call_id == "mine@x"


class TestAcknowledgement:
    def test_answer_is_repeated_until_its_ack(self, wire: Wire) -> None:
        wire.fate = dropping("ACK", "200 INVITE")
        alice, bob = two_phones(wire)
        _, theirs = call_up(alice, bob)
        wire.run(5.0)
        assert wire.lines().count("ACK") == 2
        assert theirs.state is SessionState.CONFIRMED
        assert bob.count("call_acknowledged") == 1
        before = len(wire.sent)
        wire.run(40.0)
        assert len(wire.sent) == before

    def test_acks_of_repeated_answers_are_the_same_octets(self, wire: Wire) -> None:
        wire.fate = dropping("ACK")
        call_up(*two_phones(wire))
        wire.run(3.0)
        one, other = [sent.octets for sent in wire.sent if short(sent.octets) == "ACK"]
        assert one == other

    def test_no_ack_at_all_releases_the_call(self, wire: Wire) -> None:
        wire.fate = lambda octets: () if octets.startswith(b"ACK") else (0.0,)
        alice, bob = two_phones(wire)
        call_up(alice, bob)
        wire.run(40.0)
        assert bob.last["call_ended"][1:3] == (None, 408)
        assert alice.last["call_ended"][1].method == "BYE"
        # T1 doubling to T2, for 64*T1: 0.5, 1.5, 3.5, 7.5, 11.5 … 31.5.
        assert wire.lines(source=bob.place.name).count("200 INVITE") == 11
        assert is_clean(alice, bob)


class TestCancel:
    def test_cancel_while_it_rings(self, wire: Wire) -> None:
        alice, bob = two_phones(wire)
        bob.does["call_offered"] = lambda call, request, now: call.progress(180, (), b"", now)
        ours = alice.call(bob, sdp("alice"))
        wire.run(1.0)
        ours.cancel((("Reason", "SIP;cause=200"),), wire.now)
        wire.run(40.0)
        assert bob.last["call_cancelled"][1].headers.get("reason") == "SIP;cause=200"
        assert wire.lines().count("487 INVITE") == 1
        assert "call_failed" not in alice.heard
        assert ours.state is SessionState.ENDED
        assert is_clean(alice, bob)

    def test_cancel_waits_for_a_provisional_response(self, wire: Wire) -> None:
        alice, bob = two_phones(wire)
        ours = alice.call(bob, sdp("alice"))
        ours.cancel((), wire.now)
        assert wire.lines() == ["INVITE"]
        wire.run(1.0)
        assert wire.lines()[:3] == ["INVITE", "100 INVITE", "CANCEL"]

    def test_answer_that_crosses_the_cancel_is_released(self, wire: Wire) -> None:
        alice, bob = two_phones(wire)
        bob.does["call_offered"] = lambda call, request, now: call.progress(180, (), b"", now)
        ours = alice.call(bob, sdp("alice"))
        wire.run(1.0)
        bob.session.answer((), sdp("bob"), wire.now)
        ours.cancel((), wire.now)
        wire.run(40.0)
        assert "call_answered" not in alice.heard
        lines = wire.lines(source=alice.place.name)
        assert lines[-2:] == ["ACK", "BYE"]
        assert "200 CANCEL" in wire.lines()
        assert bob.last["call_ended"][1].method == "BYE"
        assert is_clean(alice, bob)

    def test_cancel_after_the_answer_changes_nothing(self, wire: Wire) -> None:
        bob = Phone(wire, "bob", "192.0.2.2")
        stranger = Stranger(wire, "192.0.2.7")
        answers(bob, sdp("bob"))
        stranger.invite(bob, "Content-Type: application/sdp", sdp("s"))
        invite = next(one.octets for one in wire.sent if one.octets.startswith(b"INVITE"))
        head = invite.partition(b"Content-Type")[0]
        stranger.send(bob, head.replace(b"INVITE", b"CANCEL") + b"\r\n")
        assert stranger.count("CANCEL", 200) == 1
        assert bob.session.state is SessionState.ANSWERED
        assert "call_cancelled" not in bob.heard

    def test_nobody_answers_the_cancel(self, wire: Wire) -> None:
        alice, bob = two_phones(wire)
        bob.does["call_offered"] = lambda call, request, now: call.progress(180, (), b"", now)
        ours = alice.call(bob, sdp("alice"))
        wire.run(1.0)
        bob.place.receive = lambda octets, flow, now: None
        ours.cancel((), wire.now)
        wire.run(40.0)
        assert ours.state is SessionState.ENDED
        assert is_clean(alice)


class TestRelease:
    def test_bye_from_the_caller(self, wire: Wire) -> None:
        alice, bob = two_phones(wire)
        ours, theirs = call_up(alice, bob)
        ours.bye((("Reason", "Q.850;cause=16"),), wire.now)
        wire.run(40.0)
        session, bye, status, _ = bob.last["call_ended"]
        assert (session, status) == (theirs, 0)
        assert bye.headers.get("reason") == "Q.850;cause=16"
        assert "call_ended" not in alice.heard
        assert is_clean(alice, bob)
        assert len(wire.timers) == 0

    def test_bye_from_the_called_side(self, wire: Wire) -> None:
        alice, bob = two_phones(wire)
        _, theirs = call_up(alice, bob)
        theirs.bye((), wire.now)
        wire.run(1.0)
        assert alice.last["call_ended"][1].method == "BYE"

    def test_bye_before_the_ack_waits_for_it(self, wire: Wire) -> None:
        wire.fate = dropping("ACK")
        alice, bob = two_phones(wire)
        bob.does["call_offered"] = lambda call, request, now: (call.answer((), sdp("bob"), now), call.bye((), now))
        alice.call(bob, sdp("alice"))
        wire.run(0.2)
        assert "BYE" not in wire.lines()
        wire.run(5.0)
        lines = wire.lines()
        assert lines.index("BYE") > len(lines) - 1 - lines[::-1].index("ACK")
        assert alice.last["call_ended"][1].method == "BYE"

    def test_bye_after_the_time_for_the_ack(self, wire: Wire) -> None:
        wire.fate = lambda octets: () if octets.startswith(b"ACK") else (0.0,)
        alice, bob = two_phones(wire)
        bob.does["call_offered"] = lambda call, request, now: (call.answer((), sdp("bob"), now), call.bye((), now))
        alice.call(bob, sdp("alice"))
        wire.run(40.0)
        assert wire.lines().count("BYE") == 1
        assert "call_ended" not in bob.heard

    def test_both_hang_up_at_once(self, wire: Wire) -> None:
        alice, bob = two_phones(wire)
        ours, theirs = call_up(alice, bob)
        ours.bye((), wire.now)
        theirs.bye((), wire.now)
        wire.run(40.0)
        assert wire.lines().count("200 BYE") == 2
        assert "call_ended" not in alice.heard + bob.heard
        assert is_clean(alice, bob)

    def test_caller_that_says_bye_instead_of_cancel(self, wire: Wire) -> None:
        bob = Phone(wire, "bob", "192.0.2.2")
        stranger = Stranger(wire, "192.0.2.7")
        bob.does["call_offered"] = lambda call, request, now: call.progress(180, (), b"", now)
        stranger.invite(bob)
        stranger.request("BYE", bob, stranger.dialog(bob, bob.session.local_tag), cseq=2)
        assert stranger.count("BYE", 200) == 1
        assert stranger.count("INVITE", 487) == 1
        assert bob.last["call_cancelled"][1].method == "BYE"

    def test_end_does_what_the_state_demands(self, wire: Wire) -> None:
        alice, bob = two_phones(wire)
        ours = alice.call(bob, sdp("alice"))
        wire.run(0.1)
        bob.session.end((), wire.now, status=404)
        wire.run(1.0)
        assert alice.last["call_failed"][1] == 404
        ours.end((), wire.now)
        ours.bye((), wire.now)
        ours.offer(b"", (), wire.now)
        ours.answer((), b"", wire.now)
        assert wire.lines() == ["INVITE", "404 INVITE", "ACK"]


class TestForks:
    def test_each_fork_has_its_dialog_until_one_answers(self, wire: Wire) -> None:
        alice = Phone(wire, "alice", "192.0.2.1")
        fork = Stranger(wire, "192.0.2.7")
        ours = alice.ua.invite(_to(alice, fork), None, wire.now)
        wire.run(0.1)
        invite = fork.last("INVITE")
        fork.respond(invite, alice, 180, "one", "Contact: <sip:one@192.0.2.7>")
        fork.respond(invite, alice, 183, "two", "Contact: <sip:two@192.0.2.7>", sdp("two"))
        assert {key[2] for key in alice.ua.dialogs} == {"one", "two"}
        fork.respond(invite, alice, 200, "one", "Contact: <sip:one@192.0.2.7>", sdp("one"))
        assert {key[2] for key in alice.ua.dialogs} == {"one"}
        assert ours.remote_tag == "one"
        assert ours.remote_session == sdp("one")
        assert fork.last("ACK").request_uri == "sip:one@192.0.2.7"

    def test_second_answer_is_acknowledged_and_released(self, wire: Wire) -> None:
        alice = Phone(wire, "alice", "192.0.2.1")
        fork = Stranger(wire, "192.0.2.7")
        alice.ua.invite(_to(alice, fork), None, wire.now)
        wire.run(0.1)
        invite = fork.last("INVITE")
        for tag in ("one", "two"):
            fork.respond(invite, alice, 200, tag, f"Contact: <sip:{tag}@192.0.2.7>", sdp(tag))
        assert alice.count("call_answered") == 1
        bye = fork.last("BYE")
        assert (bye.to_tag, bye.request_uri) == ("two", "sip:two@192.0.2.7")
        assert fork.count("BYE") == 1
        fork.respond(invite, alice, 200, "two", "Contact: <sip:two@192.0.2.7>", sdp("two"))
        assert fork.count("ACK") == 3
        assert fork.count("BYE") == 1

    def test_late_answer_after_everything_was_given_up(self, wire: Wire) -> None:
        alice = Phone(wire, "alice", "192.0.2.1")
        fork = Stranger(wire, "192.0.2.7")
        ours = alice.ua.invite(_to(alice, fork), None, wire.now)
        wire.run(0.1)
        invite = fork.last("INVITE")
        fork.respond(invite, alice, 180, "one")
        ours.cancel((), wire.now)
        wire.run(33.0)
        assert ours.state is SessionState.ENDED
        fork.respond(invite, alice, 200, "one", "Contact: <sip:one@192.0.2.7>", sdp("one"))
        assert fork.count("ACK") == 1
        assert fork.count("BYE") == 1

    def test_an_answer_that_nobody_asked_for_is_dropped(self, wire: Wire) -> None:
        alice, bob = two_phones(wire)
        call_up(alice, bob)
        answer = (
            wire.messages("200 INVITE")[0]
            .octets.replace(b"Call-ID: ", b"Call-ID: not-")
            .replace(b"z9hG4bK", b"z9hG4bKnot")
        )
        before = len(wire.sent)
        alice.ua.receive(answer, bob.place.flow(), wire.now)
        assert len(wire.sent) == before


def _to(phone: Phone, peer: Stranger):  # type: ignore[no-untyped-def]
    from gateway.sip.invitation import Invitation

    uri = f"sip:x@{peer.place.name}"
    return Invitation(uri, (peer.place.flow(),), f"<{phone.uri}>", f"<{uri}>", phone.profile, session=sdp(phone.name))


class TestRoutes:
    def test_record_route_of_the_request_is_the_callees_route(self, wire: Wire) -> None:
        bob = Phone(wire, "bob", "192.0.2.2", symmetric=True)
        stranger = Stranger(wire, "192.0.2.7")
        answers(bob, sdp("bob"))
        routes = "Record-Route: <sip:p2.example;lr>, <sip:p1.example;lr>\nRecord-Route: <sip:p0.example;lr>"
        stranger.invite(bob, routes)
        answer = stranger.last("INVITE", 200)
        assert answer.headers.all("record-route") == (
            "<sip:p2.example;lr>",
            "<sip:p1.example;lr>",
            "<sip:p0.example;lr>",
        )
        stranger.request("ACK", bob, stranger.dialog(bob, bob.session.local_tag))
        bob.session.bye((), wire.now)
        wire.run(0.1)
        bye = stranger.last("BYE")
        assert bye.headers.all("route") == answer.headers.all("record-route")
        assert bye.request_uri == "sip:stranger@192.0.2.7:5060"

    def test_record_route_of_the_answer_is_the_callers_route_reversed(self, wire: Wire) -> None:
        alice = Phone(wire, "alice", "192.0.2.1")
        alice.ways = lambda uri: (peer.place.flow(),)
        peer = Stranger(wire, "192.0.2.7")
        alice.ua.invite(_to(alice, peer), None, wire.now)
        wire.run(0.1)
        routes = "Contact: <sip:x@h>\nRecord-Route: <sip:p2.example;lr>\nRecord-Route: <sip:p1.example;lr>"
        peer.respond(peer.last("INVITE"), alice, 200, "t", routes, sdp("x"))
        assert peer.last("ACK").headers.all("route") == ("<sip:p1.example;lr>", "<sip:p2.example;lr>")
        assert peer.last("ACK").request_uri == "sip:x@h"

    def test_strict_router_becomes_the_request_uri(self, wire: Wire) -> None:
        bob = Phone(wire, "bob", "192.0.2.2", symmetric=True)
        stranger = Stranger(wire, "192.0.2.7")
        answers(bob, sdp("bob"))
        stranger.invite(bob, "Record-Route: <sip:strict.example>\nRecord-Route: <sip:p0.example;lr>")
        stranger.request("ACK", bob, stranger.dialog(bob, bob.session.local_tag))
        bob.session.bye((), wire.now)
        wire.run(0.1)
        bye = stranger.last("BYE")
        assert bye.request_uri == "sip:strict.example"
        assert bye.headers.all("route") == ("<sip:p0.example;lr>", "<sip:stranger@192.0.2.7:5060>")


class TestStreams:
    def test_requests_go_back_over_the_connection_they_came_by(self, wire: Wire) -> None:
        alice, bob = two_phones(wire, Transport.TCP)
        _, theirs = call_up(alice, bob)
        bob.ways = lambda uri: pytest.fail("there is a connection")
        theirs.bye((), wire.now)
        wire.run(1.0)
        assert "call_ended" in alice.heard

    def test_lost_connection_does_not_end_the_call(self, wire: Wire) -> None:
        alice, bob = two_phones(wire, Transport.TCP)
        ours, theirs = call_up(alice, bob)
        wire.cut(alice.place, bob.place)
        assert (ours.state, theirs.state) == (SessionState.CONFIRMED, SessionState.CONFIRMED)
        asked: list[str] = []
        bob.does["located"] = asked.append
        theirs.bye((), wire.now)
        wire.run(1.0)
        assert asked == [alice.uri]
        assert "call_ended" in alice.heard

    def test_request_under_way_when_the_connection_breaks_finds_another(self, wire: Wire) -> None:
        alice, bob = two_phones(wire, Transport.TCP)
        _, theirs = call_up(alice, bob)
        wire.fate = dropping("BYE")
        theirs.bye((), wire.now)
        wire.cut(alice.place, bob.place)
        wire.run(1.0)
        assert wire.lines().count("BYE") == 2
        assert "call_ended" in alice.heard
        assert is_clean(alice, bob)

    def test_without_a_way_the_old_one_is_tried(self, wire: Wire) -> None:
        alice, bob = two_phones(wire)
        _, theirs = call_up(alice, bob)
        bob.ways = lambda uri: ()
        theirs.bye((), wire.now)
        wire.run(1.0)
        assert "call_ended" in alice.heard
