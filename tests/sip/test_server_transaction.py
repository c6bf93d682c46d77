"""Requests that we answer (RFC 3261 §17.2, §18.2, RFC 6026, RFC 3581)."""

import pytest

from gateway.model.errors import DecodeError
from gateway.sip.flow import Flow, Transport
from gateway.sip.transaction_layer import TransactionSettings
from gateway.sip.transaction_table import State
from tests.sip.transactions import ALICE, ALICE_TCP, BOB, Listener, request

FROM_PORT_6000 = Flow(Transport.UDP, "192.0.2.1", 6000)
OVER_TCP = "SIP/2.0/TCP 192.0.2.1:5070;branch=z9hG4bK-1"


def test_response_echoes_its_request() -> None:
    gateway = Listener()
    octets = request(extra=["Via: SIP/2.0/UDP two;branch=z9hG4bK2, SIP/2.0/UDP three", "Record-Route: <sip:p;lr>"])
    gateway.receive(octets)
    gateway.respond(180, [("Contact", "<sip:g@192.0.2.9>")])
    ringing = gateway.last
    assert (ringing.status, ringing.reason) == (180, "Ringing")
    assert ringing.headers.all("Via") == (
        "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-1;rport=5060;received=192.0.2.1",
        "SIP/2.0/UDP two;branch=z9hG4bK2",
        "SIP/2.0/UDP three",
    )
    assert ringing.headers.get("From") == '"A, b" <sip:alice@192.0.2.1>;tag=a1'
    assert ringing.headers.get("To") == "<sip:bob@192.0.2.9>;tag=w1token0000000001"
    assert (ringing.call_id, ringing.cseq, ringing.cseq_method) == ("call-1@192.0.2.1", 1, "INVITE")
    assert ringing.headers.get("Contact") == "<sip:g@192.0.2.9>"


def test_all_responses_have_the_same_tag() -> None:
    gateway = Listener()
    gateway.receive(request())
    gateway.respond(180, to_tag="ours")
    gateway.respond(200)
    assert [message.to_tag for _, _, message in gateway.sent] == ["ours", "ours"]
    assert gateway.servers[0].to_tag == "ours"


def test_request_with_a_to_tag_keeps_it() -> None:
    gateway = Listener()
    gateway.receive(request("BYE", to_tag="known"))
    gateway.respond(200, to_tag="other")
    assert gateway.last.to_tag == "known"


def test_100_after_200_milliseconds_with_timestamp_and_without_tag() -> None:
    gateway = Listener()
    gateway.receive(request(extra=["Timestamp: 54"]))
    gateway.wait(0.19)
    assert gateway.statuses() == []
    gateway.wait(0.02)
    assert gateway.statuses() == [100]
    assert (gateway.last.to_tag, gateway.last.headers.get("Timestamp")) == ("", "54")


def test_no_100_when_the_user_was_quicker() -> None:
    gateway = Listener()
    gateway.receive(request())
    gateway.respond(180)
    gateway.wait(1)
    assert gateway.statuses() == [180]


def test_retransmitted_invite_gets_the_last_provisional_response_again() -> None:
    gateway = Listener()
    gateway.receive(request())
    gateway.receive(request())
    assert gateway.statuses() == []
    gateway.respond(180)
    gateway.respond(183)
    gateway.receive(request())
    assert gateway.statuses() == [180, 183, 183]
    assert gateway.told == [("request", "INVITE")]


def test_refusal_is_repeated_until_its_ack() -> None:
    gateway = Listener()
    gateway.receive(request())
    gateway.respond(486)
    gateway.wait(4)
    assert gateway.statuses() == [486] * 4
    gateway.receive(request("ACK"))
    gateway.wait(4)
    assert gateway.statuses() == [486] * 4
    assert gateway.told == [("request", "INVITE")]
    gateway.wait(2)
    assert gateway.is_empty


def test_refusal_without_an_ack_is_given_up_after_timer_h() -> None:
    gateway = Listener()
    gateway.receive(request())
    gateway.respond(486)
    gateway.wait(31.9)
    assert gateway.statuses() == [486] * 11
    gateway.wait(1)
    assert gateway.is_empty


def test_refusal_on_a_stream_goes_out_once_and_its_ack_ends_it_at_once() -> None:
    gateway = Listener()
    gateway.receive(request(via=OVER_TCP), ALICE_TCP)
    gateway.respond(486)
    gateway.wait(10)
    assert gateway.statuses() == [486]
    gateway.receive(request("ACK", via=OVER_TCP), ALICE_TCP)
    assert gateway.is_empty


