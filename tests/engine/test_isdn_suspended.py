"""A terminal is unplugged with SUSPEND and the call taken up at another one with RESUME (Q.931 5.6)."""

from pathlib import Path

import pytest

from gateway.isdn.call import IsdnCall
from gateway.isdn.elements import CallState
from gateway.isdn.q931 import Identifier, InformationElement, Message, MessageType
from tests.engine.bus_world import BusWorld, Terminal
from tests.engine.world import Line

NAME = InformationElement(Identifier.CALL_IDENTITY, b"A1")


def up(folder: Path) -> tuple[BusWorld, Line, Terminal, Terminal, IsdnCall]:
    """A call of the first of two terminals to the PBX."""
    world = BusWorld(folder)
    first, second = Terminal(world, "a"), Terminal(world, "b")
    world.on_the_bus += [first, second]
    world.gateway.start(world.now)
    call = first.setup("2001")
    line = world.pbx.ring("2001")
    line.answer()
    first.expect("CONNECT")
    second.setup("2002")  # It has a TEI and a data link then.
    world.pbx.ring("2002").reply(486)
    world.wait(1)
    return world, line, first, second, call


def says(terminal: Terminal, kind: MessageType, reference: int) -> None:
    """A message that our own call control never sends."""
    message = Message(kind, reference, False, (NAME,), 1)
    terminal.control.send_global(message, 0, terminal.world.now)


def taken_up(terminal: Terminal, reference: int) -> IsdnCall:
    """The call as the terminal that resumes it has it."""
    call = IsdnCall(terminal.control, terminal, reference, 0, is_originating=True)
    terminal.control.keep(call)
    call.begin(CallState.ACTIVE, terminal.world.now)
    return call


def test_the_other_side_is_on_hold_until_the_call_is_taken_up(tmp_path: Path) -> None:
    world, line, first, second, call = up(tmp_path)
    says(first, MessageType.SUSPEND, call.call_reference)
    assert b"a=inactive" in line.reinvited().body
    (leg,) = world.gateway.isdn.lines["isdn"].legs
    assert leg.call.state is CallState.SUSPEND_REQUEST
    resumed = taken_up(second, 77)
    says(second, MessageType.RESUME, 77)
    assert b"a=sendrecv" in line.reinvited().body
    assert (leg.call.state, leg.call.call_reference) == (CallState.ACTIVE, 77)
    line.hang_up()
    world.wait(2)
    assert resumed.state is CallState.NULL
    assert world.gateway.idle


@pytest.mark.parametrize("seconds", [1, 181])
def test_a_call_that_nobody_takes_up(seconds: int, tmp_path: Path) -> None:
    """The other side hangs up, or T307 runs out."""
    world, line, first, _, call = up(tmp_path)
    says(first, MessageType.SUSPEND, call.call_reference)
    line.reinvited()
    world.wait(seconds - 2)
    if seconds < 2:
        line.hang_up()
    else:
        assert "cause=102" in (line.hung_up().headers.get("reason") or "")
    world.wait(1)
    assert world.gateway.idle
    assert world.gateway.isdn.lines["isdn"].idle == 2
