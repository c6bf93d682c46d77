"""The whole gateway as application server process: Q.931 by IUA through a signalling gateway (RFC 4233)."""

from pathlib import Path
from typing import Any

from gateway.isdn.call_control import InterfaceSettings
from gateway.isdn.channels import BChannel
from gateway.isdn.data_link_user import DataLinkSettings
from gateway.isdn.interface import PointToPoint
from gateway.isdn.side import Side
from gateway.isdn.variant import variant
from gateway.model.causes import Cause
from tests.engine.isdn_world import Exchange
from tests.engine.world import ADDRESSES, HOST, PORT, World
from tests.peers import signalling_gateway as iua
from tests.peers.signalling_gateway import Interface, SignallingGateway

CONFIGURATION = f"""
listen: ["udp:{HOST}:{PORT}", "tcp:{HOST}:{PORT}"]
trunks:
  - {{name: pbx, peers: ["udp:{ADDRESSES["pbx"]}:5060"], trusted: true, reliable: "off"}}
  - {{name: one, protocol: isdn, link: "iua+tcp:192.0.2.9:9900/1", channels: "1-4", trusted: true}}
  - {{name: two, protocol: isdn, link: "iua+tcp:192.0.2.9:9900/2", channels: "1-4", trusted: true}}
routes:
  - {{match: "2xxx", to: pbx}}
  - {{match: "6*", to: two}}
  - {{match: "*", to: one}}
"""


class Behind(Exchange):
    """The exchange behind an interface of the signalling gateway."""

    def __init__(self, world: "IuaWorld", number: int) -> None:
        self.world = world
        self.heard: list[tuple[str, Any, Any]] = []
        timers = world.gateway._timers
        settings = InterfaceSettings(
            Side.NETWORK, variant("euroisdn"), tuple(BChannel(0, number) for number in range(1, 5))
        )
        self.at_gateway: Interface = world.sg.interface(
            number,
            Side.USER,
            lambda frame: self.soon(lambda: self.interface.receive(frame, world.now)),
            DataLinkSettings(retry=2.0),
        )
        self.interface = PointToPoint(
            settings,
            timers,
            lambda frame: self.soon(lambda: self.at_gateway.link.receive(frame, world.now)),
            self,
            DataLinkSettings(retry=2.0),
        )
        self.control = self.interface.control

    def soon(self, act: Any) -> None:
        self.world.gateway._timers.start(self.world.now, lambda now: act())


class IuaWorld(World):
    """Two trunks on one association with a signalling gateway."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, CONFIGURATION)
        self.pbx = self.party("pbx")
        timers = self.gateway._timers
        self.sg = SignallingGateway(timers, self._say)
        self.one, self.two = Behind(self, 1), Behind(self, 2)
        self.gateway.start(self.now)
        self.connect()
        assert self.wait(5, lambda: self.gateway.isdn.lines["one"].is_up and self.gateway.isdn.lines["two"].is_up)

    def _say(self, octets: bytes) -> None:
        self.gateway._timers.start(self.now, lambda now: self.gateway.receive_frame("one", octets, now))

    def connect(self) -> None:
        """The association comes up."""
        self.sg.associated()
        self.gateway.line_changed("one", True, self.now)

    def frame_sent(self, trunk: str, frame: bytes) -> None:
        assert trunk == "one", "the association goes by the name of its first trunk"
        self.gateway._timers.start(self.now, lambda now: self.sg.receive(frame, now))


def test_the_order_of_things(tmp_path: Path) -> None:
    """ASP Up, ASP Active, and an Establish Request for each interface."""
    world = IuaWorld(tmp_path)
    assert world.sg.heard[:4] == [iua.ASPUP, iua.ASPAC, iua.ESTABLISH_REQUEST, iua.ESTABLISH_REQUEST]


def test_calls_both_ways_on_both_interfaces(tmp_path: Path) -> None:
    world = IuaWorld(tmp_path)
    for exchange, digits in ((world.one, "5551"), (world.two, "6661")):
        line = world.pbx.invite(digits)
        call, _ = exchange.expect("SETUP")
        call.proceeding(world.now)
        call.connect(world.now)
        line.established()
        line.hang_up()
        exchange.expect("released")
        call = exchange.setup("2001")
        world.pbx.ring("2001").answer()
        exchange.expect("CONNECT")
        call.disconnect(Cause(16), world.now)
        world.pbx.expect("BYE")
        assert exchange.heard


def test_a_call_outlives_the_association(tmp_path: Path) -> None:
    """T309 runs while the data link is not to be had (Q.931 5.8.9)."""
    world = IuaWorld(tmp_path)
    line = world.pbx.invite("5551")
    call, _ = world.one.expect("SETUP")
    call.connect(world.now)
    line.established()
    world.gateway.line_changed("one", False, world.now)
    assert not world.gateway.isdn.lines["one"].is_up
    world.pbx.invite("5552").expect("503")
    world.wait(20)
    world.connect()
    world.wait(5)
    assert world.gateway.isdn.lines["one"].is_up
    line.hang_up()
    _, cause = world.one.expect("released")
    assert cause.value == 16


def test_an_association_that_stays_away_ends_the_call(tmp_path: Path) -> None:
    world = IuaWorld(tmp_path)
    line = world.pbx.invite("5551")
    call, _ = world.one.expect("SETUP")
    call.connect(world.now)
    line.established()
    world.gateway.line_changed("one", False, world.now)
    line.hung_up(seconds=100)


def test_a_data_link_that_the_isdn_takes_down_is_asked_for_again(tmp_path: Path) -> None:
    world = IuaWorld(tmp_path)
    world.one.interface.link.release(world.now)
    assert world.wait(1, lambda: not world.gateway.isdn.lines["one"].is_up)
    assert world.gateway.isdn.lines["two"].is_up
    assert world.wait(10, lambda: world.gateway.isdn.lines["one"].is_up)


def test_another_process_takes_over_and_fails(tmp_path: Path) -> None:
    world = IuaWorld(tmp_path)
    world.sg.replace()
    assert world.wait(1, lambda: not world.gateway.isdn.lines["one"].is_up)
    world.sg.give_back()
    assert world.wait(10, lambda: world.gateway.isdn.lines["one"].is_up)
    assert ("isdn.iua", {"level": "warning", "trunk": "one", "what": "notify", "code": 0x20002}) in world.told


def test_a_gateway_that_falls_silent_and_speaks_again(tmp_path: Path) -> None:
    world = IuaWorld(tmp_path)
    world.sg.is_silent = True
    assert world.wait(60, lambda: not world.gateway.isdn.lines["one"].is_up)
    world.sg.is_silent = False
    assert world.wait(10, lambda: world.gateway.isdn.lines["one"].is_up)
    world.pbx.invite("5551")
    assert world.one.expect("SETUP")


def test_octets_that_are_nothing(tmp_path: Path) -> None:
    world = IuaWorld(tmp_path)
    for octets in (b"", b"\x01", b"\x01\x00\x05\x02\x00\x00\x00\x08", bytes(40)):
        world.gateway.receive_frame("one", octets, world.now)
    assert world.gateway.isdn.lines["one"].is_up
