"""The transfers of the last few seconds, found by target and by protocol without looking at all of them."""

from collections import defaultdict, deque
from collections.abc import Iterator

from gateway.interworking.evidence import SAME_TRANSFER_WITHIN
from gateway.interworking.matching import common_ending
from gateway.interworking.observed import ObservedTransfer
from gateway.model.legs import SignallingProtocol


class RecentTransfers:
    """Those of which another sighting, on another leg, may still come."""

    def __init__(self) -> None:
        self._by_target: defaultdict[str, deque[ObservedTransfer]] = defaultdict(deque)
        self._by_protocol: defaultdict[SignallingProtocol, deque[ObservedTransfer]] = defaultdict(deque)

    def add(self, transfer: ObservedTransfer) -> None:
        """A transfer that was just asked for."""
        self._by_target[common_ending(transfer.target_key)].append(transfer)
        self._by_protocol[transfer.first.protocol].append(transfer)

    def candidates(self, target_key: str, protocol: SignallingProtocol, now: float) -> Iterator[ObservedTransfer]:
        """Newest first: those with a like target, then those of the other protocols (ECT names no target)."""
        yield from reversed(_young(self._by_target[common_ending(target_key)], now))
        for other, transfers in self._by_protocol.items():
            if other is not protocol:
                yield from reversed(_young(transfers, now))


def _young(transfers: deque[ObservedTransfer], now: float) -> deque[ObservedTransfer]:
    while transfers and now - transfers[0].requested > SAME_TRANSFER_WITHIN:
        transfers.popleft()
    return transfers
