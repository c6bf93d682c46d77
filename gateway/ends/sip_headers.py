"""Header fields that go along with a call from leg to leg, by the header policy of the trunks."""

from collections.abc import Iterable

from gateway.configuration import HeaderPolicy
from gateway.model.transfer import Kept
from gateway.sip.message import Headers
from gateway.sip.names import key
from gateway.translators.sip_kept import DIALECT

Fields = list[tuple[str, str]]
"""Header fields of a message under construction."""

CALL = "call"
"""Dialect of what the hub keeps on a call by itself."""
REDIRECTED_FROM = "redirected-from"
REDIRECTION_STATUS = "redirection-status"
USER_TO_USER = "user-to-user"
"""Data of the users; it goes with the end of a call too (RFC 7433)."""

# They belong to the hop, the transaction, the dialog or the session; the identity of the parties, Replaces and their
# kin have their own place in the neutral call.
_NEVER = frozenset(
    """via from to call-id cseq contact max-forwards route record-route content-length content-type content-encoding
    content-disposition content-language content-id mime-version allow allow-events accept accept-encoding
    accept-language supported require proxy-require unsupported authorization proxy-authorization www-authenticate
    proxy-authenticate authentication-info session-expires min-se rack rseq subscription-state event expires
    refer-to referred-by refer-sub replaces join target-dialog also p-asserted-identity p-preferred-identity privacy
    session-id identity timestamp path service-route min-expires reason history-info diversion user-agent server
    retry-after warning""".split()  # noqa: SIM905  names read better so
)
_CHAINS = ("history-info", "diversion")
_MOST_NAMES = 1024


class CarriedFields:
    """What one trunk's header policy says, remembered by name: the same few come in every message."""

    __slots__ = ("_exact", "_left", "_prefixes", "_removed", "_removed_prefixes", "added")

    def __init__(self, policy: HeaderPolicy) -> None:
        self._exact, self._prefixes = _patterns(policy.carry)
        self._removed, self._removed_prefixes = _patterns(policy.remove)
        self.added = tuple(policy.add.items())
        self._left: set[str] = set()

    def kept(self, headers: Headers) -> tuple[Kept, ...]:
        """The fields of a message that go to the other leg."""
        # Mostly there are none: then the message need not be taken apart further.
        carried = {name for name in headers.first.keys() - self._left if self._carries(name)}
        if not carried:
            return ()
        return tuple(Kept(DIALECT, name, value) for name, value in headers.items if key(name) in carried)

    def removes(self, name: str) -> bool:
        """Whether a field of that name never leaves by the trunk."""
        wanted = key(name)
        return wanted in self._removed or (bool(self._removed_prefixes) and wanted.startswith(self._removed_prefixes))

    def write(self, fields: Fields, kept: Iterable[Kept]) -> None:
        """Adds the kept header fields that may leave by the trunk. Whatever would break a line stays behind."""
        for item in kept:
            name, value = item.what, item.value
            if item.dialect != DIALECT or not is_plain(name, value):
                continue
            if key(name) not in _NEVER and not self.removes(name):
                fields.append((name, value))

    def _carries(self, name: str) -> bool:
        fits = name in self._exact or (bool(self._prefixes) and name.startswith(self._prefixes))
        if fits and name and name not in _NEVER and not self.removes(name):
            return True
        if len(self._left) < _MOST_NAMES:
            self._left.add(name)
        return False


def chains(headers: Headers) -> tuple[Kept, ...]:
    """History-Info and Diversion, value by value: they go with every call."""
    found: list[Kept] = []
    for name in _CHAINS:
        if name in headers:
            found.extend(Kept(DIALECT, name.title(), value) for value in headers.all(name))
    return tuple(found)


def is_plain(name: str, value: str) -> bool:
    """Whether both can stand in a message as they are: a name that is one, and no line break in the value."""
    return (
        bool(name)
        and " " not in name
        and not any(character in value for character in "\r\n\0")
        and name.isprintable()
        and ":" not in name
    )


def _patterns(names: Iterable[str]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Names, and what those with a star at the end begin with, both in lower case."""
    exact, prefixes = set(), []
    for name in names:
        if name.endswith("*"):
            prefixes.append(name[:-1].lower())
        else:
            exact.add(key(name))
    return frozenset(exact), tuple(prefixes)
