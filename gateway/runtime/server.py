"""One process of the server: transports, clock, signals and store around one gateway."""

import asyncio
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from gateway.configuration import Configuration, place
from gateway.engine.between_workers import way_to, workers_by_host
from gateway.engine.gateway import Gateway
from gateway.engine.ownership import Ownership
from gateway.engine.trunk_status import trunk_status
from gateway.model.errors import GatewayError
from gateway.runtime.control_socket import ControlSocket
from gateway.runtime.d_channels import DChannels
from gateway.runtime.entropy import Tokens
from gateway.runtime.h323_network import H323Ports
from gateway.runtime.log import Log
from gateway.runtime.mesh import Mesh, is_foreign
from gateway.runtime.mgcp import MediaLinks
from gateway.runtime.recorded_gateway import RecordedGateway
from gateway.runtime.recorder import Recorder
from gateway.runtime.records import Records
from gateway.runtime.reload import reread
from gateway.runtime.resolver import Resolver
from gateway.runtime.store import NoStore, Store, opened
from gateway.runtime.trace import Capture, ReferTrace, traced
from gateway.runtime.transports import Transports
from gateway.sip.flow import Flow, Transport

_TICK = 0.2
"""Seconds between two looks at what has to be stored: a call that is shorter is never written."""
_AT_ONCE = 100
"""Snapshots taken in one go; the loop breathes between."""
_LINGER = 0.5
"""Seconds after the last call in which what was sent last may be answered, or asked for again."""


class Worker(NamedTuple):
    """Which worker a process is: number `own` of `workers`, and its mesh when there is more than one."""

    own: int = 0
    workers: int = 1
    mesh: Mesh | None = None


