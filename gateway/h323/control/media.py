"""What an H.245 channel carries and where to: audio formats and transport addresses, and their H.245 values."""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address, ip_address
from typing import Any

from gateway.model.errors import LocalProtocolError


class Codec(StrEnum):
    """The codecs that both SIP and H.323 have, by the names of H.245 (OPUS, which H.245 has no name for, by its own).

    G.729 and its Annex A are one on the wire; those with Annex B send comfort noise in pauses.
    """

    G711_ALAW = "g711Alaw64k"
    G711_ULAW = "g711Ulaw64k"
    G722 = "g722-64k"
    G729 = "g729"
    G729_A = "g729AnnexA"
    G729_B = "g729wAnnexB"
    G729_AB = "g729AnnexAwAnnexB"
    OPUS = "opus"

    def can_play(self, other: "Codec") -> bool:
        """Whether a receiver of this codec understands what `other` sends."""
        if self in _G729_FAMILY and other in _G729_FAMILY:
            return self in _ANNEX_B or other not in _ANNEX_B
        return self is other


_ANNEX_B = frozenset((Codec.G729_B, Codec.G729_AB))
_G729_FAMILY = frozenset((Codec.G729, Codec.G729_A)) | _ANNEX_B

FRAME = dict.fromkeys(Codec, 1) | dict.fromkeys(_G729_FAMILY, 10)
"""Milliseconds of one audio frame, which is what H.245 counts packets in (of G.711 and G.722 these are octets in
eights).
"""

OPUS_IDENTIFIER = "1.3.6.1.4.1.17091.1.10.48"
"""The object identifier for Opus at the RTP clock of 48 kHz that H.323 programs use; H.245 itself gives none."""

_DEFAULT_PACKET = 20
_OPUS_BIT_RATE = 640
"""In units of 100 bit/s."""


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """A codec with the longest packet in milliseconds; `payload` is the RTP payload type when it is a dynamic one."""

    codec: Codec
    packet: int = _DEFAULT_PACKET
    payload: int | None = None


@dataclass(frozen=True, slots=True)
class MediaAddress:
    """Where RTP and RTCP are received, each "host:port" (IPv6 in brackets); "" is not said."""

    media: str = ""
    control: str = ""


def audio_format(capability: tuple[str, Any]) -> AudioFormat | None:
    """The AudioCapability `capability`; None for a codec that we have no name for."""
    name, value = capability
    if name == "genericAudioCapability":
        return AudioFormat(Codec.OPUS) if _is_opus(value) else None
    if name not in _NAMED:
        return None
    codec = Codec(name)
    return AudioFormat(codec, int(value) * FRAME[codec])


def audio_capability(format: AudioFormat) -> tuple[str, Any]:
    """`format` as an AudioCapability; a packet that is no whole number of frames is cut down to one that is."""
    if format.codec is Codec.OPUS:
        identifier = ("standard", tuple(map(int, OPUS_IDENTIFIER.split("."))))
        return "genericAudioCapability", {"capabilityIdentifier": identifier, "maxBitRate": _OPUS_BIT_RATE}
    return format.codec.value, min(max(format.packet // FRAME[format.codec], 1), 256)


def audio_mode(mode: tuple[str, Any]) -> AudioFormat | None:
    """The AudioMode of a requestMode; None for a codec that we have no name for."""
    name, value = mode
    if name == "genericAudioMode":
        return AudioFormat(Codec.OPUS) if _is_opus(value) else None
    return AudioFormat(Codec(name)) if name in _NAMED else None


_NAMED = frozenset(codec.value for codec in Codec if codec is not Codec.OPUS)


def _is_opus(value: dict[str, Any]) -> bool:
    kind, identifier = value["capabilityIdentifier"]
    return kind == "standard" and ".".join(map(str, identifier)) == OPUS_IDENTIFIER


def address(value: tuple[str, Any] | None) -> str:
    """A TransportAddress (H.245) as "host:port"; "" for one that is not IP, or not there."""
    if value is None or value[0] != "unicastAddress":
        return ""
    kind, content = value[1]
    if kind not in ("iPAddress", "iP6Address"):
        return ""
    host = ip_address(bytes(content["network"]))
    port = content["tsapIdentifier"]
    return f"[{host}]:{port}" if isinstance(host, IPv6Address) else f"{host}:{port}"


def address_value(text: str) -> tuple[str, Any]:
    """The TransportAddress (H.245) for "host:port". Raises LocalProtocolError when it is no IP address and port."""
    host, _, port = text.rpartition(":")
    try:
        found, number = ip_address(host.strip("[]")), int(port)
    except ValueError as error:
        raise LocalProtocolError(f"no transport address: {text!r}") from error
    kind = "iP6Address" if isinstance(found, IPv6Address) else "iPAddress"
    return "unicastAddress", (kind, {"network": found.packed, "tsapIdentifier": number})


def stated(given: MediaAddress) -> dict[str, Any]:
    """The parts of `given` that are said, as mediaChannel and mediaControlChannel."""
    parts = {"mediaChannel": given.media, "mediaControlChannel": given.control}
    return {name: address_value(text) for name, text in parts.items() if text}


def media_address(parameters: dict[str, Any]) -> MediaAddress:
    """What H.225.0 channel parameters have as mediaChannel and mediaControlChannel."""
    return MediaAddress(address(parameters.get("mediaChannel")), address(parameters.get("mediaControlChannel")))
