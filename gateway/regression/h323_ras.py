"""RAS in a replay: what the gatekeeper answered is said to the gateway when it asks the same."""

from collections.abc import Callable
from typing import Any

from gateway.configuration import Configuration
from gateway.h323 import per
from gateway.model.errors import DecodeError
from gateway.regression.comparison import Compared, Verdict
from gateway.regression.endpoints import Endpoint
from gateway.regression.h323_comparison import compare_ras
from gateway.regression.h323_tape import H323Entry, H323Tape, Piece
from gateway.regression.message import Message as Told
from gateway.regression.readiness import Readiness
from gateway.regression.stage import Stage

_NUMBER = "requestSeqNum"
_REPEATED = frozenset(("gatekeeperRequest", "registrationRequest", "infoRequestResponse", "unregistrationRequest"))
"""What is said at intervals, at the start or at the end, which the recording need not have."""
_CALL = ("callIdentifier", "conferenceID", "callReferenceValue")


class H323Ras:
    """One gatekeeper. A request is matched by its name, and by whom it is about; its answer waits for it."""

    def __init__(self, tape: H323Tape, stage: Stage, configuration: Configuration, said: Callable[[], None]) -> None:
        self._stage, self._said = stage, said
        self._trunk = next((each.name for each in configuration.h323_trunks if each.gatekeeper is not None), "")
        self._entries = [each for each in tape.entries if each.protocol == "ras"]
        self._ours = [each for each in self._entries if each.is_ours]
        self._found: dict[int, dict[str, Any]] = {}
        self._pairs: list[tuple[H323Entry, Piece]] = []
        self._extra: list[Piece] = []
        self._calls: list[tuple[dict[str, Any], dict[str, Any]]] = []
        stage.network.datagram_sent = self._take
        stage.network.ras = self._ours[0].own if self._ours else None

    def readiness(self, entry: H323Entry) -> Readiness:
        """An answer waits for its question; who asks does not have to wait."""
        if not self._trunk:
            return Readiness.NEVER
        question = self._question(entry)
        if question is None:
            asks = entry.value[0].endswith("Request")
            return Readiness.READY if asks else Readiness.NEVER
        return Readiness.READY if id(question) in self._found else Readiness.WAIT

    def feed(self, entry: H323Entry) -> None:
        """The gateway hears the datagram."""
        kind, value = entry.value
        changed = dict(value)
        question = self._question(entry)
        if question is not None:
            changed[_NUMBER] = self._found[id(question)][_NUMBER]
        for recorded, ours in self._calls:
            if changed.get("callIdentifier") is not None and changed["callIdentifier"] == recorded.get(
                "callIdentifier"
            ):
                changed |= {key: ours[key] for key in _CALL if key in changed and key in ours}
        octets = entry.told.octets if changed == value else per.encode_ras((kind, changed))
        stage, peer = self._stage, entry.peer
        stage.gateway.h323_datagram(self._trunk, octets, peer.host, peer.port, stage.now)

    def _question(self, answer: H323Entry) -> H323Entry | None:
        if answer.value[0].endswith("Request"):
            return None
        number, stem = answer.value[1].get(_NUMBER), _stem(answer.value[0])
        asked = [each for each in self._ours if each.value[1].get(_NUMBER) == number and each.frame < answer.frame]
        return next((each for each in reversed(asked) if _stem(each.value[0]) == stem), None)

    def _take(self, trunk: str, octets: bytes) -> None:
        self._said()
        try:
            kind, value = per.decode_ras(octets)
        except DecodeError:
            return
        own = Endpoint(*self._stage.network.ras_port(trunk))
        told = Told(None, self._stage.now, "ras", str(own), "gatekeeper", kind, octets)
        piece = Piece(told, (kind, value), 0)
        found = self._like(kind, value)
        if found is None:
            self._extra.append(piece)
            return
        self._found[id(found)] = value
        self._pairs.append((found, piece))
        if "callIdentifier" in value and "callIdentifier" in found.value[1]:
            self._calls.append((found.value[1], value))

    def _like(self, kind: str, value: dict[str, Any]) -> H323Entry | None:
        waiting = [each for each in self._ours if each.value[0] == kind and id(each) not in self._found]
        same = (each for each in waiting if _about(each.value[1]) == _about(value))
        return next(same, next(iter(waiting), None))

    def compared(self) -> list[Compared]:
        """Everything that either side said."""
        found = [compare_ras(Piece(entry.told, entry.value, 0), ours) for entry, ours in self._pairs]
        for entry in self._ours:
            if id(entry) not in self._found and self._trunk:
                verdict = Verdict.EQUIVALENT if entry.value[0] in _REPEATED else Verdict.MISSING
                found.append(Compared(verdict, entry.told, None))
        for piece in self._extra:
            verdict = Verdict.EQUIVALENT if piece.value[0] in _REPEATED else Verdict.EXTRA
            found.append(Compared(verdict, None, piece.told))
        return found


def _stem(name: str) -> str:
    for ending in ("Request", "Confirm", "Reject", "Response"):
        name = name.removesuffix(ending)
    return name


def _about(value: dict[str, Any]) -> Any:
    return value.get("answerCall"), value.get("destinationInfo")
