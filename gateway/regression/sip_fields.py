"""The fields of a SIP message by name."""

from collections.abc import Callable

from gateway.model.errors import DecodeError
from gateway.sip import sdp_description
from gateway.sip.address import Address
from gateway.sip.message import Message, parse
from gateway.sip.refer_to import ReferTo
from gateway.sip.sipfrag import Sipfrag
from gateway.sip.uri import Uri, unescape


def name(octets: bytes) -> str:
    """The method of a request, "180 INVITE" of a response. Raises DecodeError."""
    return called(parse(octets))


def called(message: Message) -> str:
    """The method of a request, "180 INVITE" of a response."""
    return message.method if message.is_request else f"{message.status} {message.cseq_method}"


def field(octets: bytes, name: str) -> str | None:
    """The field of that name, None when there is none. Raises DecodeError when it cannot be read."""
    message = parse(octets)
    reader = _FIELDS.get(name.lower())
    if reader is not None:
        return reader(message)
    header, dot, part = name.partition(".")
    if dot:
        return _part(message, header, part.lower())
    values = message.headers.all(name)
    return ", ".join(values) if values else None


def _part(message: Message, header: str, part: str) -> str | None:
    if header.lower() == "request-uri":
        address = Address(message.request_uri)
    else:
        values = message.headers.all(header)
        if not values:
            return None
        address = Address.parse(values[0])
    reader = _OF_ADDRESS.get(part)
    return reader(address) if reader is not None else address.parameters.get(part)


def _user(address: Address) -> str | None:
    user = Uri.parse(address.uri).user
    return None if user is None else unescape(user)


def _replaces(address: Address) -> str | None:
    value = Uri.parse(address.uri).header("replaces")
    return None if value is None else unescape(value)


_OF_ADDRESS: dict[str, Callable[[Address], str | None]] = {
    "uri": lambda address: address.uri,
    "user": _user,
    "host": lambda address: Uri.parse(address.uri).host,
    "display": lambda address: address.display,
    "tag": lambda address: address.tag or None,
    "replaces": _replaces,
    "method": lambda address: ReferTo.parse(str(address)).method,
}


def _audio(message: Message) -> sdp_description.Stream | None:
    description = sdp_description.parse(message.body) if is_sdp(message) else None
    return description.media[0] if description and description.media else None


def is_sdp(message: Message) -> bool:
    """Whether the body is a session description."""
    return message.content_type == "application/sdp" or (not message.content_type and message.body[:2] == b"v=")


def _sdp(read: Callable[[sdp_description.Stream], str]) -> Callable[[Message], str | None]:
    def reader(message: Message) -> str | None:
        stream = _audio(message)
        return None if stream is None else read(stream)

    return reader


def _sipfrag(message: Message) -> str | None:
    if message.content_type != "message/sipfrag":
        return None
    try:
        return str(Sipfrag.parse(message.body).status)
    except DecodeError:
        return None


_FIELDS: dict[str, Callable[[Message], str | None]] = {
    "request-uri": lambda message: message.request_uri or None,
    "method": lambda message: message.method,
    "status": lambda message: str(message.status) if message.status else None,
    "reason phrase": lambda message: message.reason,
    "body": lambda message: message.body.decode("utf-8", "replace") or None,
    "sipfrag": _sipfrag,
    "sdp.address": _sdp(lambda stream: stream.connection),
    "sdp.port": _sdp(lambda stream: str(stream.port)),
    "sdp.codecs": _sdp(lambda stream: " ".join(stream.formats)),
    "sdp.direction": _sdp(lambda stream: str(stream.direction)),
}
