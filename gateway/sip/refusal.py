"""A request that is not taken: the final response it gets instead."""


class Refusal(Exception):
    """Raised while a request is being looked at; whoever called answers with it (RFC 3261 §8.2)."""

    def __init__(self, status: int, headers: tuple[tuple[str, str], ...] = (), reason: str = "") -> None:
        super().__init__(status, reason)
        self.status = status
        self.headers = headers
        self.reason = reason


class Stranger(Refusal):
    """A request of somebody whom nobody knows: 403, and nothing is kept of it (RFC 3261 §8.2.7), so that who sends
    many, or in another's name, fills no memory and has nothing sent again.
    """

    def __init__(self) -> None:
        super().__init__(403)
