"""An H.245 session: everything that is said on one control channel (H.245 clause 8), sans-IO."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from gateway.h323.control.capabilities import CapabilitySet
from gateway.h323.control.channel import Channel
from gateway.h323.control.media import AudioFormat, MediaAddress
from gateway.h323.control.user_input import UserInput
from gateway.model.timers import TimerQueue


@dataclass(frozen=True, slots=True)
class ControlSettings:
    """Times in seconds (H.245 leaves them to the endpoint; the defaults are those that H323Plus has).

    `terminal_type` decides who is master (H.323 table 17: a gateway without an MC has 60, a terminal 50).
    `keep_alive`
    is how often the round trip delay is asked for, 0 never.
    """

    terminal_type: int = 60
    determination: float = 30.0
    capability_exchange: float = 30.0
    logical_channel: float = 30.0
    request_close: float = 30.0
    round_trip: float = 10.0
    keep_alive: float = 0.0
    determination_attempts: int = 10
    symmetric: bool = True


class ControlEvents(Protocol):
    """What the owner of a session hears."""

    def determined(self, session: "ControlSession", now: float) -> None:
        """Who is master is known: `session.is_master`."""

    def capabilities_changed(self, session: "ControlSession", capabilities: CapabilitySet, now: float) -> None:
        """The peer says what it receives. An empty set (`is_empty`): it is to be sent nothing, our outgoing channels
        are being closed (H.323 8.4.6). Capabilities after that: channels may be opened anew.
        """

    def channel_asked(self, session: "ControlSession", channel: Channel, now: float) -> None:
        """The peer wants to send. `accept_channel` or `reject_channel` is due, at once or later."""

    def channel_opened(self, session: "ControlSession", channel: Channel, now: float) -> None:
        """A channel of ours was accepted: `channel.receiver` says where to send to."""

    def channel_refused(self, session: "ControlSession", channel: Channel, cause: str, now: float) -> None:
        """A channel of ours was rejected: the cause of H.245, or "timeout". With "masterSlaveConflict" the peer is
        master and wants another codec: that of its own channel.
        """

    def channel_closed(self, session: "ControlSession", channel: Channel, now: float) -> None:
        """A channel is gone without our asking: the peer closed it, or had us close it."""

    def mode_requested(self, session: "ControlSession", formats: tuple[AudioFormat, ...], now: float) -> bool:
        """The peer wishes us to send one of `formats`, best first. True: we will (channels are to be re-opened)."""

    def user_input(self, session: "ControlSession", received: UserInput, now: float) -> None:
        """Digits from the peer."""

    def session_ended(self, session: "ControlSession", now: float) -> None:
        """The peer ended the session; all channels are gone with it."""

    def session_failed(self, session: "ControlSession", reason: str, now: float) -> None:
        """A procedure had no answer: the call cannot go on as it is. Nothing was closed."""

    def malformed(self, session: "ControlSession", reason: str, now: float) -> None:
        """Octets that are no H.245 came and were passed over."""


class ControlSession:
    """One session. `send` takes one message; framing (TPKT) or tunnelling is its user's."""

    def __init__(
        self,
        send: Callable[[bytes], None],
        events: ControlEvents,
        timers: TimerQueue,
        token: Callable[[], str],
        settings: ControlSettings | None = None,
    ) -> None:
        raise NotImplementedError

    is_master: bool | None
    """None until it has been determined."""
    remote: CapabilitySet | None
    """What the peer receives, as it said last; None before that."""
    local: CapabilitySet | None
    """What we said last."""
    channels: tuple[Channel, ...]
    """All that are not released, outgoing and incoming."""

    def start(self, capabilities: CapabilitySet, now: float) -> None:
        """Opens the session: terminal capability set, then master/slave determination."""

    def receive(self, octets: bytes, now: float) -> None:
        """One message from the peer (one TPKT payload, one item of h245Control). Never raises."""

    def set_capabilities(self, capabilities: CapabilitySet, now: float) -> None:
        """Says anew what we receive; PAUSE has the peer stop and close its channels, anything after it start anew."""

    def open_channel(self, format: AudioFormat, sender: MediaAddress, now: float, session: int = 1) -> Channel:
        """Asks to send `format`; `sender.control` is where we receive RTCP. channel_opened or _refused follows."""
        raise NotImplementedError

    def accept_channel(self, channel: Channel, receiver: MediaAddress, now: float) -> None:
        """Lets the peer send, to `receiver`."""

    def reject_channel(self, channel: Channel, cause: str, now: float) -> None:
        """Does not; `cause` as in OpenLogicalChannelReject ("dataTypeNotSupported", "unspecified")."""

    def close_channel(self, channel: Channel, now: float) -> None:
        """Closes an outgoing channel, asks the peer to close an incoming one. No event follows for an outgoing one,
        channel_closed for an incoming one when the peer does it.
        """

    def adopt_channel(self, channel: Channel) -> None:
        """A channel that was opened by fastStart, established: it can be closed like any other."""

    def send_user_input(self, given: UserInput, now: float) -> None:
        """Digits to the peer, in a form that it said it takes (`signal` becomes text where it takes no signals)."""

    def end(self, now: float) -> None:
        """Ends the session: endSessionCommand; nothing is sent or told after it."""
