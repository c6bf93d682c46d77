"""Two SIP messages compared field by field: what each side makes itself, what may vary, what has to be the same."""

from collections.abc import Callable, Iterator

from gateway.model.errors import DecodeError
from gateway.regression.comparison import Compared, Verdict
from gateway.regression.message import Message as Told
from gateway.regression.sip_bodies import body_differences
from gateway.regression.sip_identities import Identities
from gateway.regression.sip_tape import Entry
from gateway.sip.address import Address
from gateway.sip.dialog_id import DialogId
from gateway.sip.message import Message
from gateway.sip.parameters import Parameters, split
from gateway.sip.uri import Uri, unescape

OWN = frozenset("via call-id cseq rseq rack content-length session-id max-forwards record-route route".split())  # noqa: SIM905
"""Fields of which each side has its own, or that only count hops."""

_UNSAID = "-"
_OPTIONAL_TAGS = frozenset(("timer",))
"""Option tags that say nothing of the call: who refreshes the session is settled hop by hop (RFC 4028)."""

Difference = tuple[bool, str]
"""Whether it may vary, and what it is."""


def compare(entry: Entry, told: Told, ours: Message, identities: Identities) -> Compared:
    """How a message of the gateway's compares with the recorded one that it stands for."""
    found = list(_differences(entry.message, ours, identities))
    if entry.peer.host != _host(told.destination):
        found.append((False, _line("destination", str(entry.peer), told.destination)))
    if all(may_vary for may_vary, _ in found):
        verdict = Verdict.EQUIVALENT if found else Verdict.SAME
    else:
        verdict = Verdict.DIFFERENT
    ordered = sorted(found, key=lambda each: each[0])
    return Compared(verdict, entry.told, told, tuple(text for _, text in ordered))


def _host(destination: str) -> str:
    return destination.rpartition(":")[0].strip("[]")


def _line(name: str, recorded: str, ours: str) -> str:
    return f"{name}: recorded {recorded or _UNSAID}, ours {ours or _UNSAID}"


def _differences(recorded: Message, ours: Message, identities: Identities) -> Iterator[Difference]:
    if recorded.status != ours.status:
        yield False, _line("status", str(recorded.status), str(ours.status))
    elif not ours.is_request and recorded.reason != ours.reason:
        yield True, _line("reason phrase", recorded.reason, ours.reason)
    if ours.is_request:
        yield from _uri_differences(
            "Request-URI", recorded.request_uri, ours.request_uri, in_dialog=bool(ours.to_tag)
        )
    names = dict.fromkeys((*recorded.headers.first, *ours.headers.first))
    for name in names:
        if name and name not in OWN:
            yield from _COMPARED.get(name, _text(may_vary=True))(name, recorded, ours, identities)
    yield from body_differences(recorded, ours)


def _uri_differences(name: str, recorded: str, ours: str, *, in_dialog: bool) -> Iterator[Difference]:
    """The user part counts; where the rest leads is told by the destination. Within a dialog it is the peer's."""
    if recorded == ours:
        return
    try:
        one, other = Uri.parse(recorded), Uri.parse(ours)
    except DecodeError:
        yield False, _line(name, recorded, ours)
        return
    yield in_dialog or _user(one) == _user(other), _line(name, recorded, ours)


def _user(uri: Uri) -> str:
    return unescape(uri.user or "").partition(";")[0]


Compare = Callable[[str, Message, Message, Identities], Iterator[Difference]]


def _title(name: str) -> str:
    return _TITLES.get(name) or "-".join(word.capitalize() for word in name.split("-"))


_TITLES = {"rack": "RAck", "rseq": "RSeq", "mime-version": "MIME-Version"}


def _text(*, may_vary: bool) -> Compare:
    def compare_text(name: str, recorded: Message, ours: Message, _identities: Identities) -> Iterator[Difference]:
        one, other = (", ".join(each.headers.all(name)) for each in (recorded, ours))
        if one != other:
            yield may_vary, _line(_title(name), one, other)

    return compare_text


def _tags(name: str, recorded: Message, ours: Message, _identities: Identities) -> Iterator[Difference]:
    """Option tags and the like, in any order."""
    one, other = (
        {tag.strip().lower() for value in each.headers.all(name) for tag in split(value, ",")}
        for each in (recorded, ours)
    )
    if one != other:
        may_vary = one ^ other <= _OPTIONAL_TAGS
        yield may_vary, _line(_title(name), ", ".join(sorted(one)), ", ".join(sorted(other)))


def _party(name: str, recorded: Message, ours: Message, _identities: Identities) -> Iterator[Difference]:
    """From and To: who it is counts, not by which host or display name; tags are each side's own."""
    one, other = _address(recorded, name), _address(ours, name)
    if one is None or other is None:
        if one is not other:
            yield False, _line(_title(name), recorded.headers.get(name) or "", ours.headers.get(name) or "")
        return
    yield from _uri_differences(_title(name), one.uri, other.uri, in_dialog=bool(ours.to_tag))
    if one.display != other.display:
        yield True, _line(f"{_title(name)} display name", one.display, other.display)


