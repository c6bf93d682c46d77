"""baresip as a peer: a SIP stack (libre) of its own, that answers each call and follows each REFER by itself."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.peers.ports import await_bound

MODULES = Path("/usr/lib/baresip/modules")
_CONFIG = """sip_listen {address}:{port}
net_interface {address}
module_path {modules}
audio_source aubridge,here
audio_player aubridge,here
audio_alert aubridge,here
module g711.so
module aubridge.so
module_app account.so
module_app menu.so
"""


class Baresip:
    """A baresip `sip:NAME@ADDRESS:PORT` that answers at once, over UDP or TCP; over TLS it listens on PORT + 1 with
    `certificate` (a PEM file with its key). Skips the test when it is not installed.
    """

    def __init__(self, name: str, address: str, port: int, transport: str = "udp", certificate: str = "") -> None:
        program = shutil.which("baresip")
        if program is None or not MODULES.is_dir():
            pytest.skip("baresip is not installed (Debian package baresip-core)")
        suffix = "" if transport == "udp" else f";transport={transport}"
        self.uri = f"sip:{name}@{address}:{port + (transport == 'tls')}{suffix}"
        self._folder = tempfile.TemporaryDirectory()
        home = Path(self._folder.name)
        certificate_line = f"sip_certificate {certificate}\n" if certificate else ""
        (home / "config").write_text(_CONFIG.format(address=address, port=port, modules=MODULES) + certificate_line)
        (home / "accounts").write_text(f"<sip:{name}@{address}{suffix}>;regint=0;answermode=auto;audio_codecs=pcma\n")
        (home / "contacts").touch()
        self._process = subprocess.Popen(
            [program, "-f", home], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        await_bound(self._process, address, port)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()
