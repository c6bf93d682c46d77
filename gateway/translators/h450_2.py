"""Dialect "h4502": H.450.2, call transfer between H.323 endpoints, as APDUs in H.225.0 messages.

Where there is a choice:

* An attended transfer whose callIdentity is not known begins with callTransferIdentify on the secondary call; the
  same request with the CallIdentity of the answer (IdentityGranted) then becomes callTransferInitiate.
* A join, and a semi-attended transfer without callIdentity, become callTransferComplete on both calls (10.3).
* Answers go where H.323 endpoints send them: those of callTransferSetup in CONNECT or RELEASE COMPLETE, the result
  of callTransferInitiate in RELEASE COMPLETE with facilityCallDeflection, everything else in FACILITY.

An APDU or message that we would have written otherwise is kept beside the event it was read into, and written so
again as long as the event has not changed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gateway.h323 import arguments, h225, h450, operations
from gateway.h323.h225 import CallSignal
from gateway.h323.h450 import SupplementaryService
from gateway.model.errors import DecodeError, GatewayError, LocalProtocolError, UntranslatableError
from gateway.model.legs import SignallingProtocol
from gateway.model.parties import Party
from gateway.model.remote_operations import Invoke
from gateway.model.transfer import (
    CallIdentity,
    CallStatus,
    EndDesignation,
    IdentityRequest,
    Kept,
    Outcome,
    PartyUpdate,
    Redirection,
    Stage,
    TransferEvent,
    TransferKind,
    TransferOutcome,
    TransferRequest,
    TransferSetup,
)
from gateway.translators.dialect import Context, Dialect, Lost, Message, Written
from gateway.translators.h450_2_reading import forwarded, invoked, meaning
from gateway.translators.h450_2_writing import CARRIERS, TRANSPORTED, Draft, draft, forwarding, signal
from gateway.translators.losses import SUCCESS, field_names, losses

NAME = "h4502"
_APDU, _MESSAGE = "h4501SupplementaryService", "message"
_JOINS = (TransferKind.JOIN, TransferKind.SEMI_ATTENDED)

_WHY = {
    "transferor": "callTransferInitiate does not name the ends of the call that it is sent on",
    "transferee": "callTransferInitiate does not name the ends of the call that it is sent on",
    "consultation": "a transfer without callIdentity makes a new call to the target and replaces none",
    "await_connect": "callTransferInitiate leaves it to the transferee when to answer",
    "subaddress": "an EndpointAddress has no subaddress; subaddressTransfer can tell it",
    "target.presentation": "destinationAddress in a SETUP is a bare alias",
    "target.screening": "destinationAddress in a SETUP is a bare alias",
    "name_presentation": "redirectionInfo and connectedInfo are bare names",
    "end": "only callTransferComplete tells which end of the joined call it speaks to",
    "status": "callTransferActive means answered, and callTransferUpdate does not say",
    "aliases": "aliases that were read from an address of a later version cannot be written again",
    "reason": "FACILITY callForwarded says neither why nor how often nor by whom",
    "count": "FACILITY callForwarded says neither why nor how often nor by whom",
    "redirecting": "FACILITY callForwarded says neither why nor how often nor by whom",
    "name": "only callTransferComplete, Active and Update have a name, of 128 characters of the basic plane",
    "number": "an H.225.0 alias holds 1 to 128 of 0-9 # * and comma",
    "uri": "a url-ID is a URI without headers, of up to 512 ASCII characters",
    "notify": "callTransferInitiate is always answered",
}
_WHY_OF_ANSWER = _WHY | {
    "status": "a component has no SIP status; result or error name stands for it",
    "reason": "a component carries no text",
    "cause": "only a RELEASE COMPLETE carries a cause, and without location",
    "error": "H.450 has no such error, so that establishmentFailure or unrecognizedComponent stands for it",
}
_WHY_OF_SILENCE = _WHY_OF_ANSWER | {
    "outcome": "the message that stands for the request is not confirmed: no component says that it succeeded",
}
_WHY_OF_IDENTIFY = _WHY | {
    "target": "goes with callTransferInitiate, when callTransferIdentify has been answered",
    "consultation": "the target names the call in its answer; callTransferInitiate follows with that callIdentity",
}
_WHY_OF_JOIN = _WHY | {
    "consultation": "the calls that are joined are named by the call references of the messages",
    "transferor": "callTransferComplete does not name the transferor",
}


@dataclass(frozen=True, slots=True)
class H4502:
    """Call transfer as H.450.2 has it, in whatever H.225.0 message the APDUs come."""

    name: str = NAME
    protocol: SignallingProtocol = SignallingProtocol.H323

    def read(self, octets: bytes, context: Context) -> tuple[TransferEvent, ...]:
        """The events in one H.225.0 message: one for each component, or the redirection of FACILITY callForwarded.

        Raises DecodeError when the message, an APDU or the argument of an H.450.2 operation cannot be read.
        """
        message = h225.decode(octets)
        try:
            return tuple(_events(message, context))
        except LocalProtocolError as error:
            raise DecodeError(f"read, but no peer may write it: {error.what}") from error

    def write(self, event: TransferEvent, context: Context) -> Written:
        """The messages that say `event`. Raises UntranslatableError when H.450.2 has none or too little is known."""
        if isinstance(event, Redirection):
            return _redirected(event, context)
        if isinstance(event, TransferRequest) and not isinstance(event.consultation, CallIdentity):
            if event.kind is TransferKind.REDIRECT and event.target:
                return _redirected(Redirection(event.target, invoke_id=event.invoke_id, kept=event.kept), context)
            if event.kind in _JOINS:
                return _joined(event, context)
            if event.kind is TransferKind.ATTENDED:
                return _identified(event, context)
        if isinstance(event, TransferOutcome) and context.asked and _is_unconfirmed(context.asked):
            return _ended(event, context, context.asked)
        carried = _carried(event, context)
        why = _WHY_OF_ANSWER if isinstance(event, TransferOutcome) else _WHY
        return Written((carried.message,), _losses(event, carried.said_of(event), why))


DIALECT: Dialect = H4502()


def _events(message: CallSignal, context: Context) -> Iterator[TransferEvent]:
    for apdu in map(h450.decode, message.supplementary_services):
        for component in apdu.components:
            event = meaning(component, message, context.pending)
            alone = replace(apdu, components=(component,))
            yield replace(event, kept=tuple(_differences(event, alone, message, context)))
    redirection = forwarded(message)
    if redirection is not None:
        yield redirection


def _differences(
    event: TransferEvent, apdu: SupplementaryService, message: CallSignal, context: Context
) -> Iterator[Kept]:
    """The APDU and the message that `event` was read from, where we would not have written the same."""
    ours = _usual(event, context)
    if ours is None or (ours.apdu != apdu and not _is_wrongly_encoded(apdu)):
        yield Kept(NAME, _APDU, h450.encode(apdu).hex())
    name = _message_name(message)
    if ours is None or ours.carrier != name:
        yield Kept(NAME, _MESSAGE, name)


def _is_wrongly_encoded(apdu: SupplementaryService) -> bool:
    """H323Plus' callTransferComplete: understood, but no other decoder takes it, so it is written as it should be."""
    return any(
        isinstance(each, Invoke)
        and each.argument is not None
        and each.operation == operations.operation_code("callTransferComplete")
        and arguments.decode_argument(each.operation, each.argument).form is arguments.Form.H323PLUS
        for each in apdu.components
    )


