"""What calls of H.225.0 agree on before H.245: fast connect, tunnelling, and where H.245 is to be had."""

from dataclasses import replace

import pytest

from gateway.h323.call_contents import Contents
from gateway.h323.call_table import CallState
from gateway.h323.fast_start_table import FastStart
from gateway.h323.h225 import CallSignal
from gateway.h323.signalling import SignallingSettings
from gateway.model.errors import LocalProtocolError
from tests.h323.call_pair import NEW, End, Pair

OFFERED = (b"\0\1", b"\0\2")
ACCEPTED = (b"\0\2",)
FAST = replace(NEW, contents=Contents(fast_start=OFFERED))
H245 = bytes.fromhex("0102")
NO_TUNNEL = replace(NEW, tunnelling=False)


# --- Fast connect ---


@pytest.mark.parametrize("response", ["proceeding", "progress", "alerting", "connect"])
def test_fast_start_is_accepted_in_any_response(response: str) -> None:
    pair = Pair()
    call, other = pair.offered(FAST)
    assert other.offered_channels == OFFERED
    assert getattr(other, response)(0, Contents(fast_start=ACCEPTED))
    pair.carry()
    assert pair.a.heard.last("fast_start_accepted") == (ACCEPTED, 0)
    assert call.accepted_channels == other.accepted_channels == ACCEPTED
    assert call.fast_start is other.fast_start is FastStart.ACCEPTED


def test_what_was_accepted_is_said_again_up_to_connect_and_told_once() -> None:
    pair = Pair()
    _, other = pair.offered(FAST)
    other.alerting(0, Contents(fast_start=ACCEPTED))
    other.connect(0)
    pair.carry()
    assert [tuple(message.uuie["fastStart"]) for message in pair.b.pipe.messages] == [ACCEPTED, ACCEPTED]
    assert pair.a.heard.names.count("fast_start_accepted") == 1


def test_other_channels_in_a_later_message_are_told() -> None:
    pair = Pair()
    call, other = pair.offered(FAST)
    other.alerting(0, Contents(fast_start=ACCEPTED))
    other.connect(0, Contents(fast_start=OFFERED[:1]))
    pair.carry()
    assert pair.a.heard.names.count("fast_start_accepted") == 2
    assert call.accepted_channels == OFFERED[:1]


def test_a_connect_without_fast_start_refuses_it() -> None:
    """And says so, for those who wait for more (H.323 8.1.7)."""
    pair = Pair()
    call, other = pair.answered(FAST)
    assert "fastConnectRefused" in pair.b.pipe.messages[-1].uuie
    assert pair.a.heard.names.count("fast_start_refused") == 1
    assert call.offered_channels == other.offered_channels == ()


def test_fast_start_is_refused_early() -> None:
    pair = Pair()
    _, other = pair.offered(FAST)
    other.proceeding(0, Contents(fast_start_refused=True))
    pair.carry()
    assert pair.a.heard.names == ["fast_start_refused", "tunnel_opened", "proceeding_received"]
    with pytest.raises(LocalProtocolError):
        other.connect(0, Contents(fast_start=ACCEPTED))


def test_a_peer_that_says_nothing_of_fast_start_refuses_it_with_connect() -> None:
    """An H.323 version 1 peer knows none of it."""
    end = End()
    end.open(outgoing=True)
    call = end.place(FAST)
    end.receive(
        CallSignal(
            "CONNECT",
            call.call_reference,
            True,
            body="connect",
            uuie={
                "protocolIdentifier": (0, 0, 8, 2250, 0, 1),
                "destinationInfo": {"mc": False, "undefinedNode": False},
                "conferenceID": call.conference,
                "h245Address": ("ipAddress", {"ip": b"\x7f\0\0\1", "port": 5000}),
            },
        )
    )
    assert end.heard.names == ["fast_start_refused", "tunnel_refused", "control_address_received", "connected"]
    assert end.heard.last("control_address_received") == ("127.0.0.1:5000", 0)
    assert call.peer_version == 1


def test_what_was_not_offered_cannot_be_accepted() -> None:
    _, other = Pair().offered()
    with pytest.raises(LocalProtocolError, match="fastStart"):
        other.connect(0, Contents(fast_start=ACCEPTED))
    assert other.state is CallState.CALL_PRESENT


def test_tunnelled_h245_before_the_answer_ends_fast_connect() -> None:
    """H.323 8.1.7.2."""
    pair = Pair()
    _, other = pair.offered(FAST)
    other.proceeding(0)
    assert other.send_control(H245, 0)
    pair.carry()
    assert pair.a.heard.names[-2:] == ["fast_start_refused", "control_received"]


# --- H.245: tunnelled, or on a connection of its own ---


def test_slow_start_through_the_tunnel() -> None:
    pair = Pair()
    call, other = pair.offered()
    assert other.tunnels is True
    assert call.tunnels is None
    assert not call.send_control(H245, 0)
    other.connect(0, Contents(control=(H245, b"\2")))
    pair.carry()
    assert pair.a.heard.names == ["tunnel_opened", "control_received", "control_received", "connected"]
    assert call.send_control(b"\3", 0)
    pair.carry()
    assert pair.b.heard.last("control_received") == (b"\3", 0)
    carried = pair.a.pipe.messages[-1]
    assert (carried.name, carried.body, carried.h245_control) == ("FACILITY", "empty", (b"\3",))
    assert "facility_received" not in pair.b.heard.names


