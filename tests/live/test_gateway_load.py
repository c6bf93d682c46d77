"""Ten thousand calls that are up at the same time, placed and taken by SIPp: all are held, and all are cleared."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.sip_load import ADDRESS, CALL, CALLEE, SippLoad, resident_octets
from tests.peers.ports import free_ports
from tests.peers.refergate import Refergate

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

CALLS = 10_000
RATE = 250
HELD = 10
"""Seconds that a call is held beyond the time that it takes to place all."""


def test_ten_thousand_calls(tmp_path: Path) -> None:
    own, other = free_ports(2)
    trunks = [
        {"name": "a", "peers": [f"udp:{ADDRESS}:{own}"]},
        {"name": "b", "peers": [f"udp:{ADDRESS}:{other}"]},
    ]
    routes = [{"match": "*", "to": "b"}]
    settings = {"trunks": trunks, "routes": routes, "limits": {"calls": CALLS + 10, "transactions": 100_000}}
    with Refergate(tmp_path, settings, level="info", transports=("udp",)) as server:
        before = resident_octets(server.pid)
        words = [
            "-m",
            str(CALLS),
            "-r",
            str(RATE),
            "-l",
            str(CALLS),
            "-s",
            "2000",
            "-timeout",
            "500s",
            "-timeout_error",
        ]
        held = ["-d", str((CALLS // RATE + HELD) * 1000)]
        with (
            SippLoad(CALLEE, other),
            SippLoad(CALL, own, f"{ADDRESS}:{server.port}", *words, *held) as caller,
        ):
            until(lambda: calls(server) == CALLS)
            assert (resident_octets(server.pid) - before) / CALLS < 30_000
            caller.wait(500)
        until(lambda: not any(server.statistics()[what] for what in ("calls_up", "legs", "timers")))
        assert not server.faults()
        server.terminate()
        assert server.wait(60) == 0


def calls(server: Refergate) -> int:
    count: int = server.statistics()["calls_up"]
    return count


def until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 150
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(1)
