"""What the commands print for a person: tables, trees and ladders. `NO_COLOR` and pipes are honoured by rich."""

import os
from collections.abc import Sequence
from typing import Any

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from gateway.capture.replay import Report
from gateway.console.ladder import Rung, ladder
from gateway.engine.rewriting import Rewritten
from gateway.engine.single_message import decode
from gateway.interworking.observed import ObservedTransfer
from gateway.interworking.translation import Translation
from gateway.model.transfer import TransferKind, TransferOutcome, TransferProgress, TransferRequest
from gateway.translators.dialect import Lost, Message

_COLOURS = {"succeeded": "green", "failed": "red", "refused": "red", "pending": "yellow"}
_WIDE = 160
_AROUND = 4
"""Characters of a panel's border and padding."""


class _Output(Console):
    def on_broken_pipe(self) -> None:
        """Left to the caller: rich would end the process as if it had failed."""
        raise BrokenPipeError


def console() -> Console:
    """Standard output; wide enough for ladders when it is no terminal and COLUMNS says nothing."""
    plain = _Output()
    return plain if plain.is_terminal or os.environ.get("COLUMNS", "").isdigit() else _Output(width=_WIDE)


def tree(document: dict[str, Any]) -> None:
    """A document as a tree."""
    root = Tree(Text(str(document.get("kind", "")), style="bold") if "kind" in document else "")
    _grow(root, {key: value for key, value in document.items() if key != "kind"})
    console().print(root)


def _grow(branch: Tree, value: Any) -> None:
    items = value.items() if isinstance(value, dict) else ((f"[{at}]", item) for at, item in enumerate(value))
    for key, item in items:
        if isinstance(item, dict | list):
            _grow(branch.add(Text(str(key), style="bold")), item)
        else:
            branch.add(Text.assemble((f"{key}: ", "cyan"), "-" if item is None else str(item)))


def translation(result: Translation, target: str) -> None:
    """The messages, decoded, and what was lost."""
    out = console()
    for message in result.messages:
        out.print(_message_panel(message, target))
    if result.lost:
        out.print(_lost_table(result.lost))


def _message_panel(message: Message, target: str) -> Panel:
    title = f"{target}: {message.name} on the {message.leg} call"
    if message.protocol == "sip":
        return Panel(Text(message.octets.decode("utf-8", "replace").replace("\r\n", "\n").rstrip()), title=title)
    branch = Tree(Text(message.octets.hex(), style="dim"))
    _grow(branch, decode(message.octets.hex()))
    return Panel(branch, title=title)


def _lost_table(lost: Sequence[Lost]) -> Table:
    table = Table("what", "why", title="not carried over", title_justify="left")
    for item in lost:
        table.add_row(Text(item.what), Text(item.why))
    return table


def mappings(document: dict[str, Any]) -> None:
    """One mapping, or one row for each side."""
    table = Table("to", "code", "name", "source")
    rows = {"": document} if "code" in document else document
    for side, mapped in rows.items():
        table.add_row(side, *(Text(str(mapped.get(key, ""))) for key in ("code", "name", "source")))
    console().print(table)


def replay(report: Report) -> None:
    """Counts, transfers and problems of a capture."""
    out = console()
    out.print(f"{report.packets} packets")
    for protocol, counts in report.tally.once.items():
        if counts:
            out.print(Text(f"  {protocol}: " + ", ".join(f"{name} {count}" for name, count in counts.most_common())))
    for number, transfer in enumerate(report.transfers, 1):
        out.print(_transfer_panel(number, transfer, out.width))
        if number <= len(report.rewritten):
            out.print(rewritten_panel(report.rewritten[number - 1], out.width))
    if not report.transfers:
        out.print("no transfer found")
    for problem in report.problems[:20]:
        out.print(Text(f"frame {problem.frame}: {problem.what}", style="yellow"))
    if len(report.problems) > 20:
        out.print(f"… and {len(report.problems) - 20} more problems")


def _transfer_panel(number: int, transfer: ObservedTransfer, width: int) -> Panel:
    document = transfer.as_document()
    grid = Table.grid(padding=(0, 2))
    for key in ("transferor", "transferee", "target", "status", "cause", "error"):
        if document.get(key) is not None:
            grid.add_row(Text(key, style="cyan"), Text(str(document[key])))
    latency = {key: value for key, value in document["latency"].items() if value is not None}
    grid.add_row(Text("latency", style="cyan"), ", ".join(f"{key} {value:.3f} s" for key, value in latency.items()))
    for linked in transfer.legs:
        leg = linked.leg
        grid.add_row(
            Text(f"{linked.role} leg", style="cyan"),
            Text(f"{leg.protocol} {leg.calling or '?'} → {leg.called or '?'} (matched by {linked.matched_by})"),
        )
    outcome = document["outcome"]
    title = f"transfer {number}: {document['kind']}, [{_COLOURS[outcome]}]{outcome}[/]"
    steps = map(Text, transfer_ladder(transfer, width - _AROUND))
    return Panel(Group(grid, Text(), *steps), title=title, title_align="left")


def transfer_ladder(transfer: ObservedTransfer, width: int) -> list[str]:
    """The transfer's messages as they were seen, in lines of at most `width` characters."""
    rungs = [
        Rung(seen.time - transfer.requested, seen.source, seen.destination, _label(seen.message, event))
        for seen, event in transfer.story
    ]
    return ladder(rungs, width)


def rewritten_panel(rewritten: Rewritten, width: int) -> Panel:
    """The transfer as the other side would see it, in a panel of `width` characters."""
    start = rewritten.sent[0].time if rewritten.sent else 0.0
    rungs = [
        Rung(
            sent.time - start,
            *(("gateway", "far side") if sent.from_gateway else ("far side", "gateway")),
            _far_label(sent.message),
        )
        for sent in rewritten.sent
    ]
    octets = [
        Text(sent.message.octets.hex(), style="dim") for sent in rewritten.sent if sent.message.protocol != "sip"
    ]
    steps = map(Text, ladder(rungs, width - _AROUND))
    parts = [*steps, *octets] if rungs else [Text("nothing that this dialect could say")]
    parts += (
        Text(f"not carried over: {lost.what}: {lost.why}", style="dim") for lost in dict.fromkeys(rewritten.lost)
    )
    return Panel(Group(*parts), title="on the other side", title_align="left")


def _far_label(message: Message) -> str:
    """Name, operation and call of a message, short enough for an arrow."""
    operation = "" if message.protocol == "sip" else _operation(decode(message.octets.hex()))
    call = "2nd" if message.leg == "secondary" else "1st"
    return f"{operation or message.name} ({call} call)"


_ANSWERS = {"returnResult": "result", "returnError": "error", "reject": "reject"}


def _operation(document: Any) -> str:
    """The first operation that a decoded message names, and of an answer its kind."""
    if isinstance(document, list):
        return next(filter(None, map(_operation, document)), "")
    if not isinstance(document, dict):
        return ""
    if isinstance(document.get("operation"), str):
        return str(document["operation"])
    for key, kind in _ANSWERS.items():
        if key in document:
            return f"{_operation(document[key])} {kind}".strip()
    return _operation(list(document.values()))


def _label(message: str, event: object) -> str:
    match event:
        case TransferRequest(kind=kind) if kind is not TransferKind.BYE_ALSO:
            return f"{message} ({kind} transfer)"
        case TransferProgress(status=status) | TransferOutcome(status=int(status)) if message != str(status):
            return f"{message} {status}"
    return message
