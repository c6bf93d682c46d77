"""Peers of an H.323 trunk that say what they should not: recorded messages with octets changed, cut anyhow.

A fault inside the gateway would fail the test where it stands (World.log), and calls of others go on.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.h323 import tpkt
from gateway.h323.call_contents import Contents
from tests.engine.h323_world import H323World, Network, Side
from tests.engine.world import sdp
from tests.h323.recordings import apdus, damaged, damaged_messages


class Wild:
    """Says whatever a test wants it to."""

    def __init__(self, network: Network, host: str) -> None:
        self.side: Side = network.side(host, self)

    def h323_accepted(self, connection: int, listener: str, host: str, port: int, now: float) -> bool:
        return True

    def h323_opened(self, connection: int, now: float) -> None:
        pass

    def h323_received(self, connection: int, octets: bytes, now: float) -> None:
        pass

    def h323_lost(self, connection: int, why: str, now: float) -> None:
        pass


@settings(max_examples=40, deadline=None)
@given(st.lists(damaged_messages(), min_size=1, max_size=8), st.integers(1, 40))
def test_recorded_messages_with_octets_changed(messages: list[bytes], cut: int) -> None:
    with TemporaryDirectory() as folder:
        world = H323World(Path(folder))
        ours = world.pbx.invite("1002")
        theirs = world.bob.offered().answer()
        ours.established()
        wild = Wild(world.network, "192.0.2.101")
        number = wild.side.connect("192.0.2.1", 1720, "")
        stream = b"".join(map(tpkt.frame, messages))
        for start in range(0, len(stream), cut * 37):
            wild.side.send(number, stream[start : start + cut * 37])
        world.wait(30)
        ours.reinvite(sdp(4444, codecs="8"))
        theirs.sends_to("192.0.2.99:4444")
        ours.hang_up()
        theirs.gone()


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_recorded_apdus_with_octets_changed(data: st.DataObject) -> None:
    """Within a call that is up."""
    wild = [damaged(data, apdus()) for _ in range(4)]
    with TemporaryDirectory() as folder:
        world = H323World(Path(folder))
        ours = world.pbx.invite("1002")
        theirs = world.bob.offered().answer()
        ours.established()
        for apdu in wild:
            if not theirs.is_over:
                theirs.call.facility(world.now, Contents(apdus=(apdu,)))
            world.wait(5)
            for message in [each for each in world.pbx.inbox if each.method in ("INVITE", "UPDATE", "BYE")]:
                world.pbx.inbox.remove(message)
                world.pbx.reply(message, 200, body=sdp(codecs="8") if message.method == "INVITE" else b"")
        world.wait(60)
