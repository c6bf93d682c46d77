"""Parties of the model as AliasAddress and EndpointAddress values (H.225.0, H.450.1), and back.

Values are those of asn1tools and `per` alike: CHOICE a pair of name and value, SEQUENCE a dict.
"""

from ipaddress import IPv6Address, ip_address
from typing import Any, TypeVar

from gateway.h323.h450 import AliasValue, decode_type, encode_type
from gateway.model.errors import DecodeError, GatewayError, LocalProtocolError
from gateway.model.parties import (
    Alias,
    AliasKind,
    Number,
    NumberingPlan,
    Party,
    Presentation,
    Screening,
    Subaddress,
    TypeOfNumber,
)

IP = ("ipAddress", "ip6Address")
"""The kinds of TransportAddress that TCP and UDP over IP have."""

_PUBLIC_TYPES = {
    "unknown": TypeOfNumber.UNKNOWN,
    "internationalNumber": TypeOfNumber.INTERNATIONAL,
    "nationalNumber": TypeOfNumber.NATIONAL,
    "networkSpecificNumber": TypeOfNumber.NETWORK_SPECIFIC,
    "subscriberNumber": TypeOfNumber.SUBSCRIBER,
    "abbreviatedNumber": TypeOfNumber.ABBREVIATED,
}
_PRIVATE_TYPES = {
    "unknown": TypeOfNumber.UNKNOWN,
    "level2RegionalNumber": TypeOfNumber.INTERNATIONAL,
    "level1RegionalNumber": TypeOfNumber.NATIONAL,
    "pISNSpecificNumber": TypeOfNumber.NETWORK_SPECIFIC,
    "localNumber": TypeOfNumber.SUBSCRIBER,
    "abbreviatedNumber": TypeOfNumber.ABBREVIATED,
}
"""With the private plan the codes of the type of number are levels: see TypeOfNumber."""

_PLAIN_NUMBERS = {
    "dataPartyNumber": NumberingPlan.DATA,
    "telexPartyNumber": NumberingPlan.TELEX,
    "nationalStandardPartyNumber": NumberingPlan.NATIONAL,
}
_STRUCTURED_NUMBERS = {
    "e164Number": (NumberingPlan.E164, _PUBLIC_TYPES, "publicTypeOfNumber", "publicNumberDigits"),
    "privateNumber": (NumberingPlan.PRIVATE, _PRIVATE_TYPES, "privateTypeOfNumber", "privateNumberDigits"),
}
PRESENTATIONS = {
    "presentationAllowed": Presentation.ALLOWED,
    "presentationRestricted": Presentation.RESTRICTED,
    "addressNotAvailable": Presentation.NOT_AVAILABLE,
}
SCREENINGS = {
    "userProvidedNotScreened": Screening.USER_NOT_SCREENED,
    "userProvidedVerifiedAndPassed": Screening.USER_VERIFIED_PASSED,
    "userProvidedVerifiedAndFailed": Screening.USER_VERIFIED_FAILED,
    "networkProvided": Screening.NETWORK_PROVIDED,
}
_TEXTS = (AliasKind.DIALLED_DIGITS, AliasKind.H323_ID, AliasKind.URL_ID, AliasKind.EMAIL_ID)
_DIGITS = frozenset("0123456789#*,")
MAXIMUM_H323_ID = 256

_Value = TypeVar("_Value")


def alias(value: AliasValue) -> Alias:
    """The AliasAddress `value`; OTHER (hex of its PER encoding) for what Alias has no kind for.

    OTHER is empty for an alias of a later H.225.0, of which nothing is known.
    """
    kind, content = value
    if kind in _TEXTS:
        return Alias(AliasKind(kind), _whole(content))
    if kind == "transportID" and content[0] in ("ipAddress", "ip6Address"):
        return Alias(AliasKind.TRANSPORT_ID, transport(content))
    if kind == "partyNumber" and (number := _number(content)) is not None:
        return Alias(AliasKind.PARTY_NUMBER, number.digits, number)
    try:
        return Alias(AliasKind.OTHER, encode_type("AliasAddress", _as_asn1tools(value)).hex())
    except LocalProtocolError:
        return Alias(AliasKind.OTHER, "")


