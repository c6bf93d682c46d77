"""A transfer that was seen in one dialect, told again in another: what the other side would see."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

from gateway.engine.invocations import is_answer
from gateway.interworking.correlator import AUTHENTICATION
from gateway.interworking.legs import Leg
from gateway.interworking.observed import ObservedTransfer, Seen
from gateway.interworking.translation import message_document, translator
from gateway.model.errors import GatewayError
from gateway.model.legs import H323Call, IsdnCall, SignallingProtocol, SipDialog
from gateway.model.parties import Number, Party
from gateway.model.transfer import (
    CallIdentity,
    Consultation,
    IdentityGranted,
    IdentityRequest,
    Outcome,
    PartyUpdate,
    RltCallId,
    TransferEvent,
    TransferOutcome,
    TransferProgress,
    TransferRequest,
)
from gateway.translators import dialect_named
from gateway.translators.dialect import Context, Lost, Message, Written
from gateway.translators.sip_dialog import far_side


@dataclass(frozen=True, slots=True)
class Sent:
    """A message as the other side would see it, at the time of the one that it stands for.

    `from_gateway` is True for what the transferor's side says: the gateway asks there, the far network answers.
    """

    time: float
    message: Message
    from_gateway: bool


@dataclass(frozen=True, slots=True)
class Rewritten:
    """One transfer in another dialect."""

    sent: tuple[Sent, ...]
    lost: tuple[Lost, ...]

    def as_document(self) -> dict[str, Any]:
        """What the command `replay` adds to a transfer: the messages written, and what was lost."""
        return {
            "written": [message_document(sent.message) for sent in self.sent],
            "lost": [{"what": lost.what, "why": lost.why} for lost in self.lost],
        }


def rewrite(transfer: ObservedTransfer, target: str, number: int = 0, profile: str = "rfc3398") -> Rewritten:
    """`transfer` as dialect `target` says it. What it has no message for is listed as lost.

    `number` keeps its call references and identities apart from those of other transfers in one capture.
    """
    return _Rewriting(transfer, target, number, profile).result()


class _Rewriting:
    def __init__(self, transfer: ObservedTransfer, target: str, number: int, profile: str) -> None:
        self._transfer = transfer
        self._target = target
        self._primary = 1 + 2 * number % 0x7FFE
        self._identity = _IDENTITIES.get(target, lambda _: None)(number + 1)
        self._middle = translator(profile)
        # Transfers of one dialog are rewritten one by one, and none may take another's numbers.
        self._cseq = self._far_cseq = number * _REQUESTS_EACH
        self._asked: TransferRequest | None = None
        self._has_asked = False
        self._sent: list[Sent] = []
        self._lost: list[Lost] = []

    def result(self) -> Rewritten:
        second = self._transfer.linked("consultation")
        for seen, event in told_once(self._transfer):
            if seen.leg is self._transfer.first:
                self._event(seen, self._with_parties(complete(seen, event)))
            elif seen.leg is second and isinstance(event, PartyUpdate):
                self._write(seen, event, swapped=True)
        return Rewritten(tuple(self._sent), tuple(self._lost))

    def _event(self, seen: Seen, event: TransferEvent) -> None:
        answers = is_answer(event)
        if answers and not self._has_asked:
            self._lose(event, "the request that it answers has no form here")
            return
        if self._identity is not None and _names_a_call(event) and not _is_like(event.consultation, self._identity):
            event = self._identified(seen, event)
        messages = self._write(seen, self._refused_at_once(event), answer=answers)
        if not answers:
            self._has_asked = self._has_asked or self._can_be_answered(messages)
            if isinstance(event, TransferRequest) and self._has_asked:
                self._accepted(seen)

    def _can_be_answered(self, messages: tuple[Message, ...]) -> bool:
        """In SIP only REFER gets the answers that are told here; an INVITE or a 302 is none."""
        return any(self._speaks_sip is (message.name == "REFER") for message in messages)

    def _refused_at_once(self, event: TransferEvent) -> TransferEvent:
        """A transfer that was not even tried is refused by the response to the REFER."""
        if isinstance(event, TransferOutcome) and self._speaks_sip and self._transfer.outcome is Outcome.REFUSED:
            return replace(event, outcome=Outcome.REFUSED)
        return event

    def _with_parties(self, event: TransferEvent) -> TransferEvent:
        """The parties that the request leaves to its calls (EctExecute names none), as the correlator found them."""
        if not isinstance(event, TransferRequest):
            return event
        transfer = self._transfer
        return replace(
            event,
            target=event.target or _party(transfer.target),
            transferee=event.transferee or _party(transfer.transferee),
            transferor=event.transferor or _party(transfer.transferor),
        )

    def _accepted(self, seen: Seen) -> None:
        """A REFER is accepted before anything else is said of it; the other protocols have no such answer."""
        from_elsewhere = seen.leg.protocol is not SignallingProtocol.SIP
        if self._speaks_sip and from_elsewhere and self._transfer.outcome is not Outcome.REFUSED:
            self._write(seen, TransferProgress(202, "Accepted"), answer=True)

    def _identified(self, seen: Seen, event: TransferRequest) -> TransferRequest:
        """The target has its own name for the secondary call: it is asked for, given, and then used."""
        assert self._identity is not None
        self._write(seen, IdentityRequest())
        self._write(seen, IdentityGranted(self._identity, event.target), answer=True)
        return replace(event, consultation=self._identity)

    @property
    def _speaks_sip(self) -> bool:
        return dialect_named(self._target).protocol is SignallingProtocol.SIP

    def _write(
        self, seen: Seen, event: TransferEvent, answer: bool = False, swapped: bool = False
    ) -> tuple[Message, ...]:
        context = self._context(seen, event, answer, swapped)
        try:
            written = self._middle.write(event, seen.dialect, self._target, context)
        except GatewayError as error:
            self._lose(event, str(error))
            return ()
        if self._announces_what_never_was(event, written, context):
            self._lose(event, "it did not succeed, and the join that would carry it out here cannot be taken back")
            return ()
        if isinstance(event, TransferRequest):
            self._asked = event
        self._sent += (Sent(seen.time, message, not answer) for message in written.messages)
        self._lost += written.lost
        return written.messages

    def _announces_what_never_was(self, event: TransferEvent, written: Written, context: Context) -> bool:
        """A join is announced when it is done (callTransferComplete is unconfirmed); a request may be refused."""
        if not isinstance(event, TransferRequest) or self._transfer.outcome in (Outcome.SUCCEEDED, Outcome.PENDING):
            return False
        spoken = dialect_named(self._target)
        said = (each for message in written.messages for each in spoken.read(message.octets, context))
        return any(isinstance(each, PartyUpdate) for each in said)

    def _lose(self, event: TransferEvent, why: str) -> None:
        self._lost.append(Lost(type(event).__name__, why))

    def _context(self, seen: Seen, event: TransferEvent, answer: bool, swapped: bool) -> Context:
        """The calls on the other side: the gateway set both up there, so its flag is 0 and the answer's is 1."""
        first, second = (self._primary, self._primary + 1)[:: -1 if swapped else 1]
        consultation = self._transfer.linked("consultation")
        context = Context(
            isdn=IsdnCall(first, originated=not answer),
            isdn_secondary=IsdnCall(second, originated=not answer),
            h323=H323Call(first, originated=not answer),
            h323_secondary=H323Call(second, originated=not answer),
            sip=self._numbered(_dialog(seen.leg), event, answer),
            sip_secondary=_dialog(consultation) if consultation else SipDialog(),
            entropy=f"{self._primary:x}-{len(self._sent)}",
            asked=self._asked if answer else None,
        )
        return far_side(context) if answer else context

    def _numbered(self, dialog: SipDialog, event: TransferEvent, answer: bool) -> SipDialog:
        """Each side numbers its own requests (RFC 3261 12.2.1.1); an answer has the number of what it answers."""
        if not answer:
            self._cseq += 1
        elif not (isinstance(event, TransferProgress) and event.status >= 200):
            self._far_cseq += 1
        return replace(dialog, local_cseq=self._cseq, remote_cseq=self._far_cseq)


