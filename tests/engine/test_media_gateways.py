"""Media gateways in gateway.yaml."""

from pathlib import Path

import pytest

from gateway.configuration import configuration
from gateway.engine.media_gateways import media_gateways
from gateway.model.errors import GatewayError
from gateway.model.timers import TimerQueue
from tests.media.scene import Notes

FILE = """listen: ["udp:127.0.0.1:5060"]
trunks:
  - name: isdn
    protocol: isdn
    link: "udp:127.0.0.1:21001>127.0.0.1:21000"
    media: mgw
media:
  - name: mgw
    address: "udp:127.0.0.1:2427"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "gateway.yaml"
    path.write_text(text)
    return path


def test_a_media_gateway_of_its_own_for_each_name(tmp_path: Path) -> None:
    more = '    endpoint: "ds/e1-0/s-{channel}/su64-0@mgw"\n    board: "udp:192.0.2.1:30000"\n    codecs: [PCMU]\n'
    settings = configuration(written(tmp_path, FILE + more))
    sent: list[tuple[str, bytes]] = []
    made = media_gateways(settings, TimerQueue(), lambda *each: sent.append(each), iter("ab").__next__, Notes())
    found = made["mgw"].settings
    assert found.endpoint_of(7) == "ds/e1-0/s-7/su64-0@mgw"
    assert (found.board, found.codecs, found.packet) == (("192.0.2.1", 30_000), ("PCMU",), 20)
    made["mgw"].start(0)
    ((name, datagram),) = sent
    assert name == "mgw" and datagram.startswith(b"AUEP ")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("    media: other", "trunks.0.media: no media gateway 'other'"),
        ('    address: "udp:mgw.example:2427"', "media.0.address: should be udp:address:port"),
        ('    address: "tcp:127.0.0.1:2427"', "media.0.address: should be udp:address:port"),
        ('    board: "udp:127.0.0.1"', "media.0.board: should be udp:address:port"),
        ('    endpoint: "rtpbridge/ 1@mgw"', "media.0.endpoint: should be the name of an endpoint"),
        ('    endpoint: "rtpbridge/{chanel}@mgw"', "media.0.endpoint: should be the name of an endpoint"),
        ("    codecs: []", "media.0.codecs: "),
        ("    codecs: [G729]", "media.0.codecs.0: "),
    ],
)
def test_what_is_wrong_is_said_with_line_and_key(tmp_path: Path, line: str, said: str) -> None:
    key = line.split(":", maxsplit=1)[0] + ":"
    kept = [each for each in FILE.splitlines() if not each.startswith(key)]
    at = kept.index("media:") if key == "    media:" else len(kept)
    text = "\n".join([*kept[:at], line, *kept[at:]]) + "\n"
    with pytest.raises(GatewayError) as caught:
        configuration(written(tmp_path, text))
    assert said in str(caught.value)
    assert f"gateway.yaml:{at + 1}" in str(caught.value)


def test_a_name_only_once(tmp_path: Path) -> None:
    twice = FILE + '  - name: mgw\n    address: "udp:127.0.0.1:2428"\n'
    with pytest.raises(GatewayError, match="the name is taken"):
        configuration(written(tmp_path, twice))
