"""The basic call through the hub: what one side says reaches the other, and no call is left half alive."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.hub.call_table import TABLE, CallAction, CallInput, CallState
from gateway.model.call import NORMAL, Answer, Clearing, Information, Progress
from gateway.model.causes import Cause
from gateway.model.errors import GatewayError
from gateway.model.parties import Party
from gateway.model.transfer import (
    Kept,
    Outcome,
    PartyUpdate,
    Stage,
    TransferKind,
    TransferOutcome,
    TransferProgress,
    TransferRequest,
)
from tests.hub.desk import REPLY, TALK, Desk, Watcher
from tests.hub.legs import FakeLeg, sdp

BUSY = Clearing(486, Cause(17), "Gone fishing", kept=(Kept("sip", "Reason", "Q.850;cause=17"),))


def test_a_call_is_routed_and_placed_with_what_the_caller_asked_for() -> None:
    desk = Desk()
    desk.calls("3000", hops=12, referred_by="<sip:x@y>", session_id="ab")
    placed = desk.trunks.newest
    assert placed.trunk == "c"
    assert placed.request is not None
    assert placed.request.called.uri == "sip:3000@gateway.invalid"
    assert (placed.request.session, placed.request.hops, placed.request.session_id) == (TALK, 12, "ab")


def test_progress_reaches_the_caller_as_it_is_every_time() -> None:
    desk = Desk()
    caller = desk.calls()
    for status, session in ((183, REPLY), (180, b""), (183, sdp(port=6000))):
        desk.trunks.newest.rings(desk.now, status, session)
    assert [each[1] for each in caller.did] == [
        Progress(183, session=REPLY),
        Progress(180),
        Progress(183, session=sdp(port=6000)),
    ]


@pytest.mark.parametrize("trunk", ["a", "b"])
def test_early_media_is_left_out_where_a_trunk_does_not_want_it(trunk: str) -> None:
    desk = Desk(trunks={trunk: {"early_media": False}})
    caller = desk.calls()
    desk.trunks.newest.rings(desk.now, 183, REPLY)
    assert caller.last("progress") == (Progress(183),)


def test_the_answer_reaches_the_caller() -> None:
    desk = Desk()
    caller, callee = desk.talking()
    assert caller.last("answer") == (Answer(REPLY),)
    call = desk.call_of(caller)
    assert call is desk.call_of(callee)
    assert (call.state, call.caller, call.callee, call.dial) == (CallState.TALKING, caller, callee, None)


def test_an_answer_that_was_given_before_the_call_was_answered_is_said_again() -> None:
    desk = Desk()
    caller = desk.calls()
    desk.trunks.newest.rings(desk.now, 183, REPLY)
    desk.trunks.newest._remote = REPLY
    desk.trunks.newest.owner.answered(desk.trunks.newest, Answer(), desk.now)
    assert caller.last("answer") == (Answer(REPLY),)


@pytest.mark.parametrize("side", [0, 1])
def test_who_hangs_up_takes_the_other_along_in_the_same_words(side: int) -> None:
    desk = Desk()
    legs = desk.talking()
    legs[side].hangs_up(desk.now, BUSY)
    assert legs[1 - side].cleared_with is BUSY
    assert desk.hub.idle


def test_a_refusal_reaches_the_caller_in_the_same_words() -> None:
    desk = Desk()
    caller = desk.calls()
    desk.trunks.newest.hangs_up(desk.now, BUSY)
    assert caller.cleared_with is BUSY
    assert desk.hub.idle


def test_the_log_names_the_dialog_of_the_caller() -> None:
    desk = Desk()
    caller, _ = desk.talking()
    desk.calls()
    desk.trunks.newest.hangs_up(desk.now, BUSY)
    (answered, fields), (failed, reasons) = desk.observer.lines
    assert (answered, fields["leg"], fields["call_id"]) == ("call.answered", caller.id, f"call-{caller.id}")
    assert (failed, reasons["status"], reasons["cause"]) == ("call.failed", 486, 17)


def test_a_caller_who_gives_up_takes_the_attempt_along() -> None:
    desk = Desk()
    caller = desk.calls()
    desk.trunks.newest.rings(desk.now)
    caller.hangs_up(desk.now, BUSY)
    assert desk.trunks.newest.cleared_with is BUSY
    assert desk.hub.idle
    assert len(desk.timers) == 0


def test_an_answer_after_the_caller_has_gone_finds_nobody() -> None:
    desk = Desk()
    caller = desk.calls()
    callee = desk.trunks.newest
    owner = callee.owner
    caller.hangs_up(desk.now)
    owner.answered(callee, Answer(REPLY), desk.now)
    assert caller.asked_to("answer") == 0
    assert desk.hub.idle


def test_without_a_route_the_caller_gets_404() -> None:
    desk = Desk(routes=[{"match": "2*", "to": "b"}])
    caller = desk.calls("alice")
    assert caller.cleared_with == Clearing(404, Cause(3))
    assert desk.hub.idle


def test_a_trunk_that_is_down_is_told_to_the_caller() -> None:
    desk = Desk()
    desk.trunks.down = {"b"}
    assert desk.calls().cleared_with == Clearing(503, Cause(41))
    assert desk.hub.idle


def test_more_calls_than_there_may_be_are_refused_for_a_while() -> None:
    desk = Desk(limits={"calls": 1, "retry_after": 7})
    desk.talking()
    assert desk.calls().cleared_with == Clearing(503, Cause(42), kept=(Kept("sip", "Retry-After", "7"),))
    assert desk.hub.statistics() == {"calls_up": 1, "calls": 1, "answered": 1, "failed": 0, "refused": 1}


def test_who_drains_takes_no_new_calls_and_keeps_the_old_ones() -> None:
    desk = Desk()
    caller, callee = desk.talking()
    desk.hub.drain(desk.now)
    refused = desk.calls().cleared_with
    assert refused is not None
    assert refused.status == 503
    assert not desk.hub.idle
    caller.hangs_up(desk.now)
    assert callee.gone
    assert desk.hub.idle


def test_new_routes_are_for_new_calls() -> None:
    desk = Desk()
    caller, callee = desk.talking()
    desk.hub.configuration = Desk(routes=[{"match": "*", "to": "c"}]).configuration
    desk.calls("2000")
    assert desk.trunks.newest.trunk == "c"
    caller.hangs_up(desk.now)
    assert callee.gone


def test_a_late_offer_is_carried_from_end_to_end() -> None:
    desk = Desk()
    caller = desk.calls(session=b"")
    callee = desk.trunks.newest
    callee.picks_up(desk.now, REPLY)
    assert caller.last("answer") == (Answer(REPLY),)
    caller.acknowledges(desk.now, TALK)
    assert callee.last("confirm") == (TALK,)


def test_a_caller_who_never_answers_a_late_offer_leaves_the_callee_without_media_but_confirmed() -> None:
    desk = Desk()
    desk.calls(session=b"")
    callee = desk.trunks.newest
    callee.picks_up(desk.now, REPLY)
    desk.advance(32)
    assert callee.asked_to("confirm") == 1


def test_an_offer_in_a_reliable_provisional_answer_is_answered_to_who_made_it() -> None:
    desk = Desk()
    caller = desk.calls(session=b"")
    callee = desk.trunks.newest
    callee._confirm_due = True
    callee.rings(desk.now, 183, REPLY)
    caller.acknowledges(desk.now, TALK)
    assert callee.last("confirm") == (TALK,)


def test_what_one_side_says_besides_is_handed_to_the_other() -> None:
    desk = Desk()
    caller, callee = desk.talking()
    dtmf = Information("INFO", "application/dtmf-relay", b"Signal=5")
    caller.owner.informed(caller, dtmf, desk.now)
    assert callee.last("inform") == (dtmf,)
    news = PartyUpdate(Stage.UPDATE, Party(uri="sip:other@b.invalid"))
    callee.owner.updated(callee, news, desk.now)
    assert caller.last("update") == (news,)


def test_what_a_ringing_side_says_besides_reaches_the_caller() -> None:
    desk = Desk()
    caller = desk.calls()
    callee = desk.trunks.newest
    callee.owner.informed(callee, Information("INFO", "text/plain", b"hi"), desk.now)
    callee.owner.updated(callee, PartyUpdate(Stage.UPDATE, Party()), desk.now)
    assert (caller.asked_to("inform"), caller.asked_to("update")) == (1, 1)


def test_an_invite_with_replaces_goes_to_the_transfers() -> None:
    desk = Desk()
    caller, _ = desk.talking()
    new = desk.calls(replaced=caller, trunk="c")
    assert [(told[0], told[1], told[3]) for told in desk.notes.told] == [("replace", new, caller)]


def test_what_concerns_transfers_goes_to_the_transfers() -> None:
    desk = Desk()
    caller, _ = desk.talking()
    owner, request = caller.owner, TransferRequest(TransferKind.BLIND)
    caller.asks(desk.now, "t1", request)
    owner.report_delivered(caller, "t1", desk.now)
    owner.transfer_cancelled(caller, "t1", desk.now)
    owner.transfer_progress(caller, TransferProgress(100), desk.now)
    owner.transfer_outcome(caller, TransferOutcome(Outcome.SUCCEEDED), desk.now)
    assert desk.notes.events() == ["asked", "delivered", "cancelled", "progress", "outcome"]
    assert desk.notes.told[0][1:] == (desk.call_of(caller), caller, "t1", request, None, desk.now)


def test_a_bye_with_also_is_told_before_the_call_ends() -> None:
    desk = Desk()
    caller, callee = desk.talking()
    caller.hangs_up(desk.now, Clearing(kept=(Kept("sip", "Also", "<sip:x@y>"),)))
    assert desk.notes.events() == ["also"]
    assert callee.gone


# Transfers and their keepers.


class Keeper:
    """A transfer that takes care of legs that leave, or does not."""

    def __init__(self, keeps: bool) -> None:
        self.keeps = keeps
        self.heard: list[tuple[Any, ...]] = []

    def left(self, call: Any, leg: Any, clearing: Clearing, now: float) -> bool:
        self.heard.append((call, leg, clearing))
        return self.keeps


def test_a_keeper_saves_the_other_leg() -> None:
    desk = Desk()
    caller, callee = desk.talking()
    call = desk.call_of(caller)
    keeper = call.transfer = Keeper(True)
    caller.hangs_up(desk.now, BUSY)
    assert keeper.heard == [(call, caller, BUSY)]
    assert not callee.gone
    assert (call.state, call.other(callee), list(call.legs())) == (CallState.PARTED, None, [callee])
    callee.offers(desk.now, TALK)
    assert callee.last("decline") == (Clearing(491),)
    call.end(BUSY, desk.now)
    assert callee.cleared_with is BUSY
    assert desk.hub.idle


def test_a_keeper_that_does_not_care_changes_nothing() -> None:
    desk = Desk()
    caller, callee = desk.talking()
    desk.call_of(caller).transfer = Keeper(False)
    caller.hangs_up(desk.now, BUSY)
    assert callee.cleared_with is BUSY


def test_a_leg_that_was_taken_is_not_cleared_with_the_call() -> None:
    desk = Desk()
    caller, callee = desk.talking()
    call = desk.call_of(caller)
    call.take(callee, desk.now)
    assert not call.has(callee)
    caller.hangs_up(desk.now)
    assert not callee.gone
    assert call.has_ended


def test_a_call_whose_legs_were_both_taken_has_ended() -> None:
    desk = Desk()
    caller, callee = desk.talking()
    call = desk.call_of(caller)
    call.take(callee)
    call.take(caller)
    call.take(caller)
    assert call.has_ended
    assert desk.hub.idle
    assert (caller.gone, callee.gone) == (False, False)


def test_an_attempt_that_was_taken_goes_on_without_its_caller() -> None:
    desk = Desk()
    caller, watcher = desk.calls(), Watcher()
    callee = desk.trunks.newest
    call = desk.call_of(caller)
    dial = call.take_dial(watcher, desk.now)
    assert dial is not None
    caller.hangs_up(desk.now)
    assert desk.hub.idle
    callee.rings(desk.now)
    callee.picks_up(desk.now, REPLY)
    assert watcher.heard == [("progressed", Progress(180)), ("answered", callee, Answer(REPLY))]
    assert call.take_dial(watcher) is None


def test_a_caller_that_is_taken_ends_the_attempt() -> None:
    desk = Desk()
    caller = desk.calls()
    desk.call_of(caller).take(caller, desk.now)
    assert desk.trunks.newest.cleared_with == Clearing(487)
    assert not caller.gone
    assert desk.hub.idle


def test_two_legs_whose_media_fits_are_a_call_without_ado() -> None:
    desk = Desk()
    (one, two), (three, four) = desk.talking(), desk.talking()
    call = desk.hub.joined(one, four, desk.now)
    assert (call.caller, call.callee, call.state) == (one, four, CallState.TALKING)
    assert len(desk.hub.calls) == 3
    one.hangs_up(desk.now)
    assert four.gone
    assert not two.gone
    assert not three.gone


# What a restart leaves.


def test_calls_that_are_up_are_kept_and_come_back() -> None:
    desk = Desk()
    caller, callee = desk.talking()
    desk.call_of(caller).referrals = 3
    stored = json.loads(json.dumps(dict(desk.hub.changes())))
    later = Desk()
    for snapshot in stored.values():
        later.hub.restore(snapshot, later.now)
    one, two = later.trunks.placed
    assert (one.id, two.id) == (caller.id, callee.id)
    assert later.call_of(one).referrals == 3
    one.hangs_up(later.now, BUSY)
    assert two.cleared_with is BUSY
    assert dict(later.hub.changes()) == dict.fromkeys(stored, None)


def test_calls_that_were_never_answered_are_not_kept() -> None:
    desk = Desk()
    desk.calls().hangs_up(desk.now)
    desk.calls()
    assert list(desk.hub.changes()) == []


def test_calls_that_came_and_went_are_not_mentioned() -> None:
    desk = Desk()
    desk.talking()[0].hangs_up(desk.now)
    assert list(desk.hub.changes()) == []


def test_a_change_is_told_once_and_only_as_it_is_asked_for() -> None:
    desk = Desk()
    desk.talking()
    desk.talking()
    first = next(desk.hub.changes())
    assert first[1] is not None
    assert [id for id, _ in desk.hub.changes()] != [first[0]]
    assert list(desk.hub.changes()) == []


def test_without_a_store_nothing_is_remembered() -> None:
    desk = Desk()
    desk.hub.keeps_changes = False
    desk.talking()
    assert list(desk.hub.changes()) == []


def test_a_leg_whose_trunk_is_no_more_leaves_the_other_to_be_cleared() -> None:
    desk = Desk()
    desk.talking()
    ((_, snapshot),) = desk.hub.changes()
    later = Desk()
    later.trunks.down = {"b"}
    assert snapshot is not None
    later.hub.restore(snapshot, later.now)
    later.advance(2)
    assert later.trunks.newest.cleared_with == Clearing(503, Cause(41))
    assert later.hub.idle


def test_a_call_without_any_leg_cannot_come_back() -> None:
    desk = Desk()
    with pytest.raises(GatewayError):
        desk.hub.restore({"kind": "call", "id": "x", "caller": None}, desk.now)


def test_a_transfer_comes_back_after_the_calls() -> None:
    desk = Desk()
    desk.hub.restore({"kind": "transfer", "id": "t"}, desk.now)
    assert desk.notes.events() == []
    desk.advance()
    assert desk.notes.events() == ["restore"]


# Every state and every input.


def test_every_state_knows_every_input() -> None:
    assert set(TABLE) == {(state, each) for state in CallState for each in CallInput}
    assert all(TABLE[CallState.ENDED, each][1] is CallState.ENDED for each in CallInput)
    assert TABLE[CallState.ENDED, CallInput.ANSWERED][0] is CallAction.REFUSE


def _moves() -> dict[str, Callable[[Desk, FakeLeg], None]]:
    now = 0.0
    return {
        "rings": lambda desk, leg: leg.rings(desk.now, 183, REPLY) if not leg.incoming else None,
        "answers": lambda desk, leg: leg.picks_up(desk.now, REPLY) if not leg.incoming else None,
        "refuses": lambda desk, leg: leg.hangs_up(desk.now, BUSY),
        "hangs up": lambda desk, leg: leg.hangs_up(desk.now, NORMAL),
        "offers": lambda desk, leg: leg.offers(desk.now, sdp(port=5000 + int(now))),
        "asks for an offer": lambda desk, leg: leg.offers(desk.now, b""),
        "takes": lambda desk, leg: leg.takes(desk.now, REPLY),
        "refuses media": lambda desk, leg: leg.refuses(desk.now),
        "acknowledges": lambda desk, leg: leg.acknowledges(desk.now, TALK),
        "waits": lambda desk, leg: desk.advance(40),
        "waits a bit": lambda desk, leg: desk.advance(1),
    }


MOVES = _moves()


@settings(max_examples=300, deadline=None)
@given(
    st.booleans(),
    st.lists(st.tuples(st.sampled_from(sorted(MOVES)), st.integers(0, 1)), max_size=25),
)
def test_no_call_is_left_half_alive_whatever_happens(late: bool, moves: list[tuple[str, int]]) -> None:
    desk = Desk()
    caller = desk.calls(session=b"" if late else TALK)
    for name, side in moves:
        MOVES[name](desk, (caller, desk.trunks.newest)[side])
        callee = desk.trunks.newest
        both = (caller.gone, callee.gone)
        assert both in ((True, True), (False, False))
        assert desk.hub.idle == caller.gone
        assert not caller.faults + callee.faults
    desk.advance(400)
    for leg in (caller, desk.trunks.newest):
        assert leg.gone or leg.unanswered == 0
        leg.hangs_up(desk.now)
    assert caller.gone
    assert desk.trunks.newest.gone
    assert desk.hub.idle
    assert len(desk.timers) == 0
