"""Fresh tokens for tags, branches and Call-IDs (RFC 3261 §19.3: at least 32 random bits)."""

import os
from collections.abc import Callable

from gateway.engine.ownership import ENTROPY, mark

_AT_ONCE = 500
"""Tokens for which the system is asked in one call."""


class Tokens:
    """Called, it gives a token that was never given before: the worker's mark and 80 random bits as hex."""

    __slots__ = ("_left", "_mark", "_source")

    def __init__(self, worker: int = 0, source: Callable[[int], bytes] = os.urandom) -> None:
        self._mark = mark(worker)
        self._source = source
        self._left: list[str] = []

    def __call__(self) -> str:
        """The next token."""
        if not self._left:
            text = self._source(_AT_ONCE * ENTROPY // 2).hex()
            self._left = [self._mark + text[at : at + ENTROPY] for at in range(0, len(text), ENTROPY)]
        return self._left.pop()
