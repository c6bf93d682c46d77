"""SIP messages out of a stream, by their Content-Length (RFC 3261 §18.3), and the keep-alives in between."""

import re
from collections.abc import Iterator
from typing import Protocol

from gateway.model.errors import DecodeError

PING = b"\r\n\r\n"
PONG = b"\r\n"

_LINE_ENDS = b"\r\n"
_LONGEST_FIRST_LINE = 16_384
# Both begin with a plain line feed, which the search jumps to; IGNORECASE would take that away. Some end their lines
# with a line feed only.
_BLANK_LINE = re.compile(rb"\n(?:\r\n|\n)")
_LENGTH = re.compile(
    rb"\n(?:[Cc][Oo][Nn][Tt][Ee][Nn][Tt]-[Ll][Ee][Nn][Gg][Tt][Hh]|[Ll])[ \t]*:"
    rb"(?:[ \t]|\r?\n[ \t])*(\d{1,10})(?=[ \t]*\r?\n)"
)


class Wire(Protocol):
    """What lies between the octets of a connection and the SIP messages on it."""

    replies: bytes
    """What `feed` wants sent at once; whoever sends it empties it."""

    @property
    def is_open(self) -> bool:
        """Whether messages may be sent."""

    @property
    def is_over(self) -> bool:
        """Whether the peer has said goodbye."""

    @property
    def is_unfinished(self) -> bool:
        """Whether a message or a handshake has begun and not ended."""

    def greeting(self) -> bytes:
        """What is sent first."""

    def feed(self, octets: bytes) -> Iterator[bytes]:
        """The messages that `octets` complete. Raises DecodeError when the connection is of no more use."""

    def pack(self, message: bytes) -> bytes:
        """A message as it is sent."""

    def ping(self) -> bytes:
        """What keeps the connection alive."""


class StreamWire:
    """SIP as it is on TCP and TLS. `most` octets are the longest message.

    Two line ends between messages are a ping and get one as pong (RFC 5626 §4.4.1).
    """

    __slots__ = ("_held", "_most", "_wanted", "replies")

    is_open = True
    is_over = False

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = b""
        self._wanted = 0
        self.replies = b""

    @property
    def is_unfinished(self) -> bool:
        """Whether a message has begun and not ended."""
        return bool(self._held)

    def greeting(self) -> bytes:
        """Nothing."""
        return b""

    def feed(self, octets: bytes) -> Iterator[bytes]:
        """See Wire.feed: what is no SIP, a message without Content-Length and one that is too long end it."""
        held = self._held + octets if self._held else octets
        start = 0
        while len(held) - start >= self._wanted:
            start = self._skip_line_ends(held, start)
            end = self._end(held, start) if start < len(held) else None
            if end is None:
                break
            yield held[start:end] if start or end < len(held) else held
            start, self._wanted = end, 0
        self._held = held[start:]

    def pack(self, message: bytes) -> bytes:
        """The message itself."""
        return message

    def ping(self) -> bytes:
        """RFC 5626 §4.4.1."""
        return PING

    def _skip_line_ends(self, held: bytes, start: int) -> int:
        if held[start : start + 1] not in (b"\r", b"\n"):
            return start
        rest = held[start:].lstrip(_LINE_ENDS)
        self.replies += PONG * min(held.count(PING, start, len(held) - len(rest)), 8)
        return len(held) - len(rest)

    def _end(self, held: bytes, start: int) -> int | None:
        """Where the message that begins at `start` ends; None when that has not come yet."""
        self._wanted = 0
        body = _body(held, start)
        if body is None:
            self._check_beginning(held, start)
            return None
        _check_first_line(held, start, held.find(b"\n", start))
        length = _content_length(held, start, body)
        if body - start + length > self._most:
            raise DecodeError(f"a message of {body - start + length} octets")
        end = body + length
        if end <= len(held):
            return end
        self._wanted = end - start
        return None

    def _check_beginning(self, held: bytes, start: int) -> None:
        if len(held) - start > self._most:
            raise DecodeError(f"no end of the header within {self._most} octets")
        line_end = held.find(b"\n", start)
        if line_end >= 0:
            _check_first_line(held, start, line_end)
        elif held[start] < 0x21 or held[start] > 0x7E or len(held) - start > _LONGEST_FIRST_LINE:
            raise DecodeError("this is not SIP")


def _body(held: bytes, start: int) -> int | None:
    """Where the header's blank line ends."""
    blank = _BLANK_LINE.search(held, start)
    return blank.end() if blank else None


def _check_first_line(held: bytes, start: int, end: int) -> None:
    if b"SIP/" not in held[start:end].upper():
        raise DecodeError("this is not SIP")


def _content_length(held: bytes, start: int, body: int) -> int:
    """Two lengths that differ are no length: where the next message begins would be anybody's guess."""
    lengths = _LENGTH.findall(held, start, body)
    if len(lengths) != 1 and len(set(lengths)) != 1:
        raise DecodeError("no Content-Length" if not lengths else "two different Content-Lengths")
    return int(lengths[0])
