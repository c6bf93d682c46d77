"""Timers of the sans-IO cores: a queue by time, run by whoever keeps the clock."""

from collections.abc import Callable
from functools import partial
from heapq import heapify, heappop, heappush
from itertools import count
from math import ceil

Action = Callable[[float], None]
"""What a timer does: called with the time it is."""

LEEWAY = 0.25
"""Seconds that a timer for which nobody waits may be late."""

_FEWEST = 64


class Timer:
    """One timer that was started; `action` is None when it has been stopped or has run. `slot` holds it together
    with others that run at the same time, if it may be late.
    """

    __slots__ = ("action", "due", "slot")

    def __init__(self, due: float, action: Action, slot: "dict[Timer, None] | None" = None) -> None:
        self.due = due
        self.action: Action | None = action
        self.slot = slot


class TimerQueue:
    """Timers in the order they are due (seconds of any one clock), then in the order they were started."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._slots: dict[int, dict[Timer, None]] = {}
        self._order = count()
        self._stopped = 0

    def start(self, due: float, action: Action) -> Timer:
        """Has `action` run at `due`."""
        timer = Timer(due, action)
        heappush(self._heap, (due, next(self._order), timer))
        return timer

    def start_lax(self, due: float, action: Action) -> Timer:
        """Has `action` run at `due`, or up to LEEWAY later together with others, in any order: whoever keeps the
        clock is not woken for each of the many things that are only to be forgotten.
        """
        number = ceil(due / LEEWAY)
        slot = self._slots.get(number)
        if slot is None:
            slot = self._slots[number] = {}
            self.start(number * LEEWAY, partial(self._run_slot, number))
        timer = Timer(due, action, slot)
        slot[timer] = None
        return timer

    def stop(self, timer: Timer | None) -> None:
        """Nothing happens at that time after all; None and a timer that has run are no error."""
        if timer is None or timer.action is None:
            return
        timer.action = None
        if timer.slot is not None:
            del timer.slot[timer]
        else:
            self._stopped += 1
            if self._stopped > _FEWEST and self._stopped * 2 > len(self._heap):
                self._sweep()

    def next_due(self) -> float | None:
        """When `run` is wanted next; None when no timer is left."""
        heap = self._heap
        while heap and heap[0][2].action is None:
            heappop(heap)
            self._stopped -= 1
        return heap[0][0] if heap else None

    def run(self, now: float) -> None:
        """Runs every timer that is due, those too that these start for no later than `now`."""
        heap = self._heap
        while heap and heap[0][0] <= now:
            timer = heappop(heap)[2]
            action = timer.action
            if action is None:
                self._stopped -= 1
                continue
            timer.action = None
            action(now)

    def __len__(self) -> int:
        return len(self._heap) - self._stopped - len(self._slots) + sum(map(len, self._slots.values()))

    def _run_slot(self, number: int, now: float) -> None:
        slot = self._slots[number]
        try:
            while slot:
                timer, _ = slot.popitem()
                action, timer.action = timer.action, None
                if action is not None:
                    action(now)
        finally:
            # One that raises must not take the others with it.
            del self._slots[number]
            for timer in slot:
                timer.slot = None
                heappush(self._heap, (timer.due, next(self._order), timer))

    def _sweep(self) -> None:
        """Stopped timers would otherwise lie in the queue until their time: 32 s for each answered request."""
        self._heap[:] = [entry for entry in self._heap if entry[2].action is not None]
        heapify(self._heap)
        self._stopped = 0
