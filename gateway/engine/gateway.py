"""The live gateway: the SIP end, the hub and their timers put together. It opens no socket and reads no clock."""

import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence

from gateway.configuration import Configuration
from gateway.ends.h323_end import H323End
from gateway.ends.h323_network import H323Network, NoNetwork
from gateway.ends.isdn_end import IsdnEnd
from gateway.ends.sip_end import SipEnd
from gateway.engine.between_workers import WorkerEnd, WorkerHub, is_told_elsewhere, with_workers
from gateway.engine.media_gateways import media_gateways
from gateway.engine.trunks import AllTrunks
from gateway.hub.hub import Hub
from gateway.hub.leg import Observer
from gateway.model.call import TransferRecord
from gateway.model.timers import TimerQueue
from gateway.sip.flow import Flow, Transport

Found = Callable[[tuple[Flow, ...], float], None]
"""Called with the ways to a URI, best first, none when nothing leads there, and the time."""

_MOST_SHOWN = 2_000
"""Octets of a message that a fault shows."""


class Gateway:
    """Everything between the transports. `now` is the seconds of one clock, whichever the caller keeps.

    `send` takes octets for a flow and must not call back at once; `locate` finds the ways to a URI (RFC 3263);
    `wall` gives seconds since 1970 for records. `listeners` are the bound addresses in the order of the
    configuration; `own_host` is our address on a way when we listen on any, `peer_names` are the names in a peer's
    certificate; `send_frame` takes frames for the D channel of a trunk, `send_media` datagrams for the media gateway
    of a name; `network` is that of the H.323 trunks; this is process number `worker` of `workers`. No method raises
    for what a peer does: a fault of ours is logged, and what it happened in is dropped.
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
        own_host: Callable[[Flow], str] | None = None,
        peer_names: Callable[[Flow], tuple[str, ...]] | None = None,
        send_frame: Callable[[str, bytes], None] | None = None,
        send_media: Callable[[str, bytes], None] | None = None,
        network: H323Network | None = None,
        worker: int = 0,
        workers: int = 1,
    ) -> None:
        self._observer = observer
        self._timers = TimerQueue()
        self._faults = 0
        self._worker, self._workers = worker, workers
        configuration = self._completed(configuration)
        is_alone = workers == 1
        self.end = (SipEnd if is_alone else WorkerEnd)(
            configuration, listeners, self._timers, send, token, locate, observer, own_host=own_host
        )
        self.media = media_gateways(configuration, self._timers, send_media or _nowhere, token, observer)
        self.isdn = IsdnEnd(configuration, self._timers, send_frame or _nowhere, token, observer, self.media)
        self.h323 = H323End(
            configuration, self._timers, network if network is not None else NoNetwork(), token, wall, observer
        )
        written = record if is_alone else lambda each: None if is_told_elsewhere(each) else record(each)
        self.hub = (Hub if is_alone else WorkerHub)(
            configuration, AllTrunks(self.end, self.isdn, self.h323), self._timers, observer, token, written, wall
        )
        if isinstance(self.hub, WorkerHub):
            self.hub.own, self.hub.workers = worker, workers
        self.end.hub = self.isdn.hub = self.h323.hub = self.hub
        self.end.overload = self.isdn.overload = self.h323.overload = self.hub.overload
        if peer_names is not None:
            self.end.peer_names = peer_names
        self._receive = self.end.ua.receive

    def receive(self, octets: bytes, flow: Flow, now: float) -> None:
        """One message of a peer."""
        try:
            self._receive(octets, flow, now)
        except Exception as error:
            self.fault(error, flow=str(flow), message=octets[:_MOST_SHOWN].decode("utf-8", "replace"))

    def receive_frame(self, trunk: str, frame: bytes, now: float) -> None:
        """A frame of the D channel of that trunk."""
        try:
            self.isdn.receive(trunk, frame, now)
        except Exception as error:
            self.fault(error, trunk=trunk, frame=frame.hex())

    def receive_media(self, name: str, datagram: bytes, now: float) -> None:
        """A datagram of the media gateway of that name."""
        try:
            self.media[name].receive(datagram, now)
        except Exception as error:
            self.fault(error, media=name, datagram=datagram[:_MOST_SHOWN].decode("utf-8", "replace"))

    def h323_accepted(self, connection: int, listener: str, host: str, port: int, now: float) -> bool:
        """Somebody has connected to a listener of the H.323 trunks; False when it is not wanted."""
        try:
            return self.h323.connections.accepted(connection, listener, host, port, now)
        except Exception as error:
            self.fault(error, peer=host)
            return False

    def h323_opened(self, connection: int, now: float) -> None:
        """A connection of an H.323 trunk is open, one that was accepted too."""
        try:
            self.h323.connections.opened(connection, now)
        except Exception as error:
            self.fault(error, connection=connection)

    def h323_received(self, connection: int, octets: bytes, now: float) -> None:
        """Octets from a connection of an H.323 trunk."""
        try:
            self.h323.connections.received(connection, octets, now)
        except Exception as error:
            self.fault(error, connection=connection, octets=octets[:_MOST_SHOWN].hex())

    def h323_lost(self, connection: int, why: str, now: float) -> None:
        """A connection of an H.323 trunk is gone, or could not be opened."""
        try:
            self.h323.connections.lost(connection, now)
        except Exception as error:
            self.fault(error, connection=connection)

    def h323_datagram(self, trunk: str, octets: bytes, host: str, port: int, now: float) -> None:
        """A datagram at the RAS socket of that trunk."""
        try:
            self.h323.datagram(trunk, octets, host, port, now)
        except Exception as error:
            self.fault(error, trunk=trunk, datagram=octets[:_MOST_SHOWN].hex())

    def line_changed(self, trunk: str, is_up: bool, now: float) -> None:
        """Layer 1 of that trunk has come, or has gone."""
        try:
            self.isdn.line_changed(trunk, is_up, now)
        except Exception as error:
            self.fault(error, trunk=trunk)

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

    def start(self, now: float) -> None:
        """All listeners are bound: peers are looked up and watched."""
        self.end.start(now)
        for media in self.media.values():
            media.start(now)
        self.isdn.start(now)
        self.h323.start(now)

    def reload(self, configuration: Configuration, now: float) -> None:
        """Another configuration from now on; calls go on. What is listened on stays. Raises GatewayError, and all is
        as before, when it is no good.
        """
        configuration = self._completed(configuration)
        self.end.reload(configuration, now)
        self.isdn.reload(configuration, now)
        self.h323.reload(configuration, now)
        self.hub.configuration = configuration

    def drain(self, now: float) -> None:
        """No new calls any more; those there are go on."""
        self.end.drain(now)
        self.isdn.drain(now)
        self.h323.drain(now)
        self.hub.drain(now)

    def stop(self, now: float) -> None:
        """The end: what only a goodbye ends is said goodbye to."""
        self.h323.stop(now)

    @property
    def idle(self) -> bool:
        """Whether there is neither a call nor a transfer."""
        return self.hub.idle and not self.hub.transfers.running

    def changes(self) -> Iterator[tuple[str, dict[str, object] | None]]:
        """Calls and transfers that have changed since they were last asked for, each with its snapshot; None for one
        that is no more. What is not taken comes the next time.
        """
        return self.hub.changes()

    def restore(self, snapshots: Iterable[tuple[str, dict[str, object]]], now: float) -> tuple[str, ...]:
        """Takes calls and transfers up again where their snapshots left them. One that cannot be is logged, and its
        key is among those that come back.
        """
        lost = []
        for key, snapshot in snapshots:
            try:
                self.hub.restore(snapshot, now)
            except Exception as error:  # a bad row must not keep the others from coming back
                self._observer.log("restore.refused", level="warning", key=key, reason=repr(error))
                lost.append(key)
        return tuple(lost)

    def statistics(self) -> dict[str, object]:
        """Numbers of what there is now and has been."""
        return {
            **self.hub.statistics(),
            **self.end.statistics(),
            **self.isdn.statistics(),
            **self.h323.statistics(),
            **{f"media.{name}": media.statistics() for name, media in self.media.items()},
            "transfers": len(self.hub.transfers.running),
            "timers": len(self._timers),
            "faults": self._faults,
        }

    def _completed(self, configuration: Configuration) -> Configuration:
        return configuration if self._workers == 1 else with_workers(configuration, self._worker, self._workers)

    def fault(self, error: Exception, **fields: object) -> None:
        """Something of ours went wrong in handling one thing: it is logged, the rest goes on."""
        self._faults += 1
        trace = "".join(traceback.format_exception(error))
        self._observer.log("fault", level="error", reason=repr(error), traceback=trace, **fields)


def _nowhere(name: str, octets: bytes) -> None:
    """There is none of that name."""
