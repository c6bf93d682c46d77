"""What calls between SIP and the ISDN cost: one with an explicit call transfer, 30 primary accesses, one message.

SIPp calls on one core, the exchanges answer there, and refergate has the other, as in `bench.bridged_calls`. What a
call with ECT costs is held against a plain call between SIP and SIP, both at the same rate and in turn: the lowest of
each. The call with ECT is a SIP caller's to the ISDN and its blind REFER to a number there: a second call is set up,
EctLinkIdRequest and ExplicitEctExecute join the two, and the exchange clears both: 6 SIP messages, 2 Q.931 calls, 4
FACILITY. The plain call to the ISDN is told to show how much of that is the first call.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, perf_counter, sleep
from typing import Any

import yaml

from bench import Row
from bench.awake import awake
from bench.sip_load import (
    ADDRESS,
    CALL,
    CALLEE,
    REFERRED_CALL,
    SippLoad,
    cost_per_call,
    cpu_seconds,
    resident_octets,
)
from bench.sip_peers import SERVER_CORE, refergate
from gateway.isdn import q931
from gateway.isdn.element_check import MANDATORY, fault_of
from gateway.model.errors import GatewayError
from gateway.runtime.control import trunk_status
from tests.peers.ports import await_bound, free_ports

CALLS = 1_000
RATE = 60
"""Calls a second; with a transfer they take a good third of a core."""
TRUNKS, CHANNELS = 30, 30
HOLD_RATE = 100
ROUNDS = 3
_PORTS, _REMOTES = 23_000, 24_000
_AT_ONCE = ("-d", "0")
_PATIENCE = 60.0

SETUP = bytes.fromhex(
    "08020001050403 8090a3 1803a98381 6c0c2183343938393132333435 70058135353531 740c010083343938393132333435"
    "28064469736b61 7e0604 68656c6c6f a1".replace(" ", "")
)
"""Bearer, channel, calling, called and redirecting number, display, user-user, sending complete."""
TURNS = 20_000


def measure() -> Iterator[Row]:
    """A call with ECT, 900 channels, a message."""
    with awake(SERVER_CORE):
        yield from _with_transfer()
        yield from _many()
    yield _decoded()


def _with_transfer() -> Iterator[Row]:
    (callee,) = free_ports(1)
    to_isdn = _to_every_trunk(CALL)
    with_ect = _to_every_trunk(REFERRED_CALL).replace("sip:3000@", "sip:[field0]5552@")
    with SippLoad(CALLEE, callee), refergate(callee) as sip, _isdn(TRUNKS) as (pid, port, folder):
        prefixes = ("-inf", str(_prefixes(folder)))
        kinds = (
            (*sip, CALL, *_AT_ONCE),
            (pid, port, to_isdn, *_AT_ONCE, *prefixes),
            (pid, port, with_ect, *prefixes),
        )
        _round(kinds, 100)
        plain, first, whole = map(min, zip(*(_round(kinds, CALLS) for _ in range(ROUNDS)), strict=True))
        joined = _joined(folder)
    yield Row(f"refergate, SIP to SIP, {RATE} a second", f"{plain:.2f} ms/call")
    yield Row(f"refergate, SIP to ISDN, {RATE} a second", f"{first:.2f} ms/call", f"{first / plain:.2f} x SIP to SIP")
    against = f"{whole / plain:.2f} x SIP to SIP; at most 3 x"
    yield Row(f"refergate, SIP to ISDN, second call, ECT ({joined})", f"{whole:.2f} ms/call", against)


def _round(kinds: Iterable[tuple[Any, ...]], calls: int) -> list[float]:
    """What a call of each kind costs: pid and port of the server, scenario, options of SIPp."""
    return [cost_per_call(pid, port, steps, calls, RATE, *options) for pid, port, steps, *options in kinds]


def _joined(folder: Path) -> str:
    """How the transfers were done: all of them by the exchange, else it is not what was to be measured."""
    methods = [json.loads(line)["method"] for line in (folder / "records").read_text().splitlines()]
    native = sum(method.startswith("ect") for method in methods)
    if native < len(methods):
        raise RuntimeError(
            f"{len(methods) - native} of {len(methods)} transfers were not carried out by the exchange"
        )
    return f"{native:,} by the exchange"


def _many() -> Iterator[Row]:
    count = TRUNKS * CHANNELS
    with _isdn(TRUNKS) as (pid, port, folder):
        before, empty = cpu_seconds(pid), resident_octets(pid)
        limits = ["-m", str(count), "-l", str(count), "-r", str(HOLD_RATE), "-d", "3600000"]
        limits += ["-inf", str(_prefixes(folder))]
        (own,) = free_ports(1)
        with SippLoad(_to_every_trunk(CALL), own, f"{ADDRESS}:{port}", *limits):
            up = _await_calls(folder, count)
            cost = (cpu_seconds(pid) - before) / count * 1000
            each = (resident_octets(pid) - empty) / count
            idle, began = cpu_seconds(pid), monotonic()
            sleep(20)
            share = (cpu_seconds(pid) - idle) / (monotonic() - began) * 100
    yield Row(f"refergate, {TRUNKS} PRI in one process: calls up", f"{up}", f"{count} channels")
    yield Row("refergate, CPU of each of them, and memory", f"{cost:.2f} ms", f"{each / 1000:.1f} kB")
    yield Row(f"refergate, core that {TRUNKS} PRI with {count} calls up take", f"{share:.1f} %")


def _to_every_trunk(scenario: str) -> str:
    """The scenario with called numbers of one trunk after the other."""
    return scenario.replace("[service]", "[field0]5551")


def _prefixes(folder: Path) -> Path:
    """The numbers by which the routes tell the trunks apart, for SIPp."""
    path = folder / "prefixes.csv"
    path.write_text("SEQUENTIAL\n" + "".join(f"{number:02};\n" for number in range(TRUNKS)))
    return path


def _await_calls(folder: Path, count: int) -> int:
    """How many calls are up in the end."""
    up, deadline = 0, monotonic() + _PATIENCE
    while up < count and monotonic() < deadline:
        sleep(0.5)
        trunks = _status(folder)
        up = sum(call["answered"] for trunk in trunks if trunk["protocol"] == "isdn" for call in trunk["calls"])
    return up


def _status(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = trunk_status(folder / "gateway.yaml")["trunks"]
    return found


def _decoded() -> Row:
    """Octets to message, each element checked, as call control does it with what it receives."""
    microseconds = min(_turns() for _ in range(ROUNDS)) / TURNS * 1e6
    return Row("one SETUP decoded and checked", f"{microseconds:.1f} µs", "at most 40 µs")


def _turns() -> float:
    began = perf_counter()
    for _ in range(TURNS):
        message, cut_off = q931.decode_readable(SETUP)
        fault_of(message, MANDATORY[q931.MessageType.SETUP], cut_off=cut_off)
    return perf_counter() - began


@contextmanager
def _isdn(trunks: int) -> Iterator[tuple[int, int, Path]]:
    """`refergate serve` between SIPp and that many exchanges: its pid, its port, its folder."""
    (port,) = free_ports(1)
    exchanges = [sys.executable, "-m", "bench.isdn_exchange", str(trunks), str(_REMOTES), str(_PORTS)]
    program = [
        str(Path(sys.executable).with_name("refergate")),
        "serve",
        "-c",
        "gateway.yaml",
        "--log-level",
        "error",
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "gateway.yaml").write_text(yaml.safe_dump(_settings(folder, port, trunks)))
        with (
            subprocess.Popen(exchanges, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as other,
            subprocess.Popen(program, cwd=folder, stdout=subprocess.DEVNULL) as server,
        ):
            try:
                await_bound(server, ADDRESS, port)
                os.sched_setaffinity(server.pid, {SERVER_CORE})
                os.sched_setaffinity(other.pid, {min(os.sched_getaffinity(0))})
                _await_links(folder)
                yield server.pid, port, folder
            finally:
                server.kill()
                other.kill()


def _await_links(folder: Path) -> None:
    deadline = monotonic() + _PATIENCE
    while monotonic() < deadline:
        with suppress(GatewayError):  # It answers a moment after its listeners are bound.
            if all(trunk["up"] for trunk in _status(folder) if trunk["protocol"] == "isdn"):
                return
        sleep(0.2)
    raise RuntimeError("not every D channel has come up")


def _settings(folder: Path, port: int, count: int) -> dict[str, object]:
    trunks = [
        {
            "name": f"pri{number:02}",
            "protocol": "isdn",
            "link": f"udp:{ADDRESS}:{_PORTS + number}>{ADDRESS}:{_REMOTES + number}",
        }
        for number in range(count)
    ]
    routes = [{"match": f"{number:02}*", "to": f"pri{number:02}"} for number in range(count)]
    return {
        "listen": [f"udp:{ADDRESS}:{port}"],
        "trunks": [{"name": "callers", "peers": [f"udp:{ADDRESS}"], "session_timer": False}, *trunks],
        "routes": [*routes, {"match": "*", "to": "pri00"}],
        "records": str(folder / "records"),
        "control": str(folder / "control"),
    }
