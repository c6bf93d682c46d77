"""Kamailio as a peer: a proxy in the path that record-routes, so that dialogs have route sets not of our making."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.peers.ports import await_bound

_CONFIG = """#!KAMAILIO
debug=1
log_stderror=yes
fork=no
children=1
disable_tcp=no
tcp_children=1
auto_aliases=no
shm_mem_size=32
listen=udp:{address}:{port}
listen=tcp:{address}:{port}
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
modparam("rr", "append_fromtag", 1)
request_route {{
    if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
    if (is_method("CANCEL")) {{ if (t_check_trans()) t_relay(); exit; }}
    if (has_totag()) {{
        if (loose_route()) {{ t_relay(); exit; }}
        if (is_method("ACK")) {{ if (t_check_trans()) t_relay(); exit; }}
        sl_send_reply("404", "Not here");
        exit;
    }}
    if (is_method("INVITE|REFER|SUBSCRIBE")) record_route();
    if ($si == "{address}" && $sp == {gateway}) $du = "sip:{address}:{callee}";
    else $du = "sip:{address}:{gateway}";
    t_relay();
}}
"""


class Kamailio:
    """A proxy on `address:port` between the gateway's port and the callee's: what comes from the gateway goes to the
    callee, all else to the gateway. Skips the test when it is not installed.
    """

    def __init__(self, address: str, port: int, *, gateway: int, callee: int) -> None:
        program = shutil.which("kamailio")
        if program is None:
            pytest.skip("kamailio is not installed (Debian package kamailio)")
        self._folder = tempfile.TemporaryDirectory()
        home = Path(self._folder.name)
        script = home / "kamailio.cfg"
        script.write_text(_CONFIG.format(address=address, port=port, gateway=gateway, callee=callee))
        self._errors = (home / "errors").open("w")
        command = [program, "-f", str(script), "-DD", "-E", "-Y", str(home), "-w", str(home), "-P", str(home / "pid")]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self._errors, stderr=self._errors)
        await_bound(self._process, address, port)

    def errors(self) -> str:
        """What it complained about so far."""
        return Path(self._errors.name).read_text()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()
        self._folder.cleanup()
