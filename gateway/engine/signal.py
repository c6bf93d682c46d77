"""What the engine is fed with, whoever feeds it: recorded packets or sockets."""

from typing import Protocol

from gateway.interworking.legs import Leg
from gateway.interworking.observed import Seen


class Signal(Protocol):
    """One signalling message. `protocol` is "sip", "q931" or "h225"; `octets` the SIP message, the Q.931 message
    without layer 2, or the H.225.0 message from the Q.931 octet on. `source` and `destination` are "address:port",
    or "user" and "network" on a D channel, which `link` names. `time` is in seconds.
    """

    @property
    def frame(self) -> int:
        """Number of the packet that completed the message, from 1."""

    @property
    def time(self) -> float:
        """Seconds."""

    @property
    def protocol(self) -> str:
        """One of "sip", "q931", "h225"."""

    @property
    def octets(self) -> bytes:
        """The message."""

    @property
    def source(self) -> str:
        """Who sent it."""

    @property
    def destination(self) -> str:
        """Whom it was sent to."""

    @property
    def link(self) -> str:
        """Name of the D channel, "" elsewhere."""


def seen(
    signal: Signal,
    leg: Leg,
    side: str,
    *,
    invoker: str = "",
    transaction: str = "",
    dialect: str = "",
    message: str = "",
) -> Seen:
    """Where and when `signal` was seen, sent by `side` of `leg`; the rest as in Seen."""
    where = (signal.frame, signal.time, leg, signal.source, signal.destination, side)
    return Seen(*where, invoker, transaction, dialect, message)
