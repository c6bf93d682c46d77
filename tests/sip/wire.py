"""A network in memory with a clock of its own: what user agents send arrives after a while, twice, or never.

wire = Wire()
place = Place(wire, "127.0.0.1", 5060)          # place.send, place.sent_by, wire.timers are what a user agent needs
place.receive = agent.receive
wire.run(32.0)                                   # 32 s pass, in no time
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from gateway.model.timers import TimerQueue
from gateway.sip.flow import Flow, Transport
from gateway.sip.message import Message, parse

Receive = Callable[[bytes, Flow, float], None]


@dataclass(frozen=True, slots=True)
class Sent:
    """One message as it went over the wire; `lost` ones never arrived. `source` and `target` are host:port."""

    time: float
    source: str
    target: str
    octets: bytes
    lost: bool = False

    @property
    def message(self) -> Message:
        return parse(self.octets)

    @property
    def first_line(self) -> str:
        return self.octets.partition(b"\r\n")[0].decode()


@dataclass(slots=True)
class Wire:
    """`fate` says how often a message arrives (0: it is lost) and after how many seconds more than `delay`."""

    delay: float = 0.01
    fate: Callable[[bytes], tuple[float, ...]] = lambda octets: (0.0,)
    now: float = 1_000.0
    timers: TimerQueue = field(default_factory=TimerQueue)
    sent: list[Sent] = field(default_factory=list)
    places: "dict[tuple[str, int], Place]" = field(default_factory=dict)
    connections: dict[frozenset[tuple[str, int]], int] = field(default_factory=dict)
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def run(self, seconds: float) -> None:
        """Lets time pass, timer by timer."""
        end = self.now + seconds
        due = self.timers.next_due()
        while due is not None and due <= end:
            self.now = max(self.now, due)
            self.timers.run(self.now)
            due = self.timers.next_due()
        self.now = end

    def until(self, happened: Callable[[], object], most: float = 60.0) -> bool:
        """Lets time pass until something has happened; whether it has within `most` seconds."""
        end = self.now + most
        while not happened():
            due = self.timers.next_due()
            if due is None or due > end:
                return False
            self.now = max(self.now, due)
            self.timers.run(self.now)
        return True

    def carry(self, source: "Place", flow: Flow, octets: bytes) -> None:
        """Takes a message to `flow`, as seen from `source`."""
        target = self.places.get((flow.host, flow.port))
        fate = () if target is None else self.fate(octets)
        self.sent.append(Sent(self.now, source.name, f"{flow.host}:{flow.port}", octets, lost=not fate))
        if target is None or flow.transport is Transport.UDP:
            number = 0
        else:
            number = self.connections.setdefault(frozenset((source.address, target.address)), next(self.numbers))
        back = Flow(flow.transport, source.host, source.port, number)
        for later in fate:
            self.timers.start(self.now + self.delay + later, lambda now: self._arrive(target, octets, back, now))

    def cut(self, one: "Place", other: "Place") -> None:
        """The connection between two places is lost; both hear of it."""
        number = self.connections.pop(frozenset((one.address, other.address)), 0)
        if number:
            one.flow_failed(Flow(Transport.TCP, other.host, other.port, number), self.now)
            other.flow_failed(Flow(Transport.TCP, one.host, one.port, number), self.now)

    def lines(self, *, source: str = "") -> list[str]:
        """What went over the wire, in short: "INVITE", "200 INVITE"; of one place only, if given."""
        return [short(one.octets) for one in self.sent if source in ("", one.source)]

    def messages(self, what: str, *, source: str = "") -> list[Message]:
        """Those of `lines` that read `what`, whole."""
        return [one.message for one in self.sent if short(one.octets) == what and source in ("", one.source)]

    @staticmethod
    def _arrive(target: "Place | None", octets: bytes, back: Flow, now: float) -> None:
        if target is not None:
            target.receive(octets, back, now)


def short(octets: bytes) -> str:
    """Method of a request, status and method of a response."""
    message = parse(octets)
    return message.method if message.is_request else f"{message.status} {message.method}"


class Place:
    """One address on the wire."""

    def __init__(self, wire: Wire, host: str, port: int = 5060) -> None:
        self.wire = wire
        self.host = host
        self.port = port
        self.receive: Receive = lambda octets, flow, now: None
        self.flow_failed: Callable[[Flow, float], None] = lambda flow, now: None
        wire.places[self.address] = self

    @property
    def address(self) -> tuple[str, int]:
        return self.host, self.port

    @property
    def name(self) -> str:
        return f"{self.host}:{self.port}"

    def flow(self, transport: Transport = Transport.UDP) -> Flow:
        """The way to this place, as others send to it."""
        return Flow(transport, self.host, self.port)

    def send(self, flow: Flow, octets: bytes) -> None:
        self.wire.carry(self, flow, octets)

    def sent_by(self, flow: Flow) -> str:
        return self.name


class Tokens:
    """Tokens that tell where they come from and are the same in every run."""

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._numbers = count(1)

    def __call__(self) -> str:
        return f"{self._mark}{next(self._numbers):016d}"


def losing(share: float, seed: int = 1, *, twice: float = 0.0) -> Callable[[bytes], tuple[float, ...]]:
    """A fate: the given share of the messages is lost, and of the others some come twice."""
    from random import Random

    random = Random(seed)

    def fate(octets: bytes) -> tuple[float, ...]:
        if random.random() < share:
            return ()
        return (0.0, 0.005) if random.random() < twice else (0.0,)

    return fate


def dropping(*whats: str) -> Callable[[bytes], tuple[float, ...]]:
    """A fate: the first message that reads `what` ("ACK", "200 INVITE") is lost, one for each."""
    left = list(whats)

    def fate(octets: bytes) -> tuple[float, ...]:
        what = short(octets)
        if what in left:
            left.remove(what)
            return ()
        return (0.0,)

    return fate
