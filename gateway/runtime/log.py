"""The log: one line for each event on standard error, as JSON or for a person's eyes."""

import sys
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from typing import Any, TextIO

import structlog

from gateway.runtime.json_line import json_line

LEVELS: Mapping[str, int] = {"debug": 10, "info": 20, "warning": 30, "error": 40}
FORMS = ("console", "json")

_LEVEL_OF_EVENT: Mapping[str, str] = {
    "fault": "error",
    "reload.refused": "error",
    "records.failed": "error",
    "store.failed": "error",
    "capture.failed": "error",
    "worker.died": "error",
}


class Log:
    """An Observer. `level` is the lowest that is written; a field called `level` says that of an event (info when
    left out). `always` are fields of every line. Never raises: what cannot be written is lost.
    """

    def __init__(
        self, level: str = "info", form: str = "json", stream: TextIO | None = None, **always: object
    ) -> None:
        self._lowest = LEVELS[level]
        self._stream = stream or sys.stderr
        self._always = always
        renderer: Any = _json if form == "json" else structlog.dev.ConsoleRenderer(colors=self._stream.isatty())
        self._processors: tuple[Any, ...] = (structlog.processors.TimeStamper(fmt="iso", utc=True), renderer)

    def log(self, event: str, **fields: object) -> None:
        """Writes one line, when `event` is of the level that is wanted."""
        level = str(fields.pop("level", "") or _LEVEL_OF_EVENT.get(event, "info"))
        if LEVELS.get(level, 20) < self._lowest:
            return
        # A stream that is closed or full, or a value with a broken __str__, must not take a call down.
        with suppress(Exception):
            self._stream.write(self._line({"event": event, "level": level, **self._always, **fields}))
            self._stream.flush()

    def _line(self, entry: Any) -> str:
        for process in self._processors:
            entry = process(None, "", entry)
        return str(entry) if str(entry).endswith("\n") else f"{entry}\n"


def _json(_logger: object, _name: str, entry: MutableMapping[str, Any]) -> str:
    return json_line({"time": entry.pop("timestamp"), **entry})
