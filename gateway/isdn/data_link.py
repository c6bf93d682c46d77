"""One data link of the D channel in multiple frame operation, point to point (Q.921 5), sans-IO.

The layer above gives and gets whole messages; what was lost by a reset or a release is never sent later.

Over datagrams, frames may come late, twice or in another order, which no D channel does and Q.921 does not reckon
with. A SABME or DISC that comes sooner than a peer can repeat it, and a number from before, are then no error.
"""

from collections import deque
from collections.abc import Callable

from gateway.isdn import lapd_frame
from gateway.isdn.data_link_table import TABLE, UP, Action, Event, MdlError, State, Timers
from gateway.isdn.data_link_user import DEFAULTS, DataLinkSettings, DataLinkUser, LinkManagement
from gateway.isdn.frame_event import event_of
from gateway.isdn.lapd_frame import BROADCAST_TEI, Frame, FrameReject, Kind
from gateway.isdn.send_window import MODULUS, SendWindow
from gateway.isdn.side import Side
from gateway.model.errors import DecodeError, LocalProtocolError
from gateway.model.timers import Timer, TimerQueue

__all__ = ["DataLink", "DataLinkSettings", "DataLinkUser", "LinkManagement", "State"]

_LONG_AGO = float("-inf")


class DataLink:
    """`send` takes whole frames. `errors` counts MDL-ERROR indications, `discarded` what was no frame for this link.

    Times are seconds of the clock that runs `timers`.
    """

    __slots__ = (
        *("_acknowledge", "_alarm", "_command", "_disc_at", "_dropped", "_due", "_later", "_own_busy", "_peer_busy"),
        *("_peer_commands", "_receive_number", "_rejecting", "_repetitions", "_response", "_retry", "_running"),
        *("_sabme_at", "_send", "_settings", "_timers", "_unit_data", "_wanted", "_window", "discarded", "errors"),
        "management",
        *("side", "state", "tei", "user"),
    )

    def __init__(
        self,
        side: Side,
        timers: TimerQueue,
        send: Callable[[bytes], None],
        user: DataLinkUser,
        settings: DataLinkSettings = DEFAULTS,
        *,
        management: LinkManagement | None = None,
    ) -> None:
        self.side = side
        self.user = user
        self.management = management
        self.errors: dict[MdlError, int] = {}
        self.discarded = 0
        self.state = State.TEI_UNASSIGNED
        self.tei: int | None = None
        self._timers = timers
        self._send = send
        self._settings = settings
        self._peer_commands = side is Side.USER
        self._command = self._response = b""
        self._window = SendWindow(settings.k)
        self._unit_data: deque[bytes] = deque()
        self._running = Timers.STOP
        self._due = 0.0
        self._alarm: Timer | None = None
        self._retry: Timer | None = None
        self._repetitions = 0
        self._receive_number = 0
        self._own_busy = self._wanted = self._later = False
        self._sabme_at = self._disc_at = _LONG_AGO
        self._clear_exceptions()
        if settings.tei is not None:
            self._address(settings.tei)
            self.state = State.TEI_ASSIGNED

    # -- layer 3 -----------------------------------------------------------------------------------------------------

    @property
    def is_up(self) -> bool:
        """Whether messages pass."""
        return self.state in UP

    @property
    def waiting(self) -> int:
        """Messages that the peer has not acknowledged yet."""
        return len(self._window)

    def establish(self, now: float) -> None:
        """DL-ESTABLISH request; on a link that is up it drops what was not acknowledged."""
        self._wanted = True
        self._happen(Event.ESTABLISH, now)

    def release(self, now: float) -> None:
        """DL-RELEASE request."""
        self._wanted = self._later = False
        self._happen(Event.RELEASE, now)

    def send_data(self, octets: bytes, now: float) -> bool:
        """DL-DATA request; False: the link is not up, it is not sent. Raises LocalProtocolError above N201."""
        if len(octets) > self._settings.n201:
            self._check_size(octets)
        action = TABLE[self.state, Event.DATA].action
        if action is Action.IGNORE:
            return False
        self._window.put(octets)
        if action is Action.SEND_DATA:
            self._send_more(now)
        return True

    def send_unit_data(self, octets: bytes, now: float, *, broadcast: bool = True) -> None:
        """DL-UNIT DATA request, to all on the bus or to the peer alone. Raises LocalProtocolError above N201."""
        self._check_size(octets)
        if broadcast:
            to = lapd_frame.address(self._settings.sapi, BROADCAST_TEI, c_r=not self._peer_commands)
            self._send(lapd_frame.unnumbered(to, Kind.UI, octets))
            return
        self._unit_data.append(octets)
        self._happen(Event.UNIT_DATA, now)

    def set_busy(self, busy: bool, now: float) -> None:
        """Whether layer 3 takes nothing for now; the peer keeps what it has (5.6.5)."""
        if busy is not self._own_busy:
            self._own_busy = busy
            self._happen(Event.BUSY if busy else Event.READY, now)

    # -- layer management --------------------------------------------------------------------------------------------

    def assign(self, tei: int, now: float) -> None:
        """MDL-ASSIGN request."""
        if self.tei is None:
            self._address(tei)
            self._happen(Event.ASSIGN, now)
            self._send_unit_data()

    def refuse(self, now: float) -> None:
        """MDL-ERROR response: there is no TEI."""
        self._happen(Event.REFUSE, now)

    def remove(self, now: float) -> None:
        """MDL-REMOVE request: the TEI is not ours any more."""
        self.tei = None
        self._happen(Event.REMOVE, now)

    def deactivate(self, now: float) -> None:
        """Layer 1 has gone (PH-DEACTIVATE indication, persistent)."""
        self._happen(Event.DEACTIVATE, now)

    # -- frames ------------------------------------------------------------------------------------------------------

    def receive(self, octets: bytes, now: float) -> None:
        """A frame from layer 1, without FCS; an invalid one is dropped (2.9)."""
        try:
            frame = lapd_frame.decode(octets)
        except DecodeError:
            self.discarded += 1
            return
        self.take(frame, now)

    def take(self, frame: Frame, now: float) -> None:
        """A frame that has been read."""
        kind = frame.kind
        if frame.sapi != self._settings.sapi:
            self.discarded += 1
        elif kind is Kind.UI and frame.tei in (self.tei, BROADCAST_TEI):
            self._take_unit_data(frame, now)
        elif frame.tei == self.tei and (kind is Kind.I or (kind is not Kind.XID and not self._is_late(frame, now))):
            self._happen(self._event(frame), now, frame)
        else:
            self.discarded += 1

    def _take_unit_data(self, frame: Frame, now: float) -> None:
        if frame.c_r is self._peer_commands and len(frame.information) <= self._settings.n201:
            self.user.unit_data_received(frame.information, now)
        else:
            self.discarded += 1

    def _is_late(self, frame: Frame, now: float) -> bool:
        """Over datagrams: whether this is the last SABME or DISC once more. A peer repeats them after T200."""
        if not self._settings.over_datagrams:
            return False
        since = now - self._settings.t200 / 2
        if frame.kind is Kind.SABME:
            if self._sabme_at > since:
                return True
            self._sabme_at = now
        elif frame.kind is Kind.DISC:
            if self._disc_at > since:
                return True
            self._disc_at = now
        return False

    def _event(self, frame: Frame) -> Event:
        return event_of(frame, frame.c_r is self._peer_commands, self._settings.n201)

    def _happen(self, event: Event, now: float, frame: Frame | None = None) -> None:
        action, state, timers, error = TABLE[self.state, event]
        if error is not None:
            self.errors[error] = self.errors.get(error, 0) + 1
        self.state = state
        if timers is not Timers.KEEP:
            self._run(timers, now)
        if frame is None:
            _OF_EVENTS[action](self, now)
        else:
            _OF_FRAMES[action](self, frame, now)
        if error is not None and self.management is not None:
            self.management.link_error(self, error, now)

    # -- timers ------------------------------------------------------------------------------------------------------

    def _run(self, which: Timers, now: float) -> None:
        """Only one of the two runs. They are put off with every frame and hardly ever run out: an alarm that rings
        too early is set anew, which is cheaper.
        """
        self._running = which
        alarm = self._alarm
        if which is Timers.STOP:
            self._timers.stop(alarm)
            self._alarm = None
            return
        self._due = due = now + (self._settings.t200 if which is Timers.T200 else self._settings.t203)
        if alarm is None or alarm.due > due:
            self._timers.stop(alarm)
            self._alarm = self._timers.start(due, self._ring)

    def _ring(self, now: float) -> None:
        self._alarm = None
        if now < self._due:
            self._alarm = self._timers.start(self._due, self._ring)
            return
        which, self._running = self._running, Timers.STOP
        if which is Timers.T203:
            self._happen(Event.T203, now)
        else:
            self._happen(Event.T200_LAST if self._repetitions >= self._settings.n200 else Event.T200, now)

    def _retry_due(self, now: float) -> None:
        self._retry = None
        self._happen(Event.RETRY, now)

    # -- establishment and release -----------------------------------------------------------------------------------

    def _ask_tei(self, now: float) -> None:
        if self.management is not None:
            self.management.tei_wanted(self, now)

    def _discard(self, now: float) -> None:
        self._window.clear()
        self._unit_data.clear()

    def _send_sabme(self, now: float) -> None:
        self._window.clear()
        self._reestablish(now)

    def _reestablish(self, now: float) -> None:
        self._clear_exceptions()
        self._repetitions = 0
        self._unnumbered_command(Kind.SABME)

    def _repeat_sabme(self, now: float) -> None:
        self._repetitions += 1
        self._unnumbered_command(Kind.SABME)

    def _send_disc(self, now: float) -> None:
        self._window.clear()
        self._repetitions = 0
        self._unnumbered_command(Kind.DISC)

    def _repeat_disc(self, now: float) -> None:
        self._repetitions += 1
        self._unnumbered_command(Kind.DISC)

    def _establish_later(self, now: float) -> None:
        self._later = True

    def _established(self, now: float) -> None:
        self._begin()
        self.user.link_established(now)
        self._send_more(now)

    def _reestablished(self, now: float) -> None:
        """Layer 3 hears of it when something was under way that may not have arrived (5.7.3)."""
        if not self._window.is_acknowledged:
            self._window.clear()
            self._established(now)
            return
        self._begin()
        self._send_more(now)

    def _begin(self) -> None:
        """Numbers from 0 on. An own busy condition is layer 3's, and outlives this."""
        self._clear_exceptions()
        self._window.restart()
        self._receive_number = self._repetitions = 0
        if self._own_busy:
            self._status(self._response, poll_final=False)

    def _released(self, now: float) -> None:
        self._discard(now)
        self._clear_exceptions()
        establish, self._later = self._later, False
        self._timers.stop(self._retry)
        if self._wanted and self._settings.retry:
            self._retry = self._timers.start(now + self._settings.retry, self._retry_due)
        self.user.link_released(now)
        if establish:
            self.establish(now)

    def _clear_exceptions(self) -> None:
        self._peer_busy = self._rejecting = self._acknowledge = self._dropped = False

    def _answer(self, kind: Kind, frame: Frame) -> None:
        self._send(lapd_frame.unnumbered(self._response, kind, poll_final=frame.poll_final))

    def _send_ua(self, frame: Frame, now: float) -> None:
        self._answer(Kind.UA, frame)

    def _send_dm(self, frame: Frame, now: float) -> None:
        self._answer(Kind.DM, frame)

    def _accepted(self, frame: Frame, now: float) -> None:
        self._answer(Kind.UA, frame)
        self._established(now)

    def _reset(self, frame: Frame, now: float) -> None:
        self._answer(Kind.UA, frame)
        self._reestablished(now)

    def _disconnected(self, frame: Frame, now: float) -> None:
        self._answer(Kind.UA, frame)
        self._released(now)

    def _reject_and_reestablish(self, frame: Frame, now: float) -> None:
        if self._settings.sends_frmr and frame.kind not in (Kind.FRMR, Kind.DM):
            self._send_frmr(frame)
        self._reestablish(now)

    def _send_frmr(self, frame: Frame) -> None:
        event = self._event(frame)
        report = FrameReject(
            frame.control,
            self._window.next_number,
            self._receive_number,
            was_response=frame.c_r is not self._peer_commands,
            undefined=event is Event.UNDEFINED,
            not_permitted=event in (Event.NOT_PERMITTED, Event.WRONG_SIZE),
            too_long=event is Event.TOO_LONG,
            wrong_number=event in (Event.I, Event.SUPERVISORY, Event.FINAL),
        )
        self._send(lapd_frame.unnumbered(self._response, Kind.FRMR, report.octets(), poll_final=frame.poll_final))

    # -- information -------------------------------------------------------------------------------------------------

    def _flush_unit_data(self, now: float) -> None:
        self._send_unit_data()

    def _send_unit_data(self) -> None:
        while self._unit_data:
            self._send(lapd_frame.unnumbered(self._command, Kind.UI, self._unit_data.popleft()))

    def _send_more(self, now: float) -> None:
        """I frames, as many as the window has room for."""
        if self._peer_busy or self.state is not State.ESTABLISHED:
            return
        while (following := self._window.take()) is not None:
            number, octets = following
            self._acknowledge = False
            if self._running is not Timers.T200:
                self._run(Timers.T200, now)
            self._send(lapd_frame.information(self._command, number, self._receive_number, octets))

    def _take_information(self, frame: Frame, now: float) -> None:
        """5.6.2. What layer 3 answers at once carries the acknowledgement."""
        if self._own_busy:
            self._dropped = True
            if frame.poll_final:
                self._status(self._response, poll_final=True)
        elif frame.send_number == self._receive_number:
            self._receive_number = (self._receive_number + 1) % MODULUS
            self._rejecting = False
            self._acknowledge = True
            if frame.poll_final:
                self._status(self._response, poll_final=True)
            self.user.data_received(frame.information, now)
        else:
            self._out_of_sequence(frame)
        if self.state in UP:
            self._take_receive_number(frame, now)
        if self._acknowledge and self.state in UP:
            self._status(self._response, poll_final=False)

    def _out_of_sequence(self, frame: Frame) -> None:
        """One REJ for each gap (5.8.1); over datagrams, what has been received already is only acknowledged."""
        ahead = (frame.send_number - self._receive_number) % MODULUS
        if self._settings.over_datagrams and ahead > 4 * self._window.size:
            self._status(self._response, poll_final=frame.poll_final)
        elif not self._rejecting:
            self._reject(poll_final=frame.poll_final)
        elif frame.poll_final:
            self._status(self._response, poll_final=True)

    def _take_receive_number(self, frame: Frame, now: float) -> None:
        """N(R) of an I frame."""
        window = self._window
        if frame.receive_number == window.acknowledged:
            is_new = False
        elif self._is_valid(frame, now):
            is_new = window.acknowledge(frame.receive_number)
        else:
            return
        if self.state is State.TIMER_RECOVERY:
            return
        if not self._peer_busy:
            if window.is_acknowledged:
                self._run(Timers.T203, now)
            elif is_new:
                self._run(Timers.T200, now)
        self._send_more(now)

    def _take_supervisory(self, frame: Frame, now: float) -> None:
        """5.6.3 to 5.6.5; in timer recovery only what is acknowledged counts."""
        if frame.poll_final and frame.c_r is self._peer_commands:
            self._status(self._response, poll_final=True)
        if not self._is_valid(frame, now):
            return
        self._peer_busy = frame.kind is Kind.RNR
        if self.state is State.TIMER_RECOVERY:
            self._window.acknowledge(frame.receive_number)
        elif frame.kind is Kind.RR:
            self._take_receive_number(frame, now)
        elif frame.kind is Kind.REJ:
            self._send_again(frame, Timers.T203, now)
        else:
            self._window.acknowledge(frame.receive_number)
            self._run(Timers.T200, now)

    def _recover(self, frame: Frame, now: float) -> None:
        """The answer to our poll: what it does not acknowledge is lost (5.6.7).

        It comes before the next poll, so its N(R) is none from before: were that let pass over datagrams, two sides
        that differ would never find out.
        """
        self._repetitions = 0
        if not self._window.accepts(frame.receive_number):
            self._happen(Event.SEQUENCE, now, frame)
            return
        self._peer_busy = frame.kind is Kind.RNR
        self._send_again(frame, Timers.T200 if self._peer_busy else Timers.T203, now)

    def _send_again(self, frame: Frame, timers: Timers, now: float) -> None:
        self._window.acknowledge(frame.receive_number)
        self._window.go_back()
        self._run(timers, now)
        self._send_more(now)

    def _is_valid(self, frame: Frame, now: float) -> bool:
        """Whether N(R) may be; if not, the link is re-established, unless it is one of a datagram that comes late."""
        number = frame.receive_number
        if self._window.accepts(number):
            return True
        if not (self._settings.over_datagrams and self._window.is_past(number)):
            self._happen(Event.SEQUENCE, now, frame)
        return False

    # -- status ------------------------------------------------------------------------------------------------------

    def _poll(self, now: float) -> None:
        self._repetitions = 0
        self._status(self._command, poll_final=True)

    def _poll_again(self, now: float) -> None:
        self._repetitions += 1
        self._status(self._command, poll_final=True)

    def _say_busy(self, now: float) -> None:
        self._status(self._response, poll_final=False)

    def _say_ready(self, now: float) -> None:
        """REJ asks at once for what was dropped meanwhile (5.6.5)."""
        if self._dropped:
            self._dropped = False
            self._reject(poll_final=False)
        else:
            self._status(self._response, poll_final=False)

    def _reject(self, *, poll_final: bool) -> None:
        self._rejecting, self._acknowledge = True, False
        self._send(lapd_frame.supervisory(self._response, Kind.REJ, self._receive_number, poll_final=poll_final))

    def _status(self, of: bytes, *, poll_final: bool) -> None:
        """RR or RNR, which acknowledge what has come."""
        self._acknowledge = False
        kind = Kind.RNR if self._own_busy else Kind.RR
        self._send(lapd_frame.supervisory(of, kind, self._receive_number, poll_final=poll_final))

    def _unnumbered_command(self, kind: Kind) -> None:
        self._send(lapd_frame.unnumbered(self._command, kind, poll_final=True))

    def _address(self, tei: int) -> None:
        self.tei = tei
        sapi, commands = self._settings.sapi, not self._peer_commands
        self._command = lapd_frame.address(sapi, tei, c_r=commands)
        self._response = lapd_frame.address(sapi, tei, c_r=not commands)

    def _check_size(self, octets: bytes) -> None:
        if len(octets) > self._settings.n201:
            raise LocalProtocolError(f"message of {len(octets)} octets, N201 is {self._settings.n201}")


