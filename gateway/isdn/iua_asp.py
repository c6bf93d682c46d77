"""Us as an application server process of a signalling gateway, over one association (RFC 4233 §4.3), sans-IO."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from gateway.isdn import iua_message
from gateway.isdn.iua_message import (
    ErrorCode,
    InterfaceIdentifier,
    IuaMessage,
    Kind,
    Status,
    Tag,
    TrafficMode,
    of_interface,
    of_number,
)
from gateway.isdn.iua_table import ASP_TABLE, AspAction, AspInput, AspState
from gateway.model.errors import DecodeError
from gateway.model.timers import Timer, TimerQueue

_ACKNOWLEDGEMENTS = {
    Kind.ASP_UP_ACK: AspInput.UP_ACK,
    Kind.ASP_DOWN_ACK: AspInput.DOWN_ACK,
    Kind.ASP_ACTIVE_ACK: AspInput.ACTIVE_ACK,
    Kind.ASP_INACTIVE_ACK: AspInput.INACTIVE_ACK,
}
_NOTIFICATIONS = {
    Status.AS_INACTIVE: AspInput.NEEDED,
    Status.AS_PENDING: AspInput.NEEDED,
    Status.INSUFFICIENT_ASPS: AspInput.NEEDED,
    Status.ALTERNATE_ASP_ACTIVE: AspInput.REPLACED,
}
_INDICATIONS = frozenset(
    (
        Kind.DATA_INDICATION,
        Kind.UNIT_DATA_INDICATION,
        Kind.ESTABLISH_CONFIRM,
        Kind.ESTABLISH_INDICATION,
        Kind.RELEASE_CONFIRM,
        Kind.RELEASE_INDICATION,
    )
)
_KINDS = frozenset(map(int, Kind))
_KNOWN_CLASSES = frozenset(kind >> 8 for kind in Kind)
_MOST_REFLECTED = 64
"""Octets of a message that ERR shows."""


@dataclass(frozen=True, slots=True)
class AspTimes:
    """Seconds: T(ack), and the time between heartbeats (§4.3.4.6; 0: none are sent)."""

    t_ack: float = 2.0
    heartbeat: float = 10.0


class AspUser(Protocol):
    """An interface at the signalling gateway."""

    def opened(self, now: float) -> None:
        """Traffic may flow."""

    def closed(self, now: float) -> None:
        """Traffic has stopped."""

    def indicated(self, kind: Kind, tei: int, octets: bytes, now: float) -> None:
        """An indication or confirm about a data link; `octets` is the message that it brings."""


class Asp:
    """`send` takes whole messages. `told` hears what the gateway complains of or says, for people.

    `counters` says what came that was of no use.
    """

    __slots__ = (
        "_send",
        "_t_ack",
        "_t_beat",
        "_timers",
        "_times",
        "_unanswered",
        "_users",
        "counters",
        "state",
        "told",
    )

    def __init__(self, timers: TimerQueue, send: Callable[[bytes], None], times: AspTimes | None = None) -> None:
        self.state = AspState.UNREACHABLE
        self.counters = dict.fromkeys(("received", "sent", "ignored", "errors"), 0)
        self.told: Callable[[str, int], None] = lambda what, code: None
        self._timers = timers
        self._send = send
        self._times = times or AspTimes()
        self._users: dict[InterfaceIdentifier, AspUser] = {}
        self._t_ack: Timer | None = None
        self._t_beat: Timer | None = None
        self._unanswered = 0

    @property
    def is_open(self) -> bool:
        """Whether traffic may flow."""
        return self.state is AspState.ACTIVE

    def attach(self, interface: InterfaceIdentifier, user: AspUser) -> None:
        """Whose that interface is, before the association is there."""
        self._users[interface] = user

    # The association.

    def line_changed(self, is_up: bool, now: float) -> None:
        """The association has come, or has gone."""
        self._unanswered = 0
        self._happen(AspInput.ASSOCIATED if is_up else AspInput.LOST, now)

    def receive(self, octets: bytes, now: float) -> None:
        """One message; what is none is answered with ERR (§3.3.3.1)."""
        self.counters["received"] += 1
        try:
            message = iua_message.decode(octets)
            self._take(message, octets, now)
        except DecodeError:
            code = ErrorCode.PROTOCOL_ERROR if octets[:1] == b"\x01" else ErrorCode.INVALID_VERSION
            self._complain(code, octets)

    def _take(self, message: IuaMessage, octets: bytes, now: float) -> None:
        kind = message.kind
        if kind in _INDICATIONS:
            self._indicate(Kind(kind), message, octets, now)
        elif kind in _ACKNOWLEDGEMENTS:
            self._happen(_ACKNOWLEDGEMENTS[Kind(kind)], now)
        elif kind == Kind.NOTIFY:
            self._notified(message, now)
        elif kind == Kind.HEARTBEAT:
            self._say(Kind.HEARTBEAT_ACK, *_copied(message, Tag.HEARTBEAT_DATA))
        elif kind == Kind.HEARTBEAT_ACK:
            self._unanswered = 0
        elif kind == Kind.ERROR:
            self._complained(message)
        else:
            self._not_for_us(kind, octets)

    def _not_for_us(self, kind: int, octets: bytes) -> None:
        self.counters["ignored"] += 1
        if kind >> 8 not in _KNOWN_CLASSES:
            self._complain(ErrorCode.UNSUPPORTED_CLASS, octets)
        elif kind not in _KINDS:
            self._complain(ErrorCode.UNSUPPORTED_TYPE, octets)
        elif kind not in (Kind.TEI_STATUS_CONFIRM, Kind.TEI_STATUS_INDICATION):
            self._complain(ErrorCode.UNEXPECTED_MESSAGE, octets)

    def _indicate(self, kind: Kind, message: IuaMessage, octets: bytes, now: float) -> None:
        interface, tei = message.interface, message.tei
        user = self._users.get(interface) if interface is not None else None
        if user is None:
            self._complain(ErrorCode.INVALID_INTERFACE, octets)
        elif tei is None:
            self._complain(ErrorCode.UNRECOGNIZED_SAPI, octets)
        elif self.state is not AspState.ACTIVE:
            self.counters["ignored"] += 1
        else:
            user.indicated(kind, tei, message.value(Tag.PROTOCOL_DATA) or b"", now)

    def _notified(self, message: IuaMessage, now: float) -> None:
        status = message.number(Tag.STATUS) or 0
        self.told("notify", status)
        if status in _NOTIFICATIONS:
            self._happen(_NOTIFICATIONS[Status(status)], now)

    def _complained(self, message: IuaMessage) -> None:
        self.counters["errors"] += 1
        self.told("error", message.number(Tag.ERROR_CODE) or 0)

    # What interfaces ask for.

    def request(self, kind: Kind, interface: InterfaceIdentifier, tei: int, octets: bytes = b"") -> None:
        """A request about a data link, with the message that it carries; lost while no traffic may flow."""
        if not self.is_open:
            self.counters["ignored"] += 1
            return
        data = ((int(Tag.PROTOCOL_DATA), octets),) if octets else ()
        self._say(kind, of_interface(interface), iua_message.of_link(tei), *data)

    # The states.

    def _happen(self, input: AspInput, now: float) -> None:
        step = ASP_TABLE[self.state, input]
        self.state = step.state
        if step.action is AspAction.IGNORE and input is not AspInput.LOST:
            self._look_after_timers(now, anew=False)
            return
        self._look_after_timers(now, anew=True)
        _ACTIONS[step.action](self, now)

    def _look_after_timers(self, now: float, *, anew: bool) -> None:
        awaits = self.state in (AspState.DOWN, AspState.INACTIVE)
        if anew or not awaits:
            self._timers.stop(self._t_ack)
            self._t_ack = self._timers.start(now + self._times.t_ack, self._t_ack_due) if awaits else None
        beats = self._times.heartbeat > 0 and self.state not in (AspState.UNREACHABLE, AspState.DOWN)
        if beats and self._t_beat is None:
            self._t_beat = self._timers.start(now + self._times.heartbeat, self._beat)
        elif not beats:
            self._timers.stop(self._t_beat)
            self._t_beat = None

    def _t_ack_due(self, now: float) -> None:
        self._t_ack = None
        self._happen(AspInput.T_ACK, now)

    def _beat(self, now: float) -> None:
        """Two heartbeats without an answer: the gateway has forgotten us, or is gone."""
        self._t_beat = None
        if self._unanswered >= 2:
            self._unanswered = 0
            self._happen(AspInput.SILENCE, now)
            return
        self._unanswered += 1
        self._say(Kind.HEARTBEAT, (int(Tag.HEARTBEAT_DATA), b"%d" % self._unanswered))
        self._look_after_timers(now, anew=False)

    def _send_up(self, now: float) -> None:
        self._say(Kind.ASP_UP)

    def _send_active(self, now: float) -> None:
        self._say(Kind.ASP_ACTIVE, of_number(Tag.TRAFFIC_MODE, TrafficMode.OVERRIDE), *map(of_interface, self._users))

    def _open(self, now: float) -> None:
        for user in tuple(self._users.values()):
            user.opened(now)

    def _close(self, now: float) -> None:
        for user in tuple(self._users.values()):
            user.closed(now)

    def _close_and_send_up(self, now: float) -> None:
        self._close(now)
        self._send_up(now)

    def _close_and_send_active(self, now: float) -> None:
        self._close(now)
        self._send_active(now)

    def _nothing(self, now: float) -> None:
        """A row that does nothing."""

    def _complain(self, code: ErrorCode, octets: bytes) -> None:
        """ERR, but never about an ERR: two sides could go on for ever."""
        self.counters["ignored"] += 1
        if self.state is not AspState.UNREACHABLE and int.from_bytes(octets[2:4]) != Kind.ERROR:
            self._say(Kind.ERROR, of_number(Tag.ERROR_CODE, code), (int(Tag.DIAGNOSTIC), octets[:_MOST_REFLECTED]))

    def _say(self, kind: Kind, *parameters: tuple[int, bytes]) -> None:
        self.counters["sent"] += 1
        self._send(IuaMessage(kind, parameters).encoded())


def _copied(message: IuaMessage, tag: Tag) -> tuple[tuple[int, bytes], ...]:
    value = message.value(tag)
    return () if value is None else ((int(tag), value),)


_ACTIONS: dict[AspAction, Callable[[Asp, float], None]] = {
    AspAction.IGNORE: Asp._nothing,
    AspAction.SEND_UP: Asp._send_up,
    AspAction.SEND_ACTIVE: Asp._send_active,
    AspAction.OPEN: Asp._open,
    AspAction.CLOSE: Asp._close,
    AspAction.CLOSE_AND_SEND_UP: Asp._close_and_send_up,
    AspAction.CLOSE_AND_SEND_ACTIVE: Asp._close_and_send_active,
}
