"""The way to a media gateway: MGCP over UDP (RFC 3435 §3.5)."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from gateway.configuration import Configuration, MediaGateway, place
from gateway.model.errors import GatewayError
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


class MediaLinks:
    """The ways to all media gateways. `received` takes the name of one, a datagram of it and the time; `done` hears
    that a burst is over.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Callable[[], float]) -> None:
        self.received: Callable[[str, bytes, float], None] = lambda name, datagram, now: None
        self.done: Callable[[], None] = lambda: None
        self._loop = loop
        self._clock = clock
        self._links: dict[str, MgcpLink] = {}

    def open(self, configuration: Configuration) -> None:
        """Binds a socket for each. Raises GatewayError when one cannot be bound."""
        for each in configuration.media:
            try:
                self._links[each.name] = self._opened(each)
            except OSError as error:
                raise GatewayError(f"media gateway {each.name}: {each.local}: {error}") from error

    def send(self, name: str, datagram: bytes) -> None:
        """A datagram for the media gateway of that name."""
        link = self._links.get(name)
        if link is not None:
            link.send(datagram)

    def close(self) -> None:
        """Nothing is sent or heard any more."""
        for link in self._links.values():
            link.close()

    def _opened(self, gateway: MediaGateway) -> MgcpLink:
        own, peer = place(gateway.local), place(gateway.address)
        local, remote = (own.host, own.port or 0), (peer.host, peer.port or 0)
        link = MgcpLink(self._loop, local, remote, self._clock, self._burst_over)
        link.user = _User(gateway.name, self)
        return link

    def _burst_over(self) -> None:
        self.done()


class _User:
    """Hears one link."""

    def __init__(self, name: str, links: MediaLinks) -> None:
        self._name = name
        self._links = links

    def receive(self, datagram: bytes, now: float) -> None:
        self._links.received(self._name, datagram, now)
