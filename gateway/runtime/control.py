"""What a running server is asked from outside, by its gateway.yaml."""

from pathlib import Path
from typing import Any

from gateway.configuration import configuration
from gateway.model.errors import GatewayError
from gateway.runtime.control_socket import ask


def trunk_status(path: Path) -> dict[str, Any]:
    """The trunks of the server that runs with this configuration; what its workers have is put together.

    Raises GatewayError when it has no control socket, or does not run.
    """
    settings = configuration(path)
    if not settings.control:
        raise GatewayError("has no key `control`: the server cannot be asked", where=str(path))
    first, *others = map(_asked, _sockets(Path(settings.control)))
    for other in others:
        for trunk, more in zip(first, other, strict=False):
            trunk["calls"] += more["calls"]
    return {"trunks": first}


def _asked(control: Path) -> list[dict[str, Any]]:
    told = ask(control, "trunks")
    return [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []


def _sockets(control: Path) -> list[Path]:
    """That of the one process, or those of all workers."""
    numbered = sorted(control.parent.glob(f"{control.stem}-[0-9]*{control.suffix}"))
    return [control] if control.exists() or not numbered else numbered
