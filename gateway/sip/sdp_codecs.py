"""Which codecs two session descriptions have in common (RFC 3264 §5.1, §6.1; RFC 3551 table 4 and 5)."""

from gateway.sip.sdp_description import Stream, joined, parse, sections

_STATIC_FORMATS = """
    0=pcmu/8000 3=gsm/8000 4=g723/8000 5=dvi4/8000 6=dvi4/16000 7=lpc/8000 8=pcma/8000 9=g722/8000
    10=l16/44100/2 11=l16/44100 12=qcelp/8000 13=cn/8000 14=mpa/90000 15=g728/8000 16=dvi4/11025 17=dvi4/22050
    18=g729/8000 25=celb/90000 26=jpeg/90000 28=nv/90000 31=h261/90000 32=mpv/90000 33=mp2t/90000
    34=h263/90000
"""
_STATIC = dict(item.split("=") for item in _STATIC_FORMATS.split())
# They accompany a codec and make no conversation by themselves.
_COMPANIONS = frozenset(("telephone-event", "cn", "red", "rtx", "ulpfec", "flexfec-03", "tone"))
_OF_ONE_FORMAT = (b"a=rtpmap:", b"a=fmtp:", b"a=rtcp-fb:")


def with_common_codecs(offer: bytes, known: bytes) -> bytes | None:
    """`offer` with only those codecs that `known` has too for the same media type.

    A stream that keeps none is offered with port 0: it stays in its place (RFC 3264 §8). None when no stream is left.
    """
    wanted = _codecs_by_kind(parse(known).media)
    session, *media = sections(offer)
    streams = parse(offer).media
    kept = [_kept(stream, wanted.get(_class(stream), frozenset())) for stream in streams]
    if not any(kept):
        return None
    return joined([session, *(_reduced(lines, formats) for lines, formats in zip(media, kept, strict=True))])


def answerable(offer: bytes, answer: bytes) -> bool:
    """Whether `answer` can answer `offer`: the same streams in the same order, each with codecs that were offered,
    and at least one stream that is not refused. Directions are not looked at.
    """
    offered, answered = parse(offer).media, parse(answer).media
    if len(offered) != len(answered) or not any(stream.is_live for stream in answered):
        return False
    return all(_answers(one, other) for one, other in zip(offered, answered, strict=True))


def codecs(stream: Stream) -> dict[str, str]:
    """What each format of `stream` stands for: "name/clock rate" in lower case (with "/channels" above one); for a
    protocol other than RTP the format itself.
    """
    if "RTP/" not in stream.protocol.upper():
        return {name: name.lower() for name in stream.formats}
    mapped = {}
    for name, value in stream.attributes:
        number, _, encoding = (value or "").partition(" ")
        if name == "rtpmap" and encoding:
            mapped[number] = encoding.strip().lower().removesuffix("/1")
    return {number: mapped.get(number) or _STATIC.get(number, number) for number in stream.formats}


def _answers(offered: Stream, answered: Stream) -> bool:
    if offered.kind != answered.kind:
        return False
    if not answered.is_live:
        return True
    if not offered.is_live or offered.protocol.upper() != answered.protocol.upper():
        return False
    theirs = set(codecs(answered).values())
    return theirs <= set(codecs(offered).values()) and any(map(_is_conversational, theirs))


def _class(stream: Stream) -> tuple[str, bool]:
    return stream.kind, "RTP/" in stream.protocol.upper()


def _codecs_by_kind(streams: tuple[Stream, ...]) -> dict[tuple[str, bool], frozenset[str]]:
    found: dict[tuple[str, bool], frozenset[str]] = {}
    for stream in streams:
        if stream.is_live:
            found[_class(stream)] = found.get(_class(stream), frozenset()).union(codecs(stream).values())
    return found


def _kept(stream: Stream, wanted: frozenset[str]) -> tuple[str, ...]:
    if not stream.is_live:
        return ()
    kept = tuple(number for number, codec in codecs(stream).items() if codec in wanted)
    meaning = codecs(stream)
    return kept if any(_is_conversational(meaning[number]) for number in kept) else ()


def _is_conversational(codec: str) -> bool:
    return codec.partition("/")[0] not in _COMPANIONS


def _reduced(lines: list[bytes], formats: tuple[str, ...]) -> list[bytes]:
    fields = lines[0].split()
    if not formats:
        return [b" ".join((*fields[:1], b"0", *fields[2:4]))]
    kept = {name.encode("utf-8", "surrogateescape") for name in formats}
    first = b" ".join((*fields[:3], *(name for name in fields[3:] if name in kept)))
    return [first, *(line for line in lines[1:] if _belongs(line, kept))]


def _belongs(line: bytes, kept: set[bytes]) -> bool:
    if not line.startswith(_OF_ONE_FORMAT):
        return True
    number = line.partition(b":")[2].split(b" ", 1)[0]
    return number in kept or number == b"*"
