"""Media within a call: what one leg's peer offers is carried to the other leg's peer, and its answer back."""

from gateway.hub.bystander import PENDING
from gateway.hub.leg import Leg
from gateway.hub.media_table import PATIENCE, TABLE, MediaAction, MediaInput, MediaState
from gateway.model.call import Capability, Clearing
from gateway.model.timers import Timer, TimerQueue
from gateway.sip.sdp import same_media

SILENCE = Clearing(408)


class MediaExchange:
    """The offer that is under way between two legs, if any; there is one at a time (RFC 3264 §4).

    `unit` is T1 in seconds.
    """

    __slots__ = ("_answerer", "_is_late", "_offerer", "_timer", "_timers", "_unit", "state")

    def __init__(self, timers: TimerQueue, unit: float) -> None:
        self.state = MediaState.IDLE
        self._timers = timers
        self._unit = unit
        self._timer: Timer | None = None
        self._offerer: Leg | None = None
        self._answerer: Leg | None = None
        self._is_late = False

    def offered(self, leg: Leg, other: Leg, session: bytes, now: float) -> None:
        """`leg` wants other media or (b"") an offer from `other`."""
        action = self._enter(_offer_input(other, session), now)
        if action is MediaAction.NOT_NOW:
            leg.decline(PENDING, now)
            return
        self._offerer, self._answerer, self._is_late = leg, other, not session
        if action is MediaAction.CARRY:
            other.offer(session, now)
        elif action is MediaAction.STAND_IN:
            leg.accept(other.remote_session, now)

    def call_answered(self, caller: Leg, callee: Leg, now: float) -> None:
        """The call was answered with an offer, which the caller has now; its answer is awaited."""
        self.abandon(now)
        self._enter(MediaInput.CALL_ANSWERED, now)
        self._offerer, self._answerer = caller, callee

    def accepted(self, leg: Leg, session: bytes, now: float) -> None:
        """`leg` has answered our offer, or made the one that it was asked for."""
        action = self._enter(self._answer_input(leg), now)
        if action is MediaAction.ACCEPT and self._offerer is not None:
            self._offerer.accept(session, now)
        elif action is MediaAction.CONFIRM_AS_WAS:
            leg.confirm(leg.local_session, now)

    def declined(self, leg: Leg, clearing: Clearing, now: float) -> None:
        """`leg` has refused our offer."""
        if leg is not self._answerer:
            return
        if self._enter(MediaInput.DECLINED, now) is MediaAction.DECLINE and self._offerer is not None:
            self._offerer.decline(clearing, now)

    def confirmed(self, leg: Leg, session: bytes, now: float) -> None:
        """`leg` has acknowledged; `session` answers the offer that it got from us."""
        if leg is not self._offerer or self._answerer is None:
            return
        action = self._enter(self._confirm_input(session), now)
        if action is MediaAction.CONFIRM:
            self._answerer.confirm(session, now)
        elif action is MediaAction.OFFER_ANSWER and not self._answerer.offering:
            self._answerer.offer(session, now)

    def abandon(self, now: float) -> None:
        """The two legs part: whoever waits for something gets it now."""
        self._close(self._enter(MediaInput.ABANDONED, now), PENDING, now)
        self._offerer = self._answerer = None

    def _silence(self, now: float) -> None:
        self._close(self._enter(MediaInput.SILENCE, now), SILENCE, now)

    def _close(self, action: MediaAction, clearing: Clearing, now: float) -> None:
        if self._offerer is None or self._answerer is None:
            return
        if action in (MediaAction.NOT_NOW, MediaAction.TIME_OUT):
            self._offerer.decline(clearing, now)
        elif action is MediaAction.CONFIRM_AS_WAS:
            self._answerer.confirm(self._answerer.local_session, now)

    def _answer_input(self, leg: Leg) -> MediaInput:
        if leg is not self._answerer or self.state is not MediaState.RELAYED:
            return MediaInput.STRAY
        return MediaInput.ACCEPTED_LATE if self._is_late else MediaInput.ACCEPTED

    def _confirm_input(self, session: bytes) -> MediaInput:
        answerer = self._answerer
        same = not session or (answerer is not None and same_media(session, answerer.local_session))
        return MediaInput.CONFIRMED_AS_WAS if same else MediaInput.CONFIRMED

    def _enter(self, input: MediaInput, now: float) -> MediaAction:
        action, state = TABLE[self.state, input]
        if state is not self.state:
            self.state = state
            self._timers.stop(self._timer)
            busy = state is not MediaState.IDLE
            self._timer = self._timers.start(now + PATIENCE * self._unit, self._silence) if busy else None
        return action


def _offer_input(other: Leg, session: bytes) -> MediaInput:
    """What an offer is, by what the other side can do with it."""
    if other.offering:
        return MediaInput.BUSY
    if session or Capability.LATE_OFFER in other.capabilities:
        return MediaInput.OFFERED
    return MediaInput.ASKED_IN_VAIN if other.remote_session else MediaInput.BUSY
