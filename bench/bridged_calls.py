"""What a bridged SIP call costs: against sippy's b2bua_simple, with a transfer, with many calls held, in memory.

SIPp calls and answers on one core, the server has the other, which is kept awake (`bench.awake`). CPU time of the
server is the figure. It depends on how busy the server is: one that sleeps between messages finds its caches cold at
each, and one that looks in every 5 ms (sippy) does not. What a core can carry shows when both are about half busy:
there the two are compared; and besides at the same load, one that sippy can carry, where each call wakes refergate
five times. What is measured of refergate alone is measured at one and the same load.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from time import sleep

from bench import Row
from bench.awake import awake
from bench.sip_load import ADDRESS, CALL, CALLEE, REFERRED_CALL, SippLoad, cost_per_call, resident_octets
from bench.sip_peers import SERVER_CORE, refergate, sippy
from tests.peers.ports import free_ports

CALLS = 2_000
SIPPY_RATE = 100
RATE = 600
"""Calls a second that take about half of a core."""
TRANSFER_RATE = 250
HOLD_RATE = 300
HELD = 10_000
FEW_HELD = 10
ROUNDS = 3
_AT_ONCE = ("-d", "0")


def measure() -> Iterator[Row]:
    """Plain calls in turn with sippy, then a transfer, then calls held."""
    (callee,) = free_ports(1)
    with awake(SERVER_CORE), SippLoad(CALLEE, callee):
        plain = yield from _against_sippy(callee)
        yield from _with_transfer(callee, plain)
        yield from _held(callee)


def _against_sippy(callee: int) -> Generator[Row, None, float]:
    turns = [
        (
            _one(sippy, callee, SIPPY_RATE),
            _one(refergate, callee, RATE),
            _one(refergate, callee, SIPPY_RATE),
            _one(refergate, callee, TRANSFER_RATE),
        )
        for _ in range(ROUNDS)
    ]
    theirs, ours, idle, plain = (min(turn[which] for turn in turns) for which in range(4))
    yield Row(f"sippy b2bua_simple, bridged calls, {SIPPY_RATE} a second", f"{theirs:.2f} ms/call")
    yield Row(
        f"refergate, bridged calls, {RATE} a second",
        f"{ours:.2f} ms/call",
        f"{theirs / ours:.1f} x cheaper; at least 5 x",
    )
    yield Row(
        f"refergate, bridged calls, {SIPPY_RATE} a second",
        f"{idle:.2f} ms/call",
        f"{theirs / idle:.1f} x cheaper; at least 5 x",
    )
    yield Row(f"refergate, bridged calls, {TRANSFER_RATE} a second", f"{plain:.2f} ms/call")
    return plain


def _one(server: Callable[[int], AbstractContextManager[tuple[int, int]]], callee: int, rate: int) -> float:
    with server(callee) as (pid, port):
        cost_per_call(pid, port, CALL, 100, SIPPY_RATE, *_AT_ONCE)  # what every program does only once
        return cost_per_call(pid, port, CALL, max(CALLS, 5 * rate), rate, *_AT_ONCE)


def _with_transfer(callee: int, plain: float) -> Iterator[Row]:
    with refergate(callee) as (pid, port):
        cost_per_call(pid, port, REFERRED_CALL, 100, SIPPY_RATE)
        cost = min(cost_per_call(pid, port, REFERRED_CALL, CALLS, TRANSFER_RATE) for _ in range(2))
    yield Row(
        f"refergate, call and blind REFER carried out, {TRANSFER_RATE} a second",
        f"{cost:.2f} ms/call",
        f"{cost / plain:.2f} x a plain call; at most 2.5 x",
    )


def _held(callee: int) -> Iterator[Row]:
    few, _ = _held_cost(callee, FEW_HELD)
    many, each = _held_cost(callee, HELD)
    yield Row(f"refergate, cost of a call while {FEW_HELD} are held", f"{few:.2f} ms/call")
    yield Row(
        f"refergate, cost of a call while {HELD:,} are held",
        f"{many:.2f} ms/call",
        f"{many / few:.2f} x; at most 1.2 x",
    )
    yield Row(f"refergate, memory of a held call (of {HELD:,})", f"{each / 1000:.1f} kB", "at most 16 kB")


def _held_cost(callee: int, held: int) -> tuple[float, float]:
    """CPU milliseconds of a call while `held` others are up, and octets that each of those holds."""
    with refergate(callee) as (pid, port):
        cost_per_call(pid, port, CALL, 200, SIPPY_RATE, *_AT_ONCE)
        before = resident_octets(pid)
        (own,) = free_ports(1)
        limits = ["-m", str(held), "-l", str(held), "-r", str(HOLD_RATE), "-s", "2000", "-d", "3600000"]
        with SippLoad(CALL, own, f"{ADDRESS}:{port}", *limits):
            sleep(held / HOLD_RATE + 5)
            each = (resident_octets(pid) - before) / held
            cost = min(cost_per_call(pid, port, CALL, CALLS, TRANSFER_RATE, *_AT_ONCE) for _ in range(2))
    return cost, each
