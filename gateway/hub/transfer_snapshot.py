"""What is written down of a running transfer, for `gateway.hub.transfer_restart` to read."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gateway.hub.leg import Leg
from gateway.model.legs import SignallingProtocol

if TYPE_CHECKING:
    from gateway.hub.transfer import Transfer

ROLES = ("transferor", "transferee", "target", "owed")
_FLAGS = ("accepted", "told", "heard", "dialled")


def written(transfer: "Transfer") -> dict[str, object]:
    """JSON values. Legs that are in a call are named only: they come back with it."""
    return {
        "kind": "transfer",
        "id": transfer.id,
        "state": transfer.state.value,
        "marks": transfer.transferor.marks,
        "call": transfer.call.id if transfer.call else "",
        "joined": transfer.joined.id if transfer.joined else "",
        "flags": {name: getattr(transfer, name) for name in _FLAGS},
        "referrals": transfer.referrals,
        "notes": transfer.notes.snapshot(),
        "legs": {role: _leg(transfer, leg) for role, leg in _roles(transfer)},
        "listener": _listener(transfer),
        "attempt": _attempt(transfer),
    }


def _attempt(transfer: "Transfer") -> dict[str, object] | None:
    """Who is being called, and may answer a process that knows nothing of it any more."""
    leg = transfer.dial.leg if transfer.dial is not None else None
    return leg.marks if leg is not None else None


def _listener(transfer: "Transfer") -> dict[str, object] | None:
    """A transferor that has hung up: SIP reports to it all the same, and it may be called back."""
    transferor = transfer.transferor
    if transfer.transferor_here or transferor.protocol is not SignallingProtocol.SIP:
        return None
    return transferor.snapshot()


def _roles(transfer: "Transfer") -> Iterator[tuple[str, Leg]]:
    for role in ROLES:
        leg: Leg | None = getattr(transfer, role)
        is_here = transfer.transferor_here if role == "transferor" else True
        if leg is not None and leg.answered and is_here:
            yield role, leg


def _leg(transfer: "Transfer", leg: Leg) -> dict[str, object]:
    return {"id": leg.id, "snapshot": leg.snapshot() if leg.owner is transfer else None}
