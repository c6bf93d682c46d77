"""A softphone (PJSIP through the pjsua2 wheel) as a peer: an independent SIP stack with REFER, Replaces and NOTIFY.

`PjsuaPhone` is the driver; `pjsua_process.py` is what runs in the phone's own process, because the library may crash.
"""

import importlib.util
import sys
from pathlib import Path

import pytest

from tests.peers.process import PATIENCE, Event, JsonPeer

_PROCESS = Path(__file__).with_name("pjsua_process.py")


class PjsuaPhone(JsonPeer):
    """A phone `sip:NAME@ADDRESS:PORT` on one transport ("udp", "tcp" or "tls").

    TLS needs `certificate`, a PEM file with certificate and key; the phone believes every other one.

    Calls have names: the caller's own, in1, in2, … for incoming ones, xfer1, … for those that a REFER made it
    place, repl1, … for those that replaced another.

    Skips the test when the wheel is not installed.
    """

    def __init__(self, name: str, address: str, port: int, transport: str = "udp", certificate: str = "") -> None:
        if importlib.util.find_spec("pjsua2") is None:
            pytest.skip("pjsua2 is not installed (pip install pjsua2-python)")
        self.uri = f"sip:{name}@{address}:{port}" + ("" if transport == "udp" else f";transport={transport}")
        super().__init__(
            f"phone {name}", [sys.executable, _PROCESS, name, address, str(port), transport, certificate]
        )
        self.wait_for_start("ready")

    def call(self, name: str, uri: str) -> None:
        """Places a call."""
        self.send(f"call {name} {uri}")

    def answer(self, name: str, status: int = 200, contact: str = "") -> None:
        """Answers with that status; a redirection says where in `contact`."""
        self.send(f"answer {name} {status} {contact}")

    def hang_up(self, name: str) -> None:
        """CANCEL, BYE or 603, as the state of the call needs."""
        self.send(f"hangup {name}")

    def hold(self, name: str) -> None:
        """A re-INVITE with sendonly."""
        self.send(f"hold {name}")

    def resume(self, name: str) -> None:
        """A re-INVITE with sendrecv."""
        self.send(f"resume {name}")

    def refer(self, name: str, uri: str, *headers: str) -> None:
        """REFER on that call; `headers` are more of them, as "Name:value" without blanks."""
        self.send(" ".join(("refer", name, uri, *headers)))

    def refer_replacing(self, name: str, other: str) -> None:
        """REFER on call `name` whose Refer-To names the far end of `other` with a Replaces of that dialog."""
        self.send(f"replace {name} {other}")

    def notified(self, name: str, status: int, seconds: float = PATIENCE) -> Event:
        """Waits for the NOTIFY about a REFER sent on call `name` that carries that status."""
        return self.wait("notified", seconds, call=name, status=status)

    def media(self, name: str, direction: str, seconds: float = PATIENCE) -> Event:
        """Waits until the audio of call `name` is "sendrecv", "sendonly", "recvonly" or "inactive"; `remote` of the
        event is where its RTP goes.
        """
        return self.wait("media", seconds, call=name, direction=direction)

    def state(self, name: str, state: str, seconds: float = PATIENCE) -> Event:
        """Waits until call `name` is CALLING, INCOMING, EARLY, CONNECTING, CONFIRMED or DISCONNECTED."""
        return self.wait("state", seconds, call=name, state=state)
