"""Two H.245 sessions that talk to one another, and one that a test speaks to, on a virtual clock."""

from collections import deque
from itertools import count
from typing import Any

from gateway.h323 import per
from gateway.h323.control.capabilities import CapabilitySet
from gateway.h323.control.channel import Channel
from gateway.h323.control.media import AudioFormat, Codec, MediaAddress
from gateway.h323.control.session import ControlSession, ControlSettings
from gateway.h323.control.user_input import UserInput
from gateway.model.timers import TimerQueue

ULAW, ALAW, G729A = AudioFormat(Codec.G711_ULAW), AudioFormat(Codec.G711_ALAW), AudioFormat(Codec.G729_A)
PHONE = CapabilitySet((ULAW, ALAW), 101, frozenset(("basicString", "dtmf")))
HERE, THERE = (MediaAddress(f"192.0.2.{host}:4000", f"192.0.2.{host}:4001") for host in (1, 2))


class Side:
    """An owner that writes down what it hears, accepts every channel unless told otherwise, and what it sent."""

    def __init__(self, timers: TimerQueue, settings: ControlSettings | None = None, prefix: str = "") -> None:
        numbers = count()
        self.sent: deque[bytes] = deque()
        self.heard: list[tuple[Any, ...]] = []
        self.accepts = True
        self.grants = True
        self.address = HERE
        self.session = ControlSession(self.sent.append, self, timers, lambda: f"{prefix}{next(numbers)}", settings)

    def determined(self, session: ControlSession, now: float) -> None:
        self.heard.append(("determined", session.is_master))

    def capabilities_changed(self, session: ControlSession, capabilities: CapabilitySet, now: float) -> None:
        self.heard.append(("capabilities", capabilities))

    def capabilities_acknowledged(self, session: ControlSession, now: float) -> None:
        self.heard.append(("acknowledged",))

    def channel_asked(self, session: ControlSession, channel: Channel, now: float) -> None:
        self.heard.append(("asked", channel))
        if self.accepts:
            session.accept_channel(channel, self.address, now)

    def channel_opened(self, session: ControlSession, channel: Channel, now: float) -> None:
        self.heard.append(("opened", channel))

    def channel_refused(self, session: ControlSession, channel: Channel, cause: str, now: float) -> None:
        self.heard.append(("refused", channel, cause))

    def channel_closed(self, session: ControlSession, channel: Channel, now: float) -> None:
        self.heard.append(("closed", channel))

    def mode_requested(self, session: ControlSession, formats: tuple[AudioFormat, ...], now: float) -> bool:
        self.heard.append(("mode", formats))
        return self.grants

    def user_input(self, session: ControlSession, received: UserInput, now: float) -> None:
        self.heard.append(("input", received))

    def session_ended(self, session: ControlSession, now: float) -> None:
        self.heard.append(("ended",))

    def session_failed(self, session: ControlSession, reason: str, now: float) -> None:
        self.heard.append(("failed", reason))

    def malformed(self, session: ControlSession, reason: str, now: float) -> None:
        self.heard.append(("malformed",))

    def says(self, *names: str) -> list[Any]:
        """The values of what was sent since, which must be just `names`."""
        messages = [per.decode_control(octets)[1] for octets in self.sent]
        self.sent.clear()
        assert tuple(name for name, _ in messages) == names
        return [value for _, value in messages]

    def hears(self, kind: str, name: str, value: Any, now: float = 0.0) -> None:
        """A message from a peer that the test plays."""
        self.session.receive(per.encode_control((kind, (name, value))), now)

    def events(self, name: str) -> list[tuple[Any, ...]]:
        """What it heard under that name, without the name."""
        return [event[1:] for event in self.heard if event[0] == name]


class Talk:
    """Two sides; `settle` hands over messages, in turn, until nobody has any left."""

    def __init__(self, **settings: Any) -> None:
        self.timers = TimerQueue()
        self.now = 0.0
        self.one = Side(self.timers, ControlSettings(terminal_type=50, **settings), "one")
        self.other = Side(self.timers, ControlSettings(terminal_type=60, **settings), "other")
        self.other.address = THERE

    def start(self, one: CapabilitySet = PHONE, other: CapabilitySet = PHONE) -> "Talk":
        self.one.session.start(one, self.now)
        self.other.session.start(other, self.now)
        return self.settle()

    def settle(self) -> "Talk":
        while self.one.sent or self.other.sent:
            for sender, receiver in ((self.one, self.other), (self.other, self.one)):
                if sender.sent:
                    receiver.session.receive(sender.sent.popleft(), self.now)
        return self

    def wait(self, seconds: float) -> "Talk":
        self.now += seconds
        self.timers.run(self.now)
        return self.settle()
