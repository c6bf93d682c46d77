"""The network of H.323 trunks in a replay: connections are open at once, and what is sent is heard by the replay."""

from collections.abc import Callable
from itertools import count

from gateway.configuration import Configuration
from gateway.configuration.h323_trunk import host_and_port, written
from gateway.regression.endpoints import Endpoint

_FIRST_PORT = 30_000


class PlayedNetwork:
    """See gateway.ends.h323_network. `sent` and `datagram_sent` hear what goes out; `opened` is told later that a
    connection is open. `ends` are our end and the peer's of each connection, `ras` is where the recorded
    host had its RAS socket.
    """

    def __init__(self, configuration: Configuration) -> None:
        self.sent: Callable[[int, bytes], None] = lambda connection, octets: None
        self.datagram_sent: Callable[[str, bytes], None] = lambda trunk, octets: None
        self.opened: Callable[[int], None] = lambda connection: None
        self.ras: Endpoint | None = None
        self.ends: dict[int, tuple[Endpoint, Endpoint]] = {}
        self._numbers, self._ports = count(1), count(_FIRST_PORT)
        self._trunks = {each.name: each for each in configuration.h323_trunks}
        self._host = next((each.own_host for each in configuration.h323_trunks if each.own_host), "192.0.2.1")

    def connect(self, host: str, port: int, own_host: str) -> int:
        """It will be open."""
        number = self.accept(Endpoint(own_host or self._host), Endpoint(host, port))
        self.opened(number)
        return number

    def accept(self, own: Endpoint, peer: Endpoint) -> int:
        """The number of a connection that a peer opens."""
        number = next(self._numbers)
        self.ends[number] = own, peer
        return number

    def send(self, connection: int, octets: bytes) -> None:
        """Goes to whom the replay says."""
        if connection in self.ends:
            self.sent(connection, octets)

    def disconnect(self, connection: int) -> None:
        """It is no more."""
        self.ends.pop(connection, None)

    def address(self, connection: int) -> str:
        """Our address on it."""
        ends = self.ends.get(connection)
        return ends[0].host if ends else ""

    def listen(self, host: str) -> tuple[str, int]:
        """A port that nobody has."""
        port = next(self._ports)
        return written(host or self._host, port), port

    def unlisten(self, listener: str) -> None:
        """Nobody will come."""

    def send_datagram(self, trunk: str, octets: bytes, host: str, port: int) -> None:
        """RAS."""
        self.datagram_sent(trunk, octets)

    def ras_port(self, trunk: str) -> tuple[str, int]:
        """Where the gatekeeper answers."""
        if self.ras is not None:
            return self.ras
        gatekeeper = self._trunks[trunk].gatekeeper
        return host_and_port(gatekeeper.local, 0) if gatekeeper and gatekeeper.local else (self._host, 1719)