def _usual(event: TransferEvent, context: Context) -> Draft | None:
    try:
        return draft(event, context)
    except GatewayError:
        return None


def _message_name(message: CallSignal) -> str:
    return TRANSPORTED if message.reason == "transportedInformation" else message.name


def _kept(event: TransferEvent, what: str) -> str:
    return next((item.value for item in event.kept if item.dialect == NAME and item.what == what), "")


def _kept_apdu(event: TransferEvent) -> SupplementaryService | None:
    """The APDU that `event` was read from, unless the event has changed since."""
    kept = _kept(event, _APDU)
    if not kept:
        return None
    try:
        apdu = h450.decode(bytes.fromhex(kept))
    except ValueError as error:
        raise DecodeError(f"kept as {_APDU}, but not hex: {kept}") from error
    before = meaning(apdu.components[0], CallSignal("FACILITY", 0), _pending(event))
    return apdu if before == _as_component(event) else None


def _pending(event: TransferEvent) -> dict[int, str]:
    operation = getattr(event, "operation", "")
    return {} if event.invoke_id is None or not operation else {event.invoke_id: operation}


def _as_component(event: TransferEvent) -> TransferEvent:
    """`event` without what the message around the component says."""
    if isinstance(event, TransferSetup):
        return replace(event, kept=(), target=None, transferee=None)
    return replace(event, kept=())


@dataclass(frozen=True, slots=True)
class _Carried:
    """A component (with its argument's value, if we made it) in the message that carries it, on one of the calls."""

    draft: Draft
    signal: CallSignal
    leg: str

    @property
    def message(self) -> Message:
        """The message in octets."""
        return Message(SignallingProtocol.H323, self.signal.name, h225.encode(self.signal), self.leg)

    def said_of(self, event: TransferEvent) -> TransferEvent:
        """What its receiver reads, who knows the operation that `event` answers."""
        component, value = self.draft.component, self.draft.value
        if isinstance(component, Invoke) and value is not None:  # the octets say the same and take longer
            return invoked(self.draft.operation, value, component.invoke_id, self.signal)
        return meaning(component, self.signal, _pending(event))


def _carried(event: TransferEvent, context: Context, leg: str = "") -> _Carried:
    kept = _kept_apdu(event)
    usual = draft(event, context) if kept is None else _as_kept(event, kept, context)
    leg = leg or usual.leg
    call = context.h323 if leg == "primary" else context.h323_secondary
    carrier = _kept(event, _MESSAGE)
    octets = h450.encode(kept or usual.apdu)
    message = signal(carrier if carrier in CARRIERS else usual.carrier, event, octets, call)
    return _Carried(usual, message, leg)


