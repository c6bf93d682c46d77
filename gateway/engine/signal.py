"""What the engine is fed with, whoever feeds it: recorded packets or sockets."""

from typing import NamedTuple

from gateway.interworking.legs import Leg
from gateway.interworking.observed import Seen


class Signal(NamedTuple):
    """One signalling message.

    `frame` counts packets from 1 (the one that completed the message), `time` is in seconds since 1970.
    `protocol`: "sip"; "q931" (no layer 2); "h225" (from the Q.931 octet on, no TPKT).
    `source` and `destination`: "10.0.0.1:5060", "[2001:db8::1]:5060"; "user" and "network" on a D channel.
    `transport`: "udp", "tcp", "ws", "sctp" or "lapd". `link` names the D channel ("lapd:0/sapi0/tei64",
    "iua:7/sapi0/tei0", "backhaul:1") and is empty elsewhere.
    """

    frame: int
    time: float
    protocol: str
    octets: bytes
    source: str
    destination: str
    transport: str
    link: str


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
