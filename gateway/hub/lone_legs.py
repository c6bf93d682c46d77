"""What is said to a peer whose partner is just being exchanged: it is on hold until somebody is there again."""

from gateway.hub.bystander import Bystander
from gateway.hub.leg import Leg
from gateway.model.call import Clearing
from gateway.model.causes import Cause
from gateway.sip import sdp
from gateway.sip.sdp import Direction

_NO_MEDIA = Clearing(488, Cause(79))


class LoneLegs(Bystander):
    """Owner of legs that have nobody to talk to; their peers may change the media nevertheless."""

    __slots__ = ()

    def media_offered(self, leg: Leg, session: bytes, now: float) -> None:
        """Agreed to, but nothing is sent and nothing is listened to: what fits is found when somebody is there."""
        ours = sdp.with_direction(leg.local_session, Direction.INACTIVE) if leg.local_session else b""
        if ours and (not session or sdp.answerable(session, ours)):
            leg.accept(ours, now)
        else:
            leg.decline(_NO_MEDIA, now)
