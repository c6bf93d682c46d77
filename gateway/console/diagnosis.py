"""A diagnosis as text for a person: each transfer, its findings, its ladder, its media."""

from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from gateway.console.ladder import case_ladder
from gateway.console.render import console
from gateway.diagnosis.case import Case, Diagnosis, Finding, Severity, StreamQuality
from gateway.model.errors import GatewayError

_SIGNS = {Severity.ERROR: "✖", Severity.WARNING: "▲", Severity.NOTE: "•"}
_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_OUTCOMES = {"succeeded": "green", "failed": "red", "refused": "red", "pending": "yellow"}
_AROUND = 4
_MOST_PROBLEMS = 20


def diagnosis(result: Diagnosis) -> None:
    """Prints all of it."""
    out = console()
    out.print(Text(f"{result.packets} packets, {_count(len(result.cases), 'transfer')}"))
    for number, case in enumerate(result.cases, 1):
        out.print(_case(number, case, out))
    if result.findings:
        out.print(Panel(_findings(result.findings), title="outside of any transfer", title_align="left"))
    for frame, what in result.problems[:_MOST_PROBLEMS]:
        out.print(Text(f"frame {frame}: {what}", style="yellow"))
    if len(result.problems) > _MOST_PROBLEMS:
        out.print(f"… and {len(result.problems) - _MOST_PROBLEMS} more problems")


def write_page(result: Diagnosis, path: Path) -> None:
    """Writes it as one HTML file. Raises GatewayError when that would destroy the capture, OSError."""
    from gateway.console.page import page

    if path.exists() and path.samefile(result.capture):
        raise GatewayError("this is the capture to read, and writing would destroy it", where=str(path))
    path.write_text(page(result), encoding="utf-8", errors="replace")


def _case(number: int, case: Case, out: Console) -> Panel:
    transfer = case.transfer
    outcome = str(transfer.outcome)
    title = Text.assemble(f"transfer {number}: {transfer.kind}, ", (outcome, _OUTCOMES[outcome]))
    parties = " → ".join(
        f"{role} {who or '?'}"
        for role, who in (
            ("transferor", transfer.transferor),
            ("transferee", transfer.transferee),
            ("target", transfer.target),
        )
    )
    parts: list[RenderableType] = [Text(parties, style="dim"), Text()]
    parts.append(_findings(case.findings) if case.findings else Text("nothing found", style="green"))
    parts += [Text(), *case_ladder(case, out.width - _AROUND)]
    if case.quality:
        parts += [Text(), _media(case.quality)]
    return Panel(Group(*parts), title=title, title_align="left")


def _findings(findings: tuple[Finding, ...]) -> Table:
    """Numbered as in the ladder."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column()
    for number, finding in enumerate(findings, 1):
        sign = Text(f"{_SIGNS[finding.severity]}{number}", style=_STYLES[finding.severity])
        grid.add_row(sign, Text.assemble((f"[{finding.rule}] ", "bold"), finding.what))
        where = ", ".join(map(str, finding.frames))
        frames = f"frame{'' if len(finding.frames) == 1 else 's'} {where}" if finding.frames else ""
        about = "; ".join(filter(None, (frames, finding.header, finding.clause)))
        grid.add_row("", Text(about, style="dim"))
        if finding.advice:
            grid.add_row("", Text(f"→ {finding.advice}"))
    return grid


_COLUMNS = ("leg", "when", "from", "to", "codec", "packets", "lost", "jitter ms", "most", "gaps", "DSCP", "RTCP lost")


def _media(quality: tuple[StreamQuality, ...]) -> Table:
    table = Table(*_COLUMNS, title="media", title_justify="left")
    for stream in quality:
        codec = f"{stream.codec}{' SRTP' if stream.encrypted else ''}"
        gaps = f"{stream.gaps} (≤ {stream.longest_gap:.1f} s)" if stream.gaps else "0"
        table.add_row(
            *map(
                Text,
                (
                    str(int(stream.leg) + 1) if stream.leg else "",
                    stream.phase,
                    stream.source,
                    stream.destination,
                    codec,
                    str(stream.packets),
                    f"{stream.lost} ({stream.loss * 100:.1f} %)",
                    _milliseconds(stream.jitter),
                    _milliseconds(stream.jitter_most),
                    gaps,
                    ", ".join(map(str, stream.dscp)),
                    "-" if stream.reported_lost is None else str(stream.reported_lost),
                ),
            )
        )
    return table


def _milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1000:.1f}"


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"
