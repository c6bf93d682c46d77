"""H.323 trunks in gateway.yaml: what they say, and where what is wrong with them stands."""

from pathlib import Path

import pytest

from gateway.configuration import H323Trunk, configuration
from gateway.model.errors import MappingError

TEXT = """listen: ["udp:127.0.0.1:5060"]
trunks:
  - name: lan
    protocol: h323
    listen: "127.0.0.1"
    peers: ["127.0.0.2", "[::1]:1721"]
    gatekeeper:
      address: 127.0.0.9
      local: 127.0.0.1:0
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "gateway.yaml"
    path.write_text(text)
    return path


def test_ports_have_their_defaults(tmp_path: Path) -> None:
    (trunk,) = configuration(written(tmp_path, TEXT)).h323_trunks
    assert isinstance(trunk, H323Trunk)
    assert trunk.listen == "127.0.0.1:1720"
    assert trunk.peers == ("127.0.0.2:1720", "[::1]:1721")
    assert trunk.gatekeeper is not None
    assert trunk.gatekeeper.address == "127.0.0.9:1719"
    assert trunk.own_host == "127.0.0.1"


@pytest.mark.parametrize(
    ("before", "after", "line", "key"),
    [
        ('listen: "127.0.0.1"', "listen: gateway.example", 5, "listen"),
        ('    listen: "127.0.0.1"\n', "", 3, "listen"),
        ('"127.0.0.2"', '"127.0.0.2:99999"', 6, "peers.0"),
        ('"[::1]:1721"', '"::1:1721"', 6, "peers.1"),
        ("127.0.0.1:0", "here:0", 9, "gatekeeper.local"),
        ("address: 127.0.0.9", "address: ''", 8, "gatekeeper.address"),
        ("protocol: h323", "protocol: h323\n    codecs: []", 5, "codecs"),
        ("protocol: h323", "protocol: h323\n    codecs: [g711]", 5, "codecs.0"),
        ("protocol: h323", "protocol: h323\n    aliases: ['']", 5, "aliases.0"),
        ("protocol: h323", "protocol: h323\n    call_identity: none", 5, "call_identity"),
        ("protocol: h323", "protocol: h323\n    ct_t3: 0", 5, "ct_t3"),
    ],
)
def test_what_is_wrong_is_named_with_line_and_key(
    tmp_path: Path, before: str, after: str, line: int, key: str
) -> None:
    path = written(tmp_path, TEXT.replace(before, after))
    with pytest.raises(MappingError) as caught:
        configuration(path)
    assert caught.value.where == f"{path}:{line}: trunks.0.{key}"


def test_a_trunk_that_leads_nowhere(tmp_path: Path) -> None:
    text = TEXT.partition("    listen")[0]
    with pytest.raises(MappingError, match="no calls"):
        configuration(written(tmp_path, text))


def test_one_worker_only(tmp_path: Path) -> None:
    path = written(tmp_path, TEXT + "workers: 2\n")
    with pytest.raises(MappingError) as caught:
        configuration(path)
    assert caught.value.where == f"{path}:10: workers"
