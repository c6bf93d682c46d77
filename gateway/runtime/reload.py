"""gateway.yaml read again while calls are up."""

from pathlib import Path

from gateway.configuration import Configuration, configuration
from gateway.hub.leg import Observer
from gateway.interworking.lint import lint_configuration
from gateway.model.errors import GatewayError

_AT_START = ("listen", "store", "workers")
"""Keys that are looked at when the process starts and not again."""


def read(path: Path) -> Configuration:
    """gateway.yaml, fit to be served. Raises MappingError for the first thing that is wrong in it."""
    for finding in lint_configuration(path):
        raise finding
    return configuration(path)


def reread(path: Path, old: Configuration, observer: Observer) -> Configuration | None:
    """The new configuration, or None, and the reason in the log, when the file is wrong: then the old one stays.

    What can only change with a restart stays as it was, and the log says so.
    """
    try:
        new = read(path)
    except (GatewayError, OSError) as error:
        observer.log("reload.refused", reason=str(error))
        return None
    waiting = [key for key in _AT_START if getattr(new, key) != getattr(old, key)]
    observer.log("reload", path=str(path), needs_restart=waiting)
    return new.model_copy(update={key: getattr(old, key) for key in waiting})
