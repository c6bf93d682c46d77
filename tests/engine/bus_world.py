"""The whole gateway on a passive bus, on a virtual clock: the network of two terminals, or a terminal itself."""

from itertools import count
from pathlib import Path
from typing import Any

from gateway.isdn.call_control import InterfaceSettings
from gateway.isdn.channels import BChannel
from gateway.isdn.data_link_user import DataLinkSettings
from gateway.isdn.interface import Bus, OnBus
from gateway.isdn.side import Side
from gateway.isdn.variant import variant
from tests.engine.isdn_world import Exchange
from tests.engine.world import ADDRESSES, HOST, PORT, World

CONFIGURATION = f"""
listen: ["udp:{HOST}:{PORT}", "tcp:{HOST}:{PORT}"]
trunks:
  - {{name: pbx, peers: ["udp:{ADDRESSES["pbx"]}:5060"], trusted: true, reliable: "off"}}
  - name: isdn
    protocol: isdn
    link: "udp:127.0.0.1:21001>127.0.0.1:21000"
    access: basic
    bus: true
    side: SIDE
    trusted: true
MORE
routes:
  - {{match: "2xxx", to: pbx}}
  - {{match: "*", to: isdn}}
"""
_LAYER_2 = DataLinkSettings(k=1, tei=None)


def _settings(side: Side) -> InterfaceSettings:
    channels = (BChannel(0, 1), BChannel(0, 2))
    return InterfaceSettings(
        side, variant("euroisdn"), channels, access="basic", multipoint=True, exclusive=side is Side.NETWORK
    )


class Terminal(Exchange):
    """One of the terminals of the gateway's bus; all of them hear what the gateway sends."""

    def __init__(self, world: "BusWorld", name: str, tei: int | None = None) -> None:
        self.world = world
        self.heard: list[tuple[str, Any, Any]] = []
        numbers = count(1)
        layer_2 = DataLinkSettings(k=1, tei=tei)
        timers = world.gateway._timers
        self.interface = OnBus(  # type: ignore[assignment]
            _settings(Side.USER), timers, self._send, self, lambda: f"{name}{next(numbers)}", layer_2
        )
        self.control = self.interface.control
        self.interface.start(world.now)


class Network(Exchange):
    """The network's side of a bus on which the gateway is a terminal."""

    def __init__(self, world: "BusWorld") -> None:
        self.world = world
        self.heard = []
        timers = world.gateway._timers
        self.interface = Bus(_settings(Side.NETWORK), timers, self._send, self, _LAYER_2)  # type: ignore[assignment]
        self.control = self.interface.control
        self.interface.start(world.now)


class BusWorld(World):
    """A world with a bus; `side` is the gateway's. `on_the_bus` are the others, who hear all that it sends."""

    def __init__(
        self, folder: Path, side: str = "network", more: str = "", *, snapshots: list[dict[str, Any]] | None = None
    ) -> None:
        self.on_the_bus: list[Exchange] = []
        text = CONFIGURATION.replace("SIDE", side).replace("MORE", more)
        super().__init__(folder, text, snapshots=snapshots)
        self.pbx = self.party("pbx")

    def frame_sent(self, trunk: str, frame: bytes) -> None:
        for each in self.on_the_bus:
            each.receive(frame)
