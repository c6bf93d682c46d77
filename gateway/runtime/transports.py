"""All sockets that one process speaks SIP on (RFC 3261 §18, RFC 3581, RFC 5626, RFC 7118)."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import NamedTuple

from gateway.configuration import Limits, Place, Tls
from gateway.model.errors import GatewayError
from gateway.runtime.connections import PATIENCE, Connections, Noted, Source
from gateway.runtime.tls import Contexts
from gateway.runtime.udp import UdpSocket
from gateway.sip.flow import Flow, Transport
from gateway.sip.locating import is_address

Tap = Callable[[bool, Flow, tuple[str, int], bytes], None]
"""Sees each message: whether it came in, its flow, our address, its octets."""

_BACKLOG = 1024
_MOST_ROUTES = 4096
_WILDCARDS = ("0.0.0.0", "::")  # noqa: S104
_ELSEWHERE = {False: "192.0.2.1", True: "2001:db8::1"}


class Bound(NamedTuple):
    """A listening address."""

    transport: Transport
    host: str
    port: int


def _silent(event: str, **fields: object) -> None:
    pass


def _nothing() -> None:
    pass


class Transports:
    """All listening sockets and connections of one process.

    `received` gets each message with the way it came; `failed` each way that a message cannot go: a connection that
    was lost or not opened, a host that refused a datagram. Of a connection that we opened it is told twice, once as
    the connection and once as the way that leads there. Neither is called from within `send`. `after_batch` is
    called after each burst of either. `noted` takes what a log should have.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        received: Callable[[bytes, Flow, float], None],
        failed: Callable[[Flow, float], None],
        tls: Tls,
        limits: Limits,
        clock: Callable[[], float],
        *,
        reuse_port: bool = False,
        tap: Tap | None = None,
        noted: Noted = _silent,
        patience: float = PATIENCE,
    ) -> None:
        """Raises GatewayError when the certificates cannot be used."""
        self._loop = loop
        self._received = received
        self._heard_failure = failed
        self._contexts = Contexts(tls)
        self._clock = clock
        self._reuse_port = reuse_port
        self._tap = tap
        self._noted = noted
        self._failures: dict[Flow, None] = {}
        self._bound: list[Bound] = []
        self._datagrams: dict[int, UdpSocket] = {}
        self._routes: dict[tuple[Transport, str], int] = {}
        self._sources: dict[str, str] = {}
        self._connections = Connections(
            loop,
            received if tap is None else self._tapped,
            self._fail,
            self._contexts,
            clock,
            self._batch_ends,
            noted,
            self._leaving,
            most=limits.connections,
            longest=limits.message_octets,
            patience=patience,
        )
        self.after_batch: Callable[[], None] = _nothing

    @property
    def connections(self) -> int:
        """How many stream connections there are."""
        return len(self._connections)

    async def listen(self, places: Sequence[Place]) -> tuple[Bound, ...]:
        """Binds all; a listener's index is its position. For "any address" the one is told that leads elsewhere.

        Raises GatewayError that names the place.
        """
        for place in places:
            try:
                await self._listen(place)
            except (OSError, ValueError) as error:
                await self.close()
                raise GatewayError(f"cannot listen: {error}", where=str(place)) from error
        return tuple(bound._replace(host=self._shown(bound)) for bound in self._bound)

    def send(self, flow: Flow, octets: bytes) -> None:
        """Sends a message. Never raises: what cannot go is told to `failed`, later."""
        if self._tap is not None:
            self._tap(False, flow, self.address(flow), octets)
        if not 0 < flow.port < 65_536:  # A peer may write anything into its Via or Contact.
            self._fail(flow)
            return
        if flow.transport is Transport.UDP:
            bound = self._datagrams.get(flow.listener)
            if bound is None or bound.is_inet6 != (":" in flow.host):
                bound = self._datagrams.get(self.listener(Transport.UDP, flow.host))
            if bound is not None and is_address(flow.host):
                bound.send(octets, flow)
                return
        elif is_address(flow.host):
            self._connections.send(flow, octets)
            return
        self._fail(flow)

    def address(self, flow: Flow) -> tuple[str, int]:
        """Our own address on that way: of its listener, or the one that leads there where that is bound to any."""
        bound = self._bound[flow.listener] if flow.listener < len(self._bound) else None
        if bound is None or bound.transport is not flow.transport:
            return self._leading_to(flow.host), flow.transport.default_port
        return self._leading_to(flow.host) if bound.host in _WILDCARDS else bound.host, bound.port

    def listener(self, transport: Transport, host: str) -> int:
        """The index of the listener by which requests to that address leave; 0 when there is none that fits."""
        key = (transport, host)
        index = self._routes.get(key)
        if index is None:
            if len(self._routes) >= _MOST_ROUTES:
                self._routes.clear()
            index = self._routes[key] = self._best_listener(transport, host)
        return index

    def peer_names(self, flow: Flow) -> tuple[str, ...]:
        """The hosts and domains that the peer's certificate is for, in lower case; none when it showed none."""
        return self._connections.names(flow)

    def reload_tls(self, tls: Tls) -> None:
        """New connections use these certificates. Raises GatewayError, and then all stays as it was."""
        self._contexts.load(tls)

    async def close(self) -> None:
        """Closes all sockets."""
        await self._connections.close()
        for bound in self._datagrams.values():
            bound.close()
        self._datagrams.clear()

    async def _listen(self, place: Place) -> None:
        transport = Transport(place.transport)
        if transport.is_secure and self._contexts.is_self_signed:
            self._noted("tls.self_signed", level="warning", listener=str(place))
        port = transport.default_port if place.port is None else place.port
        kind = socket.SOCK_STREAM if transport.is_reliable else socket.SOCK_DGRAM
        found = await self._loop.getaddrinfo(place.host, port, type=kind)
        bound = self._bind(found[0][0], kind, found[0][4])
        index = len(self._bound)
        self._bound.append(Bound(transport, *bound.getsockname()[:2]))
        if transport.is_reliable:
            self._connections.listen(transport, bound, index)
            return
        received = self._received if self._tap is None else self._tapped
        self._datagrams[index] = UdpSocket(
            self._loop, bound, index, received, self._fail, self._clock, self._batch_ends
        )

    def _bind(self, family: int, kind: int, address: tuple[object, ...]) -> socket.socket:
        bound = socket.socket(family, kind)
        try:
            if kind == socket.SOCK_STREAM:
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if self._reuse_port:
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if family == socket.AF_INET6:
                bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            bound.setblocking(False)
            bound.bind(address)
            if kind == socket.SOCK_STREAM:
                bound.listen(_BACKLOG)
        except OSError:
            bound.close()
            raise
        return bound

    def _batch_ends(self) -> None:
        self.after_batch()

    def _tapped(self, octets: bytes, flow: Flow, now: float) -> None:
        assert self._tap is not None
        self._tap(True, flow, self.address(flow), octets)
        self._received(octets, flow, now)

    def _fail(self, flow: Flow) -> None:
        """Told from the loop: whoever sends is not ready to hear about it within the same breath."""
        if not self._failures:
            self._loop.call_soon(self._tell_failures)
        self._failures[flow] = None

    def _tell_failures(self) -> None:
        failures, self._failures = self._failures, {}
        now = self._clock()
        for flow in failures:
            try:
                self._heard_failure(flow, now)
            except Exception as error:
                self._loop.call_exception_handler({"message": f"{flow} that failed", "exception": error})
        self.after_batch()

    def _best_listener(self, transport: Transport, host: str) -> int:
        is_inet6 = ":" in host
        fit = [
            index
            for index, bound in enumerate(self._bound)
            if bound.transport is transport and (":" in bound.host) == is_inet6
        ]
        if len(fit) < 2:
            return fit[0] if fit else 0
        source = self._leading_to(host)
        exact = [index for index in fit if self._bound[index].host == source]
        wide = [index for index in fit if self._bound[index].host in _WILDCARDS]
        return (exact or wide or fit)[0]

    def _leaving(self, flow: Flow) -> tuple[int, Source]:
        """Connections leave by the address that we listen on, if one is said: peers know us by it."""
        bound = self._fitting(flow.listener, flow)
        if bound is not None:
            return flow.listener, _from(bound)
        index = self.listener(flow.transport, flow.host)
        bound = self._fitting(index, flow)
        return index, None if bound is None else _from(bound)

    def _fitting(self, index: int, flow: Flow) -> Bound | None:
        bound = self._bound[index] if index < len(self._bound) else None
        fits = bound and bound.transport is flow.transport and (":" in bound.host) == (":" in flow.host)
        return bound if fits else None

    def _shown(self, bound: Bound) -> str:
        return self._leading_to(_ELSEWHERE[":" in bound.host]) if bound.host in _WILDCARDS else bound.host

    def _leading_to(self, host: str) -> str:
        """Our address on the way to `host`, as the system would choose it; nothing is sent to find out."""
        source = self._sources.get(host)
        if source is None:
            if len(self._sources) >= _MOST_ROUTES:
                self._sources.clear()
            source = self._sources[host] = _source_to(host)
        return source


def _from(bound: Bound) -> Source:
    return None if bound.host in _WILDCARDS else (bound.host, 0)


def _source_to(host: str) -> str:
    is_inet6 = ":" in host
    with socket.socket(socket.AF_INET6 if is_inet6 else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((host, 9))
            return str(probe.getsockname()[0])
        except OSError:
            return "::1" if is_inet6 else "127.0.0.1"
