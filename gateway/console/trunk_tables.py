"""`refergate trunk status`: links, channels and calls of a running server as tables."""

from collections import Counter
from itertools import groupby
from typing import Any

from rich.table import Table
from rich.text import Text

from gateway.console.render import console

_UP, _DOWN = ("up", "green"), ("down", "red")


def show(trunks: list[dict[str, Any]]) -> None:
    """One line for each trunk, then one for each call."""
    out = console()
    out.print(_trunks(trunks))
    calls = [(trunk["name"], call) for trunk in trunks for call in trunk["calls"]]
    out.print(_calls(calls) if calls else "no calls")


def _trunks(trunks: list[dict[str, Any]]) -> Table:
    table = Table("trunk", "protocol", "link", "state", "channels", "calls", title="Trunks", title_justify="left")
    for trunk in trunks:
        for number, (link, is_up) in enumerate(_links(trunk)):
            first = not number
            table.add_row(
                Text(trunk["name"] if first else ""),
                Text(_kind(trunk) if first else ""),
                Text(link),
                Text(*(_UP if is_up else _DOWN)) if is_up is not None else "",
                Text(_channels(trunk) if first else ""),
                Text(str(len(trunk["calls"])) if first else ""),
            )
    return table


def _links(trunk: dict[str, Any]) -> list[tuple[str, bool | None]]:
    if "peers" in trunk:
        return [(peer["address"], peer["up"]) for peer in trunk["peers"]] or [("", None)]
    return [(trunk.get("link", ""), trunk.get("up"))]


def _kind(trunk: dict[str, Any]) -> str:
    words = (trunk["protocol"], trunk.get("variant"), trunk.get("side") and f"{trunk['side']} side")
    return " ".join(filter(None, words))


def _channels(trunk: dict[str, Any]) -> str:
    """How many are in which state, and the numbers of those that are not idle."""
    channels = trunk.get("channels", [])
    counted = Counter(each["state"] for each in channels)
    parts = []
    for state in ("busy", "out of service", "idle"):
        if counted[state]:
            numbers = [each["channel"] for each in channels if each["state"] == state]
            named = f" ({_ranges(numbers)})" if state != "idle" else ""
            parts.append(f"{counted[state]} {state}{named}")
    return ", ".join(parts)


def _ranges(numbers: list[int]) -> str:
    """1-3,7"""
    found = []
    for _, group in groupby(enumerate(sorted(numbers)), key=lambda pair: pair[1] - pair[0]):
        run = [number for _, number in group]
        found.append(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}")
    return ",".join(found)


def _calls(calls: list[tuple[str, dict[str, Any]]]) -> Table:
    table = Table("trunk", "channel", "", "party", "state", "with", title="Calls", title_justify="left")
    for trunk, call in calls:
        other = call["with"]
        table.add_row(
            Text(trunk),
            Text("" if call.get("channel") is None else str(call["channel"])),
            Text("from" if call["direction"] == "in" else "to"),
            Text(call["address"]),
            Text(_state(call)),
            Text(f"{other['address']} ({other['trunk']})" if other else ""),
        )
    return table


def _state(call: dict[str, Any]) -> str:
    state = call.get("state") or ("answered" if call["answered"] else "not answered")
    hold = call.get("hold", "idle")
    return state if hold == "idle" else f"{state}, {hold}"