def test_2xx_is_left_to_the_user_and_absorbs_the_invite() -> None:
    gateway = Listener()
    gateway.receive(request())
    octets = gateway.respond(200)
    assert gateway.last.octets == octets
    gateway.receive(request())
    gateway.wait(10)
    assert gateway.statuses() == [200]
    assert gateway.told == [("request", "INVITE")]
    gateway.wait(23)
    assert gateway.is_empty


def test_ack_of_a_2xx_is_told_whatever_its_branch() -> None:
    gateway = Listener()
    gateway.receive(request())
    gateway.respond(200)
    gateway.receive(request("ACK", "z9hG4bK-2", to_tag="x"))
    gateway.receive(request("ACK", to_tag="x"))
    assert gateway.told == [("request", "INVITE"), ("ack", 1), ("ack", 1)]


def test_final_response_of_another_method_is_repeated_when_asked_again() -> None:
    gateway = Listener()
    gateway.receive(request("BYE", to_tag="x"))
    gateway.receive(request("BYE", to_tag="x"))
    gateway.respond(200)
    gateway.receive(request("BYE", to_tag="x"))
    assert gateway.statuses() == [200, 200]
    gateway.wait(33)
    assert gateway.is_empty


def test_transaction_ends_with_its_response_on_a_stream() -> None:
    gateway = Listener()
    gateway.receive(request("BYE", via=OVER_TCP, to_tag="x"), ALICE_TCP)
    gateway.respond(200)
    assert gateway.is_empty


def test_request_that_nobody_answers_is_forgotten_after_64_t1() -> None:
    gateway = Listener()
    gateway.receive(request("MESSAGE"))
    gateway.wait(33)
    assert gateway.statuses() == []
    assert gateway.is_empty
    assert gateway.respond(200) == b""


def test_second_final_response_does_not_go_out() -> None:
    gateway = Listener()
    gateway.receive(request())
    gateway.respond(200)
    assert gateway.respond(486) == b""
    assert gateway.statuses() == [200]
    assert gateway.servers[0].final_status == 200


def test_completed_transaction_frees_its_request() -> None:
    gateway = Listener()
    gateway.receive(request(body=b"v=0\r\n"))
    gateway.respond(200)
    assert gateway.servers[0].request.body == b"v=0\r\n"
    gateway.receive(request("OPTIONS", "z9hG4bK-2"))
    assert gateway.servers[0].request.octets == b""


# Matching


def test_same_branch_of_another_sender_is_another_transaction() -> None:
    gateway = Listener()
    gateway.receive(request("OPTIONS", via="SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-1"))
    gateway.receive(request("OPTIONS", via="SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK-1", call_id="2"), BOB)
    assert len(gateway.servers) == 2


@pytest.mark.parametrize(
    "via",
    [
        "SIP / 2.0 / UDP  192.0.2.1 : 5060 ;Branch= z9hG4bK-1;rport",
        'SIP/2.0/UDP 192.0.2.1:5060;x="a;b,c";branch=z9hG4bK-1',
        "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-1, SIP/2.0/UDP 10.0.0.1",
    ],
)
def test_via_in_other_spellings_matches(via: str) -> None:
    gateway = Listener()
    gateway.receive(request("OPTIONS"))
    gateway.receive(request("OPTIONS", via=via))
    assert len(gateway.servers) == 1


def test_request_of_rfc_2543_has_no_cookie() -> None:
    gateway = Listener()
    old = "SIP/2.0/UDP 192.0.2.1;branch=1"
    gateway.receive(request(via=old))
    gateway.receive(request(via=old))
    gateway.respond(486)
    gateway.receive(request("ACK", via=old, to_tag="w1token0000000001"))
    assert gateway.told == [("request", "INVITE")]
    gateway.receive(request(via=old, cseq=2))
    assert gateway.told == [("request", "INVITE")] * 2


def test_merged_request_is_refused() -> None:
    gateway = Listener()
    gateway.receive(request(branch="z9hG4bK-1"))
    gateway.receive(request(branch="z9hG4bK-2"), BOB)
    assert gateway.statuses() == [482]
    assert gateway.last.top_via_branch == "z9hG4bK-2"
    assert gateway.told == [("request", "INVITE")]


