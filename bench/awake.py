"""Keeps a core from halting while it is measured on.

A virtual core that is idle is given back to the host. Whoever wakes it pays: clock, caches and translation tables
have to come back, which shows as CPU time of the process that runs next, and that the more the more often it sleeps.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_SPIN = "while True: pass"


@contextmanager
def awake(core: int) -> Iterator[None]:
    """A process on `core` that runs only while nothing else wants to (SCHED_IDLE)."""
    spinner = subprocess.Popen([sys.executable, "-S", "-c", _SPIN])
    os.sched_setscheduler(spinner.pid, os.SCHED_IDLE, os.sched_param(0))
    os.sched_setaffinity(spinner.pid, {core})
    try:
        yield
    finally:
        spinner.kill()
        spinner.wait()
