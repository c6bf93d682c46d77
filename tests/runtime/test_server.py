"""`refergate serve` as a process: what it says, how it ends, what it keeps."""

import asyncio
import io
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.configuration import configuration
from gateway.runtime.log import Log
from gateway.runtime.server import Server
from gateway.sip.message import Message
from tests.peers.ports import free_ports
from tests.peers.refergate import Refergate
from tests.runtime.phone import SDP, Phone

CLI = str(Path(__file__).parents[2] / "cli.py")


def settings(one: int, other: int, **more: Any) -> dict[str, Any]:
    """Two trunks with a peer each; who calls from the first gets to the second."""
    trunks = [
        {"name": "one", "peers": [f"udp:127.0.0.1:{one}"]},
        {"name": "other", "peers": [f"udp:127.0.0.1:{other}"]},
    ]
    return {"trunks": trunks, "routes": [{"from": "one", "to": "other"}, {"to": "one"}], "drain": 20, **more}


@dataclass
class Line:
    """A phone on either side of a gateway."""

    server: Refergate
    caller: Phone
    callee: Phone

    def call(self, call_id: str = "c1") -> tuple[Message, Message]:
        """A call that is up: the 200 that the caller got, and the INVITE that the callee got."""
        uri = f"sip:200@127.0.0.1:{self.server.port}"
        self.caller.request("INVITE", uri, call_id=call_id, tag="a1", body=SDP)
        invite = self.callee.wait("INVITE")
        self.callee.respond(invite, "200 OK", body=SDP)
        answer = self.caller.wait(200)
        self.caller.request("ACK", uri, call_id=call_id, tag="a1", to=str(answer.headers.get("to")))
        self.callee.wait("ACK")
        return answer, invite

    def hang_up(self, answer: Message) -> None:
        """The caller ends it, and the callee hears that."""
        uri = f"sip:200@127.0.0.1:{self.server.port}"
        to = str(answer.headers.get("to"))
        self.caller.request("BYE", uri, call_id=answer.call_id, tag="a1", to=to, cseq=2)
        bye = self.callee.wait("BYE")
        self.callee.respond(bye, "200 OK")
        self.caller.wait(200)


def line(folder: Path, *, words: Mapping[str, Any] | None = None, **more: Any) -> Line:
    one, other = free_ports(2)
    server = Refergate(folder, settings(one, other, **more), **(words or {}))
    return Line(server, Phone(one, server.port), Phone(other, server.port))


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Line]:
    made = line(tmp_path)
    with made.server, made.caller, made.callee:
        yield made
        assert made.server.faults() == []


