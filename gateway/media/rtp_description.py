"""Session descriptions around a media gateway: what it is told of the peer, and what the peer is told of it.

Nothing of the peer's description goes to the media gateway as it is: both sides get what we have understood.
"""

from dataclasses import dataclass
from ipaddress import ip_address

from gateway.sip.sdp import Direction, Origin, Stream, parse, same_media, with_origin
from gateway.sip.sdp_codecs import codecs
from gateway.sip.sdp_description import is_nowhere, joined, sections

_PLAIN = ("RTP/AVP", "RTP/AVPF")


@dataclass(frozen=True, slots=True)
class RtpPeer:
    """Where the peer receives audio, by which payload type and codec ("PCMA/8000"), and which way it wants media to
    flow; `stream` is the place of the audio among its streams. `address` is "" when it is to get nothing.
    """

    address: str
    port: int
    payload: int
    codec: str
    direction: Direction
    stream: int


def rtp_peer(sdp: bytes, wanted: tuple[str, ...]) -> RtpPeer | None:
    """The peer's first audio stream that has one of the codecs `wanted` ("PCMA"), and the first of them that it has;
    None when there is no such stream.
    """
    names = {f"{name.lower()}/8000": f"{name}/8000" for name in wanted}
    for place, stream in enumerate(parse(sdp).media):
        address = _address(stream)
        if not _is_audio(stream) or address is None:
            continue
        for payload, codec in codecs(stream).items():
            if codec in names and payload.isdigit() and int(payload) < 128:
                return RtpPeer(address, stream.port, int(payload), names[codec], stream.direction, place)
    return None


def board(address: str, port: int, media: bytes) -> RtpPeer:
    """A B channel that is RTP at `address:port`, in the codec of the gateway's own description `media`."""
    payload, codec = next(iter(codecs(_audio(media)).items()))
    return RtpPeer(address, port, int(payload), codec.upper(), Direction.SENDRECV, 0)


def peer_description(peer: RtpPeer, packet: int) -> bytes:
    """What the media gateway is told of the peer; `packet` in milliseconds, 0 says nothing of it."""
    family = _family(peer.address)
    lines = [
        "v=0",
        f"o=- 1 1 IN {family} {peer.address}",
        "s=-",
        f"c=IN {family} {peer.address}",
        "t=0 0",
        f"m=audio {peer.port} RTP/AVP {peer.payload}",
        f"a=rtpmap:{peer.payload} {peer.codec}",
        *([f"a=ptime:{packet}"] if packet else []),
    ]
    return "".join(line + "\r\n" for line in lines).encode()


def has_audio(media: bytes) -> bool:
    """Whether the gateway's description names a port to send audio to."""
    found = next((stream for stream in parse(media).media if _is_audio(stream)), None)
    return found is not None and bool(_address(found)) and found.formats[:1] != () and found.formats[0].isdigit()


def where(media: bytes) -> tuple[str, int]:
    """Address and port of a description that `has_audio`."""
    found = _audio(media)
    return found.connection, found.port


def own_description(media: bytes, offer: bytes, place: int, direction: Direction, origin: Origin) -> bytes:
    """What the peer is told. `media` is the gateway's description, `offer` the peer's, b"" when it has made none;
    its other streams stay in their places, refused (RFC 3264 §6).
    """
    own = _audio(media)
    family = _family(own.connection)
    others = sections(offer)[1:] if offer else [[]]
    protocol = others[place][0].split()[2].decode("ascii", "replace") if others[place] else "RTP/AVP"
    audio = [
        f"m=audio {own.port} {protocol} {' '.join(filter(str.isdigit, own.formats))}".encode(),
        *(f"a=rtpmap:{number} {name.upper()}".encode() for number, name in codecs(own).items() if _is_codec(name)),
        *(
            f"a=ptime:{value}".encode()
            for name, value in own.attributes
            if name == "ptime" and value and value.isdigit()
        ),
        f"a={direction}".encode(),
    ]
    streams = [audio if number == place else _refused(lines) for number, lines in enumerate(others)]
    head = [b"v=0", origin.line, b"s=-", f"c=IN {family} {own.connection}".encode(), b"t=0 0"]
    return joined([head, *streams])


def renewed(description: bytes, before: bytes, origin: Origin) -> tuple[bytes, Origin]:
    """`description`, or `before` when it says the same; the version of its `o=` line goes up by one when not."""
    if before and same_media(description, before):
        return before, origin
    origin = Origin(origin.session_id, origin.version + 1, _connection(description))
    return with_origin(description, origin), origin


def _is_audio(stream: Stream) -> bool:
    return stream.kind == "audio" and stream.is_live and stream.protocol.upper() in _PLAIN


def _audio(media: bytes) -> Stream:
    """The stream of a description that `has_audio`."""
    return next(stream for stream in parse(media).media if _is_audio(stream))


def _is_codec(name: str) -> bool:
    return "/" in name and name.isascii()


def _address(stream: Stream) -> str | None:
    """Where it receives: "" is nowhere, None is nothing that can be used."""
    if is_nowhere(stream.connection):
        return ""
    try:
        return str(ip_address(stream.connection))
    except ValueError:
        return None


def _refused(lines: list[bytes]) -> list[bytes]:
    fields = lines[0].split()
    return [b" ".join((*fields[:1], b"0", *fields[2:]))]


def _family(address: str) -> str:
    return "IP6" if ":" in address else "IP4"


def _connection(description: bytes) -> str:
    return parse(description).connection
