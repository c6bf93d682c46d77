"""Calls between SIP and the model: an INVITE as CallRequest, and a CallRequest as the INVITE of another leg."""

from gateway.ends.retargeting import chain_fields
from gateway.ends.sip_headers import Fields, chains, is_plain
from gateway.ends.sip_identity import (
    asked_privacy,
    asserted_fields,
    calling,
    check_privacy,
    from_value,
    shown,
    vouched,
)
from gateway.ends.sip_trunk import SipTrunk, TrunkPeer
from gateway.ends.teams_trunk import teams_target
from gateway.model.call import CallRequest
from gateway.model.errors import DecodeError, GatewayError
from gateway.model.parties import Party
from gateway.sip.message import Headers, Message
from gateway.sip.session_identifier import field, uuid_of
from gateway.sip.uri import Uri, escape_user
from gateway.translators.sip_parties import uri_of

_MOST_HOPS = 70
_SECURE = ("tls", "wss")
# They say how to reach the host, which is now another one (RFC 3261 §19.1.1), or what is done there.
_OF_THE_HOST = frozenset(("transport", "maddr", "ttl", "lr", "method", "ob", "gr", "alias"))


def call_request(message: Message, session: bytes, trunk: SipTrunk) -> CallRequest:
    """What an INVITE from that trunk asks for; `session` is its session description."""
    headers = message.headers
    return CallRequest(
        Party(uri=message.request_uri),
        calling(headers),
        session,
        vouched(headers, trunk),
        asked_privacy(headers),
        hops(headers),
        headers.get("referred-by") or "",
        headers.get("replaces") or "",
        False,
        uuid_of(headers),
        (*trunk.fields.kept(headers), *chains(headers)),
    )


def hops(headers: Headers) -> int:
    """Max-Forwards; what is missing or no number counts as the usual 70 (RFC 3261 §8.1.1.6)."""
    text = headers.get("max-forwards") or ""
    return min(int(text), 255) if text.isdecimal() and len(text) < 4 else _MOST_HOPS


def check(request: CallRequest, trunk: SipTrunk) -> None:
    """Raises GatewayError when a call cannot leave by the trunk: no hops left, privacy, sips, no offer for Teams."""
    if request.hops < 1:
        raise GatewayError("the call has passed too many gateways", sip_status=483, cause=25)
    check_privacy(request)
    if request.called.uri[:5].lower() == "sips:" and not all(peer.place.transport in _SECURE for peer in trunk.peers):
        raise GatewayError("a sips call needs TLS on every hop", sip_status=480, cause=63)
    if trunk.is_teams and not request.session:
        raise GatewayError("Teams refuses an INVITE without an offer", sip_status=488, cause=79)


def target_uri(request: CallRequest, trunk: SipTrunk, peer: TrunkPeer | None) -> str:
    """The Request-URI: verbatim where that is wanted, else the called user at the trunk's peer.

    Raises GatewayError (404) when the called party has no address that SIP can say.
    """
    uri = request.called.uri
    if request.verbatim and uri:
        return uri
    uri = uri or uri_of(request.called, "unknown.invalid")
    if not uri:
        raise GatewayError("the called party has no address", sip_status=404, cause=1)
    if peer is None or (request.replaces and not trunk.own.is_ours(uri) and uri[:3].lower() == "sip"):
        return _as_called(uri)
    uri = _numbered(uri, trunk)
    if trunk.is_teams:
        return teams_target(uri, peer.host) or retargeted(uri, peer.host, peer.suffix)
    return retargeted(uri, peer.host, peer.suffix)


def retargeted(uri: str, host: str, suffix: str) -> str:
    """The user part of `uri` at `host`; its parameters stay, but for those that say how to reach the host."""
    scheme, _, rest = uri.partition(":")
    if scheme.lower() == "tel":
        return f"sip:{escape_user(rest)}@{host};user=phone{suffix}"
    user, at, after = rest.partition("@")
    if not at:
        user, after = "", rest
    elif not user:
        at = ""  # `sip:@host` comes, but must not go (RFC 3261 §25.1).
    parameters = after.partition("?")[0].partition(";")[2]
    if parameters:
        kept = [each for each in parameters.split(";") if each.partition("=")[0].lower() not in _OF_THE_HOST]
        suffix = "".join([f";{each}" for each in kept]) + suffix
    return f"sip:{user}{at}{host}{suffix}"


def invite_fields(
    request: CallRequest, trunk: SipTrunk, target: str, host: str, session_id: str
) -> tuple[tuple[str, str], ...]:
    """What the INVITE carries besides its frame. `host` is ours towards the peer, `session_id` the caller's UUID."""
    fields: Fields = []
    if request.asserted or request.privacy or request.calling.presentation:
        fields.extend(asserted_fields(request, trunk, host))
    if request.referred_by and is_plain("Referred-By", request.referred_by):
        fields.append(("Referred-By", request.referred_by))
    if request.replaces and not trunk.is_teams and is_plain("Replaces", request.replaces):
        fields.append(("Replaces", request.replaces))
        fields.append(("Require", "replaces"))
    fields.extend(field(session_id, ""))
    if request.kept:
        fields.extend(chain_fields(request.kept, target, trunk.fields, trusted=trunk.settings.trusted))
        trunk.fields.write(fields, shown(request.kept, request, trunk))
    if trunk.fields.added:
        fields.extend(trunk.fields.added)
    return tuple(fields)


def invite_from(request: CallRequest, trunk: SipTrunk, host: str) -> str:
    """From of the INVITE, without tag."""
    return from_value(request, trunk, host)


def _as_called(uri: str) -> str:
    """The URI as a Request-URI may stand (RFC 3261 §19.1.5). Raises GatewayError for none that can be called."""
    try:
        return str(Uri.parse(uri).request_uri())
    except DecodeError as error:
        raise GatewayError(error.what, sip_status=404, cause=1) from None


def _numbered(uri: str, trunk: SipTrunk) -> str:
    """By the trunk's number plan: what is a public number under it becomes `+` and digits."""
    plan = trunk.numbers
    if plan is None:
        return uri
    number = plan.number_of(uri)
    if number is None or plan.plan.e164(number) is None:
        return uri
    return plan.uri_of(number, uri)
