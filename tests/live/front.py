"""refergate among peers on loopback addresses of their own, all signalling recorded and read by tshark in the end."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.live.signalling import assert_clean
from tests.peers import tshark
from tests.peers.authority import for_loopback
from tests.peers.refergate import Refergate

GATEWAY = "127.0.0.1"
Place = tuple[str, int]


class Front(Refergate):
    """A gateway that is not started yet; `places` are the peers by trunk, each called by its own number."""

    def __init__(
        self,
        folder: Path,
        places: Mapping[str, Place],
        transport: str = "udp",
        *,
        trunks: Mapping[str, Mapping[str, Any]] | None = None,
        routes: Sequence[Mapping[str, Any]] = (),
        workers: int = 1,
        transports: Sequence[str] = (),
        **settings: Any,
    ) -> None:
        self.transport = transport
        transports = transports or (transport,)
        self.places = dict(places)
        self._trunks = dict(trunks or {})
        self._routes = [*routes, *({"match": "*", "from": "*", "to": name} for name in list(places)[-1:])]
        self._settings = settings
        self.certificate = for_loopback(folder) if transport == "tls" else None
        super().__init__(folder, {}, transports=transports, capture=True, workers=workers, start=False)
        self.lay_out()

    @property
    def address(self) -> str:
        """host:port."""
        return f"{GATEWAY}:{self.port}"

    def lay_out(self, places: Mapping[str, Place] | None = None) -> None:
        """Writes gateway.yaml for peers at these places."""
        trunks = [
            {
                "name": name,
                "peers": [f"{self.transport}:{host}:{port}"],
                "trusted": True,
                **self._trunks.get(name, {}),
            }
            for name, (host, port) in (places or self.places).items()
        ]
        pem = str(self.certificate)
        tls = {"tls": {"certificate": pem, "key": pem, "verify": "off"}} if self.certificate else {}
        self.configure({"trunks": trunks, "routes": self._routes, **tls, **self._settings})


@contextmanager
def front(folder: Path, places: Mapping[str, Place], transport: str = "udp", **more: Any) -> Iterator[Front]:
    """A running gateway between those peers; in the end nothing was malformed, unanswered or went wrong inside."""
    gateway = Front(folder, places, transport, **more)
    ports = [*gateway.ports.values(), *(port for _, port in gateway.places.values())]
    capture = folder / "wire.pcap"
    if "tls" in gateway.ports:
        with running(gateway):
            yield gateway
        capture = gateway.capture_path
    else:
        which = " or ".join(f"port {port}" for port in ports)
        with tshark.recording(capture, which, keep="udp or tcp"), running(gateway):
            yield gateway
    assert_clean(capture, ports)


@contextmanager
def running(gateway: Refergate) -> Iterator[None]:
    """Started, and nothing went wrong inside."""
    gateway.start()
    with gateway:
        yield
    assert not gateway.faults()
