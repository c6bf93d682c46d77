"""What the built-in phone does about what its user agent tells it."""

from collections.abc import Callable

from gateway.model.errors import DecodeError
from gateway.sip.dialog import Dialog
from gateway.sip.flow import Flow, Transport
from gateway.sip.message import Message
from gateway.sip.peer_profile import PeerProfile
from gateway.sip.refer_subscription import ReferSubscription
from gateway.sip.referral import Referral
from gateway.sip.sdp import Direction, direction, parse
from gateway.sip.server_transaction import ServerTransaction
from gateway.sip.session import Session
from gateway.sip.session_description import offer_of
from gateway.sip.sipfrag import Sipfrag
from gateway.sip.uri import Uri
from gateway.sip.user_agent_owner import Located

_MEDIA_PORT = 9
"""RTP goes to the discard service: the phone is deaf and dumb."""


class PhoneOwner:
    """Owns a user agent (UserAgentOwner). `calls` are the calls by name, `host` is the phone's address.

    `tell` takes the events, `name` makes names for calls that come in, `respond` is set to the user agent's. Every
    offer is accepted, REFER is refused.
    """

    def __init__(self, profile: PeerProfile, host: str, tell: Callable[..., None], name: Callable[[], str]) -> None:
        self.calls: dict[str, Session] = {}
        self._profile = profile
        self._host = host
        self._tell = tell
        self._name = name
        self._version = 0
        self.respond: Callable[..., None]

    def description(self, wanted: Direction = Direction.SENDRECV) -> bytes:
        """A session description of ours: one stream of G.711."""
        self._version += 1
        lines = (
            "v=0",
            f"o={self._profile.name} 1 {self._version} IN IP4 {self._host}",
            "s=-",
            f"c=IN IP4 {self._host}",
            "t=0 0",
            f"m=audio {_MEDIA_PORT} RTP/AVP 8 0",
            f"a={wanted}",
        )
        return "".join(f"{line}\r\n" for line in lines).encode()

    def answer(self, session: Session, now: float) -> None:
        """2xx to a call that came in."""
        session.answer((), self._answer_to(session.remote_session), now)

    def over(self, session: Session, status: int) -> None:
        """The call has ended."""
        self.calls.pop(self._called(session), None)
        self._state(session, "DISCONNECTED", status)

    def ways(self, uri: str) -> tuple[Flow, ...]:
        """Where requests to that URI go; its host has to be an address."""
        try:
            found = Uri.parse(uri)
            transport = Transport(found.parameters.get("transport") or "udp")
        except (DecodeError, ValueError):
            return ()
        return (Flow(transport, found.host, found.port or transport.default_port),)

    # UserAgentOwner

    def admit(self, request: Message, flow: Flow, now: float) -> PeerProfile:
        """Anybody may call."""
        return self._profile

    def is_party(self, dialog: Dialog, request: Message, flow: Flow, now: float) -> bool:
        """From wherever it comes."""
        return True

    def flows_for(self, uri: str, profile: PeerProfile, done: Located, now: float) -> None:
        """By the address in the URI."""
        done(self.ways(uri), now)

    def call_offered(self, session: Session, request: Message, now: float) -> None:
        """It rings when it is told to."""
        session.owner_context = name = self._name()
        self.calls[name] = session
        text = request.headers.get("from")
        self._tell("incoming", call=name, remote=text, message="")
        self._state(session, "INCOMING", 0)

    def call_progressed(self, session: Session, response: Message, now: float) -> None:
        """Somebody's phone rings."""
        if response.status > 100:
            self._state(session, "EARLY", response.status)

    def call_answered(self, session: Session, response: Message, now: float) -> None:
        """The call is up."""
        self._state(session, "CONFIRMED", response.status)
        self._media(session, session.remote_session)

    def call_failed(self, session: Session, status: int, response: Message | None, now: float) -> None:
        """No call."""
        self.over(session, status)

    def call_cancelled(self, session: Session, cancel: Message | None, now: float) -> None:
        """The caller gave up."""
        self.over(session, 487)

    def call_ended(self, session: Session, bye: Message | None, status: int, now: float) -> None:
        """The other side hung up."""
        self.over(session, status or 200)

    def call_acknowledged(self, session: Session, ack: Message, now: float) -> None:
        """Our answer has arrived."""
        self._state(session, "CONFIRMED", 200)
        self._media(session, session.remote_session)

    def call_updated(self, session: Session, request: Message, now: float) -> None:
        """Who the other side is matters to nobody here."""

    def media_offered(self, session: Session, request: Message, now: float) -> None:
        """Every change is fine."""
        offer = offer_of(request)
        session.accept_offer(self._answer_to(offer), (), now)
        if offer:
            self._media(session, offer)

    def media_answered(self, session: Session, response: Message, now: float) -> None:
        """Our change was accepted."""
        self._media(session, session.remote_session)

    def media_refused(self, session: Session, status: int, response: Message | None, now: float) -> None:
        """Our change was not accepted."""
        self._tell("refused", call=self._called(session), status=status)

    def request_received(self, session: Session | None, transaction: ServerTransaction, now: float) -> None:
        """Whoever asks whether we are there hears that we are; there is nothing else to ask for."""
        status = 200 if transaction.request.method == "OPTIONS" else 405
        self.respond(transaction, status, self._profile.abilities(), b"", now)

    def refer_received(self, referral: Referral, now: float) -> None:
        """The gateway carries transfers out: no phone has to."""
        referral.refuse(603, (), now)

    def referral_delivered(self, referral: Referral, now: float) -> None:
        """Never: none is accepted."""

    def referral_unheard(self, referral: Referral, now: float) -> None:
        """Never: none is accepted."""

    def refer_answered(
        self, subscription: ReferSubscription, status: int, response: Message | None, now: float
    ) -> None:
        """A refusal is the end of the transfer."""
        if status >= 300:
            self._notified(subscription, status, "", is_final=True)

    def refer_notified(
        self,
        subscription: ReferSubscription,
        status: int,
        reason: str,
        body: Sipfrag | None,
        is_final: bool,
        now: float,
    ) -> None:
        """One NOTIFY."""
        self._notified(subscription, status, reason, is_final=is_final)

    def refer_ended(self, subscription: ReferSubscription, now: float) -> None:
        """Nobody will say how it went."""
        self._notified(subscription, 0, "", is_final=True)

    def _notified(self, subscription: ReferSubscription, status: int, reason: str, *, is_final: bool) -> None:
        call = str(subscription.owner_context)
        self._tell("notified", call=call, status=status, reason=reason, final=is_final)

    def _answer_to(self, offer: bytes) -> bytes:
        """A description that answers the offer; one that offers where there is none."""
        return self.description(direction(offer).reverse if offer else Direction.SENDRECV)

    def _state(self, session: Session, state: str, status: int) -> None:
        self._tell("state", call=self._called(session), state=state, status=status, remote="")

    def _media(self, session: Session, theirs: bytes) -> None:
        """Which way media would flow, and where ours would go."""
        if theirs:
            self._tell(
                "media", call=self._called(session), direction=direction(theirs).reverse, remote=_place(theirs)
            )

    def _called(self, session: Session) -> str:
        return str(session.owner_context)


def _place(description: bytes) -> str:
    stream = next(iter(parse(description).media), None)
    return f"{stream.connection}:{stream.port}" if stream else ""
