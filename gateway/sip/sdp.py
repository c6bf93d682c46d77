"""What a gateway does with session descriptions that it passes on: octets in, octets out (RFC 8866, RFC 3264).

Nothing here fails: what is no session description comes back as it is.
"""

from dataclasses import dataclass
from functools import lru_cache

from gateway.sip.sdp_codecs import answerable, with_common_codecs
from gateway.sip.sdp_description import (
    DIRECTION_LINES,
    Description,
    Direction,
    Stream,
    address_in,
    direction_in,
    effective_direction,
    is_nowhere,
    joined,
    parse,
    port_of,
    sections,
)

__all__ = [
    "Description",
    "Direction",
    "Origin",
    "Stream",
    "answerable",
    "direction",
    "is_held",
    "only_inactive",
    "parse",
    "resumed",
    "same_media",
    "with_common_codecs",
    "with_direction",
    "with_origin",
]

_MAY_BE_NOWHERE = (b"0.0.0.0", b"::", b":0:0", b".invalid")
_MAY_NARROW = (b"a=sendonly", b"a=recvonly", b"a=inactive", *_MAY_BE_NOWHERE)
_NOT_MEDIA = (b"o=", b"s=", b"t=")


@dataclass(frozen=True, slots=True)
class Origin:
    """Our `o=` line (RFC 8866 §5.2). `version` goes up by one with each change of what we say (RFC 3264 §8)."""

    session_id: int
    version: int
    address: str
    user: str = "-"

    @property
    def line(self) -> bytes:
        """Its octets without the line end."""
        family = "IP6" if ":" in self.address else "IP4"
        return f"o={self.user} {self.session_id} {self.version} IN {family} {self.address}".encode()


def with_origin(sdp: bytes, origin: Origin) -> bytes:
    """`sdp` with our `o=` line, all else octet for octet."""
    start = 0 if sdp.startswith(b"o=") else sdp.find(b"\no=") + 1
    if start or sdp.startswith(b"o="):
        end = sdp.find(b"\n", start)
        end = len(sdp) if end < 0 else end - (sdp[end - 1] == 13)
        return sdp[:start] + origin.line + sdp[end:]
    version, newline, rest = sdp.partition(b"\n")
    if not version.startswith(b"v="):
        return sdp
    return version.rstrip(b"\r") + b"\r\n" + origin.line + b"\r\n" + (rest if newline else b"")


def direction(sdp: bytes) -> Direction:
    """Which way its sender wants media to flow, all spellings of hold understood: the attributes at both levels, the
    address 0.0.0.0 or ::, port 0. The audio streams decide where there are any.
    """
    if not any(mark in sdp for mark in _MAY_NARROW) and _all_live(sdp):
        return Direction.SENDRECV
    session, *media = sections(sdp)
    live = [lines for lines in media if port_of(lines[0])]
    heard = [lines for lines in live if lines[0].startswith(b"m=audio")] or live
    if media and not heard:
        return Direction.INACTIVE
    default, connection = direction_in(session, Direction.SENDRECV), address_in(session, "")
    found = [effective_direction(lines, connection, default) for lines in heard] or [default]
    return Direction.of(sends=any(one.sends for one in found), receives=any(one.receives for one in found))


def is_held(sdp: bytes) -> bool:
    """Whether its sender does not want media both ways."""
    return direction(sdp) is not Direction.SENDRECV


@lru_cache(maxsize=64)  # whoever is to be asked next is offered the same again
def with_direction(sdp: bytes, direction: Direction) -> bytes:
    """`sdp` with this direction for every stream, said in one way: an attribute of the stream.

    An address that is none (0.0.0.0) stays unless media is to be received: then that of the `o=` line stands in.
    """
    session, *media = sections(sdp)
    if not media:
        return sdp
    parts = [_undirected(session), *(_directed(lines, direction) for lines in media)]
    may_be_nowhere = direction.receives and any(mark in sdp for mark in _MAY_BE_NOWHERE)
    return joined(_reachable(parts) if may_be_nowhere else parts)


def resumed(sdp: bytes) -> bytes:
    """`sdp` as an offer that ends a hold."""
    return with_direction(sdp, Direction.SENDRECV)


def only_inactive(sdp: bytes) -> bytes:
    """`sdp` with every kind of hold written as `a=inactive`, for peers that know no other (Microsoft Teams).

    A stream both ways stays so.
    """
    session, *media = sections(sdp)
    if not media or not any(mark in sdp for mark in _MAY_NARROW):
        return sdp
    default, connection = direction_in(session, Direction.SENDRECV), address_in(session, "")
    parts = [_undirected(session)]
    for lines in media:
        own = effective_direction(lines, connection, default)
        parts.append(_directed(lines, own if own is Direction.SENDRECV else Direction.INACTIVE))
    return joined(_reachable(parts))


def same_media(one: bytes, other: bytes) -> bool:
    """Whether both say the same but for `o=`, `s=` and `t=`, line ends apart."""
    return one == other or (_first_stream(one) == _first_stream(other) and _media_lines(one) == _media_lines(other))


def _first_stream(sdp: bytes) -> bytes:
    """The first `m=` line, by which most that differ do."""
    start = sdp.find(b"\nm=") + 1
    return sdp[start:].partition(b"\n")[0].rstrip() if start else b""


@lru_cache(maxsize=64)  # one description is compared with several
def _media_lines(sdp: bytes) -> list[list[bytes]]:
    session, *media = sections(sdp)
    return [[line for line in session if not line.startswith(_NOT_MEDIA)], *media]


def _all_live(sdp: bytes) -> bool:
    at = sdp.find(b"\nm=")
    while at >= 0:
        fields = sdp[at + 1 : at + 40].split(None, 2)
        if len(fields) < 2 or fields[1] == b"0":
            return False
        at = sdp.find(b"\nm=", at + 3)
    return True


def _undirected(lines: list[bytes]) -> list[bytes]:
    return [line for line in lines if line not in DIRECTION_LINES]


def _directed(lines: list[bytes], direction: Direction) -> list[bytes]:
    if not port_of(lines[0]):
        return _undirected(lines)
    return [*_undirected(lines), f"a={direction}".encode()]


def _reachable(parts: list[list[bytes]]) -> list[list[bytes]]:
    origin = next((line.split() for line in parts[0] if line.startswith(b"o=")), [])
    if len(origin) < 6 or is_nowhere(origin[5].decode("utf-8", "replace")):
        return parts
    connection = b"c=" + b" ".join(origin[3:6])
    return [[connection if _is_nowhere_line(line) else line for line in lines] for lines in parts]


def _is_nowhere_line(line: bytes) -> bool:
    return line.startswith(b"c=") and is_nowhere(address_in([line], ""))
