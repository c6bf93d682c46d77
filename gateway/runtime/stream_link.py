"""Connections that carry Q.931 for D channels: to a signalling gateway over SCTP or TCP, and from a gateway over TCP.

Messages follow one another, each with its own length. A connection that is lost is made again.
"""

import asyncio
import errno
import socket
import sys
from collections import deque
from collections.abc import Callable
from struct import pack
from typing import NamedTuple

from gateway.model.errors import DecodeError
from gateway.runtime.d_channel import DChannelUser


class Carried(NamedTuple):
    """How messages go over SCTP: the payload protocol identifier, and the stream of each."""

    payload: int
    stream: Callable[[bytes], int]


Length = Callable[[bytes], int | None]
"""How long the message is whose first octets are given; None while nobody can say. Raises DecodeError."""
Address = tuple[str, int]
Ends = tuple[Address, Address]

_CHUNK = 65_536
_MOST_UNSENT = 1_000_000
"""Octets that wait for a peer that does not read; a connection with more of them is given up."""
_AGAIN = 2.0
"""Seconds between two attempts to connect."""
_DEAD_AFTER = 15_000
"""Milliseconds that sent octets may be without acknowledgement (TCP_USER_TIMEOUT)."""
_SCTP_NODELAY, _SCTP_SNDRCV = 3, 1
_TCP_USER_TIMEOUT = 18
"""Linux; Python has no name for some of them."""


