"""A session description taken apart (RFC 8866, RFC 3264).

Reading never fails: what cannot be understood is left out, a media line without a readable port counts as refused.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

_UNSPECIFIED = frozenset(("0.0.0.0", "::", "0:0:0:0:0:0:0:0"))  # noqa: S104 -- compared, not bound


class Direction(StrEnum):
    """Which way media flows, seen from the sender of the description (RFC 3264 §5.1)."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @property
    def sends(self) -> bool:
        """Whether the sender of the description wants to send."""
        return self in (Direction.SENDRECV, Direction.SENDONLY)

    @property
    def receives(self) -> bool:
        """Whether the sender of the description wants to receive."""
        return self in (Direction.SENDRECV, Direction.RECVONLY)

    @property
    def reverse(self) -> "Direction":
        """The same flow seen from the other side: the widest that an answer may say (RFC 3264 §6.1)."""
        return _REVERSE.get(self, self)

    @classmethod
    def of(cls, *, sends: bool, receives: bool) -> "Direction":
        """The one that has these two."""
        if sends:
            return cls.SENDRECV if receives else cls.SENDONLY
        return cls.RECVONLY if receives else cls.INACTIVE


_REVERSE = {Direction.SENDONLY: Direction.RECVONLY, Direction.RECVONLY: Direction.SENDONLY}
DIRECTION_LINES = {f"a={direction}".encode(): direction for direction in Direction}
"""Every direction by its attribute line."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One media description. `kind` is the media type ("audio"), `port` 0 says that it is refused or gone,
    `connection` is the address that counts for it; a flag among the `attributes` has None.
    """

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    direction: Direction
    connection: str
    attributes: tuple[tuple[str, str | None], ...] = ()

    @property
    def is_live(self) -> bool:
        """Whether it is neither refused nor gone."""
        return self.port != 0


@dataclass(frozen=True, slots=True)
class Description:
    """A whole session description; `origin` is the text behind `o=`."""

    origin: str
    connection: str
    attributes: tuple[tuple[str, str | None], ...]
    media: tuple[Stream, ...]


@lru_cache(maxsize=64)  # a description is looked at several times while an offer is on its way
def parse(sdp: bytes) -> Description:
    """The description in `sdp`; one without streams when it is no description at all."""
    session, *media = sections(sdp)
    connection = address_in(session, "")
    default = direction_in(session, Direction.SENDRECV)
    return Description(
        next((_text(line[2:]) for line in session if line.startswith(b"o=")), ""),
        connection,
        _attributes(session),
        tuple(_stream(lines, connection, default) for lines in media),
    )


def sections(sdp: bytes) -> list[list[bytes]]:
    """The lines of the session level, then those of each stream, without line ends and empty lines."""
    found: list[list[bytes]] = [[]]
    lines = found[0]
    for text in map(bytes.rstrip, sdp.split(b"\n")):
        if text[:2] == b"m=":
            lines = [text]
            found.append(lines)
        elif text:
            lines.append(text)
    return found


def joined(parts: list[list[bytes]]) -> bytes:
    """The octets of `sections`."""
    return b"\r\n".join([line for lines in parts for line in lines] + [b""])


def port_of(media_line: bytes) -> int:
    """The port of an `m=` line; 0 when it has none."""
    fields = media_line.split()
    port = fields[1].partition(b"/")[0] if len(fields) > 1 else b""
    return int(port) if port.isdigit() and len(port) < 6 else 0


def address_in(lines: list[bytes], default: str) -> str:
    """The address of the `c=` line among `lines`."""
    for line in lines:
        if line.startswith(b"c="):
            fields = line.split()
            return _text(fields[2].partition(b"/")[0]) if len(fields) > 2 else default
    return default


def is_nowhere(address: str) -> bool:
    """Whether `address` is one that nothing can be sent to: hold as of RFC 2543, or RFC 6157 for IPv6."""
    return address in _UNSPECIFIED or address.lower().endswith(".invalid")


def direction_in(lines: list[bytes], default: Direction) -> Direction:
    """The direction attribute among `lines`."""
    for line in lines:
        if line in DIRECTION_LINES:
            return DIRECTION_LINES[line]
    return default


def effective_direction(lines: list[bytes], connection: str, default: Direction) -> Direction:
    """The direction of a stream: its attribute, and nothing to be received at an address that is none."""
    direction = direction_in(lines, default)
    address = address_in(lines, connection)
    if is_nowhere(address) and not _awaits_candidates(lines):
        return Direction.of(sends=direction.sends, receives=False)
    return direction


def _awaits_candidates(lines: list[bytes]) -> bool:
    # Trickle ICE starts with 0.0.0.0 and port 9, which says nothing of hold (RFC 8840 §4.1.1).
    return port_of(lines[0]) == 9 and any(line.startswith((b"a=ice-", b"a=candidate")) for line in lines)


def _stream(lines: list[bytes], connection: str, default: Direction) -> Stream:
    fields = [_text(field) for field in lines[0][2:].split()]
    return Stream(
        fields[0].lower() if fields else "",
        port_of(lines[0]),
        fields[2] if len(fields) > 2 else "",
        tuple(fields[3:]),
        effective_direction(lines, connection, default),
        address_in(lines, connection),
        _attributes(lines),
    )


def _attributes(lines: list[bytes]) -> tuple[tuple[str, str | None], ...]:
    return tuple(_attribute(_text(line[2:])) for line in lines if line.startswith(b"a="))


def _attribute(text: str) -> tuple[str, str | None]:
    name, colon, value = text.partition(":")
    return name, value.strip() if colon else None


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "surrogateescape").strip()
