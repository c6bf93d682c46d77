"""The whole gateway as the call agent of a Cisco gateway with PRI backhaul: octets as recordings have them."""

from pathlib import Path

from gateway.isdn import q931
from gateway.isdn.q931 import Message, MessageType
from tests.engine.world import ADDRESSES, HOST, PORT, World

CONFIGURATION = f"""
listen: ["udp:{HOST}:{PORT}", "tcp:{HOST}:{PORT}"]
trunks:
  - {{name: pbx, peers: ["udp:{ADDRESSES["pbx"]}:5060"], trusted: true, reliable: "off"}}
  - {{name: one, protocol: isdn, link: "backhaul:192.0.2.1:2428/1", side: network, variant: ni2, channels: "1-23"}}
  - {{name: two, protocol: isdn, link: "backhaul:192.0.2.1:2428/2", side: network, variant: ni2, channels: "1-23"}}
routes:
  - {{match: "2xxx", to: pbx}}
  - {{match: "6*", to: two}}
  - {{match: "*", to: one}}
"""
SETUP = bytes.fromhex("0004000000119000000100220802008f0504039090a21803a983811e0285836c0600803130303570058032323031")
"""Recorded: channel 1, from 1005 to 2201."""


class BackhaulWorld(World):
    """`said` has what went to the gateway."""

    def __init__(self, folder: Path) -> None:
        self.said: list[bytes] = []
        super().__init__(folder, CONFIGURATION)
        self.pbx = self.party("pbx")
        self.gateway.start(self.now)

    def frame_sent(self, trunk: str, frame: bytes) -> None:
        assert trunk == "one", "the connection goes by the name of its first trunk"
        self.said.append(frame)

    def hear_gateway(self, octets: bytes) -> None:
        self.gateway.receive_frame("one", octets, self.now)

    def messages(self) -> list[Message]:
        return [q931.decode(octets[12:]) for octets in self.said]


def test_a_recorded_call(tmp_path: Path) -> None:
    world = BackhaulWorld(tmp_path)
    world.gateway.line_changed("one", True, world.now)
    world.hear_gateway(SETUP)
    theirs = world.pbx.ring("2201")
    theirs.answer()
    world.wait(1)
    assert world.said[0].hex() == "00040000001090000001000a" + "0802808f021803a98381"
    assert world.said[-1].hex()[:24] == "000400000010900000010005"
    kinds = [message.message_type for message in world.messages()]
    assert kinds == [MessageType.CALL_PROCEEDING, MessageType.ALERTING, MessageType.CONNECT]
    world.hear_gateway(bytes.fromhex("0004000000119000000100050802008f0f"))
    theirs.hang_up()
    world.wait(1)
    assert world.messages()[-1].message_type is MessageType.DISCONNECT
    world.hear_gateway(bytes.fromhex("0004000000119000000100050802008f4d"))
    assert world.said[-1].hex() == "00040000001090000001000508028" + "08f5a"
    assert world.gateway.isdn.lines["one"].idle == 23


def test_calls_go_to_their_channel_while_there_is_a_connection(tmp_path: Path) -> None:
    world = BackhaulWorld(tmp_path)
    world.pbx.invite("6661").expect("503")
    world.gateway.line_changed("one", True, world.now)
    world.pbx.invite("6661")
    world.wait(1)
    assert world.said[-1][8:10] == b"\0\2"
    assert world.messages()[-1].message_type is MessageType.SETUP


def test_what_is_no_data_is_let_pass(tmp_path: Path) -> None:
    """Other message types are not known from anywhere; they do no harm."""
    world = BackhaulWorld(tmp_path)
    world.gateway.line_changed("one", True, world.now)
    for octets in (b"", SETUP[:8], SETUP[:4] + b"\0\2" + SETUP[6:], SETUP[:8] + b"\0\7" + SETUP[10:], bytes(40)):
        world.hear_gateway(octets)
    world.wait(1)
    assert world.said == []
    assert not world.pbx.inbox
