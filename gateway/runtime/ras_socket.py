"""A UDP socket for RAS (H.225.0 §7): unlike a link to one peer it hears gatekeepers and their alternates alike."""

import asyncio
import socket
from collections.abc import Callable

_BURST = 64
_LONGEST = 65_535


class RasSocket:
    """A bound socket. `heard` takes a datagram with its source and the time, `done` hears that a burst is over.

    Raises OSError when the address cannot be bound.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        local: tuple[str, int],
        heard: Callable[[bytes, str, int, float], None],
        done: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self._socket = socket.socket(socket.AF_INET6 if ":" in local[0] else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.bind(local)
        except OSError:
            self._socket.close()
            raise
        self._socket.setblocking(False)
        self._loop, self._heard, self._done, self._clock = loop, heard, done, clock
        self.address: tuple[str, int] = self._socket.getsockname()[:2]
        loop.add_reader(self._socket, self._readable)

    def send(self, octets: bytes, remote: tuple[str, int]) -> None:
        """Sends; what the network does not take is sent again in time."""
        for _ in range(2):  # The first error may be that of an earlier datagram, to a gatekeeper that was not there.
            try:
                self._socket.sendto(octets, remote)
                return
            except OSError:
                continue

    def close(self) -> None:
        """Nothing is read or written any more."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._socket.close()

    def _readable(self) -> None:
        now = self._clock()
        for _ in range(_BURST):
            if self._socket.fileno() < 0:
                return
            try:
                octets, address = self._socket.recvfrom(_LONGEST)
            except BlockingIOError:
                break
            except OSError:  # Nobody was there for what was sent.
                continue
            self._heard(octets, str(address[0]), int(address[1]), now)
        self._done()
