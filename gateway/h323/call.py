"""One H.323 call: what its owner asks for, and what messages do to it."""

from collections.abc import Callable
from typing import Any

from gateway.h323 import call_composing, call_elements
from gateway.h323.call_contents import NOTHING, Contents, Ending, NewCall
from gateway.h323.call_elements import Element
from gateway.h323.call_machine import CallMachine
from gateway.h323.call_table import TABLE, Action, CallState, Expiry, Received, Request, TimerName
from gateway.h323.fast_start_table import FastStart, Tunnel
from gateway.h323.h225 import CallSignal
from gateway.model.causes import Cause

_WRONG_STATE, _UNKNOWN_TYPE, _ENQUIRED = 101, 97, 30
_TEMPORARY_FAILURE = Cause(41)
_IN_BAND = frozenset((1, 2, 8))
"""Progress descriptions with which something is to be heard (Q.931 5.1.6)."""

_H225 = (0, 0, 8, 2250, 0)
_CARRYING_ONLY = frozenset(("", "startH245", "transportedInformation", "undefinedReason"))
"""Reasons of a FACILITY that is there for what it carries."""


class H323Call(CallMachine):
    """A call, in either direction. Every request returns whether the state of the call allowed it; one that it does
    not allow does nothing. Requests raise LocalProtocolError for what the message cannot carry, and then nothing was
    sent.

    `identifier` is the callIdentifier, `conference` the conferenceID, `call_reference` the CRV without its flag.
    `owner_context` is the owner's. `peer_version` is the H.225.0 version that the peer claims (0 unknown).
    """

    __slots__ = ()

    # What is known of media.

    @property
    def tunnels(self) -> bool | None:
        """Whether H.245 is tunnelled; None before both sides have said."""
        return self.media.tunnels

    @property
    def fast_start(self) -> FastStart:
        """What has become of fast connect."""
        return self.media.fast_start

    @property
    def offered_channels(self) -> tuple[bytes, ...]:
        """The fastStart of the SETUP (OpenLogicalChannel octets), () when there was none or it has been refused."""
        return self.media.offered

    @property
    def accepted_channels(self) -> tuple[bytes, ...]:
        """The fastStart that the called side has answered with."""
        return self.media.accepted

    @property
    def control_address(self) -> str:
        """The last h245Address of the peer ("host:port"), "" when it has told none."""
        return self.media.address

    @property
    def wants_control(self) -> bool:
        """Whether the peer has asked for the H.245 connection (FACILITY startH245)."""
        return self.media.wants_control

    # What the owner asks for.

    def setup_acknowledge(self, now: float, contents: Contents = NOTHING) -> bool:
        """SETUP ACKNOWLEDGE: more digits are wanted (overlap receiving)."""
        return self._request(Request.SETUP_ACKNOWLEDGE, now, contents)

    def proceeding(self, now: float, contents: Contents = NOTHING) -> bool:
        """CALL PROCEEDING."""
        return self._request(Request.PROCEEDING, now, contents)

    def progress(self, now: float, contents: Contents = NOTHING) -> bool:
        """PROGRESS."""
        return self._request(Request.PROGRESS, now, contents)

    def alerting(self, now: float, contents: Contents = NOTHING) -> bool:
        """ALERTING."""
        return self._request(Request.ALERTING, now, contents)

    def connect(self, now: float, contents: Contents = NOTHING) -> bool:
        """CONNECT: answers the call. Offered channels that have not been accepted yet are refused by it."""
        return self._request(Request.CONNECT, now, contents)

    def information(self, now: float, contents: Contents) -> bool:
        """INFORMATION: further digits of the called number, keypad, display."""
        sent = self._request(Request.INFORMATION, now, contents)
        if sent and self.state is CallState.OVERLAP_SENDING:
            self._restart(TimerName.T304, Expiry.T304, now)
        return sent

    def notify(self, now: float, contents: Contents) -> bool:
        """NOTIFY: a notification indicator, a new party."""
        return self._request(Request.NOTIFY, now, contents)

    def facility(self, now: float, contents: Contents, reason: str = "") -> bool:
        """FACILITY: with the `reason` of Facility-UUIE, without one with body `empty`."""
        return self._request(Request.FACILITY, now, contents, reason)

    def start_h245(self, address: str, now: float) -> bool:
        """FACILITY startH245: the peer shall connect to `address` ("host:port") for H.245."""
        return self.facility(now, Contents(h245_address=address), "startH245")

    def send_control(self, octets: bytes, now: float) -> bool:
        """A H.245 message through the tunnel: in a FACILITY of its own. False when H.245 is not (yet) tunnelled."""
        return self.media.tunnel is Tunnel.OPEN and self.facility(now, Contents(control=(octets,)))

    def enquire(self, now: float) -> bool:
        """STATUS ENQUIRY; without STATUS until T322 runs out the call is over."""
        sent = self._enquiry_timer is None and self._request(Request.ENQUIRE, now, NOTHING)
        if sent:
            self._enquiry_timer = self._start(TimerName.T322, Expiry.T322, now)
        return sent

    # How it begins.

    def begin(self, new: NewCall, now: float) -> None:
        """Sends the SETUP. Raises LocalProtocolError for what it cannot carry."""
        media = self.media.offer(new.contents.fast_start, new.early_control, tunnelling=new.tunnelling)
        octets = self._encoded(call_composing.setup(self, new, media))
        self._advance(CallState.CALL_INITIATED, now)
        self.channel.send(octets)

    def take_setup(self, message: CallSignal) -> tuple[bytes, ...]:
        """The SETUP has come; gives the H.245 messages that came with it."""
        self._note_version(message)
        return self.media.hear_setup(message, tunnelling=self.settings.tunnelling)

    def offer(self, message: CallSignal, control: tuple[bytes, ...], now: float) -> None:
        """Tells the owner of it. Raises the GatewayError with which the owner refuses."""
        self._advance(CallState.CALL_PRESENT, now)
        self.owner.call_offered(self, message, now)
        for octets in control:
            if not self.is_over:
                self.owner.control_received(self, octets, now)

    def drop(self) -> None:
        """It has been refused: nothing is told any more."""
        self._stop_timer()
        self.state = CallState.NULL

    # Messages. Each action is given the state after it.

    def receive(self, message: CallSignal, now: float) -> None:
        """A message of this call."""
        kind = _RECEIVED.get(message.name, Received.OTHER)
        step = TABLE[self.state][kind]
        self._note_version(message)
        if step.action is Action.UNEXPECTED:
            self._unexpected(message, kind)
        elif step.action is not Action.IGNORE:
            _ON_MESSAGE[step.action](self, message, step.state, now)
        elif kind is not Received.SETUP and not self.is_over:
            self._tell_contents(message, now)

    def _reported(self, message: CallSignal, state: CallState, now: float) -> None:
        self._advance(state, now)
        self._tell_contents(message, now)
        if self.is_over:
            return
        kind = Received(message.name)
        if kind is Received.FACILITY:
            if _is_of_its_own(message):
                self.owner.facility_received(self, message, now)
            return
        if kind is Received.INFORMATION:
            self._digits(message, now)
        elif kind is Received.PROGRESS and state is CallState.OUTGOING_PROCEEDING:
            self._heard_in_band(message, now)
        _EVENTS[kind](self.owner, self, message, now)

    def _tell_contents(self, message: CallSignal, now: float) -> None:
        """What any message may carry."""
        if message.supplementary_services:
            self.owner.apdus_received(self, message.supplementary_services, message, now)
        if not self.is_over:
            self.media.hear(message, now)

    def _digits(self, message: CallSignal, now: float) -> None:
        """T302 starts anew with each digit, and stops when there are no more."""
        if self.state is not CallState.OVERLAP_RECEIVING:
            return
        if message.information_element(Element.SENDING_COMPLETE) is not None:
            self._stop_timer()
        else:
            self._restart(TimerName.T302, Expiry.T302, now)

    def _heard_in_band(self, message: CallSignal, now: float) -> None:
        """An announcement may take longer than T310 (Q.931 5.1.6), and no longer than somebody lets it ring."""
        if _IN_BAND.intersection(call_elements.progress_of(message)):
            self._restart(TimerName.T301, Expiry.T310, now)

    def _confirmed(self, message: CallSignal, state: CallState, now: float) -> None:
        if message.supplementary_services:
            self.owner.apdus_received(self, message.supplementary_services, message, now)
        if not self.is_over and self.settings.answers_release:
            self.channel.send(self._encoded(self._echo(message)))
        self._end(_ending_of(message), message, now)

    def _echo(self, message: CallSignal) -> CallSignal:
        """RELEASE COMPLETE for the same reason (H.323 8.5)."""
        reason = message.uuie.get("reason")
        ending = Ending(call_elements.cause_of(message))
        fields = {} if reason is None or reason[0].startswith("_ext_") else {"reason": reason}
        return call_composing.release_complete(
            self, ending, Contents(fields=fields, control=self.media.last(message))
        )

    def _ended(self, message: CallSignal, state: CallState, now: float) -> None:
        """The answer to our own RELEASE COMPLETE, or one that has crossed it."""
        if message.supplementary_services:
            self.owner.apdus_received(self, message.supplementary_services, message, now)
        self._end(self._ending, message, now)

    def _status(self, message: CallSignal, state: CallState, now: float) -> None:
        self._stop_enquiring()
        self._tell_contents(message, now)
        if self.is_over:
            return
        if call_elements.call_state_of(message) == CallState.NULL:  # Q.931 5.8.11
            self._end(Ending(call_elements.cause_of(message) or _TEMPORARY_FAILURE), message, now)
        else:
            self.owner.status_received(self, message, now)

    def _enquired(self, message: CallSignal, state: CallState, now: float) -> None:
        self._tell_contents(message, now)
        if not self.is_over:
            self.say_status(_ENQUIRED)

    def _unexpected(self, message: CallSignal, kind: Received) -> None:
        self.channel.signalling.counters["unexpected"] += 1
        cause = _UNKNOWN_TYPE if kind is Received.OTHER else _WRONG_STATE
        self.say_status(cause, bytes((message.message_type,)))

    def _note_version(self, message: CallSignal) -> None:
        identifier = message.uuie.get("protocolIdentifier", ())
        if len(identifier) == 6 and identifier[:5] == _H225:
            self.peer_version = identifier[5]


