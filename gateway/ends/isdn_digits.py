"""Digits that are dialled while a call is up: Keypad facility in INFORMATION (Q.932 6.1) and INFO of SIP.

In SIP there are two bodies for it, and neither is of the IETF: application/dtmf-relay, which names a signal and how
long it lasts, and application/dtmf, which is the digit itself.
"""

import re

from gateway.isdn import elements as codec
from gateway.isdn.q931 import Identifier, InformationElement, Message
from gateway.model.call import Information
from gateway.model.errors import DecodeError

RELAY = "application/dtmf-relay"
_PLAIN = "application/dtmf"
_DIGITS = "0123456789*#ABCD"
_SIGNAL = re.compile(rb"^\s*Signal\s*=\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_NUMBERED = {"10": "*", "11": "#", "12": "A", "13": "B", "14": "C", "15": "D"}
"""Events of RFC 4733 by number, as some phones say them."""
_MILLISECONDS = 160


def dialled(information: Information) -> str:
    """The digit that an INFO dials; "" when it is about something else."""
    kind = information.content_type.partition(";")[0].strip().lower()
    if kind not in (RELAY, _PLAIN):
        return ""
    found = _SIGNAL.search(information.body)
    if found is None and kind == RELAY:
        return ""
    text = (found[1] if found else information.body.strip()).decode("ascii", "replace").upper()
    digit = _NUMBERED.get(text, text)
    return digit if len(digit) == 1 and digit in _DIGITS else ""


def keypad(digit: str) -> InformationElement:
    """Keypad facility."""
    return InformationElement(Identifier.KEYPAD_FACILITY, codec.encode_keypad(digit))


def relayed(message: Message) -> tuple[Information, ...]:
    """The digits of a Keypad facility, an INFO for each."""
    contents = message.contents(Identifier.KEYPAD_FACILITY)
    if not contents:
        return ()
    try:
        text = codec.decode_keypad(contents)
    except DecodeError:
        return ()
    return relays(text)


def relays(digits: str) -> tuple[Information, ...]:
    """An INFO for each digit; what is none is left out."""
    bodies = (f"Signal={digit}\r\nDuration={_MILLISECONDS}\r\n" for digit in digits.upper() if digit in _DIGITS)
    return tuple(Information("INFO", RELAY, body.encode()) for body in bodies)
