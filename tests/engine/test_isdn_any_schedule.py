"""Whatever two whole gateways are asked for, and whatever the D channel between them does to frames: in the end no
call is stuck, and no channel is taken. REFERGATE_SCHEDULES is the number of schedules.
"""

import os
from pathlib import Path
from random import Random

import pytest

from tests.engine.two_gateways import CHANNELS, TwoGateways
from tests.isdn.line import hostile

_BLOCKS = 4
_SCHEDULES = int(os.environ.get("REFERGATE_SCHEDULES", "24")) // _BLOCKS
_KINDS = (
    'variant: euroisdn, channels: "1-2"',
    'variant: qsig, channels: "1-2"',
    'variant: ni2, channels: "1-2"',
    'variant: euroisdn, channels: "1-2", overlap: true',
    "variant: euroisdn, access: basic, bus: true",
    "variant: euroisdn, access: basic",
)
_PAUSES = (0.0, 0.0, 0.05, 0.05, 0.5, 2.0, 10.0)


def play(both: TwoGateways, chance: Random) -> None:
    def react() -> None:
        for half in both.halves:
            half.phone.react(chance)

    for _ in range(30):
        chance.choice(both.halves).phone.act(chance)
        if chance.random() < 0.03:
            half, is_up = chance.choice(both.halves), chance.random() < 0.5
            half.gateway.line_changed("isdn", is_up, both.now)
        both.run(chance.choice(_PAUSES), react)


def assert_it_ends(both: TwoGateways, chance: Random, kind: str) -> None:
    def react() -> None:
        for half in both.halves:
            half.phone.react(chance, ends=True)

    both.heal()
    for half in both.halves:
        half.gateway.line_changed("isdn", True, both.now)
    both.run(100, react)
    for _ in range(4):
        for half in both.halves:
            half.phone.end_all()
        both.run(60, react)
    both.run(400, react)
    for half in both.halves:
        assert not half.left_over(), half
        assert half.idle == CHANNELS
    # A terminal on a bus whose TEI the network has given up learns so by its next call (Q.921 5.3.4).
    attempts = 2 if "bus: true" in kind else 1
    assert any(goes_through(both) for _ in range(attempts)), "no call goes through any more"


def goes_through(both: TwoGateways) -> bool:
    """Whether one more call reaches the other side."""
    there = both.network.phone
    both.user.phone.call(Random(1))
    both.run(20, lambda: there.react(Random(1)))
    return bool(there.ringing or there.talking)


@pytest.mark.parametrize("block", range(_BLOCKS))
def test_two_gateways_and_a_line_that_loses(tmp_path: Path, block: int) -> None:
    for seed in range(block * _SCHEDULES, (block + 1) * _SCHEDULES):
        chance = Random(seed)
        loss = chance.choice((0.0, 0.1, 0.3))
        fate = hostile(chance, loss=loss, doubling=0.2, delaying=0.2)
        kind = _KINDS[seed % len(_KINDS)]
        both = TwoGateways(tmp_path, fate, kind)
        try:
            play(both, chance)
            assert_it_ends(both, chance, kind)
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
