"""How the H.245 messages of a call get to its peer: within call signalling, or over a TCP connection of their own.

The tunnel is taken where both sides have it. Else the side that knows the other's address connects there, and who
knows none listens and says where (H.323 §8.2.1, §8.2.2).
"""

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING

from gateway.h323.call import H323Call
from gateway.h323.tpkt import Unframer, frame
from gateway.model.errors import DecodeError, GatewayError

if TYPE_CHECKING:
    from gateway.ends.h323_connections import H323Connections


class LinkState(StrEnum):
    """LISTENING: the peer is to connect. CONNECTING: we do."""

    CLOSED = "closed"
    LISTENING = "listening"
    CONNECTING = "connecting"
    TUNNEL = "tunnel"
    CONNECTED = "connected"
    OVER = "over"


class LinkInput(StrEnum):
    """What happens. WANTED: H.245 is to begin. ADDRESSED: the peer has said where it listens."""

    WANTED_TUNNEL = "wanted, in the tunnel"
    WANTED_ADDRESS = "wanted, at the peer's address"
    WANTED = "wanted, at an address of ours"
    OPENED = "connection open"
    LOST = "connection lost"
    END = "end"


_S, _I = LinkState, LinkInput

_ROWS: dict[LinkState, dict[LinkInput, LinkState]] = {
    _S.CLOSED: {
        _I.WANTED_TUNNEL: _S.TUNNEL,
        _I.WANTED_ADDRESS: _S.CONNECTING,
        _I.WANTED: _S.LISTENING,
    },
    _S.LISTENING: {
        _I.WANTED_TUNNEL: _S.TUNNEL,
        _I.WANTED_ADDRESS: _S.CONNECTING,
        _I.OPENED: _S.CONNECTED,
    },
    _S.CONNECTING: {_I.OPENED: _S.CONNECTED, _I.LOST: _S.CLOSED},
    _S.TUNNEL: {},
    _S.CONNECTED: {_I.LOST: _S.OVER},
    _S.OVER: {},
}

TABLE: dict[tuple[LinkState, LinkInput], LinkState] = {
    **{(state, each): state for state in LinkState for each in LinkInput},
    **{(state, LinkInput.END): LinkState.OVER for state in LinkState},
    **{(state, each): after for state, row in _ROWS.items() for each, after in row.items()},
}


class H323ControlLink:
    """`ready` is called when messages can go, `heard` with each one that comes, `lost` when the connection breaks."""

    __slots__ = (
        "_call",
        "_connection",
        "_connections",
        "_heard",
        "_listener",
        "_lost",
        "_ready",
        "_unframer",
        "state",
    )

    def __init__(
        self,
        connections: "H323Connections",
        call: H323Call,
        ready: Callable[[float], None],
        heard: Callable[[bytes, float], None],
        lost: Callable[[float], None],
    ) -> None:
        self._connections = connections
        self._call = call
        self._ready, self._heard, self._lost = ready, heard, lost
        self._connection = 0
        self._listener = ""
        self._unframer: Unframer | None = None
        self.state = LinkState.CLOSED

    @property
    def is_open(self) -> bool:
        """Whether messages can go."""
        return self.state in (LinkState.TUNNEL, LinkState.CONNECTED)

    def open(self, now: float) -> None:
        """H.245 is to begin, in whichever way there is; `ready` follows, unless it has been before."""
        before = self.state
        if self._call.tunnels:
            self._enter(LinkInput.WANTED_TUNNEL, now)
            if self.state is LinkState.TUNNEL and before is not self.state:
                self._ready(now)
        elif self._call.control_address:
            self._enter(LinkInput.WANTED_ADDRESS, now)
            if self.state is LinkState.CONNECTING and before is not self.state:
                self._connect(self._call.control_address)
        elif before is LinkState.CLOSED and (address := self.address(now)):
            self._call.start_h245(address, now)

    def address(self, now: float) -> str:
        """Where we listen for the peer's connection, from now on; "" when that cannot be, or need not any more."""
        if self.state is LinkState.CLOSED:
            try:
                self._listener = self._connections.listen_for_control(self, self._call)
            except GatewayError:
                return ""
            self._enter(LinkInput.WANTED, now)
        return self._listener if self.state is LinkState.LISTENING else ""

    def send(self, octets: bytes, now: float) -> None:
        """One message to the peer."""
        if self.state is LinkState.TUNNEL:
            self._call.send_control(octets, now)
        elif self.state is LinkState.CONNECTED:
            self._connections.send(self._connection, frame(octets))

    def close(self, now: float) -> None:
        """Nothing goes or comes any more."""
        self._enter(LinkInput.END, now)
        if self._connection:
            self._connections.drop(self._connection)
            self._connection = 0

    # --- the connection ---

    def opened(self, connection: int, now: float) -> bool:
        """The peer has connected, from wherever, or we have; False for one connection too many."""
        if self.state not in (LinkState.LISTENING, LinkState.CONNECTING):
            return False
        self._connection = connection
        self._unframer = Unframer()
        self._enter(LinkInput.OPENED, now)
        self._ready(now)
        return True

    def received(self, octets: bytes, now: float) -> None:
        """Octets from the connection; a stream out of step is given up."""
        if self._unframer is None or self.state is not LinkState.CONNECTED:
            return
        try:
            messages = self._unframer.feed(octets)
        except DecodeError:
            self._connections.drop(self._connection)
            self.connection_lost(now)
            return
        for message in messages:
            self._heard(message, now)

    def connection_lost(self, now: float) -> None:
        """The connection is gone, or could not be opened."""
        self._connection, self._unframer = 0, None
        before = self.state
        self._enter(LinkInput.LOST, now)
        if before is not self.state:
            self._lost(now)

    def _connect(self, address: str) -> None:
        self._connection = self._connections.connect_for_control(self, address, self._call)

    def _enter(self, input: LinkInput, now: float) -> None:
        self.state = TABLE[self.state, input]
        if self._listener and self.state is not LinkState.LISTENING:
            self._connections.stop_listening(self._listener)
            self._listener = ""
