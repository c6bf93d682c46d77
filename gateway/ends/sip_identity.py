"""Who the parties are, in SIP messages and in the model, by trust and privacy (RFC 3323, RFC 3325, RFC 4916)."""

from collections.abc import Sequence
from functools import lru_cache

from gateway.ends.sip_headers import Fields
from gateway.ends.sip_trunk import SipTrunk
from gateway.model.call import CallRequest
from gateway.model.errors import DecodeError, GatewayError
from gateway.model.parties import Party, Presentation, Screening
from gateway.model.transfer import Kept
from gateway.sip.address import Address
from gateway.sip.identity import ANONYMOUS, asserted, is_withheld, privacy
from gateway.sip.message import Headers
from gateway.sip.names import key
from gateway.sip.parameters import quote
from gateway.translators.sip_parties import asserted_party, party, sip_uri_of, uri_of
from gateway.translators.teams_addresses import teams_from_sip

_ANONYMOUS = str(ANONYMOUS)
# Alert-Info says how the called phone rings, and nothing of the caller.
_ABOUT_THE_CALLER = frozenset(("subject", "call-info", "organization", "user-agent", "reply-to", "in-reply-to"))
_HIDING = frozenset(("id", "user", "header"))
# Levels of privacy that a gateway without media can give (RFC 3323 §4.2): it hides identity and topology.
_GIVEN = frozenset(("id", "user", "header", "history", "none", "critical"))


def calling(headers: Headers) -> Party:
    """Who From says that is calling; nobody has screened it (RFC 4497 §9.2.2)."""
    try:
        address = Address.parse(headers.get("From") or "")
    except DecodeError:
        return Party()
    hidden = is_withheld(headers)
    presentation = Presentation.RESTRICTED if hidden else Presentation.ALLOWED
    return Party(
        presentation=presentation, screening=Screening.USER_NOT_SCREENED, name=address.display, uri=address.uri
    )


def vouched(headers: Headers, trunk: SipTrunk) -> tuple[Party, ...]:
    """The identities of P-Asserted-Identity, when the trunk is believed (RFC 3325 §5)."""
    if not trunk.settings.trusted or "p-asserted-identity" not in headers:
        return ()
    try:
        return tuple(party(address) for address in asserted(headers))
    except DecodeError:
        return ()


def connected(headers: Headers, trunk: SipTrunk) -> Party | None:
    """The party that answered or took over, when a believed trunk says who it is."""
    if not trunk.settings.trusted or "p-asserted-identity" not in headers:
        return None
    try:
        return asserted_party(headers)
    except DecodeError:
        return None


def asked_privacy(headers: Headers) -> tuple[str, ...]:
    """The values of Privacy."""
    return privacy(headers) if "privacy" in headers else ()


def check_privacy(request: CallRequest) -> None:
    """Raises GatewayError (500) when `critical` privacy is asked for that we cannot give (RFC 3323 §5)."""
    if "critical" in request.privacy and not _GIVEN.issuperset(request.privacy):
        raise GatewayError("privacy that cannot be given is critical to the caller", sip_status=500, cause=63)


def from_value(request: CallRequest, trunk: SipTrunk, host: str) -> str:
    """From without tag: the caller at our host, or anonymous where it must not be shown."""
    who = request.calling
    if "anonymous.invalid" in who.uri or (_is_hidden(request) and not trunk.settings.trusted):
        return _ANONYMOUS
    if not who.uri and who.presentation is Presentation.RESTRICTED:
        return _ANONYMOUS
    uri = own_uri(who, trunk, host)
    return f"{_quoted(who.name)} <{uri}>" if who.name else f"<{uri}>"


def own_uri(who: Party, trunk: SipTrunk, host: str) -> str:
    """The party's address as one of ours, its user part at our host: nothing tells of the other leg's network."""
    uri = who.uri
    if not uri:
        return sip_uri_of(who, host) or f"sip:{host}"
    if trunk.is_teams and (found := teams_from_sip(uri.partition("?")[0].partition(";transport")[0], host)):
        return found
    if not trunk.settings.hide_topology:
        return uri if uri[:4].lower() != "tel:" else sip_uri_of(who, host)
    if uri[:4].lower() == "tel:":
        return sip_uri_of(who, host)
    user, at, rest = uri.partition(":")[2].partition("@")
    if not at:
        return f"sip:{host}"
    return f"sip:{user}@{host};user=phone" if "user=phone" in rest else f"sip:{user}@{host}"


def asserted_fields(request: CallRequest, trunk: SipTrunk, host: str) -> Fields:
    """P-Asserted-Identity and Privacy of an INVITE.

    To a trusted trunk as they came; to any other only what the caller wants shown (Privacy: none, RFC 3325 §7).
    """
    fields: Fields = []
    if request.asserted and (trunk.settings.trusted or "none" in request.privacy):
        fields.extend(("P-Asserted-Identity", _identity(who, trunk, host)) for who in request.asserted)
    if request.privacy:
        fields.append(("Privacy", ";".join(request.privacy)))
    elif _is_hidden(request):
        fields.append(("Privacy", "id"))
    return fields


def shown(kept: Sequence[Kept], request: CallRequest, trunk: SipTrunk) -> Sequence[Kept]:
    """What an untrusted trunk may see of a caller who wants `user` privacy (RFC 3323 §5.3)."""
    if "user" not in request.privacy or trunk.settings.trusted:
        return kept
    return tuple(item for item in kept if key(item.what) not in _ABOUT_THE_CALLER)


def connected_fields(who: Party | None, trunk: SipTrunk, host: str) -> Fields:
    """P-Asserted-Identity and Privacy of an answer or an UPDATE: for trusted trunks only."""
    if who is None or not trunk.settings.trusted or not uri_of(who, host):
        return []
    fields: Fields = [("P-Asserted-Identity", _identity(who, trunk, host))]
    if who.presentation is Presentation.RESTRICTED:
        fields.append(("Privacy", "id"))
    return fields


def _identity(who: Party, trunk: SipTrunk, host: str) -> str:
    uri = uri_of(who, host)
    if uri[:4].lower() != "tel:" or trunk.is_teams:
        uri = own_uri(who, trunk, host)
    return f"{_quoted(who.name)} <{uri}>" if who.name else f"<{uri}>"


def _is_hidden(request: CallRequest) -> bool:
    if request.calling.presentation is Presentation.RESTRICTED:
        return "none" not in request.privacy
    return bool(request.privacy) and not _HIDING.isdisjoint(request.privacy)


@lru_cache(maxsize=1024)
def _quoted(name: str) -> str:
    return quote(name)
