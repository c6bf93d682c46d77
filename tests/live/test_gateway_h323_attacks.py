"""Connections that an H.323 listener had better not have: idle, half open, full of garbage. Calls go on meanwhile."""

import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bench.sip_load import ADDRESS, CALL, CALLEE, SippLoad
from gateway.h323.tpkt import frame
from tests.live.h323_border import PORT, free_hosts
from tests.peers.ports import free_ports
from tests.peers.refergate import Refergate

pytestmark = pytest.mark.live

IDLE = 1_000
CALLS = 30
_HALF = b"\x03\x00\x08\x00\x08\x02"
_BOMB = frame(bytes.fromhex("0802000105" + "7e0400" + "05") + b"\xff" * 1023)
_LONG = b"\x03\x00\xff\xff" + bytes(40_000)


@pytest.fixture(scope="module")
def host() -> str:
    return next(iter(free_hosts().values()))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, host: str, callee: int) -> Iterator[Refergate]:
    """Calls from SIP go out over H.323 to the very same gateway, and from there to SIP again."""
    here = f"{host}:{PORT}"
    trunks = [
        {"name": "a", "peers": [f"udp:{ADDRESS}"]},
        {"name": "b", "peers": [f"udp:{ADDRESS}:{callee}"]},
        {"name": "lan", "protocol": "h323", "listen": here, "peers": [here], "fast_start": False},
    ]
    routes = [{"from": "lan", "match": "*", "to": "b"}, {"match": "*", "to": "lan"}]
    folder: Path = tmp_path_factory.mktemp("h323")
    with Refergate(folder, {"trunks": trunks, "routes": routes}, transports=("udp",), level="info") as found:
        yield found


@pytest.fixture(scope="module")
def callee() -> Iterator[int]:
    (port,) = free_ports(1)
    with SippLoad(CALLEE, port):
        yield port


def test_calls_go_on(server: Refergate, host: str) -> None:
    (own,) = free_ports(1)
    with ExitStack() as attackers:
        for number in range(IDLE):
            attackers.enter_context(connected(host)).send(_HALF[: number % 6])
        throw(host)
        words = ["-m", str(CALLS), "-r", "20", "-s", "2000", "-d", "100", "-timeout", "60s", "-timeout_error"]
        with SippLoad(CALL, own, f"{ADDRESS}:{server.port}", *words) as load:
            throw(host)
            load.wait(90)
        assert server.statistics()["h323_connections"] >= IDLE
    assert not server.faults()
    assert server.log("h323.connection_broken")


def test_strangers_are_turned_away(server: Refergate, host: str) -> None:
    with socket.create_connection((host, PORT), 5) as stranger:
        assert stranger.recv(1) == b""
    server.wait_log("h323.stranger")


def connected(host: str) -> socket.socket:
    """A connection from an address that is admitted."""
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.bind((host, 0))
    found.connect((host, PORT))
    return found


def throw(host: str) -> None:
    """Octets of no use, each on a connection of its own; some are closed by the gateway while it reads."""
    dice = random.Random(1720)
    garbage = [frame(dice.randbytes(dice.randrange(1, 400))) for _ in range(20)]
    for octets in (b"INVITE sip:x SIP/2.0\r\n\r\n", b"\x03\x00\x00\x04" * 500, _BOMB, _LONG, *garbage):
        with connected(host) as attacker:
            try:
                attacker.sendall(octets)
            except OSError:
                continue
