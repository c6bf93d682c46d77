"""The parties of call signalling messages: number elements and aliases, read as one and written as both."""

from dataclasses import replace
from typing import Any

from gateway.h323 import addressing
from gateway.h323.addressing import PRESENTATIONS, SCREENINGS
from gateway.h323.call_elements import Element, display_of
from gateway.h323.h225 import CallSignal
from gateway.h323.h450 import AliasValue
from gateway.model import number_elements
from gateway.model.errors import DecodeError
from gateway.model.number_elements import Redirecting
from gateway.model.parties import Number, Party, Presentation, Screening

Elements = tuple[tuple[int, bytes], ...]
_DIGITS = frozenset("0123456789#*")

_PRESENTATION_NAMES = {value: name for name, value in PRESENTATIONS.items()}
_SCREENING_NAMES = {value: name for name, value in SCREENINGS.items()}


def calling(message: CallSignal) -> Party:
    """Who calls, of a SETUP: Calling party number, sourceAddress, Display. The element's number goes before that of
    the aliases, as it says type, plan and presentation.
    """
    return _party(message, Element.CALLING_PARTY_NUMBER, message.uuie.get("sourceAddress", ()))


def called(message: CallSignal) -> Party:
    """Who is called, of a SETUP: Called party number, destinationAddress."""
    aliases = tuple(map(addressing.alias, message.uuie.get("destinationAddress", ())))
    party = addressing.party(aliases)
    contents = message.information_element(Element.CALLED_PARTY_NUMBER)
    try:
        number = number_elements.decode_called(contents) if contents else None
    except DecodeError:
        number = None
    return replace(party, number=number) if number and number.digits else party


def connected(message: CallSignal) -> Party:
    """Who has answered or is alerted, or of a NOTIFY who it is now: Connected number, connectedAddress or
    alertingAddress, Display. A party without anything when the message does not say.
    """
    uuie = message.uuie
    return _party(message, Element.CONNECTED_NUMBER, uuie.get("connectedAddress", uuie.get("alertingAddress", ())))


def redirecting(message: CallSignal) -> Redirecting | None:
    """Who has redirected the call last, and why; None without a Redirecting number that can be read."""
    contents = message.information_element(Element.REDIRECTING_NUMBER)
    try:
        return number_elements.decode_redirecting(contents) if contents else None
    except DecodeError:
        return None


def calling_elements(party: Party) -> Elements:
    """Calling party number, where there is something to say."""
    return _number_element(Element.CALLING_PARTY_NUMBER, party)


def connected_elements(party: Party) -> Elements:
    """Connected number, where there is something to say."""
    return _number_element(Element.CONNECTED_NUMBER, party)


def called_elements(party: Party) -> Elements:
    """Called party number, when there is one."""
    number = _plain(party.number)
    return ((Element.CALLED_PARTY_NUMBER, number_elements.encode_called(number)),) if number else ()


def redirecting_elements(party: Party | None, reason: str) -> Elements:
    """Redirecting number."""
    if party is None:
        return ()
    shown = replace(party, number=_plain(party.number))
    return ((Element.REDIRECTING_NUMBER, number_elements.encode_redirecting(Redirecting(shown, reason))),)


def alias_values(party: Party) -> list[AliasValue]:
    """The aliases of `party` for a message. Raises LocalProtocolError for one that H.225.0 cannot write."""
    return [addressing.alias_value(item) for item in addressing.aliases_of(party)]


def indicators(party: Party) -> dict[str, Any]:
    """The presentationIndicator and screeningIndicator of a UUIE, where they are said."""
    fields: dict[str, Any] = {}
    if party.presentation is not None:
        fields["presentationIndicator"] = (_PRESENTATION_NAMES[party.presentation], None)
    if party.screening is not None:
        fields["screeningIndicator"] = _SCREENING_NAMES[party.screening]
    return fields


def _party(message: CallSignal, identifier: Element, values: Any) -> Party:
    party = addressing.party(tuple(map(addressing.alias, values)), name=display_of(message))
    said = _from_element(message.information_element(identifier))
    presentation, screening = _indicated(message)
    return replace(
        party,
        number=said.number or party.number,
        presentation=said.presentation if presentation is None else presentation,
        screening=said.screening if screening is None else screening,
    )


def _from_element(contents: bytes | None) -> Party:
    """A number element; one that cannot be read says nothing, for the aliases are there too."""
    try:
        return number_elements.decode_party(contents) if contents else Party()
    except DecodeError:
        return Party()


def _indicated(message: CallSignal) -> tuple[Presentation | None, Screening | None]:
    presentation = message.uuie.get("presentationIndicator")
    screening = message.uuie.get("screeningIndicator")
    return (
        PRESENTATIONS.get(presentation[0]) if presentation else None,
        SCREENINGS.get(screening) if screening else None,
    )


def _number_element(identifier: Element, party: Party) -> Elements:
    number = _plain(party.number)
    if number is None and party.presentation is None:
        return ()
    return ((identifier, number_elements.encode_party(replace(party, number=number))),)


def _plain(number: Number | None) -> Number | None:
    """A number that an element can carry; aliases may have letters and commas in it."""
    return number if number and number.digits and _DIGITS.issuperset(number.digits) else None
