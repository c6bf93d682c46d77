"""`refergate trunk status` of a gateway between a softphone and libpri."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.live.isdn_border import IsdnBorder
from tests.peers.refergate import ROOT

pytestmark = pytest.mark.live


def status(here: IsdnBorder, *words: str) -> str:
    command = [sys.executable, str(ROOT / "cli.py"), "trunk", "status", "-c", str(here.gateway.configuration_path)]
    wide = os.environ | {"COLUMNS": "160"}
    return subprocess.check_output([*command, *words], text=True, cwd=here.folder, timeout=60, env=wide)


def isdn(here: IsdnBorder) -> dict[str, Any]:
    found = {each["name"]: each for each in json.loads(status(here, "--json"))["trunks"]}["isdn"]
    assert isinstance(found, dict)
    return found


def test_a_call_on_its_channel(tmp_path: Path) -> None:
    here = IsdnBorder(tmp_path, more={"control": "control"})
    try:
        out, there = here.call_out("5551")
        trunk = isdn(here)
        assert trunk["up"] is True
        (busy,) = [each for each in trunk["channels"] if each["state"] == "busy"]
        (call,) = trunk["calls"]
        assert (call["leg"], call["channel"], call["state"]) == (busy["leg"], busy["channel"], "active")
        assert call["with"]["trunk"] == "t1001"
        shown = status(here)
        assert "1 busy" in shown
        assert "5551" in shown
        here.phones["1001"].hang_up(out)
        here.peer.wait("hangup_req", id=there)
        here.peer.send(f"hangup {there}")
        here.peer.wait("hangup_ack", id=there)
        assert isdn(here)["calls"] == []
    finally:
        here.close()
