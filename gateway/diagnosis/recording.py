"""A recording as a diagnosis reads it: the transfers that an engine finds, and every message of their calls."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from heapq import merge
from pathlib import Path
from typing import NamedTuple

from gateway.capture.signals import Problem, Reading
from gateway.diagnosis.call_keys import CallKeys
from gateway.diagnosis.media import Tape
from gateway.diagnosis.shelf import Heard, Shelf, TooManyError
from gateway.engine.engine import Engine
from gateway.engine.signal import Signal
from gateway.interworking.legs import Leg
from gateway.interworking.observed import ObservedTransfer
from gateway.model.errors import GatewayError
from gateway.model.legs import SignallingProtocol

_TAGS = re.compile(rb";tag=([^;>\s,]+)")

_AROUND = 1.0
"""Seconds before and after the life of an ISDN or H.323 leg in which a message with its key is still its own."""

MESSAGES_KEPT = 400_000
"""SIP messages that are kept at a time: some 300 MB."""


class Recording:
    """What was heard. `calls` has the SIP messages of every call that plays a part in a transfer, by Call-ID, and of
    calls whose Call-ID differs from such a one only behind the @; `every_call` those of all calls that were kept, and
    `changed` the Call-IDs of those in which an INVITE or UPDATE came again. `others` has the messages of ISDN and
    H.323 calls by the key of their leg. `packets` counts all packets of the file, `messages` the SIP ones. `tape` has
    the media, None when there is some that is not on it.
    """

    def __init__(
        self,
        packets: int,
        engine: Engine,
        problems: Iterable[Problem],
        shelf: Shelf,
        others: Mapping[str, list[Signal]],
        tape: Tape | None = None,
    ) -> None:
        self.packets = packets
        self.messages = shelf.messages
        self.transfers: tuple[ObservedTransfer, ...] = tuple(engine.transfers)
        self.problems = tuple(sorted(problems, key=lambda problem: problem.frame))
        self.others = others
        self.tape = tape
        self._shelf = shelf
        wanted = _wanted(self.transfers)
        chosen = (key for key in shelf.calls if key.partition(b"@")[0] in wanted) if wanted else ()
        self.calls = {_text(key): shelf.calls[key] for key in chosen}

    def heard(self, leg: Leg) -> list[Signal]:
        """The messages of an ISDN or H.323 leg, in order of time."""
        start, end = leg.started - _AROUND, leg.last_seen + _AROUND
        return [signal for signal in self.others.get(leg.key, ()) if start <= signal.time <= end]

    @cached_property
    def every_call(self) -> dict[str, list[Heard]]:
        """Made when somebody looks for a call that is not there."""
        return {_text(key): call for key, call in self._shelf.calls.items()}

    @cached_property
    def call_by_local_part(self) -> dict[str, str]:
        """The first Call-ID with each part before the @, in lower case."""
        found: dict[str, str] = {}
        for call_id in self.every_call:
            found.setdefault(call_id.partition("@")[0].lower(), call_id)
        return found

    @cached_property
    def message_by_tag(self) -> dict[bytes, tuple[str, list[Heard]]]:
        """The Call-ID and the first message in which each tag of a From or To occurs."""
        found: dict[bytes, tuple[str, list[Heard]]] = {}
        for call_id, messages in self.every_call.items():
            for message in messages:
                for tag in _TAGS.findall(message[2]):
                    if tag not in found:
                        found[tag] = call_id, [message]
        return found

    @property
    def changed(self) -> list[str]:
        """Of all calls, transferred or not."""
        return [_text(key) for key in self._shelf.calls if key in self._shelf.changed]

    @property
    def refers_apart(self) -> Iterator[list[Heard]]:
        """Calls with a REFER that is part of no transfer: that REFER and all its answers."""
        known = {frame for transfer in self.transfers for frame in transfer.frames}
        for key, call in self._shelf.calls.items():
            if key in self._shelf.marked and any(
                each[2].startswith(b"REFER ") and each[0] not in known for each in call
            ):
                yield [each for each in call if not (each[2].startswith(b"REFER ") and each[0] in known)]

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
        return self.packets > self.messages


class Usual(NamedTuple):
    """The quartiles of some times in seconds, and how many there were."""

    number: int
    lower: float
    middle: float
    upper: float


def read(path: Path, progress: Callable[[int], None] | None = None) -> Recording:
    """Reads the capture at `path`; `progress` hears of the octets read so far.

    Raises DecodeError when the file is no capture.
    """
    try:
        return _read_at_once(path, progress)
    except TooManyError:
        return _read_twice(path, progress)


def _read_at_once(path: Path, progress: Callable[[int], None] | None) -> Recording:
    """Everything is put on a shelf, and the engine gets of it what it needs."""
    problems: list[Problem] = []
    reading = Reading(path, problems.append, progress)
    shelf, others = Shelf(MESSAGES_KEPT), list[Signal]()

    def take(signal: Signal) -> None:
        if signal.protocol == "sip":
            shelf.put(signal.frame, signal.time, signal.octets, signal.source, signal.destination)
        else:
            others.append(signal)

    tape = Tape()
    reading.feed(take, shelf.put, tape.put)
    engine, keys = Engine(), CallKeys()
    # A call in another protocol may be part of any transfer that is like it in numbers and time.
    heard: list[Heard] = shelf.all() if others else shelf.of_transfers()
    for message in _in_order(heard, others):
        try:
            _feed(engine, keys, message)
        except GatewayError as error:
            problems.append(Problem(message[0], str(error)))
    problems += (Problem(*late) for late in engine.finish())
    has_all = not tape.is_full and not reading.has_other_media
    return Recording(reading.packets, engine, problems, shelf, keys.calls, tape if has_all else None)


def _in_order(heard: list[Heard], others: list[Signal]) -> "Iterable[Heard | Signal]":
    return merge(heard, others, key=_frame) if others else heard


def _frame(message: "Heard | Signal") -> int:
    return message[0]


def _feed(engine: Engine, keys: CallKeys, message: "Heard | Signal") -> None:
    if isinstance(message, Signal):
        engine.take(message)
        keys.hear(message)
    else:
        engine.sip(*message)


def _read_twice(path: Path, progress: Callable[[int], None] | None) -> Recording:
    """The engine hears everything, and what it found is read again."""
    problems: list[Problem] = []
    engine, keys = Engine(), CallKeys()

    def take(signal: Signal) -> None:
        engine.take(signal)
        if signal.protocol != "sip":
            keys.hear(signal)

    reading = Reading(path, problems.append, progress)
    reading.feed(take, engine.sip)
    problems += (Problem(*late) for late in engine.finish())
    wanted = _wanted(engine.transfers)
    shelf = Shelf(reading.packets)

    def again(signal: Signal) -> None:
        if signal.protocol == "sip":
            shelf.put_if(wanted, signal.frame, signal.time, signal.octets, signal.source, signal.destination)

    def sip_again(frame: int, time: float, octets: bytes, source: str, destination: str) -> None:
        shelf.put_if(wanted, frame, time, octets, source, destination)

    Reading(path, lambda _: None).feed(again, sip_again)
    return Recording(reading.packets, engine, problems, shelf, keys.calls)


def _wanted(transfers: Iterable[ObservedTransfer]) -> frozenset[bytes]:
    legs = (linked.leg for transfer in transfers for linked in transfer.legs)
    sip = (leg.key for leg in legs if leg.protocol is SignallingProtocol.SIP)
    return frozenset(key.partition("@")[0].encode("utf-8", "replace") for key in sip)


def _usual(times: Iterable[float]) -> Usual | None:
    every = sorted(times)
    number = len(every)
    return Usual(number, *(every[number * part // 4] for part in (1, 2, 3))) if number > 1 else None


def _text(key: bytes) -> str:
    return key.decode("utf-8", "replace")
