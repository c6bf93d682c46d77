"""Every state takes every input; whatever comes in whatever order, the client lives on."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.h323.ras import registration_table, transaction_table
from tests.h323.ras.desk import GATEKEEPER, SPARE, Desk, a_call, digits


def test_the_tables_have_no_hole() -> None:
    for table in (registration_table, transaction_table):
        assert set(table.TABLE) == {(state, what) for state in table.State for what in table.Input}


STEPS = st.one_of(
    st.tuples(st.just("wait"), st.floats(0.0, 100.0)),
    st.tuples(st.just("lose"), st.integers(1, 3)),
    st.tuples(st.sampled_from(("admit", "disengage", "answered", "bandwidth")), st.integers(1, 2)),
    st.tuples(
        st.just("order"),
        st.sampled_from(
            ("unregister 1001", "disengage", "bandwidth 100", "info", "silent on", "silent off", "forget",
             "refuse registrationRequest discoveryRequired", "refuse admissionRequest callerNotRegistered",
             "refuse gatekeeperRequest terminalExcluded", "accept")
        ),
    ),
    st.tuples(st.sampled_from(("stop", "start", "locate")), st.none()),
)  # fmt: skip


def _step(desk: Desk, member: Any, step: tuple[str, Any]) -> None:
    client = member.client
    match step:
        case ("wait", float(seconds)):
            desk.wait(seconds)
        case ("lose", int(datagrams)):
            desk.lost = datagrams
        case ("admit", int(number)):
            client.admit(a_call(number, answering=True), digits("1001"), digits("7"), member.answer, desk.now)
        case ("disengage", int(number)):
            client.disengage(a_call(number, answering=True), desk.now, cause=16)
        case ("answered", int(number)):
            client.answered(a_call(number, answering=True), desk.now)
        case ("bandwidth", int(number)):
            client.change_bandwidth(a_call(number, answering=True), 640, member.answer, desk.now)
        case ("order", str(line)):
            desk.command(line)
        case ("locate", _):
            client.locate(digits("1001"), member.answer, desk.now)
        case (verb, _):
            getattr(client, verb)(desk.now)
    desk.settle()


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, max_size=25))
def test_any_schedule_ends_registered_once_the_gatekeeper_works(steps: list[tuple[str, Any]]) -> None:
    desk = Desk()
    desk.gatekeeper(alternates=(SPARE,), irr=30)
    desk.gatekeeper(SPARE)
    member = desk.member()
    for step in steps:
        _step(desk, member, step)
    desk.lost = 0
    desk.command("silent off")
    desk.command("accept")
    member.client.start(desk.now)
    desk.wait(400.0)
    assert member.client.is_registered
    asked = sum(step[0] in ("admit", "bandwidth", "locate") for step in steps)
    assert sum(event[0] == "answer" for event in member.heard) == asked
    member.client.stop(desk.now)
    desk.settle()
    desk.wait(1.0)
    assert len(desk.timers) == 0


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_any_octets_are_taken(octets: bytes) -> None:
    desk = Desk()
    desk.gatekeeper()
    member = desk.member()
    member.client.receive(octets, GATEKEEPER, desk.now)
