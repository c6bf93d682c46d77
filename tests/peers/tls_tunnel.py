"""TLS for a peer that has none: what it says over TCP goes on over TLS, and the other way round."""

import asyncio
import ssl
import threading
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

Address = tuple[str, int]


class TlsTunnel:
    """Two ends, each a context of its own: whoever connects to `plain` reaches `server` over TLS, from the host of
    `peer`; whoever connects to `secure` over TLS reaches `peer` over TCP. `certificate` is a PEM file with its key.
    """

    def __init__(self, peer: Address, server: Address, certificate: Path) -> None:
        self._peer, self._server = peer, server
        self._inwards = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._inwards.load_cert_chain(certificate)
        self._outwards = ssl.create_default_context()
        self._outwards.check_hostname = False
        self._outwards.verify_mode = ssl.CERT_NONE
        self._outwards.load_cert_chain(certificate)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._servers: list[asyncio.Server] = []
        self.plain: Address = (peer[0], 0)
        self.secure: Address = (peer[0], 0)

    def __enter__(self) -> Self:
        self._thread.start()
        self.plain = self._run(self._listen(self._to_server, None))
        self.secure = self._run(self._listen(self._to_peer, self._inwards))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    async def _listen(self, accept: Any, context: ssl.SSLContext | None) -> Address:
        server = await asyncio.start_server(accept, self._peer[0], 0, ssl=context)
        self._servers.append(server)
        name: Address = server.sockets[0].getsockname()
        return name

    async def _to_server(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        own = (self._peer[0], 0)
        await _join(reader, writer, asyncio.open_connection(*self._server, ssl=self._outwards, local_addr=own))

    async def _to_peer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _join(reader, writer, asyncio.open_connection(*self._peer))

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        here = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not here]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _join(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, opening: Coroutine[Any, Any, Ends]
) -> None:
    try:
        far_reader, far_writer = await opening
    except OSError:
        writer.close()
        return
    await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while octets := await reader.read(65_536):
            writer.write(octets)
            await writer.drain()
    writer.close()
