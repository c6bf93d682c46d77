"""What the user agent tells the one it works for, and what it asks of it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from gateway.sip.flow import Flow
from gateway.sip.message import Message
from gateway.sip.peer_profile import PeerProfile

if TYPE_CHECKING:
    from gateway.sip.client_transaction import ClientTransaction
    from gateway.sip.dialog import Dialog
    from gateway.sip.refer_subscription import ReferSubscription
    from gateway.sip.referral import Referral
    from gateway.sip.server_transaction import ServerTransaction
    from gateway.sip.session import Session
    from gateway.sip.sipfrag import Sipfrag
    from gateway.sip.transaction_layer import Failure

Located = Callable[[tuple[Flow, ...], float], None]
"""Called with the flows to try in order, () when there are none."""


class DialogUse(Protocol):
    """Whoever sends a request in a dialog and hears what becomes of it."""

    def responded(self, transaction: "ClientTransaction", response: Message, now: float) -> None:
        """A provisional or final response; challenges have been answered before."""

    def failed(self, transaction: "ClientTransaction", failure: "Failure", now: float) -> None:
        """No final response came, by any flow."""


class UserAgentOwner(Protocol):
    """The end that owns a user agent. After it has ended a session itself it hears no more of that session."""

    def admit(self, request: Message, flow: Flow, now: float) -> PeerProfile:
        """How to behave towards whoever sent a request outside of a dialog. Raises Refusal."""

    def is_party(self, dialog: "Dialog", request: Message, flow: Flow, now: float) -> bool:
        """Whether a request in `dialog` that came from another host than the last one is of the peer all the same.
        Raises Refusal when the peer has to show first who it is.
        """

    def flows_for(self, uri: str, profile: PeerProfile, done: Located, now: float) -> None:
        """Where requests to `uri` go (RFC 3263); `done` is called at once or later."""

    def call_offered(self, session: "Session", request: Message, now: float) -> None:
        """A new INVITE; `session.replaces` is the session it wants to replace (RFC 3891)."""

    def call_progressed(self, session: "Session", response: Message, now: float) -> None:
        """101..199 to our INVITE; `session.early_session` is its session description."""

    def call_answered(self, session: "Session", response: Message, now: float) -> None:
        """2xx to our INVITE; `acknowledge` is due when that had no session description."""

    def call_failed(self, session: "Session", status: int, response: Message | None, now: float) -> None:
        """Final failure of our INVITE; 408 or 503 without a response."""

    def call_cancelled(self, session: "Session", cancel: Message | None, now: float) -> None:
        """The caller gave up before the answer: CANCEL, BYE, or silence (None)."""

    def call_ended(self, session: "Session", bye: Message | None, status: int, now: float) -> None:
        """The peer's BYE (status 0), or a dialog that is lost: 408 (session timer, no ACK, no answer), 481."""

    def call_acknowledged(self, session: "Session", ack: Message, now: float) -> None:
        """ACK to our 2xx of INVITE or re-INVITE; its body is the answer when our 2xx was the offer."""

    def call_updated(self, session: "Session", request: Message, now: float) -> None:
        """An UPDATE without a body has been answered; it may say who the peer is now."""

    def media_offered(self, session: "Session", request: Message, now: float) -> None:
        """re-INVITE, or UPDATE with an offer; `accept_offer` or `refuse_offer` is due. No body asks for our offer."""

    def media_answered(self, session: "Session", response: Message, now: float) -> None:
        """2xx to our re-INVITE or UPDATE; `acknowledge` is due when our re-INVITE had no offer."""

    def media_refused(self, session: "Session", status: int, response: Message | None, now: float) -> None:
        """Our offer was refused, glare included; after 408 and 481 `call_ended` follows."""

    def request_received(self, session: "Session | None", transaction: "ServerTransaction", now: float) -> None:
        """INFO, MESSAGE and the like, OPTIONS outside of dialogs; `UserAgent.respond` is due."""

    def refer_received(self, referral: "Referral", now: float) -> None:
        """A valid REFER; `accept` or `refuse` is due at once."""

    def referral_delivered(self, referral: "Referral", now: float) -> None:
        """The final NOTIFY was answered, refused or has timed out, or none was wanted."""

    def referral_unheard(self, referral: "Referral", now: float) -> None:
        """The transferor has unsubscribed or is gone before the final NOTIFY."""

    def refer_answered(
        self, subscription: "ReferSubscription", status: int, response: Message | None, now: float
    ) -> None:
        """Final answer to our REFER."""

    def refer_notified(
        self,
        subscription: "ReferSubscription",
        status: int,
        reason: str,
        body: "Sipfrag | None",
        is_final: bool,
        now: float,
    ) -> None:
        """One NOTIFY; `is_final` once at most."""

    def refer_ended(self, subscription: "ReferSubscription", now: float) -> None:
        """No final NOTIFY will come."""
