"""The callIdentities that we have given to calls of H.323 peers, on whichever trunk (H.450.2 §9)."""

from typing import TYPE_CHECKING, NamedTuple

from gateway.interworking.transfer_ladder import share_signalling
from gateway.model.timers import Timer, TimerQueue

if TYPE_CHECKING:
    from gateway.ends.h323_leg import H323Leg
    from gateway.ends.h323_line import H323Line

_HIGHEST = 9_999


class Named(NamedTuple):
    """A call that has a name, until CT-T2 runs out."""

    leg: "H323Leg"
    timer: Timer


class H323Identities:
    """Numbers of one to four digits, each for one call at a time."""

    def __init__(self, timers: TimerQueue) -> None:
        self._timers = timers
        self._named: dict[int, Named] = {}
        self._of: dict[H323Leg, int] = {}
        self._last = 0

    def name(self, leg: "H323Leg", seconds: float, now: float) -> str:
        """A new name for the leg's call; an old one is void. "" when all are taken."""
        self.forget(leg)
        for _ in range(min(_HIGHEST, len(self._named) + 1)):
            self._last = self._last % _HIGHEST + 1
            if self._last not in self._named:
                break
        else:
            return ""
        timer = self._timers.start(now + seconds, lambda then: self.forget(leg))
        self._named[self._last] = Named(leg, timer)
        self._of[leg] = self._last
        return str(self._last)

    def find(self, digits: str, line: "H323Line") -> "H323Leg | None":
        """The call of that name, for a peer of `line`: one of its own trunk, or of a trunk in its group."""
        found = self._named.get(int(digits)) if digits.isdecimal() else None
        if found is None or not share_signalling(found.leg.line.settings, line.settings):
            return None
        return found.leg

    def forget(self, leg: "H323Leg") -> None:
        """The name is void."""
        number = self._of.pop(leg, None)
        if number is not None:
            self._timers.stop(self._named.pop(number).timer)
