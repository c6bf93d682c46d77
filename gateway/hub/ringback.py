"""What the transferee hears while the target of its transfer is ringing: the target's early media, if it brings any
(RFC 5589 §6 leaves it open; Microsoft: T30).
"""

from typing import TYPE_CHECKING

from gateway.hub.transfer_legs import bring_out
from gateway.hub.transfer_table import Input
from gateway.model.call import Progress
from gateway.sip.sdp import is_held, resumed, same_media

if TYPE_CHECKING:
    from gateway.hub.transfer import Transfer


def ring(transfer: "Transfer", progress: Progress | None, now: float) -> None:
    """The target rings: if that can be heard, and the transferee may hear it, it does."""
    if progress is not None and progress.session and _may_hear(transfer, progress.session):
        transfer.step(Input.EARLY_MEDIA, now, progress)


def _may_hear(transfer: "Transfer", session: bytes) -> bool:
    """Only who waits in silence gets another's media, and only what the target sends to it: that of a call which was
    made for somebody else goes there.
    """
    transferee = transfer.transferee
    if transferee is None or transferee.offering or not transfer.dialled:
        return False
    trunk = transfer.hub.settings.get(transferee.trunk)
    if trunk is None or not (trunk.ringback and trunk.early_media):
        return False
    waits = not transfer.transferor_here or is_held(transfer.transferor.remote_session)
    return waits and not same_media(resumed(session), transferee.local_session)


def play(transfer: "Transfer", news: Progress, now: float) -> None:
    """The transferee is offered it. Whoever refuses goes on without; the transferor waits alone meanwhile."""
    bring_out(transfer, now)
    transfer.played = True
    if transfer.transferee is not None:
        transfer.transferee.offer(resumed(news.session), now)
