"""What came of playing a recording."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from gateway.regression.comparison import Compared, Verdict
from gateway.regression.message import Message


@dataclass(frozen=True, slots=True)
class Played:
    """`compared` is in the order of time; `sent` is what the gateway sent, `received` what it was fed with, as it
    was after substitution; `records` are its records of transfers as in `transfers.jsonl`; `problems` says in plain
    words what could not be read or played, with the frame where there is one. `events` is what it logged. `said` is
    all that was sent and received, in the order in which it happened.
    """

    compared: tuple[Compared, ...]
    sent: tuple[Message, ...]
    received: tuple[Message, ...]
    records: tuple[dict[str, Any], ...]
    problems: tuple[str, ...]
    events: tuple[dict[str, Any], ...] = ()
    said: tuple[Message, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many messages there are of each verdict, all verdicts named."""
        found = Counter(each.verdict for each in self.compared)
        return {verdict.value: found[verdict] for verdict in Verdict}

    @property
    def agrees(self) -> bool:
        """Whether nothing is different, missing or extra."""
        return all(each.verdict in (Verdict.SAME, Verdict.EQUIVALENT) for each in self.compared)

    def as_document(self) -> dict[str, Any]:
        """The JSON form of `replay --as`."""
        return {
            "verdicts": self.counts,
            "compared": [each.as_document() for each in self.compared],
            "sent": [each.as_document() for each in self.sent],
            "received": [each.as_document() for each in self.received],
            "records": list(self.records),
            "problems": list(self.problems),
        }
