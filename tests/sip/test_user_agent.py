"""What a user agent does with requests of all kinds, with challenges, and over a restart."""

import json
from typing import Any

import pytest

from gateway.model.errors import DecodeError
from gateway.sip.digest import Challenger, Verdict
from gateway.sip.flow import Flow
from gateway.sip.message import Message
from gateway.sip.peer_profile import Credential
from gateway.sip.refusal import Refusal
from gateway.sip.session_table import SessionState
from tests.sip.phones import Phone, Stranger, answers, call_up, sdp, two_phones
from tests.sip.test_media_changes import stranger_call
from tests.sip.wire import Tokens, Wire

_ALICE: dict[str, Any] = {"credentials": (Credential("alice", "secret"),)}


@pytest.fixture
def wire() -> Wire:
    return Wire()


def with_stranger(wire: Wire, **profile: Any) -> tuple[Phone, Stranger]:
    return Phone(wire, "bob", "192.0.2.2", symmetric=True, **profile), Stranger(wire, "192.0.2.7")


class TestOutsideOfDialogs:
    def test_owner_may_refuse_anybody(self, wire: Wire) -> None:
        bob, stranger = with_stranger(wire)

        def refuse(request: Message, flow: Flow, now: float) -> None:
            raise Refusal(403, (("Warning", '399 h "no"'),), "Not You")

        bob.does["admit"] = refuse
        stranger.invite(bob)
        refused = stranger.last("INVITE", 403)
        assert (refused.reason, refused.headers.get("warning")) == ("Not You", '399 h "no"')
        assert bob.heard == []

    def test_out_of_hops_is_483_but_not_for_options(self, wire: Wire) -> None:
        bob, stranger = with_stranger(wire)
        for method in ("INVITE", "OPTIONS"):
            stranger.request(method, bob, stranger.dialog(bob).replace("Max-Forwards: 70", "Max-Forwards: 0"))
        assert stranger.count("INVITE", 483) == 1
        assert bob.heard == ["request_received"]

    @pytest.mark.parametrize("method", ["OPTIONS", "INFO", "MESSAGE"])
    def test_owner_answers_these(self, wire: Wire, method: str) -> None:
        bob, stranger = with_stranger(wire)
        bob.does["request_received"] = lambda session, transaction, now: bob.ua.respond(transaction, 202, now=now)
        stranger.request(method, bob, stranger.dialog(bob))
        assert bob.last["request_received"][0] is None
        assert stranger.last(method, 202).to_tag

    @pytest.mark.parametrize(
        ("method", "status"), [("REGISTER", 405), ("PUBLISH", 405), ("NEWMETHOD", 501), ("BYE", 481), ("UPDATE", 481)]
    )
    def test_what_nobody_wants(self, wire: Wire, method: str, status: int) -> None:
        bob, stranger = with_stranger(wire)
        stranger.request(method, bob, stranger.dialog(bob))
        answer = stranger.last(method, status)
        assert status == 481 or "REFER" in answer.headers.all("allow")

    def test_option_that_is_demanded_and_unknown(self, wire: Wire) -> None:
        bob, stranger = with_stranger(wire)
        stranger.invite(bob, "Require: replaces, teleport")
        assert stranger.last("INVITE", 420).headers.get("unsupported") == "teleport"

    def test_body_that_is_no_session_description(self, wire: Wire) -> None:
        bob, stranger = with_stranger(wire)
        stranger.invite(bob, "Content-Type: application/isup", b"\x01")
        assert stranger.last("INVITE", 415).headers.get("accept") == "application/sdp"

    def test_encoding_that_is_unknown(self, wire: Wire) -> None:
        bob, stranger = with_stranger(wire)
        stranger.invite(bob, "Content-Type: application/sdp\nContent-Encoding: gzip", b"\x01")
        assert stranger.last("INVITE", 415).headers.get("accept-encoding") == "identity"

    def test_body_that_may_be_passed_over(self, wire: Wire) -> None:
        bob, stranger = with_stranger(wire)
        stranger.invite(bob, "Content-Type: image/png\nContent-Disposition: icon;handling=optional", b"\x01")
        assert bob.session.remote_session == b""

    def test_session_description_among_other_parts(self, wire: Wire) -> None:
        bob, stranger = with_stranger(wire)
        parts = (
            b"--b\r\nContent-Type: application/pidf+xml\r\n\r\n<x/>\r\n--b\r\ncontent-type: application/sdp\r\n\r\n"
        )
        body = parts + sdp("s") + b"--b--\r\n"
        stranger.invite(bob, 'Content-Type: multipart/mixed;boundary="b"', body)
        assert bob.session.remote_session == sdp("s")

    def test_caller_of_old_without_contact_and_tag(self, wire: Wire) -> None:
        bob, stranger = with_stranger(wire)
        answers(bob, sdp("bob"))
        lines = [line for line in stranger.dialog(bob).split("\n") if not line.startswith("Contact")]
        stranger.request("INVITE", bob, "\n".join(lines).replace(";tag=s", ""))
        assert bob.session.dialog is not None
        assert bob.session.dialog.remote_target == "sip:stranger@192.0.2.7"

    def test_merged_request_is_482(self, wire: Wire) -> None:
        bob, stranger = with_stranger(wire)
        stranger.invite(bob)
        stranger.invite(bob)
        assert stranger.count("INVITE", 482) == 1
        assert bob.count("call_offered") == 1


