"""What an H.323 end needs of the network: numbered TCP connections, listeners of its own, and datagrams for RAS."""

from typing import Protocol


class H323Network(Protocol):
    """The way out. Nothing here blocks or calls back at once.

    What comes is told to the gateway: `h323_accepted`, `h323_opened`, `h323_received`, `h323_lost`, `h323_datagram`.
    """

    def connect(self, host: str, port: int, own_host: str) -> int:
        """The number of a connection that is being opened, from `own_host` ("" leaves that to the system)."""

    def send(self, connection: int, octets: bytes) -> None:
        """Sends; what is not open yet has its octets wait, and for one that is gone nothing happens."""

    def disconnect(self, connection: int) -> None:
        """Ends a connection once what was sent is out. Nothing more is heard of it."""

    def address(self, connection: int) -> str:
        """Our address on a connection; "" while it is not open."""

    def listen(self, host: str) -> tuple[str, int]:
        """Listens on a port that the system chooses: the name of the listener and the port.

        Raises GatewayError.
        """

    def unlisten(self, listener: str) -> None:
        """Nothing more is taken there."""

    def send_datagram(self, trunk: str, octets: bytes, host: str, port: int) -> None:
        """A datagram from the RAS socket of that trunk."""

    def ras_port(self, trunk: str) -> tuple[str, int]:
        """Where the RAS socket of that trunk is bound."""


class NoNetwork:
    """There is none: every connection stays unopened."""

    def connect(self, host: str, port: int, own_host: str) -> int:
        """Never opened."""
        return 0

    def send(self, connection: int, octets: bytes) -> None:
        """Goes nowhere."""

    def disconnect(self, connection: int) -> None:
        """Was never open."""

    def address(self, connection: int) -> str:
        """Has none."""
        return ""

    def listen(self, host: str) -> tuple[str, int]:
        """Nobody will come."""
        return "", 0

    def unlisten(self, listener: str) -> None:
        """Nobody came."""

    def send_datagram(self, trunk: str, octets: bytes, host: str, port: int) -> None:
        """Goes nowhere."""

    def ras_port(self, trunk: str) -> tuple[str, int]:
        """Nowhere."""
        return "", 0
