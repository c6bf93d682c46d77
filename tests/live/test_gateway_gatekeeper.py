"""Calls of SIPp over two gateways that find each other through a gatekeeper, with passwords (H.235.1)."""

from pathlib import Path
from typing import Any

import pytest

from bench.sip_load import ADDRESS, CALL, CALLEE, SippLoad
from tests.live.h323_border import PORT, free_hosts
from tests.peers import tshark
from tests.peers.gatekeeper import GatekeeperPeer
from tests.peers.ports import free_ports
from tests.peers.refergate import Refergate

pytestmark = pytest.mark.live

CALLS = 10


def trunk(host: str, alias: str, gatekeeper: int) -> dict[str, Any]:
    return {
        "name": "lan",
        "protocol": "h323",
        "listen": f"{host}:{PORT}",
        "aliases": [alias],
        "gatekeeper": {"address": f"{ADDRESS}:{gatekeeper}", "direct": True, "password": "secret"},
    }


def test_calls_through_a_gatekeeper(tmp_path: Path) -> None:
    callee, caller, ras = free_ports(3)
    first, second, _ = free_hosts().values()
    capture = tmp_path / "ras.pcap"
    for name in ("near", "far"):
        (tmp_path / name).mkdir()
    near = {
        "trunks": [{"name": "a", "peers": [f"udp:{ADDRESS}"]}, trunk(first, "1000", ras)],
        "routes": [{"match": "*", "to": "lan"}],
    }
    far = {
        "trunks": [{"name": "b", "peers": [f"udp:{ADDRESS}:{callee}"]}, trunk(second, "2000", ras)],
        "routes": [{"match": "*", "to": "b"}],
    }
    hosts = f"host {first} or host {second}"
    with (
        tshark.recording(capture, f"udp port {ras} or (tcp and ({hosts}))"),
        GatekeeperPeer(ras, "--password", "1000=secret", "--password", "2000=secret") as gatekeeper,
        Refergate(tmp_path / "near", near, transports=("udp",)) as one,
        Refergate(tmp_path / "far", far, transports=("udp",)) as other,
        SippLoad(CALLEE, callee),
    ):
        for server in (one, other):
            server.wait_log("h323.registered")
        words = ["-m", str(CALLS), "-r", "10", "-s", "2000", "-timeout", "60s", "-timeout_error", "-d", "50"]
        with SippLoad(CALL, caller, f"{ADDRESS}:{one.port}", *words) as load:
            load.wait(90)
        for _ in range(2 * CALLS):
            gatekeeper.wait("disengageRequest")
        assert not one.faults()
        assert not other.faults()
    decoding = ("-d", f"udp.port=={ras},h225")
    assert tshark.malformed(capture, options=decoding) == []
    assert (
        len(tshark.fields(capture, ["frame.number"], where="h225.admissionRequest_element", options=decoding))
        >= CALLS
    )
