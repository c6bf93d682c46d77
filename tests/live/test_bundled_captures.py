"""The bundled captures in pcaps/: each with its scenario, small, from loopback only, and read by tshark in full."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.live.wireshark import frames, messages

FOLDER = Path(__file__).resolve().parents[2] / "pcaps"
RECORDED = sorted(FOLDER.glob("*.pcap*"), key=lambda path: path.name)
LARGEST = 60_000

# DMS-100 puts a service discriminator octet before the first component, at which tshark's ROSE gives up.
UNREADABLE = {"dms_rlt", "gateway_dms_rlt", "gateway_dms_refer"}

each_capture = pytest.mark.parametrize("capture", RECORDED, ids=lambda path: path.stem)


def scenario(capture: Path) -> dict[str, Any]:
    """What the file beside the capture says."""
    document: dict[str, Any] = yaml.safe_load(capture.with_suffix(".yaml").read_text())
    return document


def test_every_capture_has_a_scenario_and_every_scenario_a_capture() -> None:
    told = {path.stem for path in FOLDER.glob("*.yaml")}
    assert told == {path.stem for path in RECORDED}
    assert told


@each_capture
def test_the_scenario_says_where_the_capture_comes_from(capture: Path) -> None:
    document = scenario(capture)
    assert document["capture"] == capture.name
    assert document["recorded_with"].keys() >= {"programs", "command"}
    assert document.keys() >= {"title", "roles", "expect"}


@each_capture
def test_it_is_small(capture: Path) -> None:
    assert capture.stat().st_size < LARGEST


@pytest.mark.live
@each_capture
def test_tshark_reads_it_as_the_scenario_says(capture: Path) -> None:
    """One reading: no frame is malformed, no address is anybody's but loopback, and the messages are as many."""
    read = frames(capture)
    malformed = [number for number, row in enumerate(read, 1) if row[0]]
    assert bool(malformed) == (capture.stem in UNREADABLE), f"frames {malformed}"
    addresses = {address for row in read for address in (row[1], row[2]) if address}
    assert {address for address in addresses if not address.startswith("127.")} == set()
    counted = messages(capture)
    for protocol, expected in scenario(capture)["expect"]["messages"].items():
        assert {name: counted[protocol][name] for name in expected} == expected
