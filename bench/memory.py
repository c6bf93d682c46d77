"""Peak memory of reading a million packets, and of ten times fewer: it must not grow with the file."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import Row
from bench.sip_traffic import write

SIZES = (100_000, 1_000_000)
TARGET_MIB = 200
_MEDIA_PACKETS = 9
"""RTP packets behind each SIP packet."""

_READ = """
import resource, sys
from pathlib import Path
from gateway.capture.signals import Reading
reading = Reading(Path(sys.argv[1]), print)
count = sum(1 for _ in reading)
print(reading.packets, count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
_REPLAY = """
import resource, sys
from pathlib import Path
from gateway.capture.replay import replay
report = replay(Path(sys.argv[1]))
print(report.packets, len(report.transfers), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def measure() -> Iterator[Row]:
    """Peak resident memory in MiB of the reader alone and of the whole replay."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calls.pcap"
        for packets in SIZES:
            write(path, packets, media_packets=_MEDIA_PACKETS)
            for what, program in (("reading", _READ), ("replay", _REPLAY)):
                read, found, peak = _run(program, path)
                assert read == packets
                yield Row(f"{what} {packets:,} packets ({found:,} found)", f"{peak} MiB", f"at most {TARGET_MIB} MiB")


def _run(program: str, path: Path) -> list[int]:
    done = subprocess.run([sys.executable, "-c", program, str(path)], check=True, capture_output=True, text=True)
    return [int(word) for word in done.stdout.split()]
