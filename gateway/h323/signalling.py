"""H.225.0 call signalling of one end: what all its channels and calls share."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Protocol

from gateway.h323.call import H323Call
from gateway.h323.call_owner import ChannelOwner, Connection
from gateway.h323.call_table import DURATIONS, TimerName
from gateway.h323.h225 import PROTOCOL_IDENTIFIER
from gateway.h323.signalling_channel import SignallingChannel
from gateway.model.errors import GatewayError
from gateway.model.timers import TimerQueue

_REFERENCES = 0x7FFF
"""Call reference values: 1 up to this."""


class Log(Protocol):
    """Where call signalling tells what a peer did that it should not have."""

    def __call__(self, event: str, **fields: object) -> None:
        """One line. Events: "h323.message_refused", "h323.call_refused", "h323.connection_broken"; `peer` and `why`
        are among the fields.
        """


@dataclass(frozen=True, slots=True)
class SignallingSettings:
    """How an end does call signalling. `timers` win over the defaults (seconds). `identity` is the EndpointType that
    goes into sourceInfo and destinationInfo. `protocol` is the protocolIdentifier that we claim. `tunnelling` takes
    the H.245 tunnelling that a caller offers; for calls of ours NewCall says it.

    `most_octets` is the longest message that is read, `most_calls` are the calls of one channel, `idle` the seconds
    after which a connection without calls is closed, `stalled` those after which one is that leaves a message
    incomplete. `answers_release`: RELEASE COMPLETE is answered with another (H.323 8.5). `shares_connection`: the
    peer may have several calls on one connection (multipleCalls).
    """

    timers: Mapping[TimerName, float] = field(default_factory=dict)
    identity: Mapping[str, Any] = field(default_factory=lambda: {"gateway": {}, "mc": False, "undefinedNode": False})
    protocol: tuple[int, ...] = PROTOCOL_IDENTIFIER
    tunnelling: bool = True
    most_octets: int = 32_768
    most_calls: int = 1_000
    idle: float = 60.0
    stalled: float = 15.0
    answers_release: bool = True
    shares_connection: bool = False


class CallSignalling:
    """The calls of one end on all its connections. `calls` finds them by callIdentifier (16 octets) and whether
    they are ours: a call from ourselves to ourselves has one identifier; of two calls with one the first counts.
    `counters` say what happened to messages
    that were none, or belonged to no call.
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
        self.owner = owner
        self.log = log
        self.calls: dict[tuple[bytes, bool], H323Call] = {}
        self.counters: Counter[str] = Counter()
        self._token = token
        self._references: set[int] = set()
        self._last_reference = int.from_bytes(self.fresh_identifier()[:2], "big") % _REFERENCES

    def open(self, connection: Connection, peer: str, now: float, *, outgoing: bool) -> SignallingChannel:
        """A channel over a connection, accepted or (`outgoing`) to be opened: what is sent before it is up has to
        wait in it. `peer` names it in the log.
        """
        return SignallingChannel(self, connection, peer, now, outgoing=outgoing)

    def duration(self, name: TimerName) -> float:
        """Seconds of a timer."""
        return self.settings.timers.get(name, DURATIONS[name])

    def fresh_identifier(self) -> bytes:
        """16 octets for a callIdentifier or conferenceID that were never used before."""
        return blake2b(self._token().encode(), digest_size=16).digest()

    def fresh_reference(self) -> int:
        """A call reference value, 1 to 32767, that no call of ours has on any channel; RAS names calls by it as well.

        Kept until the call is over, or until `return_reference`. Raises GatewayError when there is none left.
        """
        if len(self._references) == _REFERENCES:
            raise GatewayError("no call reference value is left", sip_status=503, cause=42)
        reference = self._last_reference % _REFERENCES + 1
        while reference in self._references:
            reference = reference % _REFERENCES + 1
        self._references.add(reference)
        self._last_reference = reference
        return reference

    def return_reference(self, reference: int) -> None:
        """The value is free again."""
        self._references.discard(reference)

    def reserve_reference(self, reference: int) -> None:
        """The value is in use."""
        self._references.add(reference)

    def enter(self, call: H323Call) -> None:
        """The call is there."""
        if call.identifier:
            self.calls.setdefault((call.identifier, call.is_originating), call)

    def forget(self, call: H323Call) -> None:
        """The call is over."""
        if self.calls.get((call.identifier, call.is_originating)) is call:
            del self.calls[call.identifier, call.is_originating]
        if call.is_originating:
            self.return_reference(call.call_reference)
