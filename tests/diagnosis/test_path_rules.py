"""Findings about the way of the messages: Contact, Route, and what routers do to SIP."""

from pathlib import Path

from gateway.diagnosis.case import Severity
from tests.diagnosis.recordings import ALICE, BOB, Dialog, Headers, Wire, named, rules_of, sdp, written
from tests.diagnosis.scenes import ALICE_SDP, BOB_SDP, TARGET, target_call

PRIVATE = "192.168.178.20"
PROXY = "198.51.100.99"


def transferred(
    wire: Wire, invite: Headers | None = None, ok: Headers | None = None, offer: str = ALICE_SDP
) -> Dialog:
    """A blind transfer whose first call is set up with these header fields."""
    first = Dialog(wire, ALICE, BOB, "first1", users=("alice", "bob"))
    first.set_up(offer, BOB_SDP, invite=invite, ok=ok)
    first.refer(TARGET)
    first.answer("202 Accepted", "REFER")
    first.notify("100 Trying")
    target_call(wire)
    first.notify("200 OK")
    return first


def test_no_contact(tmp_path: Path) -> None:
    wire = Wire()
    transferred(wire, ok={"Contact": None})
    finding = named(wire.case(tmp_path), "contact")
    assert finding.severity is Severity.WARNING
    assert "200 to INVITE has no Contact" in finding.what


def test_localhost_as_contact(tmp_path: Path) -> None:
    wire = Wire()
    transferred(wire, ok={"Contact": "<sip:bob@localhost:5060>"})
    finding = named(wire.case(tmp_path), "contact")
    assert finding.severity is Severity.ERROR
    assert "127.0.0.1" in finding.what
    assert finding.frames == (2,)


def test_a_private_contact_behind_a_nat(tmp_path: Path) -> None:
    wire = Wire()
    transferred(wire, invite={"Contact": f"<sip:alice@{PRIVATE}>"})
    finding = named(wire.case(tmp_path), "contact")
    assert finding.severity is Severity.WARNING
    assert f"private address {PRIVATE}, but the packet came from {ALICE}" in finding.what


def test_a_request_to_a_private_contact_that_is_lost(tmp_path: Path) -> None:
    wire = Wire()
    first = transferred(wire, invite={"Contact": f"<sip:alice@{PRIVATE}>"})
    lost = first.request("BYE", 1, uri=f"sip:alice@{PRIVATE}")
    finding = named(wire.case(tmp_path), "contact")
    assert finding.severity is Severity.ERROR
    assert finding.frames == (1, lost)


def test_a_private_contact_that_the_peer_copes_with(tmp_path: Path) -> None:
    wire = Wire()
    first = transferred(wire, invite={"Contact": f"<sip:alice@{PRIVATE}>"})
    first.request("BYE", 1, uri=f"sip:alice@{PRIVATE}")
    first.answer("200 OK", "BYE", 0)
    assert named(wire.case(tmp_path), "contact").severity is Severity.NOTE


def test_a_contact_in_a_private_network_is_fine_among_its_own(tmp_path: Path) -> None:
    wire = Wire()
    first = Dialog(wire, "10.0.0.1", "10.0.0.2", "first1", users=("alice", "bob"))
    first.set_up()
    first.refer("sip:carol@10.0.0.3")
    first.answer("202 Accepted", "REFER")
    first.notify("200 OK")
    assert wire.case(tmp_path).findings == ()


def test_a_refer_without_the_route_that_was_recorded(tmp_path: Path) -> None:
    wire = Wire()
    transferred(wire, ok={"Record-Route": f"<sip:{PROXY};lr>"})
    found = [each for each in wire.case(tmp_path).findings if each.rule == "route-set"]
    refer = next(each for each in found if "REFER" in each.what)
    assert refer.severity is Severity.WARNING
    assert refer.header == "Route"
    assert PROXY in refer.what


def test_requests_with_their_route_are_fine(tmp_path: Path) -> None:
    wire = Wire()
    route = f"<sip:{PROXY};lr>"
    first = Dialog(wire, ALICE, BOB, "first1", users=("alice", "bob"))
    first.request("INVITE", 0, None, ALICE_SDP, in_dialog=False)
    first.answer("200 OK", "INVITE", 1, {"Record-Route": route}, BOB_SDP)
    first.request("ACK", 0, {"Contact": None, "Route": route}, cseq=1)
    first.refer(TARGET, headers={"Route": route})
    first.answer("202 Accepted", "REFER")
    first.notify("200 OK")
    assert rules_of(wire.case(tmp_path)) == []