def refused(folder: Path, text: str) -> str:
    """The one line of a server that does not start."""
    path = folder / "gateway.yaml"
    path.write_text(text)
    done = subprocess.run(
        [sys.executable, CLI, "serve", "-c", str(path)], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    (said,) = done.stderr.splitlines()
    return said


MINIMAL = 'listen: ["udp:127.0.0.1:{port}"]\ntrunks:\n  - {{name: one, peers: ["udp:127.0.0.1:7"]}}\n'


def test_it_says_ready_and_ends_with_0_after_sigterm(up: Line) -> None:
    up.server.terminate()
    assert up.server.wait() == 0


def test_a_wrong_configuration_is_one_line_with_file_line_and_key(tmp_path: Path) -> None:
    said = refused(tmp_path, MINIMAL.format(port=5060) + "workers: many\n")
    assert f"{tmp_path}/gateway.yaml:4: workers: should be a valid integer" in said


def test_a_port_that_is_taken_is_one_line(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        place = f"udp:127.0.0.1:{taken.getsockname()[1]}"
        assert f"{place}: cannot listen" in refused(tmp_path, MINIMAL.format(port=taken.getsockname()[1]))
        several = MINIMAL.format(port=taken.getsockname()[1]) + "workers: 2\n"
        assert f"{place}: cannot listen" in refused(tmp_path, several)


def test_a_damaged_store_is_one_line_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    path.write_bytes(b"no database, but long enough to be taken for one. " * 100)
    said = refused(tmp_path, MINIMAL.format(port=free_ports(1)[0]) + f"store: 'sqlite:{path}'\n")
    assert f"{path}: no store, or a damaged one" in said
    assert path.read_bytes().startswith(b"no database")


def test_a_call_goes_through_and_ends(up: Line) -> None:
    answer, invite = up.call()
    assert invite.body.startswith(b"v=0")
    up.hang_up(answer)
    assert up.server.statistics()["answered"] == 1


@pytest.mark.parametrize("workers", [1, 2])
def test_records_that_cannot_be_written(tmp_path: Path, workers: int) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    path = blocked / "records.jsonl"
    more = f"records: {path}\nworkers: {workers}\n"
    said = refused(tmp_path, MINIMAL.format(port=free_ports(1)[0]) + more)
    assert f"{path}: records cannot be written" in said


def test_a_fault_outside_of_the_gateway_is_logged_and_counted(tmp_path: Path) -> None:
    path, stream = tmp_path / "gateway.yaml", io.StringIO()
    path.write_text(MINIMAL.format(port=free_ports(1)[0]))
    server = Server(configuration(path), path, Log(stream=stream))

    async def whole() -> None:
        await server.start()
        asyncio.get_running_loop().call_soon([].pop)
        server.stop()
        server.stop()
        await server.run()

    try:
        asyncio.run(whole())
    finally:
        # A server that ends wants no more signals; the processes of the next tests would inherit that.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGINT))
    assert "IndexError" in stream.getvalue()
    assert server.gateway.statistics()["faults"] == 1


def test_a_stranger_is_refused(up: Line) -> None:
    with Phone(free_ports(1)[0], up.server.port, "127.0.0.9") as stranger:
        stranger.request("INVITE", f"sip:200@127.0.0.1:{up.server.port}", call_id="s", tag="s1", body=SDP)
        assert stranger.wait(403).status == 403


def test_octets_that_are_no_message_do_no_harm(up: Line) -> None:
    for octets in (b"", b"\r\n\r\n", b"\x00" * 100, b"INVITE", os.urandom(500), b"INVITE sip:x SIP/2.0\r\n\r\n"):
        up.caller.send(octets)
    up.hang_up(up.call()[0])


def test_draining_it_waits_for_the_call_and_takes_no_new_one(up: Line) -> None:
    answer, _ = up.call()
    up.server.terminate()
    up.server.wait_log("drain", calls=1)
    up.caller.request("INVITE", f"sip:200@127.0.0.1:{up.server.port}", call_id="late", tag="l1", body=SDP)
    assert up.caller.wait(503).headers.get("retry-after")
    assert up.server.process is not None
    assert up.server.process.poll() is None
    up.hang_up(answer)
    assert up.server.wait() == 0


def test_a_second_sigterm_ends_it_at_once(up: Line) -> None:
    up.call()
    up.server.terminate()
    up.server.wait_log("drain")
    up.server.terminate()
    assert up.server.wait(5) == 0


def test_the_end_of_the_drain_time_ends_it(tmp_path: Path) -> None:
    short = line(tmp_path, drain=0.5)
    with short.server, short.caller, short.callee:
        short.call()
        short.server.terminate()
        assert short.server.wait(10) == 0


def test_sighup_reads_the_configuration_again_without_dropping_calls(up: Line) -> None:
    answer, _ = up.call()
    ports = (up.caller.port, up.callee.port)
    changed = settings(*ports)
    changed["routes"] = [{"match": "*", "to": "one"}]
    up.server.configure(changed)
    up.server.reload()
    up.hang_up(answer)
    up.caller.request("INVITE", f"sip:200@127.0.0.1:{up.server.port}", call_id="c2", tag="a2", body=SDP)
    invite = up.caller.wait("INVITE")
    up.caller.respond(invite, "486 Busy Here")
    assert up.caller.wait(486)


def test_a_wrong_configuration_at_sighup_is_logged_and_the_old_one_stays(up: Line) -> None:
    up.server.configure({"trunks": []})
    up.server.reload()
    (refusal,) = up.server.log("reload.refused")
    assert "gateway.yaml:" in refusal["reason"]
    up.hang_up(up.call()[0])


def test_the_listeners_stay_at_sighup_and_the_log_says_so(up: Line) -> None:
    up.server.configure(settings(up.caller.port, up.callee.port, workers=3))
    up.server.reload()
    assert up.server.log("reload.needs_restart")[0]["keys"] == ["workers"]


def stored(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        count: int = connection.execute("SELECT count(*) FROM calls").fetchone()[0]
        return count


def await_stored(server: Refergate, count: int) -> None:
    server._await(lambda: stored(server.store_path) == count, f"not {count} rows")


def test_a_call_survives_kill_and_restart(up: Line) -> None:
    answer, _ = up.call()
    await_stored(up.server, 1)
    up.server.kill()
    up.server.start()
    up.server.wait_log("restored", entries=1, lost=0)
    up.hang_up(answer)
    await_stored(up.server, 0)


def test_the_callee_can_hang_up_after_a_restart_too(up: Line) -> None:
    _, invite = up.call()
    await_stored(up.server, 1)
    up.server.kill()
    up.server.start()
    contact = str(invite.headers.get("contact")).strip("<>").partition(">")[0]
    to = str(invite.headers.get("from"))
    up.callee.request("BYE", contact, call_id=invite.call_id, tag="p1", to=to, cseq=7)
    bye = up.caller.wait("BYE")
    up.caller.respond(bye, "200 OK")
    assert up.callee.wait(200).cseq == 7


def test_a_transfer_that_was_waiting_ends_after_a_restart_and_the_first_call_goes_on(up: Line) -> None:
    answer, _ = up.call()
    uri, to = f"sip:200@127.0.0.1:{up.server.port}", str(answer.headers.get("to"))
    up.caller.request("REFER", uri, "Refer-To: <sip:300@127.0.0.1>", call_id="c1", tag="a1", to=to, cseq=2)
    up.caller.wait(202)
    up.caller.respond(up.caller.wait("NOTIFY"), "200 OK")
    up.callee.respond(up.callee.wait("INVITE"), "180 Ringing", tag="target")
    up.caller.respond(up.caller.wait("NOTIFY"), "200 OK")
    await_stored(up.server, 2)
    up.server.kill()
    up.server.start()
    final = up.caller.wait("NOTIFY")
    up.caller.respond(final, "200 OK")
    assert str(final.headers.get("subscription-state")).startswith("terminated")
    assert final.body.startswith(b"SIP/2.0 503")
    assert up.server.wait_records(1)[0]["outcome"] == "failed"
    uri = f"sip:200@127.0.0.1:{up.server.port}"
    up.caller.request("BYE", uri, call_id="c1", tag="a1", to=to, cseq=3)
    up.callee.respond(up.callee.wait("BYE"), "200 OK")
    up.caller.wait(200)


def test_a_call_that_ends_at_once_is_never_written(up: Line) -> None:
    up.hang_up(up.call()[0])
    up.server.stop()
    assert stored(up.server.store_path) == 0


def test_the_trace_has_the_whole_refer_of_a_traced_trunk_only(tmp_path: Path) -> None:
    one, other = free_ports(2)
    configured = settings(one, other)
    configured["trunks"][0]["trace"] = True
    server = Refergate(tmp_path, configured)
    traced = Line(server, Phone(one, server.port), Phone(other, server.port))
    with server, traced.caller, traced.callee:
        answer, _ = traced.call()
        uri, to = f"sip:200@127.0.0.1:{server.port}", str(answer.headers.get("to"))
        lines = ("Refer-To: <sip:300@127.0.0.1>", "X-Mine: kept")
        traced.caller.request("REFER", uri, *lines, call_id=answer.call_id, tag="a1", to=to, cseq=2)
        traced.caller.wait(202)
        line = server.wait_log("trace", direction="in")
        assert line["trunk"] == "one"
        assert line["call_id"] == answer.call_id
        assert "\r\nX-Mine: kept\r\n" in line["message"]
        assert server.wait_log("trace", direction="out")["message"].startswith("SIP/2.0 202 ")
        traced.caller.wait("NOTIFY")
        server.stop()
        assert all(entry["trunk"] == "one" for entry in server.log("trace"))


def test_the_capture_has_every_message_and_replay_reads_it(tmp_path: Path) -> None:
    from gateway.capture.signals import signals

    captured = line(tmp_path, words={"capture": True})
    with captured.server, captured.caller, captured.callee:
        captured.hang_up(captured.call()[0])
        captured.server.stop()
    found = [signal.octets.split(b" ", 1)[0] for signal in signals(captured.server.capture_path, lambda _: None)]
    assert found.count(b"INVITE") == 2
    assert found.count(b"BYE") == 2
    assert found.count(b"SIP/2.0") >= 4


def test_several_workers_find_the_owner_of_a_dialog(tmp_path: Path) -> None:
    several = line(tmp_path, words={"workers": 3})
    uri = f"sip:200@127.0.0.1:{several.server.port}"
    with several.server, several.caller, several.callee:
        answers = [several.call(f"call{number}")[0] for number in range(6)]
        # The system gives datagrams to a worker by where they come from: other ports reach other workers.
        for number, answer in enumerate(answers):
            to, port = str(answer.headers.get("to")), free_ports(1)[0]
            with Phone(port, several.server.port) as elsewhere:
                elsewhere.request("BYE", uri, call_id=f"call{number}", tag="a1", to=to, cseq=2)
                several.callee.respond(several.callee.wait("BYE"), "200 OK")
                assert elsewhere.wait(200)
        several.server.stop()
        assert several.server.faults() == []


def test_a_worker_that_is_killed_takes_its_calls_up_again(tmp_path: Path) -> None:
    several = line(tmp_path, words={"workers": 2})
    with several.server, several.caller, several.callee:
        answer, _ = several.call()
        await_stored(several.server, 1)
        for pid in _children(several.server.pid):
            os.kill(pid, signal.SIGKILL)
        several.server._await(lambda: len(several.server.log("worker.started")) == 2, "no new workers")
        several.server.wait_log("restored", entries=1, lost=0)
        several.hang_up(answer)
        assert several.server.stop() == 0


def test_an_attended_transfer_joins_calls_of_two_workers(tmp_path: Path) -> None:
    several = line(tmp_path, words={"workers": 2})
    server, caller, callee = several.server, several.caller, several.callee
    uri = f"sip:200@127.0.0.1:{server.port}"
    with server, caller, callee, ExitStack() as phones:
        first, _ = several.call("first")
        while True:
            second_phone = phones.enter_context(Phone(free_ports(1)[0], server.port))
            consultation, _ = Line(server, second_phone, callee).call(f"second{second_phone.port}")
            if consultation.to_tag[:3] != first.to_tag[:3]:
                break
        replaces = f"{consultation.call_id}%3Bto-tag%3D{consultation.to_tag}%3Bfrom-tag%3Da1"
        refer_to = f"Refer-To: <sip:127.0.0.1:{server.port}?Replaces={replaces}>"
        to = str(first.headers.get("to"))
        caller.request("REFER", uri, refer_to, call_id="first", tag="a1", to=to, cseq=2)
        said: list[str] = []
        while not said or b" 100 " in said[-1].encode():
            for phone in (caller, second_phone, callee):
                said += [body for body in phone.oblige() if body.startswith("SIP/2.0")]
        assert said[-1].startswith("SIP/2.0 200")
        caller.request("BYE", uri, call_id="first", tag="a1", to=to, cseq=3)
        while not any(message.method == "BYE" and message.status == 0 for message in second_phone.seen):
            for phone in (caller, second_phone, callee):
                phone.oblige()
        (record,) = server.wait_records(1)
        assert (record["kind"], record["outcome"], record["sip_status"]) == ("attended", "succeeded", 200)
        assert server.faults() == []
        server.stop()
        assert len(server.records()) == 1


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_however_often_it_is_told_to_stop_it_ends_with_0(tmp_path: Path) -> None:
    made = line(tmp_path)
    with made.server, made.caller, made.callee:
        process = made.server.process
        assert process is not None
        while process.poll() is None:
            process.terminate()
        assert process.wait() == 0
