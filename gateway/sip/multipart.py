"""Bodies of several parts (RFC 2046 §5.1, RFC 5621)."""

from collections.abc import Iterator
from typing import NamedTuple

from gateway.sip.message import Headers, parse_headers
from gateway.sip.parameters import Parameters


class Part(NamedTuple):
    """One part: its header fields, its body, and both as they stand in the message."""

    headers: Headers
    body: bytes
    octets: bytes


def parts(body: bytes, content_type: str) -> Iterator[Part]:
    """The parts of a body with that Content-Type; what is no part is passed over. Never fails."""
    parameters = Parameters.parse(content_type.partition(";")[2])
    boundary = (parameters.get("boundary") or "").encode("utf-8", "surrogateescape")
    if not boundary or not content_type.strip().lower().startswith("multipart/"):
        return
    for piece in (b"\r\n" + body).split(b"\r\n--" + boundary)[1:]:
        octets = piece.lstrip(b"\r\n")
        head, blank, rest = octets.partition(b"\r\n\r\n")
        if blank:
            yield Part(parse_headers(head.decode("utf-8", "surrogateescape")), rest, octets)


def mixed(boundary: str, *octets: bytes) -> tuple[str, bytes]:
    """Content-Type and body of a multipart/mixed of these parts, their header fields included. `boundary` must not be
    in any of them.
    """
    line = b"\r\n--" + boundary.encode()
    body = b"".join(line + b"\r\n" + each for each in octets) + line + b"--\r\n"
    return f'multipart/mixed;boundary="{boundary}"', body.removeprefix(b"\r\n")
