"""Ladder diagrams in text: a column for each party, an arrow for each message."""

from collections.abc import Sequence
from dataclasses import dataclass

_WIDTH = 34


@dataclass(frozen=True, slots=True)
class Rung:
    """One message: `time` in seconds since the first, from and to by column name."""

    time: float
    source: str
    destination: str
    label: str


def ladder(rungs: Sequence[Rung]) -> list[str]:
    """The lines of the diagram; columns in the order in which parties first appear."""
    columns = list(dict.fromkeys(name for rung in rungs for name in (rung.source, rung.destination)))
    head = "".join(name.center(_WIDTH) for name in columns)
    return [" " * 9 + head.rstrip(), *(_line(rung, columns) for rung in rungs)]


def _line(rung: Rung, columns: Sequence[str]) -> str:
    start, end = columns.index(rung.source), columns.index(rung.destination)
    cells = [" "] * (_WIDTH * len(columns))
    for index in range(len(columns)):
        cells[_middle(index)] = "│"
    left, right = sorted((_middle(start), _middle(end)))
    room = right - left - 3
    label = f" {rung.label[: room - 4]} " if room > 4 else ""
    shaft = label.center(room, "─")
    cells[left + 1 : right] = list("─" + shaft + "▶" if start <= end else "◀" + shaft + "─")
    return f"{rung.time:8.3f} " + "".join(cells).rstrip()


def _middle(column: int) -> int:
    return column * _WIDTH + _WIDTH // 2
