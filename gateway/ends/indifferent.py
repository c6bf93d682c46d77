"""An owner of calls that lets everything pass: the base of those who care about some events only."""

from gateway.isdn.call import IsdnCall
from gateway.isdn.call_control_owner import CallControlOwner
from gateway.isdn.channels import BChannel
from gateway.isdn.elements import CallState
from gateway.isdn.q931 import Message
from gateway.model.causes import Cause


class Indifferent(CallControlOwner):
    """Hears and does nothing."""

    __slots__ = ()

    def call_offered(self, call: IsdnCall, message: Message, now: float) -> None:
        """Is of no interest."""
        return

    def digits_wanted(self, call: IsdnCall, message: Message, now: float) -> None:
        """Is of no interest."""
        return

    def information_received(self, call: IsdnCall, message: Message, now: float) -> None:
        """Is of no interest."""
        return

    def digits_timeout(self, call: IsdnCall, now: float) -> None:
        """Is of no interest."""
        return

    def proceeding_received(self, call: IsdnCall, message: Message, now: float) -> None:
        """Is of no interest."""
        return

    def alerting_received(self, call: IsdnCall, message: Message, now: float) -> None:
        """Is of no interest."""
        return

    def progress_received(self, call: IsdnCall, message: Message, now: float) -> None:
        """Is of no interest."""
        return

    def connected(self, call: IsdnCall, message: Message, now: float) -> None:
        """Is of no interest."""
        return

    def disconnected(self, call: IsdnCall, cause: Cause, message: Message | None, now: float) -> None:
        """Is of no interest."""
        return

    def released(self, call: IsdnCall, cause: Cause, message: Message | None, now: float) -> None:
        """Is of no interest."""
        return

    def notified(self, call: IsdnCall, message: Message, now: float) -> None:
        """Is of no interest."""
        return

    def facility_received(self, call: IsdnCall | None, message: Message, link: int, now: float) -> None:
        """Is of no interest."""
        return

    def user_information_received(self, call: IsdnCall, message: Message, now: float) -> None:
        """Is of no interest."""
        return

    def hold_requested(self, call: IsdnCall, message: Message, now: float) -> None:
        """Is of no interest."""
        return

    def hold_answered(self, call: IsdnCall, refused: Cause | None, message: Message | None, now: float) -> None:
        """Is of no interest."""
        return

    def retrieve_requested(self, call: IsdnCall, message: Message, now: float) -> None:
        """Is of no interest."""
        return

    def retrieve_answered(self, call: IsdnCall, refused: Cause | None, message: Message | None, now: float) -> None:
        """Is of no interest."""
        return

    def suspended(self, call: IsdnCall, message: Message, now: float) -> None:
        """Is of no interest."""
        return

    def resumed(self, call: IsdnCall, message: Message, now: float) -> None:
        """Is of no interest."""
        return

    def data_link_changed(self, is_up: bool, link: int, now: float) -> None:
        """Is of no interest."""
        return

    def status_received(self, call: IsdnCall, state: CallState | int, cause: Cause, now: float) -> None:
        """Is of no interest."""
        return

    def channels_restarted(self, channels: tuple[BChannel, ...], now: float) -> None:
        """Is of no interest."""
        return

    def restart_failed(self, channels: tuple[BChannel, ...], now: float) -> None:
        """Is of no interest."""
        return
