"""The network's side of a bus with several terminals: SETUP to all, and whoever connects first has the call."""

import pytest

from gateway.isdn import q931
from gateway.isdn.call_control import CallControl
from gateway.isdn.elements import CallState, decode_cause
from gateway.isdn.information_element import Identifier, InformationElement
from gateway.isdn.q931 import Message, MessageType
from gateway.isdn.side import Side
from tests.isdn.interface import BEARER, BUSY, CALLED, NORMAL, Owner, Wire, element, settings

BUSY_ELEMENT, REJECTED, NORMAL_ELEMENT = element(0x08, "8091"), element(0x08, "8095"), element(0x08, "8090")
_M = MessageType


class Bus:
    """Our network's side; `sent` has (link, or "all", and the message)."""

    def __init__(self) -> None:
        self.clock = Wire()
        self.owner = Owner()
        self.sent: list[tuple[int | str, Message]] = []
        self.control = CallControl(
            settings(Side.NETWORK, count=2, access="basic", multipoint=True), self.clock.timers, self, self.owner
        )
        for link in (64, 65, 66):
            self.control.link_established(0.0, link)
        self.call = self.control.setup((BEARER, CALLED), 0.0)

    def send_data(self, octets: bytes, now: float, link: int) -> None:
        self.sent.append((link, q931.decode(octets)))

    def send_unit_data(self, octets: bytes, now: float) -> None:
        self.sent.append(("all", q931.decode(octets)))

    def establish(self, now: float, link: int) -> None:
        """The links are up."""

    def says(self, link: int, kind: MessageType, *elements: InformationElement) -> None:
        message = Message(kind, self.call.call_reference, True, elements, 1)
        self.control.receive(q931.encode(message), self.clock.now, link)

    def run(self, seconds: float) -> None:
        self.clock.run(seconds)

    @property
    def told(self) -> list[tuple[int | str, str, int]]:
        """What was sent since the SETUP: to whom, what, and its cause (0 without)."""
        return [(link, one.name, self._cause(one)) for link, one in self.sent[1:]]

    @staticmethod
    def _cause(message: Message) -> int:
        contents = message.contents(Identifier.CAUSE)
        return 0 if contents is None else decode_cause(contents).value


def test_the_setup_goes_to_all() -> None:
    bus = Bus()
    assert [(link, message.name) for link, message in bus.sent] == [("all", "SETUP")]


def test_the_first_that_connects_has_the_call_and_the_others_are_released_with_26() -> None:
    bus = Bus()
    for link in (64, 65):
        bus.says(link, _M.ALERTING)
    bus.says(66, _M.CALL_PROCEEDING)  # later than others, and so of no interest
    bus.says(65, _M.CONNECT)
    assert bus.told == [(64, "RELEASE", 26), (66, "RELEASE", 26), (65, "CONNECT ACKNOWLEDGE", 0)]
    assert bus.owner.names == ["alerting_received", "connected"]
    assert bus.call.is_active
    assert bus.call.link == 65
    for link in (64, 66):
        bus.says(link, _M.RELEASE_COMPLETE)
    assert bus.control.calls == (bus.call,)
    bus.run(100)
    assert bus.call.is_active


def test_one_that_connects_too_late_is_released() -> None:
    bus = Bus()
    bus.says(64, _M.CONNECT)
    bus.says(65, _M.CONNECT)
    assert bus.told[-1] == (65, "RELEASE", 26)
    bus.says(65, _M.RELEASE_COMPLETE)
    bus.says(64, _M.DISCONNECT, NORMAL_ELEMENT)
    bus.says(64, _M.RELEASE_COMPLETE)
    assert bus.owner.cause() == 16


def test_a_released_terminal_that_does_not_answer_is_forgotten_after_t308_twice() -> None:
    bus = Bus()
    bus.says(64, _M.ALERTING)
    bus.says(65, _M.CONNECT)
    bus.run(9)
    assert bus.told.count((64, "RELEASE", 26)) == 2
    assert bus.call.is_active
    assert bus.owner.names == ["alerting_received", "connected"]


def test_one_that_is_busy_does_not_end_the_call_of_another() -> None:
    bus = Bus()
    bus.says(64, _M.RELEASE_COMPLETE, BUSY_ELEMENT)
    bus.says(65, _M.ALERTING)
    bus.run(10)
    assert bus.call.state is CallState.CALL_RECEIVED
    bus.says(65, _M.CONNECT)
    assert bus.call.is_active


