"""Free loopback ports. The system hands them out; they stay free until whoever was told binds them."""

import socket
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
