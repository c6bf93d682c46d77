"""The engine: signalling messages in, transfers out.

The engine opens no socket, reads no clock and draws no random number: recorded packets or a running server feed
it, in order of time, and the same messages always give the same transfers.
"""

from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from gateway.engine.signal import Signal
from gateway.engine.tally import Tally
from gateway.interworking.correlator import Correlator
from gateway.interworking.observed import ObservedTransfer
from gateway.model.errors import GatewayError

if TYPE_CHECKING:
    from gateway.interworking.cause_map import CauseMap

_WATCHES = {
    "sip": ("gateway.engine.sip_sieve", "SipSieve"),
    "q931": ("gateway.engine.isdn_watch", "IsdnWatch"),
    "h225": ("gateway.engine.h323_watch", "H323Watch"),
}
"""Who watches what. Each brings tables that take long to load, and most recordings need one of them."""


class Watch(Protocol):
    """An onlooker of one protocol."""

    def take(self, signal: Signal) -> None:
        """One message. Raises GatewayError when it cannot be read."""

    def finish(self) -> None:
        """No more messages will come."""


class Engine:
    """Watches signalling and finds the transfers in it.

    `report` hears of each message that cannot be read: its frame number and one sentence; `profile` names the
    cause map.
    """

    def __init__(self, report: Callable[[int, str], None], profile: str = "rfc3398") -> None:
        self._report = report
        self.tally = Tally()
        self.correlator = Correlator(lambda: _cause_map(profile))
        self._watching: list[Watch] = []
        self._watches: dict[str, Callable[[Signal], None]] = {}

    @property
    def transfers(self) -> list[ObservedTransfer]:
        """All transfers found so far, in order of their requests."""
        return self.correlator.transfers

    def take(self, signal: Signal) -> None:
        """One message. What cannot be read is reported, never raised."""
        self.take_all((signal,))

    def take_all(self, signals: Iterable[Signal]) -> None:
        """Messages in order of time."""
        watches = self._watches
        for signal in signals:
            watch = watches.get(signal.protocol) or self._watch(signal.protocol)
            try:
                watch(signal)
            except GatewayError as error:
                self._report(signal.frame, f"{signal.protocol}: {error}")

    def finish(self) -> None:
        """No more messages will come."""
        for watch in self._watching:
            watch.finish()
        self.correlator.finish()

    def _watch(self, protocol: str) -> Callable[[Signal], None]:
        module, name = _WATCHES[protocol]
        watch: Watch = getattr(import_module(module), name)(self.correlator, self.tally)
        self._watching.append(watch)
        self._watches[protocol] = watch.take
        return watch.take


@cache
def _cause_map(profile: str) -> "CauseMap":
    from gateway.interworking.cause_map import cause_map

    return cause_map(profile)
