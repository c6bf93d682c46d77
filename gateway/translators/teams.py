"""Dialect "teams": Microsoft Teams Direct Routing.

Teams sends REFER, but takes neither REFER nor Replaces: what it asks for goes back to it as an INVITE whose
Request-URI is the content of Refer-To and whose Referred-By is the same string (Microsoft, "Direct Routing - SIP
protocol", call transfer). Addresses are rewritten by the rules of `mappings/teams.yaml`.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from gateway.model.errors import UntranslatableError
from gateway.model.legs import SignallingProtocol
from gateway.model.parties import Party
from gateway.model.transfer import Kept, PartyUpdate, TransferEvent, TransferRequest, TransferSetup
from gateway.sip.address import Address
from gateway.sip.message import parse
from gateway.sip.names import key
from gateway.translators.dialect import Context, Dialect, Written
from gateway.translators.sip_dialog import fresh
from gateway.translators.sip_identity import identify
from gateway.translators.sip_kept import BODY, first
from gateway.translators.sip_kept import DIALECT as SIP
from gateway.translators.sip_letter import Letter, Road
from gateway.translators.sip_parties import losses
from gateway.translators.sip_reading import events
from gateway.translators.sip_writing import WRITERS, Writer, add_referred_by, lose_patience, write
from gateway.translators.teams_addresses import number_from_teams, teams_from_number, teams_from_sip

_TLS = Road("TLS", ":5061", ";transport=tls")

_TOKEN = (BODY, "content-type", "content-id", "content-disposition")
"""The body of a REFER and what describes it."""


class Teams:
    """SIP as Teams speaks it, over TLS, the gateway's domain being the name that its certificate carries."""

    name = "teams"
    protocol = SignallingProtocol.SIP

    def read(self, octets: bytes, context: Context) -> tuple[TransferEvent, ...]:
        """As dialect "sip"; URIs stay verbatim, and those with a telephone number give the party its number too.

        Raises DecodeError (400 or 416).
        """
        return tuple(_numbered(event) for event in events(parse(octets)))

    def write(self, event: TransferEvent, context: Context) -> Written:
        """One message, or none where Teams takes none. Raises UntranslatableError for what SIP cannot say."""
        return write(event, context, _WRITERS, _TLS)


def _numbered(event: TransferEvent) -> TransferEvent:
    parties = ((item.name, getattr(event, item.name)) for item in fields(event))
    found: dict[str, Any] = {name: _with_number(who) for name, who in parties if isinstance(who, Party) and who.uri}
    return replace(event, **found) if found else event


def _with_number(party: Party) -> Party:
    return replace(party, number=number_from_teams(party.uri))


def _invite(event: TransferRequest | TransferSetup, letter: Letter) -> Written:
    """The INVITE to Teams that carries the transfer out; its offer is the media layer's."""
    target = _address(event.target)
    if not target:
        raise UntranslatableError("an INVITE to Teams needs a target that Teams can find, and this one has none")
    if event.consultation is not None:
        letter.lose("consultation", "Teams rejects Replaces: the gateway joins the two calls itself")
    if isinstance(event, TransferRequest):
        lose_patience(event, letter)
    caller = _caller(event.transferee, letter.context)
    letter.lost.extend(losses("target", event.target))
    _lose_host("target", event.target, target, letter)
    _lose_host("transferee", event.transferee, caller.uri if caller else "", letter)
    letter.lose("body", "Teams refuses an INVITE without an offer: the media layer has to add one")
    add_referred_by(event, letter)
    sender = identify("transferee", caller, letter)
    letter.add("Supported", "replaces")
    return letter.request("INVITE", fresh(letter.context, target), caller=sender, leg="secondary")


def _lose_host(path: str, party: Party | None, said: str, letter: Letter) -> None:
    given = party.uri.partition("?")[0] if party else ""
    if given and said not in (given, f"{given};user=phone"):
        letter.lose(f"{path}.uri", f"Teams finds numbers at its proxy, callers at the gateway: {said} stands for it")


def _address(party: Party | None, host: str = "") -> str:
    """Where Teams finds the party: its URI when Teams made it, else one with its telephone number."""
    if party is None:
        return ""
    return teams_from_sip(party.uri, host) or (teams_from_number(party.number, host) if party.number else "")


def _caller(party: Party | None, context: Context) -> Party | None:
    """The party as Teams wants to see callers: `+` and digits at the gateway's domain."""
    return party and replace(party, uri=_address(party, context.domain) or party.uri)


def _triggered(event: TransferRequest, letter: Letter) -> Written:
    token = _TOKEN if _is_token(event.kept) else ()
    carried = tuple(item for item in event.kept if item.dialect != SIP or _is_passed_on(key(item.what), token))
    for item in event.kept:
        if item not in carried:
            letter.lose(f"kept.{item.what}", "it speaks of the REFER, not of the INVITE in its place")
    return _invite(event, replace(letter, event=replace(event, kept=carried)))


def _is_passed_on(name: str, token: tuple[str, ...]) -> bool:
    """The INVITE is a new request: of the REFER it has Referred-By with its token (RFC 3892 §2.2), and the fields
    that no standard speaks of.
    """
    return name == "referred-by" or name.startswith("x-") or name in token


def _is_token(kept: tuple[Kept, ...]) -> bool:
    """Whether the body is the one that Referred-By names by its Content-ID (RFC 3892 §3)."""
    referred_by = first(kept, "Referred-By")
    named = Address.parse(referred_by).parameters.get("cid") if referred_by else None
    described = f"{first(kept, 'Content-ID')}\r\n{first(kept, BODY)}"
    return named is not None and f"<{named}>" in described


def _update(event: PartyUpdate, letter: Letter) -> Written:
    for name in ("stage", "party", "end", "status", "basic_call_information", "consultation"):
        if getattr(event, name):
            letter.lose(name, "Teams takes neither UPDATE nor Replaces: it goes on showing whom it called")
    return letter.nothing()


_WRITERS: Mapping[type, Writer] = {
    **WRITERS,
    TransferRequest: _triggered,
    TransferSetup: _invite,
    PartyUpdate: _update,
}

DIALECT: Dialect = Teams()
