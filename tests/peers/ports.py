"""Free loopback ports, and waiting until one is taken."""

import socket
import subprocess
import time

from gateway.demonstration.ports import free_ports

__all__ = ["await_bound", "free_ports"]


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
