"""What a drawing of a transfer shows, on a terminal or on a page: columns, arrows, silences and pinned findings."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.diagnosis.case import Case, Finding, SeenMessage, Severity

WORTH_A_GAP = 1.0
"""Seconds without a message from which a drawing shows the silence."""

_CSEQ_METHOD = re.compile(r"^CSeq\s*:\s*\d+\s+(\w+)", re.IGNORECASE | re.MULTILINE)
_TO_TAG = re.compile(r"^(?:To|t)\s*:.*;\s*tag\s*=", re.IGNORECASE | re.MULTILINE)
_OPERATION = re.compile(r"^[ -]*operation: (\w+)", re.MULTILINE)
_END_OF_HEADERS = re.compile(r"\n\r?\n")
_REPORTED = re.compile(r"^\r?\nSIP/2\.0 (\d{3})", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Pin:
    """A finding at an arrow: `number` is its place in the case's findings, from 1."""

    number: int
    severity: Severity


@dataclass(frozen=True, slots=True)
class Arrow:
    """One message from column to column. `label` is what stands on it, `leg` an index into the transfer's legs (None
    for no leg of it), `silence` the seconds without any message before it, 0 when too short to be shown.
    """

    message: SeenMessage
    source: int
    destination: int
    label: str
    leg: int | None
    silence: float
    pins: tuple[Pin, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """Columns in the order in which hosts first appear, arrows in order of time."""

    columns: tuple[str, ...]
    arrows: tuple[Arrow, ...]


def picture(case: Case) -> Picture:
    """The drawing of `case`."""
    names = _names(case.messages)
    columns = {name: at for at, name in enumerate(dict.fromkeys(names.values()))}
    pins = _pins(case.findings)
    arrows = []
    before = case.messages[0].time if case.messages else 0.0
    for message in case.messages:
        silence = message.time - before
        arrows.append(
            Arrow(
                message,
                columns[names[message.source]],
                columns[names[message.destination]],
                label(message),
                int(message.leg) if message.leg.isdecimal() else None,
                silence if silence >= WORTH_A_GAP else 0.0,
                tuple(pins.get(message.frame, ())),
            )
        )
        before = message.time
    return Picture(tuple(columns), tuple(arrows))


def label(message: SeenMessage) -> str:
    """The title, and what tells a message from others of that title: what a NOTIFY reports (RFC 3515 §2.4.5), that an
    INVITE is one within its dialog, to what a response is where that is no INVITE, what operation a FACILITY invokes.
    """
    title, text = message.title, message.text
    if message.protocol != "sip":
        operation = _OPERATION.search(text)
        return f"{title} {operation[1]}" if operation else title
    if title == "NOTIFY":
        reported = _REPORTED.search(text)
        return f"NOTIFY {reported[1]}" if reported else title
    if title == "INVITE":
        return "re-INVITE" if _TO_TAG.search(_END_OF_HEADERS.split(text, 1)[0]) else title
    method = _CSEQ_METHOD.search(text) if title[:1].isdecimal() else None
    return f"{title} ({method[1]})" if method and method[1] != "INVITE" else title


def _names(messages: Iterable[SeenMessage]) -> dict[str, str]:
    """Endpoint to column: a host is one column whatever its ports, unless one of them speaks to another."""
    pairs = dict.fromkeys((message.source, message.destination) for message in messages)
    crowded = {host(one) for one, other in pairs if one != other and host(one) == host(other)}
    return {end: end if host(end) in crowded else host(end) for pair in pairs for end in pair}


def host(endpoint: str) -> str:
    """The address of "address:port"; anything else as it is ("user lapd:0/sapi0/tei64")."""
    address, _, port = endpoint.rpartition(":")
    return address if port.isdecimal() and address and " " not in address else endpoint


def _pins(findings: Iterable[Finding]) -> dict[int, list[Pin]]:
    """By frame."""
    pins: defaultdict[int, list[Pin]] = defaultdict(list)
    for number, finding in enumerate(findings, 1):
        for frame in dict.fromkeys(finding.frames):
            pins[frame].append(Pin(number, finding.severity))
    return pins
