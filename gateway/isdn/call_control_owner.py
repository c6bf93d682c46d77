"""What call control tells the one it works for, and what it needs below."""

from typing import TYPE_CHECKING, Protocol

from gateway.isdn.channels import BChannel
from gateway.isdn.elements import CallState
from gateway.isdn.q931 import Message
from gateway.model.causes import Cause

if TYPE_CHECKING:
    from gateway.isdn.call import IsdnCall

POINT_TO_POINT = 0
"""The data link of an interface that has but one."""


class Layer2(Protocol):
    """The data links of an interface. `link` is a TEI where the network's side has several, else POINT_TO_POINT."""

    def send_data(self, octets: bytes, now: float, link: int) -> None:
        """DL-DATA request: one message, acknowledged. The link is up."""

    def send_unit_data(self, octets: bytes, now: float) -> None:
        """DL-UNIT DATA request: one message to every terminal of the bus."""

    def establish(self, now: float, link: int) -> None:
        """DL-ESTABLISH request: `link_established` or `link_released` follows."""


class CallControlOwner(Protocol):
    """The end that owns an interface. `message` has all elements; those that could not be read have been taken out.

    Every call that it has set up or was offered ends in exactly one `released`; nothing of that call follows.
    """

    def call_offered(self, call: "IsdnCall", message: Message, now: float) -> None:
        """SETUP. A GatewayError that is raised here refuses the call with the error's cause."""

    def digits_wanted(self, call: "IsdnCall", message: Message, now: float) -> None:
        """SETUP ACKNOWLEDGE: the number is not complete; `information` is due."""

    def information_received(self, call: "IsdnCall", message: Message, now: float) -> None:
        """INFORMATION: further digits of an offered call, or keypad and display at any time."""

    def digits_timeout(self, call: "IsdnCall", now: float) -> None:
        """T302: no more digits come. A call that is still without an answer afterwards is cleared with cause 28."""

    def proceeding_received(self, call: "IsdnCall", message: Message, now: float) -> None:
        """CALL PROCEEDING."""

    def alerting_received(self, call: "IsdnCall", message: Message, now: float) -> None:
        """ALERTING."""

    def progress_received(self, call: "IsdnCall", message: Message, now: float) -> None:
        """PROGRESS."""

    def connected(self, call: "IsdnCall", message: Message, now: float) -> None:
        """CONNECT to a call of ours, or CONNECT ACKNOWLEDGE to a CONNECT of ours (from a user's side only)."""

    def disconnected(self, call: "IsdnCall", cause: Cause, message: Message | None, now: float) -> None:
        """DISCONNECT, or None where call control clears by itself. RELEASE follows at once, unless the message
        promises a tone: then when the owner clears, or T306 later. `released` comes in any case.
        """

    def released(self, call: "IsdnCall", cause: Cause, message: Message | None, now: float) -> None:
        """The call is over and its channel is free; `message` is what has ended it, if it was one."""

    def notified(self, call: "IsdnCall", message: Message, now: float) -> None:
        """NOTIFY."""

    def facility_received(self, call: "IsdnCall | None", message: Message, link: int, now: float) -> None:
        """FACILITY, without a call on the dummy call reference. Other messages may hold Facility elements too."""

    def user_information_received(self, call: "IsdnCall", message: Message, now: float) -> None:
        """USER INFORMATION or CONGESTION CONTROL."""

    def hold_requested(self, call: "IsdnCall", message: Message, now: float) -> None:
        """HOLD: `hold_acknowledge` or `hold_reject` is due."""

    def hold_answered(self, call: "IsdnCall", refused: Cause | None, message: Message | None, now: float) -> None:
        """The answer to our HOLD; the channel is free when it was not refused."""

    def retrieve_requested(self, call: "IsdnCall", message: Message, now: float) -> None:
        """RETRIEVE: `retrieve_acknowledge` or `retrieve_reject` is due."""

    def retrieve_answered(self, call: "IsdnCall", refused: Cause | None, message: Message | None, now: float) -> None:
        """The answer to our RETRIEVE; the call has a channel again when it was not refused."""

    def suspended(self, call: "IsdnCall", message: Message, now: float) -> None:
        """SUSPEND: the call is put aside, with its channel, until `resumed` or `released`."""

    def data_link_changed(self, is_up: bool, link: int, now: float) -> None:
        """A data link is there, or is lost."""

    def resumed(self, call: "IsdnCall", message: Message, now: float) -> None:
        """RESUME: it goes on, under another call reference."""

    def status_received(self, call: "IsdnCall", state: CallState | int, cause: Cause, now: float) -> None:
        """STATUS with a state that goes with ours: the answer to an enquiry, or what the peer did not like."""

    def channels_restarted(self, channels: tuple[BChannel, ...], now: float) -> None:
        """RESTART by either side is done; the calls that were there have been released."""

    def restart_failed(self, channels: tuple[BChannel, ...], now: float) -> None:
        """No answer to our RESTART, sent three times: the channels stay out of service until there is one."""
