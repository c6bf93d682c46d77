"""Running transfers after a restart: who takes part is found again, and what had begun is brought to an end."""

from typing import TYPE_CHECKING

from gateway.hub.leg import Leg
from gateway.hub.outcomes import RESTARTED
from gateway.hub.transfer import Transfer
from gateway.hub.transfer_record import TransferNotes
from gateway.hub.transfer_snapshot import ROLES
from gateway.hub.transfer_table import State
from gateway.model.call import NORMAL
from gateway.model.errors import GatewayError
from gateway.model.parties import Party
from gateway.model.transfer import TransferKind, TransferRequest

if TYPE_CHECKING:
    from gateway.hub.call import Call
    from gateway.hub.transfers import Transfers


def restored(transfers: "Transfers", snapshot: dict[str, object], now: float) -> Transfer | None:
    """The transfer with whoever of it is still there. None when the transferor had gone before, and nothing can be
    said to it: then those that it left behind are taken care of at once. Raises GatewayError for what is no transfer,
    or on a trunk that is no more.
    """
    try:
        return _Restart(transfers, snapshot, now).transfer()
    except (KeyError, ValueError, TypeError) as error:
        raise GatewayError(f"no transfer that can be restored: {error!r}") from None


class _Restart:
    """One snapshot, with the calls that it speaks of."""

    def __init__(self, transfers: "Transfers", snapshot: dict[str, object], now: float) -> None:
        self._transfers = transfers
        self._snapshot = snapshot
        self._now = now
        self._call = transfers.hub.calls.get(str(snapshot["call"]))
        self._joined = transfers.hub.calls.get(str(snapshot["joined"]))
        self._notes = TransferNotes.restored(_part(snapshot, "notes"), now)
        self._legs = {role: self._leg(role) for role in ROLES}
        self._is_here = self._legs["transferor"] is not None
        said = snapshot.get("listener")
        if isinstance(said, dict):
            self._legs["transferor"] = transfers.hub.trunks.restore(said, transfers.waiting, now)
        attempt = snapshot.get("attempt")
        if isinstance(attempt, dict):
            transfers.hub.trunks.cut_short(attempt, now)

    def transfer(self) -> Transfer | None:
        """The transfer, as far as it goes on."""
        transferor = self._legs["transferor"]
        if transferor is None:
            self._settle()
            return None
        return self._filled(self._begun(transferor))

    def _begun(self, transferor: Leg) -> Transfer:
        notes = self._notes
        request = TransferRequest(TransferKind(notes.kind), Party(uri=notes.target))
        transfer = Transfer(self._transfers, notes.id, self._call, transferor, request, notes)
        transfer.transferor_here = self._is_here
        transfer.state = State(str(self._snapshot["state"]))
        transfer.referrals = int(str(self._snapshot["referrals"]))
        flags = _part(self._snapshot, "flags")
        transfer.accepted, transfer.told = bool(flags["accepted"]), bool(flags["told"])
        transfer.heard, transfer.dialled = bool(flags["heard"]), bool(flags["dialled"])
        return transfer

    def _filled(self, transfer: Transfer) -> Transfer:
        legs = self._legs
        transfer.transferee, transfer.target, transfer.owed = legs["transferee"], legs["target"], legs["owed"]
        transfer.joined = self._joined
        for call in (self._call, self._joined):
            if call is not None:
                call.transfer = transfer
        for leg in legs.values():
            if leg is not None and leg.owner is self._transfers.waiting:
                leg.owner = transfer
        if transfer.state is State.REFERRED and transfer.transferee is not None:
            self._transfers.refer(transfer, transfer.transferee)
        return transfer

    def _leg(self, role: str) -> Leg | None:
        """The leg in that role: from a call that is there again, or by what was written of it."""
        said = _part(self._snapshot, "legs").get(role)
        if not isinstance(said, dict):
            return None
        calls: tuple[Call | None, ...] = (self._call, self._joined)
        inside = (leg for call in calls if call is not None for leg in (call.caller, call.callee))
        found = next((leg for leg in inside if leg is not None and leg.id == said["id"]), None)
        if found is not None or not isinstance(said["snapshot"], dict):
            return found
        return self._transfers.hub.trunks.restore(said["snapshot"], self._transfers.waiting, self._now)

    def _settle(self) -> None:
        """Two who were being put together are put together; whoever is alone is released."""
        hub, transferee, target = self._transfers.hub, self._legs["transferee"], self._legs["target"]
        if self._joined is not None and transferee is not None and target is not None:
            hub.connect(transferee, target, None, self._now)
        else:
            for leg in (transferee, target):
                if leg is not None:
                    leg.clear(RESTARTED, self._now)
        if (owed := self._legs["owed"]) is not None:
            owed.clear(NORMAL, self._now)
        self._notes.write(hub, "failed", RESTARTED, "restart")


def _part(snapshot: dict[str, object], name: str) -> dict[str, object]:
    part = snapshot[name]
    if not isinstance(part, dict):
        raise TypeError(name)
    return part
