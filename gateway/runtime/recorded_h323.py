"""Between which addresses the octets of H.323 go: what a recorder knows of connections that have only numbers."""

from collections.abc import Sequence
from typing import Any

from gateway.configuration import Configuration
from gateway.configuration.h323_trunk import host_and_port, written

_FIRST_PORT = 20_000
"""Our port on a connection of ours is of the system's choice, and nobody tells: from here on by its number."""
_PORTS = 40_000

Ends = tuple[str, str]
"""Source and destination, "address:port"."""


class H323Ends:
    """Hears what the gateway asks of its network and is told by it; `ends` says where octets go."""

    def __init__(self, settings: Configuration, own_host: str) -> None:
        self._own_host = next((each.own_host for each in settings.h323_trunks if each.own_host), own_host)
        self._connections: dict[int, Ends] = {}
        self._ras: dict[str, str] = {}

    def answered(self, name: str, question: Sequence[Any], answer: Any) -> None:
        """A connection is being opened, or the RAS socket of a trunk is somewhere."""
        if name == "network.connect":
            host, port, own = question
            own = written(own or self._own_host, _FIRST_PORT + answer % _PORTS)
            self._connections[answer] = own, written(host, port)
        elif name == "network.ras_port":
            host, port = answer
            self._ras[question[0]] = written(host or self._own_host, port)

    def accepted(self, connection: int, listener: str, host: str, port: int) -> None:
        """Somebody has connected."""
        self._connections[connection] = listener, written(host, port)

    def of_connection(self, connection: int) -> Ends | None:
        """Our end and the peer's; None for a connection that nobody knows."""
        return self._connections.get(connection)

    def of_datagram(self, trunk: str, host: str, port: int) -> Ends | None:
        """Our end and the peer's, of a datagram of RAS."""
        own = self._ras.get(trunk)
        return (own, written(host, port)) if own else None


def own_ends(settings: Configuration) -> list[str]:
    """What of H.323 is ours, for `as` of a scenario: addresses, with the port where a peer has the same address."""
    peers = {host_and_port(peer, 0)[0] for trunk in settings.h323_trunks for peer in trunk.peers}
    found = set()
    for trunk in settings.h323_trunks:
        for text in (trunk.listen, trunk.gatekeeper.local if trunk.gatekeeper else ""):
            host = host_and_port(text, 0)[0] if text else ""
            if host:
                found.add(text if host in peers else host)
    return sorted(found)