class Server:
    """Serves `configuration`, read from `path`, until it is told to stop. `capture` is a file for all signalling,
    `record` a folder for a recording that can be played again.
    """

    def __init__(
        self,
        configuration: Configuration,
        path: Path,
        log: Log,
        *,
        worker: Worker | None = None,
        capture: Path | None = None,
        record: Path | None = None,
    ) -> None:
        self._configuration, self._path, self._log = configuration, path, log
        self._worker = worker or Worker()
        self._mesh = self._worker.mesh
        self._capture_path = capture
        self._record_path = record
        self._recorder: Recorder | None = None
        self._clock = time.monotonic
        self._outbox: deque[tuple[Flow, bytes]] = deque()
        self._early: list[tuple[bytes, Flow, float]] = []
        self._receive: Callable[[bytes, Flow, float], None] = self._hold
        self._refers: ReferTrace | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_due = 0.0
        self._ownership = Ownership(self._worker.own, self._worker.workers)
        self._others = workers_by_host(self._worker.workers)
        self._records = Records(configuration.records, log)
        self._stop_at: float | None = None
        self._idle_since: float | None = None

    async def start(self) -> None:
        """Binds every listener and takes up the calls of the store. Raises GatewayError."""
        self._loop = asyncio.get_running_loop()
        self._finished = self._loop.create_future()
        self._store: Store = opened(self._configuration.store, self._log, self._worker.own, self._worker.workers)
        configuration = self._configuration
        self._capture = self._new_capture()
        self._transports = Transports(
            self._loop,
            self._received,
            self._failed,
            configuration.tls,
            configuration.limits,
            self._clock,
            reuse_port=self._worker.workers > 1,
            tap=self._capture,
            noted=self._log.log,
        )
        bound = await self._transports.listen([place(text) for text in configuration.listen])
        self._resolver = Resolver(self._loop, self._clock, bound, self._transports.listener)
        self._d_channels = DChannels(self._loop, self._clock)
        self._d_channels.open(configuration)
        self._media_links = MediaLinks(self._loop, self._clock)
        self._media_links.open(configuration)
        tap = self._capture.h323 if self._capture else None
        self._h323 = H323Ports(self._loop, self._clock, configuration.limits.connections, tap)
        self._h323.open(configuration)
        self.gateway = self._kind_of_gateway(bound)(
            configuration,
            token=Tokens(self._worker.own),
            wall=time.time,
            send=self._put,
            locate=self._resolver.locate,
            listeners=bound,
            observer=self._log,
            record=self._records.write,
            own_host=lambda flow: self._transports.address(flow)[0],
            peer_names=self._peer_names,
            send_frame=self._send_frame,
            send_media=self._media_links.send,
            network=self._h323,
            worker=self._worker.own,
            workers=self._worker.workers,
        )
        self._loop.set_exception_handler(self._loop_failed)
        await self._open_control()
        self._begin()

    def _kind_of_gateway(self, bound: Sequence[tuple[Transport, str, int]]) -> Callable[..., Gateway]:
        """One that has everything written down, if that is wanted."""
        if self._record_path is None:
            return Gateway
        own, workers = self._worker.own, self._worker.workers
        self._recorder = Recorder(
            self._record_path, self._path, self._log, clock=self._clock, wall=time.time, worker=own, workers=workers
        )
        self._recorder.begin(self._configuration, bound)
        return partial(RecordedGateway, recorder=self._recorder)

    async def run(self) -> None:
        """Returns when it has been told to stop and the calls are over, or `drain` seconds later."""
        await self._finished
        # It ends now anyway, and the loop gives the signals back to the system, which would end it with -15.
        signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT))
        self._flush()
        self._fall_silent()
        self.gateway.stop(self._clock())
        self._store_changes(None)
        if self._mesh:
            self._mesh.stop()
        await self._resolver.close()
        await self._transports.close()
        self._d_channels.close()
        self._media_links.close()
        if self._control:
            self._control.close()
        self._store.close()
        self._records.close()
        if self._capture:
            self._capture.close()
        if self._recorder:
            self._recorder.close()

    def stop(self) -> None:
        """No new calls; the second time it ends at once."""
        now = self._clock()
        if self._stop_at is not None:
            self._finish()
            return
        self._stop_at = now + self._configuration.drain
        self._log.log("drain", calls=len(self.gateway.hub.calls), seconds=self._configuration.drain)
        self.gateway.drain(now)
        self._flush()

    def reload(self) -> None:
        """Reads the configuration again; files that others may have rotated are opened anew."""
        try:
            new = reread(self._path, self._configuration, self._log)
            self._transports.reload_tls(new.tls)
            self.gateway.reload(new, self._clock())
            self._configuration = new
            self._trace_refers()
            self._log.log("reload", path=str(self._path))
        except (GatewayError, OSError) as error:
            self._log.log("reload.refused", reason=str(error))
        self._records.reopen(self._configuration.records)
        self._flush()

    def log_statistics(self) -> None:
        """One line with what there is."""
        self._log.log("statistics", **self.gateway.statistics())

    def _new_capture(self) -> Capture | None:
        path = self._capture_path
        return Capture(path, self._log, time.time, self._configuration) if path else None

    def _frame_received(self, trunk: str, frame: bytes, now: float) -> None:
        if self._capture:
            self._capture.d_channel(True, trunk, frame, self._d_channels.ends(trunk))
        self.gateway.receive_frame(trunk, frame, now)

    def _send_frame(self, trunk: str, frame: bytes) -> None:
        if self._capture:
            self._capture.d_channel(False, trunk, frame, self._d_channels.ends(trunk))
        self._d_channels.send(trunk, frame)

    async def _open_control(self) -> None:
        """With several workers each has a socket of its own, numbered as captures are."""
        self._control: ControlSocket | None = None
        if self._configuration.control:
            path = numbered(Path(self._configuration.control), self._worker.own, self._worker.workers)
            answers = {"trunks": lambda: trunk_status(self.gateway)}
            self._control = ControlSocket(path, answers, self.gateway.fault)
            await self._control.open()

    def _begin(self) -> None:
        handlers: dict[int, Callable[[], None]] = {
            signal.SIGTERM: self.stop,
            signal.SIGINT: self.stop,
            signal.SIGHUP: self.reload,
            signal.SIGUSR1: self.log_statistics,
        }
        for number, handler in handlers.items():
            self._loop.add_signal_handler(number, handler)
        self._trace_refers()
        self._restore()
        self.gateway.start(self._clock())
        if self._mesh:
            self._join(self._mesh)
        self._receive = self.gateway.receive
        for message in self._early:
            self._receive(*message)
        self._early.clear()
        self._transports.after_batch = self._resolver.after_batch = self._flush
        self._d_channels.received, self._d_channels.changed = self._frame_received, self.gateway.line_changed
        self._media_links.received = self.gateway.receive_media
        self._wire_h323()
        self._d_channels.done = self._media_links.done = self._h323.done = self._flush
        self._loop.call_later(_TICK, self._tick)
        self._flush()

    def _wire_h323(self) -> None:
        ports, gateway = self._h323, self.gateway
        ports.accepted, ports.opened, ports.lost = gateway.h323_accepted, gateway.h323_opened, gateway.h323_lost
        ports.received, ports.datagram = gateway.h323_received, gateway.h323_datagram
        ports.refused = lambda peer, why: self._log.log("connection_refused", level="warning", peer=peer, reason=why)

    def _join(self, mesh: Mesh) -> None:
        mesh.received = self.gateway.receive
        mesh.send_here = self._transports.send
        mesh.failed_there = self.gateway.flow_failed
        mesh.done = self._flush
        mesh.orphaned = self._finish
        mesh.start(self._loop, self._clock)

    def _restore(self) -> None:
        # What is in the store already need not be written again.
        self.gateway.hub.keeps_changes = not isinstance(self._store, NoStore)
        rows = list(self._store.load())
        if rows:
            lost = self.gateway.restore(rows, self._clock())
            for key in lost:
                self._store.delete(key)
            self._log.log("restored", entries=len(rows), lost=len(lost))

    def _loop_failed(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A callback has raised; asyncio would tell it in lines of its own."""
        message = str(context.get("message"))
        self.gateway.fault(context.get("exception") or RuntimeError(message), message=message)

    # What comes from the transports

    def _received(self, octets: bytes, flow: Flow, now: float) -> None:
        if self._refers is not None:
            self._refers.see(True, flow, octets)
        mesh = self._mesh
        if mesh is not None:
            owner = self._ownership.owner(octets)
            if owner != self._worker.own:
                mesh.forward(owner, octets, flow, self._peer_names(flow) if flow.transport.is_secure else ())
                return
        self._receive(octets, flow, now)

    def _hold(self, octets: bytes, flow: Flow, now: float) -> None:
        """The first listener is bound before the last one is: nothing is answered until all are."""
        self._early.append((octets, flow, now))

    def _failed(self, flow: Flow, now: float) -> None:
        if self._mesh is not None:
            self._mesh.connection_failed(flow)
        self.gateway.flow_failed(flow, now)

    def _peer_names(self, flow: Flow) -> tuple[str, ...]:
        if self._mesh is not None and is_foreign(flow):
            return self._mesh.names(flow)
        return self._transports.peer_names(flow)

    def _trace_refers(self) -> None:
        trunks = traced(self._configuration)
        self._refers = ReferTrace(trunks, self._log, self.gateway.end.trunk_at) if trunks else None

    # What goes to them

    def _put(self, flow: Flow, octets: bytes) -> None:
        self._outbox.append((flow, octets))

    def _flush(self) -> None:
        """Sends what has gathered, does what is due by now, and sets the alarm."""
        self._send_all()
        due = self.gateway.next_due()
        if due is None or (self._alarm is not None and due >= self._alarm_due):
            return
        now = self._clock()
        if due <= now:
            # What was only put off until the messages at hand were dealt with.
            self.gateway.advance(now)
            self._send_all()
            due = self.gateway.next_due()
        if due is not None and (self._alarm is None or due < self._alarm_due):
            self._set_alarm(due)

    def _send_all(self) -> None:
        if self.gateway.hub.has_urgent_changes:
            # Nobody may be told of a transfer that a crash in this very moment would forget.
            self._store_changes(None)
        outbox = self._outbox
        while outbox:
            flow, octets = outbox.popleft()
            if self._refers is not None:
                self._refers.see(False, flow, octets)
            if self._mesh is None or not self._sent_by_mesh(self._mesh, flow, octets):
                self._transports.send(flow, octets)

    def _sent_by_mesh(self, mesh: Mesh, flow: Flow, octets: bytes) -> bool:
        if is_foreign(flow):
            mesh.send(flow, octets)
            return True
        worker = self._others.get(flow.host)
        if worker is None:
            return False
        mesh.forward(worker, octets, way_to(self._worker.own))
        return True

    # Time

    def _set_alarm(self, due: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_due = due
        # The loop counts whole milliseconds: rounded down it would come round too early, again and again.
        self._alarm = self._loop.call_later(max(0.0, due - self._clock()) + 0.001, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self.gateway.advance(self._clock())
        self._flush()

    def _tick(self) -> None:
        more = self._store_changes(_AT_ONCE)
        if self._capture:
            self._capture.flush()
        if self._recorder:
            self._recorder.flush()
        if self._stop_at is not None and self._is_over(self._clock()):
            self._finish()
            return
        self._loop.call_later(_TICK / 10 if more else _TICK, self._tick)

    def _store_changes(self, most: int | None) -> bool:
        """Whether there may be more than `most`."""
        count = 0
        try:
            for key, snapshot in islice(self.gateway.changes(), most):
                count += 1
                if snapshot is None:
                    self._store.delete(key)
                else:
                    self._store.put(key, snapshot)
        except Exception as error:
            self.gateway.fault(error)
        return count == most

    def _is_over(self, now: float) -> bool:
        assert self._stop_at is not None
        if not self.gateway.idle:
            self._idle_since = None
        elif self._idle_since is None:
            self._idle_since = now
        return now >= self._stop_at or (self._idle_since is not None and now - self._idle_since >= _LINGER)

    def _fall_silent(self) -> None:
        """Connections take a while to close; an OPTIONS that is due in the meantime would never be answered."""
        if self._alarm is not None:
            self._alarm.cancel()
        self._transports.after_batch = self._resolver.after_batch = self._d_channels.done = lambda: None
        self._media_links.done = self._h323.done = lambda: None

    def _finish(self) -> None:
        if not self._finished.done():
            self._finished.set_result(None)


def run(server: Server, ready: Callable[[], object]) -> None:
    """Runs the server in a loop of its own; `ready` is called when all listeners are bound. Raises GatewayError."""
    import gc

    import uvloop

    async def whole() -> None:
        await server.start()
        # What is there by now stays for good; only calls are worth looking through for garbage.
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 50)
        ready()
        await server.run()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(whole())


def numbered(path: Path, worker: int, workers: int) -> Path:
    """The file of one worker: `path` itself when there is only one."""
    return path if workers == 1 else path.with_name(f"{path.stem}-{worker}{path.suffix}")


def say_ready() -> None:
    """The line that scripts wait for."""
    with suppress(OSError):
        os.write(1, b"ready\n")
