"""What H.225.0 call signalling tells the one it works for, and what it needs below."""

from typing import TYPE_CHECKING, Protocol

from gateway.h323.h225 import CallSignal

if TYPE_CHECKING:
    from gateway.h323.call import H323Call
    from gateway.h323.call_contents import Ending
    from gateway.h323.signalling_channel import SignallingChannel


class Connection(Protocol):
    """The TCP connection of a channel. Neither method calls back at once."""

    def send(self, octets: bytes) -> None:
        """Octets to the peer, in order; nothing when the connection is gone."""

    def close(self) -> None:
        """No more is said: what was sent goes out, then the connection ends. `lost` need not follow."""


class CallOwner(Protocol):
    """The end that owns the calls. `message` is the whole message as it came.

    Order for one message: `apdus_received`, then what it says of media (fast start, tunnelling, H.245 address, H.245
    messages), then the event of the message itself. Only SETUP is different: `call_offered` comes first and the owner
    reads APDUs, fastStart and h245Address from it (`call.offered_channels`, `call.control_address`). Every call that
    was placed or offered ends in exactly one `released`; nothing of that call follows.
    """

    def call_offered(self, call: "H323Call", message: CallSignal, now: float) -> None:
        """SETUP. A GatewayError that is raised here refuses the call with the error's cause."""

    def digits_wanted(self, call: "H323Call", message: CallSignal, now: float) -> None:
        """SETUP ACKNOWLEDGE: the number is not complete; `information` is due."""

    def proceeding_received(self, call: "H323Call", message: CallSignal, now: float) -> None:
        """CALL PROCEEDING."""

    def progress_received(self, call: "H323Call", message: CallSignal, now: float) -> None:
        """PROGRESS."""

    def alerting_received(self, call: "H323Call", message: CallSignal, now: float) -> None:
        """ALERTING."""

    def connected(self, call: "H323Call", message: CallSignal, now: float) -> None:
        """CONNECT to a call of ours."""

    def information_received(self, call: "H323Call", message: CallSignal, now: float) -> None:
        """INFORMATION: further digits of an offered call, or keypad (user input) and display at any time."""

    def notified(self, call: "H323Call", message: CallSignal, now: float) -> None:
        """NOTIFY; it may have a Connected number or Display of a new party."""

    def facility_received(self, call: "H323Call", message: CallSignal, now: float) -> None:
        """FACILITY with a reason of its own (callForwarded, routeCallToGatekeeper, routeCallToMC …) or with elements,
        not one that only carries APDUs, H.245 messages or an H.245 address.
        """

    def apdus_received(self, call: "H323Call", apdus: tuple[bytes, ...], message: CallSignal, now: float) -> None:
        """H.450 APDUs in any message but SETUP, also in the RELEASE COMPLETE that answers ours."""

    def fast_start_accepted(self, call: "H323Call", channels: tuple[bytes, ...], now: float) -> None:
        """The called side has chosen: OpenLogicalChannel octets. Comes again when a later message says otherwise."""

    def fast_start_refused(self, call: "H323Call", now: float) -> None:
        """Our fastStart is void: H.245 is needed (over the tunnel or to an address)."""

    def tunnel_opened(self, call: "H323Call", now: float) -> None:
        """Both sides tunnel H.245: `send_control` works from now on."""

    def tunnel_refused(self, call: "H323Call", now: float) -> None:
        """The peer does not tunnel; H.245 needs a connection of its own: to `call.control_address` when the peer has
        told one, or to ours by `start_h245`.
        """

    def control_address_received(self, call: "H323Call", address: str, now: float) -> None:
        """The peer listens for H.245 at `address` ("host:port"); comes only where H.245 is not tunnelled.

        `call.wants_control` says whether the peer asks for it now (FACILITY startH245).
        """

    def control_received(self, call: "H323Call", octets: bytes, now: float) -> None:
        """A tunnelled H.245 message."""

    def status_received(self, call: "H323Call", message: CallSignal, now: float) -> None:
        """STATUS that fits: the answer to an enquiry, or what the peer did not like."""

    def released(self, call: "H323Call", ending: "Ending", message: CallSignal | None, now: float) -> None:
        """The call is over. `message` is the RELEASE COMPLETE that has ended it; None when the connection was lost,
        a timer ran out, or the peer did not answer our own RELEASE COMPLETE.
        """


class ChannelOwner(Protocol):
    """Who owns the channels of one end."""

    def owner_of(self, channel: "SignallingChannel", message: CallSignal, now: float) -> CallOwner:
        """Whom a SETUP that comes on `channel` is for; a GatewayError that is raised here refuses the call."""
