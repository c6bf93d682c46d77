"""A peer that is silent or dies fails the wait at once and never hangs it."""

import sys
import time

import pytest

from tests.peers.process import JsonPeer, PeerError

ECHO = """
import json, sys
for line in sys.stdin:
    if line == "quit\\n": break
    if line == "die\\n": sys.exit(3)
    print(json.dumps({"ev": "heard", "text": line.strip()}), flush=True)
"""


def echo() -> JsonPeer:
    return JsonPeer("echo", [sys.executable, "-c", ECHO])


def test_an_event_is_taken_once() -> None:
    with echo() as peer:
        peer.send("a")
        assert peer.wait("heard")["text"] == "a"
        with pytest.raises(PeerError):
            peer.wait("heard", seconds=0.1)
        assert len(peer.seen("heard")) == 1


def test_events_wait_for_whoever_wants_them() -> None:
    with echo() as peer:
        peer.send("first\nsecond")
        assert peer.wait("heard", text="second")["text"] == "second"
        assert peer.wait("heard")["text"] == "first"


def test_a_peer_that_died_ends_the_wait() -> None:
    started = time.monotonic()
    with echo() as peer:
        peer.send("die")
        with pytest.raises(PeerError, match="its process ended"):
            peer.wait("heard", seconds=30)
    assert time.monotonic() - started < 10


def test_a_silent_peer_is_told_with_what_it_said_last() -> None:
    with echo() as peer:
        peer.send("hello")
        peer.wait("heard")
        with pytest.raises(PeerError, match="hello"):
            peer.wait("never", seconds=0.2)
