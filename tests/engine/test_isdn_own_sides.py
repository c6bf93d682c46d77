"""Transfers between two sides of our own: one gateway is the user of a D channel and the network at its other end.

A phone of the PBX calls 5551 and 5552, which go out on the trunk `own`, come in on the trunk `far`, and are answered
by the carrier. What libpri does not answer is seen from both ends here: QSIG single step and rerouteing, NI-2 as the
network.
"""

from pathlib import Path

import pytest

from gateway.isdn.call import IsdnCall
from gateway.isdn.q931 import decode
from gateway.model.causes import Cause
from gateway.model.parties import Number, Party
from gateway.model.transfer import (
    CallReference,
    Consultation,
    IdentityGranted,
    IdentityRequest,
    Outcome,
    Redirection,
    TransferKind,
    TransferOutcome,
    TransferRequest,
)
from tests.engine.isdn_stage import DIALECTS
from tests.engine.isdn_world import Exchange
from tests.engine.test_isdn_calls import COMPLETE
from tests.engine.test_isdn_transfers import execute, facility, linked, outcome, read, single_step
from tests.engine.world import ADDRESSES, HOST, PORT, Line, World

LINKED = {"own": "far", "far": "own", "own2": "far2", "far2": "own2"}
CONFIGURATION = f"""
listen: ["udp:{HOST}:{PORT}", "tcp:{HOST}:{PORT}"]
LADDER
trunks:
  - {{name: pbx, peers: ["udp:{ADDRESSES["pbx"]}:5060"], trusted: true, reliable: "off"}}
  - {{name: carrier, peers: ["udp:{ADDRESSES["carrier"]}:5060"], trusted: true, reliable: "off"}}
  - {{name: own, protocol: isdn, link: "udp:127.0.0.1:1>127.0.0.1:2", KIND, side: user, channels: "1-4", group: one}}
  - {{name: far, protocol: isdn, transfer: consume, link: "udp:127.0.0.1:2>127.0.0.1:1",
      KIND, side: network, channels: "1-4", group: two}}
  - {{name: own2, protocol: isdn, link: "udp:127.0.0.1:3>127.0.0.1:4", KIND, side: user, channels: "1-4", group: one}}
  - {{name: far2, protocol: isdn, transfer: consume, link: "udp:127.0.0.1:4>127.0.0.1:3",
      KIND, side: network, channels: "1-4", group: two}}
  - {{name: isdn, protocol: isdn, link: "udp:127.0.0.1:5>127.0.0.1:6",
      side: network, channels: "1-4", variant: PBX}}
routes:
  - {{from: far, match: "5xxx", to: carrier}}
  - {{from: far2, match: "6xxx", to: carrier}}
  - {{match: "2xxx", to: pbx}}
  - {{match: "5xxx", to: own}}
  - {{match: "6xxx", to: own2}}
  - {{match: "7xxx", to: isdn}}
"""
OWN_LADDER = """
source: a test
services: {ect-implicit: {response: 4}, qsig-rerouteing: {response: 4}}
rows:
  - {kind: blind, rungs: [invite]}
  - {kind: ringing, rungs: [join]}
  - {kind: answered, rungs: [ect-implicit, qsig-rerouteing, join]}
"""


