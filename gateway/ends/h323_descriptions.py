"""What channels of H.245 and session descriptions have to do with one another, for one leg of a call."""

from gateway.h323.control.channel import Channel
from gateway.h323.control.fast_start import Proposal
from gateway.h323.control.media import AudioFormat, Codec
from gateway.interworking import h245_sdp
from gateway.interworking.h245_sdp import AudioDescription
from gateway.model.errors import GatewayError
from gateway.sip.sdp import Origin

CODECS: dict[str, tuple[Codec, ...]] = {
    "pcma": (Codec.G711_ALAW,),
    "pcmu": (Codec.G711_ULAW,),
    "g722": (Codec.G722,),
    "g729": (Codec.G729_A, Codec.G729, Codec.G729_AB, Codec.G729_B),
    "opus": (Codec.OPUS,),
}
"""The codecs of gateway.yaml as H.245 knows them."""

_SESSION = 1


def pairs(proposals: list[Proposal]) -> list[tuple[Proposal, Proposal]]:
    """Ways to the caller and from it in the same codec, as the caller prefers them."""
    back = {each.format.codec: each for each in reversed(proposals) if each.from_caller}
    there = [each for each in proposals if not each.from_caller and each.receiver.media]
    return [(each, back[each.format.codec]) for each in there if each.format.codec in back]


def takes(local: AudioDescription, sent: AudioFormat) -> bool:
    """Whether the other side understands what is sent in this format."""
    return any(each.codec.can_play(sent.codec) for each in local.formats)


def carries(local: AudioDescription, sending: Channel) -> bool:
    """Whether what the other side sends can go over a channel."""
    return sending.format is not None and any(sending.format.codec.can_play(each.codec) for each in local.formats)


def fits(receiving: Channel, local: AudioDescription) -> bool:
    """Whether what the peer sends comes where the other side wants it, in a codec that it takes."""
    to_there = receiving.receiver.media == local.address.media
    return to_there and receiving.format is not None and takes(local, receiving.format)


def written(described: AudioDescription, offer: bytes = b"") -> bytes:
    """As a session description; b"" when there is nothing to describe."""
    host = described.address.media.rpartition(":")[0].strip("[]")
    try:
        return h245_sdp.session_description(described, Origin(_SESSION, 1, host), offer)
    except GatewayError:
        return b""


def is_other(one: bytes, other: bytes) -> bool:
    """Whether codec, address or direction are others."""
    first, second = h245_sdp.audio_description(one), h245_sdp.audio_description(other)
    if first is None or second is None:
        return first is not second
    return (first.formats[0].codec, first.address, first.direction) != (
        second.formats[0].codec,
        second.address,
        second.direction,
    )
