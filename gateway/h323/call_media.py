"""What a call knows of media: fast connect, tunnelling, and where the peer listens for H.245.

What was agreed by messages is put into the next ones, and what comes is told to the owner of the call.
"""

from typing import TYPE_CHECKING, Any

from gateway.h323 import addressing
from gateway.h323.call_contents import Contents
from gateway.h323.fast_start_table import FAST_START, TUNNEL, FastStart, FastStartInput, Flag, Told, Tunnel
from gateway.h323.h225 import CallSignal
from gateway.model.errors import LocalProtocolError

if TYPE_CHECKING:
    from gateway.h323.call import H323Call

_PROVISIONAL = "provisionalRespToH245Tunnelling"
_RESPONSES = frozenset(("SETUP ACKNOWLEDGE", "CALL PROCEEDING", "PROGRESS", "ALERTING", "CONNECT"))
_END_SESSION = bytes.fromhex("4a40")
"""endSessionCommand of H.245: disconnect."""
_MOST_CHANNELS = 64
"""Elements of fastStart that are kept; a terminal with video offers twenty."""


class CallMedia:
    """The part of a call that deals with media. `wants_control`: the peer asks for the H.245 connection."""

    __slots__ = ("_accepted", "_call", "_early", "_offered", "address", "fast_start", "tunnel", "wants_control")

    def __init__(self, call: "H323Call") -> None:
        self._call = call
        self._offered: tuple[bytes, ...] = ()
        self._accepted: tuple[bytes, ...] = ()
        self._early = False
        self.address = ""
        self.fast_start = FastStart.NONE
        self.tunnel = Tunnel.NONE
        self.wants_control = False

    @property
    def tunnels(self) -> bool | None:
        """Whether H.245 is tunnelled; None while it is not known."""
        return None if self.tunnel is Tunnel.OFFERED else self.tunnel is Tunnel.OPEN

    @property
    def offered(self) -> tuple[bytes, ...]:
        """The fastStart of the SETUP, () when it has been refused."""
        return () if self.fast_start is FastStart.REFUSED else self._offered

    @property
    def accepted(self) -> tuple[bytes, ...]:
        """The fastStart that the called side has answered with."""
        return self._accepted

    # Our messages.

    def offer(self, channels: tuple[bytes, ...], early: tuple[bytes, ...], *, tunnelling: bool) -> dict[str, Any]:
        """What a SETUP of ours says of media: fields of its UUIE."""
        self.tunnel = Tunnel.OFFERED if tunnelling else Tunnel.NONE
        if early and not tunnelling:
            raise LocalProtocolError("H.245 can go with a SETUP by the tunnel only")
        if not channels:
            return {}
        self._offered = channels
        self._step(FastStartInput.OFFER)
        self._early = bool(early)
        parallel = {"parallelH245Control": list(early)} if early else {}
        return {"fastStart": list(channels), **parallel}

    def answer(self, contents: Contents, *, connects: bool) -> dict[str, Any]:
        """What a response of ours says of the caller's fastStart; once accepted, it is said up to CONNECT (8.1.7.1).

        Raises LocalProtocolError when there is nothing to accept.
        """
        if contents.fast_start:
            if self.fast_start not in (FastStart.OFFERED, FastStart.ACCEPTED):
                raise LocalProtocolError("no fastStart is there to be accepted")
            self._accepted = contents.fast_start
            self._step(FastStartInput.ACCEPT)
        elif contents.fast_start_refused or (connects and not self._accepted):
            was_offered = self.fast_start is FastStart.OFFERED
            self._step(FastStartInput.REFUSE)
            return {"fastConnectRefused": None} if was_offered else {}
        return {"fastStart": list(self._accepted)} if self._accepted else {}

    # The peer's messages.

    def hear_setup(self, message: CallSignal, *, tunnelling: bool) -> tuple[bytes, ...]:
        """A SETUP; the H.245 messages that came with it are for the owner once it has taken the call."""
        self.tunnel = Tunnel.OPEN if tunnelling and message.h245_tunnelling else Tunnel.CLOSED
        channels = _channels(message)
        if channels:
            self._offered = channels
            self._step(FastStartInput.OFFER)
        self._hear_address(message)
        if self.tunnel is not Tunnel.OPEN:
            return ()
        self._early = "parallelH245Control" in message.uuie
        return (*message.uuie.get("parallelH245Control", ()), *message.h245_control)

    def hear(self, message: CallSignal, now: float) -> None:
        """Any later message: the owner is told what it says of media."""
        if not message.body:
            return
        self._hear_fast_start(message, now)
        self._hear_tunnelling(message, now)
        self._hear_control(message, now)
        if self._hear_address(message) and self.tunnels is False:
            self._call.owner.control_address_received(self._call, self.address, now)

    def _hear_fast_start(self, message: CallSignal, now: float) -> None:
        if not self._call.is_originating:
            return
        channels = _channels(message)
        if channels:
            self._tell(FastStartInput.ACCEPT, channels, now)
        elif "fastConnectRefused" in message.uuie:
            self._tell(FastStartInput.REFUSE, (), now)
        elif message.name == "CONNECT":
            self._tell(FastStartInput.CONNECT, (), now)

    def _tell(self, what: FastStartInput, channels: tuple[bytes, ...], now: float) -> None:
        told = self._step(what)
        if told is Told.REFUSED:
            self._call.owner.fast_start_refused(self._call, now)
        elif told is Told.ACCEPTED or (told is Told.CHANGED and channels != self._accepted):
            self._accepted = channels
            self._call.owner.fast_start_accepted(self._call, channels, now)

    def _hear_tunnelling(self, message: CallSignal, now: float) -> None:
        before, self.tunnel = self.tunnel, TUNNEL[self.tunnel][self._flag(message)]
        if self.tunnel is before:
            return
        if self.tunnel is Tunnel.OPEN:
            self._call.owner.tunnel_opened(self._call, now)
        elif before is not Tunnel.NONE:
            self._call.owner.tunnel_refused(self._call, now)

    def _flag(self, message: CallSignal) -> Flag:
        """What the message says; who leaves it out in a response does not know it, later it goes without saying."""
        said = message.h245_tunnelling
        is_silent = said is None and (self.tunnel is Tunnel.OPEN or message.name not in _RESPONSES)
        if is_silent or _PROVISIONAL in message.others:
            return Flag.PROVISIONAL
        return Flag.YES if said else Flag.NO

    def _hear_control(self, message: CallSignal, now: float) -> None:
        if not message.h245_control or self.tunnel is not Tunnel.OPEN:
            return
        if not self._early:
            self._tell(FastStartInput.CONTROL, (), now)
        for octets in message.h245_control:
            self._call.owner.control_received(self._call, octets, now)

    def last(self, message: CallSignal) -> tuple[bytes, ...]:
        """What H.245 answers when RELEASE COMPLETE of the peer ends the session too: the same (H.323 8.5)."""
        is_end = self.tunnel is Tunnel.OPEN and _END_SESSION in message.h245_control
        return (_END_SESSION,) if is_end else ()

    def _hear_address(self, message: CallSignal) -> bool:
        """Whether the message has an address for H.245 that the owner is to hear of."""
        value = message.uuie.get("h245Address")
        starts = message.reason == "startH245"
        self.wants_control = self.wants_control or starts
        if value is None or value[0] not in addressing.IP:
            return False
        address = addressing.transport(value)
        if address == self.address and not starts:
            return False
        self.address = address
        return True

    def _step(self, what: FastStartInput) -> Told:
        told, self.fast_start = FAST_START[self.fast_start][what]
        return told


def _channels(message: CallSignal) -> tuple[bytes, ...]:
    return tuple(message.uuie.get("fastStart", ())[:_MOST_CHANNELS])
