"""Digest authentication, both sides (RFC 8760 and RFC 7616; qop left out and MD5 as in RFC 2617; RFC 3261 §22)."""

import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gateway.sip.peer_profile import Credential

_PARAMETER = re.compile(r'(?<![\w\-])([\w\-]++)\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"|([^\s,"]++))', re.ASCII)
_HASHES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
_QOPS = ("auth", "auth-int")
_MOST_NONCES = 4096


class Verdict(StrEnum):
    """What came of somebody's credentials. STALE and REPLAYED are to be challenged again with `stale`."""

    OK = "ok"
    STALE = "stale"
    WRONG = "wrong"
    MALFORMED = "malformed"
    REPLAYED = "replayed"


@dataclass(frozen=True, slots=True)
class _Terms:
    # What both sides have to agree on to compute a response; values unquoted, escapes untouched.
    algorithm: str
    realm: str
    nonce: str
    uri: str
    qop: str
    cnonce: str
    count: str

    def response(self, credential: Credential, method: str, body: bytes) -> str:
        """The value of `response` (RFC 7616 §3.4.1)."""
        first = self._hash(f"{credential.user}:{self.realm}:{credential.password}")
        if self.algorithm.endswith("-SESS"):
            first = self._hash(f"{first}:{self.nonce}:{self.cnonce}")
        second = f"{method}:{self.uri}"
        if self.qop == "auth-int":
            second += f":{self._hash_of(body)}"
        numbered = f"{self.nonce}:{self.count}:{self.cnonce}:{self.qop}" if self.qop else self.nonce
        return self._hash(f"{first}:{numbered}:{self._hash(second)}")

    def _hash(self, text: str) -> str:
        return self._hash_of(_octets(text))

    def _hash_of(self, octets: bytes) -> str:
        name = _HASHES[self.algorithm.removesuffix("-SESS")]
        return hashlib.new(name, octets, usedforsecurity=False).hexdigest()


class NonceCounts:
    """How often each nonce was used by us (`nc`), for the latest nonces only."""

    __slots__ = ("_counts", "_most")

    def __init__(self, most: int = 1024) -> None:
        self._counts: OrderedDict[str, int] = OrderedDict()
        self._most = most

    def next(self, nonce: str) -> int:
        """The number of this use, from 1."""
        count = self._counts.pop(nonce, 0) + 1
        self._counts[nonce] = count
        if len(self._counts) > self._most:
            self._counts.popitem(last=False)
        return count


def authorization(
    challenges: Sequence[str],
    method: str,
    uri: str,
    body: bytes,
    credentials: Sequence[Credential],
    cnonce: str,
    count: NonceCounts,
) -> str | None:
    """The value of (Proxy-)Authorization that answers the topmost of `challenges` (values of (Proxy-)Authenticate)
    that we understand and hold a credential for: they stand in the server's order of preference (RFC 8760 §2.4).

    None when there is none. `cnonce` is fresh for each call.
    """
    for challenge in challenges:
        asked = _parameters(challenge)
        credential = _credential(asked, credentials)
        if credential is not None:
            return _answer(asked, credential, method, uri, body, cnonce, count)
    return None


def is_stale(challenges: Sequence[str]) -> bool:
    """Whether a challenge says that only the nonce was too old, so that the same credential is worth another try."""
    return any(_parameters(challenge).get("stale", "").lower() == "true" for challenge in challenges)


def _credential(asked: Mapping[str, str], credentials: Sequence[Credential]) -> Credential | None:
    if not asked.get("nonce") or "realm" not in asked or not _is_known(_algorithm(asked)):
        return None
    if asked.get("qop") and not _qop(asked):
        return None
    return next((one for one in credentials if one.realm in ("", asked["realm"])), None)


def _answer(
    asked: Mapping[str, str],
    credential: Credential,
    method: str,
    uri: str,
    body: bytes,
    cnonce: str,
    count: NonceCounts,
) -> str:
    qop, nonce = _qop(asked), asked["nonce"]
    number = f"{count.next(nonce):08x}" if qop else ""
    terms = _Terms(_algorithm(asked), asked["realm"], nonce, uri, qop, cnonce, number)
    parts = [
        f'username="{_escaped(credential.user)}"',
        f'realm="{asked["realm"]}"',
        f'nonce="{nonce}"',
        f'uri="{uri}"',
    ]
    parts.append(f'response="{terms.response(credential, method, body)}"')
    if "algorithm" in asked:
        parts.append(f"algorithm={asked['algorithm']}")
    if qop or terms.algorithm.endswith("-SESS"):
        parts.append(f'cnonce="{cnonce}"')
    if "opaque" in asked:
        parts.append(f'opaque="{asked["opaque"]}"')
    if qop:
        parts += [f"qop={qop}", f"nc={number}"]
    return "Digest " + ", ".join(parts)