class BothSides(World):
    """The whole of it. `wires` are the frames that went over a D channel, by the trunk that has sent them."""

    def __init__(self, folder: Path, kind: str, *, ladder: str = "", pbx: str = "euroisdn") -> None:
        (folder / "own.yaml").write_text(OWN_LADDER)
        text = CONFIGURATION.replace("KIND", f"variant: {kind}").replace("LADDER", ladder and f"ladder: {ladder}")
        text = text.replace("PBX", pbx)
        self.exchange: Exchange | None = None
        self.wires: list[tuple[str, bytes]] = []
        super().__init__(folder, text)
        self.pbx, self.carrier = self.party("pbx"), self.party("carrier")
        self.switch = self.exchange = Exchange(self, self.gateway.isdn.lines["isdn"].side.other, pbx)
        self.gateway.start(self.now)
        assert self.wait(5, lambda: all(line.is_up for line in self.gateway.isdn.lines.values()))

    def frame_sent(self, trunk: str, frame: bytes) -> None:
        self.wires.append((trunk, frame))
        if trunk in LINKED:
            timers = self.gateway._timers
            timers.start(self.now, lambda now: self.gateway.receive_frame(LINKED[trunk], frame, now))
        elif self.exchange is not None:
            self.exchange.receive(frame)

    def call(self, number: str) -> tuple[Line, Line]:
        """A call of the PBX through the D channel to the carrier: both ends."""
        line = self.pbx.invite(number)
        there = self.carrier.ring(number)
        there.answer()
        line.established()
        self.wait(0.1)
        return line, there

    def facilities(self, trunk: str) -> int:
        """How many FACILITY messages that trunk has sent."""
        return sum(1 for each, frame in self.wires if each == trunk and _is_facility(frame))

    def messages(self) -> list[bytes]:
        """All Q.931 messages between `own` and `far`."""
        return [frame[4:] for trunk, frame in self.wires if trunk in LINKED and len(frame) > 8 and not frame[2] & 1]

    def ends(self, method: str, seen: str, *, kind: str = "attended") -> None:
        """All is over, nothing is left, and both sides have written down what it was."""
        assert self.wait(60, lambda: not self.gateway.hub.transfers.running)
        records = {record.trunks["transferor"]: record for record in self.records}
        assert (records["pbx"].method, records["pbx"].outcome, records["pbx"].kind) == (method, "succeeded", kind)
        assert (records[seen].outcome, len(records)) == ("succeeded", 2)
        statistics = self.gateway.isdn.statistics()
        assert self.wait(20, self._is_idle), statistics

    def _is_idle(self) -> bool:
        return all(self.gateway.isdn.statistics()[f"channels_idle.{name}"] == 4 for name in LINKED)


def _is_facility(frame: bytes) -> bool:
    if len(frame) < 9 or frame[2] & 1:
        return False
    return decode(frame[4:]).name == "FACILITY"


def refers(line: Line, other: Line, number: str) -> None:
    """REFER with Replaces."""
    replaces = f"{other.call_id};to-tag={other.remote_tag};from-tag={other.local_tag}"
    escaped = replaces.replace(";", "%3B").replace("=", "%3D").replace("@", "%40")
    line.refer(f"<sip:{number}@{HOST}:{PORT}?Replaces={escaped}>")
    line.expect("202")


def talk(world: BothSides, one: Line, other: Line) -> None:
    """The two at the carrier are in one call: who hangs up takes the other along."""
    one.request("BYE")
    other.hung_up()


ASKED_BY = {"dms100": "RLT_OPERATION_IND", "qsig": "callTransferIdentify"}
JOINED_BY = {"ni2": "initiateTransfer", "dms100": "RLT_THIRD_PARTY", "qsig": "callTransferInitiate"}
ATTENDED = [
    ("euroisdn", "", "ect-explicit"),
    ("euroisdn", "own.yaml", "ect-implicit"),
    ("ni2", "", "tbct"),
    ("5ess", "", "tbct"),
    ("4ess", "", "tbct"),
    ("dms100", "", "rlt"),
    ("qsig", "own.yaml", "qsig-rerouteing"),
]


@pytest.mark.parametrize(("kind", "ladder", "method"), ATTENDED)
def test_an_attended_transfer_ends_at_the_other_side(tmp_path: Path, kind: str, ladder: str, method: str) -> None:
    """REFER, the operations of the network, and its clearing of both calls: nothing is left on the D channel."""
    world = BothSides(tmp_path, kind, ladder=ladder and str(tmp_path / ladder))
    transferred(world, method)


def transferred(world: BothSides, method: str) -> None:
    line, one = world.call("5551")
    other, two = world.call("5552")
    refers(line, other, "5552")
    if method == "ect-implicit":
        assert b"a=inactive" in one.reinvited().body
    one.reinvited()
    two.reinvited()
    assert line.outcome()[0] == 200
    other.hung_up()
    line.request("BYE")
    world.ends(method, "far")
    talk(world, one, two)


