"""Who the parties are, as aliases and numbers of H.225.0 and in the model (RFC 4123 §4.2, RFC 3508)."""

from dataclasses import replace

from gateway.ends.isdn_parties import redirected
from gateway.h323 import call_parties
from gateway.h323.h225 import CallSignal
from gateway.interworking.address_map import AddressMap
from gateway.model.call import CallRequest
from gateway.model.errors import GatewayError
from gateway.model.legs import SignallingProtocol
from gateway.model.parties import Alias, AliasKind, Number, Party, Presentation, Screening
from gateway.model.transfer import Kept
from gateway.sip.diversion import Diversion
from gateway.sip.uri import escape_user
from gateway.translators.sip_kept import DIALECT as SIP

_HIDING = frozenset(("id", "user", "header"))
_VOUCHED = (Screening.USER_VERIFIED_PASSED, Screening.NETWORK_PROVIDED)
_ANONYMOUS = "sip:anonymous@anonymous.invalid"
_DIGITS = frozenset("0123456789*#,")


class H323Parties:
    """The parties of one trunk's calls. `trusted`: identities are believed, and given as screened by the network."""

    __slots__ = ("_addresses", "_trusted")

    def __init__(self, addresses: AddressMap, *, trusted: bool) -> None:
        self._addresses = addresses
        self._trusted = trusted

    # --- to H.323 ---

    def called(self, party: Party) -> Party:
        """The party to call, with the aliases by which it is found. Raises GatewayError (404) when it has none."""
        found = self._addresses.complete(party, SignallingProtocol.H323)
        if not found.aliases:
            raise GatewayError(f"{party.uri or 'the called party'} has no alias", sip_status=404, cause=1)
        return found

    def reachable(self, party: Party) -> Party | None:
        """The party as a peer is told to call it; None when it has no alias."""
        found = self._addresses.complete(party, SignallingProtocol.H323)
        return Party(aliases=found.aliases) if found.aliases else None

    def calling(self, request: CallRequest) -> Party:
        """Who calls: as somebody vouches for it, else as it says; without number, aliases and name when hidden."""
        vouched, hidden = request.asserted[0] if request.asserted else None, _is_hidden(request)
        return self._told(vouched or request.calling, request.calling.name, hidden=hidden, vouched=vouched)

    def told(self, who: Party) -> Party:
        """The party as the peer is told of it in CONNECT, or in a service."""
        hidden = who.presentation is Presentation.RESTRICTED
        return self._told(who, "", hidden=hidden, vouched=who)

    def redirecting(self, kept: tuple[Kept, ...]) -> tuple[Party | None, str]:
        """Who redirected the call last, and why; None when nobody did."""
        said = redirected(kept)
        if said is None:
            return None, ""
        uri, reason, hidden = said
        party = self._addresses.complete(Party(uri=uri), SignallingProtocol.H323)
        return replace(party, presentation=Presentation.RESTRICTED) if hidden else party, reason or "unknown"

    def _told(self, who: Party, name: str, *, hidden: bool, vouched: Party | None) -> Party:
        if hidden:
            return Party(presentation=Presentation.RESTRICTED, screening=Screening.NETWORK_PROVIDED)
        found = self._addresses.complete(who, SignallingProtocol.H323)
        if found.number is None and not found.aliases:
            return Party(presentation=Presentation.NOT_AVAILABLE, screening=Screening.NETWORK_PROVIDED)
        screening = Screening.NETWORK_PROVIDED if vouched is not None else Screening.USER_NOT_SCREENED
        return replace(found, presentation=Presentation.ALLOWED, screening=screening, name=who.name or name)

    # --- from H.323 ---

    def party(self, said: Party) -> Party:
        """Whoever has these aliases; the URI is one of ours unless an alias has another."""
        if said.uri:
            return said
        number, uri = self._addresses.of_aliases(said.aliases)
        number = said.number or number
        return replace(said, number=number, uri=uri or (self.uri(number) if number is not None else ""))

    def uri(self, number: Number) -> str:
        """A SIP URI for the number: global where the plan knows it to be."""
        plan = self._addresses.plan
        digits = plan.e164(number)
        user = f"+{digits}" if digits is not None else plan.resolved(number).digits
        return f"sip:{escape_user(user)}@{self._addresses.domain};user=phone"

    def caller(self, message: CallSignal) -> tuple[Party, tuple[Party, ...], tuple[str, ...]]:
        """From a SETUP: who calls, as whom the trunk vouches for it, and the values of Privacy."""
        said = call_parties.calling(message)
        if said.presentation is Presentation.RESTRICTED:
            return Party(None, Presentation.RESTRICTED, said.screening, uri=_ANONYMOUS), (), ("id",)
        known = self.party(said)
        if not known.uri:
            return Party(presentation=said.presentation, name=said.name), (), ()
        vouched = (known,) if self._trusted and said.screening in _VOUCHED else ()
        return known, vouched, ()

    def answering(self, message: CallSignal) -> Party | None:
        """From a CONNECT: who answered, when that is said."""
        said = call_parties.connected(message)
        if said.presentation is Presentation.RESTRICTED or not (said.number or said.aliases):
            return None
        return self.party(said)

    def diversions(self, message: CallSignal) -> tuple[Kept, ...]:
        """From a SETUP: its redirecting number as Diversion."""
        said = call_parties.redirecting(message)
        if said is None:
            return ()
        party, reason = said.party, said.reason
        hidden = party.presentation is Presentation.RESTRICTED
        uri = self.party(party).uri if party.number is not None else ""
        made = Diversion.of(uri or _ANONYMOUS, "", reason or "unknown", 1)
        return (Kept(SIP, "Diversion", f"{made};privacy=full" if hidden and uri else str(made)),)


def own_aliases(names: tuple[str, ...]) -> tuple[Alias, ...]:
    """Aliases as gateway.yaml has them: digits are dialledDigits, a URI is a url-ID, all else an h323-ID."""
    return tuple(Alias(_kind(name), name) for name in names)


def _kind(name: str) -> AliasKind:
    if _DIGITS.issuperset(name):
        return AliasKind.DIALLED_DIGITS
    return AliasKind.URL_ID if name.partition(":")[0] in ("sip", "sips", "h323") else AliasKind.H323_ID


def _is_hidden(request: CallRequest) -> bool:
    if request.calling.presentation is Presentation.RESTRICTED:
        return "none" not in request.privacy
    return not _HIDING.isdisjoint(request.privacy)
