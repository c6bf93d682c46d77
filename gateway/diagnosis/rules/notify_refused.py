"""NOTIFYs about a transfer that the transferor refuses."""

from collections.abc import Iterator

from gateway.diagnosis.case import Finding, Severity
from gateway.diagnosis.rule import Rule
from gateway.diagnosis.scene import Scene

RULE = Rule("notify-refused", "RFC 3515 §2.4.4")

_ENDS_SUBSCRIPTION = frozenset((404, 405, 410, 416, *range(480, 486), 489, 501, 604))
"""RFC 6665 §4.2.2."""

_WHY = {
    481: "it has no such dialog or subscription any more",
    488: "it does not take what the NOTIFY carries, though it asked for the report",
    489: "it does not know the event package refer",
    405: "it does not take NOTIFY at all",
    501: "it does not know NOTIFY at all",
    415: "it does not know message/sipfrag",
    400: "it cannot read the NOTIFY",
    401: "it wants credentials for it",
    407: "it wants credentials for it",
    403: "its policy does not let this peer report",
}


@RULE.transfer
def look(scene: Scene) -> Iterator[Finding]:
    """All refusals in one finding."""
    refused = [each for each in scene.notifies if each.status >= 300]
    if not refused:
        return
    final = refused[0].final
    assert final is not None
    status = final.message.status
    evidence = [sight for each in refused for sight in (each.request, each.final) if sight]
    why = _WHY.get(status, "for a reason of its own")
    goes = "ends" if status in _ENDS_SUBSCRIPTION else "need not end"
    what = (
        f"{_count(len(refused), len(scene.notifies))} refused by {final.source_host} with {final.title}: {why}. "
        f"That {goes} the subscription, and it does not stop the transfer."
    )
    advice = "Who sends REFER has to answer its NOTIFYs with 200, also after its BYE, until the final one."
    cleared = _cleared_before(scene, refused[0].request.time)
    if status == 481 and cleared:
        what += " Its BYE came before; the dialog has to stay for the subscription."
    severity = Severity.WARNING if str(scene.transfer.outcome) == "succeeded" else Severity.ERROR
    found = RULE.error if severity is Severity.ERROR else RULE.warning
    yield found(what, evidence, advice, clause="RFC 3515 §2.4.4, RFC 6665 §4.2.2")


def _count(refused: int, all_of_them: int) -> str:
    if refused == all_of_them:
        return {1: "The only NOTIFY was", 2: "Both NOTIFYs were"}.get(refused, f"All {refused} NOTIFYs were")
    return f"{refused} of {all_of_them} NOTIFYs {'was' if refused == 1 else 'were'}"


def _cleared_before(scene: Scene, time: float) -> bool:
    first = scene.call("first")
    return first is not None and first.ended is not None and first.ended < time
