"""The Unix socket at which a running server is asked: who may, what it says, what is left behind."""

import asyncio
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gateway.model.errors import GatewayError
from gateway.runtime.control_socket import ControlSocket, ask
from tests.peers.ports import free_ports
from tests.peers.refergate import ROOT, Refergate

WIDE = os.environ | {"COLUMNS": "160"}
SIP = {"name": "one", "peers": ["udp:127.0.0.1:9"]}


def asked(folder: Path, question: bytes) -> tuple[Any, list[Exception]]:
    """What a socket says to these octets, and the faults that were told."""
    faults: list[Exception] = []

    def broken() -> object:
        raise KeyError("bug")

    async def play() -> bytes:
        control = ControlSocket(folder / "s", {"trunks": lambda: [1, "ü"], "broken": broken}, faults.append)
        await control.open()
        reader, writer = await asyncio.open_unix_connection(folder / "s")
        writer.write(question)
        writer.write_eof()
        answer = await reader.read()
        writer.close()
        control.close()
        return answer

    answer = asyncio.run(play())
    return (json.loads(answer) if answer else None), faults


def test_a_question_is_answered(tmp_path: Path) -> None:
    assert asked(tmp_path, b'{"ask": "trunks"}\n') == ({"trunks": [1, "ü"]}, [])
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize(
    "question", [b"\n", b"[]\n", b'{"ask": 1}\n', b'{"ask": []}\n', b"\xff\n", b'{"ask": "x"}\n']
)
def test_what_is_no_question_is_told(tmp_path: Path, question: bytes) -> None:
    assert asked(tmp_path, question) == ({"error": "can be asked for broken, trunks"}, [])


def test_a_question_that_never_ends(tmp_path: Path) -> None:
    assert asked(tmp_path, b"x" * 100_000)[0] is None


def test_a_fault_is_told_to_the_log_and_not_to_the_asker(tmp_path: Path) -> None:
    answer, faults = asked(tmp_path, b'{"ask": "broken"}\n')
    assert answer == {"error": "the server could not say"}
    assert [type(each) for each in faults] == [KeyError]


def status(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "cli.py"), "trunk", "status", *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=60, check=False, env=WIDE)


def settings(**more: Any) -> dict[str, Any]:
    return {"trunks": [SIP], "routes": [{"to": "one"}], **more}


def test_a_server_says_what_its_trunks_do(tmp_path: Path) -> None:
    ours, theirs = free_ports(2)
    isdn = {"name": "isdn", "protocol": "isdn", "link": f"udp:127.0.0.1:{ours}>127.0.0.1:{theirs}", "channels": "1-3"}
    with Refergate(tmp_path, settings(trunks=[SIP, isdn], control="control")) as gateway:
        assert stat.S_IMODE((tmp_path / "control").stat().st_mode) == 0o600
        answer = status("--json", folder=tmp_path)
        assert (answer.returncode, answer.stderr) == (0, "")
        one, other = json.loads(answer.stdout)["trunks"]
        assert one["peers"] == [{"address": "udp:127.0.0.1:9", "up": True}]
        assert (other["up"], other["variant"], other["side"]) == (False, "euroisdn", "user")
        assert [each["state"] for each in other["channels"]] == ["idle"] * 3
        shown = status("-c", str(tmp_path / "gateway.yaml"), folder=tmp_path).stdout
        assert [word for word in ("isdn euroisdn user side", "down", "3 idle", "no calls") if word not in shown] == []
        gateway.stop()
    assert not (tmp_path / "control").exists()


def test_every_worker_has_one(tmp_path: Path) -> None:
    with Refergate(tmp_path, settings(control="control.sock", workers=2)):
        assert status(folder=tmp_path).returncode == 0
        assert {path.name for path in tmp_path.glob("control*")} == {"control-0.sock", "control-1.sock"}


def test_what_a_killed_server_leaves_is_no_obstacle(tmp_path: Path) -> None:
    with Refergate(tmp_path, settings(control="control")) as gateway:
        os.kill(gateway.pid, signal.SIGKILL)
        gateway.wait()
        assert (tmp_path / "control").exists()
        gateway.start()
        assert status(folder=tmp_path).returncode == 0


def test_errors_are_one_line(tmp_path: Path) -> None:
    def told(*words: str) -> str:
        done = status(*words, folder=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        return done.stderr

    assert told() == "refergate: gateway.yaml: no such file\n"
    path = tmp_path / "gateway.yaml"
    path.write_text(f"listen: ['udp:127.0.0.1:5060']\ntrunks: [{json.dumps(SIP)}]\n")
    assert told() == "refergate: gateway.yaml: has no key `control`: the server cannot be asked\n"
    path.write_text(path.read_text() + "control: here\n")
    assert told() == "refergate: here: no server listens there\n"


def test_two_servers_do_not_share_a_socket(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(tmp_path / "s"))
        other.listen()
        control = ControlSocket(tmp_path / "s", {}, lambda error: None)
        with pytest.raises(GatewayError, match="another server"):
            asyncio.run(control.open())


def test_somebody_else_at_the_socket(tmp_path: Path) -> None:
    async def play() -> None:
        async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            writer.write(b"220 hello\n")
            await writer.drain()
            writer.close()

        async with await asyncio.start_unix_server(speak, tmp_path / "s"):
            with pytest.raises(GatewayError, match="no refergate"):
                await asyncio.to_thread(ask, tmp_path / "s", "trunks")

    asyncio.run(play())
