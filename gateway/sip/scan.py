"""The few fields of a SIP message that say which call it belongs to, read without parsing the message.

A capture holds a hundred thousand messages for each one that matters to a transfer. Each field is looked up when
it is asked for, by exact spelling first and by any legal spelling (case, compact form, blanks before the colon,
folding: RFC 3261 7.3) second; `gateway.sip.message` reads the rest.
"""

import re
from functools import cache

from gateway.model.errors import DecodeError

_COMPACT = {b"call-id": b"i", b"from": b"f", b"to": b"t", b"refer-to": b"r", b"referred-by": b"b", b"event": b"o"}
_USUAL = {
    b"call-id": b"\nCall-ID: ",
    b"cseq": b"\nCSeq: ",
    b"from": b"\nFrom: ",
    b"to": b"\nTo: ",
    b"event": b"\nEvent: ",
}
_TAG = re.compile(rb";\s*tag\s*=\s*([^;,\s>]+)", re.I)
_FOLD = re.compile(rb"\r?\n[ \t]+")
_BLANK = (b" ", b"\t")


def start_of(octets: bytes) -> tuple[bytes, int]:
    """Method and status of a message: (b"INVITE", 0) or (b"", 200). Raises DecodeError for another start."""
    method, blank, rest = octets[:64].partition(b" ")
    if not blank or b"\n" in method:
        raise DecodeError("neither a request line nor a status line", where="start line")
    if method[:4].upper() != b"SIP/":
        return method, 0
    status = rest.lstrip(b" ")[:3]
    if not status.isdigit():
        raise DecodeError("status code is no number", where="start line")
    return b"", int(status)


class Scan:
    """A look at one message. A property raises DecodeError when its header is missing, unless it says otherwise."""

    __slots__ = ("end_of_headers", "octets")

    def __init__(self, octets: bytes) -> None:
        self.octets = octets
        end = octets.find(b"\r\n\r\n")
        self.end_of_headers = end if end >= 0 else len(octets)

    @property
    def request_uri(self) -> str:
        """The Request-URI of a request, "" in what is none."""
        line = self.octets[: self.octets.find(b"\r\n")].split()
        return line[1].decode("utf-8", "replace") if len(line) > 1 else ""

    @property
    def call_id(self) -> str:
        """The value of Call-ID."""
        return self._value(b"call-id").decode("utf-8", "replace")

    @property
    def cseq_number(self) -> int:
        """The number in CSeq, 0 when it has none."""
        number = self._value(b"cseq").split()[:1]
        return int(number[0]) if number and number[0].isdigit() else 0

    @property
    def cseq_method(self) -> bytes:
        """The method in CSeq: for a response the request that it answers."""
        return self._value(b"cseq").rpartition(b" ")[2]

    @property
    def sender(self) -> bytes:
        """The value of From."""
        return self._value(b"from")

    @property
    def recipient(self) -> bytes:
        """The value of To."""
        return self._value(b"to")

    @property
    def from_tag(self) -> str:
        """Tag of From, "" when it has none."""
        return _tag(self.sender)

    @property
    def to_tag(self) -> str:
        """Tag of To, "" when it has none."""
        return _tag(self.recipient)

    @property
    def event(self) -> str:
        """The value of Event, "" when there is none."""
        return self._value(b"event").decode("utf-8", "replace") if self.has(b"event") else ""

    def has(self, *names: bytes) -> bool:
        """Whether there is a header field of one of these names (lower case), in any spelling."""
        head = self.octets[: self.end_of_headers].lower()
        # A search for the bare name is several times quicker than a pattern that ignores case, and a loop than any().
        for needle in _needles(names):  # noqa: SIM110
            if needle in head and _stands_in(head, needle):
                return True
        return False

    def says(self, word: bytes) -> bool:
        """Whether the headers have `word` (lower case) in them, anywhere and in any case."""
        return word in self.octets[: self.end_of_headers].lower()

    def _value(self, name: bytes) -> bytes:
        octets, usual = self.octets, _USUAL[name]
        at = octets.find(usual, 0, self.end_of_headers)
        if at >= 0:
            end = octets.find(b"\r\n", at + 1)
            if end >= 0 and octets[end + 2 : end + 3] not in _BLANK:
                return octets[at + len(usual) : end]
        return self._value_in_any_spelling(name)

    def _value_in_any_spelling(self, name: bytes) -> bytes:
        # A lone LF ends a line for many senders; so the end of the head is looked for once more.
        head = _FOLD.sub(b" ", self.octets[: self.end_of_headers]).partition(b"\n\n")[0]
        for line in head.split(b"\n")[1:]:
            field, colon, value = line.partition(b":")
            if colon and field.strip().lower() in _spellings(name):
                return b" ".join(value.split())
        raise DecodeError(f"no {_USUAL[name].strip(b': ').decode().strip()} header")


def _spellings(name: bytes) -> tuple[bytes, ...]:
    return (name, _COMPACT[name]) if name in _COMPACT else (name,)


@cache
def _needles(names: tuple[bytes, ...]) -> tuple[bytes, ...]:
    return tuple(b"\n" + spelling for name in names for spelling in _spellings(name))


def _stands_in(head: bytes, needle: bytes) -> bool:
    at = head.find(needle)
    while at >= 0:
        end = at + len(needle)
        if head[end : end + 8].lstrip(b" \t")[:1] == b":":
            return True
        at = head.find(needle, end)
    return False


def _tag(value: bytes) -> str:
    # Looked for behind the URI only: a URI parameter may be called tag as well.
    found = _TAG.search(value, value.rfind(b">") + 1)
    return found[1].decode("utf-8", "replace") if found else ""
