"""Worker processes: each message finds the one that it belongs to, and a dead worker comes back."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.engine.ownership import Ownership, branch
from gateway.runtime.entropy import Tokens
from gateway.runtime.mesh import LARGEST, Mesh, inboxes, is_foreign
from gateway.sip.flow import Flow, Transport

ROOT = Path(__file__).parents[2]
OURS, THEIRS = Tokens(0)(), Tokens(2)()


def message(
    first: str, *lines: str, via: str = "SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKpeer", to_tag: str = ""
) -> bytes:
    tag = f";tag={to_tag}" if to_tag else ""
    head = (first, f"Via: {via}", "From: <sip:a@192.0.2.7>;tag=a1", f"To: <sip:b@192.0.2.8;tag=w01>{tag}")
    return "\r\n".join((*head, "Call-ID: 1@192.0.2.7", "CSeq: 1 INVITE", *lines, "", "")).encode()


@pytest.fixture
def ownership() -> Ownership:
    return Ownership(0, 4)


def test_a_token_begins_with_the_mark_of_its_worker_and_never_comes_twice() -> None:
    tokens = Tokens(7)
    made = [tokens() for _ in range(5000)]
    assert len(set(made)) == len(made)
    assert all(token.startswith("w07") and token.isalnum() and len(token) >= 16 for token in made)


def test_two_processes_of_one_number_give_different_tokens() -> None:
    assert Tokens(0)() != Tokens(0)()


def test_a_response_belongs_to_whoever_made_the_branch(ownership: Ownership) -> None:
    via = f"SIP/2.0/UDP 192.0.2.8:5060;rport;branch=z9hG4bK{THEIRS}"
    assert ownership.owner(message("SIP/2.0 200 OK", via=via)) == 2
    assert ownership.owner(message("SIP/2.0 200 OK", via=via.replace(THEIRS, OURS))) == 0
    compact = message("SIP/2.0 200 OK", via=via).replace(b"Via:", b"v :")
    assert ownership.owner(compact) == 2


def test_only_the_topmost_via_counts(ownership: Ownership) -> None:
    below = f"Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK{THEIRS}"
    ours = f"SIP/2.0/UDP 192.0.2.8;branch=z9hG4bK{OURS}"
    assert ownership.owner(message("SIP/2.0 200 OK", below, via=ours)) == 0


@pytest.mark.parametrize("method", ["BYE", "ACK", "INVITE", "NOTIFY", "REFER", "UPDATE", "PRACK"])
def test_a_request_in_a_dialog_belongs_to_whoever_made_the_to_tag(ownership: Ownership, method: str) -> None:
    assert ownership.owner(message(f"{method} sip:b@192.0.2.8 SIP/2.0", to_tag=THEIRS)) == 2
    assert ownership.owner(message(f"{method} sip:b@192.0.2.8 SIP/2.0", to_tag="somebody")) == 0


def test_a_new_request_stays_where_it_came(ownership: Ownership) -> None:
    assert ownership.owner(message("INVITE sip:b@192.0.2.8 SIP/2.0")) == 0
    assert ownership.owner(b"INVITE garbage") == 0
    assert ownership.owner(b"SIP/2.0 200") == 0


@pytest.mark.parametrize(
    "line",
    [
        "Replaces: x%40y;to-tag={};from-tag=a7",
        "replaces : x@y ; from-tag=a7 ;to-tag= {}",
        "Target-Dialog: x@y;local-tag=a7;remote-tag={}",
        "Target-Dialog: x@y;remote-tag=a7;local-tag={}",
    ],
)
@pytest.mark.parametrize("method", ["INVITE", "REFER"])
def test_a_request_that_names_a_dialog_belongs_to_whoever_has_it(
    ownership: Ownership, line: str, method: str
) -> None:
    assert ownership.owner(message(f"{method} sip:b@192.0.2.8 SIP/2.0", line.format(THEIRS))) == 2
    assert ownership.owner(message(f"{method} sip:b@192.0.2.8 SIP/2.0", line.format(OURS))) == 0


def test_a_subscription_to_a_refer_belongs_to_whoever_has_it(ownership: Ownership) -> None:
    assert ownership.owner(message(f"SUBSCRIBE sip:refer-{THEIRS}@192.0.2.8 SIP/2.0")) == 2
    assert ownership.owner(message("SUBSCRIBE sip:refer-me@192.0.2.8 SIP/2.0")) == 0


def test_a_cancel_goes_where_its_invite_went(ownership: Ownership) -> None:
    replaces = f"Replaces: x@y;to-tag={THEIRS};from-tag=a7"
    ownership.owner(message("INVITE sip:b@192.0.2.8 SIP/2.0", replaces))
    assert ownership.owner(message("CANCEL sip:b@192.0.2.8 SIP/2.0")) == 2
    other = "SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKother"
    assert ownership.owner(message("CANCEL sip:b@192.0.2.8 SIP/2.0", via=other)) == 0


def test_what_a_worker_made_that_is_no_more_belongs_to_its_number_modulo_the_workers() -> None:
    gone = Tokens(6)()
    assert Ownership(0, 4).owner(message("BYE sip:b@192.0.2.8 SIP/2.0", to_tag=gone)) == 2
    assert Ownership(0, 1).owner(message("BYE sip:b@192.0.2.8 SIP/2.0", to_tag=gone)) == 0


def test_the_branch_of_what_has_none_is_empty() -> None:
    assert branch(b"OPTIONS sip:x SIP/2.0\r\nFrom: <sip:a@b>;tag=1\r\n\r\n") == b""


class Loop:
    """Remembers who wants to read and to write."""

    def __init__(self) -> None:
        self.readers: dict[int, Callable[[], None]] = {}
        self.writers: dict[int, Callable[[], None]] = {}

    def add_reader(self, fd: int, callback: Callable[[], None]) -> None:
        self.readers[fd] = callback

    def add_writer(self, fd: int, callback: Callable[[], None]) -> None:
        self.writers[fd] = callback

    def remove_reader(self, fd: int) -> bool:
        return self.readers.pop(fd, None) is not None

    def remove_writer(self, fd: int) -> bool:
        return self.writers.pop(fd, None) is not None

    def turn(self) -> None:
        for callback in [*self.writers.values(), *self.readers.values()]:
            callback()


class Pair:
    """Two workers of one mesh, and what they were told."""

    def __init__(self) -> None:
        self.loop = Loop()
        self.boxes = inboxes(2)
        self.received: list[tuple[bytes, Flow]] = []
        self.sent: list[tuple[Flow, bytes]] = []
        self.failed: list[Flow] = []
        self.one, self.other = Mesh(0, self.boxes, 1), Mesh(1, self.boxes, 2)
        self.other.received = lambda octets, flow, now: self.received.append((octets, flow))
        self.one.send_here = lambda flow, octets: self.sent.append((flow, octets))
        self.other.failed_there = lambda flow, now: self.failed.append(flow)
        for mesh in (self.one, self.other):
            mesh.start(self.loop, lambda: 1.0)

    def close(self) -> None:
        self.one.stop()
        self.other.stop()
        for box in self.boxes:
            box.reading.close()
            box.writing.close()


@pytest.fixture
def pair() -> "Pair":
    return Pair()


UDP = Flow(Transport.UDP, "192.0.2.7", 5060, listener=1)
TCP = Flow(Transport.TCP, "2001:db8::7", 40_000, connection=5)


def test_a_message_is_handed_over_with_its_flow(pair: Pair) -> None:
    pair.one.forward(1, b"INVITE\n\xff", UDP)
    pair.loop.turn()
    assert pair.received == [(b"INVITE\n\xff", UDP)]
    assert not is_foreign(UDP)
    pair.close()


def test_what_is_sent_by_a_connection_of_another_worker_goes_through_it(pair: Pair) -> None:
    pair.one.forward(1, b"INVITE", TCP, names=("sbc.example",))
    pair.loop.turn()
    ((_, flow),) = pair.received
    assert is_foreign(flow)
    assert pair.other.names(flow) == ("sbc.example",)
    pair.other.send(flow, b"SIP/2.0 200 OK")
    pair.loop.turn()
    assert pair.sent == [(TCP, b"SIP/2.0 200 OK")]
    pair.close()


def test_who_had_a_message_from_a_connection_hears_that_it_is_lost(pair: Pair) -> None:
    pair.one.forward(1, b"INVITE", TCP)
    pair.loop.turn()
    pair.one.connection_failed(TCP)
    pair.one.connection_failed(TCP)
    pair.loop.turn()
    assert pair.failed == [pair.received[0][1]]
    pair.close()


def test_a_connection_of_a_worker_that_was_killed_is_lost_too(pair: Pair) -> None:
    pair.one.forward(1, b"INVITE", TCP)
    pair.loop.turn()
    flow = pair.received[0][1]
    pair.one.stop()
    again = Mesh(0, pair.boxes, 3)
    again.send_here = lambda flow, octets: pair.sent.append((flow, octets))
    again.start(pair.loop, lambda: 1.0)
    pair.other.send(flow, b"SIP/2.0 200 OK")
    pair.loop.turn()
    pair.loop.turn()
    assert pair.sent == []
    assert pair.failed == [flow]
    pair.close()


def test_what_waits_for_a_slow_worker_is_neither_lost_nor_reordered(pair: Pair) -> None:
    octets = b"x" * 60_000
    for number in range(200):
        pair.one.forward(1, b"%d " % number + octets, UDP)
    for _ in range(50):
        pair.loop.turn()
    assert [int(octets.split(b" ")[0]) for octets, _ in pair.received] == list(range(200))
    assert pair.one.lost == 0
    assert not pair.loop.writers
    pair.close()


def test_what_is_too_large_is_lost_and_the_next_goes(pair: Pair) -> None:
    pair.one.forward(1, b"x" * 8 * LARGEST, UDP)
    pair.one.forward(1, b"OPTIONS", UDP)
    pair.loop.turn()
    assert pair.received == [(b"OPTIONS", UDP)]
    assert pair.one.lost == 1
    pair.close()


SUPERVISED = """
import os, select, signal, sys
from gateway.model.errors import GatewayError
from gateway.runtime.log import Log
from gateway.runtime.workers import Supervisor