class TestInDialogs:
    def test_unknown_dialog_is_481(self, wire: Wire) -> None:
        bob, stranger = with_stranger(wire)
        for method in ("INVITE", "BYE", "INFO", "REFER", "OPTIONS", "NOTIFY"):
            stranger.request(method, bob, stranger.dialog(bob, "nobody"))
            assert stranger.count(method, 481) == 1, method

    def test_number_that_goes_back_is_500(self, wire: Wire) -> None:
        bob, stranger = with_stranger(wire)
        tag = stranger_call(stranger, bob)
        stranger.request("INFO", bob, stranger.dialog(bob, tag), cseq=9)
        stranger.request("BYE", bob, stranger.dialog(bob, tag), cseq=8)
        assert stranger.count("BYE", 500) == 1
        assert not bob.session.is_over

    def test_options_in_a_call(self, wire: Wire) -> None:
        bob, stranger = with_stranger(wire)
        tag = stranger_call(stranger, bob)
        stranger.request("OPTIONS", bob, stranger.dialog(bob, tag), cseq=2)
        answer = stranger.last("OPTIONS", 200)
        assert "REFER" in answer.headers.all("allow")
        assert "replaces" in answer.headers.all("supported")

    def test_info_is_the_owners(self, wire: Wire) -> None:
        alice, bob = two_phones(wire)
        ours, theirs = call_up(alice, bob)
        bob.does["request_received"] = lambda session, transaction, now: bob.ua.respond(transaction, 200, now=now)
        ours.send("INFO", (("Content-Type", "application/dtmf-relay"),), b"Signal=1\r\n", None, wire.now)
        wire.run(1.0)
        session, _, _ = bob.last["request_received"]
        assert session is theirs
        assert wire.lines()[-2:] == ["INFO", "200 INFO"]

    def test_unknown_method_in_a_call(self, wire: Wire) -> None:
        bob, stranger = with_stranger(wire)
        tag = stranger_call(stranger, bob)
        stranger.request("NEWMETHOD", bob, stranger.dialog(bob, tag), cseq=2)
        assert "BYE" in stranger.last("NEWMETHOD", 501).headers.all("allow")

    def test_notify_after_the_dialog_has_ended_still_gets_200(self, wire: Wire) -> None:
        bob, stranger = with_stranger(wire)
        tag = stranger_call(stranger, bob)
        stranger.request("BYE", bob, stranger.dialog(bob, tag), cseq=2)
        for cseq in (3, 4):
            lines = stranger.dialog(bob, tag) + "\nEvent: refer\nSubscription-State: terminated;reason=noresource"
            stranger.request("NOTIFY", bob, lines, cseq=cseq)
        assert stranger.count("NOTIFY", 200) == 2

    def test_other_event_packages_are_489(self, wire: Wire) -> None:
        bob, stranger = with_stranger(wire)
        tag = stranger_call(stranger, bob)
        for cseq, method in ((2, "NOTIFY"), (3, "SUBSCRIBE")):
            stranger.request(method, bob, stranger.dialog(bob, tag) + "\nEvent: presence", cseq=cseq)
            assert stranger.last(method, 489).headers.get("allow-events") == "refer"

    def test_refer_event_that_nobody_knows(self, wire: Wire) -> None:
        bob, stranger = with_stranger(wire)
        tag = stranger_call(stranger, bob)
        stranger.request("SUBSCRIBE", bob, stranger.dialog(bob, tag) + "\nEvent: refer;id=7", cseq=2)
        stranger.request("NOTIFY", bob, stranger.dialog(bob, tag) + "\nEvent: refer;id=7", cseq=3)
        assert stranger.count("SUBSCRIBE", 403) == 1
        assert stranger.count("NOTIFY", 481) == 1


