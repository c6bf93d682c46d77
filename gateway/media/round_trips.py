"""How long to wait for an answer before asking again, by how long answers took so far (RFC 3435 §3.5.3)."""

_SHORTEST = 0.02
"""Seconds: no gateway answers that regularly that asking again earlier makes sense."""


class RoundTrips:
    """The average delay with its deviation, in seconds; `first` and `longest` bound the interval."""

    __slots__ = ("_average", "_deviation", "_first", "_longest")

    def __init__(self, first: float, longest: float) -> None:
        self._first = first
        self._longest = longest
        self._average = 0.0
        self._deviation = 0.0

    def measured(self, delay: float) -> None:
        """An answer took so long."""
        if not self._average:
            self._average, self._deviation = delay, delay / 2
            return
        self._deviation += (abs(delay - self._average) - self._deviation) / 4
        self._average += (delay - self._average) / 8

    @property
    def interval(self) -> float:
        """Seconds until a command is sent for the second time; never less than what was settled at first, since the
        gateway may be busy with something else just now.
        """
        return min(self._longest, max(self._first, _SHORTEST, self._average + 4 * self._deviation))