def _nothing(link: DataLink, now: float) -> None:
    """A row that does nothing."""


_OF_EVENTS: dict[Action, Callable[[DataLink, float], None]] = {
    Action.IGNORE: _nothing,
    Action.ASK_TEI: DataLink._ask_tei,
    Action.DISCARD: DataLink._discard,
    Action.SEND_UNIT_DATA: DataLink._flush_unit_data,
    Action.SEND_SABME: DataLink._send_sabme,
    Action.REPEAT_SABME: DataLink._repeat_sabme,
    Action.REESTABLISH: DataLink._reestablish,
    Action.SEND_DISC: DataLink._send_disc,
    Action.REPEAT_DISC: DataLink._repeat_disc,
    Action.LATER: DataLink._establish_later,
    Action.ESTABLISHED: DataLink._established,
    Action.REESTABLISHED: DataLink._reestablished,
    Action.RELEASED: DataLink._released,
    Action.POLL: DataLink._poll,
    Action.POLL_AGAIN: DataLink._poll_again,
    Action.SAY_BUSY: DataLink._say_busy,
    Action.SAY_READY: DataLink._say_ready,
}


def _regardless(act: Callable[[DataLink, float], None]) -> Callable[[DataLink, Frame, float], None]:
    """An action that needs nothing of the frame."""
    return lambda link, frame, now: act(link, now)


_OF_FRAMES: dict[Action, Callable[[DataLink, Frame, float], None]] = {
    **{action: _regardless(act) for action, act in _OF_EVENTS.items()},
    Action.SEND_UA: DataLink._send_ua,
    Action.SEND_DM: DataLink._send_dm,
    Action.ACCEPTED: DataLink._accepted,
    Action.RESET: DataLink._reset,
    Action.DISCONNECTED: DataLink._disconnected,
    Action.REESTABLISH: DataLink._reject_and_reestablish,
    Action.TAKE_INFORMATION: DataLink._take_information,
    Action.TAKE_SUPERVISORY: DataLink._take_supervisory,
    Action.RECOVER: DataLink._recover,
}
