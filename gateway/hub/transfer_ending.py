"""How a transfer ends: what the transferor is told, who is put together again, and who is released when."""

from typing import TYPE_CHECKING

from gateway.hub import outcomes
from gateway.hub import transfer_told as told
from gateway.hub.leg import Leg
from gateway.hub.transfer_legs import bring_out, cancel_dial, clear_owed, part
from gateway.hub.transfer_table import Input
from gateway.model.call import NORMAL, Clearing, Progress
from gateway.model.transfer import TransferOutcome, TransferProgress

if TYPE_CHECKING:
    from gateway.hub.transfer import Transfer

_TRYING = 100


def accept(transfer: "Transfer", now: float) -> None:
    """Tells the transferor that its request is accepted and tried, once."""
    if not transfer.accepted:
        transfer.accepted = True
        transfer.notes.accepted = now
        transfer.transferor.accept_transfer(transfer.id, now)


def tell(transfer: "Transfer", outcome: TransferOutcome, now: float) -> None:
    """The final word, once; counts as heard when nobody listens."""
    if transfer.told:
        return
    transfer.told = True
    transfer.notes.final = now
    if transfer.accepted and transfer.heard:
        transfer.transferor.report(transfer.id, outcome, now)
    else:
        transfer.step(Input.UNHEARD, now)


def note(transfer: "Transfer", news: object, now: float) -> None:
    """Somebody has gone: when it was the last who had to be released, nothing is left to be done."""
    if not transfer.transferor_here and transfer.owed is None:
        transfer.step(Input.ALL_LEFT, now)


def relay_progress(transfer: "Transfer", news: Progress | TransferProgress, now: float) -> None:
    """18x of the target as a NOTIFY. That it is tried was said on acceptance."""
    transfer.notes.progressed(news.status, now)
    if _TRYING < news.status < 200 and transfer.heard and not transfer.told:
        transfer.transferor.report(transfer.id, TransferProgress(news.status, news.reason), now)


def give_up(transfer: "Transfer", news: Clearing, now: float) -> None:
    """The target was not reached; the first call goes on (RFC 5589 §6.3)."""
    cancel_dial(transfer, now)
    if transfer.transferee is not None:
        told.as_before(transfer, transfer.transferee, now)
    call, transfer.call = transfer.call, None
    if call is not None:
        call.transfer = None
    clear_owed(transfer, news, now)
    _failed(transfer, news, now)


def give_back(transfer: "Transfer", news: Clearing, now: float) -> None:
    """As above, when the transferee has heard the target ring: it gets the transferor's media back, hold and all."""
    cancel_dial(transfer, now)
    clear_owed(transfer, news, now)
    transferee, transfer.transferee = transfer.transferee, None
    if transferee is not None:
        told.as_before(transfer, transferee, now)
        first = transfer.hub.connect(transferee, transfer.transferor, None, now, as_is=True, knows=True)
        first.referrals = transfer.referrals - 1
    _failed(transfer, news, now)


def undo(transfer: "Transfer", news: Clearing, now: float) -> None:
    """Transferee and target could not be put together: everybody talks to whom it talked to before."""
    part(transfer, now)
    target, transfer.target = transfer.target, None
    if target is not None and transfer.dialled:
        target.clear(_refusal(news), now)
        target = None
    _back_to_consultation(transfer, target, news, now)
    transferee, transfer.transferee = transfer.transferee, None
    if transferee is not None:
        told.as_before(transfer, transferee, now)
        first = transfer.hub.connect(transferee, transfer.transferor, None, now)
        first.referrals = transfer.referrals - 1
    _failed(transfer, news, now)


def _back_to_consultation(transfer: "Transfer", target: Leg | None, news: Clearing, now: float) -> None:
    """The consultation call as it was; whoever is left of it alone is released."""
    owed, transfer.owed = transfer.owed, None
    if owed is not None and target is not None and owed.answered:
        transfer.hub.connect(target, owed, None, now)
        return
    for leg in (owed, target):
        if leg is not None:
            leg.clear(_refusal(news) if not leg.answered else NORMAL, now)


