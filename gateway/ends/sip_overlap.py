"""Calls whose number comes in several INVITEs, each with more digits (RFC 3578): towards the ISDN they are one call.

A further INVITE has the Call-ID and the From tag of the first, a CSeq that is higher, and no To tag. It takes the
place of the one before, which is answered with 484.
"""

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from gateway.ends.sip_leg import SipLeg
from gateway.hub.call import Call
from gateway.hub.leg import Leg
from gateway.hub.routing import dialled_user
from gateway.model.call import Clearing
from gateway.model.causes import Cause
from gateway.model.parties import Party
from gateway.sip.message import Message

if TYPE_CHECKING:
    from gateway.sip.session import Session

_INCOMPLETE = 484
_GIVEN_UP = Clearing(0, Cause(16))

Key = tuple[str, str]


@runtime_checkable
class TakesDigits(Protocol):
    """A leg whose called number may grow while the call is set up."""

    def extend(self, called: Party, session: bytes, source: str, now: float) -> bool:
        """Takes further digits; False when it is another number, or no digit is wanted any more."""


class Overlap:
    """Callers that may have more to say, by Call-ID and From tag. Empty as long as no trunk `is_wanted`."""

    __slots__ = ("_legs", "is_wanted")

    def __init__(self) -> None:
        self.is_wanted = False
        self._legs: dict[Key, tuple[SipLeg, str]] = {}

    def begin(self, leg: SipLeg, invite: Message) -> None:
        """A call was offered."""
        if self.is_wanted:
            self._legs[invite.call_id, invite.from_tag] = leg, _digits(invite)

    def end(self, leg: SipLeg) -> None:
        """The leg is over."""
        session = leg.session
        if self._legs and session is not None:
            key = session.call_id, session.remote_tag
            if key in self._legs and self._legs[key][0] is leg:
                del self._legs[key]

    def continues(self, session: "Session", invite: Message, offer: bytes, now: float) -> bool:
        """Whether the INVITE goes on with a call that was offered before, which is then that of `session`.

        Where the other side cannot have more digits, the call is begun anew with all of them.
        """
        key = invite.call_id, invite.from_tag
        leg, before = self._legs.get(key, (None, ""))
        digits = _digits(invite)
        if leg is None or leg.answered or leg.gone or digits == before or not digits.startswith(before):
            return False
        old, target = leg.session, _target(leg)
        called = Party(uri=invite.request_uri)
        if isinstance(target, TakesDigits) and target.extend(called, offer, leg.trunk, now):
            self._legs[key] = leg, digits
            leg.session = session
            session.owner_context = leg
            leg.hears(offer)
            if old is not None:
                old.owner_context = None
                old.refuse(_INCOMPLETE, (), now)
            return True
        leg.over()
        if old is not None:
            old.refuse(_INCOMPLETE, (), now)
        leg.owner.cleared(leg, _GIVEN_UP, now)
        return False


def _digits(invite: Message) -> str:
    return dialled_user(Party(uri=invite.request_uri))


def _target(leg: SipLeg) -> Leg | None:
    call = leg.owner
    return call.dial.leg if isinstance(call, Call) and call.dial is not None else None
