"""Where a transfer goes: the INVITE that a Refer-To triggers, and the number that it comes to (RFC 3261 §19.1.5)."""

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.configuration import AnyTrunk, Trunk, place
from gateway.hub.leg import Leg
from gateway.interworking.number_plan import international, number_plan
from gateway.interworking.telephone_uri import dialled
from gateway.model.call import CallRequest
from gateway.model.errors import DecodeError, GatewayError
from gateway.model.parties import Number, Party
from gateway.model.transfer import DialogReference, Kept, TransferRequest
from gateway.sip import sdp
from gateway.sip.uri import Uri, unescape
from gateway.translators.sip_kept import first
from gateway.translators.teams_addresses import is_teams, number_from_teams

if TYPE_CHECKING:
    from gateway.hub.hub import Hub

_SIP = "sip"
_NAMING = frozenset(("qsig", "h4502"))
_HONOURED = frozenset(("accept-contact", "reject-contact", "user-to-user"))
_TAGS = frozenset(("replaces",))
_TOKEN = frozenset(("message body", "content-type", "content-id", "content-disposition"))


def settings_of(hub: "Hub", trunk: str) -> AnyTrunk:
    """The settings of a trunk; those of any when a reload has taken it out while calls are still up on it."""
    return hub.settings.get(trunk) or Trunk(name=trunk)


def target_uri(request: TransferRequest) -> str:
    """The Request-URI that the Refer-To becomes: no headers, no `method`, all else as it stood.

    Raises GatewayError: 400 without a target, 420 for a Require in it that we do not know.
    """
    uri = request.target.uri if request.target else ""
    if not uri:
        raise DecodeError("no target", where="Refer-To")
    parsed = Uri.parse(uri)
    wanted = {tag.strip().lower() for tag in (parsed.header("require") or "").split(",") if tag.strip()}
    if wanted - _TAGS:
        raise GatewayError(f"{', '.join(sorted(wanted - _TAGS))} is demanded of the target", sip_status=420, cause=29)
    return str(parsed.request_uri()) if parsed.headers or "method" in parsed.parameters else uri


def goes_back_to_teams(trunk: AnyTrunk, uri: str) -> bool:
    """Whether Teams alone can resolve the target that it named: its own hosts, and those of the trunk's peers."""
    if not isinstance(trunk, Trunk) or trunk.profile != "teams":
        return False
    host = Uri.parse(uri).host.lower()
    return is_teams(uri) or any(_is_of(host, place(peer).host.lower()) for peer in trunk.peers)


def _is_of(host: str, peer: str) -> bool:
    parent = peer.partition(".")[2]
    is_name = "." in parent and not peer.rpartition(".")[2].isdecimal()
    return host == peer or (is_name and host.endswith(f".{parent}"))


def triggered(
    request: TransferRequest, transferee: Leg, caller: CallRequest, trunk: AnyTrunk, *, verbatim: bool
) -> CallRequest:
    """The new call to the target, as the transferee would make it: `caller` tells who that is.

    The transferee's media is offered to the target as active, whether it was held or not.
    """
    return replace(
        caller,
        called=_called(request, verbatim=verbatim),
        session=sdp.resumed(transferee.remote_session) if transferee.remote_session else b"",
        referred_by=first(request.kept, "Referred-By") or "",
        replaces="" if trunk.profile == "teams" else _replaces(request),
        verbatim=verbatim,
        session_id=getattr(transferee, "session_id", ""),
        kept=_carried(request),
    )


def _called(request: TransferRequest, *, verbatim: bool) -> Party:
    target = request.target or Party()
    uri = target.uri.partition("?")[0] if verbatim else target_uri(request)
    return Party(number=target.number, name=target.name, uri=uri)


def _replaces(request: TransferRequest) -> str:
    """The dialog at the target that is nobody's business here, as the header field of the INVITE says it."""
    named = request.consultation
    return replaces_value(named) if isinstance(named, DialogReference) else ""


def replaces_value(named: DialogReference) -> str:
    """A dialog as Replaces names it (RFC 3891 §6.1)."""
    flag = ";early-only" if named.early_only else ""
    return f"{named.call_id};to-tag={named.to_tag or '0'};from-tag={named.from_tag or '0'}{flag}"


def _carried(request: TransferRequest) -> tuple[Kept, ...]:
    """Of the headers in the URI those that a stranger may set (S24), of the REFER what no standard speaks of and the
    token of its Referred-By (RFC 3892 §2.2).
    """
    uri = request.target.uri if request.target else ""
    inner = Uri.parse(uri).headers if "?" in uri else ()
    named = ((unescape(name), unescape(value or "")) for name, value in inner)
    asked = tuple(Kept(_SIP, name, value) for name, value in named if _is_honoured(name.lower()))
    has_token = "cid=" in (first(request.kept, "Referred-By") or "")
    return asked + tuple(item for item in request.kept if _goes_on(item, has_token=has_token))


def _is_honoured(name: str) -> bool:
    return name in _HONOURED or name.startswith(("x-", "p-"))


def _goes_on(item: Kept, *, has_token: bool) -> bool:
    name = item.what.lower()
    if item.dialect in _NAMING:
        return name == "callidentity"  # that of the call which the target shall have replaced
    return item.dialect == _SIP and (name.startswith("x-") or (has_token and name in _TOKEN))


def normalised(hub: "Hub", source: str, called: Party, trunk: str = "") -> str:
    """The target as its route and the number plan there have it: `+` and digits for an E.164 number, the digits of
    another number, else the address without parameters.
    """
    try:
        name, party = (trunk, called) if trunk else _routed(hub, source, called)
        plan = number_plan(hub.settings[name].numbers or "default") if name in hub.settings else number_plan()
    except GatewayError:
        party, plan = called, number_plan()
    number = _number(party)
    if number is None:
        return _plain(party.uri)
    found = plan.e164(number)
    return number.digits if found is None else f"+{found}"


def _routed(hub: "Hub", source: str, called: Party) -> tuple[str, Party]:
    routed = hub.routing.route(source, called)[0]
    return routed.trunk, routed.called


def _number(party: Party) -> Number | None:
    if is_teams(party.uri):
        return number_from_teams(party.uri)
    found = dialled(party.uri) if party.uri else None
    if found is None:
        return party.number
    return international(found.digits) if found.is_global else Number(found.digits)


def _plain(uri: str) -> str:
    try:
        parsed = Uri.parse(uri)
    except GatewayError:
        return uri
    if parsed.user is None:
        return uri
    return f"{parsed.scheme.lower()}:{parsed.user}@{parsed.host.lower()}"