def test_a_single_step_transfer_ends_at_the_other_side(tmp_path: Path) -> None:
    """ssctInitiate: the other side calls the target, and clears the call when it has answered."""
    world = BothSides(tmp_path, "qsig")
    line, one = world.call("5551")
    line.refer(f"<sip:5553@{HOST}:{PORT}>")
    line.expect("202")
    target = world.carrier.ring("5553")
    target.answer()
    one.reinvited()
    assert line.outcome()[0] == 200
    line.request("BYE")
    world.ends("ssct", "far", kind="blind")
    talk(world, one, target)


def test_a_single_step_transfer_to_a_busy_target(tmp_path: Path) -> None:
    """The error of the other side has a status; the first call goes on."""
    world = BothSides(tmp_path, "qsig")
    line, one = world.call("5551")
    line.refer(f"<sip:5553@{HOST}:{PORT}>")
    line.expect("202")
    world.carrier.reply(world.carrier.expect("INVITE"), 486)
    assert line.outcome()[0] in (480, 486)
    line.request("BYE")
    one.hung_up()


def test_a_join_in_qsig_is_told_at_the_other_side(tmp_path: Path) -> None:
    """callTransferComplete to both; the gateway stays between them."""
    world = BothSides(tmp_path, "qsig")
    line, one = world.call("5551")
    other, two = world.call("5552")
    refers(line, other, "5552")
    assert line.outcome()[0] == 200
    assert world.facilities("own") == 2
    other.hung_up()
    line.request("BYE")
    talk(world, one, two)


def test_a_blind_transfer_is_joined_at_the_other_side_while_the_target_rings(tmp_path: Path) -> None:
    """TBCT of a call that is delivered: the network has both before anybody answers."""
    world = BothSides(tmp_path, "ni2")
    line, one = world.call("5551")
    line.refer(f"<sip:5553@{HOST}:{PORT}>")
    line.expect("202")
    target = world.carrier.ring("5553")
    world.wait(1)
    target.answer()
    one.reinvited()
    assert line.outcome()[0] == 200
    line.request("BYE")
    assert world.wait(60, lambda: not world.gateway.hub.transfers.running)
    talk(world, one, target)


# --- two trunks of one group ---


@pytest.mark.parametrize(("kind", "method"), [("euroisdn", "ect-explicit"), ("dms100", "rlt")])
def test_a_join_across_two_trunks_of_a_group(tmp_path: Path, kind: str, method: str) -> None:
    """The name of a call holds in the whole group."""
    world = BothSides(tmp_path, kind)
    line, one = world.call("5551")
    other, two = world.call("6551")
    refers(line, other, "6551")
    one.reinvited()
    two.reinvited()
    assert line.outcome()[0] == 200
    other.hung_up()
    line.request("BYE")
    world.ends(method, "far")
    talk(world, one, two)


def test_what_names_no_call_of_another_trunk_is_done_here(tmp_path: Path) -> None:
    """TBCT names a call by its reference, which means nothing on another D channel."""
    world = BothSides(tmp_path, "ni2")
    line, one = world.call("5551")
    other, two = world.call("6551")
    refers(line, other, "6551")
    assert line.outcome()[0] == 200
    assert world.facilities("own") == 0
    other.hung_up()
    line.request("BYE")
    talk(world, one, two)


# --- from the ISDN to the ISDN ---


def from_the_pbx(world: BothSides, number: str) -> tuple[IsdnCall, Line]:
    """A call of an ISDN PBX, whose network we are, to the carrier over the other D channel."""
    call = world.switch.setup(number, COMPLETE)
    there = world.carrier.ring(number)
    there.answer()
    world.switch.expect("CONNECT")
    world.wait(0.1)
    return call, there


@pytest.mark.parametrize(("kind", "method"), [("euroisdn", "ect-explicit"), ("ni2", "tbct"), ("dms100", "rlt")])
def test_a_transfer_of_an_isdn_pbx_goes_on_to_the_isdn(tmp_path: Path, kind: str, method: str) -> None:
    """ExplicitEctExecute of the PBX becomes the operation of the other network; its result is the result."""
    world = BothSides(tmp_path, kind)
    first, one = from_the_pbx(world, "5551")
    second, two = from_the_pbx(world, "5552")
    first.facility(world.now, execute(linked(world, second)))  # type: ignore[arg-type]
    one.reinvited()
    two.reinvited()
    assert outcome(world).outcome is Outcome.SUCCEEDED  # type: ignore[arg-type]
    assert {world.switch.expect("DISCONNECT")[0], world.switch.expect("DISCONNECT")[0]} == {first, second}
    assert world.wait(60, lambda: not world.gateway.hub.transfers.running)
    assert {record.method for record in world.records} == {method, "join"}
    talk(world, one, two)


