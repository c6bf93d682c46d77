"""A SIP end on a stage: octets in, octets out, and a hub that remembers what it heard."""

from itertools import count
from typing import Any

from gateway.ends.own_addresses import Listener
from gateway.ends.sip_end import SipEnd
from gateway.ends.sip_leg import SipLeg
from gateway.ends.sip_trunk import Located
from gateway.hub.bystander import Bystander
from gateway.hub.leg import Leg
from gateway.model.call import Answer, CallRequest, Clearing, Information, Progress
from gateway.model.errors import DecodeError
from gateway.model.parties import Party
from gateway.model.timers import TimerQueue
from gateway.model.transfer import PartyUpdate, TransferOutcome, TransferProgress, TransferRequest
from gateway.sip.flow import Flow, Transport
from gateway.sip.locating import is_address, target
from gateway.sip.message import Message, parse
from tests.ends.trunks import LISTENERS, SDP, UDP_FLOW, Notes, configuration

ANSWER = SDP.replace(b"alice", b"bob").replace(b"4000", b"5000")
HELD = SDP + b"a=sendonly\r\n"


class Hub(Bystander):
    """Notes every event as (name, arguments without leg and time)."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []
        self.leg: SipLeg

    def _note(self, leg: Leg, *what: object) -> None:
        assert isinstance(leg, SipLeg)
        self.leg = leg
        self.heard.append(what)

    def call_asked(self, leg: Leg, request: CallRequest, replaced: Leg | None, now: float) -> None:
        self._note(leg, "call_asked", request, replaced)

    def progressed(self, leg: Leg, progress: Progress, now: float) -> None:
        self._note(leg, "progressed", progress)

    def answered(self, leg: Leg, answer: Answer, now: float) -> None:
        self._note(leg, "answered", answer)

    def cleared(self, leg: Leg, clearing: Clearing, now: float) -> None:
        self._note(leg, "cleared", clearing)

    def media_offered(self, leg: Leg, session: bytes, now: float) -> None:
        self._note(leg, "media_offered", session)

    def media_accepted(self, leg: Leg, session: bytes, now: float) -> None:
        self._note(leg, "media_accepted", session)

    def media_declined(self, leg: Leg, clearing: Clearing, now: float) -> None:
        self._note(leg, "media_declined", clearing)

    def confirmed(self, leg: Leg, session: bytes, now: float) -> None:
        self._note(leg, "confirmed", session)

    def informed(self, leg: Leg, information: Information, now: float) -> None:
        self._note(leg, "informed", information)

    def transfer_asked(
        self, leg: Leg, transfer: str, request: TransferRequest, replaced: Leg | None, now: float
    ) -> None:
        self._note(leg, "transfer_asked", transfer, request, replaced)

    def report_delivered(self, leg: Leg, transfer: str, now: float) -> None:
        self._note(leg, "report_delivered", transfer)

    def transfer_cancelled(self, leg: Leg, transfer: str, now: float) -> None:
        self._note(leg, "transfer_cancelled", transfer)

    def transfer_progress(self, leg: Leg, report: TransferProgress, now: float) -> None:
        self._note(leg, "transfer_progress", report)

    def transfer_outcome(self, leg: Leg, outcome: TransferOutcome, now: float) -> None:
        self._note(leg, "transfer_outcome", outcome)

    def updated(self, leg: Leg, update: PartyUpdate, now: float) -> None:
        self._note(leg, "updated", update)

    @property
    def last(self) -> tuple[Any, ...]:
        return self.heard[-1]

    @property
    def names(self) -> list[str]:
        return [each[0] for each in self.heard]


class Stage:
    """The end with its trunks; `names` says what flows a URI leads to, by the start of the URI."""

    def __init__(self, *trunks: dict[str, Any], listeners: tuple[Listener, ...] = LISTENERS, **more: Any) -> None:
        self.timers = TimerQueue()
        self.notes = Notes()
        self.now = 0.0
        self.outbox: list[tuple[Flow, bytes]] = []
        self.names: dict[str, tuple[Flow, ...]] = {}
        self.waiting: list[tuple[str, Located]] = []
        self.late = False
        numbers = count(1)
        self.end = SipEnd(
            configuration(*trunks, **more),
            listeners,
            self.timers,
            lambda flow, octets: self.outbox.append((flow, octets)),
            lambda: f"w0token{next(numbers):012d}",
            self._locate,
            self.notes,
        )
        self.hub = Hub()
        self.end.hub = self.hub

    def _locate(self, uri: str, done: Located) -> None:
        if self.late:
            self.waiting.append((uri, done))
        else:
            done(self._found(uri), self.now)

    def _found(self, uri: str) -> tuple[Flow, ...]:
        for start, flows in self.names.items():
            if uri.startswith(start):
                return flows
        try:
            found = target(uri)
        except DecodeError:
            return ()
        way = Flow(found.transport or Transport.UDP, found.host, found.port or 5060)
        return (way,) if is_address(found.host) else ()

    def answer_searches(self) -> None:
        """DNS has answered."""
        waiting, self.waiting, self.late = self.waiting, [], False
        for uri, done in waiting:
            done(self._found(uri), self.now)

    def receive(self, message: str | bytes | Message, flow: Flow = UDP_FLOW) -> list[Message]:
        """A message comes in; what goes out because of it."""
        octets = message if isinstance(message, bytes) else getattr(message, "octets", None)
        if octets is None:
            octets = crlf(str(message))
        self.end.ua.receive(octets, flow, self.now)
        return self.sent()

    def sent(self) -> list[Message]:
        """What has gone out since it was asked last."""
        outbox, self.outbox = self.outbox, []
        return [parse(octets) for _, octets in outbox]

    def wait(self, seconds: float) -> list[Message]:
        """Time passes."""
        self.now += seconds
        while (due := self.timers.next_due()) is not None and due <= self.now:
            self.timers.run(due)
        return self.sent()

    def place(self, trunk: str, uri: str = "sip:2001@192.0.2.1", **known: Any) -> SipLeg:
        """The hub calls."""
        known = {"calling": Party(uri="sip:1000@10.0.0.7"), "session": SDP, **known}
        leg = self.end.place(trunk, CallRequest(Party(uri=uri), **known), self.hub, self.now)
        assert isinstance(leg, SipLeg)
        return leg

    def called(self, message: Message) -> SipLeg:
        """A call comes in, and the hub answers it."""
        self.receive(message)
        leg = self.hub.leg
        leg.answer(Answer(ANSWER), self.now)
        (ok,) = self.sent()
        assert ok.status == 200
        self.receive(request("ACK", ok, "1 ACK"))
        return leg

    def answered(self, trunk: str, *fields: str, session: bytes = ANSWER, **known: Any) -> SipLeg:
        """The hub calls, and the peer answers."""
        leg = self.place(trunk, **known)
        (invite,) = self.sent()
        (ack,) = self.receive(reply(invite, 200, *fields, body=session))
        assert ack.method == "ACK"
        return leg


def crlf(text: str, body: bytes = b"") -> bytes:
    """Lines as a message."""
    return "\r\n".join(line.strip() for line in text.strip().splitlines()).encode() + b"\r\n\r\n" + body


def reply(asked: Message, status: int, *fields: str, body: bytes = b"", tag: str = "p1", reason: str = "X") -> bytes:
    """The peer's response to a request of ours."""
    to = asked.headers.get("to") or ""
    lines = [
        f"SIP/2.0 {status} {reason}",
        *(f"Via: {value}" for value in asked.headers.all("via")),
        f"From: {asked.headers.get('from')}",
        f"To: {to if 'tag=' in to else f'{to};tag={tag}'}",
        f"Call-ID: {asked.call_id}",
        f"CSeq: {asked.headers.get('cseq')}",
        "Contact: <sip:peer@198.51.100.1:5060>",
        *fields,
        *(("Content-Type: application/sdp",) if body else ()),
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def request(
    method: str, about: Message, cseq: str, *fields: str, body: bytes = b"", branch: str = "", kind: str = ""
) -> bytes:
    """The peer's next request in a dialog: `about` is a response of ours, or our INVITE with the peer's tag p1."""
    mine, yours = about.headers.get("from") or "", about.headers.get("to") or ""
    if about.is_request:
        mine, yours = f"{yours};tag=p1" if "tag=" not in yours else yours, mine
    lines = [
        f"{method} sip:192.0.2.1:5060 SIP/2.0",
        f"Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK{branch or method + cseq.split(maxsplit=1)[0]}",
        f"From: {mine}",
        f"To: {yours}",
        f"Call-ID: {about.call_id}",
        f"CSeq: {cseq}",
        "Contact: <sip:peer@198.51.100.1:5060>",
        "Max-Forwards: 70",
        *fields,
        *((f"Content-Type: {kind or 'application/sdp'}",) if body else ()),
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
