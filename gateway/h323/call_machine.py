"""The state of one H.323 call: what goes out, timers, and the end; what messages do to it is in gateway.h323.call."""

from functools import partial
from typing import TYPE_CHECKING, cast

from gateway.h323 import call_composing, h225
from gateway.h323.call_contents import NOTHING, Contents, Ending
from gateway.h323.call_media import CallMedia
from gateway.h323.call_owner import CallOwner
from gateway.h323.call_table import (
    EXPIRY_CAUSES,
    TABLE,
    TIMERS,
    Action,
    CallState,
    Expiry,
    Lost,
    Request,
    TimerName,
)
from gateway.h323.fast_start_table import Tunnel
from gateway.h323.h225 import CallSignal
from gateway.model.causes import Cause
from gateway.model.errors import LocalProtocolError
from gateway.model.timers import Timer

if TYPE_CHECKING:
    from gateway.h323.call import H323Call
    from gateway.h323.signalling import SignallingSettings
    from gateway.h323.signalling_channel import SignallingChannel

NORMAL_CLEARING = Cause(16)
_UNREACHABLE, _TEMPORARY_FAILURE = Cause(27), Cause(41)
_RESPONSES = frozenset((Request.PROCEEDING, Request.PROGRESS, Request.ALERTING, Request.CONNECT))


class CallMachine:
    """What a call is and what it does by itself; the public side of it is H323Call."""

    __slots__ = (
        *("call_reference", "channel", "conference", "identifier", "is_originating", "media", "owner"),
        *("owner_context", "peer_version", "state"),
        *("_ending", "_enquiry_timer", "_timer"),
    )

    def __init__(
        self,
        channel: "SignallingChannel",
        owner: CallOwner,
        call_reference: int,
        identifier: bytes,
        conference: bytes,
        *,
        is_originating: bool,
    ) -> None:
        self.channel = channel
        self.owner = owner
        self.owner_context: object = None
        self.call_reference = call_reference
        self.identifier = identifier
        self.conference = conference
        self.is_originating = is_originating
        self.state = CallState.NULL
        self.peer_version = 0
        self.media = CallMedia(self._call)
        self._ending = Ending()
        self._enquiry_timer: Timer | None = None
        self._timer: Timer | None = None

    @property
    def settings(self) -> "SignallingSettings":
        """Those of its end."""
        return self.channel.signalling.settings

    @property
    def is_over(self) -> bool:
        """Whether it has ended, or is being cleared."""
        return self.state is CallState.NULL or self.state is CallState.RELEASE_REQUEST

    @property
    def says_tunnelling(self) -> bool:
        """The h245Tunnelling of our messages."""
        return self.media.tunnel in (Tunnel.OFFERED, Tunnel.OPEN)

    @property
    def _call(self) -> "H323Call":
        """Itself, as the owner knows it."""
        return cast("H323Call", self)

    # Requests.

    def _request(self, request: Request, now: float, contents: Contents, reason: str = "") -> bool:
        """Sends the message if the state allows it. Raises LocalProtocolError for what it cannot carry."""
        step = TABLE[self.state][request]
        if step.action is Action.UNEXPECTED:
            return False
        octets = self._encoded(self._composed(request, contents, reason))
        self._advance(step.state, now)
        self.channel.send(octets)
        return True

    def _composed(self, request: Request, contents: Contents, reason: str) -> CallSignal:
        if contents.control and self.media.tunnels is False:
            raise LocalProtocolError("H.245 is not tunnelled in this call")
        if request in _RESPONSES:
            media = self.media.answer(contents, connects=request is Request.CONNECT)
            return call_composing.response(self._call, request.value, contents, media)
        if request is Request.FACILITY:
            return call_composing.facility(self._call, contents, reason)
        return call_composing.message(self._call, request.value, contents, {})

    def _encoded(self, message: CallSignal) -> bytes:
        return h225.encode(message)

    def release(self, now: float, ending: Ending | None = None, contents: Contents = NOTHING) -> bool:
        """RELEASE COMPLETE, without an `ending` with cause 16. `released` follows when the peer has answered, T308
        has run out, or the connection is gone.
        """
        if TABLE[self.state][Request.RELEASE].action is not Action.CLEAR:
            return False
        if ending is None or not (ending.cause or ending.reason):
            ending = Ending(NORMAL_CLEARING)
        octets = self._encoded(call_composing.release_complete(self._call, ending, contents))
        self._ending = ending
        self._advance(CallState.RELEASE_REQUEST, now)
        self.channel.send(octets)
        return True

    def say_status(self, cause: int, diagnostics: bytes = b"") -> None:
        """STATUS with that cause and the state of the call."""
        self.channel.send(self._encoded(call_composing.status(self._call, cause, diagnostics)))

    # The end.

    def connection_lost(self, now: float) -> None:
        """The connection is gone; 27 for a call that nobody has answered to in any way."""
        if TABLE[self.state][Lost.CONNECTION].action is not Action.END:
            return
        cause = _UNREACHABLE if self.state is CallState.CALL_INITIATED else _TEMPORARY_FAILURE
        self._end(self._ending if self.is_over else Ending(cause), None, now)

    def _expired(self, expiry: Expiry, now: float) -> None:
        if expiry is Expiry.T322:
            self._enquiry_timer = None
        else:
            self._timer = None
        action = TABLE[self.state][expiry].action
        if action is Action.END:
            self._end(self._ending, None, now)
        elif action is Action.TIME_OUT:
            sent, told = EXPIRY_CAUSES[expiry]
            ending = Ending(Cause(sent))
            self.channel.send(self._encoded(call_composing.release_complete(self._call, ending, NOTHING)))
            self._end(Ending(Cause(told)), None, now)

    def _end(self, ending: Ending, message: CallSignal | None, now: float) -> None:
        """Null: everything is given back, then the owner is told."""
        self._stop_timer()
        self._stop_enquiring()
        self.state = CallState.NULL
        self.channel.forget(self._call, now)
        self.owner.released(self._call, ending, message, now)

    # The state and its timers.

    def _advance(self, state: CallState, now: float) -> None:
        """To another state, if it is another one."""
        if state is self.state:
            return
        self.state = state
        self._stop_timer()
        if state is CallState.RELEASE_REQUEST:
            self._stop_enquiring()
        timer = TIMERS.get(state)
        if timer is not None:
            self._restart(*timer, now)

    def _restart(self, name: TimerName, expiry: Expiry, now: float) -> None:
        self._stop_timer()
        self._timer = self._start(name, expiry, now)

    def _start(self, name: TimerName, expiry: Expiry, now: float) -> Timer:
        signalling = self.channel.signalling
        return signalling.timers.start_lax(now + signalling.duration(name), partial(self._expired, expiry))

    def _stop_timer(self) -> None:
        self.channel.signalling.timers.stop(self._timer)
        self._timer = None

    def _stop_enquiring(self) -> None:
        self.channel.signalling.timers.stop(self._enquiry_timer)
        self._enquiry_timer = None
