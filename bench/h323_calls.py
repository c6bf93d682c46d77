"""What a call between SIP and H.323 costs, and a transfer by H.450.2: CPU time and memory of the gateway between.

SIPp calls and answers. A second refergate, whose time does not count, stands for the H.323 endpoint: it takes the
call and hands it to SIPp.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep
from typing import Any

from bench import Row
from bench.sip_load import ADDRESS, CALL, CALLEE, REFERRED_CALL, SippLoad, cost_per_call, resident_octets
from tests.peers.ports import free_ports
from tests.peers.refergate import Refergate

CALLS = 1_500
RATE = 100
TRANSFER_RATE = 50
HELD = 2_000
HOLD_RATE = 100
_AT_ONCE = ("-d", "0")
_OURS, _THEIRS = "127.0.29.1:1720", "127.0.29.2:1720"


def measure() -> Iterator[Row]:
    """A plain call, one to H.323, one that H.450.2 transfers there, and calls that are held."""
    (callee,) = free_ports(1)
    with SippLoad(CALLEE, callee):
        with gateway(plain(callee)) as server:
            base = _cost(server, CALL, RATE)
        yield Row(f"refergate, SIP to SIP, {RATE} a second", f"{base:.2f} ms/call")
        with endpoint(callee), gateway(to_h323(callee)) as server:
            call = _cost(server, CALL, RATE)
            yield Row(
                f"refergate, SIP to H.323 by fast connect, {RATE} a second",
                f"{call:.2f} ms/call",
                f"{call / base:.1f} x; at most 4 x",
            )
            moved = _cost(server, REFERRED_CALL, TRANSFER_RATE)
            assert {record["method"] for record in server.records()} == {"h450"}
            yield Row(
                f"refergate, the same and a transfer by H.450.2, {TRANSFER_RATE} a second",
                f"{moved:.2f} ms/call",
                f"{moved / call:.2f} x a call; at most 2 x",
            )
        with endpoint(callee), gateway(to_h323(callee), level="info") as server:
            each = f"{_held(server) / 1000:.1f} kB"
            yield Row(f"refergate, memory of a held call to H.323 (of {HELD:,})", each, "at most 40 kB")


def plain(callee: int) -> dict[str, Any]:
    """Calls go from SIP to SIP."""
    return _settings([{"name": "b", "peers": [f"udp:{ADDRESS}:{callee}"]}], "b")


def to_h323(callee: int) -> dict[str, Any]:
    """Calls go to the endpoint."""
    lan = {"name": "lan", "protocol": "h323", "listen": _OURS, "peers": [_THEIRS]}
    return _settings([lan], "lan")


def _settings(trunks: list[dict[str, Any]], to: str) -> dict[str, Any]:
    callers = {"name": "a", "users": [], "peers": [f"udp:{ADDRESS}"]}
    return {
        "trunks": [callers, *trunks],
        "routes": [{"match": "*", "to": to}],
        "limits": {"calls": HELD + 100, "connections": 2 * HELD},
        "timing": {"options": 0},
    }


@contextmanager
def gateway(settings: dict[str, Any], level: str = "warning") -> Iterator[Refergate]:
    """A refergate; what it counts is told at `level` "info"."""
    with (
        TemporaryDirectory() as folder,
        Refergate(Path(folder), settings, transports=("udp",), level=level, store=False) as server,
    ):
        yield server


@contextmanager
def endpoint(callee: int) -> Iterator[None]:
    """What stands for the H.323 endpoint."""
    trunks = [
        {"name": "lan", "protocol": "h323", "listen": _THEIRS, "peers": [_OURS]},
        {"name": "sip", "peers": [f"udp:{ADDRESS}:{callee}"]},
    ]
    settings = {
        "trunks": trunks,
        "routes": [{"match": "*", "to": "sip"}],
        "limits": {"calls": 2 * HELD, "connections": 4 * HELD},
    }
    with gateway(settings):
        yield


def _cost(server: Refergate, caller: str, rate: int) -> float:
    cost_per_call(server.pid, server.port, caller, 100, rate, *_AT_ONCE)  # what is done only once
    return min(cost_per_call(server.pid, server.port, caller, CALLS, rate, *_AT_ONCE) for _ in range(2))


def _held(server: Refergate) -> float:
    cost_per_call(server.pid, server.port, CALL, 200, RATE, *_AT_ONCE)
    before = resident_octets(server.pid)
    (own,) = free_ports(1)
    limits = ["-m", str(HELD), "-l", str(HELD), "-r", str(HOLD_RATE), "-s", "2000", "-d", "3600000"]
    with SippLoad(CALL, own, f"{ADDRESS}:{server.port}", *limits):
        sleep(HELD / HOLD_RATE + 8)
        assert server.statistics()["calls_up"] == HELD
        return (resident_octets(server.pid) - before) / HELD
