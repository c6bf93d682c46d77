"""One call signalling channel: a TCP connection with TPKT, and the calls on it."""

from typing import TYPE_CHECKING

from gateway.h323.call import H323Call
from gateway.h323.call_contents import NewCall
from gateway.h323.call_owner import CallOwner, Connection

if TYPE_CHECKING:
    from gateway.h323.signalling import CallSignalling


class SignallingChannel:
    """The calls of one connection, by call reference. No method raises for what the peer sends: a message that makes
    no sense is answered or dropped and logged, a stream out of step ends the connection and its calls.
    """

    def __init__(
        self, signalling: "CallSignalling", connection: Connection, peer: str, now: float, *, outgoing: bool
    ) -> None:
        self.peer = peer
        self.outgoing = outgoing

    @property
    def calls(self) -> tuple[H323Call, ...]:
        """The calls that are on it."""
        raise NotImplementedError

    def place_call(self, new: NewCall, owner: CallOwner, now: float) -> H323Call:
        """A call over this channel; its SETUP has gone out when this returns, events come later.

        Raises GatewayError when the channel is closed or full, LocalProtocolError for what SETUP cannot carry.
        """
        raise NotImplementedError

    def received(self, octets: bytes, now: float) -> None:
        """Octets from the connection, cut anyhow."""
        raise NotImplementedError

    def lost(self, now: float) -> None:
        """The connection is gone or could not be opened: all its calls are over (cause 41, 38 for a call of ours that
        nobody has heard of yet).
        """
        raise NotImplementedError

    def close(self, now: float) -> None:
        """Ends all calls with RELEASE COMPLETE and then the connection."""
        raise NotImplementedError
