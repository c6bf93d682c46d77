"""Analysis of a whole capture against `tshark -T fields` with eight SIP fields, in turn on the same file.

tshark 4.0 grows quadratically when many calls announce the same media port, so that file is measured at two
sizes: what a packet costs must not grow with the size.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from bench import Row
from bench.sip_traffic import write

PACKETS = 200_000
ROUNDS = 3
"""Turns of each, of which the best counts: machines have other things to do, and not the same all the time."""
SHARED_PORT_SIZES = (5_000, 10_000)
TARGET = 6.0
_FIELDS = (
    "sip.Method",
    "sip.Status-Code",
    "sip.Call-ID",
    "sip.CSeq",
    "sip.from.tag",
    "sip.to.tag",
    "sip.Refer-To",
    "sip.Event",
)
_TSHARK = ["tshark", "-T", "fields", *(word for name in _FIELDS for word in ("-e", name)), "-r"]
_REFERGATE = [str(Path(sys.executable).with_name("refergate")), "replay", "--json"]


def measure() -> Iterator[Row]:
    """The ratio on calls with media ports of their own, then the growth on calls that share one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calls.pcap"
        write(path, PACKETS)
        yield from _side_by_side(path, PACKETS, "calls with media ports of their own", TARGET)
        for packets in SHARED_PORT_SIZES:
            write(path, packets, own_media_port=False)
            yield from _side_by_side(path, packets, "calls that share a media port", None)
        write(path, PACKETS, own_media_port=False)
        seconds, _ = _timed([*_REFERGATE, str(path)])
        yield Row(f"refergate, {PACKETS:,} packets, calls that share a media port", f"{seconds:.2f} s")


def _side_by_side(path: Path, packets: int, what: str, target: float | None) -> Iterator[Row]:
    runs = [(_timed([*_TSHARK, str(path)]), _timed([*_REFERGATE, str(path)])) for _ in range(ROUNDS)]
    theirs, ours = (min(seconds for seconds, _ in each) for each in zip(*runs, strict=True))
    (_, rows), (_, document) = runs[0]
    assert rows.count(b"\n") == json.loads(document)["packets"] == packets
    yield Row(f"tshark, {packets:,} packets, {what}", f"{theirs:.2f} s")
    held = f"at least {target:.0f} x" if target else ""
    yield Row(f"refergate, {packets:,} packets, {what}", f"{ours:.2f} s", f"{theirs / ours:.1f} x faster; {held}")


def _timed(command: list[str]) -> tuple[float, bytes]:
    """Wall clock seconds of a process from its start to its end, and what it wrote."""
    began = perf_counter()
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    return perf_counter() - began, output
