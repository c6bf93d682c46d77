"""Requests and answers that were sent again, and the answer that was missing."""

from collections.abc import Iterator

from gateway.diagnosis.case import Finding
from gateway.diagnosis.rule import Rule
from gateway.diagnosis.scene import Call, Scene
from gateway.diagnosis.sight import Sight, Transaction

RULE = Rule("retransmission", "RFC 3261 §17.1")

_GIVEN_UP_AFTER = 32.0
"""64*T1 (RFC 3261 §17.1.1.2)."""


@RULE.transfer
def look(scene: Scene) -> Iterator[Finding]:
    """Requests first, then 2xx to an INVITE."""
    for transaction in scene.transactions:
        if transaction.method != "ACK" and _sent(transaction.requests) > 1:
            yield _request(scene, transaction)
    for call in scene.calls:
        yield from _answers(call)


def _sent(sights: list[Sight]) -> int:
    """How often the same octets were sent from the same place."""
    first = sights[0]
    return sum(1 for each in sights if each.message.octets == first.message.octets and each.source == first.source)


def _request(scene: Scene, transaction: Transaction) -> Finding:
    copies = transaction.requests
    count = _sent(copies)
    name = f"The {transaction.method} from {copies[0].source_host} to {copies[0].destination_host}"
    if not transaction.responses:
        last = scene.last_time - copies[0].time
        what = f"{name} was sent {count} times in {last:.1f} s and never answered."
        advice = "See whether it arrives there at all: address, port, firewall, NAT, fragments of a large datagram."
        return RULE.error(what, copies, advice)
    answer = transaction.responses[0]
    late = answer.time - copies[0].time
    what = f"{name} was sent {count} times: the first answer ({answer.title}) came {late:.3f} s after it."
    advice = "Answer within 0.5 s (T1); an INVITE with 100 Trying at once."
    report = RULE.warning if late > 2.0 else RULE.note
    return report(what, [*copies, answer], advice)


def _answers(call: Call) -> Iterator[Finding]:
    for transaction in call.transactions:
        if transaction.method != "INVITE" or not 200 <= transaction.status < 300:
            continue
        finals = [each for each in transaction.responses if each.message.status == transaction.status]
        if _sent(finals) < 2:
            continue
        ack = _ack(call, transaction)
        if ack is None:
            what = f"The {finals[0].title} was sent {len(finals)} times, and no ACK was recorded."
            advice = (
                "The ACK goes to the Contact of the 2xx by way of the Record-Route: compare both with where it went. "
                "Without it the call is cleared after 32 s."
            )
            yield RULE.error(what, finals, advice, clause="RFC 3261 §13.3.1.4", leg=call.leg)
        else:
            late = ack.time - finals[0].time
            what = f"The {finals[0].title} was sent {len(finals)} times: its ACK came {late:.3f} s after it."
            yield RULE.note(what, [*finals, ack], "Send the ACK at once.", clause="RFC 3261 §13.3.1.4", leg=call.leg)


def _ack(call: Call, invite: Transaction) -> Sight | None:
    wanted = invite.request.message.cseq, invite.request.message.from_tag
    for each in call.transactions:
        request = each.request
        fits = each.method == "ACK" and (request.message.cseq, request.message.from_tag) == wanted
        if fits and request.source_host == invite.request.source_host:
            return request
    return None
