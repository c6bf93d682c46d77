"""Parties and their addresses, in a form that SIP, ISDN and H.323 can each express a part of."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class TypeOfNumber(IntEnum):
    """Q.931 4.5.10 type of number. With plan PRIVATE the same codes are levels (ISO 11572):
    1 level-2 regional, 2 level-1 regional, 3 PISN specific, 4 local (level 0), 6 abbreviated.
    """

    UNKNOWN = 0
    INTERNATIONAL = 1
    NATIONAL = 2
    NETWORK_SPECIFIC = 3
    SUBSCRIBER = 4
    ABBREVIATED = 6


class NumberingPlan(IntEnum):
    """Q.931 4.5.10 numbering plan identification."""

    UNKNOWN = 0
    E164 = 1
    DATA = 3
    TELEX = 4
    NATIONAL = 8
    PRIVATE = 9


class Presentation(IntEnum):
    """Q.931 4.5.10 presentation indicator."""

    ALLOWED = 0
    RESTRICTED = 1
    NOT_AVAILABLE = 2


class Screening(IntEnum):
    """Q.931 4.5.10 screening indicator."""

    USER_NOT_SCREENED = 0
    USER_VERIFIED_PASSED = 1
    USER_VERIFIED_FAILED = 2
    NETWORK_PROVIDED = 3


@dataclass(frozen=True, slots=True)
class Number:
    """A directory number: digits (0-9 * #, never a plus sign) with type and plan."""

    digits: str
    type_of_number: TypeOfNumber = TypeOfNumber.UNKNOWN
    plan: NumberingPlan = NumberingPlan.UNKNOWN


@dataclass(frozen=True, slots=True)
class Subaddress:
    """A party subaddress (Q.931 4.5.9): `nsap` (type 0) or user specified, with its odd/even digit mark."""

    octets: bytes
    nsap: bool = False
    odd: bool | None = None


class AliasKind(StrEnum):
    """The alternatives of H.225.0 AliasAddress that carry an identity or an address."""

    DIALLED_DIGITS = "dialledDigits"
    H323_ID = "h323-ID"
    URL_ID = "url-ID"
    TRANSPORT_ID = "transportID"
    EMAIL_ID = "email-ID"
    PARTY_NUMBER = "partyNumber"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Alias:
    """One H.225.0 AliasAddress. `value` is its text (`host:port` for a transportID, digits for a
    partyNumber, hex of the encoding for OTHER); `number` is set for partyNumber only.
    """

    kind: AliasKind
    value: str
    number: Number | None = None


@dataclass(frozen=True, slots=True)
class Party:
    """Who a party is. Each protocol fills the fields it speaks; the address map fills the others.

    `uri` is the SIP or tel URI exactly as received (no angle brackets, header part included where it had one);
    `name` the display or party name; `number` without presentation means it was not said.
    A party whose number is withheld has `number=None` and a `presentation`.
    """

    number: Number | None = None
    presentation: Presentation | None = None
    screening: Screening | None = None
    name: str = ""
    name_presentation: Presentation | None = None
    subaddress: Subaddress | None = None
    uri: str = ""
    aliases: tuple[Alias, ...] = ()
