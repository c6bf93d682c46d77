"""Drives the ISDN exchange of the demonstration: libpri, or one that is built in. It answers and joins by itself."""

import shutil
import subprocess
import sys
from enum import StrEnum
from pathlib import Path

from gateway.demonstration.json_peer import JsonPeer, PeerError
from gateway.demonstration.phone import environment

_SOURCE = Path(__file__).resolve().parents[2] / "tests" / "peers" / "libpri"
"""The peer is a program of its own around the library, and part of a checkout only."""
_HEADERS = (Path("/usr/include/libpri.h"), Path("/usr/local/include/libpri.h"))


class ExchangeKind(StrEnum):
    """What an exchange is made of."""

    LIBPRI = "libpri"
    BUILT_IN = "built-in"


class Exchange(JsonPeer):
    """The network of a EuroISDN primary access on UDP. `ring` tells of calls, `dchan_up` that the data link is up.

    Raises PeerError when it does not start; of libpri, with what is missing.
    """

    def __init__(self, kind: ExchangeKind, port: int, remote: int) -> None:
        self.kind = kind
        if kind is ExchangeKind.LIBPRI:
            words = ["--node", "network", "--switch", "euroisdn_e1", "--local", str(port)]
            super().__init__("libpri", [libpri(), *words, "--remote", f"127.0.0.1:{remote}"])
        else:
            command = [sys.executable, "-m", "gateway.demonstration.own_exchange", str(port), str(remote)]
            super().__init__("exchange", command, environment())
        self.wait_for_start("bound")

    def start(self) -> None:
        """Takes its line into service; waits until the data link is up."""
        if self.kind is ExchangeKind.LIBPRI:
            self.send("start")
            self.wait("ready")
            for command in ("set answer answer", "set transfer okclear"):
                self.send(command)
        self.wait("dchan_up")


def libpri() -> Path:
    """The program around libpri, built where it is not yet. Raises PeerError when it cannot be."""
    for tool in ("gcc", "make"):
        if shutil.which(tool) is None:
            raise PeerError(f"{tool} is not installed, libpri's peer cannot be built")
    if not any(header.exists() for header in _HEADERS):
        raise PeerError("libpri is not installed (Debian package libpri-dev)")
    if not _SOURCE.is_dir():
        raise PeerError("libpri's peer comes with a checkout only")
    done = subprocess.run(["make", "--silent", "-C", _SOURCE], capture_output=True, text=True, check=False)
    if done.returncode:
        raise PeerError(f"libpri's peer cannot be built: {(done.stderr.splitlines() or ['make failed'])[-1]}")
    return _SOURCE / "build" / "pri_peer"
