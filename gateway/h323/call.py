"""One H.323 call, as its owner sees it."""

from typing import TYPE_CHECKING

from gateway.h323.call_contents import NOTHING, Contents, Ending
from gateway.h323.call_owner import CallOwner
from gateway.h323.call_table import CallState

if TYPE_CHECKING:
    from gateway.h323.signalling_channel import SignallingChannel

NORMAL = Ending()


class H323Call:
    """A call, in either direction. Every request returns whether the state of the call allowed it; one that it does
    not allow does nothing. Requests raise LocalProtocolError for what the message cannot carry, and then nothing was
    sent.

    `identifier` is the callIdentifier, `conference` the conferenceID, `call_reference` the CRV without its flag.
    `owner_context` is the owner's. `peer_version` is the H.225.0 version that the peer claims (0 unknown).
    """

    channel: "SignallingChannel"
    owner: CallOwner
    owner_context: object
    identifier: bytes
    conference: bytes
    call_reference: int
    is_originating: bool
    state: CallState
    peer_version: int

    # What is known of media.

    @property
    def tunnels(self) -> bool | None:
        """Whether H.245 is tunnelled; None before both sides have said."""
        raise NotImplementedError

    @property
    def offered_channels(self) -> tuple[bytes, ...]:
        """The fastStart of the SETUP (OpenLogicalChannel octets), () when there was none or it has been refused."""
        raise NotImplementedError

    @property
    def accepted_channels(self) -> tuple[bytes, ...]:
        """The fastStart that the called side has answered with."""
        raise NotImplementedError

    @property
    def control_address(self) -> str:
        """The last h245Address of the peer ("host:port"), "" when it has told none."""
        raise NotImplementedError

    @property
    def wants_control(self) -> bool:
        """Whether the peer has asked for the H.245 connection (FACILITY startH245)."""
        raise NotImplementedError

    # Requests.

    def setup_acknowledge(self, now: float, contents: Contents = NOTHING) -> bool:
        """SETUP ACKNOWLEDGE: more digits are wanted (overlap receiving)."""
        raise NotImplementedError

    def proceeding(self, now: float, contents: Contents = NOTHING) -> bool:
        """CALL PROCEEDING."""
        raise NotImplementedError

    def progress(self, now: float, contents: Contents = NOTHING) -> bool:
        """PROGRESS."""
        raise NotImplementedError

    def alerting(self, now: float, contents: Contents = NOTHING) -> bool:
        """ALERTING."""
        raise NotImplementedError

    def connect(self, now: float, contents: Contents = NOTHING) -> bool:
        """CONNECT: answers the call. Offered channels that have not been accepted yet are refused by it."""
        raise NotImplementedError

    def information(self, now: float, contents: Contents) -> bool:
        """INFORMATION: further digits of the called number, keypad, display."""
        raise NotImplementedError

    def notify(self, now: float, contents: Contents) -> bool:
        """NOTIFY: a notification indicator, a new party."""
        raise NotImplementedError

    def facility(self, now: float, contents: Contents, reason: str = "") -> bool:
        """FACILITY: with the `reason` of Facility-UUIE, without one with body `empty`."""
        raise NotImplementedError

    def start_h245(self, address: str, now: float) -> bool:
        """FACILITY startH245: the peer shall connect to `address` ("host:port") for H.245."""
        raise NotImplementedError

    def send_control(self, octets: bytes, now: float) -> bool:
        """A H.245 message through the tunnel: in a FACILITY of its own. False when H.245 is not (yet) tunnelled."""
        raise NotImplementedError

    def enquire(self, now: float) -> bool:
        """STATUS ENQUIRY; without STATUS until T322 runs out the call is over."""
        raise NotImplementedError

    def release(self, now: float, ending: Ending = NORMAL, contents: Contents = NOTHING) -> bool:
        """RELEASE COMPLETE, with `control` still to be told. `released` follows when the peer has answered or T308
        has run out.
        """
        raise NotImplementedError
