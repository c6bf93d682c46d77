"""A D channel over UDP: one datagram is one LAPD frame without FCS. For laboratories and for libpri's peers."""

import asyncio
import socket
from collections.abc import Callable

from gateway.runtime.d_channel import DChannelUser

_BURST = 64
_LONGEST = 2048
"""Octets: no LAPD frame is longer."""


class UdpLink:
    """One bound socket, and the one peer that is heard. `lost` counts frames for which the socket had no room.

    Without connection there is no line that could go: it is up as long as it is open. Raises OSError when the address
    cannot be bound.
    """

    is_up = True

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        local: tuple[str, int],
        remote: tuple[str, int],
        user: DChannelUser,
        clock: Callable[[], float],
    ) -> None:
        family = socket.AF_INET6 if ":" in remote[0] else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.bind(local)
        except OSError:
            self._socket.close()
            raise
        self._socket.setblocking(False)
        self._loop = loop
        self._remote = remote
        self._user = user
        self._clock = clock
        self.lost = 0
        self.address: tuple[str, int] = self._socket.getsockname()[:2]
        loop.add_reader(self._socket, self._readable)

    def send(self, frame: bytes) -> None:
        """Sends one frame; what the network does not take is lost, as on a bad line."""
        if self._socket.fileno() < 0:
            return
        for _ in range(2):  # The first error may be that of an earlier datagram, to a peer that was not there yet.
            try:
                self._socket.sendto(frame, self._remote)
                return
            except OSError:
                continue
        self.lost += 1

    def close(self) -> None:
        """Nothing is read or written any more."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._socket.close()

    def _readable(self) -> None:
        now = self._clock()
        try:
            for _ in range(_BURST):
                frame, address = self._socket.recvfrom(_LONGEST)
                if address[:2] == self._remote:
                    self._hand_over(frame, now)
                if self._socket.fileno() < 0:
                    break
        except OSError:  # Nothing is left, or nobody was there for what was sent.
            pass
        self._user.after_batch(now)

    def _hand_over(self, frame: bytes, now: float) -> None:
        """One frame that goes wrong does not take the rest of the burst with it."""
        try:
            self._user.frame_received(frame, now)
        except Exception as error:
            self._loop.call_exception_handler({"message": f"a frame from {self._remote}", "exception": error})
