"""An owner of legs that wants nothing of them: the base of those who care about some events only."""

from gateway.hub.leg import Leg, LegEvents
from gateway.model.call import Answer, CallRequest, Clearing, Information, Progress
from gateway.model.transfer import PartyUpdate, TransferOutcome, TransferProgress, TransferRequest

PENDING = Clearing(491)
"""Not now: something else is under way with the media or the call (RFC 3261 §14.2)."""


class Bystander(LegEvents):
    """Lets everything pass, and says no to what needs an answer."""

    __slots__ = ()

    def call_asked(self, leg: Leg, request: CallRequest, replaced: Leg | None, now: float) -> None:
        """Nobody takes calls here."""
        leg.clear(Clearing(480), now)

    def progressed(self, leg: Leg, progress: Progress, now: float) -> None:
        """Is of no interest."""
        return

    def answered(self, leg: Leg, answer: Answer, now: float) -> None:
        """Is of no interest."""
        return

    def cleared(self, leg: Leg, clearing: Clearing, now: float) -> None:
        """Is of no interest."""
        return

    def media_offered(self, leg: Leg, session: bytes, now: float) -> None:
        """Not now: there is nobody to talk to."""
        leg.decline(PENDING, now)

    def media_accepted(self, leg: Leg, session: bytes, now: float) -> None:
        """What the peer was told before is said again, in case that it waits for an answer."""
        leg.confirm(leg.local_session, now)

    def media_declined(self, leg: Leg, clearing: Clearing, now: float) -> None:
        """Is of no interest."""
        return

    def confirmed(self, leg: Leg, session: bytes, now: float) -> None:
        """Is of no interest."""
        return

    def informed(self, leg: Leg, information: Information, now: float) -> None:
        """Is of no interest."""
        return

    def transfer_asked(
        self, leg: Leg, transfer: str, request: TransferRequest, replaced: Leg | None, now: float
    ) -> None:
        """Not now: there is no call to transfer."""
        leg.refuse_transfer(transfer, PENDING, now)

    def report_delivered(self, leg: Leg, transfer: str, now: float) -> None:
        """Is of no interest."""
        return

    def transfer_cancelled(self, leg: Leg, transfer: str, now: float) -> None:
        """Is of no interest."""
        return

    def transfer_progress(self, leg: Leg, report: TransferProgress, now: float) -> None:
        """Is of no interest."""
        return

    def transfer_outcome(self, leg: Leg, outcome: TransferOutcome, now: float) -> None:
        """Is of no interest."""
        return

    def join_outcome(self, leg: Leg, outcome: TransferOutcome, now: float) -> None:
        """Is of no interest."""
        return

    def updated(self, leg: Leg, update: PartyUpdate, now: float) -> None:
        """Is of no interest."""
        return
