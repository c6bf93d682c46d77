"""libpri as an ISDN peer over UDP: `pri_peer` (C, in libpri/) built once, started and driven from Python.

The library is an independent Q.921, Q.931 and ROSE; what it reads and writes is the measure for ours.
libpri/README.md lists commands and events.
"""

import fcntl
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.peers.ports import free_ports
from tests.peers.process import JsonPeer

_SOURCE = Path(__file__).parent / "libpri"


@cache
def program() -> Path:
    """The built `pri_peer`; skips the test with a reason when gcc, make or libpri.h is missing."""
    for tool in ("gcc", "make"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed: libpri peer cannot be built")
    if not Path("/usr/include/libpri.h").exists():
        pytest.skip("libpri.h is not installed (Debian package libpri-dev)")
    build = _SOURCE / "build"
    build.mkdir(exist_ok=True)
    with (build / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(["make", "--silent", "-C", _SOURCE], check=True)
    return build / "pri_peer"


class LibpriPeer(JsonPeer):
    """One libpri D channel. `node` is "network" or "cpe" (user side); `switch` is euroisdn_e1, euroisdn_t1,
    qsig, ni2, ni1, dms100, lucent5e or att4ess. It listens on `port` and sends to `remote` (None: to whoever
    sent last), both on 127.0.0.1: one UDP datagram is one LAPD frame without FCS. With `capture` it writes
    every frame there (link type 177). Once built it listens; `start` brings up layer 2.
    """

    def __init__(
        self,
        *,
        node: str,
        switch: str,
        port: int,
        remote: int | None = None,
        capture: Path | None = None,
        options: tuple[str, ...] = (),
    ) -> None:
        to = "learn" if remote is None else f"127.0.0.1:{remote}"
        record = () if capture is None else ("--pcap", str(capture))
        self.port = port
        command: list[str | Path] = [
            program(),
            "--node",
            node,
            "--switch",
            switch,
            "--local",
            str(port),
            "--remote",
            to,
        ]
        super().__init__(f"libpri {node}", [*command, *record, *options])
        self.wait_for_start("bound")

    def start(self) -> None:
        """Lets libpri send its SABME; `dchan_up` follows when the other end has acknowledged it."""
        self.send("start")
        self.wait("ready")

    def fence(self) -> None:
        """Waits until every command sent so far has been carried out."""
        self.send("calls")
        self.wait("calls")


@dataclass(frozen=True, slots=True)
class LibpriPair:
    """Two libpri peers on one D channel."""

    network: LibpriPeer
    user: LibpriPeer


@contextmanager
def libpri_pair(
    switch: str,
    *,
    capture: Path | None = None,
    options: tuple[str, ...] = (),
    network_options: tuple[str, ...] = (),
    layer_2: bool = True,
) -> Iterator[LibpriPair]:
    """A network and a user side joined over loopback; the capture is the network's view.

    `layer_2` waits until the data link is up (a BRI brings it up with the first call).
    """
    ports = free_ports(2)
    network = LibpriPeer(
        node="network", switch=switch, port=ports[0], remote=ports[1], capture=capture,
        options=(*options, *network_options),
    )  # fmt: skip
    with network, LibpriPeer(node="cpe", switch=switch, port=ports[1], remote=ports[0], options=options) as user:
        network.start()
        user.start()
        for side in (network, user) if layer_2 else ():
            side.wait("dchan_up")
        yield LibpriPair(network, user)


def place_call(
    caller: LibpriPeer, called: LibpriPeer, name: str, number: str, rest: str = "", *, answer: bool = True
) -> str:
    """A call from `caller` (who knows it as `name`) that alerts and, unless told otherwise, is answered.

    Returns the name that `called` has for it.
    """
    caller.send(f"call {name} {number} {rest}")
    there = str(called.wait("ring", called=number)["id"])
    called.send(f"proceed {there}")
    called.send(f"alert {there}")
    caller.wait("alerting", id=name)
    if answer:
        called.send(f"answer {there}")
        caller.wait("answer", id=name)
        caller.fence()
        called.fence()
    return there
