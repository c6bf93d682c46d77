"""kill -9, and what PJSIP softphones notice of it: their calls go on, a transfer that was running is told off."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.live.border import Border, border
from tests.peers.process import PATIENCE

pytestmark = pytest.mark.live


def killed_and_started(here: Border, entries: int) -> None:
    """As soon as so much is in the store."""
    deadline = time.monotonic() + PATIENCE
    while _stored(here.gateway.store_path) < entries:
        assert time.monotonic() < deadline, "not stored"
        time.sleep(0.05)
    here.gateway.kill()
    here.gateway.start()
    here.gateway.wait_log("restored", entries=entries, lost=0)


def _stored(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        count: int = connection.execute("SELECT count(*) FROM calls").fetchone()[0]
        return count


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_call_is_changed_transferred_and_ended_afterwards(tmp_path: Path, transport: str) -> None:
    with border(tmp_path, transport) as here:
        a, b, c = (here.phones[user] for user in here.users)
        ours, theirs = here.call("1001", "1002")
        other, another = here.call("1003", "1002", "other")
        killed_and_started(here, 2)
        a.hold(ours)
        b.media(theirs, "recvonly")
        a.resume(ours)
        b.hang_up(another)
        c.state(other, "DISCONNECTED")
        a.refer(ours, here.uri("1003"))
        target = str(c.wait("incoming")["call"])
        c.answer(target)
        a.notified(ours, 200)
        a.hang_up(ours)
        b.hang_up(theirs)
        c.state(target, "DISCONNECTED")


def test_a_transfer_that_was_running_fails_and_its_call_goes_on(tmp_path: Path) -> None:
    with border(tmp_path) as here:
        a, b, c = (here.phones[user] for user in here.users)
        ours, theirs = here.call("1001", "1002")
        a.refer(ours, here.uri("1003"))
        target = str(c.wait("incoming")["call"])
        c.answer(target, 180)
        a.notified(ours, 180)
        killed_and_started(here, 2)
        a.notified(ours, 503)
        c.answer(target, 486)
        a.hold(ours)
        b.media(theirs, "recvonly")
        a.hang_up(ours)
        b.state(theirs, "DISCONNECTED")
        (record,) = here.gateway.wait_records(1)
        assert record["outcome"] == "failed"
