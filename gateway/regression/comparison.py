"""What a comparison of two messages comes to."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gateway.regression.message import Message


class Verdict(StrEnum):
    """How what the gateway sent compares with what the recorded host sent."""

    SAME = "same"
    """Octet for octet, but for identifiers that each side makes itself."""
    EQUIVALENT = "equivalent"
    """Only what may vary differs."""
    DIFFERENT = "different"
    MISSING = "missing"
    """Recorded, and not sent by the gateway."""
    EXTRA = "extra"
    """Sent by the gateway, and not recorded."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One message of each side; `recorded` is None for an extra one, `ours` for a missing one. `reasons` has one
    line for each difference: the field, what was recorded, what is ours.
    """

    verdict: Verdict
    recorded: Message | None
    ours: Message | None
    reasons: tuple[str, ...] = ()

    def as_document(self) -> dict[str, Any]:
        """The JSON form, without octets."""
        named = self.recorded or self.ours
        assert named is not None
        return {
            "verdict": self.verdict.value,
            "name": named.name,
            "protocol": named.protocol,
            "source": named.source,
            "destination": named.destination,
            "frame": self.recorded.frame if self.recorded else None,
            "recorded_at": None if self.recorded is None else round(self.recorded.time, 6),
            "sent_at": None if self.ours is None else round(self.ours.time, 6),
            "reasons": list(self.reasons),
        }
