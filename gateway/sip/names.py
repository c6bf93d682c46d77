"""Header field names: compact forms, and which fields are comma-separated lists.

Sources: the IANA registry of SIP header fields; RFC 3261 §7.3.3 and §20; RFC 3515 §2.1 (r), RFC 3892 §3 (b),
RFC 6665 §8.2 (o, u), RFC 3841 §9 (a, j, d), RFC 8224 §4 (y), RFC 4028 §4 (x).
"""

COMPACT = {
    "a": "accept-contact",
    "b": "referred-by",
    "c": "content-type",
    "d": "request-disposition",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "j": "reject-contact",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "n": "identity-info",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
    "x": "session-expires",
    "y": "identity",
}

# Refer-To, Referred-By, Replaces, Join and Target-Dialog take one value; they are listed so that a second
# one behind a comma is seen and refused (RFC 3515 §2.4.2, RFC 3891 §3).
_LISTED = """
    accept accept-contact accept-encoding accept-language alert-info allow allow-events also call-info contact
    content-encoding content-language diversion error-info geolocation history-info in-reply-to join
    p-access-network-info p-asserted-identity p-associated-uri p-early-media p-preferred-identity path
    proxy-require reason record-route refer-to referred-by reject-contact replaces request-disposition require
    resource-priority route security-client security-server security-verify service-route supported
    target-dialog unsupported user-to-user via warning
"""
LISTS = frozenset(_LISTED.split())


_MOST_KEYS = 1024


class _Keys(dict[str, str]):
    # Half the cost of a function with a cache. Names are the peers' choice, so that there must be an end of them.
    def __missing__(self, name: str) -> str:
        found = name.strip().lower()
        if len(found) == 1:
            found = COMPACT.get(found, found)
        if len(self) >= _MOST_KEYS:
            self.clear()
        self[name] = found
        return found


class _LineKeys(_Keys):
    def __missing__(self, name: str) -> str:
        return "" if name[:1] in " \t" else super().__missing__(name)


KEYS: dict[str, str] = _Keys()
"""What a header field is looked up by, by its name as written: lower case, compact form written out."""
LINE_KEYS: dict[str, str] = _LineKeys()
"""The same for what stands before the colon of a line; "" where that is no name but the rest of a folded line."""


def key(name: str) -> str:
    """What a header field is looked up by: lower case, compact form written out."""
    return KEYS[name]
