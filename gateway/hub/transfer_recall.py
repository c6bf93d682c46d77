"""Recall: the target has failed and the transferor has gone, so the transferor is called back, or the transferee is
released with the cause of the failure.
"""

from typing import TYPE_CHECKING

from gateway.hub import outcomes
from gateway.hub import transfer_ending as ending
from gateway.hub.transfer_consumed import as_caller, caller_of
from gateway.hub.transfer_legs import cancel_dial, clear_owed, part
from gateway.hub.transfer_table import Input
from gateway.model.call import Clearing
from gateway.model.parties import Party
from gateway.sip import sdp

if TYPE_CHECKING:
    from gateway.hub.transfer import Answered, Transfer


def recall(transfer: "Transfer", news: Clearing, now: float) -> None:
    """Tells the failure to whom it may concern, and calls the transferor if its trunk wants that."""
    cancel_dial(transfer, now)
    part(transfer, now)
    clear_owed(transfer, news, now)
    transfer.lost = news
    ending.tell(transfer, outcomes.failure(news), now)
    trunk = transfer.hub.settings.get(transfer.transferor.trunk)
    transferee = transfer.transferee
    if trunk is None or not trunk.recall or transferee is None:
        transfer.step(Input.FAILED, now, news)
        return
    caller = transfer.caller or caller_of(None, transferee)
    session = sdp.resumed(transferee.remote_session) if transferee.remote_session else b""
    request = as_caller(caller, Party(uri=transfer.transferor.address), session)
    transfer.dial = transfer.hub.dial(request, transferee.trunk, transfer, now, trunk=trunk.name)


def recalled(transfer: "Transfer", news: "Answered", now: float) -> None:
    """The transferor is back, and talks to the transferee again."""
    transferee, transfer.transferee = transfer.transferee, None
    if transferee is None:
        news.leg.clear(Clearing(), now)
        return
    call = transfer.hub.connect(transferee, news.leg, None, now, session=news.session, late=news.late)
    call.referrals = transfer.referrals
    _write(transfer, "recalled", "the transferor was called back")


def drop(transfer: "Transfer", news: Clearing, now: float) -> None:
    """Nobody is left for the transferee: it learns why the target was not reached."""
    cancel_dial(transfer, now)
    transferee, transfer.transferee = transfer.transferee, None
    if transferee is not None:
        transferee.clear(transfer.lost or news, now)
    _write(transfer, "failed", "")


def _write(transfer: "Transfer", outcome: str, detail: str) -> None:
    ended = outcomes.failure(transfer.lost or Clearing())
    transfer.notes.write(transfer.hub, outcome, Clearing(ended.status or 0, ended.cause), detail)
