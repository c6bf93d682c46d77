"""Two answered legs that have never talked to each other agree on their media, by offers from here (RFC 3725)."""

from typing import TYPE_CHECKING

from gateway.hub.join_table import PATIENCE, TABLE, JoinAction, JoinInput, JoinState
from gateway.hub.leg import Leg
from gateway.hub.media import SILENCE
from gateway.hub.media_fit import is_news
from gateway.hub.watchers import ConnectWatcher
from gateway.model.call import NORMAL, Capability, Clearing
from gateway.model.timers import Timer
from gateway.sip.sdp import resumed, same_media, with_common_codecs

if TYPE_CHECKING:
    from gateway.hub.call import Call

_MEDIA_REFUSED = frozenset((406, 415, 488, 606))


class Joining:
    """Puts `call.caller`, the survivor, and `call.callee`, the target, together.

    The survivor gets the target's description as an offer that ends any hold; its answer goes to the target if it is
    news to it. `session` is the target's description when it is known better than the leg knows it; `late` says that
    it is an offer which has to be confirmed, `as_is` that a hold stays. With `knows` the
    survivor may have been offered it before, and is not offered the same again.
    """

    __slots__ = (
        "_as_is",
        "_call",
        "_clearing",
        "_is_late",
        "_knows",
        "_offer",
        "_session",
        "_timer",
        "state",
        "watcher",
    )

    def __init__(
        self,
        call: "Call",
        watcher: ConnectWatcher | None,
        session: bytes,
        *,
        late: bool,
        as_is: bool = False,
        knows: bool = False,
    ) -> None:
        self.state = JoinState.SETTLING
        self.watcher = watcher
        self._call = call
        self._session = session
        self._is_late = late
        self._as_is = as_is
        self._knows = knows
        self._offer = b""
        self._clearing = NORMAL
        self._timer: Timer | None = None

    def start(self, now: float) -> None:
        """Begins as soon as neither leg owes an answer."""
        if self.state is JoinState.SETTLING:
            self._wait(now)
            self._settled(now)

    def accepted(self, leg: Leg, session: bytes, now: float) -> None:
        """A leg has answered, or made the offer that it was asked for."""
        if self.state is JoinState.SETTLING:
            leg.confirm(leg.local_session, now)
            self._settled(now)
        elif leg is self._asked:
            self._step(self._answer_input(leg, session), session, now)
        else:
            leg.confirm(leg.local_session, now)

    def declined(self, leg: Leg, clearing: Clearing, now: float) -> None:
        """A leg has refused an offer."""
        if self.state is JoinState.SETTLING:
            self._settled(now)
        elif leg is self._asked:
            self._clearing = clearing
            self._step(self._refusal_input(clearing), b"", now)

    def confirmed(self, now: float) -> None:
        """A leg has acknowledged our answer: what it said then may have been waited for."""
        if self.state is JoinState.SETTLING:
            self._settled(now)

    def stop(self, now: float) -> None:
        """A leg has left: nothing more is agreed."""
        self._step(JoinInput.LEFT, b"", now)

    @property
    def _survivor(self) -> Leg:
        return self._call.caller

    @property
    def _target(self) -> Leg:
        target = self._call.callee
        assert target is not None
        return target

    @property
    def _asked(self) -> Leg:
        """Who owes the next answer."""
        return self._target if self.state in _TARGET_OWES else self._survivor

    def _settled(self, now: float) -> None:
        known = self._session or self._target.remote_session
        if not known or self._survivor.offering or self._target.offering:
            return
        self._session = known if self._as_is else resumed(known)
        survivor = self._survivor
        if self._is_late:
            self._step(JoinInput.READY_LATE, b"", now)
        elif not (self._knows and same_media(self._session, survivor.local_session)):
            self._step(JoinInput.READY, b"", now)
        elif self._answer_input(survivor, survivor.remote_session) is JoinInput.AGREED:
            self._step(JoinInput.READY_AGREED, b"", now)
        else:
            self._step(JoinInput.READY_CHANGED, survivor.remote_session, now)

    def _answer_input(self, leg: Leg, session: bytes) -> JoinInput:
        other = self._survivor if leg is self._target else self._target
        return JoinInput.CHANGED if is_news(session, other.local_session, other.remote_session) else JoinInput.AGREED

    def _refusal_input(self, clearing: Clearing) -> JoinInput:
        if clearing.status not in _MEDIA_REFUSED:
            return JoinInput.REFUSED
        asked = self._asked
        if asked is self._survivor and Capability.LATE_OFFER in asked.capabilities:
            return JoinInput.CAN_ASK
        return JoinInput.CAN_REDUCE if self._common(asked) else JoinInput.REFUSED

    def _common(self, asked: Leg) -> bytes:
        """The refused offer with only the codecs that the one asked has shown; b"" when that is the same or none."""
        reduced = with_common_codecs(self._offer, asked.remote_session)
        return b"" if reduced is None or same_media(reduced, self._offer) else reduced

    def _silence(self, now: float) -> None:
        self._clearing = SILENCE
        self._step(JoinInput.SILENCE, b"", now)

    def _step(self, input: JoinInput, session: bytes, now: float) -> None:
        asked = self._asked
        action, self.state = TABLE[self.state, input]
        if action is JoinAction.IGNORE:
            return
        if self.state is JoinState.OVER:
            self._call.hub.timers.stop(self._timer)
            self._finish(action, session, now)
            if input is not JoinInput.LEFT:
                self._call.joined(None if action in _AGREED else self._clearing, now)
        else:
            self._wait(now)
            self._go_on(action, asked, session, now)

    def _go_on(self, action: JoinAction, asked: Leg, session: bytes, now: float) -> None:
        if action is JoinAction.OFFER:
            self._ask(self._survivor, self._session, now)
        elif action is JoinAction.ASK:
            self._ask(self._survivor, b"", now)
        elif action in (JoinAction.OFFER_COMMON, JoinAction.TELL_TARGET_COMMON):
            self._ask(asked, self._common(asked), now)
        elif action is JoinAction.RELAY:
            self._ask(self._target, with_common_codecs(session, self._target.remote_session) or session, now)
        elif action is JoinAction.TELL_TARGET:
            self._ask(self._target, session, now)
        elif action is JoinAction.TELL_SURVIVOR:
            self._ask(self._survivor, session, now)

    def _finish(self, action: JoinAction, session: bytes, now: float) -> None:
        survivor, target = self._survivor, self._target
        if action is JoinAction.CONFIRM_TARGET:
            target.confirm(session, now)
        elif action is JoinAction.CONFIRM_SURVIVOR:
            survivor.confirm(session, now)
        elif action is JoinAction.FAIL_TARGET_WAITS:
            target.confirm(survivor.remote_session, now)
        elif action is JoinAction.FAIL_SURVIVOR_WAITS:
            survivor.confirm(survivor.local_session, now)

    def _ask(self, leg: Leg, session: bytes, now: float) -> None:
        self._offer = session
        leg.offer(session, now)

    def _wait(self, now: float) -> None:
        timers = self._call.hub.timers
        timers.stop(self._timer)
        self._timer = timers.start(now + PATIENCE * self._call.hub.configuration.timing.t1, self._silence)


_TARGET_OWES = frozenset((JoinState.RELAYING, JoinState.ANSWERING, JoinState.ANSWERING_REDUCED))
_AGREED = frozenset((JoinAction.CONNECT, JoinAction.CONFIRM_TARGET, JoinAction.CONFIRM_SURVIVOR))
