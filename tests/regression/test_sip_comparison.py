"""Two SIP messages compared: what counts, what may vary, what is each side's own."""

import pytest

from gateway.regression.comparison import Compared, Verdict
from gateway.regression.message import Message as Told
from gateway.regression.message import name_of
from gateway.regression.sip_comparison import compare
from gateway.regression.sip_identities import Identities
from gateway.regression.sip_tape import Entry, Leg
from gateway.sip.flow import Transport
from gateway.sip.message import parse

SDP = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 101\r\n"
SDP += "a=rtpmap:101 telephone-event/8000\r\n"


def octets(start: str, call: str, *fields: str, body: str = "", kind: str = "application/sdp") -> bytes:
    method = start.rsplit(maxsplit=1)[-1] if start.startswith("SIP") else start.split(maxsplit=1)[0]
    line = start if not start.startswith("SIP") else start.rpartition(" ")[0]
    head = [
        line,
        f"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK{call}",
        f"From: <sip:1001@192.0.2.1>;tag={call}",
        "To: <sip:2001@192.0.2.20>",
        f"Call-ID: {call}",
        f"CSeq: {len(call)} {method}",
        *fields,
        *([f"Content-Type: {kind}"] if body else []),
        f"Content-Length: {len(body)}",
    ]
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode()


def told(message: bytes, destination: str = "192.0.2.20:5060") -> Told:
    return Told(1, 0.0, "sip", "192.0.2.1:5060", destination, name_of("sip", message), message)


def compared(one: bytes, other: bytes, identities: Identities | None = None, **to: str) -> Compared:
    entry = Entry(told(one), parse(one), Transport.UDP, is_ours=True)
    return compare(entry, told(other, **to), parse(other), identities or Identities())


INVITE = "INVITE sip:2001@192.0.2.20 SIP/2.0"


def test_identifiers_are_each_sides_own() -> None:
    found = compared(octets(INVITE, "theirs", body=SDP), octets(INVITE, "our-own", body=SDP))
    assert (found.verdict, found.reasons) == (Verdict.SAME, ())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("User-Agent: a", "User-Agent: b"),
        ("Supported: timer", "Supported: replaces"),
        ("Contact: <sip:a@h>", "X-Any: 1"),
        ("Subscription-State: active;expires=60", "Subscription-State: active;expires=30"),
        ('Reason: Q.850;cause=16;text="a"', "Reason: Q.850;cause=16"),
        ("Require: timer", "Allow: ACK"),
        ("Refer-To: <sip:3@a>", "Refer-To: <sip:3@b>"),
    ],
)
def test_what_may_vary(one: str, other: str) -> None:
    found = compared(octets(INVITE, "a", one), octets(INVITE, "b", other))
    assert found.verdict is Verdict.EQUIVALENT and found.reasons


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Refer-To: <sip:3@a>", "Refer-To: <sip:4@a>"),
        ("Refer-To: <sip:3@a>", "Refer-To: <sip:3@a;method=BYE>"),
        ("Referred-By: <sip:1@a>", "Referred-By: <sip:2@a>"),
        ("Subscription-State: active", "Subscription-State: terminated;reason=noresource"),
        ("Reason: Q.850;cause=16", "Reason: Q.850;cause=17"),
        ("Require: 100rel", "Require: replaces"),
        ("Event: refer", "Event: dialog"),
        ("Replaces: x;to-tag=1;from-tag=2", "Replaces: y;to-tag=1;from-tag=2"),
        ("P-Asserted-Identity: <sip:1@a>", "P-Asserted-Identity: <sip:2@a>"),
        ("Refer-Sub: false", "Refer-Sub: true"),
    ],
)
def test_what_counts(one: str, other: str) -> None:
    found = compared(octets(INVITE, "a", one), octets(INVITE, "b", other))
    assert found.verdict is Verdict.DIFFERENT
    assert one.partition(": ")[2] in found.reasons[0] and other.partition(": ")[2][:3] in found.reasons[0]


def test_replaces_is_the_same_when_it_names_the_same_call() -> None:
    identities = Identities()
    identities.learn(Leg("recorded", "1"), Leg("ours", "7"))
    one = octets(INVITE, "a", "Replaces: recorded;to-tag=1;from-tag=2")
    other = octets(INVITE, "b", "Replaces: ours;to-tag=7;from-tag=2")
    assert compared(one, other, identities).verdict is not Verdict.DIFFERENT


def test_another_status() -> None:
    found = compared(octets("SIP/2.0 486 Busy INVITE", "a"), octets("SIP/2.0 480 Gone INVITE", "b"))
    assert (found.verdict, found.reasons) == (Verdict.DIFFERENT, ("status: recorded 486, ours 480",))


def test_another_place() -> None:
    found = compared(octets(INVITE, "a"), octets(INVITE, "b"), destination="192.0.2.30:5060")
    assert found.reasons == ("destination: recorded 192.0.2.20:5060, ours 192.0.2.30:5060",)


@pytest.mark.parametrize(
    ("body", "verdict", "reason"),
    [
        (SDP.replace("4000", "5000"), Verdict.EQUIVALENT, "SDP audio address"),
        (SDP.replace("101", "97"), Verdict.EQUIVALENT, "SDP audio codecs"),
        (SDP.replace("8 101", "0 101"), Verdict.DIFFERENT, "SDP audio codecs: recorded 8 101, ours 0 101"),
        (SDP + "a=sendonly\r\n", Verdict.DIFFERENT, "SDP audio direction: recorded sendrecv, ours sendonly"),
        (SDP + "m=video 6000 RTP/AVP 99\r\n", Verdict.DIFFERENT, "SDP: recorded 1 streams, ours 2"),
        ("", Verdict.DIFFERENT, "body: recorded application/sdp of 126 octets, ours none"),
    ],
)
def test_session_descriptions(body: str, verdict: Verdict, reason: str) -> None:
    found = compared(octets(INVITE, "a", body=SDP), octets(INVITE, "b", body=body))
    assert found.verdict is verdict and found.reasons[0].startswith(reason)


def test_sipfrags_by_their_status() -> None:
    def notify(line: str) -> bytes:
        return octets("NOTIFY sip:a@h SIP/2.0", "a", body=line, kind="message/sipfrag")

    assert compared(notify("SIP/2.0 200 OK\r\n"), notify("SIP/2.0 200 Fine")).verdict is Verdict.EQUIVALENT
    found = compared(notify("SIP/2.0 200 OK\r\n"), notify("SIP/2.0 486 Busy"))
    assert found.reasons == ("sipfrag: recorded 200, ours 486",)
