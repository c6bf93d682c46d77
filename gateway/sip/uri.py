"""SIP, SIPS and tel URIs (RFC 3261 §19.1, RFC 3966).

Every part is held escaped, as received, so that `str(Uri.parse(text)) == text` (leading zeros of a port apart).
Escapes are undone exactly once, by whoever reads the meaning of a part, with `unescape`.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from gateway.model.errors import DecodeError
from gateway.sip.parameters import Parameters

_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_SCHEME = re.compile(r"(sips?|tel):", re.IGNORECASE)
_HOST = re.compile(r"(\[[0-9A-Fa-f:.%]+\]|[^\s\[\]:<>\"@;?,]+)(?::([0-9]{1,5}))?", re.ASCII)
_UNFIT = re.compile(r"[\x00-\x20\x7f<>\"]")
# An unescaped Call-ID after "?Replaces=" brings its own "@" (seen in the field): no user part ends there.
_OPEN_HEADER = re.compile(r"\?(?:replaces|join)=", re.IGNORECASE)
_UNRESERVED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.!~*'()")
_USER = _UNRESERVED | frozenset("&=+$,;?/")
_HEADER = _UNRESERVED | frozenset("[]/:+$")
# §19.1.4: these never match when only one of the two URIs has them.
_SIGNIFICANT = ("user", "ttl", "method", "maddr", "transport")


def unescape(text: str) -> str:
    """`text` with every %HH undone once; octets that are no UTF-8 become surrogate escapes."""
    if "%" not in text:
        return text
    octets = _ESCAPE.sub(lambda found: bytes((int(found[1], 16),)), _octets(text))
    return octets.decode("utf-8", "surrogateescape")


def escape_user(text: str) -> str:
    """`text` escaped for the user part (`#` becomes %23)."""
    return _escape(text, _USER)


def escape_header(text: str) -> str:
    """`text` escaped for a header value in a URI: `@ ; = ? & , "` and space among others (RFC 3261 §25.1)."""
    return _escape(text, _HEADER)


def _escape(text: str, allowed: frozenset[str]) -> str:
    return "".join(chr(octet) if chr(octet) in allowed else f"%{octet:02X}" for octet in _octets(text))


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Uri:
    """A URI in its parts, each escaped as received. `user` is None when there is none (Teams sends such ones);
    for tel it is the number and `host` is empty. IPv6 hosts keep their brackets. `==` compares the text;
    `matches` compares as RFC 3261 §19.1.4.
    """

    scheme: str
    user: str | None
    host: str
    port: int | None = None
    password: str | None = None
    parameters: Parameters = Parameters()
    headers: tuple[tuple[str, str | None], ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Uri":
        """Raises DecodeError: 416 for a scheme that is not sip, sips or tel, else 400."""
        return _parse(text)

    def header(self, name: str) -> str | None:
        """The header `name` (any case) behind the `?`, unescaped once; None when it is not there."""
        wanted = name.lower()
        for key, value in self.headers:
            if unescape(key).lower() == wanted:
                return unescape(value or "")
        return None

    def request_uri(self) -> "Uri":
        """What becomes of it as a Request-URI: no headers, no `method`, all else kept in order (§19.1.5)."""
        return replace(self, headers=(), parameters=self.parameters.without("method"))

    def matches(self, other: "Uri") -> bool:
        """Whether both name the same resource (RFC 3261 §19.1.4)."""
        return _comparable(self) == _comparable(other) and _parameters_match(self.parameters, other.parameters)

    def __str__(self) -> str:
        user = "" if self.user is None else self.user + ("" if self.password is None else f":{self.password}")
        at = "@" if self.user is not None and self.scheme.lower() != "tel" else ""
        port = "" if self.port is None else f":{self.port}"
        headers = "&".join(name if value is None else f"{name}={value}" for name, value in self.headers)
        return f"{self.scheme}:{user}{at}{self.host}{port}{self.parameters}" + (f"?{headers}" if self.headers else "")


# The same few URIs come again and again within a call.
@lru_cache(maxsize=512)
def _parse(text: str) -> Uri:
    scheme = _SCHEME.match(text)
    if not scheme:
        raise DecodeError(f"not a sip, sips or tel URI: {text[:80]!r}", sip_status=416)
    if _UNFIT.search(text):
        raise DecodeError(f"a URI holds no spaces, quotes or angle brackets: {text[:80]!r}")
    rest = text[scheme.end() :]
    return _parse_tel(scheme[1], rest) if scheme[1].lower() == "tel" else _parse_sip(scheme[1], rest)


def _parse_tel(scheme: str, rest: str) -> Uri:
    number, semicolon, parameters = rest.partition(";")
    if not number:
        raise DecodeError("tel URI without a number")
    return Uri(scheme, number, "", parameters=Parameters(_pairs(parameters, ";") if semicolon else ()))


def _parse_sip(scheme: str, rest: str) -> Uri:
    userinfo, at, after = rest.partition("@")
    if not at or _OPEN_HEADER.search(userinfo):
        userinfo, at, after = "", "", rest
    user, colon, password = userinfo.partition(":")
    place = _HOST.match(after)
    if not place or (place.end() < len(after) and after[place.end()] not in ";?"):
        raise DecodeError(f"no host in {scheme}:{rest[:80]!r}")
    parameters, question, headers = after[place.end() :].partition("?")
    return Uri(
        scheme,
        user if at else None,
        place[1],
        _port(place[2]),
        password if colon else None,
        Parameters(_pairs(parameters[1:], ";") if parameters else ()),
        _pairs(headers, "&") if question else (),
    )


def _port(digits: str | None) -> int | None:
    if digits and int(digits) > 65535:
        raise DecodeError(f"port {digits} is above 65535")
    return int(digits) if digits else None


def _pairs(text: str, separator: str) -> tuple[tuple[str, str | None], ...]:
    pairs = (part.partition("=") for part in text.split(separator))
    return tuple((name, value if equals else None) for name, equals, value in pairs)


def _comparable(uri: Uri) -> tuple[object, ...]:
    headers = sorted((unescape(name).lower(), unescape(value or "")) for name, value in uri.headers)
    scheme, tel = uri.scheme.lower(), uri.scheme.lower() == "tel"
    user = None if uri.user is None else unescape(uri.user)
    number = re.sub(r"[-.()]", "", user).lower() if tel and user else user
    password = None if uri.password is None else unescape(uri.password)
    return scheme, number, password, uri.host.lower(), uri.port, headers


def _parameters_match(ours: Parameters, theirs: Parameters) -> bool:
    one, other = _folded(ours), _folded(theirs)
    shared = one.keys() & other.keys()
    alone = one.keys() ^ other.keys()
    return all(one[name] == other[name] for name in shared) and not any(name in alone for name in _SIGNIFICANT)


def _folded(parameters: Parameters) -> dict[str, str]:
    return {unescape(name).lower(): unescape(value or "").lower() for name, value in parameters.items}