def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())

def work(duty):
    if "{how}" == "refuse" and duty.number == 1:
        raise GatewayError("cannot listen", where="udp:127.0.0.1:1")
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    signal.signal(signal.SIGUSR1, lambda *_: say("usr1", duty.number))
    duty.ready()
    say("pid", duty.number, os.getpid())
    while not select.select([duty.mesh.lifeline], [], [], 60)[0]: pass

try:
    code = Supervisor(2, work, Log()).run(lambda: say("ready"))
except GatewayError as error:
    say(error)
    code = 2
os._exit(code)
"""


def supervised(how: str = "") -> subprocess.Popen[str]:
    script = SUPERVISED.replace("{how}", how)
    return subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def said(process: subprocess.Popen[str], count: int) -> list[list[str]]:
    assert process.stdout is not None
    return sorted(process.stdout.readline().split() for _ in range(count))


def pids(lines: list[list[str]]) -> dict[int, int]:
    return {int(line[1]): int(line[2]) for line in lines if line[0] == "pid"}


def test_the_workers_run_until_the_supervisor_is_told_to_stop() -> None:
    process = supervised()
    lines = said(process, 3)
    assert sorted(pids(lines)) == [0, 1]
    process.send_signal(signal.SIGUSR1)
    assert said(process, 2) == [["usr1", "0"], ["usr1", "1"]]
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


def test_a_worker_that_dies_is_started_again() -> None:
    process = supervised()
    first = pids(said(process, 3))
    os.kill(first[1], signal.SIGKILL)
    ((_, number, pid),) = said(process, 1)
    assert number == "1"
    assert int(pid) != first[1]
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert process.stderr is not None
    events = [json.loads(line) for line in process.stderr.read().splitlines()]
    assert [event["event"] for event in events] == ["worker.died", "worker.started"]
    assert events[0]["code"] == -9


def test_when_one_worker_cannot_start_none_runs() -> None:
    process = supervised("refuse")
    out, _ = process.communicate(timeout=20)
    assert "udp:127.0.0.1:1: cannot listen" in out
    assert "ready" not in out
    assert process.returncode == 2


def test_the_workers_end_when_the_supervisor_is_killed() -> None:
    process = supervised()
    workers = pids(said(process, 3))
    process.kill()
    process.wait()
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}/cmdline").exists() and _runs(pid) for pid in workers.values()):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
