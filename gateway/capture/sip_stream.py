"""SIP messages by their start line, in a datagram or in a stream (RFC 3261, 7.1, 7.2 and 18.3)."""

import re

from gateway.capture.framing import Cut, Found
from gateway.model.errors import DecodeError

LONGEST_HEADER = 65_536
LONGEST_BODY = 1 << 17

START_LINE = re.compile(rb"SIP/2\.0 [1-6]\d\d[ \r\n]|[A-Z]{3,20} [^\r\n]{1,8192} SIP/2\.0\r?\n")
_START_AFTER_LINE = re.compile(rb"(?<=\n)(?:" + START_LINE.pattern + rb")")
_BEGINNING = re.compile(rb"(?:SIP/(?:2(?:\.(?:0[^\n]{0,9})?)?)?|[A-Z]{1,20}(?: [^\r\n]{0,8192}\r?)?)\Z")
# Both begin with a plain line feed, which the search jumps to; IGNORECASE or an optional \r would take that away.
_END_OF_HEADER = re.compile(rb"\n\r?\n")
_CONTENT_LENGTH = re.compile(rb"\n(?:[Cc][Oo][Nn][Tt][Ee][Nn][Tt]-[Ll][Ee][Nn][Gg][Tt][Hh]|[Ll])[ \t]*:\s*(\d{1,10})")
_KEEP_ALIVE = b"\r\n"


def starts_sip(octets: bytes) -> bool:
    """Whether a SIP start line stands at the very beginning."""
    return START_LINE.match(octets) is not None


def may_start_sip(octets: bytes) -> bool:
    """Whether the octets could be the first part of a start line that has not all come yet."""
    return _BEGINNING.match(octets) is not None


def next_sip(octets: bytes) -> int:
    """Offset of the first start line at the beginning of a line after the first; -1 when there is none."""
    found = _START_AFTER_LINE.search(octets)
    return found.start() if found else -1


class SipStream:
    """SIP over TCP: a message ends where its Content-Length says. Empty lines between messages are keep-alives."""

    def cut(self, held: bytes) -> Cut | None:
        """See Framing.cut."""
        blank = len(held) - len(held.lstrip(_KEEP_ALIVE))
        if blank:
            return Cut(blank)
        if not starts_sip(held):
            if may_start_sip(held):
                return None
            raise DecodeError("no SIP start line where a message should begin")
        header = _END_OF_HEADER.search(held, 0, LONGEST_HEADER)
        if header is None:
            if len(held) >= LONGEST_HEADER:
                raise DecodeError(f"SIP header of more than {LONGEST_HEADER} octets")
            return None
        end = header.end() + _body_length(held, header.end())
        return None if end > len(held) else Cut(end, Found("sip", held[:end]))

    def next_start(self, held: bytes) -> int:
        """See Framing.next_start."""
        found = next_sip(held)
        return found if found > 0 else len(held)


def _body_length(held: bytes, header: int) -> int:
    """Without a Content-Length the body ends with the next message or with what has come (a stream needs one)."""
    given = _CONTENT_LENGTH.search(held, 0, header)
    if given is None:
        following = next_sip(held[header - 1 :])
        return following - 1 if following > 0 else len(held) - header
    length = int(given[1])
    if length > LONGEST_BODY:
        raise DecodeError(f"SIP body of {length} octets")
    return length
