"""H.323 in a recording as the played host saw it: call signalling, H.245 on connections of its own, RAS."""

from collections.abc import Iterable, Iterator
from typing import Any

from gateway.engine.signal import Signal
from gateway.h323 import h225, per
from gateway.h323.h225 import CallSignal
from gateway.model.errors import DecodeError
from gateway.regression import h323_fields
from gateway.regression.endpoints import Endpoint, Hosts
from gateway.regression.message import Message as Told
from gateway.regression.message import of_signal

PROTOCOLS = frozenset(("h225", "h245", "ras"))

RELEASE = "RELEASE COMPLETE"
_OF_GATEKEEPER = frozenset(("gatekeeperConfirm", "registrationConfirm", "admissionConfirm", "locationConfirm"))

Connection = tuple[Endpoint, Endpoint]
"""The played host's end and the peer's."""


class Piece:
    """What is compared: an H.225.0 message, or an H.245 message, whatever carried it. `value` is a CallSignal, or the
    value of an H.245 message; of a RAS message its alternative and value.
    """

    __slots__ = ("call", "name", "told", "value")

    def __init__(self, told: Told, value: Any, call: int) -> None:
        self.told, self.value, self.call = told, value, call
        self.name = told.name


class H323Entry:
    """One message. `call` is the number of its call in the recording, 0 for what belongs to none."""

    __slots__ = ("call", "frame", "is_ours", "own", "peer", "time", "told", "value")

    def __init__(self, told: Told, value: Any, own: Endpoint, peer: Endpoint, *, is_ours: bool) -> None:
        self.told, self.value = told, value
        self.frame, self.time = told.frame or 0, told.time
        self.own, self.peer = own, peer
        self.is_ours = is_ours
        self.call = 0

    @property
    def protocol(self) -> str:
        """One of "h225", "h245" and "ras"."""
        return self.told.protocol

    @property
    def connection(self) -> Connection:
        """Between whom it went."""
        return self.own, self.peer

    @property
    def order(self) -> object:
        """What is equal in messages that keep their order: those of one call."""
        return ("h323", self.call) if self.call else None

    @property
    def is_setup(self) -> bool:
        """Whether a call begins."""
        return isinstance(self.value, CallSignal) and self.value.name == "SETUP"


class H323Calls:
    """Numbers calls on one connection: by call reference, and who has allocated it (Q.931 4.3)."""

    def __init__(self, first: Iterator[int]) -> None:
        self._first = first
        self._numbers: dict[tuple[int, bool], int] = {}

    def number(self, message: CallSignal, *, is_ours: bool) -> int:
        """The call of a message; 0 for the whole connection."""
        if not message.call_reference:
            return 0
        key = message.call_reference, message.from_destination is not is_ours
        if key not in self._numbers or message.name == "SETUP":
            self._numbers[key] = next(self._first)
        return self._numbers[key]


class H323Tape:
    """The messages in order, each with the number of its call. `placed` are the calls that the played host began."""

    def __init__(self, entries: Iterable[H323Entry]) -> None:
        self.entries = tuple(entries)
        self.placed: set[int] = set()
        self.setups: dict[int, H323Entry] = {}
        self.problems: list[tuple[int, str]] = []
        self._announced: dict[str, int] = {}
        self._released: dict[int, int] = {}
        numbers = iter(range(1, len(self.entries) + 2))
        calls: dict[Connection, H323Calls] = {}
        for entry in self.entries:
            if entry.protocol == "h225":
                entry.call = calls.setdefault(entry.connection, H323Calls(numbers)).number(
                    entry.value, is_ours=entry.is_ours
                )
                self._heard(entry)
        for entry in self.entries:
            if entry.protocol == "h245":
                entry.call = self.control_call(entry)
        self.masters: dict[int | None, bool] = dict(self._determined())

    def _heard(self, entry: H323Entry) -> None:
        if entry.is_ours and entry.value.name == RELEASE:
            self._released.setdefault(entry.call, entry.frame)
        if entry.is_setup:
            self.setups[entry.call] = entry
            if entry.is_ours:
                self.placed.add(entry.call)
        address = h323_fields.FIELDS["h245address"](entry.value)
        if address:
            self._announced[address] = entry.call

    def answered(self) -> list[tuple[int, int]]:
        """The frames of SETUP and CONNECT of each call that the played host has answered."""
        connects = {each.call: each.frame for each in self.entries if each.is_ours and each.told.name == "CONNECT"}
        theirs = (each for each in self.setups.values() if not each.is_ours)
        return [(each.frame, connects[each.call]) for each in theirs if each.call in connects]

    def is_released(self, entry: H323Entry) -> bool:
        """Whether the played host had released the call before this message came."""
        return self._released.get(entry.call, entry.frame) < entry.frame

    def frame_as_gatekeeper(self) -> int:
        """The first frame in which the played host admits or registers somebody; 0 for none."""
        ras = (each for each in self.entries if each.protocol == "ras" and each.is_ours)
        return next((each.frame for each in ras if each.value[0] in _OF_GATEKEEPER), 0)

    def control_call(self, entry: H323Entry) -> int:
        """The call of an H.245 connection: one of its ends was said in call signalling."""
        return self._announced.get(str(entry.own)) or self._announced.get(str(entry.peer), 0)

    def pieces(self) -> Iterator[tuple[H323Entry, Piece]]:
        """Everything that was said in calls, in order."""
        for entry in self.entries:
            if entry.protocol != "ras":
                for piece in pieces(entry.told, entry.value, entry.call):
                    yield entry, piece

    def _determined(self) -> Iterator[tuple[int, bool]]:
        """For each masterSlaveDetermination of a peer, by its frame, whether the played host became the master."""
        waiting: dict[int, list[int]] = {}
        for entry, piece in self.pieces():
            if piece.name == "masterSlaveDetermination" and not entry.is_ours:
                waiting.setdefault(piece.call, []).append(entry.frame)
            elif piece.name == "masterSlaveDeterminationAck":
                decision = piece.value[1][1]["decision"][0]
                # It says what its receiver is.
                is_master = (decision == "master") is not entry.is_ours
                yield from ((frame, is_master) for frame in waiting.pop(piece.call, ()))


def pieces(told: Told, value: Any, call: int) -> Iterator[Piece]:
    """What a message comes apart into; a FACILITY around H.245 is nothing by itself."""
    if not isinstance(value, CallSignal):
        yield Piece(told, value, call)
        return
    is_vehicle = value.name == "FACILITY" and bool(value.h245_control) and not value.supplementary_services
    if not (is_vehicle and value.body in ("empty", "facility") and value.reason in ("", "transportedInformation")):
        yield Piece(told, value, call)
    for octets in value.h245_control:
        try:
            found = per.decode_control(octets)
        except DecodeError:
            continue
        name = h323_fields.control_name(found)
        part = Told(told.frame, told.time, "h245", told.source, told.destination, name, octets)
        yield Piece(part, found, call)


def h323_entry_of(signal: Signal, start: float, hosts: Hosts) -> H323Entry | None:
    """The entry of a signal; None when the played host has no part in it. Raises DecodeError."""
    source, destination = Endpoint.parse(signal.source), Endpoint.parse(signal.destination)
    sends, receives = hosts.has(source), hosts.has(destination)
    if sends is receives:
        return None
    told = of_signal(signal, start)
    read = {"h225": h225.decode, "h245": per.decode_control, "ras": per.decode_ras}[signal.protocol]
    own, peer = (source, destination) if sends else (destination, source)
    return H323Entry(told, read(signal.octets), own, peer, is_ours=sends)
