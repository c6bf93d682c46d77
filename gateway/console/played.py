"""What `replay --as` shows: each message of the played host and the gateway's, and why they differ."""

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from gateway.console.render import console
from gateway.regression.comparison import Compared, Verdict
from gateway.regression.played import Played

_COLOURS = {
    Verdict.SAME: "green",
    Verdict.EQUIVALENT: "green",
    Verdict.DIFFERENT: "red",
    Verdict.MISSING: "red",
    Verdict.EXTRA: "yellow",
}
_REASONS = 8
"""Differences that are shown of one message; `--json` has them all."""


def played(result: Played) -> None:
    """The messages in order, what became of transfers, and what could not be played."""
    out = console()
    out.print(_messages(result))
    for record in result.records:
        out.print(f"transfer {record['kind']}: {record['outcome']}, {record['transferee']} to {record['target']}")
    for problem in result.problems:
        out.print(Text(problem, style="yellow"))
    said = ", ".join(f"{count} {verdict}" for verdict, count in result.counts.items() if count)
    out.print(said or "nothing was said")


def _messages(result: Played) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("frame", "recorded", "ours", "message", "to", "verdict"):
        table.add_column(name, justify="right" if name in ("frame", "recorded", "ours") else "left")
    for compared in result.compared:
        table.add_row(*_cells(compared))
        for reason in _shown(compared):
            table.add_row("", "", "", Text(f"  {reason}", style="dim"), "", "")
    return table


def _shown(compared: Compared) -> Iterator[str]:
    """Of what may vary nothing is said, unless it stands for the message itself."""
    if compared.verdict is Verdict.EQUIVALENT and compared.recorded and compared.ours:
        return
    yield from compared.reasons[:_REASONS]
    if len(compared.reasons) > _REASONS:
        yield f"and {len(compared.reasons) - _REASONS} more"


def _cells(compared: Compared) -> tuple[str | Text, ...]:
    recorded, ours = compared.recorded, compared.ours
    named = recorded or ours
    assert named is not None
    return (
        str(recorded.frame) if recorded else "",
        f"{recorded.time:.3f}" if recorded else "",
        f"{ours.time:.3f}" if ours else "",
        named.name,
        named.destination,
        Text(compared.verdict.value, style=_COLOURS[compared.verdict]),
    )
