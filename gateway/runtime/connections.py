"""All stream connections of a process: taken and opened, found again, counted, kept alive and given up."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from itertools import count
from typing import Any, Protocol

from gateway.runtime import tls
from gateway.runtime.framing import StreamWire, Wire
from gateway.runtime.stream import GOODBYE, Connection
from gateway.runtime.udp import numbered
from gateway.runtime.websocket import WebSocketWire
from gateway.sip.flow import Flow, Transport

PATIENCE = 30.0
"""Seconds that half a message, a handshake or a peer that does not read is waited for."""

OPENING = 6.0
"""Seconds that opening a connection may take, TLS included: another peer can still be tried within Timer B."""

PING_AFTER = 100.0
"""Seconds of silence after which we ping on a connection that we opened (RFC 5626 §4.4.1: 95 to 120)."""

IDLE = 32.0
"""Seconds without a message (64*T1) after which a connection may be closed to make room."""

_BURST = 64
_WEBSOCKETS = (Transport.WS, Transport.WSS)


Source = tuple[str, int] | None
"""Our address and port that a connection leaves by; None leaves it to the system."""


class Noted(Protocol):
    """Takes what a log should have: the event's name, and what is to be said about it."""

    def __call__(self, event: str, **fields: object) -> None:
        """Notes it."""


