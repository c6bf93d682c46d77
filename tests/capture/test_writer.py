"""Captures written: read back octet for octet, and followed by tshark without complaint."""

from pathlib import Path

import pytest

from gateway.capture.signals import Signal
from gateway.capture.writer import Writer
from gateway.isdn.iua_message import IuaMessage, Kind, Tag, of_interface, of_link
from gateway.model.errors import LocalProtocolError
from tests.capture.recording import FACILITY, OPTIONS, RINGING, read
from tests.peers import tshark

CALL_PROCEEDING = bytes.fromhex("0802808f021803a98381")
RELEASE_COMPLETE = bytes.fromhex("0802800f5a08028090")
START = 1_700_000_000.0


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """Two messages of each kind, in both directions."""
    path = tmp_path / "written.pcapng"
    with Writer(path) as writer:
        writer.sip(START, "192.0.2.1:5080", "192.0.2.2", OPTIONS)
        writer.sip(START + 0.25, "[2001:db8::2]:5060", "[2001:db8::1]", RINGING)
        writer.h225(START + 1, "192.0.2.1:30000", "192.0.2.2:1720", CALL_PROCEEDING)
        writer.h225(START + 1.5, "192.0.2.2:1720", "192.0.2.1:30000", RELEASE_COMPLETE)
        writer.q931(START + 2, True, FACILITY)
        writer.q931(START + 2.5, False, CALL_PROCEEDING)
        writer.q931(START + 3, False, RELEASE_COMPLETE, tei=64)
    return path


def test_what_is_written_is_read_back(written: Path) -> None:
    found = read(written)
    assert found.problems == []
    assert [signal[1:] for signal in found.signals] == [
        (START, "sip", OPTIONS, "192.0.2.1:5080", "192.0.2.2:5060", "udp", ""),
        (START + 0.25, "sip", RINGING, "[2001:db8::2]:5060", "[2001:db8::1]:5060", "udp", ""),
        (START + 1, "h225", CALL_PROCEEDING, "192.0.2.1:30000", "192.0.2.2:1720", "tcp", ""),
        (START + 1.5, "h225", RELEASE_COMPLETE, "192.0.2.2:1720", "192.0.2.1:30000", "tcp", ""),
        (START + 2, "q931", FACILITY, "user", "network", "lapd", "lapd:1/sapi0/tei0"),
        (START + 2.5, "q931", CALL_PROCEEDING, "network", "user", "lapd", "lapd:1/sapi0/tei0"),
        (START + 3, "q931", RELEASE_COMPLETE, "network", "user", "lapd", "lapd:1/sapi0/tei64"),
    ]


def test_tshark_reads_every_message(written: Path) -> None:
    rows = tshark.fields(written, ["sip.Method", "sip.Status-Code", "q931.message_type"], where="sip or q931")
    assert ["".join(row) for row in rows] == ["OPTIONS", "180", "0x02", "0x5a", "0x62", "0x02", "0x5a"]


def test_tcp_begins_with_its_handshake_and_tshark_finds_nothing_amiss(written: Path) -> None:
    rows = tshark.fields(
        written, ["tcp.flags.str", "tcp.seq", "tcp.ack", "tcp.len", "tcp.analysis.flags"], where="tcp"
    )
    tpkt = len(CALL_PROCEEDING) + 4
    back = len(RELEASE_COMPLETE) + 4
    assert [[row[0].replace("·", ""), *row[1:]] for row in rows] == [
        ["S", "0", "0", "0", ""],
        ["AS", "0", "1", "0", ""],
        ["A", "1", "1", "0", ""],
        ["AP", "1", "1", str(tpkt), ""],
        ["A", "1", str(tpkt + 1), "0", ""],
        ["AP", "1", str(tpkt + 1), str(back), ""],
        ["A", str(tpkt + 1), str(back + 1), "0", ""],
    ]


def test_data_links_count_and_acknowledge(written: Path) -> None:
    names = ["lapd.direction", "lapd.cr", "lapd.tei", "lapd.control.n_s", "lapd.control.n_r"]
    rows = tshark.fields(written, names, where="lapd")
    user, network = "0", "1"
    assert rows == [
        [user, "0", "0", "", ""],  # SABME
        [network, "0", "0", "", ""],  # UA
        [user, "0", "0", "0", "0"],
        [network, "0", "0", "", "1"],
        [network, "1", "0", "0", "1"],
        [user, "1", "0", "", "1"],
        [user, "0", "64", "", ""],
        [network, "0", "64", "", ""],
        [network, "1", "64", "0", "0"],
        [user, "1", "64", "", "1"],
    ]


def test_long_h225_message_takes_several_segments(tmp_path: Path) -> None:
    long = CALL_PROCEEDING + bytes(5000)
    with Writer(tmp_path / "a") as writer:
        writer.h225(START, "192.0.2.1", "192.0.2.2", long)
    assert [(signal.octets, signal.frame) for signal in read(tmp_path / "a").signals] == [(long, 7)]


def test_send_numbers_are_modulo_128(tmp_path: Path) -> None:
    with Writer(tmp_path / "a") as writer:
        for second in range(300):
            writer.q931(START + second, True, FACILITY)
    found: list[Signal] = read(tmp_path / "a").signals
    assert len(found) == 300
    assert tshark.malformed(tmp_path / "a") == []


@pytest.mark.parametrize("source", ["somewhere:5060", "192.0.2.1:port", "192.0.2.1:70000", ""])
def test_endpoint_that_is_none(tmp_path: Path, source: str) -> None:
    with Writer(tmp_path / "a") as writer, pytest.raises(LocalProtocolError):
        writer.sip(START, source, "192.0.2.2", OPTIONS)


def test_message_that_does_not_fit_its_transport(tmp_path: Path) -> None:
    with Writer(tmp_path / "a") as writer:
        with pytest.raises(LocalProtocolError, match="UDP"):
            writer.sip(START, "192.0.2.1", "192.0.2.2", bytes(65_508))
        with pytest.raises(LocalProtocolError, match="TPKT"):
            writer.h225(START, "192.0.2.1", "192.0.2.2", bytes(65_532))


def test_iua_is_an_sctp_association_that_tshark_follows(tmp_path: Path) -> None:
    path = tmp_path / "iua.pcapng"
    process, gateway = "192.0.2.1:49152", "192.0.2.9:9900"
    data = (int(Tag.PROTOCOL_DATA), CALL_PROCEEDING)
    with Writer(path) as writer:
        writer.iua(START, process, gateway, IuaMessage(Kind.ASP_UP).encoded())
        writer.iua(START + 1, gateway, process, IuaMessage(Kind.ASP_UP_ACK).encoded())
        said = IuaMessage(Kind.DATA_INDICATION, (of_interface(7), of_link(0), data)).encoded()
        writer.iua(START + 2, gateway, process, said)
    (signal,) = read(path).signals
    assert (signal.octets, signal.link, signal.transport) == (CALL_PROCEEDING, "iua:7/sapi0/tei0", "sctp")
    options = ("-o", "iua.use_gsm_sapi_values:FALSE", "-o", "sctp.checksum:CRC 32c")
    names = ["iua.message_class", "iua.message_type", "sctp.checksum.status", "q931.message_type"]
    rows = tshark.fields(path, names, options=options)
    assert [row[:3] for row in rows] == [["3", "1", "1"], ["3", "4", "1"], ["5", "2", "1"]]
    assert rows[2][3] == "0x02"
    assert tshark.malformed(path, options=options) == []
