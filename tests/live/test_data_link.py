"""Our data links and libpri's, an independent Q.921, on one line; tshark reads what both said."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.isdn import q931
from gateway.isdn.data_link import DataLink
from gateway.isdn.data_link_user import DEFAULTS, DataLinkSettings
from gateway.isdn.elements import BEARERS
from gateway.isdn.q931 import Identifier, InformationElement, MessageType
from gateway.isdn.side import Side
from gateway.isdn.tei_table import TeiState
from tests.isdn.line import Layer3
from tests.live.d_channel_end import LibpriLine
from tests.peers import tshark

pytestmark = pytest.mark.live

FAST = DataLinkSettings(t200=0.2, t203=0.5)


def enquiry(call_reference: int, octets: int = 2) -> bytes:
    """STATUS ENQUIRY for a call that there is not: libpri answers each."""
    return q931.encode(q931.Message(MessageType.STATUS_ENQUIRY, call_reference, call_reference_octets=octets))


def setup(call_reference: int, octets: int = 2) -> bytes:
    channel = b"\xa9\x83" + bytes((0x80 | call_reference,)) if octets == 2 else b"\x89"
    elements = (
        InformationElement(Identifier.BEARER_CAPABILITY, BEARERS["speech A-law"]),
        InformationElement(Identifier.CHANNEL_IDENTIFICATION, channel),
        InformationElement(Identifier.CALLED_PARTY_NUMBER, b"\x81555%d" % call_reference),
    )
    return q931.encode(q931.Message(MessageType.SETUP, call_reference, False, elements, octets))


def references(above: Layer3) -> list[int]:
    """The calls that libpri's messages are for."""
    return [q931.decode(octets).call_reference for octets in above.data]


@contextmanager
def up(side: Side, *options: str, settings: DataLinkSettings = DEFAULTS) -> Iterator[tuple[LibpriLine, DataLink]]:
    """A primary rate access whose data link both sides have up."""
    with LibpriLine(side, *options, settings=settings) as line:
        link = line.data_link()
        line.peer.start()
        line.end.until(lambda: line.above.heard)
        line.peer.wait("dchan_up")
        yield line, link


@pytest.mark.parametrize("side", list(Side))
def test_libpri_establishes(side: Side) -> None:
    with up(side) as (line, link):
        assert line.above.heard == ["up"]
        assert link.errors == {}


@pytest.mark.parametrize("side", list(Side))
def test_we_establish_and_release(side: Side) -> None:
    with up(side) as (line, link):
        line.end.do(link.release)
        line.peer.wait("dchan_down")
        line.end.until(lambda: "down" in line.above.heard)
        line.end.do(link.establish)
        line.peer.wait("dchan_up")
        line.end.until(lambda: link.is_up)


@pytest.mark.parametrize("side", list(Side))
def test_messages_pass_both_ways(side: Side) -> None:
    with up(side) as (line, link):
        line.end.do(lambda now: link.send_data(setup(1), now))
        line.peer.wait("ring", called="5551")
        line.peer.send("call a 5552 chan=2")
        line.end.until(lambda: any(q931.decode(each).message_type is MessageType.SETUP for each in line.above.data))
        assert link.errors == {}


@pytest.mark.parametrize("side", list(Side))
def test_more_messages_than_the_window_has_room_for(side: Side) -> None:
    with up(side) as (line, link):
        line.end.do(lambda now: [link.send_data(enquiry(number), now) for number in range(1, 301)])
        line.end.until(lambda: len(line.above.data) == 300)
        assert references(line.above) == list(range(1, 301))
        assert link.errors == {}


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("loss", ["set droprx 2", "set droptx 2", "set droprx 9"])
def test_lost_frames_are_sent_again(side: Side, loss: str) -> None:
    """With nine lost, the polls are among them."""
    with up(side) as (line, link):
        line.peer.send(loss)
        line.peer.fence()
        line.end.do(lambda now: [link.send_data(enquiry(number), now) for number in range(1, 21)])
        line.end.until(lambda: len(line.above.data) >= 20)
        assert references(line.above) == list(range(1, 21))
        assert line.peer.seen("dchan_down") == []


@pytest.mark.parametrize("side", list(Side))
def test_what_libpri_sends_is_lost_before_it_reaches_us(side: Side) -> None:
    with up(side, settings=FAST) as (line, link):
        dropped: list[bytes] = []

        def lose(frame: bytes, now: float) -> None:
            if len(dropped) < 12 and not frame[2] & 1:
                dropped.append(frame)
            else:
                link.receive(frame, now)

        line.end.receive = lose
        line.end.do(lambda now: [link.send_data(enquiry(number), now) for number in range(1, 21)])
        line.end.until(lambda: len(line.above.data) >= 20)
        assert references(line.above) == list(range(1, 21))


@pytest.mark.parametrize("side", list(Side))
def test_we_start_again_and_libpri_takes_the_link_back(side: Side) -> None:
    with up(side) as (line, first):
        second = line.end.do(lambda now: line.data_link())
        line.end.do(second.establish)
        line.end.until(lambda: second.is_up)
        line.end.do(lambda now: second.send_data(setup(1), now))
        line.peer.wait("ring", called="5551")
        assert first is not second


