"""A transfer that is passed on: the transferee gets the REFER, and the transferor what the transferee says of it."""

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.hub import outcomes
from gateway.hub import transfer_ending as ending
from gateway.hub.call import Call
from gateway.hub.leg import Leg
from gateway.hub.transfer_legs import bring_out
from gateway.model.call import Capability, Clearing
from gateway.model.causes import Cause
from gateway.model.legs import SignallingProtocol
from gateway.model.parties import Party
from gateway.model.transfer import TransferProgress, TransferRequest
from gateway.sip.names import key

if TYPE_CHECKING:
    from gateway.hub.transfer import Transfer

_DESERTED = Clearing(480, Cause(16))


def passable(transfer: "Transfer", replaced: Leg | None) -> TransferRequest | None:
    """The request as the transferee has to be asked; None when it knows no REFER, or cannot find the target.

    A dialog that is ours has another name at its other end, and that is whom the transferee has to call. A transferor
    that knows no SIP cannot know whether the two reach each other: then they have to be on one trunk.
    """
    transferee, request = transfer.transferee, transfer.request
    if transferee is None or Capability.REFER not in transferee.capabilities:
        return None
    if replaced is None:
        return request
    second = replaced.owner
    partner = second.other(replaced) if isinstance(second, Call) else None
    if partner is None or not partner.answered or partner.reference is None:
        return None
    if transfer.transferor.protocol is not SignallingProtocol.SIP and not _replaces_within(transferee, partner):
        return None
    kept = tuple(item for item in request.kept if key(item.what) != "refer-to")
    return replace(request, target=Party(uri=partner.address), consultation=partner.reference, kept=kept)


def _replaces_within(transferee: Leg, partner: Leg) -> bool:
    return transferee.trunk == partner.trunk and Capability.REPLACES in partner.capabilities


def ask_transferee(transfer: "Transfer", news: TransferRequest, now: float) -> None:
    """The REFER, on the dialog of the other leg."""
    transfer.notes.decision = "pass"
    transfer.notes.method = "refer"
    transferee = transfer.transferee
    assert transferee is not None
    transfer.transfers.refer(transfer, transferee)
    transferee.refer(news, now)


def accept(transfer: "Transfer", news: TransferProgress | Clearing, now: float) -> None:
    """The transferee has accepted, or takes so long over it that the transferor is not kept waiting."""
    ending.accept(transfer, now)
    if isinstance(news, TransferProgress):
        ending.relay_progress(transfer, news, now)


def accept_and_keep(transfer: "Transfer", news: Clearing, now: float) -> None:
    """The transferor hangs up at once: its REFER is answered all the same."""
    ending.accept(transfer, now)
    bring_out(transfer, now)


def refuse(transfer: "Transfer", news: Clearing, now: float) -> None:
    """The transferee does not want to: the transferor gets its very answer."""
    _refuse(transfer, Clearing(outcomes.status_of(news), news.cause, news.reason, (), news.kept), now)
    call, transfer.call = transfer.call, None
    if call is not None:
        call.transfer = None


def refuse_deserted(transfer: "Transfer", news: Clearing, now: float) -> None:
    """The transferee hangs up instead of an answer: then the call is over, as ever."""
    _refuse(transfer, _DESERTED, now)
    bring_out(transfer, now)
    transfer.lost = news
    ending.release(transfer, None, now)


def _refuse(transfer: "Transfer", clearing: Clearing, now: float) -> None:
    transfer.transferor.refuse_transfer(transfer.id, clearing, now)
    transfer.notes.write(transfer.hub, "refused", clearing, "refused by the transferee")


def passed_on(transfer: "Transfer", news: object, now: float) -> None:
    """The transferee talks to the target, past us: the call that it has with us is released with the transferor's."""
    ending.accept(transfer, now)
    bring_out(transfer, now)
    transfer.owed, transfer.transferee = transfer.transferee, None
    ending.told_success(transfer, now)
