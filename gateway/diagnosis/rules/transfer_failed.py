"""The REFER was accepted, and the call to the target failed."""

from collections.abc import Iterator

from gateway.diagnosis.case import Finding
from gateway.diagnosis.rule import Rule
from gateway.diagnosis.rules.meanings import of_call
from gateway.diagnosis.rules.refer_refused import reason_given
from gateway.diagnosis.scene import Call, Scene
from gateway.diagnosis.sight import Sight, Transaction
from gateway.sip.sipfrag import Sipfrag

RULE = Rule("transfer-failed", "RFC 5589 §6.3")

_TRY_AGAIN = frozenset((401, 407, 422, 491, 494))


@RULE.transfer
def look(scene: Scene) -> Iterator[Finding]:
    """What the target answered, and what the NOTIFY said of it."""
    target = scene.call("target")
    failed = None if target is None or target.answer else _failure(target)
    reported = _report(scene)
    if failed is not None:
        yield _at_target(failed, reported)
    elif reported is not None and (target is None or not target.answer):
        yield _reported_only(*reported)
    elif reported is not None and target is not None and target.answer:
        what = f"The NOTIFY reports {reported[1].status}, but the target has answered the call."
        advice = "Report what the triggered INVITE was answered with."
        yield RULE.error(what, [reported[0], target.answer], advice, clause="RFC 3515 §2.4.5")
    if failed is not None or reported is not None:
        yield from _first_call_lost(scene)


def _failure(target: Call) -> Transaction | None:
    failures = [each for each in target.invites if each.status >= 300 and each.status not in _TRY_AGAIN]
    # The one who refused is the first to say so; proxies hand it on.
    return min(failures, key=lambda each: each.final.time if each.final else 0.0, default=None)


def _report(scene: Scene) -> tuple[Sight, Sipfrag] | None:
    """The final NOTIFY, when it reports a failure."""
    reports = ((notify.request, notify.request.report) for notify in scene.notifies)
    return next(((notify, said) for notify, said in reports if said and said.status >= 300), None)


def _at_target(failed: Transaction, reported: tuple[Sight, Sipfrag] | None) -> Finding:
    final = failed.final
    assert final is not None
    status = final.message.status
    why = reason_given(final)
    what = f"The call to the target failed with {final.title}: {of_call(status).says}." + (
        f" It says: {why}." if why else ""
    )
    evidence = [failed.request, final, *((reported[0],) if reported else ())]
    return RULE.error(what, evidence, of_call(status).advice)


def _reported_only(notify: Sight, fragment: Sipfrag) -> Finding:
    what = f"The NOTIFY reports that the call to the target failed: {fragment.status} {fragment.reason}".rstrip()
    meaning = of_call(fragment.status)
    return RULE.error(f"{what}, which means that {meaning.says}.", [notify], meaning.advice)


def _first_call_lost(scene: Scene) -> Iterator[Finding]:
    """RFC 5589 §6.3: after a failure transferor and transferee still have their call."""
    first = scene.call("first")
    final = scene.transfer.final
    if first is None or final is None or not scene.refers:
        return
    transferor = scene.refers[0].request.message.from_tag
    for bye in first.byes:
        request = bye.request
        if 0 <= request.time - final < 1.0 and request.message.from_tag != transferor:
            what = "The transferee's side clears the first call right after the failure: nobody is left to talk to."
            yield RULE.warning(what, [request], "Keep the first call: the transferor takes it back.")
            return
