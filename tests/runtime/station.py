"""Transports under test: what they receive, which ways fail and what they note can be awaited."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest
import uvloop

from gateway.configuration import Limits, Tls, place
from gateway.runtime.transports import Bound, Transports
from gateway.sip.flow import Flow

PATIENCE = 20.0

T = TypeVar("T")

Runner = Callable[[Coroutine[Any, Any, None]], None]

both_loops = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
"""Runs a test on asyncio's own loop and on uvloop."""


def options(number: int = 1, body: bytes = b"") -> bytes:
    """An OPTIONS request."""
    return (
        b"OPTIONS sip:there.example SIP/2.0\r\n"
        b"Via: SIP/2.0/TCP here.example;branch=z9hG4bK%d\r\n"
        b"CSeq: %d OPTIONS\r\nContent-Length: %d\r\n\r\n" % (number, number, len(body))
    ) + body


class Clock:
    """The real clock, which can be put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


class Station:
    """One set of transports; see `station`."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, tls: Tls, limits: Limits, patience: float, reuse_port: bool
    ) -> None:
        self.clock = Clock()
        self.messages: asyncio.Queue[tuple[bytes, Flow]] = asyncio.Queue()
        self.failures: asyncio.Queue[Flow] = asyncio.Queue()
        self.notes: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.batches = 0
        self.tapped: list[tuple[bool, Flow, tuple[str, int], bytes]] = []
        self.bound: tuple[Bound, ...] = ()
        self._hear: Callable[[bytes, Flow, float], None] = self._keep
        self.transports = Transports(
            loop,
            self._received,
            lambda flow, now: self.failures.put_nowait(flow),
            tls,
            limits,
            self.clock,
            tap=lambda *what: self.tapped.append(what),
            noted=lambda event, **fields: self.notes.put_nowait({"event": event} | fields),
            patience=patience,
            reuse_port=reuse_port,
        )
        self.transports.after_batch = self._batch

    def hear(self, received: Callable[[bytes, Flow, float], None]) -> None:
        """Has messages given to `received` from now on."""
        self._hear = received

    async def message(self) -> tuple[bytes, Flow]:
        """The next message."""
        return await soon(self.messages.get())

    async def failure(self) -> Flow:
        """The next way that failed."""
        return await soon(self.failures.get())

    async def note(self, event: str) -> dict[str, Any]:
        """The next note of that event; others are dropped."""
        while True:
            noted = await soon(self.notes.get())
            if noted["event"] == event:
                return noted

    def to(self, other: "Station | Bound", index: int = 0, server_name: str = "") -> Flow:
        """The way to a listener of another station."""
        there = other.bound[index] if isinstance(other, Station) else other
        own = self.transports.listener(there.transport, there.host)
        return Flow(there.transport, there.host, there.port, 0, own, server_name)

    def _received(self, octets: bytes, flow: Flow, now: float) -> None:
        self._hear(octets, flow, now)

    def _keep(self, octets: bytes, flow: Flow, now: float) -> None:
        self.messages.put_nowait((octets, flow))

    def _batch(self) -> None:
        self.batches += 1


async def soon(awaited: Awaitable[T]) -> T:
    """What is awaited, or TimeoutError."""
    return await asyncio.wait_for(awaited, PATIENCE)


@asynccontextmanager
async def station(
    *places: str,
    tls: Tls | None = None,
    limits: Limits | None = None,
    patience: float = 30.0,
    reuse_port: bool = False,
) -> AsyncIterator[Station]:
    """Transports that listen on `places`."""
    there = Station(asyncio.get_running_loop(), tls or Tls(), limits or Limits(), patience, reuse_port)
    there.bound = await there.transports.listen([place(text) for text in places])
    try:
        yield there
    finally:
        await there.transports.close()
