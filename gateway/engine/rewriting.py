"""A transfer that was seen in one dialect, told again in another: what the other side would see."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeGuard

from gateway.interworking.legs import Leg
from gateway.interworking.observed import ObservedTransfer, Seen
from gateway.interworking.translation import translator
from gateway.model.errors import GatewayError
from gateway.model.legs import H323Call, IsdnCall, SipDialog
from gateway.model.transfer import (
    CallIdentity,
    Consultation,
    IdentityGranted,
    IdentityRequest,
    PartyUpdate,
    RltCallId,
    TransferEvent,
    TransferOutcome,
    TransferProgress,
    TransferRequest,
)
from gateway.translators.dialect import Context, Lost, Message


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
        self._sent: list[Sent] = []
        self._lost: list[Lost] = []

    def result(self) -> Rewritten:
        second = self._transfer.linked("consultation")
        for seen, event in self._transfer.story:
            if seen.leg is self._transfer.first:
                self._event(seen, event)
            elif seen.leg is second and isinstance(event, PartyUpdate):
                self._write(seen, event, swapped=True)
        return Rewritten(tuple(self._sent), tuple(self._lost))

    def _event(self, seen: Seen, event: TransferEvent) -> None:
        if self._identity is not None and _names_a_call(event) and not isinstance(event.consultation, _OWN_NAMES):
            event = self._identified(seen, event)
        self._write(seen, event, answer=isinstance(event, TransferOutcome | TransferProgress | IdentityGranted))

    def _identified(self, seen: Seen, event: TransferRequest) -> TransferRequest:
        """The target has its own name for the secondary call: it is asked for, given, and then used."""
        assert self._identity is not None
        self._write(seen, IdentityRequest())
        self._write(seen, IdentityGranted(self._identity, event.target), answer=True)
        return replace(event, consultation=self._identity)

    def _write(self, seen: Seen, event: TransferEvent, answer: bool = False, swapped: bool = False) -> None:
        context = self._context(seen, answer, swapped)
        try:
            written = self._middle.write(event, seen.dialect, self._target, context)
        except GatewayError as error:
            self._lost.append(Lost(type(event).__name__, str(error)))
            return
        self._sent += (Sent(seen.time, message, not answer) for message in written.messages)
        self._lost += written.lost

    def _context(self, seen: Seen, answer: bool, swapped: bool) -> Context:
        """The calls on the other side: the gateway set both up there, so its flag is 0 and the answer's is 1."""
        first, second = (self._primary, self._primary + 1)[:: -1 if swapped else 1]
        consultation = self._transfer.linked("consultation")
        return Context(
            isdn=IsdnCall(first, originated=not answer),
            isdn_secondary=IsdnCall(second, originated=not answer),
            h323=H323Call(first, originated=not answer),
            h323_secondary=H323Call(second, originated=not answer),
            sip=_dialog(seen.leg),
            sip_secondary=_dialog(consultation) if consultation else SipDialog(),
            entropy=f"{seen.frame:x}",
        )


_IDENTITIES: Mapping[str, Callable[[int], Consultation]] = {
    "h4502": lambda number: CallIdentity(str(number % 10_000)),
    "dms-rlt": RltCallId,
}
"""Dialects in which the far side names a call before it can be transferred, and what such a name looks like."""

_OWN_NAMES = (CallIdentity, RltCallId)


def _names_a_call(event: TransferEvent) -> TypeGuard[TransferRequest]:
    return isinstance(event, TransferRequest) and event.consultation is not None


def _dialog(leg: Leg) -> SipDialog:
    keys = leg.keys
    call_id = keys.get("call_id") or f"{keys.get('call_reference', '1')}-{leg.started:.0f}@gateway.invalid"
    uris = (_uri(leg.calling), _uri(leg.called), _uri(leg.called))
    return SipDialog(call_id, keys.get("from_tag", "a"), keys.get("to_tag", "b"), *uris)


def _uri(address: str) -> str:
    return address if ":" in address or not address else f"sip:{address}@gateway.invalid"
