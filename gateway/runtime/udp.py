"""UDP sockets: read in bursts, written at once, ICMP errors told to whom they concern.

A reader on a plain socket costs the same as the loop's datagram endpoint (5 to 6 microseconds for a datagram in and
one out), gives bursts a beginning and an end, and lets the error queue be read. The loop does not look at the
socket itself but at an epoll of its own: libuv gives up a descriptor for good once it has an error on it.
"""

import asyncio
import errno
import select
import socket
import sys
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from gateway.sip.flow import Flow, Transport

MOST_WAITING = 4096
"""Datagrams that wait for room in the socket; what comes beyond is lost, as it would be on the way."""

_BURST = 64
_LONGEST = 65_535
_BUFFER = 4 << 20
_STUN = 4  # Its first octet is 0 to 3 (RFC 5764 §5.1.2); a SIP message begins with a letter or a line end.
_BLANKS = b"\r\n \t\0"
# Linux: not in the socket module everywhere. The error queue of a socket, and how it is switched on.
_IP_RECVERR, _IPV6_RECVERR, _ERROR_QUEUE = 11, 25, 0x2000
_UNREACHABLE = frozenset({(2, 3), (3, 1)})  # "Destination unreachable" of ICMP and of ICMPv6.


class UdpSocket:
    """One bound socket; `index` is its number among the listeners."""

    __slots__ = (
        "_failed", "_loop", "_ready", "_received", "_room", "_waiting",
        "after_batch", "clock", "index", "is_inet6", "socket",
    )  # fmt: skip

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        bound: socket.socket,
        index: int,
        received: Callable[[bytes, Flow, float], None],
        failed: Callable[[Flow], None],
        clock: Callable[[], float],
        after_batch: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._received = received
        self._failed = failed
        self._waiting: deque[tuple[bytes, Flow]] = deque()
        self.is_inet6 = bound.family == socket.AF_INET6
        self.socket = bound
        self.index = index
        self.clock = clock
        self.after_batch = after_batch
        _prepare(bound)
        self._room: Watched | None = None
        self._ready = self._watch(writing=False)

    def send(self, octets: bytes, flow: Flow) -> None:
        """Sends one datagram; when the socket is full it waits its turn. Never raises."""
        if self._waiting:
            self._wait(octets, flow)
            return
        try:
            self.socket.sendto(octets, (flow.host, flow.port))
        except BlockingIOError:
            self._wait(octets, flow)
        except OSError:
            self._send_again(octets, flow)

    def close(self) -> None:
        """Nothing is read or written any more."""
        self._unwatch(self._ready)
        if self._room is not None:
            self._unwatch(self._room)
        self.socket.close()

    def _readable(self) -> None:
        receive, index, is_inet6, now = self.socket.recvfrom, self.index, self.is_inet6, self.clock()
        octets = b""
        try:
            for _ in range(_BURST):
                octets, address = receive(_LONGEST)
                if octets and (octets[0] > 0x20 or _is_sip(octets)):
                    host = address[0] if not is_inet6 else numbered(address)
                    self._hand_over(octets, Flow(Transport.UDP, host, address[1], 0, index), now)
        except BlockingIOError:
            if not octets:  # Woken for nothing but an error.
                self._read_errors()
        except OSError:
            self._read_errors()
        finally:
            self.after_batch()

    def _hand_over(self, octets: bytes, flow: Flow, now: float) -> None:
        """One message that goes wrong does not take the rest of the burst with it."""
        try:
            self._received(octets, flow, now)
        except Exception as error:
            self._loop.call_exception_handler({"message": f"a message from {flow}", "exception": error})

    def _send_again(self, octets: bytes, flow: Flow) -> None:
        """The error that a call returns may be an earlier datagram's; then a second try succeeds."""
        self._read_errors()
        try:
            self.socket.sendto(octets, (flow.host, flow.port))
        except BlockingIOError:
            self._wait(octets, flow)
        except OSError:
            self._failed(flow)

    def _read_errors(self) -> None:
        """Each entry of the error queue has the address that the lost datagram was for."""
        for _ in range(_BURST):
            try:
                _, ancillary, _, address = self.socket.recvmsg(1, 512, _ERROR_QUEUE)
            except OSError:
                return
            if address and any(_is_unreachable(data) for _, _, data in ancillary):
                self._failed(Flow(Transport.UDP, address[0], address[1], 0, self.index))

    def _wait(self, octets: bytes, flow: Flow) -> None:
        if self._room is None:
            self._room = self._watch(writing=True)
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append((octets, flow))

    def _writable(self) -> None:
        # An error that is there would wake us again and again, and be taken for one of what is sent next.
        self._read_errors()
        while self._waiting:
            octets, flow = self._waiting[0]
            try:
                self.socket.sendto(octets, (flow.host, flow.port))
            except BlockingIOError:
                return
            except OSError:
                self._failed(flow)
            self._waiting.popleft()
        if self._room is not None:
            self._unwatch(self._room)
            self._room = None

    def _watch(self, *, writing: bool) -> "Watched":
        act = self._writable if writing else self._readable
        if not hasattr(select, "epoll"):
            own = self.socket.dup()
            (self._loop.add_writer if writing else self._loop.add_reader)(own, act)
            return own
        watched = select.epoll()
        watched.register(self.socket, select.EPOLLOUT if writing else select.EPOLLIN)
        self._loop.add_reader(watched, act)
        return watched

    def _unwatch(self, watched: "Watched") -> None:
        self._loop.remove_reader(watched)
        self._loop.remove_writer(watched)
        watched.close()


def numbered(address: tuple[Any, ...]) -> str:
    """The host of an IPv6 socket address, with its scope where it has one (RFC 4007 §11)."""
    return f"{address[0]}%{address[3]}" if address[3] else str(address[0])


class Watched(Protocol):
    """A descriptor that is readable when the socket is ready."""

    def fileno(self) -> int:
        """Its number."""

    def close(self) -> None:
        """It is no more."""


def _is_sip(octets: bytes) -> bool:
    """Whether something that begins with a blank or a control character may be a message: no keep-alive, no STUN."""
    return octets[0] >= _STUN and bool(octets.strip(_BLANKS))


def _is_unreachable(error: bytes) -> bool:
    """Whether a sock_extended_err says that nobody is there: other errors are no failure (RFC 3261 §18.4)."""
    number, origin, kind = int.from_bytes(error[:4], sys.byteorder), error[4], error[5]
    return (origin, kind) in _UNREACHABLE and number != errno.EMSGSIZE


def _prepare(bound: socket.socket) -> None:
    bound.setblocking(False)
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        bound.setsockopt(socket.SOL_SOCKET, option, _BUFFER)
    level, option = (
        (socket.IPPROTO_IPV6, _IPV6_RECVERR) if bound.family == socket.AF_INET6 else (socket.IPPROTO_IP, _IP_RECVERR)
    )
    try:
        bound.setsockopt(level, option, 1)
    except OSError as error:  # Where there is no such option, timers find out who is not there.
        if error.errno not in (errno.ENOPROTOOPT, errno.EINVAL):
            raise
