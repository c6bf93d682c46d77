"""Supplementary services on the calls of one trunk: what Facility elements ask for, and what is said back."""

from typing import TYPE_CHECKING

from gateway.isdn.q931 import Message
from gateway.model.call import Clearing
from gateway.model.causes import Cause
from gateway.model.transfer import PartyUpdate, TransferOutcome

if TYPE_CHECKING:
    from gateway.ends.isdn_leg import IsdnLeg
    from gateway.ends.isdn_line import IsdnLine


class IsdnServices:
    """The services of one trunk."""

    def __init__(self, line: "IsdnLine") -> None:
        self._line = line

    def heard(self, leg: "IsdnLeg", message: Message, now: float) -> None:
        """A message that may have Facility elements."""

    def tell_party(self, leg: "IsdnLeg", update: PartyUpdate, now: float) -> None:
        """The peer of the leg hears whom it talks to."""

    def refused(self, leg: "IsdnLeg", transfer: str, clearing: Clearing, now: float) -> None:
        """A transfer that the peer has asked for is not carried out."""

    def over(self, leg: "IsdnLeg", transfer: str, outcome: TransferOutcome, now: float) -> None:
        """A transfer that the peer has asked for is done."""

    def hold_answered(self, leg: "IsdnLeg", refused: Cause | None, now: float) -> None:
        """The answer to a HOLD of ours."""

    def forget(self, leg: "IsdnLeg") -> None:
        """The leg is over."""
