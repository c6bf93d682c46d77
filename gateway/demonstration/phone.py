"""Drives a softphone in a process of its own: PJSIP through the pjsua2 wheel, or the one that is built in."""

import importlib.util
import os
import sys
from enum import StrEnum
from pathlib import Path

from gateway.demonstration.json_peer import PATIENCE, Event, JsonPeer

_ROOT = Path(__file__).resolve().parents[2]


class PhoneKind(StrEnum):
    """What a phone is made of."""

    PJSIP = "pjsip"
    BUILT_IN = "built-in"

    @property
    def is_installed(self) -> bool:
        """Whether it can be started here."""
        return self is PhoneKind.BUILT_IN or importlib.util.find_spec("pjsua2") is not None


_MODULES = {
    PhoneKind.PJSIP: "gateway.demonstration.pjsua_process",
    PhoneKind.BUILT_IN: "gateway.demonstration.own_phone",
}


def environment() -> dict[str, str]:
    """Ours, in which a Python process finds this package wherever it stands."""
    paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


class Phone(JsonPeer):
    """A phone `sip:NAME@ADDRESS:PORT` on one transport ("udp", "tcp" or "tls"; the one built in has no TLS).

    TLS needs `certificate`, a PEM file with certificate and key; the phone believes every other one.

    Calls have names: the caller's own, in1, in2, … for incoming ones; PJSIP has xfer1, … for those that a REFER made
    it place and repl1, … for those that replaced another. Raises PeerError when it does not start.
    """

    def __init__(
        self,
        name: str,
        address: str,
        port: int,
        transport: str = "udp",
        certificate: str = "",
        *,
        kind: PhoneKind = PhoneKind.PJSIP,
    ) -> None:
        self.uri = f"sip:{name}@{address}:{port}" + ("" if transport == "udp" else f";transport={transport}")
        words = [name, address, str(port), transport, certificate]
        super().__init__(f"phone {name}", [sys.executable, "-m", _MODULES[kind], *words], environment())
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
