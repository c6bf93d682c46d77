"""SIP – refergate – PRI backhaul – a gateway – libpri. The gateway is ours: its framing is that of recordings."""

import socket
import threading
from pathlib import Path
from struct import pack
from typing import Any

import pytest

from gateway.capture.signals import signals
from gateway.isdn.data_link import DataLink
from gateway.isdn.data_link_user import DataLinkSettings
from gateway.isdn.side import Side
from tests.live.d_channel_end import DChannelEnd
from tests.live.isdn_border import IsdnBorder
from tests.peers import tshark
from tests.peers.ports import free_ports

pytestmark = pytest.mark.live


class CiscoGateway(DChannelEnd):
    """A D channel to libpri whose messages go to the call agent at a port of loopback, each behind its header."""

    def __init__(self, local: int, remote: int, side: Side) -> None:
        super().__init__(local, remote)
        self.link = DataLink(side, self.timers, self.send, self, DataLinkSettings(retry=2.0))
        self.receive = self.link.receive
        self.agent: socket.socket | None = None

    def connect(self, port: int) -> None:
        """To the call agent; the data link is established."""
        self.agent = socket.create_connection(("127.0.0.1", port))
        threading.Thread(target=self._read, args=(self.agent,), daemon=True).start()
        self.do(self.link.establish)

    def _read(self, agent: socket.socket) -> None:
        with agent.makefile("rb") as stream:
            while header := stream.read(12):
                assert header[:10] == bytes.fromhex("00040000001090000001")
                octets = stream.read(int.from_bytes(header[10:]))
                self.do(lambda now, octets=octets: self.link.send_data(octets, now))  # type: ignore[misc]

    def link_established(self, now: float) -> None:
        pass

    def link_released(self, now: float) -> None:
        pass

    def data_received(self, octets: bytes, now: float) -> None:
        assert self.agent is not None
        self.agent.sendall(bytes.fromhex("00040000001190000001") + pack(">H", len(octets)) + octets)

    def unit_data_received(self, octets: bytes, now: float) -> None:
        pass


class BackhaulBorder(IsdnBorder):
    """The D channel ends at such a gateway."""

    has_frames = False

    def _settings(self, ours: int, theirs: int, variant: str, side: str, more: dict[str, Any]) -> dict[str, Any]:
        (self.agent_port,) = free_ports(1)
        self.cisco = CiscoGateway(ours, theirs, Side(side))
        self._stack.callback(self.cisco.close)
        link = f"backhaul:127.0.0.1:{self.agent_port}/1"
        return super()._settings(ours, theirs, variant, side, {**more, "link": link})


def test_calls_both_ways(tmp_path: Path) -> None:
    here = BackhaulBorder(tmp_path, "ni2", layer_2=False)
    try:
        here.cisco.connect(here.agent_port)
        here.gateway.wait_log("isdn.line", trunk="isdn", up=True)
        here.peer.wait("dchan_up")
        phone = here.phones["1001"]
        out, there = here.call_out("5551")
        phone.hang_up(out)
        here.peer.wait("hangup_req", id=there)
        here.peer.send(f"hangup {there}")
        name, incoming = here.call_in()
        here.peer.send(f"hangup {name}")
        phone.state(incoming, "DISCONNECTED")
        here.peer.wait("hangup", id=name)
        here.gateway.stop()
        found = [each for each in signals(here.gateway.capture_path, print) if each.protocol == "q931"]
        assert [each.link for each in found] == ["backhaul:1"] * len(found)
        types = [row[0] for row in tshark.fields(here.frames, ["q931.message_type"], where="q931")]
        assert sorted(f"0x{each.octets[4]:02x}" for each in found) == sorted(types)  # as libpri's side has recorded
    except BaseException:
        here._stack.close()
        raise
    here.close()
