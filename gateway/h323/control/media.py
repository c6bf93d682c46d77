"""What an H.245 channel carries and where to: audio formats and transport addresses."""

from dataclasses import dataclass
from enum import StrEnum


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


FRAME = {
    Codec.G711_ALAW: 1,
    Codec.G711_ULAW: 1,
    Codec.G722: 1,
    Codec.G729: 10,
    Codec.G729_A: 10,
    Codec.G729_B: 10,
    Codec.G729_AB: 10,
    Codec.OPUS: 20,
}
"""Milliseconds of one "audio frame", which is what H.245 counts packets in (8 samples of G.711)."""


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """A codec with the longest packet in milliseconds; `payload` is the RTP payload type when it is a dynamic one."""

    codec: Codec
    packet: int = 20
    payload: int | None = None


@dataclass(frozen=True, slots=True)
class MediaAddress:
    """Where RTP and RTCP are received, each "host:port" (IPv6 in brackets); "" is not said."""

    media: str = ""
    control: str = ""
