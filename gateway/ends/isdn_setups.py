"""SETUPs that a transfer leads to, on QSIG: callTransferSetup takes the place of a call that has been named before
(ISO/IEC 13869), ssctSetup says who has transferred the call (ISO/IEC 19460).
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.isdn.q931 import Identifier, InformationElement
from gateway.model.call import CallRequest, Clearing
from gateway.model.causes import Cause
from gateway.model.errors import GatewayError
from gateway.model.parties import Party
from gateway.model.transfer import CallIdentity, Kept, Outcome, TransferOutcome, TransferSetup
from gateway.sip.address import Address
from gateway.translators.dialect import Context

if TYPE_CHECKING:
    from gateway.ends.isdn_leg import IsdnLeg
    from gateway.ends.isdn_services import IsdnServices

NAMED = "callIdentity"
"""What a call is kept to be named by, in QSIG and H.450.2 alike."""
_SETUP = "callTransferSetup"
_UNKNOWN = Clearing(481, Cause(31))


class IsdnSetups:
    """What SETUPs of one trunk have said, until their calls are asked for."""

    def __init__(self, services: "IsdnServices") -> None:
        self._services = services
        self._line = services.line
        self._said: dict[IsdnLeg, TransferSetup] = {}
        self._due: dict[IsdnLeg, int | None] = {}

    # --- to the ISDN ---

    def elements(self, request: CallRequest) -> tuple[InformationElement, ...]:
        """What the SETUP of a call that was asked for by a transfer says of it."""
        if self._line.variant.operations != "qsig":
            return ()
        event = self._event(request)
        if event is None:
            return ()
        try:
            context = Context(invoke_id=self._services.next_invoke())
            message = self._services.dialect.messages(event, context)[0]
        except GatewayError:
            return ()
        return tuple(each for each in message.elements if each.identifier == Identifier.FACILITY)

    def _event(self, request: CallRequest) -> TransferSetup | None:
        digits = next((each.value for each in request.kept if each.what == NAMED), "")
        if digits:
            return TransferSetup(consultation=CallIdentity(digits))
        if not request.referred_by:
            return None
        try:
            transferor = Party(uri=Address.parse(request.referred_by).uri)
        except GatewayError:
            return None
        return TransferSetup(transferor=self._line.parties.told(transferor))

    # --- from the ISDN ---

    def heard(self, leg: "IsdnLeg", event: TransferSetup, now: float) -> None:
        """The SETUP of this leg says it."""
        if leg.incoming and not leg.answered:
            self._said[leg] = event

    def arriving(self, leg: "IsdnLeg", request: CallRequest) -> tuple[CallRequest, "IsdnLeg | None"]:
        """The call as it is to be asked for, and the leg whose place it is to take. Raises GatewayError for a call
        that is named by an identity that we have not given.
        """
        event = self._said.pop(leg, None)
        if event is None:
            return request, None
        if isinstance(event.consultation, CallIdentity):
            return request, self._named(leg, event, event.consultation)
        number = event.transferor.number if event.transferor else None
        if number is None:
            return request, None
        return replace(request, referred_by=f"<{self._line.parties.uri(number)}>"), None

    def _named(self, leg: "IsdnLeg", event: TransferSetup, identity: CallIdentity) -> "IsdnLeg":
        self._due[leg] = event.invoke_id
        found = self._services.transfers.named(identity)
        if found is None or found is leg:
            raise GatewayError("no call has that callIdentity", sip_status=481, cause=31)
        return found

    def refused(self, leg: "IsdnLeg", now: float) -> None:
        """Nobody has such a name: the call is cleared, and its sender told why."""
        asked = self._due.pop(leg, None)
        error = "unrecognizedCallIdentity"
        self._services.say(leg, TransferOutcome(Outcome.FAILED, error=error, operation=_SETUP, invoke_id=asked), now)
        leg.clear(_UNKNOWN, now)

    def answered(self, leg: "IsdnLeg", now: float) -> None:
        """The call has taken the other one's place: ReturnResult."""
        if leg in self._due:
            done = TransferOutcome(Outcome.SUCCEEDED, operation=_SETUP, invoke_id=self._due.pop(leg))
            self._services.say(leg, done, now)

    def forget(self, leg: "IsdnLeg") -> None:
        """The leg is over."""
        self._said.pop(leg, None)
        self._due.pop(leg, None)


def kept_identity(digits: str) -> Kept:
    """The name of the call that the target is to have replaced, for the SETUP to it."""
    return Kept("qsig", NAMED, digits)
