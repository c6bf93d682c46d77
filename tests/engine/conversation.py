"""SIP conversations for the engine's tests: messages as they stand on the wire, one after the other."""

from dataclasses import dataclass, field

from gateway.capture.signals import Signal
from gateway.engine.engine import Engine
from gateway.interworking.observed import ObservedTransfer
from gateway.model.errors import GatewayError

ALICE, BOB, CAROL = "10.0.0.1:5060", "10.0.0.2:5060", "10.0.0.3:5060"
_USERS = {ALICE: "alice", BOB: "bob", CAROL: "carol"}


@dataclass
class Dialog:
    """A call between two endpoints. Requests of the caller carry From tag "f", those of the callee "t"."""

    call_id: str
    caller: str
    callee: str
    cseq: int = 0

    def tag(self, endpoint: str) -> str:
        """The dialog tag of that side."""
        return f"{'f' if endpoint == self.caller else 't'}-{self.call_id}"


@dataclass
class Conversation:
    """Feeds an engine, a second between two messages unless told otherwise."""

    problems: list[str] = field(default_factory=list)
    frame: int = 0
    time: float = 1000.0

    def __post_init__(self) -> None:
        self.engine = Engine()

    def transfers(self) -> list[ObservedTransfer]:
        """What was found, the recording being over."""
        self.engine.finish()
        return self.engine.transfers

    def put(self, text: str, source: str, destination: str, after: float = 1.0) -> Signal:
        """One message, LF for CRLF."""
        self.frame += 1
        self.time += after
        octets = text.replace("\r\n", "\n").replace("\n", "\r\n").encode()
        signal = Signal(self.frame, self.time, "sip", octets, source, destination, "udp", "")
        try:
            self.engine.take(signal)
        except GatewayError as error:
            self.problems.append(f"{self.frame}: {error}")
        return signal

    def again(self, signal: Signal) -> None:
        """The same message once more: a retransmission."""
        self.frame += 1
        self.time += 0.5
        self.engine.take(signal._replace(frame=self.frame, time=self.time))

    def request(
        self,
        dialog: Dialog,
        method: str,
        sender: str = "",
        *headers: str,
        body: str = "",
        uri: str = "",
        early: bool = False,
        cseq: int = 0,
    ) -> int:
        """A request of `sender` (the caller when empty); the CSeq number it got."""
        sender = sender or dialog.caller
        receiver = dialog.callee if sender == dialog.caller else dialog.caller
        dialog.cseq = cseq or dialog.cseq + 1
        to_tag = "" if early else f";tag={dialog.tag(receiver)}"
        lines = (
            f"{method} {uri or f'sip:{_USERS[receiver]}@example.net'} SIP/2.0",
            f"Via: SIP/2.0/UDP {sender};branch=z9hG4bK{self.frame}",
            f"From: <sip:{_USERS[sender]}@example.net>;tag={dialog.tag(sender)}",
            f"To: <sip:{_USERS[receiver]}@example.net>{to_tag}",
            f"Call-ID: {dialog.call_id}",
            f"CSeq: {dialog.cseq} {method}",
            *headers,
            f"Content-Length: {len(body)}",
        )
        self.put("\n".join(lines) + "\n\n" + body, sender, receiver)
        return dialog.cseq

    def answer(
        self, dialog: Dialog, status: int, method: str, *headers: str, to: str = "", cseq: int = 0, tag: str = ""
    ) -> None:
        """The response to the request that `to` (the caller when empty) sent."""
        to = to or dialog.caller
        sender = dialog.callee if to == dialog.caller else dialog.caller
        lines = (
            f"SIP/2.0 {status} Reason",
            f"Via: SIP/2.0/UDP {to};branch=z9hG4bK{self.frame}",
            f"From: <sip:{_USERS[to]}@example.net>;tag={dialog.tag(to)}",
            f"To: <sip:{_USERS[sender]}@example.net>;tag={tag or dialog.tag(sender)}",
            f"Call-ID: {dialog.call_id}",
            f"CSeq: {cseq or dialog.cseq} {method}",
            *headers,
            "Content-Length: 0",
        )
        self.put("\n".join(lines) + "\n\n", sender, to)

    def call(self, dialog: Dialog, *headers: str, uri: str = "", answered: bool = True) -> Dialog:
        """A call set up, as far as ringing or to the ACK."""
        self.request(dialog, "INVITE", "", *headers, uri=uri, early=True)
        self.answer(dialog, 180, "INVITE")
        if answered:
            self.answer(dialog, 200, "INVITE")
            self.request(dialog, "ACK", cseq=dialog.cseq)
        return dialog

    def notify(self, dialog: Dialog, sender: str, status: int, event: str = "refer") -> None:
        """A NOTIFY of the referee with a sipfrag, and its 200."""
        state = "active;expires=60" if status < 200 else "terminated;reason=noresource"
        headers = (f"Event: {event}", f"Subscription-State: {state}", "Content-Type: message/sipfrag;version=2.0")
        self.request(dialog, "NOTIFY", sender, *headers, body=f"SIP/2.0 {status} Reason\r\n")
        self.answer(dialog, 200, "NOTIFY", to=sender)
