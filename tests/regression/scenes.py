"""Small scenario files for tests: a bundled capture in a folder of its own, with what the test expects of it."""

import shutil
from pathlib import Path

from gateway.regression.trial import Result, tried
from gateway.resources import folder

CAPTURE = "sip_blind_busy.pcap"
"""A blind transfer to a busy target: NOTIFY 486, and the first call stays."""


def place(where: Path, expect: str, *, name: str = "blind.scenario.yaml", more: str = "") -> Path:
    """Puts the capture and a scenario of it into `where`; `expect` and `more` are YAML."""
    path = where / name
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(folder("pcaps") / CAPTURE, path.parent / CAPTURE)
    indented = "".join(f"  {line}\n" for line in expect.splitlines())
    path.write_text(
        f"capture: {CAPTURE}\n{more}expect:\n{indented}" if expect else f"capture: {CAPTURE}\nexpect: {{}}\n"
    )
    return path


def lines(where: Path, expect: str) -> list[str]:
    """What of the expectation does not hold."""
    result: Result = tried(place(where, expect))
    assert result.error == ""
    return [str(each) for each in result.unmet]


GREEN = "transfers:\n- {kind: blind, outcome: failed, status: 486}"
RED = "transfers:\n- {kind: blind, outcome: succeeded, status: 486}"