def _as_kept(event: TransferEvent, apdu: SupplementaryService, context: Context) -> Draft:
    component = apdu.components[0]
    usual = _usual(event, context) or Draft(component, "")
    return replace(usual, component=component, value=None)


def _redirected(event: Redirection, context: Context) -> Written:
    message = forwarding(event, context.h323)
    octets = h225.encode(message)
    said = forwarded(message)
    return Written((Message(SignallingProtocol.H323, message.name, octets),), _losses(event, said or event))


def _identified(event: TransferRequest, context: Context) -> Written:
    """Ask the target for a callIdentity, on the secondary call."""
    carried = _carried(IdentityRequest(event.invoke_id), context)
    return Written((carried.message,), _losses(event, TransferRequest(event.kind), _WHY_OF_IDENTIFY))


def _joined(event: TransferRequest, context: Context) -> Written:
    """CallTransferComplete on both calls, each with the other's party; the transferee's end is the primary one.

    With a semi-attended transfer the target is still alerting; the target's own message always says answered.
    """
    alerting = event.kind is TransferKind.SEMI_ATTENDED
    status = CallStatus.ALERTING if alerting else CallStatus.ANSWERED
    first = context.invoke_id if event.invoke_id is None else event.invoke_id
    primary = _completed(event.target, EndDesignation.PRIMARY, status, first)
    secondary = _completed(event.transferee, EndDesignation.SECONDARY, CallStatus.ANSWERED, first + 1)
    to_transferee, to_target = _carried(primary, context, "primary"), _carried(secondary, context, "secondary")
    target, transferee = _party_in(to_transferee, primary), _party_in(to_target, secondary)
    said = TransferRequest(event.kind, target, transferee=transferee)
    return Written((to_transferee.message, to_target.message), _losses(event, said, _WHY_OF_JOIN))


def _is_unconfirmed(asked: TransferRequest) -> bool:
    """Whether the request was said by what has no answer: callTransferComplete, FACILITY callForwarded."""
    return asked.kind in (*_JOINS, TransferKind.REDIRECT) and not isinstance(asked.consultation, CallIdentity)


def _ended(event: TransferOutcome, context: Context, asked: TransferRequest) -> Written:
    """Success of what is not confirmed: callTransferActive when the target had been alerting (10.3), else nothing.

    Raises UntranslatableError for a failure.
    """
    if event.outcome is not Outcome.SUCCEEDED:
        raise UntranslatableError("what stands for the request is not confirmed: no component says how it ended")
    if asked.kind is not TransferKind.SEMI_ATTENDED:
        return Written((), _losses(event, TransferOutcome(Outcome.PENDING), _WHY_OF_SILENCE))
    active = PartyUpdate(Stage.ACTIVE, asked.target or Party(), invoke_id=event.invoke_id)
    said = TransferOutcome(Outcome.SUCCEEDED)
    return Written((_carried(active, context).message,), _losses(event, said, _WHY_OF_ANSWER))


def _completed(party: Party | None, end: EndDesignation, status: CallStatus, invoke_id: int) -> PartyUpdate:
    return PartyUpdate(Stage.COMPLETE, party or Party(), end, status, invoke_id=invoke_id)


def _party_in(carried: _Carried, event: PartyUpdate) -> Party | None:
    update = carried.said_of(event)
    return update.party if isinstance(update, PartyUpdate) else None


def _losses(event: TransferEvent, said: TransferEvent, why: Mapping[str, str] = _WHY) -> tuple[Lost, ...]:
    return losses(event, _as_given(event, said), dialect=NAME, home=NAME, why=why)


def _as_given(event: TransferEvent, said: TransferEvent) -> TransferEvent:
    """`said` in the words of `event` where it means the same: success by the status that SIP gives it, an error or
    problem by the name that ISDN gives it, parties without the aliases that we made from their number or URI.
    """
    same: dict[str, Any] = {}
    if isinstance(said, TransferOutcome) and said.outcome is Outcome.SUCCEEDED:
        same |= {"status": SUCCESS.status, "reason": SUCCESS.reason}
    for name in field_names(type(event)):
        mine, theirs = getattr(event, name), getattr(said, name, None)
        if name == "error" and theirs and operations.same_error(mine, theirs):
            same["error"] = mine
        if isinstance(mine, Party) and isinstance(theirs, Party):
            same[name] = _as_given_party(mine, theirs)
    return replace(said, **same)


def _as_given_party(mine: Party, theirs: Party) -> Party:
    aliases = mine.aliases if set(mine.aliases) <= set(theirs.aliases) else theirs.aliases
    return replace(theirs, aliases=aliases, uri=mine.uri if _is_same_uri(mine.uri, theirs.uri) else theirs.uri)


def _is_same_uri(uri: str, said: str) -> bool:
    """Whether `said` is `uri` without the headers that name a consultation call, which is a part of its own."""
    address, _, headers = uri.partition("?")
    names = {header.partition("=")[0].lower() for header in headers.split("&")}
    return address == said and names <= {"", "replaces", "require"}
