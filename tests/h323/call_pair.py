"""Two ends of call signalling on one connection, without sockets: octets go from one to the other when told to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from gateway.h323 import h225, tpkt
from gateway.h323.call import H323Call
from gateway.h323.call_contents import NOTHING, Contents, Ending, NewCall
from gateway.h323.h225 import CallSignal
from gateway.h323.signalling import CallSignalling, SignallingSettings
from gateway.h323.signalling_channel import SignallingChannel
from gateway.model.parties import Number, Party
from gateway.model.timers import TimerQueue

ALICE = Party(Number("1001"), name="Alice")
BOB = Party(Number("1002"), name="Bob")
NEW = NewCall(ALICE, BOB)


@dataclass
class Heard:
    """What an owner of calls was told: (event, call, arguments); `on` says what it does then."""

    events: list[tuple[str, H323Call, tuple[Any, ...]]] = field(default_factory=list)
    on: dict[str, Callable[..., None]] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Callable[..., None]:
        def tell(call: H323Call, *arguments: Any) -> None:
            self.events.append((name, call, arguments))
            if name in self.on:
                self.on[name](call, *arguments)

        return tell

    def owner_of(self, channel: SignallingChannel, message: CallSignal, now: float) -> "Heard":
        if "owner_of" in self.on:
            self.on["owner_of"](message)
        return self

    @property
    def names(self) -> list[str]:
        return [name for name, _, _ in self.events]

    def last(self, name: str) -> tuple[Any, ...]:
        return [arguments for event, _, arguments in self.events if event == name][-1]

    @property
    def call(self) -> H323Call:
        """The call of the last event."""
        return self.events[-1][1]

    @property
    def ending(self) -> Ending:
        (ending, *_) = self.last("released")
        assert isinstance(ending, Ending)
        return ending


@dataclass
class Pipe:
    """A connection: what was sent into it, and whether it was closed."""

    octets: bytearray = field(default_factory=bytearray)
    sent: list[bytes] = field(default_factory=list)
    is_closed: bool = False

    def send(self, octets: bytes) -> None:
        assert not self.is_closed
        self.octets += octets
        self.sent.append(octets)

    def close(self) -> None:
        self.is_closed = True

    def take(self) -> bytes:
        octets = bytes(self.octets)
        self.octets.clear()
        return octets

    @property
    def messages(self) -> list[CallSignal]:
        """All that was ever sent."""
        return [h225.decode(payload) for payload in tpkt.Unframer().feed(b"".join(self.sent))]


class End:
    """One end, with a clock of its own."""

    def __init__(self, settings: SignallingSettings | None = None, name: str = "end") -> None:
        tokens = count()
        self.timers = TimerQueue()
        self.heard = Heard()
        self.log: list[tuple[str, dict[str, object]]] = []
        self.now = 0.0
        self.signalling = CallSignalling(
            settings or SignallingSettings(),
            self.timers,
            lambda: f"{name}{next(tokens)}",
            self.heard,
            lambda event, **fields: self.log.append((event, fields)),
        )
        self.pipe = Pipe()
        self.channel = self.open()

    def open(self, *, outgoing: bool = False) -> SignallingChannel:
        self.pipe = Pipe()
        self.channel = self.signalling.open(self.pipe, "peer", self.now, outgoing=outgoing)
        return self.channel

    def receive(self, message: CallSignal) -> None:
        self.channel.received(tpkt.frame(h225.encode(message)), self.now)

    def wait(self, seconds: float) -> None:
        """That much later; timers that may be late have run."""
        self.now += seconds + 0.3
        self.timers.run(self.now)

    def place(self, new: NewCall = NEW) -> H323Call:
        return self.channel.place_call(new, self.heard, self.now)

    @property
    def sent(self) -> list[str]:
        return [message.name for message in self.pipe.messages]


class Pair:
    """A calls B. `tape` is what went over the connection: whether A has sent it, and the octets."""

    def __init__(self, caller: SignallingSettings | None = None, called: SignallingSettings | None = None) -> None:
        self.a, self.b = End(caller, "a"), End(called, "b")
        self.a.open(outgoing=True)
        self.tape: list[tuple[bool, bytes]] = []

    def carry(self, size: int = 0) -> None:
        """All that is under way arrives, in pieces of `size` octets if that is said."""
        while self.a.pipe.octets or self.b.pipe.octets:
            for source, sink in ((self.a, self.b), (self.b, self.a)):
                octets = source.pipe.take()
                self.tape += [(source is self.a, each) for each in [octets] if each]
                step = size or len(octets) or 1
                for at in range(0, len(octets), step):
                    sink.channel.received(octets[at : at + step], sink.now)

    def wait(self, seconds: float) -> None:
        self.a.wait(seconds)
        self.b.wait(seconds)

    def offered(self, new: NewCall = NEW) -> tuple[H323Call, H323Call]:
        """A call that B has been offered, on both sides."""
        call = self.a.place(new)
        self.carry()
        return call, next(c for name, c, _ in reversed(self.b.heard.events) if name == "call_offered")

    def answered(self, new: NewCall = NEW, contents: Contents = NOTHING) -> tuple[H323Call, H323Call]:
        """A call that is up, on both sides."""
        call, other = self.offered(new)
        assert other.connect(self.b.now, contents)
        self.carry()
        return call, other
