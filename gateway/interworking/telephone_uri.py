"""The telephone number in a tel, sip or h323 URI (RFC 3966, RFC 3261 19.1.6, RFC 4694, RFC 3508)."""

import re
from dataclasses import dataclass
from functools import lru_cache

from gateway.model.errors import DecodeError
from gateway.model.parties import Presentation
from gateway.sip.parameters import Parameters
from gateway.sip.uri import Uri, unescape

SCHEME = re.compile(r"(sips?|tel|h323):", re.IGNORECASE)
DIAL_STRING = re.compile(r"\+?[0-9*#]+", re.ASCII)
_SEPARATORS = str.maketrans("", "", "-.() ")
_WITHHELD = {
    "anonymous": Presentation.RESTRICTED,
    "restricted": Presentation.RESTRICTED,
    "unavailable": Presentation.NOT_AVAILABLE,
}


@dataclass(frozen=True, slots=True)
class Dialled:
    """What a URI dials: digits (0-9 * #), whether they are global (they had a plus sign), the phone-context of
    local ones, and the routing number of a ported one (rn beside npdi; with plus sign when it is global).
    """

    digits: str
    is_global: bool = False
    context: str = ""
    routing_number: str = ""


def parse(uri: str) -> Uri:
    """The URI in its parts; an h323 URI like a SIP one. Raises DecodeError."""
    if uri[:5].lower() == "h323:":
        text = uri[5:]
        return Uri.parse("sip:" + (text if "@" in text else f"{text}@h323.invalid"))
    return Uri.parse(uri)


@lru_cache(4096)
def dialled(uri: str) -> Dialled | None:
    """The number that `uri` dials; None when it dials none: a name, no user part, or no URI at all."""
    try:
        parsed = parse(uri)
    except DecodeError:
        return None
    if parsed.user is None or withheld(uri) is not None:
        return None
    number, _, inner = parsed.user.partition(";")
    if parsed.scheme.lower() == "tel":
        parameters, phone = parsed.parameters, True
    else:
        parameters, phone = Parameters.parse(inner), _is_phone(parsed)
    return _dialled(unescape(number), parameters, phone)


def digits_of(text: str) -> str:
    """`text` without visual separators (RFC 3966 3) when it is a dial string; else empty."""
    bare = text.translate(_SEPARATORS)
    return bare if DIAL_STRING.fullmatch(bare) and not ("+" in bare and not bare[1:].isdecimal()) else ""


@lru_cache(4096)
def withheld(uri: str) -> Presentation | None:
    """How a URI says that a party does not want to be known, or is not; None when it says nothing of the kind."""
    try:
        parsed = parse(uri)
    except DecodeError:
        return None
    if parsed.host.lower() == "anonymous.invalid":
        return Presentation.RESTRICTED
    return _WITHHELD.get((parsed.user or "").lower())


def _is_phone(uri: Uri) -> bool:
    return (uri.parameters.get("user") or "").lower() == "phone"


def _dialled(text: str, parameters: Parameters, phone: bool) -> Dialled | None:
    """Separators belong to telephone numbers only; without user=phone a name of digits and dots is a name."""
    digits = digits_of(text) if phone or text.startswith("+") else text
    if not DIAL_STRING.fullmatch(digits):
        return None
    routing = digits_of(parameters.get("rn") or "") if "npdi" in parameters else ""
    context = (parameters.get("phone-context") or "").strip()
    return Dialled(digits.removeprefix("+"), digits.startswith("+"), _context(context), routing)


def _context(text: str) -> str:
    return digits_of(text) if text.startswith("+") else text.lower()
