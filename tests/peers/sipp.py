"""SIPp as a peer: scenarios put together from a few steps, and the program that plays them.

A scenario is a list of steps, each a piece of SIPp's XML; SIPp keeps transactions, retransmissions and the order.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self
from xml.sax.saxutils import quoteattr

import pytest

from tests.peers.ports import await_bound
from tests.peers.process import PeerError

Step = str


def program() -> str:
    """The path of sipp; skips the test when it is not installed."""
    found = shutil.which("sipp")
    if found is None:
        pytest.skip("sipp is not installed (Debian package sip-tester)")
    return found


def version() -> str:
    """SIPp's version, such as "v3.6.1"."""
    told = subprocess.run([program(), "-v"], check=False, capture_output=True, text=True)
    return told.stdout.split()[1].split("-")[0]


def send(message: str, *, retransmit: int = 500, transaction: str = "") -> Step:
    """Sends a SIP message (any line ends); a request is repeated after `retransmit` ms (0: never) as T1 says.

    `transaction` names it, for a response that does not come next; an ACK names the one that it ends.
    """
    message = message.strip()
    again = f' retrans="{retransmit}"' if retransmit and not message.startswith(("SIP/2.0", "ACK")) else ""
    kind = "ack_txn" if message.startswith("ACK") else "start_txn"
    named = f' {kind}="{transaction}"' if transaction else ""
    return f"<send{again}{named}><![CDATA[\n{message.strip()}\n\n]]></send>"


def receive(
    method: str,
    *,
    then: str = "",
    keep_via: str = "",
    having: Mapping[str, str] | None = None,
    keep: Mapping[str, str] | None = None,
    optional: bool = False,
    go: str = "",
) -> Step:
    """Awaits a request; `having` gives a regular expression for headers that it must have ("" for the whole message).

    `then` is a shell command to run when it has come. Its Via is kept as variable `keep_via` when the answer does
    not come next; `keep` says of other headers as which variable they are kept. `go` is the label to go on at.
    """
    kept = {**(keep or {}), **({"Via": keep_via} if keep_via else {})}
    return _recv(f'request="{method}"', optional, _looks(having or {}, kept) + _run(then), go)


def expect(
    status: int,
    *,
    optional: bool = False,
    transaction: str = "",
    then: str = "",
    having: Mapping[str, str] | None = None,
    keep: Mapping[str, str] | None = None,
) -> Step:
    """Awaits a response with that status, to the last request or to that of `transaction`; the rest as in `receive`.

    What challenges can be answered with `[authentication username=… password=…]` next.
    """
    named = f' response_txn="{transaction}"' if transaction else ""
    auth = ' auth="true"' if status in (401, 407) else ""
    return _recv(f'response="{status}"{named}{auth}', optional, _looks(having or {}, keep or {}) + _run(then), "")


def label(name: str) -> Step:
    """Where `go` leads."""
    return f'<label id="{name}"/>'


def _recv(what: str, optional: bool, actions: list[str], go_to: str) -> Step:
    either = ' optional="true"' if optional else ""
    onwards = f' next="{go_to}"' if go_to else ""
    found = re.findall(r'assign_to="([^"]+)"', "".join(actions))
    references = "".join(f'<Reference variables="{name}"/>' for name in found)
    return f'<recv {what} rrs="true"{either}{onwards}><action>{"".join(actions)}</action></recv>{references}'


def _looks(having: Mapping[str, str], keep: Mapping[str, str]) -> list[str]:
    checks = [(name, expression, f"checked{number}") for number, (name, expression) in enumerate(having.items())]
    checks += [(name, ".*", into) for name, into in keep.items()]
    return [
        f'<ereg regexp={quoteattr(expression)} {_where(name)} check_it="true" assign_to="{into}"/>'
        for name, expression, into in checks
    ]


def _where(header: str) -> str:
    return f'search_in="hdr" header="{header}:"' if header else 'search_in="msg"'


def _run(command: str) -> list[str]:
    return [f"<exec command={quoteattr(command)}/>"] if command else []


def pause(milliseconds: int) -> Step:
    """Does nothing for a while (a retransmission by the other end needs one)."""
    return f'<pause milliseconds="{milliseconds}"/>'


def scenario(name: str, steps: list[Step]) -> str:
    """The steps as a SIPp scenario file."""
    body = "\n".join(steps)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<scenario name={quoteattr(name)}>\n{body}\n</scenario>\n'


class Sipp:
    """A running sipp that plays one scenario once; `wait` tells whether it went as written.

    `remote` is "address:port" of the other end and needed by whoever starts. `transport` is "u1" (UDP) or "t1" (TCP).
    `options` are more words for the command line.
    """

    def __init__(
        self,
        name: str,
        steps: list[Step],
        address: str,
        port: int,
        remote: str = "",
        *,
        transport: str = "u1",
        options: Sequence[str] = (),
    ) -> None:
        self.name = name
        self._folder = tempfile.TemporaryDirectory()
        script = Path(self._folder.name) / f"{name}.xml"
        script.write_text(scenario(name, steps))
        here = ["-i", address, "-p", str(port), "-t", transport]
        limits = ["-m", "1", "-timeout", "20s", "-timeout_error", "-recv_timeout", "12000"]
        self._process = subprocess.Popen(
            [
                program(),
                "-sf",
                str(script),
                *here,
                *limits,
                "-nostdin",
                "-trace_err",
                *options,
                *([remote] if remote else []),
            ],
            cwd=self._folder.name,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        await_bound(self._process, address, port, stream=transport.startswith("t"))

    def wait(self, seconds: float = 25) -> None:
        """Waits for the end of the scenario. Raises PeerError when a message was not the one awaited."""
        code = self._process.wait(seconds)
        if code:
            raise PeerError(f"sipp {self.name} ended with {code}: {self._errors()}")

    def _errors(self) -> str:
        return "\n".join(log.read_text()[-3000:] for log in Path(self._folder.name).glob("*_errors.log"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._folder.cleanup()
