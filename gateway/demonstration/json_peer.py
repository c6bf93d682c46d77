"""A peer in a process of its own: one command per line to its stdin, one JSON event per line from its stdout.

A peer may crash or fall silent; then whoever waits fails with what the peer said, and never hangs.
"""

import json
import queue
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gateway.model.errors import GatewayError

PATIENCE = 20.0
"""Seconds for which an event is awaited: far more than it takes, because a busy machine is no failure."""

Event = dict[str, Any]
"""One event: its kind in `ev`, the rest as the peer gives it."""


class PeerError(GatewayError):
    """The peer did not do what was awaited: it was silent too long, or its process has ended.

    The first line says what, the others what the peer said last.
    """


class JsonPeer:
    """A running peer; leaving the `with` block ends it."""

    def __init__(
        self, name: str, command: Sequence[str | Path], environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.events: list[Event] = []
        self._unread: list[Event] = []
        self._arrived: queue.Queue[Event | None] = queue.Queue()
        self._process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            env=environment,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def send(self, command: str) -> None:
        """Gives the peer one command line. Raises PeerError when its process has ended."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(command + "\n")
        except OSError as error:
            raise PeerError(self._story(f"gone before {command!r}")) from error

    def wait(self, kind: str, seconds: float = PATIENCE, **match: object) -> Event:
        """The first event of that kind, with those values, that was not taken by an earlier wait.

        Raises PeerError after `seconds` or when the peer's process ends.
        """
        deadline = time.monotonic() + seconds
        while True:
            for event in self._unread:
                if event["ev"] == kind and all(event.get(key) == value for key, value in match.items()):
                    self._unread.remove(event)
                    return event
            self._take_next(deadline, f"no {kind} {match or ''}")

    def wait_for_start(self, kind: str, seconds: float = PATIENCE) -> None:
        """As `wait`, but ends the process when it does not start as it should."""
        try:
            self.wait(kind, seconds)
        except PeerError:
            self.close()
            raise

    def seen(self, kind: str, **match: object) -> list[Event]:
        """All events of that kind with those values so far, taken or not."""
        return [
            event
            for event in self.events
            if event["ev"] == kind and all(event.get(key) == value for key, value in match.items())
        ]

    def close(self) -> None:
        """Asks the process to end; kills it when it does not."""
        if self._process.poll() is None:
            try:
                self.send("quit")
                self._process.wait(3)
            except (PeerError, subprocess.TimeoutExpired):
                self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                self._arrived.put(json.loads(line))
        self._arrived.put(None)

    def _take_next(self, deadline: float, awaited: str) -> None:
        try:
            event = self._arrived.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            raise PeerError(self._story(awaited)) from None
        if event is None:
            self._arrived.put(None)
            raise PeerError(self._story(f"{awaited}: its process ended"))
        self.events.append(event)
        self._unread.append(event)

    def _story(self, what: str) -> str:
        last = "\n".join(json.dumps(event) for event in self.events[-12:])
        return f"{self.name}: {what}\nlast events:\n{last}"
