"""A progress bar while a capture is read: on a terminal only."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_WORTH_A_BAR = 4_000_000
"""Octets below which reading is over before a bar could be seen."""


@contextmanager
def reading(path: Path) -> Iterator[Callable[[int], None] | None]:
    """A callback that takes the octets read so far; None where no bar is shown."""
    if not sys.stderr.isatty() or not path.is_file() or path.stat().st_size < _WORTH_A_BAR:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    with Progress(
        BarColumn(), DownloadColumn(), TimeRemainingColumn(), console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task("reading", total=path.stat().st_size)
        yield lambda octets: bar.update(task, completed=octets)
