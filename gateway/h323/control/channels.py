"""The logical channels of a session, in both directions (H.245 C.4, C.6)."""

from collections.abc import Iterator
from typing import Any, Protocol

from gateway.h323.control import channel_messages
from gateway.h323.control.channel import Channel
from gateway.h323.control.channel_table import INCOMING, OUTGOING, Action, Incoming, Outgoing, State
from gateway.h323.control.media import AudioFormat, MediaAddress, media_address, stated
from gateway.h323.control.procedures import Surroundings
from gateway.h323.control.request import Request

HIGHEST_NUMBER = 65535
MOST_INCOMING = 32
"""Channels that a peer may have open at once; a call needs one for each medium."""

_AWAITING = (State.AWAITING_ESTABLISHMENT, State.AWAITING_RELEASE)


class ChannelsUser(Protocol):
    """Who hears of the channels; see ControlEvents."""

    def opened(self, channel: Channel, now: float) -> None: ...  # noqa: D102

    def refused(self, channel: Channel, cause: str, now: float) -> None: ...  # noqa: D102

    def closed(self, channel: Channel, now: float) -> None: ...  # noqa: D102


class Channels:
    """All channels that are not released. Those that we send on and those that the peer does are numbered apart."""

    __slots__ = ("_around", "_closing", "_incoming", "_next", "_outgoing", "_patience", "_request_close", "_user")

    def __init__(self, around: Surroundings, user: ChannelsUser, patience: float, request_close: float) -> None:
        self._around = around
        self._user = user
        self._patience = patience
        self._request_close = request_close
        self._outgoing: dict[int, Channel] = {}
        self._incoming: dict[int, Channel] = {}
        self._closing: dict[int, Request] = {}
        self._next = 101

    def __iter__(self) -> Iterator[Channel]:
        yield from tuple(self._outgoing.values())
        yield from tuple(self._incoming.values())

    def adopt(self, channel: Channel) -> None:
        """One that is established already."""
        channel.state = State.ESTABLISHED
        (self._outgoing if channel.outgoing else self._incoming)[channel.number] = channel

    # Those that we send on

    def open(self, format: AudioFormat, sender: MediaAddress, session: int, now: float) -> Channel:
        """Asks for a new one. Raises LocalProtocolError for a `sender` that cannot be written."""
        stated(sender)
        channel = Channel(self._number(), format, session, outgoing=True)
        channel.sender = sender
        self._outgoing[channel.number] = channel
        self._out(channel, Outgoing.OPEN, now)
        return channel

    def close_all(self, now: float) -> None:
        """Closes all that we send on."""
        for channel in tuple(self._outgoing.values()):
            self._out(channel, Outgoing.CLOSE, now)

    def accepted(self, value: dict[str, Any], now: float) -> None:
        """An openLogicalChannelAck came."""
        channel = self._outgoing.get(value["forwardLogicalChannelNumber"])
        if channel is not None:
            if channel.state is State.AWAITING_ESTABLISHMENT:
                channel_messages.acknowledged(channel, value)
            self._out(channel, Outgoing.ACCEPTED, now)

    def rejected(self, value: dict[str, Any], now: float) -> None:
        """An openLogicalChannelReject came."""
        self._out_numbered(value, Outgoing.REFUSED, now, value["cause"][0])

    def close_acknowledged(self, value: dict[str, Any], now: float) -> None:
        """A closeLogicalChannelAck came."""
        self._out_numbered(value, Outgoing.CLOSED, now, "closed")

    def close_asked(self, value: dict[str, Any], now: float) -> None:
        """A requestChannelClose came."""
        number = {"forwardLogicalChannelNumber": value["forwardLogicalChannelNumber"]}
        if number["forwardLogicalChannelNumber"] not in self._outgoing:
            self._around.say("response", "requestChannelCloseReject", number | {"cause": ("unspecified", 0)})
            return
        self._around.say("response", "requestChannelCloseAck", number)
        self._out_numbered(value, Outgoing.CLOSE_ASKED, now, "closed")

    def _out_numbered(self, value: dict[str, Any], what: Outgoing, now: float, cause: str) -> None:
        channel = self._outgoing.get(value["forwardLogicalChannelNumber"])
        if channel is not None:
            self._out(channel, what, now, cause)

    def _out(self, channel: Channel, what: Outgoing, now: float, cause: str = "timeout") -> None:
        action, state = OUTGOING[channel.state, what]
        if action is Action.IGNORE:
            return
        self._change(channel, state, now)
        match action:
            case Action.SEND_OPEN:
                self._around.say("request", "openLogicalChannel", channel_messages.open_value(channel))
            case Action.SEND_CLOSE:
                self._send_close(channel, "user")
            case Action.TELL_OPENED:
                self._user.opened(channel, now)
            case Action.TELL_REFUSED:
                self._user.refused(channel, cause, now)
            case Action.CLOSE_AND_TELL_REFUSED:
                self._send_close(channel, "user" if what is Outgoing.CLOSE_ASKED else "lcse")
                self._user.refused(channel, cause, now)
            case Action.CLOSE_AND_TELL_CLOSED:
                self._send_close(channel, "user")
                self._user.closed(channel, now)
            case Action.TELL_CLOSED:
                self._user.closed(channel, now)

    def _change(self, channel: Channel, state: State, now: float) -> None:
        channel.state = state
        self._around.timers.stop(channel.timer)
        if channel.outgoing and state in _AWAITING:
            due = now + self._patience
            channel.timer = self._around.timers.start(due, lambda at: self._out(channel, Outgoing.EXPIRED, at))
        if state is State.RELEASED:
            (self._outgoing if channel.outgoing else self._incoming).pop(channel.number, None)
            self._no_more_closing(channel)

    def _send_close(self, channel: Channel, source: str) -> None:
        value = {"forwardLogicalChannelNumber": channel.number, "source": (source, 0), "reason": ("unknown", 0)}
        self._around.say("request", "closeLogicalChannel", value)

    def _number(self) -> int:
        while self._next in self._outgoing:
            self._next = self._next % HIGHEST_NUMBER + 1
        number = self._next
        self._next = number % HIGHEST_NUMBER + 1
        return number

    # Those that the peer sends on

    def asked(self, value: dict[str, Any], now: float) -> Channel | None:
        """An openLogicalChannel came; what it asks for when that is to be judged."""
        forward = value["forwardLogicalChannelParameters"]
        said = channel_messages.h2250(forward)
        number = value["forwardLogicalChannelNumber"]
        session = channel_messages.session_of(forward)
        channel = Channel(number, channel_messages.format_of(forward), session, outgoing=False)
        channel.sender = media_address(said)
        before = self._incoming.get(number)
        action, state = INCOMING[before.state if before else State.RELEASED, Incoming.ASKED]
        if action is Action.TELL_CLOSED_AND_ASKED and before is not None:
            self._change(before, State.RELEASED, now)
            self._user.closed(before, now)
        channel.state = state
        self._incoming[number] = channel
        refusal = _unsuitable(value, channel) or ("unspecified" if len(self._incoming) > MOST_INCOMING else "")
        if refusal:
            self.refuse(channel, refusal, now)
            return None
        return channel

    def accept(self, channel: Channel, receiver: MediaAddress, now: float) -> None:
        """Lets the peer send. Raises LocalProtocolError for a `receiver` that cannot be written."""
        stated(receiver)
        action, state = INCOMING[channel.state, Incoming.ACCEPT]
        if action is Action.SEND_ACK:
            channel.receiver = receiver
            self._change(channel, state, now)
            self._around.say("response", "openLogicalChannelAck", channel_messages.accepted_value(channel))

    def refuse(self, channel: Channel, cause: str, now: float) -> None:
        """Does not."""
        action, state = INCOMING[channel.state, Incoming.REFUSE]
        if action is Action.SEND_REJECT:
            self._change(channel, state, now)
            value = {"forwardLogicalChannelNumber": channel.number, "cause": (cause, 0)}
            self._around.say("response", "openLogicalChannelReject", value)

    def close_ordered(self, value: dict[str, Any], now: float) -> None:
        """A closeLogicalChannel came: acknowledged whether we know the channel or not."""
        number = value["forwardLogicalChannelNumber"]
        channel = self._incoming.get(number)
        action, state = INCOMING[channel.state if channel else State.RELEASED, Incoming.CLOSED]
        self._around.say("response", "closeLogicalChannelAck", {"forwardLogicalChannelNumber": number})
        if channel is not None and action is Action.CLOSE_ACK_AND_TELL:
            self._change(channel, state, now)
            self._user.closed(channel, now)

    # Both

    def close(self, channel: Channel, now: float) -> None:
        """Closes one that we send on; asks the peer to close one that it sends on, unless that has been asked."""
        if channel.outgoing:
            self._out(channel, Outgoing.CLOSE, now)
        elif channel.state is State.AWAITING_ESTABLISHMENT:
            self.refuse(channel, "unspecified", now)
        elif channel.state is State.ESTABLISHED and channel.number not in self._closing:
            self._ask_to_close(channel, now)

    def _ask_to_close(self, channel: Channel, now: float) -> None:
        number = {"forwardLogicalChannelNumber": channel.number}
        request = Request(
            self._around,
            "requestChannelClose",
            "requestChannelCloseRelease",
            self._request_close,
            lambda _failure, _now: None,
        )
        self._closing[channel.number] = request
        request.send(number | {"reason": ("normal", 0)}, now, number)

    def close_answered(self, value: dict[str, Any], now: float, *, granted: bool) -> None:
        """A requestChannelCloseAck or -Reject came."""
        request = self._closing.pop(value["forwardLogicalChannelNumber"], None)
        if request is not None and granted:
            request.acknowledged(now)
        elif request is not None:
            request.rejected(value["cause"][0], now)

    def _no_more_closing(self, channel: Channel) -> None:
        request = None if channel.outgoing else self._closing.pop(channel.number, None)
        if request is not None:
            request.stop()

    def stop(self) -> None:
        """All are gone, without a word."""
        for channel in self:
            channel.state = State.RELEASED
            self._around.timers.stop(channel.timer)
            self._no_more_closing(channel)
        self._outgoing.clear()
        self._incoming.clear()


def _unsuitable(value: dict[str, Any], channel: Channel) -> str:
    """The cause of H.245 for which we cannot take the channel at all; "" when it may be taken."""
    kind = value["forwardLogicalChannelParameters"]["dataType"][0]
    if channel.format is None:
        return "unknownDataType" if kind == "nonStandard" or kind.startswith("_ext_") else "dataTypeNotSupported"
    return "unsuitableReverseParameters" if "reverseLogicalChannelParameters" in value else ""
