"""Transfers that a phone does not do by itself, played by SIPp at both ends: alice transfers bob to carol.

Only the dialog between alice and bob is on the wire, except where a flow has more players. alice places the call.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.peers.sipp import Sipp, Step, expect, pause, receive, send
from tests.peers.tshark import recording

ALICE, BOB, CAROL = "127.0.1.1", "127.0.1.2", "127.0.1.3"
PORT = 5060
SDP = """v=0
o=- 1 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[local_ip_type] [local_ip]
t=0 0
m=audio 4000 RTP/AVP 8
a=rtpmap:8 PCMA/8000"""
FRAGMENT = "Content-Type: message/sipfrag;version=2.0"


@dataclass(frozen=True, slots=True)
class Player:
    """One end of the dialog: what it sends is made here. Tags are fixed, so that both ends know them."""

    name: str
    tag: str
    other: str
    other_tag: str

    def request(self, method: str, cseq: int, *headers: str, body: str = "", call_id: str = "[call_id]") -> str:
        """A request inside the dialog."""
        return _message(
            f"{method} sip:{self.other}@[remote_ip]:[remote_port] SIP/2.0",
            "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]",
            "Max-Forwards: 70",
            f"From: <sip:{self.name}@[local_ip]>;tag={self.tag}",
            f"To: <sip:{self.other}@[remote_ip]>;tag={self.other_tag}",
            f"Call-ID: {call_id}",
            f"CSeq: {cseq} {method}",
            self.contact,
            *headers,
            body=body,
        )

    def first(self, method: str, *headers: str, body: str = SDP) -> str:
        """A request that opens a dialog."""
        return self.request(method, 1, *headers, body=body).replace(f";tag={self.other_tag}", "")

    def reply(self, status: str, *headers: str, body: str = "") -> str:
        """A response to the message that came last; `status` is "202 Accepted" and the like."""
        copied = ("[last_Via:]", "[last_From:]", "[last_To:]", "[last_Call-ID:]", "[last_CSeq:]")
        return _message(f"SIP/2.0 {status}", *copied, self.contact, *headers, body=body)

    def accept_call(self) -> str:
        """200 to an INVITE: adds this end's tag."""
        headers = ("Content-Type: application/sdp", "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, REFER, NOTIFY")
        return self.reply("200 OK", *headers, body=SDP).replace("[last_To:]", f"[last_To:];tag={self.tag}")

    def notify(self, cseq: int, status: str, state: str, *headers: str, event: str = "refer") -> Step:
        """NOTIFY about a REFER; `state` is the Subscription-State."""
        fixed = (f"Event: {event}", f"Subscription-State: {state}", FRAGMENT)
        return send(self.request("NOTIFY", cseq, *fixed, *headers, body=f"SIP/2.0 {status}\n"))

    @property
    def contact(self) -> str:
        """Its Contact header."""
        return f"Contact: <sip:{self.name}@[local_ip]:[local_port]>"


def _message(start: str, *headers: str, body: str) -> str:
    length = "Content-Length: [len]" if body else "Content-Length: 0"
    return "\n".join((start, *headers, length, "", body))


A = Player("alice", "a1ice", "bob", "b0b")
B = Player("bob", "b0b", "alice", "a1ice")
TRYING = "100 Trying"
ACTIVE = "active;expires=60"
OVER = "terminated;reason=noresource"
REFER_TO = f"Refer-To: <sip:carol@{CAROL}:5060>"
REFERRED_BY = f"Referred-By: <sip:alice@{ALICE}>"

Flow = tuple[list[Step], list[Step]]
"""What alice plays, and what bob plays."""
FLOWS: dict[str, Callable[[], Flow]] = {}


def flow(build: Callable[[], Flow]) -> Callable[[], Flow]:
    """Registers a flow; its capture has the function's name."""
    FLOWS[build.__name__] = build
    return build


