"""Transfer events as SIP messages: REFER and its answers, NOTIFY, INVITE with Replaces, UPDATE, 302."""

from collections.abc import Callable, Mapping
from typing import Any

from gateway.model.errors import LocalProtocolError, UntranslatableError
from gateway.model.legs import SipDialog
from gateway.model.parties import Party, Presentation
from gateway.model.transfer import (
    Consultation,
    DialogReference,
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
from gateway.sip.diversion import Diversion
from gateway.sip.reason import Reason
from gateway.sip.refer_to import ReferTo, with_replaces
from gateway.sip.sipfrag import CONTENT_TYPE, sipfrag
from gateway.translators.dialect import Context, Written
from gateway.translators.sip_dialog import dialog_id, fresh, known, reference
from gateway.translators.sip_identity import identify
from gateway.translators.sip_kept import SIPFRAG, STATUS, first, verbatim
from gateway.translators.sip_letter import Letter, Road
from gateway.translators.sip_parties import losses, sip_uri_of, uri_of

Writer = Callable[[Any, Letter], Written]

# Timer C: a subscription has to outlast the call that it reports (RFC 3515 §3.4).
_SUBSCRIPTION_SECONDS = 180

_INSTEAD = {
    "IdentityRequest": "SIP asks for no identity: a REFER names the dialog itself, in Replaces",
    "IdentityGranted": "SIP grants no identity: what was granted goes into the Replaces of a REFER",
    "IdentityAbandoned": "SIP holds no identity that could be given up: nothing is sent",
    "SubaddressRequest": "SIP does not ask for subaddresses: a gateway leaves the request unanswered",
    "SubaddressUpdate": "SIP has no subaddress: a gateway derives a URI from it, or does nothing",
    "OtherOperation": "it is no transfer: a gateway answers it on the side where it came from",
}
_NOT_IN_A_DIALOG = {
    "end": "SIP does not tell which end of the joined call it speaks to",
    "status": "SIP does not tell inside a dialog whether the other party still rings",
    "basic_call_information": "elements of an ISDN call have no place in SIP",
}
# The status that an outcome may carry, and the one it gets when nobody said (RFC 3515 §2.4.5).
_STATUSES = {
    Outcome.SUCCEEDED: (range(200, 300), 200),
    Outcome.FAILED: (range(300, 700), 503),
    Outcome.REFUSED: (range(300, 700), 603),
    Outcome.PENDING: (range(100, 200), 100),
}


def write(event: TransferEvent, context: Context, writers: Mapping[type, Writer], road: Road) -> Written:
    """`event` by the writer for its type. Raises UntranslatableError when there is none, or it cannot be said."""
    writer = writers.get(type(event))
    if writer is None:
        raise UntranslatableError(_INSTEAD[type(event).__name__])
    try:
        return writer(event, Letter(event, context, road))
    except LocalProtocolError as error:
        raise UntranslatableError(str(error)) from error


def _request(event: TransferRequest, letter: Letter) -> Written:
    asked = _asked(event, letter)
    name, method = ("Also", "BYE") if event.kind is TransferKind.BYE_ALSO else ("Refer-To", "REFER")
    letter.add(name, verbatim(event.kept, name, asked.uri) or str(asked))
    add_referred_by(event, letter, "presentation")
    if event.transferor and event.transferor.presentation is Presentation.RESTRICTED:
        letter.add("Privacy", first(event.kept, "Privacy") or "id")
    if not event.notify and method == "REFER":
        letter.add("Refer-Sub", "false")
        letter.add("Supported", "norefersub")
    lose_patience(event, letter)
    letter.lost.extend(losses("target", event.target, "name"))
    peer = sip_uri_of(event.transferee, letter.context.domain)
    dialog = known(letter.context.sip, letter.context, peer)
    return letter.request(method, dialog, callee=_callee(event.transferee, peer, dialog, letter))


def _callee(transferee: Party | None, uri: str, dialog: SipDialog, letter: Letter) -> str:
    """To: the transferee by name, unless the dialog knows it by another URI; "" for what the dialog has."""
    if transferee is None:
        return ""
    if dialog.remote_uri != uri:
        letter.lose("transferee", "the dialog that the REFER is sent in has an address for it already")
        return ""
    letter.lost.extend(losses("transferee", transferee, "name"))
    return str(Address(uri, transferee.name))


def lose_patience(event: TransferRequest, letter: Letter) -> None:
    """Neither a REFER nor an INVITE in its place asks to await the connection."""
    if event.await_connect is not None:
        letter.lose("await_connect", "nothing says how long to wait: the transferor picks the NOTIFY it acts on")


def _asked(event: TransferRequest, letter: Letter) -> Address:
    """Refer-To: the target, with the consultation dialog as its Replaces."""
    target = request_target(event, letter)
    replaced = replaced_dialog(event.consultation, letter)
    name = event.target.name if event.target else ""
    if replaced and reference(ReferTo.parse(f"<{target}>").replaces) != reference(replaced):
        return Address(with_replaces(target, replaced), name)
    return Address(target, name)


def request_target(event: TransferRequest, letter: Letter) -> str:
    """The target's URI; its Contact in the consultation call (RFC 5589 §7.3) when only that call is known."""
    target = uri_of(event.target, letter.context.domain)
    call = letter.context.sip_secondary
    if not target and event.consultation:
        target = call.remote_target or call.remote_uri
    if not target:
        raise UntranslatableError("a transfer needs a target, and this one has neither a URI nor a number")
    return target


def replaced_dialog(consultation: Consultation | None, letter: Letter) -> DialogId | None:
    """The consultation call as a SIP dialog; one that another protocol named is the context's secondary dialog."""
    if consultation is None:
        return None
    if isinstance(consultation, DialogReference):
        return dialog_id(consultation)
    dialog = letter.context.sip_secondary
    if dialog.call_id:
        return DialogId.named(dialog.call_id, dialog.remote_tag, dialog.local_tag)
    letter.lose("consultation", "the consultation call is no SIP dialog that could be replaced")
    return None


def add_referred_by(event: TransferRequest | TransferSetup, letter: Letter, *said: str) -> None:
    """Referred-By: verbatim where it was kept (RFC 3892 §2.2). `said` is what else the message says of its party."""
    if event.transferor is None:
        return
    letter.lost.extend(losses("transferor", event.transferor, "name", *said))
    uri = sip_uri_of(event.transferor, letter.context.domain)
    if uri:
        letter.add(
            "Referred-By", verbatim(event.kept, "Referred-By", uri) or str(Address(uri, event.transferor.name))
        )


def _progress(event: TransferProgress, letter: Letter) -> Written:
    if event.status >= 200:
        return _answer(event.status, event, letter)
    return _notify(event.status, f"active;expires={_SUBSCRIPTION_SECONDS}", event, letter)


def _outcome(event: TransferOutcome, letter: Letter) -> Written:
    status = _status(event, letter)
    for name in ("error", "operation"):
        if getattr(event, name):
            letter.lose(name, "a SIP status stands for it: the names of ROSE do not exist there")
    if event.outcome is Outcome.REFUSED:
        if event.cause:
            letter.add("Reason", str(Reason.of(event.cause)))
        return _answer(status, event, letter)
    ending = "timeout" if event.outcome is Outcome.PENDING else "noresource"
    return _notify(status, f"terminated;reason={ending}", event, letter)


def _status(event: TransferOutcome, letter: Letter) -> int:
    allowed, usual = _STATUSES[event.outcome]
    if event.status is None or event.status in allowed:
        return event.status or usual
    letter.lose("status", f"{event.status} does not say {event.outcome.value!r}")
    return usual


def _answer(status: int, event: TransferProgress | TransferOutcome, letter: Letter) -> Written:
    """The response to the peer's REFER; a Contact is mandatory in the 2xx alone (RFC 3515 §2.2)."""
    dialog = known(letter.context.sip, letter.context)
    if status < 300:
        letter.add("Contact", f"<{dialog.local_target or letter.contact}>")
    return letter.response(status, event.reason, "REFER", dialog, callee=_named(dialog.local_uri, letter.context))


def _named(uri: str, context: Context) -> str:
    """To of the REFER that is answered: `uri` with the name of the transferee, where that was who it went to."""
    transferee = context.asked.transferee if context.asked else None
    if transferee is None or sip_uri_of(transferee, context.domain) != uri:
        return ""
    return str(Address(uri, transferee.name))


def _notify(status: int, state: str, event: TransferProgress | TransferOutcome, letter: Letter) -> Written:
    """A NOTIFY of the refer subscription that reports `status`."""
    dialog = known(letter.context.sip, letter.context)
    letter.add("Event", _event(event, dialog))
    letter.add("Subscription-State", state)
    letter.add("Content-Type", CONTENT_TYPE)
    inner = [(item.what.removeprefix(SIPFRAG), item.value) for item in event.kept if item.what.startswith(SIPFRAG)]
    if isinstance(event, TransferOutcome) and event.cause:
        inner.insert(0, ("Reason", str(Reason.of(event.cause))))
    return letter.request("NOTIFY", dialog, sipfrag(status, event.reason, inner))


def _event(event: TransferProgress | TransferOutcome, dialog: SipDialog) -> str:
    """The id is the CSeq of the REFER in this dialog; the first one's may be left out (RFC 3515 §2.4.6)."""
    if dialog.remote_cseq:
        return f"refer;id={dialog.remote_cseq}"
    return first(event.kept, "Event") or "refer"


def _setup(event: TransferSetup, letter: Letter) -> Written:
    target = uri_of(event.target, letter.context.domain)
    if not target:
        raise UntranslatableError("an INVITE needs a target, and this one has neither a URI nor a number")
    letter.lost.extend(losses("target", event.target))
    replaced = replaced_dialog(event.consultation, letter)
    if replaced:
        _add_replaces(replaced, letter)
    add_referred_by(event, letter)
    caller = identify("transferee", event.transferee, letter)
    return letter.request("INVITE", fresh(letter.context, target), caller=caller, leg="secondary")


def _add_replaces(replaced: DialogId, letter: Letter) -> None:
    letter.add("Replaces", str(replaced))
    letter.add("Require", "replaces")


def _update(event: PartyUpdate, letter: Letter) -> Written:
    """An INVITE that replaces the dialog, as the draft on QSIG transfer has it
    (draft-rey-sipping-qsig2sip-transfer-01 §8.3.1); UPDATE where there is no dialog to name, or no Replaces.
    """
    for name, why in _NOT_IN_A_DIALOG.items():
        if getattr(event, name):
            letter.lose(name, why)
    if not uri_of(event.party, letter.context.domain):
        for name in ("stage", "party"):
            letter.lose(name, "no URI can be derived, and then the old dialog stays as it is")
        return letter.nothing()
    dialog, replaced = known(letter.context.sip, letter.context), _replaceable(event, letter.context)
    caller = identify("party", event.party, letter)
    if event.stage is not (Stage.COMPLETE if replaced else Stage.UPDATE):
        letter.lose("stage", "an INVITE with Replaces announces a join, an UPDATE a better known party")
    if replaced:
        _add_replaces(replaced, letter)
        letter.add("Referred-By", f"<{dialog.local_uri}>")
        return letter.request("INVITE", fresh(letter.context, dialog.remote_target), caller=caller)
    return letter.request("UPDATE", dialog)


def _replaceable(event: PartyUpdate, context: Context) -> DialogId | None:
    if isinstance(event.consultation, DialogReference):
        return dialog_id(event.consultation)
    if not context.sip.call_id or not context.replaces:
        return None
    return DialogId.named(context.sip.call_id, context.sip.remote_tag, context.sip.local_tag)


def _redirection(event: Redirection, letter: Letter) -> Written:
    target = uri_of(event.target, letter.context.domain)
    if not target:
        raise UntranslatableError("a 302 needs a Contact, and the new target has neither a URI nor a number")
    letter.add("Contact", str(Address(target, event.target.name)))
    letter.lost.extend((*losses("target", event.target, "name"), *losses("redirecting", event.redirecting, "name")))
    dialog = known(letter.context.sip, letter.context)
    if event.redirecting or event.reason or event.count is not None:
        letter.add(
            "Diversion", _diversion(event, sip_uri_of(event.redirecting, letter.context.domain) or dialog.local_uri)
        )
    return letter.response(int(first(event.kept, STATUS) or 302), "", "INVITE", dialog)


def _diversion(event: Redirection, uri: str) -> str:
    name = event.redirecting.name if event.redirecting else ""
    return verbatim(event.kept, "Diversion", uri) or str(Diversion.of(uri, name, event.reason, event.count))


WRITERS: Mapping[type, Writer] = {
    TransferRequest: _request,
    TransferProgress: _progress,
    TransferOutcome: _outcome,
    TransferSetup: _setup,
    PartyUpdate: _update,
    Redirection: _redirection,
}
