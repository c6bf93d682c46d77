"""Calls in which anything happens at any time, over a wire that loses, delays and doubles: nothing breaks, and in the
end nothing is left.
"""

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.sip.flow import Transport
from gateway.sip.session import Session
from gateway.sip.session_table import SessionState
from tests.sip.phones import Phone, answers, call_up, sdp, two_phones
from tests.sip.wire import Wire, losing

Step = Callable[[Session, float], object]

_STEPS: dict[str, Step] = {
    "ring": lambda call, now: call.progress(180, (), b"", now),
    "early media": lambda call, now: call.progress(183, (), sdp("early"), now),
    "answer": lambda call, now: call.answer((), sdp("answer"), now),
    "refuse": lambda call, now: call.refuse(486, (), now),
    "cancel": lambda call, now: call.cancel((), now),
    "bye": lambda call, now: call.bye((), now),
    "offer": lambda call, now: call.offer(sdp("offer"), (), now),
    "late offer": lambda call, now: call.offer(b"", (), now),
    "accept": lambda call, now: call.accept_offer(sdp("accept"), (), now),
    "decline": lambda call, now: call.refuse_offer(488, (), now),
    "acknowledge": lambda call, now: call.acknowledge(sdp("acknowledge"), now),
    "update": lambda call, now: call.update((), now),
    "info": lambda call, now: call.send("INFO", (), b"", None, now),
    "cut": lambda call, now: None,
}
_PATIENCE = 400.0

steps = st.lists(
    st.tuples(st.sampled_from(sorted(_STEPS)), st.booleans(), st.sampled_from((0.0, 0.005, 0.015, 0.3, 3.0, 40.0))),
    max_size=25,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    steps,
    st.sampled_from((0.0, 0.1, 0.4)),
    st.integers(0, 1 << 16),
    st.booleans(),
    st.booleans(),
    st.sampled_from((Transport.UDP, Transport.TCP)),
    st.sampled_from((0, 1800)),
)
def test_everything_ends(
    course: list[tuple[str, bool, float]],
    loss: float,
    seed: int,
    offered: bool,
    required: bool,
    transport: Transport,
    expires: int,
) -> None:
    loss = loss if transport is Transport.UDP else 0.0
    wire = Wire(fate=losing(loss, seed, twice=loss))
    profile = {"session_expires": expires, "reliable": "required" if required else "supported"}
    alice, bob = two_phones(wire, transport, caller=profile, called=profile)
    ours = alice.call(bob, sdp("alice") if offered else b"")
    for what, by_caller, seconds in course:
        side = ours if by_caller or not bob.last else bob.session
        if what == "cut":
            wire.cut(alice.place, bob.place)
        _STEPS[what](side, wire.now)
        wire.run(seconds)
    ours.end((), wire.now)
    wire.run(40.0)
    for phone in (alice, bob):
        for dialog in list(phone.ua.dialogs.values()):
            if dialog.session is not None:
                dialog.session.end((), wire.now)
    wire.run(_PATIENCE)
    assert ours.state is SessionState.ENDED
    assert not alice.ua.dialogs
    assert not bob.ua.dialogs
    assert len(wire.timers) == 0


@pytest.mark.parametrize("seed", range(12))
def test_calls_come_through_a_wire_that_loses(seed: int) -> None:
    """Every twentieth message lost, as many doubled: set-up, hold, resume and release still get through."""
    wire = Wire(fate=losing(0.05, seed, twice=0.05))
    alice, bob = two_phones(wire)
    for phone in (alice, bob):
        phone.does["media_offered"] = lambda call, request, now: call.accept_offer(call.local_session, (), now)
    answers(bob, sdp("bob"))
    random = Random(seed)
    for _ in range(10):
        ours = alice.call(bob, sdp("alice"))
        assert wire.until(lambda call=ours: call.state is SessionState.CONFIRMED)  # type: ignore[misc]
        asker, side = random.choice(((alice, ours), (bob, bob.session)))
        before = asker.count("media_answered")
        side.offer(sdp("held"), (), wire.now)
        assert wire.until(lambda phone=asker, count=before: phone.count("media_answered") > count)  # type: ignore[misc]
        side.bye((), wire.now)
        wire.run(100.0)
        assert not alice.ua.dialogs
        assert not bob.ua.dialogs
    assert "media_refused" not in alice.heard + bob.heard


def test_damaged_messages_never_break_anything() -> None:
    wire = Wire()
    alice, bob = two_phones(wire)
    random = Random(7)

    def damaged(octets: bytes) -> bytes:
        kind = random.randrange(4)
        at = random.randrange(len(octets))
        if kind == 0:
            return octets[:at] + bytes((random.randrange(256),)) + octets[at + 1 :]
        if kind == 1:
            return octets[:at]
        lines = octets.split(b"\r\n")
        line = random.randrange(len(lines))
        return b"\r\n".join(lines[:line] + ([lines[line]] * 2 if kind == 2 else []) + lines[line + 1 :])

    _damage(alice, damaged)
    _damage(bob, damaged)
    bob.does["media_offered"] = lambda call, request, now: call.accept_offer(sdp("bob"), (), now)
    for number in range(60):
        answers(bob, sdp("bob"))
        ours = alice.call(bob, sdp("alice"))
        wire.run(0.2)
        ours.offer(sdp("alice", number), (), wire.now)
        wire.run(0.2)
        ours.end((), wire.now)
        if bob.last:
            bob.session.end((), wire.now)
        wire.run(120.0)


def _damage(phone: Phone, damaged: Callable[[bytes], bytes]) -> None:
    random = Random(phone.name)
    send = phone.place.send
    phone.ua.layer._ground.send = lambda flow, octets: send(
        flow, damaged(octets) if random.random() < 0.5 else octets
    )


def test_a_call_that_is_up_says_nothing() -> None:
    wire = Wire()
    call_up(*two_phones(wire))
    before = len(wire.sent)
    wire.run(10_000.0)
    assert len(wire.sent) == before
