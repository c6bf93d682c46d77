"""The timer queue: times kept exactly, and times for which nobody waits."""

from functools import partial

import pytest

from gateway.model.timers import LEEWAY, TimerQueue


class Runs:
    """A queue, and what has run when."""

    def __init__(self) -> None:
        self.queue = TimerQueue()
        self.seen: list[tuple[str, float]] = []

    def note(self, name: str, now: float) -> None:
        self.seen.append((name, now))

    def fail(self, now: float) -> None:
        raise ValueError(now)


@pytest.fixture
def runs() -> Runs:
    return Runs()


def test_a_lax_timer_is_never_early_and_at_most_a_leeway_late(runs: Runs) -> None:
    dues = {f"{number}": 3.0 + number * 0.017 for number in range(50)}
    for name, due in dues.items():
        runs.queue.start_lax(due, partial(runs.note, name))
    while (wanted := runs.queue.next_due()) is not None:
        runs.queue.run(wanted)
    assert len(runs.seen) == 50
    assert all(0 <= now - dues[name] <= LEEWAY for name, now in runs.seen)


def test_lax_timers_share_their_wake_ups(runs: Runs) -> None:
    for number in range(100):
        runs.queue.start_lax(3.01 + number / 1000, lambda now: runs.note("lax", now))
    due = runs.queue.next_due()
    assert due is not None
    runs.queue.run(due)
    assert len(runs.seen) == 100
    assert runs.queue.next_due() is None


def test_a_lax_timer_that_was_stopped_does_not_run_and_is_not_kept(runs: Runs) -> None:
    timer = runs.queue.start_lax(1.0, lambda now: runs.note("stopped", now))
    runs.queue.start_lax(1.0, lambda now: runs.note("kept", now))
    assert len(runs.queue) == 2
    runs.queue.stop(timer)
    runs.queue.stop(timer)
    assert len(runs.queue) == 1
    runs.queue.run(5.0)
    assert runs.seen == [("kept", 5.0)]
    assert len(runs.queue) == 0


def test_a_lax_timer_that_raises_leaves_the_others_to_the_next_run(runs: Runs) -> None:
    others = [runs.queue.start_lax(1.0, partial(runs.note, name)) for name in "abc"]
    runs.queue.start_lax(1.0, runs.fail)
    with pytest.raises(ValueError, match=r"1\.0"):
        runs.queue.run(1.0)
    runs.queue.stop(others[0])
    runs.queue.run(1.0)
    assert sorted(runs.seen) == [("b", 1.0), ("c", 1.0)]
    assert len(runs.queue) == 0


def test_a_lax_timer_started_by_another_runs_in_the_same_turn(runs: Runs) -> None:
    def first(now: float) -> None:
        runs.queue.start_lax(now, partial(runs.note, "second"))

    runs.queue.start_lax(1.0, first)
    runs.queue.run(1.0)
    assert runs.seen == [("second", 1.0)]
