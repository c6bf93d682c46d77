"""A gateway between three phones, each behind a trunk of its own, all on 127.0.0.1."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gateway.demonstration.gateway_process import GatewayProcess
from gateway.demonstration.phone import Phone, PhoneKind
from gateway.demonstration.ports import free_ports

USERS = ("1001", "1002", "1003")
"""Transferor, transferee and transfer target."""
_HOST = "127.0.0.1"


class Stage:
    """What a scene is played on; leaving the `with` block ends all processes. `kind` is what the phones are made of.

    Raises GatewayError, PeerError among them, when something does not start.
    """

    def __init__(self, folder: Path, kind: PhoneKind) -> None:
        self._kind = kind
        self._port, *ports = free_ports(1 + len(USERS))
        self._ports = dict(zip(USERS, ports, strict=True))
        with ExitStack() as stack:
            self.gateway = stack.enter_context(GatewayProcess(folder, settings(self._port, self._ports)))
            self.phones = {user: stack.enter_context(_phone(user, port, kind)) for user, port in self._ports.items()}
            self._stack = stack.pop_all()

    @property
    def phones_made_of(self) -> str:
        """The SIP stack of the phones, with its version."""
        version = next(iter(self.phones.values())).seen("ready")[0]["version"]
        return f"PJSIP {version}" if self._kind is PhoneKind.PJSIP else str(version)

    @property
    def names(self) -> dict[str, str]:
        """What to call each party, by its address and port."""
        first, second, third = (f"{_HOST}:{port}" for port in self._ports.values())
        return {
            first: "1001 transferor",
            f"{_HOST}:{self._port}": "refergate",
            second: "1002 transferee",
            third: "1003 target",
        }

    def uri(self, user: str) -> str:
        """That user, by way of the gateway."""
        return f"sip:{user}@{_HOST}:{self._port}"

    def close(self) -> None:
        """Ends phones and gateway: all files are complete then."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def settings(port: int, phones: Mapping[str, int]) -> dict[str, Any]:
    """gateway.yaml: a listener, a trunk for each phone, a route to each."""
    return {
        "listen": [f"udp:{_HOST}:{port}"],
        "trunks": [
            {"name": f"phone-{user}", "peers": [f"udp:{_HOST}:{there}"], "transfer": "consume", "trusted": True}
            for user, there in phones.items()
        ],
        "routes": [{"match": user, "to": f"phone-{user}"} for user in phones],
    }


def _phone(user: str, port: int, kind: PhoneKind) -> Phone:
    return Phone(user, _HOST, port, kind=kind)
