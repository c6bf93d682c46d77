"""Every state takes every input; whatever two sessions do, and whatever octets come, they go on."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.h323 import per
from gateway.h323.control import channel_table, determination_table, request_table
from gateway.h323.control.capabilities import PAUSE, CapabilitySet
from gateway.h323.control.channel_table import Incoming, Outgoing, State
from gateway.h323.control.media import AudioFormat
from gateway.h323.control.user_input import UserInput
from gateway.model.timers import TimerQueue
from tests.h323.control.talk import ALAW, G729A, HERE, PHONE, ULAW, Side, Talk


def test_the_tables_have_no_hole() -> None:
    for table in (determination_table, request_table):
        assert set(table.TABLE) == {(state, what) for state in table.State for what in table.Input}
    assert set(channel_table.OUTGOING) == {(state, what) for state in State for what in Outgoing}
    receiving = set(State) - {State.AWAITING_RELEASE}
    assert set(channel_table.INCOMING) == {(state, what) for state in receiving for what in Incoming}


def test_no_row_of_a_receiver_leads_to_a_state_that_it_has_not() -> None:
    assert State.AWAITING_RELEASE not in {row.state for row in channel_table.INCOMING.values()}


STEPS = st.tuples(
    st.booleans(),
    st.one_of(
        st.tuples(st.just("open"), st.sampled_from((ULAW, ALAW, G729A))),
        st.tuples(st.just("close"), st.integers(0, 5)),
        st.tuples(st.just("capabilities"), st.sampled_from((PHONE, PAUSE, CapabilitySet((ALAW,))))),
        st.tuples(st.just("digits"), st.text("0123456789*#", min_size=1, max_size=4)),
        st.tuples(st.just("wait"), st.floats(0.0, 40.0)),
        st.tuples(st.just("deliver"), st.integers(1, 4)),
        st.tuples(st.just("accepts"), st.booleans()),
        st.tuples(st.just("start"), st.none()),
    ),
)


def _step(talk: Talk, who: Side, step: tuple[str, Any]) -> None:
    session = who.session
    match step:
        case ("open", AudioFormat() as format):
            session.open_channel(format, HERE, talk.now)
        case ("close", int(place)) if place < len(session.channels):
            session.close_channel(session.channels[place], talk.now)
        case ("capabilities", CapabilitySet() as capabilities):
            session.set_capabilities(capabilities, talk.now)
        case ("digits", str(digits)):
            session.send_user_input(UserInput(digits), talk.now)
        case ("wait", float(seconds)):
            talk.now += seconds
            talk.timers.run(talk.now)
        case ("deliver", int(messages)):
            for _ in range(min(messages, len(who.sent))):
                other = talk.other if who is talk.one else talk.one
                other.session.receive(who.sent.popleft(), talk.now)
        case ("accepts", bool(accepts)):
            who.accepts = accepts
        case ("start", _):
            session.start(PHONE, talk.now)


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, max_size=40))
def test_any_schedule_ends_with_both_sides_of_one_mind(steps: list[tuple[bool, tuple[str, Any]]]) -> None:
    """Undecided channels are answered in the end; then each side's channels are the other's, and no timer is left."""
    talk = Talk()
    for first, step in steps:
        _step(talk, talk.one if first else talk.other, step)
    for side in (talk.one, talk.other):
        side.accepts = True
    talk.settle()
    for side in (talk.one, talk.other):
        for channel in side.session.channels:
            if not channel.outgoing and channel.state is State.AWAITING_ESTABLISHMENT:
                side.session.accept_channel(channel, HERE, talk.now)
    talk.settle()
    for side, other in ((talk.one, talk.other), (talk.other, talk.one)):
        sent = {channel.number for channel in side.session.channels if channel.outgoing}
        received = {channel.number for channel in other.session.channels if not channel.outgoing}
        assert sent == received
        assert all(channel.established for channel in side.session.channels)
        assert not side.session.awaits_capabilities
    assert len(talk.timers) == 0


MESSAGES = [
    ("request", ("masterSlaveDetermination", {"terminalType": 60, "statusDeterminationNumber": 5})),
    ("response", ("masterSlaveDeterminationAck", {"decision": ("master", 0)})),
    ("response", ("masterSlaveDeterminationAck", {"decision": ("slave", 0)})),
    ("response", ("masterSlaveDeterminationReject", {"cause": ("identicalNumbers", 0)})),
    ("indication", ("masterSlaveDeterminationRelease", {})),
    ("response", ("terminalCapabilitySetAck", {"sequenceNumber": 1})),
    ("response", ("openLogicalChannelAck", {"forwardLogicalChannelNumber": 101})),
    ("response", ("openLogicalChannelReject", {"forwardLogicalChannelNumber": 101, "cause": ("unspecified", 0)})),
    ("response", ("closeLogicalChannelAck", {"forwardLogicalChannelNumber": 101})),
    ("request", ("requestChannelClose", {"forwardLogicalChannelNumber": 101, "reason": ("normal", 0)})),
    ("response", ("requestChannelCloseAck", {"forwardLogicalChannelNumber": 101})),
    ("indication", ("requestChannelCloseRelease", {"forwardLogicalChannelNumber": 101})),
    ("response", ("roundTripDelayResponse", {"sequenceNumber": 1})),
]


@given(st.lists(st.tuples(st.sampled_from(MESSAGES), st.floats(0.0, 20.0)), max_size=15))
def test_any_answers_in_any_order_are_taken(schedule: list[tuple[Any, float]]) -> None:
    timers = TimerQueue()
    side, now = Side(timers), 0.0
    side.session.start(PHONE, now)
    side.session.open_channel(ULAW, HERE, now)
    for message, pause in schedule:
        side.session.receive(per.encode_control(message), now)
        now += pause
        timers.run(now)
    side.session.end(now)
    assert len(timers) == 0


@settings(max_examples=300)
@given(st.binary(max_size=120))
def test_any_octets_are_taken(octets: bytes) -> None:
    side = Side(TimerQueue())
    side.session.receive(octets, 0.0)
