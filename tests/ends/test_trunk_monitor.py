"""Peers that are watched by OPTIONS, their table walked in every way."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from gateway.ends.trunk_monitor import PATIENCE, TABLE, Heard, PeerMonitor, PeerState
from gateway.model.timers import TimerQueue
from tests.ends.trunks import Notes

INTERVAL = 30.0


class Peer:
    """A peer whose OPTIONS are counted, and its monitor."""

    def __init__(self, interval: float = INTERVAL) -> None:
        self.timers = TimerQueue()
        self.notes = Notes()
        self.asked: list[float] = []
        self.heard: Callable[[int, float], None]
        self.monitor = PeerMonitor("carrier", "udp:a:5060", self.ask, interval, self.timers, self.notes)

    def ask(self, heard: Callable[[int, float], None], now: float) -> None:
        self.asked.append(now)
        self.heard = heard


def test_the_table_has_no_hole() -> None:
    assert set(TABLE) == {(state, heard) for state in PeerState for heard in Heard}


def test_a_peer_is_asked_at_intervals() -> None:
    peer = Peer()
    peer.monitor.start(0.0)
    for now in (0.0, 15.0, 30.0, 60.0):
        peer.timers.run(now)
        peer.heard(200, now)
    assert peer.asked == [0.0, 30.0, 60.0]
    assert peer.monitor.state is PeerState.UP


def test_one_missed_answer_is_not_the_end_but_asked_again_soon() -> None:
    peer = Peer()
    peer.monitor.start(0.0)
    peer.timers.run(0.0)
    peer.heard(408, 1.0)
    assert peer.monitor.is_usable
    peer.timers.run(1.0 + INTERVAL / 10)
    assert len(peer.asked) == 2


def test_a_second_one_is_and_any_answer_brings_the_peer_back() -> None:
    peer = Peer()
    peer.monitor.start(0.0)
    peer.timers.run(0.0)
    peer.heard(503, 1.0)
    peer.timers.run(4.0)
    peer.heard(504, 5.0)
    assert not peer.monitor.is_usable
    peer.heard(403, 6.0)
    assert peer.monitor.is_usable
    assert [fields["state"] for _, fields in peer.notes.lines] == ["suspect", "down", "up"]


def test_a_peer_that_says_nothing_is_down_before_the_transaction_gives_up() -> None:
    peer = Peer()
    peer.monitor.start(0.0)
    for now in (0.0, PATIENCE, PATIENCE + INTERVAL / 10, 2 * PATIENCE + INTERVAL / 10):
        peer.timers.run(now)
    assert not peer.monitor.is_usable
    assert len(peer.asked) == 2
    peer.heard(408, 32.0)
    peer.timers.run(60.0)
    assert len(peer.asked) == 3


def test_a_call_that_nobody_answered_has_the_peer_asked() -> None:
    peer = Peer()
    peer.monitor.start(0.0)
    peer.timers.run(0.0)
    peer.heard(200, 0.0)
    peer.monitor.heard(408, 5.0)
    peer.timers.run(5.0 + INTERVAL / 10)
    assert peer.asked == [0.0, 5.0 + INTERVAL / 10]


def test_a_peer_that_is_not_watched_is_always_there() -> None:
    peer = Peer(interval=0.0)
    peer.monitor.start(0.0)
    for _ in range(3):
        peer.monitor.heard(408, 1.0)
    assert peer.monitor.is_usable
    assert peer.timers.next_due() is None


@given(st.lists(st.sampled_from((200, 404, 408, 503, None)), max_size=30))
def test_whatever_happens_the_peer_is_asked_again(statuses: list[int | None]) -> None:
    peer, now = Peer(), 0.0
    peer.monitor.start(now)
    for status in statuses:
        now += 1.0
        if status is None:
            now = max(now, peer.timers.next_due() or now)
            peer.timers.run(now)
        else:
            peer.monitor.heard(status, now)
        due = peer.timers.next_due()
        assert due is not None
        assert due <= now + INTERVAL
    peer.monitor.stop()
    assert peer.timers.next_due() is None
