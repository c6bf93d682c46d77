"""Octets of messages, written at once: no Message is made of what only leaves."""

from collections.abc import Iterable, Sequence

from gateway.sip.message import Message
from gateway.sip.status import reason_phrase

_BREAKS = {0: " ", 10: " ", 13: " "}

Fields = Sequence[tuple[str, str]]


def lines_of(fields: Iterable[tuple[str, str]]) -> str:
    """Header fields as lines."""
    return "".join([f"{name}: {value}\r\n" for name, value in fields])


def compose(first: str, fields: Fields, body: bytes = b"", *, lines: str = "") -> bytes:
    """The octets of a message: its first line, `lines` that are ready, `fields`, Content-Length and the body.

    A line break inside a value becomes a space: nobody writes header fields into our messages by way of another.
    """
    text = f"{first}\r\n{lines}{lines_of(fields)}"
    if (
        text.count("\n") != 1 + lines.count("\n") + len(fields)
        or text.count("\r") != text.count("\n")
        or "\0" in text
    ):
        clean = [(name.translate(_BREAKS), value.translate(_BREAKS)) for name, value in fields]
        text = f"{first.translate(_BREAKS)}\r\n{lines}{lines_of(clean)}"
    return f"{text}Content-Length: {len(body)}\r\n\r\n".encode("utf-8", "surrogateescape") + body


def compose_request(method: str, uri: str, via: str, fields: Fields, body: bytes = b"") -> bytes:
    """The octets of a request with one Via."""
    return compose(f"{method} {uri} SIP/2.0", fields, body, lines=f"Via: {via}\r\n")


def compose_response(status: int, echoed: str, fields: Fields, body: bytes = b"", reason: str = "") -> bytes:
    """The octets of a response; `echoed` are the lines that it takes from its request."""
    return compose(f"SIP/2.0 {status} {reason or reason_phrase(status)}", fields, body, lines=echoed)


def echo(request: Message, via: str) -> str:
    """The lines that every response takes from its request (RFC 3261 §8.2.6.2), all but To. `via` is the topmost."""
    headers = request.headers
    found = headers.get("from"), headers.get("call-id"), headers.get("cseq")
    vias = f"Via: {via}\r\n", *[f"Via: {value}\r\n" for value in headers.all("via")[1:]]
    text = f"{''.join(vias)}From: {found[0]}\r\nCall-ID: {found[1]}\r\nCSeq: {found[2]}\r\n"
    if text.count("\n") == len(vias) + 3 == text.count("\r") and "\0" not in text:
        return text
    clean = (("Via", via), *(("Via", value) for value in headers.all("via")[1:]))
    named = zip(("From", "Call-ID", "CSeq"), found, strict=True)
    return lines_of([(name, (value or "").translate(_BREAKS)) for name, value in (*clean, *named)])


def to_line(request: Message, tag: str) -> str:
    """The To of a response; `tag` is added when the request has none."""
    value = (request.headers.get("to") or "").translate(_BREAKS)
    return f"To: {value};tag={tag}\r\n" if tag and not request.to_tag else f"To: {value}\r\n"
