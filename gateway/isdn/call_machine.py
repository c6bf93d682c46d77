"""The state of one Q.931 call: requests, timers, and the end; what messages do to it is in gateway.isdn.call."""

from functools import partial
from typing import TYPE_CHECKING, cast

from gateway.isdn import elements as codec
from gateway.isdn.call_table import EXPIRY_CAUSES, OVERLAP, Action, Expiry, Request, TimerName, is_clearing
from gateway.isdn.cause_value import CauseValue
from gateway.isdn.channels import BChannel
from gateway.isdn.composing import cause_element, names_channel
from gateway.isdn.element_check import Fault
from gateway.isdn.elements import CallState
from gateway.isdn.hold import Hold
from gateway.isdn.hold_table import HoldState
from gateway.isdn.q931 import Identifier, InformationElement, Message, MessageType
from gateway.model.causes import Cause
from gateway.model.errors import DecodeError
from gateway.model.timers import Timer

if TYPE_CHECKING:
    from gateway.isdn.broadcast import Broadcast
    from gateway.isdn.call import IsdnCall
    from gateway.isdn.call_control import CallControl
    from gateway.isdn.call_control_owner import CallControlOwner

_IN_BAND = 8
"""Progress description: a tone or announcement is in the B-channel."""
_ENQUIRIES = 3
"""How many STATUS ENQUIRY are sent before a peer that says nothing has lost the call (5.8.10)."""


Elements = tuple[InformationElement, ...]

SENDS: dict[Request, MessageType] = {
    Request.SETUP_ACKNOWLEDGE: MessageType.SETUP_ACKNOWLEDGE,
    Request.PROCEEDING: MessageType.CALL_PROCEEDING,
    Request.ALERTING: MessageType.ALERTING,
    Request.PROGRESS: MessageType.PROGRESS,
    Request.CONNECT: MessageType.CONNECT,
    Request.INFORMATION: MessageType.INFORMATION,
    Request.NOTIFY: MessageType.NOTIFY,
    Request.FACILITY: MessageType.FACILITY,
    Request.USER_INFORMATION: MessageType.USER_INFORMATION,
}
_NAMES_CHANNEL = frozenset((Request.SETUP_ACKNOWLEDGE, Request.PROCEEDING, Request.ALERTING, Request.CONNECT))


