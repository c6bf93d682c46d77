"""SIP requests and responses: octets to message and back (RFC 3261 §7).

Reading is lenient where the field demands it (bare LF, folded lines, compact names, a wrong Content-Length,
octets that are no UTF-8) and cheap: header values are taken apart only when asked for.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gateway.model.errors import DecodeError, LocalProtocolError
from gateway.sip.names import LISTS, key
from gateway.sip.parameters import Parameters, split
from gateway.sip.status import reason_phrase

_VERSION = "SIP/2.0"
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_FOLD = re.compile(r"\r?\n[ \t]+")
_REQUEST_LINE = re.compile(r"([A-Za-z0-9\-.!%*_+`'~]+) +(\S(?:.*\S)?) +SIP/2\.0 *", re.IGNORECASE)
STATUS_LINE = re.compile(r"SIP/2\.0 +([1-6][0-9]{2})(?: (.*))?", re.IGNORECASE)
_CSEQ = re.compile(r"([0-9]{1,10})[ \t]+(\S+)", re.ASCII)
_BREAKS_LINES = re.compile(r"[\r\n\0]")


class Headers:
    """Header fields in order, names and values as received (folding undone, outer spaces gone).

    A line without a colon is kept under the name "". Lookup ignores case and knows the compact forms.
    """

    __slots__ = ("_index", "items")

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        self.items = tuple(items)
        self._index: dict[str, list[str]] = {}
        for name, value in self.items:
            self._index.setdefault(key(name), []).append(value)

    def get(self, name: str) -> str | None:
        """The value of the first field `name`, not split; None when it is not there."""
        values = self._index.get(key(name))
        return values[0] if values else None

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of `name` in order, comma lists split where the field's grammar has them."""
        wanted = key(name)
        values = self._index.get(wanted, ())
        if wanted not in LISTS:
            return tuple(values)
        return tuple(part for value in values for part in split(value, ","))

    def __contains__(self, name: str) -> bool:
        return key(name) in self._index

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self.items == other.items

    def __hash__(self) -> int:
        return hash(self.items)

    def __repr__(self) -> str:
        return f"Headers({self.items!r})"


@dataclass(frozen=True, slots=True)
class Message:
    """A SIP message. `octets` is its wire form (as received, or as built). Of a response `request_uri` is ""
    and `method` the one its CSeq names; of a request `status` is 0. A header field that is missing or cannot
    be read gives "" (0 for a number): whoever needs it decides what that means.
    """

    is_request: bool
    method: str
    request_uri: str
    status: int
    reason: str
    headers: Headers
    body: bytes
    octets: bytes

    @property
    def call_id(self) -> str:
        """Call-ID, compared case-sensitively."""
        return self.headers.get("call-id") or ""

    @property
    def cseq(self) -> int:
        """The number of CSeq."""
        return _cseq(self.headers)[0]

    @property
    def cseq_method(self) -> str:
        """The method of CSeq."""
        return _cseq(self.headers)[1]

    @property
    def from_tag(self) -> str:
        """Tag of From; "" for an RFC 2543 peer."""
        return _tag(self.headers.get("from"))

    @property
    def to_tag(self) -> str:
        """Tag of To; "" outside a dialog."""
        return _tag(self.headers.get("to"))

    @property
    def top_via_branch(self) -> str:
        """Branch of the topmost Via."""
        vias = self.headers.all("via")
        return Parameters.parse(vias[0].partition(";")[2]).get("branch") or "" if vias else ""

    @property
    def content_type(self) -> str:
        """Media type of the body in lower case without parameters, such as "message/sipfrag"."""
        return (self.headers.get("content-type") or "").partition(";")[0].strip().lower()


def parse(octets: bytes) -> Message:
    """The message in `octets` (one datagram, or one message cut from a stream).

    The body ends where Content-Length says, or with the octets if there are fewer. Raises DecodeError
    when the first line is neither a Request-Line nor a Status-Line.
    """
    start = len(octets) - len(octets.lstrip(b"\r\n"))
    blank = _BLANK_LINE.search(octets, start)
    head, rest = (octets[start : blank.start()], octets[blank.end() :]) if blank else (octets[start:], b"")
    first, _, lines = head.decode("utf-8", "surrogateescape").partition("\n")
    headers = parse_headers(lines)
    body = rest[: _content_length(headers, len(rest))]
    return _start(first.rstrip("\r"), headers, body, octets)


def parse_headers(text: str) -> Headers:
    """Header fields from their lines, folded ones joined."""
    if "\n " in text or "\n\t" in text:
        text = _FOLD.sub(" ", text)
    return Headers(_field(line) for line in text.split("\n") if line.rstrip("\r"))


def _field(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    return (name.strip(), value.strip()) if colon else ("", line.strip())


def _start(line: str, headers: Headers, body: bytes, octets: bytes) -> Message:
    request = _REQUEST_LINE.fullmatch(line)
    if request:
        return Message(True, request[1], request[2], 0, "", headers, body, octets)
    status = STATUS_LINE.fullmatch(line)
    if status:
        method = _cseq(headers)[1]
        return Message(False, method, "", int(status[1]), (status[2] or "").strip(), headers, body, octets)
    raise DecodeError(f"neither a Request-Line nor a Status-Line: {line[:60]!r}", where="line 1")


def _content_length(headers: Headers, available: int) -> int:
    text = headers.get("content-length") or ""
    return min(int(text), available) if text.isdecimal() and len(text) < 10 else available


def _cseq(headers: Headers) -> tuple[int, str]:
    found = _CSEQ.match(headers.get("cseq") or "")
    return (int(found[1]), found[2]) if found else (0, "")


def _tag(address: str | None) -> str:
    if not address:
        return ""
    return Parameters.parse(address[address.rfind(">") + 1 :].partition(";")[2]).get("tag") or ""


def request(method: str, uri: str, headers: Iterable[tuple[str, str]], body: bytes = b"") -> Message:
    """A request; Content-Length is added. Raises LocalProtocolError when a value would break the line."""
    return _build(f"{method} {uri} {_VERSION}", headers, body)


def response(status: int, headers: Iterable[tuple[str, str]], body: bytes = b"", reason: str = "") -> Message:
    """A response; Content-Length is added, and `reason` defaults to the phrase of the standard.

    Raises LocalProtocolError when a value would break the line.
    """
    return _build(f"{_VERSION} {status} {reason or reason_phrase(status)}", headers, body)


def _build(first: str, headers: Iterable[tuple[str, str]], body: bytes) -> Message:
    fields = (*headers, ("Content-Length", str(len(body))))
    lines = (first, *(f"{name}: {value}" for name, value in fields))
    for line in lines:
        if _BREAKS_LINES.search(line):
            raise LocalProtocolError(f"a line break inside a header field: {line[:60]!r}")
    octets = ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape") + body
    return _start(first, Headers(fields), body, octets)
