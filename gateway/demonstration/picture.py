"""What went over the wire, out of a capture, as steps of a ladder between named parties."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from gateway.capture.signals import Signal, signals
from gateway.h323 import h225, h450
from gateway.h323.operations import operation_name
from gateway.isdn import operations, q931
from gateway.isdn.q931 import Message
from gateway.model.errors import GatewayError
from gateway.model.remote_operations import Invoke, Reject, ReturnError, ReturnResult
from gateway.sip.scan import Scan, start_of
from gateway.sip.sipfrag import Sipfrag

_TRYING = 100
_ANSWERS = {ReturnResult: "result", ReturnError: "error", Reject: "reject"}
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
    """The messages between those parties from `begin` to before `end` (since 1970), each once; a SIP message belongs
    to the time at which its transaction began.

    `names` are the parties by address and port, those of a D channel by their side. 100 Trying and OPTIONS are left
    out. Raises GatewayError.
    """
    seen: set[tuple[str, bytes]] = set()
    begun: dict[tuple[frozenset[str], str, int], float] = {}
    found: list[Step] = []
    for signal in signals(capture, lambda problem: None):
        key = (signal.destination, signal.octets)
        ends = frozenset({signal.source, signal.destination})
        if signal.protocol in ("h225", "h245"):
            found += _h323_step(signal, names) if begin <= signal.time < end else ()
            continue
        if signal.protocol == "q931":
            found += _isdn_step(signal, names) if begin <= signal.time < end and ends <= names.keys() else ()
            continue
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


def _isdn_step(signal: Signal, names: Mapping[str, str]) -> Iterator[Step]:
    """A Q.931 message; one that says something in Facility elements is of the transfer."""
    message = q931.decode(signal.octets)
    said = ", ".join(_components(message))
    label = f"{message.name} {said}" if said else message.name
    yield Step(signal.time, names[signal.source], names[signal.destination], label, bool(said))


def _h323_step(signal: Signal, names: Mapping[str, str]) -> Iterator[Step]:
    """A message of call signalling; the end that is not in `names` is a port of the only party of H.323 that is not
    at the other end. Those that only carry H.245 are left out.
    """
    try:
        message = h225.decode(signal.octets)
    except GatewayError:
        return
    said = ", ".join(_operations(message))
    if message.name == "FACILITY" and not said:
        return
    label = f"{message.name} {said}" if said else message.name
    source, destination = _h323_ends(signal, names)
    yield Step(signal.time, source, destination, label, bool(said))


def _h323_ends(signal: Signal, names: Mapping[str, str]) -> tuple[str, str]:
    """Who sends to whom. A connection leads to the listener of the one who was called."""
    ours, theirs = list(names.values())[1:3]
    listener = names.get(signal.destination) or names.get(signal.source) or ours
    caller = ours if listener == theirs else theirs
    to_listener = signal.destination in names or (listener == ours and signal.source not in names)
    return (caller, listener) if to_listener else (listener, caller)


def _operations(message: h225.CallSignal) -> Iterator[str]:
    for octets in message.supplementary_services:
        for component in h450.decode(octets).components:
            if isinstance(component, Invoke):
                yield operation_name(component.operation)
            else:
                yield _ANSWERS[type(component)]


def _components(message: Message) -> Iterator[str]:
    """What the components of its Facility elements are, by the operations of EuroISDN."""
    for component in (each for facility in message.facilities() for each in facility.components):
        if isinstance(component, Invoke):
            found = operations.operation("etsi", component.operation)
            yield found.name if found is not None else str(component.operation)
        else:
            yield _ANSWERS[type(component)]


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