class Challenger:
    """The server's side for one realm. Nonces are not kept: each carries its time and a code only we can make.
    Of those in use the highest count is remembered, for a bounded number of them. `lifetime` in seconds.
    """

    __slots__ = ("_algorithms", "_counts", "_forgotten", "_key", "_lifetime", "_most", "_qop", "_realm", "_serial")

    def __init__(
        self,
        realm: str,
        algorithms: tuple[str, ...],
        token: Callable[[], str],
        lifetime: float = 300.0,
        most: int = _MOST_NONCES,
        qop: str = "auth",
    ) -> None:
        self._realm = realm
        self._algorithms = algorithms
        self._key = "".join(token() for _ in range(4)).encode()
        self._lifetime = lifetime
        self._most = most
        self._qop = qop
        self._serial = 0
        self._forgotten = 0
        self._counts: OrderedDict[int, int] = OrderedDict()

    def challenge(self, now: float, *, stale: bool = False) -> tuple[str, ...]:
        """Values of (Proxy-)Authenticate, one per algorithm in our order of preference, all with one nonce."""
        self._serial += 1
        nonce = self._nonce(int(now * 1000), self._serial)
        tail = f', qop="{self._qop}"' + (", stale=true" if stale else "")
        return tuple(
            f'Digest realm="{self._realm}", nonce="{nonce}", algorithm={name}{tail}' for name in self._algorithms
        )

    def verify(
        self, value: str, method: str, uri: str, body: bytes, users: Sequence[Credential], now: float
    ) -> Verdict:
        """What `value`, of an (Proxy-)Authorization, is worth for a request to `uri`."""
        given = _parameters(value)
        if not given.keys() >= {"username", "realm", "nonce", "uri", "response"}:
            return Verdict.MALFORMED
        terms = _terms(given)
        if terms is None:
            return Verdict.MALFORMED
        serial = self._serial_of(terms.nonce, now)
        if serial is None:
            return Verdict.STALE
        if not self._fits(terms, uri) or not _is_theirs(given, terms, method, body, users, self._realm):
            return Verdict.WRONG
        return self._counted(serial, terms)

    def _fits(self, terms: _Terms, uri: str) -> bool:
        # A proxy may have changed the Request-URI (RFC 3261 §22.4). With a count nothing can be used for another one.
        allowed = terms.algorithm in [name.upper() for name in self._algorithms]
        return allowed and terms.realm == self._realm and (terms.uri == uri or bool(terms.qop))

    def _nonce(self, at: int, serial: int) -> str:
        text = f"{at:x}.{serial:x}"
        code = hmac.new(self._key, f"{text}.{self._realm}".encode(), "sha256").hexdigest()
        return f"{text}.{code[:32]}"

    def _serial_of(self, nonce: str, now: float) -> int | None:
        parts = nonce.split(".")
        if len(parts) != 3 or not all(part.isalnum() and part.isascii() and len(part) <= 32 for part in parts):
            return None
        try:
            at, serial = int(parts[0], 16), int(parts[1], 16)
        except ValueError:
            return None
        genuine = hmac.compare_digest(nonce, self._nonce(at, serial))
        return serial if genuine and now * 1000 - at <= self._lifetime * 1000 else None

    def _counted(self, serial: int, terms: _Terms) -> Verdict:
        # Without qop there is no count: then a nonce is good for one request.
        count = int(terms.count, 16) if terms.qop else 1
        last = self._counts.get(serial)
        if last is None and serial <= self._forgotten:
            return Verdict.STALE
        if last is not None and count <= last:
            return Verdict.REPLAYED if terms.qop else Verdict.STALE
        self._counts[serial] = count
        if len(self._counts) > self._most:
            oldest, _ = self._counts.popitem(last=False)
            self._forgotten = max(self._forgotten, oldest)
        return Verdict.OK


def _terms(given: Mapping[str, str]) -> _Terms | None:
    algorithm, qop = _algorithm(given), given.get("qop", "").lower()
    count, cnonce = given.get("nc", ""), given.get("cnonce", "")
    if not _is_known(algorithm) or (qop and (qop not in _QOPS or not cnonce or not _is_count(count))):
        return None
    return _Terms(algorithm, given["realm"], given["nonce"], given["uri"], qop, cnonce, count)


def _is_theirs(
    given: Mapping[str, str], terms: _Terms, method: str, body: bytes, users: Sequence[Credential], realm: str
) -> bool:
    name, response = _unescaped(given["username"]), _octets(given["response"].lower())
    known = [user for user in users if user.user == name and user.realm in ("", realm)]
    return any(hmac.compare_digest(_octets(terms.response(user, method, body)), response) for user in known)


def _parameters(value: str) -> dict[str, str]:
    scheme, _, text = value.strip().partition(" ")
    if scheme.lower() != "digest":
        return {}
    found: dict[str, str] = {}
    for name, quoted, plain in _PARAMETER.findall(text):
        found.setdefault(name.lower(), quoted or plain)
    return found


def _algorithm(parameters: Mapping[str, str]) -> str:
    return parameters.get("algorithm", "MD5").upper()


def _is_known(algorithm: str) -> bool:
    name = _HASHES.get(algorithm.removesuffix("-SESS"))
    return name is not None and name in hashlib.algorithms_available


def _qop(asked: Mapping[str, str]) -> str:
    offered = [part.strip().lower() for part in asked.get("qop", "").split(",")]
    return next((qop for qop in _QOPS if qop in offered), "")


def _is_count(text: str) -> bool:
    return re.fullmatch(r"[0-9A-Fa-f]{8}", text) is not None


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