def complete(seen: Seen, event: TransferEvent) -> TransferEvent:
    """`event` with all that its message says, where the onlooker looked at a part of it only."""
    if not seen.octets:
        return event
    try:
        return next(iter(dialect_named(seen.dialect).read(seen.octets, Context())), event)
    except GatewayError:
        return event


def told_once(transfer: ObservedTransfer) -> Iterator[tuple[Seen, TransferEvent]]:
    """The story without what boxes in the middle passed on, and without attempts that lacked credentials."""
    told: set[type[TransferEvent]] = set()
    for seen, event in transfer.story:
        if seen.leg is transfer.first and isinstance(event, TransferRequest | TransferOutcome):
            another = type(event) in told or seen.invoker not in ("", transfer.invoker)
            if another or _lacked_credentials(event, transfer):
                continue
            told.add(type(event))
        yield seen, event


def _lacked_credentials(event: TransferEvent, transfer: ObservedTransfer) -> bool:
    challenged = isinstance(event, TransferOutcome) and event.status in AUTHENTICATION
    return challenged and transfer.status not in AUTHENTICATION


_IDENTITIES: Mapping[str, Callable[[int], Consultation]] = {
    "h4502": lambda number: CallIdentity(str(number % 10_000)),
    "dms-rlt": RltCallId,
}
"""Dialects in which the far side names a call before it can be transferred, and what such a name looks like."""

_REQUESTS_EACH = 100
"""More requests than either side sends in one transfer."""


def _is_like(consultation: Consultation | None, identity: Consultation) -> bool:
    return type(consultation) is type(identity)


def _names_a_call(event: TransferEvent) -> TypeGuard[TransferRequest]:
    return isinstance(event, TransferRequest) and event.consultation is not None


def _party(address: str) -> Party | None:
    if not address:
        return None
    return Party(number=Number(address)) if address.isdigit() else Party(uri=address)


def _dialog(leg: Leg) -> SipDialog:
    keys = leg.keys
    call_id = keys.get("call_id") or f"{keys.get('call_reference', '1')}-{leg.started:.0f}@gateway.invalid"
    uris = (_uri(leg.calling), _uri(leg.called), _uri(leg.called))
    return SipDialog(call_id, keys.get("from_tag", "a"), keys.get("to_tag", "b"), *uris)


def _uri(address: str) -> str:
    return address if ":" in address or not address else f"sip:{address}@gateway.invalid"