def test_the_last_h245_message_goes_with_release_complete() -> None:
    pair = Pair()
    call, _ = pair.answered()
    call.release(0, None, Contents(control=(H245,)))
    assert pair.a.pipe.messages[-1].h245_control == (H245,)


def test_slow_start_with_a_connection_of_its_own() -> None:
    pair = Pair()
    call, _ = pair.answered(NO_TUNNEL, Contents(h245_address="127.0.23.2:22000"))
    assert pair.a.heard.names == ["control_address_received", "connected"]
    assert pair.a.heard.last("control_address_received") == ("127.0.23.2:22000", 0)
    assert call.tunnels is False
    assert not call.send_control(H245, 0)
    assert not any(message.h245_tunnelling for message in pair.a.pipe.messages + pair.b.pipe.messages)


def test_an_address_is_told_once() -> None:
    pair = Pair()
    _, other = pair.offered(NO_TUNNEL)
    for request in (other.proceeding, other.alerting, other.connect):
        request(0, Contents(h245_address="127.0.23.2:22000"))
    pair.carry()
    assert pair.a.heard.names.count("control_address_received") == 1


def test_an_ipv6_address() -> None:
    pair = Pair()
    call, _ = pair.answered(NO_TUNNEL, Contents(h245_address="[2001:db8::2]:22000"))
    assert call.control_address == "[2001:db8::2]:22000"


@pytest.mark.parametrize("by_caller", [True, False])
def test_the_peer_is_asked_to_connect_for_h245(by_caller: bool) -> None:
    pair = Pair()
    call, other = pair.answered(NO_TUNNEL)
    asking, asked = (call, pair.b) if by_caller else (other, pair.a)
    assert asking.start_h245("127.0.23.1:22001", 0)
    pair.carry()
    assert asked.heard.last("control_address_received") == ("127.0.23.1:22001", 0)
    assert asked.heard.call.wants_control
    assert "facility_received" not in asked.heard.names


def test_the_caller_says_where_it_listens_in_setup() -> None:
    pair = Pair()
    _, other = pair.offered(replace(NO_TUNNEL, contents=Contents(h245_address="127.0.23.1:22001")))
    assert other.control_address == "127.0.23.1:22001"
    assert "control_address_received" not in pair.b.heard.names


def test_a_tunnel_that_is_refused() -> None:
    pair = Pair(called=SignallingSettings(tunnelling=False))
    call, other = pair.offered()
    assert other.tunnels is False
    other.connect(0, Contents(h245_address="127.0.23.2:22000"))
    pair.carry()
    assert pair.a.heard.names == ["tunnel_refused", "control_address_received", "connected"]
    assert call.tunnels is False
    with pytest.raises(LocalProtocolError):
        call.facility(0, Contents(control=(H245,)))


def test_a_tunnel_that_is_closed_later() -> None:
    pair = Pair()
    call, _other = pair.answered()
    pair.a.receive(CallSignal("FACILITY", call.call_reference, True, h245_tunnelling=False))
    assert call.tunnels is False
    assert pair.a.heard.names[-1] == "tunnel_refused"


def test_a_message_that_does_not_mention_an_open_tunnel_leaves_it_open() -> None:
    pair = Pair()
    call, _ = pair.answered()
    pair.a.receive(CallSignal("NOTIFY", call.call_reference, True, ((0x27, b"\xf9"),)))
    assert call.tunnels is True


def test_a_gatekeepers_provisional_answer_says_nothing_of_the_tunnel() -> None:
    """The field provisionalRespToH245Tunnelling."""
    pair = Pair()
    call, other = pair.offered()
    other.proceeding(0, Contents(others={"provisionalRespToH245Tunnelling": None}))
    (octets,) = pair.b.pipe.messages
    pair.b.pipe.octets.clear()
    pair.a.receive(replace(octets, h245_tunnelling=False))
    assert call.tunnels is None
    other.connect(0)
    pair.carry()
    assert call.tunnels is True


def test_early_h245_goes_with_setup() -> None:
    pair = Pair()
    pair.offered(replace(NEW, early_control=(H245,)))
    assert pair.a.pipe.messages[0].h245_control == (H245,)
    assert pair.b.heard.names == ["call_offered", "control_received"]


def test_early_h245_beside_fast_start_is_parallel_and_does_not_end_it() -> None:
    pair = Pair()
    call, other = pair.offered(replace(FAST, early_control=(H245,)))
    (setup,) = pair.a.pipe.messages
    assert setup.uuie["parallelH245Control"] == [H245]
    assert setup.h245_control == ()
    assert pair.b.heard.last("control_received") == (H245, 0)
    other.proceeding(0)
    other.send_control(b"\2", 0)
    pair.carry()
    assert "fast_start_refused" not in pair.a.heard.names
    assert call.fast_start is FastStart.OFFERED


def test_early_h245_that_cannot_be_tunnelled_is_refused() -> None:
    end = End()
    end.open(outgoing=True)
    with pytest.raises(LocalProtocolError):
        end.place(replace(NO_TUNNEL, early_control=(H245,)))
    assert end.channel.calls == ()
