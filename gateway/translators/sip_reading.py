"""SIP messages as transfer events: REFER and its answers, NOTIFY, INVITE, UPDATE, BYE with Also, 3xx."""

import json
from collections.abc import Callable
from dataclasses import replace

from gateway.model.causes import Cause
from gateway.model.errors import DecodeError
from gateway.model.parties import Party, Presentation
from gateway.model.transfer import (
    Kept,
    OtherOperation,
    Outcome,
    PartyUpdate,
    Redirection,
    Stage,
    TransferEvent,
    TransferKind,
    TransferOutcome,
    TransferProgress,
    TransferRequest,
    TransferSetup,
)
from gateway.sip.address import Address
from gateway.sip.dialog_id import DialogId
from gateway.sip.diversion import Diversion, diversions, history
from gateway.sip.identity import is_withheld, privacy
from gateway.sip.message import Headers, Message
from gateway.sip.reason import q850_cause, reasons
from gateway.sip.refer_to import ReferTo, refer_sub, refer_to, referred_by, replaces
from gateway.sip.sipfrag import Sipfrag
from gateway.sip.subscription import Event, SubscriptionState
from gateway.translators.sip_dialog import reference
from gateway.translators.sip_kept import DIALECT, SIPFRAG, STATUS, kept
from gateway.translators.sip_parties import asserted_party, caller, party

Events = tuple[TransferEvent, ...]

_IDENTITY = ("privacy", "p-asserted-identity")
"""What a caller's party says."""


def events(message: Message) -> Events:
    """The transfer events in `message`; empty when it says nothing of a transfer. Raises DecodeError."""
    table = _REQUESTS if message.is_request else _RESPONSES
    method = message.method.upper()
    reader = table.get(method)
    if reader is None:
        return ()
    if message.is_request and method != "INVITE":
        _refuse_misplaced(message.headers)
    return reader(message)


def _refuse_misplaced(headers: Headers) -> None:
    """Replaces and Join outside of an INVITE are answered with 400 (RFC 3891 §3, RFC 3911 §4)."""
    for name in ("Replaces", "Join"):
        if name in headers:
            raise DecodeError("only an INVITE may carry it", where=name)


def _refer(message: Message) -> Events:
    asked = refer_to(message.headers)
    if asked.uri is None or asked.method.upper() != "INVITE" or asked.join:
        return (_no_transfer(asked, message),)
    replaced = asked.replaces
    without_sub = refer_sub(message.headers) is False
    said = ("refer-to", "referred-by", *_plain_privacy(message.headers), *(("refer-sub",) if without_sub else ()))
    tags = ("norefersub",) if without_sub else ()
    return (
        TransferRequest(
            _kind(replaced),
            target=party(asked.address),
            consultation=reference(replaced),
            transferor=_transferor(message.headers),
            transferee=_to(message.headers),
            notify=_is_notified(message.headers),
            kept=(*_with_parameters(message.headers, "Refer-To", "Referred-By"), *kept(message, *said, tags=tags)),
        ),
    )


def _no_transfer(asked: ReferTo, message: Message) -> OtherOperation:
    """Another method, another scheme, or Join: to take part in a conversation is not to take a party's place in it
    (RFC 3911 §1).
    """
    arguments = json.dumps({"referTo": str(asked.address), "method": asked.method})
    return OtherOperation("Join" if asked.join else "REFER", arguments, kept=kept(message, "refer-to"))


def _kind(replaced: DialogId | None) -> TransferKind:
    if replaced is None:
        return TransferKind.BLIND
    return TransferKind.SEMI_ATTENDED if replaced.early_only else TransferKind.ATTENDED


def _is_notified(headers: Headers) -> bool:
    """Not with Refer-Sub: false (RFC 4488 §4), nor with Require: nosub (RFC 7614 §5)."""
    return refer_sub(headers) is not False and "nosub" not in headers.all("Require")


def _transferor(headers: Headers) -> Party | None:
    """Who refers: Referred-By, else the sender. Privacy in a request is the sender's (RFC 3323 §4.2)."""
    sender = headers.get("From")
    said = referred_by(headers) or (Address.parse(sender) if sender else None)
    if said is None:
        return None
    return replace(party(said), presentation=Presentation.RESTRICTED) if is_withheld(headers) else party(said)


def _to(headers: Headers) -> Party | None:
    value = headers.get("To")
    return party(Address.parse(value)) if value else None


def _with_parameters(headers: Headers, *names: str) -> tuple[Kept, ...]:
    """Those of the address fields that carry parameters, such as the cid of Referred-By; they go out verbatim."""
    values = ((name, value) for name in names for value in headers.all(name))
    return tuple(Kept(DIALECT, name, value) for name, value in values if Address.parse(value).parameters)


def _bye(message: Message) -> Events:
    also = message.headers.all("Also")
    if not also:
        return ()
    asked = ReferTo.parse(also[0])
    return (
        TransferRequest(
            TransferKind.BYE_ALSO,
            target=party(asked.address),
            consultation=reference(asked.replaces),
            transferor=_transferor(message.headers),
            transferee=_to(message.headers),
            notify=False,
            kept=(
                *_with_parameters(message.headers, "Also", "Referred-By"),
                *kept(message, "also", "referred-by", *_plain_privacy(message.headers)),
            ),
        ),
    )


