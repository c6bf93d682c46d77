"""Logical channels as H.245 values: openLogicalChannel and its answers (B.3)."""

from typing import Any

from gateway.h323.control.channel import Channel
from gateway.h323.control.media import (
    AudioFormat,
    MediaAddress,
    audio_capability,
    audio_format,
    media_address,
    stated,
)

_H2250 = "h2250LogicalChannelParameters"
AUDIO_SESSION = 1
"""The session of the first audio (H.323 6.2.8.2); 0 in a message asks its receiver to say which."""


def open_value(channel: Channel) -> dict[str, Any]:
    """OpenLogicalChannel for `channel`, which has a format."""
    return {
        "forwardLogicalChannelNumber": channel.number,
        "forwardLogicalChannelParameters": parameters(channel.format, channel.session, channel.sender, sends=True),
    }


def parameters(format: AudioFormat | None, session: int, own: MediaAddress, *, sends: bool) -> dict[str, Any]:
    """What is said of one direction: its data, and the addresses of the side that says it."""
    said: dict[str, Any] = {"sessionID": session, "mediaGuaranteedDelivery": False} | stated(own)
    if sends:
        said["silenceSuppression"] = False
    if format is not None and format.payload is not None:
        said["dynamicRTPPayloadType"] = format.payload
    data = ("nullData", 0) if format is None else ("audioData", audio_capability(format))
    return {"dataType": data, "multiplexParameters": (_H2250, said)}


def accepted_value(channel: Channel) -> dict[str, Any]:
    """OpenLogicalChannelAck with where we receive."""
    said: dict[str, Any] = {"sessionID": channel.session, "flowControlToZero": False} | stated(channel.receiver)
    if channel.format is not None and channel.format.payload is not None:
        said["dynamicRTPPayloadType"] = channel.format.payload
    return {
        "forwardLogicalChannelNumber": channel.number,
        "forwardMultiplexAckParameters": ("h2250LogicalChannelAckParameters", said),
    }


def format_of(said: dict[str, Any]) -> AudioFormat | None:
    """The audio format of one direction (`forwardLogicalChannelParameters` and its kin); None for anything else."""
    kind, content = said["dataType"]
    format = audio_format(content) if kind == "audioData" else None
    payload = h2250(said).get("dynamicRTPPayloadType")
    return format if format is None or payload is None else AudioFormat(format.codec, format.packet, payload)


def session_of(said: dict[str, Any]) -> int:
    """The session of one direction."""
    return int(h2250(said).get("sessionID", 0)) or AUDIO_SESSION


def h2250(said: dict[str, Any]) -> dict[str, Any]:
    """H2250LogicalChannelParameters of one direction; {} when it has none."""
    kind, content = said.get("multiplexParameters", ("none", 0))
    return content if kind == _H2250 else {}


def acknowledged(channel: Channel, value: dict[str, Any]) -> None:
    """What an OpenLogicalChannelAck says goes into `channel`: where the peer receives."""
    kind, said = value.get("forwardMultiplexAckParameters", ("", {}))
    if kind != "h2250LogicalChannelAckParameters":
        return
    channel.receiver = media_address(said)
    channel.session = said.get("sessionID", channel.session)
    payload = said.get("dynamicRTPPayloadType")
    if payload is not None and channel.format is not None:
        channel.format = AudioFormat(channel.format.codec, channel.format.packet, payload)
