"""Wireshark's programs: record what passes over loopback, and read captures as an independent decoder."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.peers.process import PeerError

ETSI = ("-o", "q932.facility_encoding:Dissect facility as ETSI")
"""tshark's preference for EuroISDN; without it a Facility IE is read as QSIG."""


def program(name: str = "tshark") -> str:
    """The path of a Wireshark program; skips the test when it is not installed."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (Debian package tshark)")
    return found


def version() -> str:
    """tshark's version, such as "4.0.17"."""
    return subprocess.run([program(), "--version"], check=True, capture_output=True, text=True).stdout.split()[2]


def fields(capture: Path, names: list[str], *, where: str = "", options: tuple[str, ...] = ()) -> list[list[str]]:
    """A row for each frame that the display filter `where` lets pass, a text per field (values joined by `,`)."""
    wanted = [word for name in names for word in ("-e", name)]
    chosen = ["-Y", where] if where else []
    return [line.split("\t") for line in _run(["-r", str(capture), "-T", "fields", *chosen, *wanted, *options])]


def malformed(capture: Path, *, options: tuple[str, ...] = ()) -> list[int]:
    """The numbers of the frames in which a dissector of tshark gave up."""
    return [int(row[0]) for row in fields(capture, ["frame.number"], where="_ws.malformed", options=options)]


def _run(arguments: list[str]) -> list[str]:
    done = subprocess.run([program(), *arguments], check=False, capture_output=True, text=True)
    if done.returncode:
        raise PeerError(f"tshark {' '.join(arguments)}: {done.stderr}")
    return done.stdout.splitlines()


@contextmanager
def recording(capture: Path, capture_filter: str, *, keep: str = "") -> Iterator[None]:
    """Writes what passes over loopback inside the block to `capture` (pcap); `keep` is a display filter on top.

    A marker datagram after the block tells when everything before it has been written; it is left out again.
    """
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw.pcap"
        marker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        marker.bind(("127.0.0.1", 0))
        port = marker.getsockname()[1]
        command = [program("dumpcap"), "-q", "-P", "-i", "lo", "-f", f"({capture_filter}) or udp port {port}"]
        process = subprocess.Popen([*command, "-w", str(raw)], stderr=subprocess.PIPE)
        try:
            _await_marker(marker, raw, process)
            yield
            _await_marker(marker, raw, process)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()
            marker.close()
        chosen = f"not udp.port == {port}" + (f" and ({keep})" if keep else "")
        _run(["-r", str(raw), "-Y", chosen, "-F", "pcap", "-w", str(capture)])


def _await_marker(marker: socket.socket, raw: Path, process: subprocess.Popen[bytes]) -> None:
    word = os.urandom(16)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        marker.sendto(word, marker.getsockname())
        time.sleep(0.05)
        if raw.exists() and word in raw.read_bytes():
            return
    if process.poll() is not None:
        pytest.skip("dumpcap may not record on loopback here")
    raise PeerError("dumpcap records nothing on loopback")