@pytest.mark.parametrize("side", list(Side))
def test_silent_libpri_is_noticed_and_comes_back(side: Side) -> None:
    settings = DataLinkSettings(t200=0.2, t203=0.5, retry=0.2)
    with up(side, settings=settings) as (line, link):
        line.end.do(link.establish)
        line.end.until(lambda: link.is_up)
        line.above.heard.clear()
        os.kill(line.peer._process.pid, signal.SIGSTOP)
        try:
            line.end.until(lambda: "down" in line.above.heard)
        finally:
            os.kill(line.peer._process.pid, signal.SIGCONT)
        line.end.until(lambda: link.is_up)
        line.end.do(lambda now: link.send_data(setup(1), now))
        line.peer.wait("ring", called="5551")


def test_our_terminal_gets_a_tei_of_libpri() -> None:
    settings = DataLinkSettings(tei=None, k=1)
    with LibpriLine(Side.USER, bri="ptmp", settings=settings) as line:
        link = line.terminal()
        line.peer.start()
        line.end.do(link.establish)
        line.end.until(lambda: link.is_up)
        assert link.tei is not None
        assert 64 <= link.tei <= 126
        line.end.do(lambda now: link.send_data(setup(1, 1), now))
        line.peer.wait("ring", called="5551")
        line.peer.send("call a 5552 chan=2")
        line.end.until(lambda: line.above.unit_data)
        assert q931.decode(line.above.unit_data[0]).message_type is MessageType.SETUP


def test_libpri_s_terminal_gets_a_tei_of_ours(tmp_path: Path) -> None:
    capture = tmp_path / "bus.pcap"
    users: dict[int | None, Layer3] = {}
    settings = DataLinkSettings(k=1, t201=0.1)
    with LibpriLine(Side.NETWORK, "--pcap", str(capture), bri="ptmp", settings=settings) as line:
        links = line.network(lambda link: users.setdefault(link.tei, Layer3()))
        line.peer.start()
        line.peer.send("call a 5552 chan=1")
        line.end.until(lambda: 64 in users and users[64].data)
        assert q931.decode(users[64].data[0]).message_type is MessageType.SETUP
        line.end.do(lambda now: links.send_unit_data(setup(2, 1), now))
        line.peer.wait("ring", called="5552")
        line.end.do(lambda now: links.teis.check(64, now))
        line.end.until(lambda: links.teis.state(64) is TeiState.ANSWERED)
        line.end.until(lambda: links.teis.state(64) is TeiState.ASSIGNED)
        assert links.links[64].errors == {}
        line.end.do(links.start)
        line.end.until(lambda: 65 in users and "up" in users[65].heard)
        assert "down" in users[64].heard
    assert tshark.malformed(capture) == []
    rows = tshark.fields(capture, ["tei.msg", "tei.action"], where="tei.msg")
    assert [" ".join(row) for row in rows] == ["1 127", "2 64", "4 64", "5 64", "6 127", "1 127", "2 65"]


def test_basic_access_point_to_point() -> None:
    with LibpriLine(Side.USER, bri="ptp", settings=DataLinkSettings(k=1)) as line:
        link = line.data_link()
        line.peer.start()
        line.end.do(link.establish)
        line.end.until(lambda: link.is_up)
        line.end.do(lambda now: link.send_data(setup(1, 1), now))
        line.peer.wait("ring", called="5551")


@pytest.mark.parametrize("side", list(Side))
def test_tshark_reads_every_frame(side: Side, tmp_path: Path) -> None:
    capture = tmp_path / "d_channel.pcap"
    with up(side, "--pcap", str(capture), settings=FAST) as (line, link):
        line.peer.send("set droprx 1")
        line.peer.fence()
        line.end.do(lambda now: [link.send_data(enquiry(number), now) for number in range(1, 11)])
        line.end.until(lambda: len(line.above.data) == 10)
        line.end.do(lambda now: link.set_busy(True, now))
        line.end.do(lambda now: link.set_busy(False, now))
        line.end.do(link.release)
        line.end.until(lambda: "down" in line.above.heard)
    assert tshark.malformed(capture) == []
    rows = tshark.fields(capture, ["lapd.control.u_modifier_cmd", "lapd.control.s_ftype", "q931.message_type"])
    assert {row[0] for row in rows} >= {"0x1b", "0x10"}
    assert {row[1] for row in rows} >= {"0x0000", "0x0001"}
    assert sum(row[2] == "0x75" for row in rows) >= 10


@pytest.mark.parametrize("side", list(Side))
def test_libpri_re_establishes_when_it_gets_frmr(side: Side, tmp_path: Path) -> None:
    capture = tmp_path / "frmr.pcap"
    settings = DataLinkSettings(sends_frmr=True)
    bad = bytes.fromhex("0201e3" if side is Side.USER else "0001e3")
    with up(side, "--pcap", str(capture), settings=settings) as (line, link):
        line.end.do(lambda now: link.receive(bad, now))
        line.end.until(lambda: link.is_up)
        line.end.do(lambda now: link.send_data(enquiry(1), now))
        line.end.until(lambda: line.above.data)
    assert tshark.malformed(capture) == []
    assert tshark.fields(capture, ["frame.number"], where="lapd.control.u_modifier_resp == 0x21")
