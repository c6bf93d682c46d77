"""Ladder diagrams in text: a column for each party, an arrow for each message."""

from collections.abc import Sequence
from dataclasses import dataclass

_NARROWEST, _WIDEST = 30, 44


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
    longest = max((len(text) for text in (*columns, *(rung.label for rung in rungs))), default=0)
    width = min(max(longest + 8, _NARROWEST), _WIDEST)
    head = "".join(name.center(width) for name in columns)
    return [" " * 9 + head.rstrip(), *(_line(rung, columns, width) for rung in rungs)]


def _line(rung: Rung, columns: Sequence[str], width: int) -> str:
    middles = [index * width + width // 2 for index in range(len(columns))]
    start, end = columns.index(rung.source), columns.index(rung.destination)
    cells = [" "] * (width * len(columns))
    for middle in middles:
        cells[middle] = "│"
    left, right = sorted((middles[start], middles[end]))
    if left == right:
        cells[left + 1 : left + 1] = list(f"↩ {rung.label}")
    else:
        room = right - left - 3
        shaft = f" {rung.label[: room - 4]} ".center(room, "─")
        cells[left + 1 : right] = list("─" + shaft + "▶" if start < end else "◀" + shaft + "─")
    return f"{rung.time:8.3f} " + "".join(cells).rstrip()
