"""The recorders make the bundled captures again: the same messages, whatever the tags and times."""

from pathlib import Path

import pytest

from tests.live.wireshark import messages
from tests.peers.record import FOLDER, RECORDERS
from tests.peers.record_isdn import RECORDINGS

pytestmark = pytest.mark.live


def record_again(name: str, folder: Path) -> None:
    """Records `name` into `folder` and compares it with the bundled capture."""
    capture = folder / f"{name}.pcap"
    RECORDERS[name](capture)
    assert messages(capture) == messages(FOLDER / capture.name)


@pytest.mark.parametrize("name", RECORDINGS)
def test_libpri_transfers_as_in_the_bundled_capture(name: str, tmp_path: Path) -> None:
    record_again(name, tmp_path)


def test_phones_and_sipp_transfer_as_in_the_bundled_captures(tmp_path: Path) -> None:
    # One test, one after the other: these flows have fixed addresses.
    for name in ("sip_blind_success", "sip_refer_refused", "sip_blind_baresip"):
        record_again(name, tmp_path)
