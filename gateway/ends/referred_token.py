"""The token by which a transferor proves to the target that it has sent the transferee (RFC 3892 §2.2, §4)."""

from collections.abc import Iterable

from gateway.ends.sip_headers import is_plain
from gateway.model.errors import DecodeError
from gateway.model.transfer import Kept
from gateway.sip.address import Address
from gateway.sip.multipart import parts
from gateway.translators.sip_kept import body, first

_FIELDS = ("Content-Type", "Content-ID", "Content-Disposition", "Content-Transfer-Encoding")


def token_part(referred_by: str, kept: Iterable[Kept]) -> bytes:
    """The part of the REFER's body that the `cid` of Referred-By names, header fields and all, octet for octet: it
    may be signed. b"" when there is none.
    """
    wanted = _cid(referred_by)
    said = tuple(kept)
    found = body(said) if wanted else b""
    if not found:
        return b""
    for part in parts(found, first(said, "Content-Type") or ""):
        if _bare(part.headers.get("content-id")) == wanted:
            return part.octets
    return _single(found, said) if _bare(first(said, "Content-ID")) == wanted else b""


def _single(found: bytes, kept: tuple[Kept, ...]) -> bytes:
    named = ((name, first(kept, name)) for name in _FIELDS)
    lines = [f"{name}: {value}\r\n" for name, value in named if value and is_plain(name, value)]
    return "".join(lines).encode("utf-8", "surrogateescape") + b"\r\n" + found


def _cid(referred_by: str) -> str:
    try:
        return _bare(Address.parse(referred_by).parameters.get("cid"))
    except DecodeError:
        return ""


def _bare(value: str | None) -> str:
    return (value or "").strip().strip('"').strip().strip("<>")
