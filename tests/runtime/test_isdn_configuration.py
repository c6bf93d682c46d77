"""ISDN trunks in gateway.yaml: what they say, and where what is wrong with them stands."""

from pathlib import Path

import pytest

from gateway.configuration import IsdnTrunk, configuration
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
    own, peer = trunk.link_ends
    assert (own.host, own.port, peer.host, peer.port) == ("127.0.0.1", 21001, "127.0.0.1", 21000)
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
    ],
)
def test_what_is_wrong_is_named_with_line_and_key(
    tmp_path: Path, before: str, after: str, line: int, key: str
) -> None:
    path = written(tmp_path, TEXT.replace(before, after))
    with pytest.raises(MappingError) as caught:
        configuration(path)
    assert caught.value.where == f"{path}:{line}: trunks.0.{key}"


def test_a_kind_of_trunk_that_there_is_not(tmp_path: Path) -> None:
    path = written(tmp_path, TEXT + "    variant: ni7\n")
    (finding,) = lint_configuration(path)
    assert finding.where == f"{path}:8: trunks.0.variant"


def test_one_worker_only(tmp_path: Path) -> None:
    path = written(tmp_path, TEXT + "workers: 2\n")
    with pytest.raises(MappingError) as caught:
        configuration(path)
    assert caught.value.where == f"{path}:8: workers"
