"""User input: digits that are sent beside the media (H.245 clause 7.12, B.14)."""

from dataclasses import dataclass
from typing import Any

DIGITS = frozenset("0123456789*#ABCD!")
DEFAULT_DURATION = 100
"""Milliseconds of a signal whose duration nobody said."""


@dataclass(frozen=True, slots=True)
class UserInput:
    """Digits (0-9, *, #, A-D, ! for a hook flash) as `alphanumeric` text, or one as a `signal` with its milliseconds.

    A `duration` of None is not said; `update` lengthens the signal before, and has no digits.
    """

    digits: str
    signal: bool = False
    duration: int | None = None
    update: bool = False


def user_input(value: tuple[str, Any]) -> UserInput | None:
    """The UserInputIndication `value`; None for one that has no digits that we could hand on."""
    kind, content = value
    match kind:
        case "alphanumeric":
            return UserInput(content) if content else None
        case "extendedAlphanumeric":
            return UserInput(content["alphanumeric"]) if content["alphanumeric"] else None
        case "signal":
            return UserInput(content["signalType"], signal=True, duration=content.get("duration"))
        case "signalUpdate":
            return UserInput("", signal=True, duration=content["duration"], update=True)
    return None


def user_input_values(given: UserInput, accepted: frozenset[str]) -> list[tuple[str, Any]]:
    """`given` as UserInputIndications in a form that is `accepted` (names of UserInputCapability): signals for who
    takes "dtmf" (and "hookflash" for `!`), else text, which every endpoint takes.
    """
    if given.update:
        return [("signalUpdate", {"duration": _duration(given.duration)})] if "dtmf" in accepted else []
    if "dtmf" not in accepted or not (given.signal or "basicString" not in accepted) or not _are_signals(given):
        return [("alphanumeric", given.digits)] if given.digits else []
    return [("signal", _signal(digit, given.duration)) for digit in given.digits.upper()]


def _are_signals(given: UserInput) -> bool:
    return bool(given.digits) and DIGITS.issuperset(given.digits.upper())


def _signal(digit: str, duration: int | None) -> dict[str, Any]:
    return {"signalType": digit} | ({} if duration is None else {"duration": _duration(duration)})


def _duration(duration: int | None) -> int:
    return min(max(duration or DEFAULT_DURATION, 1), 65535)
