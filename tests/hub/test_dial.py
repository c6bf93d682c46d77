"""An attempt to call somebody: targets in turn, redirections, and how long it may ring."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.hub.dial import Dial
from gateway.hub.dial_table import MOST_REDIRECTIONS, TABLE, DialInput, DialState
from gateway.model.call import Answer, Clearing, Progress
from gateway.model.causes import Cause
from gateway.model.parties import Party
from gateway.model.transfer import Kept
from tests.hub.desk import REPLY, Desk, Watcher, asked
from tests.hub.legs import FakeLeg

BUSY = Clearing(486, Cause(17))


def moved(*users: str, status: int = 302, **more: Any) -> Clearing:
    contacts = tuple(Party(uri=f"sip:{user}@elsewhere.invalid") for user in users)
    return Clearing(status, contacts=contacts, **more)


def dialled(desk: Desk, to: str = "2000", **more: Any) -> tuple[Dial, Watcher]:
    watcher = Watcher()
    trunk = more.pop("trunk", "")
    dial = desk.hub.dial(asked(to, **more), "a", watcher, desk.now, trunk=trunk)
    return dial, watcher


def called(desk: Desk) -> list[str]:
    return [leg.request.called.uri.partition("@")[0] for leg in desk.trunks.placed if leg.request]


def test_whoever_wanted_it_gets_the_leg() -> None:
    desk = Desk()
    dial, watcher = dialled(desk)
    leg = desk.trunks.newest
    leg.rings(desk.now)
    assert (dial.state, dial.last_progress) == (DialState.RINGING, Progress(180))
    leg.picks_up(desk.now, REPLY)
    assert watcher.heard == [("progressed", Progress(180)), ("answered", leg, Answer(REPLY))]
    assert dial.is_over
    assert len(desk.timers) == 0


def test_a_trunk_that_is_named_needs_no_route() -> None:
    desk = Desk(routes=[])
    dialled(desk, "sip:bob@teams.invalid;x-t=1", trunk="c", verbatim=True)
    leg = desk.trunks.newest
    assert leg.request is not None
    assert (leg.trunk, leg.request.called.uri) == ("c", "sip:bob@teams.invalid;x-t=1")
    assert leg.request.verbatim


def test_nothing_is_heard_before_the_attempt_is_known() -> None:
    desk = Desk(routes=[])
    _, watcher = dialled(desk)
    assert watcher.heard == []
    desk.advance()
    assert watcher.heard == [("failed", Clearing(404, Cause(3)))]


def test_an_attempt_that_cannot_begin_can_still_be_cancelled() -> None:
    desk = Desk(routes=[])
    dial, watcher = dialled(desk)
    dial.cancel(BUSY, desk.now)
    desk.advance()
    assert watcher.heard == []


def test_who_cancels_hears_nothing_more() -> None:
    desk = Desk()
    dial, watcher = dialled(desk)
    leg = desk.trunks.newest
    dial.cancel(BUSY, desk.now)
    dial.cancel(BUSY, desk.now)
    assert leg.cleared_with is BUSY
    dial.cleared(leg, BUSY, desk.now)
    dial.progressed(leg, Progress(180), desk.now)
    assert watcher.heard == []
    assert len(desk.timers) == 0


def test_who_does_not_even_ring_is_given_up_in_time() -> None:
    desk = Desk(timing={"ring": 60})
    _, watcher = dialled(desk)
    desk.advance(59)
    assert not desk.trunks.newest.gone
    desk.advance(1)
    assert watcher.heard == [("failed", Clearing(408, Cause(102)))]
    assert desk.trunks.newest.cleared_with == Clearing(408, Cause(102))


def test_who_rings_and_rings_does_not_answer() -> None:
    desk = Desk(timing={"ring": 60})
    _, watcher = dialled(desk)
    for _ in range(6):
        desk.trunks.newest.rings(desk.now)
        desk.advance(10)
    assert watcher.heard[-1] == ("failed", Clearing(408, Cause(19)))


# Redirections.


def test_a_redirection_is_followed_by_the_routes() -> None:
    desk = Desk()
    _, watcher = dialled(desk, verbatim=True)
    desk.trunks.newest.hangs_up(desk.now, moved("3001", kept=(Kept("sip", "Diversion", "<sip:d@e>"),)))
    leg = desk.trunks.newest
    assert leg.request is not None
    assert (leg.trunk, leg.request.called.uri) == ("c", "sip:3001@elsewhere.invalid")
    assert not leg.request.verbatim
    assert leg.request.kept == (
        Kept("sip", "Diversion", "<sip:d@e>"),
        Kept("call", "redirected-from", "sip:2000@gateway.invalid"),
        Kept("call", "redirection-status", "302"),
    )
    leg.picks_up(desk.now, REPLY)
    assert watcher.heard == [("answered", leg, Answer(REPLY))]


def test_the_contacts_are_tried_in_their_order_until_one_answers() -> None:
    desk = Desk()
    _, watcher = dialled(desk)
    desk.trunks.newest.hangs_up(desk.now, moved("3001", "3002", "3003"))
    desk.trunks.newest.hangs_up(desk.now, BUSY)
    desk.trunks.newest.picks_up(desk.now, REPLY)
    assert called(desk) == ["sip:2000", "sip:3001", "sip:3002"]
    last = desk.trunks.newest.request
    assert last is not None
    assert [each.value for each in last.kept] == ["sip:2000@gateway.invalid", "302"]
    assert [event for event, *_ in watcher.heard] == ["answered"]


def test_the_last_failure_is_what_is_told() -> None:
    desk = Desk()
    _, watcher = dialled(desk)
    desk.trunks.newest.hangs_up(desk.now, moved("3001", "3002"))
    desk.trunks.newest.hangs_up(desk.now, Clearing(404))
    desk.trunks.newest.hangs_up(desk.now, BUSY)
    assert watcher.heard == [("failed", BUSY)]


def test_a_6xx_speaks_for_all_contacts() -> None:
    desk = Desk()
    _, watcher = dialled(desk)
    desk.trunks.newest.hangs_up(desk.now, moved("3001", "3002"))
    desk.trunks.newest.hangs_up(desk.now, Clearing(603))
    assert watcher.heard == [("failed", Clearing(603))]


def test_contacts_that_lead_in_a_circle_are_not_followed() -> None:
    desk = Desk()
    _, watcher = dialled(desk, "sip:2000@elsewhere.invalid")
    desk.trunks.newest.hangs_up(desk.now, moved("3001"))
    desk.trunks.newest.hangs_up(desk.now, moved("2000", "3001"))
    assert watcher.heard == [("failed", Clearing(482, Cause(25)))]


def test_a_chain_of_redirections_ends() -> None:
    desk = Desk()
    _, watcher = dialled(desk)
    for number in range(20):
        if not desk.trunks.newest.gone:
            desk.trunks.newest.hangs_up(desk.now, moved(f"3{number:03d}"))
    assert len(desk.trunks.placed) == 1 + MOST_REDIRECTIONS
    assert watcher.heard == [("failed", Clearing(482, Cause(25)))]


def test_a_contact_without_route_is_passed_over() -> None:
    desk = Desk(routes=[{"match": "2*", "to": "b"}])
    _, watcher = dialled(desk)
    desk.trunks.newest.hangs_up(desk.now, moved("alice", "2001"))
    assert called(desk) == ["sip:2000", "sip:2001"]
    desk.trunks.newest.hangs_up(desk.now, moved("bob"))
    assert watcher.heard == [("failed", Clearing(404, Cause(3)))]


def test_a_contact_whose_trunk_is_down_is_passed_over() -> None:
    desk = Desk()
    _, watcher = dialled(desk)
    desk.trunks.down = {"c"}
    desk.trunks.newest.hangs_up(desk.now, moved("3001", "2001"))
    assert called(desk) == ["sip:2000", "sip:2001"]
    desk.trunks.newest.hangs_up(desk.now, moved("3002"))
    assert watcher.heard == [("failed", Clearing(503, Cause(41)))]


def test_a_trunk_may_have_redirections_handed_to_the_caller() -> None:
    desk = Desk(trunks={"b": {"redirect": "pass"}})
    caller = desk.calls()
    clearing = moved("3001", "3002")
    desk.trunks.newest.hangs_up(desk.now, clearing)
    assert caller.cleared_with is clearing


@pytest.mark.parametrize("redirect", ["follow", "pass"])
def test_a_redirection_is_told_to_the_transfers(redirect: str) -> None:
    desk = Desk(trunks={"b": {"redirect": redirect}})
    dial, _ = dialled(desk)
    request, clearing = dial.request, moved("3001")
    asked = desk.trunks.newest
    asked.hangs_up(desk.now, clearing)
    assert desk.notes.told == [("redirected", asked, "a", request, clearing, redirect == "follow", desk.now)]


def test_a_redirection_without_contacts_is_a_failure() -> None:
    desk = Desk()
    _, watcher = dialled(desk)
    desk.trunks.newest.hangs_up(desk.now, Clearing(302))
    assert watcher.heard == [("failed", Clearing(302))]
    assert desk.notes.told == []


def test_early_media_of_the_first_target_is_forgotten_with_it() -> None:
    desk = Desk()
    caller = desk.calls()
    first = desk.trunks.newest
    first.rings(desk.now, 183, REPLY)
    caller.offers(desk.now, REPLY)
    assert first.last("offer") == (REPLY,)
    first.hangs_up(desk.now, moved("3001"))
    assert caller.last("decline") == (Clearing(491),)
    desk.trunks.newest.picks_up(desk.now, REPLY)
    assert caller.last("answer") == (Answer(REPLY),)


def test_every_state_knows_every_input() -> None:
    assert set(TABLE) == {(state, each) for state in DialState for each in DialInput}


MOVES = {
    "rings": lambda desk, leg, dial: leg.rings(desk.now),
    "answers": lambda desk, leg, dial: leg.picks_up(desk.now, REPLY),
    "refuses": lambda desk, leg, dial: leg.hangs_up(desk.now, BUSY),
    "declines": lambda desk, leg, dial: leg.hangs_up(desk.now, Clearing(603)),
    "moves": lambda desk, leg, dial: leg.hangs_up(desk.now, moved("3001", "3002", "2001")),
    "moves on": lambda desk, leg, dial: leg.hangs_up(desk.now, moved("3003", "alice")),
    "cancelled": lambda desk, leg, dial: dial.cancel(BUSY, desk.now),
    "waits": lambda desk, leg, dial: desk.advance(200),
}


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(MOVES)), st.integers(0, 7)), max_size=20))
def test_an_attempt_ends_once_and_leaves_no_leg(moves: list[tuple[str, int]]) -> None:
    desk = Desk()
    dial, watcher = dialled(desk)
    cancelled = False
    for name, which in moves:
        if cancelled and name == "cancelled":
            continue
        cancelled = cancelled or (name == "cancelled" and not dial.is_over)
        legs = desk.trunks.placed
        MOVES[name](desk, legs[which % len(legs)], dial)
        assert sum(1 for leg in legs if not leg.gone) <= 1
    desk.advance(3000)
    ends = [event for event, *_ in watcher.heard if event != "progressed"]
    assert ends == [] if cancelled else len(ends) == 1
    left = [leg for leg in desk.trunks.placed if not leg.gone]
    assert left == ([answered(watcher)] if ends == ["answered"] and not answered(watcher).gone else [])
    assert len(desk.timers) == 0


def answered(watcher: Watcher) -> FakeLeg:
    leg = watcher.heard[-1][1]
    assert isinstance(leg, FakeLeg)
    return leg
