"""Two Q.931 messages compared element by element."""

from collections.abc import Iterator

from gateway.isdn.q931 import Identifier, Message
from gateway.model.errors import DecodeError
from gateway.regression import q931_fields
from gateway.regression.comparison import Compared, Verdict
from gateway.regression.message import Message as Told

_FIELDS = ("called", "calling", "connected", "cause", "facility", "notification")
"""What has to be the same, by the names of `q931_fields`."""
_OWN = frozenset((Identifier.CHANNEL_IDENTIFICATION,))
"""Elements of which each side has its own."""
_READ = frozenset(
    (
        Identifier.CALLED_PARTY_NUMBER,
        Identifier.CALLING_PARTY_NUMBER,
        Identifier.CONNECTED_NUMBER,
        Identifier.CAUSE,
        Identifier.FACILITY,
        Identifier.NOTIFICATION_INDICATOR,
    )
)


def compare(recorded: Told, ours: Told, one: Message, other: Message) -> Compared:
    """How a message of the gateway's compares with the recorded one that it stands for."""
    strict = [
        *_difference("message type", one.name, other.name),
        *(line for name in _FIELDS for line in _difference(name, _field(recorded, name), _field(ours, name))),
    ]
    loose = list(_elements(one, other))
    if strict:
        return Compared(Verdict.DIFFERENT, recorded, ours, (*strict, *loose))
    return Compared(Verdict.EQUIVALENT if loose else Verdict.SAME, recorded, ours, tuple(loose))


def _difference(name: str, recorded: str | None, ours: str | None) -> Iterator[str]:
    if recorded != ours:
        yield f"{name}: recorded {recorded or '-'}, ours {ours or '-'}"


def _field(told: Told, name: str) -> str | None:
    try:
        return q931_fields.field(told.octets, name)
    except DecodeError:
        return "?"


def _elements(recorded: Message, ours: Message) -> Iterator[str]:
    """Elements that may vary, and parts of the others that may (number types, locations, arguments)."""
    one, other = _contents(recorded), _contents(ours)
    for key in dict.fromkeys((*one, *other)):
        codeset, identifier = key
        if one.get(key) == other.get(key) or (not codeset and identifier in _OWN):
            continue
        name = _name(codeset, identifier)
        if not codeset and identifier in _READ and key in one and key in other:
            yield f"{name}: recorded {_hex(one[key])}, ours {_hex(other[key])}"
        elif codeset or identifier not in _READ:
            yield f"{name}: recorded {_hex(one.get(key))}, ours {_hex(other.get(key))}"


def _contents(message: Message) -> dict[tuple[int, int], list[bytes]]:
    found: dict[tuple[int, int], list[bytes]] = {}
    for element in message.elements:
        found.setdefault((element.codeset, element.identifier), []).append(element.contents)
    return found


def _name(codeset: int, identifier: int) -> str:
    known = {int(each): each.name.replace("_", " ").lower() for each in Identifier}
    name = known.get(identifier, f"element 0x{identifier:02x}") if not codeset else f"element 0x{identifier:02x}"
    return f"{name} (codeset {codeset})" if codeset else name


def _hex(contents: list[bytes] | None) -> str:
    return "-" if contents is None else ", ".join(each.hex() or "empty" for each in contents)
