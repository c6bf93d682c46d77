"""A transfer that the gateway carries out itself: the target is called, or fetched from its call, and put together
with the transferee (RFC 5589 §6, §7).
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.hub import transfer_ending as ending
from gateway.hub import transfer_network as network
from gateway.hub.admission import NO_DIALOG
from gateway.hub.call import Call
from gateway.hub.call_table import CallState
from gateway.hub.leg import Leg
from gateway.hub.outcomes import RESTARTED
from gateway.hub.ringback import ring
from gateway.hub.transfer_legs import bring_out, own_consultation, own_owed
from gateway.hub.transfer_table import Input
from gateway.hub.transfer_target import goes_back_to_teams, normalised, settings_of, triggered
from gateway.model.call import NORMAL, CallRequest
from gateway.model.parties import Party
from gateway.model.transfer import TransferKind

if TYPE_CHECKING:
    from gateway.hub.transfer import Answered, Transfer


def dial(transfer: "Transfer", news: object, now: float) -> None:
    """Calls the target, or goes on with the call to it that there is."""
    ending.accept(transfer, now)
    transfer.notes.decision = "consume"
    transfer.notes.method = "invite" if transfer.replaced is None else "join"
    if transfer.replaced is not None:
        _take_consultation(transfer, transfer.replaced, now)
        return
    request, trunk = target_request(transfer)
    source = transfer.transferor.trunk
    transfer.dialled = True
    transfer.dial = transfer.hub.dial(request, source, transfer, now, trunk=trunk)


def target_request(transfer: "Transfer") -> tuple[CallRequest, str]:
    """The call to the target, and the trunk that it has to go to ("": as the routes say)."""
    trunk = settings_of(transfer.hub, transfer.transferor.trunk)
    asked, transferee = transfer.request, transfer.transferee
    assert transferee is not None
    verbatim = goes_back_to_teams(trunk, asked.target.uri if asked.target else "")
    caller = transfer.caller or caller_of(None, transferee)
    return triggered(asked, transferee, caller, trunk, verbatim=verbatim), trunk.name if verbatim else ""


def caller_of(call: Call | None, transferee: Leg) -> CallRequest:
    """The transferee as a caller: with the identity and the privacy that it called with, if it did."""
    unknown = Party()
    if call is not None and transferee.incoming and call.calling is not None:
        return CallRequest(unknown, call.calling, asserted=call.asserted, privacy=call.privacy)
    return CallRequest(unknown, Party(uri=transferee.address))


def normalise(transfer: "Transfer") -> None:
    """Writes down which number, or address, the transfer comes to."""
    hub = transfer.hub
    trunk = settings_of(hub, transfer.transferor.trunk)
    target = transfer.request.target or Party()
    back = trunk.name if goes_back_to_teams(trunk, target.uri) else ""
    transfer.notes.normalised = normalised(hub, trunk.name, target, back)


def _take_consultation(transfer: "Transfer", replaced: Leg, now: float) -> None:
    """The consultation call was looked at when the transfer was asked for; it may have changed since."""
    second = replaced.owner
    if not isinstance(second, Call) or second is transfer.call or second.transfer is not None:
        transfer.step(Input.FAILED, now, NO_DIALOG)
    elif not replaced.answered:
        _take_ringing(transfer, second, replaced, now)
    elif (target := second.other(replaced)) is not None and target.answered:
        transfer.target = target
        network.fetched(transfer, now)
    else:
        transfer.step(Input.FAILED, now, NO_DIALOG)


def _take_ringing(transfer: "Transfer", second: Call, replaced: Leg, now: float) -> None:
    """Semi-attended (RFC 5589 §7.6): the target goes on ringing, whatever becomes of the call that made it ring."""
    attempt = second.take_dial(transfer, now)
    if attempt is None:
        transfer.step(Input.FAILED, now, NO_DIALOG)
        return
    transfer.notes.kind = TransferKind.SEMI_ATTENDED.value
    transfer.dial = attempt
    own_owed(transfer, second, replaced, now)
    if attempt.last_progress is not None:
        transfer.dial_progressed(attempt, attempt.last_progress, now)


def join_calls(transfer: "Transfer", news: object, now: float) -> None:
    """Attended: the two partners of the transferor are put together."""
    own_consultation(transfer, now)
    target = transfer.target
    assert target is not None
    _connect(transfer, target, b"", now, late=False)


def connect(transfer: "Transfer", news: "Answered", now: float) -> None:
    """The target has answered. What it answered to is the transferee's media, unless somebody else had called it."""
    transfer.target = news.leg
    _connect(transfer, news.leg, news.session if transfer.dialled or news.late else b"", now, late=news.late)


def _connect(transfer: "Transfer", target: Leg, session: bytes, now: float, *, late: bool) -> None:
    transferee = transfer.transferee
    assert transferee is not None
    bring_out(transfer, now)
    transfer.notes.trunks["target"] = target.trunk
    knows = transfer.played
    call = transfer.hub.connect(transferee, target, transfer, now, session=session, late=late, knows=knows)
    call.referrals = transfer.referrals
    call.transfer = transfer
    transfer.joined = call


def connect_again(transfer: "Transfer", news: object, now: float) -> None:
    """After a restart their call has begun to agree on the media once more, unless it was done with that."""
    joined = transfer.joined
    if joined is None or transfer.transferee is None or transfer.target is None:
        transfer.step(Input.NOT_CONNECTED, now, RESTARTED)
    elif joined.state is CallState.JOINING:
        joined.watch(transfer)
    else:
        transfer.step(Input.CONNECTED, now)


def keep_transferee(transfer: "Transfer", news: object, now: float) -> None:
    """The transferor has hung up: the transferee waits for the target without it, and may hear it ring."""
    bring_out(transfer, now)
    if transfer.dial is not None:
        ring(transfer, transfer.dial.last_progress, now)


def keep_transferor(transfer: "Transfer", news: object, now: float) -> None:
    """The transferee has hung up: the transferor waits for the outcome."""
    bring_out(transfer, now)


def clear_answered(transfer: "Transfer", news: "Answered", now: float) -> None:
    """The target answers when nobody waits for it any more."""
    news.leg.clear(NORMAL, now)


def as_caller(request: CallRequest, called: Party, session: bytes) -> CallRequest:
    """`request` to somebody else."""
    return replace(request, called=called, session=session)
