"""New media within a call: re-INVITE, UPDATE, glare (RFC 3261 §14, RFC 3311, RFC 6337)."""

import pytest

from gateway.sip.session import Session
from gateway.sip.session_table import SessionState
from tests.sip.phones import Phone, Stranger, answers, call_up, sdp, two_phones
from tests.sip.wire import Wire, dropping


@pytest.fixture
def wire() -> Wire:
    return Wire()


def accepts(phone: Phone, session: bytes) -> None:
    phone.does["media_offered"] = lambda call, request, now: call.accept_offer(session, (), now)


def up(wire: Wire) -> tuple[Phone, Phone, Session, Session]:
    alice, bob = two_phones(wire)
    ours, theirs = call_up(alice, bob)
    wire.sent.clear()
    return alice, bob, ours, theirs


class TestReinvite:
    def test_offer_and_answer(self, wire: Wire) -> None:
        alice, bob, ours, theirs = up(wire)
        accepts(bob, sdp("bob", 2))
        ours.offer(sdp("alice", 2), (), wire.now)
        wire.run(1.0)
        assert wire.lines() == ["INVITE", "200 INVITE", "ACK"]
        assert wire.messages("INVITE")[0].cseq == 2
        assert (ours.local_session, ours.remote_session) == (sdp("alice", 2), sdp("bob", 2))
        assert (theirs.local_session, theirs.remote_session) == (sdp("bob", 2), sdp("alice", 2))
        assert alice.count("media_answered") == 1
        assert bob.count("call_acknowledged") == 2

    def test_late_offer(self, wire: Wire) -> None:
        alice, bob, ours, theirs = up(wire)
        accepts(bob, sdp("bob", 2))
        alice.does["media_answered"] = lambda call, response, now: call.acknowledge(sdp("alice", 2), now)
        ours.offer(b"", (), wire.now)
        wire.run(1.0)
        assert wire.lines() == ["INVITE", "200 INVITE", "ACK"]
        assert bob.last["call_acknowledged"][1].body == sdp("alice", 2)
        assert theirs.remote_session == sdp("alice", 2)
        assert (ours.local_session, ours.remote_session) == (sdp("alice", 2), sdp("bob", 2))

    def test_refusal_leaves_the_media_as_it_was(self, wire: Wire) -> None:
        alice, bob, ours, theirs = up(wire)
        bob.does["media_offered"] = lambda call, request, now: call.refuse_offer(488, (), now)
        ours.offer(sdp("alice", 2), (), wire.now)
        wire.run(1.0)
        assert alice.last["media_refused"][1] == 488
        assert (ours.local_session, theirs.remote_session) == (sdp("alice"), sdp("alice"))
        assert ours.state is SessionState.CONFIRMED

    def test_offers_wait_for_one_another(self, wire: Wire) -> None:
        alice, bob, ours, _ = up(wire)
        accepts(bob, sdp("bob", 2))
        ours.offer(sdp("alice", 2), (), wire.now)
        ours.offer(sdp("alice", 3), (), wire.now)
        assert wire.lines() == ["INVITE"]
        wire.run(1.0)
        assert wire.lines() == ["INVITE", "200 INVITE", "ACK"] * 2
        assert alice.count("media_answered") == 2

    def test_ours_waits_until_the_peers_is_answered_and_acknowledged(self, wire: Wire) -> None:
        alice, bob, ours, theirs = up(wire)
        accepts(alice, sdp("alice", 3))
        theirs.offer(sdp("bob", 2), (), wire.now)
        wire.run(0.015)
        ours.accept_offer(sdp("alice", 2), (), wire.now)
        ours.offer(sdp("alice", 3), (), wire.now)
        assert wire.lines().count("INVITE") == 1
        accepts(bob, sdp("bob", 3))
        wire.run(1.0)
        assert wire.lines().count("INVITE") == 2
        assert wire.lines().index("ACK") < len(wire.lines()) - 1 - wire.lines()[::-1].index("INVITE")

    def test_lost_ack_of_a_reinvite(self, wire: Wire) -> None:
        _, bob, ours, _ = up(wire)
        wire.fate = dropping("ACK")
        accepts(bob, sdp("bob", 2))
        ours.offer(sdp("alice", 2), (), wire.now)
        wire.run(3.0)
        assert wire.lines().count("ACK") == 2
        assert bob.count("call_acknowledged") == 2

    def test_no_ack_to_a_reinvite_releases_the_call(self, wire: Wire) -> None:
        alice, bob, ours, _ = up(wire)
        wire.fate = lambda octets: () if octets.startswith(b"ACK") else (0.0,)
        accepts(bob, sdp("bob", 2))
        ours.offer(sdp("alice", 2), (), wire.now)
        wire.run(40.0)
        assert bob.last["call_ended"][1:3] == (None, 408)
        assert alice.last["call_ended"][1].method == "BYE"

    def test_offer_that_only_got_100_is_taken_back(self, wire: Wire) -> None:
        alice = Phone(wire, "alice", "192.0.2.1", symmetric=True)
        stranger = Stranger(wire, "192.0.2.7")
        stranger_call(stranger, alice)
        alice.session.offer(sdp("alice", 2), (), wire.now)
        wire.run(0.1)
        invite = stranger.last("INVITE")
        stranger.respond(invite, alice, 100)
        wire.run(60.0)
        assert stranger.count("CANCEL") == 1
        stranger.respond(stranger.last("CANCEL"), alice, 200)
        stranger.respond(invite, alice, 487)
        assert alice.last["media_refused"][1] == 487
        assert not alice.session.is_over

    def test_owner_that_does_not_answer_is_answered_for(self, wire: Wire) -> None:
        alice, bob, ours, theirs = up(wire)
        ours.offer(sdp("alice", 2), (), wire.now)
        wire.run(29.0)
        assert alice.last["media_refused"][1] == 504
        theirs.accept_offer(sdp("bob", 2), (), wire.now)
        assert "200 INVITE" not in wire.lines()
        assert bob.count("media_offered") == 1

    def test_silence_ends_the_call(self, wire: Wire) -> None:
        alice, bob, ours, _ = up(wire)
        bob.place.receive = lambda octets, flow, now: None
        ours.offer(sdp("alice", 2), (), wire.now)
        wire.run(33.0)
        assert alice.heard[-2:] == ["media_refused", "call_ended"]
        assert alice.last["call_ended"][1:3] == (None, 408)
        assert "BYE" in wire.lines()

    def test_dialog_that_the_peer_does_not_know(self, wire: Wire) -> None:
        alice, bob, ours, _ = up(wire)
        bob.ua.dialogs.clear()
        ours.offer(sdp("alice", 2), (), wire.now)
        wire.run(1.0)
        assert alice.last["media_refused"][1] == 481
        assert alice.last["call_ended"][2] == 481

    def test_bye_while_an_offer_is_open(self, wire: Wire) -> None:
        alice, bob, ours, theirs = up(wire)
        ours.offer(sdp("alice", 2), (), wire.now)
        wire.run(0.015)
        theirs.bye((), wire.now)
        wire.run(40.0)
        assert "487 INVITE" in wire.lines()
        assert alice.heard[-2:] == ["media_refused", "call_ended"]
        assert not alice.ua.dialogs
        assert not bob.ua.dialogs

    def test_target_is_refreshed_on_both_sides(self, wire: Wire) -> None:
        alice, bob, ours, theirs = up(wire)
        object.__setattr__(alice.profile, "contact", "sip:moved@192.0.2.1")
        object.__setattr__(bob.profile, "contact", "sip:gone@192.0.2.2")
        accepts(bob, sdp("bob", 2))
        ours.offer(sdp("alice", 2), (), wire.now)
        wire.run(1.0)
        assert theirs.dialog is not None
        assert ours.dialog is not None
        assert theirs.dialog.remote_target == "sip:moved@192.0.2.1"
        assert ours.dialog.remote_target == "sip:gone@192.0.2.2"
        assert wire.messages("ACK")[0].request_uri == "sip:gone@192.0.2.2"

    def test_cancelled_reinvite_gets_487(self, wire: Wire) -> None:
        bob = Phone(wire, "bob", "192.0.2.2")
        stranger = Stranger(wire, "192.0.2.7")
        tag = stranger_call(stranger, bob)
        stranger.invite(bob, "Content-Type: application/sdp", sdp("s", 2), cseq=2, to_tag=tag)
        reinvite = [one.octets for one in wire.sent if one.octets.startswith(b"INVITE")][-1]
        head = reinvite.partition(b"Content-Type")[0].replace(b"INVITE", b"CANCEL")
        stranger.send(bob, head + b"\r\n")
        assert stranger.count("INVITE", 487) == 1
        assert bob.session.state is SessionState.CONFIRMED
        bob.session.accept_offer(sdp("bob", 2), (), wire.now)
        assert stranger.count("INVITE", 200) == 1

    def test_second_reinvite_before_the_first_is_answered(self, wire: Wire) -> None:
        bob = Phone(wire, "bob", "192.0.2.2")
        stranger = Stranger(wire, "192.0.2.7")
        tag = stranger_call(stranger, bob)
        for cseq in (2, 3):
            stranger.invite(bob, "Content-Type: application/sdp", sdp("s", cseq), cseq=cseq, to_tag=tag)
        refused = stranger.last("INVITE", 500)
        assert refused.cseq == 3
        assert int(refused.headers.get("retry-after") or "") <= 10

    def test_reinvite_before_the_call_is_answered(self, wire: Wire) -> None:
        bob = Phone(wire, "bob", "192.0.2.2")
        stranger = Stranger(wire, "192.0.2.7")
        stranger.invite(bob)
        stranger.invite(bob, cseq=2, to_tag=bob.session.local_tag)
        assert stranger.last("INVITE", 500).cseq == 2

    def test_replaces_within_a_dialog(self, wire: Wire) -> None:
        bob = Phone(wire, "bob", "192.0.2.2")
        stranger = Stranger(wire, "192.0.2.7")
        tag = stranger_call(stranger, bob)
        stranger.invite(bob, "Replaces: x;to-tag=1;from-tag=2", cseq=2, to_tag=tag)
        assert stranger.count("INVITE", 400) == 1


