"""Transfers that the network of the transferee carries out, and by which rung of the ladder one is tried at all.

A network is asked to call the target itself (ssctInitiate and its kin), or to join two calls of ours: then both stay
as they are until it has answered, and when it has not done it the next rung is tried.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.hub import transfer_ending as ending
from gateway.hub.leg import Leg
from gateway.hub.transfer_legs import bring_out, cancel_dial, own_consultation
from gateway.hub.transfer_passed import passable
from gateway.hub.transfer_table import Input, State
from gateway.hub.transfer_target import goes_back_to_teams, settings_of
from gateway.interworking.transfer_ladder import INVITE, JOIN, REFER, Kind, share_signalling
from gateway.model.call import Clearing
from gateway.model.errors import GatewayError
from gateway.model.parties import Party
from gateway.model.transfer import TransferRequest

if TYPE_CHECKING:
    from gateway.hub.dial import Dial
    from gateway.hub.transfer import Answered, Transfer

_TOLD_HERE = frozenset(("qsig-join",))
"""Services for which the network is not asked: the calls are joined here, and both ends are told by `Leg.update`."""
_RINGS = 180
_HANDS_OVER = frozenset((State.DIALLING, State.DIALLING_ALONE))


def begin(transfer: "Transfer", now: float, *, passing: bool) -> None:
    """The first rung that bears; with `passing` a REFER may go on to the transferee."""
    for rung in _first_rungs(transfer):
        if rung == REFER:
            request = passable(transfer, transfer.replaced) if passing else None
            if request is not None:
                transfer.step(Input.PASS, now, request)
                return
        elif rung in (INVITE, JOIN):
            break
        elif transfer.replaced is None:
            asked = _single_step(transfer, rung)
            if asked is not None:
                transfer.service = rung
                transfer.step(Input.INITIATE, now, asked)
                return
    transfer.step(Input.CONSUME, now)


def _first_rungs(transfer: "Transfer") -> tuple[str, ...]:
    kind = Kind.BLIND
    if transfer.replaced is not None:
        kind = Kind.ANSWERED if transfer.replaced.answered else Kind.RINGING
    return _rungs(transfer, kind, None)


def _rungs(transfer: "Transfer", kind: Kind, target: Leg | None) -> tuple[str, ...]:
    transferee = transfer.transferee
    assert transferee is not None
    protocols = (transfer.transferor.protocol, transferee.protocol, target.protocol if target else None)
    return transfer.hub.ladder.rungs(kind, *protocols)


def _single_step(transfer: "Transfer", service: str) -> TransferRequest | None:
    """The request to the transferee's network, which calls the target itself; None where the target is not there."""
    transferee, target = transfer.transferee, transfer.request.target or Party()
    source = settings_of(transfer.hub, transfer.transferor.trunk)
    if transferee is None or service not in transferee.services(None):
        return None
    if transfer.request.consultation is not None or goes_back_to_teams(source, target.uri):
        return None
    try:
        routed = transfer.hub.routing.route(source.name, target)[0]
    except GatewayError:
        return None
    trunks = (settings_of(transfer.hub, transferee.trunk), settings_of(transfer.hub, routed.trunk))
    return replace(transfer.request, target=routed.called) if share_signalling(*trunks) else None


def initiate(transfer: "Transfer", news: TransferRequest, now: float) -> None:
    """The network of the transferee is asked to call the target."""
    ending.accept(transfer, now)
    transfer.notes.decision, transfer.notes.method = "pass", transfer.service
    transferee = transfer.transferee
    assert transferee is not None
    transfer.transfers.refer(transfer, transferee)
    transferee.refer(news, now)


# --- two calls that there are ---


def rings(transfer: "Transfer", dial: "Dial", status: int, now: float) -> bool:
    """The target rings: whether the network is asked to join the two already."""
    leg = dial.leg
    if status != _RINGS or leg is None or transfer.played or transfer.state not in _HANDS_OVER:
        return False
    service = _next(transfer, leg)
    if service:
        transfer.step(Input.HAND, now, service)
    return bool(service)


def answers(transfer: "Transfer", answered: "Answered", now: float) -> None:
    """The target has answered: the network is asked for the two calls, or they are connected here."""
    service = _next(transfer, answered.leg) if transfer.state in _HANDS_OVER else ""
    if service:
        transfer.answer, transfer.target = answered, answered.leg
        transfer.step(Input.HAND, now, service)
    else:
        transfer.step(Input.ANSWERED, now, answered)


def fetched(transfer: "Transfer", now: float) -> None:
    """Attended, and the target has answered before."""
    assert transfer.target is not None
    service = _next(transfer, transfer.target)
    if service:
        transfer.step(Input.HAND, now, service)
    else:
        transfer.step(Input.JOIN, now)


def _next(transfer: "Transfer", target: Leg) -> str:
    """The next service that may join the transferee with the target; "" when it is to be done here."""
    transferee = transfer.transferee
    able = transferee.services(target) if transferee is not None else frozenset()
    if not able:
        return ""
    kind = Kind.ANSWERED if target.answered else Kind.RINGING
    for rung in _rungs(transfer, kind, target):
        if rung in (INVITE, JOIN):
            break
        if rung in _TOLD_HERE and rung in able:
            transfer.notes.method = rung
            break
        if rung in able and (rung, target.answered) not in transfer.tried:
            return rung
    return ""


def hand_over(transfer: "Transfer", news: str, now: float) -> None:
    """The network is asked; `news` is the service."""
    own_consultation(transfer, now)
    target = transfer.target or (transfer.dial.leg if transfer.dial else None)
    transferee = transfer.transferee
    assert transferee is not None and target is not None
    transfer.service = news
    transfer.tried.add((news, target.answered))
    transfer.notes.trunks["target"] = target.trunk
    transfer.transfers.join(transfer, transferee)
    transferee.join(target, news, now)


def note_answer(transfer: "Transfer", news: "Answered", now: float) -> None:
    """The target has answered before the network has."""
    transfer.answer, transfer.target = news, news.leg


def resume(transfer: "Transfer", news: Clearing, now: float) -> None:
    """The network has not done it: the next rung, or a target that rings is waited for."""
    if transfer.target is None:
        if transfer.dial is None:
            transfer.step(Input.FAILED, now, news)
    elif transfer.answer is not None:
        answers(transfer, transfer.answer, now)
    else:
        fetched(transfer, now)


def handed_over(transfer: "Transfer", news: object, now: float) -> None:
    """The network has both calls: the transferor is told, and its own calls have no purpose any more."""
    transfer.notes.decision, transfer.notes.method = "pass", transfer.service
    cancel_dial(transfer, now)
    bring_out(transfer, now)
    transfer.transferee = transfer.target = None
    ending.told_success(transfer, now)


def deserted(transfer: "Transfer", news: Clearing, now: float) -> None:
    """The transferee has hung up while the network was asked."""
    cancel_dial(transfer, now)
    bring_out(transfer, now)
    ending.deserted_joining(transfer, news, now)
