"""Where SIP octets come from and go to: transport, address and connection (RFC 3261 §18, RFC 5923)."""

from enum import StrEnum
from typing import NamedTuple


class Transport(StrEnum):
    """The transports, by their name in a URI."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"
    WS = "ws"
    WSS = "wss"

    @property
    def is_reliable(self) -> bool:
        """Whether nothing has to be sent twice (RFC 3261 §17)."""
        return self is not Transport.UDP

    @property
    def is_secure(self) -> bool:
        """Whether TLS is underneath."""
        return self in (Transport.TLS, Transport.WSS)

    @property
    def default_port(self) -> int:
        """The port when none is said (RFC 3261 §19.1.2, RFC 7118 §5.5)."""
        return _PORTS[self]


_PORTS = {Transport.UDP: 5060, Transport.TCP: 5060, Transport.TLS: 5061, Transport.WS: 80, Transport.WSS: 443}


class Flow(NamedTuple):
    """One way to a peer. `host` is a numeric address without brackets.

    `connection` is the number of an open stream connection; 0 for UDP, and in what is sent for "the connection
    that leads there, opened if need be". `listener` is the index of the listening address it came in by or leaves
    by. `server_name` is the host whose certificate a TLS peer has to show; "" for one that connected to us.
    """

    transport: Transport
    host: str
    port: int
    connection: int = 0
    listener: int = 0
    server_name: str = ""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.transport}:{host}:{self.port}"
