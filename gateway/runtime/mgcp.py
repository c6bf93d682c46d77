"""The way to a media gateway: MGCP over UDP (RFC 3435 §3.5)."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from gateway.runtime.udp_link import UdpLink


class MgcpUser(Protocol):
    """Who controls the media gateway."""

    def receive(self, datagram: bytes, now: float) -> None:
        """One datagram from it."""


class MgcpLink:
    """A bound socket, and the one media gateway that is heard: `remote`, a numeric address with its port (2427).

    `after_batch` is called when all that was there has been handed over. Raises OSError when `local` cannot be bound.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        local: tuple[str, int],
        remote: tuple[str, int],
        clock: Callable[[], float],
        after_batch: Callable[[], object],
    ) -> None:
        self.user: MgcpUser | None = None
        self._after_batch = after_batch
        self._link = UdpLink(loop, local, remote, self, clock)
        self.address = self._link.address

    def send(self, datagram: bytes) -> None:
        """Sends one datagram; what the network does not take is sent again in time."""
        self._link.send(datagram)

    def close(self) -> None:
        """Nothing is sent or heard any more."""
        self._link.close()

    def frame_received(self, frame: bytes, now: float) -> None:
        """One datagram."""
        if self.user is not None:
            self.user.receive(frame, now)

    def line_changed(self, is_up: bool, now: float) -> None:
        """UDP has no line."""

    def after_batch(self, now: float) -> None:
        """All that was there has been handed over."""
        self._after_batch()
