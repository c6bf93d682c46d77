"""H.225.0 messages as tshark reads them: a program that shares no code with ours."""

import shutil
import struct
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from gateway.h323 import tpkt

_ETHERNET = bytes(12) + b"\x08\x00"


def tshark(capture: Path, *fields: str) -> list[list[str]]:
    """The `fields` of each frame of `capture`; skips the test when tshark is not installed."""
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    wanted = [argument for field in fields for argument in ("-e", field)]
    command = ["tshark", "-r", str(capture), "-T", "fields", "-E", "separator=/t", *wanted]
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    return [line.split("\t") for line in output.splitlines()]


def write_capture(path: Path, messages: Iterable[bytes]) -> Path:
    """A capture with each message in a TPKT in a TCP segment of its own to port 1720."""
    packets = (_segment(number, tpkt.frame(message)) for number, message in enumerate(messages))
    records = (struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet for packet in packets)
    path.write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + b"".join(records))
    return path


def _segment(number: int, payload: bytes) -> bytes:
    """A connection of its own for each, so that nothing looks like a retransmission or a gap."""
    tcp = struct.pack(">HHIIBBHHH", 20000 + number, 1720, 1, 1, 0x50, 0x18, 65535, 0, 0)
    length = 20 + len(tcp) + len(payload)
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, length, 0, 0, 64, 6, 0, b"\x7f\0\0\1", b"\x7f\0\0\2")
    return _ETHERNET + ip + tcp + payload
