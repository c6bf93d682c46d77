"""One call signalling channel: a TCP connection with TPKT, and the calls on it."""

from typing import TYPE_CHECKING

from gateway.h323 import h225, signals, tpkt
from gateway.h323.call import H323Call
from gateway.h323.call_contents import Ending, NewCall
from gateway.h323.call_elements import call_state_of
from gateway.h323.call_owner import CallOwner, Connection
from gateway.h323.call_table import CallState
from gateway.h323.h225 import CallSignal
from gateway.h323.signals import Call
from gateway.model.causes import Cause
from gateway.model.errors import DecodeError, GatewayError
from gateway.model.timers import Timer

if TYPE_CHECKING:
    from gateway.h323.signalling import CallSignalling

_CONGESTION, _UNKNOWN_CALL, _MISSING, _INVALID, _ENQUIRED = 42, 81, 96, 100, 30
_CLOSING = Ending(Cause(41))
_SILENT = frozenset(("RELEASE COMPLETE", "STATUS"))
"""Messages that are not answered when there is no such call."""


class SignallingChannel:
    """The calls of one connection, by call reference and by who has chosen it. No method raises for what the peer
    sends: a message that makes no sense is answered or dropped and logged, a stream out of step ends the connection
    and its calls. `shares`: the peer takes several calls on one connection.
    """

    __slots__ = (
        *("is_closed", "outgoing", "peer", "shares", "signalling"),
        *("_calls", "_connection", "_pending_since", "_quiet_since", "_unframer", "_watch"),
    )

    def __init__(
        self, signalling: "CallSignalling", connection: Connection, peer: str, now: float, *, outgoing: bool
    ) -> None:
        self.signalling = signalling
        self.peer = peer
        self.outgoing = outgoing
        self.shares = False
        self.is_closed = False
        self._connection = connection
        self._calls: dict[tuple[int, bool], H323Call] = {}
        self._unframer = tpkt.Unframer(signalling.settings.most_octets)
        self._pending_since = self._quiet_since = now
        self._watch: Timer | None = None
        self._start_watch(now)

    @property
    def calls(self) -> tuple[H323Call, ...]:
        """The calls that are on it."""
        return tuple(self._calls.values())

    # What the owner asks for.

    def place_call(self, new: NewCall, owner: CallOwner, now: float) -> H323Call:
        """A call over this channel; its SETUP has gone out when this returns, events come later.

        Raises GatewayError when the channel is closed or full, LocalProtocolError for what SETUP cannot carry.
        """
        signalling = self.signalling
        if self.is_closed:
            raise GatewayError(f"the connection to {self.peer} is closed", sip_status=503, cause=27)
        if len(self._calls) >= signalling.settings.most_calls:
            raise GatewayError(f"too many calls to {self.peer}", sip_status=503, cause=_CONGESTION)
        reference = new.call_reference or signalling.fresh_reference()
        identifier = new.identifier or signalling.fresh_identifier()
        conference = new.conference or signalling.fresh_identifier()
        call = H323Call(self, owner, reference, identifier, conference, is_originating=True)
        try:
            call.begin(new, now)
        except GatewayError:
            signalling.return_reference(reference)
            raise
        signalling.reserve_reference(reference)
        self._enter(call)
        return call

    def close(self, now: float) -> None:
        """Ends all calls with RELEASE COMPLETE and then the connection."""
        for call in self.calls:
            call.release(now, _CLOSING)
        self._shut()
        self._lose_calls(now)

    # What the connection brings.

    def received(self, octets: bytes, now: float) -> None:
        """Octets from the connection, cut anyhow."""
        if self.is_closed:
            return
        if not self._unframer.pending:
            self._pending_since = now
        try:
            for payload in self._unframer.payloads(octets):
                self._quiet_since = self._pending_since = now
                self._message(payload, now)
                if self.is_closed:
                    return
        except DecodeError as error:
            self._break(str(error), now)
            return
        if self._unframer.pending and self._pending_since == now:
            self.signalling.timers.stop(self._watch)
            self._watch = None
            self._start_watch(now)

    def lost(self, now: float) -> None:
        """The connection is gone or could not be opened: all its calls are over."""
        self._shut(told=True)
        self._lose_calls(now)

    # What its calls need.

    def send(self, octets: bytes) -> None:
        """A message of a call."""
        if not self.is_closed:
            self.signalling.counters["sent"] += 1
            self._connection.send(tpkt.frame(octets))

    def forget(self, call: H323Call, now: float) -> None:
        """The call is over. Who has opened the connection closes it after the last one (H.323 8.5)."""
        if self._calls.get((call.call_reference, call.is_originating)) is call:
            del self._calls[call.call_reference, call.is_originating]
        self.signalling.forget(call)
        if self._calls or self.is_closed:
            return
        if self.outgoing:
            self._shut()
        else:
            self._quiet_since = now
            self._start_watch(now)

    # Messages.

    def _message(self, octets: bytes, now: float) -> None:
        counters = self.signalling.counters
        counters["received"] += 1
        try:
            message = h225.decode(octets)
        except DecodeError as error:
            counters["refused"] += 1
            self._undecodable(octets, error, now)
            return
        call = self._find(message)
        if call is not None:
            self._note(message)
            call.receive(message, now)
        elif message.name == "SETUP" and not message.from_destination:
            self._note(message)
            self._offered(message, now)
        else:
            self._stray(message)

    def _find(self, message: CallSignal) -> H323Call | None:
        """By call reference; the flag follows who made the call. Of a peer that sets it wrong, by callIdentifier."""
        reference, flag, identifier = message.call_reference, message.from_destination, message.call_identifier
        call = self._calls.get((reference, flag))
        if not identifier or (call is not None and call.identifier in (identifier, b"")):
            return call
        other = self._calls.get((reference, not flag))
        return other if other is not None and other.identifier == identifier else call

    def _note(self, message: CallSignal) -> None:
        self.shares = bool(message.uuie.get("multipleCalls", self.shares))

    def _offered(self, message: CallSignal, now: float) -> None:
        signalling = self.signalling
        reference = message.call_reference
        if message.body != "setup" or not reference:
            self._refuse(message, _MISSING, "SETUP without its body or call reference")
            return
        if len(self._calls) >= signalling.settings.most_calls:
            self._refuse(message, _CONGESTION, f"more than {signalling.settings.most_calls} calls on a connection")
            return
        try:
            owner = signalling.owner.owner_of(self, message, now)
        except GatewayError as error:
            self._refuse(message, error.cause, str(error))
            return
        identifier, conference = message.call_identifier, message.conference_id
        call = H323Call(self, owner, reference, identifier, conference, is_originating=False)
        control = call.take_setup(message)
        self._enter(call)
        try:
            call.offer(message, control, now)
        except GatewayError as error:
            call.drop()
            self._refuse(message, error.cause, str(error))
            self.forget(call, now)

    def _refuse(self, message: CallSignal, cause: int, why: str) -> None:
        refused = Call(message.call_reference, not message.from_destination, message.call_identifier)
        self.signalling.log("h323.call_refused", peer=self.peer, cause=cause, why=why)
        self.send(h225.encode(signals.release_complete(refused, (), cause=cause)))

    def _stray(self, message: CallSignal) -> None:
        """A message of no call (Q.931 5.8.3.2)."""
        self.signalling.counters["strays"] += 1
        if message.call_reference == 0:
            return
        if message.name == "STATUS ENQUIRY":
            self.send(h225.encode(_no_call_status(message)))
        elif message.name not in _SILENT or (message.name == "STATUS" and call_state_of(message)):
            unknown = Call(message.call_reference, not message.from_destination, message.call_identifier)
            self.send(h225.encode(signals.release_complete(unknown, (), cause=_UNKNOWN_CALL)))

    def _undecodable(self, octets: bytes, error: DecodeError, now: float) -> None:
        """What cannot be read is no reason to give up the other calls: a SETUP is refused, a RELEASE COMPLETE ends
        its call, STATUS says what is wrong with the rest (Q.931 5.8.6).
        """
        self.signalling.log("h323.message_refused", peer=self.peer, why=str(error))
        try:
            name, reference, flag = h225.decode_header(octets)
        except DecodeError:
            return
        header = CallSignal(name, reference, flag, body="")
        call = self._calls.get((reference, flag))
        if call is not None and name == "RELEASE COMPLETE":
            call.receive(header, now)
        elif call is not None and not call.is_over and name != "STATUS":
            call.say_status(_INVALID)
        elif name == "SETUP" and not flag and reference:
            self._refuse(header, _INVALID, str(error))

    # The connection.

    def _enter(self, call: H323Call) -> None:
        self._calls[call.call_reference, call.is_originating] = call
        self.signalling.enter(call)

    def _break(self, why: str, now: float) -> None:
        self.signalling.counters["broken"] += 1
        self.signalling.log("h323.connection_broken", peer=self.peer, why=why, calls=len(self._calls))
        self._shut()
        self._lose_calls(now)

    def _lose_calls(self, now: float) -> None:
        for call in self.calls:
            call.connection_lost(now)

    def _shut(self, *, told: bool = False) -> None:
        if self.is_closed:
            return
        self.is_closed = True
        self.signalling.timers.stop(self._watch)
        self._watch = None
        if not told:
            self._connection.close()

    def _start_watch(self, now: float) -> None:
        if self._watch is None and not self.is_closed:
            settings = self.signalling.settings
            delay = settings.stalled if self._unframer.pending else settings.idle
            self._watch = self.signalling.timers.start_lax(now + delay, self._look)

    def _look(self, now: float) -> None:
        """Whether a peer leaves a message incomplete, or has nothing to say at all."""
        self._watch = None
        settings = self.signalling.settings
        pending = self._unframer.pending
        if pending and now - self._pending_since >= settings.stalled:
            self._break(f"a message not complete after {settings.stalled:g} s", now)
        elif not self._calls and now - self._quiet_since >= settings.idle:
            self._shut()
        elif pending or not self._calls:
            self._start_watch(now)


def _no_call_status(message: CallSignal) -> CallSignal:
    """STATUS with state Null, to who asks for a call that there is not."""
    elements = ((h225.CAUSE, bytes((0x80, 0x80 | _ENQUIRED))), (0x14, bytes((int(CallState.NULL),))))
    return CallSignal("STATUS", message.call_reference, not message.from_destination, elements, body="")
