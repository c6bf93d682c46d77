"""Whether a side has to be told what the other side's description has become."""

from gateway.sip.sdp import Description, Stream, parse, same_media
from gateway.sip.sdp_codecs import codecs

_KEYS = frozenset(("crypto", "fingerprint", "setup", "ice-ufrag"))


def is_news(description: bytes, told: bytes, own: bytes) -> bool:
    """Whether `description`, the other side's now, has to be offered to a side that was `told` another one before and
    said `own` itself. It has not, as long as what that side may send by what it knows arrives and is understood: same
    streams, addresses, ports, keys and directions, and no codec of both `told` and `own` has gone.
    """
    if same_media(description, told):
        return False
    now, before, said = parse(description), parse(told), parse(own)
    if not now.media or not len(now.media) == len(before.media) == len(said.media) or _keys(now) != _keys(before):
        return True
    return any(_is_other(*streams) for streams in zip(now.media, before.media, said.media, strict=True))


def _is_other(now: Stream, before: Stream, said: Stream) -> bool:
    if not (now.is_live or before.is_live):
        return False
    sent = frozenset(codecs(said).values()) if said.is_live else frozenset()
    may_come = {item for item in codecs(before).items() if item[1] in sent}
    return _transport(now) != _transport(before) or not may_come <= codecs(now).items()


def _transport(stream: Stream) -> tuple[object, ...]:
    return stream.kind, stream.port, stream.protocol, stream.connection, stream.direction, _keys(stream)


def _keys(part: Stream | Description) -> tuple[object, ...]:
    return tuple(item for item in part.attributes if item[0] in _KEYS)
