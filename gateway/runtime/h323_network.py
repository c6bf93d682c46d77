"""The network of the H.323 trunks: listeners, connections both ways, and a RAS socket for each gatekeeper."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any

from gateway.configuration import Configuration, H323Trunk
from gateway.configuration.h323_trunk import host_and_port, written
from gateway.model.errors import GatewayError
from gateway.runtime.h323_stream import H323Stream
from gateway.runtime.ras_socket import RasSocket
from gateway.runtime.udp import numbered

OPENING = 6.0
"""Seconds that opening a connection may take."""

_BURST = 64
_BACKLOG = 256


class H323Ports:
    """At most `most` connections. `tap` sees what passes: whether it came in, our end and the peer's, the octets.
    The other callables are set when the gateway is there: see `Gateway.h323_*`; `done` hears that a burst
    is over.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        clock: Callable[[], float],
        most: int,
        tap: Callable[[bool, str, str, bytes], None] | None = None,
    ) -> None:
        self.accepted: Callable[[int, str, str, int, float], bool] = lambda *_: False
        self.opened: Callable[[int, float], None] = lambda *_: None
        self.received: Callable[[int, bytes, float], None] = lambda *_: None
        self.lost: Callable[[int, str, float], None] = lambda *_: None
        self.datagram: Callable[[str, bytes, str, int, float], None] = lambda *_: None
        self.refused: Callable[[str, str], None] = lambda *_: None
        self.done: Callable[[], None] = lambda: None
        self._loop, self._clock, self._most, self._tap = loop, clock, most, tap
        self._numbers = count(1)
        self._streams: dict[int, H323Stream] = {}
        self._listening: dict[str, socket.socket] = {}
        self._ras: dict[str, RasSocket] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._streams)

    def open(self, configuration: Configuration) -> None:
        """Binds every listener and RAS socket. Raises GatewayError when one cannot be."""
        for trunk in configuration.h323_trunks:
            try:
                if trunk.listen and trunk.listen not in self._listening:
                    self._listen(trunk.listen, *host_and_port(trunk.listen, 0))
                if trunk.gatekeeper is not None:
                    self._ras[trunk.name] = self._ras_socket(trunk)
            except OSError as error:
                raise GatewayError(f"trunk {trunk.name}: {trunk.listen}: {error.strerror or error}") from error

    def close(self) -> None:
        """Nothing is sent or heard any more, once what was written is out."""
        for name in tuple(self._listening):
            self.unlisten(name)
        for ras in self._ras.values():
            ras.close()
        for task in tuple(self._tasks):
            task.cancel()
        self.received = lambda *_: None
        self.lost = lambda *_: None
        for stream in tuple(self._streams.values()):
            stream.close()

    # --- the gateway asks (gateway.ends.h323_network) ---

    def connect(self, host: str, port: int, own_host: str) -> int:
        """The number of a connection that is being opened."""
        stream = self._new_stream()
        self._start(self._connect(stream, host, port, own_host))
        return stream.number

    def send(self, connection: int, octets: bytes) -> None:
        """Sends."""
        stream = self._streams.get(connection)
        if stream is not None:
            stream.send(octets)

    def disconnect(self, connection: int) -> None:
        """Ends a connection; nothing more is heard of it."""
        stream = self._streams.pop(connection, None)
        if stream is not None:
            stream.close()

    def address(self, connection: int) -> str:
        """Our address on it."""
        stream = self._streams.get(connection)
        return stream.address if stream is not None else ""

    def listen(self, host: str) -> tuple[str, int]:
        """Listens on a port that the system chooses. Raises GatewayError."""
        try:
            port = self._listen("", host, 0)
        except OSError as error:
            raise GatewayError(f"no port at {host}: {error.strerror or error}", sip_status=503, cause=47) from error
        return written(host, port), port

    def unlisten(self, listener: str) -> None:
        """Nothing more is taken there."""
        listening = self._listening.pop(listener, None)
        if listening is not None:
            self._loop.remove_reader(listening)
            listening.close()

    def send_datagram(self, trunk: str, octets: bytes, host: str, port: int) -> None:
        """A datagram from the trunk's RAS socket."""
        ras = self._ras.get(trunk)
        if ras is not None:
            ras.send(octets, (host, port))

    def ras_port(self, trunk: str) -> tuple[str, int]:
        """Where the trunk's RAS socket is bound."""
        ras = self._ras.get(trunk)
        return ras.address if ras is not None else ("", 0)

    # --- what comes ---

    def stream_opened(self, number: int) -> None:
        """A connection is open."""
        if number in self._streams:
            self.opened(number, self._clock())
            self.done()

    def stream_received(self, number: int, octets: bytes) -> None:
        """Octets; what goes wrong with them does not take the connection with it."""
        if number in self._streams:
            self.received(number, octets, self._clock())
            self.done()

    def stream_seen(self, inbound: bool, ours: str, peer: str, octets: bytes) -> None:
        """What passed."""
        if self._tap is not None:
            self._tap(inbound, ours, peer, octets)

    def stream_lost(self, number: int, why: str) -> None:
        """A connection is gone, or never was."""
        if self._streams.pop(number, None) is not None:
            self.lost(number, why, self._clock())
            self.done()

    # --- inside ---

    def _new_stream(self) -> H323Stream:
        stream = H323Stream(self, next(self._numbers), is_seen=self._tap is not None)
        self._streams[stream.number] = stream
        return stream

    async def _connect(self, stream: H323Stream, host: str, port: int, own_host: str) -> None:
        source = (own_host, 0) if own_host else None
        try:
            if len(self._streams) > 2 * self._most:
                raise OSError("too many connections")
            async with asyncio.timeout(OPENING):
                await self._loop.create_connection(lambda: stream, host, port, local_addr=source)
        except TimeoutError:
            self._not_opened(stream, f"not opened within {OPENING:g} s")
        except OSError as error:
            self._not_opened(stream, error.strerror or str(error))

    def _not_opened(self, stream: H323Stream, why: str) -> None:
        stream.close()
        self.stream_lost(stream.number, why)

    def _listen(self, name: str, host: str, port: int) -> int:
        listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((host, port))
            listening.listen(_BACKLOG)
            listening.setblocking(False)
        except OSError:
            listening.close()
            raise
        bound: int = listening.getsockname()[1]
        name = name or written(host, bound)
        self._listening[name] = listening
        self._loop.add_reader(listening, self._accept, name, listening)
        return bound

    def _accept(self, name: str, listening: socket.socket) -> None:
        for _ in range(_BURST):
            try:
                taken, address = listening.accept()
            except ConnectionError:
                continue
            except OSError:  # Nobody more is there, or no file is left: those who knock have to wait.
                break
            self._take(name, taken, address)
            if name not in self._listening:
                break
        self.done()

    def _take(self, name: str, taken: socket.socket, address: tuple[Any, ...]) -> None:
        host = numbered(address) if taken.family == socket.AF_INET6 else address[0]
        if len(self._streams) >= self._most:
            taken.close()
            self.refused(f"{written(host, address[1])}", f"{self._most} connections are busy")
            return
        stream = self._new_stream()
        if not self.accepted(stream.number, name, host, address[1], self._clock()):
            del self._streams[stream.number]
            taken.close()
            return
        taken.setblocking(False)
        with suppress(OSError):
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._start(self._attach(stream, taken))

    async def _attach(self, stream: H323Stream, taken: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(lambda: stream, taken)
        except OSError as error:
            self._not_opened(stream, str(error))

    def _start(self, opening: "asyncio._CoroutineLike[None]") -> None:
        task = self._loop.create_task(opening)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _ras_socket(self, trunk: H323Trunk) -> RasSocket:
        assert trunk.gatekeeper is not None
        local = host_and_port(trunk.gatekeeper.local, 0) if trunk.gatekeeper.local else (trunk.own_host, 0)
        name = trunk.name

        def heard(octets: bytes, host: str, port: int, now: float) -> None:
            self.datagram(name, octets, host, port, now)

        return RasSocket(self._loop, local, heard, self._burst_over, self._clock)

    def _burst_over(self) -> None:
        self.done()
