"""Requests that we send (RFC 3261 §17.1, RFC 6026, RFC 3263 §4.3)."""

import pytest

from gateway.sip.flow import Flow, Transport
from gateway.sip.message import Message
from gateway.sip.transaction_layer import Failure
from gateway.sip.transaction_table import State
from tests.sip.transactions import ALICE, BOB, BOB_TCP, CAROL, Listener, fields


def test_request_as_it_goes_out() -> None:
    gateway = Listener()
    gateway.request(body=b"v=0\r\n")
    invite = gateway.last
    assert invite.headers.items[0] == ("Via", "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKw1token0000000001;rport")
    assert invite.headers.items[1:-1] == fields()
    assert invite.headers.items[-1] == ("Content-Length", "5")
    assert (invite.request_uri, invite.body, gateway.last_flow) == ("sip:bob@192.0.2.2", b"v=0\r\n", BOB)


def test_via_on_a_stream_has_no_rport() -> None:
    gateway = Listener()
    gateway.request(flows=[BOB_TCP])
    assert gateway.last.headers.get("Via") == "SIP/2.0/TCP 192.0.2.9:5060;branch=z9hG4bKw1token0000000001"


def test_via_may_name_us_otherwise() -> None:
    gateway = Listener()
    gateway.layer.request(
        "OPTIONS", "sip:b@h", fields("OPTIONS"), b"", [BOB], None, gateway.now, sent_by="sbc.example.net:5061"
    )
    assert (gateway.last.headers.get("Via") or "").startswith("SIP/2.0/UDP sbc.example.net:5061;branch=")


def test_timer_a_doubles_until_timer_b() -> None:
    gateway = Listener()
    gateway.request()
    gateway.wait(40)
    assert gateway.times("INVITE") == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert gateway.told == [("failed", Failure.TIMEOUT)]
    assert gateway.is_empty


