"""Media within a call: re-INVITEs go from end to end, one at a time, and each is answered."""

from itertools import product

import pytest

from gateway.hub.media import MediaExchange
from gateway.hub.media_fit import is_news
from gateway.hub.media_table import TABLE, MediaInput, MediaState
from gateway.model.call import Capability, Clearing
from gateway.model.timers import TimerQueue
from tests.hub.desk import REPLY, TALK, Desk
from tests.hub.legs import ABLE, FakeLeg, sdp

HOLD = sdp("192.0.2.1", direction="sendonly")
HELD = sdp("192.0.2.2", direction="recvonly")
NO_LATE_OFFERS = ABLE - {Capability.LATE_OFFER}


@pytest.mark.parametrize("side", [0, 1])
def test_hold_and_its_answer_go_from_end_to_end(side: int) -> None:
    desk = Desk()
    legs = desk.talking()
    holding, other = legs[side], legs[1 - side]
    holding.offers(desk.now, HOLD)
    assert other.last("offer") == (HOLD,)
    other.takes(desk.now, HELD)
    assert holding.last("accept") == (HELD,)


def test_a_refusal_comes_back_and_the_call_goes_on() -> None:
    desk = Desk()
    caller, callee = desk.talking()
    caller.offers(desk.now, HOLD)
    callee.refuses(desk.now, 488)
    assert caller.last("decline") == (Clearing(488),)
    assert not caller.gone
    assert not callee.gone


def test_a_request_for_an_offer_goes_from_end_to_end() -> None:
    desk = Desk()
    caller, callee = desk.talking()
    caller.offers(desk.now, b"")
    assert callee.last("offer") == (b"",)
    callee.takes(desk.now, REPLY)
    assert caller.last("accept") == (REPLY,)
    caller.acknowledges(desk.now, TALK)
    assert callee.last("confirm") == (TALK,)


def test_who_cannot_make_an_offer_is_stood_in_for_by_its_last_description() -> None:
    desk = Desk()
    desk.trunks.capabilities["b"] = NO_LATE_OFFERS
    caller, callee = desk.talking()
    caller.offers(desk.now, b"")
    assert caller.last("accept") == (REPLY,)
    assert callee.asked_to("offer") == 0
    caller.acknowledges(desk.now, TALK)
    assert callee.asked_to("offer") == 0


def test_what_is_answered_to_a_stand_in_is_told_where_it_is_news() -> None:
    desk = Desk()
    desk.trunks.capabilities["b"] = NO_LATE_OFFERS
    caller, callee = desk.talking()
    caller.offers(desk.now, b"")
    caller.acknowledges(desk.now, HOLD)
    assert callee.last("offer") == (HOLD,)
    callee.takes(desk.now, HELD)
    caller.offers(desk.now, TALK)
    assert callee.last("offer") == (TALK,)


def test_offers_that_cross_are_declined_with_491() -> None:
    desk = Desk()
    caller, callee = desk.talking()
    caller.offers(desk.now, HOLD)
    callee.owner.media_offered(callee, REPLY, desk.now)
    assert callee.last("decline") == (Clearing(491),)
    callee.takes(desk.now, HELD)
    assert caller.last("accept") == (HELD,)


def test_an_offer_is_not_put_on_top_of_one_that_is_still_unanswered() -> None:
    desk = Desk()
    caller, callee = desk.talking()
    callee.offer(TALK, desk.now)
    caller.offers(desk.now, HOLD)
    assert caller.last("decline") == (Clearing(491),)
    callee.takes(desk.now, HELD)
    caller.offers(desk.now, HOLD)
    assert callee.last("offer") == (HOLD,)


def test_who_never_answers_is_waited_for_for_32_seconds() -> None:
    desk = Desk()
    caller, callee = desk.talking()
    caller.offers(desk.now, HOLD)
    desk.advance(31.9)
    assert caller.asked_to("decline") == 0
    desk.advance(0.2)
    assert caller.last("decline") == (Clearing(408),)
    callee.takes(desk.now, HELD)
    assert caller.asked_to("accept") == 0
    assert not callee.gone


def test_an_offer_that_was_waited_for_too_long_is_confirmed_with_what_was_said_before() -> None:
    desk = Desk()
    caller, callee = desk.talking()
    caller.offers(desk.now, b"")
    desk.advance(33)
    callee.takes(desk.now, sdp(port=7000))
    assert callee.last("confirm") == (TALK,)