def test_a_held_call_of_an_isdn_pbx(tmp_path: Path) -> None:
    """EctExecute on the held call, carried out by the gateway where the other network has no such service."""
    world = BothSides(tmp_path, "qsig")
    first, one = from_the_pbx(world, "5551")
    first.hold(world.now)
    world.switch.expect("hold")
    second, two = from_the_pbx(world, "5552")
    wanted = TransferRequest(TransferKind.ATTENDED, invoke_id=5)
    first.facility(world.now, facility(wanted))
    found = outcome(world)  # type: ignore[arg-type]
    assert isinstance(found, TransferOutcome)
    assert found.outcome is Outcome.SUCCEEDED
    assert {world.switch.expect("DISCONNECT")[0], world.switch.expect("DISCONNECT")[0]} == {first, second}
    talk(world, one, two)


@pytest.mark.parametrize("pbx", ["ni2", "dms100", "qsig"])
def test_every_way_in_which_an_isdn_pbx_joins(tmp_path: Path, pbx: str) -> None:
    """TBCT, RLT and transfer by rerouteing of the PBX become ECT of the other network."""
    world = BothSides(tmp_path, "euroisdn", pbx=pbx)
    first, one = from_the_pbx(world, "5551")
    second, two = from_the_pbx(world, "5552")
    dialect, target = DIALECTS[pbx], None
    named: Consultation = CallReference(second.call_reference)
    if pbx != "ni2":
        second.facility(world.now, facility(IdentityRequest(invoke_id=1), dialect))
        _, message = world.switch.expect("FACILITY")
        granted = read(message, dialect, {1: ASKED_BY[pbx]})
        assert isinstance(granted, IdentityGranted)
        named, target = granted.identity, granted.target
    wanted = TransferRequest(TransferKind.ATTENDED, target, named, invoke_id=2)
    first.facility(world.now, facility(wanted, dialect))
    one.reinvited()
    two.reinvited()
    _, message = world.switch.expect("FACILITY")
    found = read(message, dialect, {2: JOINED_BY[pbx]})
    assert isinstance(found, TransferOutcome)
    assert found.outcome is Outcome.SUCCEEDED
    assert {world.switch.expect("DISCONNECT")[0], world.switch.expect("DISCONNECT")[0]} == {first, second}
    assert world.wait(60, lambda: not world.gateway.hub.transfers.running)
    assert {record.method for record in world.records} == {"ect-explicit", "join"}
    talk(world, one, two)


def test_a_single_step_of_an_isdn_pbx_goes_on_to_the_isdn(tmp_path: Path) -> None:
    """ssctInitiate of the PBX becomes ssctInitiate to the other network, which calls the target."""
    world = BothSides(tmp_path, "qsig", pbx="qsig")
    call, one = from_the_pbx(world, "5551")
    call.facility(world.now, single_step("5553", await_connect=True))
    target = world.carrier.ring("5553")
    target.answer()
    one.reinvited()
    _, message = world.switch.expect("FACILITY")
    found = read(message, "qsig", {5: "ssctInitiate"})
    assert isinstance(found, TransferOutcome)
    assert found.outcome is Outcome.SUCCEEDED
    call.disconnect(Cause(16), world.now)
    assert world.wait(60, lambda: not world.gateway.hub.transfers.running)
    assert {record.method for record in world.records} == {"ssct", "invite"}
    talk(world, one, target)


def test_a_deflection_of_an_isdn_pbx_to_the_isdn(tmp_path: Path) -> None:
    """callDeflection: the caller's call goes on to the other network."""
    world = BothSides(tmp_path, "euroisdn")
    line = world.pbx.invite("7001")
    call, _ = world.switch.expect("SETUP")
    call.alerting(world.now)
    call.facility(world.now, facility(Redirection(Party(Number("5551")), "deflection", invoke_id=5)))
    there = world.carrier.ring("5551")
    there.answer()
    line.established()
    talk(world, line, there)
