"""Fresh tokens for tags, branches and Call-IDs (RFC 3261 §19.3: at least 32 random bits)."""

import os
from collections.abc import Callable

from gateway.engine.tokens import TokensFrom


class Tokens(TokensFrom):
    """Called, it gives a token that was never given before: the worker's mark and 80 random bits as hex."""

    __slots__ = ()

    def __init__(self, worker: int = 0, source: Callable[[int], bytes] = os.urandom) -> None:
        super().__init__(worker, source)
