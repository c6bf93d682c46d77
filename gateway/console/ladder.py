"""Ladder diagrams in text: a column for each party, an arrow for each message, a gap for each silence.

An arrow has its word on it where columns are wide enough; else columns go by letters and the words stand beside
them; where not even that fits, each message is a line in words. Heavy arrows are the transfer's own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import NamedTuple

from rich.text import Text

from gateway.console.picture import Pin, picture
from gateway.diagnosis.case import Case, Severity
from gateway.interworking.observed import LinkedLeg

_NARROWEST, _USUAL, _WIDEST = 16, 30, 44
"""Characters of a column: what an arrow with a word on it takes, what looks well, what is enough."""
_NARROWEST_LETTERED, _WIDEST_LETTERED = 4, 12
"""The same for columns without words."""
_WORDS = 16
"""Characters that words beside the columns need at least."""

_TIME = 9
_LEG = 2
"""Characters of the time, and of the number of the leg where legs are told apart."""

LEG_COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "bright_cyan", "bright_magenta", "bright_green")
SEVERITY_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "bright_blue"}
SEVERITY_SIGNS = {Severity.ERROR: "✖", Severity.WARNING: "▲", Severity.NOTE: "•"}


@dataclass(frozen=True, slots=True)
class Rung:
    """One message: `time` in seconds since the first, from and to by column name.

    `is_strong` makes it heavy, `leg` is the index of its leg (a number and a colour), `pins` are findings about it,
    `silence` is how many seconds without a message before it are to be shown.
    """

    time: float
    source: str
    destination: str
    label: str
    is_strong: bool = False
    leg: int | None = None
    pins: tuple[Pin, ...] = ()
    silence: float = 0.0


class _Line(NamedTuple):
    """A line and what is coloured in it: (from, to, style)."""

    text: str
    spans: tuple[tuple[int, int, str], ...] = ()


class _Paper(NamedTuple):
    """How the columns stand: the middle of each, the width of one, whether words are on the arrows."""

    middles: dict[str, int]
    column: int
    lettered: bool
    gutter: int


def ladder(rungs: Sequence[Rung], width: int, columns: Sequence[str] = ()) -> list[str]:
    """The lines of the diagram, none longer than `width`; first `columns`, then the others as they first appear."""
    return [line.text[:width] for line in _lines(rungs, width, columns)]


def coloured(rungs: Sequence[Rung], width: int, columns: Sequence[str] = ()) -> list[Text]:
    """The same lines with a colour for each leg and each severity, the strong ones bold."""
    return [_painted(line, width) for line in _lines(rungs, width, columns)]


def case_ladder(case: Case, width: int) -> list[Text]:
    """All messages of `case`: a line for each leg, then the diagram."""
    return [*(_leg_line(at, linked, width) for at, linked in enumerate(case.transfer.legs)), *_case(case, width)]


def _case(case: Case, width: int) -> list[Text]:
    drawn = picture(case)
    start = case.messages[0].time if case.messages else 0.0
    several = len({message.protocol for message in case.messages}) > 1
    rungs = [
        Rung(
            arrow.message.time - start,
            drawn.columns[arrow.source],
            drawn.columns[arrow.destination],
            f"{arrow.message.protocol} {arrow.label}" if several else arrow.label,
            arrow.message.is_transfer,
            arrow.leg,
            arrow.pins,
            arrow.silence,
        )
        for arrow in drawn.arrows
    ]
    return coloured(rungs, width)


def pin_mark(pin: Pin) -> str:
    """How a finding is named at its arrows: "✖1" an error, "▲2" a warning, "•3" a note."""
    return f"{SEVERITY_SIGNS[pin.severity]}{pin.number}"


def _leg_line(at: int, linked: LinkedLeg, width: int) -> Text:
    leg = linked.leg
    line = f"{at + 1} {linked.role} leg, {leg.protocol}: {leg.calling or '?'} → {leg.called or '?'}"
    return _painted(_Line(_printable(line), ((0, width, _leg_style(at)),)), width)


def _leg_style(leg: int | None) -> str:
    return "" if leg is None else LEG_COLOURS[leg % len(LEG_COLOURS)]


def _painted(line: _Line, width: int) -> Text:
    text = Text(line.text[:width], no_wrap=True)
    for start, end, style in line.spans:
        text.stylize(style, start, end)
    return text


def _printable(text: str) -> str:
    """What a peer wrote must not steer the terminal."""
    return text if text.isprintable() else "".join(each if each.isprintable() else "�" for each in text)


def _lines(rungs: Sequence[Rung], width: int, first: Sequence[str] = ()) -> Iterator[_Line]:
    names = (name for rung in rungs for name in (rung.source, rung.destination))
    columns = list(dict.fromkeys((*first, *names)))
    if not columns:
        return
    paper = _wide_paper(rungs, columns, width) or _lettered_paper(rungs, columns, width)
    if paper is None:
        yield from (_in_words(rung) for rung in rungs)
        return
    yield from _head(columns, paper)
    for rung in rungs:
        if rung.silence:
            yield _silence(rung, paper)
        yield _arrow(rung, paper, width)


def _gutter(rungs: Sequence[Rung]) -> int:
    return _TIME + (_LEG if any(rung.leg is not None for rung in rungs) else 0)


def _wide_paper(rungs: Sequence[Rung], columns: Sequence[str], width: int) -> _Paper | None:
    """Words on the arrows; None where there is no room for them, or for what tells the columns apart."""
    gutter = _gutter(rungs)
    room = (width - gutter) // max(len(columns), 1)
    if room < _NARROWEST or len({name[: room - 1] for name in columns}) < len(columns):
        return None
    longest = max((len(text) for text in (*columns, *map(_label, rungs))), default=0)
    column = min(max(longest + 8, _USUAL), _WIDEST, room)
    return _Paper({name: at * column + column // 2 for at, name in enumerate(columns)}, column, False, gutter)


def _lettered_paper(rungs: Sequence[Rung], columns: Sequence[str], width: int) -> _Paper | None:
    """Words beside the columns; None where there is no room for those either."""
    gutter = _gutter(rungs)
    words = min(max(map(len, map(_label, rungs)), default=0) + 1, max(_WORDS, width // 3))
    column = min((width - gutter - words) // max(len(columns), 1), _WIDEST_LETTERED)
    if column < _NARROWEST_LETTERED or len(columns) > len(ascii_uppercase):
        return None
    return _Paper({name: at * column + column // 2 for at, name in enumerate(columns)}, column, True, gutter)


def _head(columns: Sequence[str], paper: _Paper) -> Iterator[_Line]:
    blank = " " * paper.gutter
    if not paper.lettered:
        names = (_printable(name[: paper.column - 1]).center(paper.column) for name in columns)
        yield _Line(blank + "".join(names).rstrip())
        return
    letters = ascii_uppercase[: len(columns)]
    yield from (_Line(f"{blank}{letter} {_printable(name)}") for letter, name in zip(letters, columns, strict=True))
    yield _Line(
        blank + "".join(letter.rjust(paper.column // 2 + 1).ljust(paper.column) for letter in letters).rstrip()
    )


def _label(rung: Rung) -> str:
    return " ".join((_printable(rung.label), *map(pin_mark, rung.pins)))


def _in_words(rung: Rung) -> _Line:
    words = f"{rung.label}: {rung.source} → {rung.destination}"
    line = " ".join((f"{rung.time:8.3f}", *map(pin_mark, rung.pins), _printable(words)))
    return _Line(line, ((_TIME, len(line), _leg_style(rung.leg)), *_pin_spans(rung, line)))


def _silence(rung: Rung, paper: _Paper) -> _Line:
    cells = [" "] * (paper.column * len(paper.middles))
    for middle in paper.middles.values():
        cells[middle] = "┊"
    line = f"{f'{rung.silence:.1f} s':>8} ".ljust(paper.gutter) + "".join(cells).rstrip()
    return _Line(line, ((0, len(line), "dim"),))


def _arrow(rung: Rung, paper: _Paper, width: int) -> _Line:
    cells = [" "] * (paper.column * len(paper.middles))
    for middle in paper.middles.values():
        cells[middle] = "│"
    left, right = sorted((paper.middles[rung.source], paper.middles[rung.destination]))
    label = "" if paper.lettered else _fitting(rung, (paper.column if left == right else right - left - 3) - 4)
    if left == right:
        drawn = f"↩ {label}".rstrip()
    else:
        drawn = _shaft(rung, label, right - left - 1, paper.middles[rung.source] == left)
    cells[left + 1 : left + 1 + len(drawn)] = drawn
    number = "" if rung.leg is None else str(rung.leg + 1)
    start = f"{rung.time:8.3f} {number}".ljust(paper.gutter)
    line = start + "".join(cells).rstrip()
    end = paper.gutter + left + 1 + len(drawn)
    style = _leg_style(rung.leg) + (" bold" if rung.is_strong else "")
    spans = [(_TIME, _TIME + len(number), style), (paper.gutter + left + 1, end, style)]
    if paper.lettered:
        beside = paper.gutter + len(cells)
        line = line.ljust(beside) + _fitting(rung, width - beside)
        spans.append((beside, len(line), style))
    return _Line(line, (*spans, *_pin_spans(rung, line)))


def _shaft(rung: Rung, label: str, length: int, rightwards: bool) -> str:
    stroke = "━" if rung.is_strong else "─"
    shaft = (f" {label} " if label else "").center(length - 2, stroke)
    return f"{stroke}{shaft}▶" if rightwards else f"◀{shaft}{stroke}"


def _fitting(rung: Rung, room: int) -> str:
    """The label in `room` characters; the pins are what is kept longest."""
    label = _label(rung)
    if len(label) <= room:
        return label
    pins = " ".join(map(pin_mark, rung.pins))
    words = _printable(rung.label)[: max(room - len(pins) - 1, 0)]
    return f"{words} {pins}".strip()[: max(room, 0)] if pins else words[: max(room, 0)]


def _pin_spans(rung: Rung, line: str) -> Iterator[tuple[int, int, str]]:
    end = 0
    for pin in rung.pins:
        at = line.find(pin_mark(pin), end)
        if at >= 0:
            end = at + len(pin_mark(pin))
            yield at, end, SEVERITY_STYLES[pin.severity]
