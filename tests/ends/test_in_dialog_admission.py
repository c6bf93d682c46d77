"""Who may send a request within a call: whoever else knows its tags moves nothing (RFC 3261 §26.1, RFC 5589 §12)."""

import pytest

from gateway.ends.sip_leg import SipLeg
from gateway.model.call import Answer, Information
from gateway.sip.digest import NonceCounts, authorization
from gateway.sip.flow import Flow, Transport
from gateway.sip.message import Message
from gateway.sip.peer_profile import Credential
from tests.ends.stage import ANSWER, Stage, request
from tests.ends.trunks import SDP, UDP_FLOW, carrier, invite

ELSEWHERE = Flow(Transport.UDP, "203.0.113.66", 5060)
METHODS = ("BYE", "INVITE", "UPDATE", "INFO", "MESSAGE", "REFER", "NOTIFY", "SUBSCRIBE", "OPTIONS", "PRACK")


def called(stage: Stage, asked: Message | None = None, flow: Flow = UDP_FLOW) -> tuple[SipLeg, Message]:
    """A call that came in and was answered, and our 200; its ACK has come."""
    stage.receive(asked or invite(), flow)
    leg = stage.hub.leg
    leg.answer(Answer(ANSWER), stage.now)
    (ok,) = stage.sent()
    stage.receive(request("ACK", ok, "1 ACK"), flow)
    return leg, ok


def next_hop(stage: Stage, leg: SipLeg) -> tuple[Flow, str]:
    """Where our next request goes, and what it asks for."""
    stage.outbox.clear()
    leg.inform(Information("INFO", "text/plain", b"x"), stage.now)
    flow = stage.outbox[0][0]
    (sent,) = stage.sent()
    return flow, sent.request_uri


def shown(challenged: Message, method: str, uri: str, body: bytes = b"") -> str:
    """The password of the user, as the answer to a challenge."""
    challenges, known = challenged.headers.all("WWW-Authenticate"), (Credential("pbx", "secret"),)
    return f"Authorization: {authorization(challenges, method, uri, body, known, 'c0ffee', NonceCounts())}"


@pytest.mark.parametrize("method", METHODS)
def test_a_request_of_a_stranger_is_forbidden_and_moves_nothing(method: str) -> None:
    stage = Stage(carrier())
    leg, ok = called(stage)
    before = next_hop(stage, leg)
    heard = len(stage.hub.heard)
    body = SDP if method in ("INVITE", "UPDATE") else b""
    octets = request(method, ok, f"9 {method}", "Event: refer", "Refer-To: <sip:3@192.0.2.1>", body=body)
    (answer,) = stage.receive(octets.replace(b"<sip:peer@198.51.100.1", b"<sip:evil@203.0.113.66"), ELSEWHERE)
    assert answer.status == 403
    assert len(stage.hub.heard) == heard
    assert next_hop(stage, leg) == before
    assert stage.notes.lines[-1][1]["call_id"] == leg.marks["call_id"]
    # Nor has it used up a number: the peer's next request is none that came too late.
    answers = stage.receive(request("INFO", ok, "2 INFO"))
    assert [each.status for each in answers if not each.is_request] == [200]


def test_an_ack_of_a_stranger_is_dropped() -> None:
    stage = Stage(carrier())
    stage.receive(invite())
    stage.hub.leg.answer(Answer(ANSWER), 0.0)
    (ok,) = stage.sent()
    assert stage.receive(request("ACK", ok, "1 ACK"), ELSEWHERE) == []
    assert "confirmed" not in stage.hub.names
    stage.receive(request("ACK", ok, "1 ACK"))
    assert stage.hub.last[0] == "confirmed"


def test_another_peer_of_the_trunk_may_go_on_and_is_answered_from_then_on() -> None:
    stage = Stage(carrier(peers=["udp:198.51.100.1:5060", "udp:198.51.100.2:5060"], symmetric=True))
    leg, ok = called(stage)
    other = Flow(Transport.UDP, "198.51.100.2", 40001)
    (answer,) = stage.receive(request("INFO", ok, "2 INFO"), other)
    assert answer.status == 200
    assert next_hop(stage, leg)[0] == other


@pytest.mark.parametrize("contact", ["<sip:1000@203.0.113.66:5080>", "sip:203.0.113.66"])
def test_the_address_of_the_contact_is_the_peers(contact: str) -> None:
    stage = Stage(carrier())
    octets = invite().octets.replace(b"Contact: <sip:1000@198.51.100.1>", f"Contact: {contact}".encode())
    stage.receive(octets)
    stage.hub.leg.answer(Answer(ANSWER), 0.0)
    (ok,) = stage.sent()
    stage.receive(request("ACK", ok, "1 ACK"), ELSEWHERE)
    assert stage.hub.last[0] == "confirmed"
    (answer,) = stage.receive(request("BYE", ok, "2 BYE"), ELSEWHERE)
    assert answer.status == 200


def test_an_address_that_only_begins_as_the_contacts_is_a_strangers() -> None:
    stage = Stage(carrier())
    stage.receive(invite().octets.replace(b"Contact: <sip:1000@198.51.100.1>", b"Contact: <sip:1000@203.0.113.66>"))
    stage.hub.leg.answer(Answer(ANSWER), 0.0)
    (ok,) = stage.sent()
    (answer,) = stage.receive(request("BYE", ok, "2 BYE"), Flow(Transport.UDP, "203.0.113.6", 5060))
    assert answer.status == 403


def test_a_proxy_of_the_record_route_speaks_for_the_peer() -> None:
    stage = Stage(carrier())
    _, ok = called(stage, invite("Record-Route: <sip:[2001:db8::66];lr>"))
    proxy = Flow(Transport.UDP, "2001:db8::66", 5060)
    (answer,) = stage.receive(request("BYE", ok, "2 BYE"), proxy)
    assert answer.status == 200


def test_a_user_that_has_moved_shows_its_password_even_for_a_bye() -> None:
    stage = Stage(carrier(peers=[], users=[{"user": "pbx", "password": "secret"}]))
    (challenged,) = stage.receive(invite())
    octets = (
        invite(shown(challenged, "INVITE", "sip:2001@192.0.2.1", SDP))
        .octets.replace(b"CSeq: 1", b"CSeq: 2")
        .replace(b"bKabc", b"bKabd")
    )
    stage.receive(octets)
    leg = stage.hub.leg
    leg.answer(Answer(ANSWER), 0.0)
    (ok,) = stage.sent()
    stage.receive(request("ACK", ok, "2 ACK"))
    (challenged,) = stage.receive(request("BYE", ok, "3 BYE"), ELSEWHERE)
    assert challenged.status == 401
    assert not leg.gone
    proof = shown(challenged, "BYE", "sip:192.0.2.1:5060")
    (answer,) = stage.receive(request("BYE", ok, "4 BYE", proof), ELSEWHERE)
    assert answer.status == 200
    assert stage.hub.last[0] == "cleared"
