"""A request of ours with all that it takes to get it answered: where it goes, and credentials (RFC 3261 §22)."""

from typing import TYPE_CHECKING

from gateway.sip.client_transaction import ClientTransaction, Failure
from gateway.sip.dialog import Dialog, Fields
from gateway.sip.digest import authorization, is_stale
from gateway.sip.flow import Flow
from gateway.sip.message import Message
from gateway.sip.refer_subscription import ReferSubscription

if TYPE_CHECKING:
    from gateway.sip.user_agent import UserAgent
    from gateway.sip.user_agent_owner import DialogUse

_MOST_CHALLENGES = 4
_CHALLENGES = {
    401: ("WWW-Authenticate", "Authorization"),
    407: ("Proxy-Authenticate", "Proxy-Authorization"),
}


class Exchange:
    """One request in a dialog (or the one that makes it), sent again with credentials when it is challenged.

    Every attempt takes the next CSeq. `flows` None stands for where the dialog's requests go. `cseq` is the number of
    the last attempt, `credentials` are the header fields that it carried besides `headers`. Once `stopped` it is
    not tried again.
    """

    __slots__ = (
        *("body", "credentials", "cseq", "dialog", "flows", "headers", "max_forwards", "method", "stopped"),
        *("transaction", "_challenges", "_may_go_round", "_ua", "_use"),
    )

    def __init__(
        self,
        ua: "UserAgent",
        dialog: Dialog,
        method: str,
        headers: Fields,
        body: bytes,
        use: "DialogUse | None",
        *,
        flows: tuple[Flow, ...] | None = None,
        max_forwards: int = 70,
    ) -> None:
        self._ua = ua
        self._use = use
        self._challenges: tuple[int, ...] = ()
        self._may_go_round = flows is None
        self.dialog = dialog
        self.method = method
        self.headers = headers
        self.body = body
        self.flows = flows
        self.max_forwards = max_forwards
        self.credentials: Fields = ()
        self.cseq = 0
        self.stopped = False
        self.transaction: ClientTransaction | None = None

    def send(self, now: float) -> None:
        """Sends it, as soon as it is known where to."""
        if self.flows is None:
            self._ua.locate(self.dialog, self._send, now)
        else:
            self._send(self.flows, now)

    def cancel(self, headers: Fields, now: float) -> None:
        """Takes an INVITE back as soon as that is allowed, with `headers` in the CANCEL."""
        self.stopped = True
        if self.transaction is not None:
            self._ua.layer.cancel(self.transaction, headers, now)

    def responded(self, transaction: ClientTransaction, response: Message, now: float) -> None:
        """Challenges are answered, all else goes to whoever sent it."""
        status = response.status
        if status in _CHALLENGES and not self.stopped and self._authorised(response):
            if self.flows is not None:
                self.flows = (transaction.flow, *(flow for flow in self.flows if flow != transaction.flow))
            self.send(now)
            return
        if status >= 200:
            self.transaction = None
            if transaction.flow.connection and not self.dialog.flow.connection:
                self.dialog.flow = transaction.flow
        if self._use is not None:
            self._use.responded(transaction, response, now)

    def failed(self, transaction: ClientTransaction, failure: Failure, now: float) -> None:
        """Nobody answered. When the dialog's connection broke meanwhile, the peer may be reached another way."""
        self.transaction = None
        if failure is Failure.TRANSPORT and transaction.flow.connection and self._may_go_round:
            self._may_go_round = False
            self.send(now)
            return
        if self._use is not None:
            self._use.failed(transaction, failure, now)

    def _send(self, flows: tuple[Flow, ...], now: float) -> None:
        dialog, method = self.dialog, self.method
        uri, fields = dialog.next_request(method, 0, self.max_forwards)
        self.cseq = dialog.local_cseq
        if isinstance(self._use, ReferSubscription):
            # Its NOTIFYs name the REFER that was accepted, and may come before the answer says which that was.
            self._use.event_id = str(self.cseq)
        transaction = self._ua.layer.request(
            method,
            uri,
            (*fields, *self.headers, *self.credentials) if self.credentials else (*fields, *self.headers),
            self.body,
            flows,
            self,
            now,
            sent_by=dialog.profile.sent_by,
        )
        if method == "INVITE":
            self.transaction = transaction

    def _authorised(self, response: Message) -> bool:
        """Whether there are credentials that have not been refused yet; a stale nonce is no refusal."""
        status = response.status
        challenge, answer = _CHALLENGES[status]
        challenges = response.headers.all(challenge)
        again = status in self._challenges and not is_stale(challenges)
        if again or not challenges or len(self._challenges) >= _MOST_CHALLENGES:
            return False
        profile, ua = self.dialog.profile, self._ua
        uri = self.dialog.next_request(self.method, max(self.cseq, 1))[0]
        value = authorization(
            challenges, self.method, uri, self.body, profile.credentials, ua.token(), ua.nonce_counts
        )
        if not value:
            return False
        self._challenges += (status,)
        self.credentials = (*(field for field in self.credentials if field[0] != answer), (answer, value))
        return True
