"""refergate between softphones, each behind a trunk of its own, on loopback addresses of their own."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from tests.live.signalling import assert_clean
from tests.peers import tshark
from tests.peers.authority import for_loopback
from tests.peers.pjsua_phone import PjsuaPhone
from tests.peers.ports import free_ports
from tests.peers.refergate import Refergate

GATEWAY = "127.0.0.1"


class Border:
    """A gateway with a phone 1001, 1002, … at 127.0.0.2, 127.0.0.3, …; `trunks` are more settings by phone."""

    def __init__(
        self,
        folder: Path,
        transport: str = "udp",
        *,
        phones: int = 3,
        trunks: dict[str, dict[str, Any]] | None = None,
    ) -> None:
        self._stack = ExitStack()
        self.transport = transport
        self.folder = folder
        self.users = [str(1001 + number) for number in range(phones)]
        self.ports = dict(zip(self.users, free_ports(phones), strict=True))
        self.addresses = {user: f"127.0.0.{2 + number}" for number, user in enumerate(self.users)}
        self._certificate = for_loopback(folder) if transport == "tls" else None
        self.gateway = self._gateway(trunks or {})
        self.phones: dict[str, PjsuaPhone] = {}

    def open(self) -> None:
        """Starts gateway and phones."""
        self.gateway.start()
        self._stack.enter_context(self.gateway)
        self.phones = {user: self._stack.enter_context(self._phone(user)) for user in self.users}

    @property
    def port(self) -> int:
        """Where the gateway listens."""
        return self.gateway.ports[self.transport]

    def uri(self, user: str) -> str:
        """That user at the gateway."""
        suffix = "" if self.transport == "udp" else f";transport={self.transport}"
        return f"sip:{user}@{GATEWAY}:{self.port}{suffix}"

    def call(self, caller: str, callee: str, name: str = "call") -> tuple[str, str]:
        """A call through the gateway, answered; its name at both phones."""
        self.phones[caller].call(name, self.uri(callee))
        incoming = str(self.phones[callee].wait("incoming")["call"])
        self.phones[callee].answer(incoming)
        self.phones[callee].state(incoming, "CONFIRMED")
        self.phones[caller].state(name, "CONFIRMED")
        return name, incoming

    def close(self) -> None:
        """Ends phones and gateway. Fails when something went wrong inside the gateway."""
        faults = self.gateway.faults()
        self._stack.close()
        assert not faults, faults

    def _gateway(self, more: dict[str, dict[str, Any]]) -> Refergate:
        trunks = [
            {
                "name": f"t{user}",
                "peers": [f"{self.transport}:{self.addresses[user]}:{self.ports[user]}"],
                "trusted": True,
                **more.get(user, {}),
            }
            for user in self.users
        ]
        routes = [{"match": user, "to": f"t{user}"} for user in self.users]
        settings: dict[str, Any] = {"trunks": trunks, "routes": routes}
        if self._certificate:
            settings["tls"] = {
                "certificate": str(self._certificate),
                "key": str(self._certificate),
                "verify": "off",
            }
        return Refergate(self.folder, settings, transports=(self.transport,), capture=True, start=False)

    def _phone(self, user: str) -> PjsuaPhone:
        pem = str(self._certificate or "")
        return PjsuaPhone(user, self.addresses[user], self.ports[user], self.transport, pem)


@contextmanager
def border(folder: Path, transport: str = "udp", **more: Any) -> Iterator[Border]:
    """A border whose signalling is recorded, and is found clean by tshark in the end."""
    here = Border(folder, transport, **more)
    ports = [here.port, *here.ports.values()]
    capture = folder / "wire.pcap" if transport != "tls" else here.gateway.capture_path
    which = " or ".join(f"port {port}" for port in ports)
    # Of TLS it is the gateway's own capture that can be read.
    with tshark.recording(capture, which, keep="udp or tcp") if transport != "tls" else nullcontext():
        here.open()
        yield here
        here.close()
    assert_clean(capture, ports)
