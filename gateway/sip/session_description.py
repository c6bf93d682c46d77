"""The session description in the body of a message (RFC 3261 §13.2.1, RFC 5621)."""

from gateway.sip.message import Message, parse_headers
from gateway.sip.parameters import Parameters
from gateway.sip.refusal import Refusal

SDP = "application/sdp"
SDP_FIELD = ("Content-Type", SDP)


def session_of(message: Message) -> bytes:
    """The session description; b"" when there is none. Other kinds of body are passed over."""
    if not message.body:
        return b""
    kind = message.content_type
    if kind == SDP:
        return message.body
    return _part(message) if kind.startswith("multipart/") else b""


def offer_of(request: Message) -> bytes:
    """The session description of a request. Raises Refusal (415, 400) for a body that has to be understood and is
    not (RFC 3261 §8.2.3).
    """
    if not request.body:
        return b""
    headers = request.headers
    encoding = (headers.get("content-encoding") or "identity").strip().lower()
    if encoding != "identity":
        raise Refusal(415, (("Accept-Encoding", "identity"),))
    found = session_of(request)
    if not found and not _is_optional(headers.get("content-disposition")):
        raise Refusal(415, (("Accept", SDP),))
    return found


def _is_optional(disposition: str | None) -> bool:
    handling = Parameters.parse((disposition or "").partition(";")[2]).get("handling") or ""
    return handling.lower() == "optional"


def _part(message: Message) -> bytes:
    """The first part of type application/sdp (RFC 2046 §5.1)."""
    parameters = Parameters.parse((message.headers.get("content-type") or "").partition(";")[2])
    boundary = (parameters.get("boundary") or "").encode("utf-8", "surrogateescape")
    if not boundary:
        return b""
    for part in (b"\r\n" + message.body).split(b"\r\n--" + boundary)[1:]:
        head, blank, body = part.lstrip(b"\r\n").partition(b"\r\n\r\n")
        kind = parse_headers(head.decode("utf-8", "surrogateescape")).get("content-type") or ""
        if blank and kind.partition(";")[0].strip().lower() == SDP:
            return body + b"\r\n" if not body.endswith(b"\r\n") else body
    return b""
