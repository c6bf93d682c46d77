"""What is written down of a transfer: one record each, with the times that passed."""

from typing import TYPE_CHECKING

from gateway.hub.outcomes import cause_of
from gateway.model.call import Clearing, TransferRecord

if TYPE_CHECKING:
    from gateway.hub.hub import Hub

RINGING = 180
"""The first status that tells more than that the gateway is at work."""


class TransferNotes:
    """What the record of one transfer will say. Times are seconds of the driver's clock; `wall` is since 1970."""

    __slots__ = (
        "accepted",
        "asked",
        "decision",
        "final",
        "id",
        "kind",
        "method",
        "normalised",
        "ringing",
        "target",
        "transferee",
        "transferor",
        "trunks",
        "wall",
        "written",
    )

    def __init__(
        self, id: str, kind: str, transferor: str, transferee: str, target: str, wall: float, now: float
    ) -> None:
        self.id = id
        self.kind = kind
        self.transferor = transferor
        self.transferee = transferee
        self.target = target
        self.normalised = ""
        self.decision = "consume"
        self.method = "invite"
        self.trunks: dict[str, str] = {}
        self.wall = wall
        self.asked = now
        self.accepted: float | None = None
        self.ringing: float | None = None
        self.final: float | None = None
        self.written = False

    def progressed(self, status: int, now: float) -> None:
        """The target is at work: the first 18x counts."""
        if self.ringing is None and status >= RINGING:
            self.ringing = now

    def write(self, hub: "Hub", outcome: str, clearing: Clearing, detail: str = "") -> None:
        """The record, once. `clearing` says how it ended, with status 200 when it succeeded."""
        if self.written:
            return
        self.written = True
        cause = cause_of(clearing)
        hub.record(
            TransferRecord(
                self.wall,
                self.id,
                self.kind,
                self.transferor,
                self.transferee,
                self.target,
                self.normalised,
                self.decision,
                self.method,
                outcome,
                clearing.status,
                cause.value if cause else None,
                self._since(self.accepted),
                self._since(self.ringing),
                self._since(self.final),
                self.trunks,
                detail,
            )
        )

    def _since(self, when: float | None) -> float | None:
        return None if when is None else round((when - self.asked) * 1000, 3)

    def snapshot(self) -> dict[str, object]:
        """JSON values; the times that passed are lost with the clock of the process."""
        names = ("id", "kind", "transferor", "transferee", "target", "normalised", "decision", "method", "wall")
        return {**{name: getattr(self, name) for name in names}, "trunks": self.trunks, "written": self.written}

    @classmethod
    def restored(cls, snapshot: dict[str, object], now: float) -> "TransferNotes":
        """As before the restart. Raises KeyError."""
        said = {name: str(snapshot[name]) for name in ("id", "kind", "transferor", "transferee", "target")}
        notes = cls(**said, wall=float(str(snapshot["wall"])), now=now)
        notes.normalised, notes.decision = str(snapshot["normalised"]), str(snapshot["decision"])
        notes.method, notes.written = str(snapshot["method"]), bool(snapshot["written"])
        trunks = snapshot["trunks"]
        notes.trunks = {str(role): str(name) for role, name in trunks.items()} if isinstance(trunks, dict) else {}
        return notes
