"""One D channel for the B-channels of several interfaces (NFAS: non-facility associated signalling, Q.931 4.5.13)."""

from pathlib import Path
from typing import Any

from gateway.isdn.call_control import InterfaceSettings
from gateway.isdn.channels import BChannel
from gateway.isdn.data_link_user import DataLinkSettings
from gateway.isdn.elements import BEARERS, decode_channel
from gateway.isdn.interface import PointToPoint
from gateway.isdn.q931 import Identifier, InformationElement, Message
from gateway.isdn.side import Side
from gateway.isdn.variant import variant
from gateway.model.causes import Cause
from tests.engine.isdn_world import Exchange, called
from tests.engine.world import ADDRESSES, HOST, PORT, World

CONFIGURATION = f"""
listen: ["udp:{HOST}:{PORT}", "tcp:{HOST}:{PORT}"]
trunks:
  - {{name: pbx, peers: ["udp:{ADDRESSES["pbx"]}:5060"], trusted: true, reliable: "off"}}
  - {{name: carrier, peers: ["udp:{ADDRESSES["carrier"]}:5060"], trusted: true, reliable: "off"}}
  - {{name: second, protocol: isdn, variant: ni2, nfas: main, interface: 1, channels: "1-2", trusted: true}}
  - name: main
    protocol: isdn
    variant: ni2
    link: "udp:127.0.0.1:21001>127.0.0.1:21000"
    interface: 3
    channels: "1-2"
    trusted: true
routes:
  - {{from: main, match: "2xxx", to: pbx}}
  - {{from: second, match: "2xxx", to: carrier}}
  - {{match: "6*", to: second}}
  - {{match: "*", to: main}}
"""
CHANNELS = tuple(BChannel(interface, number) for interface in (3, 1) for number in (1, 2))


class Network(Exchange):
    """The exchange at the other end of the D channel."""

    def __init__(self, world: "NfasWorld") -> None:
        self.world = world
        self.heard: list[tuple[str, Any, Any]] = []
        settings = InterfaceSettings(Side.NETWORK, variant("ni2"), CHANNELS, explicit=True)
        self.interface = PointToPoint(settings, world.gateway._timers, self._send, self, DataLinkSettings())
        self.control = self.interface.control

    def _send(self, frame: bytes) -> None:
        world = self.world
        world.gateway._timers.start(world.now, lambda now: world.gateway.receive_frame("main", frame, now))


class NfasWorld(World):
    """Trunks `main` (interface 3, with the D channel) and `second` (interface 1)."""

    def __init__(self, folder: Path) -> None:
        self.network: Network | None = None
        super().__init__(folder, CONFIGURATION)
        self.pbx, self.carrier = self.party("pbx"), self.party("carrier")
        self.switch = self.network = Network(self)
        self.gateway.start(self.now)
        assert self.wait(5, lambda: self.switch.control.is_up() and self.gateway.isdn.lines["second"].is_up)

    def frame_sent(self, trunk: str, frame: bytes) -> None:
        assert trunk == "main"
        if self.network is not None:
            self.network.receive(frame)

    def idle(self) -> dict[str, int]:
        return {name: line.idle for name, line in self.gateway.isdn.lines.items()}


def named(message: Message) -> tuple[bytes, tuple[int, ...]]:
    """The interface and the channels of a message."""
    contents = message.contents(Identifier.CHANNEL_IDENTIFICATION)
    assert contents is not None
    found = decode_channel(contents)
    return found.interface, found.channels


def test_calls_of_a_trunk_are_on_its_interface(tmp_path: Path) -> None:
    world = NfasWorld(tmp_path)
    world.pbx.invite("5551")
    _, setup = world.switch.expect("SETUP")
    assert named(setup) == (b"\x83", (1,))
    world.pbx.invite("6661")
    _, setup = world.switch.expect("SETUP")
    assert named(setup) == (b"\x81", (1,))
    assert world.idle() == {"main": 1, "second": 1}


def test_a_trunk_is_full_when_its_interface_is(tmp_path: Path) -> None:
    world = NfasWorld(tmp_path)
    for _ in range(2):
        world.pbx.invite("6661")
        world.switch.expect("SETUP")
    world.pbx.invite("6661").expect("503")
    world.pbx.invite("5551")
    assert world.switch.expect("SETUP")


def test_calls_that_come_are_of_the_trunk_whose_channel_they_have(tmp_path: Path) -> None:
    world = NfasWorld(tmp_path)
    ours = world.switch.control.setup(_setup("2001"), world.now, channel=BChannel(1, 2))
    theirs = world.carrier.ring("2001")
    assert world.idle() == {"main": 2, "second": 1}
    theirs.answer()
    world.switch.expect("CONNECT")
    ours.disconnect(Cause(16), world.now)
    theirs.hung_up()
    world.switch.control.setup(_setup("2001"), world.now, channel=BChannel(3, 1))
    world.pbx.ring("2001")
    assert world.idle() == {"main": 1, "second": 2}


def test_calls_of_both_trunks_outlive_a_restart(tmp_path: Path) -> None:
    world = NfasWorld(tmp_path)
    for digits in ("5551", "6661"):
        line = world.pbx.invite(digits)
        call, _ = world.switch.expect("SETUP")
        call.connect(world.now)
        line.established()
    snapshots = [(f"call{number}", each) for number, (_, each) in enumerate(world.gateway.changes()) if each]
    again = NfasWorld(tmp_path)
    again.gateway.restore(snapshots, again.now)
    assert again.idle() == {"main": 1, "second": 1}


def test_a_restart_of_one_interface_leaves_the_other_alone(tmp_path: Path) -> None:
    """RESTART with class "single interface" and the interface named (Q.931 4.5.25, 5.5)."""
    world = NfasWorld(tmp_path)
    lines = []
    for digits in ("5551", "6661"):
        lines.append(world.pbx.invite(digits))
        call, _ = world.switch.expect("SETUP")
        call.connect(world.now)
        lines[-1].established()
    world.switch.control.restart(world.now, (BChannel(1, 1),))
    lines[1].hung_up()
    assert world.gateway.isdn.lines["main"].legs
    assert not world.gateway.isdn.lines["second"].legs


def _setup(digits: str) -> tuple[InformationElement, ...]:
    return (InformationElement(Identifier.BEARER_CAPABILITY, BEARERS["speech mu-law"]), called(digits))
