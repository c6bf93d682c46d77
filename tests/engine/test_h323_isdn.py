"""Calls and transfers between the ISDN and H.323, through the same hub; and what a restart leaves of H.323 calls."""

from pathlib import Path

import pytest

from gateway.h323.call_contents import Contents
from gateway.isdn.q931 import Identifier
from gateway.isdn.side import Side
from gateway.model.causes import Cause
from gateway.model.remote_operations import ReturnResult
from tests.engine.h323_world import CONFIGURATION, ROUTES, H323World, invoke, rerouting
from tests.engine.isdn_world import Exchange
from tests.engine.test_gateway_restart import Store
from tests.engine.world import World, sdp

ISDN = """  - name: isdn
    protocol: isdn
    link: "udp:127.0.0.1:21001>127.0.0.1:21000"
    channels: "1-4"
"""


class BothWorld(H323World):
    """With an exchange beside the endpoints: all numbers that begin with 5 are in the ISDN."""

    def __init__(self, folder: Path) -> None:
        self.exchange: Exchange | None = None
        routes = ROUTES.replace('  - {match: "*"', '  - {match: "5*", to: isdn}\n  - {match: "*"')
        super().__init__(folder, text=CONFIGURATION + ISDN + routes)
        self.switch = self.exchange = Exchange(self, Side.NETWORK, "euroisdn")
        self.switch.interface.start(self.now)
        assert self.wait(20, lambda: self.switch.control.is_up() and self.gateway.isdn.lines["isdn"].is_up)

    def frame_sent(self, trunk: str, frame: bytes) -> None:
        if self.exchange is not None:
            self.exchange.receive(frame)


@pytest.fixture
def both(tmp_path: Path) -> BothWorld:
    return BothWorld(tmp_path)


@pytest.mark.parametrize("fast", [True, False])
def test_a_call_to_the_isdn(both: BothWorld, fast: bool) -> None:
    talk = both.alice.call("5551", fast=fast)
    call, _ = both.switch.expect("SETUP")
    call.alerting(both.now)
    call.connect(both.now)
    talk.expect("CONNECT")
    assert both.wait(5, lambda: talk.sending is not None)
    assert talk.sending is not None
    assert talk.sending.receiver.media.startswith("127.0.0.1:400")
    call.disconnect(Cause(16), both.now)
    ending = talk.gone()
    assert ending.cause is not None
    assert ending.cause.value == 16


@pytest.mark.parametrize("fast", [True, False])
def test_a_call_from_the_isdn(both: BothWorld, fast: bool) -> None:
    call = both.switch.setup("1001")
    talk = both.alice.offered().ring()
    both.switch.expect("ALERTING")
    talk.answer(fast=fast)
    both.switch.expect("CONNECT")
    assert both.wait(5, lambda: talk.sending is not None)
    talk.release()
    assert both.switch.expect("DISCONNECT")[0] is call


def test_a_cause_goes_through(both: BothWorld) -> None:
    talk = both.alice.call("5551")
    call, _ = both.switch.expect("SETUP")
    call.disconnect(Cause(17), both.now)
    ending = talk.gone()
    assert ending.cause is not None
    assert ending.cause.value == 17


@pytest.mark.parametrize("fast", [True, False])
def test_digits_to_the_isdn(both: BothWorld, fast: bool) -> None:
    """User input, or Keypad where there is no H.245, is Keypad facility in INFORMATION."""
    talk = both.alice.call("5551", fast=fast)
    call, _ = both.switch.expect("SETUP")
    call.connect(both.now)
    talk.expect("CONNECT")
    both.wait(2)
    if fast:
        talk.call.information(both.now, Contents(keypad="7"))
    else:
        talk.dial("7")
    assert both.switch.expect("INFORMATION")[1].contents(Identifier.KEYPAD_FACILITY) == b"7"


def test_h450_transfers_a_call_of_the_isdn(both: BothWorld) -> None:
    """CallTransferInitiate of alice: the party on the ISDN talks to bob."""
    both.switch.setup("1001")
    alice = both.alice.offered().answer()
    both.switch.expect("CONNECT")
    value = {"callIdentity": " ", "reroutingNumber": rerouting("1002")}
    alice.facility(invoke("callTransferInitiate", value, 4))
    both.bob.offered().answer()
    assert alice.expect_apdu(ReturnResult).invoke_id == 4
    alice.gone()


def test_a_restart_ends_calls_of_h323(tmp_path: Path) -> None:
    """Their connections are gone, and H.225.0 cannot take them up again: the other side is released (cause 41)."""
    world = H323World(tmp_path)
    ours = world.pbx.invite("1001")
    world.alice.offered().answer()
    ours.established()
    ours.session = sdp(codecs="8")
    store = Store(world)
    store.write()
    later: World = store.restarted(tmp_path, CONFIGURATION.replace(" MORE", "") + ROUTES)
    assert any(event == "call.leg_lost" for event, _ in later.told)
    assert "41" in (ours.hung_up().headers.get("reason") or "")
