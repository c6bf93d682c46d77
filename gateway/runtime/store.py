"""The store: what has to survive a crash of the process, written off the hot path."""

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from gateway.hub.leg import Observer
from gateway.model.errors import GatewayError

VERSION = 1
"""Of the file's layout and of the values in it; a higher one is of a newer refergate."""
APPLICATION_ID = 0x52464754
""""RFGT" in the header of the file: it is a store of ours."""

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS calls (key TEXT PRIMARY KEY, worker INTEGER NOT NULL, version INTEGER NOT NULL,"
    " value TEXT NOT NULL) WITHOUT ROWID",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {VERSION}",
)
_PUT = "INSERT OR REPLACE INTO calls (key, worker, version, value) VALUES (?, ?, ?, ?)"
_DELETE = "DELETE FROM calls WHERE key = ?"
_LOAD = "SELECT key, value FROM calls WHERE worker % ? = ? AND version = ? ORDER BY key"
_BUSY = 10.0
"""Seconds for which another worker may hold the file."""
_RETRY = 1.0
"""Seconds until what could not be written is tried once more."""

Value = Mapping[str, object]


class Store(Protocol):
    """Values by key, durable soon after they were put. Neither `put` nor `delete` blocks or raises."""

    def put(self, key: str, value: Value) -> None:
        """Keeps a JSON value under `key`, in place of what was there. It must not be changed afterwards."""

    def delete(self, key: str) -> None:
        """Forgets the value; a key that is not there is no error."""

    def load(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Everything that an earlier process has left."""

    def close(self) -> None:
        """Returns when everything has been written."""


class NoStore:
    """Keeps nothing."""

    def put(self, key: str, value: Value) -> None:
        """Keeps nothing."""

    def delete(self, key: str) -> None:
        """There is nothing to forget."""

    def load(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Nothing."""
        return iter(())

    def close(self) -> None:
        """There is nothing to write."""


def opened(location: str, observer: Observer, worker: int = 0, workers: int = 1) -> Store:
    """The store that `location` names: "sqlite:path", or "" for none. Raises GatewayError."""
    if not location:
        return NoStore()
    return SqliteStore(Path(location.removeprefix("sqlite:")), observer, worker, workers)


def prepare(location: str) -> None:
    """Makes the store's file if it is not there, before several processes open it at once. Raises GatewayError."""
    if location:
        _prepare(Path(location.removeprefix("sqlite:")))


class SqliteStore:
    """An SQLite file in WAL mode with a thread that writes: whatever is put while it writes is its next transaction.

    Worker number `worker` of `workers` loads its own rows, and those of workers that there are no more. Raises
    GatewayError when the file is not a store of ours, is damaged or is of a newer version; it is not touched then.
    """

    def __init__(self, path: Path, observer: Observer, worker: int = 0, workers: int = 1) -> None:
        self._path, self._observer = path, observer
        self._worker, self._workers = worker, workers
        self._waiting: dict[str, Value | None] = {}
        self._changed = threading.Condition()
        self._closing = threading.Event()
        _prepare(path)
        self._stored = {key for key, _ in self._rows()}
        self._thread = threading.Thread(target=self._write_on, name="store", daemon=True)
        self._thread.start()

    def put(self, key: str, value: Value) -> None:
        """Keeps a JSON value under `key`, in place of what was there. It must not be changed afterwards."""
        self._stored.add(key)
        self._enqueue(key, value)

    def delete(self, key: str) -> None:
        """Forgets the value; a key that is not there is no error."""
        if key in self._stored:
            self._stored.discard(key)
            self._enqueue(key, None)

    def load(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Everything that an earlier process has left; what cannot be read is logged and left out."""
        for key, text in self._rows():
            try:
                value = json.loads(text)
            except ValueError:
                value = None
            if isinstance(value, dict):
                yield key, value
            else:
                self._observer.log("store.unreadable", level="warning", key=key)

    def close(self) -> None:
        """Returns when everything has been written."""
        with self._changed:
            self._closing.set()
            self._changed.notify()
        self._thread.join()

    def _enqueue(self, key: str, value: Value | None) -> None:
        with self._changed:
            self._waiting[key] = value
            self._changed.notify()

    def _rows(self) -> list[tuple[str, str]]:
        with closing(_connected(self._path)) as connection:
            return connection.execute(_LOAD, (self._workers, self._worker, VERSION)).fetchall()

    def _write_on(self) -> None:
        with closing(_connected(self._path)) as connection:
            while batch := self._next_batch():
                if not self._write(connection, batch):
                    self._retry_later(batch)

    def _next_batch(self) -> dict[str, Value | None]:
        """Everything that waits; empty when the store is closed and nothing does."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing.is_set())
            batch, self._waiting = self._waiting, {}
        return batch

    def _write(self, connection: sqlite3.Connection, batch: Mapping[str, Value | None]) -> bool:
        gone = [(key,) for key, value in batch.items() if value is None]
        kept = [
            (key, self._worker, VERSION, text)
            for key, value in batch.items()
            if value and (text := self._json(key, value))
        ]
        try:
            with connection:
                connection.executemany(_DELETE, gone)
                connection.executemany(_PUT, kept)
        except sqlite3.Error as error:
            self._observer.log("store.failed", path=str(self._path), reason=str(error), waiting=len(batch))
            return False
        return True

    def _json(self, key: str, value: Value) -> str:
        try:
            return json.dumps(value, separators=(",", ":"))
        except (TypeError, ValueError) as error:
            self._observer.log("store.failed", key=key, reason=str(error))
            return ""

    def _retry_later(self, batch: dict[str, Value | None]) -> None:
        """A full disk may have room again. What has changed since then is newer than `batch`."""
        if self._closing.wait(_RETRY):
            return
        with self._changed:
            self._waiting = batch | self._waiting


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY)
    # With WAL this survives the end of the process; only a power cut may lose the last moment.
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _prepare(path: Path) -> None:
    try:
        if not _is_store(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with closing(_connected(path)) as connection, connection:
                connection.execute("PRAGMA journal_mode = WAL")
                for statement in _SCHEMA:
                    connection.execute(statement)
    except (sqlite3.Error, OSError) as error:
        raise GatewayError(f"the store cannot be opened: {error}", where=str(path)) from None


def _is_store(path: Path) -> bool:
    """False when there is no such file yet. Raises GatewayError for one that this version must not write to."""
    if not path.exists() or not path.stat().st_size:
        return False
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=_BUSY)) as connection:
            application, version, state = (
                connection.execute(f"PRAGMA {question}").fetchone()[0]
                for question in ("application_id", "user_version", "quick_check(1)")
            )
    except sqlite3.Error as error:
        raise GatewayError(f"no store, or a damaged one: {error}", where=str(path)) from None
    if application != APPLICATION_ID:
        raise GatewayError("an SQLite file, but no store of refergate", where=str(path))
    if version > VERSION:
        raise GatewayError(f"the store is of version {version}, newer than {VERSION}", where=str(path))
    if state != "ok":
        raise GatewayError(f"the store is damaged: {state.splitlines()[0]}", where=str(path))
    return True
