"""Whether calls leave anything behind: memory of the engine after 20,000 calls and after 100,000, one in ten of them
transferred, on the virtual clock of the tests with raw SIP parties.
"""

import gc
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import Row
from bench.sip_load import resident_octets
from tests.engine.test_gateway_memory import plain, settle, transferred
from tests.engine.world import World

WARM = 20_000
CALLS = 100_000
_TRANSFERRED = 10
_SETTLED = 1_000


def measure() -> Iterator[Row]:
    """Resident memory at both ends, and what each call between left of it."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        world.gateway.hub.keeps_changes = False
        _make(world, WARM)
        before = resident_octets(os.getpid())
        _make(world, CALLS - WARM)
        after = resident_octets(os.getpid())
    yield Row(f"engine after {WARM:,} calls", f"{before / 1e6:.1f} MB")
    growth = (after - before) / (CALLS - WARM)
    yield Row(f"engine after {CALLS:,} calls", f"{after / 1e6:.1f} MB", f"{growth:.1f} octets a call; no growth")


def _make(world: World, calls: int) -> None:
    parties = world.party("carrier"), world.party("pbx")
    for number in range(calls):
        (plain if number % _TRANSFERRED else transferred)(*parties)
        if number % _SETTLED == _SETTLED - 1:
            settle(world, parties)
    gc.collect()
