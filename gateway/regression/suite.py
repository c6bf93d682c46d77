"""A suite: all scenarios of a folder, tried in processes side by side."""

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple, TypeVar

from gateway.model.errors import GatewayError
from gateway.regression.scenario import is_scenario
from gateway.regression.trial import Result, tried

_PORTIONS = 8
"""Portions for each process: large enough to cost little, small enough that none waits long for the last."""
_ALONE = 4
"""A process is not worth starting for fewer scenarios."""

Done = TypeVar("Done")


class ScenarioFile(NamedTuple):
    """`name` is its path below the folder of the suite, with slashes, which is the same on every machine."""

    path: Path
    name: str


def scenario_files(where: Path) -> tuple[ScenarioFile, ...]:
    """The scenario file itself, or all in a folder and the folders in it, by name.

    Raises GatewayError when there is none.
    """
    if not where.is_dir():
        return (ScenarioFile(where, where.name),)
    paths = (path for path in where.rglob("*.y*ml") if path.is_file() and is_scenario(path))
    found = sorted((path.relative_to(where).as_posix(), path) for path in paths)
    if not found:
        raise GatewayError("no scenario in it (*.scenario.yaml, or *.yaml with a capture)", where=str(where))
    return tuple(ScenarioFile(path, name) for name, path in found)


def run(files: Sequence[ScenarioFile], jobs: int | None = None) -> Iterator[Result]:
    """The results in the order of `files`, each as soon as it and all before it are there. `jobs` is how many
    processes, as many as there are processors when left out.

    Raises GatewayError when a process of the suite was killed.
    """
    return side_by_side(_tried, files, jobs)


def side_by_side(
    do: Callable[[ScenarioFile], Done], files: Sequence[ScenarioFile], jobs: int | None
) -> Iterator[Done]:
    """What `do` makes of each file, in order. Raises GatewayError when a process was killed."""
    count = min(jobs or processors(), max(1, len(files) // (1 if jobs else _ALONE)))
    if count == 1:
        yield from map(do, files)
        return
    portion = max(1, len(files) // (count * _PORTIONS))
    # A copy of this process has everything loaded already, and none of it is ever garbage.
    with ProcessPoolExecutor(count, mp_context=get_context("fork"), initializer=gc.freeze) as pool:
        try:
            yield from pool.map(do, files, chunksize=portion)
        except BrokenProcessPool:
            raise GatewayError("a process that tried scenarios was killed (too little memory?)") from None


def processors() -> int:
    """How many this process may use, as far as the system says."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _tried(file: ScenarioFile) -> Result:
    return tried(file.path, file.name)