def test_request_that_was_refused_may_come_by_another_path() -> None:
    gateway = Listener()
    gateway.receive(request(branch="z9hG4bK-1"))
    gateway.respond(503)
    gateway.receive(request(branch="z9hG4bK-2"))
    assert gateway.told == [("request", "INVITE")] * 2


def test_request_in_a_dialog_is_never_merged() -> None:
    gateway = Listener()
    gateway.receive(request("INFO", "z9hG4bK-1", to_tag="x"))
    gateway.receive(request("INFO", "z9hG4bK-2", to_tag="x"))
    assert len(gateway.servers) == 2


# Where responses go


def test_rport_brings_the_response_to_the_port_it_came_from() -> None:
    gateway = Listener()
    gateway.receive(request("OPTIONS"), FROM_PORT_6000)
    gateway.respond(200)
    assert gateway.last_flow == FROM_PORT_6000
    assert (gateway.last.headers.get("Via") or "").endswith(";rport=6000;received=192.0.2.1")


def test_without_rport_the_port_of_the_via_counts() -> None:
    gateway = Listener()
    gateway.receive(request("OPTIONS", via="SIP/2.0/UDP pc.example.com:5080;branch=z9hG4bK-1"), FROM_PORT_6000)
    gateway.respond(200)
    assert gateway.last_flow == FROM_PORT_6000._replace(port=5080)
    assert gateway.servers[0].reply_flow.port == 5080
    assert gateway.servers[0].flow.port == 6000
    assert gateway.last.headers.get("Via") == "SIP/2.0/UDP pc.example.com:5080;branch=z9hG4bK-1;received=192.0.2.1"


def test_received_that_the_sender_made_up_is_replaced() -> None:
    gateway = Listener()
    via = "SIP/2.0/UDP 192.0.2.1;received=203.0.113.9;branch=z9hG4bK-1;rport=1"
    gateway.receive(request("OPTIONS", via=via), FROM_PORT_6000)
    gateway.respond(200)
    stamped = "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-1;received=192.0.2.1;rport=6000"
    assert gateway.last.headers.get("Via") == stamped


def test_maddr_is_not_followed() -> None:
    gateway = Listener()
    via = "SIP/2.0/UDP 192.0.2.1;maddr=203.0.113.9;branch=z9hG4bK-1"
    gateway.receive(request("OPTIONS", via=via), ALICE)
    gateway.respond(200)
    assert gateway.last_flow == ALICE


def test_ipv6_sender() -> None:
    gateway = Listener()
    flow = Flow(Transport.UDP, "2001:db8::1", 5060)
    gateway.receive(request("OPTIONS", via="SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bK-1"), flow)
    gateway.respond(200)
    assert gateway.last_flow == flow
    assert gateway.last.headers.get("Via") == "SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bK-1"


def test_response_goes_back_over_its_connection() -> None:
    gateway = Listener()
    gateway.receive(request("OPTIONS", via=OVER_TCP), ALICE_TCP)
    gateway.respond(200)
    assert gateway.last_flow == ALICE_TCP


def test_response_opens_a_connection_to_the_via_when_its_own_is_gone() -> None:
    gateway = Listener()
    gateway.receive(request(via=OVER_TCP), ALICE_TCP)
    gateway.layer.flow_failed(ALICE_TCP, gateway.now)
    octets = gateway.respond(200)
    assert gateway.last_flow == ALICE_TCP._replace(connection=0, port=5070)
    gateway.layer.resend(gateway.servers[0].reply_flow, octets)
    assert gateway.last_flow == ALICE_TCP._replace(connection=0, port=5070)


# CANCEL


def test_cancel_is_answered_and_told() -> None:
    gateway = Listener()
    gateway.receive(request())
    gateway.respond(180)
    gateway.receive(request("CANCEL"))
    assert (gateway.last.status, gateway.last.cseq_method, gateway.last.to_tag) == (
        200,
        "CANCEL",
        gateway.servers[0].to_tag,
    )
    assert gateway.told[-1] == ("cancel", gateway.servers[0])
    gateway.respond(487)
    gateway.receive(request("CANCEL"))
    assert gateway.statuses() == [180, 200, 487, 200]
    assert len(gateway.told) == 2