def test_the_called_end_takes_its_route_from_the_invite(tmp_path: Path) -> None:
    wire = Wire()
    first = Dialog(wire, ALICE, BOB, "first1", users=("alice", "bob"))
    first.set_up(invite={"Record-Route": f"<sip:{PROXY};lr>"})
    refer = first.refer(TARGET, by=1)
    finding = named(wire.case(tmp_path), "route-set")
    assert finding.severity is Severity.ERROR  # it had no answer
    assert finding.frames[0] == refer


def test_the_same_message_at_two_taps(tmp_path: Path) -> None:
    """In front of the router and behind it: an ALG has put its own address into Contact, Via and SDP."""
    wire = Wire()
    fields = {
        "Via": f"SIP/2.0/UDP {PRIVATE}:5060;branch=z9hG4bKsame",
        "From": "<sip:alice@example.net>;tag=a",
        "To": "<sip:bob@example.net>",
        "Call-ID": f"first1@{PRIVATE}",
        "CSeq": "1 INVITE",
        "Contact": f"<sip:alice@{PRIVATE}>",
    }
    start = f"INVITE sip:bob@{BOB} SIP/2.0"
    inside = wire.send(PRIVATE, BOB, written(start, fields, None, sdp(PRIVATE, 4000)))
    public = {name: value.replace(PRIVATE, ALICE) for name, value in fields.items()}
    outside = wire.send(ALICE, BOB, written(start, public, None, sdp(ALICE, 4000)))
    answer = {key: value for key, value in public.items() if key != "Contact"}
    wire.send(BOB, ALICE, written("SIP/2.0 200 OK", {**answer, "To": public["To"] + ";tag=b"}, None, BOB_SDP))
    refer = {**public, "To": public["To"] + ";tag=b", "CSeq": "2 REFER", "Refer-To": f"<{TARGET}>"}
    refer["Via"] = f"SIP/2.0/UDP {ALICE}:5060;branch=z9hG4bKrefer"
    wire.send(ALICE, BOB, written(f"REFER sip:bob@{BOB} SIP/2.0", refer, None, ""))
    found = [each for each in wire.case(tmp_path).findings if each.rule == "sip-alg"]
    assert found[0].severity is Severity.ERROR
    assert found[0].frames == (inside, outside)
    for what in ("Call-ID", "Contact", "Via", "SDP"):
        assert f"{what} " in found[0].what


def test_a_message_that_was_half_rewritten(tmp_path: Path) -> None:
    wire = Wire()
    transferred(wire, invite={"Contact": f"<sip:alice@{PRIVATE}>"}, offer=sdp(ALICE, 4000))
    finding = named(wire.case(tmp_path), "sip-alg")
    assert finding.severity is Severity.WARNING
    assert f"({ALICE}) in SDP c= and Via and SDP o=, and private ones in Contact" in finding.what


def test_a_content_length_that_does_not_fit(tmp_path: Path) -> None:
    wire = Wire()
    transferred(wire, invite={"Content-Length": "90"})
    finding = named(wire.case(tmp_path), "sip-alg")
    assert finding.header == "Content-Length"
    assert finding.frames == (1,)
    assert f"Content-Length is 90, but {len(ALICE_SDP)} octets follow" in finding.what


def test_a_call_that_a_box_transfers_in_itself(tmp_path: Path) -> None:
    wire = Wire()
    call = Dialog(wire, ALICE, BOB, "first1", users=("alice", "bob"))
    call.request("INVITE", 0, None, ALICE_SDP, in_dialog=False)
    call.answer("200 OK", "INVITE", 1, {"P-Asserted-Identity": f"<sip:bob@{BOB}>"}, BOB_SDP)
    call.request("ACK", 0, cseq=1)
    update = call.request("UPDATE", 1, {"P-Asserted-Identity": f"<sip:carol@{BOB}>"})
    call.answer("200 OK", "UPDATE", 0)
    invite = call.request("INVITE", 1, {"P-Asserted-Identity": f"<sip:carol@{BOB}>"}, BOB_SDP)
    diagnosis = wire.diagnosis(tmp_path)
    assert diagnosis.cases == ()
    (finding,) = diagnosis.findings
    assert finding.rule == "without-refer"
    assert finding.severity is Severity.NOTE
    assert finding.frames == (2, update, invite)
    assert f"its party is sip:carol@{BOB} and no longer sip:bob@{BOB}" in finding.what
