"""Side-by-side benchmarks: every module here with a `measure` function is one, run by `python -m bench`."""

from typing import NamedTuple


class Row(NamedTuple):
    """One line of a benchmark: what was measured, the figure, and what it is held against."""

    what: str
    figure: str
    against: str = ""
