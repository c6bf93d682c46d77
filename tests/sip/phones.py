"""User agents on a wire, whose owner writes down what it hears and does what a test tells it to."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gateway.model.errors import DecodeError
from gateway.sip.dialog import Dialog
from gateway.sip.flow import Flow, Transport
from gateway.sip.invitation import Invitation
from gateway.sip.message import Message, parse
from gateway.sip.peer_profile import PeerProfile
from gateway.sip.server_transaction import ServerTransaction
from gateway.sip.session import Session
from gateway.sip.surroundings import TransactionSettings
from gateway.sip.uri import Uri
from gateway.sip.user_agent import UserAgent
from gateway.sip.user_agent_owner import Located
from tests.sip.wire import Place, Tokens, Wire


def sdp(name: str, version: int = 1) -> bytes:
    """A session description; the names tell them apart."""
    return (
        f"v=0\r\no={name} {version} {version} IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
        "m=audio 4000 RTP/AVP 0\r\n"
    ).encode()


class Phone:
    """The owner of one user agent. `heard` are the names of the events, `last` the arguments of the last of each."""

    def __init__(
        self,
        wire: Wire,
        name: str,
        host: str,
        port: int = 5060,
        transport: Transport = Transport.UDP,
        **profile: Any,
    ) -> None:
        self.wire = wire
        self.name = name
        self.place = Place(wire, host, port)
        self.transport = transport
        by = "" if transport is Transport.UDP else f";transport={transport}"
        self.uri = f"sip:{name}@{host}:{port}{by}"
        self.profile = PeerProfile(name, self.uri, **{"session_expires": 0, **profile})
        self.ua = UserAgent(
            self, wire.timers, self.place.send, self.place.sent_by, Tokens(name), TransactionSettings()
        )
        self.place.receive = self.ua.receive
        self.place.flow_failed = self.ua.flow_failed
        self.heard: list[str] = []
        self.last: dict[str, tuple[Any, ...]] = {}
        self.does: dict[str, Callable[..., object]] = {}
        self.knows_everybody = True
        self.ways: Callable[[str], tuple[Flow, ...]] = self._way

    def call(self, other: "Phone", session: bytes = b"", **more: Any) -> Session:
        """An INVITE to another phone."""
        invitation = Invitation(
            *(other.uri, (other.place.flow(self.transport),), f"<{self.uri}>", f"<{other.uri}>", self.profile),
            session=session,
        )
        return self.ua.invite(replace(invitation, **more), None, self.wire.now)

    @property
    def session(self) -> Session:
        """The session of the last call that was offered."""
        found: Session = self.last["call_offered"][0]
        return found

    def count(self, event: str) -> int:
        return self.heard.count(event)

    def admit(self, request: Message, flow: Flow, now: float) -> PeerProfile:
        if "admit" in self.does:
            self.does["admit"](request, flow, now)
        return self.profile

    def is_party(self, dialog: Dialog, request: Message, flow: Flow, now: float) -> bool:
        self._hear("is_party", dialog, request, flow, now)
        return self.knows_everybody

    def flows_for(self, uri: str, profile: PeerProfile, done: Located, now: float) -> None:
        done(self.ways(uri), now)

    def _way(self, uri: str) -> tuple[Flow, ...]:
        if "located" in self.does:
            self.does["located"](uri)
        try:
            found = Uri.parse(uri)
        except DecodeError:
            return ()
        transport = Transport(found.parameters.get("transport") or "udp")
        return (Flow(transport, found.host, found.port or 5060),)

    def _hear(self, event: str, *arguments: Any) -> None:
        self.heard.append(event)
        self.last[event] = arguments
        if event in self.does:
            self.does[event](*arguments)

    def call_offered(self, session: Session, request: Message, now: float) -> None:
        self._hear("call_offered", session, request, now)

    def call_progressed(self, session: Session, response: Message, now: float) -> None:
        self._hear("call_progressed", session, response, now)

    def call_answered(self, session: Session, response: Message, now: float) -> None:
        self._hear("call_answered", session, response, now)

    def call_failed(self, session: Session, status: int, response: Message | None, now: float) -> None:
        self._hear("call_failed", session, status, response, now)

    def call_cancelled(self, session: Session, cancel: Message | None, now: float) -> None:
        self._hear("call_cancelled", session, cancel, now)

    def call_ended(self, session: Session, bye: Message | None, status: int, now: float) -> None:
        self._hear("call_ended", session, bye, status, now)

    def call_acknowledged(self, session: Session, ack: Message, now: float) -> None:
        self._hear("call_acknowledged", session, ack, now)

    def call_updated(self, session: Session, request: Message, now: float) -> None:
        self._hear("call_updated", session, request, now)

    def media_offered(self, session: Session, request: Message, now: float) -> None:
        self._hear("media_offered", session, request, now)

    def media_answered(self, session: Session, response: Message, now: float) -> None:
        self._hear("media_answered", session, response, now)

    def media_refused(self, session: Session, status: int, response: Message | None, now: float) -> None:
        self._hear("media_refused", session, status, response, now)

    def request_received(self, session: Session | None, transaction: ServerTransaction, now: float) -> None:
        self._hear("request_received", session, transaction, now)

    def refer_received(self, referral: Any, now: float) -> None:
        self._hear("refer_received", referral, now)

    def referral_delivered(self, referral: Any, now: float) -> None:
        self._hear("referral_delivered", referral, now)

    def referral_unheard(self, referral: Any, now: float) -> None:
        self._hear("referral_unheard", referral, now)

    def refer_answered(self, subscription: Any, status: int, response: Message | None, now: float) -> None:
        self._hear("refer_answered", subscription, status, response, now)

    def refer_notified(
        self, subscription: Any, status: int, reason: str, body: Any, is_final: bool, now: float
    ) -> None:
        self._hear("refer_notified", subscription, status, reason, body, is_final, now)

    def refer_ended(self, subscription: Any, now: float) -> None:
        self._hear("refer_ended", subscription, now)


def two_phones(
    wire: Wire, transport: Transport = Transport.UDP, *, caller: Any = None, called: Any = None
) -> tuple[Phone, Phone]:
    """Alice and Bob; `caller` and `called` are settings of their profiles."""
    alice = Phone(wire, "alice", "192.0.2.1", transport=transport, **(caller or {}))
    return alice, Phone(wire, "bob", "192.0.2.2", transport=transport, **(called or {}))


def answers(phone: Phone, session: bytes) -> None:
    """The phone answers every call at once."""
    phone.does["call_offered"] = lambda call, request, now: call.answer((), session, now)


def call_up(alice: Phone, bob: Phone) -> tuple[Session, Session]:
    """A call from one to the other that is set up; both sides of it."""
    answers(bob, sdp("bob"))
    ours = alice.call(bob, sdp("alice"))
    alice.wire.run(1.0)
    return ours, bob.session


class Stranger:
    """A peer made of octets: it says what a test has it say, right or wrong."""

    def __init__(self, wire: Wire, host: str, port: int = 5060) -> None:
        self.place = Place(wire, host, port)
        self.place.receive = self._take
        self.received: list[Message] = []
        self._wire = wire

    def request(
        self, method: str, target: Phone, lines: str, body: bytes = b"", uri: str = "", cseq: int = 1
    ) -> None:
        """Sends a request; `lines` are From, To, Call-ID and what else it has, one a line."""
        head = (
            f"{method} {uri or target.uri} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {self.place.name};branch=z9hG4bK{cseq}.{len(self._wire.sent)};rport\r\n"
            f"CSeq: {cseq} {method}\r\n"
        )
        said = "".join(f"{line.strip()}\r\n" for line in lines.strip().splitlines())
        self.send(target, f"{head}{said}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    def invite(self, target: Phone, lines: str = "", body: bytes = b"", cseq: int = 1, to_tag: str = "") -> None:
        """An INVITE of call "one", from tag "s"."""
        self.request("INVITE", target, f"{self.dialog(target, to_tag)}\n{lines}", body, cseq=cseq)

    def dialog(self, target: Phone, to_tag: str = "", *, call_id: str = "one", from_tag: str = "s") -> str:
        """From, To, Call-ID, Contact and Max-Forwards."""
        tag = f";tag={to_tag}" if to_tag else ""
        return (
            f"From: <sip:stranger@{self.place.host}>;tag={from_tag}\nTo: <{target.uri}>{tag}\nCall-ID: {call_id}\n"
            f"Contact: <sip:stranger@{self.place.name}>\nMax-Forwards: 70"
        )

    def respond(
        self, request: Message, target: Phone, status: int, tag: str = "", lines: str = "", body: bytes = b""
    ) -> None:
        """Answers a request of the phone's."""
        headers = request.headers
        to = headers.get("to") or ""
        to += f";tag={tag}" if tag and not request.to_tag else ""
        kind = "Content-Type: application/sdp\r\n" if body else ""
        said = "".join(f"{line.strip()}\r\n" for line in lines.strip().splitlines())
        self.send(
            target,
            (
                f"SIP/2.0 {status} Whatever\r\nVia: {headers.get('via')}\r\n"
                f"From: {headers.get('from')}\r\nTo: {to}\r\n"
                f"Call-ID: {request.call_id}\r\nCSeq: {headers.get('cseq')}\r\n"
                f"{said}{kind}Content-Length: {len(body)}\r\n\r\n"
            ).encode()
            + body,
        )

    def send(self, target: Phone, octets: bytes) -> None:
        self.place.send(target.place.flow(), octets)
        self._wire.run(0.02)

    def last(self, method: str, status: int = 0) -> Message:
        """The last request, or response, of that method."""
        return next(m for m in reversed(self.received) if m.method == method and m.status == status)

    def count(self, method: str, status: int = 0) -> int:
        return sum(m.method == method and m.status == status for m in self.received)

    def _take(self, octets: bytes, flow: Flow, now: float) -> None:
        self.received.append(parse(octets))
