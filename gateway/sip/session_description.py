"""The session description in the body of a message (RFC 3261 §13.2.1, RFC 5621)."""

from gateway.sip.message import Message
from gateway.sip.multipart import parts
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
    """The first part of type application/sdp."""
    for part in parts(message.body, message.headers.get("content-type") or ""):
        if (part.headers.get("content-type") or "").partition(";")[0].strip().lower() == SDP:
            return part.body if part.body.endswith(b"\r\n") else part.body + b"\r\n"
    return b""
