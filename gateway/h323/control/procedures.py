"""What the procedures of a session have in common: how they say something, run a timer and tell of a failure."""

from collections.abc import Callable
from hashlib import blake2b
from typing import Any, Protocol

from gateway.model.timers import TimerQueue


class Said(Protocol):
    """Sends one message: "request", "response", "command" or "indication", the alternative, and its value."""

    def __call__(self, kind: str, name: str, value: Any) -> None: ...  # noqa: D102


class Surroundings:
    """What a procedure works with; one for each session. `fail` tells the owner why the session cannot go on."""

    __slots__ = ("fail", "say", "timers", "token")

    def __init__(
        self, say: Said, timers: TimerQueue, token: Callable[[], str], fail: Callable[[str, float], None]
    ) -> None:
        self.say = say
        self.timers = timers
        self.token = token
        self.fail = fail

    def number(self, bits: int) -> int:
        """A number that nobody can guess, of up to 64 `bits`."""
        digest = blake2b(self.token().encode(), digest_size=8).digest()
        return int.from_bytes(digest) >> (64 - bits)
