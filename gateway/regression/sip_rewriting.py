"""What a peer said to the played host, as it would have said it to the gateway: its identifiers in place of those."""

from collections.abc import Callable, Iterable, Iterator

from gateway.model.errors import DecodeError
from gateway.regression.sip_identities import Identities, OwnLeg, legs_named
from gateway.regression.sip_tape import Leg
from gateway.sip.address import Address
from gateway.sip.dialog_id import DialogId
from gateway.sip.message import Message
from gateway.sip.names import key
from gateway.sip.uri import Uri, escape_header

Fields = list[tuple[str, str]]
_COPIED = ("via", "from", "call-id", "cseq")
"""What a response repeats of its request (RFC 3261 §8.2.6.2), the To apart."""


def response(recorded: Message, request: Message, identities: Identities, is_ours: Callable[[str], bool]) -> bytes:
    """A recorded response as one to our `request`; `is_ours` knows the URIs by which the played host, as a proxy, had
    itself put on the way (RFC 3261 §16.6): the gateway does not.
    """
    fields: Fields = []
    done: set[str] = set()
    for name, value in recorded.headers.items:
        known = key(name)
        if known in _COPIED:
            if known not in done:
                fields.extend((name, each) for each in request.headers.all(known))
            done.add(known)
        elif known == "to":
            fields.append((name, _to(request, recorded.to_tag)))
        elif known == "record-route":
            fields.extend((name, each) for each in _without(recorded, known, is_ours) if known not in done)
            done.add(known)
        else:
            fields.append((name, _field(known, value, identities, None)))
    return _octets(f"SIP/2.0 {recorded.status} {recorded.reason}".rstrip(), fields, recorded.body)


def _to(request: Message, tag: str) -> str:
    value = request.headers.get("to") or ""
    return value if request.to_tag or not tag else f"{value};tag={tag}"


def within_dialog(recorded: Message, own: OwnLeg, identities: Identities, is_ours: Callable[[str], bool]) -> bytes:
    """A recorded request within a dialog of which `own` is our half; `is_ours` knows our own URIs."""
    fields: Fields = []
    for name, value in recorded.headers.items:
        known = key(name)
        if known == "call-id":
            fields.append((name, own.leg.call_id))
        elif known == "to":
            fields.append((name, value.replace(recorded.to_tag, own.leg.tag)))
        elif known == "route":
            fields.extend((name, each) for each in _without(recorded, known, is_ours))
        else:
            fields.append((name, _field(known, value, identities, own)))
    uri = own.contact or recorded.request_uri
    return _octets(f"{recorded.method} {uri} SIP/2.0", _once(fields), recorded.body)


def outside(recorded: Message, identities: Identities) -> bytes:
    """A recorded request outside of a dialog: as it came, unless it names a dialog of ours."""
    fields = [(name, _field(key(name), value, identities, None)) for name, value in recorded.headers.items]
    if fields == list(recorded.headers.items):
        return recorded.octets
    return _octets(f"{recorded.method} {recorded.request_uri} SIP/2.0", fields, recorded.body)


def dialogs_named(message: Message) -> Iterator[tuple[Leg, ...]]:
    """Both halves of each dialog that a request names besides its own."""
    for name in ("replaces", "join", "target-dialog"):
        for value in message.headers.all(name):
            yield from _legs(value)
    for value in message.headers.all("refer-to"):
        named = _replaces_in(value)
        if named:
            yield from _legs(named)


def _legs(value: str) -> Iterator[tuple[Leg, ...]]:
    try:
        yield legs_named(DialogId.parse(value))
    except DecodeError:
        return


def _replaces_in(refer_to: str) -> str:
    try:
        return Uri.parse(Address.parse(refer_to).uri).header("replaces") or ""
    except DecodeError:
        return ""


def _field(name: str, value: str, identities: Identities, own: OwnLeg | None) -> str:
    rewrite = _REWRITTEN.get(name)
    try:
        return value if rewrite is None else rewrite(value, identities, own)
    except DecodeError:
        return value


def _dialog(value: str, identities: Identities, _own: OwnLeg | None) -> str:
    named = DialogId.parse(value)
    ours = identities.dialog(named)
    return value if ours is named else str(ours)


def _refer_to(value: str, identities: Identities, _own: OwnLeg | None) -> str:
    found = _replaces_in(value)
    named = DialogId.parse(found) if found else None
    ours = identities.dialog(named) if named else None
    if named is None or ours is None or ours is named:
        return value
    start = value.find("?")
    return value[:start] + _replaced(value[start:], named, ours)


def _replaced(text: str, old: DialogId, new: DialogId) -> str:
    pairs = [(old.call_id, new.call_id)]
    pairs += [
        (was or "", now or "") for (_, was), (_, now) in zip(old.parameters.items, new.parameters.items, strict=True)
    ]
    for was, now in pairs:
        if was and was != now:
            for escape in (escape_header, str, lambda each: each.replace("@", "%40")):
                text = text.replace(escape(was), escape_header(now))
    return text


def _rack(value: str, _identities: Identities, own: OwnLeg | None) -> str:
    words = value.split()
    if own is None or len(words) != 3 or not (words[0].isdecimal() and words[1].isdecimal()):
        return value
    number = own.rseq.get((int(words[1]), int(words[0])))
    return value if number is None else f"{number} {words[1]} {words[2]}"


def _event(value: str, _identities: Identities, own: OwnLeg | None) -> str:
    """The `id` of a subscription is the CSeq number of our REFER (RFC 3515 §2.4.6)."""
    package, _, parameter = value.partition(";id=")
    if own is None or not parameter.isdecimal() or int(parameter) not in own.cseq:
        return value
    return f"{package};id={own.cseq[int(parameter)]}"


_REWRITTEN: dict[str, Callable[[str, Identities, OwnLeg | None], str]] = {
    "replaces": _dialog,
    "join": _dialog,
    "target-dialog": _dialog,
    "refer-to": _refer_to,
    "rack": _rack,
    "event": _event,
}


def _once(fields: Iterable[tuple[str, str]]) -> Fields:
    """Several Route lines were each replaced by all that are left."""
    found: Fields = []
    for item in fields:
        if key(item[0]) != "route" or item not in found:
            found.append(item)
    return found


def _without(message: Message, name: str, is_ours: Callable[[str], bool]) -> Iterator[str]:
    return (each for each in message.headers.all(name) if not is_ours(uri_of(each)))


def uri_of(value: str) -> str:
    """The URI of a header field with an address, "" when there is none."""
    try:
        return Address.parse(value).uri
    except DecodeError:
        return ""


def _octets(start: str, fields: Fields, body: bytes) -> bytes:
    lines = [start, *(f"{name}: {value}" if name else value for name, value in fields), "", ""]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + body
