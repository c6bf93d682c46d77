"""The session timer of one session: who refreshes it, and when it has run out (RFC 4028)."""

from collections.abc import Callable
from zlib import crc32

from gateway.model.timers import Timer, TimerQueue
from gateway.sip.dialog import Fields
from gateway.sip.message import Headers, Message
from gateway.sip.peer_profile import PeerProfile

_LEAST = 90
_MARGIN = 32.0


def interval_of(headers: Headers) -> tuple[int, str]:
    """Session-Expires: seconds (0 when it is not there or no number) and refresher ("uac", "uas" or "")."""
    value = headers.get("session-expires")
    if not value:
        return 0, ""
    number, _, parameters = value.partition(";")
    number = number.strip()
    refresher = parameters.lower().partition("refresher=")[2].strip()[:3]
    return int(number) if number.isdecimal() and len(number) < 10 else 0, refresher


def least_of(headers: Headers) -> int:
    """Min-SE, in seconds; its default when it is not there (§5)."""
    number = (headers.get("min-se") or "").partition(";")[0].strip()
    return max(int(number), _LEAST) if number.isdecimal() and len(number) < 10 else _LEAST


def is_too_small(request: Message, profile: PeerProfile) -> bool:
    """Whether a request is to be refused with 422 (§9): too short, and its sender knows what 422 means."""
    interval, _ = interval_of(request.headers)
    return 0 < interval < profile.min_se and "timer" in request.headers.all("supported")


def asked(profile: PeerProfile, least: int = 0) -> Fields:
    """What an INVITE of ours says of the timer (§7.1); `least` is the Min-SE of a 422."""
    if not profile.session_expires or "timer" not in profile.supported:
        return ()
    shortest = max(profile.min_se, least)
    expires = ("Session-Expires", str(max(profile.session_expires, shortest)))
    return (expires, ("Min-SE", str(shortest))) if shortest > _LEAST else (expires,)


class SessionTimer:
    """`interval` is seconds, 0 while there is no timer. The refresher refreshes at half of it; the other gives the
    call up shortly before its end (§10).
    """

    __slots__ = ("_expired", "_refresh", "_timer", "_timers", "_until", "interval", "is_refresher", "least")

    def __init__(
        self, timers: TimerQueue, refresh: Callable[[float], None], expired: Callable[[float], None]
    ) -> None:
        self._timers = timers
        self._refresh = refresh
        self._expired = expired
        self._timer: Timer | None = None
        self._until = 0.0
        self.interval = 0
        self.is_refresher = False
        self.least = 0

    def answered_by_us(self, request: Message, profile: PeerProfile, now: float) -> Fields:
        """What our 2xx says, and the timer started (§9). `request` is an INVITE or UPDATE."""
        knows = "timer" in request.headers.all("supported")
        interval, refresher = interval_of(request.headers)
        ours = max(profile.session_expires, least_of(request.headers))
        if "timer" not in profile.supported or (not profile.session_expires and not (knows and interval)):
            self.stop()
            return ()
        interval = min(interval, ours) if interval and profile.session_expires else interval or ours
        who = (refresher or "uac") if knows else "uas"
        self._begin(interval, who == "uas", now)
        said = (("Session-Expires", f"{interval};refresher={who}"),)
        return (("Require", "timer"), *said) if who == "uac" else said

    def answered_by_peer(self, response: Message, now: float) -> None:
        """A 2xx to our INVITE or UPDATE; one without Session-Expires turns the timer off (§7.2)."""
        interval, refresher = interval_of(response.headers)
        if interval:
            self._begin(interval, refresher != "uas", now)
        else:
            self.stop()

    def refreshing(self, profile: PeerProfile) -> Fields:
        """What a re-INVITE or UPDATE of ours says: the same interval, the same refresher (§7.4)."""
        if not self.interval:
            return asked(profile, self.least)
        interval = max(self.interval, self.least)
        expires = ("Session-Expires", f"{interval};refresher={'uac' if self.is_refresher else 'uas'}")
        return (expires, ("Min-SE", str(self.least))) if self.least > _LEAST else (expires,)

    def refresh_failed(self, now: float) -> None:
        """Refused for now: once more after half of what is left, until nothing is."""
        self._wait_for_refresh(now, (self._until - now) / 2)

    def resume(self, interval: int, is_refresher: bool, now: float, spread: str) -> None:
        """After a restart, when nobody knows how much of the interval is left. `spread` tells calls apart, so that
        not all are refreshed at once.
        """
        self._begin(interval, is_refresher, now)
        if interval and is_refresher:
            self._wait_for_refresh(now, interval / 4 * crc32(spread.encode()) / 2**32)

    def stop(self) -> None:
        """No timer runs."""
        if self._timer is not None:
            self._timers.stop(self._timer)
            self._timer = None
        self.interval = 0

    def _begin(self, interval: int, is_refresher: bool, now: float) -> None:
        self.interval = interval
        self.is_refresher = is_refresher
        self._until = now + interval
        if not interval:
            self.stop()
        elif is_refresher:
            self._wait_for_refresh(now, interval / 2)
        else:
            self._wait(self._until - min(_MARGIN, interval / 3), self._expired)

    def _wait_for_refresh(self, now: float, seconds: float) -> None:
        if self._until - now < _MARGIN / 2:
            self._wait(self._until, self._expired)
        else:
            self._wait(now + max(seconds, 1.0), self._refresh)

    def _wait(self, due: float, action: Callable[[float], None]) -> None:
        self._timers.stop(self._timer)
        self._timer = self._timers.start(due, action)
