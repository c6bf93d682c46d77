"""Regression suites and diagnosis: a thousand transfers played again, and a capture diagnosed against tshark.

A scenario is the bundled recording of a blind transfer through the gateway: refergate plays the gateway again on a
virtual clock and is compared message by message. Diagnosis is held against `tshark -T fields` on the same file, in
turn; its ratio is one of processor time, of which a busy machine takes less away than of time on the wall. Bytecode
is kept for both rounds, as an installed program has it.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from bench import Row
from bench.capture_speed import _TSHARK
from bench.sip_traffic import write
from gateway.resources import folder

SCENARIOS = 1_000
PLAYED = "gateway_sip_blind"
PROCESSES = 2
MOST_SECONDS = 20
PACKETS = 200_000
ROUNDS = 5
TARGET = 5.0
MIXTURES = (("SIP", 0), ("SIP with two RTP packets to each", 2))

_REFERGATE = str(Path(sys.executable).with_name("refergate"))


def measure() -> Iterator[Row]:
    """The suite, then diagnosis on either kind of capture."""
    with tempfile.TemporaryDirectory() as place:
        yield _suite(Path(place, "suite"))
        for what, media_packets in MIXTURES:
            path = Path(place, "calls.pcap")
            write(path, PACKETS, media_packets=media_packets)
            yield from _side_by_side(path, what)


def _suite(place: Path) -> Row:
    place.mkdir()
    bundled = folder("pcaps")
    text = (bundled / f"{PLAYED}.yaml").read_text()
    for number in range(SCENARIOS):
        capture = f"{number:04}.pcapng"
        shutil.copy(bundled / f"{PLAYED}.pcapng", place / capture)
        scenario = text.replace(f"capture: {PLAYED}.pcapng", f"capture: {capture}")
        (place / f"{number:04}.scenario.yaml").write_text(scenario)
    began, before = perf_counter(), _of_children()
    done = subprocess.run(
        [_REFERGATE, "replay", str(place), "-j", str(PROCESSES), "--json"], check=True, stdout=subprocess.PIPE
    )
    seconds, worked = perf_counter() - began, _of_children() - before
    assert json.loads(done.stdout)["passed"] == SCENARIOS
    what = f"{SCENARIOS:,} transfers played again in {PROCESSES} processes"
    return Row(what, f"{seconds:.2f} s", f"at most {MOST_SECONDS} s; {worked:.1f} s of processor time")


def _side_by_side(path: Path, what: str) -> Iterator[Row]:
    theirs, ours = [], []
    with tempfile.TemporaryDirectory() as bytecode:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": bytecode}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        diagnose = [_REFERGATE, "diagnose", "--json", str(path)]
        _processor_time(diagnose, environment)
        for _ in range(ROUNDS):
            theirs.append(_processor_time([*_TSHARK, str(path)], environment))
            ours.append(_processor_time(diagnose, environment))
    least = min(theirs), min(ours)
    yield Row(f"tshark -T fields, {PACKETS:,} packets, {what}", f"{least[0]:.2f} s")
    against = f"{least[0] / least[1]:.1f} x faster; at least {TARGET:.0f} x"
    yield Row(f"refergate diagnose, {PACKETS:,} packets, {what}", f"{least[1]:.2f} s", against)


def _processor_time(command: list[str], environment: dict[str, str]) -> float:
    """Seconds of all processors that a process took."""
    before = _of_children()
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return _of_children() - before


def _of_children() -> float:
    """Processor time of all processes that have ended, theirs included."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