class CallMachine:
    """What a call is and what it does by itself; the public side of it is IsdnCall."""

    __slots__ = (
        *(
            "broadcast",
            "call_reference",
            "channel",
            "is_independent",
            "is_originating",
            "link",
            "owner",
            "owner_context",
            "state",
        ),
        *("_again", "_cause", "_channel_agreed", "_control", "_enquiries", "_enquiry_timer"),
        *("_fault", "_hold", "_link_timer", "_repeat", "_timer"),
    )

    def __init__(
        self,
        control: "CallControl",
        owner: "CallControlOwner",
        call_reference: int,
        link: int,
        *,
        is_originating: bool,
    ) -> None:
        self._control = control
        self.owner = owner
        self.call_reference = call_reference
        self.link = link
        self.is_originating = is_originating
        self.is_independent = False
        self.channel: BChannel | None = None
        self.state = CallState.NULL
        self.owner_context: object = None
        self._again = False
        self.broadcast: Broadcast | None = None
        self._cause: Cause | None = None
        self._channel_agreed = False
        self._enquiries = 0
        self._enquiry_timer: Timer | None = None
        self._fault: Fault | None = None
        self._hold: Hold | None = None
        self._link_timer: Timer | None = None
        self._repeat = b""
        self._timer: Timer | None = None

    @property
    def is_over(self) -> bool:
        """Whether it has ended, or is being cleared."""
        return self.state is CallState.NULL or is_clearing(self.state)

    @property
    def is_active(self) -> bool:
        """Whether it is up; held calls are."""
        return self.state is CallState.ACTIVE

    @property
    def _call(self) -> "IsdnCall":
        """Itself, as the owner knows it."""
        return cast("IsdnCall", self)

    @property
    def hold_state(self) -> HoldState:
        """The auxiliary state."""
        return self._hold.state if self._hold is not None else HoldState.IDLE

    # What call control brings.

    def begin(self, state: CallState, now: float) -> None:
        """The SETUP has come (or is what `begin_setup` sends)."""
        self._enter(state, now)

    def begin_setup(self, setup: bytes, broadcast: "Broadcast | None", now: float) -> None:
        """Sends the SETUP, which is given as octets."""
        self.broadcast = broadcast
        self._channel_agreed = self.is_independent
        self._repeat = setup
        self._enter(self._control.numbers.originating.setup, now)
        self._send_setup(now)

    def begin_release(self, cause: Cause, now: float) -> None:
        """Nothing but a RELEASE, for a terminal that does not get the call."""
        self._release((cause_element(cause),), now)

    def unanswered(self, cause: Cause, now: float) -> None:
        """Ends a call that no terminal of the bus has."""
        if self.broadcast is not None:
            self.broadcast.abort(cause, now)
        self._end(cause, None, now)

    def resume_active(self, held: bool, now: float) -> None:
        """A call that was up when its snapshot was taken."""
        self._enter(CallState.ACTIVE, now)
        self._channel_agreed = True
        if held:
            self._holding().state = HoldState.HELD

    def put_aside(self, now: float) -> None:
        """SUSPEND was accepted."""
        self._enter(CallState.SUSPEND_REQUEST, now)

    def take_up(self, call_reference: int, link: int, now: float) -> None:
        """RESUME was accepted: the terminal that did it may be another one."""
        self.call_reference, self.link, self.is_originating = call_reference, link, False
        self._enter(CallState.ACTIVE, now)

    def link_released(self, was_up: bool, now: float) -> None:
        """The data link is lost, or did not come up: only calls that are up wait for it (5.8.9)."""
        if self.state is CallState.NULL:
            return
        if self.state is not CallState.ACTIVE:
            self._end(Cause(CauseValue.DESTINATION_OUT_OF_ORDER, self._control.location), None, now)
            # The peer may not have noticed anything: a link that comes back at once was merely reset for it.
            if was_up:
                self._control.end_peers_call(self._call, Cause(CauseValue.TEMPORARY_FAILURE), now)
        elif self._link_timer is None:
            self._link_timer = self._control.start(TimerName.T309, self._link_lost, now)

    def link_established(self, was_up: bool, now: float) -> None:
        """The data link is back, or was reset (5.8.8): what was under way may be lost. T303 sends SETUP again."""
        if self.state in OVERLAP:
            self.fail(CauseValue.TEMPORARY_FAILURE, now)
        elif self.state is CallState.ACTIVE:
            self._control.timers.stop(self._link_timer)
            self._link_timer = None
            self.enquire(now)
        elif was_up and not self.is_over and self.state is not self._control.numbers.originating.setup:
            self.enquire(now)

    def restarted(self, now: float) -> None:
        """Its channel, or the whole interface, was restarted: it is over on both sides (5.5.2)."""
        if self.state is not CallState.NULL:
            self._end(Cause(CauseValue.TEMPORARY_FAILURE), None, now)

    def audit(self, now: float) -> None:
        """STATUS ENQUIRY without T322: only a peer that says it has lost the call ends it, not one that is silent."""
        if self.state is not CallState.NULL and self._control.is_up(self.link):
            self.send(MessageType.STATUS_ENQUIRY, (), now)

    def outbid(self) -> None:
        """A call of higher priority has got the channel that our SETUP named; the peer has to find another."""
        self.channel = None

    def fail(self, value: int, now: float, *, told: int | None = None) -> None:
        """Clears with that cause by itself; the owner is told at once."""
        if self.is_over:
            return
        self._cause = cause = Cause(told or value, self._control.location)
        if self.disconnect(Cause(value, self._control.location), now) and self.state is not CallState.NULL:
            self.owner.disconnected(self._call, cause, None, now)

    # Requests.

    def _request(self, request: Request, elements: Elements, now: float, cause: Cause | None = None) -> bool:
        step = self._control.rows[self.state][request]
        action = step.action
        if action is Action.UNEXPECTED or action is Action.IGNORE:
            return False
        if cause is not None and self._cause is None:
            self._cause = cause
        if action is Action.SEND:
            if request in _NAMES_CHANNEL and not self._channel_agreed:
                elements = self._with_channel(elements)
            self._advance(step.state, now)
            if request is Request.INFORMATION and step.state is self._control.numbers.originating.overlap:
                self._restart(TimerName.T304, Expiry.T304, now)
            self.send(SENDS[request], elements, now)
        elif self.broadcast is not None:
            self.unanswered(self._cause or Cause(CauseValue.NORMAL), now)
        elif action is Action.DISCONNECT:
            self._disconnect(elements, step.state, now)
        elif action is Action.RELEASE:
            self._release(elements, now)
        elif action is Action.END:  # It is suspended: nobody is there to be told.
            self._end(self._cause or Cause(CauseValue.NORMAL), None, now)
        else:  # REJECT
            self.send(MessageType.RELEASE_COMPLETE, elements, now)
            self._end(self._cause or Cause(CauseValue.NORMAL_UNSPECIFIED), None, now)
        return True

    def _disconnect(self, elements: Elements, state: CallState, now: float) -> None:
        self._advance(state, now)
        if any(map(is_in_band, elements)):
            self._restart(TimerName.T306, Expiry.T306, now)
        self.send(MessageType.DISCONNECT, elements, now)

    def _release(self, elements: Elements, now: float) -> None:
        self._repeat = self._control.encode(MessageType.RELEASE, self, elements)
        self._enter(CallState.RELEASE_REQUEST, now)
        self._control.transmit(self._repeat, self, now)

    def _with_channel(self, elements: Elements) -> Elements:
        """The first response names the channel (5.1.2, 5.2.3)."""
        self._channel_agreed = True
        if names_channel(elements):
            return elements
        channels = self._control.channels
        own = channels.no_channel() if self.channel is None else channels.identification((self.channel,))
        return (*elements, own)

    # Clearing.

    def disconnect(self, cause: Cause, now: float, *elements: InformationElement) -> bool:
        """Clears as the state demands: with RELEASE COMPLETE, DISCONNECT, or RELEASE after the peer's DISCONNECT."""
        return self._request(Request.CLEAR, (cause_element(cause), *elements), now, cause)

    def release(self, cause: Cause, now: float, *elements: InformationElement) -> bool:
        """Clears with RELEASE at once."""
        return self._request(Request.RELEASE, (cause_element(cause), *elements), now, cause)

    def enquire(self, now: float) -> bool:
        """STATUS ENQUIRY; a peer that has lost the call, or does not answer it three times, ends it (5.8.10)."""
        if self.state in {CallState.NULL, CallState.RELEASE_REQUEST, CallState.CALL_ABORT}:
            return False
        if self._enquiry_timer is None:
            self._enquiries = 0
            self._enquire(now)
        return True

    # Timers.

    def _expired(self, expiry: Expiry, now: float) -> None:
        self._timer = None
        step = self._control.rows[self.state][expiry]
        action = step.action
        if action is Action.RESEND:
            self._resend(now)
        elif action is Action.ENQUIRE:
            self._start_timer(now)
            self.audit(now)
        elif action is Action.TIME_OUT:
            sent, told = EXPIRY_CAUSES[expiry]
            self.fail(sent, now, told=told)
        elif action is Action.RELEASE:
            self._release((cause_element(self._cause or Cause(CauseValue.NORMAL)),), now)
        elif action is Action.DIGITS_TIMEOUT:
            self.owner.digits_timeout(self._call, now)
            if self.state is step.state:
                self.fail(CauseValue.NUMBER_INCOMPLETE, now)
        elif action is not Action.UNEXPECTED:
            self._gave_up(action, now)

    def _gave_up(self, action: Action, now: float) -> None:
        """T303 or T308 for the second time, or T312."""
        sent, told = EXPIRY_CAUSES[Expiry.T303_AGAIN]
        if action is Action.GIVE_UP and self.broadcast is not None:
            self.unanswered(self.broadcast.refusal or Cause(told, self._control.location), now)
            return
        if action is Action.GIVE_UP:
            self.send(MessageType.RELEASE_COMPLETE, (cause_element(Cause(sent, self._control.location)),), now)
            self._end(Cause(told, self._control.location), None, now)
            return
        channel = self.channel
        if action is Action.ABANDON and channel is not None:
            self._control.channels.withdraw(channel)
        self._end(self._cause or Cause(CauseValue.NORMAL_UNSPECIFIED), None, now)
        if action is Action.ABANDON and channel is not None:
            self._control.channel_stuck(channel, now)

    def _resend(self, now: float) -> None:
        """SETUP or RELEASE once more; of a broadcast SETUP that somebody has refused, the refusal is the end."""
        if self.broadcast is not None and self.broadcast.refusal is not None:
            self.unanswered(self.broadcast.refusal, now)
            return
        self._again = True
        self._start_timer(now)
        if self.state is CallState.RELEASE_REQUEST:
            self._control.transmit(self._repeat, self, now)
        else:
            self._send_setup(now)

    def _send_setup(self, now: float) -> None:
        if self.broadcast is None:
            self._control.transmit(self._repeat, self, now)
        else:
            self._control.layer_2.send_unit_data(self._repeat, now)
            self.broadcast.sent(now)

    def _enquire(self, now: float) -> None:
        self._enquiry_timer = None
        if self._enquiries == _ENQUIRIES:
            self.fail(CauseValue.TEMPORARY_FAILURE, now)
            return
        self._enquiries += 1
        self._enquiry_timer = self._control.start(TimerName.T322, self._enquire, now)
        self.send(MessageType.STATUS_ENQUIRY, (), now)

    def _stop_enquiring(self) -> None:
        if self._enquiry_timer is not None:
            self._control.timers.stop(self._enquiry_timer)
            self._enquiry_timer = None

    def _link_lost(self, now: float) -> None:
        self._link_timer = None
        self._end(Cause(CauseValue.DESTINATION_OUT_OF_ORDER, self._control.location), None, now)

    # The state.

    def _advance(self, state: CallState, now: float) -> None:
        """To another state, if it is another one."""
        if state is not self.state:
            self._enter(state, now)

    def _enter(self, state: CallState, now: float) -> None:
        self._stop_timer()
        self.state = state
        self._again = False
        if is_clearing(state):
            self._stop_enquiring()
        elif self._repeat and state is not self._control.numbers.originating.setup:
            self._repeat = b""
        self._start_timer(now)

    def _start_timer(self, now: float) -> None:
        timer = self._control.state_timers.get(self.state)
        if timer is not None:
            expiry = timer.again if self._again and timer.again is not None else timer.first
            self._timer = self._control.start(timer.name, partial(self._expired, expiry), now)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._control.timers.stop(self._timer)
            self._timer = None

    def _restart(self, name: TimerName, expiry: Expiry, now: float) -> None:
        self._stop_timer()
        self._timer = self._control.start(name, partial(self._expired, expiry), now)

    def _end(self, cause: Cause, message: Message | None, now: float) -> None:
        """Null: everything is given back, then the owner is told."""
        self._stop_timer()
        self._stop_enquiring()
        self._control.timers.stop(self._link_timer)
        if self._hold is not None:
            self._hold.end()
        if self.broadcast is not None:
            self.broadcast.end()
        self.state = CallState.NULL
        self._control.forget(self)
        self.owner.released(self._call, cause, message, now)

    def _holding(self) -> Hold:
        if self._hold is None:
            self._hold = Hold(self, self._control)
        return self._hold

    def send(self, kind: MessageType, elements: Elements, now: float) -> None:
        """A message of this call, whatever its state."""
        self._control.transmit(self._control.encode(kind, self, elements), self, now)


def is_in_band(element: InformationElement) -> bool:
    """Whether it is a progress indicator that promises a tone or an announcement."""
    if element.identifier != Identifier.PROGRESS_INDICATOR or element.codeset:
        return False
    try:
        return codec.decode_progress(element.contents).description == _IN_BAND
    except DecodeError:
        return False
