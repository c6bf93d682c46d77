"""H.235.1 procedure I: signed messages, and what is wrong with others."""

import hmac
from hashlib import sha1
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.h323 import per
from gateway.h323.ras.client import Admission
from gateway.h323.ras.security import Baseline
from gateway.model.errors import DecodeError
from tests.h323.ras.desk import GATEKEEPER, Desk, a_call, digits

PASSWORDS = {"1001": "secret"}
CONFIRM: dict[str, Any] = {"requestSeqNum": 7}


def a_pair(skew: float = 600.0) -> tuple[Baseline, Baseline]:
    """A gatekeeper's and an endpoint's side, registered."""
    gatekeeper = Baseline("secret", "TestGK", lambda: 1000.0, skew)
    endpoint = Baseline("secret", "1001", lambda: 1000.0, skew)
    gatekeeper.recipient, endpoint.recipient = "1001", "TestGK"
    return gatekeeper, endpoint


def problem(receiver: Baseline, octets: bytes) -> str:
    return receiver.problem(octets, per.decode_ras(octets)[1])


def test_the_hash_is_that_of_the_message_with_zeros_in_its_place() -> None:
    octets = a_pair()[0].sign("disengageConfirm", CONFIRM)
    token = per.decode_ras(octets)[1]["cryptoTokens"][0][1][1]
    found = token["token"]["hash"][0].to_bytes(12, "big")
    key = sha1(b"secret").digest()
    assert hmac.new(key, octets.replace(found, bytes(12)), sha1).digest()[:12] == found
    assert token["tokenOID"] == (0, 0, 8, 235, 0, 2, 1)
    assert token["hashedVals"]["timeStamp"] == 1000
    assert (token["hashedVals"]["generalID"], token["hashedVals"]["sendersID"]) == ("1001", "TestGK")


def test_a_signed_message_is_taken_once() -> None:
    gatekeeper, endpoint = a_pair()
    octets = gatekeeper.sign("disengageConfirm", CONFIRM)
    assert problem(endpoint, octets) == ""
    assert problem(endpoint, octets) == "said before"
    assert problem(endpoint, gatekeeper.sign("disengageConfirm", CONFIRM)) == ""


@given(st.data())
def test_no_octet_can_be_changed(data: st.DataObject) -> None:
    gatekeeper, endpoint = a_pair()
    octets = bytearray(gatekeeper.sign("disengageConfirm", CONFIRM))
    octets[data.draw(st.integers(0, len(octets) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        value = per.decode_ras(bytes(octets))[1]
    except DecodeError:
        return
    if isinstance(value, dict):
        assert endpoint.problem(bytes(octets), value)


def test_another_password_is_found_out() -> None:
    other = Baseline("guess", "TestGK", lambda: 1000.0, 600.0)
    assert problem(a_pair()[1], other.sign("disengageConfirm", CONFIRM)) == "wrong hash"


@pytest.mark.parametrize("clock", [100.0, 3000.0])
def test_an_old_message_and_one_of_the_future_are_not_taken(clock: float) -> None:
    other = Baseline("secret", "TestGK", lambda: clock, 600.0)
    assert "time stamp" in problem(a_pair()[1], other.sign("disengageConfirm", CONFIRM))


def test_a_message_for_somebody_else_or_from_somebody_else_is_not_taken() -> None:
    gatekeeper, endpoint = a_pair()
    gatekeeper.recipient = "1002"
    assert problem(endpoint, gatekeeper.sign("disengageConfirm", CONFIRM)) == "meant for '1002'"
    stranger = Baseline("secret", "OtherGK", lambda: 1000.0, 600.0)
    assert problem(endpoint, stranger.sign("disengageConfirm", CONFIRM)) == "sent by 'OtherGK'"


def test_an_unsigned_message_is_told_apart() -> None:
    octets = per.encode_ras(("disengageConfirm", CONFIRM))
    assert problem(a_pair()[1], octets) == "unsigned"


def test_memory_of_what_was_seen_is_bounded_and_never_lets_an_old_one_in() -> None:
    now = [1000.0]
    gatekeeper = Baseline("secret", "TestGK", lambda: now[0], 1e9)
    endpoint = Baseline("secret", "1001", lambda: now[0], 1e9)
    first = gatekeeper.sign("disengageConfirm", CONFIRM)
    value = per.decode_ras(first)[1]
    assert endpoint.problem(first, value) == ""
    seen = endpoint._seen
    for number in range(5000):
        assert seen.is_new(2000 + number, number)
    assert endpoint.problem(first, value) == "said before"
    assert len(seen._pairs) <= 4096


def test_an_endpoint_registers_and_calls_with_its_password() -> None:
    desk = Desk()
    desk.gatekeeper(passwords=PASSWORDS)
    member = desk.member(password="secret", signed_only=True)
    assert member.client.is_registered
    member.client.admit(a_call(answering=True), digits("1001"), digits("7"), member.answer, desk.now)
    desk.settle()
    assert isinstance(member.last[1], Admission)
    asked = next(value for name, value in member.said if name == "admissionRequest")
    clear = asked["cryptoTokens"][0][1][1]["hashedVals"]
    assert (clear["sendersID"], clear["generalID"]) == ("1_endp", "TestGK")
    assert member.log == []


def test_what_is_offered_at_discovery_is_the_baseline() -> None:
    desk = Desk()
    desk.gatekeeper(passwords=PASSWORDS)
    value = desk.member(password="secret").said[0][1]
    assert value["authenticationCapability"] == [("pwdHash", 0)]
    assert value["algorithmOIDs"] == [(0, 0, 8, 235, 0, 2, 6)]


def test_a_wrong_password_is_refused_and_tried_again_later() -> None:
    desk = Desk()
    desk.gatekeeper(passwords=PASSWORDS)
    member = desk.member(password="guess")
    assert not member.client.is_registered
    assert member.log[-1]["reason"] == "securityDenial"


def test_a_repeated_request_is_signed_anew() -> None:
    desk = Desk()
    desk.gatekeeper(passwords=PASSWORDS)
    member = desk.member(password="secret")
    member.said.clear()
    desk.lost = 1
    member.client.admit(a_call(answering=True), digits("1001"), digits("7"), member.answer, desk.now)
    desk.wait(4.0)
    first, second = (value["cryptoTokens"][0][1][1]["hashedVals"]["random"] for _, value in member.said)
    assert first != second
    assert isinstance(member.last[1], Admission)


def test_unsigned_orders_are_dropped_when_all_must_be_signed() -> None:
    desk = Desk()
    desk.gatekeeper(passwords=PASSWORDS)
    member = desk.member(password="secret", signed_only=True)
    dismissal = per.encode_ras(("unregistrationRequest", {"requestSeqNum": 1, "callSignalAddress": []}))
    member.client.receive(dismissal, GATEKEEPER, desk.now)
    assert member.client.is_registered
    assert member.log[-1]["reason"] == "unregistrationRequest: unsigned"
