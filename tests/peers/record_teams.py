"""A transfer as Teams Direct Routing asks for it, SIPp at both ends, over TCP (what the TLS of a real trunk carries).

The proxy refers the border controller to a URI without a user part; the call goes back to Teams, to another node,
with that URI and Referred-By as they were. Identifiers and the controller's domain are invented.
"""

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

from tests.peers.sipp import Sipp, Step, expect, pause, receive, send
from tests.peers.tshark import recording

PROXY, CONTROLLER, NODE = "127.0.1.1", "127.0.1.2", "127.0.1.4"
PORT, OUTGOING = 5060, 5062

USER = "8:orgid:5e1a40c1-0000-4000-8000-0000000000c1"
TENANT = "5e1a40c1-0000-4000-8000-00000000007e"
CALL = "5e1a40c1-0000-4000-8000-0000000ca110"
# base64 of https://api.pstnhub.microsoft.com/v1/ngc/callnotification?dci=00112233445566778899aabbccddeeff
REPLACEMENT = (
    "aHR0cHM6Ly9hcGkucHN0bmh1Yi5taWNyb3NvZnQuY29tL3YxL25nYy9jYWxsbm90aWZpY2F0aW9uP2RjaT0wMDExMjIzMzQ0NTU2Njc3"
    "ODg5OWFhYmJjY2RkZWVmZg%3D%3D"
)
TARGET = f"sip:sip.pstnhub.microsoft.com:5061;transport=tls;x-m={USER};x-t={TENANT}"
REFERRED_BY = f"<sip:sip.pstnhub.microsoft.com:5061;x-m={USER};x-t={TENANT};x-ti={CALL};x-tt={REPLACEMENT}>"

NODE_URI = f"sip:api-du-a-xxxx.pstnhub.microsoft.com:443;x-i={CALL};x-c=00112233445566778899aabbccddeeff/s/1/0a"
TEAMS = "<sip:+15550100001@sip.pstnhub.microsoft.com;user=phone>;tag=3f9c1d0e"
TRUNK = "<sip:+15550100002@sbc.example.net;user=phone>;tag=sbc-1"
OFFER = """v=0
o=- 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio 4000 RTP/AVP 8
a=rtpmap:8 PCMA/8000"""
FRAGMENT = ("EVENT: refer", "Content-Type: message/sipfrag;version=2.0")


def _message(start: str, *headers: str, body: str = "") -> str:
    return "\n".join((start, *headers, "CONTENT-LENGTH: [len]" if body else "CONTENT-LENGTH: 0", "", body))


def _teams(method: str, cseq: int, *headers: str, to: str = TRUNK, body: str = "") -> str:
    """A request of Teams: header names in capitals."""
    return _message(
        f"{method} sip:+15550100002@sbc.example.net:5061;transport=tls SIP/2.0",
        "FROM: " + TEAMS,
        "TO: " + to,
        f"CSEQ: {cseq} {method}",
        "CALL-ID: [call_id]",
        "MAX-FORWARDS: 70",
        "VIA: SIP/2.0/TCP [local_ip]:[local_port];branch=[branch]",
        f"CONTACT: <{NODE_URI}>",
        "USER-AGENT: Microsoft.PSTNHub.SIPProxy v.2024.2.6.5 i.USEA.5",
        "ALLOW: INVITE,ACK,OPTIONS,CANCEL,BYE,NOTIFY",
        *headers,
        body=body,
    )


def _controller(method: str, cseq: int, *headers: str, body: str = "") -> str:
    """A request of the border controller in the call that Teams placed."""
    return _message(
        f"{method} {NODE_URI} SIP/2.0",
        "Via: SIP/2.0/TCP [local_ip]:[local_port];branch=[branch]",
        "From: " + TRUNK,
        "To: " + TEAMS,
        "Call-ID: [call_id]",
        f"CSeq: {cseq} {method}",
        "Max-Forwards: 70",
        "Contact: <sip:sbc.example.net:5061;transport=tls>",
        *headers,
        body=body,
    )


def _reply(status: str, *headers: str, body: str = "", tag: str = "") -> str:
    copied = (
        "[last_Via:]",
        "[last_From:]",
        "[last_To:]" + (f";tag={tag}" if tag else ""),
        "[last_Call-ID:]",
        "[last_CSeq:]",
    )
    return _message(f"SIP/2.0 {status}", *copied, *headers, body=body)


