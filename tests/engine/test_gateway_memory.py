"""What calls leave behind in the gateway, and what a call that is held takes up."""

import gc
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.world import Party, World

FORGOTTEN = 200.0
"""Seconds after which no transaction, dialog or timer remembers a call any more."""
MANY = 100
TURNS = 4
"""After the first ones, tables and the caches of what was read (256 addresses) have the size that they keep."""
HELD = 300


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.gateway.hub.keeps_changes = False
    return made


def settle(world: World, parties: tuple[Party, Party]) -> None:
    """All that only waits to be forgotten is gone, the parties' own notes too. Dialogs that have ended are forgotten
    when the next one ends.
    """
    world.wait(FORGOTTEN)
    plain(*parties)
    world.wait(FORGOTTEN)
    for party in parties:
        party.inbox.clear()
    world.told.clear()
    world.records.clear()
    gc.collect()


def plain(carrier: Party, pbx: Party) -> None:
    """A call that is hung up."""
    ours, theirs = carrier.call("2001", pbx)
    ours.request("BYE")
    theirs.hung_up()


def transferred(carrier: Party, pbx: Party) -> None:
    """A call whose caller transfers the callee."""
    ours, theirs = carrier.call("2001", pbx)
    ours.refer("<sip:2002@192.0.2.1:5060>")
    target = pbx.ring("2002")
    target.answer()
    theirs.reinvited()
    ours.outcome()
    ours.request("BYE")
    theirs.request("BYE")
    target.hung_up()


def given_up(carrier: Party, pbx: Party) -> None:
    """A call that nobody answers."""
    ours = carrier.invite("2001")
    theirs = pbx.ring()
    ours.request("CANCEL", cseq=1)
    theirs.reply(200, request=theirs.expect("CANCEL"))
    theirs.reply(487)
    theirs.expect("ACK")


@pytest.mark.parametrize("course", [plain, transferred, given_up])
def test_calls_that_are_over_leave_nothing_behind(world: World, course: Callable[[Party, Party], None]) -> None:
    carrier, pbx = world.party("carrier"), world.party("pbx")
    held = []
    tracemalloc.start()
    try:
        for _ in range(TURNS):
            for _ in range(MANY):
                course(carrier, pbx)
            settle(world, (carrier, pbx))
            held.append((tracemalloc.get_traced_memory()[0], world.gateway.statistics()["timers"]))
    finally:
        tracemalloc.stop()
    (before, timers), (after, _) = held[-2:]
    figures = world.gateway.statistics()
    assert (figures["calls_up"], figures["legs"], figures["transfers"]) == (0, 0, 0)
    assert figures["timers"] == timers
    assert not world.gateway.end.ua.dialogs
    # A caller's number or a dialog that were kept for each call would be a few hundred octets.
    assert (after - before) / MANY < 60


def test_a_held_call_takes_less_than_16_kilobytes(world: World) -> None:
    carrier, pbx = world.party("carrier"), world.party("pbx")
    plain(carrier, pbx)
    settle(world, (carrier, pbx))
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(HELD):
            carrier.call("2001", pbx)
        settle(world, (carrier, pbx))
        each = (tracemalloc.get_traced_memory()[0] - before) / HELD
    finally:
        tracemalloc.stop()
    assert world.gateway.statistics()["calls_up"] == HELD
    assert each < 16_000
