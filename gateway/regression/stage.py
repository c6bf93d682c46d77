"""The gateway on a virtual clock, cut off from every network: what goes in and what comes out are method calls."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from gateway.configuration import Configuration, place
from gateway.engine.gateway import Found, Gateway
from gateway.engine.record_document import document
from gateway.engine.tokens import TokensFrom, seeded
from gateway.model.call import TransferRecord
from gateway.model.errors import DecodeError
from gateway.model.timers import TimerQueue
from gateway.regression.h323_network import PlayedNetwork
from gateway.regression.message import Message
from gateway.sip.flow import Flow, Transport
from gateway.sip.locating import Means, Search, locate, target

_MOST_STEPS = 200_000
"""Timers that run between two packets of a recording: more than that is a timer that starts itself at once."""

Addresses = Mapping[str, tuple[str, int]]
"""Where hosts that are names lead, by their name in lower case: address and port."""


class Stage:
    """`now` is in seconds since the recording began, at `epoch` (seconds since 1970).

    `sent` takes what the gateway sends (flow, octets), `frame_sent` what goes to a D channel (trunk, frame). What it
    has written so far is in `records` and `events`, what was said by anybody in `said`. `timers` are those of the
    other ends of D channels.
    """

    def __init__(self, configuration: Configuration, *, seed: str, epoch: float, names: Addresses) -> None:
        self.now = 0.0
        self.records: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.said: list[Message] = []
        self.unknown_hosts: set[str] = set()
        self.sent: Callable[[Flow, bytes], None] = lambda flow, octets: None
        self.frame_sent: Callable[[str, bytes], None] = lambda trunk, frame: None
        self.timers = TimerQueue()
        self._pending: deque[Callable[[float], None]] = deque()
        self._names = names
        self.listeners = tuple(_listener(text) for text in configuration.listen)
        self.network = PlayedNetwork(configuration)
        self.gateway = Gateway(
            configuration,
            token=TokensFrom(0, seeded(seed)),
            wall=lambda: epoch + self.now,
            send=lambda flow, octets: self.sent(flow, octets),  # noqa: PLW0108 -- `sent` is set later
            locate=self._locate,
            listeners=self.listeners,
            observer=self,
            record=self._record,
            send_frame=lambda trunk, frame: self.frame_sent(trunk, frame),  # noqa: PLW0108
            network=self.network,
        )

    def start(self) -> None:
        """All is there from the start."""
        self.gateway.start(self.now)
        self.settle()

    def later(self, action: Callable[[float], None]) -> None:
        """Has something done when the gateway, or the other end of a D channel, has done what it is doing."""
        self._pending.append(action)

    def settle(self) -> None:
        """Does what was put off, and what that puts off."""
        while self._pending:
            self._pending.popleft()(self.now)

    def advance(self, until: float) -> None:
        """Lets time go by, timers included; time that has gone by already stays."""
        for _ in range(_MOST_STEPS):
            if not self.step(until):
                break
        self.now = max(self.now, until)

    def step(self, until: float) -> bool:
        """Runs the timers that are due next; False when none is due before `until`."""
        due = min(
            (each for each in (self.gateway.next_due(), self.timers.next_due()) if each is not None), default=None
        )
        if due is None or due > until:
            return False
        self.now = max(self.now, due)
        self.gateway.advance(self.now)
        self.timers.run(self.now)
        self.settle()
        return True

    def listener_of(self, transport: Transport, host: str, port: int) -> int:
        """The index of the listener for what came to that address; the next best when there is none."""
        fits = [number for number, listener in enumerate(self.listeners) if listener[0] is transport]
        exact = (number for number in fits if self.listeners[number][1:] == (host, port))
        same_host = (number for number in fits if self.listeners[number][1] == host)
        return next(exact, next(same_host, next(iter(fits), 0)))

    def log(self, event: str, **fields: object) -> None:
        """One line of the log, kept."""
        self.events.append({"time": round(self.now, 6), "event": event, **fields})

    def _record(self, record: TransferRecord) -> None:
        self.records.append(document(record))

    def _locate(self, uri: str, done: Found) -> None:
        """No DNS is asked: names lead where the recording shows that they lead."""
        try:
            wanted = target(uri)
        except DecodeError:
            done((), self.now)
            return
        known = self._names.get(wanted.host.lower().strip("."))
        if known is not None:
            wanted = replace(wanted, host=known[0], port=wanted.port or known[1])
        done(self._ways(locate(wanted, Means()), wanted.host), self.now)

    def _ways(self, search: Search, host: str) -> tuple[Flow, ...]:
        """What the search comes to when nobody answers it."""
        try:
            next(search)
        except StopIteration as found:
            ways: tuple[Flow, ...] = found.value
            return ways
        self.unknown_hosts.add(host)
        return ()


def _listener(text: str) -> tuple[Transport, str, int]:
    where = place(text)
    transport = Transport(where.transport)
    return transport, where.host, where.port or transport.default_port
