"""Calls with H.245: call signalling and control sessions together, as an endpoint has them."""

from dataclasses import replace
from typing import Any

import pytest

from gateway.h323 import tpkt
from gateway.h323.call import H323Call
from gateway.h323.call_contents import Contents
from gateway.h323.control import fast_start
from gateway.h323.control.user_input import UserInput
from gateway.h323.signalling import SignallingSettings
from tests.h323.call_pair import NEW, End, Pair
from tests.h323.control.talk import ALAW, HERE, PHONE, THERE, ULAW, Side


class Endpoint:
    """One end of the call and its H.245 session, which begins when there is a way for it."""

    def __init__(self, end: End, prefix: str) -> None:
        self.end = end
        self.side = Side(end.timers, prefix=prefix)
        self.link: Link | None = None
        self.has_begun = False
        end.heard.on |= {
            "control_received": lambda call, octets, now: self.side.session.receive(octets, now),
            "control_address_received": lambda call, address, now: self.connect(address),
        }
        self.addresses: list[str] = []

    def begin(self) -> None:
        if not self.has_begun:
            self.has_begun = True
            self.side.session.start(PHONE, self.end.now)

    def connect(self, address: str) -> None:
        self.addresses.append(address)

    def say(self, call: H323Call) -> bool:
        """What the session has to say goes by its way."""
        had = bool(self.side.sent)
        while self.side.sent:
            octets = self.side.sent.popleft()
            if self.link is not None:
                self.link.send(self, octets)
            else:
                assert call.send_control(octets, self.end.now)
        return had


class Link:
    """A connection of its own for H.245."""

    def __init__(self, one: Endpoint, other: Endpoint) -> None:
        self._ends = {id(one): (other, tpkt.Unframer()), id(other): (one, tpkt.Unframer())}
        one.link = other.link = self

    def send(self, sender: Endpoint, octets: bytes) -> None:
        receiver, unframer = self._ends[id(sender)]
        for octet in tpkt.frame(octets):
            for message in unframer.feed(bytes((octet,))):
                receiver.side.session.receive(message, receiver.end.now)


class Call:
    """Both endpoints of one call."""

    def __init__(self, pair: Pair, new: Any = NEW) -> None:
        self.pair = pair
        self.one, self.other = Endpoint(pair.a, "one"), Endpoint(pair.b, "other")
        self.one.side.address, self.other.side.address = HERE, THERE
        self.ours, self.theirs = pair.offered(new)

    def settle(self) -> None:
        said = True
        while said:
            said = self.one.say(self.ours) | self.other.say(self.theirs)
            self.pair.carry()

    def open_channels(self) -> None:
        """Each side sends what the other takes."""
        for endpoint in (self.one, self.other):
            endpoint.side.session.open_channel(ALAW, MEDIA[endpoint is self.other], endpoint.end.now)
        self.settle()


MEDIA = (HERE, THERE)


def is_agreed(call: Call) -> bool:
    masters = {call.one.side.session.is_master, call.other.side.session.is_master}
    return masters == {True, False} and all(
        endpoint.side.session.remote == PHONE for endpoint in (call.one, call.other)
    )


def test_slow_start_tunnelled() -> None:
    call = Call(Pair())
    call.theirs.connect(0)
    call.pair.carry()
    call.one.begin()
    call.other.begin()
    call.settle()
    assert is_agreed(call)
    call.open_channels()
    for endpoint, peer in ((call.one, THERE), (call.other, HERE)):
        ((channel,),) = endpoint.side.events("opened")
        assert (channel.format, channel.receiver) == (ALAW, peer)
    assert {message.name for message in call.pair.a.pipe.messages} == {"SETUP", "FACILITY"}


def test_slow_start_with_a_connection_of_its_own() -> None:
    pair = Pair(called=SignallingSettings(tunnelling=False))
    call = Call(pair)
    call.theirs.connect(0, Contents(h245_address="127.0.23.2:22000"))
    pair.carry()
    assert call.one.addresses == ["127.0.23.2:22000"]
    Link(call.one, call.other)
    call.one.begin()
    call.other.begin()
    call.settle()
    assert is_agreed(call)
    call.open_channels()
    assert call.one.side.events("opened")
    assert call.other.side.events("opened")
    assert {message.name for message in pair.a.pipe.messages} == {"SETUP"}


def test_early_h245_in_the_setup() -> None:
    """Whoever sends the SETUP begins with H.245 in it."""
    pair = Pair()
    early = Side(pair.a.timers, prefix="early")
    early.session.start(PHONE, 0)
    messages = tuple(early.sent)
    early.sent.clear()
    pair.b.heard.on["call_offered"] = lambda call, *_: call.proceeding(0)
    call = Call(pair, replace(NEW, early_control=messages))
    call.one.side = early
    call.one.has_begun = True
    call.other.begin()
    call.settle()
    assert is_agreed(call)
    assert "connected" not in pair.a.heard.names


@pytest.mark.parametrize("response", ["proceeding", "alerting", "connect"])
def test_fast_connect_and_digits_through_the_tunnel_later(response: str) -> None:
    pair = Pair()
    offered = fast_start.offer((ULAW, ALAW), HERE)
    call = Call(pair, replace(NEW, contents=Contents(fast_start=offered)))
    found = fast_start.proposals(call.theirs.offered_channels)
    to_caller = next(one for one in found if one.format == ALAW and not one.from_caller)
    from_caller = next(one for one in found if one.format == ALAW and one.from_caller)
    taken = fast_start.answer(to_caller, from_caller, THERE)
    getattr(call.theirs, response)(0, Contents(fast_start=taken))
    call.theirs.connect(0)
    pair.carry()
    agreed = fast_start.answers(call.ours.accepted_channels, offered)
    assert {one.from_caller: one.receiver for one in agreed} == {False: HERE, True: THERE}
    assert pair.a.heard.names.count("fast_start_accepted") == 1
    call.one.begin()
    call.other.begin()
    call.settle()
    call.one.side.session.send_user_input(UserInput("5"), 0)
    call.settle()
    ((digits,),) = call.other.side.events("input")
    assert digits.digits == "5"


def test_a_declined_fast_connect_goes_on_with_h245() -> None:
    call = Call(Pair(), replace(NEW, contents=Contents(fast_start=fast_start.offer((ULAW,), HERE))))
    call.theirs.connect(0)
    call.pair.carry()
    assert "fast_start_refused" in call.pair.a.heard.names
    call.one.begin()
    call.other.begin()
    call.settle()
    assert is_agreed(call)


def test_the_session_ends_with_the_call() -> None:
    call = Call(Pair())
    call.theirs.connect(0)
    call.pair.carry()
    call.one.begin()
    call.other.begin()
    call.settle()
    call.one.side.session.end(0)
    (command,) = call.one.side.sent
    call.one.side.sent.clear()
    call.ours.release(0, None, Contents(control=(command,)))
    call.pair.carry()
    assert call.pair.b.heard.names[-1] == "released"
    assert call.pair.a.pipe.messages[-1].h245_control == (command,)
    # H323Plus gives it back in its own RELEASE COMPLETE.
    assert call.pair.b.pipe.messages[-1].h245_control == (command,)
