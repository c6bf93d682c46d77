"""Who is master (H.245 table C.2), and what is done when the numbers do not tell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.h323.control.determination import outcome
from gateway.h323.control.session import ControlSettings
from gateway.model.timers import TimerQueue
from tests.h323.control.talk import PHONE, Side

_NUMBERS = st.integers(0, 2**24 - 1)


@given(st.sampled_from((50, 60)), _NUMBERS, st.sampled_from((50, 60)), _NUMBERS)
def test_both_sides_come_to_opposite_results_or_to_none(one_type: int, one: int, other_type: int, other: int) -> None:
    here = outcome(one_type, one, other_type, other)
    there = outcome(other_type, other, one_type, one)
    assert (here, there) in ((True, False), (False, True), (None, None))


def test_the_recorded_numbers_make_the_recorded_master() -> None:
    """Pcaps/h323/basic_slowstart_h245tcp: 5345822 tells 15179621 that it is the master."""
    assert outcome(50, 5345822, 50, 15179621) is False
    assert outcome(50, 15179621, 50, 5345822) is True


@pytest.mark.parametrize(("one", "other"), [(7, 7), (0, 2**23), (2**23 + 5, 5)])
def test_numbers_that_are_the_same_or_half_the_range_apart_do_not_tell(one: int, other: int) -> None:
    assert outcome(60, one, 60, other) is None


class _SameNumber:
    """A side whose peer always has its number."""

    def __init__(self, attempts: int = 3) -> None:
        settings = ControlSettings(determination_attempts=attempts)
        self.timers = TimerQueue()
        self.side = Side(self.timers, settings)
        self.side.session.start(PHONE, 0.0)
        _, first = self.side.says("terminalCapabilitySet", "masterSlaveDetermination")
        self.number = first["statusDeterminationNumber"]

    def mirrored(self) -> None:
        value = {"terminalType": 60, "statusDeterminationNumber": self.number}
        self.side.hears("request", "masterSlaveDetermination", value)


def test_identical_numbers_are_drawn_again() -> None:
    same = _SameNumber()
    same.mirrored()
    (again,) = same.side.says("masterSlaveDetermination")
    assert again["statusDeterminationNumber"] != same.number


def test_identical_numbers_each_time_are_given_up() -> None:
    same = _SameNumber()
    for _ in range(2):
        same.mirrored()
        (again,) = same.side.says("masterSlaveDetermination")
        same.number = again["statusDeterminationNumber"]
    same.mirrored()
    same.side.says()
    assert same.side.events("failed") == [("master/slave determination: identical numbers each time",)]


def test_a_reject_has_a_new_number_drawn() -> None:
    same = _SameNumber()
    same.side.hears("response", "masterSlaveDeterminationReject", {"cause": ("identicalNumbers", 0)})
    same.side.says("masterSlaveDetermination")


def test_no_answer_is_told_after_t106() -> None:
    same = _SameNumber()
    same.side.hears("response", "terminalCapabilitySetAck", {"sequenceNumber": 1})
    same.timers.run(31.0)
    same.side.says("masterSlaveDeterminationRelease")
    assert same.side.events("failed") == [("master/slave determination: T106",)]


def test_an_acknowledgement_that_contradicts_is_an_error() -> None:
    side = Side(TimerQueue())
    value = {"terminalType": 50, "statusDeterminationNumber": 1}
    side.hears("request", "masterSlaveDetermination", value)
    (told,) = side.says("masterSlaveDeterminationAck")
    assert told["decision"][0] == "slave"
    side.hears("response", "masterSlaveDeterminationAck", {"decision": ("slave", 0)})
    assert side.session.is_master is None
    assert len(side.events("failed")) == 1
