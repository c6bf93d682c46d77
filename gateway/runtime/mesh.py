"""What worker processes that share the ports hand to one another: messages, what is to be sent, lost connections.

Each worker has an inbox, a pair of Unix datagram sockets that is made before the workers start and outlives any of
them; all of them hold its writing end. What waits in it is there when a worker has been started again.
"""

import json
import socket
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from gateway.sip.flow import Flow, Transport

LARGEST = 1 << 21
"""Octets of the largest thing that is handed over; the buffers are made to hold it."""

_FOREIGN = 1 << 40
"""Connection numbers from here on are of another worker: its home times this, plus its number of the connection."""
_MOST_WORKERS = 100
_MOST_WAITING = 10_000
_AT_ONCE = 64

_MESSAGE, _SEND, _FAILED = "m", "s", "f"


class Inbox(NamedTuple):
    """The two ends of one worker's inbox."""

    reading: socket.socket
    writing: socket.socket


class Loop(Protocol):
    """What is needed of an event loop."""

    def add_reader(self, fd: int, callback: Callable[[], None]) -> None:
        """Calls back when something can be read."""

    def add_writer(self, fd: int, callback: Callable[[], None]) -> None:
        """Calls back when something can be written."""

    def remove_reader(self, fd: int) -> bool:
        """No longer."""

    def remove_writer(self, fd: int) -> bool:
        """No longer."""


def inboxes(count: int) -> tuple[Inbox, ...]:
    """One for each worker."""
    return tuple(_inbox() for _ in range(count))


def _inbox() -> Inbox:
    pair = Inbox(*socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM))
    for end in pair:
        end.setblocking(False)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LARGEST)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, LARGEST)
    return pair


def is_foreign(flow: Flow) -> bool:
    """Whether the flow is a connection that another worker has."""
    return flow.connection >= _FOREIGN


class Mesh:
    """The worker number `own` among the others; `start_number` tells it from those that were killed before it.

    `received` gets messages that others have handed over, with their flow as this worker has to use it; `send_here`
    and `failed_there` are as of the transports; `done` follows each burst. `lifeline` is a descriptor whose other end
    the supervisor holds: `orphaned` is called when that is no more.
    """

    def __init__(self, own: int, inboxes: Sequence[Inbox], start_number: int = 0) -> None:
        self._own = own
        self._home = start_number * _MOST_WORKERS + own + 1
        self._buffer = memoryview(bytearray(LARGEST))
        self._inboxes = inboxes
        self._waiting: dict[int, deque[bytes]] = {}
        self._users: dict[int, set[int]] = {}
        self._names: dict[int, tuple[str, ...]] = {}
        self.received: Callable[[bytes, Flow, float], None] = _ignore
        self.send_here: Callable[[Flow, bytes], None] = _ignore
        self.failed_there: Callable[[Flow, float], None] = _ignore
        self.done: Callable[[], None] = _ignore
        self.orphaned: Callable[[], None] = _ignore
        self.lifeline: int | None = None
        self.lost = 0

    def start(self, loop: Loop, clock: Callable[[], float]) -> None:
        """Reads the own inbox from now on."""
        self._loop, self._clock = loop, clock
        loop.add_reader(self._inboxes[self._own].reading.fileno(), self._read)
        if self.lifeline is not None:
            loop.add_reader(self.lifeline, self._on_lifeline)

    def stop(self) -> None:
        """Reads and writes no more."""
        self._loop.remove_reader(self._inboxes[self._own].reading.fileno())
        if self.lifeline is not None:
            self._loop.remove_reader(self.lifeline)
        for worker in self._waiting:
            self._loop.remove_writer(self._inboxes[worker].writing.fileno())
        self._waiting.clear()

    def forward(self, worker: int, octets: bytes, flow: Flow, names: tuple[str, ...] = ()) -> None:
        """Hands a message of ours to the worker that it belongs to."""
        if flow.connection:
            self._users.setdefault(flow.connection, set()).add(worker)
            flow = self._abroad(flow)
        self._post(worker, _MESSAGE, flow, octets, names)

    def send(self, flow: Flow, octets: bytes) -> None:
        """Sends by a connection that another worker has."""
        self._post((flow.connection // _FOREIGN - 1) % _MOST_WORKERS, _SEND, flow, octets)

    def connection_failed(self, flow: Flow) -> None:
        """Tells those who had messages from that connection of ours that it is no more."""
        for worker in self._users.pop(flow.connection, ()):
            self._post(worker, _FAILED, self._abroad(flow), b"")

    def names(self, flow: Flow) -> tuple[str, ...]:
        """The names in the certificate of the peer behind a connection of another worker."""
        return self._names.get(flow.connection, ())

    def _abroad(self, flow: Flow) -> Flow:
        return flow._replace(connection=self._home * _FOREIGN + flow.connection)

    def _post(self, worker: int, kind: str, flow: Flow, octets: bytes, names: tuple[str, ...] = ()) -> None:
        if worker >= len(self._inboxes):
            return
        envelope = json.dumps((self._own, kind, *flow, names)).encode() + b"\n" + octets
        if self._waiting.get(worker) or not self._sent(worker, envelope):
            self._queue(worker, envelope)

    def _sent(self, worker: int, envelope: bytes) -> bool:
        """False when the inbox is full. What can never be sent is lost."""
        try:
            self._inboxes[worker].writing.send(envelope)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError:
            self.lost += 1
        return True

    def _queue(self, worker: int, envelope: bytes) -> None:
        waiting = self._waiting.setdefault(worker, deque())
        if len(waiting) >= _MOST_WAITING:
            self.lost += 1
            return
        if not waiting:
            self._loop.add_writer(self._inboxes[worker].writing.fileno(), lambda: self._write(worker))
        waiting.append(envelope)

    def _write(self, worker: int) -> None:
        waiting = self._waiting[worker]
        while waiting and self._sent(worker, waiting[0]):
            waiting.popleft()
        if not waiting:
            self._loop.remove_writer(self._inboxes[worker].writing.fileno())

    def _read(self) -> None:
        reading, now = self._inboxes[self._own].reading, self._clock()
        for _ in range(_AT_ONCE):
            try:
                length = reading.recv_into(self._buffer)
            except OSError:
                break
            self._take(bytes(self._buffer[:length]), now)
        self.done()

    def _on_lifeline(self) -> None:
        assert self.lifeline is not None
        self._loop.remove_reader(self.lifeline)
        self.lifeline = None
        self.orphaned()

    def _take(self, envelope: bytes, now: float) -> None:
        head, _, octets = envelope.partition(b"\n")
        sender, kind, transport, *rest, names = json.loads(head)
        flow = Flow(Transport(transport), *rest)
        if kind == _SEND:
            self._send_for(sender, flow, octets)
        elif kind == _FAILED:
            self._names.pop(flow.connection, None)
            self.failed_there(flow, now)
        else:
            if names:
                self._names[flow.connection] = tuple(names)
            self.received(octets, flow, now)

    def _send_for(self, sender: int, flow: Flow, octets: bytes) -> None:
        """A connection of a worker that was killed is no more; its number may be another connection's by now."""
        home, connection = divmod(flow.connection, _FOREIGN)
        if home != self._home:
            self._post(sender, _FAILED, flow, b"")
            return
        self._users.setdefault(connection, set()).add(sender)
        self.send_here(flow._replace(connection=connection), octets)


def _ignore(*_: object) -> None:
    """Nobody listens yet."""
