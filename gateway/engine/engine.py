"""The engine: signalling messages in, transfers out.

The engine opens no socket, reads no clock and draws no random number: recorded packets or a running server feed
it, in order of time, and the same messages always give the same transfers.
"""

from collections.abc import Callable

from gateway.engine.isdn_watch import IsdnWatch
from gateway.engine.signal import Signal
from gateway.engine.sip_sieve import SipSieve
from gateway.engine.tally import Tally
from gateway.interworking.cause_map import cause_map
from gateway.interworking.correlator import Correlator
from gateway.interworking.observed import ObservedTransfer
from gateway.model.errors import GatewayError


class Engine:
    """Watches signalling and finds the transfers in it.

    `report` hears of each message that cannot be read: its frame number and one sentence; `profile` names the
    cause map.
    """

    def __init__(self, report: Callable[[int, str], None], profile: str = "rfc3398") -> None:
        self._report = report
        self.tally = Tally()
        self.correlator = Correlator(cause_map(profile))
        self._watches: dict[str, Callable[[Signal], None]] = {
            "sip": SipSieve(self.correlator, self.tally).take,
            "q931": IsdnWatch(self.correlator, self.tally).take,
            "h225": self._h225,
        }

    @property
    def transfers(self) -> list[ObservedTransfer]:
        """All transfers found so far, in order of their requests."""
        return self.correlator.transfers

    def take(self, signal: Signal) -> None:
        """One message. What cannot be read is reported, never raised."""
        try:
            self._watches[signal.protocol](signal)
        except GatewayError as error:
            self._report(signal.frame, f"{signal.protocol}: {error}")

    def finish(self) -> None:
        """No more messages will come."""
        self.correlator.finish()

    def _h225(self, signal: Signal) -> None:
        # H.225.0 brings ASN.1 modules that take long to load; most recordings have none of it.
        from gateway.engine.h323_watch import H323Watch

        self._watches["h225"] = watch = H323Watch(self.correlator, self.tally).take
        watch(signal)
