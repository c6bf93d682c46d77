"""Two worker processes that share the port: calls and transfers, wherever a message happens to arrive."""

import re
import socket
from pathlib import Path

import pytest

from tests.live.players import TRYING, Caller, over, sdp
from tests.live.stage import ALICE, Stage, all_done, cast, stage, to_carol, told_to, writes
from tests.peers.ports import free_ports
from tests.peers.sipp import expect, pause

pytestmark = pytest.mark.live

WORKERS = 2
_TAG = re.compile(rb"^To: .*;tag=w(\d\d)", re.MULTILINE)


def port_of_worker(here: Stage, worker: int) -> int:
    """A port of alice's whose datagrams the system gives to that worker: the tag of an answer tells which."""
    while True:
        (port,) = free_ports(1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.settimeout(20)
            probe.bind((ALICE, port))
            lines = (
                f"OPTIONS sip:{here.gateway.address} SIP/2.0",
                f"Via: SIP/2.0/UDP {ALICE}:{port};branch=z9hG4bKp{port};rport",
                f"From: <sip:{ALICE}>;tag=p",
                f"To: <sip:{here.gateway.address}>",
                f"Call-ID: p{port}",
                "CSeq: 1 OPTIONS",
                "Max-Forwards: 70",
                "Content-Length: 0",
            )
            probe.sendto("\r\n".join((*lines, "", "")).encode(), ("127.0.0.1", here.gateway.port))
            found = _TAG.search(probe.recv(9999))
        assert found
        if int(found[1], 16) == worker:
            return port


@pytest.mark.parametrize("worker", range(WORKERS))
def test_blind(tmp_path: Path, worker: int) -> None:
    with stage(tmp_path, workers=WORKERS) as here:
        alice, bob, carol = cast(here)
        target = here.plays("carol", [*carol.called(body=sdp(6000)), *carol.hung_up()])
        moved = bob.offered(port=5000, having={"": "m=audio 6000 "})
        transferee = here.plays("bob", [*bob.called(body=sdp(5000)), *moved, pause(500), *bob.hangs_up(1)])
        steps = [*alice.calls("2"), *alice.refers(2, to_carol(here)), *alice.hears(200), *alice.hangs_up(3)]
        transferor = here.plays("alice", steps, port=port_of_worker(here, worker))
        all_done(transferor, transferee, target)


def test_attended_with_the_consultation_at_the_other_worker(tmp_path: Path) -> None:
    with stage(tmp_path, workers=WORKERS) as here:
        alice, bob, carol = cast(here)
        second, told = Caller("alice", "consult2"), tmp_path / "to"
        ends = [*carol.offered(port=6000, having={"": "m=audio 5000 "}), pause(500), *carol.hangs_up(1)]
        target = here.plays("carol", [*carol.called(body=sdp(6000)), *ends])
        calls = second.calls("3")
        calls[-2] = expect(200, keep={"To": "them"}, then=writes("[$them]", told))
        words = ("-cid_str", "consult@%s")
        consulting = here.plays("alice", [*calls, *second.hung_up()], *words, port=port_of_worker(here, 1))
        tag = told_to(told)
        moved = bob.offered(port=5000, having={"": "m=audio 6000 "})
        transferee = here.plays("bob", [*bob.called(body=sdp(5000)), *moved, *bob.hung_up()])
        replaces = f"consult%40{ALICE}%3Bto-tag%3D{tag}%3Bfrom-tag%3Dconsult2"
        steps = [
            *alice.calls("2"),
            *alice.refers(2, f"{to_carol(here)[:-1]}?Replaces={replaces}>"),
            *alice.notified(TRYING),
            *alice.notified(over(200)),
            *alice.hangs_up(3),
        ]
        transferor = here.plays("alice", steps, port=port_of_worker(here, 0))
        all_done(transferor, consulting, transferee, target)
        (record,) = here.gateway.wait_records(1)
        assert (record["kind"], record["outcome"]) == ("attended", "succeeded")
