"""requestMode: the peer wishes to be sent something else (H.245 clause 7.9, B.10)."""

from typing import Any

from gateway.h323.control.media import AudioFormat, audio_mode


def modes(value: dict[str, Any]) -> tuple[AudioFormat, ...]:
    """The audio formats of a RequestMode, most wished for first; those that we have no name for left out."""
    found = [
        audio_mode(element["type"][1])
        for description in value.get("requestedModes", ())
        for element in description
        if element["type"][0] == "audioMode"
    ]
    return tuple(dict.fromkeys(mode for mode in found if mode is not None))


def answer(value: dict[str, Any], *, granted: bool) -> tuple[str, dict[str, Any]]:
    """The response to it."""
    sequence = {"sequenceNumber": value["sequenceNumber"]}
    if granted:
        return "requestModeAck", sequence | {"response": ("willTransmitMostPreferredMode", 0)}
    return "requestModeReject", sequence | {"cause": ("requestDenied", 0)}
