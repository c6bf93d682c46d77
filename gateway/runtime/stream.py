"""One stream connection: TCP, TLS or a WebSocket on either."""

import asyncio
from typing import Protocol, cast

from gateway.model.errors import DecodeError
from gateway.runtime import tls
from gateway.runtime.framing import Wire
from gateway.sip.flow import Flow

MOST_UNREAD = 4 << 20
"""Octets that a peer may leave unread; it is given up beyond (4 MiB)."""

GOODBYE = "closed by the peer"
"""Why a connection is lost in the usual course."""


class Owner(Protocol):
    """Whoever keeps the connections."""

    @property
    def is_checked(self) -> bool:
        """Whether the certificates of those we connect to matter."""

    def now(self) -> float:
        """Seconds, the clock of all."""

    def hand_over(self, octets: bytes, flow: Flow, now: float) -> None:
        """A message. Raises nothing."""

    def after_batch(self) -> None:
        """All that had come at once has been handed over."""

    def lost(self, connection: "Connection", why: str) -> None:
        """The connection is no more."""


class Connection(asyncio.Protocol):
    """`flow` names it. `names` are those of the peer's certificate. Times are of the owner's clock: `used`, when
    something last came; `sent`, when something last went; `begun`, since when a message or handshake is unfinished
    (0: none); `stuck`, since when the peer has not read enough (0: it does).
    """

    __slots__ = (
        "_owner", "_transport", "_waiting", "_why", "_wire",
        "begun", "flow", "is_outgoing", "names", "sent", "stuck", "used",
    )  # fmt: skip

    def __init__(self, owner: Owner, flow: Flow, wire: Wire, *, is_outgoing: bool) -> None:
        self._owner = owner
        self._transport: asyncio.Transport | None = None
        self._waiting: list[bytes] = []
        self._why = ""
        self._wire = wire
        self.flow = flow
        self.is_outgoing = is_outgoing
        self.names: tuple[str, ...] = ()
        self.used = self.sent = self.begun = owner.now()
        self.stuck = 0.0

    @property
    def is_open(self) -> bool:
        """Whether messages can go out."""
        return self._transport is not None and self._wire.is_open

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol. The peer's certificate is looked at before anything is said."""
        self._transport = cast(asyncio.Transport, transport)
        if self._why:  # Given up while it was being opened.
            self.give_up(self._why)
            return
        if not self._is_right_peer():
            return
        self.begun = self._owner.now() if self._wire.is_unfinished else 0.0
        greeting = self._wire.greeting()
        if greeting:
            self._transport.write(greeting)
        self._send_waiting()

    def data_received(self, octets: bytes) -> None:
        """See asyncio.Protocol."""
        owner, wire = self._owner, self._wire
        self.used = now = owner.now()
        try:
            for message in wire.feed(octets):
                self.begun = 0.0
                owner.hand_over(message, self.flow, now)
        except DecodeError as error:
            self._reply()
            self.close(error.what)
        else:
            self._reply()
        finally:
            self.begun = (self.begun or now) if wire.is_unfinished else 0.0
            self._send_waiting()
            owner.after_batch()

    def pause_writing(self) -> None:
        """See asyncio.Protocol."""
        self.stuck = self._owner.now()

    def resume_writing(self) -> None:
        """See asyncio.Protocol."""
        self.stuck = 0.0

    def connection_lost(self, error: Exception | None) -> None:
        """See asyncio.Protocol."""
        why = self._why or (tls.reason(error) if error else GOODBYE)
        self._owner.lost(self, why)

    def send(self, message: bytes) -> None:
        """Sends a message, when the connection is open at last; a peer that does not read is given up."""
        if not self.is_open:
            self._waiting.append(message)
            if sum(map(len, self._waiting)) > MOST_UNREAD:
                self.give_up("nothing can be sent")
            return
        self._write(self._wire.pack(message))

    def ping(self) -> None:
        """Keeps the connection alive."""
        self._write(self._wire.ping())

    def close(self, why: str) -> None:
        """Ends the connection once what was written is out."""
        self._why = self._why or why
        if self._transport is not None:
            self._transport.close()

    def give_up(self, why: str) -> None:
        """Ends the connection at once."""
        self._why = self._why or why
        if self._transport is not None:
            self._transport.abort()

    def _write(self, octets: bytes) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        self.sent = self._owner.now()
        transport.write(octets)
        if self.stuck and transport.get_write_buffer_size() > MOST_UNREAD:
            self.give_up("the peer does not read")

    def _reply(self) -> None:
        if self._wire.replies:
            replies, self._wire.replies = self._wire.replies, b""
            self._write(replies)
        if self._wire.is_over:
            self.close(GOODBYE)

    def _send_waiting(self) -> None:
        if self._waiting and self.is_open:
            waiting, self._waiting = self._waiting, []
            for message in waiting:
                self._write(self._wire.pack(message))

    def _is_right_peer(self) -> bool:
        assert self._transport is not None
        secured = self._transport.get_extra_info("ssl_object")
        if secured is None:
            return True
        self.names = tls.names(secured.getpeercert())
        wanted = self.flow.server_name or self.flow.host.partition("%")[0]
        if not self.is_outgoing or not self._owner.is_checked or tls.is_for(self.names, wanted):
            return True
        self.give_up(f"the certificate is not for {wanted} but for {', '.join(self.names) or 'nobody'}")
        self._transport = None
        return False
