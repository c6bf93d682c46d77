"""refergate itself as a process: `serve` on free loopback ports, with its records, its log and its capture."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from tests.peers.ports import free_ports
from tests.peers.process import PATIENCE, PeerError

ROOT = Path(__file__).parents[2]
_SHARED = {"udp": "sip", "tcp": "sip", "tls": "tls", "ws": "ws", "wss": "wss"}
"""Transports of the same kind listen on the same port, as usual."""

_NUMBERS = count(1)
Document = dict[str, Any]


class Refergate:
    """A running gateway; leaving the `with` block ends it (SIGTERM, without waiting for calls).

    `settings` is gateway.yaml without `listen`, `store` and `records`, which are made here. `workers` and `words`
    go onto the command line. `capture` has all signalling written to `capture_path`, read it after `stop`.
    """

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, Any],
        *,
        transports: Sequence[str] = ("udp", "tcp"),
        store: bool = True,
        capture: bool = False,
        workers: int = 1,
        level: str = "debug",
        words: Sequence[str] = (),
        start: bool = True,
    ) -> None:
        self.folder = folder
        self.capture_path = folder / "refergate.pcap"
        self.records_path = folder / "transfers.jsonl"
        self.log_path = folder / "refergate.log"
        self.store_path = folder / "refergate.db"
        self.configuration_path = folder / "gateway.yaml"
        kinds = list(dict.fromkeys(_SHARED[transport] for transport in transports))
        ports = dict(zip(kinds, free_ports(len(kinds)), strict=True))
        self.ports = {transport: ports[_SHARED[transport]] for transport in transports}
        self._own: Document = {
            "listen": [f"{transport}:127.0.0.1:{port}" for transport, port in self.ports.items()],
            "records": str(self.records_path),
            **({"store": f"sqlite:{self.store_path}"} if store else {}),
        }
        self.configure(settings)
        self._words = [*words, *(["--capture", str(self.capture_path)] if capture else [])]
        self._words += ["--workers", str(workers)] if workers > 1 else []
        self._words += ["--log", "json", "--log-level", level]
        self.process: subprocess.Popen[str] | None = None
        if start:
            self.start()

    @property
    def port(self) -> int:
        """The port of the first transport."""
        return next(iter(self.ports.values()))

    @property
    def pid(self) -> int:
        """Of the process that was started (with several workers, of the one that watches them)."""
        assert self.process is not None
        return self.process.pid

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Writes gateway.yaml anew; `reload` or `start` has it read."""
        self.configuration_path.write_text(yaml.safe_dump({**self._own, **settings}, sort_keys=False))

    def start(self) -> None:
        """Starts it and waits for `ready`. Raises PeerError with what it said when it does not come up."""
        command = [sys.executable, str(ROOT / "cli.py"), "serve", "-c", str(self.configuration_path), *self._words]
        command += _recording()
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=self.folder, env={**os.environ}
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if line != "ready\n":
            self.kill()
            raise PeerError(f"refergate did not start: {line!r}\n{self._tail()}")

    def reload(self) -> None:
        """SIGHUP; waits until the log says what came of it."""
        before = len(self.log("reload")) + len(self.log("reload.refused"))
        os.kill(self.pid, signal.SIGHUP)
        self._await(lambda: len(self.log("reload")) + len(self.log("reload.refused")) > before, "no reload")

    def statistics(self) -> Document:
        """SIGUSR1; what the log says then (of one worker, when there are several)."""
        before = len(self.log("statistics"))
        os.kill(self.pid, signal.SIGUSR1)
        self._await(lambda: len(self.log("statistics")) > before, "no statistics")
        return self.log("statistics")[-1]

    def terminate(self) -> None:
        """SIGTERM, and no waiting: it drains."""
        os.kill(self.pid, signal.SIGTERM)

    def wait(self, seconds: float = PATIENCE) -> int:
        """The exit code. Raises PeerError when it does not end by itself."""
        assert self.process is not None
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise PeerError(f"refergate does not end\n{self._tail()}") from None

    def stop(self) -> int:
        """SIGTERM, and another one until it ends; the exit code."""
        assert self.process is not None
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < deadline:
            self.terminate()
            try:
                self.process.wait(1)
            except subprocess.TimeoutExpired:
                continue
        return self.wait(1)

    def kill(self) -> None:
        """SIGKILL: what a crash leaves is left."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def records(self) -> list[Document]:
        """The records so far."""
        return _lines(self.records_path)

    def wait_records(self, count: int, seconds: float = PATIENCE) -> list[Document]:
        """The records, once there are that many."""
        self._await(lambda: len(self.records()) >= count, f"no {count} records", seconds)
        return self.records()

    def log(self, event: str = "", **match: object) -> list[Document]:
        """The lines of the log so far, of one event and with those values only."""
        return [
            line
            for line in _lines(self.log_path)
            if (not event or line.get("event") == event)
            and all(line.get(key) == value for key, value in match.items())
        ]

    def wait_log(self, event: str, seconds: float = PATIENCE, **match: object) -> Document:
        """The first such line of the log, once it is there."""
        self._await(lambda: bool(self.log(event, **match)), f"no {event} {match or ''}", seconds)
        return self.log(event, **match)[0]

    def until(self, done: Callable[[], bool], awaited: str = "what was awaited") -> None:
        """Waits for anything else."""
        self._await(done, f"no {awaited}")

    def faults(self) -> list[Document]:
        """What went wrong inside: must be empty at the end of any test."""
        return self.log("fault")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is None:
            return
        try:
            if self.process.poll() is None:
                self.stop()
        finally:
            self.kill()

    def _await(self, done: Callable[[], bool], awaited: str, seconds: float = PATIENCE) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            if time.monotonic() > deadline:
                raise PeerError(f"refergate: {awaited}\n{self._tail()}")
            time.sleep(0.02)

    def _tail(self) -> str:
        return self.log_path.read_text(errors="replace")[-4000:] if self.log_path.exists() else ""


def _recording() -> list[str]:
    """With REFERGATE_RECORD in the environment every run is recorded into a folder of its own below that one."""
    parent = os.environ.get("REFERGATE_RECORD")
    if not parent:
        return []
    test = re.sub(r"[^A-Za-z0-9]+", "-", os.environ.get("PYTEST_CURRENT_TEST", "run").removesuffix(" (call)"))
    return ["--record", str(Path(parent) / f"{test[-120:]}-{next(_NUMBERS)}")]


def _lines(path: Path) -> list[Document]:
    """The complete JSON lines of a file; others (a traceback of Python itself) are left out."""
    if not path.exists():
        return []
    complete = path.read_text(errors="replace").rpartition("\n")[0]
    return [json.loads(line) for line in complete.splitlines() if line.startswith("{")]
