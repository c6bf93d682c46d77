"""What is to be known of a media gateway before it is talked to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TransactionTimes:
    """Seconds. A command is sent again after `first`, or what the round trips so far suggest, then after twice as
    long each time, at most `longest` (RFC 3435 §3.5.3: RTO-MAX). `patience` after it was sent first it is given up:
    less than T-MAX (20 s), since a caller waits. `after_provisional`: LONGTRAN-TIMER (§3.5.6). `memory`: T-HIST.
    """

    first: float = 0.2
    longest: float = 4.0
    patience: float = 5.0
    after_provisional: float = 5.0
    memory: float = 30.0


@dataclass(frozen=True, slots=True)
class MgcpSettings:
    """`endpoint` is the name of what ends a B channel, `{channel}` in it the number of the channel, `*` or `$` what
    the media gateway chooses ("rtpbridge/*@mgw", "ds/e1-0/s-{channel}/su64-0@mgw"). With a name of its own for each
    channel nothing can be left behind at the gateway when its answers are lost.

    `codecs` are those that a B channel carries, the first is offered. `packet` is the time of an RTP packet in
    milliseconds, 0 leaves it to the gateway. `board` (address, port) is where the B channels are RTP too, on a
    gateway that bridges two connections: channel n at port + 2 n; None for one that has the lines itself.
    `audit`: seconds between two looks whether the gateway is there and still knows its connections. `cross_connect`:
    two B channels with boards that are told of each other meet at one endpoint.
    """

    name: str = "mgcp"
    endpoint: str = "rtpbridge/*@mgw"
    codecs: tuple[str, ...] = ("PCMA",)
    packet: int = 20
    board: tuple[str, int] | None = None
    audit: float = 10.0
    cross_connect: bool = True
    times: TransactionTimes = TransactionTimes()

    def endpoint_of(self, channel: int) -> str:
        """The name of the endpoint of that B channel."""
        return self.endpoint.replace("{channel}", str(channel))
