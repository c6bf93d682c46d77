"""One TCP connection of H.323: octets in, octets out; what they mean is read by the gateway."""

import asyncio
from typing import Protocol, cast

from gateway.configuration.h323_trunk import written

MOST_UNREAD = 1 << 20
"""Octets that a peer may leave unread; it is given up beyond (1 MiB)."""

GOODBYE = "closed by the peer"


class StreamOwner(Protocol):
    """Whoever keeps the connections."""

    def stream_opened(self, number: int) -> None:
        """It is open."""

    def stream_received(self, number: int, octets: bytes) -> None:
        """Octets as they came. Raises nothing."""

    def stream_seen(self, inbound: bool, ours: str, peer: str, octets: bytes) -> None:
        """What passed, for a capture; the ends are "address:port"."""

    def stream_lost(self, number: int, why: str) -> None:
        """It is no more, or never was."""


class H323Stream(asyncio.Protocol):
    """`number` names it; `is_seen`: what passes goes into a capture. What is sent before it is open waits."""

    __slots__ = ("_owner", "_transport", "_waiting", "_why", "is_seen", "number")

    def __init__(self, owner: StreamOwner, number: int, *, is_seen: bool) -> None:
        self.number = number
        self.is_seen = is_seen
        self._owner = owner
        self._transport: asyncio.Transport | None = None
        self._waiting = bytearray()
        self._why = ""

    @property
    def address(self) -> str:
        """Our address; "" while it is not open."""
        if self._transport is None:
            return ""
        found = self._transport.get_extra_info("sockname")
        return str(found[0]) if found else ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        self._transport = cast(asyncio.Transport, transport)
        if self._why:  # Given up while it was being opened.
            self._transport.abort()
            return
        if self._waiting:
            waiting, self._waiting = bytes(self._waiting), bytearray()
            self._put(self._transport, waiting)
        self._owner.stream_opened(self.number)

    def data_received(self, octets: bytes) -> None:
        """See asyncio.Protocol."""
        if not self._why:
            self._see(True, octets)
            self._owner.stream_received(self.number, octets)

    def connection_lost(self, error: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._owner.stream_lost(self.number, self._why or (str(error) if error else GOODBYE))

    def send(self, octets: bytes) -> None:
        """Sends, once it is open; a peer that does not read is given up."""
        transport = self._transport
        if transport is None:
            self._waiting += octets
            return
        if transport.is_closing():
            return
        self._put(transport, octets)
        if transport.get_write_buffer_size() > MOST_UNREAD:
            self._why = "the peer does not read"
            transport.abort()

    def close(self) -> None:
        """Ends it once what was written is out; at once when it is not open yet."""
        self._why = self._why or "closed by us"
        if self._transport is not None:
            self._transport.close()

    def _put(self, transport: asyncio.Transport, octets: bytes) -> None:
        self._see(False, octets)
        transport.write(octets)

    def _see(self, inbound: bool, octets: bytes) -> None:
        if self.is_seen and self._transport is not None:
            ends = (self._transport.get_extra_info(name) or ("", 0) for name in ("sockname", "peername"))
            ours, peer = (written(str(end[0]), end[1]) for end in ends)
            self._owner.stream_seen(inbound, ours, peer, octets)
