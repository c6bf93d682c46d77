"""Tokens for tags, branches and Call-IDs out of a stream of octets (RFC 3261 §19.3: at least 32 random bits)."""

from collections.abc import Callable, Iterator
from hashlib import shake_256
from itertools import count

from gateway.engine.ownership import ENTROPY, mark

_AT_ONCE = 500
"""Tokens that are made in one go."""


class TokensFrom:
    """Called, it gives the worker's mark and 80 bits of `source` as hex, which is asked for so many octets."""

    __slots__ = ("_left", "_mark", "_source")

    def __init__(self, worker: int, source: Callable[[int], bytes]) -> None:
        self._mark = mark(worker)
        self._source = source
        self._left: list[str] = []

    def __call__(self) -> str:
        """The next token."""
        if not self._left:
            text = self._source(_AT_ONCE * ENTROPY // 2).hex()
            self._left = [self._mark + text[at : at + ENTROPY] for at in range(0, len(text), ENTROPY)]
        return self._left.pop()


def seeded(seed: str) -> Callable[[int], bytes]:
    """A source of octets that is the same for the same seed, on every machine. For replays, never for a network."""
    blocks: Iterator[int] = count()
    return lambda size: shake_256(f"{seed}/{next(blocks)}".encode()).digest(size)