def call(alice: Player = A) -> list[Step]:
    """alice places the call."""
    invite = send(alice.first("INVITE", "Content-Type: application/sdp"))
    return [invite, expect(100, optional=True), expect(200), send(alice.request("ACK", 1), retransmit=0)]


def called(bob: Player = B) -> list[Step]:
    """bob answers it."""
    return [receive("INVITE"), send(bob.accept_call()), receive("ACK")]


def refer(cseq: int, *headers: str) -> Step:
    """alice's REFER."""
    return send(A.request("REFER", cseq, *headers))


def notified(player: Player = A) -> list[Step]:
    """A NOTIFY taken with 200."""
    return [receive("NOTIFY"), send(player.reply("200 OK"))]


def hang_up(cseq: int, player: Player = A) -> list[Step]:
    """BYE and its 200."""
    return [send(player.request("BYE", cseq)), expect(200)]


def hung_up(player: Player = B) -> list[Step]:
    """A BYE taken with 200."""
    return [receive("BYE"), send(player.reply("200 OK"))]


@flow
def refer_refused() -> Flow:
    """603 to the REFER: no subscription, the call stays."""
    alice = [*call(), refer(2, REFER_TO, REFERRED_BY), expect(603), *hang_up(3)]
    return alice, [*called(), receive("REFER"), send(B.reply("603 Decline")), *hung_up()]


@flow
def refer_twice() -> Flow:
    """Two REFERs in one dialog: each NOTIFY says which one by `id`, the CSeq of that REFER (RFC 3515 2.4.6)."""
    alice = [
        *call(),
        *[refer(2, REFER_TO, REFERRED_BY), expect(202), *notified(), *notified()],
        *[refer(3, f"Refer-To: <sip:dave@{CAROL}:5060>", REFERRED_BY), expect(202), *notified(), *notified()],
        *hang_up(4),
    ]
    bob = [
        *called(),
        *[receive("REFER"), send(B.reply("202 Accepted"))],
        *[B.notify(1, TRYING, ACTIVE, event="refer;id=2"), expect(200)],
        *[B.notify(2, "404 Not Found", OVER, event="refer;id=2"), expect(200)],
        *[receive("REFER"), send(B.reply("202 Accepted"))],
        *[B.notify(3, TRYING, ACTIVE, event="refer;id=3"), expect(200)],
        *[B.notify(4, "200 OK", OVER, event="refer;id=3"), expect(200)],
        *hung_up(),
    ]
    return alice, bob


@flow
def notify_before_accepted() -> Flow:
    """The first NOTIFY overtakes the 202; the transferor has to take it (RFC 3515 2.4.4)."""
    asked = send(A.request("REFER", 2, REFER_TO, REFERRED_BY), retransmit=0, transaction="refer")
    alice = [*call(), asked, *notified(), expect(202, transaction="refer"), *notified(), *hang_up(3)]
    accepted = B.reply("202 Accepted").replace("[last_Via:]", "Via:[$refer]").replace("[last_CSeq:]", "CSeq: 2 REFER")
    accepted = accepted.replace("[last_From:]", "From: <sip:alice@[remote_ip]>;tag=a1ice")
    accepted = accepted.replace("[last_To:]", "To: <sip:bob@[local_ip]>;tag=b0b")
    overtaken = [receive("REFER", keep_via="refer"), B.notify(1, TRYING, ACTIVE), expect(200), send(accepted)]
    return alice, [*called(), *overtaken, B.notify(2, "200 OK", OVER), expect(200), *hung_up()]


@flow
def pending() -> Flow:
    """Nothing but `100 Trying` is ever notified: the outcome stays open."""
    alice = [*call(), refer(2, REFER_TO, REFERRED_BY), expect(202), *notified(), *notified()]
    asked = [receive("REFER"), send(B.reply("202 Accepted"))]
    return alice, [
        *[*called(), *asked, B.notify(1, TRYING, ACTIVE), expect(200)],
        *[pause(300), B.notify(2, TRYING, "active;expires=59"), expect(200)],
    ]


