"""Wall clock from the start of the program to its end, for the two commands that people wait for."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from bench import Row
from bench.translation import REFER

RUNS = 5
_PROGRAM = str(Path(sys.executable).with_name("refergate"))


def measure() -> Iterator[Row]:
    """The quickest of a few runs, as whatever else the machine does only ever adds."""
    yield Row("refergate --help", f"{_quickest(['--help'], b''):.2f} s", "at most 0.2 s")
    for dialect in ("etsi-ect", "qsig-ssct", "h4502"):
        seconds = _quickest(["translate", "-", "--to", dialect, "--json"], REFER)
        yield Row(f"refergate translate - --to {dialect}", f"{seconds:.2f} s", "at most 0.6 s")


def _quickest(arguments: list[str], given: bytes) -> float:
    return min(_seconds(arguments, given) for _ in range(RUNS))


def _seconds(arguments: list[str], given: bytes) -> float:
    began = perf_counter()
    subprocess.run([_PROGRAM, *arguments], input=given, check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - began
