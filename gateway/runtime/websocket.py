"""SIP in a WebSocket (RFC 7118): the handshake with subprotocol `sip`, one SIP message in one WebSocket message."""

from collections.abc import Iterator

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.utilities import ProtocolError

from gateway.model.errors import DecodeError
from gateway.runtime.framing import PING, PONG

_SUBPROTOCOL = "sip"


class WebSocketWire:
    """One WebSocket. `host` is whom we ask for as its client; "" makes it the server."""

    __slots__ = ("_connection", "_host", "_message", "_most", "is_open", "is_over", "replies")

    def __init__(self, most: int, host: str = "") -> None:
        self._connection = WSConnection(ConnectionType.CLIENT if host else ConnectionType.SERVER)
        self._host = host
        self._most = most
        self._message = b""
        self.is_open = False
        self.is_over = False
        self.replies = b""

    @property
    def is_unfinished(self) -> bool:
        """Whether the handshake or a message has begun and not ended."""
        return not self.is_open or bool(self._message)

    def greeting(self) -> bytes:
        """The client's request."""
        if not self._host:
            return b""
        return self._connection.send(Request(host=self._host, target="/", subprotocols=[_SUBPROTOCOL]))

    def feed(self, octets: bytes) -> Iterator[bytes]:
        """See Wire.feed."""
        try:
            self._connection.receive_data(octets)
            for event in self._connection.events():
                message = self._received(event)
                if message:
                    yield message
        except ProtocolError as error:
            raise DecodeError(f"WebSocket: {error}") from error

    def pack(self, message: bytes) -> bytes:
        """As text; as octets when they are no UTF-8 (RFC 7118 §5.2)."""
        try:
            return self._connection.send(TextMessage(message.decode()))
        except UnicodeDecodeError:
            return self._connection.send(BytesMessage(message))

    def ping(self) -> bytes:
        """RFC 7118 §6."""
        return self._connection.send(Ping())

    def _received(self, event: Event) -> bytes:
        if isinstance(event, TextMessage):
            return self._part(event.data.encode("utf-8", "surrogateescape"), event.message_finished)
        if isinstance(event, BytesMessage):
            return self._part(bytes(event.data), event.message_finished)
        if isinstance(event, Request):
            self._asked(event)
        elif isinstance(event, AcceptConnection):
            self._accepted(event)
        elif isinstance(event, RejectConnection):
            raise DecodeError(f"WebSocket refused with {event.status_code}")
        elif isinstance(event, Ping):
            self.replies += self._connection.send(event.response())
        elif isinstance(event, CloseConnection):
            self._closed(event)
        return b""

    def _part(self, part: bytes, is_last: bool) -> bytes:
        message = self._message + part
        if len(message) > self._most:
            raise DecodeError(f"a message of more than {self._most} octets")
        self._message = b"" if is_last else message
        if not is_last:
            return b""
        if message == PING:
            self.replies += self._connection.send(TextMessage(PONG.decode()))
        return message.lstrip(b"\r\n")

    def _asked(self, request: Request) -> None:
        if _SUBPROTOCOL not in request.subprotocols:
            self.replies += self._connection.send(RejectConnection(status_code=400))
            raise DecodeError("WebSocket without the subprotocol sip")
        self.replies += self._connection.send(AcceptConnection(subprotocol=_SUBPROTOCOL))
        self.is_open = True

    def _accepted(self, event: AcceptConnection) -> None:
        if event.subprotocol != _SUBPROTOCOL:
            raise DecodeError("WebSocket without the subprotocol sip")
        self.is_open = True

    def _closed(self, event: CloseConnection) -> None:
        if self.is_open:
            self.replies += self._connection.send(event.response())
        self.is_open = False
        self.is_over = True
