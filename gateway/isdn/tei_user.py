"""TEI management at the user side: asking for a TEI, answering for it, giving it up (Q.921 5.3)."""

from collections.abc import Callable
from zlib import crc32

from gateway.isdn.data_link import DataLink
from gateway.isdn.data_link_table import MdlError
from gateway.isdn.data_link_user import DataLinkSettings
from gateway.isdn.side import Side
from gateway.isdn.tei_message import ANY_TEI, TeiMessage, TeiMessageType
from gateway.isdn.tei_table import USER, UserAction, UserEvent, UserState
from gateway.model.timers import Timer, TimerQueue

DOUBTS = frozenset((MdlError.UA_FINAL, MdlError.UA, MdlError.NO_UA_TO_SABME, MdlError.NO_UA_TO_DISC))
"""Errors that a TEI explains which two have, or which the peer has forgotten (Q.921 table II.1)."""


class TeiUser:
    """Layer management of one data link of the user side. `token` gives the randomness of the references."""

    __slots__ = ("_attempts", "_link", "_reference", "_send", "_settings", "_t202", "_timers", "_token", "state")

    def __init__(
        self,
        timers: TimerQueue,
        send: Callable[[bytes], None],
        token: Callable[[], str],
        settings: DataLinkSettings,
    ) -> None:
        self.state = UserState.IDLE
        self._timers = timers
        self._send = send
        self._token = token
        self._settings = settings
        self._link: DataLink | None = None
        self._attempts = 0
        self._reference = 0
        self._t202: Timer | None = None

    def manage(self, link: DataLink) -> None:
        """The data link that has the TEI."""
        self._link = link
        link.management = self

    def tei_wanted(self, link: DataLink, now: float) -> None:
        """MDL-ASSIGN indication."""
        self._happen(UserEvent.WANTED, now)

    def link_error(self, link: DataLink, error: MdlError, now: float) -> None:
        """MDL-ERROR indication."""
        if error in DOUBTS and self._settings.tei is None and link.tei is not None:
            self._happen(UserEvent.DOUBT, now)

    def receive(self, message: TeiMessage, now: float) -> None:
        """A message of the network."""
        event = self._event(message)
        if event is not None:
            self._happen(event, now, message.teis[0])

    def _event(self, message: TeiMessage) -> UserEvent | None:
        tei = self._link.tei if self._link is not None else None
        is_ours = message.reference == self._reference and self.state is UserState.REQUESTING
        if message.kind is TeiMessageType.IDENTITY_ASSIGNED:
            if is_ours and message.teis[0] != ANY_TEI:
                return UserEvent.ASSIGNED
            return UserEvent.TAKEN if message.teis[0] == tei and message.reference != self._reference else None
        if message.kind is TeiMessageType.IDENTITY_DENIED:
            return UserEvent.DENIED if is_ours else None
        if tei is None or not {tei, ANY_TEI}.intersection(message.teis):
            return None
        return {
            TeiMessageType.IDENTITY_CHECK_REQUEST: UserEvent.CHECK,
            TeiMessageType.IDENTITY_REMOVE: None if self._settings.tei is not None else UserEvent.REMOVE,
        }.get(message.kind)

    def _happen(self, event: UserEvent, now: float, tei: int = ANY_TEI) -> None:
        action, state, starts_t202 = USER[self.state, event]
        if state is not self.state:
            self._attempts = 0
            self._timers.stop(self._t202)
        self.state = state
        if starts_t202:
            self._t202 = self._timers.start(now + self._settings.t202, self._t202_due)
        self._act(action, tei, now)

    def _t202_due(self, now: float) -> None:
        is_last = self._attempts >= self._settings.n202
        self._happen(UserEvent.T202_LAST if is_last else UserEvent.T202, now)

    def _act(self, action: UserAction, tei: int, now: float) -> None:
        link = self._link
        if link is None or action is UserAction.IGNORE:
            return
        if action is UserAction.ASSIGN:
            link.assign(tei, now)
        elif action is UserAction.REFUSE:
            link.refuse(now)
        elif action is UserAction.REMOVE:
            link.remove(now)
        elif action is UserAction.REQUEST:
            self._attempts += 1
            self._reference = crc32(self._token().encode()) & 0xFFFF
            self._say(TeiMessageType.IDENTITY_REQUEST, self._reference, ANY_TEI)
        elif action is UserAction.VERIFY:
            self._attempts += 1
            self._say(TeiMessageType.IDENTITY_VERIFY, 0, link.tei)
        elif action is UserAction.RESPOND:
            self._say(TeiMessageType.IDENTITY_CHECK_RESPONSE, crc32(self._token().encode()) & 0xFFFF, link.tei)

    def _say(self, kind: TeiMessageType, reference: int, tei: int | None) -> None:
        if tei is not None:
            self._send(TeiMessage(kind, reference, (tei,)).frame(Side.USER))
