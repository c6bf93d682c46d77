"""All SIP messages of a recording by call, and which of the calls an engine has to see.

Nine calls in ten have no part in any transfer, and to look at every message of theirs is what would take the time. So
the messages are put away by Call-ID first, and what tells of a transfer (a REFER, a Replaces or Referred-By, a BYE
with Also, a 3xx) marks its call. The engine then gets the marked calls, those that they name, and those to somebody
whom they name.
"""

import re
from collections.abc import Callable, Container, Iterator

from gateway.interworking.matching import address_key, common_ending
from gateway.model.errors import DecodeError
from gateway.sip.scan import Scan
from gateway.sip.uri import unescape

Heard = tuple[int, float, bytes, str, str]
"""Frame, time, octets, source, destination of a SIP message."""

_CALL_ID = b"\nCall-ID: "
_NAMING = rb"refer-to|r|referred-by|b|replaces|target-dialog|also|contact|m"
_NAMED = re.compile(rb"^(?:%b)[ \t]*:[ \t]*([^\r\n]+)" % _NAMING, re.IGNORECASE | re.MULTILINE)
_REPLACED = re.compile(r"replaces=([^;&>]+)", re.IGNORECASE)
_URI = re.compile(r"(?:sips?|tel):[^>;,?\s]*", re.IGNORECASE)
_MAY_CHANGE = frozenset((b"INVI", b"UPDA"))


class TooManyError(Exception):
    """The recording has more messages than fit on the shelf."""


class Shelf:
    """Takes every SIP message in order of time. `calls` has them by Call-ID, as on the wire.

    `marked` are the calls that tell of a transfer themselves, `changed` those where INVITE or UPDATE came again.
    """

    def __init__(self, room: int) -> None:
        self.calls: dict[bytes, list[Heard]] = {}
        self.marked: set[bytes] = set()
        self.changed: set[bytes] = set()
        self.messages = 0
        self._room = room

    def put(self, frame: int, time: float, octets: bytes, source: str, destination: str) -> None:
        """One message. Raises TooManyError when there is no room."""
        self.messages += 1
        at = octets.find(_CALL_ID) + 10
        key = octets[at : octets.find(b"\r\n", at)] if at > 9 else _call_id(octets)
        message = frame, time, octets, source, destination
        start = octets[:4]
        call = self.calls.get(key)
        if call is not None:
            call.append(message)
            if start == b"SIP/":
                if octets[8:9] not in _OTHER_CLASSES:
                    self.marked.add(key)
                return
            if start in _MAY_CHANGE:
                self.changed.add(key)
        else:
            self.calls[key] = [message]
            if self.messages > self._room:
                raise TooManyError
        if start in _LOOKS and _LOOKS[start](octets):
            self.marked.add(key)

    def put_if(
        self, wanted: Container[bytes], frame: int, time: float, octets: bytes, source: str, destination: str
    ) -> None:
        """The same, for calls whose Call-ID is among `wanted` up to the @; all others are only counted."""
        if _call_id(octets).partition(b"@")[0] in wanted:
            self.put(frame, time, octets, source, destination)
        else:
            self.messages += 1

    def all(self) -> list[Heard]:
        """Every message, in order of time."""
        return sorted(message for call in self.calls.values() for message in call)

    def of_transfers(self) -> list[Heard]:
        """The messages that an engine has to see to find every transfer, in order of time."""
        chosen = set(self.marked)
        endings: set[str] = set()
        for key in self.marked:
            for text in self._named_in(key):
                endings.update(common_ending(address_key(uri)) for uri in _URI.findall(text))
                chosen.update(self._dialogs(text))
        endings.discard("")
        if endings:
            chosen.update(key for key, call in self.calls.items() if _is_to(call[0][2], endings))
        return sorted(message for key in chosen for message in self.calls[key])

    def _named_in(self, key: bytes) -> Iterator[str]:
        for message in self.calls[key]:
            octets = message[2]
            if octets.startswith(_TELLING):
                yield from (value.decode("utf-8", "replace") for value in _NAMED.findall(octets))

    def _dialogs(self, text: str) -> Iterator[bytes]:
        """The calls that Replaces, Target-Dialog or a Replaces in a URI names."""
        named = (text.partition(";")[0], *map(unescape, _REPLACED.findall(text)))
        for value in named:
            key = value.partition(";")[0].strip().encode("utf-8", "replace")
            if key in self.calls:
                yield key


_TELLING = (b"REFER ", b"INVITE ", b"BYE ", b"SIP/2.0 3")
"""Messages whose headers name others."""


def _always(_octets: bytes) -> bool:
    return True


# Each begins with a plain line feed, which the search jumps to.
_names_a_call = re.compile(rb"(?i)\n(?:repl|refe|b[: ])").search
_has_also = re.compile(rb"(?i)\nalso").search


_LOOKS: dict[bytes, Callable[[bytes], object]] = {
    b"REFE": _always,
    b"INVI": _names_a_call,
    b"BYE ": _has_also,
    b"SIP/": lambda octets: octets[8:9] not in _OTHER_CLASSES,
}
"""Whether a request marks its call, by its first four octets."""

_OTHER_CLASSES: frozenset[bytes] = frozenset((b"1", b"2", b"4", b"5", b"6"))
"""Of statuses that mark nothing; what is none at all is for the engine to complain of."""


def _is_to(octets: bytes, endings: Container[str]) -> bool:
    """Whether a call's first message goes to somebody whose address ends so: by its Request-URI or its To."""
    if not octets.startswith(b"INVITE "):
        return False
    to = octets.find(b"\nTo: ")
    return _ending(octets, 7) in endings or (_ending(octets, to + 5) if to > 0 else _to(octets)) in endings


def _ending(octets: bytes, start: int) -> str:
    at = octets.find(b"@", start, octets.find(b"\n", start))
    digits = octets[at - 4 : at]
    if at > 0 and digits.isdigit():
        return digits.decode()
    found = _URI.search(octets[start : octets.find(b"\n", start)].decode("utf-8", "replace"))
    return common_ending(address_key(found[0])) if found else ""


def _to(octets: bytes) -> str:
    try:
        found = _URI.search(Scan(octets).recipient.decode("utf-8", "replace"))
    except DecodeError:
        return ""
    return common_ending(address_key(found[0])) if found else ""


def _call_id(octets: bytes) -> bytes:
    at = octets.find(_CALL_ID) + 10
    if at > 9:
        return octets[at : octets.find(b"\r\n", at)]
    try:
        return Scan(octets).call_id.encode("utf-8", "replace")
    except DecodeError:
        return b""
