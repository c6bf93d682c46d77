"""Transfers between SIP and the model: a REFER read and written, its NOTIFYs as progress and outcome."""

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.ends.sip_headers import Fields, is_plain
from gateway.ends.sip_trunk import SipTrunk
from gateway.model.call import Capability
from gateway.model.errors import DecodeError, GatewayError
from gateway.model.parties import Party, Presentation
from gateway.model.transfer import (
    DialogReference,
    Kept,
    Outcome,
    TransferOutcome,
    TransferProgress,
    TransferRequest,
)
from gateway.sip.address import Address
from gateway.sip.message import Message
from gateway.sip.reason import Reason, q850_cause, reasons
from gateway.sip.refer_subscription import ReferSubscription
from gateway.sip.refer_to import with_replaces
from gateway.sip.sipfrag import Sipfrag
from gateway.translators.sip_dialog import dialog_id
from gateway.translators.sip_kept import DIALECT, first, verbatim
from gateway.translators.sip_parties import sip_uri_of, uri_of
from gateway.translators.sip_reading import events
from gateway.translators.teams_addresses import number_from_teams

if TYPE_CHECKING:
    from gateway.ends.sip_leg import SipLeg
    from gateway.sip.dialog import Dialog
    from gateway.sip.user_agent import UserAgent

_REFERRED_BY = "Referred-By"
_STATUSES = {Outcome.SUCCEEDED: 200, Outcome.FAILED: 503, Outcome.REFUSED: 603, Outcome.PENDING: 503}
"""What is reported of an outcome that has no status (RFC 3515 §2.4.5)."""


def transfer_request(message: Message, trunk: SipTrunk) -> TransferRequest:
    """What a REFER asks for. Referred-By is kept as it came, and of Teams' addresses the numbers are read.

    Raises GatewayError with the status that refuses it: Join, another method than INVITE, what cannot be read.
    """
    found = events(message)
    event = found[0] if found else None
    if not isinstance(event, TransferRequest):
        is_join = event is not None and getattr(event, "operation", "") == "Join"
        raise GatewayError(
            "to join a conversation is no transfer" if is_join else "only an INVITE can be asked for",
            sip_status=488 if is_join else 403,
            cause=79,
        )
    kept = event.kept
    said = message.headers.get(_REFERRED_BY)
    if said and first(kept, _REFERRED_BY) is None:
        kept = (Kept(DIALECT, _REFERRED_BY, said), *kept)
    if not trunk.is_teams:
        return replace(event, kept=kept) if kept is not event.kept else event
    return replace(event, kept=kept, target=_numbered(event.target), transferor=_numbered(event.transferor))


def _numbered(party: Party | None) -> Party | None:
    return replace(party, number=number_from_teams(party.uri)) if party and party.uri else party


def refer_is_possible(capabilities: frozenset[Capability]) -> bool:
    """Whether the peer takes a REFER."""
    return Capability.REFER in capabilities


def refer(ua: "UserAgent", leg: "SipLeg", dialog: "Dialog", request: TransferRequest, now: float) -> None:
    """Sends the REFER that asks the peer of `leg` for the transfer."""
    host = leg.line.host(dialog.flow)
    leg.subscription = ReferSubscription(ua, dialog, leg)
    leg.subscription.send(refer_to_value(request, host), refer_fields(request, dialog.local_address), now)


def refer_to_value(request: TransferRequest, host: str) -> str:
    """Refer-To: the target, the dialog to be replaced escaped into its URI (RFC 5589 §7)."""
    uri = uri_of(request.target, host) or f"sip:{host}"
    if isinstance(request.consultation, DialogReference):
        uri = with_replaces(uri, dialog_id(request.consultation))
    kept = verbatim(request.kept, "Refer-To", uri)
    if kept is not None and is_plain("Refer-To", kept):
        return kept
    return str(Address(uri, request.target.name if request.target else ""))


def refer_fields(request: TransferRequest, own: str) -> tuple[tuple[str, str], ...]:
    """The other header fields of a REFER. `own` is our address in the dialog, for who refers when nobody is said."""
    fields: Fields = []
    said = first(request.kept, _REFERRED_BY)
    if said is None and request.transferor is not None:
        uri = sip_uri_of(request.transferor, "anonymous.invalid")
        said = str(Address(uri, request.transferor.name)) if uri else None
    fields.append((_REFERRED_BY, said if said is not None and is_plain(_REFERRED_BY, said) else own))
    if request.transferor is not None and request.transferor.presentation is Presentation.RESTRICTED:
        fields.append(("Privacy", "id"))
    if not request.notify:
        fields.extend((("Refer-Sub", "false"), ("Supported", "norefersub")))
    return tuple(fields)


def report_status(report: TransferProgress | TransferOutcome) -> int:
    """The status in the NOTIFY: provisional for progress, final for an outcome."""
    if isinstance(report, TransferProgress):
        return report.status if 100 <= report.status < 200 else 100
    status = report.status or 0
    succeeded = report.outcome is Outcome.SUCCEEDED
    fits = 200 <= status < 300 if succeeded else 300 <= status < 700
    return status if fits else _STATUSES[report.outcome]


def report_fields(report: TransferProgress | TransferOutcome) -> tuple[tuple[str, str], ...]:
    """What stands below the status line: Reason, and nothing that tells of the other leg (RFC 5589 §12)."""
    fields = tuple(
        ("Reason", item.value)
        for item in report.kept
        if item.dialect == DIALECT and item.what == "Reason" and is_plain("Reason", item.value)
    )
    if isinstance(report, TransferProgress) or report.cause is None:
        return fields
    if any(value[:5].upper() == "Q.850" for _, value in fields):
        return fields
    return (*fields, ("Reason", str(Reason.of(report.cause))))


def answered(status: int, response: Message | None, trunk: SipTrunk) -> TransferProgress | TransferOutcome:
    """The final answer to our REFER."""
    reason = response.reason if response else ""
    if 200 <= status < 300:
        return TransferProgress(status, reason)
    cause = q850_cause(reasons(response.headers)) if response else None
    return TransferOutcome(Outcome.REFUSED, status, reason, cause or trunk.clearings.cause(status))


def notified(
    status: int, reason: str, body: Sipfrag | None, trunk: SipTrunk, *, is_final: bool
) -> TransferProgress | TransferOutcome:
    """One NOTIFY about our REFER."""
    if not is_final:
        return TransferProgress(status, reason)
    if 200 <= status < 300:
        return TransferOutcome(Outcome.SUCCEEDED, status, reason)
    if status < 200:
        return UNKNOWN
    cause = q850_cause(reasons(body.headers)) if body is not None else None
    return TransferOutcome(Outcome.FAILED, status, reason, cause or trunk.clearings.cause(status))


UNKNOWN = TransferOutcome(Outcome.PENDING)
"""The subscription ended without a word on the outcome."""


def also(message: Message) -> str:
    """The target of a BYE with Also, an early way to transfer; "" when there is none that can be read."""
    values = message.headers.all("Also")
    if not values:
        return ""
    try:
        return Address.parse(values[0]).uri
    except DecodeError:
        return ""
