"""Several processes that share the ports: started, watched, started again when one dies."""

import os
import selectors
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple, NoReturn

from gateway.model.errors import GatewayError
from gateway.runtime.log import Log
from gateway.runtime.mesh import Inbox, Mesh, inboxes

_WATCHED = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGCHLD}
_READY = b"ready"
_START = 60.0
"""Seconds in which a worker has to bind its listeners."""
_SHORT_LIFE = 5.0
"""Seconds: a worker that lives shorter is started again only after `_PAUSE`."""
_PAUSE = 1.0
_LARGEST_REPORT = 4096


class Duty(NamedTuple):
    """What a worker needs to know: its number, its mesh, and whom to tell that its listeners are bound."""

    number: int
    mesh: Mesh
    ready: Callable[[], object]


class _Life(NamedTuple):
    number: int
    since: float


class Supervisor:
    """`count` workers that each run `work`; it returns the exit code, or raises GatewayError before it is ready."""

    def __init__(self, count: int, work: Callable[[Duty], None], log: Log) -> None:
        self._count, self._work, self._log = count, work, log
        self._inboxes: Sequence[Inbox] = inboxes(count)
        self._alive: dict[int, _Life] = {}
        self._due: dict[int, float] = {}
        self._starts = 0
        self._stopping = False
        # A worker reads from the one end; that it is closed tells it that this process is no more.
        self._lifeline = os.pipe()

    def run(self, ready: Callable[[], None]) -> int:
        """Starts the workers, calls `ready`, and returns when all have ended. Raises GatewayError when one cannot
        start: then none runs.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
        reports = [self._start(number) for number in range(self._count)]
        try:
            for report in reports:
                _await_ready(report)
        except GatewayError:
            self._kill()
            raise
        ready()
        while self._alive or (self._due and not self._stopping):
            self._heed(signal.sigtimedwait(_WATCHED, self._patience()))
        return 0

    def _patience(self) -> float:
        now = time.monotonic()
        return max(0.0, min((due - now for due in self._due.values()), default=3600.0))

    def _heed(self, event: signal.struct_siginfo | None) -> None:
        number = event.si_signo if event else 0
        if number in (signal.SIGTERM, signal.SIGINT):
            self._stopping = True
            self._tell(signal.SIGTERM)
        elif number in (signal.SIGHUP, signal.SIGUSR1):
            self._tell(number)
        self._bury()
        self._start_due()

    def _tell(self, number: int) -> None:
        for process in self._alive:
            os.kill(process, number)

    def _bury(self) -> None:
        """Takes note of every worker that has ended."""
        for process in list(self._alive):
            found, status = os.waitpid(process, os.WNOHANG)
            if not found:
                continue
            life = self._alive.pop(process)
            if self._stopping:
                continue
            now = time.monotonic()
            self._due[life.number] = now + (_PAUSE if now - life.since < _SHORT_LIFE else 0.0)
            code = os.waitstatus_to_exitcode(status)
            self._log.log("worker.died", worker=life.number, process=process, code=code)

    def _start_due(self) -> None:
        now = time.monotonic()
        for number in [number for number, due in self._due.items() if due <= now and not self._stopping]:
            del self._due[number]
            os.close(self._start(number))
            self._log.log("worker.started", worker=number)

    def _start(self, number: int) -> int:
        """Starts the worker of that number; what it reports of its start can be read from the descriptor."""
        reading, writing = os.pipe()
        self._starts += 1
        process = os.fork()
        if not process:
            os.close(reading)
            os.close(self._lifeline[1])
            self._be_worker(number, writing)
        os.close(writing)
        self._alive[process] = _Life(number, time.monotonic())
        return reading

    def _be_worker(self, number: int, report: int) -> NoReturn:
        """In the new process. Whatever happens, it ends here."""
        code = 1
        try:
            # Ctrl-C in a terminal reaches every process; it is the supervisor who tells the workers what to do.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _WATCHED)
            mesh = Mesh(number, self._inboxes, self._starts)
            mesh.lifeline = self._lifeline[0]
            self._work(Duty(number, mesh, lambda: _report(report, _READY)))
            code = 0
        except GatewayError as error:
            if not _report(report, str(error).encode()):
                self._log.log("worker.failed", level="error", worker=number, reason=str(error))
            code = 2
        except BaseException as error:
            sys.excepthook(type(error), error, error.__traceback__)
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _kill(self) -> None:
        for process in self._alive:
            os.kill(process, signal.SIGKILL)
        for process in self._alive:
            os.waitpid(process, 0)


def _report(descriptor: int, what: bytes) -> bool:
    """To the supervisor; False when it does not listen: of a worker that it started again it does not."""
    with suppress(OSError):
        os.write(descriptor, what[:_LARGEST_REPORT])
        os.close(descriptor)
        return True
    return False


def _await_ready(report: int) -> None:
    """Raises GatewayError with what the worker says when it says anything but that it is ready."""
    with selectors.DefaultSelector() as selector:
        selector.register(report, selectors.EVENT_READ)
        said = os.read(report, _LARGEST_REPORT) if selector.select(_START) else b""
    os.close(report)
    if said != _READY:
        raise GatewayError(said.decode("utf-8", "replace") or "a worker did not start")
