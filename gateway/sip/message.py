"""SIP requests and responses: octets to message and back (RFC 3261 §7).

Reading is lenient where the field demands it (bare LF, folded lines, compact names, a wrong Content-Length,
octets that are no UTF-8) and cheap: header values are taken apart only when asked for.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from gateway.model.errors import DecodeError, LocalProtocolError
from gateway.sip.names import KEYS, LINE_KEYS, LISTS
from gateway.sip.parameters import Parameters, split
from gateway.sip.status import reason_phrase

_VERSION = "SIP/2.0"
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_FOLD = re.compile(r"\r?\n[ \t]+")
# Of another version too: what that means is not decided here.
_REQUEST_LINE = re.compile(r"([A-Za-z0-9\-.!%*_+`'~]+) +(\S(?:.*\S)?) +SIP/[0-9]{1,3}\.[0-9]{1,3} *", re.IGNORECASE)
STATUS_LINE = re.compile(r"SIP/2\.0 +([1-6][0-9]{2})(?: (.*))?", re.IGNORECASE)
_CSEQ = re.compile(r"([0-9]{1,10})[ \t]+(\S+)", re.ASCII)
_BREAKS_LINES = re.compile(r"[\r\n\0]")
_CODES = {str(code): code for code in range(100, 700)}

METHODS = frozenset(
    "INVITE ACK CANCEL BYE OPTIONS PRACK UPDATE REFER NOTIFY SUBSCRIBE INFO MESSAGE REGISTER PUBLISH".split()  # noqa: SIM905
)
"""The methods of the IANA registry."""


class Headers:
    """Header fields in order, names and values as received (folding undone, outer spaces gone).

    A line without a colon is kept under the name "". Lookup ignores case and knows the compact forms.
    """

    # The index is made at once from lines, the items when first asked for: few messages are passed on as they came.
    __slots__ = ("_first", "_items", "_lines", "_repeated")

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        self._items: tuple[tuple[str, str], ...] | None = tuple(items)
        self._lines: Sequence[str] = ()
        self._first: dict[str, str] | None = None
        self._repeated: Mapping[str, Sequence[str]] = _NO_REPEATED

    @classmethod
    def of_lines(cls, lines: Sequence[str]) -> "Headers | None":
        """From lines `name: value`; None when one of them is folded, empty or has no colon."""
        first: dict[str, str] = {}
        for line in lines:
            name, colon, value = line.partition(":")
            known = LINE_KEYS[name]
            if not known or not colon:
                return None
            first[known] = value.strip()
        made = cls.__new__(cls)
        made._items = None
        made._lines = lines
        made._first = first
        made._repeated = _NO_REPEATED
        if len(first) != len(lines):
            made._index()
        return made

    @property
    def items(self) -> tuple[tuple[str, str], ...]:
        """Names and values in order."""
        if self._items is None:
            self._items = tuple(map(_field, self._lines))
        return self._items

    @property
    def repeated(self) -> Mapping[str, Sequence[str]]:
        """The values of those fields that stand there more than once, by the name in lower case."""
        if self._first is None:
            self._index()
        return self._repeated

    @property
    def first(self) -> Mapping[str, str]:
        """The first value of each field, by the name in lower case."""
        return self._index() if self._first is None else self._first

    def get(self, name: str) -> str | None:
        """The value of the first field `name`, not split; None when it is not there."""
        first = self._first
        if first is None:
            first = self._index()
        return first.get(KEYS[name])

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of `name` in order, comma lists split where the field's grammar has them."""
        wanted = KEYS[name]
        values = self._values(wanted)
        if wanted not in LISTS:
            return tuple(values)
        if len(values) == 1:
            return split(values[0], ",")
        return tuple(part for value in values for part in split(value, ","))

    def _values(self, wanted: str) -> Sequence[str]:
        first = self.first
        if wanted not in first:
            return ()
        return self._repeated.get(wanted) or (first[wanted],)

    def _index(self) -> dict[str, str]:
        found: dict[str, list[str]] = {}
        for name, value in self.items:
            found.setdefault(KEYS[name], []).append(value)
        if len(found) != len(self.items):
            self._repeated = {name: several for name, several in found.items() if len(several) > 1}
        self._first = first = {name: several[0] for name, several in found.items()}
        return first

    def __contains__(self, name: str) -> bool:
        return KEYS[name] in self.first

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self._lines) if self._items is None else len(self._items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self.items == other.items

    def __hash__(self) -> int:
        return hash(self.items)

    def __repr__(self) -> str:
        return f"Headers({self.items!r})"


_NO_REPEATED: Mapping[str, Sequence[str]] = {}


class Message:
    """A SIP message. `octets` is its wire form (as received, or as built). Of a response `request_uri` is ""
    and `method` the one its CSeq names; of a request `status` is 0. A header field that is missing or cannot
    be read gives "" (0 for a number): whoever needs it decides what that means. Nobody changes a message.
    """

    __slots__ = ("_marks", "body", "headers", "is_request", "method", "octets", "reason", "request_uri", "status")

    def __init__(
        self,
        is_request: bool,
        method: str,
        request_uri: str,
        status: int,
        reason: str,
        headers: Headers,
        body: bytes,
        octets: bytes,
    ) -> None:
        self.is_request = is_request
        self.method = method
        self.request_uri = request_uri
        self.status = status
        self.reason = reason
        self.headers = headers
        self.body = body
        self.octets = octets
        self._marks: tuple[str, int, str, str, str, str] | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and self._all() == other._all()

    def __hash__(self) -> int:
        return hash(self.octets)

    def __repr__(self) -> str:
        return f"Message({self.octets!r})"

    @property
    def call_id(self) -> str:
        """Call-ID, compared case-sensitively."""
        return (self._marks or self._read_marks())[0]

    @property
    def cseq(self) -> int:
        """The number of CSeq."""
        return (self._marks or self._read_marks())[1]

    @property
    def cseq_method(self) -> str:
        """The method of CSeq."""
        return (self._marks or self._read_marks())[2]

    @property
    def from_tag(self) -> str:
        """Tag of From; "" for an RFC 2543 peer."""
        return (self._marks or self._read_marks())[3]

    @property
    def to_tag(self) -> str:
        """Tag of To; "" outside a dialog."""
        return (self._marks or self._read_marks())[4]

    @property
    def top_via_branch(self) -> str:
        """Branch of the topmost Via."""
        return (self._marks or self._read_marks())[5]

    @property
    def content_type(self) -> str:
        """Media type of the body in lower case without parameters, such as "message/sipfrag"."""
        return (self.headers.get("content-type") or "").partition(";")[0].strip().lower()

    def _read_marks(self) -> tuple[str, int, str, str, str, str]:
        # Whoever asks for one of them asks for the others as well: a transaction or a dialog is being looked for.
        get = self.headers.first.get
        number, method = _cseq(get("cseq") or "")
        tags = _tag(get("from")), _tag(get("to"))
        self._marks = marks = (get("call-id") or "", number, method, *tags, _branch(get("via")))
        return marks

    def _all(self) -> tuple[object, ...]:
        start = self.is_request, self.method, self.request_uri, self.status, self.reason
        return *start, self.headers, self.body, self.octets


def parse(octets: bytes) -> Message:
    """The message in `octets` (one datagram, or one message cut from a stream).

    The body ends where Content-Length says, or with the octets if there are fewer. Raises DecodeError
    when the first line is neither a Request-Line nor a Status-Line.
    """
    head, _, rest = octets.partition(b"\r\n\r\n")
    lines = head.decode("utf-8", "surrogateescape").split("\n")
    first = lines.pop(0)
    headers = Headers.of_lines(lines)
    if headers is None or not first.rstrip("\r"):
        first, headers, rest = _unusual_head(octets)
    length = headers.first.get("content-length")
    body = rest if length is None else rest[: _content_length(length, len(rest))]
    return _start(first.rstrip("\r"), headers, body, octets)


def _unusual_head(octets: bytes) -> tuple[str, Headers, bytes]:
    # Empty lines in front, a lone LF at the end of lines, folded lines, lines without a colon.
    start = len(octets) - len(octets.lstrip(b"\r\n"))
    blank = _BLANK_LINE.search(octets, start)
    head, rest = (octets[start : blank.start()], octets[blank.end() :]) if blank else (octets[start:], b"")
    first, _, lines = head.decode("utf-8", "surrogateescape").partition("\n")
    return first, parse_headers(lines), rest


def parse_headers(text: str) -> Headers:
    """Header fields from their lines, folded ones joined."""
    if "\n " in text or "\n\t" in text:
        text = _FOLD.sub(" ", text)
    return Headers(_field(line) for line in text.split("\n") if line.rstrip("\r"))


def _field(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    return (name.strip(), value.strip()) if colon else ("", line.strip())


def _start(line: str, headers: Headers, body: bytes, octets: bytes) -> Message:
    method, _, rest = line.partition(" ")
    if rest.endswith(" SIP/2.0") and method in METHODS:
        uri = rest[:-8]
        if uri and uri.isascii() and " " not in uri and "\t" not in uri:
            return Message(True, method, uri, 0, "", headers, body, octets)
    elif method == "SIP/2.0" and rest[:3] in _CODES and rest[3:4] == " ":
        answered = _cseq(headers.get("cseq") or "")[1]
        return Message(False, answered, "", _CODES[rest[:3]], rest[4:].strip(), headers, body, octets)
    return _unusual_start(line, headers, body, octets)


def _unusual_start(line: str, headers: Headers, body: bytes, octets: bytes) -> Message:
    request = _REQUEST_LINE.fullmatch(line)
    if request:
        return Message(True, request[1], request[2], 0, "", headers, body, octets)
    status = STATUS_LINE.fullmatch(line)
    if status:
        method = _cseq(headers.get("cseq") or "")[1]
        return Message(False, method, "", int(status[1]), (status[2] or "").strip(), headers, body, octets)
    raise DecodeError(f"neither a Request-Line nor a Status-Line: {line[:60]!r}", where="line 1")


def _content_length(text: str, available: int) -> int:
    return min(int(text), available) if text.isdecimal() and len(text) < 10 else available


def _cseq(value: str) -> tuple[int, str]:
    number, _, method = value.partition(" ")
    if method in METHODS and number.isdecimal() and number.isascii() and len(number) <= 10:
        return int(number), method
    found = _CSEQ.match(value)
    return (int(found[1]), found[2]) if found else (0, "")


def _tag(address: str | None) -> str:
    if not address:
        return ""
    parameters = address[address.rfind(">") + 1 :].partition(";")[2]
    if not parameters:
        return ""
    if parameters.startswith("tag=") and ";" not in parameters and '"' not in parameters:
        return parameters[4:].strip()
    return Parameters.parse(parameters).get("tag") or ""


def _branch(via: str | None) -> str:
    if not via:
        return ""
    parameters = via.partition(";")[2]
    at = parameters.find("branch=")
    if at >= 0 and parameters[at - 1 : at] in ("", ";") and "," not in via and '"' not in via:
        return parameters[at + 7 :].partition(";")[0].strip()
    first = split(via, ",")
    return Parameters.parse(first[0].partition(";")[2]).get("branch") or "" if first else ""


def request(method: str, uri: str, headers: Iterable[tuple[str, str]], body: bytes = b"") -> Message:
    """A request; Content-Length is added. Raises LocalProtocolError when a value would break the line."""
    return _build(f"{method} {uri} {_VERSION}", headers, body)


def response(status: int, headers: Iterable[tuple[str, str]], body: bytes = b"", reason: str = "") -> Message:
    """A response; Content-Length is added, and `reason` defaults to the phrase of the standard.

    Raises LocalProtocolError when a value would break the line.
    """
    return _build(status_line(status, reason), headers, body)


def status_line(status: int, reason: str = "") -> str:
    """The first line of a response; `reason` defaults to the phrase of the standard."""
    return f"{_VERSION} {status} {reason or reason_phrase(status)}"


def octets_of(first_line: str, fields: Iterable[tuple[str, str]], body: bytes = b"") -> bytes:
    """The wire form of a message; Content-Length is added. Nothing is read back: the quick way for what is only sent.

    Raises LocalProtocolError when a value would break the line.
    """
    lines = [f"{name}: {value}" for name, value in fields]
    text = "\r\n".join((first_line, *lines, f"Content-Length: {len(body)}\r\n\r\n"))
    breaks = len(lines) + 3
    if text.count("\n") != breaks or text.count("\r") != breaks or "\0" in text:
        line = next(line for line in (first_line, *lines) if _BREAKS_LINES.search(line))
        raise LocalProtocolError(f"a line break inside a header field: {line[:60]!r}")
    return text.encode("utf-8", "surrogateescape") + body


def _build(first: str, headers: Iterable[tuple[str, str]], body: bytes) -> Message:
    fields = tuple(headers)
    octets = octets_of(first, fields, body)
    return _start(first, Headers((*fields, ("Content-Length", str(len(body))))), body, octets)
