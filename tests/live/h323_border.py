"""Three refergates that speak H.323 to one another, each with a softphone behind it."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.peers import tshark
from tests.peers.pjsua_phone import PjsuaPhone
from tests.peers.ports import free_ports
from tests.peers.refergate import Refergate

USERS = ("1001", "1002", "1003")
WAYS: dict[frozenset[str], dict[str, Any]] = {
    frozenset(("1001", "1002")): {},
    frozenset(("1001", "1003")): {"fast_start": False},
    frozenset(("1002", "1003")): {"fast_start": False, "tunnelling": False},
}
"""How two of the gateways talk to each other: fast connect, H.245 in the tunnel, H.245 beside."""
PORT = 1720
"""Where tshark looks for H.225.0."""


def free_hosts() -> dict[str, str]:
    """Loopback addresses on which nobody has taken the port."""
    for third in range(31, 250):
        hosts = [f"127.0.{third}.{number}" for number in range(1, len(USERS) + 1)]
        if all(_is_free(host) for host in hosts):
            return dict(zip(USERS, hosts, strict=True))
    raise AssertionError("no free loopback addresses")


def _is_free(host: str) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((host, PORT))
        except OSError:
            return False
    return True


class H323Border:
    """Phone 1001 is behind the first gateway, and so on; all numbers of the others are reached over H.323."""

    def __init__(self, folder: Path) -> None:
        self._stack = ExitStack()
        self.capture = folder / "h323.pcap"
        self.hosts = free_hosts()
        self._ports = dict(zip(USERS, free_ports(len(USERS)), strict=True))
        self.gateways: dict[str, Refergate] = {}
        self.phones: dict[str, PjsuaPhone] = {}
        self._folder = folder

    def open(self) -> None:
        """Starts gateways and phones."""
        # H.245 has ports of its own, which nobody knows before.
        which = " or ".join(f"host {host}" for host in self.hosts.values())
        self._stack.enter_context(tshark.recording(self.capture, f"tcp and ({which})"))
        for user in USERS:
            folder = self._folder / user
            folder.mkdir()
            self.gateways[user] = self._stack.enter_context(Refergate(folder, self._settings(user)))
        for user in USERS:
            self.phones[user] = self._stack.enter_context(PjsuaPhone(user, "127.0.0.1", self._ports[user], "udp", ""))

    def call(self, caller: str, callee: str, name: str = "call") -> tuple[str, str]:
        """A call over H.323, answered; its name at both phones."""
        self.phones[caller].call(name, self.uri(caller, callee))
        incoming = str(self.phones[callee].wait("incoming")["call"])
        self.phones[callee].answer(incoming)
        self.phones[callee].state(incoming, "CONFIRMED")
        self.phones[caller].state(name, "CONFIRMED")
        return name, incoming

    def uri(self, caller: str, user: str) -> str:
        """That user, at the gateway of the caller."""
        return f"sip:{user}@127.0.0.1:{self.gateways[caller].port}"

    def close(self) -> None:
        """Ends all. Fails when something went wrong inside a gateway, or when tshark finds a message malformed."""
        faults = [fault for gateway in self.gateways.values() for fault in gateway.faults()]
        self._stack.close()
        assert not faults, faults
        assert tshark.malformed(self.capture) == []

    def services(self) -> list[str]:
        """The operations of H.450 that are invoked, in their order as tshark reads them."""
        rows = tshark.fields(self.capture, ["h450.opcode"], where="h225.h4501SupplementaryService")
        return [row[0] for row in rows if row[0]]

    def _settings(self, user: str) -> dict[str, Any]:
        others = [other for other in USERS if other != user]
        own = f"{self.hosts[user]}:{PORT}"
        trunks: list[dict[str, Any]] = [
            {"name": "phone", "peers": [f"udp:127.0.0.1:{self._ports[user]}"], "trusted": True},
            *(
                {
                    "name": f"to{other}",
                    "protocol": "h323",
                    "listen": own,
                    "peers": [f"{self.hosts[other]}:{PORT}"],
                    "group": "lan",
                    "trusted": True,
                    **WAYS[frozenset((user, other))],
                }
                for other in others
            ),
        ]
        routes = [{"match": user, "to": "phone"}, *({"match": other, "to": f"to{other}"} for other in others)]
        return {"trunks": trunks, "routes": routes}


@contextmanager
def h323_border(folder: Path) -> Iterator[H323Border]:
    """Such a border, found clean in the end."""
    here = H323Border(folder)
    try:
        here.open()
        yield here
    except BaseException:
        here._stack.close()
        raise
    here.close()
