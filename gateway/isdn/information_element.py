"""The information element of Q.931 4.5: identifier, contents, codeset; and the identifiers of codeset 0."""

from dataclasses import dataclass
from enum import IntEnum


@dataclass(frozen=True, slots=True)
class InformationElement:
    """One element. `identifier` is its first octet; from 0x80 up the element is that octet alone.

    `contents` are the octets after the length (at most 255), `codeset` is 0 to 7.
    """

    identifier: int
    contents: bytes = b""
    codeset: int = 0


class Identifier(IntEnum):
    """Identifiers in codeset 0 (Q.931 table 4-3, Q.932 table 8-1, Q.951)."""

    SEGMENTED_MESSAGE = 0x00
    BEARER_CAPABILITY = 0x04
    CAUSE = 0x08
    CALL_IDENTITY = 0x10
    CALL_STATE = 0x14
    CHANNEL_IDENTIFICATION = 0x18
    FACILITY = 0x1C
    PROGRESS_INDICATOR = 0x1E
    NETWORK_SPECIFIC_FACILITIES = 0x20
    NOTIFICATION_INDICATOR = 0x27
    DISPLAY = 0x28
    DATE_TIME = 0x29
    KEYPAD_FACILITY = 0x2C
    SIGNAL = 0x34
    CONNECTED_NUMBER = 0x4C
    CONNECTED_SUBADDRESS = 0x4D
    CALLING_PARTY_NUMBER = 0x6C
    CALLING_PARTY_SUBADDRESS = 0x6D
    CALLED_PARTY_NUMBER = 0x70
    CALLED_PARTY_SUBADDRESS = 0x71
    REDIRECTING_NUMBER = 0x74
    REDIRECTION_NUMBER = 0x76
    TRANSIT_NETWORK_SELECTION = 0x78
    RESTART_INDICATOR = 0x79
    LOW_LAYER_COMPATIBILITY = 0x7C
    HIGH_LAYER_COMPATIBILITY = 0x7D
    USER_USER = 0x7E
    ESCAPE = 0x7F
    MORE_DATA = 0xA0
    SENDING_COMPLETE = 0xA1
