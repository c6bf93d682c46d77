"""User input: digits that are sent beside the media (H.245 clause 7.12, B.14)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UserInput:
    """Digits (0-9, *, #, A-D, ! for a hook flash) as `alphanumeric` text, or one as a `signal` with its milliseconds.

    A `duration` of None is not said; `update` lengthens the signal before.
    """

    digits: str
    signal: bool = False
    duration: int | None = None
    update: bool = False
