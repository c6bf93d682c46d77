"""The address map: a party known by number, URI or H.323 aliases gets what the other side knows parties by.

Nothing is invented: a name gives no number, a withheld identity stays withheld, a Teams URI without user part
stays the URI that it is (RFC 4497 9, RFC 3398 12, RFC 3966).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from gateway.interworking.number_plan import NumberPlan, country_plan, international, number_plan
from gateway.interworking.telephone_uri import Dialled, dialled, parameters_with, sip_of_h323, withheld
from gateway.model.legs import SignallingProtocol
from gateway.model.parties import (
    Alias,
    AliasKind,
    Number,
    Party,
    Presentation,
    Screening,
)
from gateway.model.transfer import (
    IdentityGranted,
    PartyUpdate,
    Redirection,
    TransferEvent,
    TransferRequest,
    TransferSetup,
)
from gateway.sip.uri import escape_user
from gateway.translators import dialect_named
from gateway.translators.teams_addresses import is_teams, number_from_teams

_PARTIES: Mapping[type[Any], tuple[str, ...]] = {
    TransferRequest: ("target", "transferor", "transferee"),
    TransferSetup: ("target", "transferor", "transferee"),
    IdentityGranted: ("target",),
    PartyUpdate: ("party",),
    Redirection: ("target", "redirecting"),
}
_PROTOCOLS = {
    "sip": SignallingProtocol.SIP,
    "teams": SignallingProtocol.SIP,
    "h4502": SignallingProtocol.H323,
    "etsi-ect": SignallingProtocol.ISDN,
    "qsig": SignallingProtocol.ISDN,
    "qsig-ssct": SignallingProtocol.ISDN,
    "ni2-tbct": SignallingProtocol.ISDN,
    "dms-rlt": SignallingProtocol.ISDN,
}
"""So that no dialect has to be loaded to know its protocol."""

_IN_H323_DIGITS = frozenset("0123456789*#,")
_H323_ID = 256
_URL_ID = 512


def address_map(plan: str = "default", country: str | None = None, domain: str = "gateway.invalid") -> "AddressMap":
    """The address map of a number plan by name, or of the dialling habits of a country ("DE").

    `domain` is the host of the URIs that it makes. Raises GatewayError, MappingError.
    """
    return _address_map(plan, country, domain)


@lru_cache
def _address_map(plan: str, country: str | None, domain: str) -> "AddressMap":
    return AddressMap(country_plan(country) if country else number_plan(plan), domain)


@dataclass(frozen=True, slots=True)
class AddressMap:
    """A number plan at work; `domain` is the gateway's, the host of the URIs that it makes."""

    plan: NumberPlan
    domain: str = "gateway.invalid"

    def number_of(self, uri: str) -> Number | None:
        """The number that a tel, sip or h323 URI dials under the plan; None when it dials none.

        In a URI of Teams a plus sign is no proof of a global number: its own rules say what it is.
        """
        if _of_teams(uri):
            return number_from_teams(uri)
        found = dialled(uri)
        if found is None:
            return None
        routing = found.routing_number if self.plan.routing_number else ""
        number = self._local(found) if not routing else _of_dial_string(routing)
        return None if number is None else self.plan.resolved(number)

    def uri_of(self, number: Number, origin: str = "") -> str:
        """The SIP URI of a number: global when country code and all are known, else in its phone-context.

        `origin` is the URI that the number was read from: phone-context, extension and the like stay with the number
        (RFC 3261 19.1.6).
        """
        # Escapes that are there stay.
        user = "%".join(map(escape_user, self._subscriber(number, origin, "").split("%")))
        return f"sip:{user}@{self.domain};user=phone"

    def tel_of(self, number: Number, origin: str = "") -> str:
        """The tel URI of a number (RFC 3966): a local one has its phone-context, the domain if there is no other.

        `origin` as for uri_of.
        """
        return f"tel:{self._subscriber(number, origin, self.domain)}"

    def context_of(self, number: Number) -> str:
        """The phone-context of a number that is not global; empty when the plan has none."""
        return self.plan.context(self.plan.resolved(number)).replace("{domain}", self.domain)

    def aliases_of(self, number: Number | None, uri: str) -> tuple[Alias, ...]:
        """The H.323 aliases that say the same: digits, the number with type and plan, else URL and name."""
        if number is not None:
            found = self.plan.resolved(number)
            digits = Alias(AliasKind.DIALLED_DIGITS, found.digits)
            typed = Alias(AliasKind.PARTY_NUMBER, found.digits, found)
            fits = bool(found.digits) and _IN_H323_DIGITS.issuperset(found.digits)
            return tuple([digits] * fits + [typed] * (found != Number(found.digits)))
        return _name_aliases(uri) if uri and withheld(uri) is None else ()

    def of_aliases(self, aliases: tuple[Alias, ...]) -> tuple[Number | None, str]:
        """Number and URI that aliases hold, the first kind that holds one first: url-ID, partyNumber,
        dialledDigits, email-ID, h323-ID.
        """
        number: Number | None = None
        uri = ""
        for kind, read in _READERS.items():
            for alias in aliases:
                if alias.kind is kind:
                    found, url = read(self, alias)
                    number, uri = number or found, uri or url
        return number, uri

    def complete(self, party: Party, toward: SignallingProtocol | None = None) -> Party:
        """`party` with what the protocol `toward` (None: every one) knows parties by, out of what is there."""
        if toward is SignallingProtocol.H323 and party.aliases:
            return party
        party = _said_to_be_withheld(party)
        number, uri = self._known(party)
        if toward is SignallingProtocol.ISDN:
            return party if number is None else _changed(party, number=self.plan.for_isdn(number))
        filled = party if toward is SignallingProtocol.H323 else self._with_uri(party, number, uri)
        if toward is SignallingProtocol.SIP:
            return filled
        return _changed(filled, number=number, aliases=party.aliases or self.aliases_of(number, uri))

    def isdn_number(self, party: Party) -> Number | None:
        """The number by which the ISDN knows the party, as `complete` gives it; None when it has none."""
        number, _ = self._known(party)
        return None if number is None else self.plan.for_isdn(number)

    def complete_event(self, event: TransferEvent, toward: str) -> TransferEvent:
        """`event` with every party in it completed for the dialect `toward`.

        Raises GatewayError for no dialect, DecodeError for a number too long for the ISDN.
        """
        fields = _PARTIES.get(type(event))
        if fields is None:
            return event
        protocol = _PROTOCOLS.get(toward) or dialect_named(toward).protocol
        before = {name: getattr(event, name) for name in fields if getattr(event, name) is not None}
        if toward == "teams":
            after = {name: self._for_teams(party) for name, party in before.items()}
        else:
            after = {name: self.complete(party, protocol) for name, party in before.items()}
        changed: dict[str, Any] = {name: party for name, party in after.items() if party is not before[name]}
        event = replace(event, **changed) if changed else event
        if protocol is SignallingProtocol.ISDN:
            self._check(after.values())
        return self._identified(event, protocol) if isinstance(event, PartyUpdate) else event

    def _check(self, parties: Iterable[Party]) -> None:
        for party in parties:
            if party.number is not None:
                self.plan.checked(party.number)

    def _for_teams(self, party: Party) -> Party:
        """The dialect has address rules of its own; what they need are numbers with country code, wherever the plan
        knows it.
        """
        number, uri = self._known(party)
        if number is None or _of_teams(party.uri):
            return _changed(party, uri=party.uri or uri)
        if not party.uri:
            return _changed(party, number=self.plan.resolved(number))
        found = dialled(party.uri)
        if found is None or found.is_global or self.plan.e164(number) is None:
            return party
        return replace(party, uri=self.uri_of(number))

    def _identified(self, event: PartyUpdate, toward: SignallingProtocol) -> PartyUpdate:
        """An identity is asserted, so trust counts (RFC 4497 9, RFC 3325)."""
        party = event.party
        if toward is SignallingProtocol.SIP:
            hidden = not self.plan.trusted and party.presentation is Presentation.RESTRICTED
            party = Party(presentation=party.presentation) if hidden else party
        elif party.uri and not self.plan.trusted:
            party = Party(presentation=party.presentation or Presentation.NOT_AVAILABLE)
        elif party.uri and party.number is not None and party.screening is None:
            party = replace(party, screening=Screening.NETWORK_PROVIDED)
        elif party.uri and party.number is None and party.presentation is None and not party.aliases:
            party = replace(party, presentation=Presentation.NOT_AVAILABLE)
        return event if party is event.party else replace(event, party=party)

    def _known(self, party: Party) -> tuple[Number | None, str]:
        """Number and URI of a party, out of one another or out of its aliases; a withheld one has no other."""
        if party.number is not None or (party.uri and withheld(party.uri) is not None):
            return party.number, party.uri
        number = self.number_of(party.uri) if party.uri else None
        if number is not None or not party.aliases:
            return number, party.uri
        number, uri = self.of_aliases(party.aliases)
        return number, party.uri or uri

    def _with_uri(self, party: Party, number: Number | None, uri: str) -> Party:
        return party if party.uri else _changed(party, uri=uri or (self.uri_of(number) if number else ""))

    def _subscriber(self, number: Number, origin: str, domain: str) -> str:
        digits = self.plan.e164(number)
        if digits is not None:
            return f"+{digits}{parameters_with('', origin)}"
        found = dialled(origin)
        context = (found.context if found else "") or self.context_of(number) or domain
        return f"{self.plan.resolved(number).digits}{parameters_with(context, origin)}"

    def _local(self, found: Dialled) -> Number | None:
        if found.is_global:
            return international(found.digits)
        if found.context and found.context != self.domain.lower():
            return self.plan.of_context(found.digits, found.context, self.domain)
        return Number(found.digits)


