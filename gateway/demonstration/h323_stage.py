"""A gateway between a phone and the H.323 world, all on loopback.

The H.323 world is a second gateway, which hands its calls to phones of its own: what goes between the two is H.323.
"""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from gateway.demonstration.gateway_process import GatewayProcess
from gateway.demonstration.phone import Phone, PhoneKind
from gateway.demonstration.ports import free_ports
from gateway.demonstration.stage import USERS, Stage, settings

_HOST = "127.0.0.1"


class H323Stage(Stage):
    """As Stage, but 1002 and 1003 are in the H.323 world."""

    def __init__(self, folder: Path, kind: PhoneKind) -> None:
        self._kind = kind
        self._port, far_port, self._ours, self._theirs, *ports = free_ports(4 + len(USERS))
        self._ports = dict(zip(USERS, ports, strict=True))
        near, *there = USERS
        far = folder / "far"
        far.mkdir(exist_ok=True)
        ours = settings(self._port, {near: self._ports[near]})
        theirs = settings(far_port, {user: self._ports[user] for user in there})
        with ExitStack() as stack:
            stack.enter_context(GatewayProcess(far, _with_h323(theirs, self._theirs, self._ours)))
            self.gateway = stack.enter_context(GatewayProcess(folder, _with_h323(ours, self._ours, self._theirs)))
            self.phones = {
                user: stack.enter_context(Phone(user, _HOST, port, kind=kind)) for user, port in self._ports.items()
            }
            self._stack = stack.pop_all()

    @property
    def names(self) -> dict[str, str]:
        """Parties by address and port; connections of H.323 have a new port of ours or theirs each."""
        return {
            f"{_HOST}:{self._ports[USERS[0]]}": "1001 transferor",
            f"{_HOST}:{self._port}": "refergate",
            f"{_HOST}:{self._theirs}": "H.323 (1002, 1003)",
        }


def _with_h323(whole: dict[str, Any], own: int, peer: int) -> dict[str, Any]:
    """The trunk between the two, and the route to it."""
    trunk = {
        "name": "h323",
        "protocol": "h323",
        "listen": f"{_HOST}:{own}",
        "peers": [f"{_HOST}:{peer}"],
        "trusted": True,
    }
    return {**whole, "trunks": [*whole["trunks"], trunk], "routes": [*whole["routes"], {"match": "*", "to": "h323"}]}
