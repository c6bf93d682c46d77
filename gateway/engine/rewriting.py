"""A transfer that was seen in one dialect, told again in another: what the other side would see."""

from dataclasses import dataclass

from gateway.interworking.observed import ObservedTransfer, Seen
from gateway.interworking.translation import translator
from gateway.model.errors import GatewayError
from gateway.model.legs import H323Call, IsdnCall, SipDialog
from gateway.model.transfer import TransferOutcome, TransferProgress
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

    `number` keeps its call references apart from those of other transfers in one capture.
    """
    middle = translator(profile)
    sent: list[Sent] = []
    lost: list[Lost] = []
    for seen, event in transfer.story:
        if seen.leg is not transfer.first:
            continue
        answer = isinstance(event, TransferOutcome | TransferProgress)
        try:
            written = middle.write(event, seen.dialect, target, _context(seen, answer, number))
        except GatewayError as error:
            lost.append(Lost(type(event).__name__, str(error)))
            continue
        sent += (Sent(seen.time, message, not answer) for message in written.messages)
        lost += written.lost
    return Rewritten(tuple(sent), tuple(lost))


def _context(seen: Seen, answer: bool, number: int) -> Context:
    """The calls on the other side: the gateway set both up there, so its flag is 0 and the answer's is 1."""
    keys = seen.leg.keys
    primary = 1 + 2 * number % 0x7FFE
    call_id = keys.get("call_id") or f"{keys.get('call_reference', '1')}-{seen.leg.started:.0f}@gateway.invalid"
    dialog = SipDialog(
        call_id,
        keys.get("from_tag", "primary-a"),
        keys.get("to_tag", "primary-b"),
        _uri(seen.leg.calling),
        _uri(seen.leg.called),
        _uri(seen.leg.called),
    )
    return Context(
        isdn=IsdnCall(primary, originated=not answer),
        isdn_secondary=IsdnCall(primary + 1, originated=not answer),
        h323=H323Call(primary, originated=not answer),
        h323_secondary=H323Call(primary + 1, originated=not answer),
        sip=dialog,
        entropy=f"{seen.frame:x}",
    )


def _uri(address: str) -> str:
    if ":" in address or not address:
        return address
    return f"sip:{address}@gateway.invalid"
