"""H.323 trunks out of a recording: the peers of the played host, and how it spoke to them."""

from collections.abc import Iterator
from typing import Any

from gateway.h323.control import fast_start
from gateway.h323.control.media import Codec
from gateway.h323.h225 import CallSignal
from gateway.regression.h323_fields import FIELDS, argument, components, facility
from gateway.regression.h323_tape import H323Entry, H323Tape
from gateway.regression.routes_deduction import Step

_PORT = 1720
_CODECS = {
    Codec.G711_ALAW: "pcma",
    Codec.G711_ULAW: "pcmu",
    Codec.G722: "g722",
    Codec.G729: "g729",
    Codec.G729_A: "g729",
    Codec.OPUS: "opus",
}
_FROM_HERE = ("callTransferInitiate", "callTransferIdentify")


class H323Peer:
    """One peer, by its address."""

    def __init__(self, host: str, entries: list[H323Entry], tape: H323Tape) -> None:
        self.host = host
        self._entries = entries
        self._tape = tape
        self.name = f"h323-{host.replace(':', '-').replace('.', '-')}"

    def trunk(self) -> dict[str, Any]:
        """The trunk as in gateway.yaml."""
        found: dict[str, Any] = {
            "name": self.name,
            "protocol": "h323",
            "listen": self._listener(),
            "peers": [self._address()],
            "trusted": True,
            "group": "h323",
            "native": any(each in facility(message) for message in self._ours() for each in _FROM_HERE),
        }
        setups = [each for each in self._ours() if each.name == "SETUP"]
        if setups:
            found["fast_start"] = any("fastStart" in each.uuie for each in setups)
        if not any(each.h245_tunnelling for each in self._ours()):
            found["tunnelling"] = False
        codecs = list(dict.fromkeys(codec for each in setups for codec in _codecs(each)))
        if codecs:
            found["codecs"] = codecs
        asked = [argument(each) for said in self._ours() for each in components(said)]
        if any(each.get("callIdentity") == "" and "reroutingNumber" in each for each in asked):
            found["call_identity"] = "empty"
        return found

    def steps(self) -> Iterator[Step]:
        """Calls that came and went, and transfers that the peer asked for."""
        for entry in self._entries:
            if entry.is_setup:
                yield Step(entry.time, self.name, FIELDS["called"](entry.value) or "", entry.is_ours)
            elif not entry.is_ours:
                target = FIELDS["reroutingnumber"](entry.value)
                if target is not None:
                    yield Step(entry.time, self.name, target, is_placed=False, is_transfer=True)

    def _ours(self) -> Iterator[CallSignal]:
        return (entry.value for entry in self._entries if entry.is_ours)

    def _listener(self) -> str:
        """Where the peer has called, else the usual port of the address that it knows."""
        called = next((entry.own for entry in self._entries if entry.is_setup and not entry.is_ours), None)
        return str(called) if called else str(self._entries[0].own._replace(port=_PORT))

    def _address(self) -> str:
        placed = next((entry.peer for entry in self._entries if entry.is_setup and entry.is_ours), None)
        return str(placed) if placed else str(self._entries[0].peer._replace(port=_PORT))


def h323_peers(tape: H323Tape) -> list[H323Peer]:
    """Every peer of the recording, in order of its first message."""
    signalling = [each for each in tape.entries if each.protocol == "h225"]
    hosts = dict.fromkeys(each.peer.host for each in signalling)
    return [H323Peer(host, [each for each in signalling if each.peer.host == host], tape) for host in hosts]


def with_gatekeeper(trunks: list[dict[str, Any]], tape: H323Tape) -> None:
    """The gatekeeper belongs to the first trunk when the recording has the registration there; else calls go without
    one, as if it had admitted all of them.
    """
    registered = [each for each in tape.entries if each.protocol == "ras" and each.value[0] == "registrationRequest"]
    ours = next((each for each in registered if each.is_ours), None)
    if ours is None or not trunks:
        return
    trunks[0]["gatekeeper"] = {"address": str(ours.peer), "local": str(ours.own), "direct": True}
    aliases = [_alias(each) for each in ours.value[1].get("terminalAlias", ())]
    trunks[0]["aliases"] = [each for each in aliases if each]


def _alias(value: Any) -> str:
    return str(value[1]) if isinstance(value, tuple) and isinstance(value[1], str) else ""


def _codecs(message: CallSignal) -> Iterator[str]:
    for each in fast_start.proposals(tuple(message.uuie.get("fastStart", ()))):
        if each.format is not None and each.format.codec in _CODECS:
            yield _CODECS[each.format.codec]
