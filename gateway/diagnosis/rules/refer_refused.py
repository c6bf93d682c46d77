"""A REFER that was refused, and why."""

from collections.abc import Iterator

from gateway.diagnosis.case import Finding
from gateway.diagnosis.rule import Rule
from gateway.diagnosis.rules.meanings import of_refer
from gateway.diagnosis.scene import Scene
from gateway.diagnosis.sight import Sight, Transaction
from gateway.sip.parameters import split
from gateway.sip.reason import reasons

RULE = Rule("refer-refused", "RFC 3515 §2.4.2")

_CHALLENGES = (401, 407)


@RULE.transfer
def look(scene: Scene) -> Iterator[Finding]:
    """The last answer on the hop nearest to the one who refused; the same answer on other hops is evidence."""
    refused = [each for each in scene.refers if each.status >= 300]
    if any(each.status and each.status < 300 for each in scene.refers):
        return
    decided = [each for each in refused if each.status not in _CHALLENGES] or refused
    if not decided:
        yield from _unanswered(scene)
        return
    first = min(decided, key=_answered_at)
    evidence = [sight for each in decided for sight in (each.request, each.final) if sight]
    yield RULE.error(_sentence(first), evidence, of_refer(first.status).advice, leg=first.request.leg)


def _answered_at(refer: Transaction) -> float:
    return refer.final.time if refer.final else 0.0


def _sentence(refer: Transaction) -> str:
    final = refer.final
    assert final is not None
    by = f"{final.source_host} refused the REFER with {final.title}: {of_refer(final.message.status).says}."
    why = reason_given(final)
    return f"{by} It says: {why}." if why else by


def reason_given(final: Sight) -> str:
    """The texts of Reason and Warning in a final answer, "" when it has none."""
    texts = [reason.text or f"{reason.protocol} cause {reason.value}" for reason in reasons(final.message.headers)]
    texts += (_warning(value) for value in final.message.headers.all("warning"))
    return "; ".join(text.strip().rstrip(".") for text in texts if text.strip())


def _warning(value: str) -> str:
    code, _, rest = value.partition(" ")
    text = rest.partition(" ")[2].strip().strip('"')
    return f"{code} {text}" if text else split(value, ",")[0]


def _unanswered(scene: Scene) -> Iterator[Finding]:
    silent = [each for each in scene.refers if not each.final]
    if not silent:
        return
    request = silent[0].request
    sent = sum(len(each.requests) for each in silent)
    waited = scene.last_time - request.time
    what = f"The REFER (sent {_times(sent)}) has no final answer in the {waited:.1f} s that follow."
    advice = "A REFER has to be answered at once, not when the target answers: find where it was lost."
    yield RULE.error(what, [each.request for each in silent], advice, clause="RFC 3515 §2.4.2, RFC 6665 §4.2.1.1")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
