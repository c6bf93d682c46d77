"""Where something listens or is reached: `transport:host:port`."""

from ipaddress import ip_address
from typing import Annotated, Literal

from pydantic import AfterValidator

from gateway.tables import Table

_TRANSPORTS = ("udp", "tcp", "tls", "ws", "wss")


class Place(Table):
    """`transport:host:port`; IPv6 hosts stand in brackets, and the port may be left out of a peer."""

    transport: Literal["udp", "tcp", "tls", "ws", "wss"]
    host: str
    port: int | None = None

    @property
    def is_numeric(self) -> bool:
        """Whether the host is an address and no name."""
        try:
            ip_address(self.host)
        except ValueError:
            return False
        return True

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.transport}:{host}" + ("" if self.port is None else f":{self.port}")


def place(text: str) -> Place:
    """The place that `text` names. Raises ValueError."""
    transport, colon, rest = text.partition(":")
    if not colon or transport not in _TRANSPORTS:
        raise ValueError(f"should be transport:host:port with a transport of {', '.join(_TRANSPORTS)}")
    host, bracket, port = rest[1:].partition("]") if rest.startswith("[") else rest.partition(":")
    if bracket == "]":
        port = port.removeprefix(":")
    if not host or (port and not (port.isdecimal() and 0 <= int(port) <= 65535)):
        raise ValueError("should be transport:host:port, the port from 0 to 65535")
    return Place(transport=transport, host=host, port=int(port) if port else None)  # type: ignore[arg-type]


def _is_place(text: str) -> str:
    return str(place(text))


PlaceText = Annotated[str, AfterValidator(_is_place)]
