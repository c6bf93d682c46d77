"""gateway.yaml read again while calls are up."""

from pathlib import Path

from gateway.configuration import Configuration, configuration
from gateway.hub.leg import Observer
from gateway.interworking.lint import lint_configuration

_AT_START = ("listen", "store", "control", "workers")
"""Keys that are looked at when the process starts and not again."""


def read(path: Path) -> Configuration:
    """gateway.yaml, fit to be served. Raises MappingError for the first thing that is wrong in it."""
    for finding in lint_configuration(path):
        raise finding
    return configuration(path)


def reread(path: Path, old: Configuration, observer: Observer) -> Configuration:
    """The new configuration. What can only change with a restart stays as it was, and the log says so.

    Raises MappingError for the first thing that is wrong in the file.
    """
    new = read(path)
    waiting = [key for key in _AT_START if getattr(new, key) != getattr(old, key)]
    if waiting:
        observer.log("reload.needs_restart", level="warning", keys=waiting)
    return new.model_copy(update={key: getattr(old, key) for key in waiting})
