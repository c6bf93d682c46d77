"""Reliable provisional responses, both roles (RFC 3262)."""

import pytest

from gateway.sip.invitation import Invitation
from gateway.sip.session import Session
from gateway.sip.session_table import SessionState
from tests.sip.phones import Phone, Stranger, sdp, two_phones
from tests.sip.wire import Wire, dropping


@pytest.fixture
def wire() -> Wire:
    return Wire()


def ringing(bob: Phone, status: int = 180, session: bytes = b"") -> None:
    bob.does["call_offered"] = lambda call, request, now: call.progress(status, (), session, now)


class TestCalledSide:
    def test_ringing_is_pracked_where_both_can(self, wire: Wire) -> None:
        alice, bob = two_phones(wire)
        ringing(bob)
        alice.call(bob, sdp("alice"))
        wire.run(5.0)
        assert wire.lines() == ["INVITE", "180 INVITE", "PRACK", "200 PRACK"]
        assert wire.messages("PRACK")[0].headers.get("rack") == "1 1 INVITE"

    def test_off_means_never(self, wire: Wire) -> None:
        alice, bob = two_phones(wire, called={"reliable": "off"})
        ringing(bob)
        alice.call(bob, sdp("alice"))
        wire.run(5.0)
        assert wire.lines() == ["INVITE", "180 INVITE"]

    def test_lost_response_is_repeated_until_its_prack(self, wire: Wire) -> None:
        wire.fate = dropping("180 INVITE", "PRACK")
        alice, bob = two_phones(wire)
        ringing(bob)
        alice.call(bob, sdp("alice"))
        wire.run(10.0)
        assert wire.lines().count("200 PRACK") == 1
        assert alice.count("call_progressed") == 1

    def test_one_at_a_time(self, wire: Wire) -> None:
        alice, bob = two_phones(wire)

        def twice(call: Session, request: object, now: float) -> None:
            call.progress(180, (), b"", now)
            call.progress(183, (), sdp("bob"), now)

        bob.does["call_offered"] = twice
        ours = alice.call(bob, sdp("alice"))
        wire.run(0.012)
        assert wire.lines() == ["INVITE", "180 INVITE"]
        wire.run(1.0)
        assert wire.lines() == ["INVITE", "180 INVITE", "PRACK", "200 PRACK", "183 INVITE", "PRACK", "200 PRACK"]
        assert [one.headers.get("rseq") for one in wire.messages("183 INVITE")] == ["2"]
        assert ours.early_session == sdp("bob")

    def test_answer_waits_for_the_prack_of_a_session_description(self, wire: Wire) -> None:
        wire.fate = dropping("PRACK")
        alice, bob = two_phones(wire)

        def at_once(call: Session, request: object, now: float) -> None:
            call.progress(183, (), sdp("bob"), now)
            call.answer((), sdp("bob"), now)

        bob.does["call_offered"] = at_once
        ours = alice.call(bob, sdp("alice"))
        wire.run(0.1)
        assert bob.session.state is SessionState.ANSWERING
        wire.run(2.0)
        assert ours.state is SessionState.CONFIRMED
        assert ours.remote_session == sdp("bob")
        # The answer was given already; it is not given again.
        assert wire.messages("200 INVITE")[0].body == b""

    def test_plain_ringing_does_not_hold_the_answer(self, wire: Wire) -> None:
        wire.fate = lambda octets: () if octets.startswith(b"PRACK") else (0.0,)
        alice, bob = two_phones(wire)

        def at_once(call: Session, request: object, now: float) -> None:
            call.progress(180, (), b"", now)
            call.answer((), sdp("bob"), now)

        bob.does["call_offered"] = at_once
        ours = alice.call(bob, sdp("alice"))
        wire.run(1.0)
        assert ours.state is SessionState.CONFIRMED

    @pytest.mark.parametrize("acknowledged", [False, True])
    def test_a_prack_that_the_answer_has_overtaken_is_answered(self, wire: Wire, acknowledged: bool) -> None:
        bob = Phone(wire, "bob", "192.0.2.2")
        stranger = Stranger(wire, "192.0.2.7")
        ringing(bob)
        stranger.invite(bob, "Supported: 100rel\nContent-Type: application/sdp", sdp("s"))
        bob.session.answer((), sdp("bob"), wire.now)
        wire.run(0.02)
        dialog = stranger.dialog(bob, bob.session.local_tag)
        if acknowledged:
            stranger.request("ACK", bob, dialog)
        stranger.request("PRACK", bob, f"{dialog}\nRAck: 2 1 INVITE", cseq=2)
        assert stranger.count("PRACK", 481) == 1
        stranger.request("PRACK", bob, f"{dialog}\nRAck: 1  1 INVITE", cseq=3)
        assert stranger.count("PRACK", 200) == 1

    def test_other_media_than_was_answered_reliably_is_offered_after_the_ack(self, wire: Wire) -> None:
        alice, bob = two_phones(wire)
        ringing(bob, 183, sdp("announcement"))
        ours = alice.call(bob, sdp("alice"))
        alice.does["media_offered"] = lambda call, request, now: call.accept_offer(sdp("alice"), (), now)
        wire.run(1.0)
        bob.session.answer((), sdp("bob"), wire.now)
        wire.run(1.0)
        assert ours.remote_session == sdp("bob")
        assert bob.session.local_session == sdp("bob")
        assert "media_answered" not in bob.heard

    def test_no_prack_at_all_refuses_the_call(self, wire: Wire) -> None:
        wire.fate = lambda octets: () if octets.startswith(b"PRACK") else (0.0,)
        alice, bob = two_phones(wire)
        ringing(bob)
        alice.call(bob, sdp("alice"))
        wire.run(33.0)
        assert alice.last["call_failed"][1] == 504
        assert bob.last["call_cancelled"][1] is None

    def test_prack_of_something_else_is_481(self, wire: Wire) -> None:
        bob = Phone(wire, "bob", "192.0.2.2")
        stranger = Stranger(wire, "192.0.2.7")
        ringing(bob)
        stranger.invite(bob, "Supported: 100rel\nContent-Type: application/sdp", sdp("s"))
        dialog = stranger.dialog(bob, bob.session.local_tag)
        stranger.request("PRACK", bob, f"{dialog}\nRAck: 7 1 INVITE", cseq=2)
        assert stranger.count("PRACK", 481) == 1
        stranger.request("PRACK", bob, f"{dialog}\nRAck: 1 1 INVITE", cseq=3)
        assert stranger.count("PRACK", 200) == 1

    def test_demanded_where_it_is_off_is_420(self, wire: Wire) -> None:
        bob = Phone(wire, "bob", "192.0.2.2", reliable="off")
        stranger = Stranger(wire, "192.0.2.7")
        stranger.invite(bob, "Require: 100rel")
        assert stranger.last("INVITE", 420).headers.get("unsupported") == "100rel"

    def test_offer_in_a_reliable_response_is_answered_by_the_prack(self, wire: Wire) -> None:
        bob = Phone(wire, "bob", "192.0.2.2")
        stranger = Stranger(wire, "192.0.2.7")
        ringing(bob, 183, sdp("bob"))
        stranger.invite(bob, "Require: 100rel")
        assert stranger.last("INVITE", 183).body == sdp("bob")
        lines = stranger.dialog(bob, bob.session.local_tag) + "\nRAck: 1 1 INVITE\nContent-Type: application/sdp"
        stranger.request("PRACK", bob, lines, sdp("s"), cseq=2)
        assert bob.session.remote_session == sdp("s")
        bob.session.answer((), sdp("bob"), wire.now)
        wire.run(0.1)
        assert stranger.last("INVITE", 200).body == b""

    def test_update_in_an_early_dialog_that_is_settled(self, wire: Wire) -> None:
        alice, bob = two_phones(wire)
        ringing(bob, 183, sdp("bob"))
        ours = alice.call(bob, sdp("alice"))
        bob.does["media_offered"] = lambda call, request, now: call.accept_offer(sdp("bob", 2), (), now)
        wire.run(1.0)
        ours.offer(sdp("alice", 2), (), wire.now)
        wire.run(1.0)
        assert wire.lines()[-2:] == ["UPDATE", "200 UPDATE"]
        assert ours.remote_session == sdp("bob", 2)
        assert alice.count("media_answered") == 1