def _back(method: str, cseq: int, *headers: str, tag: str = "", body: str = "") -> str:
    """A request of the call that goes back to Teams: the Refer-To as it was is the Request-URI."""
    return _message(
        f"{method} {TARGET} SIP/2.0",
        "Via: SIP/2.0/TCP [local_ip]:[local_port];branch=[branch]",
        "From: <sip:+15550100002@sbc.example.net;user=phone>;tag=sbc-2",
        f"To: <{TARGET}>" + (f";tag={tag}" if tag else ""),
        "Call-ID: [call_id]",
        f"CSeq: {cseq} {method}",
        "Max-Forwards: 70",
        "Contact: <sip:sbc.example.net:5061;transport=tls>",
        *headers,
        body=body,
    )


SBC = "Contact: <sip:sbc.example.net:5061;transport=tls>"
SDP = "Content-Type: application/sdp"


def proxy() -> list[Step]:
    """The node of Teams that has the call: refers it, and clears it after the final NOTIFY."""
    invite = _teams("INVITE", 1, SDP, to="<sip:+15550100002@sbc.example.net;user=phone>", body=OFFER)
    refer = _teams("REFER", 2, f"REFER-TO: <{TARGET}>", f"REFERRED-BY: {REFERRED_BY}")
    taken = [receive("NOTIFY"), send(_reply("200 OK"))]
    return [
        *[send(invite, retransmit=0), expect(200), send(_teams("ACK", 1), retransmit=0)],
        *[send(refer, retransmit=0), expect(202), *taken, *taken],
        *[send(_teams("BYE", 3), retransmit=0), expect(200)],
    ]


def controller(signal: Path) -> list[Step]:
    """The border controller in that call; touches `signal` when the REFER has come."""
    answer = _reply(
        "200 OK", SBC, "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, REFER, NOTIFY", SDP, body=OFFER, tag="sbc-1"
    )
    trying = _controller("NOTIFY", 1, *FRAGMENT, "Subscription-State: active;expires=60", body="SIP/2.0 100 Trying\n")
    final = _controller(
        "NOTIFY", 2, *FRAGMENT, "Subscription-State: terminated;reason=noresource", body="SIP/2.0 200 OK\n"
    )
    return [
        *[receive("INVITE"), send(answer), receive("ACK")],
        *[receive("REFER", then=f"touch {signal}"), send(_reply("202 Accepted", SBC))],
        *[send(trying, retransmit=0), expect(200), pause(900), send(final, retransmit=0), expect(200)],
        *[receive("BYE"), send(_reply("200 OK"))],
    ]


def outgoing() -> list[Step]:
    """The border controller in the call back to Teams."""
    invite = _back("INVITE", 1, f"Referred-By: {REFERRED_BY}", "Supported: replaces", SDP, body=OFFER)
    return [
        *[send(invite, retransmit=0), expect(180), expect(200), send(_back("ACK", 1, tag="teams-2"), retransmit=0)],
        *[pause(1200), send(_back("BYE", 2, tag="teams-2"), retransmit=0), expect(200)],
    ]


def node() -> list[Step]:
    """The node of Teams that gets that call."""
    here = f"CONTACT: <sip:api-du-b-xxxx.pstnhub.microsoft.com:443;x-i={CALL}>"
    ringing, answer = (
        _reply("180 Ringing", here, tag="teams-2"),
        _reply("200 OK", here, SDP, body=OFFER, tag="teams-2"),
    )
    return [
        receive("INVITE"),
        send(ringing),
        pause(200),
        send(answer),
        receive("ACK"),
        receive("BYE"),
        send(_reply("200 OK")),
    ]


def record(capture: Path) -> None:
    """Plays the transfer and writes the signalling to `capture`."""
    with (
        TemporaryDirectory() as folder,
        recording(capture, "tcp and (port 5060 or port 5062) and net 127.0.1.0/24"),
        ExitStack() as stack,
    ):
        referred = Path(folder) / "referred"

        def play(name: str, steps: list[Step], address: str, port: int, remote: str = "") -> Sipp:
            return stack.enter_context(Sipp(name, steps, address, port, remote, transport="t1"))

        peers = [play("controller", controller(referred), CONTROLLER, PORT), play("node", node(), NODE, PORT)]
        peers.append(play("proxy", proxy(), PROXY, PORT, f"{CONTROLLER}:{PORT}"))
        deadline = monotonic() + 10
        while not referred.exists() and monotonic() < deadline:
            sleep(0.01)
        peers.append(play("outgoing", outgoing(), CONTROLLER, OUTGOING, f"{NODE}:{PORT}"))
        for peer in peers:
            peer.wait()
