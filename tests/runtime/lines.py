"""An observer that remembers."""


class Lines:
    """What was logged: event and fields, in order."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, dict[str, object]]] = []

    def log(self, event: str, **fields: object) -> None:
        self.entries.append((event, fields))

    def events(self) -> list[str]:
        return [event for event, _ in self.entries]