def test_timer_e_doubles_up_to_t2_until_timer_f() -> None:
    gateway = Listener()
    gateway.request("BYE")
    gateway.wait(40)
    assert gateway.times("BYE") == [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert gateway.told == [("failed", Failure.TIMEOUT)]
    assert gateway.is_empty


def test_nothing_is_repeated_on_a_stream() -> None:
    gateway = Listener()
    gateway.request(flows=[BOB_TCP])
    gateway.wait(31)
    assert gateway.times("INVITE") == [0]
    gateway.wait(2)
    assert gateway.told == [("failed", Failure.TIMEOUT)]


def test_provisional_response_stops_timers_a_and_b() -> None:
    gateway = Listener()
    transaction = gateway.request()
    gateway.answer(gateway.last, 100)
    gateway.wait(300)
    assert gateway.times("INVITE") == [0]
    assert gateway.told == [("response", 100)]
    assert transaction.provisional


def test_provisional_response_slows_timer_e_down_and_leaves_timer_f() -> None:
    gateway = Listener()
    gateway.request("REFER")
    gateway.answer(gateway.last, 100)
    gateway.wait(40)
    assert gateway.times("REFER") == [0, 4, 8, 12, 16, 20, 24, 28]
    assert gateway.told == [("response", 100), ("failed", Failure.TIMEOUT)]


def test_final_response_is_told_once_and_its_retransmissions_absorbed() -> None:
    gateway = Listener()
    gateway.request("BYE")
    bye = gateway.last
    for _ in range(3):
        gateway.answer(bye, 200)
    assert gateway.told == [("response", 200)]
    gateway.wait(5)
    assert gateway.is_empty


def test_ack_of_a_refusal() -> None:
    gateway = Listener()
    transaction = gateway.request()
    invite = gateway.last
    gateway.answer(invite, 486)
    ack = gateway.last
    assert (ack.method, ack.request_uri, ack.cseq, ack.cseq_method) == ("ACK", invite.request_uri, 1, "ACK")
    for name in ("Via", "From", "Call-ID", "Route", "Session-ID"):
        assert ack.headers.all(name) == invite.headers.all(name)
    assert ack.headers.get("To") == "<sip:bob@192.0.2.2>;tag=b1"
    assert ack.headers.get("Max-Forwards") == "70"
    assert "Contact" not in ack.headers
    assert transaction.state is State.COMPLETED


def test_refusal_that_comes_again_is_acknowledged_again_and_not_told() -> None:
    gateway = Listener()
    gateway.request()
    invite = gateway.last
    for _ in range(3):
        gateway.answer(invite, 486)
    assert len(gateway.times("ACK")) == 3
    assert gateway.told == [("response", 486)]
    gateway.wait(32)
    assert gateway.is_empty


def test_2xx_is_not_acknowledged_here_and_told_as_often_as_it_comes() -> None:
    gateway = Listener()
    transaction = gateway.request()
    invite = gateway.last
    gateway.answer(invite, 200)
    gateway.answer(invite, 200)
    gateway.answer(invite, 200, to_tag="fork")
    assert gateway.told == [("response", 200)] * 3
    assert gateway.times("ACK") == []
    assert transaction.state is State.ACCEPTED


def test_2xx_after_64_t1_is_a_stray_one() -> None:
    gateway = Listener()
    gateway.request()
    invite = gateway.last
    gateway.answer(invite, 200)
    gateway.wait(33)
    assert gateway.is_empty
    gateway.answer(invite, 200)
    assert gateway.told == [("response", 200), ("stray", 200)]


def test_late_180_after_the_answer_is_dropped() -> None:
    gateway = Listener()
    gateway.request()
    invite = gateway.last
    gateway.answer(invite, 200)
    gateway.answer(invite, 180)
    assert gateway.told == [("response", 200)]


def test_response_of_another_method_with_the_same_branch_is_a_stray_one() -> None:
    gateway = Listener()
    gateway.request()
    octets = gateway.last.octets.replace(b"1 INVITE", b"1 BYE")
    gateway.answer(parse_request(octets), 200)
    assert gateway.told == [("stray", 200)]


def parse_request(octets: bytes) -> Message:
    from gateway.sip.message import parse

    return parse(octets)


def test_response_with_a_second_via_is_not_for_us() -> None:
    gateway = Listener()
    gateway.request()
    octets = gateway.last.octets.replace(b"Max-Forwards: 70", b"Via: SIP/2.0/UDP other;branch=z9hG4bKx")
    gateway.answer(parse_request(octets), 200)
    assert gateway.told == []


# CANCEL


def test_cancel_waits_for_a_provisional_response() -> None:
    gateway = Listener()
    transaction = gateway.request()
    invite = gateway.last
    gateway.layer.cancel(transaction, [("Reason", "SIP;cause=200")], gateway.now)
    assert gateway.times("CANCEL") == []
    gateway.answer(invite, 180)
    cancel = gateway.last
    assert (cancel.method, cancel.request_uri, cancel.cseq) == ("CANCEL", invite.request_uri, 1)
    for name in ("Via", "From", "To", "Call-ID", "Route", "Session-ID"):
        assert cancel.headers.all(name) == invite.headers.all(name)
    assert cancel.headers.get("Reason") == "SIP;cause=200"


def test_cancelled_invite_ends_with_487() -> None:
    gateway = Listener()
    transaction = gateway.request()
    invite = gateway.last
    gateway.answer(invite, 180)
    gateway.layer.cancel(transaction, [], gateway.now)
    gateway.layer.cancel(transaction, [], gateway.now)
    gateway.answer(gateway.last, 200)
    gateway.answer(invite, 487)
    assert gateway.told == [("response", 180), ("response", 487)]
    assert len(gateway.times("CANCEL")) == 1
    gateway.wait(64)
    assert gateway.is_empty


def test_cancelled_invite_without_a_final_response_ends_after_64_t1() -> None:
    gateway = Listener()
    transaction = gateway.request(flows=[BOB, CAROL])
    gateway.answer(gateway.last, 180)
    gateway.layer.cancel(transaction, [], gateway.now)
    gateway.answer(gateway.last, 481)
    gateway.wait(33)
    assert gateway.told == [("response", 180), ("failed", Failure.TIMEOUT)]
    assert gateway.is_empty


def test_2xx_that_crosses_the_cancel_is_told() -> None:
    gateway = Listener()
    transaction = gateway.request()
    invite = gateway.last
    gateway.layer.cancel(transaction, [], gateway.now)
    gateway.answer(invite, 200)
    gateway.layer.cancel(transaction, [], gateway.now)
    assert gateway.told == [("response", 200)]
    assert gateway.times("CANCEL") == []


def test_invite_taken_back_before_any_response_is_not_tried_elsewhere() -> None:
    gateway = Listener()
    transaction = gateway.request(flows=[BOB, CAROL])
    gateway.layer.cancel(transaction, [], gateway.now)
    gateway.wait(33)
    assert {flow for _, flow, _ in gateway.sent} == {BOB}
    assert gateway.told == [("failed", Failure.TIMEOUT)]


# One place after the other


def test_no_place_to_send_to() -> None:
    gateway = Listener()
    gateway.request(flows=[])
    assert gateway.told == []
    gateway.wait(0)
    assert gateway.told == [("failed", Failure.TRANSPORT)]


def test_503_leads_to_the_next_place_with_a_new_branch() -> None:
    gateway = Listener()
    transaction = gateway.request(flows=[BOB, CAROL])
    first = gateway.last
    gateway.answer(first, 503)
    ack, second = gateway.sent[-2:]
    assert (ack[1], ack[2].method) == (BOB, "ACK")
    assert (second[1], second[2].method) == (CAROL, "INVITE")
    assert second[2].top_via_branch != first.top_via_branch == ack[2].top_via_branch
    gateway.answer(first, 503)
    assert (gateway.last.method, gateway.last_flow) == ("ACK", BOB)
    gateway.answer(second[2], 200, CAROL)
    assert gateway.told == [("response", 200)]
    assert transaction.flow == CAROL
    gateway.wait(33)
    assert gateway.is_empty


def test_503_of_the_last_place_is_told() -> None:
    gateway = Listener()
    gateway.request("REFER", [BOB, CAROL])
    gateway.answer(gateway.last, 503)
    gateway.answer(gateway.last, 503, CAROL)
    assert gateway.told == [("response", 503)]


def test_time_out_leads_to_the_next_place() -> None:
    gateway = Listener()
    gateway.request("OPTIONS", [BOB, CAROL])
    gateway.wait(32)
    assert gateway.last_flow == CAROL
    gateway.answer(gateway.last, 200, CAROL)
    assert gateway.told == [("response", 200)]


def test_late_answer_of_a_place_that_was_given_up_is_a_stray_one() -> None:
    gateway = Listener()
    gateway.request(flows=[BOB, CAROL])
    first = gateway.last
    gateway.wait(32)
    gateway.answer(first, 200)
    assert gateway.told == [("stray", 200)]


def test_broken_flow_leads_to_the_next_place() -> None:
    gateway = Listener()
    gateway.request(flows=[BOB, CAROL])
    gateway.layer.flow_failed(BOB, gateway.now)
    assert gateway.last_flow == CAROL
    gateway.layer.flow_failed(CAROL, gateway.now)
    assert gateway.told == [("failed", Failure.TRANSPORT)]
    assert gateway.is_empty


def test_another_flow_that_breaks_is_nobodys_concern() -> None:
    gateway = Listener()
    gateway.request(flows=[BOB, CAROL])
    gateway.layer.flow_failed(ALICE, gateway.now)
    gateway.layer.flow_failed(CAROL, gateway.now)
    assert gateway.last_flow == BOB


def test_transaction_stays_with_the_connection_that_answered() -> None:
    gateway = Listener()
    transaction = gateway.request(flows=[BOB_TCP])
    gateway.answer(gateway.last, 180, BOB_TCP._replace(connection=9))
    assert transaction.flow.connection == 9
    gateway.layer.cancel(transaction, [], gateway.now)
    assert gateway.last_flow.connection == 9


def test_connection_lost_while_it_rings_leaves_64_t1_for_the_answer() -> None:
    gateway = Listener()
    transaction = gateway.request(flows=[BOB_TCP])
    invite = gateway.last
    gateway.answer(invite, 180, BOB_TCP._replace(connection=9))
    gateway.layer.flow_failed(BOB_TCP._replace(connection=9), gateway.now)
    gateway.wait(30)
    gateway.answer(invite, 200, BOB_TCP._replace(connection=10, port=45_000))
    assert gateway.told == [("response", 180), ("response", 200)]
    assert transaction.flow.connection == 0


def test_connection_lost_while_it_rings_and_no_answer() -> None:
    gateway = Listener()
    gateway.request(flows=[BOB_TCP])
    gateway.answer(gateway.last, 180, BOB_TCP._replace(connection=9))
    gateway.layer.flow_failed(BOB_TCP._replace(connection=9), gateway.now)
    gateway.wait(33)
    assert gateway.told == [("response", 180), ("failed", Failure.TIMEOUT)]


@pytest.mark.parametrize("size", [900, 5_000])
def test_what_is_too_large_for_a_datagram_goes_by_tcp(size: int) -> None:
    gateway = Listener()
    gateway.request(flows=[BOB], body=b"v" * size)
    large = size > 1_000
    assert gateway.last_flow.transport is (Transport.TCP if large else Transport.UDP)
    assert (gateway.last.headers.get("Via") or "").startswith("SIP/2.0/TCP" if large else "SIP/2.0/UDP")
    assert (len(gateway.last.octets) > 1_300) is large


def test_what_is_too_large_goes_by_udp_when_tcp_fails() -> None:
    gateway = Listener()
    gateway.request(flows=[BOB], body=b"v" * 5_000)
    gateway.layer.flow_failed(Flow(Transport.TCP, BOB.host, BOB.port), gateway.now)
    assert gateway.last_flow == BOB
    gateway.answer(gateway.last, 200)
    assert gateway.told == [("response", 200)]


# The ACK of a 2xx


def test_ack_of_a_2xx_has_a_branch_of_its_own_and_is_no_transaction() -> None:
    gateway = Listener()
    octets = gateway.layer.acknowledge("sip:b@h", fields("ACK"), b"v=0\r\n", BOB, gateway.now)
    assert gateway.last.octets == octets
    assert gateway.last.top_via_branch == "z9hG4bKw1token0000000001"
    assert gateway.is_empty
    gateway.layer.resend(BOB, octets)
    assert len(gateway.times("ACK")) == 2


def test_line_break_in_a_value_adds_no_header_field() -> None:
    gateway = Listener()
    evil = (*fields("INFO"), ("Subject", "x\r\nRoute: <sip:evil>"))
    gateway.layer.request("INFO", "sip:b@h", evil, b"", [BOB], None, gateway.now)
    assert gateway.last.headers.all("Route") == ("<sip:proxy.example.com;lr>",)
    assert gateway.last.headers.get("Subject") == "x  Route: <sip:evil>"
