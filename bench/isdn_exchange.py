"""Exchanges at the other end of many primary accesses: arguments COUNT FIRST_PORT FIRST_REMOTE.

Every call is answered. They are the demonstration's, in one process on the core that SIPp has too, and end with their
standard input.
"""

import asyncio
import sys
import time

from gateway.demonstration.own_exchange import OwnExchange
from gateway.model.timers import TimerQueue

_TICK = 0.02


async def _run(count: int, port: int, remote: int) -> None:
    loop, timers, over = asyncio.get_running_loop(), TimerQueue(), asyncio.Event()
    exchanges = [OwnExchange(timers, loop, port + number, remote + number) for number in range(count)]
    loop.add_reader(0, over.set)
    for exchange in exchanges:
        exchange.start(time.monotonic())
    while not over.is_set():
        timers.run(time.monotonic())
        await asyncio.sleep(_TICK)
    for exchange in exchanges:
        exchange.close()


if __name__ == "__main__":
    asyncio.run(_run(*map(int, sys.argv[1:])))
