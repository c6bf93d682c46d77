"""The engine: signalling messages in, transfers out.

The engine opens no socket, reads no clock and draws no random number: recorded packets or a running server feed
it, in order of time, and the same messages always give the same transfers.
"""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from gateway.engine.signal import Signal
from gateway.engine.tally import Tally
from gateway.interworking.cause_profiles import own_table
from gateway.interworking.correlator import Correlator
from gateway.interworking.observed import ObservedTransfer

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

    def finish(self) -> list[tuple[int, str]]:
        """No more messages will come: the problems that were found later than their messages, frame and sentence."""


class Engine:
    """Watches signalling and finds the transfers in it. `profile` names the cause map.

    Raises GatewayError when there is no such profile, MappingError when it is a file that is wrong.
    """

    def __init__(self, profile: str = "rfc3398") -> None:
        if own_table(profile):
            _cause_map(profile)  # an operator's file may be wrong, and that is no problem of a packet
        self.tally = Tally()
        self.correlator = Correlator(lambda: _cause_map(profile))
        self._watches: dict[str, Watch] = {}

    @property
    def transfers(self) -> list[ObservedTransfer]:
        """All transfers found so far, in order of their requests."""
        return self.correlator.transfers

    def take(self, signal: Signal) -> None:
        """One message, after all that were earlier. Raises GatewayError when it cannot be read."""
        self._watch(signal.protocol).take(signal)

    @property
    def sip(self) -> Callable[[int, float, bytes, str, str], None]:
        """Takes a SIP message by its fields: frame, time, octets, source, destination. Raises as `take` does."""
        from gateway.engine.sip_sieve import SipSieve

        sieve = self._watch("sip")
        assert isinstance(sieve, SipSieve)
        return sieve.hear

    def finish(self) -> list[tuple[int, str]]:
        """No more messages will come: the problems that were found later than their messages, frame and sentence."""
        late = [problem for watch in self._watches.values() for problem in watch.finish()]
        self.correlator.finish()
        return late

    def _watch(self, protocol: str) -> Watch:
        watch = self._watches.get(protocol)
        if watch is None:
            module, name = _WATCHES[protocol]
            watch = self._watches[protocol] = getattr(import_module(module), name)(self.correlator, self.tally)
        return watch


@cache
def _cause_map(profile: str) -> "CauseMap":
    from gateway.interworking.cause_map import cause_map

    return cause_map(profile)