class Connections:
    """At most `most` connections. `failed` hears of each that was lost or could not be opened. `leaving` says which
    listener, and which address of ours, a new connection leaves by.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        received: Callable[[bytes, Flow, float], None],
        failed: Callable[[Flow], None],
        contexts: tls.Contexts,
        clock: Callable[[], float],
        after_batch: Callable[[], None],
        noted: Noted,
        leaving: Callable[[Flow], tuple[int, Source]],
        *,
        most: int,
        longest: int,
        patience: float,
    ) -> None:
        self._loop = loop
        self._failed = failed
        self._contexts = contexts
        self._noted = noted
        self._leaving = leaving
        self._most = most
        self._longest = longest
        self._patience = patience
        self._numbers = count(1)
        self._received = received
        self._open: dict[int, Connection] = {}
        self._ways: dict[Flow, Connection] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._listening: list[socket.socket] = []
        self._is_closing = False
        self._sweeping: asyncio.TimerHandle | None = None
        self.after_batch = after_batch
        self.now = clock

    @property
    def is_checked(self) -> bool:
        """Whether the certificates of those we connect to matter."""
        return self._contexts.is_checked

    def __len__(self) -> int:
        return len(self._open)

    def listen(self, transport: Transport, listening: socket.socket, index: int) -> None:
        """Takes connections from a listening socket."""
        self._listening.append(listening)
        self._loop.add_reader(listening, self._accept, transport, listening, index)

    def send(self, flow: Flow, octets: bytes) -> None:
        """Sends on the connection that `flow` names, or on one that leads there, opened if need be."""
        connection = self._open.get(flow.connection) if flow.connection else self._way(flow)
        if connection is None:
            self._failed(flow)
        else:
            connection.send(octets)

    def names(self, flow: Flow) -> tuple[str, ...]:
        """The names in the certificate of the peer at the other end; none without TLS."""
        connection = self._open.get(flow.connection) if flow.connection else self._ways.get(_way_of(flow))
        return connection.names if connection else ()

    async def close(self) -> None:
        """Closes all, once what was written is out, but waits no longer than a second for that."""
        self._is_closing = True
        if self._sweeping:
            self._sweeping.cancel()
        for listening in self._listening:
            self._loop.remove_reader(listening)
            listening.close()
        for task in tuple(self._tasks):
            task.cancel()
        for connection in tuple(self._open.values()):
            connection.close("closed by us")
        deadline = self._loop.time() + 1.0
        while self._open and self._loop.time() < deadline:
            await asyncio.sleep(0.01)
        for connection in tuple(self._open.values()):
            connection.give_up("closed by us")

    def hand_over(self, octets: bytes, flow: Flow, now: float) -> None:
        """A message that goes wrong does not take its connection with it."""
        try:
            self._received(octets, flow, now)
        except Exception as error:
            self._loop.call_exception_handler({"message": f"a message from {flow}", "exception": error})

    def lost(self, connection: Connection, why: str) -> None:
        """The connection is no more, or never was."""
        flow = connection.flow
        if self._open.pop(flow.connection, None) is None:
            return
        way = _way_of(flow)
        was_way = self._ways.get(way) is connection
        if was_way:
            del self._ways[way]
        if self._is_closing:
            return
        self._note(connection, why)
        self._failed(flow)
        if was_way:
            self._failed(way._replace(listener=flow.listener))

    def _note(self, connection: Connection, why: str) -> None:
        flow = connection.flow
        usual = "debug" if why == GOODBYE else "info"
        event, level = ("connection_lost", usual) if connection.is_open else ("connection_failed", "warning")
        self._noted(event, level=level, peer=str(flow), server_name=flow.server_name, reason=why)

    def _way(self, flow: Flow) -> Connection | None:
        """The connection that was opened to there; a new one when there is none, None when there is no room."""
        way = _way_of(flow)
        connection = self._ways.get(way)
        if connection is not None or self._is_closing or not self._make_room():
            return connection
        listener, source = self._leaving(flow)
        wire = self._wire(flow.transport, flow.server_name or _host(flow))
        connection = self._add(flow._replace(listener=listener), wire, is_outgoing=True)
        self._ways[way] = connection
        self._start(self._connect(connection, source))
        return connection

    def _add(self, flow: Flow, wire: Wire, *, is_outgoing: bool) -> Connection:
        number = next(self._numbers)
        connection = Connection(self, flow._replace(connection=number), wire, is_outgoing=is_outgoing)
        self._open[number] = connection
        if self._sweeping is None:
            self._sweeping = self._loop.call_later(self._patience / 6, self._sweep)
        return connection

    def _wire(self, transport: Transport, asked: str) -> Wire:
        """Twice the longest message is taken from the stream, so that one a little too long can be answered 513."""
        longest = 2 * self._longest
        return WebSocketWire(longest, asked) if transport in _WEBSOCKETS else StreamWire(longest)

    async def _connect(self, connection: Connection, source: Source) -> None:
        flow = connection.flow
        context = self._contexts.client if flow.transport.is_secure else None
        name = flow.server_name or flow.host.partition("%")[0]
        try:
            async with asyncio.timeout(OPENING):
                await self._loop.create_connection(
                    lambda: connection,
                    flow.host,
                    flow.port,
                    ssl=context,
                    server_hostname=name if context else None,
                    local_addr=source,
                )
        except TimeoutError:
            self._not_opened(connection, f"not opened within {OPENING:g} s")
        except (OSError, ValueError) as error:
            self._not_opened(connection, tls.reason(error))

    def _accept(self, transport: Transport, listening: socket.socket, index: int) -> None:
        for _ in range(_BURST):
            try:
                taken, address = listening.accept()
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionError:
                continue
            except OSError as error:
                self._rest(transport, listening, index, error)
                return
            self._take(transport, taken, address, index)

    def _rest(self, transport: Transport, listening: socket.socket, index: int, error: OSError) -> None:
        """No file is left for another connection: those who knock have to wait a second."""
        self._noted("no_connection_taken", level="error", reason=str(error))
        self._loop.remove_reader(listening)
        self._loop.call_later(1.0, self._resume, transport, listening, index)

    def _resume(self, transport: Transport, listening: socket.socket, index: int) -> None:
        if not self._is_closing:
            self._loop.add_reader(listening, self._accept, transport, listening, index)

    def _take(self, transport: Transport, taken: socket.socket, address: tuple[Any, ...], index: int) -> None:
        if not self._make_room():
            taken.close()
            busy = f"{self._most} connections are busy"
            self._noted("connection_refused", level="warning", peer=address[0], reason=busy)
            return
        taken.setblocking(False)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        host = numbered(address) if taken.family == socket.AF_INET6 else address[0]
        flow = Flow(transport, host, address[1], 0, index)
        connection = self._add(flow, self._wire(transport, ""), is_outgoing=False)
        self._start(self._secure(connection, taken))

    async def _secure(self, connection: Connection, taken: socket.socket) -> None:
        context: ssl.SSLContext | None = self._contexts.server if connection.flow.transport.is_secure else None
        try:
            await self._loop.connect_accepted_socket(
                lambda: connection, taken, ssl=context, ssl_handshake_timeout=self._patience if context else None
            )
        except OSError as error:
            self._not_opened(connection, tls.reason(error))

    def _not_opened(self, connection: Connection, why: str) -> None:
        self.lost(connection, why)
        connection.give_up(why)
        self.after_batch()

    def _start(self, opening: "asyncio._CoroutineLike[None]") -> None:
        task = self._loop.create_task(opening)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _make_room(self) -> bool:
        """Whether one more may be opened; the one that has been idle for longest goes when there are too many."""
        if len(self._open) < self._most:
            return True
        oldest = min(self._open.values(), key=lambda connection: max(connection.used, connection.sent))
        if self.now() - max(oldest.used, oldest.sent) < IDLE:
            return False
        oldest.give_up("idle, and others want to connect")
        self.lost(oldest, "idle, and others want to connect")
        return True

    def _sweep(self) -> None:
        now = self.now()
        for connection in tuple(self._open.values()):
            if connection.begun and now - connection.begun > self._patience:
                connection.give_up("half a message, and nothing more")
            elif connection.stuck and now - connection.stuck > self._patience:
                connection.give_up("the peer does not read")
            elif connection.is_outgoing and connection.is_open and now - connection.sent > PING_AFTER:
                connection.ping()
        self._sweeping = self._loop.call_later(self._patience / 6, self._sweep)


def _way_of(flow: Flow) -> Flow:
    return flow._replace(connection=0, listener=0)


def _host(flow: Flow) -> str:
    return f"[{flow.host}]" if ":" in flow.host else flow.host
