"""An H.245 session: everything that is said on one control channel (H.245 clause 8), sans-IO."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from gateway.h323 import per
from gateway.h323.control import mode_request, request_table, unsupported
from gateway.h323.control.capabilities import CapabilitySet, capability_set, capability_value
from gateway.h323.control.channel import Channel
from gateway.h323.control.channel_table import State
from gateway.h323.control.channels import Channels
from gateway.h323.control.determination import Determination
from gateway.h323.control.media import AudioFormat, MediaAddress
from gateway.h323.control.procedures import Surroundings
from gateway.h323.control.request import Request
from gateway.h323.control.user_input import UserInput, user_input, user_input_values
from gateway.model.errors import DecodeError, LocalProtocolError
from gateway.model.timers import Timer, TimerQueue


@dataclass(frozen=True, slots=True)
class ControlSettings:
    """Times in seconds (H.245 leaves them to the endpoint; the defaults are those that H323Plus has).

    `terminal_type` decides who is master (H.323 table 17: a gateway without an MC has 60, a terminal 50).
    `keep_alive`
    is how often the round trip delay is asked for, 0 never. `symmetric`: both directions are to have the same codec.
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

    def capabilities_acknowledged(self, session: "ControlSession", now: float) -> None:
        """The peer has taken what we said last of ours."""

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

    __slots__ = (
        "_around",
        "_capabilities",
        "_channels",
        "_delay",
        "_determination",
        "_ended",
        "_events",
        "_next_delay",
        "_paused",
        "_send",
        "_settings",
        "local",
        "remote",
    )

    def __init__(
        self,
        send: Callable[[bytes], None],
        events: ControlEvents,
        timers: TimerQueue,
        token: Callable[[], str],
        settings: ControlSettings | None = None,
    ) -> None:
        settings = settings or ControlSettings()
        self._send = send
        self._events = events
        self._settings = settings
        self._around = around = Surroundings(self._say, timers, token, self._fail)
        self._determination = Determination(
            around, settings.terminal_type, settings.determination, settings.determination_attempts, self._settled
        )
        self._capabilities = Request(
            around,
            "terminalCapabilitySet",
            "terminalCapabilitySetRelease",
            settings.capability_exchange,
            self._capabilities_answered,
        )
        self._delay = Request(around, "roundTripDelayRequest", "", settings.round_trip, self._delay_answered)
        self._channels = Channels(around, self, settings.logical_channel, settings.request_close)
        self._next_delay: Timer | None = None
        self._ended = False
        self._paused = False
        self.local: CapabilitySet | None = None
        self.remote: CapabilitySet | None = None

    @property
    def is_master(self) -> bool | None:
        """None until it has been determined."""
        return self._determination.is_master

    @property
    def channels(self) -> tuple[Channel, ...]:
        """All that are not released, outgoing and incoming."""
        return tuple(self._channels)

    @property
    def has_ended(self) -> bool:
        """Whether nothing is said or heard any more."""
        return self._ended

    @property
    def awaits_capabilities(self) -> bool:
        """Whether our capabilities have not been acknowledged yet."""
        return self._capabilities.state is not request_table.State.IDLE

    # What the owner does

    def start(self, capabilities: CapabilitySet, now: float) -> None:
        """Opens the session: terminal capability set, then master/slave determination."""
        self.set_capabilities(capabilities, now)
        self._determination.start(now)
        self._schedule_delay(now)

    def set_capabilities(self, capabilities: CapabilitySet, now: float) -> None:
        """Says anew what we receive; PAUSE has the peer stop and close its channels, anything after it start anew.

        A channel of ours in another codec is to be closed before (as a master we would hold the peer to it).
        """
        if self._ended:
            return
        self.local = capabilities
        # The sequence number is the request's own.
        value = capability_value(capabilities, 0)
        self._capabilities.send_numbered(value, now)

    def open_channel(self, format: AudioFormat, sender: MediaAddress, now: float, session: int = 1) -> Channel:
        """Asks to send `format`; `sender.control` is where we receive RTCP. channel_opened or _refused follows.

        Once the session has ended the channel is a released one, and nothing follows.
        """
        if self._ended:
            return Channel(0, format, session, outgoing=True)
        return self._channels.open(format, sender, session, now)

    def accept_channel(self, channel: Channel, receiver: MediaAddress, now: float) -> None:
        """Lets the peer send, to `receiver`."""
        self._channels.accept(channel, receiver, now)

    def reject_channel(self, channel: Channel, cause: str, now: float) -> None:
        """Does not; `cause` as in OpenLogicalChannelReject ("dataTypeNotSupported", "unspecified")."""
        self._channels.refuse(channel, cause, now)

    def close_channel(self, channel: Channel, now: float) -> None:
        """Closes an outgoing channel, asks the peer to close an incoming one. No event follows for an outgoing one,
        channel_closed for an incoming one when the peer does it.
        """
        self._channels.close(channel, now)

    def adopt_channel(self, channel: Channel) -> None:
        """A channel that was opened by fastStart, established: it can be closed like any other."""
        self._channels.adopt(channel)

    def send_user_input(self, given: UserInput, now: float) -> None:
        """Digits to the peer, in a form that it said it takes (`signal` becomes text where it takes no signals)."""
        accepted = self.remote.user_input if self.remote is not None else frozenset[str]()
        for value in user_input_values(given, accepted):
            self._say("indication", "userInput", value)

    def end(self, now: float) -> None:
        """Ends the session: endSessionCommand; nothing is sent or told after it."""
        if not self._ended:
            self._say("command", "endSessionCommand", ("disconnect", 0))
            self.abandon()

    def abandon(self) -> None:
        """Ends it without a word, when there is no way left to say one."""
        self._ended = True
        self._determination.stop()
        self._capabilities.stop()
        self._delay.stop()
        self._around.timers.stop(self._next_delay)
        self._channels.stop()

    # What the peer says

    def receive(self, octets: bytes, now: float) -> None:
        """One message from the peer (one TPKT payload, one item of h245Control). Never raises."""
        if self._ended:
            return
        try:
            kind, (name, value) = per.decode_control(octets)
        except (DecodeError, TypeError, ValueError) as error:
            self._events.malformed(self, str(error), now)
            return
        handler = _HANDLERS.get(name)
        if handler is not None:
            handler(self, value, now)
            return
        answer = unsupported.refusal(kind, name, value, octets)
        if answer is not None:
            self._answer(*answer, now)

    def _answer(self, kind: str, name: str, value: Any, now: float) -> None:
        """Says what has parts of the peer's own message in it, which need not be anything that we can write."""
        try:
            self._say(kind, name, value)
        except LocalProtocolError as error:
            self._events.malformed(self, str(error), now)

    def _terminal_capability_set(self, value: dict[str, Any], now: float) -> None:
        self._say("response", "terminalCapabilitySetAck", {"sequenceNumber": value["sequenceNumber"]})
        self.remote = capability_set(value)
        if self.remote.is_empty:
            self._paused = True
            self._channels.close_all(now)
        elif self._paused:
            self._leave_pause(now)
        self._events.capabilities_changed(self, self.remote, now)

    def _leave_pause(self, now: float) -> None:
        """It is as after the connection was made, the channels excepted (H.323 8.4.6): the other side may be another
        one by now, which knows nothing of us.
        """
        self._paused = False
        if self.local is not None and not self.local.is_empty:
            self.set_capabilities(self.local, now)
        self._determination.start(now)

    def _open_logical_channel(self, value: dict[str, Any], now: float) -> None:
        channel = self._channels.asked(value, now)
        if channel is None:
            return
        if self.is_master and self._settings.symmetric and self._conflicts(channel):
            self._channels.refuse(channel, "masterSlaveConflict", now)
        else:
            self._events.channel_asked(self, channel, now)

    def _conflicts(self, asked: Channel) -> bool:
        """Whether a channel of ours in the same session has another codec: the peer is to take that (C.4.1.3)."""
        return any(
            channel.outgoing
            and channel.session == asked.session
            and channel.state in (State.AWAITING_ESTABLISHMENT, State.ESTABLISHED)
            and channel.format is not None
            and asked.format is not None
            and not channel.format.codec.can_play(asked.format.codec)
            for channel in self._channels
        )

    def _request_mode(self, value: dict[str, Any], now: float) -> None:
        wished = mode_request.modes(value)
        granted = bool(wished) and self._events.mode_requested(self, wished, now)
        self._say("response", *mode_request.answer(value, granted=granted))

    def _round_trip_delay_request(self, value: dict[str, Any], now: float) -> None:
        self._say("response", "roundTripDelayResponse", {"sequenceNumber": value["sequenceNumber"]})

    def _send_terminal_capability_set(self, value: Any, now: float) -> None:
        if self.local is not None and not self.awaits_capabilities:
            self.set_capabilities(self.local, now)

    def _end_session(self, value: Any, now: float) -> None:
        self.end(now)
        self._events.session_ended(self, now)

    def _user_input(self, value: tuple[str, Any], now: float) -> None:
        received = user_input(value)
        if received is not None:
            self._events.user_input(self, received, now)

    # What the procedures say

    def opened(self, channel: Channel, now: float) -> None:
        """See Channels."""
        self._events.channel_opened(self, channel, now)

    def refused(self, channel: Channel, cause: str, now: float) -> None:
        """See Channels."""
        self._events.channel_refused(self, channel, cause, now)

    def closed(self, channel: Channel, now: float) -> None:
        """See Channels."""
        self._events.channel_closed(self, channel, now)

    def _settled(self, now: float) -> None:
        self._events.determined(self, now)

    def _capabilities_answered(self, failure: str, now: float) -> None:
        if failure:
            self._fail(f"terminal capability set: {failure}", now)
        else:
            self._events.capabilities_acknowledged(self, now)

    def _schedule_delay(self, now: float) -> None:
        if self._settings.keep_alive:
            self._next_delay = self._around.timers.start_lax(now + self._settings.keep_alive, self._ask_delay)

    def _ask_delay(self, now: float) -> None:
        self._delay.send_numbered({}, now)

    def _delay_answered(self, failure: str, now: float) -> None:
        if failure:
            self._fail(f"round trip delay: {failure}", now)
        else:
            self._schedule_delay(now)

    def _fail(self, reason: str, now: float) -> None:
        self._events.session_failed(self, reason, now)

    def _say(self, kind: str, name: str, value: Any) -> None:
        if not self._ended:
            self._send(per.encode_control((kind, (name, value))))