@pytest.mark.parametrize("taken", [0, 1])
def test_when_the_legs_part_the_one_who_offered_gets_an_answer(taken: int) -> None:
    desk = Desk()
    legs = desk.talking()
    caller, callee = legs
    caller.offers(desk.now, HOLD)
    desk.call_of(caller).take(legs[taken], desk.now)
    assert caller.last("decline") == (Clearing(491),)
    assert caller.unanswered == 0
    assert callee.offering


def test_when_the_legs_part_the_one_who_made_an_offer_gets_an_answer() -> None:
    desk = Desk()
    caller, callee = desk.talking()
    caller.offers(desk.now, b"")
    callee.takes(desk.now, REPLY)
    desk.call_of(caller).take(caller, desk.now)
    assert callee.last("confirm") == (TALK,)


def test_an_offer_before_the_answer_goes_to_the_ringing_side_and_back() -> None:
    desk = Desk()
    caller = desk.calls()
    callee = desk.trunks.newest
    callee.rings(desk.now, 183, REPLY)
    caller.offers(desk.now, HOLD)
    assert callee.last("offer") == (HOLD,)
    callee.takes(desk.now, HELD)
    assert caller.last("accept") == (HELD,)
    callee.offers(desk.now, REPLY)
    assert caller.last("offer") == (REPLY,)
    caller.refuses(desk.now)
    assert callee.last("decline") == (Clearing(488),)


def test_an_answer_with_an_offer_settles_what_was_under_way_before_it() -> None:
    desk = Desk()
    caller = desk.calls(session=b"")
    callee = desk.trunks.newest
    caller.offers(desk.now, HOLD)
    callee.picks_up(desk.now, REPLY)
    assert caller.last("decline") == (Clearing(491),)
    caller.acknowledges(desk.now, TALK)
    assert callee.last("confirm") == (TALK,)


def test_every_state_knows_every_input_and_none_waits_for_ever() -> None:
    assert set(TABLE) == set(product(MediaState, MediaInput))
    assert all(TABLE[state, MediaInput.SILENCE][1] is MediaState.IDLE for state in MediaState)
    assert all(TABLE[state, MediaInput.ABANDONED][1] is MediaState.IDLE for state in MediaState)


def test_no_state_fails_on_any_event() -> None:
    """Whatever comes, from whichever side, in whatever state, is dealt with."""
    events = ("offered", "accepted", "declined", "confirmed", "abandon")
    for first, second, third in product(events, repeat=3):
        timers = TimerQueue()
        legs = (FakeLeg("a", remote=TALK, answered=True), FakeLeg("b", remote=REPLY, answered=True))
        exchange = MediaExchange(timers, 0.5)
        for number, event in enumerate((first, second, third)):
            leg, other = legs[number % 2], legs[1 - number % 2]
            if event == "offered":
                leg.unanswered += 1
                exchange.offered(leg, other, b"" if number else HOLD, 0.0)
            elif event == "declined":
                exchange.declined(leg, Clearing(488), 0.0)
            elif event == "abandon":
                exchange.abandon(0.0)
            else:
                getattr(exchange, event)(leg, REPLY, 0.0)
        timers.run(100.0)
        assert exchange.state is MediaState.IDLE
        assert legs[0].unanswered == legs[1].unanswered == 0
        assert not legs[0].faults + legs[1].faults


# What one side has to be told of the other.

FULL = sdp("192.0.2.1", formats="0 8 101")


@pytest.mark.parametrize(
    ("now", "before", "own", "news"),
    [
        (FULL, FULL, REPLY, False),
        (FULL.replace(b"o=- 1 1", b"o=- 7 9"), FULL, REPLY, False),
        (sdp("192.0.2.1", formats="0 101"), FULL, sdp("192.0.2.2", formats="0 101"), False),
        (sdp("192.0.2.1", formats="8 101"), FULL, sdp("192.0.2.2", formats="0 101"), True),
        (sdp("192.0.2.1", formats="0 8 18 101"), FULL, REPLY, False),
        (sdp("192.0.2.1", port=4002), FULL, REPLY, True),
        (sdp("192.0.2.9"), FULL, REPLY, True),
        (HOLD, FULL, REPLY, True),
        (FULL, HOLD, REPLY, True),
        (FULL, b"", REPLY, True),
        (FULL, FULL + b"m=video 5000 RTP/AVP 31\r\n", REPLY, True),
        (FULL + b"a=crypto:1 A B\r\n", FULL, REPLY, True),
        (b"none", b"other", REPLY, True),
    ],
)
def test_what_is_news(now: bytes, before: bytes, own: bytes, news: bool) -> None:
    assert is_news(now, before, own) is news
