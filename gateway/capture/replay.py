"""Replay: a capture goes through the engine, and what is found is told, and written in another dialect."""

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.capture.signals import Problem, Reading
from gateway.engine.engine import Engine
from gateway.engine.tally import Tally
from gateway.interworking.observed import ObservedTransfer
from gateway.model.errors import GatewayError
from gateway.model.legs import SignallingProtocol

if TYPE_CHECKING:
    from gateway.engine.rewriting import Rewritten

GATEWAY, FAR_SIDE = "192.0.2.1", "192.0.2.2"
"""Addresses in what is written (RFC 5737)."""

COUNTED = ("sip", "q931", "h225", "h450")
"""What messages are counted by; all four are always there."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a capture holds. `rewritten` has, for each transfer, its messages in the dialect asked for."""

    packets: int
    tally: Tally
    transfers: tuple[ObservedTransfer, ...]
    problems: tuple[Problem, ...]
    rewritten: "tuple[Rewritten, ...]" = ()

    def as_document(self) -> dict[str, Any]:
        """The JSON form of the command `replay`."""
        transfers = [transfer.as_document() for transfer in self.transfers]
        for document, rewritten in zip(transfers, self.rewritten, strict=False):
            document.update(rewritten.as_document())
        return {
            "packets": self.packets,
            "messages": _counts(self.tally.once),
            "messages_on_wire": _counts(self.tally.on_wire),
            "transfers": transfers,
            "problems": [{"frame": problem.frame, "what": problem.what} for problem in self.problems],
        }


def _counts(tally: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    return {protocol: dict(tally.get(protocol, {})) for protocol in COUNTED}


def replay(
    capture: Path,
    *,
    target: str | None = None,
    output: Path | None = None,
    profile: str = "rfc3398",
    progress: Callable[[int], None] | None = None,
) -> Report:
    """Everything that is to be known of the transfers in `capture`; in dialect `target` too, into file `output`.

    `progress` is called with the octets read so far. Raises DecodeError when the file is no capture, GatewayError
    when it would be written over itself, OSError when it cannot be read or written.
    """
    if output is not None and output.exists() and output.samefile(capture):
        raise GatewayError("this is the capture to read, and writing would destroy it", where=str(output))
    problems: list[Problem] = []
    engine = Engine(profile)
    reading = Reading(capture, problems.append, progress)
    with no_collections():
        reading.feed(engine.take, engine.sip)
    problems += (Problem(*late) for late in engine.finish())
    problems.sort(key=lambda problem: problem.frame)
    found = tuple(engine.transfers)
    rewritten = _rewritten(found, target, profile) if target else ()
    if output is not None:
        write(output, rewritten)
    return Report(reading.packets, engine.tally, found, tuple(problems), rewritten)


def _rewritten(found: Iterable[ObservedTransfer], target: str, profile: str) -> "tuple[Rewritten, ...]":
    from gateway.engine.rewriting import rewrite  # brings the address map, which takes long to load

    return tuple(rewrite(each, target, number, profile) for number, each in enumerate(found))


@contextmanager
def no_collections() -> Iterator[None]:
    """No runs of the garbage collector: reading makes values by the million and no cycle among them."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def write(output: Path, rewritten: "Iterable[Rewritten]") -> None:
    """The rewritten transfers as a capture of the far side, in order of time. Raises OSError."""
    from gateway.capture.writer import Writer  # brings scapy, which takes long to load

    everything = sorted((sent for each in rewritten for sent in each.sent), key=lambda sent: sent.time)
    with Writer(output) as writer:
        for sent in everything:
            message, ends = sent.message, (GATEWAY, FAR_SIDE) if sent.from_gateway else (FAR_SIDE, GATEWAY)
            if message.protocol is SignallingProtocol.ISDN:
                writer.q931(sent.time, sent.from_gateway, message.octets)
            elif message.protocol is SignallingProtocol.H323:
                writer.h225(sent.time, *ends, message.octets)
            else:
                writer.sip(sent.time, *ends, message.octets)
