"""Whether a transfer that is asked for can be taken on at all; if not, how it is refused."""

from typing import TYPE_CHECKING

from gateway.configuration import AnyTrunk, TransferPolicy
from gateway.hub.bystander import PENDING
from gateway.hub.call import Call
from gateway.hub.leg import Leg
from gateway.hub.transfer_target import settings_of, target_uri
from gateway.interworking.transfer_ladder import share_signalling
from gateway.model.call import Clearing
from gateway.model.causes import Cause
from gateway.model.errors import GatewayError
from gateway.model.transfer import DialogReference, TransferKind, TransferRequest

if TYPE_CHECKING:
    from gateway.hub.hub import Hub

MOST_REFERRALS = 10
"""How often one call may be referred on: the INVITE of each transfer starts with a fresh Max-Forwards."""

DECLINED = Clearing(603, Cause(21))
NO_DIALOG = Clearing(481, Cause(81))
FORBIDDEN = Clearing(403, Cause(21))
OWN_DIALOG = Clearing(400, Cause(111), "Replaces Names Its Own Call")
ANSWERED_ALREADY = Clearing(486, Cause(17))
TOO_MANY = Clearing(483, Cause(25))
NOT_CARRIED_OUT = Clearing(501, Cause(79))

_CARRIED_OUT = frozenset((TransferKind.BLIND, TransferKind.ATTENDED, TransferKind.SEMI_ATTENDED))


def refused(
    hub: "Hub", call: Call, leg: Leg, request: TransferRequest, replaced: Leg | None, trunk: AnyTrunk
) -> Clearing | None:
    """How the transfer is refused; None when it can be tried."""
    if trunk.transfer is TransferPolicy.REJECT:
        return DECLINED
    if request.kind not in _CARRIED_OUT:
        return NOT_CARRIED_OUT
    if _is_pending(call, leg):
        return PENDING
    if call.referrals >= MOST_REFERRALS:
        return TOO_MANY
    try:
        uri = target_uri(request)
    except GatewayError as error:
        return Clearing(error.sip_status, Cause(error.cause))
    if replaced is not None:
        return _of_consultation(call, leg, request, replaced)
    return NO_DIALOG if request.consultation is not None and hub.trunks.is_ours(uri) else None


def _is_pending(call: Call, leg: Leg) -> bool:
    """Another transfer runs, or an INVITE of this call has no final answer yet (RFC 3261 §14.2 in the like case)."""
    transferee = call.other(leg)
    return call.transfer is not None or transferee is None or not (leg.answered and transferee.answered)


def _of_consultation(call: Call, leg: Leg, request: TransferRequest, replaced: Leg) -> Clearing | None:
    second = replaced.owner
    if second is call:
        return OWN_DIALOG
    if replaced.trunk != leg.trunk and not _share_signalling(call.hub, leg, replaced):
        return FORBIDDEN
    if not isinstance(second, Call):
        return NO_DIALOG
    early_only = isinstance(request.consultation, DialogReference) and request.consultation.early_only
    if early_only and replaced.answered:
        return ANSWERED_ALREADY
    return None if _can_be_joined(second, replaced) else PENDING


def _share_signalling(hub: "Hub", leg: Leg, replaced: Leg) -> bool:
    """Whether the peer of the one has the call of the other too: trunks of one group, of the ISDN or of H.323."""
    one, other = settings_of(hub, leg.trunk), settings_of(hub, replaced.trunk)
    return share_signalling(one, other)


def _can_be_joined(second: Call, replaced: Leg) -> bool:
    """Both sides have answered, or the target that the transferor called still rings."""
    if second.transfer is not None:
        return False
    if not replaced.answered:
        return replaced.incoming and second.dial is not None
    other = second.other(replaced)
    return other is not None and other.answered
