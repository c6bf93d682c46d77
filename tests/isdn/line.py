"""A D channel on a virtual clock between two sides, which loses, doubles and delays frames as it is told."""

from collections.abc import Callable
from random import Random
from typing import Protocol

from gateway.isdn import lapd_frame
from gateway.isdn.data_link import DataLink
from gateway.isdn.data_link_user import DEFAULTS, DataLinkSettings
from gateway.isdn.lapd_frame import Frame
from gateway.isdn.side import Side
from gateway.model.timers import TimerQueue

DELAY = 0.01
"""Seconds that a frame is under way."""

Receiver = Callable[[bytes, float], None]


class Layer3:
    """Writes down what it hears, with "up" and "down"; `echo` is called with each message."""

    def __init__(self) -> None:
        self.heard: list[str | bytes] = []
        self.unit_data: list[bytes] = []
        self.react: Callable[[bytes, float], object] | None = None

    def link_established(self, now: float) -> None:
        self.heard.append("up")

    def link_released(self, now: float) -> None:
        self.heard.append("down")

    def data_received(self, octets: bytes, now: float) -> None:
        self.heard.append(octets)
        if self.react is not None:
            self.react(octets, now)

    def unit_data_received(self, octets: bytes, now: float) -> None:
        self.unit_data.append(octets)

    @property
    def data(self) -> list[bytes]:
        """The messages alone."""
        return [each for each in self.heard if isinstance(each, bytes)]


class Fate(Protocol):
    """What the line does to one frame: after how many seconds it arrives, each time that it does."""

    def __call__(self, octets: bytes) -> tuple[float, ...]: ...


def sound(octets: bytes) -> tuple[float, ...]:
    """Nothing is lost."""
    return (DELAY,)


def hostile(chance: Random, *, loss: float = 0.0, doubling: float = 0.0, delaying: float = 0.0) -> Fate:
    """Loses, doubles and delays frames at random; a delayed one comes up to 0.2 s later, behind others."""

    def fate(octets: bytes) -> tuple[float, ...]:
        if chance.random() < loss:
            return ()
        delay = chance.uniform(DELAY, 0.2) if chance.random() < delaying else DELAY
        if chance.random() < doubling:
            return (delay, chance.uniform(DELAY, 0.2) if delaying else delay)
        return (delay,)

    return fate


class Line:
    """Time, and what is under way between ends "user" and "network". `frames` has all that was sent, by side."""

    def __init__(self, fate: Fate = sound) -> None:
        self.now = 0.0
        self.timers = TimerQueue()
        self.fate = fate
        self.frames: list[tuple[Side, Frame]] = []
        self.receivers: dict[Side, list[Receiver]] = {Side.USER: [], Side.NETWORK: []}

    def sender(self, side: Side) -> Callable[[bytes], None]:
        """What `side` sends with: all receivers of the other side get it."""

        def send(octets: bytes) -> None:
            self.frames.append((side, lapd_frame.decode(octets)))
            for delay in self.fate(octets):
                self.timers.start(self.now + delay, lambda now: self._deliver(side, octets, now))

        return send

    def _deliver(self, side: Side, octets: bytes, now: float) -> None:
        self.now = max(self.now, now)
        for receive in tuple(self.receivers[side.other]):
            receive(octets, self.now)

    def run(self, seconds: float) -> None:
        """Lets time pass."""
        end = self.now + seconds
        while (due := self.timers.next_due()) is not None and due <= end:
            self.now = max(self.now, due)
            self.timers.run(self.now)
        self.now = end

    def kinds(self, side: Side) -> list[str]:
        """The frames that a side has sent so far."""
        return [frame.kind for sender, frame in self.frames if sender is side]


class Sides:
    """Two data links, point to point, on one line."""

    def __init__(self, settings: DataLinkSettings = DEFAULTS, fate: Fate = sound) -> None:
        self.line = Line(fate)
        self.above = {side: Layer3() for side in Side}
        self.links = {
            side: DataLink(side, self.line.timers, self.line.sender(side), self.above[side], settings)
            for side in Side
        }
        for side, link in self.links.items():
            self.line.receivers[side].append(link.receive)

    @property
    def user(self) -> DataLink:
        return self.links[Side.USER]

    @property
    def network(self) -> DataLink:
        return self.links[Side.NETWORK]

    def up(self) -> "Sides":
        """Establishes the data link from the user side."""
        self.user.establish(self.line.now)
        self.line.run(0.1)
        assert self.user.is_up
        assert self.network.is_up
        return self
