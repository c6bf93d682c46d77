"""Session timers, both roles (RFC 4028)."""

import pytest

from gateway.sip.session_table import SessionState
from tests.sip.phones import Phone, Stranger, answers, call_up, sdp, two_phones
from tests.sip.wire import Wire

_TIMED = {"session_expires": 1800}


@pytest.fixture
def wire() -> Wire:
    return Wire()


def test_refresher_is_the_caller_and_refreshes_by_update(wire: Wire) -> None:
    alice, bob = two_phones(wire, caller=_TIMED, called=_TIMED)
    ours, theirs = call_up(alice, bob)
    answer = wire.messages("200 INVITE")[0]
    assert answer.headers.get("session-expires") == "1800;refresher=uac"
    assert "timer" in answer.headers.all("require")
    wire.run(905.0)
    assert wire.lines()[3:] == ["UPDATE", "200 UPDATE"]
    assert wire.messages("UPDATE")[0].headers.get("session-expires") == "1800;refresher=uac"
    wire.run(9_000.0)
    assert wire.lines().count("UPDATE") == 11
    assert (ours.state, theirs.state) == (SessionState.CONFIRMED, SessionState.CONFIRMED)


def test_refresh_by_reinvite_where_the_peer_knows_no_update(wire: Wire) -> None:
    timed = {"session_expires": 1800, "allow": "INVITE, ACK, BYE, CANCEL"}
    alice, bob = two_phones(wire, caller=timed, called=timed)
    bob.does["media_offered"] = lambda call, request, now: call.accept_offer(call.local_session, (), now)
    call_up(alice, bob)
    wire.run(905.0)
    assert wire.lines()[3:] == ["INVITE", "200 INVITE", "ACK"]
    assert wire.messages("INVITE")[1].body == sdp("alice")
    assert "media_answered" not in alice.heard


def test_missing_refresh_ends_the_call_before_it_expires(wire: Wire) -> None:
    alice, bob = two_phones(wire, caller=_TIMED, called=_TIMED)
    call_up(alice, bob)
    bob.place.send = lambda flow, octets: None  # type: ignore[method-assign]
    alice.ua.dialogs.clear()
    alice.place.receive = lambda octets, flow, now: None
    wire.fate = lambda octets: ()
    wire.run(1764.0)
    assert "call_ended" not in bob.heard
    wire.run(5.0)
    assert bob.last["call_ended"][1:3] == (None, 408)


def test_refresh_that_is_not_answered_ends_the_call(wire: Wire) -> None:
    alice, bob = two_phones(wire, caller=_TIMED, called=_TIMED)
    call_up(alice, bob)
    wire.fate = lambda octets: ()
    wire.run(934.0)
    assert alice.last["call_ended"][1:3] == (None, 408)


def test_refresh_of_an_unknown_dialog_ends_the_call(wire: Wire) -> None:
    alice, bob = two_phones(wire, caller=_TIMED, called=_TIMED)
    call_up(alice, bob)
    bob.ua.dialogs.clear()
    wire.run(905.0)
    assert alice.last["call_ended"][1:3] == (None, 481)


def test_called_side_refreshes_for_a_caller_without_timers(wire: Wire) -> None:
    alice, bob = two_phones(wire, caller={"supported": ()}, called=_TIMED)
    call_up(alice, bob)
    answer = wire.messages("200 INVITE")[0]
    assert answer.headers.get("session-expires") == "1800;refresher=uas"
    assert "require" not in answer.headers
    wire.run(905.0)
    assert wire.lines(source=bob.place.name)[-1] == "UPDATE"


def test_shortest_of_both_wishes_counts(wire: Wire) -> None:
    alice, bob = two_phones(wire, caller={"session_expires": 600}, called=_TIMED)
    ours, _ = call_up(alice, bob)
    assert ours.timer.interval == 600


def test_too_short_an_interval_is_422_and_asked_again(wire: Wire) -> None:
    alice, bob = two_phones(wire, caller={"session_expires": 100}, called={"session_expires": 1800, "min_se": 300})
    ours, _ = call_up(alice, bob)
    assert wire.lines() == ["INVITE", "422 INVITE", "ACK", "INVITE", "200 INVITE", "ACK"]
    again = wire.messages("INVITE")[1]
    assert (again.headers.get("session-expires"), again.headers.get("min-se")) == ("300", "300")
    assert again.call_id == wire.messages("INVITE")[0].call_id
    assert again.cseq == 2
    assert ours.timer.interval == 300


def test_answer_without_session_expires_means_no_timer(wire: Wire) -> None:
    alice, bob = two_phones(wire, caller=_TIMED, called={"supported": ()})
    ours, _ = call_up(alice, bob)
    assert ours.timer.interval == 0
    wire.run(40.0)
    assert len(wire.timers) == 0


def test_peer_that_wants_to_be_refreshed(wire: Wire) -> None:
    bob = Phone(wire, "bob", "192.0.2.2", session_expires=1800, symmetric=True)
    stranger = Stranger(wire, "192.0.2.7")
    answers(bob, sdp("bob"))
    stranger.invite(bob, "Supported: timer\nAllow: UPDATE\nSession-Expires: 200;refresher=uas")
    assert stranger.last("INVITE", 200).headers.get("session-expires") == "200;refresher=uas"
    stranger.request("ACK", bob, stranger.dialog(bob, bob.session.local_tag))
    wire.run(101.0)
    assert stranger.count("UPDATE") > 0
    stranger.respond(stranger.last("UPDATE"), bob, 500)
    # What was refused for now is tried again while there is time, then the call is given up.
    wire.run(51.0)
    again = stranger.last("UPDATE")
    assert again.cseq == 2
    stranger.respond(again, bob, 200, "", "Session-Expires: 200;refresher=uac")
    wire.run(90.0)
    assert "call_ended" not in bob.heard


def test_refresh_of_the_peer_is_answered_here(wire: Wire) -> None:
    bob = Phone(wire, "bob", "192.0.2.2", session_expires=1800, symmetric=True)
    stranger = Stranger(wire, "192.0.2.7")
    answers(bob, sdp("bob"))
    stranger.invite(bob, "Supported: timer\nSession-Expires: 200;refresher=uac")
    lines = stranger.dialog(bob, bob.session.local_tag)
    stranger.request("ACK", bob, lines)
    for cseq in range(2, 6):
        wire.run(100.0)
        more = "\nSupported: timer\nSession-Expires: 200;refresher=uac"
        stranger.request("UPDATE", bob, lines + more, cseq=cseq)
        assert stranger.last("UPDATE", 200).headers.get("session-expires") == "200;refresher=uac"
    assert "call_ended" not in bob.heard
    wire.run(170.0)
    assert bob.last["call_ended"][2] == 408