class _Connection:
    """One connected socket; `over_sctp` is None on TCP. `ends` are our address and the peer's.

    `failed` is called once when it is lost, never from within `send` and never after `close`.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        connected: socket.socket,
        over_sctp: Carried | None,
        length: Length,
        user: DChannelUser,
        clock: Callable[[], float],
        failed: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._socket = connected
        self._length = length
        self._user = user
        self._clock = clock
        self._failed = failed
        self._over_sctp = over_sctp
        self._held = bytearray()
        self._unsent: deque[bytes] = deque()
        self._waiting = 0
        self._is_writing = False
        self._lost: asyncio.Handle | None = None
        self.ends = _ends(connected)
        _prepare(connected, is_sctp=over_sctp is not None)
        loop.add_reader(connected, self._readable)

    def send(self, message: bytes) -> None:
        """Sends one message, now or when there is room."""
        if self._lost is not None:
            return
        self._unsent.append(message)
        self._waiting += len(message)
        if not self._is_writing:
            self._writable()
        elif self._waiting > _MOST_UNSENT:
            self._lose()

    def close(self) -> None:
        """Nothing is read or written any more."""
        if self._lost is not None:
            self._lost.cancel()
        self._stop()

    def _stop(self) -> None:
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            self._socket.close()

    def _writable(self) -> None:
        while self._unsent and self._socket.fileno() >= 0:
            message = self._unsent[0]
            try:
                count = self._socket.sendmsg([message], self._ancillary(message))
            except (BlockingIOError, InterruptedError):
                break
            except OSError:
                self._lose()
                return
            self._unsent.popleft()
            self._waiting -= count
            if count < len(message):
                self._unsent.appendleft(message[count:])
        self._watch()

    def _ancillary(self, message: bytes) -> list[tuple[int, int, bytes]]:
        if self._over_sctp is None:
            return []
        info = _send_info(self._over_sctp.payload, self._over_sctp.stream(message))
        return [(_ipproto_sctp(), _SCTP_SNDRCV, info)]

    def _watch(self) -> None:
        """Waits for room as long as there is something to send."""
        if bool(self._unsent) is not self._is_writing and self._socket.fileno() >= 0:
            self._is_writing = bool(self._unsent)
            if self._is_writing:
                self._loop.add_writer(self._socket, self._writable)
            else:
                self._loop.remove_writer(self._socket)

    def _readable(self) -> None:
        now = self._clock()
        try:
            octets = self._socket.recv(_CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            octets = b""
        if not octets:
            self._lose()
            return
        self._held += octets
        self._cut(now)
        self._user.after_batch(now)

    def _cut(self, now: float) -> None:
        """Hands whole messages over. What is none ends the connection: nobody knows where the next begins."""
        held = self._held
        try:
            while held and self._socket.fileno() >= 0:
                length = self._length(bytes(held[:16]))
                if length is None or length > len(held):
                    return
                message = bytes(held[:length])
                del held[:length]
                self._hand_over(message, now)
        except DecodeError:
            self._lose()

    def _hand_over(self, message: bytes, now: float) -> None:
        """One message that goes wrong does not take the next ones with it."""
        try:
            self._user.frame_received(message, now)
        except Exception as error:
            self._loop.call_exception_handler({"message": "a message of a D channel", "exception": error})

    def _lose(self) -> None:
        if self._lost is None:
            self._stop()
            self._lost = self._loop.call_soon(self._failed)


class Caller:
    """A connection that we make, over TCP unless told how it goes `over_sctp`.

    Raises OSError when the kernel has no such sockets. A peer that is not there is tried again and again.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        peer: Address,
        over_sctp: Carried | None,
        length: Length,
        user: DChannelUser,
        clock: Callable[[], float],
        *,
        again: float = _AGAIN,
    ) -> None:
        self._loop = loop
        self._peer = peer
        self._over_sctp = over_sctp
        self._length = length
        self._user = user
        self._clock = clock
        self._again = again
        self._connection: _Connection | None = None
        self._calling: socket.socket | None = None
        self._new_socket().close()
        self._retry: asyncio.Handle | None = loop.call_soon(self._call)

    @property
    def is_up(self) -> bool:
        """Whether there is a connection."""
        return self._connection is not None

    @property
    def ends(self) -> Ends | None:
        """Our address and the peer's; None without a connection."""
        return self._connection.ends if self._connection is not None else None

    def send(self, frame: bytes) -> None:
        """Sends one message; without a connection it is lost."""
        if self._connection is not None:
            self._connection.send(frame)

    def close(self) -> None:
        """Nothing is sent or heard any more."""
        if self._retry is not None:
            self._retry.cancel()
        self._hang_up()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _new_socket(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._peer[0] else socket.AF_INET
        protocol = socket.IPPROTO_TCP if self._over_sctp is None else _ipproto_sctp()
        found = socket.socket(family, socket.SOCK_STREAM, protocol)
        found.setblocking(False)
        return found

    def _call(self) -> None:
        self._retry = None
        try:
            self._calling = self._new_socket()
            error = self._calling.connect_ex(self._peer)
        except OSError:
            error = errno.ENETUNREACH
        if error in (0, errno.EINPROGRESS) and self._calling is not None:
            self._loop.add_writer(self._calling, self._called)
        else:
            self._call_later()

    def _called(self) -> None:
        calling = self._calling
        assert calling is not None
        self._loop.remove_writer(calling)
        if calling.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self._call_later()
            return
        self._calling = None
        self._connection = _Connection(
            self._loop, calling, self._over_sctp, self._length, self._user, self._clock, self._failed
        )
        self._user.line_changed(True, self._clock())

    def _failed(self) -> None:
        self._connection = None
        self._call_later()
        self._user.line_changed(False, self._clock())

    def _call_later(self) -> None:
        self._hang_up()
        self._retry = self._loop.call_later(self._again, self._call)

    def _hang_up(self) -> None:
        if self._calling is not None:
            self._loop.remove_writer(self._calling)
            self._calling.close()
            self._calling = None


class Listener:
    """A TCP connection that the peer makes; when it makes another one, that is the one from then on.

    Raises OSError when the address cannot be bound. `address` is the bound one.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        local: Address,
        length: Length,
        user: DChannelUser,
        clock: Callable[[], float],
    ) -> None:
        self._loop = loop
        self._length = length
        self._user = user
        self._clock = clock
        self._connection: _Connection | None = None
        family = socket.AF_INET6 if ":" in local[0] else socket.AF_INET
        self._socket = socket.create_server(local, family=family)
        self._socket.setblocking(False)
        self.address: Address = self._socket.getsockname()[:2]
        loop.add_reader(self._socket, self._called)

    @property
    def is_up(self) -> bool:
        """Whether there is a connection."""
        return self._connection is not None

    @property
    def ends(self) -> Ends | None:
        """Our address and the peer's; None without a connection."""
        return self._connection.ends if self._connection is not None else None

    def send(self, frame: bytes) -> None:
        """Sends one message; without a connection it is lost."""
        if self._connection is not None:
            self._connection.send(frame)

    def close(self) -> None:
        """Nothing is sent or heard any more."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._socket.close()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _called(self) -> None:
        try:
            accepted, _ = self._socket.accept()
        except OSError:
            return
        accepted.setblocking(False)
        if self._connection is not None:
            self._connection.close()
            self._user.line_changed(False, self._clock())
        self._connection = _Connection(
            self._loop, accepted, None, self._length, self._user, self._clock, self._failed
        )
        self._user.line_changed(True, self._clock())

    def _failed(self) -> None:
        self._connection = None
        self._user.line_changed(False, self._clock())


def _ends(connected: socket.socket) -> Ends | None:
    """None when the peer has gone already."""
    try:
        return connected.getsockname()[:2], connected.getpeername()[:2]
    except OSError:
        return None


def _ipproto_sctp() -> int:
    return getattr(socket, "IPPROTO_SCTP", 132)


def _send_info(payload: int, stream: int) -> bytes:
    """The kernel's sctp_sndrcvinfo: stream, number and flags, payload protocol, and what it fills in."""
    return pack("=HHHxxIIIIIi", stream, 0, 0, socket.htonl(payload), 0, 0, 0, 0, 0)


def _prepare(connected: socket.socket, *, is_sctp: bool) -> None:
    """Small messages go out at once, and a peer that is dead is noticed."""
    try:
        if is_sctp:
            connected.setsockopt(_ipproto_sctp(), _SCTP_NODELAY, 1)
        else:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if sys.platform == "linux":
                connected.setsockopt(socket.IPPROTO_TCP, _TCP_USER_TIMEOUT, _DEAD_AFTER)
    except OSError:
        return
