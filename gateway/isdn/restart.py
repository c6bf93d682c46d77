"""The global call reference: RESTART of channels and interfaces (Q.931 5.5), and B-channel service messages."""

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

from gateway.isdn.call_control_owner import POINT_TO_POINT
from gateway.isdn.call_table import TimerName
from gateway.isdn.cause_value import CauseValue
from gateway.isdn.channels import BChannel
from gateway.isdn.composing import cause_element, state_element
from gateway.isdn.element_check import MANDATORY, fault_of
from gateway.isdn.elements import CallState, decode_channel
from gateway.isdn.q931 import Identifier, InformationElement, Message, MessageType
from gateway.model.causes import Cause
from gateway.model.timers import Timer

if TYPE_CHECKING:
    from gateway.isdn.call_control import CallControl

_INDICATED, _SINGLE_INTERFACE, _ALL_INTERFACES = 0, 6, 7
"""Classes of the restart indicator (4.5.25)."""
_ATTEMPTS = 3
_SERVICE, _SERVICE_ACKNOWLEDGE, _CHANGE_STATUS, _IN_SERVICE = 0x0F, 0x07, 0x01, 0

Wanted = BChannel | None
"""One channel, or None for all."""


class Restarts:
    """RESTART messages of ours go out one after the other, one for each channel, until they are answered: when three
    were not, the owner hears of it and the next one has its turn. Those of the peer are carried out at once, whatever
    ours are doing.
    """

    __slots__ = ("_attempts", "_control", "_current", "_queue", "_timer")

    def __init__(self, control: "CallControl") -> None:
        self._control = control
        self._queue: deque[Wanted] = deque()
        self._current: tuple[Wanted, ...] = ()
        self._timer: Timer | None = None
        self._attempts = 0

    @property
    def state(self) -> CallState:
        """Null (Rest 0), or Restart Request (Rest 1); Restart (Rest 2) lasts no time here."""
        return CallState.RESTART_REQUEST if self._current else CallState.NULL

    def begin(self, channels: Iterable[BChannel] | None, now: float) -> None:
        """RESTART of these channels, None: of the interface."""
        wanted: tuple[Wanted, ...] = (None,) if channels is None else tuple(channels)
        for one in wanted:
            for channel in self._meant(one):
                self._control.channels.withdraw(channel)
            self._clear(self._meant(one), now)
            if one not in self._queue and one not in self._current:
                self._queue.append(one)
        self._next(now)

    def link_established(self, now: float) -> None:
        """A RESTART that may have been lost is sent again."""
        if self._current and self._attempts > 0:
            self._control.timers.stop(self._timer)
            self._attempts = 0
            self._send(now)

    def receive(self, message: Message, cut_off: int | None, link: int, now: float) -> None:
        """A message of the global call reference."""
        kind = message.message_type
        if kind not in {MessageType.RESTART, MessageType.RESTART_ACKNOWLEDGE}:
            if kind != MessageType.STATUS:
                self._say_status(message, Cause(CauseValue.INVALID_CALL_REFERENCE), link, now)
            return
        fault = fault_of(message, MANDATORY[kind], self._control.known, cut_off)
        if fault is not None:
            if fault.grave:
                self._say_status(message, Cause(fault.cause, diagnostics=fault.diagnostics), link, now)
                return
            message = fault.message
        if kind == MessageType.RESTART:
            self._restarted(message, link, now)
        else:
            self._acknowledged(message, now)

    def maintenance(self, message: Message, link: int, now: float) -> None:
        """SERVICE of a North American switch: its channels go out of service or come back."""
        status = message.contents(_CHANGE_STATUS)
        if (
            int(message.message_type) != _SERVICE
            or message.protocol_discriminator != self._control.variant.maintenance
        ):
            return
        contents = message.contents(Identifier.CHANNEL_IDENTIFICATION)
        if not status or contents is None or fault_of(message, (), range(256)) is not None:
            return
        for channel in self._control.channels.named(decode_channel(contents)):
            if status[0] & 0x07 == _IN_SERVICE:
                self._control.channels.restore(channel)
            else:
                self._control.channels.withdraw(channel)
        answer = Message(
            _SERVICE_ACKNOWLEDGE,
            message.call_reference,
            not message.flag,
            message.elements,
            message.call_reference_octets,
            message.protocol_discriminator,
        )
        self._control.send_global(answer, link, now)

    # Ours.

    def _next(self, now: float) -> None:
        if self._current or not self._queue:
            return
        self._current = (self._queue.popleft(),)
        self._attempts = 0
        self._send(now)

    def _send(self, now: float) -> None:
        self._timer = None
        if self._attempts == _ATTEMPTS:
            self._gave_up(now)
            return
        self._attempts += 1
        self._timer = self._control.start(TimerName.T316, self._send, now)
        control, (one,) = self._control, self._current
        elements: tuple[InformationElement, ...]
        if one is None:
            elements = (_indicator(_ALL_INTERFACES if control.settings.explicit else _SINGLE_INTERFACE),)
        else:
            elements = (control.channels.identification((one,)), _indicator(_INDICATED))
        message = Message(MessageType.RESTART, 0, False, elements, control.call_reference_octets)
        control.send_global(message, POINT_TO_POINT, now)

    def _gave_up(self, now: float) -> None:
        (one,) = self._current
        self._current = ()
        self._queue.append(one)
        self._control.owner.restart_failed(self._meant(one), now)
        self._next(now)

    def _acknowledged(self, message: Message, now: float) -> None:
        """RESTART ACKNOWLEDGE; one that means other channels, or comes when nothing was asked, is nobody's."""
        if not self._current or not message.flag:
            return
        (one,) = self._current
        contents = message.contents(Identifier.CHANNEL_IDENTIFICATION)
        if (
            one is not None
            and contents is not None
            and one not in self._control.channels.named(decode_channel(contents))
        ):
            return
        self._control.timers.stop(self._timer)
        self._current = ()
        for channel in self._meant(one):
            self._control.channels.restore(channel)
        self._control.owner.channels_restarted(self._meant(one), now)
        self._next(now)

    # The peer's.

    def _restarted(self, message: Message, link: int, now: float) -> None:
        """RESTART: the channels are idle, whatever was there; the answer repeats what was asked (5.5.2)."""
        control = self._control
        contents = message.contents(Identifier.CHANNEL_IDENTIFICATION)
        kind = (message.contents(Identifier.RESTART_INDICATOR) or b"\0")[0] & 0x07
        if kind == _INDICATED and contents is None:
            diagnostics = bytes((Identifier.CHANNEL_IDENTIFICATION,))
            self._say_status(message, Cause(CauseValue.MANDATORY_ELEMENT_MISSING, diagnostics=diagnostics), link, now)
            return
        channels = self._asked(kind, contents)
        if not channels:
            self._say_status(message, Cause(CauseValue.NO_SUCH_CHANNEL), link, now)
            return
        self._clear(channels, now)
        for channel in channels:
            if channel not in self._current and None not in self._current and channel not in self._queue:
                control.channels.restore(channel)
        answer = Message(
            MessageType.RESTART_ACKNOWLEDGE, 0, not message.flag, message.elements, message.call_reference_octets
        )
        control.send_global(answer, link, now)
        control.owner.channels_restarted(channels, now)

    def _asked(self, kind: int, contents: bytes | None) -> tuple[BChannel, ...]:
        """The channels of ours that a RESTART means."""
        channels = self._control.channels
        if kind == _ALL_INTERFACES:
            return tuple(channels)
        found = None if contents is None else decode_channel(contents)
        if kind == _INDICATED and found is not None:
            return tuple(one for one in channels.named(found) if one in channels)
        if found is not None and found.interface:
            return tuple(one for one in channels if one.interface == found.interface[-1] & 0x7F)
        return tuple(one for one in channels if one.interface == channels.home)

    def _clear(self, channels: tuple[BChannel, ...], now: float) -> None:
        """Calls on the channels end; with all channels, so do those that have none."""
        calls = self._control.calls_on(channels)
        if len(channels) == len(tuple(self._control.channels)):
            calls = self._control.calls
        for call in calls:
            call.restarted(now)

    def _meant(self, one: Wanted) -> tuple[BChannel, ...]:
        return tuple(self._control.channels) if one is None else (one,)

    def _say_status(self, message: Message, cause: Cause, link: int, now: float) -> None:
        control = self._control
        elements = cause_element(cause, control.location), state_element(self.state)
        answer = Message(MessageType.STATUS, 0, not message.flag, elements, message.call_reference_octets)
        control.send_global(answer, link, now)


def _indicator(kind: int) -> InformationElement:
    return InformationElement(Identifier.RESTART_INDICATOR, bytes((0x80 | kind,)))