def _whole(text: str) -> str:
    """BMPString can have half of a surrogate pair, which no UTF-8 can: U+FFFD stands for it."""
    if text.isascii():
        return text
    return text.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "replace")


def alias_value(item: Alias) -> AliasValue:
    """`item` as an AliasAddress. Raises LocalProtocolError for one that H.225.0 cannot write."""
    if item.kind in _TEXTS:
        return item.kind.value, item.value
    if item.kind is AliasKind.TRANSPORT_ID:
        return "transportID", transport_value(item.value)
    if item.kind is AliasKind.PARTY_NUMBER:
        return "partyNumber", _number_value(item.number or Number(item.value))
    try:
        value: AliasValue = decode_type("AliasAddress", bytes.fromhex(item.value))
    except (ValueError, GatewayError) as error:
        raise LocalProtocolError(f"no AliasAddress: {item.value}") from error
    return value


def transport(value: tuple[str, Any]) -> str:
    """An IP TransportAddress as "host:port", IPv6 in brackets."""
    host, port = ip_address(value[1]["ip"]), value[1]["port"]
    return f"[{host}]:{port}" if isinstance(host, IPv6Address) else f"{host}:{port}"


def transport_value(text: str) -> tuple[str, dict[str, Any]]:
    """The TransportAddress for "host:port". Raises LocalProtocolError when it is not an IP address with a port."""
    host, _, port = text.rpartition(":")
    try:
        address, number = ip_address(host.strip("[]")), int(port)
    except ValueError as error:
        raise LocalProtocolError(f"no transport address: {text!r}") from error
    kind = "ip6Address" if isinstance(address, IPv6Address) else "ipAddress"
    return kind, {"ip": address.packed, "port": number}


def party(aliases: tuple[Alias, ...], **other: Any) -> Party:
    """A party known by `aliases`: its number and URI are the first that they hold, a partyNumber before digits."""
    return Party(number=_first_number(aliases), uri=_first_uri(aliases), aliases=aliases, **other)


def endpoint_party(value: dict[str, Any], name: str | None = None) -> Party:
    """The EndpointAddress `value` as a party, with the `name` that goes beside it."""
    aliases = tuple(alias(item) for item in value["destinationAddress"])
    presentation = value.get("destinationAddressPresentationIndicator")
    screening = value.get("destinationAddressScreeningIndicator")
    return party(
        aliases,
        presentation=PRESENTATIONS.get(presentation[0]) if presentation else None,
        screening=SCREENINGS.get(screening) if screening else None,
        name=name or "",
    )


def endpoint_address(who: Party) -> dict[str, Any]:
    """`who` as an EndpointAddress (its name and subaddress have no place there), not available without any alias.

    Raises LocalProtocolError for an alias that H.225.0 cannot write.
    """
    value: dict[str, Any] = {"destinationAddress": [alias_value(item) for item in aliases_of(who)]}
    presentation = who.presentation
    if presentation is None and not value["destinationAddress"]:
        presentation = Presentation.NOT_AVAILABLE
    if presentation is not None:
        value["destinationAddressPresentationIndicator"] = (_name_of(PRESENTATIONS, presentation), None)
    if who.screening is not None:
        value["destinationAddressScreeningIndicator"] = _name_of(SCREENINGS, who.screening)
    return value


def aliases_of(who: Party) -> tuple[Alias, ...]:
    """The aliases of `who`, with those that its number and URI add when the aliases do not say them already.

    A number goes out as dialledDigits, which every endpoint knows, and as partyNumber too when its type or plan
    is known; a URI as url-ID, and without a number its user part as h323-ID.
    """
    given = who.aliases
    numbers = _number_aliases(who.number) if who.number and _first_number(given) != who.number else ()
    uris = _uri_aliases(who.uri, who.number) if who.uri and _first_uri(given) != who.uri else ()
    return (*given, *(item for item in (*numbers, *uris) if item not in given))


