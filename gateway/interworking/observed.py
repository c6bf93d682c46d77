"""A transfer as it was seen from outside: who, how, with what outcome, on which legs, in which frames."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gateway.interworking.legs import Leg, LegState
from gateway.interworking.matching import address_key
from gateway.model.causes import Cause
from gateway.model.transfer import Consultation, Outcome, TransferEvent, TransferKind


class Seen(NamedTuple):
    """Where and when a message was seen. `source` and `destination` are endpoints ("address:port"), `side` is the
    sender's side of the leg ("caller", "callee", "user", "network"). `invoker` is who made the request that it
    belongs to (From tag of the REFER, side of the call) and `transaction` that request's number (CSeq of the REFER,
    invokeId), "" when the message does not say. `message` is its name ("REFER", "202", "FACILITY");
    `octets` the message itself where its event holds only what the correlator needs.
    """

    frame: int
    time: float
    leg: Leg
    source: str
    destination: str
    side: str = "caller"
    invoker: str = ""
    transaction: str = ""
    dialect: str = ""
    message: str = ""
    octets: bytes = b""


@dataclass(slots=True)
class LinkedLeg:
    """A leg's part in a transfer: `role` is "first", "consultation", "target" or "relayed"; `matched_by` names the
    evidence, from a protocol's own key down to "numbers and time".
    """

    leg: Leg
    role: str
    matched_by: str


@dataclass(slots=True)
class ObservedTransfer:
    """One transfer. Times are seconds of the capture's clock; None until the message was seen."""

    kind: TransferKind
    dialect: str
    requested: float
    transferor: str = ""
    transferee: str = ""
    target: str = ""
    target_key: str = ""
    outcome: Outcome = Outcome.PENDING
    status: int | None = None
    cause: Cause | None = None
    error: str = ""
    consultation: Consultation | None = None
    accepted: float | None = None
    final: float | None = None
    notify: bool = True
    receiver: str = ""
    invoker: str = ""
    legs: list[LinkedLeg] = field(default_factory=list)
    frames: list[int] = field(default_factory=list)
    story: list[tuple[Seen, TransferEvent]] = field(default_factory=list)

    def name_target(self, target: str) -> None:
        """Who the target is: its URI or number."""
        self.target, self.target_key = target, address_key(target)

    @property
    def first(self) -> Leg:
        """The leg on which the transfer was asked for."""
        return self.legs[0].leg

    def linked(self, role: str) -> Leg | None:
        """The newest leg with that role, or None."""
        return next((linked.leg for linked in reversed(self.legs) if linked.role == role), None)

    def link(self, leg: Leg, role: str, matched_by: str) -> None:
        """Adds a leg, once."""
        if all(linked.leg is not leg for linked in self.legs):
            self.legs.append(LinkedLeg(leg, role, matched_by))

    def note(self, frame: int) -> None:
        """Adds a frame, once, in order of sight."""
        if frame not in self.frames:
            self.frames.append(frame)

    def settle(self, outcome: Outcome, time: float, status: int | None, cause: Cause | None) -> None:
        """The final word; the first one counts."""
        if self.outcome is Outcome.PENDING:
            self.outcome, self.final = outcome, time
            self.status, self.cause = status, cause

    def reopen(self) -> None:
        """The request comes again with credentials: what was refused is open again."""
        self.outcome, self.final, self.status, self.cause = Outcome.PENDING, None, None, None

    def as_document(self) -> dict[str, Any]:
        """The JSON form of the command `replay`; latencies in seconds."""
        return {
            "kind": str(self.kind),
            "outcome": str(self.outcome),
            "status": self.status,
            "cause": self.cause.value if self.cause else None,
            **({"error": self.error} if self.error else {}),
            "dialect": self.dialect,
            "transferor": self.transferor or None,
            "transferee": self.transferee or None,
            "target": self.target or None,
            "legs": [_leg_document(linked) for linked in self.legs],
            "frames": sorted(self.frames),
            "latency": {"accepted": self._since(self.accepted), "final": self._since(self.final)},
        }

    def _since(self, time: float | None) -> float | None:
        return None if time is None else round(time - self.requested, 6)


def _leg_document(linked: LinkedLeg) -> dict[str, Any]:
    leg = linked.leg
    return {
        "protocol": str(leg.protocol),
        "role": linked.role,
        "matched_by": linked.matched_by,
        "keys": dict(leg.keys),
        "calling": leg.calling or None,
        "called": leg.called or None,
        "state": LegState(leg.state).name.lower(),
    }