class TestCallingSide:
    def test_responses_out_of_order_are_not_pracked(self, wire: Wire) -> None:
        alice, peer, invite = called_stranger(wire)
        for rseq in (5, 7, 6, 5):
            peer.respond(invite, alice, 180, "t", f"Require: 100rel\nRSeq: {rseq}\nContact: <sip:t@192.0.2.7>")
        racks = [one.headers.get("rack") for one in peer.received if one.method == "PRACK"]
        assert racks == ["5 1 INVITE", "6 1 INVITE"]
        assert alice.count("call_progressed") == 2

    def test_each_fork_counts_for_itself(self, wire: Wire) -> None:
        alice, peer, invite = called_stranger(wire)
        for tag in ("one", "two"):
            peer.respond(invite, alice, 180, tag, f"Require: 100rel\nRSeq: 1\nContact: <sip:{tag}@192.0.2.7>")
        pracks = [one for one in peer.received if one.method == "PRACK"]
        assert [one.to_tag for one in pracks] == ["one", "two"]
        assert [one.request_uri for one in pracks] == ["sip:one@192.0.2.7", "sip:two@192.0.2.7"]
        assert [one.cseq for one in pracks] == [2, 2]

    def test_offer_of_a_reliable_response_is_answered_by_the_owner(self, wire: Wire) -> None:
        alice = Phone(wire, "alice", "192.0.2.1", reliable="required")
        peer = Stranger(wire, "192.0.2.7")
        invite = invited(alice, peer, b"")
        assert "100rel" in invite.headers.all("require")
        line = "Require: 100rel\nRSeq: 1\nContact: <sip:t@192.0.2.7>"
        peer.respond(invite, alice, 183, "t", line, sdp("t"))
        session = alice.last["call_progressed"][0]
        assert session.answer_due
        session.acknowledge(sdp("alice"), wire.now)
        wire.run(0.1)
        assert peer.last("PRACK").body == sdp("alice")
        peer.respond(invite, alice, 200, "t", "Contact: <sip:t@192.0.2.7>")
        assert session.state is SessionState.CONFIRMED
        assert session.remote_session == sdp("t")

    def test_late_offer_does_not_offer_100rel(self, wire: Wire) -> None:
        alice = Phone(wire, "alice", "192.0.2.1")
        peer = Stranger(wire, "192.0.2.7")
        assert "100rel" not in invited(alice, peer, b"").headers.all("supported")


def invited(alice: Phone, peer: Stranger, session: bytes):  # type: ignore[no-untyped-def]
    uri = f"sip:x@{peer.place.name}"
    flows = (peer.place.flow(),)
    alice.ua.invite(
        Invitation(uri, flows, f"<{alice.uri}>", f"<{uri}>", alice.profile, session=session), None, alice.wire.now
    )
    alice.wire.run(0.1)
    return peer.last("INVITE")


def called_stranger(wire: Wire):  # type: ignore[no-untyped-def]
    alice = Phone(wire, "alice", "192.0.2.1")
    peer = Stranger(wire, "192.0.2.7")
    return alice, peer, invited(alice, peer, sdp("alice"))
