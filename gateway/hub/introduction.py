"""The peer of one side is another one now, and the other side shall have its call from that one: an INVITE with
Replaces takes the place of the dialog that there is (draft-rey-sipping-qsig2sip-transfer §8.3.1, §8.3.2).

Nothing is said to the side that has changed. When the INVITE fails the call stays as it was, and a peer that takes an
UPDATE hears of the new party so.
"""

from typing import TYPE_CHECKING

from gateway.configuration import Trunk
from gateway.hub.call_table import CallState
from gateway.hub.leg import Leg
from gateway.hub.transfer_target import replaces_value, settings_of
from gateway.model.call import NORMAL, Answer, CallRequest, Capability, Clearing, Progress
from gateway.model.parties import Party
from gateway.model.transfer import CallStatus, PartyUpdate, Stage
from gateway.sip import sdp

if TYPE_CHECKING:
    from gateway.hub.call import Call
    from gateway.hub.dial import Dial

_INTRODUCING = frozenset((Stage.COMPLETE, Stage.UPDATE))


def introduced(call: "Call", changed: Leg, told: Leg, update: PartyUpdate, now: float) -> bool:
    """Whether `told` is called by the new party; else it hears of it as its trunk does."""
    trunk = settings_of(call.hub, told.trunk)
    wanted = isinstance(trunk, Trunk) and trunk.connected_party == "replaces"
    is_new = update.stage in _INTRODUCING and update.status is not CallStatus.ALERTING and bool(update.party.uri)
    is_quiet = call.state is CallState.TALKING and call.transfer is None and not (told.offering or changed.offering)
    able = Capability.REPLACES in told.capabilities and told.reference is not None
    if not (wanted and is_new and is_quiet and able):
        return False
    _Introduction(call, changed, told, update).begin(now)
    return True


class _Introduction:
    """One call, guarded until the INVITE is answered."""

    __slots__ = ("_call", "_changed", "_dial", "_told", "_update")

    def __init__(self, call: "Call", changed: Leg, told: Leg, update: PartyUpdate) -> None:
        self._call = call
        self._changed = changed
        self._told = told
        self._update = update
        self._dial: Dial | None = None

    def begin(self, now: float) -> None:
        """Calls the same peer again, as the new party."""
        told, who = self._told, self._update.party
        assert told.reference is not None
        request = CallRequest(
            Party(uri=told.address),
            who,
            sdp.resumed(self._changed.remote_session) if self._changed.remote_session else b"",
            asserted=(who,),
            replaces=replaces_value(told.reference),
        )
        self._call.transfer = self
        self._dial = self._call.hub.dial(request, self._changed.trunk, self, now, trunk=told.trunk)

    def left(self, call: "Call", leg: Leg, clearing: Clearing, now: float) -> bool:
        """One of the two has hung up: the call ends as ever."""
        call.transfer = None
        if self._dial is not None:
            self._dial.cancel(NORMAL, now)
        return False

    def dial_progressed(self, dial: "Dial", progress: Progress, now: float) -> None:
        """Who is in a call already does not ring."""

    def dial_answered(self, dial: "Dial", leg: Leg, answer: Answer, now: float) -> None:
        """The new dialog takes the old one's place."""
        call, told = self._call, self._told
        call.transfer = None
        call.take(told, now)
        new = call.hub.connect(self._changed, leg, None, now, session=answer.session, late=not dial.request.session)
        new.referrals = call.referrals
        told.clear(NORMAL, now)
        call.hub.observer.log("call.introduced", level="debug", replaced=told.id, **leg.marks)

    def dial_failed(self, dial: "Dial", clearing: Clearing, now: float) -> None:
        """All stays as it was."""
        self._call.transfer = None
        self._told.update(self._update, now)