def stranger_call(stranger: Stranger, bob: Phone) -> str:
    """A call from the stranger that is set up; Bob's tag."""
    answers(bob, sdp("bob"))
    stranger.invite(bob, "Content-Type: application/sdp", sdp("s"))
    tag = bob.session.local_tag
    stranger.request("ACK", bob, stranger.dialog(bob, tag))
    assert bob.session.state is SessionState.CONFIRMED
    return tag


class TestGlare:
    def test_both_offer_at_once_and_both_come_through(self, wire: Wire) -> None:
        alice, bob, ours, theirs = up(wire)
        accepts(alice, sdp("alice", 9))
        accepts(bob, sdp("bob", 9))
        ours.offer(sdp("alice", 2), (), wire.now)
        theirs.offer(sdp("bob", 2), (), wire.now)
        wire.run(10.0)
        assert wire.lines().count("491 INVITE") == 2
        assert alice.count("media_answered") == bob.count("media_answered") == 1
        assert "media_refused" not in alice.heard + bob.heard

    def test_who_chose_the_call_id_waits_longer(self, wire: Wire) -> None:
        alice, bob, ours, theirs = up(wire)
        accepts(alice, sdp("alice", 9))
        accepts(bob, sdp("bob", 9))
        start = wire.now
        ours.offer(sdp("alice", 2), (), wire.now)
        theirs.offer(sdp("bob", 2), (), wire.now)
        wire.run(10.0)
        times = {
            one.source: one.time - start
            for one in wire.sent
            if one.message.method == "INVITE" and one.message.is_request
        }
        assert 2.1 <= times[alice.place.name] <= 4.1
        assert times[bob.place.name] <= 2.1

    def test_glare_without_end_is_a_refusal(self, wire: Wire) -> None:
        alice, bob, ours, _ = up(wire)
        bob.does["media_offered"] = lambda call, request, now: call.refuse_offer(491, (), now)
        ours.offer(sdp("alice", 2), (), wire.now)
        wire.run(60.0)
        assert alice.last["media_refused"][1] == 491
        assert wire.lines().count("INVITE") == 6
        assert ours.state is SessionState.CONFIRMED

    def test_500_with_a_short_retry_after_is_tried_again(self, wire: Wire) -> None:
        alice, bob, ours, _ = up(wire)
        left = [500]

        def answer(call: Session, request: object, now: float) -> None:
            if left:
                call.refuse_offer(left.pop(), (("Retry-After", "3"),), now)
            else:
                call.accept_offer(sdp("bob", 2), (), now)

        bob.does["media_offered"] = answer
        ours.offer(sdp("alice", 2), (), wire.now)
        wire.run(2.9)
        assert wire.lines().count("INVITE") == 1
        wire.run(1.0)
        assert alice.count("media_answered") == 1


