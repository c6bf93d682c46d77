"""B-channels that something else ends: their descriptions are made here and nobody is asked (media: none)."""

from gateway.ends.media_resource import MediaDone, MediaEndpoint, MediaMoved
from gateway.model.errors import GatewayError
from gateway.sip.sdp import Direction, Stream, parse
from gateway.sip.sdp_codecs import codecs

_LAWS = {"A": ("8", "0"), "mu": ("0", "8")}
_NAMES = {"8": "pcma/8000", "0": "pcmu/8000"}
_RTPMAPS = {"8": "PCMA/8000", "0": "PCMU/8000"}
_EVENTS = "telephone-event/8000"
_PLAIN = ("RTP/AVP", "RTP/AVPF")


def can_answer(offer: bytes) -> bool:
    """Whether there is an audio stream that a B-channel of speech can answer (G.711, RFC 4497 §10)."""
    return any(_common(stream) for stream in parse(offer).media)


class NoMedia:
    """Endpoints at `host`; each has a port of its own, `first_port` plus twice the number of its B-channel."""

    is_up = True

    def __init__(self, host: str, first_port: int, law: str) -> None:
        self._host = host
        self._port = first_port
        self._formats = _LAWS[law]

    def reserve(
        self,
        trunk: str,
        channel: int,
        wanted: bytes,
        done: MediaDone,
        now: float,
        moved: MediaMoved | None = None,
    ) -> MediaEndpoint:
        """An endpoint, described at once."""
        endpoint = self._endpoint(channel)
        if wanted:
            endpoint.modify(wanted, None, done, now)
        else:
            done(endpoint.offer(), now)
        return endpoint

    def restore(self, snapshot: dict[str, object], now: float, moved: MediaMoved | None = None) -> MediaEndpoint:
        """The endpoint as it was."""
        endpoint = self._endpoint(int(str(snapshot["channel"])))
        endpoint.local = str(snapshot["local"]).encode()
        return endpoint

    def _endpoint(self, channel: int) -> "_Endpoint":
        return _Endpoint(channel, self._host, self._port + 2 * channel, self._formats)


class _Endpoint:
    """A port that is said to be there."""

    __slots__ = ("_channel", "_formats", "_host", "_port", "_version", "failure", "local")

    def __init__(self, channel: int, host: str, port: int, formats: tuple[str, ...]) -> None:
        self._channel, self._host, self._port, self._formats = channel, host, port, formats
        self._version = 0
        self.local = b""
        self.failure: GatewayError | None = None

    def offer(self) -> bytes:
        """All that a B-channel can do."""
        lines = [f"m=audio {self._port} RTP/AVP {' '.join(self._formats)} 101"]
        lines += [f"a=rtpmap:{each} {_RTPMAPS[each]}" for each in self._formats]
        return self._described([*lines, f"a=rtpmap:101 {_EVENTS}", "a=fmtp:101 0-15", "a=sendrecv"])

    def modify(self, remote: bytes, direction: Direction | None, done: MediaDone, now: float) -> None:
        """Answers with the first audio stream that has G.711; None when there is none."""
        if not remote:
            done(self.local or self.offer(), now)
            return
        answer: list[str] = []
        found = False
        for stream in parse(remote).media:
            common = () if found else _common(stream)
            found = found or bool(common)
            answer += self._answer(stream, common, direction)
        self.failure = None if found else GatewayError("no audio that a B-channel carries", sip_status=488, cause=88)
        done(self._described(answer) if found else None, now)

    def cross_connect(self, other: MediaEndpoint, done: MediaDone, now: float) -> None:
        """Whoever ends the B-channels does it."""
        done(self.local, now)

    def release(self, now: float) -> None:
        """Nothing was taken."""

    def snapshot(self) -> dict[str, object]:
        """Its channel and what it was described as."""
        return {"channel": self._channel, "local": self.local.decode("ascii", "replace")}

    def _answer(self, stream: Stream, formats: tuple[str, ...], direction: Direction | None) -> list[str]:
        if not formats:
            return [f"m={stream.kind} 0 {stream.protocol} {' '.join(stream.formats)}"]
        named = codecs(stream)
        # One only: peers that are given a choice ask again for one of them (PJSIP by UPDATE).
        speech = sorted(formats, key=lambda each: self._rank(named[each]))[:1]
        events = [each for each, name in named.items() if name == _EVENTS]
        return [
            f"m=audio {self._port} {stream.protocol} {' '.join((*speech, *events))}",
            *(f"a=rtpmap:{each} {named[each].upper()}" for each in speech),
            *(f"a=rtpmap:{each} {_EVENTS}" for each in events),
            f"a={_narrowed(stream.direction.reverse, direction)}",
        ]

    def _rank(self, codec: str) -> int:
        return [_NAMES[each] for each in self._formats].index(codec)

    def _described(self, media: list[str]) -> bytes:
        self._version += 1
        family = "IP6" if ":" in self._host else "IP4"
        lines = ["v=0", f"o=- {self._port} {self._version} IN {family} {self._host}", "s=-"]
        self.local = ("\r\n".join([*lines, f"c=IN {family} {self._host}", "t=0 0", *media]) + "\r\n").encode()
        return self.local


def _common(stream: Stream) -> tuple[str, ...]:
    """The formats of a stream that a B-channel can carry: G.711 over plain RTP."""
    if stream.kind != "audio" or not stream.is_live or stream.protocol.upper() not in _PLAIN:
        return ()
    return tuple(each for each, name in codecs(stream).items() if name in _NAMES.values())


def _narrowed(widest: Direction, wanted: Direction | None) -> Direction:
    if wanted is None:
        return widest
    return Direction.of(sends=widest.sends and wanted.sends, receives=widest.receives and wanted.receives)
