"""INVITE with Replaces or Join, row by row (RFC 3891 §3, RFC 3911 §4)."""

import pytest

from gateway.sip.session import Session
from tests.sip.phones import Phone, Stranger, answers, call_up, sdp, two_phones
from tests.sip.wire import Wire


@pytest.fixture
def wire() -> Wire:
    return Wire()


def ask(wire: Wire, bob: Phone, *lines: str, call_id: str = "new") -> tuple[int, str]:
    """An INVITE from somebody else with these lines; the final response to it, 0 while there is none."""
    stranger = Stranger(wire, "192.0.2.7")
    head = stranger.dialog(bob, call_id=call_id)
    stranger.request("INVITE", bob, "\n".join((head, "Content-Type: application/sdp", *lines)), sdp("s"))
    found = [one for one in stranger.received if one.status >= 200]
    return (found[0].status, found[0].reason) if found else (0, "")


def named(session: Session, flags: str = "") -> str:
    return f"{session.call_id};to-tag={session.local_tag};from-tag={session.remote_tag}{flags}"


def test_confirmed_call_can_be_replaced(wire: Wire) -> None:
    alice, bob = two_phones(wire)
    _, theirs = call_up(alice, bob)
    bob.does.clear()
    assert ask(wire, bob, f"Replaces: {named(theirs)}")[0] == 0
    assert bob.session.replaces is theirs
    assert not theirs.is_over


def test_tags_are_read_by_our_role_in_the_call(wire: Wire) -> None:
    alice, bob = two_phones(wire)
    ours, _ = call_up(alice, bob)
    assert ask(wire, alice, f"Replaces: {named(ours)}")[0] == 0
    assert alice.session.replaces is ours
    swapped = f"{ours.call_id};to-tag={ours.remote_tag};from-tag={ours.local_tag}"
    assert ask(wire, alice, f"Replaces: {swapped}", call_id="other")[0] == 481


@pytest.mark.parametrize(
    "lines",
    [
        ("Replaces: a;to-tag=1;from-tag=2", "Replaces: b;to-tag=1;from-tag=2"),
        ("Replaces: a;to-tag=1;from-tag=2, b;to-tag=1;from-tag=2",),
        ("Replaces: a;to-tag=1;from-tag=2", "Join: a;to-tag=1;from-tag=2"),
        ("Replaces: a;to-tag=1",),
        ("Replaces: a;from-tag=1;from-tag=2;to-tag=3",),
        ("Join: a;to-tag=1",),
    ],
)
def test_what_cannot_be_read_or_contradicts_itself_is_400(wire: Wire, lines: tuple[str, ...]) -> None:
    assert ask(wire, Phone(wire, "bob", "192.0.2.2"), *lines)[0] == 400


def test_no_match_is_481(wire: Wire) -> None:
    bob = Phone(wire, "bob", "192.0.2.2")
    assert ask(wire, bob, "Replaces: a;to-tag=1;from-tag=2")[0] == 481
    assert ask(wire, bob, "Join: a;to-tag=1;from-tag=2")[0] == 481


def test_call_that_has_just_ended_is_603(wire: Wire) -> None:
    alice, bob = two_phones(wire)
    ours, theirs = call_up(alice, bob)
    name = named(theirs)
    ours.bye((), wire.now)
    wire.run(1.0)
    assert ask(wire, bob, f"Replaces: {name}")[0] == 603


def test_early_only_of_a_confirmed_call_is_486(wire: Wire) -> None:
    alice, bob = two_phones(wire)
    _, theirs = call_up(alice, bob)
    assert ask(wire, bob, f"Replaces: {named(theirs, ';early-only')}")[0] == 486


def test_ringing_call_of_ours_can_be_replaced(wire: Wire) -> None:
    alice, bob = two_phones(wire)
    bob.does["call_offered"] = lambda call, request, now: call.progress(180, (), b"", now)
    ours = alice.call(bob, sdp("alice"))
    wire.run(1.0)
    assert ask(wire, alice, f"Replaces: {named(ours, ';early-only')}")[0] == 0
    assert alice.session.replaces is ours


def test_ringing_call_that_is_not_ours_is_481_and_left_alone(wire: Wire) -> None:
    alice, bob = two_phones(wire)
    bob.does["call_offered"] = lambda call, request, now: call.progress(180, (), b"", now)
    alice.call(bob, sdp("alice"))
    wire.run(1.0)
    theirs = bob.session
    assert ask(wire, bob, f"Replaces: {named(theirs)}")[0] == 481
    assert theirs.is_early
    assert not theirs.is_over


def test_tag_0_stands_for_a_peer_without_tag(wire: Wire) -> None:
    bob = Phone(wire, "bob", "192.0.2.2")
    old = Stranger(wire, "192.0.2.8")
    answers(bob, sdp("bob"))
    lines = old.dialog(bob).replace(";tag=s", "")
    old.request("INVITE", bob, lines)
    session = bob.session
    assert session.remote_tag == ""
    bob.does.clear()
    assert ask(wire, bob, f"Replaces: one;to-tag={session.local_tag};from-tag=0")[0] == 0
    assert bob.session.replaces is session


def test_join_of_a_call_of_ours_is_refused_clearly(wire: Wire) -> None:
    alice, bob = two_phones(wire)
    _, theirs = call_up(alice, bob)
    assert ask(wire, bob, f"Join: {named(theirs)}") == (488, "Calls Cannot Be Joined Here")


def test_join_demanded_by_option_is_420(wire: Wire) -> None:
    bob = Phone(wire, "bob", "192.0.2.2")
    assert ask(wire, bob, "Require: join", "Join: a;to-tag=1;from-tag=2")[0] == 420


def test_refusing_the_new_call_leaves_the_old_one(wire: Wire) -> None:
    alice, bob = two_phones(wire)
    ours, theirs = call_up(alice, bob)
    bob.does["call_offered"] = lambda call, request, now: call.refuse(488, (), now)
    assert ask(wire, bob, f"Replaces: {named(theirs)}")[0] == 488
    wire.run(40.0)
    assert not ours.is_over
    assert not theirs.is_over


@pytest.mark.parametrize("method", ["OPTIONS", "INFO", "REFER"])
def test_nothing_but_an_invite_can_replace_a_call(wire: Wire, method: str) -> None:
    alice, bob = two_phones(wire)
    _, theirs = call_up(alice, bob)
    stranger = Stranger(wire, "192.0.2.7")
    lines = (stranger.dialog(bob, call_id="new"), "Refer-To: <sip:c@d>", f"Replaces: {named(theirs)}")
    stranger.request(method, bob, "\n".join(lines).replace("INVITE", method))
    assert [one.status for one in stranger.received] == [400]
