"""The few fields of a SIP message that say which call it belongs to, read without parsing the message.

A capture holds a hundred thousand messages for each one that matters to a transfer. This reader looks only at
the start line and five header fields (RFC 3261 7.3, 20), by exact spelling first and by any legal spelling
(case, compact form, blanks before the colon, folding) second; `gateway.sip.message` reads the rest when asked.
"""

import re
from typing import NamedTuple

from gateway.model.errors import DecodeError


class Scan(NamedTuple):
    """Fields as octets; `method` is the request's own (b"" in a response), `status` 0 in a request.

    From and To are looked up when asked for: most messages only have to be counted.
    """

    method: bytes
    status: int
    request_uri: bytes
    call_id: bytes
    cseq: bytes
    octets: bytes
    end_of_headers: int

    @property
    def cseq_number(self) -> int:
        """The number in CSeq, 0 when it has none."""
        number, _, _ = self.cseq.partition(b" ")
        return int(number) if number.isdigit() else 0

    @property
    def cseq_method(self) -> bytes:
        """The method in CSeq: for a response the request that it answers."""
        return self.cseq.rpartition(b" ")[2]

    @property
    def sender(self) -> bytes:
        """The value of From. Raises DecodeError when there is none."""
        return self._value(b"\nFrom: ", "From")

    @property
    def recipient(self) -> bytes:
        """The value of To. Raises DecodeError when there is none."""
        return self._value(b"\nTo: ", "To")

    @property
    def from_tag(self) -> str:
        """Tag of From, "" when it has none."""
        return _tag(self.sender)

    @property
    def to_tag(self) -> str:
        """Tag of To, "" when it has none."""
        return _tag(self.recipient)

    def _value(self, usual: bytes, name: str) -> bytes:
        octets = self.octets
        at = octets.find(usual, 0, self.end_of_headers)
        if at < 0 or octets[octets.find(b"\n", at + 1) + 1 : octets.find(b"\n", at + 1) + 2] in _BLANK:
            return _field(_head(octets), name)
        return octets[at + len(usual) : octets.find(b"\r", at)]


_TAG = re.compile(rb";\s*tag\s*=\s*([^;,\s>]+)", re.I)
_FOLD = re.compile(rb"\r?\n[ \t]+")
_BLANK = (b" ", b"\t")
_BLANKS = re.compile(rb"[ \t]+")
_FIELDS = {
    "Call-ID": re.compile(rb"\n(?:call-id|i)[ \t]*:[ \t]*([^\r\n]*)", re.I),
    "CSeq": re.compile(rb"\ncseq[ \t]*:[ \t]*([^\r\n]*)", re.I),
    "From": re.compile(rb"\n(?:from|f)[ \t]*:[ \t]*([^\r\n]*)", re.I),
    "To": re.compile(rb"\n(?:to|t)[ \t]*:[ \t]*([^\r\n]*)", re.I),
}


def _tag(value: bytes) -> str:
    # Looked for behind the URI only: a URI parameter may be called tag as well.
    found = _TAG.search(value, value.rfind(b">") + 1)
    return found[1].decode("utf-8", "replace") if found else ""


def scan(octets: bytes) -> Scan:
    """The identifying fields of one SIP message. Raises DecodeError when it is none or lacks one of them."""
    end = octets.find(b"\r\n\r\n")
    if end < 0:
        end = len(octets)
    first, _, rest = octets[: octets.find(b"\r\n")].partition(b" ")
    # One exact look per field is several times quicker than a general reading; most senders spell alike.
    at_call = octets.find(b"\nCall-ID: ", 0, end)
    at_cseq = octets.find(b"\nCSeq: ", 0, end)
    if at_call < 0 or at_cseq < 0 or not rest:
        return _scan_any_spelling(octets)
    call_id = octets[at_call + 10 : octets.find(b"\r", at_call)]
    cseq = octets[at_cseq + 7 : octets.find(b"\r", at_cseq)]
    if first == b"SIP/2.0":
        return Scan(b"", _status(rest[:3]), b"", call_id, cseq, octets, end)
    return Scan(first, 0, rest.partition(b" ")[0], call_id, cseq, octets, end)


def _status(digits: bytes) -> int:
    if not digits.isdigit():
        raise DecodeError("status code is no number", where="start line")
    return int(digits)


def _scan_any_spelling(octets: bytes) -> Scan:
    head = _head(octets)
    start = _BLANKS.split(head.split(b"\n", 1)[0].strip(), maxsplit=2)
    call_id, cseq = _field(head, "Call-ID"), _BLANKS.sub(b" ", _field(head, "CSeq"))
    _field(head, "From"), _field(head, "To")
    if len(start) < 2 + (start[0][:4].upper() != b"SIP/"):
        raise DecodeError("neither a request line nor a status line", where="start line")
    if start[0][:4].upper() == b"SIP/":
        return Scan(b"", _status(start[1]), b"", call_id, cseq, head + b"\r\n", len(head))
    return Scan(start[0], 0, start[1], call_id, cseq, head + b"\r\n", len(head))


def _field(head: bytes, name: str) -> bytes:
    found = _FIELDS[name].search(head)
    if not found:
        raise DecodeError(f"no {name} header")
    return found[1].strip()


def _head(octets: bytes) -> bytes:
    end = octets.find(b"\r\n\r\n")
    if end < 0:
        end = octets.find(b"\n\n")
    head = octets if end < 0 else octets[:end]
    return _FOLD.sub(b" ", head)


_SPELLINGS = {
    "refer-to": ("refer-to", "r"),
    "referred-by": ("referred-by", "b"),
    "event": ("event", "o"),
}


def has_field(fields: Scan, *names: str) -> bool:
    """Whether the message has a header field of one of these names (lower case), in any legal spelling."""
    head = fields.octets[: fields.end_of_headers].lower()
    return any(_named(head, spelling) for name in names for spelling in _SPELLINGS.get(name, (name,)))


def _named(head: bytes, spelling: str) -> bool:
    # A search for the bare name is several times quicker than a pattern that ignores case.
    name = b"\n" + spelling.encode()
    at = head.find(name)
    while at >= 0:
        if head[at + len(name) :].lstrip(b" \t")[:1] == b":":
            return True
        at = head.find(name, at + 1)
    return False
