"""The messages of a transfer as they are shown to a person."""

from collections.abc import Iterator
from typing import Any

from gateway.diagnosis.case import SeenMessage
from gateway.diagnosis.scene import Scene
from gateway.engine.signal import Signal
from gateway.model.errors import DecodeError
from gateway.model.legs import SignallingProtocol


def messages_of(scene: Scene) -> tuple[SeenMessage, ...]:
    """Every message of its legs, in the order of the recording."""
    own = frozenset(scene.transfer.frames)
    found = [*_sip(scene, own), *_others(scene, own)]
    found.sort(key=lambda message: message.frame)
    return tuple(found)


def _sip(scene: Scene, own: frozenset[int]) -> Iterator[SeenMessage]:
    for sight in scene.sights:
        text = sight.message.octets.decode("utf-8", "replace").replace("\r\n", "\n")
        where = sight.frame, sight.time, sight.source, sight.destination
        yield SeenMessage(*where, "sip", sight.title, text, sight.leg, sight.frame in own)


def _others(scene: Scene, own: frozenset[int]) -> Iterator[SeenMessage]:
    for index, linked in enumerate(scene.transfer.legs):
        if linked.leg.protocol is SignallingProtocol.SIP:
            continue
        for signal in scene.recording.heard(linked.leg):
            yield _other(signal, str(index), signal.frame in own)


def _other(signal: Signal, leg: str, is_transfer: bool) -> SeenMessage:
    document = _document(signal)
    title = str(document.get("message") or document.get("name") or signal.protocol)
    # Two D channels have a user and a network each.
    channel = f" {signal.link}" if signal.protocol == "q931" and signal.link else ""
    ends = f"{signal.source}{channel}", f"{signal.destination}{channel}"
    import yaml  # SIP alone needs no such thing

    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)
    return SeenMessage(signal.frame, signal.time, *ends, signal.protocol, title, text, leg, is_transfer)


def _document(signal: Signal) -> dict[str, Any]:
    try:
        if signal.protocol == "q931":
            from gateway.isdn.document import document as isdn_document

            return isdn_document(signal.octets, "q931", None)
        from gateway.h323.document import document as h323_document

        return h323_document(signal.octets, "h225")
    except DecodeError as error:
        return {"octets": signal.octets.hex(), "error": str(error)}
