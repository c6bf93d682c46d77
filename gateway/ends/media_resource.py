"""Where the media of a B channel becomes RTP: what a leg without RTP of its own asks for, whoever provides it.

Nothing here blocks and nothing raises. Whoever provides media answers each request once, within its own patience;
a failure is an answer too, and `MediaEndpoint.failure` then says why.
"""

from collections.abc import Callable
from typing import Protocol

from gateway.model.errors import GatewayError
from gateway.sip.sdp_description import Direction

MediaDone = Callable[[bytes | None, float], None]
"""Hears how a request ended: the endpoint's session description as it is now, or None when it failed; and when.

It may be called before the request returns.
"""

MediaMoved = Callable[[bytes, float], None]
"""Hears that the endpoint receives elsewhere now, its media gateway having restarted: offer this to the peer."""


class MediaEndpoint(Protocol):
    """One B channel with RTP to one peer, from `reserve` to `release`."""

    @property
    def local(self) -> bytes:
        """Its session description as the peer has to be told; b"" before the first success."""

    @property
    def failure(self) -> GatewayError | None:
        """Why the last request failed; None when it did not."""

    def modify(self, remote: bytes, direction: Direction | None, done: MediaDone, now: float) -> None:
        """Takes `remote` as the peer's description; b"" leaves it as it was.

        `direction` is seen from here; None is what `remote` says, turned round. A failure leaves everything as it
        was. Requests made while one is under way are carried out after it, in order.
        """

    def cross_connect(self, other: "MediaEndpoint", done: MediaDone, now: float) -> None:
        """Joins this B channel and another one: each sends to where the other receives."""

    def release(self, now: float) -> None:
        """Gives it back. Callable at any time; `done` of whatever was under way is not called any more."""

    def snapshot(self) -> dict[str, object]:
        """What `MediaResource.restore` needs to have it back after a restart; plain JSON values."""


class MediaResource(Protocol):
    """Whoever provides endpoints."""

    @property
    def is_up(self) -> bool:
        """Whether a request is worth making, as far as that is known."""

    def reserve(
        self,
        trunk: str,
        channel: int,
        wanted: bytes,
        done: MediaDone,
        now: float,
        moved: MediaMoved | None = None,
    ) -> MediaEndpoint:
        """An endpoint for B channel `channel` (1…31) of the trunk.

        `wanted` is the peer's offer, which `local` will answer; with b"" `local` is an offer, and media flows once
        `modify` has brought the peer's answer.
        """

    def restore(self, snapshot: dict[str, object], now: float, moved: MediaMoved | None = None) -> MediaEndpoint:
        """The endpoint as it was before a restart; one that is not to be had any more is set up anew (`moved`)."""
