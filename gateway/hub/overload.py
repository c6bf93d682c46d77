"""What is refused because there is too much of it: counted, and told in the log once a second at most."""

from gateway.hub.leg import Observer

_PAUSE = 1.0


class Overload:
    """One for the whole gateway. `refused` counts calls and requests since the start, those of a drain too."""

    __slots__ = ("_observer", "_told", "_told_at", "refused")

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._told = 0
        self._told_at: float | None = None
        self.refused = 0

    def refuse(self, limit: str, now: float) -> None:
        """One more is refused for the sake of that limit of the configuration. The line tells how many there were
        since the last.
        """
        self.refused += 1
        if self._told_at is not None and now - self._told_at < _PAUSE:
            return
        count, self._told, self._told_at = self.refused - self._told, self.refused, now
        self._observer.log("overload", level="warning", limit=limit, refused=count)

    def drained(self) -> None:
        """One more is refused because the process ends: nothing to warn of."""
        self.refused += 1
        self._told += 1
