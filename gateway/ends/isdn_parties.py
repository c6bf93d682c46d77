"""Who the parties are, in elements of Q.931 and in the model (RFC 4497 §9, RFC 3398 §12, EN 300 092)."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from gateway.configuration import HeaderPolicy
from gateway.ends import isdn_names
from gateway.ends.retargeting import chain_fields
from gateway.ends.sip_headers import CarriedFields
from gateway.interworking.address_map import AddressMap
from gateway.isdn import elements as codec
from gateway.isdn import numbers
from gateway.isdn.numbers import Redirecting
from gateway.isdn.q931 import Identifier, InformationElement, Message
from gateway.model.call import CallRequest
from gateway.model.errors import DecodeError, GatewayError
from gateway.model.parties import Number, Party, Presentation, Screening
from gateway.model.transfer import Kept
from gateway.sip.diversion import Diversion, HistoryEntry
from gateway.translators.sip_kept import DIALECT as SIP

_HIDING = frozenset(("id", "user", "header"))
_VOUCHED = (Screening.USER_VERIFIED_PASSED, Screening.NETWORK_PROVIDED)
_DISPLAYED = 82
_UNKNOWN_USER = Party(presentation=Presentation.NOT_AVAILABLE, screening=Screening.NETWORK_PROVIDED)

_ALL = CarriedFields(HeaderPolicy())
_NOWHERE = "sip:unknown.invalid"

Elements = tuple[InformationElement, ...]
Said = TypeVar("Said")


class Parties:
    """The parties of one trunk's calls. `trusted`: identities are believed, and given as screened by the network;
    `names`: they are said as on a QSIG trunk, and not in Display.
    """

    __slots__ = ("_addresses", "_domain", "_names", "_trusted")

    def __init__(self, addresses: AddressMap, domain: str, *, trusted: bool, names: bool = False) -> None:
        self._addresses = addresses
        self._domain = domain
        self._names = names
        self._trusted = trusted

    # --- to the ISDN ---

    def called(self, party: Party) -> Number:
        """The number to call. Raises GatewayError: 404 for a name, 484 for a number that no trunk takes."""
        number = self._addresses.isdn_number(party)
        if number is None or not number.digits:
            raise GatewayError(f"{party.uri or 'the called party'} has no number", sip_status=404, cause=1)
        return self._addresses.plan.checked(number)

    def called_element(self, number: Number) -> InformationElement:
        """Called party number."""
        return InformationElement(Identifier.CALLED_PARTY_NUMBER, numbers.encode_called(number))

    def calling(self, request: CallRequest) -> Elements:
        """Calling party number and, when it may be shown, the name as Display.

        A user part that is no number never becomes one: then the number is not available.
        """
        vouched = request.asserted[0] if request.asserted else None
        who = vouched or request.calling
        hidden = self._is_hidden(request)
        party = self._numbered(who, screened=vouched is not None, hidden=hidden)
        found = [InformationElement(Identifier.CALLING_PARTY_NUMBER, numbers.encode_party(party))]
        name = who.name or request.calling.name
        return (*found, *self._named(isdn_names.CALLING, name, hidden=hidden))

    def connected(self, who: Party | None) -> Elements:
        """Connected number of whoever answered; nothing when that is not known."""
        if who is None:
            return ()
        hidden = who.presentation is Presentation.RESTRICTED
        party = self._numbered(who, screened=True, hidden=hidden)
        found = [InformationElement(Identifier.CONNECTED_NUMBER, numbers.encode_party(party))]
        return (*found, *self._named(isdn_names.CONNECTED, who.name, hidden=hidden))

    def rings(self, who: Party | None) -> Elements:
        """The name of whoever is being alerted; Display stands for a name on other trunks once there is an answer."""
        if who is None or not self._names:
            return ()
        return self._named(isdn_names.CALLED, who.name, hidden=who.presentation is Presentation.RESTRICTED)

    def refuses(self, who: Party | None) -> Elements:
        """The name of whoever is busy."""
        if who is None or not self._names:
            return ()
        return self._named(isdn_names.BUSY, who.name, hidden=who.presentation is Presentation.RESTRICTED)

    def _named(self, operation: str, name: str, *, hidden: bool) -> Elements:
        """What says a name. That one is withheld is said by names of a QSIG trunk only."""
        if not self._names:
            return (display(name),) if name and not hidden else ()
        shown = Presentation.RESTRICTED if hidden else Presentation.ALLOWED
        known = Party(name="" if hidden else name, name_presentation=shown)
        return isdn_names.elements(operation, known) if name or hidden else ()

    def told(self, who: Party) -> Party:
        """The party as the peer is told of it in a service: its number, and its name unless that is withheld."""
        hidden = who.presentation is Presentation.RESTRICTED
        return replace(self._numbered(who, screened=True, hidden=hidden), name="" if hidden else who.name)

    def redirecting(self, kept: tuple[Kept, ...]) -> Elements:
        """Redirecting number of the last diversion that Diversion, or else History-Info, tells of (RFC 5806 §7)."""
        said = redirected(kept)
        if said is None:
            return ()
        uri, reason, hidden = said
        number = self._addresses.isdn_number(Party(uri=uri))
        presentation = Presentation.RESTRICTED if hidden else Presentation.ALLOWED
        shown = presentation if number is not None or hidden else Presentation.NOT_AVAILABLE
        found = Redirecting(Party(number, shown, Screening.NETWORK_PROVIDED), reason or "unknown")
        return (InformationElement(Identifier.REDIRECTING_NUMBER, numbers.encode_redirecting(found)),)

    def _numbered(self, who: Party, *, screened: bool, hidden: bool) -> Party:
        """The party as its element says it. Only a number that somebody vouches for counts as screened."""
        number = self._addresses.isdn_number(who)
        presentation = Presentation.RESTRICTED if hidden else Presentation.ALLOWED
        if number is None:
            restricted = Party(presentation=Presentation.RESTRICTED, screening=Screening.NETWORK_PROVIDED)
            return restricted if hidden else _UNKNOWN_USER
        screening = Screening.NETWORK_PROVIDED if screened else Screening.USER_NOT_SCREENED
        return Party(number, presentation, screening)

    def _is_hidden(self, request: CallRequest) -> bool:
        if request.calling.presentation is Presentation.RESTRICTED:
            return "none" not in request.privacy
        return not _HIDING.isdisjoint(request.privacy)

    # --- from the ISDN ---

    def party(self, number: Number) -> Party:
        """Whoever has that number; the URI is one of ours."""
        return Party(number, uri=self.uri(number))

    def uri(self, number: Number) -> str:
        """A SIP URI for the number: global where the plan knows it to be."""
        digits = self._addresses.plan.e164(number)
        user = f"+{digits}" if digits is not None else self._addresses.plan.resolved(number).digits
        return f"sip:{user.replace('#', '%23')}@{self._domain};user=phone"

    def caller(self, message: Message) -> tuple[Party, tuple[Party, ...], tuple[str, ...]]:
        """From a SETUP: who calls, as whom the trunk vouches for it, and the values of Privacy."""
        contents = message.contents(Identifier.CALLING_PARTY_NUMBER)
        said = Party() if contents is None else numbers.decode_party(contents)
        hidden = said.presentation is Presentation.RESTRICTED
        name = "" if hidden else self._name(message)
        if said.number is None:
            anonymous = "sip:anonymous@anonymous.invalid" if hidden or said.presentation else ""
            who = Party(presentation=said.presentation, name=name, uri=anonymous)
            return who, (), ("id",) if hidden else ()
        known = Party(said.number, said.presentation, said.screening, name, uri=self.uri(said.number))
        vouched = (known,) if self._trusted and said.screening in _VOUCHED else ()
        shown = Party(None, Presentation.RESTRICTED, said.screening) if hidden else known
        return shown, vouched, ("id",) if hidden else ()

    def answering(self, message: Message) -> Party | None:
        """From a CONNECT: whom the connected number names."""
        contents = message.contents(Identifier.CONNECTED_NUMBER)
        if contents is None:
            return None
        said = numbers.decode_party(contents)
        if said.number is None:
            return None
        return Party(said.number, said.presentation, said.screening, self._name(message), uri=self.uri(said.number))

    def alerted(self, message: Message, uri: str) -> Party | None:
        """From an ALERTING, or from what refuses a call, of a QSIG trunk: the name of whoever was called at `uri`."""
        if not self._names:
            return None
        found = isdn_names.named(message)
        return replace(found, uri=uri) if found.name and found.name_presentation is Presentation.ALLOWED else None

    def _name(self, message: Message) -> str:
        """The name that the message gives, and does not want hidden."""
        if not self._names:
            return displayed(message)
        found = isdn_names.named(message)
        if found.name_presentation is None:
            return displayed(message)
        return found.name if found.name_presentation is Presentation.ALLOWED else ""

    def diversions(self, message: Message) -> tuple[Kept, ...]:
        """From a SETUP: its redirecting numbers as Diversion, the latest first."""
        found = []
        for element in message.elements:
            if element.identifier == Identifier.REDIRECTING_NUMBER and not element.codeset:
                found.append(self._diversion(numbers.decode_redirecting(element.contents)))
        return tuple(Kept(SIP, "Diversion", str(each)) for each in reversed(found))

    def _diversion(self, redirecting: Redirecting) -> Diversion:
        party = redirecting.party
        if party.number is None:
            return Diversion.of("sip:anonymous@anonymous.invalid", "", redirecting.reason, 1)
        made = Diversion.of(self.uri(party.number), "", redirecting.reason, 1)
        if party.presentation is not Presentation.RESTRICTED:
            return made
        return Diversion.parse(f"{made};privacy=full")


def display(name: str) -> InformationElement:
    """Display."""
    return InformationElement(Identifier.DISPLAY, codec.encode_display(name[:_DISPLAYED]))


def displayed(message: Message) -> str:
    """The name that Display shows; "" without one. Characters that no line of text has are left out."""
    contents = message.contents(Identifier.DISPLAY)
    return "".join(each for each in codec.decode_display(contents) if each.isprintable()) if contents else ""


def redirected(kept: tuple[Kept, ...]) -> tuple[str, str, bool] | None:
    """The URI that diverted last, why, and whether that is to be hidden; redirections that were followed count."""
    fields = chain_fields(kept, _NOWHERE, _ALL, trusted=True)
    for name, value in fields:
        if name == "Diversion":
            found = _readable(Diversion.parse, value)
            if found is not None:
                return found.address.uri, found.reason, found.address.parameters.get("privacy") not in (None, "off")
    for name, value in reversed(fields):
        entry = _readable(HistoryEntry.parse, value) if name == "History-Info" else None
        if entry is not None and entry.diversion_reason:
            return entry.address.uri.partition("?")[0], entry.diversion_reason, bool(entry.privacy)
    return None


def _readable(parse: Callable[[str], Said], value: str) -> Said | None:
    try:
        return parse(value)
    except DecodeError:
        return None
