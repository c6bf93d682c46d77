"""What a bridged SIP call costs: against sippy's b2bua_simple, with a transfer, with many calls held, in memory.

SIPp calls and answers on one core, the server has the other. CPU time of the server is the figure, since it does not
depend on what else the machine does.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from time import sleep

from bench import Row
from bench.sip_load import ADDRESS, CALL, CALLEE, REFERRED_CALL, SippLoad, cost_per_call, resident_octets
from bench.sip_peers import refergate, sippy
from tests.peers.ports import free_ports

CALLS = 2_000
RATE = 100
HELD = 10_000
FEW_HELD = 10
ROUNDS = 3
_AT_ONCE = ("-d", "0")


def measure() -> Iterator[Row]:
    """Plain calls in turn with sippy, then a transfer, then calls held."""
    (callee,) = free_ports(1)
    with SippLoad(CALLEE, callee):
        plain = yield from _against_sippy(callee)
        yield from _with_transfer(callee, plain)
        yield from _held(callee)


def _against_sippy(callee: int) -> Generator[Row, None, float]:
    turns = [(_one(sippy, callee), _one(refergate, callee)) for _ in range(ROUNDS)]
    theirs, ours = min(turn[0] for turn in turns), min(turn[1] for turn in turns)
    yield Row(f"sippy b2bua_simple, {CALLS:,} bridged calls", f"{theirs:.2f} ms/call")
    yield Row(
        f"refergate, {CALLS:,} bridged calls", f"{ours:.2f} ms/call", f"{theirs / ours:.1f} x cheaper; at least 5 x"
    )
    return ours


def _one(server: Callable[[int], AbstractContextManager[tuple[int, int]]], callee: int) -> float:
    with server(callee) as (pid, port):
        cost_per_call(pid, port, CALL, 100, RATE, *_AT_ONCE)  # what every program does only once
        return cost_per_call(pid, port, CALL, CALLS, RATE, *_AT_ONCE)


def _with_transfer(callee: int, plain: float) -> Iterator[Row]:
    with refergate(callee) as (pid, port):
        cost_per_call(pid, port, REFERRED_CALL, 100, RATE)
        cost = cost_per_call(pid, port, REFERRED_CALL, CALLS, RATE)
    yield Row(
        "refergate, call and blind REFER carried out",
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
        cost_per_call(pid, port, CALL, 200, RATE, *_AT_ONCE)
        before = resident_octets(pid)
        (own,) = free_ports(1)
        limits = ["-m", str(held), "-l", str(held), "-r", "150", "-s", "2000", "-d", "3600000"]
        with SippLoad(CALL, own, f"{ADDRESS}:{port}", *limits):
            sleep(held / 150 + 5)
            each = (resident_octets(pid) - before) / held
            cost = min(cost_per_call(pid, port, CALL, CALLS, RATE, *_AT_ONCE) for _ in range(2))
    return cost, each
