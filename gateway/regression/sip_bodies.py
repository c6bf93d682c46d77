"""The bodies of two SIP messages compared: session descriptions by what they offer, sipfrags by their status."""

from collections.abc import Iterator

from gateway.model.errors import DecodeError
from gateway.regression.sip_fields import is_sdp
from gateway.sip import sdp_description
from gateway.sip.message import Message
from gateway.sip.sdp_description import Stream
from gateway.sip.sipfrag import Sipfrag

_SIPFRAG = "message/sipfrag"
_DYNAMIC = 96


def body_differences(recorded: Message, ours: Message) -> Iterator[tuple[bool, str]]:
    """Each difference, and whether it may vary."""
    one, other = recorded.body, ours.body
    if one == other:
        return
    if not one or not other:
        yield False, f"body: recorded {_what(recorded)}, ours {_what(ours)}"
    elif is_sdp(recorded) and is_sdp(ours):
        yield from _session(one, other)
    elif recorded.content_type == ours.content_type == _SIPFRAG:
        yield from _sipfrag(one, other)
    else:
        yield False, f"body: recorded {_what(recorded)}, ours {_what(ours)}"


def _what(message: Message) -> str:
    return f"{message.content_type or 'text'} of {len(message.body)} octets" if message.body else "none"


def _sipfrag(recorded: bytes, ours: bytes) -> Iterator[tuple[bool, str]]:
    one, other = _status(recorded), _status(ours)
    if one != other:
        yield False, f"sipfrag: recorded {one}, ours {other}"
    elif recorded.strip() != ours.strip():
        yield True, f"sipfrag: recorded {_first(recorded)}, ours {_first(ours)}"


def _status(body: bytes) -> int:
    try:
        return Sipfrag.parse(body).status
    except DecodeError:
        return 0


def _first(body: bytes) -> str:
    return body.decode("utf-8", "replace").strip().partition("\n")[0].strip()


def _session(recorded: bytes, ours: bytes) -> Iterator[tuple[bool, str]]:
    """Streams, codecs and directions count. Where media goes may vary: the gateway carries none, the recorded host
    may have. Origin, session name and times are each side's own.
    """
    one, other = (sdp_description.parse(each).media for each in (recorded, ours))
    if len(one) != len(other):
        yield False, f"SDP: recorded {len(one)} streams, ours {len(other)}"
        return
    for number, (first, second) in enumerate(zip(one, other, strict=True), 1):
        yield from _stream(f"SDP {first.kind}" + (f" {number}" if len(one) > 1 else ""), first, second)


def _stream(name: str, recorded: Stream, ours: Stream) -> Iterator[tuple[bool, str]]:
    if recorded.kind != ours.kind or recorded.is_live is not ours.is_live:
        yield False, f"{name}: recorded {recorded.kind} {recorded.port}, ours {ours.kind} {ours.port}"
    if recorded.direction is not ours.direction:
        yield False, f"{name} direction: recorded {recorded.direction}, ours {ours.direction}"
    if recorded.formats != ours.formats:
        may_vary = sorted(_codecs(recorded)) == sorted(_codecs(ours))
        yield may_vary, f"{name} codecs: recorded {' '.join(recorded.formats)}, ours {' '.join(ours.formats)}"
    if (recorded.connection, recorded.port) != (ours.connection, ours.port):
        yield (
            True,
            f"{name} address: recorded {recorded.connection} {recorded.port}, ours {ours.connection} {ours.port}",
        )
    if recorded.attributes != ours.attributes:
        yield True, f"{name} attributes differ"


def _codecs(stream: Stream) -> list[str]:
    """The formats; a dynamic payload type by what it stands for (RFC 3551 §3), as each side numbers them itself."""
    maps = (value for name, value in stream.attributes if name == "rtpmap" and value)
    named = {number: codec.strip().lower() for number, _, codec in (value.partition(" ") for value in maps)}
    return [named.get(each, each) if each.isdecimal() and int(each) >= _DYNAMIC else each for each in stream.formats]
