"""Session descriptions of SIP in the terms of H.245, and back (RFC 4123 §6.1.5).

The media goes directly between the two ends, so addresses, codecs and directions are carried through: what one end
says of itself is what the other one is told.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from gateway.h323.control.capabilities import PAUSE, CapabilitySet
from gateway.h323.control.media import AudioFormat, Codec, MediaAddress
from gateway.model.errors import LocalProtocolError
from gateway.sip.sdp import Direction, Origin, Stream, parse
from gateway.sip.sdp_codecs import codecs
from gateway.sip.sdp_description import is_nowhere, joined, sections

_CODECS = {
    "pcma/8000": Codec.G711_ALAW,
    "pcmu/8000": Codec.G711_ULAW,
    "g722/8000": Codec.G722,
    "opus/48000/2": Codec.OPUS,
}
_G729 = "g729/8000"
_WITHOUT_ANNEX_B = (Codec.G729_A, Codec.G729)
_WITH_ANNEX_B = (Codec.G729_AB, Codec.G729_A, Codec.G729)
_EVENTS = "telephone-event/8000"
_PLAIN = ("RTP/AVP", "RTP/AVPF")
_ENCODINGS = {
    Codec.G711_ULAW: (0, "PCMU/8000"),
    Codec.G711_ALAW: (8, "PCMA/8000"),
    Codec.G722: (9, "G722/8000"),
    Codec.G729: (18, "G729/8000"),
    Codec.G729_A: (18, "G729/8000"),
    Codec.G729_B: (18, "G729/8000"),
    Codec.G729_AB: (18, "G729/8000"),
    Codec.OPUS: (None, "opus/48000/2"),
}
"""Payload types of RFC 3551, and the rtpmap."""

_ANNEX_B = (Codec.G729_B, Codec.G729_AB)
_DEFAULT_OPUS = 96
_DEFAULT_PACKET = 20
USER_INPUT = frozenset(("basicString", "dtmf"))
"""What we take of an H.323 peer beside the media, whatever the SIP side takes: it becomes INFO or an event."""


@dataclass(frozen=True, slots=True)
class AudioDescription:
    """The audio of a session description: `formats` in order of preference, `address` where its sender receives (with
    "" as its media when that is nowhere, which is a hold), and which way it wants media to flow.

    `telephone_event` is the payload type of RFC 4733 events, `place` that of the stream among all, `fax` whether a
    stream of T.38 stands beside it.
    """

    formats: tuple[AudioFormat, ...]
    address: MediaAddress
    direction: Direction = Direction.SENDRECV
    telephone_event: int | None = None
    place: int = 0
    fax: bool = False


def audio_description(sdp: bytes, allowed: Collection[Codec] = tuple(Codec)) -> AudioDescription | None:
    """The first audio stream in plain RTP that has one of the codecs `allowed` at an IP address; None when there is
    none.
    """
    streams = parse(sdp).media
    fax = any(stream.kind == "image" and stream.is_live for stream in streams)
    for place, stream in enumerate(streams):
        address = _address(stream)
        if stream.kind != "audio" or not stream.is_live or stream.protocol.upper() not in _PLAIN or address is None:
            continue
        formats = tuple(format for format in _formats(stream) if format.codec in allowed)
        if formats:
            return AudioDescription(formats, address, stream.direction, _events(stream), place, fax)
    return None


def capabilities(described: AudioDescription) -> CapabilitySet:
    """What an H.323 peer is told that it may send: nothing when the other side is on hold."""
    if not described.direction.receives or not described.address.media:
        return PAUSE
    return CapabilitySet(described.formats, described.telephone_event, USER_INPUT)


def common_formats(formats: Iterable[AudioFormat], remote: CapabilitySet) -> tuple[AudioFormat, ...]:
    """Those of `formats` that a peer with the capabilities `remote` understands, in packets that it takes."""
    found = []
    for format in formats:
        theirs = remote.format_for(format.codec)
        if theirs is not None:
            found.append(AudioFormat(format.codec, min(format.packet, theirs.packet), format.payload))
    return tuple(found)


def session_description(described: AudioDescription, origin: Origin, offer: bytes = b"") -> bytes:
    """What a SIP side is told of an H.323 peer. As the answer to an `offer`, the audio stands at `place` and every
    other stream is refused (RFC 3264 §6).

    Raises LocalProtocolError when there is no address or format to tell.
    """
    host, port = _split(described.address.media)
    if not described.formats:
        raise LocalProtocolError("no codec to describe")
    family = "IP6" if ":" in host else "IP4"
    head = [b"v=0", origin.line, b"s=-", f"c=IN {family} {host}".encode(), b"t=0 0"]
    before = sections(offer)[1:] if offer else []
    audio = _audio_lines(described, port, _protocol(before, described.place))
    others = [audio if place == described.place else _refused(lines) for place, lines in enumerate(before)]
    return joined([head, *(others or [audio])])


def _formats(stream: Stream) -> list[AudioFormat]:
    packet = _packet(stream)
    found: list[AudioFormat] = []
    for number, name in codecs(stream).items():
        if name == _G729:
            found += [AudioFormat(codec, packet) for codec in _g729(stream, number)]
        elif name in _CODECS:
            codec = _CODECS[name]
            payload = _number(number) if codec is Codec.OPUS else None
            found.append(AudioFormat(codec, packet, payload))
    return list(dict.fromkeys(found))


def _g729(stream: Stream, number: str) -> tuple[Codec, ...]:
    """Annex B is understood unless it is said not to be (RFC 4856 §2.1.9)."""
    parameters = "".join(_attributes(stream, "fmtp", number)).replace(" ", "").lower()
    return _WITHOUT_ANNEX_B if "annexb=no" in parameters else _WITH_ANNEX_B


def _attributes(stream: Stream, name: str, number: str) -> list[str]:
    values = (value.partition(" ") for key, value in stream.attributes if key == name and value)
    return [rest for first, _, rest in values if first == number]


def _packet(stream: Stream) -> int:
    """The longest packet that is taken; the preferred one where only that is said."""
    said = {key: _number(value or "") for key, value in stream.attributes}
    return said.get("maxptime") or said.get("ptime") or _DEFAULT_PACKET


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


def _events(stream: Stream) -> int | None:
    """In H.245 dynamic payload types are 96 to 127."""
    numbers = (_number(number) for number, name in codecs(stream).items() if name == _EVENTS)
    return next((number for number in numbers if number is not None and 96 <= number <= 127), None)


def _address(stream: Stream) -> MediaAddress | None:
    """Where media and control are received; None for a name, which H.245 cannot carry."""
    if is_nowhere(stream.connection):
        return MediaAddress()
    try:
        host = ip_address(stream.connection)
    except ValueError:
        return None
    text = f"[{host}]" if host.version == 6 else str(host)
    return MediaAddress(f"{text}:{stream.port}", f"{text}:{_control_port(stream)}")


def _control_port(stream: Stream) -> int:
    """The next one unless another is named (RFC 3605); an address of its own is not looked at."""
    named = next((value for key, value in stream.attributes if key == "rtcp" and value), "").split()
    port = _number(named[0]) if named else None
    return port if port and port < 65536 else min(stream.port + 1, 65535)


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    number = _number(port)
    if not host or number is None:
        raise LocalProtocolError(f"no transport address: {address!r}")
    return host.strip("[]"), number


def _audio_lines(described: AudioDescription, port: int, protocol: str) -> list[bytes]:
    numbered = {_payload(format): format for format in reversed(described.formats)}
    ordered = list(dict.fromkeys(_payload(format) for format in described.formats))
    events = described.telephone_event
    payloads = [*ordered, *([events] if events is not None else [])]
    lines = [f"m=audio {port} {protocol} {' '.join(map(str, payloads))}"]
    for number in ordered:
        lines.append(f"a=rtpmap:{number} {_ENCODINGS[numbered[number].codec][1]}")
        lines += _annex_b(number, described.formats)
    if events is not None:
        lines += [f"a=rtpmap:{events} telephone-event/8000", f"a=fmtp:{events} 0-15"]
    lines += [
        f"a=ptime:{described.formats[0].packet}",
        *_control(described.address, port),
        f"a={described.direction}",
    ]
    return [line.encode() for line in lines]


def encoding(format: AudioFormat) -> tuple[int, str]:
    """The payload type of a format in RTP, and its name as in an rtpmap."""
    return _payload(format), _ENCODINGS[format.codec][1]


def _payload(format: AudioFormat) -> int:
    static = _ENCODINGS[format.codec][0]
    return static if static is not None else format.payload or _DEFAULT_OPUS


def _annex_b(number: int, formats: tuple[AudioFormat, ...]) -> list[str]:
    if number != _ENCODINGS[Codec.G729][0]:
        return []
    has = any(format.codec in _ANNEX_B for format in formats)
    return [f"a=fmtp:{number} annexb={'yes' if has else 'no'}"]


def _control(address: MediaAddress, port: int) -> list[str]:
    """The RTCP port when it is not the next one (RFC 3605)."""
    if not address.control:
        return []
    control = _split(address.control)[1]
    return [] if control == port + 1 else [f"a=rtcp:{control}"]


def _protocol(before: list[list[bytes]], place: int) -> str:
    fields = before[place][0].split() if place < len(before) else []
    return fields[2].decode("ascii", "replace") if len(fields) > 2 else _PLAIN[0]


def _refused(lines: list[bytes]) -> list[bytes]:
    fields = lines[0].split()
    return [b" ".join((*fields[:1], b"0", *fields[2:]))]
