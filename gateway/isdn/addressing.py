"""Parties of the model as the values of Q.932's addressing types and QSIG's Name, and back.

Values are asn1tools': a CHOICE is a pair (name, value), a SEQUENCE a dict.
"""

import re
from dataclasses import replace
from typing import Any

from gateway.model.errors import DecodeError, LocalProtocolError
from gateway.model.parties import (
    Number,
    NumberingPlan,
    Party,
    Presentation,
    Screening,
    Subaddress,
    TypeOfNumber,
)

Value = Any
"""An asn1tools value."""

_PUBLIC_TYPES = {
    TypeOfNumber.UNKNOWN: "unknown",
    TypeOfNumber.INTERNATIONAL: "internationalNumber",
    TypeOfNumber.NATIONAL: "nationalNumber",
    TypeOfNumber.NETWORK_SPECIFIC: "networkSpecificNumber",
    TypeOfNumber.SUBSCRIBER: "subscriberNumber",
    TypeOfNumber.ABBREVIATED: "abbreviatedNumber",
}
_PRIVATE_TYPES = {
    TypeOfNumber.UNKNOWN: "unknown",
    TypeOfNumber.INTERNATIONAL: "level2RegionalNumber",
    TypeOfNumber.NATIONAL: "level1RegionalNumber",
    TypeOfNumber.NETWORK_SPECIFIC: "pTNSpecificNumber",
    TypeOfNumber.SUBSCRIBER: "localNumber",
    TypeOfNumber.ABBREVIATED: "abbreviatedNumber",
}
_PUBLIC_NAMES = {name: kind for kind, name in _PUBLIC_TYPES.items()}
_PRIVATE_NAMES = {name: kind for kind, name in _PRIVATE_TYPES.items()}

_DIGITS_ONLY = {
    NumberingPlan.DATA: "dataPartyNumber",
    NumberingPlan.TELEX: "telexPartyNumber",
    NumberingPlan.NATIONAL: "nationalStandardPartyNumber",
}
_PLANS = {name: plan for plan, name in _DIGITS_ONLY.items()}

_SCREENING = {
    Screening.USER_NOT_SCREENED: "userProvidedNotScreened",
    Screening.USER_VERIFIED_PASSED: "userProvidedVerifiedAndPassed",
    Screening.USER_VERIFIED_FAILED: "userProvidedVerifiedAndFailed",
    Screening.NETWORK_PROVIDED: "networkProvided",
}
_SCREENING_NAMES = {name: screening for screening, name in _SCREENING.items()}

_WITHHELD: dict[str, Presentation] = {
    "presentationRestricted": Presentation.RESTRICTED,
    "numberNotAvailableDueToInterworking": Presentation.NOT_AVAILABLE,
}
_WITHHELD_NAMES = {presentation: name for name, presentation in _WITHHELD.items()}
_ALLOWED, _RESTRICTED = "presentationAllowed", "presentationRestricted"


def party_number(number: Number) -> Value:
    """PartyNumber of `number`. A number of unknown plan with a known type counts as public (E.164).

    Raises LocalProtocolError for a number with * or #, which a NumericString has not.
    """
    kind, digits = number.type_of_number, number.digits
    if digits.strip("0123456789"):
        raise LocalProtocolError(f"a PartyNumber has digits only, and this number is {digits}")
    if number.plan in _DIGITS_ONLY:
        return _DIGITS_ONLY[number.plan], digits
    if number.plan is NumberingPlan.PRIVATE:
        return "privatePartyNumber", {"privateTypeOfNumber": _PRIVATE_TYPES[kind], "privateNumberDigits": digits}
    if number.plan is NumberingPlan.UNKNOWN and kind is TypeOfNumber.UNKNOWN:
        return "unknownPartyNumber", digits
    return "publicPartyNumber", {"publicTypeOfNumber": _PUBLIC_TYPES[kind], "publicNumberDigits": digits}


def number_of(value: Value) -> Number:
    """The number in a PartyNumber. Raises DecodeError for one without digits, such as an NSAP."""
    choice, inner = value
    if choice == "publicPartyNumber":
        kind = _PUBLIC_NAMES[inner["publicTypeOfNumber"]]
        return Number(_digits(inner["publicNumberDigits"]), kind, NumberingPlan.E164)
    if choice == "privatePartyNumber":
        kind = _PRIVATE_NAMES[inner["privateTypeOfNumber"]]
        return Number(_digits(inner["privateNumberDigits"]), kind, NumberingPlan.PRIVATE)
    if choice == "nsapEncodedNumber":
        raise DecodeError("an NSAP encoded number has no digits")
    return Number(_digits(inner), plan=_PLANS.get(choice, NumberingPlan.UNKNOWN))


def _digits(text: str) -> str:
    """NumericString allows spaces; PBXs are known to put * and # there too."""
    digits = text.replace(" ", "")
    if not digits or digits.strip("0123456789*#"):
        raise DecodeError(f"no digits of a number: {text!r}")
    return digits


def party_subaddress(subaddress: Subaddress) -> Value:
    """PartySubaddress of `subaddress`."""
    if subaddress.nsap:
        return "nSAPSubaddress", subaddress.octets
    value: dict[str, Any] = {"subaddressInformation": subaddress.octets}
    if subaddress.odd is not None:
        value["oddCountIndicator"] = subaddress.odd
    return "userSpecifiedSubaddress", value


def subaddress_of(value: Value) -> Subaddress:
    """The subaddress in a PartySubaddress."""
    choice, inner = value
    if choice == "nSAPSubaddress":
        return Subaddress(inner, nsap=True)
    return Subaddress(inner["subaddressInformation"], odd=inner.get("oddCountIndicator"))


