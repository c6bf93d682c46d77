"""Session-ID across the legs of a call (RFC 7989): each side is shown the other side's UUID.

An end that has none is given one by us (§7). Towards a new peer the remote UUID is nil, whoever was there before.
"""

from hashlib import blake2b

from gateway.ends.sip_headers import Fields
from gateway.model.errors import DecodeError
from gateway.model.transfer import Kept
from gateway.sip.message import Headers
from gateway.sip.routing import NIL_SESSION, SessionId
from gateway.translators.sip_kept import DIALECT, first

NAME = "Session-ID"


def uuid_of(headers: Headers) -> str:
    """The sender's UUID; "" when it has none, or none that can be read."""
    value = headers.get(NAME)
    if not value:
        return ""
    try:
        found = SessionId.parse(value).local
    except DecodeError:
        return ""
    return "" if found == NIL_SESSION else found


def made(unique: str) -> str:
    """A UUID for an end that has none (RFC 9562 §5.8, out of `unique`)."""
    text = blake2b(unique.encode(), digest_size=16).hexdigest()
    return f"{text[:12]}8{text[13:16]}8{text[17:]}"


def field(ours: str, peers: str) -> Fields:
    """The header field; nothing when we have no UUID to say."""
    return [(NAME, f"{ours};remote={peers or NIL_SESSION}")] if ours else []


def kept(uuid: str) -> tuple[Kept, ...]:
    """The UUID of one end on its way to the other."""
    return (Kept(DIALECT, NAME, uuid),) if uuid else ()


def passed_on(items: tuple[Kept, ...]) -> str:
    """The UUID among what was kept; "" when it is not there, or is none."""
    text = first(items, NAME) if items else None
    return text if text and len(text) == len(NIL_SESSION) and text.isalnum() else ""
