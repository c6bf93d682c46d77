"""Free loopback ports, below those that the system gives to whoever connects: nobody else takes them meanwhile."""

import random
import socket
from contextlib import ExitStack

_FIRST, _BEYOND = 10_240, 32_768
"""Above what services are registered at, below the ephemeral ports of Linux (32,768 on)."""


def free_ports(count: int) -> list[int]:
    """`count` different ports that are free for UDP and for TCP on 127.0.0.1."""
    with ExitStack() as held:
        return [_free_port(held) for _ in range(count)]


def _free_port(held: ExitStack) -> int:
    while True:
        port = random.randrange(_FIRST, _BEYOND)  # noqa: S311  no secret
        stream = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        datagram = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        try:
            stream.bind(("127.0.0.1", port))
            datagram.bind(("127.0.0.1", port))
        except OSError:
            continue
        return port
