"""Ladder diagrams in text: a column for each party, an arrow for each message."""

from collections.abc import Sequence
from dataclasses import dataclass

_NARROWEST, _USUAL, _WIDEST = 16, 30, 44
"""Characters of a column: what an arrow with a word on it takes, what looks well, what is enough."""

_TIME = 9


@dataclass(frozen=True, slots=True)
class Rung:
    """One message: `time` in seconds since the first, from and to by column name."""

    time: float
    source: str
    destination: str
    label: str


def ladder(rungs: Sequence[Rung], width: int) -> list[str]:
    """The lines of the diagram, none longer than `width`; columns in the order in which parties first appear.

    Where there is no room for columns, or for what tells them apart, each message is a line in words.
    """
    columns = list(dict.fromkeys(name for rung in rungs for name in (rung.source, rung.destination)))
    room = (width - _TIME) // max(len(columns), 1)
    if room < _NARROWEST or len({name[: room - 1] for name in columns}) < len(columns):
        return [_in_words(rung)[:width] for rung in rungs]
    longest = max((len(text) for text in (*columns, *(rung.label for rung in rungs))), default=0)
    column = min(max(longest + 8, _USUAL), _WIDEST, room)
    head = "".join(name[: column - 1].center(column) for name in columns)
    return [" " * _TIME + head.rstrip(), *(_line(rung, columns, column)[:width] for rung in rungs)]


def _in_words(rung: Rung) -> str:
    return f"{rung.time:8.3f} {rung.label}: {rung.source} → {rung.destination}"


def _line(rung: Rung, columns: Sequence[str], width: int) -> str:
    middles = [index * width + width // 2 for index in range(len(columns))]
    start, end = columns.index(rung.source), columns.index(rung.destination)
    cells = [" "] * (width * len(columns))
    for middle in middles:
        cells[middle] = "│"
    left, right = sorted((middles[start], middles[end]))
    if left == right:
        note = f"↩ {rung.label}"[: width - 1]
        cells[left + 1 : left + 1 + len(note)] = note
    else:
        room = right - left - 3
        shaft = f" {rung.label[: room - 4]} ".center(room, "─")
        cells[left + 1 : right] = list("─" + shaft + "▶" if start < end else "◀" + shaft + "─")
    return f"{rung.time:8.3f} " + "".join(cells).rstrip()
