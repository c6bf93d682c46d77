"""Calls that SIPp makes through a server, and what they cost it: CPU time and memory, children counted in."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.peers.ports import await_bound, free_ports

ADDRESS = "127.0.0.1"
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_SDP = """v=0
o=sipp [pid][call_number] 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio 6000 RTP/AVP 8 0
a=rtpmap:8 PCMA/8000
a=rtpmap:0 PCMU/8000
"""
_WITH_SDP = f"Content-Type: application/sdp\nContent-Length: [len]\n\n{_SDP}"
_DIALOG = """Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:1000@[local_ip]:[local_port]>;tag=a[call_number]x[pid]
To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
"""
_OURS = "Contact: <sip:1000@[local_ip]:[local_port]>\nMax-Forwards: 70\n"
_COPIED = "[last_Via:]\n[last_From:]\n[last_To:]%s\n[last_Call-ID:]\n[last_CSeq:]\n"
_CALLEE = "Contact: <sip:[local_ip]:[local_port]>\n"


def _send(message: str, *, retransmit: bool = False) -> str:
    again = ' retrans="500"' if retransmit else ""
    return f"<send{again}><![CDATA[\n{message.strip()}\n\n]]></send>"


def _request(method: str, number: int, rest: str) -> str:
    # Not [next_url]: SIPp 3.6 takes a display name in Contact for a part of the URI, and sippy sends one.
    line = f"{method} sip:[service]@[remote_ip]:[remote_port] SIP/2.0"
    return _send(f"{line}\n{_DIALOG}CSeq: {number} {method}\n{_OURS}{rest}", retransmit=method != "ACK")


def _answered(to: str, rest: str = "Content-Length: 0") -> str:
    return _send(f"SIP/2.0 200 OK\n{_COPIED % to}{_CALLEE}{rest}")


_PLACED = (
    _request("INVITE", 1, _WITH_SDP)
    + '<recv response="100" optional="true"/><recv response="180" optional="true"/>'
    + '<recv response="200" rrs="true"/>'
    + _request("ACK", 1, "Content-Length: 0")
)
_TRANSFERRED = (
    _request("REFER", 2, "Refer-To: <sip:3000@[remote_ip]:[remote_port]>\nContent-Length: 0")
    + '<recv response="202"/>'
    + "".join(f'<recv request="NOTIFY"{optional}/>' + _answered("") for optional in ("", ""))
)
_HANGS_UP = _request("BYE", 3, "Content-Length: 0") + '<recv response="200"/>'
CALL = _PLACED + "<pause/>" + _HANGS_UP
"""A call that is held for as long as SIPp is told (`-d`)."""
REFERRED_CALL = _PLACED + _TRANSFERRED + _HANGS_UP
"""The caller refers its callee to 3000 and hangs up when that has answered."""
_TAGGED = ";tag=b[call_number]x[pid]"
_KEEPS_ADDRESSES = "".join(
    f'<ereg regexp=".*" search_in="hdr" header="{name}:" assign_to="{into}"/>'
    for name, into in (("From", "them"), ("To", "us"), ("Call-ID", "dialog"))
)
_LEAVES = _send(
    """BYE sip:[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From:[$us]
To:[$them]
Call-ID:[$dialog]
CSeq: 7 BYE
Max-Forwards: 70
Content-Length: 0""",
    retransmit=True,
)
CALLEE = (
    '<recv request="INVITE" rrs="true"/>'
    + _send(f"SIP/2.0 180 Ringing\n{_COPIED % _TAGGED}{_CALLEE}Content-Length: 0")
    + _answered(_TAGGED, _WITH_SDP)
    + '<recv request="ACK"/>'
    + '<recv request="INVITE" optional="true" rrs="true" next="referred">'
    + f"<action>{_KEEPS_ADDRESSES}</action></recv>"
    + '<recv request="BYE"/>'
    + _answered("")
    + '<nop next="over"/><label id="referred"/>'
    + _answered("", _WITH_SDP)
    + '<recv request="ACK"/>'
    + '<pause milliseconds="100"/>'
    + _LEAVES
    + '<recv response="200"/><label id="over"/><nop/>'
)
"""Rings and answers. Who is made to talk to somebody else (a re-INVITE) hangs up soon after."""


class SippLoad:
    """One SIPp that plays a scenario many times; the callee until it is stopped."""

    def __init__(self, steps: str, port: int, remote: str = "", *options: str) -> None:
        program = shutil.which("sipp")
        if program is None:
            raise RuntimeError("sipp is not installed (Debian package sip-tester)")
        self._folder = tempfile.TemporaryDirectory()
        script = Path(self._folder.name) / "load.xml"
        script.write_text(f'<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="load">\n{steps}\n</scenario>\n')
        here = ["-i", ADDRESS, "-p", str(port), "-nostdin", "-trace_err", "-buff_size", "4000000"]
        here += ["-default_behaviors", "all,-abortunexp"]  # sippy now and then sends 180 behind its 200
        self._process = subprocess.Popen(
            [program, "-sf", str(script), *here, *options, *([remote] if remote else [])],
            cwd=self._folder.name,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        # The server has the other core.
        os.sched_setaffinity(self._process.pid, {min(os.sched_getaffinity(0))})
        await_bound(self._process, ADDRESS, port)

    def wait(self, seconds: float) -> None:
        """Waits for the end of all calls. Raises RuntimeError when one did not go as written."""
        if self._process.wait(seconds):
            errors = "".join(log.read_text()[-2000:] for log in Path(self._folder.name).glob("*_errors.log"))
            raise RuntimeError(f"sipp ended with {self._process.returncode}: {errors}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._folder.cleanup()


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and of its living children so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK + sum(cpu_seconds(child) for child in _children(pid))


def resident_octets(pid: int) -> int:
    """Memory of a process and of its children."""
    own = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    return own + sum(resident_octets(child) for child in _children(pid))


def _children(pid: int) -> list[int]:
    return [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]


def cost_per_call(pid: int, port: int, caller: str, calls: int, rate: int, *options: str) -> float:
    """CPU milliseconds that each of `calls` costs the server `pid` on `port`."""
    before = cpu_seconds(pid)
    limits = ["-m", str(calls), "-r", str(rate), "-s", "2000", "-timeout", "300s", "-timeout_error"]
    (own,) = free_ports(1)
    with SippLoad(caller, own, f"{ADDRESS}:{port}", *limits, *options) as load:
        load.wait(320)
    return (cpu_seconds(pid) - before) / calls * 1000
