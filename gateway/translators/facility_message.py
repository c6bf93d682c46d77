"""The Q.931 message around a component: call reference, message type, and the elements beside the Facility.

What a message holds beyond the event read from it is kept on that event, and stands in its old place again when
the event is written back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.isdn import facility, q931
from gateway.isdn.facility import Facility
from gateway.isdn.q931 import Identifier, InformationElement, MessageType
from gateway.model.errors import DecodeError
from gateway.model.legs import SignallingProtocol
from gateway.model.transfer import Kept
from gateway.translators import call_elements
from gateway.translators.dialect import Context, Message

PRIMARY, SECONDARY = "primary", "secondary"
_MESSAGE, _ELEMENT = "message", "element"


@dataclass(frozen=True, slots=True)
class Draft:
    """A message before it has a call reference: `facility` and `elements` are what the dialect says itself,
    `kept` what the event brought along.
    """

    message_type: MessageType | int = MessageType.FACILITY
    leg: str = PRIMARY
    facility: Facility | None = None
    elements: tuple[InformationElement, ...] = ()
    kept: tuple[Kept, ...] = ()


def encode(draft: Draft, dialect: str, context: Context) -> Message:
    """The message on the call of its leg. Raises LocalProtocolError when something does not fit the wire."""
    made = message(draft, dialect, context)
    return Message(SignallingProtocol.ISDN, made.name, q931.encode(made), draft.leg)


def message(draft: Draft, dialect: str, context: Context) -> q931.Message:
    """The same, not yet as octets."""
    call = context.isdn if draft.leg == PRIMARY else context.isdn_secondary
    own = (*draft.elements, *(facility.elements(draft.facility) if draft.facility else ()))
    elements = _merged(_kept_elements(draft.kept, dialect), own) if draft.kept or len(own) > 1 else own
    return q931.Message(draft.message_type, call.call_reference, not call.originated, elements, call.octets)


def is_bare(message: q931.Message) -> bool:
    """Whether it has nothing but Facility elements."""
    return all(map(_is_facility, message.elements))


def surroundings(
    message: q931.Message, usual: MessageType, own: Sequence[InformationElement], dialect: str
) -> tuple[Kept, ...]:
    """The message's type, unless it is the `usual` one, and its elements beside the Facility ones, as Kept.

    `own` are the elements that the event puts there by itself; they are kept only where their place matters.
    """
    kind = () if message.message_type == usual else (Kept(dialect, _MESSAGE, message.name),)
    beside = [element for element in message.elements if not _is_facility(element)]
    others = [element for element in beside if element not in own]
    needed = others if _merged([*others], own) == tuple(beside) else beside
    return (*kind, *(Kept(dialect, _ELEMENT, _as_text(element)) for element in needed))


def value(kept: Iterable[Kept], dialect: str, what: str) -> str | None:
    """What the event keeps under this name for `dialect`, or None."""
    return next((item.value for item in kept if item.dialect == dialect and item.what == what), None)


def octets(kept: Iterable[Kept], dialect: str, what: str) -> bytes | None:
    """The same as octets. Raises DecodeError when it is no hex."""
    text = value(kept, dialect, what)
    return None if text is None else _octets(text)


def is_notify(kept: Iterable[Kept], dialect: str) -> bool:
    """Whether the event was read from a NOTIFY of `dialect`."""
    return value(kept, dialect, _MESSAGE) == MessageType.NOTIFY.name


def _octets(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise DecodeError(f"no hex: {text!r}") from None


def message_type(usual: MessageType, kept: Iterable[Kept], dialect: str) -> MessageType | int:
    """The type of the message that the event was read from, or the `usual` one. Raises DecodeError for no type."""
    name = value(kept, dialect, _MESSAGE)
    if name is None:
        return usual
    if name.startswith("0x"):
        return int.from_bytes(_octets(name[2:].zfill(4)))
    try:
        return MessageType[name.replace(" ", "_")]
    except KeyError:
        raise DecodeError(f"no Q.931 message {name!r}") from None


def _is_facility(element: InformationElement) -> bool:
    return element.identifier == Identifier.FACILITY and element.codeset == 0


def _as_text(element: InformationElement) -> str:
    """Codeset, identifier and contents, the last two in hex."""
    return f"{element.codeset} {element.identifier:02x} {element.contents.hex()}".rstrip()


def _kept_elements(kept: Iterable[Kept], dialect: str) -> list[InformationElement]:
    texts = (item.value.split(" ") for item in kept if item.dialect == dialect and item.what == _ELEMENT)
    return [InformationElement(_octets(i)[0], _octets("".join(c)), int(codeset)) for codeset, i, *c in texts]


def _merged(kept: list[InformationElement], own: Sequence[InformationElement]) -> tuple[InformationElement, ...]:
    """`own` elements among the `kept` ones: in the place of one that says something else, or in order."""
    for element in own:
        place = next((i for i, old in enumerate(kept) if _same_kind(old, element)), None)
        if place is None or _is_facility(element):
            kept.insert(_place(kept, element), element)
        elif not call_elements.equal(kept[place], element):
            kept[place] = element
    return tuple(kept)


def _same_kind(one: InformationElement, other: InformationElement) -> bool:
    return (one.identifier, one.codeset) == (other.identifier, other.codeset)


def _place(kept: Sequence[InformationElement], element: InformationElement) -> int:
    """Q.931 4.5.1 wants ascending identifiers within a codeset; single octet elements stand anywhere."""
    lower = (i for i, old in enumerate(kept) if old.codeset == 0 and old.identifier <= element.identifier)
    return max(lower, default=-1) + 1
