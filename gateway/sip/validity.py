"""What makes a message be refused before anybody looks at its meaning (RFC 3261 §8.1.3, §8.2, §16.3, §18.3, §20).

The treatment of each fault is the one that RFC 4475 names. Where it leaves the choice, what can be understood without
doubt is accepted (more than one space in the first line, a display name without quotes, a bad Date).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from gateway.model.errors import DecodeError
from gateway.sip.address import Address
from gateway.sip.message import METHODS, Message
from gateway.sip.parameters import split
from gateway.sip.routing import Via
from gateway.sip.uri import Uri

_LARGEST_CSEQ = 2**31 - 1
_MOST_HOPS = 255
_LONGEST_URI = 4096
# Those that may stand there once and that we would have to choose from.
_SINGLE = frozenset(("call-id", "cseq", "from", "to", "max-forwards", "content-length", "content-type", "expires"))
_PLAIN_URI = re.compile(r"sips?:(?:[^\s<>\"@?:]+@)?[A-Za-z0-9.\-]+(?::[0-9]{1,5})?(?:;[^\s<>\"?]*)?")
_SESSION_TYPES = frozenset(("application/sdp", "application/*", "*/*", "multipart/mixed", "multipart/*"))
_PROTOCOLS = frozenset(f"SIP/2.0/{transport}" for transport in ("UDP", "TCP", "TLS", "WS", "WSS", "SCTP"))
_VERSION = re.compile(rb"[^\r\n]*[ /]SIP/2\.0 *\r?\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Defect:
    """Why a message is refused: the answer's status and phrase with header fields of its own. Status 0: it is dropped
    without an answer (a response, an ACK, a request that no answer could find its way back from).
    """

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...] = ()


def defect(message: Message) -> Defect | None:
    """The first fault of `message`, None when there is none."""
    if not message.is_request:
        return _defect_of_response(message)
    found = _defect_of_request(message)
    if found is None or (message.method != "ACK" and "via" in message.headers):
        return found
    return Defect(0, found.reason)


def _defect_of_request(message: Message) -> Defect | None:
    if _is_plain(message):
        return None
    for check in _REQUEST_CHECKS:
        found = check(message)
        if found is not None:
            return found
    return None


def _is_plain(message: Message) -> bool:
    # Nearly every request is: then the checks below, which know what is wrong, need not run.
    headers = message.headers
    first = headers.first
    try:
        via, sender, recipient, length = first["via"], first["from"], first["to"], first["content-length"]
        hops, contact = first["max-forwards"], first.get("contact", "<")
    except KeyError:
        return False
    return (
        length == str(len(message.body))
        and (hops == "70" or (len(hops) < 3 and _is_number(hops)))
        and "<" in contact
        and "application/sdp" in first.get("accept", "application/sdp")
        and message.cseq_method == message.method
        and message.cseq <= _LARGEST_CSEQ
        and message.call_id != ""
        and len(message.top_via_branch) != 7
        and _SINGLE.isdisjoint(headers.repeated)
        and _is_plain_via(via)
        and _is_plain_address(sender)
        and _is_plain_address(recipient)
        and len(message.request_uri) <= _LONGEST_URI
        and _PLAIN_URI.fullmatch(message.request_uri) is not None
        and _is_usual_version(message.octets)
    )


def _is_plain_via(value: str) -> bool:
    protocol, _, rest = value.partition(" ")
    if protocol not in _PROTOCOLS or "," in rest or '"' in rest or ";;" in rest or rest[-1:] == ";":
        return False
    if rest.split() != [rest] or "[" in rest or "]" in rest:
        return False
    host, colon, port = rest.partition(";")[0].partition(":")
    return host != "" and (not colon or (port.isdecimal() and port.isascii() and len(port) < 6))


def _is_plain_address(value: str) -> bool:
    opened = value.find("<")
    closed = value.find(">", opened)
    if opened < 0 or closed < opened + 2 or value.rfind("<") != opened:
        return False
    if '"' not in value:
        return " " not in value[opened:closed]
    display = value[:opened].rstrip()
    quoted = len(display) > 1 and display[0] == display[-1] == '"'
    return quoted and value.count('"') == 2 and "\\" not in display and " " not in value[opened:closed]


def _is_usual_version(octets: bytes) -> bool:
    end = octets.find(b"\n")
    return octets[end - 9 : end] == b" SIP/2.0\r"


def _defect_of_response(message: Message) -> Defect | None:
    headers = message.headers
    first = headers.first
    if not message.cseq_method or message.cseq > _LARGEST_CSEQ or not message.call_id:
        return Defect(0, "Bad CSeq or Call-ID")
    if "from" not in first or "to" not in first:
        return Defect(0, "No From or To")
    # More than one Via: it was meant for somebody else (RFC 3261 §8.1.3.3).
    via = first.get("via") or ""
    if not via or "via" in headers.repeated or ("," in via and len(headers.all("via")) > 1):
        return Defect(0, "Not one Via")
    return None if _content_length_fits(message) else Defect(0, "Bad Content-Length")


def _version(message: Message) -> Defect | None:
    if _is_usual_version(message.octets) or _VERSION.match(message.octets.lstrip(b"\r\n")):
        return None
    return Defect(505, "Version Not Supported")


def _mandatory(message: Message) -> Defect | None:
    # Max-Forwards is missing in what elements of RFC 2543 send.
    headers = message.headers
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        if not headers.get(name):
            return Defect(400, f"Missing {name}")
    return None


def _singles(message: Message) -> Defect | None:
    repeated = message.headers.repeated
    if repeated:
        for name in repeated:
            if name in _SINGLE:
                return Defect(400, f"More Than One {name.title()}")
    return None


def _cseq(message: Message) -> Defect | None:
    if message.cseq_method == message.method and message.cseq <= _LARGEST_CSEQ:
        return None
    if message.cseq_method and message.cseq_method != message.method and message.method not in METHODS:
        return Defect(501, "Not Implemented")
    return Defect(400, "Bad CSeq")


def _max_forwards(message: Message) -> Defect | None:
    text = message.headers.get("max-forwards")
    if text is None or text == "70" or (_is_number(text) and int(text) <= _MOST_HOPS):
        return None
    return Defect(400, "Bad Max-Forwards")


def _content_length(message: Message) -> Defect | None:
    return None if _content_length_fits(message) else Defect(400, "Bad Content-Length")


def _content_length_fits(message: Message) -> bool:
    text = message.headers.get("content-length")
    return text is None or (_is_number(text) and int(text) == len(message.body))


def _request_uri(message: Message) -> Defect | None:
    if len(message.request_uri) > _LONGEST_URI:
        return Defect(414, "Request-URI Too Long")
    if _PLAIN_URI.fullmatch(message.request_uri):
        return None
    try:
        uri = Uri.parse(message.request_uri)
    except DecodeError as error:
        scheme = error.sip_status == 416 and not message.request_uri.startswith("<")
        return Defect(416, "Unsupported URI Scheme") if scheme else Defect(400, "Bad Request-URI")
    return Defect(400, "Header Fields in Request-URI") if uri.headers else None


def _via(message: Message) -> Defect | None:
    via = message.headers.get("via") or ""
    try:
        # Those below the topmost field concern only who put them there.
        for value in split(via, ","):
            Via.parse(value)
    except DecodeError:
        return Defect(400, "Bad Via")
    return Defect(400, "Bad Via") if _has_idle_separators(via) else None


def _branch(message: Message) -> Defect | None:
    # It claims to be unique and is not (RFC 4475 §3.2.1): one such request would be taken for another.
    if message.top_via_branch.lower() == "z9hg4bk":
        return Defect(400, "No Branch behind z9hG4bK")
    return None


def _has_idle_separators(value: str) -> bool:
    text = "".join(value.split())
    return text.endswith((",", ";")) or any(pair in text for pair in (";;", ",,", ";,", ",;"))


def _addresses(message: Message) -> Defect | None:
    headers = message.headers
    for name in ("From", "To"):
        if not _is_address(headers.get(name) or ""):
            return Defect(400, f"Bad {name}")
    return None


def _contact(message: Message) -> Defect | None:
    # A URI with "," "?" or ";" stands in angle brackets (RFC 3261 §20.10); of the first nothing can be guessed here.
    contact = message.headers.get("contact")
    if contact and "<" not in contact and "?" in contact:
        return Defect(400, "Bad Contact")
    return None


def _accept(message: Message) -> Defect | None:
    # Whoever calls has to understand a session description in the answer (RFC 4475 §3.3.15, RFC 3261 §20.1).
    if message.method != "INVITE" or "accept" not in message.headers:
        return None
    accepted = {value.partition(";")[0].strip().lower() for value in message.headers.all("accept")}
    if accepted.isdisjoint(_SESSION_TYPES):
        return Defect(406, "Session Description Not Accepted")
    return None


def _is_address(value: str) -> bool:
    try:
        Address.parse(value)
    except DecodeError:
        return False
    return True


def _is_number(text: str) -> bool:
    return text.isdecimal() and text.isascii() and len(text) < 10


_REQUEST_CHECKS: tuple[Callable[[Message], Defect | None], ...] = (
    _version,
    _mandatory,
    _singles,
    _cseq,
    _request_uri,
    _via,
    _branch,
    _addresses,
    _max_forwards,
    _content_length,
    _contact,
    _accept,
)
