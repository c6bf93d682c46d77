"""Parties of the model as SIP addresses, and back (RFC 3261 §19.1.6, RFC 3325, RFC 4497 §9)."""

from dataclasses import replace

from gateway.model.errors import DecodeError
from gateway.model.parties import AliasKind, Number, Party, Presentation, Screening, TypeOfNumber
from gateway.sip.address import Address
from gateway.sip.identity import asserted, is_withheld
from gateway.sip.message import Headers
from gateway.sip.uri import Uri, escape_user
from gateway.translators.dialect import Lost
from gateway.translators.losses import other_aliases

_UNSAID = {
    "number": "no URI says this number",
    "presentation": "only a caller's identity can be withheld (RFC 3323), not another party's address",
    "screening": "only an asserted identity says that a number was screened (RFC 3325)",
    "name": "a name stands only beside an address, and not beside a Request-URI",
    "name_presentation": "SIP hides a name only together with its address (RFC 3323)",
    "subaddress": "only a telephone URI made for it could carry a subaddress (isub, RFC 3966)",
    "aliases": "H.323 aliases have no place beside the URI",
}
_SAID_BY_DEFAULT = (None, "", (), Presentation.ALLOWED, Screening.USER_NOT_SCREENED)


def party(address: Address) -> Party:
    """The party at `address`; the URI stays verbatim."""
    return Party(uri=address.uri, name=address.display)


def asserted_party(headers: Headers) -> Party | None:
    """Whom P-Asserted-Identity names, its SIP URI before its tel URI; None when it is not there."""
    addresses = asserted(headers)
    if not addresses:
        return None
    chosen = next((address for address in addresses if address.uri.lower().startswith("sip")), addresses[0])
    return replace(party(chosen), presentation=_presentation(headers), screening=Screening.NETWORK_PROVIDED)


def caller(headers: Headers) -> Party | None:
    """Who calls: P-Asserted-Identity, else From, which nobody has screened (RFC 4497 §9.2.2)."""
    said = headers.get("From")
    if "P-Asserted-Identity" in headers or not said:
        return asserted_party(headers)
    address = Address.parse(said)
    if address.uri.lower().endswith("anonymous.invalid"):
        return Party(presentation=Presentation.RESTRICTED)
    return replace(party(address), presentation=_presentation(headers), screening=Screening.USER_NOT_SCREENED)


def _presentation(headers: Headers) -> Presentation:
    return Presentation.RESTRICTED if is_withheld(headers) else Presentation.ALLOWED


def uri_of(party: Party | None, domain: str) -> str:
    """The URI of `party` verbatim; from its number, or a url-ID alias, when it has none; "" when nothing serves."""
    if party is None:
        return ""
    urls = (alias.value for alias in party.aliases if alias.kind is AliasKind.URL_ID)
    found = next((uri for uri in (party.uri, *urls) if is_callable(uri)), "")
    return found or (number_uri(party.number, domain) if party.number else "")


def sip_uri_of(party: Party | None, domain: str) -> str:
    """As `uri_of`, for header fields that take no tel URI: it moves into the user part (RFC 3261 §19.1.6)."""
    uri = uri_of(party, domain)
    if uri.lower().startswith("tel:"):
        return f"sip:{escape_user(uri[4:])}@{domain};user=phone"
    return uri


def number_uri(number: Number, domain: str) -> str:
    """A number as SIP URI: `+` when international, else with the domain as its context (RFC 3398 §12.1)."""
    digits = escape_user(number.digits)
    if not digits:
        return ""
    if number.type_of_number is TypeOfNumber.INTERNATIONAL:
        return f"sip:+{digits}@{domain};user=phone"
    return f"sip:{digits};phone-context={domain}@{domain};user=phone"


def is_callable(uri: str) -> bool:
    """Whether `uri` is a readable sip, sips or tel URI."""
    try:
        Uri.parse(uri)
    except DecodeError:
        return False
    return True


def losses(path: str, party: Party | None, *said: str) -> tuple[Lost, ...]:
    """What a message does not say of the party at `path` beyond its URI and the fields in `said`."""
    if party is None:
        return ()
    said = (*said, *(("number",) if _is_dialled(party) else ()), *(() if other_aliases(party) else ("aliases",)))
    unsaid = (field for field in _UNSAID if field not in said and getattr(party, field) not in _SAID_BY_DEFAULT)
    return (*(Lost(f"{path}.{field}", _UNSAID[field]) for field in unsaid), *_untyped(path, party))


def _is_dialled(party: Party) -> bool:
    return party.number is not None and escape_user(party.number.digits) in uri_of(party, "unknown.invalid")


def _untyped(path: str, party: Party) -> tuple[Lost, ...]:
    number = party.number
    if party.uri or number is None or number.type_of_number in (TypeOfNumber.INTERNATIONAL, TypeOfNumber.UNKNOWN):
        return ()
    return (Lost(f"{path}.number.type_of_number", "a local number in a URI has a context and no type (RFC 3966)"),)