class TestChallenges:
    def challenging(self, bob: Phone, *, lifetime: float = 300.0) -> Challenger:
        """Bob admits only who knows Alice's password."""
        challenger = Challenger("bob", ("SHA-256",), Tokens("nonce"), lifetime)
        users = (Credential("alice", "secret", "bob"),)

        def admit(request: Message, flow: Flow, now: float) -> None:
            value = request.headers.get("authorization")
            verdict = Verdict.MALFORMED
            if value:
                verdict = challenger.verify(value, request.method, request.request_uri, request.body, users, now)
            if verdict is not Verdict.OK:
                values = challenger.challenge(now, stale=verdict in (Verdict.STALE, Verdict.REPLAYED))
                raise Refusal(401, tuple(("WWW-Authenticate", one) for one in values))

        bob.does["admit"] = admit
        return challenger

    def test_call_goes_through_with_credentials(self, wire: Wire) -> None:
        alice, bob = two_phones(wire, caller=_ALICE)
        self.challenging(bob)
        ours, _ = call_up(alice, bob)
        assert wire.lines() == ["INVITE", "401 INVITE", "ACK", "INVITE", "200 INVITE", "ACK"]
        assert ours.state is SessionState.CONFIRMED
        first, second = wire.messages("INVITE")
        assert (first.cseq, second.cseq) == (1, 2)
        assert first.call_id == second.call_id
        assert wire.messages("ACK")[-1].headers.get("authorization") == second.headers.get("authorization")
        assert wire.messages("ACK")[-1].cseq == 2

    def test_wrong_password_is_a_refusal_after_one_try(self, wire: Wire) -> None:
        alice, bob = two_phones(wire, caller={"credentials": (Credential("alice", "wrong"),)})
        self.challenging(bob)
        alice.call(bob, sdp("alice"))
        wire.run(5.0)
        assert wire.lines().count("INVITE") == 2
        assert alice.last["call_failed"][1] == 401

    def test_without_credentials_the_challenge_is_handed_up(self, wire: Wire) -> None:
        alice, bob = two_phones(wire)
        self.challenging(bob)
        alice.call(bob, sdp("alice"))
        wire.run(5.0)
        assert "www-authenticate" in alice.last["call_failed"][2].headers

    def test_stale_nonce_is_answered_again(self, wire: Wire) -> None:
        alice, bob = two_phones(wire, caller=_ALICE)
        self.challenging(bob, lifetime=0.015)
        answers(bob, sdp("bob"))
        wire.fate = lambda octets: (0.02,) if octets.startswith(b"INVITE") and wire.now < 1000.05 else (0.0,)
        alice.call(bob, sdp("alice"))
        wire.run(5.0)
        assert wire.lines().count("401 INVITE") >= 2

    def test_cancelled_call_is_not_tried_again(self, wire: Wire) -> None:
        alice, bob = two_phones(wire, caller=_ALICE)
        self.challenging(bob)
        ours = alice.call(bob, sdp("alice"))
        ours.cancel((), wire.now)
        wire.run(5.0)
        assert wire.lines().count("INVITE") == 1
        assert ours.state is SessionState.ENDED

    def test_proxy_and_server_may_both_ask(self, wire: Wire) -> None:
        alice = Phone(wire, "alice", "192.0.2.1", **_ALICE)
        peer = Stranger(wire, "192.0.2.7")
        done: list[int] = []
        uri = "sip:192.0.2.7"
        flows = (peer.place.flow(),)
        alice.ua.options(
            uri, flows, f"<{alice.uri}>", f"<{uri}>", alice.profile, lambda s, now: done.append(s), wire.now
        )
        wire.run(0.1)
        asked = 'Digest realm="r", nonce="n{}", algorithm=MD5'
        peer.respond(peer.last("OPTIONS"), alice, 407, "t", f"Proxy-Authenticate: {asked.format(1)}")
        peer.respond(peer.last("OPTIONS"), alice, 401, "t", f"WWW-Authenticate: {asked.format(2)}")
        last = peer.last("OPTIONS")
        assert "proxy-authorization" in last.headers
        assert "authorization" in last.headers
        peer.respond(last, alice, 200, "t")
        assert done == [200]

    def test_request_in_a_dialog_is_sent_again_with_credentials(self, wire: Wire) -> None:
        bob, stranger = with_stranger(wire, credentials=(Credential("bob", "secret"),))
        stranger_call(stranger, bob)
        bob.session.bye((), wire.now)
        wire.run(0.1)
        stranger.respond(stranger.last("BYE"), bob, 401, "", 'WWW-Authenticate: Digest realm="r", nonce="n"')
        assert stranger.last("BYE").cseq == 2
        assert 'username="bob"' in (stranger.last("BYE").headers.get("authorization") or "")


