"""The live gateway: the SIP end, the hub and their timers put together. It opens no socket and reads no clock."""

import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence

from gateway.configuration import Configuration
from gateway.ends.sip_end import SipEnd
from gateway.hub.hub import Hub
from gateway.hub.leg import Observer
from gateway.model.call import TransferRecord
from gateway.sip.flow import Flow, Transport
from gateway.sip.timers import TimerQueue

Found = Callable[[tuple[Flow, ...], float], None]
"""Called with the ways to a URI, best first, none when nothing leads there, and the time."""

_MOST_SHOWN = 2_000
"""Octets of a message that a fault shows."""


class Gateway:
    """Everything between the transports. `now` is the seconds of one clock, whichever the caller keeps.

    `send` takes octets for a flow and must not call back at once; `locate` finds the ways to a URI (RFC 3263);
    `wall` gives seconds since 1970 for records. `listeners` are the bound addresses in the order of the
    configuration. No method raises for what a peer does: a fault of ours is logged, what it happened in is dropped.
    """

    def __init__(
        self,
        configuration: Configuration,
        *,
        token: Callable[[], str],
        wall: Callable[[], float],
        send: Callable[[Flow, bytes], None],
        locate: Callable[[str, Found], None],
        listeners: Sequence[tuple[Transport, str, int]],
        observer: Observer,
        record: Callable[[TransferRecord], None],
    ) -> None:
        self._observer = observer
        self._timers = TimerQueue()
        self._faults = 0
        self.end = SipEnd(configuration, listeners, self._timers, send, token, locate, observer)
        self.hub = Hub(configuration, self.end, self._timers, observer, token, record, wall)
        self.end.hub = self.hub
        self._receive = self.end.ua.receive

    def receive(self, octets: bytes, flow: Flow, now: float) -> None:
        """One message of a peer."""
        try:
            self._receive(octets, flow, now)
        except Exception as error:
            self.fault(error, flow=str(flow), message=octets[:_MOST_SHOWN].decode("utf-8", "replace"))

    def flow_failed(self, flow: Flow, now: float) -> None:
        """A connection was lost or could not be opened, or nobody listens there."""
        try:
            self.end.ua.flow_failed(flow, now)
        except Exception as error:
            self.fault(error, flow=str(flow))

    def advance(self, now: float) -> None:
        """Runs the timers that are due."""
        while True:
            try:
                return self._timers.run(now)
            except Exception as error:
                self.fault(error)

    def next_due(self) -> float | None:
        """When `advance` is wanted next; None when nothing is awaited."""
        return self._timers.next_due()

    def reload(self, configuration: Configuration, now: float) -> None:
        """Another configuration from now on; calls go on. What is listened on stays."""
        try:
            self.end.reload(configuration, now)
            self.hub.configuration = configuration
        except Exception as error:
            self.fault(error)

    def drain(self, now: float) -> None:
        """No new calls any more; those there are go on."""
        self.end.drain()

    @property
    def idle(self) -> bool:
        """Whether there is neither a call nor a transfer."""
        return not self.hub.calls and not self.hub.transfers.running

    def changes(self) -> Iterator[tuple[str, dict[str, object] | None]]:
        """The calls that have changed since they were last asked for, each with its snapshot; None for one that is
        no more. What is not taken comes the next time.
        """
        return iter(self.hub.changes())

    def restore(self, snapshots: Iterable[dict[str, object]], now: float) -> int:
        """Takes calls up again where a snapshot left them; how many. One that cannot be is logged and left out."""
        count = 0
        for snapshot in snapshots:
            try:
                self.hub.restore(snapshot, now)
                count += 1
            except Exception as error:
                self._observer.log("restore.refused", level="warning", call=snapshot.get("id"), reason=str(error))
        return count

    def statistics(self) -> dict[str, object]:
        """Numbers of what there is now and has been."""
        return {
            "calls": len(self.hub.calls),
            "transfers": len(self.hub.transfers.running),
            "timers": len(self._timers),
            "faults": self._faults,
            **self.end.statistics(),
        }

    def fault(self, error: Exception, **fields: object) -> None:
        """Something of ours went wrong in handling one thing: it is logged, the rest goes on."""
        self._faults += 1
        trace = "".join(traceback.format_exception(error))
        self._observer.log("fault", level="error", reason=repr(error), traceback=trace, **fields)
