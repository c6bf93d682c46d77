"""A transaction layer under a clock of its own, with a user that keeps what it hears."""

from collections.abc import Sequence
from itertools import count

from gateway.model.timers import TimerQueue
from gateway.sip.flow import Flow, Transport
from gateway.sip.message import Message, parse
from gateway.sip.transaction_layer import (
    ClientTransaction,
    Failure,
    ServerTransaction,
    TransactionLayer,
    TransactionSettings,
)

ALICE = Flow(Transport.UDP, "192.0.2.1", 5060)
BOB = Flow(Transport.UDP, "192.0.2.2", 5060)
CAROL = Flow(Transport.UDP, "192.0.2.3", 5060)
ALICE_TCP = Flow(Transport.TCP, "192.0.2.1", 40_000, connection=7)
BOB_TCP = Flow(Transport.TCP, "192.0.2.2", 5060)


def request(
    method: str = "INVITE",
    branch: str = "z9hG4bK-1",
    *,
    via: str = "",
    uri: str = "sip:bob@192.0.2.9",
    to_tag: str = "",
    from_tag: str = "a1",
    call_id: str = "call-1@192.0.2.1",
    cseq: int = 1,
    extra: Sequence[str] = (),
    body: bytes = b"",
) -> bytes:
    via = via or f"SIP/2.0/UDP 192.0.2.1:5060;branch={branch};rport"
    lines = (
        f"{method} {uri} SIP/2.0",
        f"Via: {via}",
        "Max-Forwards: 70",
        f'From: "A, b" <sip:alice@192.0.2.1>;tag={from_tag}',
        "To: <sip:bob@192.0.2.9>" + (f";tag={to_tag}" if to_tag else ""),
        f"Call-ID: {call_id}",
        f"CSeq: {cseq} {method}",
        *extra,
        f"Content-Length: {len(body)}",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def response(to: Message, status: int, *, to_tag: str = "b1", body: bytes = b"") -> bytes:
    get = to.headers.get
    tag = "" if to.to_tag or status == 100 else f";tag={to_tag}"
    lines = (
        f"SIP/2.0 {status} Whatever",
        *(f"Via: {value}" for value in to.headers.all("via")),
        f"From: {get('from')}",
        f"To: {get('to')}{tag}",
        f"Call-ID: {get('call-id')}",
        f"CSeq: {get('cseq')}",
        f"Content-Length: {len(body)}",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def fields(method: str = "INVITE", cseq: int = 1) -> tuple[tuple[str, str], ...]:
    return (
        ("Max-Forwards", "70"),
        ("Route", "<sip:proxy.example.com;lr>"),
        ("From", "<sip:gateway@192.0.2.9>;tag=g1"),
        ("To", "<sip:bob@192.0.2.2>"),
        ("Call-ID", "out-1@192.0.2.9"),
        ("CSeq", f"{cseq} {method}"),
        ("Session-ID", f"{'a' * 32};remote={'0' * 32}"),
        ("Contact", "<sip:192.0.2.9>"),
    )


class Listener:
    """A layer, and all that it has told and sent."""

    def __init__(self, settings: TransactionSettings | None = None) -> None:
        self.now = 1_000.0
        self.timers = TimerQueue()
        self.sent: list[tuple[float, Flow, Message]] = []
        self.told: list[tuple[str, object]] = []
        self.servers: list[ServerTransaction] = []
        self.raises: Exception | None = None
        numbers = count(1)
        self.layer = TransactionLayer(
            self,
            self.timers,
            self._send,
            lambda flow: f"192.0.2.9:{flow.transport.default_port}",
            lambda: f"w1token{next(numbers):010}",
            settings or TransactionSettings(),
        )

    def _send(self, flow: Flow, octets: bytes) -> None:
        self.sent.append((self.now, flow, parse(octets)))

    # What the layer tells.

    def request_received(self, transaction: ServerTransaction, now: float) -> None:
        self.servers.append(transaction)
        self.told.append(("request", transaction.request.method))
        if self.raises is not None:
            raise self.raises

    def cancel_received(self, transaction: ServerTransaction, cancel: Message, now: float) -> None:
        self.told.append(("cancel", transaction))

    def ack_received(self, ack: Message, flow: Flow, now: float) -> None:
        self.told.append(("ack", ack.cseq))

    def response_received(self, transaction: ClientTransaction, response: Message, now: float) -> None:
        self.told.append(("response", response.status))

    def request_failed(self, transaction: ClientTransaction, failure: Failure, now: float) -> None:
        self.told.append(("failed", failure))

    def stray_response(self, response: Message, flow: Flow, now: float) -> None:
        self.told.append(("stray", response.status))

    # What the tests do.

    def receive(self, octets: bytes, flow: Flow = ALICE) -> None:
        self.layer.receive(octets, flow, self.now)

    def answer(self, to: Message, status: int, flow: Flow = BOB, *, to_tag: str = "b1") -> None:
        self.receive(response(to, status, to_tag=to_tag), flow)

    def respond(self, status: int, headers: Sequence[tuple[str, str]] = (), *, to_tag: str = "") -> bytes:
        return self.layer.respond(self.servers[-1], status, headers, now=self.now, to_tag=to_tag)

    def request(
        self, method: str = "INVITE", flows: Sequence[Flow] = (BOB,), *, body: bytes = b"", cseq: int = 1
    ) -> ClientTransaction:
        return self.layer.request(method, "sip:bob@192.0.2.2", fields(method, cseq), body, flows, None, self.now)

    def wait(self, seconds: float) -> None:
        """Lets time pass, timer by timer."""
        end = self.now + seconds
        due = self.timers.next_due()
        while due is not None and due <= end:
            self.now = max(self.now, due)
            self.timers.run(self.now)
            due = self.timers.next_due()
        self.now = end

    @property
    def last(self) -> Message:
        return self.sent[-1][2]

    @property
    def last_flow(self) -> Flow:
        return self.sent[-1][1]

    def times(self, method: str, since: float = 1_000.0) -> list[float]:
        """When requests of `method` went out."""
        return [
            round(at - since, 3) for at, _, message in self.sent if message.is_request and message.method == method
        ]

    def statuses(self) -> list[int]:
        """The responses that went out."""
        return [message.status for _, _, message in self.sent if not message.is_request]

    @property
    def is_empty(self) -> bool:
        """Whether the layer has forgotten everything."""
        return not (self.layer.servers or self.layer.clients or len(self.timers))
