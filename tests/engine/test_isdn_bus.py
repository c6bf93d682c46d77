"""A basic access with several terminals (Q.921 5.3, Q.931 5.2): offered to all, connected to one."""

from pathlib import Path

from gateway.model.causes import Cause
from tests.engine.bus_world import BusWorld, Network, Terminal


def two_terminals(folder: Path) -> tuple[BusWorld, Terminal, Terminal]:
    world = BusWorld(folder)
    first, second = Terminal(world, "a"), Terminal(world, "b")
    world.on_the_bus += [first, second]
    world.gateway.start(world.now)
    world.wait(1)
    return world, first, second


def test_a_call_is_offered_to_all_and_the_first_who_connects_has_it(tmp_path: Path) -> None:
    world, first, second = two_terminals(tmp_path)
    line = world.pbx.invite("5551")
    one, _ = first.expect("SETUP")
    other, _ = second.expect("SETUP")
    one.alerting(world.now)
    line.expect("180")
    other.alerting(world.now)
    other.connect(world.now)
    line.established()
    second.expect("CONNECT ACKNOWLEDGE")
    _, cause = first.expect("released")
    assert cause.value == 26  # non-selected user clearing
    line.hang_up()
    second.expect("released")
    assert world.gateway.isdn.lines["isdn"].idle == 2


def test_each_terminal_has_a_tei_of_its_own(tmp_path: Path) -> None:
    world, first, second = two_terminals(tmp_path)
    for terminal, digits in ((first, "2001"), (second, "2002")):
        terminal.setup(digits)
        theirs = world.pbx.ring(digits)
        theirs.answer()
        terminal.expect("CONNECT")
    assert sorted(world.gateway.isdn.lines["isdn"].interface.links.links) == [64, 65]  # type: ignore[attr-defined]
    assert world.gateway.isdn.lines["isdn"].idle == 0
    world.pbx.invite("5551").expect("503")


def test_the_last_refusal_that_matters_is_told(tmp_path: Path) -> None:
    """User busy counts more than a rejection (Q.931 5.2.5.3)."""
    world, first, second = two_terminals(tmp_path)
    line = world.pbx.invite("5551")
    first.expect("SETUP")[0].disconnect(Cause(17), world.now)
    second.expect("SETUP")[0].disconnect(Cause(21), world.now)
    line.expect("486")


def test_nobody_is_there(tmp_path: Path) -> None:
    """T303 twice, then no user responding (Q.931 5.2.5.3), which is 408 (RFC 3398 §8.2.6.1)."""
    world = BusWorld(tmp_path)
    world.gateway.start(world.now)
    world.pbx.invite("5551").expect("408")


def test_a_terminal_with_a_tei_of_its_own_choice(tmp_path: Path) -> None:
    world = BusWorld(tmp_path)
    terminal = Terminal(world, "a", tei=5)
    world.on_the_bus.append(terminal)
    world.gateway.start(world.now)
    terminal.setup("2001")
    world.pbx.ring("2001").answer()
    terminal.expect("CONNECT")
    assert list(world.gateway.isdn.lines["isdn"].interface.links.links) == [5]  # type: ignore[attr-defined]


def test_a_call_outlives_a_restart_and_its_terminal_keeps_its_tei(tmp_path: Path) -> None:
    world, first, _ = two_terminals(tmp_path)
    call = first.setup("2001")
    theirs = world.pbx.ring("2001")
    theirs.answer()
    first.expect("CONNECT")
    snapshots = [snapshot for _, snapshot in world.gateway.changes() if snapshot]
    again = BusWorld(tmp_path)
    again.now = world.now + 5
    again.gateway.restore([(f"call{number}", each) for number, each in enumerate(snapshots)], again.now)
    again.on_the_bus.append(first)
    first.world = again
    timers = again.gateway._timers
    first.interface._terminal.link._timers = first.control.timers = timers  # type: ignore[attr-defined]
    first.interface._terminal.teis._timers = timers  # type: ignore[attr-defined]
    again.gateway.start(again.now)
    again.wait(20)
    assert call.is_active
    assert first.interface.link.tei == 64
    call.disconnect(Cause(16), again.now)
    again.pbx.expect("BYE")


def as_terminal(folder: Path, more: str = "") -> tuple[BusWorld, Network]:
    world = BusWorld(folder, "user", more)
    network = Network(world)
    world.on_the_bus.append(network)
    world.gateway.start(world.now)
    world.wait(1)
    return world, network


def test_as_a_terminal_we_call(tmp_path: Path) -> None:
    """The TEI is asked for, and the link established, by the first call."""
    world, network = as_terminal(tmp_path)
    line = world.pbx.invite("5551")
    call, _ = network.expect("SETUP")
    call.proceeding(world.now)
    call.connect(world.now)
    line.established()
    line.hang_up()
    network.expect("released")
    assert list(network.interface.links.links) == [64]  # type: ignore[attr-defined]


def test_as_a_terminal_we_are_called(tmp_path: Path) -> None:
    """The SETUP comes to all (T303 would repeat it), the answer on a link of our own."""
    world, network = as_terminal(tmp_path)
    call = network.setup("2001")
    theirs = world.pbx.ring("2001")
    network.expect("ALERTING")
    theirs.answer()
    network.expect("CONNECT")
    assert call.link == 64
    theirs.hang_up()
    network.expect("released")


def test_as_a_terminal_with_a_fixed_tei(tmp_path: Path) -> None:
    world, network = as_terminal(tmp_path, "    tei: 7")
    line = world.pbx.invite("5551")
    call, _ = network.expect("SETUP")
    call.connect(world.now)
    line.established()
    assert call.link == 7


def test_as_a_terminal_we_keep_our_tei_and_call_over_a_restart(tmp_path: Path) -> None:
    world, network = as_terminal(tmp_path)
    line = world.pbx.invite("5551")
    call, _ = network.expect("SETUP")
    call.connect(world.now)
    line.established()
    again = BusWorld(tmp_path, "user")
    again.now = world.now
    snapshots = [(f"call{number}", each) for number, (_, each) in enumerate(world.gateway.changes()) if each]
    assert not again.gateway.restore(snapshots, again.now)
    world.wait(5)
    world.on_the_bus.clear()
    world.gateway, again.gateway = again.gateway, world.gateway
    timers = world.gateway._timers
    network.control.timers = network.interface.links._timers = timers  # type: ignore[attr-defined]
    network.interface.links.links[64]._timers = timers  # type: ignore[attr-defined]
    network.interface.links.teis._timers = timers  # type: ignore[attr-defined]
    again.on_the_bus.append(network)
    world.gateway.start(world.now)
    world.wait(20)
    assert world.gateway.isdn.lines["isdn"].interface.tei == 64
    assert call.is_active
    call.disconnect(Cause(16), world.now)
    assert world.wait(40, lambda: again.pbx.has("BYE") is not None), again.pbx.inbox


def test_no_line_no_calls(tmp_path: Path) -> None:
    world, _ = as_terminal(tmp_path)
    world.gateway.line_changed("isdn", False, world.now)
    world.pbx.invite("5551").expect("503")
    world.gateway.line_changed("isdn", True, world.now)
    assert world.gateway.isdn.lines["isdn"].is_up
    assert ("isdn.line", {"level": "warning", "trunk": "isdn", "up": False}) in world.told


def test_without_a_number_nobody_is_called(tmp_path: Path) -> None:
    _, network = as_terminal(tmp_path)
    network.setup("")
    _, cause = network.expect("released")
    assert cause.value == 28
