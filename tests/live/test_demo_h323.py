"""`refergate demo --h323` as a new user starts it."""

import json
import re
from pathlib import Path

import pytest

from tests.live.test_demo import demo, picture
from tests.peers import tshark

pytestmark = pytest.mark.live


def test_both_transfers_are_carried_out_by_h450(tmp_path: Path) -> None:
    done = demo("--h323", "--phones", "built-in", "--keep", str(tmp_path))
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    records = [json.loads(line) for line in re.findall(r"^record (.*)$", done.stdout, re.M)]
    assert [(each["kind"], each["method"]) for each in records] == [("blind", "h450"), ("attended", "h450")]
    drawn = picture(done.stdout, "Attended transfer by H.450.2")
    for what in ("callTransferIdentify", "callTransferInitiate", "RELEASE COMPLETE result"):
        assert any(f"━ {what} " in line or f" {what} " in line for line in drawn), what
    assert tshark.malformed(tmp_path / "signalling.pcap") == []
