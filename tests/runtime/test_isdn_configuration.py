"""ISDN trunks in gateway.yaml: what they say, and where what is wrong with them stands."""

from pathlib import Path

import pytest

from gateway.configuration import (
    BackhaulChannel,
    DahdiDevice,
    DChannelLink,
    IsdnTrunk,
    IuaInterface,
    UdpEnds,
    configuration,
)
from gateway.interworking.lint import lint_configuration
from gateway.model.errors import MappingError

TEXT = """listen: ["udp:127.0.0.1:5060"]
trunks:
  - name: isdn
    protocol: isdn
    link: "udp:127.0.0.1:21001>127.0.0.1:21000"
    side: network
    channels: "1-15,17-31"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "gateway.yaml"
    path.write_text(text)
    return path


def test_a_trunk(tmp_path: Path) -> None:
    (trunk,) = configuration(written(tmp_path, TEXT)).isdn_trunks
    link = trunk.d_channel
    assert isinstance(link, UdpEnds)
    assert (str(link.local), str(link.peer)) == ("udp:127.0.0.1:21001", "udp:127.0.0.1:21000")
    assert (trunk.variant, trunk.side) == ("euroisdn", "network")
    assert trunk.channel_numbers == (*range(1, 16), *range(17, 32))


def test_a_trunk_that_says_no_protocol_speaks_sip(tmp_path: Path) -> None:
    read = configuration(written(tmp_path, TEXT + "  - {name: sip}\n"))
    assert [trunk.name for trunk in read.sip_trunks] == ["sip"]
    assert isinstance(read.trunk("isdn"), IsdnTrunk)


@pytest.mark.parametrize(
    ("before", "after", "line", "key"),
    [
        ('"udp:127.0.0.1:21001>127.0.0.1:21000"', '"127.0.0.1:21001"', 5, "link"),
        ('"udp:127.0.0.1:21001>127.0.0.1:21000"', '"udp:127.0.0.1:21001>peer:1"', 5, "link"),
        ("side: network", "side: middle", 6, "side"),
        ('"1-15,17-31"', '"0-15"', 7, "channels"),
        ('"1-15,17-31"', '"15-1"', 7, "channels"),
        ('"1-15,17-31"', '"some"', 7, "channels"),
        ("side: network", "peers: []", 6, "peers"),
        ('"udp:127.0.0.1:21001>127.0.0.1:21000"', '"iua:sg.example.net:9900/1"', 5, "link"),
        ('"udp:127.0.0.1:21001>127.0.0.1:21000"', '"iua:192.0.2.1:9900"', 5, "link"),
        ('"udp:127.0.0.1:21001>127.0.0.1:21000"', '"iua+tcp:192.0.2.1/4294967296"', 5, "link"),
        ('"udp:127.0.0.1:21001>127.0.0.1:21000"', '"dahdi:16"', 5, "link"),
        ('"udp:127.0.0.1:21001>127.0.0.1:21000"', '"backhaul:192.0.2.1/d"', 5, "link"),
        ("side: network", "bus: true", 6, "bus"),
        ("side: network", "tei: 5", 6, "tei"),
        ("side: network", "nfas: other", 5, "link"),
    ],
)
def test_what_is_wrong_is_named_with_line_and_key(
    tmp_path: Path, before: str, after: str, line: int, key: str
) -> None:
    path = written(tmp_path, TEXT.replace(before, after))
    with pytest.raises(MappingError) as caught:
        configuration(path)
    assert caught.value.where == f"{path}:{line}: trunks.0.{key}"


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("dahdi:/dev/dahdi/16", DahdiDevice("/dev/dahdi/16")),
        ("iua:192.0.2.1:9901/7", IuaInterface("sctp", "192.0.2.1", 9901, 7)),
        ("iua:[2001:db8::1]/7", IuaInterface("sctp", "2001:db8::1", 9900, 7)),
        ("iua+tcp:192.0.2.1/s1/e1-0", IuaInterface("tcp", "192.0.2.1", 9900, "s1/e1-0")),
        ("backhaul:192.0.2.1/1", BackhaulChannel("192.0.2.1", 2428, 1)),
    ],
)
def test_a_link_of_every_kind(tmp_path: Path, text: str, link: DChannelLink) -> None:
    (trunk,) = configuration(written(tmp_path, TEXT.replace("udp:127.0.0.1:21001>127.0.0.1:21000", text))).isdn_trunks
    assert trunk.d_channel == link


def test_a_basic_access_has_two_channels(tmp_path: Path) -> None:
    text = TEXT.replace('channels: "1-15,17-31"', "access: basic\n    bus: true")
    (trunk,) = configuration(written(tmp_path, text)).isdn_trunks
    assert trunk.channel_numbers == (1, 2)


MEMBER = """  - name: second
    protocol: isdn
    side: network
    nfas: isdn
    interface: 1
"""


def test_a_trunk_whose_d_channel_is_that_of_another(tmp_path: Path) -> None:
    main, second = configuration(written(tmp_path, TEXT + MEMBER)).isdn_trunks
    assert main.d_channel is not None
    assert second.d_channel is None


@pytest.mark.parametrize(
    ("before", "after", "line", "key"),
    [
        ("nfas: isdn", "nfas: other", 11, "nfas"),
        ("nfas: isdn", "nfas: second", 11, "nfas"),
        ("interface: 1", "interface: 0", 12, "interface"),
        ("interface: 1", "interface: 1\n    variant: ni2", 11, "nfas"),
        ("nfas: isdn", 'link: "udp:127.0.0.1:21001>127.0.0.1:9"', 11, "link"),
    ],
)
def test_trunks_that_do_not_go_together(tmp_path: Path, before: str, after: str, line: int, key: str) -> None:
    path = written(tmp_path, TEXT + MEMBER.replace(before, after))
    with pytest.raises(MappingError) as caught:
        configuration(path)
    assert caught.value.where == f"{path}:{line}: trunks.1.{key}"


def test_a_kind_of_trunk_that_there_is_not(tmp_path: Path) -> None:
    path = written(tmp_path, TEXT + "    variant: ni7\n")
    (finding,) = lint_configuration(path)
    assert finding.where == f"{path}:8: trunks.0.variant"


def test_one_worker_only(tmp_path: Path) -> None:
    path = written(tmp_path, TEXT + "workers: 2\n")
    with pytest.raises(MappingError) as caught:
        configuration(path)
    assert caught.value.where == f"{path}:8: workers"
