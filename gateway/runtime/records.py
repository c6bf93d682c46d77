"""Records: one JSON line for each transfer, appended to a file that others may rotate."""

import os
from pathlib import Path

from gateway.engine.record_document import document
from gateway.hub.leg import Observer
from gateway.model.call import TransferRecord
from gateway.model.errors import GatewayError
from gateway.runtime.json_line import json_line


class Records:
    """The file of that path, "" for none. Several processes may append to the same one.

    A failure is logged and never more than that: a full disk must not stop a call. The line is then lost.
    """

    def __init__(self, path: str, observer: Observer) -> None:
        self._path = path
        self._observer = observer
        self._descriptor: int | None = None

    def write(self, record: TransferRecord) -> None:
        """Appends the record; the whole line at once, so that lines of several processes do not mix."""
        if not self._path:
            return
        line = json_line(document(record)).encode()
        try:
            os.write(self._opened(), line)
        except OSError as error:
            self._observer.log("records.failed", path=self._path, reason=str(error), transfer=record.id)
            self.reopen()

    def reopen(self, path: str | None = None) -> None:
        """The file has been rotated, or is another one from now on."""
        if path is not None:
            self._path = path
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None

    def close(self) -> None:
        """Closes the file."""
        self.reopen()

    def _opened(self) -> int:
        if self._descriptor is None:
            self._descriptor = _opened(self._path)
        return self._descriptor


def prepare(path: str) -> None:
    """Makes the file if it is not there. Raises GatewayError when no record could be written."""
    if not path:
        return
    try:
        os.close(_opened(path))
    except OSError as error:
        raise GatewayError(f"records cannot be written: {error.strerror}", where=path) from error


def _opened(path: str) -> int:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
