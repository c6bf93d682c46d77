"""gateway.yaml: what is wrong is named with file, line and key."""

import subprocess
import sys
from pathlib import Path

import pytest

from gateway.configuration import Configuration, IsdnTrunk, TransferPolicy, configuration
from gateway.interworking.lint import lint_configuration
from gateway.model.errors import MappingError

GOOD = """\
listen: ["udp:127.0.0.1:5060", "tcp:127.0.0.1:5060"]
trunks:
  - {name: carrier, protocol: sip, peers: ["udp:127.0.0.1:5070"], transfer: consume, trusted: true}
  - {name: teams, protocol: sip, profile: teams, peers: ["tls:sip.pstnhub.example:5061"], fqdn: sbc.example.net}
routes:
  - {from: "*", match: "2xxx", to: teams}
  - {from: "*", match: "*", to: carrier}
store: "sqlite:state/refergate.db"
records: "state/transfers.jsonl"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "gateway.yaml"
    path.write_text(text)
    return path


def read(folder: Path, text: str) -> Configuration:
    return configuration(write(folder, text))


def test_the_file_of_the_guide_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, GOOD)
    assert found.trunk("carrier").transfer is TransferPolicy.CONSUME
    assert found.trunk("teams").profile == "teams"
    assert [route.to for route in found.routes] == ["teams", "carrier"]
    assert lint_configuration(tmp_path / "gateway.yaml") == ()


@pytest.mark.parametrize(
    ("wrong", "right", "where"),
    [
        ("udp:127.0.0.1:5060", "sctp:127.0.0.1:5060", "1: listen.0: should be transport:host:port"),
        ("udp:127.0.0.1:5060", "udp:127.0.0.1:99999", "1: listen.0: should be transport:host:port, the port"),
        ("tcp:127.0.0.1:5060", "udp:127.0.0.1:5060", "1: listen.1: is there twice"),
        ("transfer: consume", "transfer: swallow", "3: trunks.0.transfer: should be 'consume', 'pass' or 'reject'"),
        ("trusted: true", "trusty: true", "3: trunks.0.trusty: there is no such key"),
        ("fqdn: sbc.example.net", "trusted: false", "4: trunks.1.fqdn: a teams trunk needs"),
        ("name: teams", "name: carrier", "4: trunks.1.name: the name is taken"),
        ("to: carrier", "to: nowhere", "7: routes.1.to: no trunk 'nowhere'"),
        ('"2xxx"', '"2-xx"', "6: routes.0.match: should be"),
        ("sqlite:state", "redis:state", "8: store: should be sqlite:path"),
        ("sqlite:state/refergate.db", "sqlite:", "8: store: should be sqlite:path"),
        ("trusted: true", "causes: martian", "3: trunks.0.causes: no cause profile 'martian'"),
        ("trusted: true", "numbers: martian", "3: trunks.0.numbers: "),
    ],
)
def test_a_mistake_is_named_with_line_and_key(tmp_path: Path, wrong: str, right: str, where: str) -> None:
    assert wrong in GOOD
    path = write(tmp_path, GOOD.replace(wrong, right, 1))
    findings = lint_configuration(path)
    assert findings, "nothing was found"
    assert str(findings[0]).startswith(f"{path}:{where}")


def test_every_mistake_is_found(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace("trusted: true", "trusty: 1").replace("sqlite:", "redis:"))
    assert [finding.where.rpartition(": ")[2] for finding in lint_configuration(path)] == ["trunks.0.trusty", "store"]


def test_what_is_no_yaml_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(MappingError) as caught:
        read(tmp_path, GOOD + "drain: [1\n")
    assert str(caught.value).startswith(f"{tmp_path}/gateway.yaml:1")


@pytest.mark.parametrize("text", ["", "listen: []\ntrunks: []\n", "- 1\n"])
def test_an_empty_file_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(MappingError):
        read(tmp_path, text)


def check(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(Path(__file__).parents[2] / "cli.py"), "check", "-c", str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_command_says_one_line_for_each_finding(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace("trusted: true", "trusty: 1").replace("sqlite:", "redis:"))
    done = check(path)
    assert done.returncode == 2
    assert [line.partition(": ")[0] for line in done.stdout.splitlines()] == [f"{path}:3", f"{path}:8"]


def test_the_command_is_content_with_a_good_file(tmp_path: Path) -> None:
    assert check(write(tmp_path, GOOD)).returncode == 0


def test_the_command_names_a_file_that_is_not_there(tmp_path: Path) -> None:
    done = check(tmp_path / "none.yaml")
    assert done.returncode == 2
    assert done.stdout == f"{tmp_path}/none.yaml: no such file\n"


def test_euroisdn_goes_by_etsi_too(tmp_path: Path) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_text(
        'listen: ["udp:127.0.0.1:5060"]\n'
        "trunks:\n"
        '  - {name: pbx, protocol: isdn, link: "udp:127.0.0.1:21001>127.0.0.1:21000", side: user, variant: etsi,'
        ' channels: "1-15,17-31"}\n'
    )
    assert lint_configuration(path) == ()
    (trunk,) = configuration(path).trunks
    assert isinstance(trunk, IsdnTrunk)
    assert trunk.variant == "euroisdn"
