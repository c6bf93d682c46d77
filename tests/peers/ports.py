"""Free loopback ports. The system hands them out; they stay free until the peer that was told binds them."""

import socket
import subprocess
import time
from contextlib import ExitStack


def free_ports(count: int) -> list[int]:
    """`count` different ports that are free for UDP and for TCP on 127.0.0.1."""
    with ExitStack() as held:
        return [_free_port(held) for _ in range(count)]


def _free_port(held: ExitStack) -> int:
    while True:
        stream = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        datagram = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        stream.bind(("127.0.0.1", 0))
        port: int = stream.getsockname()[1]
        try:
            datagram.bind(("127.0.0.1", port))
        except OSError:
            continue
        return port


def await_bound(
    process: subprocess.Popen[bytes], address: str, port: int, *, stream: bool = False, seconds: float = 20
) -> None:
    """Waits until that port is bound. Raises TimeoutError, and kills `process`, when it is not bound in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((address, port))
            except OSError:
                return
        time.sleep(0.02)
    process.kill()
    process.wait()
    raise TimeoutError(f"nobody listens on {address}:{port}")
