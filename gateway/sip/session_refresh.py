"""An UPDATE without a body: it refreshes the session timer, or says who we are now (RFC 4028 §7.4, RFC 4916)."""

from typing import TYPE_CHECKING

from gateway.sip.client_transaction import ClientTransaction, Failure
from gateway.sip.dialog import Fields
from gateway.sip.incoming_invite import dialog_of
from gateway.sip.message import Message
from gateway.sip.session_timer import least_of

if TYPE_CHECKING:
    from gateway.sip.session import Session
    from gateway.sip.user_agent import UserAgent


class SessionRefresh:
    """One such UPDATE. It offers nothing, so that it needs not wait for any offer."""

    __slots__ = ("_headers", "_session", "_shortened", "_ua")

    def __init__(self, ua: "UserAgent", session: "Session") -> None:
        self._ua = ua
        self._session = session
        self._headers: Fields = ()
        self._shortened = False

    def send(self, headers: Fields, now: float) -> None:
        """Sends it."""
        side = self._session
        self._headers = headers
        timer = () if side.is_early else side.timer.refreshing(side.profile)
        fields = (*side.profile.abilities(reliable=False), *timer, *headers)
        self._ua.request_in(dialog_of(side), "UPDATE", fields, b"", self, now)

    def responded(self, transaction: ClientTransaction, response: Message, now: float) -> None:
        """2xx starts the timer anew; 408 and 481 end the call, 422 wants a longer interval."""
        side, status = self._session, response.status
        if status < 200 or side.is_over or side.is_early:
            return
        if status < 300:
            dialog_of(side).refresh_target(response)
            side.timer.answered_by_peer(response, now)
        elif status == 422 and not self._shortened:
            self._shortened = True
            side.timer.least = least_of(response.headers)
            self.send(self._headers, now)
        else:
            self._refused(status, now)

    def failed(self, transaction: ClientTransaction, failure: Failure, now: float) -> None:
        """No answer. A broken connection does not end the call; silence does."""
        if not self._session.is_over:
            self._refused(408 if failure is Failure.TIMEOUT else 503, now)

    def _refused(self, status: int, now: float) -> None:
        if status in (408, 481):
            self._session.lost(status, now)
        elif self._session.timer.interval:
            self._session.timer.refresh_failed(now)
