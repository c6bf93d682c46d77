"""What transferee and target hear of each other: that somebody rings, that they talk, or that all is as before.

SIP has no word for the first and the last; who is transferred on the ISDN or in H.323 hears callTransferComplete,
callTransferActive, EctInform (draft-rey-sipping-qsig2sip-transfer §8.4.1).
"""

from typing import TYPE_CHECKING

from gateway.hub.leg import Leg
from gateway.model.legs import SignallingProtocol
from gateway.model.parties import Party
from gateway.model.transfer import CallStatus, EndDesignation, Kept, PartyUpdate, Stage

if TYPE_CHECKING:
    from gateway.hub.dial import Dial
    from gateway.hub.transfer import Transfer

_RINGS = 180


def rings(transfer: "Transfer", dial: "Dial", status: int, now: float) -> None:
    """The target rings: the transferee is told, once."""
    leg, transferee = dial.leg, transfer.transferee
    if status != _RINGS or transfer.tells_ringing or leg is None or transferee is None or transferee is leg:
        return
    if transferee.protocol is not SignallingProtocol.SIP:
        transfer.tells_ringing = True
        transferee.update(_update(leg, Stage.COMPLETE, EndDesignation.PRIMARY, CallStatus.ALERTING), now)


def together(transfer: "Transfer", transferee: Leg, target: Leg, now: float) -> None:
    """The two talk to one another."""
    stage = Stage.ACTIVE if transfer.tells_ringing else Stage.COMPLETE
    transfer.tells_ringing = False
    transferee.update(_update(target, stage, EndDesignation.PRIMARY), now)
    target.update(_update(transferee, Stage.COMPLETE, EndDesignation.SECONDARY), now)


def as_before(transfer: "Transfer", transferee: Leg, now: float) -> None:
    """The transferee was told of somebody who rang, and has the transferor again."""
    if transfer.tells_ringing:
        transfer.tells_ringing = False
        transferee.update(_update(transfer.transferor, Stage.ACTIVE, EndDesignation.PRIMARY), now)


def _update(partner: Leg, stage: Stage, end: EndDesignation, status: CallStatus = CallStatus.ANSWERED) -> PartyUpdate:
    session_id = getattr(partner, "session_id", "")
    kept = (Kept("sip", "Session-ID", session_id),) if session_id else ()
    return PartyUpdate(stage, Party(uri=partner.address), end, status, kept=kept)
