"""H.235.1, procedure I: every message carries a hash of itself, keyed with the password (HMAC-SHA1-96).

The hash goes over the encoded message with 96 zero bits in its place. The key is the SHA-1 digest of the password.
"""

import hmac
from collections import deque
from collections.abc import Callable
from hashlib import sha1
from typing import Any

from gateway.h323 import per

WHOLE_MESSAGE = (0, 0, 8, 235, 0, 2, 1)
"""Token "A": the hash goes over all of the message."""

BASELINE = (0, 0, 8, 235, 0, 2, 5)
"""Token "T": what is hashed with it is said in a ClearToken."""

HMAC_SHA1_96 = (0, 0, 8, 235, 0, 2, 6)
"""Algorithm "U"."""

HASH_OCTETS = 12
_VERSION = 5
"""Place of the version in these identifiers; H.235 version 1 has another one there."""

_HIGHEST = 2**31 - 1
_REMEMBERED = 4096


class Baseline:
    """Signs what we send and checks what comes. `wall` gives the seconds since 1970.

    `sender` is who we are (an alias, later the endpointIdentifier), `recipient` the gatekeeper's identifier, ""
    before it is known.
    """

    __slots__ = ("_count", "_first", "_key", "_seen", "_skew", "_wall", "recipient", "sender")

    def __init__(self, password: str, sender: str, wall: Callable[[], float], skew: float) -> None:
        self._key = sha1(password.encode()).digest()  # noqa: S324 -- as H.235.1 has it
        self._wall = wall
        self._skew = skew
        self._count = 0
        self._seen = _Seen()
        self._first = sender
        self.sender = sender
        self.recipient = ""

    def begin(self, recipient: str) -> None:
        """Another gatekeeper, to which we are unknown."""
        self.sender = self._first
        self.recipient = recipient

    def sign(self, name: str, value: dict[str, Any]) -> bytes:
        """The octets of RasMessage `name` with `value` and its hash. Raises LocalProtocolError."""
        self._count = self._count % _HIGHEST + 1
        mark = self._mark()
        octets = per.encode_ras((name, value | {"cryptoTokens": [self._token(mark)]}))
        empty = octets.replace(mark, bytes(HASH_OCTETS), 1)
        return octets.replace(mark, self._hash(empty), 1)

    def problem(self, octets: bytes, value: dict[str, Any]) -> str:
        """What is wrong with the signature of a message; "" when nothing is, "unsigned" when it has none."""
        hashed = _hashed_token(value)
        if hashed is None:
            return "unsigned"
        clear = hashed["hashedVals"]
        names = self._first, self.sender, value.get("endpointIdentifier", "")
        return (
            self._names_problem(clear, names)
            or self._hash_problem(octets, hashed["token"])
            or self._time_problem(clear)
        )

    def _token(self, mark: bytes) -> tuple[str, Any]:
        clear: dict[str, Any] = {"tokenOID": BASELINE, "timeStamp": int(self._wall()), "random": self._count}
        names = {"generalID": self.recipient, "sendersID": self.sender}
        clear |= {field: text for field, text in names.items() if text}
        token = {
            "algorithmOID": HMAC_SHA1_96,
            "paramS": {},
            "hash": (int.from_bytes(mark), HASH_OCTETS * 8),
        }
        return "nestedcryptoToken", (
            "cryptoHashedToken",
            {"tokenOID": WHOLE_MESSAGE, "hashedVals": clear, "token": token},
        )

    def _mark(self) -> bytes:
        """Octets that stand for the hash until it is known, and nowhere else in the message."""
        return self._hash(b"mark" + self._count.to_bytes(4, "big"))

    def _hash(self, octets: bytes) -> bytes:
        return hmac.digest(self._key, octets, "sha1")[:HASH_OCTETS]

    def _hash_problem(self, octets: bytes, token: dict[str, Any]) -> str:
        number, bits = token["hash"]
        if bits != HASH_OCTETS * 8:
            return "hash of another length"
        found = int(number).to_bytes(HASH_OCTETS, "big")
        at = octets.find(found)
        while at >= 0:
            emptied = octets[:at] + bytes(HASH_OCTETS) + octets[at + HASH_OCTETS :]
            if hmac.compare_digest(self._hash(emptied), found):
                return ""
            at = octets.find(found, at + 1)
        return "wrong hash"

    def _names_problem(self, clear: dict[str, Any], names: tuple[str, ...]) -> str:
        """A name that is not said is no problem: before the registration the gatekeeper may not know it. Our `names`
        include the one that the message itself gives us.
        """
        recipient, sender = clear.get("generalID", ""), clear.get("sendersID", "")
        if recipient and recipient not in names:
            return f"meant for {recipient!r}"
        if sender and self.recipient and sender != self.recipient:
            return f"sent by {sender!r}"
        return ""

    def _time_problem(self, clear: dict[str, Any]) -> str:
        said = clear.get("timeStamp")
        if said is None or abs(said - self._wall()) > self._skew:
            return "time stamp is missing or out of range"
        return "" if self._seen.is_new(said, clear.get("random", 0)) else "said before"


class _Seen:
    """Time stamp and number of the last messages; one that is older than all that are remembered counts as seen."""

    __slots__ = ("_floor", "_order", "_pairs")

    def __init__(self) -> None:
        self._order: deque[tuple[int, int]] = deque()
        self._pairs: set[tuple[int, int]] = set()
        self._floor = 0

    def is_new(self, stamp: int, number: int) -> bool:
        pair = stamp, number
        if stamp <= self._floor or pair in self._pairs:
            return False
        self._order.append(pair)
        self._pairs.add(pair)
        if len(self._order) > _REMEMBERED:
            oldest = self._order.popleft()
            self._pairs.discard(oldest)
            self._floor = max(self._floor, oldest[0])
        return True


def _hashed_token(value: dict[str, Any]) -> dict[str, Any] | None:
    """The cryptoHashedToken of the baseline, of whichever version of H.235."""
    for kind, content in value.get("cryptoTokens", ()):
        if kind == "nestedcryptoToken" and content[0] == "cryptoHashedToken":
            token: dict[str, Any] = content[1]
            said = (token["tokenOID"], token["hashedVals"]["tokenOID"], token["token"]["algorithmOID"])
            if all(map(_is, said, (WHOLE_MESSAGE, BASELINE, HMAC_SHA1_96))):
                return token
    return None


def _is(identifier: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    same_length = len(identifier) == len(wanted)
    return (
        same_length
        and identifier[:_VERSION] + identifier[_VERSION + 1 :] == wanted[:_VERSION] + wanted[_VERSION + 1 :]
    )
