"""What went over the wire, out of a capture, as steps of a ladder between named parties."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from gateway.capture.signals import Signal, signals
from gateway.model.errors import GatewayError
from gateway.sip.scan import Scan, start_of
from gateway.sip.sipfrag import Sipfrag

_TRYING = 100
_REPORTS = (b"REFER", b"NOTIFY")
_CALLS = (b"INVITE", b"ACK", b"UPDATE")


class Step(NamedTuple):
    """One message; `time` is in seconds since 1970. `is_transfer`: without the transfer it would not be there."""

    time: float
    source: str
    destination: str
    label: str
    is_transfer: bool


def steps(capture: Path, names: Mapping[str, str], begin: float, end: float) -> list[Step]:
    """The SIP messages between those parties whose transaction began from `begin` to before `end` (since 1970), each
    once.

    `names` are the parties by address and port. 100 Trying and OPTIONS are left out. Raises GatewayError.
    """
    seen: set[tuple[str, bytes]] = set()
    begun: dict[tuple[frozenset[str], str, int], float] = {}
    found: list[Step] = []
    for signal in signals(capture, lambda problem: None):
        key = (signal.destination, signal.octets)
        ends = frozenset({signal.source, signal.destination})
        scan = Scan(signal.octets)
        since = begun.setdefault((ends, scan.call_id, scan.cseq_number), signal.time)
        if begin <= since < end and key not in seen and ends <= names.keys():
            seen.add(key)
            asked = any(step.label.startswith("REFER") for step in found)
            found += _step(signal, scan, names, asked)
    return found


def _step(signal: Signal, scan: Scan, names: Mapping[str, str], asked: bool) -> Iterator[Step]:
    """`asked`: whether the transfer has been asked for."""
    method, status = start_of(signal.octets)
    about = scan.cseq_method
    if status == _TRYING or about == b"OPTIONS":
        return
    label = f"{status} {about.decode()}" if status else _label(method, scan)
    is_transfer = about in _REPORTS or (asked and about in _CALLS)
    yield Step(signal.time, names[signal.source], names[signal.destination], label, is_transfer)


def _label(method: bytes, scan: Scan) -> str:
    if method == b"INVITE" and scan.to_tag:
        return "re-INVITE"
    if method == b"REFER" and scan.says(b"replaces="):
        return "REFER, Replaces"
    if method == b"NOTIFY":
        return f"NOTIFY {_reported(scan)}"
    return method.decode("utf-8", "replace")


def _reported(scan: Scan) -> str:
    try:
        return str(Sipfrag.parse(scan.octets[scan.end_of_headers + 4 :]).status)
    except GatewayError:
        return ""
