"""Links to D channels behind one interface: whole LAPD frames without FCS go out and come in."""

from typing import Protocol


class DChannelUser(Protocol):
    """Who hears a D channel."""

    def frame_received(self, frame: bytes, now: float) -> None:
        """One frame, from the address octet to the last octet of information."""

    def line_changed(self, is_up: bool, now: float) -> None:
        """Layer 1 has come, or has gone."""

    def after_batch(self, now: float) -> None:
        """All that was there has been handed over."""


class DChannel(Protocol):
    """A link to one D channel. Sending never raises: what a dead line does not take is lost, and Q.921 sees to it."""

    @property
    def is_up(self) -> bool:
        """Whether layer 1 is there, as far as the link can tell."""

    def send(self, frame: bytes) -> None:
        """Sends one frame."""

    def close(self) -> None:
        """Nothing is sent or heard any more."""
