"""Diagnoses made by hand: a transfer across SIP, ISDN and H.323, a long one with many hosts, ten thousand."""

from collections.abc import Sequence
from dataclasses import replace

from gateway.diagnosis.case import Case, Diagnosis, Finding, SeenMessage, Severity, StreamQuality
from gateway.interworking.legs import Leg, Parties
from gateway.interworking.observed import ObservedTransfer
from gateway.model.legs import SignallingProtocol
from gateway.model.transfer import Outcome, TransferKind

ALICE, GATEWAY, BOB, CAROL = "192.0.2.1:5060", "192.0.2.9:5060", "user lapd:0/sapi0/tei64", "198.51.100.7:1720"
NETWORK, FAR = "network lapd:0/sapi0/tei64", "192.0.2.9:40000"
BEGIN = 1_700_000_000.0

EVIL = '"</pre></script><script>document.title=1</script><!--<img src=x onerror=alert(1)>" <sip:carol@example.com>'

REFER = (
    "REFER sip:gw@192.0.2.9 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-1\r\nr: sip:carol@example.com\r\n"
    f"Referred-By: {EVIL}\r\nCSeq: 3 REFER\r\nContent-Length: 0\r\n\r\n"
)
NOTIFY = (
    "NOTIFY sip:alice@192.0.2.1 SIP/2.0\r\nEvent: refer\r\nSubscription-State: terminated;reason=noresource\r\n"
    "Content-Type: message/sipfrag\r\n\r\nSIP/2.0 486 Busy Here\r\n"
)

FINDINGS = (
    Finding(
        Severity.ERROR,
        "refer-refused",
        "The target is busy, so the transfer fails.",
        (11, 12),
        "RFC 3515 §2.4.5",
        "Try again when the target is free.",
        "0",
    ),
    Finding(
        Severity.WARNING,
        "malformed-header",
        "Referred-By <b>holds</b> what is no address.",
        (4,),
        "RFC 3892 §3",
        "Leave it out.",
        "0",
        "Referred-By",
    ),
    Finding(Severity.NOTE, "latency", "The final word took 30 seconds.", (4, 99), "", ""),
)


def message(
    frame: int, after: float, source: str, destination: str, title: str, leg: str = "", **more: object
) -> SeenMessage:
    """`after` seconds from the beginning; the protocol is SIP unless `protocol` says other."""
    protocol, text = str(more.get("protocol", "sip")), str(more.get("text", f"{title} sip:x SIP/2.0\r\n\r\n"))
    own = bool(more.get("own", False))
    return SeenMessage(frame, BEGIN + after, source, destination, protocol, title, text, leg, own)


def three_protocols() -> Case:
    """Alice (SIP) has a call with Bob (ISDN) and transfers him to Carol (H.323), who is busy."""
    messages = (
        message(1, 0.0, ALICE, GATEWAY, "INVITE", "0"),
        message(2, 0.1, NETWORK, BOB, "SETUP", "1", protocol="q931", text="protocol discriminator: 8\ncause: 16"),
        message(3, 0.9, GATEWAY, ALICE, "200 OK", "0"),
        message(4, 5.0, ALICE, GATEWAY, "REFER", "0", text=REFER, own=True),
        message(5, 5.05, GATEWAY, ALICE, "202 Accepted", "0", own=True),
        message(6, 5.1, FAR, CAROL, "SETUP", "2", protocol="h225", text="h323-UserInformation", own=True),
        message(7, 5.1, GATEWAY, GATEWAY, "OPTIONS"),
        message(10, 35.1, CAROL, FAR, "RELEASE COMPLETE", "2", protocol="h225", own=True),
        message(11, 35.2, GATEWAY, ALICE, "NOTIFY", "0", text=NOTIFY, own=True),
        message(12, 35.25, ALICE, GATEWAY, "200 OK", "0", own=True),
    )
    legs = (
        (SignallingProtocol.SIP, "first", "sip:alice@example.com", "sip:bob@example.com"),
        (SignallingProtocol.ISDN, "relayed", "4930123", "4930456"),
        (SignallingProtocol.H323, "target", "4930456", "carol"),
    )
    return Case(transfer(legs, outcome=Outcome.FAILED, status=486), messages, FINDINGS, media())


def transfer(
    legs: Sequence[tuple[SignallingProtocol, str, str, str]],
    outcome: Outcome = Outcome.SUCCEEDED,
    status: int | None = 200,
) -> ObservedTransfer:
    """A blind transfer with those legs: protocol, role, calling and called party."""
    found = ObservedTransfer(TransferKind.BLIND, "sip-refer", BEGIN + 5.0)
    found.transferor, found.transferee, found.target = "sip:alice@example.com", "sip:bob@example.com", EVIL
    found.settle(outcome, BEGIN + 35.2, status, None)
    for number, (protocol, role, calling, called) in enumerate(legs):
        found.link(Leg(protocol, f"leg {number}", BEGIN, Parties(calling, called)), role, "Refer-To")
    return found


def media() -> tuple[StreamQuality, ...]:
    """A stream before the transfer and one after it."""
    before = StreamQuality(
        leg="0",
        phase="before",
        source="192.0.2.1:4000",
        destination="192.0.2.9:5000",
        ssrc=1,
        codec="PCMA",
        encrypted=False,
        first=BEGIN,
        last=BEGIN + 4,
        packets=200,
        lost=0,
        jitter=0.0011,
        jitter_most=0.0042,
        gaps=0,
        longest_gap=0.0,
        dscp=(46,),
    )
    after = replace(
        before,
        leg="1",
        phase="after",
        codec="G722",
        encrypted=True,
        packets=97,
        lost=3,
        gaps=2,
        longest_gap=0.5,
        dscp=(0, 34),
        reported_lost=4,
        reported_jitter=0.019,
    )
    return before, after


def long_case(messages: int = 240, hosts: int = 12) -> Case:
    """Many messages between many hosts, each second one the transfer's own, a finding at every tenth."""
    ends = [f"10.0.{number}.1:5060" for number in range(hosts)]
    legs = [
        (SignallingProtocol.SIP, "relayed", f"sip:{number}@example.com", "sip:b@example.com") for number in range(9)
    ]
    seen = tuple(
        message(
            number + 1,
            number * 0.02 + number // 50 * 7,
            ends[number % hosts],
            ends[(number * 5 + 1) % hosts],
            "INVITE" if number % 3 else "183 Session Progress",
            str(number % 9),
            own=number % 2 == 0,
        )
        for number in range(messages)
    )
    findings = tuple(
        Finding(
            list(Severity)[at % 3], "retransmission", f"Sent {at} times.", (at * 10 + 1,), "RFC 3261 §17", "Answer."
        )
        for at in range(messages // 10)
    )
    return Case(transfer(legs), seen, findings)


def diagnosis(*cases: Case) -> Diagnosis:
    """A recording of those transfers."""
    stray = Finding(Severity.NOTE, "alg", "A box <changes> addresses.", (3,), "RFC 3261 §18.1.1", "Switch it off.")
    return Diagnosis(f"/recordings/{'<calls>'}.pcap", 1234, cases, (stray,), ((17, "truncated <packet>"),))