_of_teams = lru_cache(4096)(is_teams)


def _said_to_be_withheld(party: Party) -> Party:
    """An anonymous URI says that presentation is restricted, unless something else was said."""
    if not party.uri or party.presentation is not None or (hidden := withheld(party.uri)) is None:
        return party
    return replace(party, presentation=hidden)


def _changed(party: Party, **fields: Any) -> Party:
    """`party` with `fields`; the same object when they say nothing new."""
    return party if all(getattr(party, name) == value for name, value in fields.items()) else replace(party, **fields)


def _of_dial_string(text: str) -> Number:
    return international(text[1:]) if text.startswith("+") else Number(text)


def _name_aliases(uri: str) -> tuple[Alias, ...]:
    """A party that has no number: its URL, and the user part as name."""
    address = uri.partition("?")[0]
    url = [Alias(AliasKind.URL_ID, address)] if address.isascii() and len(address) <= _URL_ID else []
    user = address.partition(":")[2].rpartition("@")[0].partition(";")[0]
    return (*url, Alias(AliasKind.H323_ID, user)) if user and len(user) <= _H323_ID else tuple(url)


def _read_url(addresses: AddressMap, alias: Alias) -> tuple[Number | None, str]:
    uri = alias.value
    return addresses.number_of(uri), sip_of_h323(uri, addresses.domain) if uri[:5].lower() == "h323:" else uri


def _read_number(_: AddressMap, alias: Alias) -> tuple[Number | None, str]:
    return alias.number or Number(alias.value), ""


def _read_digits(_: AddressMap, alias: Alias) -> tuple[Number | None, str]:
    return Number(alias.value), ""


def _read_mail(_: AddressMap, alias: Alias) -> tuple[Number | None, str]:
    return None, f"sip:{alias.value}"


def _read_name(addresses: AddressMap, alias: Alias) -> tuple[Number | None, str]:
    user, at, host = alias.value.rpartition("@")
    if at and user and host and " " not in alias.value:
        return None, f"sip:{escape_user(user)}@{host}"
    if alias.value.isascii() and alias.value.isdecimal():
        return Number(alias.value), ""
    return None, f"sip:{escape_user(alias.value)}@{addresses.domain}" if alias.value else ""


_READERS: Mapping[AliasKind, Callable[[AddressMap, Alias], tuple[Number | None, str]]] = {
    AliasKind.URL_ID: _read_url,
    AliasKind.PARTY_NUMBER: _read_number,
    AliasKind.DIALLED_DIGITS: _read_digits,
    AliasKind.EMAIL_ID: _read_mail,
    AliasKind.H323_ID: _read_name,
}
"""In order of priority."""
