"""A Unix socket on which a running server answers questions of the same user: a JSON line each way."""

import asyncio
import json
import os
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from gateway.model.errors import GatewayError

_LONGEST_QUESTION = 4096
_PATIENCE = 5.0
"""Seconds that a question, or its answer, may take."""

Answers = Mapping[str, Callable[[], object]]
"""What can be asked for, and where the answer comes from: JSON values."""


class ControlSocket:
    """Listens at `path` until it is closed. Nobody else of the machine can connect (mode 0600)."""

    def __init__(self, path: Path, answers: Answers, failed: Callable[[Exception], object]) -> None:
        self._path = path
        self._answers = answers
        self._failed = failed
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Raises GatewayError when another server answers there, or no socket can be."""
        bound = _bound(self._path)
        self._server = await asyncio.start_unix_server(self._asked, sock=bound, limit=_LONGEST_QUESTION)

    def close(self) -> None:
        """Nobody is answered any more."""
        if self._server is not None:
            self._server.close()
            self._path.unlink(missing_ok=True)

    async def _asked(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, ValueError, TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                question = await reader.readline()
                writer.write(json.dumps(self._answer(question), ensure_ascii=True).encode() + b"\n")
                await writer.drain()
        writer.close()

    def _answer(self, question: bytes) -> dict[str, object]:
        try:
            wanted = json.loads(question)["ask"]
            found = self._answers[wanted]
        except (ValueError, KeyError, TypeError):
            return {"error": f"can be asked for {', '.join(sorted(self._answers))}"}
        try:
            return {wanted: found()}
        except Exception as error:
            self._failed(error)
            return {"error": "the server could not say"}


def ask(path: Path, question: str) -> object:
    """The answer of the server that listens at `path`. Raises GatewayError when none does, or it cannot say."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_PATIENCE)
            connection.connect(str(path))
            connection.sendall(json.dumps({"ask": question}).encode() + b"\n")
            with connection.makefile("rb") as stream:
                line = stream.readline()
    except TimeoutError:
        raise GatewayError("the server does not answer", where=str(path)) from None
    except PermissionError:
        raise GatewayError("only the user who runs the server may ask it", where=str(path)) from None
    except (FileNotFoundError, ConnectionError):
        raise GatewayError("no server listens there", where=str(path)) from None
    except OSError as error:
        raise GatewayError(error.strerror or str(error), where=str(path)) from None
    return _read(line, question, path)


def _read(line: bytes, question: str, path: Path) -> object:
    try:
        answer = json.loads(line)
        if question in answer:
            return answer[question]
        raise GatewayError(str(answer["error"]), where=str(path))
    except (ValueError, KeyError, TypeError):
        raise GatewayError("what listens there is no refergate", where=str(path)) from None


def _bound(path: Path) -> socket.socket:
    _make_room(path)
    listening = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        listening.bind(str(path))
    except OSError as error:
        listening.close()
        raise GatewayError(f"control socket: {error.strerror or error}", where=str(path)) from None
    finally:
        os.umask(before)
    return listening


def _make_room(path: Path) -> None:
    """A socket that a killed server has left behind is taken away; one that somebody answers at is not."""
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX) as other:
        other.settimeout(_PATIENCE)
        try:
            other.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
        except OSError:
            return
        else:
            raise GatewayError("another server listens at its control socket", where=str(path))
