"""The servers that carry calls in the benchmarks: refergate, and sippy's b2bua_simple as its peer."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.sip_load import ADDRESS
from tests.peers.ports import await_bound, free_ports

SERVER_CORE = max(os.sched_getaffinity(0))
_CONFIGURATION = """listen: ["udp:{address}:{port}"]
trunks:
  - {{name: callers, protocol: sip, peers: ["udp:{address}"], session_timer: false}}
  - {{name: carrier, protocol: sip, peers: ["udp:{address}:{callee}"], session_timer: false}}
routes:
  - {{from: "*", match: "*", to: carrier}}
store: "{store}"
workers: {workers}
"""


@contextmanager
def sippy(callee: int) -> Iterator[tuple[int, int]]:
    """b2bua_simple in front of the callee's port: its pid and its port."""
    (port,) = free_ports(1)
    program = str(Path(sys.executable).with_name("b2bua_simple"))
    command = [program, "-f", "-l", ADDRESS, "-p", str(port), "-n", f"{ADDRESS}:{callee}"]
    with _running(command, port, {"SIPLOG_BEND": "none"}) as pid:
        yield pid, port


@contextmanager
def refergate(callee: int, *, store: bool = False, workers: int = 1) -> Iterator[tuple[int, int]]:
    """`refergate serve` in front of the callee's port: its pid and its port."""
    (port,) = free_ports(1)
    with tempfile.TemporaryDirectory() as folder:
        written = f"sqlite:{folder}/calls.db" if store else ""
        path = Path(folder) / "gateway.yaml"
        path.write_text(
            _CONFIGURATION.format(address=ADDRESS, port=port, callee=callee, store=written, workers=workers)
        )
        program = str(Path(sys.executable).with_name("refergate"))
        with _running([program, "serve", "-c", str(path), "--log-level", "error"], port, {}) as pid:
            yield pid, port


@contextmanager
def _running(command: list[str], port: int, environment: dict[str, str]) -> Iterator[int]:
    process = subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        await_bound(process, ADDRESS, port)
        os.sched_setaffinity(process.pid, {SERVER_CORE})
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
