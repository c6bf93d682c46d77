"""TEI management at the network side: the assignment source point (Q.921 5.3)."""

from collections.abc import Callable

from gateway.isdn.data_link_user import DataLinkSettings
from gateway.isdn.side import Side
from gateway.isdn.tei_message import (
    ANY_TEI,
    FIRST_AUTOMATIC_TEI,
    LAST_AUTOMATIC_TEI,
    TeiMessage,
    TeiMessageType,
)
from gateway.isdn.tei_table import NETWORK, TeiAction, TeiEvent, TeiState
from gateway.model.timers import Timer, TimerQueue

_AUTOMATIC = range(FIRST_AUTOMATIC_TEI, LAST_AUTOMATIC_TEI + 1)


class _Tei:
    """One TEI that is assigned, and the check that runs for it. `answer` is the Ri of the response to that."""

    __slots__ = ("answer", "requested", "state", "t201")

    def __init__(self) -> None:
        self.state = TeiState.UNASSIGNED
        self.requested: tuple[int, float] = (-1, 0.0)
        self.answer = -1
        self.t201: Timer | None = None


class TeiNetwork:
    """`assigned` and `removed` hear of a TEI that comes into use and that goes out of use."""

    def __init__(
        self,
        timers: TimerQueue,
        send: Callable[[bytes], None],
        settings: DataLinkSettings,
        assigned: Callable[[int, float], None],
        removed: Callable[[int, float], None],
    ) -> None:
        self._timers = timers
        self._send = send
        self._settings = settings
        self._assigned = assigned
        self._removed = removed
        self._teis: dict[int, _Tei] = {}
        self._assumed: set[int] = set()
        self._next = FIRST_AUTOMATIC_TEI

    def start(self, now: float) -> None:
        """Nobody has a TEI, who still thinks so is to ask for one; unless some are assumed, which are looked into."""
        assumed, self._assumed = self._assumed, set()
        for tei in tuple(self._teis.keys() - assumed):
            self._forget(tei, now)
        if not assumed:
            self.remove(ANY_TEI)
        for tei in assumed:
            self.check(tei, now)

    def assume(self, tei: int, now: float) -> None:
        """Somebody had it before we were here. Whoever has another one is told so when it is used."""
        self._assumed.add(tei)
        self._teis[tei] = _Tei()
        self._happen(tei, TeiEvent.ASSIGN, now)

    def state(self, tei: int) -> TeiState:
        """How it stands with a TEI."""
        known = self._teis.get(tei)
        return TeiState.UNASSIGNED if known is None else known.state

    def check(self, tei: int, now: float) -> None:
        """Finds out who has the TEI (5.3.3)."""
        self._happen(tei, TeiEvent.CHECK, now)

    def remove(self, tei: int) -> None:
        """Tells users that they do not have the TEI (5.3.4)."""
        self._say(TeiMessageType.IDENTITY_REMOVE, 0, tei)

    def receive(self, message: TeiMessage, now: float) -> None:
        """A message of a user."""
        if message.kind is TeiMessageType.IDENTITY_REQUEST:
            self._request(message, now)
        elif message.kind is TeiMessageType.IDENTITY_VERIFY:
            self._happen(message.teis[0], TeiEvent.CHECK, now)
        elif message.kind is TeiMessageType.IDENTITY_CHECK_RESPONSE:
            for tei in message.teis:
                self._response(tei, message.reference, now)

    def _request(self, message: TeiMessage, now: float) -> None:
        """A user takes a new Ri for each attempt: the same one soon after is the same frame (5.3.2)."""
        tei = self._given(message.reference, now)
        if tei is None:
            tei = self._free() if message.teis[0] == ANY_TEI else None
            if tei is None:
                self._deny(message, now)
                return
            self._teis[tei] = _Tei()
            self._teis[tei].requested = (message.reference, now)
            self._happen(tei, TeiEvent.ASSIGN, now)
        self._say(TeiMessageType.IDENTITY_ASSIGNED, message.reference, tei)

    def _given(self, reference: int, now: float) -> int | None:
        since = now - self._settings.t202 / 2
        for tei, known in self._teis.items():
            if known.requested[0] == reference and known.requested[1] > since:
                return tei
        return None

    def _deny(self, message: TeiMessage, now: float) -> None:
        """When all are taken, some may be so by users that are gone."""
        self._say(TeiMessageType.IDENTITY_DENIED, message.reference, message.teis[0])
        if message.teis[0] == ANY_TEI:
            for tei in tuple(self._teis):
                self.check(tei, now)

    def _free(self) -> int | None:
        """The next free TEI, so that one just given back is not the first to be given again."""
        for offset in range(len(_AUTOMATIC)):
            tei = _AUTOMATIC[(self._next - FIRST_AUTOMATIC_TEI + offset) % len(_AUTOMATIC)]
            if tei not in self._teis:
                self._next = tei + 1
                return tei
        return None

    def _response(self, tei: int, reference: int, now: float) -> None:
        """Who answers twice has the same Ri; who answers with another is another."""
        known = self._teis.get(tei)
        if known is not None:
            if known.state is TeiState.ANSWERED and known.answer == reference:
                return
            known.answer = reference
        self._happen(tei, TeiEvent.RESPONSE, now)

    def _happen(self, tei: int, event: TeiEvent, now: float) -> None:
        if tei not in _AUTOMATIC:
            return
        known = self._teis.get(tei)
        action, state, starts_t201 = NETWORK[TeiState.UNASSIGNED if known is None else known.state, event]
        if known is not None:
            known.state = state
            if starts_t201:
                known.t201 = self._timers.start(
                    now + self._settings.t201, lambda due: self._happen(tei, TeiEvent.T201, due)
                )
        self._act(action, tei, now)

    def _act(self, action: TeiAction, tei: int, now: float) -> None:
        if action is TeiAction.SEND_CHECK:
            self._say(TeiMessageType.IDENTITY_CHECK_REQUEST, 0, tei)
        elif action is TeiAction.ASSIGN:
            self._assigned(tei, now)
        elif action is TeiAction.REMOVE:
            self.remove(tei)
            self._forget(tei, now)
        elif action is TeiAction.FREE:
            self._forget(tei, now)

    def _forget(self, tei: int, now: float) -> None:
        known = self._teis.pop(tei, None)
        if known is not None:
            self._timers.stop(known.t201)
            self._removed(tei, now)

    def _say(self, kind: TeiMessageType, reference: int, tei: int) -> None:
        self._send(TeiMessage(kind, reference, (tei,)).frame(Side.NETWORK))
