"""What every way of finding messages in a byte stream has in common.

A stream protocol is a `Framing`: it says where the next message ends. `Framed` feeds it, bounds what it
may hold and goes on at the next message after a broken one.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from gateway.model.errors import DecodeError

MOST_HELD = 1 << 18
"""Octets that one direction of a connection may keep waiting for the end of a message (256 KiB)."""


class Found(NamedTuple):
    """A signalling message found in the stream: protocol ("sip", "q931", "h225"), its octets, the transport as
    named in a Signal, and the D channel where there is one.
    """

    protocol: str
    octets: bytes
    transport: str = "tcp"
    link: str = ""


class Cut(NamedTuple):
    """Where the next piece of the stream ends, and the message in it, if it is one of ours."""

    length: int
    found: Found | None = None


class Framing(Protocol):
    """One direction of one connection."""

    def cut(self, held: bytes) -> Cut | None:
        """The next piece at the start of `held`; None when it has not all come yet.

        Raises DecodeError when no message begins here.
        """

    def next_start(self, held: bytes) -> int:
        """Offset, at least 1, of where a message may begin again; the length of `held` when nowhere."""


class Framed:
    """Octets in, messages out."""

    def __init__(self, framing: Framing) -> None:
        self._framing = framing
        self._held = b""

    def feed(self, octets: bytes, report: Callable[[str], None]) -> Iterator[Found]:
        """The messages that `octets` complete; what is no message is named to `report` and left out."""
        self._held += octets
        while self._held:
            try:
                cut = self._framing.cut(self._held)
            except DecodeError as error:
                report(error.what)
                cut = Cut(self._framing.next_start(self._held))
            if cut is None:
                break
            self._held = self._held[cut.length :]
            if cut.found:
                yield cut.found
        if len(self._held) > MOST_HELD:
            report(f"no end of message within {MOST_HELD} octets")
            self._held = b""

    def broken_off(self, why: str, report: Callable[[str], None]) -> None:
        """What was waiting can never be completed: there is a hole in the stream, or its end."""
        if self._held:
            report(f"message cut short: {len(self._held)} octets of it, then {why}")
            self._held = b""
