"""What a caller on the ISDN hears of a call at work, and what ALERTING and PROGRESS say (RFC 4497 §8.2, §8.3).

A caller is told of progress once and of ringing once; in-band tones are promised only where they are known to be.
"""

from enum import IntEnum, StrEnum

from gateway.isdn import elements as codec
from gateway.isdn.elements import ProgressIndicator
from gateway.isdn.q931 import Identifier, InformationElement, Message
from gateway.model.causes import Location
from gateway.model.errors import DecodeError


class Description(IntEnum):
    """Progress descriptions (Q.931 4.5.23)."""

    NOT_END_TO_END_ISDN = 1
    DESTINATION_NOT_ISDN = 2
    ORIGINATION_NOT_ISDN = 3
    RETURNED_TO_ISDN = 4
    INTERWORKING = 5
    IN_BAND = 8


class Told(StrEnum):
    """What the caller has been told."""

    NOTHING = "nothing"
    PROGRESS = "progress"
    ALERTING = "alerting"


class Said(StrEnum):
    """A provisional response, by what it means to the ISDN."""

    TRYING = "100"
    RINGING = "180"
    OTHER = "181, 182, 183 and others"


class Tell(StrEnum):
    """The message that it becomes."""

    NOTHING = "no message"
    ALERTING = "ALERTING"
    PROGRESS = "PROGRESS with progress description 1"


TABLE: dict[tuple[Told, Said], tuple[Tell, Told]] = {
    (Told.NOTHING, Said.TRYING): (Tell.NOTHING, Told.NOTHING),
    (Told.NOTHING, Said.RINGING): (Tell.ALERTING, Told.ALERTING),
    (Told.NOTHING, Said.OTHER): (Tell.PROGRESS, Told.PROGRESS),
    (Told.PROGRESS, Said.TRYING): (Tell.NOTHING, Told.PROGRESS),
    (Told.PROGRESS, Said.RINGING): (Tell.ALERTING, Told.ALERTING),
    (Told.PROGRESS, Said.OTHER): (Tell.NOTHING, Told.PROGRESS),
    (Told.ALERTING, Said.TRYING): (Tell.NOTHING, Told.ALERTING),
    (Told.ALERTING, Said.RINGING): (Tell.NOTHING, Told.ALERTING),
    (Told.ALERTING, Said.OTHER): (Tell.NOTHING, Told.ALERTING),
}
"""RFC 4497 §8.2.1.2, §8.2.1.3."""

_MEDIA = frozenset((Description.NOT_END_TO_END_ISDN, Description.IN_BAND))


def said(status: int) -> Said:
    """What a provisional status means."""
    if status == 180:
        return Said.RINGING
    return Said.TRYING if status == 100 else Said.OTHER


def indicator(description: Description, location: Location) -> InformationElement:
    """Progress indicator."""
    contents = codec.encode_progress(ProgressIndicator(description, location))
    return InformationElement(Identifier.PROGRESS_INDICATOR, contents)


def has_media(message: Message) -> bool:
    """Whether its progress indicators say that something can be heard (RFC 4497 §8.3.5)."""
    return not _MEDIA.isdisjoint(descriptions(message))


def descriptions(message: Message) -> frozenset[int]:
    """All progress descriptions of a message."""
    found = set()
    for element in message.elements:
        if element.identifier == Identifier.PROGRESS_INDICATOR and not element.codeset:
            try:
                found.add(codec.decode_progress(element.contents).description)
            except DecodeError:
                continue
    return frozenset(found)
