"""A response that is sent again and again until its ACK or PRACK comes (RFC 3261 §13.3.1.4, RFC 3262 §3)."""

from collections.abc import Callable

from gateway.model.timers import TimerQueue


class Repetition:
    """Sends at `t1`, then at doubling distances of at most `t2`; gives up after `limit` seconds. Not only over UDP:
    a proxy further on may have lost what a stream has brought it.
    """

    __slots__ = ("_distance", "_end", "_given_up", "_send", "_t2", "_timer", "_timers")

    def __init__(
        self,
        timers: TimerQueue,
        send: Callable[[], None],
        given_up: Callable[[float], None],
        now: float,
        t1: float,
        t2: float,
        limit: float,
    ) -> None:
        self._timers = timers
        self._send = send
        self._given_up = given_up
        self._t2 = t2
        self._distance = t1
        self._end = now + limit
        self._timer = timers.start(now + t1, self._due)

    def stop(self) -> None:
        """It has been confirmed, or nobody waits for it any more."""
        self._timers.stop(self._timer)

    def _due(self, now: float) -> None:
        if now >= self._end:
            self._given_up(now)
            return
        self._send()
        self._distance = min(self._distance * 2, self._t2)
        self._timer = self._timers.start(min(now + self._distance, self._end), self._due)