class TestUpdate:
    def test_update_without_a_body_is_answered_and_told(self, wire: Wire) -> None:
        _, bob, ours, _ = up(wire)
        ours.update((("P-Asserted-Identity", "<sip:carol@h>"),), wire.now)
        wire.run(1.0)
        assert wire.lines() == ["UPDATE", "200 UPDATE"]
        assert bob.last["call_updated"][1].headers.get("p-asserted-identity") == "<sip:carol@h>"
        assert "media_offered" not in bob.heard

    def test_update_becomes_a_reinvite_where_the_peer_has_none(self, wire: Wire) -> None:
        alice, bob = two_phones(wire, called={"allow": "INVITE, ACK, BYE, CANCEL"})
        ours, _ = call_up(alice, bob)
        accepts(bob, sdp("bob"))
        ours.update((("P-Asserted-Identity", "<sip:carol@h>"),), wire.now)
        wire.run(1.0)
        again = wire.messages("INVITE")[-1]
        assert again.body == sdp("alice")
        assert again.headers.get("p-asserted-identity") == "<sip:carol@h>"
        assert "media_answered" not in alice.heard

    def test_update_with_an_offer(self, wire: Wire) -> None:
        bob = Phone(wire, "bob", "192.0.2.2")
        stranger = Stranger(wire, "192.0.2.7")
        tag = stranger_call(stranger, bob)
        accepts(bob, sdp("bob", 2))
        lines = stranger.dialog(bob, tag) + "\nContent-Type: application/sdp"
        stranger.request("UPDATE", bob, lines, sdp("s", 2), cseq=2)
        assert stranger.last("UPDATE", 200).body == sdp("bob", 2)
        assert bob.session.remote_session == sdp("s", 2)

    def test_update_with_an_offer_while_ours_is_open(self, wire: Wire) -> None:
        bob = Phone(wire, "bob", "192.0.2.2", symmetric=True)
        stranger = Stranger(wire, "192.0.2.7")
        tag = stranger_call(stranger, bob)
        bob.session.offer(sdp("bob", 2), (), wire.now)
        lines = stranger.dialog(bob, tag) + "\nContent-Type: application/sdp"
        stranger.request("UPDATE", bob, lines, sdp("s", 2), cseq=2)
        assert stranger.count("UPDATE", 491) == 1

    def test_update_with_an_offer_before_the_first_is_answered(self, wire: Wire) -> None:
        bob = Phone(wire, "bob", "192.0.2.2")
        stranger = Stranger(wire, "192.0.2.7")
        stranger.invite(bob, "Content-Type: application/sdp", sdp("s"))
        lines = stranger.dialog(bob, bob.session.local_tag) + "\nContent-Type: application/sdp"
        stranger.request("UPDATE", bob, lines, sdp("s", 2), cseq=2)
        assert "retry-after" in stranger.last("UPDATE", 500).headers
