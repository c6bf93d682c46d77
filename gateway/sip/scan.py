"""The few fields of a SIP message that say which call it belongs to, read without parsing the message.

A capture holds a hundred thousand messages for each one that matters to a transfer. This reader looks only at
the start line and five header fields (RFC 3261 7.3, 20), by exact spelling first and by any legal spelling
(case, compact form, blanks before the colon, folding) second; `gateway.sip.message` reads the rest when asked.
"""

import re
from typing import NamedTuple

from gateway.model.errors import DecodeError


class Scan(NamedTuple):
    """Fields as octets; `method` is the request's own (b"" in a response), `status` 0 in a request."""

    method: bytes
    status: int
    request_uri: bytes
    call_id: bytes
    cseq: bytes
    sender: bytes
    recipient: bytes
    end_of_headers: int

    @property
    def cseq_number(self) -> int:
        """The number in CSeq, 0 when it has none."""
        number, _, _ = self.cseq.partition(b" ")
        return int(number) if number.isdigit() else 0

    @property
    def cseq_method(self) -> bytes:
        """The method in CSeq: for a response the request that it answers."""
        return self.cseq.rpartition(b" ")[2].upper()

    @property
    def from_tag(self) -> str:
        """Tag of From, "" when it has none."""
        return _tag(self.sender)

    @property
    def to_tag(self) -> str:
        """Tag of To, "" when it has none."""
        return _tag(self.recipient)


_TAG = re.compile(rb";\s*tag\s*=\s*([^;,\s>]+)", re.I)
_FOLD = re.compile(rb"\r?\n[ \t]+")
_FIELD = {
    "call_id": re.compile(rb"\n(?:call-id|i)[ \t]*:[ \t]*([^\r\n]*)", re.I),
    "cseq": re.compile(rb"\ncseq[ \t]*:[ \t]*([^\r\n]*)", re.I),
    "sender": re.compile(rb"\n(?:from|f)[ \t]*:[ \t]*([^\r\n]*)", re.I),
    "recipient": re.compile(rb"\n(?:to|t)[ \t]*:[ \t]*([^\r\n]*)", re.I),
}
_BLANKS = re.compile(rb"[ \t]+")


def _tag(value: bytes) -> str:
    # Looked for behind the URI only: a URI parameter may be called tag as well.
    found = _TAG.search(value, value.rfind(b">") + 1)
    return found[1].decode("utf-8", "replace") if found else ""


def scan(octets: bytes) -> Scan:
    """The identifying fields of one SIP message. Raises DecodeError when it is none or lacks one of them."""
    end = octets.find(b"\r\n\r\n")
    if end < 0:
        end = len(octets)
    line_end = octets.find(b"\r\n")
    start = octets[: line_end if line_end >= 0 else end].split(b" ", 2)
    # One exact look per field is several times quicker than a general reading; most senders spell alike.
    at_call = octets.find(b"\nCall-ID: ", 0, end)
    at_cseq = octets.find(b"\nCSeq: ", 0, end)
    at_from = octets.find(b"\nFrom: ", 0, end)
    at_to = octets.find(b"\nTo: ", 0, end)
    if len(start) != 3 or at_call < 0 or at_cseq < 0 or at_from < 0 or at_to < 0:
        return _scan_any_spelling(octets)
    call_id = octets[at_call + 10 : octets.find(b"\r", at_call)]
    cseq = octets[at_cseq + 7 : octets.find(b"\r", at_cseq)]
    sender = octets[at_from + 7 : octets.find(b"\r", at_from)]
    recipient = octets[at_to + 5 : octets.find(b"\r", at_to)]
    first, second, _ = start
    if first[:4] == b"SIP/":
        if not second.isdigit():
            raise DecodeError("status code is no number", where="start line")
        return Scan(b"", int(second), b"", call_id, cseq, sender, recipient, end)
    return Scan(first, 0, second, call_id, cseq, sender, recipient, end)


def _scan_any_spelling(octets: bytes) -> Scan:
    head = _head(octets)
    end = len(head)
    start = _BLANKS.split(head.split(b"\n", 1)[0].strip(), maxsplit=2)
    values = {}
    for name, pattern in _FIELD.items():
        found = pattern.search(head)
        if not found:
            raise DecodeError(f"no {_SPELLING[name]} header")
        values[name] = found[1].strip()
    values["cseq"] = _BLANKS.sub(b" ", values["cseq"])
    if start[0][:4].upper() == b"SIP/":
        if len(start) < 2 or not start[1].isdigit():
            raise DecodeError("status code is no number", where="start line")
        return Scan(b"", int(start[1]), b"", **values, end_of_headers=end)
    if len(start) < 3:
        raise DecodeError("neither a request line nor a status line", where="start line")
    return Scan(start[0], 0, start[1], **values, end_of_headers=end)


_SPELLING = {"call_id": "Call-ID", "cseq": "CSeq", "sender": "From", "recipient": "To"}


def _head(octets: bytes) -> bytes:
    end = octets.find(b"\r\n\r\n")
    if end < 0:
        end = octets.find(b"\n\n")
    head = octets if end < 0 else octets[:end]
    return _FOLD.sub(b" ", head)


_TRANSFER_FIELD = re.compile(
    rb"\n(?:(refer-to|r)|(replaces)|(referred-by|b)|(also)|(event|o)(?=[ \t]*:[ \t]*refer\b))[ \t]*:", re.I
)


def transfer_fields(octets: bytes, end_of_headers: int) -> frozenset[str]:
    """Which header fields that belong to transfers are there: refer-to, replaces, referred-by, also, event."""
    found = _TRANSFER_FIELD.finditer(octets, 0, end_of_headers + 2)
    return frozenset(_NAMES[match.lastindex - 1] for match in found if match.lastindex)


_NAMES = ("refer-to", "replaces", "referred-by", "also", "event")
