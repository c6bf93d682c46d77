"""Who owns which leg during a transfer: taking legs out of their calls, and letting them go."""

from typing import TYPE_CHECKING

from gateway.hub.call import Call
from gateway.hub.leg import Leg
from gateway.model.call import NORMAL, Clearing

if TYPE_CHECKING:
    from gateway.hub.transfer import Transfer

_NEVER_ANSWERED = Clearing(487)


def part(transfer: "Transfer", now: float) -> None:
    """Takes those who are left out of the call that the two should have had."""
    joined, transfer.joined = transfer.joined, None
    if joined is None:
        return
    joined.transfer = None
    for leg in (transfer.transferee, transfer.target):
        if leg is not None:
            joined.take(leg, now)
            leg.owner = transfer


def clear_owed(transfer: "Transfer", clearing: Clearing, now: float) -> None:
    """Releases the leg besides the transferor's own; one that was never answered is refused."""
    owed, transfer.owed = transfer.owed, None
    if owed is not None:
        owed.clear(clearing if owed.answered or clearing.status else _NEVER_ANSWERED, now)


def cancel_dial(transfer: "Transfer", now: float) -> None:
    """Stops calling."""
    attempt, transfer.dial = transfer.dial, None
    if attempt is not None:
        attempt.cancel(NORMAL, now)


def own_owed(transfer: "Transfer", call: Call, leg: Leg, now: float) -> None:
    """Takes the leg of the consultation call over, to be released in the end."""
    transfer.replaced = None
    transfer.owed = leg
    call.take(leg, now)
    leg.owner = transfer


def own_consultation(transfer: "Transfer", now: float) -> None:
    """Takes both legs of the consultation call over, once."""
    replaced, target = transfer.replaced, transfer.target
    if replaced is None or target is None:
        return
    second = replaced.owner
    assert isinstance(second, Call)
    own_owed(transfer, second, replaced, now)
    second.take(target, now)
    target.owner = transfer


def bring_out(transfer: "Transfer", now: float) -> None:
    """Takes everybody out of the first call, which thereby ends: the transferor stays with the transfer."""
    call, transfer.call = transfer.call, None
    if call is None:
        return
    call.transfer = None
    for leg in (transfer.transferor if transfer.transferor_here else None, transfer.transferee):
        if leg is not None:
            call.take(leg, now)
            leg.owner = transfer
