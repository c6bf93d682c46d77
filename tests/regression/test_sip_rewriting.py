"""What a peer said to the played host, as it says it to the gateway."""

from gateway.regression.sip_identities import Identities
from gateway.regression.sip_rewriting import dialogs_named, outside, response, within_dialog
from gateway.regression.sip_tape import Leg
from gateway.sip.dialog_id import DialogId
from gateway.sip.message import Message, parse


def message(text: str, body: str = "") -> Message:
    lines = "\r\n".join(line.strip() for line in text.strip().splitlines())
    return parse(f"{lines}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())


OURS = message("""
    INVITE sip:2001@192.0.2.20 SIP/2.0
    Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKours
    From: <sip:1001@192.0.2.1>;tag=ours
    To: <sip:2001@192.0.2.20>
    Call-ID: ours@192.0.2.1
    CSeq: 1 INVITE
    Contact: <sip:192.0.2.1:5060>
""")
RINGING = message("""
    SIP/2.0 180 Ringing
    v: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKtheirs;rport=5060
    Record-Route: <sip:proxy.example.com;lr>, <sip:192.0.2.1;lr>
    f: <sip:1001@192.0.2.1>;tag=theirs
    t: <sip:2001@192.0.2.20>;tag=callee
    i: theirs@192.0.2.1
    CSeq: 102 INVITE
    Contact: <sip:2001@192.0.2.20:5070>
""")


def is_ours(uri: str) -> bool:
    return uri.startswith("sip:192.0.2.1;")


def test_a_response_repeats_what_our_request_said() -> None:
    """RFC 3261 §8.2.6.2; the tag of the called side stays, and so does its Contact."""
    said = parse(response(RINGING, OURS, Identities(), is_ours))
    assert (said.call_id, said.cseq, said.from_tag, said.to_tag) == ("ours@192.0.2.1", 1, "ours", "callee")
    assert said.top_via_branch == "z9hG4bKours" and said.headers.get("Contact") == "<sip:2001@192.0.2.20:5070>"


def test_a_proxy_is_taken_off_its_own_way() -> None:
    """RFC 3261 §16.6: the played host had put itself there, the gateway has not."""
    said = parse(response(RINGING, OURS, Identities(), is_ours))
    assert said.headers.all("record-route") == ("<sip:proxy.example.com;lr>",)


def identities() -> Identities:
    found = Identities()
    found.learn(Leg("theirs@192.0.2.1", "theirs"), Leg("ours@192.0.2.1", "ours")).contact = "sip:192.0.2.1:5060"
    return found


def within(text: str, **cseq: int) -> Message:
    known = identities()
    own = known.ours(Leg("theirs@192.0.2.1", "theirs"))
    assert own is not None
    own.cseq.update({3: 7})
    own.rseq[1, 4] = 99
    return parse(within_dialog(message(text), own, known, is_ours))


HEAD = """
    To: <sip:1001@192.0.2.1>;tag=theirs
    From: <sip:2001@192.0.2.20>;tag=callee
    Call-ID: theirs@192.0.2.1
"""


def test_a_request_within_a_dialog_goes_to_our_half_of_it() -> None:
    said = within(f"BYE sip:1001@192.0.2.1:5099 SIP/2.0 {HEAD} CSeq: 5 BYE")
    assert (said.request_uri, said.call_id, said.to_tag) == ("sip:192.0.2.1:5060", "ours@192.0.2.1", "ours")
    assert (said.from_tag, said.cseq) == ("callee", 5)


def test_prack_names_our_response() -> None:
    """RFC 3262 §7.2: RSeq is ours, the number of the INVITE the peer's."""
    said = within(f"PRACK sip:x SIP/2.0 {HEAD} CSeq: 2 PRACK\n RAck: 4 1 INVITE")
    assert said.headers.get("RAck") == "99 1 INVITE"


def test_notify_names_our_refer() -> None:
    """RFC 3515 §2.4.6: the id of the subscription is the number of the REFER."""
    said = within(f"NOTIFY sip:x SIP/2.0 {HEAD} CSeq: 2 NOTIFY\n Event: refer;id=3")
    assert said.headers.get("Event") == "refer;id=7"


REFER = """
    REFER sip:192.0.2.1 SIP/2.0
    From: <sip:a@192.0.2.10>;tag=a
    To: <sip:192.0.2.1>
    Call-ID: other@192.0.2.10
    CSeq: 1 REFER
"""


def test_replaces_in_refer_to_names_our_half_escaped_as_it_has_to_be() -> None:
    asked = message(f"{REFER} Refer-To: <sip:b@h?Replaces=theirs%40192.0.2.1%3Bto-tag%3Dtheirs%3Bfrom-tag%3Dcallee>")
    said = parse(outside(asked, identities()))
    wanted = "<sip:b@h?Replaces=ours%40192.0.2.1%3Bto-tag%3Dours%3Bfrom-tag%3Dcallee>"
    assert said.headers.get("Refer-To") == wanted
    assert [*dialogs_named(asked)] == [(Leg("theirs@192.0.2.1", "theirs"), Leg("theirs@192.0.2.1", "callee"))]


def test_replaces_and_target_dialog() -> None:
    asked = message(f"{REFER} Replaces: theirs@192.0.2.1;from-tag=callee;to-tag=theirs;early-only")
    said = parse(outside(asked, identities()))
    assert said.headers.get("Replaces") == "ours@192.0.2.1;from-tag=callee;to-tag=ours;early-only"
    asked = message(f"{REFER} Target-Dialog: theirs@192.0.2.1;local-tag=theirs;remote-tag=callee")
    said = parse(outside(asked, identities()))
    assert said.headers.get("Target-Dialog") == "ours@192.0.2.1;local-tag=ours;remote-tag=callee"


def test_the_way_back_finds_the_recorded_dialog() -> None:
    known = identities()
    named = DialogId.parse("ours@192.0.2.1;to-tag=callee;from-tag=ours")
    assert known.recorded_dialog(named).call_id == "theirs@192.0.2.1"
    assert known.dialog(known.recorded_dialog(named)) == named


def test_a_request_that_names_nothing_of_ours_stays_as_it_came() -> None:
    asked = message(f"{REFER} Refer-To: <sip:b@h?Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2>")
    assert outside(asked, identities()) == asked.octets
