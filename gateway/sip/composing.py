"""Octets of requests and responses that are sent and never looked at again."""

from collections.abc import Sequence

from gateway.model.errors import LocalProtocolError
from gateway.sip.message import Message, octets_of, status_line

_BREAKS = {0: " ", 10: " ", 13: " "}

Fields = Sequence[tuple[str, str]]


def compose(first: str, fields: Fields, body: bytes = b"") -> bytes:
    """The octets of a message; Content-Length is added.

    A line break inside a value becomes a space: what a peer slipped into it breaks neither the message nor us.
    """
    try:
        return octets_of(first, fields, body)
    except LocalProtocolError:
        clean = [(name.translate(_BREAKS), value.translate(_BREAKS)) for name, value in fields]
        return octets_of(first.translate(_BREAKS), clean, body)


def compose_request(method: str, uri: str, via: str, fields: Fields, body: bytes = b"") -> bytes:
    """The octets of a request with one Via."""
    return compose(f"{method} {uri} SIP/2.0", [("Via", via), *fields], body)


def compose_response(status: int, echoed: Fields, fields: Fields, body: bytes = b"", reason: str = "") -> bytes:
    """The octets of a response; `echoed` are the header fields that it takes from its request."""
    return compose(status_line(status, reason), [*echoed, *fields], body)


def echo(request: Message, via: str) -> list[tuple[str, str]]:
    """What every response takes from its request (RFC 3261 §8.2.6.2), To apart. `via` is the topmost."""
    headers = request.headers
    get = headers.first.get
    alone = "via" not in headers.repeated and "," not in (get("via") or "")
    vias = () if alone else [("Via", value) for value in headers.all("via")[1:]]
    return [
        ("Via", via),
        *vias,
        ("From", get("from") or ""),
        ("Call-ID", get("call-id") or ""),
        ("CSeq", get("cseq") or ""),
    ]


def to_field(request: Message, tag: str) -> tuple[str, str]:
    """The To of a response; `tag` is added when the request has none."""
    value = request.headers.get("to") or ""
    return "To", f"{value};tag={tag}" if tag and not request.to_tag else value