class TestOptions:
    def test_status_of_the_answer(self, wire: Wire) -> None:
        alice, bob = two_phones(wire)
        bob.does["request_received"] = lambda session, transaction, now: bob.ua.respond(transaction, 404, now=now)
        done: list[int] = []
        arguments = bob.uri, (bob.place.flow(),), f"<{alice.uri}>", f"<{bob.uri}>", alice.profile
        alice.ua.options(*arguments, lambda status, now: done.append(status), wire.now)
        wire.run(1.0)
        assert done == [404]
        assert wire.messages("OPTIONS")[0].headers.get("contact") == f"<{alice.uri}>"

    def test_silence_is_408_and_no_way_503(self, wire: Wire) -> None:
        alice, bob = two_phones(wire)
        bob.place.receive = lambda octets, flow, now: None
        done: list[int] = []
        for flows in ((bob.place.flow(),), ()):
            alice.ua.options(
                *(bob.uri, flows, f"<{alice.uri}>", f"<{bob.uri}>", alice.profile),
                lambda status, now: done.append(status),
                wire.now,
            )
        wire.run(40.0)
        assert done == [503, 408]


class TestRestart:
    def test_call_goes_on_after_a_restart(self, wire: Wire) -> None:
        alice, bob = two_phones(wire)
        ours, theirs = call_up(alice, bob)
        kept = json.loads(json.dumps(theirs.snapshot()))
        again = Phone(wire, "bob", "192.0.2.2")
        restored = again.ua.restore_session(kept, again.profile, wire.now)
        assert (restored.call_id, restored.local_tag, restored.remote_tag) == (
            *(theirs.call_id, theirs.local_tag, theirs.remote_tag),
        )
        assert (restored.local_session, restored.remote_session) == (sdp("bob"), sdp("alice"))
        assert restored.peer_allows == theirs.peer_allows
        alice.does["media_offered"] = lambda call, request, now: call.accept_offer(sdp("alice", 2), (), now)
        restored.offer(sdp("bob", 2), (), wire.now)
        wire.run(1.0)
        assert ours.remote_session == sdp("bob", 2)
        ours.bye((), wire.now)
        wire.run(1.0)
        assert again.last["call_ended"][0] is restored

    def test_octets_that_are_no_text_survive(self, wire: Wire) -> None:
        alice, bob = two_phones(wire)
        _, theirs = call_up(alice, bob)
        theirs.remote_session = bytes(range(256))
        kept = json.loads(json.dumps(theirs.snapshot()))
        again = Phone(wire, "bob", "192.0.2.2")
        assert again.ua.restore_session(kept, again.profile, wire.now).remote_session == bytes(range(256))

    def test_connection_of_the_old_process_is_not_used(self, wire: Wire) -> None:
        alice, bob = two_phones(wire)
        _, theirs = call_up(alice, bob)
        assert theirs.dialog is not None
        theirs.dialog.flow = theirs.dialog.flow._replace(connection=7)
        again = Phone(wire, "bob", "192.0.2.2")
        restored = again.ua.restore_session(theirs.snapshot(), again.profile, wire.now)
        assert restored.flow is not None
        assert restored.flow.connection == 0

    def test_session_timer_runs_again(self, wire: Wire) -> None:
        timed = {"session_expires": 1800}
        alice, bob = two_phones(wire, caller=timed, called=timed)
        ours, _ = call_up(alice, bob)
        again = Phone(wire, "alice", "192.0.2.1", session_expires=1800)
        again.ua.restore_session(ours.snapshot(), again.profile, wire.now)
        alice.ua.dialogs.clear()
        ours.timer.stop()
        before = len(wire.sent)
        wire.run(451.0)
        assert wire.lines()[before:] == ["UPDATE", "200 UPDATE"]

    @pytest.mark.parametrize("kept", [{}, {"dialog": None}, {"dialog": {}}, {"dialog": {"call_id": "x", "tags": 7}}])
    def test_what_is_no_snapshot(self, wire: Wire, kept: dict[str, object]) -> None:
        bob = Phone(wire, "bob", "192.0.2.2")
        with pytest.raises(DecodeError):
            bob.ua.restore_session(kept, bob.profile, wire.now)
        assert not bob.ua.dialogs