def test_cancel_before_any_response_fixes_the_tag() -> None:
    gateway = Listener()
    gateway.receive(request())
    gateway.receive(request("CANCEL"))
    gateway.respond(487, to_tag="other")
    assert [message.to_tag for _, _, message in gateway.sent] == ["w1token0000000001"] * 2


def test_cancel_after_the_answer_changes_nothing() -> None:
    gateway = Listener()
    gateway.receive(request())
    gateway.respond(200)
    gateway.receive(request("CANCEL"))
    assert gateway.statuses() == [200, 200]
    assert gateway.told == [("request", "INVITE")]


def test_cancel_of_nothing() -> None:
    gateway = Listener()
    gateway.receive(request("CANCEL"))
    assert gateway.statuses() == [481]
    assert gateway.told == []


# What is too much, and what cannot be read


def test_full_layer_refuses_new_calls_and_serves_those_it_has() -> None:
    gateway = Listener(TransactionSettings(most=10, retry_after=7))
    for number in range(10):
        gateway.receive(request("MESSAGE", f"z9hG4bK-{number}", call_id=str(number)))
    gateway.receive(request("INVITE", "z9hG4bK-x", call_id="x"))
    assert gateway.statuses() == [503]
    assert gateway.last.headers.get("Retry-After") == "7"
    assert gateway.last.to_tag != ""
    first = gateway.last.octets
    gateway.receive(request("INVITE", "z9hG4bK-x", call_id="x"))
    assert gateway.last.octets == first
    gateway.receive(request("BYE", "z9hG4bK-b", to_tag="x", call_id="b"))
    gateway.receive(request("OPTIONS", "z9hG4bK-o", call_id="o"))
    assert gateway.told[-2:] == [("request", "BYE"), ("request", "OPTIONS")]
    gateway.receive(request("BYE", "z9hG4bK-c", to_tag="x", call_id="c"))
    assert gateway.statuses() == [503, 503, 503]
    assert gateway.layer.servers == 12


def test_message_that_is_too_large() -> None:
    gateway = Listener(TransactionSettings(message_octets=2_000))
    gateway.receive(request(body=b"v" * 3_000))
    assert gateway.statuses() == [513]


def test_too_many_header_fields() -> None:
    gateway = Listener(TransactionSettings(header_fields=50))
    gateway.receive(request(extra=[f"X-{number}: 1" for number in range(60)]))
    assert gateway.statuses() == [400]


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x00\xff\xfe",
        b"INVITE sip:a@b SIP/2.0\r\n\r\n",
        b"SIP/2.0 200 OK\r\n\r\n",
        request("ACK").replace(b"1 ACK", b"x"),
        request(via="nonsense"),
    ],
)
def test_what_cannot_be_read_is_dropped(octets: bytes) -> None:
    gateway = Listener()
    gateway.receive(octets)
    assert gateway.told == []
    assert gateway.is_empty


def test_defect_is_answered_without_a_transaction() -> None:
    gateway = Listener()
    gateway.receive(request().replace(b"CSeq: 1 INVITE", b"CSeq: 1 BYE"))
    assert gateway.statuses() == [400]
    assert gateway.is_empty


def test_bare_carriage_return_is_not_echoed() -> None:
    gateway = Listener()
    gateway.receive(request("OPTIONS").replace(b"<sip:bob@192.0.2.9>", b'"a\rb" <sip:bob@192.0.2.9>'))
    if gateway.servers:
        gateway.respond(200)
    assert b"a\rb" not in gateway.last.octets


def test_error_of_the_user_is_the_answer() -> None:
    gateway = Listener()
    gateway.raises = DecodeError("bad")
    gateway.receive(request("MESSAGE"))
    assert gateway.statuses() == [400]


def test_fault_of_the_user_is_answered_500() -> None:
    gateway = Listener()
    gateway.raises = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        gateway.receive(request("MESSAGE"))
    assert gateway.statuses() == [500]
    assert gateway.servers[0].state is State.COMPLETED


def test_request_of_another_version_is_told_so() -> None:
    gateway = Listener()
    gateway.receive(
        request("OPTIONS", via="SIP/7.0/UDP c.example.com;branch=z9hG4bK-1").replace(b" SIP/2.0", b" SIP/7.0")
    )
    assert gateway.statuses() == [505]
    assert gateway.last.headers.get("Via") == "SIP/7.0/UDP c.example.com;branch=z9hG4bK-1;received=192.0.2.1"
