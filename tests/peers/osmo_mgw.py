"""osmo-mgw as a media gateway: started with a configuration of our own, asked over its telnet port what it holds."""

import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.peers.ports import await_bound, free_ports

_VTY_PORT = 4243
_CONFIG = """log stderr
 logging filter all 1
 logging level set-all notice
line vty
 no login
 bind {home}
ctrl
 bind {home}
mgcp
 bind ip {address}
 bind port {port}
 rtp port-range {first} {last}
 rtp bind-ip {address}
 number endpoints {endpoints}
 rtp keep-alive once
 rtcp-omit
"""


class OsmoMgw:
    """A media gateway at `address:port` for MGCP, with `endpoints` that bridge two RTP connections each and RTP ports
    from `first` on. It can be killed and started again. Skips the test when it is not installed.
    """

    def __init__(self, *, address: str = "127.0.0.1", endpoints: int = 8) -> None:
        program = shutil.which("osmo-mgw")
        if program is None:
            pytest.skip("osmo-mgw is not installed (Debian package osmo-mgw)")
        self.address = address
        (self.port,) = free_ports(1)
        self.first = 10_000 + self.port % 500 * 40
        # Its telnet port is fixed; the address makes several of them possible at the same time.
        self._home = f"127.77.{self.port >> 8}.{self.port & 255}"
        self._folder = tempfile.TemporaryDirectory()
        script = Path(self._folder.name) / "osmo-mgw.cfg"
        script.write_text(
            _CONFIG.format(
                home=self._home,
                address=address,
                port=self.port,
                first=self.first,
                last=self.first + 8 * endpoints - 1,
                endpoints=endpoints,
            )
        )
        self._command = [program, "-c", str(script)]
        self._log = (Path(self._folder.name) / "log").open("w")
        self.start()

    def start(self) -> None:
        """Starts it, and waits until it listens."""
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            cwd=self._folder.name,
        )
        await_bound(self._process, self.address, self.port)

    def kill(self) -> None:
        """All its connections are gone."""
        self._process.kill()
        self._process.wait()

    def ask(self, command: str) -> str:
        """What it says to a command of its telnet port."""
        with socket.create_connection((self._home, _VTY_PORT), 5) as terminal:
            _until_prompt(terminal)
            terminal.sendall(b"enable\r\n")
            _until_prompt(terminal)
            terminal.sendall(f"{command}\r\n".encode())
            return _until_prompt(terminal)

    def connections(self) -> int:
        """How many connections there are."""
        return self.ask("show mgcp active").count("CONN:")

    def log(self) -> str:
        """What it wrote so far."""
        return Path(self._log.name).read_text()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._log.close()
        self._folder.cleanup()


def _until_prompt(terminal: socket.socket) -> str:
    text = b""
    while not text.endswith((b"> ", b"# ")):
        more = terminal.recv(65_536)
        if not more:
            break
        text += more
    return text.decode("utf-8", "replace")
