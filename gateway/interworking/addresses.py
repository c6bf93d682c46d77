"""Any number, URI or alias in any other form, as the command `number` shows it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gateway.interworking.address_map import AddressMap, address_map
from gateway.interworking.number_plan import international
from gateway.interworking.telephone_uri import SCHEME, digits_of, parse, sip_of_h323
from gateway.model.document import as_document
from gateway.model.errors import DecodeError, GatewayError
from gateway.model.parties import Alias, AliasKind, Number, Party
from gateway.sip.address import Address as NameAddr
from gateway.translators.teams_addresses import is_teams, teams_from_number

# As long as an h323-ID may be, and nothing that looks like a number, a name-addr or a URI of another scheme.
_ALIAS = re.compile(r"(?!\+|[a-z][a-z0-9+.-]*:\S)[^<>]{1,256}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """One address in the form asked for: `value` is its text, the other fields what is known behind it."""

    form: str
    value: str
    number: Number | None = None
    uri: str = ""
    aliases: tuple[Alias, ...] = ()

    def document(self) -> dict[str, Any]:
        """For JSON: unknown parts are left out."""
        document: dict[str, Any] = as_document(self)
        return {name: value for name, value in document.items() if name != "type"}


def convert(
    value: str, to: str, country: str | None = None, plan: str = "default", domain: str = "gateway.invalid"
) -> Address:
    """`value` (a number, a tel, sip, h323 or Teams URI, an H.323 alias) in the form `to` (FORMS).

    `country` says how numbers without plus sign are dialled, `plan` is a number plan of `mappings/numbers/`.
    Raises GatewayError with one line when `value` is none of these or has no such form.
    """
    if to not in FORMS:
        raise GatewayError(f"no form {to!r}; known: {', '.join(FORMS)}")
    addresses = address_map(plan, country, domain)
    return FORMS[to](addresses, _resolved(addresses, addresses.complete(read(value))))


def read(value: str) -> Party:
    """What a person typed, as a party. Raises GatewayError for text that is no address."""
    text = value.strip()
    uri = NameAddr.parse(text).uri if "<" in text else text
    if SCHEME.match(uri):
        parse(uri)
        return Party(uri=uri)
    if digits := digits_of(_without_trunk_prefix(text)):
        return Party(number=international(digits[1:]) if digits.startswith("+") else Number(digits))
    if not _ALIAS.fullmatch(text) or not text.isprintable():
        raise DecodeError(f"no number, URI or alias: {value[:80]!r}")
    return Party(aliases=(Alias(AliasKind.H323_ID, text),))


def _without_trunk_prefix(text: str) -> str:
    """The zero of +49 (0)30 1234 is no digit of the number, though that of +39 (0)6 1234 is one."""
    if not (text.startswith("+") and "(0)" in text):
        return text
    import phonenumbers

    try:
        parsed = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return text
    return f"+{parsed.country_code}{phonenumbers.national_significant_number(parsed)}"


def _resolved(addresses: AddressMap, party: Party) -> Party:
    """`party` with its number as the plan knows it. Raises DecodeError for a number that is too long."""
    if party.number is None:
        return party
    return replace(party, number=addresses.plan.resolved(addresses.plan.checked(party.number)))


def _number(party: Party, to: str) -> Number:
    if party.number is not None:
        return party.number
    if party.presentation is not None:
        raise GatewayError(f"the identity is withheld: it has no {to} form")
    raise GatewayError(f"no number in {party.uri or party.aliases[0].value!r}: it has no {to} form")


def _e164(addresses: AddressMap, party: Party) -> Address:
    number = _number(party, "e164")
    digits = addresses.plan.e164(number)
    if digits is None:
        raise GatewayError(f"{number.digits} is not global: give a country or a number plan that knows it")
    return Address("e164", f"+{digits}", international(digits))


def _isdn(addresses: AddressMap, party: Party) -> Address:
    number = addresses.plan.for_isdn(_number(party, "isdn"))
    kind, plan = (each.name.lower().replace("_", "-") for each in (number.type_of_number, number.plan))
    return Address("isdn", f"{number.digits} ({kind}, {plan})", number)


def _sip(addresses: AddressMap, party: Party) -> Address:
    """A SIP URI stays what it is; anything else becomes one of the gateway's."""
    if party.uri[:3].lower() == "sip":
        uri = party.uri
    elif party.number is not None:
        uri = addresses.uri_of(party.number, party.uri)
    elif party.uri[:5].lower() == "h323:":
        uri = sip_of_h323(party.uri, addresses.domain)
    else:
        raise GatewayError(f"{party.uri!r} has no SIP form")
    return Address("sip", uri, party.number, uri)


def _tel(addresses: AddressMap, party: Party) -> Address:
    uri = party.uri if party.uri[:4].lower() == "tel:" else addresses.tel_of(_number(party, "tel"), party.uri)
    return Address("tel", uri, party.number, uri)


def _teams(addresses: AddressMap, party: Party) -> Address:
    """By the rules of `mappings/teams.yaml`; a URI of Teams goes back as it came."""
    if party.uri and is_teams(party.uri):
        return Address("teams", party.uri, party.number, party.uri)
    number = _number(party, "teams")
    uri = teams_from_number(addresses.plan.resolved(number))
    if not uri:
        raise GatewayError(f"{number.digits} has no Teams form: no rule in mappings/teams.yaml fits")
    return Address("teams", uri, number, uri)


def _h323(_: AddressMap, party: Party) -> Address:
    if not party.aliases:
        _number(party, "h323")
    return Address("h323", party.aliases[0].value, party.number, aliases=party.aliases)


FORMS: Mapping[str, Callable[[AddressMap, Party], Address]] = {
    "e164": _e164,
    "isdn": _isdn,
    "sip": _sip,
    "tel": _tel,
    "teams": _teams,
    "h323": _h323,
}
"""The forms by name."""
