"""A recording as a diagnosis reads it: the transfers that the engine finds in it, and every message of their calls.

All SIP messages are kept while the engine listens, because a REFER late in a call makes its beginning matter. A
recording that is larger than that is read a second time, and then only the calls of transfers are kept.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple

from gateway.capture.replay import no_collections
from gateway.capture.signals import Problem, Reading
from gateway.diagnosis.call_keys import CallKeys
from gateway.engine.engine import Engine
from gateway.engine.signal import Signal
from gateway.interworking.observed import ObservedTransfer
from gateway.model.errors import DecodeError
from gateway.model.legs import SignallingProtocol
from gateway.sip.scan import Scan

MESSAGES_KEPT = 400_000
"""SIP messages that are kept while reading: some 300 MB."""

Heard = tuple[int, float, bytes, str, str]
"""Frame, time, octets, source, destination of a SIP message."""


class Usual(NamedTuple):
    """The quartiles of some times in seconds, and how many there were."""

    number: int
    lower: float
    middle: float
    upper: float


_CALL_ID = b"\nCall-ID: "


class Recording:
    """What was heard. `calls` has the SIP messages of every call that plays a part in a transfer, by Call-ID, and of
    calls whose Call-ID differs from such a one only behind the @. `others` has the messages of ISDN and H.323 calls
    by the key of their leg. `packets` counts all packets of the file.
    """

    def __init__(
        self,
        packets: int,
        transfers: tuple[ObservedTransfer, ...],
        problems: tuple[Problem, ...],
        kept: list[Heard],
        others: dict[str, list[Signal]],
    ) -> None:
        self.packets = packets
        self.transfers = transfers
        self.problems = problems
        self.kept = kept
        self.others = others
        self.calls = _by_call(kept, _wanted(transfers))

    @cached_property
    def every_call(self) -> dict[str, list[Heard]]:
        """All SIP calls that were kept, by Call-ID: made when somebody looks for a call that is not there."""
        return _by_call(self.kept, None)

    @cached_property
    def relatives(self) -> dict[str, list[str]]:
        """The Call-IDs in `calls` by what stands before the @."""
        found: dict[str, list[str]] = {}
        for call_id in self.calls:
            found.setdefault(call_id.partition("@")[0], []).append(call_id)
        return found

    @cached_property
    def usual_acceptance(self) -> "Usual | None":
        """How long it takes from a request to its acceptance."""
        return _usual(each.accepted - each.requested for each in self.transfers if each.accepted is not None)

    @cached_property
    def usual_outcome(self) -> "Usual | None":
        """How long it takes from a request to the final word."""
        return _usual(each.final - each.requested for each in self.transfers if each.final is not None)

    @property
    def has_other_packets(self) -> bool:
        """Whether there may be media among the packets."""
        return self.packets > len(self.kept)


def read(path: Path, progress: Callable[[int], None] | None = None) -> Recording:
    """Reads the capture at `path`; `progress` hears of the octets read so far.

    Raises DecodeError when the file is no capture.
    """
    problems: list[Problem] = []
    engine = Engine()
    reading = Reading(path, problems.append, progress)
    kept: list[Heard] = []
    keys = CallKeys()
    hear, keep = engine.sip, kept.append

    def sip(frame: int, time: float, octets: bytes, source: str, destination: str) -> None:
        if len(kept) <= MESSAGES_KEPT:
            keep((frame, time, octets, source, destination))
        hear(frame, time, octets, source, destination)

    def take(signal: Signal) -> None:
        if signal.protocol == "sip":
            sip(signal.frame, signal.time, signal.octets, signal.source, signal.destination)
        else:
            engine.take(signal)
            keys.hear(signal)

    with no_collections():
        reading.feed(take, sip)
    problems += (Problem(*late) for late in engine.finish())
    problems.sort(key=lambda problem: problem.frame)
    transfers = tuple(engine.transfers)
    if len(kept) > MESSAGES_KEPT:
        kept = _read_again(path, _wanted(transfers))
    return Recording(reading.packets, transfers, tuple(problems), kept, keys.calls)


def _usual(times: Iterable[float]) -> Usual | None:
    every = list(times)
    return Usual(len(every), *quantiles(every, n=4)) if len(every) > 1 else None


def _read_again(path: Path, wanted: frozenset[bytes]) -> list[Heard]:
    kept: list[Heard] = []

    def sip(frame: int, time: float, octets: bytes, source: str, destination: str) -> None:
        if _call_id(octets).partition(b"@")[0] in wanted:
            kept.append((frame, time, octets, source, destination))

    def take(signal: Signal) -> None:
        if signal.protocol == "sip":
            sip(signal.frame, signal.time, signal.octets, signal.source, signal.destination)

    with no_collections():
        Reading(path, lambda _: None).feed(take, sip)
    return kept


def _wanted(transfers: Iterable[ObservedTransfer]) -> frozenset[bytes]:
    legs = (linked.leg for transfer in transfers for linked in transfer.legs)
    sip = (leg.key for leg in legs if leg.protocol is SignallingProtocol.SIP)
    return frozenset(key.partition("@")[0].encode("utf-8", "replace") for key in sip)


def _by_call(kept: list[Heard], wanted: frozenset[bytes] | None) -> dict[str, list[Heard]]:
    found: defaultdict[bytes, list[Heard]] = defaultdict(list)
    for heard in kept:
        octets = heard[2]
        at = octets.find(_CALL_ID) + 10
        end = octets.find(b"\r\n", at)
        key = octets[at:end] if at > 9 and end > 0 else _call_id(octets)
        if wanted is None or key.partition(b"@")[0] in wanted:
            found[key].append(heard)
    return {key.decode("utf-8", "replace"): messages for key, messages in found.items()}


def _call_id(octets: bytes) -> bytes:
    try:
        return Scan(octets).call_id.encode("utf-8", "replace")
    except DecodeError:
        return b""
