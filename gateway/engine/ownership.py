"""Which worker process a message belongs to.

Several workers share the ports, and the system gives a message to any of them. What one of them made begins with its
mark, and comes back in the message: the branch in a response (RFC 3261 §17.1.3), the To tag in a request within a
dialog (§12.2.2), a tag in the Replaces (RFC 3891) or Target-Dialog (RFC 4538) of a request outside of one, the
Request-URI of a SUBSCRIBE to what became of a REFER (RFC 7614).
A CANCEL has nothing of ours; it belongs where its INVITE went (RFC 3261 §9.2).
"""

import re

from gateway.model.errors import DecodeError
from gateway.sip.scan import Scan

ENTROPY = 20
"""Characters that follow the mark in a token, hexadecimal: 80 bits."""

_TOKEN = rb"w(\d\d)[0-9a-f]{%d}" % ENTROPY
_FIRST_BRANCH = re.compile(rb"\n(?:via|v)[ \t]*:[^\r\n,]*?;[ \t]*branch[ \t]*=[ \t]*(z9hG4bK[^\r\n;, \t]*)", re.I)
_BRANCH = re.compile(rb"z9hG4bK" + _TOKEN)
_TAG = re.compile(_TOKEN)
_NAMED_DIALOG = re.compile(rb"\n(?:replaces|target-dialog)[ \t]*:[^\r\n]*", re.I)
_NAMED_TAG = re.compile(rb"[^\r\n]*?;[ \t]*(?:to-tag|local-tag|remote-tag)[ \t]*=[ \t]*" + _TOKEN, re.I)
_FOLLOWED = re.compile(rb"SUBSCRIBE sips?:refer-" + _TOKEN + rb"@", re.I)
_MOST_REMEMBERED = 10_000


def mark(worker: int) -> str:
    """What every token of that worker (0..99) begins with."""
    return f"w{worker:02d}"


def worker_of(tag: str, workers: int) -> int | None:
    """The worker, of so many, that has made the tag; None when none of them has."""
    found = _TAG.fullmatch(tag.encode("utf-8", "replace"))
    return int(found[1]) % workers if found else None


class Ownership:
    """Worker number `own` of `workers`. A mark of a worker that is no more belongs to its number modulo `workers`."""

    def __init__(self, own: int, workers: int) -> None:
        self._own = own
        self._workers = workers
        self._given: dict[bytes, int] = {}
        self._given_before: dict[bytes, int] = {}

    def owner(self, octets: bytes) -> int:
        """The number of the worker that has to see the message; our own when nothing names another."""
        if octets[:8] == b"SIP/2.0 ":
            return self._marked(_BRANCH, branch(octets))
        if octets[:7] == b"CANCEL ":
            return self._receiver_of_invite(octets)
        owner = self._in_dialog(octets)
        if owner is None and octets[:10] == b"SUBSCRIBE ":
            owner = self._marked(_FOLLOWED, octets)
        if owner is None:
            owner = self._by_named_dialog(octets)
        return owner

    def _in_dialog(self, octets: bytes) -> int | None:
        """None for a request outside of a dialog."""
        try:
            tag = Scan(octets).to_tag
        except DecodeError:
            return self._own
        return self._marked(_TAG, tag.encode("utf-8", "replace")) if tag else None

    def _by_named_dialog(self, octets: bytes) -> int:
        named = _NAMED_DIALOG.search(octets)
        tag = _NAMED_TAG.match(named[0][1:]) if named else None
        if tag is None:
            return self._own
        owner = int(tag[1]) % self._workers
        if owner != self._own and octets[:7] == b"INVITE ":
            self._remember(branch(octets), owner)
        return owner

    def _marked(self, pattern: re.Pattern[bytes], text: bytes) -> int:
        found = pattern.match(text)
        return int(found[1]) % self._workers if found else self._own

    def _receiver_of_invite(self, octets: bytes) -> int:
        key = branch(octets)
        return self._given.get(key, self._given_before.get(key, self._own))

    def _remember(self, key: bytes, owner: int) -> None:
        """Of what was given away long ago the older half is forgotten."""
        if len(self._given) >= _MOST_REMEMBERED:
            self._given_before, self._given = self._given, {}
        self._given[key] = owner


def branch(octets: bytes) -> bytes:
    """The branch of the topmost Via; b"" when it has none of RFC 3261."""
    found = _FIRST_BRANCH.search(octets)
    return found[1] if found else b""
