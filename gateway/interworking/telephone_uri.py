"""The telephone number in a tel, sip or h323 URI (RFC 3966, RFC 3261 19.1.6, RFC 4694, RFC 3508)."""

import re
from dataclasses import dataclass
from functools import lru_cache

from gateway.model.errors import DecodeError
from gateway.model.parties import Presentation
from gateway.sip.parameters import Parameters
from gateway.sip.uri import Uri, unescape

SCHEME = re.compile(r"(sips?|tel|h323):", re.IGNORECASE)
DIAL_STRING = re.compile(r"\+[1-9][0-9]*|[0-9*#]+", re.ASCII)
"""Digits of a global number, which begin with a country code (none begins with 0), or of a local one."""

_SEPARATORS = str.maketrans("", "", "-.() ")
_IN_FRONT = ("isub", "postd", "ext", "phone-context")
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
    return Uri.parse(sip_of_h323(uri, "h323.invalid") if uri[:5].lower() == "h323:" else uri)


def sip_of_h323(uri: str, domain: str) -> str:
    """An h323 URI (RFC 3508) as SIP URI: a user without host is one of `domain`, a host without user stays one."""
    address, semicolon, parameters = uri[5:].partition(";")
    at = address if "@" in address else f"{address}@{domain}"
    return f"sip:{at.removeprefix('@')}{semicolon}{parameters}"


@lru_cache(4096)
def dialled(uri: str) -> Dialled | None:
    """The number that `uri` dials; None when it dials none: a name, no user part, or no URI at all."""
    try:
        parsed = parse(uri)
    except DecodeError:
        return None
    if parsed.user is None or withheld(uri) is not None:
        return None
    number, parameters = _subscriber(parsed)
    return _dialled(unescape(number), parameters, parsed.scheme.lower() == "tel" or _is_phone(parsed))


def parameters_with(context: str, uri: str) -> str:
    """`;phone-context=` and what else stands beside the number in `uri` (ext, isub, rn and others), escaped as there
    and in the order of RFC 3261 19.1.6 and RFC 3966 3; a global number has no `context` ("").
    """
    parameters = _subscriber(parse(uri))[1].without("phone-context").items if dialled(uri) else ()
    named = [(name.lower(), value) for name, value in parameters] + [("phone-context", context)] * bool(context)
    return "".join(f";{name}" if value is None else f";{name}={value}" for name, value in sorted(named, key=_rank))


def digits_of(text: str) -> str:
    """`text` without visual separators (RFC 3966 3) when it is a dial string; else empty."""
    bare = text.translate(_SEPARATORS)
    return bare if DIAL_STRING.fullmatch(bare) else ""


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


def _subscriber(uri: Uri) -> tuple[str, Parameters]:
    """Number and parameters of the telephone-subscriber that a tel URI is and a SIP URI has as its user part."""
    number, _, inner = (uri.user or "").partition(";")
    return number, uri.parameters if uri.scheme.lower() == "tel" else Parameters.parse(inner)


def _rank(parameter: tuple[str, str | None]) -> tuple[int, str]:
    name = parameter[0]
    return (_IN_FRONT.index(name) if name in _IN_FRONT else len(_IN_FRONT)), name


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
