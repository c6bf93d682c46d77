"""Header fields that the model has no place for: kept when reading, said again when writing."""

import re
from collections.abc import Iterable

from gateway.model.errors import DecodeError
from gateway.model.transfer import Kept
from gateway.sip.address import Address
from gateway.sip.message import Message
from gateway.sip.names import key
from gateway.translators.dialect import Lost

Fields = list[tuple[str, str]]
"""Header fields of a message under construction, in order."""

DIALECT = "sip"
# What is no header field has a space in its name, which no header field can have.
BODY = "message body"
"""`what` of a kept body."""
STATUS = "status code"
"""`what` of the status of a redirection that is not 302."""
SIPFRAG = "sipfrag "
"""How `what` begins for a header field inside a message/sipfrag body."""

# They belong to the hop (Via, Route), to the dialog, to the session or to the sending program (User-Agent), and not
# to the transfer: they tell neither who a party is nor what it allows, and the gateway says its own without loss.
_NOT_CARRIED = frozenset(
    """via from to call-id cseq contact max-forwards route record-route content-length allow allow-events accept
    accept-encoding accept-language authorization proxy-authorization www-authenticate proxy-authenticate
    authentication-info date timestamp expires user-agent server organization mime-version session-expires min-se
    rack rseq subscription-state""".split()  # noqa: SIM905  names read better so
)
_OPTION_TAGS = ("supported", "require")
_SEVERAL = ("contact", "diversion", "history-info", "user-to-user", "p-asserted-identity")
_MEDIA = ("application/sdp", "message/sipfrag")
_TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")


def kept(message: Message, *said: str, tags: Iterable[str] = ()) -> tuple[Kept, ...]:
    """The header fields of `message` that matter, less those in `said` (lower case) and the option tags in `tags`."""
    also_without = said if _has_other_body(message) else (*said, "content-type")
    found = []
    for name, value in message.headers:
        wanted = key(name)
        if not name or wanted in _NOT_CARRIED or wanted in also_without:
            continue
        carried = _less(wanted, value, tags)
        if carried:
            found.append(Kept(DIALECT, name, carried))
    return (*found, *other_body(message))


def _less(name: str, value: str, tags: Iterable[str]) -> str:
    if name not in _OPTION_TAGS or not tags:
        return value
    return ", ".join(tag for tag in (part.strip() for part in value.split(",")) if tag.lower() not in tags)


def _has_other_body(message: Message) -> bool:
    return bool(message.body) and message.content_type not in _MEDIA


def other_body(message: Message) -> tuple[Kept, ...]:
    """The body, when it is neither media nor sipfrag: an identity token for Referred-By (RFC 3892 §2.2), …"""
    if not _has_other_body(message):
        return ()
    return (Kept(DIALECT, BODY, message.body.decode("utf-8", "surrogateescape")),)


def verbatim(items: Iterable[Kept], name: str, uri: str) -> str | None:
    """The kept field `name` when it is about `uri`: it goes out as it came, parameters and all."""
    for item in items:
        if item.dialect == DIALECT and key(item.what) == key(name) and _uri(item.value) == uri:
            return item.value
    return None


def _uri(value: str) -> str | None:
    try:
        return Address.parse(value).uri
    except DecodeError:
        return None


def first(items: Iterable[Kept], name: str) -> str | None:
    """The value of the first kept field `name`."""
    wanted = key(name)
    return next((item.value for item in items if item.dialect == DIALECT and key(item.what) == wanted), None)


def body(items: Iterable[Kept]) -> bytes:
    """The kept body; empty when there is none."""
    return (first(items, BODY) or "").encode("utf-8", "surrogateescape")


def restore(fields: Fields, items: Iterable[Kept]) -> tuple[Fields, tuple[Lost, ...]]:
    """`fields` with the kept ones behind them (option tags united), and what is no SIP header field."""
    result, own, lost = list(fields), len(fields), []
    for item in items:
        if item.dialect != DIALECT:
            lost.append(Lost(f"kept.{item.what}", f"only {item.dialect} can say it"))
        elif _TOKEN.fullmatch(item.what):
            _add(result, own, item.what, item.value)
    return result, tuple(lost)


def _add(fields: Fields, own: int, name: str, value: str) -> None:
    """One kept field more, unless the first `own` fields, which say the model, have said it already."""
    wanted = key(name)
    place = next((index for index, field in enumerate(fields[:own]) if key(field[0]) == wanted), None)
    if place is None:
        fields.append((name, value))
    elif wanted in _OPTION_TAGS:
        fields[place] = (fields[place][0], _united(fields[place][1], value))
    elif wanted in _SEVERAL and (name, value) not in fields:
        fields.append((name, value))


def _united(one: str, other: str) -> str:
    tags = (tag.strip() for tag in f"{one},{other}".split(","))
    return ", ".join(dict.fromkeys(tag for tag in tags if tag))
