"""The tables of call signalling have no hole, and no way through them leaves a call without an end."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway.h323.call_contents import Contents, NewCall
from gateway.h323.call_table import (
    EXPIRY_CAUSES,
    INCOMING,
    INPUTS,
    OUTGOING,
    TABLE,
    TIMERS,
    Action,
    CallState,
    Expiry,
    Lost,
    Received,
    Request,
)
from gateway.h323.fast_start_table import FAST_START, TUNNEL, FastStart, FastStartInput, Flag, Told, Tunnel
from gateway.h323.h225 import CallSignal
from tests.h323.call_pair import NEW, End

IDENTIFIER = bytes(range(16))


def test_every_state_has_a_step_for_every_input() -> None:
    assert set(TABLE) == set(CallState)
    for state, row in TABLE.items():
        assert set(row) == set(INPUTS), state
        assert len(row) == len(Received) + len(Request) + len(Expiry) + len(Lost)


def test_a_step_that_does_nothing_leaves_the_state_alone() -> None:
    for state, row in TABLE.items():
        for step in row.values():
            assert step.state is state or step.action not in (Action.IGNORE, Action.UNEXPECTED)


def test_every_timer_of_a_state_ends_the_call_when_it_runs_out() -> None:
    for state, (_, expiry) in TIMERS.items():
        assert TABLE[state][expiry].state is CallState.NULL
        assert expiry in EXPIRY_CAUSES or state is CallState.RELEASE_REQUEST


@pytest.mark.parametrize("state", [state for state in CallState if state is not CallState.NULL])
def test_every_state_is_left_when_the_connection_goes_or_the_peer_clears(state: CallState) -> None:
    for one in (Lost.CONNECTION, Received.RELEASE_COMPLETE):
        assert TABLE[state][one].state is CallState.NULL


def test_a_state_that_waits_for_the_peer_has_a_timer() -> None:
    assert set(TIMERS) == {*OUTGOING, *INCOMING[:2], CallState.RELEASE_REQUEST}


@pytest.mark.parametrize("states", [OUTGOING, INCOMING])
def test_a_call_never_goes_back(states: tuple[CallState, ...]) -> None:
    order = [*states, CallState.ACTIVE]
    for state in order:
        for step in TABLE[state].values():
            assert step.state not in order or order.index(step.state) >= order.index(state)


def test_what_is_agreed_of_media_has_no_hole() -> None:
    assert all(set(FAST_START[state]) == set(FastStartInput) for state in FastStart)
    assert all(set(TUNNEL[state]) == set(Flag) for state in Tunnel)


def test_fast_connect_is_accepted_or_refused_once() -> None:
    for state in (FastStart.ACCEPTED, FastStart.REFUSED):
        for step in FAST_START[state].values():
            assert step.state is state
            assert step.told in (Told.NOTHING, Told.CHANGED)


REQUESTS = {
    "setup_acknowledge": Request.SETUP_ACKNOWLEDGE,
    "proceeding": Request.PROCEEDING,
    "progress": Request.PROGRESS,
    "alerting": Request.ALERTING,
    "connect": Request.CONNECT,
    "information": Request.INFORMATION,
    "notify": Request.NOTIFY,
    "facility": Request.FACILITY,
    "enquire": Request.ENQUIRE,
    "release": Request.RELEASE,
}
BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "CALL PROCEEDING": ("callProceeding", {"destinationInfo": {"mc": False, "undefinedNode": False}}),
    "ALERTING": ("alerting", {"destinationInfo": {"mc": False, "undefinedNode": False}}),
    "CONNECT": ("connect", {"destinationInfo": {"mc": False, "undefinedNode": False}, "conferenceID": IDENTIFIER}),
    "RELEASE COMPLETE": ("releaseComplete", {}),
}
MESSAGES = [kind.value for kind in Received if kind is not Received.OTHER] + ["HOLD", "0x7f"]


def message(name: str, reference: int, from_destination: bool, extra: dict[str, Any]) -> CallSignal:
    """A message that a peer might send, with a body where it has to have one."""
    body, fields = BODIES.get(name, ("empty", {}))
    uuie = {"protocolIdentifier": (0, 0, 8, 2250, 0, 6), "callIdentifier": {"guid": IDENTIFIER}, **fields}
    if body == "empty":
        uuie = {}
    return CallSignal(name, reference, from_destination, ((0x14, b"\x03"),), body, uuie, **extra)


class Walk(RuleBasedStateMachine):
    """One call, in either direction, through anything that its owner, its peer and the clock may do."""

    def __init__(self) -> None:
        super().__init__()
        self.end = End()
        self.call: Any = None

    @precondition(lambda self: self.call is None)
    @rule(tunnelling=st.booleans(), channels=st.sampled_from([(), (b"\0",)]))
    def place(self, tunnelling: bool, channels: tuple[bytes, ...]) -> None:
        self.end.open(outgoing=True)
        new = NewCall(
            NEW.calling,
            NEW.called,
            tunnelling=tunnelling,
            identifier=IDENTIFIER,
            contents=Contents(fast_start=channels),
        )
        self.call = self.end.place(new)

    @precondition(lambda self: self.call is None)
    @rule()
    def be_called(self) -> None:
        caller = End()
        caller.open(outgoing=True)
        caller.place(NewCall(NEW.calling, NEW.called, identifier=IDENTIFIER))
        self.end.channel.received(caller.pipe.take(), 0)
        self.call = self.end.heard.call

    @precondition(lambda self: self.call is not None)
    @rule(name=st.sampled_from(sorted(REQUESTS)), apdus=st.sampled_from([(), (b"\0\1",)]))
    def ask(self, name: str, apdus: tuple[bytes, ...]) -> None:
        allowed = TABLE[self.call.state][REQUESTS[name]].action is not Action.UNEXPECTED
        if name == "enquire":
            allowed = allowed and self.call._enquiry_timer is None
            assert self.call.enquire(self.end.now) is allowed
        elif name == "release":
            assert self.call.release(self.end.now, None, Contents(apdus=apdus)) is allowed
        else:
            assert getattr(self.call, name)(self.end.now, Contents(apdus=apdus)) is allowed

    @precondition(lambda self: self.call is not None)
    @rule(
        name=st.sampled_from(MESSAGES),
        apdus=st.sampled_from([(), (b"\0\1",)]),
        tunnelling=st.sampled_from([None, True, False]),
        control=st.sampled_from([(), (b"\2",)]),
    )
    def hear(self, name: str, apdus: tuple[bytes, ...], tunnelling: bool | None, control: tuple[bytes, ...]) -> None:
        extra = {"supplementary_services": apdus, "h245_tunnelling": tunnelling, "h245_control": control}
        flag = self.call.is_originating
        if name == "SETUP" and self.call.state is CallState.NULL:
            return
        self.end.receive(message(name, self.call.call_reference, flag, extra))

    @precondition(lambda self: self.call is not None)
    @rule(seconds=st.sampled_from([1.0, 5.0, 20.0, 200.0]))
    def wait(self, seconds: float) -> None:
        self.end.wait(seconds)

    @precondition(lambda self: self.call is not None)
    @rule()
    def lose(self) -> None:
        self.end.channel.lost(self.end.now)

    @invariant()
    def is_released_once_and_nothing_follows(self) -> None:
        names = self.end.heard.names
        if self.call is None:
            return
        over = self.call.state is CallState.NULL
        assert names.count("released") == over
        assert not over or names[-1] == "released"
        assert bool(self.end.channel.calls) is not over
        assert not over or (self.call._timer is None and self.call._enquiry_timer is None)

    @invariant()
    def a_state_with_a_timer_has_it_running(self) -> None:
        if self.call is not None and self.call.state in TIMERS:
            assert self.call._timer is not None


Walk.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestWalk = Walk.TestCase
