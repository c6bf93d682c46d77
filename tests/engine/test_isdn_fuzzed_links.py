"""Anything may come over a link, of whatever kind: nothing inside goes wrong, and calls go through afterwards.

A fault inside would be logged, and these worlds fail on that line of the log.
"""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.isdn import lapd_frame
from gateway.isdn.iua_message import IuaMessage, Kind, Tag, of_interface, of_link, of_number
from gateway.isdn.lapd_frame import CALL_CONTROL_SAPI, MANAGEMENT_SAPI
from gateway.isdn.lapd_frame import Kind as Frame
from gateway.isdn.q931 import MessageType
from gateway.isdn.side import Side
from gateway.isdn.tei_message import TeiMessage, TeiMessageType
from tests.engine.bus_world import BusWorld, Network, Terminal
from tests.engine.isdn_world import IsdnWorld
from tests.engine.test_isdn_backhaul import SETUP, BackhaulWorld
from tests.engine.test_isdn_iua import IuaWorld
from tests.engine.world import World

_TIMES = 4_000
_TEIS = (0, 5, 64, 65, 126, 127)
_Q931 = bytes.fromhex("0802000105a1040380 90a318 03a98381700580323030 31".replace(" ", ""))


def spoiled(octets: bytes, chance: random.Random) -> bytes:
    """Octets changed, cut off or added."""
    found = bytearray(octets)
    for _ in range(chance.choice((0, 0, 1, 2, 5))):
        if found:
            found[chance.randrange(len(found))] = chance.randrange(256)
    if chance.random() < 0.2:
        del found[chance.randint(0, len(found)) :]
    if chance.random() < 0.2:
        found += chance.randbytes(chance.choice((1, 4, 300)))
    return bytes(found)


def frame(chance: random.Random) -> bytes:
    """A LAPD frame of any kind, with anything in it."""
    sapi = chance.choice((CALL_CONTROL_SAPI, CALL_CONTROL_SAPI, MANAGEMENT_SAPI, 16))
    of = lapd_frame.address(sapi, chance.choice(_TEIS), c_r=chance.random() < 0.5)
    what = chance.random()
    if what < 0.35:
        numbers = chance.randrange(128), chance.choice((0, 0, 1, chance.randrange(128)))
        return lapd_frame.information(of, *numbers, spoiled(_Q931, chance), poll=chance.random() < 0.5)
    if what < 0.5:
        kind = chance.choice((Frame.RR, Frame.RNR, Frame.REJ))
        return lapd_frame.supervisory(of, kind, chance.randrange(128), poll_final=chance.random() < 0.5)
    if what < 0.7:
        kind = chance.choice((Frame.SABME, Frame.DISC, Frame.UA, Frame.DM, Frame.FRMR, Frame.XID, Frame.UI))
        return lapd_frame.unnumbered(of, kind, chance.randbytes(chance.choice((0, 0, 5, 40))), poll_final=True)
    if what < 0.9:
        message = TeiMessage(chance.choice(tuple(TeiMessageType)), chance.randrange(1 << 16), (chance.choice(_TEIS),))
        return message.frame(chance.choice(tuple(Side)))
    return chance.randbytes(chance.randint(0, 40))


def message(chance: random.Random) -> bytes:
    """An IUA message of any kind."""
    known = [
        of_interface(chance.choice((1, 2, 3, "x"))),
        of_link(chance.choice(_TEIS)),
        of_number(Tag.STATUS, chance.choice((0x10002, 0x10003, 0x20002, 7))),
        of_number(Tag.ERROR_CODE, chance.randrange(20)),
        (int(Tag.PROTOCOL_DATA), spoiled(_Q931, chance)),
        (int(Tag.HEARTBEAT_DATA), b"1"),
        (chance.randrange(1 << 16), chance.randbytes(chance.randint(0, 9))),
    ]
    kind = chance.choice((*Kind, chance.randrange(1 << 16)))
    return IuaMessage(kind, tuple(chance.sample(known, chance.randint(0, len(known))))).encoded()


def fuzz(world: World, trunk: str, made: Callable[[random.Random], bytes]) -> None:
    chance = random.Random(trunk + made.__name__)
    for _ in range(_TIMES):
        octets = made(chance)
        world.gateway.receive_frame(trunk, spoiled(octets, chance) if chance.random() < 0.4 else octets, world.now)
        world.wait(chance.choice((0.0, 0.0, 0.1, 3.0)))
        for party in world.parties.values():
            party.inbox.clear()
    world.wait(400)


@pytest.mark.parametrize("side", ["user", "network"])
def test_point_to_point(tmp_path: Path, side: str) -> None:
    world = IsdnWorld(tmp_path, side=side)
    world.exchange = None
    fuzz(world, "isdn", frame)
    world.exchange = world.switch
    world.switch.interface.start(world.now)
    world.wait(60)
    world.switch.heard.clear()
    world.switch.control.restart(world.now)
    world.wait(300)
    world.switch.setup("2001")
    assert world.pbx.expect("INVITE")


def test_the_network_of_a_bus(tmp_path: Path) -> None:
    world = BusWorld(tmp_path)
    world.gateway.start(world.now)
    fuzz(world, "isdn", frame)
    terminal = Terminal(world, "a")
    world.on_the_bus.append(terminal)
    world.wait(60)
    terminal.setup("2001")
    assert world.pbx.expect("INVITE")


def test_a_terminal_on_a_bus(tmp_path: Path) -> None:
    world = BusWorld(tmp_path, "user")
    world.gateway.start(world.now)
    fuzz(world, "isdn", frame)
    network = Network(world)
    world.on_the_bus.append(network)
    world.wait(60)
    network.setup("2001")
    assert world.pbx.expect("INVITE")


def test_iua(tmp_path: Path) -> None:
    world = IuaWorld(tmp_path)
    fuzz(world, "one", message)
    world.gateway.line_changed("one", False, world.now)
    world.connect()
    world.wait(60)
    world.two.setup("2001")
    assert world.pbx.expect("INVITE")


def test_backhaul(tmp_path: Path) -> None:
    world = BackhaulWorld(tmp_path)
    world.gateway.line_changed("one", True, world.now)

    def backhauled(chance: random.Random) -> bytes:
        return spoiled(SETUP, chance)

    fuzz(world, "one", backhauled)
    world.gateway.line_changed("one", False, world.now)
    world.wait(400)
    world.gateway.line_changed("one", True, world.now)
    for _ in range(60):
        answer_restart(world)
    world.hear_gateway(SETUP)
    assert world.pbx.expect("INVITE")


def answer_restart(world: BackhaulWorld) -> None:
    """The last RESTART, if there is one (T316 sends it again until it is answered)."""
    world.said.clear()
    world.wait(130)
    for octets in world.said[-1:]:
        if octets[16] == MessageType.RESTART:
            answer = octets[12:14] + b"\x80\x00" + bytes((MessageType.RESTART_ACKNOWLEDGE,)) + octets[17:]
            world.hear_gateway(SETUP[:10] + len(answer).to_bytes(2) + answer)
