"""H.225.0 call signalling of one end: what all its channels and calls share."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from gateway.h323.call import H323Call
from gateway.h323.call_owner import ChannelOwner, Connection
from gateway.h323.call_table import TimerName
from gateway.h323.h225 import PROTOCOL_IDENTIFIER
from gateway.h323.signalling_channel import SignallingChannel
from gateway.model.timers import TimerQueue


class Log(Protocol):
    """Where call signalling tells what a peer did that it should not have."""

    def __call__(self, event: str, **fields: object) -> None:
        """One line. Events: "h323.message_refused", "h323.connection_broken", "h323.call_refused"."""


@dataclass(frozen=True, slots=True)
class SignallingSettings:
    """How an end does call signalling. `timers` win over the defaults (seconds). `identity` is the EndpointType that
    goes into sourceInfo and destinationInfo. `protocol` is the protocolIdentifier that we claim.

    `most_octets` is the longest message that is read, `most_calls` are the calls of one channel, `idle` the seconds
    after which a connection without calls is closed, `stalled` those after which one is that leaves a message
    incomplete. `answers_release`: RELEASE COMPLETE is answered with another (H.323 8.5).
    """

    timers: Mapping[TimerName, float] = field(default_factory=dict)
    identity: Mapping[str, Any] = field(default_factory=lambda: {"gateway": {}, "mc": False, "undefinedNode": False})
    protocol: tuple[int, ...] = PROTOCOL_IDENTIFIER
    most_octets: int = 32_768
    most_calls: int = 1_000
    idle: float = 60.0
    stalled: float = 15.0
    answers_release: bool = True


class CallSignalling:
    """The calls of one end on all its connections. `calls` finds them by callIdentifier (16 octets) and whether
    they are ours (both sides of a call through ourselves have the same identifier). `counters` say what happened to
    messages that were none or belonged to no call.
    """

    def __init__(
        self,
        settings: SignallingSettings,
        timers: TimerQueue,
        token: Callable[[], str],
        owner: ChannelOwner,
        log: Log,
    ) -> None:
        self.settings = settings
        self.timers = timers
        self.token = token
        self.owner = owner
        self.log = log
        self.calls: dict[tuple[bytes, bool], H323Call] = {}
        self.counters: Counter[str] = Counter()

    def open(self, connection: Connection, peer: str, now: float, *, outgoing: bool) -> SignallingChannel:
        """A channel over a connection, accepted or (`outgoing`) to be opened: what is sent before it is up has to
        wait in it. `peer` names it in the log.
        """
        return SignallingChannel(self, connection, peer, now, outgoing=outgoing)

    def fresh_identifier(self) -> bytes:
        """16 octets for a callIdentifier or conferenceID that were never used before."""
        raise NotImplementedError

    def fresh_reference(self) -> int:
        """A call reference value, 1 to 32767, that no call of ours has on any channel."""
        raise NotImplementedError
