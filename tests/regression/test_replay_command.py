"""`refergate replay --as` and `serve --record` as a user meets them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from cli import refergate as program
from tests.shared import folder

ROOT = Path(__file__).parents[2]
BUNDLED = ROOT / "pcaps"


def refergate(*words: str | Path) -> Result:
    return CliRunner().invoke(program, [*map(str, words)])


@pytest.fixture(scope="module")
def border_element() -> Path:
    return folder("pcaps/public") / "russo__dtmf_relay_noasymm.pcapng"


def test_it_agrees(border_element: Path) -> None:
    found = refergate("replay", border_element, "--as", "10.10.223.107")
    assert found.exit_code == 0 and found.stdout.splitlines()[-1] == "8 equivalent"


def test_one_document(border_element: Path) -> None:
    found = json.loads(refergate("replay", border_element, "--as", "10.10.223.107", "--json").stdout)
    assert found["verdicts"] == {"same": 0, "equivalent": 8, "different": 0, "missing": 0, "extra": 0}
    assert found["problems"] == []


def test_the_configuration_is_shown_and_can_be_used(border_element: Path, tmp_path: Path) -> None:
    shown = refergate("replay", border_element, "--as", "10.10.223.107", "--show-configuration")
    path = tmp_path / "gateway.yaml"
    path.write_text(shown.stdout)
    assert yaml.safe_load(shown.stdout)["listen"] == ["udp:10.10.223.107:5060"]
    assert refergate("replay", border_element, "--as", "10.10.223.107", "-c", path).exit_code == 0


def test_a_phone_is_told_to_be_one() -> None:
    found = refergate("replay", BUNDLED / "sip_blind_success.pcap", "--as", "127.0.1.2")
    assert found.exit_code == 1 and "a gateway passes calls on" in found.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--as", "192.0.2.77"], "no signalling to or from 192.0.2.77 that could be played"),
        (["--as", ""], "--as: a host is missing in ''"),
        (["--as", "127.0.1.2,"], "--as: a host is missing in '127.0.1.2,'"),
        (["-c", "gateway.yaml"], "need --as: which host shall be played?"),
        (["--as", "127.0.1.2", "--to", "qsig"], "not both"),
        (["--as", "127.0.1.2", "-c", "nowhere.yaml"], "nowhere.yaml: no such file"),
    ],
)
def test_bad_usage_is_refused(words: list[str], said: str) -> None:
    found = refergate("replay", BUNDLED / "sip_blind_success.pcap", *words)
    assert found.exit_code and said in (found.output + str(found.exception))


def test_a_recording_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text("")
    (tmp_path / "gateway.yaml").write_text(
        "listen: ['udp:127.0.0.1:0']\ntrunks: [{name: a, peers: ['udp:127.0.0.9:5060']}]\n"
    )
    words = [sys.executable, ROOT / "cli.py", "serve", "-c", tmp_path / "gateway.yaml", "--record", tmp_path]
    found = subprocess.run([*map(str, words)], capture_output=True, text=True, cwd=ROOT, check=False)
    assert found.returncode == 2 and found.stderr.splitlines()[-1] == (
        f"refergate: {tmp_path}: there is a recording already"
    )