def _identity(name: str, recorded: Message, ours: Message, _identities: Identities) -> Iterator[Difference]:
    """Who is vouched for, who refers, who was called before: by user."""
    one, other = (_users(each, name) for each in (recorded, ours))
    if one != other:
        yield False, _line(_title(name), ", ".join(recorded.headers.all(name)), ", ".join(ours.headers.all(name)))
    elif recorded.headers.all(name) != ours.headers.all(name):
        yield True, _line(_title(name), ", ".join(recorded.headers.all(name)), ", ".join(ours.headers.all(name)))


def _users(message: Message, name: str) -> list[str]:
    found = []
    for value in message.headers.all(name):
        try:
            found.append(_user(Uri.parse(Address.parse(value).uri)))
        except DecodeError:
            found.append(value)
    return found


def _address(message: Message, name: str) -> Address | None:
    try:
        return Address.parse(message.headers.get(name) or "")
    except DecodeError:
        return None


def _contact(name: str, recorded: Message, ours: Message, _identities: Identities) -> Iterator[Difference]:
    """In a redirection it is the answer itself, anywhere else each side's own."""
    if 300 <= ours.status < 400 and recorded.status == ours.status:
        yield from _identity(name, recorded, ours, _identities)
    elif (name in recorded.headers) is not (name in ours.headers):
        yield True, _line("Contact", recorded.headers.get(name) or "", ours.headers.get(name) or "")


def _refer_to(name: str, recorded: Message, ours: Message, identities: Identities) -> Iterator[Difference]:
    """User part, method, and which call is replaced."""
    one, other = (_refer_to_parts(each, name, identities, ours=each is ours) for each in (recorded, ours))
    if one != other:
        yield False, _line("Refer-To", recorded.headers.get(name) or "", ours.headers.get(name) or "")
    elif recorded.headers.get(name) != ours.headers.get(name):
        yield True, _line("Refer-To", recorded.headers.get(name) or "", ours.headers.get(name) or "")


def _refer_to_parts(message: Message, name: str, identities: Identities, *, ours: bool) -> tuple[str, ...]:
    try:
        uri = Uri.parse(Address.parse(message.headers.get(name) or "").uri)
        named = DialogId.parse(uri.header("replaces") or "") if uri.header("replaces") else None
    except DecodeError:
        return (message.headers.get(name) or "",)
    if named is not None and ours:
        named = identities.recorded_dialog(named)
    return _user(uri), uri.parameters.get("method") or "INVITE", named.call_id if named else ""


def _replaces(name: str, recorded: Message, ours: Message, identities: Identities) -> Iterator[Difference]:
    one, other = recorded.headers.get(name) or "", ours.headers.get(name) or ""
    try:
        same = bool(one and other) and (
            DialogId.parse(one).call_id == identities.recorded_dialog(DialogId.parse(other)).call_id
        )
    except DecodeError:
        same = one == other
    if not same:
        yield False, _line(_title(name), one, other)


def _state(name: str, recorded: Message, ours: Message, identities: Identities) -> Iterator[Difference]:
    """Subscription-State: the state counts; reason and seconds may vary."""
    one, other = (_words(each.headers.get(name) or "") for each in (recorded, ours))
    yield from _text(may_vary=one == other)(name, recorded, ours, identities)


def _event(name: str, recorded: Message, ours: Message, _identities: Identities) -> Iterator[Difference]:
    one, other = (_words(each.headers.get(name) or "") for each in (recorded, ours))
    if one != other:
        yield False, _line(_title(name), recorded.headers.get(name) or "", ours.headers.get(name) or "")


def _words(value: str, *names: str) -> tuple[str, ...]:
    """What stands before the parameters, and those that count."""
    first, _, rest = value.partition(";")
    parameters = Parameters.parse(rest)
    return first.strip().lower(), *(parameters.get(name) or "" for name in names)


def _reason(name: str, recorded: Message, ours: Message, identities: Identities) -> Iterator[Difference]:
    """Protocol and cause of each value; texts do not count. One side may say more, but not something else."""
    one, other = ({_words(value, "cause") for value in each.headers.all(name)} for each in (recorded, ours))
    may_vary = not one or not other or bool(one & other)
    yield from _text(may_vary=may_vary)(name, recorded, ours, identities)


def _content_type(name: str, recorded: Message, ours: Message, _identities: Identities) -> Iterator[Difference]:
    if recorded.content_type != ours.content_type:
        yield not (recorded.body and ours.body), _line("Content-Type", recorded.content_type, ours.content_type)


_COMPARED: dict[str, Compare] = {
    "from": _party,
    "to": _party,
    "contact": _contact,
    "refer-to": _refer_to,
    "referred-by": _identity,
    "p-asserted-identity": _identity,
    "diversion": _identity,
    "replaces": _replaces,
    "target-dialog": _replaces,
    "require": _tags,
    "subscription-state": _state,
    "event": _event,
    "reason": _reason,
    "content-type": _content_type,
    "refer-sub": _text(may_vary=False),
    "privacy": _tags,
}
"""How fields are compared; all others may vary."""