_Handler = Callable[[ControlSession, Any, float], None]

_HANDLERS: dict[str, _Handler] = {
    "masterSlaveDetermination": lambda session, value, now: session._determination.asked(value, now),
    "masterSlaveDeterminationAck": lambda session, value, now: session._determination.acknowledged(value, now),
    "masterSlaveDeterminationReject": lambda session, value, now: session._determination.rejected(now),
    "masterSlaveDeterminationRelease": lambda session, value, now: session._determination.released(now),
    "terminalCapabilitySet": ControlSession._terminal_capability_set,
    "terminalCapabilitySetAck": lambda session, value, now: session._capabilities.acknowledged(
        now, value["sequenceNumber"]
    ),
    "terminalCapabilitySetReject": lambda session, value, now: session._capabilities.rejected(
        value["cause"][0], now, value["sequenceNumber"]
    ),
    "openLogicalChannel": ControlSession._open_logical_channel,
    "openLogicalChannelAck": lambda session, value, now: session._channels.accepted(value, now),
    "openLogicalChannelReject": lambda session, value, now: session._channels.rejected(value, now),
    "closeLogicalChannel": lambda session, value, now: session._channels.close_ordered(value, now),
    "closeLogicalChannelAck": lambda session, value, now: session._channels.close_acknowledged(value, now),
    "requestChannelClose": lambda session, value, now: session._channels.close_asked(value, now),
    "requestChannelCloseAck": lambda session, value, now: session._channels.close_answered(value, now, granted=True),
    "requestChannelCloseReject": lambda session, value, now: session._channels.close_answered(
        value, now, granted=False
    ),
    "requestMode": ControlSession._request_mode,
    "roundTripDelayRequest": ControlSession._round_trip_delay_request,
    "roundTripDelayResponse": lambda session, value, now: session._delay.acknowledged(now, value["sequenceNumber"]),
    "sendTerminalCapabilitySet": ControlSession._send_terminal_capability_set,
    "endSessionCommand": ControlSession._end_session,
    "userInput": ControlSession._user_input,
}
"""What each message sets off, by its alternative; those of different kinds have different names."""
