"""One TCP connection of H.323: octets in, octets out; what they mean is read by the gateway."""

import asyncio
from typing import Protocol, cast

MOST_UNREAD = 1 << 20
"""Octets that a peer may leave unread; it is given up beyond (1 MiB)."""

GOODBYE = "closed by the peer"


class StreamOwner(Protocol):
    """Whoever keeps the connections."""

    def stream_opened(self, number: int) -> None:
        """It is open."""

    def stream_received(self, number: int, octets: bytes) -> None:
        """Octets as they came. Raises nothing."""

    def stream_lost(self, number: int, why: str) -> None:
        """It is no more, or never was."""


class H323Stream(asyncio.Protocol):
    """`number` names it. What is sent before it is open waits."""

    __slots__ = ("_owner", "_transport", "_waiting", "_why", "number")

    def __init__(self, owner: StreamOwner, number: int) -> None:
        self.number = number
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
            self._transport.write(bytes(self._waiting))
            self._waiting.clear()
        self._owner.stream_opened(self.number)

    def data_received(self, octets: bytes) -> None:
        """See asyncio.Protocol."""
        if not self._why:
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
        transport.write(octets)
        if transport.get_write_buffer_size() > MOST_UNREAD:
            self._why = "the peer does not read"
            transport.abort()

    def close(self) -> None:
        """Ends it once what was written is out; at once when it is not open yet."""
        self._why = self._why or "closed by us"
        if self._transport is not None:
            self._transport.close()
