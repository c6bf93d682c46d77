"""`refergate serve --capture` has SIP and the D channel in one file, as tshark and our own reader find it."""

from pathlib import Path

import pytest

from gateway.capture.signals import signals
from tests.live.isdn_border import IsdnBorder
from tests.peers import tshark

pytestmark = pytest.mark.live

_TYPE = "q931.message_type"


def message_types(capture: Path) -> list[str]:
    """The Q.931 messages of a capture, in order."""
    return [row[0] for row in tshark.fields(capture, [_TYPE], where=_TYPE)]


def test_sip_and_the_d_channel_in_one_file(tmp_path: Path) -> None:
    here = IsdnBorder(tmp_path)
    try:
        out, there = here.call_out("5551")
        here.phones["1001"].hang_up(out)
        here.peer.wait("hangup_req", id=there)
        here.peer.send(f"hangup {there}")
        here.peer.wait("hangup_ack", id=there)
        here.gateway.stop()
    finally:
        here.close()
    capture = here.gateway.capture_path
    assert tshark.malformed(capture, options=tshark.ETSI) == []
    assert message_types(capture) == message_types(here.frames)  # what libpri's side has recorded
    names = {row[0] for row in tshark.fields(capture, ["frame.interface_name"], where="lapd")}
    assert names == {"isdn"}
    assert tshark.fields(capture, ["frame.number"], where="lapd.control.u_modifier_cmd")  # SABME is there too
    story = [(each.protocol, each.source) for each in signals(capture, print)]
    assert story.index(("q931", "user")) > story.index(("sip", f"127.0.0.2:{here.ports['1001']}"))
    assert ("q931", "network") in story
