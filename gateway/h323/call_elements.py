"""The information elements of Q.931 that H.225.0 messages carry: which they are, and what stands in them.

Functions take or give the contents of an element: the octets after identifier and length.
"""

from enum import IntEnum

from gateway.h323.h225 import CallSignal
from gateway.model.causes import Cause, Location

_EXTENSION = 0x80


class Element(IntEnum):
    """Identifiers (Q.931 4.5), in the order in which they stand in a message."""

    BEARER_CAPABILITY = 0x04
    CAUSE = 0x08
    CALL_STATE = 0x14
    FACILITY = 0x1C
    PROGRESS_INDICATOR = 0x1E
    NOTIFICATION_INDICATOR = 0x27
    DISPLAY = 0x28
    KEYPAD_FACILITY = 0x2C
    CONNECTED_NUMBER = 0x4C
    CALLING_PARTY_NUMBER = 0x6C
    CALLED_PARTY_NUMBER = 0x70
    REDIRECTING_NUMBER = 0x74
    SENDING_COMPLETE = 0xA1


AUDIO_3K1 = bytes.fromhex("9090a3")
"""Bearer capability: 3.1 kHz audio, 64 kbit/s, A-law (4.5.5)."""

MOST_DISPLAY = 80
"""Octets of Display (4.5.16)."""


def encode_cause(cause: Cause) -> bytes:
    """Cause (4.5.12); without a location it is the user's."""
    return bytes((_EXTENSION | (cause.location or Location.USER), _EXTENSION | cause.value)) + cause.diagnostics


def cause_of(message: CallSignal) -> Cause | None:
    """The cause that the message gives; None without one, and for one that is cut off."""
    contents = message.information_element(Element.CAUSE) or b""
    at = 1 if contents[:1] > b"\x7f" else 2  # octet 3a names the recommendation
    if len(contents) <= at:
        return None
    return Cause(contents[at] & 0x7F, Location(contents[0] & 0x0F), contents[at + 1 :])


def encode_progress(description: int, location: Location = Location.USER) -> bytes:
    """Progress indicator (4.5.23)."""
    return bytes((_EXTENSION | location, _EXTENSION | description))


def progress_of(message: CallSignal) -> tuple[int, ...]:
    """The progress descriptions of the message, in order; 8 is in-band information."""
    found = message.information_elements
    return tuple(c[1] & 0x7F for name, c in found if name == Element.PROGRESS_INDICATOR and len(c) > 1)


def encode_notification(description: int) -> bytes:
    """Notification indicator (4.5.22)."""
    return bytes((_EXTENSION | description,))


def notification_of(message: CallSignal) -> int | None:
    """The notification description of the message; None without one."""
    contents = message.information_element(Element.NOTIFICATION_INDICATOR)
    return contents[0] & 0x7F if contents else None


def encode_display(text: str) -> bytes:
    """Display, as long as it may be; what is no Latin-1 becomes a question mark."""
    return text.encode("latin-1", "replace")[:MOST_DISPLAY]


def display_of(message: CallSignal) -> str:
    """The text to be displayed, without what controls it (Q.931 4.5.16); "" without one.

    UTF-8 is taken for that where it can be: newer peers write it.
    """
    contents = message.information_element(Element.DISPLAY) or b""
    octets = contents[1:] if contents[:1] > b"\x7f" and contents[:1] < b"\xc0" else contents
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        text = octets.decode("latin-1")
    return "".join(character for character in text if character.isprintable())


def keypad_of(message: CallSignal) -> str:
    """The digits of Keypad facility (4.5.18), "" without them."""
    contents = message.information_element(Element.KEYPAD_FACILITY) or b""
    return contents.decode("latin-1")


def call_state_of(message: CallSignal) -> int | None:
    """The call state of a STATUS (4.5.7), None without one."""
    contents = message.information_element(Element.CALL_STATE)
    return contents[0] & 0x3F if contents else None
