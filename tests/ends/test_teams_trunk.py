"""What Microsoft Teams wants and does not want (Direct Routing, T1–T33)."""

from typing import Any

import pytest

from gateway.ends.sip_leg import SipLeg
from gateway.model.call import Answer
from gateway.model.parties import Number, NumberingPlan, Party, TypeOfNumber
from gateway.model.transfer import Outcome, PartyUpdate, TransferKind, TransferRequest
from gateway.model.transfer import Stage as Update
from gateway.sip.flow import Flow, Transport
from gateway.sip.message import Message, parse
from tests.ends.stage import ANSWER, HELD, Stage, reply
from tests.ends.trunks import SDP, carrier, teams

PROXY = Flow(Transport.TLS, "203.0.113.50", 5061, 0, 2, "sip.pstnhub.microsoft.com")
TARGET = "sip:sip.pstnhub.microsoft.com:5061;transport=tls;x-m=8:orgid:0F1e2d;x-t=5c3b"
REFERRED_BY = "<sip:sip.pstnhub.microsoft.com:5061;x-m=8:orgid:0F1e;x-t=5c3b;x-ti=9;x-tt=aHR0cHM6Ly9hcGkt%3D>"


def stage() -> Stage:
    made = Stage(teams(), carrier())
    made.names["sip:sip.pstnhub.microsoft.com"] = (PROXY,)
    return made


def placed(made: Stage, **known: Any) -> tuple[SipLeg, Message]:
    leg = made.place("teams", **{"uri": "sip:+4930123@192.0.2.1", **known})
    (sent,) = made.sent()
    return leg, sent


def answered(made: Stage, *fields: str) -> SipLeg:
    leg, sent = placed(made)
    made.end.ua.receive(reply(sent, 200, *fields, body=ANSWER), PROXY._replace(connection=4), made.now)
    made.sent()
    return leg


def test_our_name_stands_in_contact_via_and_from() -> None:
    _, sent = placed(stage(), calling=Party(uri="sip:+4940777@10.0.0.7"))
    assert sent.headers.get("Contact") == "<sip:sbc.example.net:5061;transport=tls>"
    assert (sent.headers.get("Via") or "").startswith("SIP/2.0/TLS sbc.example.net:5061;")
    assert (sent.headers.get("From") or "").startswith("<sip:+4940777@sbc.example.net;user=phone>;tag=")
    assert b"192.0.2.1" not in sent.octets.partition(b"\r\n\r\n")[0]


def test_options_have_no_user_part_and_our_name() -> None:
    made = stage()
    made.end.start(0.0)
    (asked,) = made.wait(0.1)
    assert asked.method == "OPTIONS"
    assert asked.request_uri == "sip:sip.pstnhub.microsoft.com:5061;transport=tls"
    assert asked.headers.get("Contact") == "<sip:sbc.example.net:5061;transport=tls>"
    assert "@" not in (asked.headers.get("To") or "")


def test_the_target_and_referred_by_of_a_transfer_go_back_octet_for_octet() -> None:
    _, sent = placed(stage(), uri=TARGET, verbatim=True, referred_by=REFERRED_BY)
    assert sent.request_uri == TARGET
    assert sent.headers.get("Referred-By") == REFERRED_BY
    assert sent.headers.get("To") == f"<{TARGET}>"


def test_replaces_is_never_sent() -> None:
    _, sent = placed(stage(), replaces="a@b;to-tag=1;from-tag=2")
    assert "Replaces" not in sent.headers
    assert "Require" not in sent.headers


def test_neither_refer_nor_update_nor_an_offerless_invite_whatever_its_allow_says() -> None:
    made = stage()
    leg = answered(made, "Allow: INVITE, REFER, UPDATE", "Supported: replaces")
    assert leg.capabilities == frozenset()
    leg.refer(TransferRequest(TransferKind.BLIND, Party(uri="sip:1@b")), 0.0)
    leg.update(PartyUpdate(Update.COMPLETE, Party(uri="sip:1@b")), 0.0)
    made.wait(0.0)
    assert made.sent() == []
    assert made.hub.last[1].outcome is Outcome.REFUSED


@pytest.mark.parametrize("line", [b"a=sendonly", b"a=recvonly"])
def test_every_hold_is_spelt_inactive(line: bytes) -> None:
    made = stage()
    leg = answered(made)
    leg.offer(SDP + line + b"\r\n", 0.0)
    (sent,) = made.sent()
    assert b"a=inactive" in sent.body
    assert line not in sent.body


def test_its_own_hold_is_passed_on_as_it_is() -> None:
    made = stage()
    leg = answered(made)
    leg.offer(HELD, 0.0)
    (sent,) = made.sent()
    made.end.ua.receive(reply(sent, 200, body=ANSWER + b"a=inactive\r\n"), PROXY._replace(connection=4), 0.0)
    assert made.hub.last == ("media_accepted", ANSWER + b"a=inactive\r\n")


