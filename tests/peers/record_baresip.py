"""A transfer between two kinds of phone: alice (PJSIP) transfers bob (baresip) to carol (PJSIP)."""

from contextlib import ExitStack
from pathlib import Path

from tests.peers.baresip import Baresip
from tests.peers.pjsua_phone import PjsuaPhone
from tests.peers.record_phones import ADDRESSES, PORT, ring
from tests.peers.tshark import recording


def record(capture: Path) -> None:
    """A blind transfer; baresip names the REFER in `Event` even when it is the first, and notifies twice only."""
    with recording(capture, f"port {PORT} and net 127.0.1.0/24"), ExitStack() as stack:
        alice = stack.enter_context(PjsuaPhone("alice", ADDRESSES["alice"], PORT))
        bob = stack.enter_context(Baresip("bob", ADDRESSES["bob"], PORT))
        carol = stack.enter_context(PjsuaPhone("carol", ADDRESSES["carol"], PORT))
        alice.call("call", bob.uri)
        alice.state("call", "CONFIRMED")
        alice.refer("call", carol.uri)
        there = ring(carol)
        carol.answer(there)
        alice.notified("call", 200)
        alice.hang_up("call")
        alice.state("call", "DISCONNECTED")
        carol.hang_up(there)
        carol.state(there, "DISCONNECTED")