def deserted(transfer: "Transfer", news: Clearing, now: float) -> None:
    """The transferee has hung up while the target was called (RFC 5589 §6.3.2)."""
    cancel_dial(transfer, now)
    bring_out(transfer, now)
    transfer.lost = news
    _abandoned(transfer, now)


def deserted_joining(transfer: "Transfer", news: Clearing, now: float) -> None:
    """The transferee has hung up while it was put together with the target, who has its own call back."""
    part(transfer, now)
    target, transfer.target = transfer.target, None
    if transfer.dialled and target is not None:
        target.clear(NORMAL, now)
        target = None
    transfer.lost = news
    _back_to_consultation(transfer, target, news, now)
    _abandoned(transfer, now)


def abandon(transfer: "Transfer", news: Clearing, now: float) -> None:
    """Neither of the first two is there any more."""
    cancel_dial(transfer, now)
    clear_owed(transfer, news, now)
    if transfer.lost is not None:
        transfer.notes.write(transfer.hub, "failed", transfer.lost, "the transferee hung up during the recall")
    _abandoned(transfer, now)


def _abandoned(transfer: "Transfer", now: float) -> None:
    tell(transfer, outcomes.failure(outcomes.GIVEN_UP), now)
    transfer.notes.write(transfer.hub, "abandoned", outcomes.GIVEN_UP, "the transferee hung up")
    note(transfer, None, now)


def succeed(transfer: "Transfer", news: object, now: float) -> None:
    """Transferee and target talk to one another: each is told so, and then the transferor."""
    joined, transfer.joined = transfer.joined, None
    if joined is not None:
        joined.transfer = None
    transferee, target = transfer.transferee, transfer.target
    transfer.transferee = transfer.target = None
    if transferee is not None and target is not None:
        told.together(transfer, transferee, target, now)
    told_success(transfer, now)


def told_success(transfer: "Transfer", now: float) -> None:
    """The final 200."""
    tell(transfer, outcomes.success(), now)
    transfer.notes.write(transfer.hub, "succeeded", outcomes.SUCCESS)
    note(transfer, None, now)


def fail_apart(transfer: "Transfer", news: Clearing, now: float) -> None:
    """No media in common, and nobody to go back to: the two stay connected, their call is theirs to end."""
    joined, transfer.joined = transfer.joined, None
    if joined is not None:
        joined.transfer = None
    transfer.transferee = transfer.target = None
    _failed(transfer, news, now)
    note(transfer, None, now)


def withdraw(transfer: "Transfer", news: Clearing, now: float) -> None:
    """The transferee failed to reach the target, and has hung up."""
    transfer.lost = news
    _failed(transfer, news, now)
    note(transfer, None, now)


def _failed(transfer: "Transfer", clearing: Clearing, now: float) -> None:
    outcome = outcomes.failure(clearing)
    tell(transfer, outcome, now)
    transfer.notes.write(transfer.hub, "failed", Clearing(outcome.status or 0, outcome.cause))


def release_owed(transfer: "Transfer", news: object, now: float) -> None:
    """The report was heard: the consultation call of the transferor has no purpose any more. Teams wants to end its
    calls itself.
    """
    if not transfer.is_teams:
        clear_owed(transfer, NORMAL, now)
    note(transfer, None, now)


def release(transfer: "Transfer", news: object, now: float) -> None:
    """Whoever is still there has had its time to hang up."""
    clear_owed(transfer, NORMAL, now)
    if transfer.transferor_here:
        transfer.transferor_here = False
        transfer.transferor.clear(transfer.lost or NORMAL, now)


def _refusal(clearing: Clearing) -> Clearing:
    """How a leg is released after a failure elsewhere: an answered one has a cause only."""
    return Clearing(outcomes.status_of(clearing), outcomes.cause_of(clearing))