def _is_of_its_own(message: CallSignal) -> bool:
    """Whether a FACILITY says something beside the APDUs, H.245 messages and the address that it carries."""
    elements = any(name != Element.FACILITY for name, _ in message.information_elements)
    return elements or message.reason not in _CARRYING_ONLY


def _ending_of(message: CallSignal) -> Ending:
    return Ending(call_elements.cause_of(message), message.reason)


_RECEIVED = {kind.value: kind for kind in Received}

_ON_MESSAGE: dict[Action, Callable[[H323Call, CallSignal, CallState, float], None]] = {
    Action.REPORT: H323Call._reported,
    Action.CONFIRM: H323Call._confirmed,
    Action.END: H323Call._ended,
    Action.STATUS: H323Call._status,
    Action.ANSWER_ENQUIRY: H323Call._enquired,
}


def _event(name: str) -> Callable[[Any, H323Call, CallSignal, float], None]:
    """The owner's method of that name."""

    def tell(owner: Any, call: H323Call, message: CallSignal, now: float) -> None:
        getattr(owner, name)(call, message, now)

    return tell


_EVENTS: dict[Received, Callable[[Any, H323Call, CallSignal, float], None]] = {
    Received.SETUP_ACKNOWLEDGE: _event("digits_wanted"),
    Received.CALL_PROCEEDING: _event("proceeding_received"),
    Received.PROGRESS: _event("progress_received"),
    Received.ALERTING: _event("alerting_received"),
    Received.CONNECT: _event("connected"),
    Received.INFORMATION: _event("information_received"),
    Received.USER_INFORMATION: _event("information_received"),  # of Cisco gateways, with the body of INFORMATION
    Received.NOTIFY: _event("notified"),
}
