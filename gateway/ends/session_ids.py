"""Session-ID across the legs of a call (RFC 7989): each side is shown the other side's UUID.

An end that has none is given one by us (§7). Towards a new peer the remote UUID is nil, whoever was there before.
"""

from hashlib import blake2b

from gateway.model.transfer import Kept
from gateway.sip.routing import NIL_SESSION
from gateway.sip.session_identifier import NAME
from gateway.translators.sip_kept import DIALECT, first


def made(unique: str) -> str:
    """A UUID for an end that has none (RFC 9562 §5.8, out of `unique`)."""
    text = blake2b(unique.encode(), digest_size=16).hexdigest()
    return f"{text[:12]}8{text[13:16]}8{text[17:]}"


def kept(uuid: str) -> tuple[Kept, ...]:
    """The UUID of one end on its way to the other."""
    return (Kept(DIALECT, NAME, uuid),) if uuid else ()


def passed_on(items: tuple[Kept, ...]) -> str:
    """The UUID among what was kept; "" when it is not there, or is none."""
    text = first(items, NAME) if items else None
    return text if text and len(text) == len(NIL_SESSION) and text.isalnum() else ""
