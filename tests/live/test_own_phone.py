"""The built-in phone does what the demonstration has it do, as PJSIP does."""

from collections.abc import Iterator

import pytest

from gateway.demonstration.json_peer import PeerError
from gateway.demonstration.phone import Phone, PhoneKind
from gateway.demonstration.ports import free_ports

pytestmark = pytest.mark.live


@pytest.fixture
def transport() -> str:
    return "udp"


@pytest.fixture
def pair(transport: str) -> Iterator[tuple[Phone, Phone]]:
    one, two = free_ports(2)
    with (
        Phone("1001", "127.0.0.1", one, transport, kind=PhoneKind.BUILT_IN) as caller,
        Phone("1002", "127.0.0.1", two, transport, kind=PhoneKind.BUILT_IN) as called,
    ):
        yield caller, called


def call(caller: Phone, called: Phone) -> str:
    caller.call("call", called.uri)
    incoming = str(called.wait("incoming")["call"])
    called.answer(incoming, 180)
    caller.state("call", "EARLY")
    called.answer(incoming)
    caller.state("call", "CONFIRMED")
    called.state(incoming, "CONFIRMED")
    return incoming


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_call_is_held_resumed_and_hung_up(pair: tuple[Phone, Phone]) -> None:
    caller, called = pair
    incoming = call(caller, called)
    assert caller.media("call", "sendrecv")["remote"] == "127.0.0.1:9"
    caller.hold("call")
    called.media(incoming, "recvonly")
    caller.media("call", "sendonly")
    caller.resume("call")
    called.media(incoming, "sendrecv")
    called.hang_up(incoming)
    caller.state("call", "DISCONNECTED")


def test_a_call_is_refused_and_given_up(pair: tuple[Phone, Phone]) -> None:
    caller, called = pair
    caller.call("one", called.uri)
    called.answer(str(called.wait("incoming")["call"]), 486)
    assert caller.state("one", "DISCONNECTED")["status"] == 486
    caller.call("two", called.uri)
    incoming = str(called.wait("incoming")["call"])
    called.answer(incoming, 180)
    caller.state("two", "EARLY")
    caller.hang_up("two")
    assert called.state(incoming, "DISCONNECTED")["status"] == 487


def test_it_carries_out_no_transfer_itself(pair: tuple[Phone, Phone]) -> None:
    caller, called = pair
    call(caller, called)
    caller.refer("call", "sip:1003@127.0.0.1")
    caller.notified("call", 603)


def test_nonsense_is_told_and_survived(pair: tuple[Phone, Phone]) -> None:
    caller, called = pair
    for line in ("answer nobody 200", "dance", "call", "call x y z"):
        caller.send(line)
        assert caller.wait("error")["command"] == line.split()
    call(caller, called)


def test_a_port_that_is_taken_ends_it() -> None:
    (port,) = free_ports(1)
    with Phone("1001", "127.0.0.1", port, kind=PhoneKind.BUILT_IN), pytest.raises(PeerError, match="process ended"):
        Phone("1002", "127.0.0.1", port, kind=PhoneKind.BUILT_IN)