class TestWithoutLateOffers:
    def test_its_last_description_stands_for_an_offer_and_an_equal_answer_troubles_nobody(self) -> None:
        made = stage()
        leg = answered(made)
        leg.offer(b"", 0.0)
        assert made.hub.last[0] == "answered"
        made.wait(0.0)
        assert made.hub.last[0] == "media_accepted"
        assert b"m=audio 5000" in made.hub.last[1]
        leg.confirm(SDP, 0.0)
        assert made.sent() == []
        assert not leg.offering

    def test_another_answer_is_offered_to_it_and_the_hub_hears_no_more(self) -> None:
        made = stage()
        leg = answered(made)
        leg.offer(b"", 0.0)
        made.wait(0.0)
        heard = len(made.hub.heard)
        leg.confirm(SDP.replace(b"4000", b"4444"), 0.0)
        (sent,) = made.sent()
        assert b"m=audio 4444" in sent.body
        made.end.ua.receive(reply(sent, 200, body=ANSWER), PROXY._replace(connection=4), 0.0)
        assert len(made.hub.heard) == heard

    def test_not_even_when_it_is_refused(self) -> None:
        made = stage()
        leg = answered(made)
        leg.offer(b"", 0.0)
        made.wait(0.0)
        leg.confirm(SDP.replace(b"4000", b"4444"), 0.0)
        (sent,) = made.sent()
        made.end.ua.receive(reply(sent, 488), PROXY._replace(connection=4), 0.0)
        assert made.hub.last[0] == "media_accepted"
        assert "media.stand_in_refused" in made.notes.events
        assert b"m=audio 4000" in leg.local_session


def test_requests_in_a_call_go_to_its_proxy_and_not_to_a_host_behind_it() -> None:
    made = stage()
    made.end.start(0.0)
    found: list[tuple[Flow, ...]] = []
    profile = made.end.trunks["teams"].profile(PROXY)
    uri = "sip:api-du-b-euwe.pstnhub.microsoft.com:443;x-i=1;x-c=ab/d/8/cd"
    made.end.flows_for(uri, profile, lambda flows, now: found.append(flows), 0.0)
    assert found == [(PROXY,)]


def test_a_refer_of_teams_has_the_numbers_of_its_parties() -> None:
    made = stage()
    leg = answered(made)
    session = leg.session
    assert session is not None
    lines = (
        "REFER sip:sbc.example.net:5061;transport=tls SIP/2.0",
        "Via: SIP/2.0/TLS 203.0.113.51:5061;branch=z9hG4bKr1",
        f"FROM: <sip:+4930123@sip.pstnhub.microsoft.com>;tag={session.remote_tag}",
        f"TO: <sip:+4940777@sbc.example.net>;tag={session.local_tag}",
        f"CALL-ID: {session.call_id}",
        "CSEQ: 1 REFER",
        "MAX-FORWARDS: 70",
        "CONTACT: <sip:api-du-a-xxxx.pstnhub.microsoft.com:443;x-i=1;x-c=ab/s/1/cd>",
        "REFER-TO: <sip:+15550100003@sip.pstnhub.microsoft.com:5061;user=phone;transport=tls>",
        f"REFERRED-BY: {REFERRED_BY}",
        "Content-Length: 0",
    )
    octets = "\r\n".join(lines).encode() + b"\r\n\r\n"
    # From another of its addresses, on a connection of its own (T1).
    made.end.peer_names = lambda flow: ("sip.pstnhub.microsoft.com",)
    made.end.ua.receive(octets, Flow(Transport.TLS, "203.0.113.51", 40001, 9, 2), 0.0)
    name, _, asked, _ = made.hub.last
    assert name == "transfer_asked"
    number = Number("15550100003", TypeOfNumber.INTERNATIONAL, NumberingPlan.E164)
    assert asked.target == Party(
        number=number, uri="sip:+15550100003@sip.pstnhub.microsoft.com:5061;user=phone;transport=tls"
    )
    assert [item.value for item in asked.kept if item.what == "Referred-By"] == [REFERRED_BY]


def test_a_call_from_teams_is_answered_by_our_name() -> None:
    made = stage()
    made.end.peer_names = lambda flow: ("sip.pstnhub.microsoft.com",)
    lines = (
        "INVITE sip:+4940777@sbc.example.net:5061;user=phone;transport=tls SIP/2.0",
        "Via: SIP/2.0/TLS 203.0.113.51:5061;branch=z9hG4bKi1",
        "FROM: <sip:+4930123@sip.pstnhub.microsoft.com:5061;user=phone>;tag=t1",
        "TO: <sip:+4940777@sbc.example.net:5061;user=phone>",
        "CALL-ID: ab12",
        "CSEQ: 1 INVITE",
        "MAX-FORWARDS: 68",
        "CONTACT: <sip:api-du-a-xxxx.pstnhub.microsoft.com:443;x-i=1;x-c=ab/s/1/cd>",
        "CONTENT-TYPE: application/sdp",
        f"CONTENT-LENGTH: {len(SDP)}",
    )
    made.end.ua.receive(
        "\r\n".join(lines).encode() + b"\r\n\r\n" + SDP, Flow(Transport.TLS, "203.0.113.51", 4, 9, 2), 0.0
    )
    made.hub.leg.answer(Answer(ANSWER), 0.0)
    (ok,) = made.sent()
    assert ok.headers.get("Contact") == "<sip:sbc.example.net:5061;transport=tls>"
    assert parse(ok.octets).status == 200