@flow
def bye_also() -> Flow:
    """The old way: BYE with Also asks the other end to call carol, nobody reports back."""
    alice = [*call(), send(A.request("BYE", 2, f"Also: <sip:carol@{CAROL}:5060>")), expect(200)]
    return alice, [*called(), *hung_up()]


@flow
def refer_target_dialog() -> Flow:
    """REFER outside the dialog that it is about, named by Target-Dialog (RFC 4538)."""
    about = "Target-Dialog: [call_id];local-tag=b0b;remote-tag=a1ice"
    outside = {"call_id": "refer///[call_id]"}
    headers = (REFER_TO, REFERRED_BY, about, "Require: tdialog", "Supported: tdialog, norefersub")
    opening = send(A.request("REFER", 1, *headers, **outside).replace(";tag=b0b\n", "\n"))
    accepted = send(B.reply("202 Accepted").replace("[last_To:]", "[last_To:];tag=b0b2"))

    def about_it(cseq: int, status: str, state: str) -> Step:
        return B.notify(cseq, status, state).replace("[call_id]", "refer///[call_id]").replace("tag=b0b", "tag=b0b2")

    alice = [*call(), opening, expect(202), *notified(), *notified(), *hang_up(2)]
    bob = [
        *[*called(), receive("REFER"), accepted],
        *[about_it(1, TRYING, ACTIVE), expect(200), about_it(2, "200 OK", OVER), expect(200), *hung_up()],
    ]
    return alice, bob


@flow
def retransmitted() -> Flow:
    """REFER and NOTIFY each come twice, because the answer takes longer than T1 (0.5 s)."""
    slow = [receive("NOTIFY"), pause(700), send(A.reply("200 OK"))]
    alice = [*call(), refer(2, REFER_TO, REFERRED_BY), expect(202), *slow, *notified(), *hang_up(3)]
    asked = [receive("REFER"), pause(700), send(B.reply("202 Accepted"))]
    return alice, [
        *[*called(), *asked, B.notify(1, TRYING, ACTIVE), expect(200)],
        *[B.notify(2, "200 OK", OVER), expect(200), *hung_up()],
    ]


REMOTECC = """<?xml version="1.0" encoding="UTF-8"?>
<x-cisco-remotecc-request>
 <softkeymsg>
  <softkeyevent>Conference</softkeyevent>
  <dialogid><callid>[call_id]</callid><localtag>a1ice</localtag><remotetag>b0b</remotetag></dialogid>
 </softkeymsg>
</x-cisco-remotecc-request>
"""


@flow
def cisco_remotecc() -> Flow:
    """A REFER that is no transfer: Refer-To names the body by `cid:`, a soft key pressed at a Cisco phone."""
    headers = ("Refer-To: <cid:5a3c@127.0.1.1>", "Content-Id: <5a3c@127.0.1.1>", "Require: norefersub")
    kind = "Content-Type: application/x-cisco-remotecc-request+xml"
    pressed = send(A.request("REFER", 2, *headers, REFERRED_BY, kind, body=REMOTECC))
    return [*call(), pressed, expect(202), *hang_up(3)], [
        *[*called(), receive("REFER"), send(B.reply("202 Accepted", "Refer-Sub: false")), *hung_up()],
    ]


def record(name: str, capture: Path) -> None:
    """Plays the flow `name` and writes the signalling to `capture`."""
    alice, bob = FLOWS[name]()
    with recording(capture, f"udp port {PORT} and net 127.0.1.0/24"), ExitStack() as stack:
        there = stack.enter_context(Sipp(f"{name}_bob", bob, BOB, PORT, f"{ALICE}:{PORT}"))
        here = stack.enter_context(Sipp(f"{name}_alice", alice, ALICE, PORT, f"{BOB}:{PORT}"))
        here.wait()
        there.wait()