def _refer_answered(message: Message) -> Events:
    if message.status < 200:
        return ()
    cause = q850_cause(reasons(message.headers))
    if message.status < 300:
        return (TransferProgress(message.status, message.reason, kept=kept(message)),)
    rest = kept(message, *(("reason",) if cause else ()))
    return (TransferOutcome(Outcome.REFUSED, message.status, message.reason, cause, kept=rest),)


def _notify(message: Message) -> Events:
    event = Event.parse(message.headers.get("Event") or "")
    if event.package != "refer":
        return ()
    state = SubscriptionState.parse(message.headers.get("Subscription-State") or "")
    ended = state.state == "terminated"
    rest = kept(message, "reason", *(() if event.id else ("event",)))
    if not message.body:
        return (TransferOutcome(Outcome.PENDING, reason=state.reason, kept=rest),) if ended else ()
    return (_reported(Sipfrag.parse(message.body), ended, rest, q850_cause(reasons(message.headers))),)


def _reported(fragment: Sipfrag, ended: bool, rest: tuple[Kept, ...], outer: Cause | None) -> TransferEvent:
    cause = q850_cause(reasons(fragment.headers)) or outer
    inner = (Kept(DIALECT, f"{SIPFRAG}{name}", value) for name, value in fragment.headers if name.lower() != "reason")
    everything = (*rest, *inner)
    if fragment.status < 200 and not ended:
        return TransferProgress(fragment.status, fragment.reason, kept=everything)
    return TransferOutcome(_outcome(fragment.status), fragment.status, fragment.reason, cause, kept=everything)


def _outcome(status: int) -> Outcome:
    """A subscription that ends with a provisional status leaves the outcome unknown."""
    if status < 200:
        return Outcome.PENDING
    return Outcome.SUCCEEDED if status < 300 else Outcome.FAILED


def _invite(message: Message) -> Events:
    if message.to_tag:
        return _in_dialog(message)
    replaced, referrer = replaces(message.headers), referred_by(message.headers)
    if replaced is None and referrer is None:
        return ()
    said = ("replaces", "referred-by", *_IDENTITY)
    tags = ("replaces",) if replaced else ()
    return (
        TransferSetup(
            target=Party(uri=message.request_uri),
            consultation=reference(replaced),
            transferor=party(referrer) if referrer else None,
            transferee=caller(message.headers),
            kept=(
                *_with_parameters(message.headers, "Referred-By"),
                *_identity(message),
                *kept(message, *said, tags=tags),
            ),
        ),
    )


def _in_dialog(message: Message) -> Events:
    if "Replaces" in message.headers:
        raise DecodeError("Replaces inside a dialog", where="Replaces")
    who = asserted_party(message.headers)
    if who is None:
        return ()
    return (PartyUpdate(Stage.UPDATE, who, kept=(*_identity(message), *kept(message, *_IDENTITY))),)


def _identity(message: Message) -> tuple[Kept, ...]:
    """What the party does not hold of a caller's identity: Privacy beyond "id", a second asserted address."""
    asked = message.headers.get("Privacy")
    more = (Kept(DIALECT, "Privacy", asked),) if asked and not _plain_privacy(message.headers) else ()
    others = (
        value for value in message.headers.all("P-Asserted-Identity") if value.lower().lstrip("<").startswith("tel:")
    )
    tel = tuple(Kept(DIALECT, "P-Asserted-Identity", value) for value in others)
    return (*more, *(tel if len(message.headers.all("P-Asserted-Identity")) > 1 else ()))


def _plain_privacy(headers: Headers) -> tuple[str, ...]:
    """The name of Privacy, when it says no more than the party's presentation does."""
    return ("privacy",) if privacy(headers) == ("id",) else ()


def _redirected(message: Message) -> Events:
    contacts = message.headers.all("Contact")
    if not 300 <= message.status < 400 or not contacts or contacts[0] == "*":
        return ()
    diverted = diversions(message.headers)
    top = diverted[0] if diverted else None
    more = tuple(Kept(DIALECT, "Contact", value) for value in contacts[1:])
    status = () if message.status == 302 else (Kept(DIALECT, STATUS, str(message.status)),)
    return (
        Redirection(
            party(Address.parse(contacts[0])),
            reason=top.reason if top else _reason_of_history(message.headers),
            redirecting=party(top.address) if top else None,
            count=top.counter if top else None,
            kept=(*status, *more, *_diversions_kept(message.headers, top), *kept(message, "diversion")),
        ),
    )


def _diversions_kept(headers: Headers, top: Diversion | None) -> tuple[Kept, ...]:
    """Older diversions, and the latest when it has more to say than the model holds."""
    values = headers.all("Diversion")
    whole = top and top.address.parameters == Diversion.of("", "", top.reason, top.counter).address.parameters
    return tuple(Kept(DIALECT, "Diversion", value) for value in (values[1:] if whole else values))


def _reason_of_history(headers: Headers) -> str:
    found = (entry.diversion_reason for entry in reversed(history(headers)))
    return next((reason for reason in found if reason), "")


_REQUESTS: dict[str, Callable[[Message], Events]] = {
    "REFER": _refer,
    "NOTIFY": _notify,
    "INVITE": _invite,
    "UPDATE": _in_dialog,
    "BYE": _bye,
}
_RESPONSES: dict[str, Callable[[Message], Events]] = {"REFER": _refer_answered, "INVITE": _redirected}