def address(party: Party) -> Value:
    """Address (number, perhaps a subaddress) of `party`. Raises LocalProtocolError when it has no number."""
    if party.number is None:
        raise LocalProtocolError("party without a number")
    value = {"partyNumber": party_number(party.number)}
    if party.subaddress is not None:
        value["partySubaddress"] = party_subaddress(party.subaddress)
    return value


def party_of_address(value: Value) -> Party:
    """The party in an Address."""
    inner = value.get("partySubaddress")
    return Party(number_of(value["partyNumber"]), subaddress=None if inner is None else subaddress_of(inner))


def presented_address_screened(party: Party) -> Value:
    """PresentedAddressScreened of `party`: number with screening, and the subaddress."""
    return _presented(party, "Address", with_subaddress=True)


def presented_number_screened(party: Party) -> Value:
    """PresentedNumberScreened of `party`: number with screening."""
    return _presented(party, "Number", with_subaddress=False)


def presented_number_unscreened(party: Party) -> Value:
    """PresentedNumberUnscreened of `party`: the bare number."""
    if party.number is None:
        return _withheld(party)
    return _mark(party) + "Number", party_number(party.number)


def _presented(party: Party, what: str, *, with_subaddress: bool) -> Value:
    if party.number is None:
        return _withheld(party)
    value: dict[str, Any] = {
        "partyNumber": party_number(party.number),
        "screeningIndicator": _SCREENING[party.screening or Screening.USER_NOT_SCREENED],
    }
    if with_subaddress and party.subaddress is not None:
        value["partySubaddress"] = party_subaddress(party.subaddress)
    return _mark(party) + what, value


def _withheld(party: Party) -> Value:
    """A party without number is restricted when it says so, else not available (ISO/IEC 11582)."""
    restricted = party.presentation is Presentation.RESTRICTED
    return _WITHHELD_NAMES[Presentation.RESTRICTED if restricted else Presentation.NOT_AVAILABLE], None


def _mark(party: Party) -> str:
    return _RESTRICTED if party.presentation is Presentation.RESTRICTED else _ALLOWED


def party_of_presented(value: Value) -> Party:
    """The party in any of the Presented… types: number, presentation, screening, subaddress."""
    choice, inner = value
    if choice in _WITHHELD:
        return Party(presentation=_WITHHELD[choice])
    presentation = Presentation.RESTRICTED if choice.startswith(_RESTRICTED) else Presentation.ALLOWED
    if not isinstance(inner, dict):
        return Party(number_of(inner), presentation)
    screening = inner.get("screeningIndicator")
    found = inner.get("partySubaddress")
    return Party(
        number_of(inner["partyNumber"]),
        presentation,
        None if screening is None else _SCREENING_NAMES[screening],
        subaddress=None if found is None else subaddress_of(found),
    )


_CHARACTER_SETS = {1: "iso8859-1", 3: "iso8859-2", 4: "iso8859-3", 5: "iso8859-4", 6: "iso8859-5", 7: "iso8859-7"}
_CHARACTER_SETS |= {8: "utf-16-be", 9: "utf-8"}
_UTF_8 = 9
_NO_UTF_8 = re.compile("[\udc80-\udcff]")
_NO_CHARACTER = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def name(party: Party) -> Value | None:
    """QSIG Name of `party`, at most 50 octets of it, without control characters; None when nothing is known of it.

    What ISO 8859-1 cannot say goes as a NameSet in UTF-8 (ISO/IEC 13868, character set 9 of its later edition).
    """
    restricted = party.name_presentation is Presentation.RESTRICTED
    text = _characters(party.name)
    if not text:
        return _no_name(party.name_presentation)
    choice = "namePresentationRestricted" if restricted else "namePresentationAllowed"
    try:
        return choice, (choice + "Simple", text.encode("iso8859-1")[:50])
    except UnicodeEncodeError:
        octets = text.encode()[:50].decode(errors="ignore").encode()
        return choice, (choice + "Extended", {"nameData": octets, "characterSet": _UTF_8})


def _characters(name: str) -> str:
    """The characters of a name. Octets of SIP that are no UTF-8 (escaped as surrogates) are taken for ISO 8859-1."""
    latin = _NO_UTF_8.sub(lambda escaped: chr(ord(escaped[0]) - 0xDC00), name)
    return _NO_CHARACTER.sub("", latin)


def _no_name(presentation: Presentation | None) -> Value | None:
    if presentation is Presentation.RESTRICTED:
        return "namePresentationRestricted", ("namePresentationRestrictedNull", None)
    return None if presentation is None else ("nameNotAvailable", None)


def with_name(party: Party, value: Value | None) -> Party:
    """`party` with the name and its presentation taken from a QSIG Name, or unchanged for None."""
    if value is None:
        return party
    text, presentation = _name_text(value)
    return replace(party, name=text, name_presentation=presentation)


def _name_text(value: Value) -> tuple[str, Presentation]:
    choice, inner = value
    if choice == "nameNotAvailable":
        return "", Presentation.NOT_AVAILABLE
    presentation = Presentation.RESTRICTED if choice == "namePresentationRestricted" else Presentation.ALLOWED
    kind, data = inner
    if kind == "namePresentationRestrictedNull":
        return "", presentation
    if kind.endswith("Simple"):
        return data.decode("iso8859-1"), presentation
    charset = _CHARACTER_SETS.get(data.get("characterSet", 1), "iso8859-1")
    return data["nameData"].decode(charset, errors="replace"), presentation
