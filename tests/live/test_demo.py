"""`refergate demo` as a new user starts it: real processes, a picture of what went between them, the records."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway.demonstration.phone import PhoneKind
from tests.peers import tshark

pytestmark = pytest.mark.live

PROGRAM = (sys.executable, str(Path(__file__).parents[2] / "cli.py"), "demo")
WIDE = os.environ | {"COLUMNS": "120"}


def demo(*words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *words], capture_output=True, text=True, env=env or WIDE, timeout=90, check=False
    )


def picture(output: str, title: str) -> list[str]:
    """Arrows and what is on them, one entry for each line of that ladder."""
    lines = output.partition(f"{title}, as captured")[2].partition("record ")[0].splitlines()
    return [line for line in lines if re.match(r" +\d+\.\d{3} ", line)]


@pytest.mark.parametrize("kind", list(PhoneKind))
def test_both_transfers_succeed_and_are_drawn(kind: PhoneKind, tmp_path: Path) -> None:
    if not kind.is_installed:
        pytest.skip("pjsua2 is not installed (pip install pjsua2-python)")
    done = demo("--phones", kind, "--keep", str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    records = [json.loads(line) for line in re.findall(r"^record (.*)$", done.stdout, re.M)]
    assert [(each["kind"], each["outcome"], each["method"]) for each in records] == [
        ("blind", "succeeded", "invite"),
        ("attended", "succeeded", "join"),
    ]
    for title in ("Blind transfer", "Attended transfer"):
        drawn = picture(done.stdout, title)
        assert any("━ REFER" in line for line in drawn)
        assert any("━ NOTIFY 200 ━" in line for line in drawn)
        assert sum("─ BYE ─" in line for line in drawn) == sum("─ 200 BYE ─" in line for line in drawn) >= 3
    assert all(name in done.stdout for name in ("1001 transferor", "refergate", "1002 transferee", "1003 target"))
    assert (tmp_path / "transfers.jsonl").read_text().count("\n") == 2
    assert (tmp_path / "gateway.yaml").exists()


def test_tshark_reads_the_capture_that_is_kept(tmp_path: Path) -> None:
    assert demo("--phones", "built-in", "--keep", str(tmp_path)).returncode == 0
    rows = tshark.fields(tmp_path / "signalling.pcap", ["udp.srcport"], where="udp.checksum.status == 1 || udp")
    assert len(rows) > 60


def test_without_the_wheel_the_built_in_phones_do_it(tmp_path: Path) -> None:
    hidden = tmp_path / "sitecustomize.py"
    hidden.write_text(
        "import importlib.util\nfind = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *a: None if name == 'pjsua2' else find(name, *a)\n"
    )
    done = demo(env=WIDE | {"PYTHONPATH": str(tmp_path)})
    assert (done.returncode, done.stderr) == (0, "")
    assert "built-in phones take the place of PJSIP" in done.stdout


def test_a_wheel_that_does_not_work_is_told_and_done_without(tmp_path: Path) -> None:
    (tmp_path / "pjsua2.py").write_text("raise SystemExit('made for another machine')\n")
    done = demo(env=WIDE | {"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 0
    assert "its process ended: built-in phones take the place of PJSIP" in done.stdout


def test_a_gateway_that_does_not_start_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "uvloop.py").write_text("raise SystemExit('no uvloop here')\n")
    done = demo(env=WIDE | {"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 2
    assert done.stderr == "refergate: gateway: did not start: no uvloop here\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_behind_when_it_is_ended(number: signal.Signals, tmp_path: Path) -> None:
    start = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); import cli; cli.main()"
    command = [sys.executable, "-c", start, "demo", "--phones", "built-in", "--keep", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=PROGRAM[1][:-6]) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        process.send_signal(number)
        process.stdout.read()  # the gateway has closed it too: its standard output is a pipe of the demonstration's
    assert process.returncode == 128 + number
    deadline = time.monotonic() + 10
    while running(str(tmp_path)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not running(str(tmp_path))


def running(word: str) -> list[str]:
    """Processes with that word on their command line."""
    listed = subprocess.run(["ps", "-A", "-o", "args="], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if word in line and "pytest" not in line]
