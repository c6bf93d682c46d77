"""Our end of a D channel in real time: a UDP link and what is above it, driven by a loop in a thread of its own."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Self, TypeVar

from gateway.isdn.data_link import DataLink
from gateway.isdn.data_link_user import DEFAULTS, DataLinkSettings, DataLinkUser
from gateway.isdn.data_links import DataLinks, Terminal
from gateway.isdn.side import Side
from gateway.model.timers import TimerQueue
from gateway.runtime.udp_link import UdpLink
from tests.isdn.line import Layer3
from tests.peers.libpri_peer import LibpriPeer
from tests.peers.ports import free_ports
from tests.peers.process import PATIENCE, PeerError

T = TypeVar("T")


class DChannelEnd:
    """What every kind of end has: `do` acts on it between two frames, `until` waits for what it comes to."""

    def __init__(self, local: int, remote: int) -> None:
        self.timers = TimerQueue()
        self.receive: Callable[[bytes, float], None] = lambda frame, now: None
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._alarm: asyncio.TimerHandle | None = None
        self._link = UdpLink(self._loop, ("127.0.0.1", local), ("127.0.0.1", remote), self, time.monotonic)
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def send(self, frame: bytes) -> None:
        """One frame to the peer."""
        self._link.send(frame)

    def do(self, act: Callable[[float], T]) -> T:
        """What `act` gives, called with the time in the thread of the loop."""
        done: Future[T] = Future()

        def run() -> None:
            try:
                done.set_result(act(time.monotonic()))
            except Exception as error:
                done.set_exception(error)
            self.after_batch(time.monotonic())

        self._loop.call_soon_threadsafe(run)
        return done.result(PATIENCE)

    def until(self, happened: Callable[[], object], seconds: float = PATIENCE) -> None:
        """Waits until `happened` says so. Raises PeerError when it does not in time."""
        with self._changed:
            if not self._changed.wait_for(happened, seconds):
                raise PeerError("our end of the D channel waits in vain")

    def frame_received(self, frame: bytes, now: float) -> None:
        self.receive(frame, now)

    def line_changed(self, is_up: bool, now: float) -> None:
        pass

    def after_batch(self, now: float) -> None:
        self.timers.run(time.monotonic())
        if self._alarm is not None:
            self._alarm.cancel()
        due = self.timers.next_due()
        if due is not None:
            self._alarm = self._loop.call_later(max(0.0, due - time.monotonic()) + 0.001, self.after_batch, due)
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        """Ends the loop."""
        self.do(lambda now: self._link.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class LibpriLine:
    """One D channel, we on one side, libpri on the other; leaving the block ends both.

    `bri` is "ptp", "ptmp" or "" for a primary rate access. libpri begins at `peer.start()`.
    """

    def __init__(
        self,
        side: Side,
        *options: str,
        switch: str = "euroisdn_e1",
        bri: str = "",
        settings: DataLinkSettings = DEFAULTS,
    ) -> None:
        ours, theirs = free_ports(2)
        node = "network" if side is Side.USER else "cpe"
        access = ("--bri", bri) if bri else ()
        self.peer = LibpriPeer(node=node, switch=switch, port=theirs, remote=ours, options=(*access, *options))
        self.end = DChannelEnd(ours, theirs)
        self.side = side
        self.settings = settings
        self.above = Layer3()

    def data_link(self) -> DataLink:
        """A point-to-point data link of ours takes the line."""
        link = DataLink(self.side, self.end.timers, self.end.send, self.above, self.settings)
        self.end.receive = link.receive
        return link

    def terminal(self) -> DataLink:
        """A terminal of ours takes the line; its data link."""
        terminal = Terminal(self.end.timers, self.end.send, lambda: str(time.monotonic()), self.above, self.settings)
        self.end.receive = terminal.receive
        return terminal.link

    def network(self, user_of: Callable[[DataLink], DataLinkUser]) -> DataLinks:
        """The network side of a passive bus takes the line."""
        links = DataLinks(self.end.timers, self.end.send, user_of, self.settings)
        self.end.receive = links.receive
        return links

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.peer.close()
        self.end.close()