def test_all_that_answer_are_busy() -> None:
    bus = Bus()
    bus.says(64, _M.RELEASE_COMPLETE, REJECTED)
    bus.says(65, _M.RELEASE_COMPLETE, BUSY_ELEMENT)
    bus.says(66, _M.RELEASE_COMPLETE, REJECTED)
    assert bus.owner.names == []
    bus.run(5)
    assert bus.owner.cause() == 17


def test_nobody_answers() -> None:
    bus = Bus()
    bus.run(9)
    assert [(link, message.name) for link, message in bus.sent] == [("all", "SETUP")] * 2
    assert bus.owner.names == ["released"]
    assert bus.owner.cause() == 18


def test_the_only_one_that_rang_clears_and_no_other_answer_comes() -> None:
    bus = Bus()
    bus.says(64, _M.ALERTING)
    bus.says(64, _M.DISCONNECT, REJECTED)
    assert bus.told == [(64, "RELEASE", 21)]
    assert bus.owner.names == ["alerting_received"]
    bus.run(7)
    assert bus.owner.cause() == 21


@pytest.mark.parametrize("kind", [_M.RELEASE, _M.RELEASE_COMPLETE])
def test_the_only_one_that_rang_leaves_after_t312(kind: MessageType) -> None:
    bus = Bus()
    bus.says(64, _M.ALERTING)
    bus.run(10)
    bus.says(64, kind, BUSY_ELEMENT)
    assert bus.owner.cause() == 17
    assert bus.told == ([(64, "RELEASE COMPLETE", 0)] if kind is _M.RELEASE else [])


def test_a_call_that_is_taken_back_releases_those_that_ring_and_those_that_come_late() -> None:
    bus = Bus()
    bus.says(64, _M.ALERTING)
    bus.call.disconnect(NORMAL, bus.clock.now)
    assert bus.owner.names == ["alerting_received", "released"]
    assert bus.told == [(64, "RELEASE", 16)]
    bus.says(65, _M.CONNECT)
    assert bus.told[-1] == (65, "RELEASE", 26)
    bus.says(66, _M.RELEASE)
    assert bus.told[-1] == (66, "RELEASE COMPLETE", 0)
    assert not bus.control.calls
    for link in (64, 65):
        bus.says(link, _M.RELEASE_COMPLETE)
    bus.run(7)
    bus.says(64, _M.ALERTING)
    assert bus.told[-1] == (64, "RELEASE COMPLETE", 81)


def test_the_call_reference_is_not_used_again_while_late_answers_may_come() -> None:
    bus = Bus()
    bus.call.disconnect(BUSY, bus.clock.now)
    assert bus.control.setup((BEARER, CALLED), bus.clock.now).call_reference == 2


def test_status_enquiry_facility_and_notify_of_one_that_rings() -> None:
    bus = Bus()
    bus.says(64, _M.ALERTING)
    bus.says(64, _M.STATUS_ENQUIRY)
    assert bus.told == [(64, "STATUS", 30)]
    bus.says(64, _M.FACILITY, element(0x1C, "91a106020101020106"))
    assert bus.owner.last("facility_received")[2] == 64


def test_digits_go_to_the_one_that_wants_them() -> None:
    bus = Bus()
    bus.says(65, _M.SETUP_ACKNOWLEDGE)
    assert bus.call.information(bus.clock.now, CALLED)
    assert bus.told == [(65, "INFORMATION", 0)]


def test_two_terminals_may_use_the_same_call_reference_for_calls_of_theirs() -> None:
    bus = Bus()
    bus.call.disconnect(NORMAL, bus.clock.now)
    setup = q931.encode(Message(_M.SETUP, 5, False, (BEARER, element(0x18, "83"), CALLED), 1))
    for link in (64, 65):
        bus.control.receive(setup, bus.clock.now, link)
        bus.owner.offered().proceeding(bus.clock.now)
    assert [call.link for call in bus.control.calls] == [64, 65]
    assert bus.told[-2:] == [(64, "CALL PROCEEDING", 0), (65, "CALL PROCEEDING", 0)]