def subaddress(value: tuple[str, Any]) -> Subaddress:
    """The PartySubaddress `value` (H.450.1 Addressing-Data-Elements).

    Raises DecodeError for an alternative of a later version.
    """
    kind, content = value
    if kind is None:
        raise DecodeError("a PartySubaddress of a later H.450.1")
    if kind == "nsapSubaddress":
        return Subaddress(content, nsap=True)
    return Subaddress(content["subaddressInformation"], odd=content.get("oddCountIndicator"))


def subaddress_value(item: Subaddress) -> tuple[str, Any]:
    """`item` as a PartySubaddress; an NSAP has no odd/even mark there."""
    if item.nsap:
        return "nsapSubaddress", item.octets
    value: dict[str, Any] = {"subaddressInformation": item.octets}
    return "userSpecifiedSubaddress", value if item.odd is None else value | {"oddCountIndicator": item.odd}


def _as_asn1tools(value: Any) -> Any:
    """An AliasAddress of `per` as asn1tools has it: object identifiers as dotted text, NULL as None."""
    if isinstance(value, dict):
        return {name: _as_asn1tools(item) for name, item in value.items()}
    if not isinstance(value, tuple):
        return value
    if not value or isinstance(value[0], int):
        return ".".join(map(str, value))
    return value[0], None if value[1] == 0 else _as_asn1tools(value[1])


def _number(value: tuple[str, Any]) -> Number | None:
    kind, content = value
    if kind in _PLAIN_NUMBERS:
        return Number(content, plan=_PLAIN_NUMBERS[kind])
    if kind not in _STRUCTURED_NUMBERS:
        return None
    plan, types, type_field, digits_field = _STRUCTURED_NUMBERS[kind]
    type_name = content[type_field][0]
    return Number(content[digits_field], types[type_name], plan) if type_name in types else None


def _number_value(number: Number) -> tuple[str, Any]:
    for kind, plan in _PLAIN_NUMBERS.items():
        if number.plan is plan:
            return kind, number.digits
    kind = "privateNumber" if number.plan is NumberingPlan.PRIVATE else "e164Number"
    _, types, type_field, digits_field = _STRUCTURED_NUMBERS[kind]
    return kind, {type_field: (_name_of(types, number.type_of_number), None), digits_field: number.digits}


def _number_aliases(number: Number) -> tuple[Alias, ...]:
    if not number.digits or not _DIGITS.issuperset(number.digits):
        return ()
    digits = Alias(AliasKind.DIALLED_DIGITS, number.digits)
    if number == Number(number.digits):
        return (digits,)
    return (digits, Alias(AliasKind.PARTY_NUMBER, number.digits, number))


def _uri_aliases(uri: str, number: Number | None) -> tuple[Alias, ...]:
    """The URI without its header part, which names no party."""
    address = uri.partition("?")[0]
    url = (Alias(AliasKind.URL_ID, address),) if address.isascii() and len(address) <= 512 else ()
    user = address.partition(":")[2].partition("@")[0].partition(";")[0]
    name = (Alias(AliasKind.H323_ID, user),) if "@" in address and user and len(user) <= MAXIMUM_H323_ID else ()
    return url if number else (*url, *name)


def _first_number(aliases: tuple[Alias, ...]) -> Number | None:
    for item in aliases:
        if item.number is not None:
            return item.number
    digits = (Number(item.value) for item in aliases if item.kind is AliasKind.DIALLED_DIGITS)
    return next(digits, None)


def _first_uri(aliases: tuple[Alias, ...]) -> str:
    return next((item.value for item in aliases if item.kind is AliasKind.URL_ID), "")


def _name_of(names: dict[str, _Value], value: _Value) -> str:
    return next(name for name, candidate in names.items() if candidate == value)
