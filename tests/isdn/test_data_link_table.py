"""The table of Q.921 annex B: no hole, no state without a way out, and no event that stops a data link."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.isdn import lapd_frame
from gateway.isdn.data_link import DataLink
from gateway.isdn.data_link_table import RUNNING, TABLE, UP, Action, Event, MdlError, State, Timers
from gateway.isdn.data_link_user import DataLinkSettings
from gateway.isdn.side import Side
from gateway.model.timers import TimerQueue
from tests.isdn.line import Layer3


def test_every_state_knows_every_event() -> None:
    assert set(TABLE) == {(state, event) for state in State for event in Event}


def test_what_is_ignored_changes_nothing() -> None:
    for (state, event), row in TABLE.items():
        if row.action is Action.IGNORE and row.state is not state:
            assert event in (Event.ESTABLISH, Event.ASSIGN)


def test_timers_follow_the_state() -> None:
    """A row that changes the state starts what runs in the new one, unless the old one's goes on there."""
    for (state, _), row in TABLE.items():
        if row.timers is not Timers.KEEP:
            assert row.timers is RUNNING[row.state]
        elif row.state is not state:
            assert RUNNING[row.state] is RUNNING[state]


@pytest.mark.parametrize("state", [state for state in State if RUNNING[state] is Timers.T200])
def test_every_wait_ends(state: State) -> None:
    assert TABLE[state, Event.T200_LAST].state is not state


@pytest.mark.parametrize("error", MdlError)
def test_every_error_of_appendix_ii_is_found_somewhere(error: MdlError) -> None:
    assert error in {row.error for row in TABLE.values()}


def test_errors_b_to_k_are_where_table_ii_1_has_them() -> None:
    where = {error: {state for (state, _), row in TABLE.items() if row.error is error} for error in MdlError}
    assert where[MdlError.SUPERVISORY_FINAL] == {State.ESTABLISHED}
    assert where[MdlError.DM_FINAL] == UP
    assert where[MdlError.DM] == UP
    assert where[MdlError.SABME] == UP
    assert where[MdlError.FRMR] == UP
    assert where[MdlError.SEQUENCE] == UP
    assert where[MdlError.NO_UA_TO_DISC] == {State.AWAITING_RELEASE}
    assert where[MdlError.NO_STATUS] == {State.TIMER_RECOVERY}


COMMAND, RESPONSE = lapd_frame.address(0, 5, c_r=True), lapd_frame.address(0, 5, c_r=False)
NUMBERS = st.integers(0, 127)


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    """Frames of the network, right and wrong ones."""
    of = draw(st.sampled_from((COMMAND, RESPONSE)))
    kind = draw(st.sampled_from(list(lapd_frame.Kind)))
    if kind is lapd_frame.Kind.I:
        return lapd_frame.information(of, draw(NUMBERS) % 3, draw(NUMBERS) % 3, b"\x08", poll=draw(st.booleans()))
    if kind in (lapd_frame.Kind.RR, lapd_frame.Kind.RNR, lapd_frame.Kind.REJ):
        return lapd_frame.supervisory(of, kind, draw(NUMBERS) % 3, poll_final=draw(st.booleans()))
    if kind is lapd_frame.Kind.UNDEFINED:
        return of + draw(st.binary(max_size=6))
    octets = draw(st.sampled_from((b"", b"x", bytes(5))))
    return lapd_frame.unnumbered(of, kind, octets, poll_final=draw(st.booleans()))


_ASK: dict[Event, Callable[[DataLink, float], object]] = {
    Event.ESTABLISH: DataLink.establish,
    Event.RELEASE: DataLink.release,
    Event.DATA: lambda link, now: link.send_data(b"x", now),
    Event.UNIT_DATA: lambda link, now: link.send_unit_data(b"x", now, broadcast=False),
    Event.BUSY: lambda link, now: link.set_busy(True, now),
    Event.READY: lambda link, now: link.set_busy(False, now),
    Event.ASSIGN: lambda link, now: link.assign(5, now),
    Event.REFUSE: DataLink.refuse,
    Event.REMOVE: DataLink.remove,
    Event.DEACTIVATE: DataLink.deactivate,
}

STEPS = st.one_of(frames(), st.floats(0, 12), st.sampled_from(list(_ASK)))


@given(st.sampled_from(list(Side)), st.lists(STEPS, max_size=40), st.booleans(), st.booleans())
def test_nothing_that_happens_stops_a_data_link(
    side: Side, steps: list[bytes | float | Event], over_datagrams: bool, sends_frmr: bool
) -> None:
    timers, above, sent = TimerQueue(), Layer3(), list[bytes]()
    settings = DataLinkSettings(tei=None, over_datagrams=over_datagrams, sends_frmr=sends_frmr)
    link = DataLink(side, timers, sent.append, above, settings)
    now = 0.0
    for step in steps:
        if isinstance(step, Event):
            _ASK[step](link, now)
        elif isinstance(step, bytes):
            link.receive(step, now)
        else:
            now += step
            timers.run(now)
        assert (link.tei is None) == (link.state in _WITHOUT_TEI)
        assert (link.state in _QUIET) == (timers.next_due() is None)
    _comes_up(link, timers, sent, now)


_WITHOUT_TEI = (State.TEI_UNASSIGNED, State.ASSIGN_AWAITING_TEI, State.ESTABLISH_AWAITING_TEI)
_QUIET = (*_WITHOUT_TEI, State.TEI_ASSIGNED)


def _comes_up(link: DataLink, timers: TimerQueue, sent: list[bytes], now: float) -> None:
    """Wherever it is: with a TEI, and a peer that accepts, it is up within the time of N200 repetitions."""
    link.establish(now)
    link.assign(5, now)
    for _ in range(12):
        commands = [lapd_frame.decode(octets) for octets in sent]
        sent.clear()
        for command in commands:
            if command.kind in (lapd_frame.Kind.SABME, lapd_frame.Kind.DISC):
                of = RESPONSE if link.side is Side.USER else COMMAND
                link.receive(lapd_frame.unnumbered(of, lapd_frame.Kind.UA, poll_final=True), now)
        if link.is_up:
            return
        now += 1
        timers.run(now)
    raise AssertionError(link.state)
